// Package sip is the signalling of the switch: transports, dialogs, the registrar, trunks, and what hostile or broken
// peers are answered. It owns the sockets, every SIP dialog, the bindings of the phones and the health of the trunks.
//
// It never decides where a call goes, never looks into a body (SDP is bytes here), and never waits for the layer above:
// every method of Dialog returns at once and outcomes come as Events, in order.
//
// The transaction layer is sipgo's and this package is its only importer; the dialog layer is our own. Everything ends
// with Server.Close, which closes the sockets and waits for every goroutine that the package started.
package sip
