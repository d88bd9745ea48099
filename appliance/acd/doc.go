// Package acd decides who should talk to whom, now: queues and agents, owned by one loop a box. The language
// checks queue blocks already; the living queue arrives with the ACD release.
package acd
