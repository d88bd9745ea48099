package sip

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

const maxDatagram = 1300 // bytes; larger requests want TCP (RFC 3261 section 18.1.1)

// receive is where every message of a call enters, in order of arrival.
func (sh *shard) receive(f flow, m sip.Message) {
	switch m := m.(type) {
	case *sip.Response:
		if t := sh.clients[clientKey(branchOf(m), string(m.CSeq().MethodName))]; t != nil && answers(m, t.out) {
			t.receive(m)
		}
	case *sip.Request:
		markVia(m, f)
		switch m.Method {
		case sip.ACK:
			sh.ack(f, m)
		case sip.CANCEL:
			sh.cancel(f, m)
		default:
			if t := sh.servers[serverKey(m, m.Method)]; t != nil {
				t.repeated()
				return
			}
			sh.fresh(f, m)
		}
	}
}

// answers reports whether a response that has the branch of o, which cannot be guessed, is to o in all else too (RFC
// 3261 sections 8.1.3.3 and 17.1.3). With a second Via it is somebody else's.
func answers(r *sip.Response, o *outgoing) bool {
	return r.CSeq().SeqNo == o.cseq && r.CallID().Value() == o.callID && len(r.GetHeaders("via")) == 1 &&
		strings.HasSuffix(o.from, ";tag="+tagOf(r.From().Params))
}

func branchOf(m sip.Message) string {
	b, _ := m.Via().Params.Get("branch")
	return b
}

// markVia notes in the top Via where the request really came from (RFC 3261 section 18.2.1, RFC 3581).
func markVia(r *sip.Request, f flow) {
	via := r.Via()
	if _, asked := via.Params.Get("rport"); asked {
		via.Params.Add("rport", strconv.Itoa(int(f.remote.Port())))
		via.Params.Add("received", f.remote.Addr().String())
		return
	}
	if a, err := netip.ParseAddr(strings.Trim(via.Host, "[]")); err != nil || a.Unmap() != f.remote.Addr() {
		via.Params.Add("received", f.remote.Addr().String())
	}
}

// reply answers without a transaction: a repeated request gets the same answer made anew (RFC 3261 section 8.2.7).
func (sh *shard) reply(f flow, r *sip.Request, a response) {
	sh.s.reply(f, r, a)
}

// reply is for those of whom nothing is known, too.
func (s *Server) reply(f flow, r *sip.Request, a response) {
	if r.Method != sip.ACK {
		a.tag = statelessTag(r)
		s.sendStranger(f, render(r, a))
	}
}

// statelessTag is the same for every retransmission.
func statelessTag(r *sip.Request) string {
	return hashTag(maphash.String(shardSeed, r.CallID().Value()+"|"+tagOf(r.From().Params)+"|"+branchOf(r)))
}

// hashTag has the same length for every hash: how long an answer is tells nothing.
func hashTag(h uint64) string { return fmt.Sprintf("s%016x", h) }

// ack finds what it acknowledges: an answer of a dialog, or a refusal.
func (sh *shard) ack(f flow, r *sip.Request) {
	if d := sh.dialogs[dialogKey(r)]; d != nil && d.near(f, &d.peer) && d.acked(r) {
		return
	}
	if t := sh.servers[serverKey(r, sip.INVITE)]; t != nil && sh.nearTx(f, t) {
		t.acked()
	}
}

// cancel takes an INVITE back (RFC 3261 section 9.2).
func (sh *shard) cancel(f flow, r *sip.Request) {
	t := sh.servers[serverKey(r, sip.INVITE)]
	if t == nil || !sh.nearTx(f, t) {
		sh.reply(f, r, response{code: 481})
		return
	}
	f.send(render(r, response{code: 200, tag: t.tag}))
	if t.state == txProceeding && t.cancelled != nil {
		t.cancelled(r)
	}
}

// fresh takes a request that is no repetition.
func (sh *shard) fresh(f flow, r *sip.Request) {
	if unknown := unsupported(r); unknown != "" {
		sh.reply(f, r, response{code: 420, headers: [][2]string{{"Unsupported", unknown}}})
		return
	}
	switch {
	case r.Method == sip.REGISTER:
		sh.register(f, r)
	case beside(r):
		sh.beside(f, r)
	case tagOf(r.To().Params) != "":
		sh.inside(f, r)
	case r.Method == sip.INVITE:
		sh.invite(f, r)
	case r.Method == sip.BYE, r.Method == sip.INFO, r.Method == sip.UPDATE, r.Method == sip.PRACK:
		sh.reply(f, r, response{code: 481})
	default:
		code := 501
		if knownMethod(r.Method) {
			code = 405
		}
		sh.reply(f, r, response{code: code, headers: [][2]string{{"Allow", allow}}})
	}
}

// inside takes a request inside a dialog, if its sender is the one we talk to.
func (sh *shard) inside(f flow, r *sip.Request) {
	d := sh.dialogs[dialogKey(r)]
	if d == nil || !d.isPeer(r) {
		sh.reply(f, r, response{code: 481})
		return
	}
	if d.near(f, d.peerOf(r)) || sh.proven(d, f, r) {
		d.request(f, r)
	}
}

// dialogKey names a dialog by Call-ID and our tag, which is the To tag of what we receive.
func dialogKey(r *sip.Request) string { return r.CallID().Value() + "|" + tagOf(r.To().Params) }

// unescapeUser reads the user part of a URI: %xx decoded, and of a telephone number its parameters cut off (RFC 3261
// section 19.1.6); elsewhere a semicolon is the user's. What would decode to a control character stays as it is.
func unescapeUser(user string) string {
	if number, _, ok := strings.Cut(user, ";"); ok && isNumber(number) {
		user = number
	}
	plain, err := url.PathUnescape(user)
	if err != nil || strings.ContainsFunc(plain, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
		return user
	}
	return plain
}

// isNumber is true for what can be dialled, with the separators that people write (RFC 3966).
func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789ABCDabcd*#+-.()") == ""
}

// escapeUser writes the user part of a URI (RFC 3261 section 25.1).
func escapeUser(user string) string {
	var b strings.Builder
	for i := range len(user) {
		c := user[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()&=+$,/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// userOf is the number that a URI names.
func userOf(u *sip.Uri) string {
	if u.Scheme == "tel" {
		return unescapeUser(u.Raw())
	}
	return unescapeUser(u.User)
}

// viaAt is the Via value of a request over f, without version and branch.
func (s *Server) viaAt(f flow, us netip.AddrPort) string {
	return strings.ToUpper(f.transport()) + " " + hostOf(us.Addr()) + ":" + strconv.Itoa(int(us.Port()))
}

// contactURI is where the peer behind f can reach us. Over WebSocket the parameter is ws with TLS and without (RFC 7118
// section 5.2 has no other), and the scheme stays sip: browsers' phones refuse sips, and come over the connection they have.
func (s *Server) contactURI(user string, us netip.AddrPort, f flow) string {
	u := "sip:"
	if user != "" {
		u += escapeUser(user) + "@"
	}
	u += hostOf(us.Addr()) + ":" + strconv.Itoa(int(us.Port()))
	switch t := f.transport(); t {
	case "udp":
	case "wss":
		u += ";transport=ws"
	default:
		u += ";transport=" + t
	}
	return u
}
