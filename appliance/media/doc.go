// Package media owns the sound of the box: UDP ports, RTP and RTCP, the offer and answer that agree on them, what is
// played, relayed, keyed and heard. One worker a core owns the streams of its shard and every packet of them; others
// hand it commands through a bounded mailbox and read snapshots. It never decides what a call does, never speaks SIP,
// never blocks on whom it tells things, and allocates nothing for a packet that it relays, converts or plays. It ends
// with Engine.Close, which returns when every worker has closed its sockets and gone.
package media
