// Package sip is the signalling of the switch: transports, dialogs, the registrar, trunks, and what hostile or broken
// peers are answered. It owns the sockets, every SIP dialog, the bindings of the phones and the health of the trunks.
//
// It never decides where a call goes, never looks into a body (SDP is bytes here), and never waits for the layer above:
// every method of Dialog returns at once and outcomes come as Events, in order.
//
// A message goes one way: a socket's reader admits it (guard), reads it (validate) and hands it to the shard that its
// Call-ID hashes to. The shard's one goroutine owns the transactions, dialogs and timers of its calls, and does what
// messages, timers and the methods of Dialog ask, one after the other. So nothing of a call has a lock, nothing can be
// overtaken, and no goroutine waits for a call or a transaction.
//
// Messages, headers and URIs are sipgo's types, and this package is its only importer. They are read from the wire here:
// its parser lets pass, or misreads, what RFC 4475 has for torture. Its transports and transactions are not used: they
// start a goroutine for each message, in any order, and one more for each acknowledged refusal, keep an
// entry for every address that ever sent a packet, and have their timers in package variables.
//
//	goroutine                    ends
//	reader, one a UDP socket     with the socket
//	acceptor, one a listener     with the listener
//	three a connection           with the connection (TCP, TLS, WebSocket)
//	shard, two to sixteen        with the Server
//	housekeeping                 with the Server
//	name lookup, one a trunk     after 2 s at the latest
//	OnInvite, one a call         when its owner returns; Close does not wait for it
//	OnSubscribe, one a wish      when its owner returns; Close does not wait for it
//
// Everything ends with Server.Close.
package sip
