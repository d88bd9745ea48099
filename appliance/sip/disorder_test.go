package sip

import (
	"net/netip"
	"strings"
	"testing"
)

func rowS18TheSameCallByTwoWaysIsOneCall(t *testing.T) {
	b := newBox(t, Trunk{Name: "in", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	u := udpPeer(t, b.at("udp"))
	u.user = "+49"
	l := u.call("100")
	first := l.build("INVITE", "v=0")
	u.write(first)
	u.expect("100")
	d := get(t, b.invites, "call")
	u.write(first) // repeated: absorbed, the 100 comes again
	u.write(strings.Replace(first, l.branch, "z9hG4bK"+unique(), 1))
	u.expect("482")
	d.Reject(404, Reason{})
	u.expect("404")
	l.send("ACK", "", "same-branch")
	if len(b.invites) != 0 {
		t.Error("a second call came of it")
	}
}

func rowS18OurOwnCallThatComesBackIsRefused(t *testing.T) {
	u := udpPeer(t, "")
	c := carrier(u, healthy)
	b := newBox(t, Trunk{Name: "mirror", Address: u.local})
	events := make(chan Event, 10)
	if _, err := b.Dial(DialRequest{Events: events, Trunk: "mirror", Number: "100", Offer: func(netip.Addr) []byte { return []byte("v=0") }}); err != nil {
		t.Fatal(err)
	}
	l := c.called()
	u.write("INVITE sip:100@box SIP/2.0\r\nVia: SIP/2.0/UDP " + u.local + ";branch=z9hG4bK" + unique() + "\r\n" + strings.SplitN(string(l.invite), "\r\n", 2)[1])
	c.expect("482")
	if len(b.invites) != 0 {
		t.Error("it became a call")
	}
	l.answer(l.invite, 482, "")
	c.expect("ACK")
	if e := wantEvent(t, events, EventFailed); e.Code != 482 {
		t.Errorf("%+v", e)
	}
}

func rowS18ACallThatHasNoHopsLeftEnds(t *testing.T) {
	b := newBox(t)
	l, d := b.caller()
	if d.Invite().MaxForwards != 70 {
		t.Errorf("%d", d.Invite().MaxForwards)
	}
	l.send("CANCEL", "")
	u := udpPeer(t, b.at("udp"))
	c, _, _ := b.ring(u, "1001", "secret-one", DialRequest{MaxForwards: 1})
	if c.invite.get("Max-Forwards") != "1" {
		t.Errorf("Max-Forwards %q", c.invite.get("Max-Forwards"))
	}
	v := udpPeer(t, b.at("udp"))
	v.user, v.password = "1001", "secret-one"
	m := v.call("1002")
	v.write(strings.Replace(m.build("INVITE", "v=0"), "Max-Forwards: 70", "Max-Forwards: 0", 1))
	v.expect("483")
}

func rowS21DisorderInADialogIsRefused(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	answer := l.learn(u.expect("200"))
	l.cseq += 7
	l.send("ACK", "") // of nothing that was answered: ignored
	l.cseq -= 7
	u.again(answer)
	u.again(answer)
	l.send("ACK", "")
	b.event(EventConfirmed)
	l.send("ACK", "")
	l.cseq -= 2
	l.send("INFO", "x")
	u.expect("500")
	l.cseq += 5
	right := l.from
	l.from = "<sip:1001@box>;tag=forged"
	l.send("BYE", "")
	u.expect("481")
	l.from = right
	l.send("PUBLISH", "")
	if m := u.expect("405"); m.get("Allow") == "" {
		t.Error("405 without Allow")
	}
	l.send("OPTIONS", "")
	u.expect("200")
	l.send("BYE", "")
	u.expect("200")
	b.event(EventBye)
	l.send("INFO", "x")
	u.expect("481")
}

func TestOddRequestsGetTheAnswersOfTheBook(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	for _, c := range []struct{ method, want, header, from, to string }{
		{"OPTIONS", "200", "", "", ""},
		{"MESSAGE", "405", "", "", ""},
		{"SUBSCRIBE", "401", "", "", ""},
		{"REFER", "403", "", "", ""},
		{"NOTIFY", "481", "", "", ""},
		{"FANTASY", "501", "", "", ""},
		{"BYE", "481", "", "", ""},
		{"INVITE", "481", "", "<sip:1002@box>", "<sip:1002@box>;tag=gone"},
		{"INVITE", "483", "", "Max-Forwards: 70", "Max-Forwards: 0"},
		{"INVITE", "420", "Require: nothing-we-know", "", ""},
		{"OPTIONS", "400", "", "CSeq: 1 OPTIONS", "CSeq: 1 INVITE"},
		{"OPTIONS", "400", "Call-ID: second", "", ""},
		{"OPTIONS", "400", "", "To:", "Tu:"},
		{"OPTIONS", "400", "", "CSeq: 1", "CSeq: 99999999999"},
		{"OPTIONS", "505", "", " SIP/2.0\r\nVia", " SIP/7.0\r\nVia"},
		{"OPTIONS", "416", "", "OPTIONS sip:", "OPTIONS nobody:"},
		{"CANCEL", "481", "", "", ""},
	} {
		l := u.call("1002")
		if c.method == "CANCEL" {
			l.cseq, l.branch = 1, "z9hG4bK"+unique()
		}
		var headers []string
		if c.header != "" {
			headers = append(headers, c.header)
		}
		u.write(strings.Replace(l.build(c.method, "", headers...), c.from, c.to, 1))
		m := u.expect(c.want)
		if c.want == "420" && m.get("Unsupported") != "nothing-we-know" {
			t.Errorf("Unsupported %q", m.get("Unsupported"))
		}
	}
}
