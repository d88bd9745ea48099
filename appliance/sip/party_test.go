package sip

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

var fromHere = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestATrunkTellsWhoCallsAndByWhomItWasForwarded(t *testing.T) {
	for _, c := range []struct {
		what    string
		trunk   Trunk
		headers []string
		want    Party
		by      []Diversion
	}{
		{"asserted, hidden from the called one", Trunk{}, []string{`P-Asserted-Identity: "Smith, John" <sip:+4930123@x>, <tel:+4930999>`, "Privacy: user;id"}, Party{"Smith, John", "+4930123", true}, nil},
		{"asserted as tel", Trunk{}, []string{"P-Asserted-Identity: <tel:+4930123>", "Privacy: none"}, Party{"", "+4930123", false}, nil},
		{"diverted twice", Trunk{}, []string{
			`Diversion: "B, b" <sip:22@x>;reason=user-busy;privacy=full, <sip:11@x>;reason="no-answer";counter=1`,
			"History-Info: <sip:99@x>;index=1, <sip:98@x>;index=1.1",
		}, Party{"", "carrier", false}, []Diversion{{Party{"B, b", "22", true}, "user-busy"}, {Party{"", "11", false}, "no-answer"}}},
		{"a history", Trunk{}, []string{
			"History-Info: <sip:11@x?Reason=SIP%3Bcause%3D302>;index=1", "History-Info: <sip:22@x?Privacy=history>;index=1.1", "History-Info: <sip:33@x;cause=408>;index=1.1.1",
		}, Party{"", "carrier", false}, []Diversion{{Party{"", "22", true}, "no-answer"}, {Party{"", "11", false}, "unconditional"}}},
		{"not trusted", Trunk{Untrusted: true}, []string{"P-Asserted-Identity: <sip:+4930123@x>", "Diversion: <sip:22@x>"}, Party{"", "carrier", false}, nil},
		{"nonsense", Trunk{}, []string{`P-Asserted-Identity: "<`, "Diversion: ;;;", "History-Info: <"}, Party{"", "carrier", false}, nil},
	} {
		c.trunk.Name, c.trunk.AcceptFrom = "in", fromHere
		b := newBox(t, c.trunk)
		u := udpPeer(t, b.at("udp"))
		u.user = "carrier"
		u.call("100").send("INVITE", "v=0", c.headers...)
		in := get(t, b.invites, "call").Invite()
		if in.From != c.want || !slices.Equal(in.Diverted, c.by) {
			t.Errorf("%s: got %+v by %+v", c.what, in.From, in.Diverted)
		}
	}
}

func TestAPhoneIsWhoItsCredentialSays(t *testing.T) {
	b := newBox(t)
	_, d := b.caller(`P-Asserted-Identity: "Boss" <sip:+49110@x>`, "P-Preferred-Identity: <sip:+4930777@x>", "Diversion: <sip:22@x>", "Privacy: id")
	in := d.Invite()
	if in.From != (Party{Number: "1001", Hidden: true}) || in.Diverted != nil || in.Preferred != "+4930777" {
		t.Errorf("%+v", in)
	}
}

func TestAForwardedCallTellsTheTrunkAndNoPhone(t *testing.T) {
	u, v := udpPeer(t, ""), udpPeer(t, "")
	trusted, wary := carrier(u, healthy), carrier(v, healthy)
	b := newBox(t, Trunk{Name: "trusted", Address: u.local}, Trunk{Name: "wary", Address: v.local, Untrusted: true})
	phone := udpPeer(t, b.at("udp"))
	phone.register("1001", "secret-one")
	r := DialRequest{
		Events: make(chan Event, 10), Number: "33", From: Party{Name: "Anna", Number: "+4930123", Hidden: true},
		Diverted: []Diversion{{Party{"", "22", true}, "user-busy"}, {Party{"Desk", "11", false}, "x\r\nEvil: 1"}},
		Headers:  [][2]string{{"Diversion", "<sip:sneaked@x>"}, {"Alert-Info", "bell"}},
	}
	call := func(u *raw) text {
		t.Helper()
		if _, err := b.Dial(r); err != nil {
			t.Fatal(err)
		}
		return u.called().invite
	}
	r.Trunk = "trusted"
	m := call(trusted)
	if got := m.all("Diversion"); len(got) != 3 || got[0] != "<sip:22@"+u.local+">;reason=user-busy;counter=1;privacy=full" ||
		got[1] != `"Desk" <sip:11@`+u.local+`>;reason=unknown;counter=1;privacy=off` {
		t.Errorf("Diversion %q", got)
	}
	if got := m.all("History-Info"); len(got) != 3 || got[0] != "<sip:11@"+u.local+">;index=1" ||
		got[1] != "<sip:22@"+u.local+";cause=404?Privacy=history>;index=1.1" || got[2] != "<sip:33@"+u.local+";cause=486>;index=1.1.1" {
		t.Errorf("History-Info %q", got)
	}
	if m.get("P-Asserted-Identity") == "" || m.get("Evil") != "" {
		t.Errorf("%q", m)
	}
	r.Trunk = "wary"
	if m := call(wary); strings.Contains(string(m), "+4930123") || strings.Contains(string(m), "sip:22@") || m.get("Privacy") != "id" {
		t.Errorf("a trunk that is not trusted learns %q", m)
	}
	r.Trunk, r.Contact = "", &b.Contacts("1001")[0]
	if m := call(phone); strings.Contains(string(m), "+4930123") || m.get("Diversion") != "" || m.get("History-Info") != "" || m.get("P-Asserted-Identity") != "" || m.get("Alert-Info") != "bell" {
		t.Errorf("a phone learns %q", m)
	}
}

func rowS23ARedirectionIsToldAndNotFollowed(t *testing.T) {
	b := newBox(t)
	for code, contact := range map[int]string{300: "<sip:3000@x>", 301: "<sip:3000@x>", 305: "<sip:proxy.example;lr>", 380: "<tel:+1900555>"} {
		u := udpPeer(t, b.at("udp"))
		l, _, events := b.ring(u, "1002", "secret-two", DialRequest{})
		l.contact = contact
		l.answer(l.invite, code, "")
		u.expect("ACK")
		if e := wantEvent(t, events, EventFailed); e.Code != code || len(e.Contacts) != 1 {
			t.Errorf("%+v", e)
		}
		u.silence(quick.t1)
	}
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.contact = ""
	l.answer(l.invite, 302, "", "Contact: <sip:+1900555@premium.example?Route=%3Csip:evil%3E>;q=0.2, <sip:2000@10.0.0.9>;q=0.9", "Contact: <sip:3000@x>;q=0.5")
	u.expect("ACK")
	e := wantEvent(t, events, EventFailed)
	if want := []string{"sip:2000@10.0.0.9", "sip:3000@x", "sip:+1900555@premium.example"}; e.Code != 302 || !slices.Equal(e.Contacts, want) {
		t.Errorf("%d %q, want %q", e.Code, e.Contacts, want)
	}
	u.silence(quick.t2)
}

func TestTheReasonIsReadWhereverItStands(t *testing.T) {
	b := newBox(t)
	l, _, _ := b.talking()
	l.send("BYE", "", `Reason: SIP;cause=200;text="Call completed, elsewhere", Q.850;cause=26`)
	if e := b.event(EventBye); e.Q850 != 26 || e.Text != "Call completed, elsewhere" {
		t.Errorf("%+v", e)
	}
	u := udpPeer(t, b.at("udp"))
	c, _, events := b.ring(u, "1002", "secret-two", DialRequest{})
	c.answer(c.invite, 480, "", "Reason: SIP ;cause=480", "Reason: Q.850;cause=20")
	if e := wantEvent(t, events, EventFailed); e.Q850 != 20 {
		t.Errorf("%+v", e)
	}
}

func FuzzNames(f *testing.F) {
	f.Add(`"a, b" <sip:x@y?Reason=SIP%3Bcause%3D302>;reason=a, <tel:+1>`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := strings.Join(list(s), ""); len(got) > len(s) {
			t.Errorf("%q became %q", s, got)
		}
		parseReplaces(s)
		word(s)
	})
}
