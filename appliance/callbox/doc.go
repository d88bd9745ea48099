// Command callbox is the one command: it runs a box, and it is what people type to look into one and to change it.
//
// It owns arguments, words on a terminal and exit codes, one file a command. It decides nothing about calls: what it shows
// comes from the control socket of a running box, what it checks comes from package hcl. It ends with 0 when what was
// asked is done, 1 when it failed, 2 when a plan has changes, and 64 when it was asked in a way that it does not know.
package main
