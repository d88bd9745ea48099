package sip

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// peerAt is a phone with an address of its own.
func peerAt(t *testing.T, from, box string) *raw {
	t.Helper()
	c := strangerAt(t, from, box)
	u := newRaw(t, "UDP", c.LocalAddr().String(), box)
	u.write = func(s string) { fmt.Fprint(c, s) }
	go func() {
		for buf := make([]byte, maxMessage); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			u.in <- text(buf[:n])
		}
	}()
	return u
}

// forged is the leg as somebody else would speak for it.
func (l *leg) forged(by *raw, change func(*leg)) *leg {
	f := *l
	f.u = by
	f.cseq += 10
	change(&f)
	return &f
}

func TestA13NobodyElseSpeaksForACall(t *testing.T) {
	b := newBox(t)
	u, other := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	answer := u.expect("200")
	l.learn(answer)
	ack := l.build("ACK", "v=0")

	other.write(ack) // from elsewhere: the answer goes on
	u.again(answer)
	u.again(answer)
	u.write(ack)
	b.event(EventConfirmed)

	same := func(*leg) {}
	for _, method := range []string{"BYE", "INVITE", "UPDATE", "INFO", "REFER"} {
		l.forged(other, same).send(method, "v=0", "Refer-To: <sip:900@box>")
		other.expect("401")
		for what, change := range map[string]func(*leg){
			"the peer's tag": func(f *leg) { f.from += "x" },
			"our tag":        func(f *leg) { f.to += "x" },
			"the Call-ID":    func(f *leg) { f.callID += "x" },
		} {
			for _, from := range []*raw{u, other} {
				l.forged(from, change).send(method, "v=0", "Refer-To: <sip:900@box>")
				if m := get(t, from.in, "answer"); !strings.Contains(m.first(), " 481 ") {
					t.Errorf("%s without %s: %q", method, what, m.first())
				}
			}
		}
	}
	other.user, other.password = "1002", "secret-two" // a phone of ours, but not this one
	l.forged(other, same).authed("BYE", "", "403")
	if len(b.events) != 0 {
		t.Fatalf("the call heard of it: %+v", <-b.events)
	}

	other.user, other.password = "1001", "secret-one" // the phone itself, in another network now
	l.forged(other, same).authed("BYE", "", "200")
	b.event(EventBye)
}

func TestA13NobodyElseTakesACallBack(t *testing.T) {
	b := newBox(t)
	u, other := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, _ := b.dialled(u, "1002", "v=0")
	cancel := l.build("CANCEL", "")
	other.write(cancel)
	other.expect("481")
	if len(b.events) != 0 {
		t.Fatalf("the call heard of it: %+v", <-b.events)
	}
	moved := udpPeer(t, b.at("udp")) // the same address, behind a NAT that chose another port
	moved.write(strings.Replace(cancel, u.local, moved.local, 1))
	moved.expect("200")
	b.event(EventCancelled)
	u.expect("487")
}

func TestA13ATrunksCallIsEndedFromWhereTheTrunkIs(t *testing.T) {
	b := newBox(t, Trunk{Name: "carrier", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Health: -1})
	u, other, gateway := udpPeer(t, b.at("udp")), peerAt(t, "127.0.0.2", b.at("udp")), peerAt(t, "127.0.0.3", b.at("udp"))
	l := u.call("100")
	l.contact = "<sip:gw@" + gateway.local + ">"
	l.send("INVITE", "v=0")
	u.expect("100")
	d := get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	l.forged(other, func(*leg) {}).send("BYE", "")
	other.expect("403")
	l.forged(gateway, func(*leg) {}).send("BYE", "") // as the trunk itself named it
	gateway.expect("200")
	b.event(EventBye)
}
