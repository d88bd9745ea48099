package sip

import (
	"net/netip"
	"strings"
	"testing"
)

// What one side says of itself must not reach the other: names of its machines, its software, its ids.
func TestNothingOfOneSideReachesTheOther(t *testing.T) {
	b := newBox(t)
	secret := []string{"inside.corp", "10.66.66.66", "SecretPhone", "proxy.corp"}
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.from = "<sip:1001@inside.corp>;tag=inside.corp-tag"
	l.contact = "<sip:1001@10.66.66.66:5060>"
	l.callID = "id-" + unique() + "@inside.corp"
	sdp := "v=0\r\no=SecretPhone 1 1 IN IP4 10.66.66.66\r\ns=SecretPhone\r\n"
	told := []string{"User-Agent: SecretPhone 1.0", "Record-Route: <sip:proxy.corp;lr>", "Subject: inside.corp", "Organization: inside.corp", "Date: Sat, 13 Nov 2010 23:29:00 GMT"}
	l.send("INVITE", sdp, told...)
	m := u.expect("401")
	to := l.to
	l.to = m.get("To")
	l.send("ACK", "", "same-branch")
	l.to = to
	l.send("INVITE", sdp, append(told, u.credentials(m, "MD5", "INVITE", l.target))...)
	a := get(t, b.invites, "call")
	v := udpPeer(t, b.at("udp"))
	c, d, events := b.ring(v, "1002", "secret-two", DialRequest{
		From: a.Invite().From, MaxForwards: a.Invite().MaxForwards - 1,
		Offer: func(local netip.Addr) []byte { return []byte("v=0\r\no=- 1 1 IN IP4 " + local.String() + "\r\n") },
	})
	c.answer(c.invite, 200, "v=0 theirs", "Server: SecretServer", "Record-Route: <sip:proxy.elsewhere;lr>")
	ack := v.expect("ACK")
	wantEvent(t, events, EventAnswered)
	a.Answer([]byte("v=0 ours"))
	ok := l.learn(u.expect("200"))
	d.Hangup(Reason{})
	bye := v.expect("BYE")
	for _, m := range []text{c.invite, ack, bye} {
		for _, s := range append(secret, l.callID) {
			if strings.Contains(string(m), s) {
				t.Errorf("%q reached the called side: %q", s, m)
			}
		}
	}
	for _, s := range []string{"SecretServer", "proxy.elsewhere", v.local, c.callID, "theirs"} {
		if strings.Contains(string(ok), s) {
			t.Errorf("%q reached the caller: %q", s, ok)
		}
	}
	if a.ID() == d.ID() {
		t.Error("both legs have the same Call-ID")
	}
}

func TestOutsideTheOfficeWeAreAtOurExternalAddress(t *testing.T) {
	set := twoPhones()
	set.Listen = []string{"udp://127.0.0.1:0"}
	set.External = netip.MustParseAddr("203.0.113.9")
	set.LocalNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	b := startBox(t, Options{}, set)
	f := flow{udp: b.live.Load().sorted[0].udp}
	for remote, want := range map[string]string{"127.0.0.1:1": "127.0.0.1", "10.1.2.3:5060": "127.0.0.1", "198.51.100.1:5060": "203.0.113.9", "192.168.1.1:5060": "203.0.113.9"} {
		f.remote = netip.MustParseAddrPort(remote)
		if got := b.contactAt(f).Addr().String(); got != want {
			t.Errorf("towards %s we are %s, want %s", remote, got, want)
		}
	}
}
