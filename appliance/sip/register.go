package sip

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// pingEvery is how often a phone behind a NAT over UDP is asked something, so that the way to it stays open. Home
// routers forget a way after 30 s.
const pingEvery = 25 * time.Second

// flowTimer is how many seconds a phone may keep its flow silent; a connection of a phone lives much longer.
const flowTimer = 120

// register takes a REGISTER (RFC 3261 section 10.3). What it changes is told by a Notice with all that the account has.
func (sh *shard) register(f flow, r *sip.Request) {
	if f.udp != nil && f.udp.retired.Load() {
		return
	}
	who, ok := sh.authenticate(f, r)
	if !ok {
		return
	}
	t := sh.newServerTx(f, r, token(10)) // only now: a flood of wrong ones leaves nothing behind
	if who.account == "" || userOf(&r.To().Address) != who.account {
		t.respond(response{code: 403})
		return
	}
	s := sh.s
	updates, star, err := s.contactsOf(f, r)
	path, ok := paths(r)
	if err != nil || !ok {
		t.respond(response{code: 400})
		return
	}
	most := s.live.Load().accounts[who.account].MaxContacts
	if most == 0 {
		most = 10
	}
	outbound := false
	for i := range updates {
		updates[i].path = path
		outbound = outbound || updates[i].regID > 0 && updates[i].instance != "" && supports(r, "outbound")
	}
	current, changed, err := s.registrar.register(who.account, updates, star, r.CallID().Value(), r.CSeq().SeqNo, most)
	if refused, ok := errors.AsType[*refusal](err); ok {
		a := response{code: refused.code, reason: refused.text}
		if refused.minExpires > 0 {
			a.headers = [][2]string{{"Min-Expires", strconv.Itoa(int(refused.minExpires / time.Second))}}
		}
		t.respond(a)
		return
	}
	if err != nil {
		t.respond(response{code: 500})
		return
	}
	if changed {
		s.o.Notify(Notice{Kind: Registered, Account: who.account, Source: f.remote.String(), UserAgent: value(r, "user-agent"), Bindings: current})
	}
	hs := append(s.registered(current), [2]string{"Supported", "path, outbound"})
	if path != "" {
		hs = append(hs, [2]string{"Path", path})
	}
	if outbound { // RFC 5626 section 6: the flow is kept, and may be silent that long
		hs = append(hs, [2]string{"Require", "outbound"}, [2]string{"Flow-Timer", strconv.Itoa(flowTimer)})
	}
	t.respond(response{code: 200, headers: hs})
}

// registered lists the bindings for the 200.
func (s *Server) registered(current []Binding) [][2]string {
	now := s.o.Now()
	hs := [][2]string{{"Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05") + " GMT"}}
	for _, b := range current {
		left := max(int(b.Expires.Sub(now).Round(time.Second)/time.Second), 0)
		hs = append(hs, [2]string{"Contact", "<" + b.Contact + ">;expires=" + strconv.Itoa(left)})
	}
	return hs
}

// contactsOf reads the Contact headers.
func (s *Server) contactsOf(f flow, r *sip.Request) (updates []contactUpdate, star bool, err error) {
	standard := time.Duration(-1)
	if e := value(r, "expires"); e != "" {
		standard = seconds(e)
	}
	for _, h := range r.GetHeaders("contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok {
			return nil, false, errMalformed
		}
		if c.Address.Wildcard {
			if standard != 0 {
				return nil, false, errMalformed
			}
			star = true
			continue
		}
		if c.Address.Scheme != "sip" && c.Address.Scheme != "sips" || c.Address.Host == "" {
			return nil, false, errMalformed
		}
		updates = append(updates, s.contactUpdate(f, r, c, standard))
	}
	if star && len(updates) > 0 {
		return nil, false, errMalformed
	}
	return updates, star, nil
}

func (s *Server) contactUpdate(f flow, r *sip.Request, c *sip.ContactHeader, standard time.Duration) contactUpdate {
	u := contactUpdate{
		uri: c.Address.String(), source: f.remote.String(), local: localOf(f), transport: f.transport(),
		userAgent: value(r, "user-agent"), q: 1, expires: standard,
	}
	for _, p := range c.Params {
		switch strings.ToLower(p.K) {
		case "expires":
			u.expires = seconds(p.V)
		case "q":
			if q, err := strconv.ParseFloat(p.V, 64); err == nil && q >= 0 && q <= 1 {
				u.q = q
			}
		case "+sip.instance":
			u.instance = strings.Trim(p.V, `"`)
		case "reg-id":
			u.regID, _ = strconv.Atoi(p.V)
		}
	}
	return u
}

func localOf(f flow) string {
	if f.udp != nil {
		return f.udp.local.String()
	}
	if p := f.conn.local.Load(); p != nil {
		return p.String()
	}
	return ""
}

// flowTo is the way to an address that we choose: a UDP socket of ours, or a connection, made when there is none.
func (s *Server) flowTo(transport string, to netip.AddrPort, name string) (flow, error) {
	if transport == "ws" || transport == "wss" {
		return flow{}, ErrUnreachable // browsers call us, never the other way round
	}
	if transport != "udp" {
		f := s.connect(transport, to, name, connectTime)
		if f.lost() {
			return flow{}, ErrUnreachable
		}
		return f, nil
	}
	if u := s.udpFor(to.Addr(), ""); u != nil {
		return flow{udp: u, remote: to}, nil
	}
	return flow{}, ErrUnreachable
}

// udpFor is the socket named, or the first that can reach the address.
func (s *Server) udpFor(to netip.Addr, local string) *udpSocket {
	var first *udpSocket
	for _, l := range s.live.Load().sorted {
		if l.udp == nil {
			continue
		}
		if local != "" && l.udp.local.String() == local {
			return l.udp
		}
		a := l.udp.local.Addr()
		if first == nil && (a.Is4() == to.Is4() || a.Is6() && a.IsUnspecified()) {
			first = l.udp
		}
	}
	return first
}

// flowOf is the way to a registered phone: the one that it registered over. Only a connection that is gone may be made
// anew, and only when the phone said an address that is its own.
func (s *Server) flowOf(b *Binding) (flow, error) {
	src, err := netip.ParseAddrPort(b.Source)
	if err != nil {
		return flow{}, ErrUnreachable
	}
	if b.Transport == "udp" {
		if u := s.udpFor(src.Addr(), b.Local); u != nil {
			return flow{udp: u, remote: src}, nil
		}
		return flow{}, ErrUnreachable
	}
	if c := s.conns.get(b.Transport, src); c != nil {
		return flow{conn: c, remote: src}, nil
	}
	if to, natted := contactAddr(b, src); !natted && !strings.Contains(b.Instance, ";reg-id=") {
		return s.flowTo(b.Transport, to, "")
	}
	return flow{}, ErrUnreachable
}

// contactAddr is where the phone says it is; natted when packets come from elsewhere.
func contactAddr(b *Binding, src netip.AddrPort) (to netip.AddrPort, natted bool) {
	u, ok := parseURI(b.Contact)
	if !ok {
		return to, true
	}
	a, err := netip.ParseAddr(strings.Trim(u.Host, "[]"))
	if err != nil {
		return to, true
	}
	port := u.Port
	if port == 0 {
		port = sip.DefaultPort(b.Transport)
	}
	to = netip.AddrPortFrom(a.Unmap(), uint16(port))
	if b.Transport == "udp" {
		return to, to != src
	}
	return to, to.Addr() != src.Addr()
}

// ping sends OPTIONS to phones behind a NAT. No transaction waits for the answer: that it was sent, and answered, is
// what the router in between needs to see.
func (s *Server) ping(now time.Time) {
	second := now.Unix() % int64(pingEvery/time.Second)
	s.pingTrunks(second)
	for _, bs := range s.registrar.all() {
		for i := range bs {
			b := &bs[i]
			src, err := netip.ParseAddrPort(b.Source)
			if err != nil || b.Transport != "udp" || int64(src.Port())%int64(pingEvery/time.Second) != second {
				continue
			}
			if _, natted := contactAddr(b, src); !natted {
				continue
			}
			f, err := s.flowOf(b)
			if err != nil {
				continue
			}
			u, ok := parseURI(b.Contact)
			if !ok {
				continue
			}
			us := s.contactAt(f)
			o := outgoing{
				method: "OPTIONS", uri: requestURI(&u), via: s.viaAt(f, us), branch: newBranch(), callID: token(10), cseq: 1,
				from: "<" + s.contactURI("", us, f) + ">;tag=" + token(5), to: "<" + u.Addr() + ">",
			}
			f.send(o.bytes())
		}
	}
}

// pingTrunks keeps the connections open that we made to trunks: CRLFCRLF, to which the other side may say CRLF (RFC 5626
// section 4.4.1).
func (s *Server) pingTrunks(second int64) {
	for _, t := range s.live.Load().order {
		for _, x := range *t.targets.Load() {
			if x.transport == "udp" || int64(x.addr.Port())%int64(pingEvery/time.Second) != second {
				continue
			}
			if c := s.conns.get(x.transport, x.addr); c != nil {
				c.send([]byte("\r\n\r\n"))
			}
		}
	}
}
