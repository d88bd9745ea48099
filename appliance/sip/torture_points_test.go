package sip

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// What a torture message is about, beyond its status.

// carriedRack takes calls from anywhere on the loopback as a carrier's.
func carriedRack(t *testing.T) *rack {
	return newRack(t, twoPhones(Trunk{Name: "carrier", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}))
}

// take sends an INVITE and returns the call that it became.
func (r *rack) take(m torture) (*Invite, text) {
	r.t.Helper()
	u := udpPeer(r.t, r.at("udp"))
	u.write(string(m.wire()))
	u.expect("100")
	d := get(r.t, r.invites, "call")
	d.Reject(486, Reason{})
	return d.Invite(), u.expect("486")
}

func TestTortureCallsReachTheirOwnerAsTheyWereMeant(t *testing.T) {
	r := carriedRack(t)
	for name, number := range map[string]string{
		"esc01": "sips:user@example.com", "longreq": "user", "baddate": "user", "ipv6-in-sdp": "user", "mult-ip-in-sdp": "user", "ipv4-mapped-ipv6": "user",
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			m := tortureNamed(t, name)
			in, _ := r.take(m)
			_, body, _ := strings.Cut(string(m.wire()), "\r\n\r\n")
			if in.Number != number || string(in.Body) != body {
				t.Errorf("called %q with %q", in.Number, in.Body)
			}
		})
	}
	r.t = t
	if in, _ := r.take(tortureNamed(t, "esc01")); in.From.Number != "I am spaced" {
		t.Errorf("the caller is %q", in.From.Number)
	}
}

func TestTortureAnswersGoBackByEveryViaAndNameTheRequest(t *testing.T) {
	r := newRack(t, twoPhones())
	vias := map[string]int{"wsinv": 3, "longreq": 34, "transports": 5, "mult-ip-in-header": 3, "ipv4-mapped-ipv6": 2}
	for _, m := range allTortures(t) {
		if m.udp == "nothing" || m.udp == "400" || m.udp == "505" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			r.t = t
			wire := m.wire()
			got, _ := r.answers(udpPeer(t, r.at("udp")), wire)
			read, f := parse(wire)
			if f != nil && f.code < 416 || len(got) != 1 {
				t.Fatalf("%v, %d answers", f, len(got))
			}
			a, asked := got[0], read
			if n := len(a.all("Via")); n != max(vias[m.name], 1) {
				t.Errorf("%d Via go back", n)
			}
			if a.get("Call-ID") != asked.CallID().Value() || a.get("CSeq") != asked.CSeq().Value() || a.get("From") != asked.From().Value() {
				t.Errorf("%q is no answer to %q", a, wire)
			}
			if to := asked.To().Value(); !strings.HasPrefix(a.get("To"), to) || strings.Count(a.get("To"), ";tag=") != 1 {
				t.Errorf("To is %q, was %q", a.get("To"), to)
			}
		})
	}
}

func TestTortureStringsComeBackAsTheyWere(t *testing.T) {
	r := newRack(t, twoPhones())
	got, _ := r.answers(udpPeer(t, r.at("udp")), tortureNamed(t, "intmeth").wire())
	a := got[0]
	for name, want := range map[string]string{
		"To":   `"BEL:\` + "\x07" + ` NUL:\` + "\x00" + ` DEL:\` + "\x7f" + `" <sip:1_odd.URI~(to-be!sure)&isn't+it$/mad?,/;;*@example.com>;tag=`,
		"From": `"word1~` + "`" + ` word2'+_ word3*%!.-" <sip:plain@example.com>;fromParam''~+*_!.-%="телефон и коммутатор";tag=_word~1'+` + "`" + `*%!-.`,
		"CSeq": `139122385 !curious-Method0123456789_*+` + "`" + `.%indeed'~`,
	} {
		if !strings.HasPrefix(a.get(name), want) {
			t.Errorf("%s is %q, want %q", name, a.get(name), want)
		}
	}
	if !strings.Contains(a.get("Call-ID"), `%ZK-!.*_+'@word`+"`"+`~)(><:\/"][?}{`) {
		t.Errorf("Call-ID is %q", a.get("Call-ID"))
	}
}

func TestTortureRefusalsSayWhatWouldDo(t *testing.T) {
	r := newRack(t, twoPhones())
	for name, want := range map[string][2]string{
		"bext01": {"Unsupported", "nobodyHasThis, norDoesAnybodyHaveThis"}, "invut": {"Accept", "application/sdp"}, "intmeth": {"Allow", allow},
	} {
		got, _ := r.answers(udpPeer(t, r.at("udp")), tortureNamed(t, name).wire())
		if v := got[0].get(want[0]); v != want[1] {
			t.Errorf("%s: %s is %q, want %q", name, want[0], v, want[1])
		}
	}
	got, _ := r.answers(udpPeer(t, r.at("udp")), tortureNamed(t, "regaut01").wire())
	if c := got[0].all("WWW-Authenticate"); len(c) == 0 || !strings.HasPrefix(c[0], "Digest ") {
		t.Errorf("challenges %q", c)
	}
}

func TestTortureRequestsWithTheSameBadBranchAreTwo(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	m := tortureNamed(t, "badbranch")
	first, _ := r.answers(u, m.wire())
	second, _ := r.answers(u, m.wire())
	if len(first) != 1 || len(second) != 1 || first[0].get("Call-ID") == second[0].get("Call-ID") {
		t.Errorf("answers %q and %q", first, second)
	}
	r = carriedRack(t)
	calls := strings.NewReplacer("z9hG4bK{unique}", "z9hG4bK")
	for range 2 {
		m := tortureNamed(t, "baddate")
		m.written = calls.Replace(m.written)
		r.take(m)
	}
}

func TestTortureCallsWithoutHopsGoNowhere(t *testing.T) {
	r := carriedRack(t)
	m := tortureNamed(t, "baddate")
	m.written = strings.Replace(m.written, "Max-Forwards: 70", "Max-Forwards: 0", 1)
	got, _ := r.answers(udpPeer(t, r.at("udp")), m.wire())
	if s := statuses(got); !slices.Equal(s, []string{"483"}) {
		t.Errorf("answers %v", s)
	}
}

// registered sends a REGISTER with the credentials of its To.
func (r *rack) registered(m torture, user string) text {
	r.t.Helper()
	u := udpPeer(r.t, r.at("udp"))
	u.user, u.password = user, "secret"
	challenge, _ := r.answers(u, m.wire())
	c, err := digest.ParseChallenge(challenge[0].get("WWW-Authenticate"))
	if err != nil {
		r.t.Fatal(err)
	}
	c.QOP = []string{"auth"}
	cred, err := digest.Digest(c, digest.Options{Method: "REGISTER", URI: "sip:example.com", Username: user, Password: "secret", Count: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	m.written = strings.Replace(m.written, "Max-Forwards: ", "Authorization: "+cred.String()+"\nMax-Forwards: ", 1)
	got, _ := r.answers(u, m.wire())
	if len(got) != 1 {
		r.t.Fatalf("answers %q", got)
	}
	return got[0]
}

func TestTortureContactsAreKeptAsTheyWereMeant(t *testing.T) {
	set := twoPhones()
	for _, name := range []string{"nul-%00-nul", "reis", "user"} {
		set.Accounts = append(set.Accounts, Account{Name: name, Password: "secret"})
	}
	for name, want := range map[string]struct {
		user     string
		contacts []string
	}{
		"escnull":  {"nul-%00-nul", []string{"sip:%00%00@host5.example.com", "sip:%00@host5.example.com"}},
		"cparam01": {"reis", []string{"sip:+19725552222@gw1.example.net"}},
		"cparam02": {"reis", []string{"sip:+19725552222@gw1.example.net;oddparam"}},
		"regescrt": {"user", []string{"sip:user@example.com?Route=%3Csip:sip.example.com%3E"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRack(t, set)
			a := r.registered(tortureNamed(t, name), want.user)
			if !strings.HasPrefix(a.first(), "SIP/2.0 200") || len(a.all("Contact")) != len(want.contacts) {
				t.Fatalf("got %q", a)
			}
			var got []string
			for _, b := range r.Contacts(want.user) {
				got = append(got, b.Contact)
			}
			slices.Sort(got)
			if !slices.Equal(got, want.contacts) {
				t.Errorf("contacts %q, want %q", got, want.contacts)
			}
		})
	}
}

func TestTortureContactsLeadNowhereButToTheirPhone(t *testing.T) {
	set := twoPhones()
	set.Accounts = append(set.Accounts, Account{Name: "reis", Password: "secret"}, Account{Name: "user", Password: "secret"})
	for name, want := range map[string]string{
		"cparam02": "INVITE sip:+19725552222@gw1.example.net;oddparam SIP/2.0", "regescrt": "INVITE sip:user@example.com SIP/2.0",
	} {
		r := newRack(t, set)
		user := map[string]string{"cparam02": "reis", "regescrt": "user"}[name]
		r.registered(tortureNamed(t, name), user)
		u := udpPeer(t, "")
		b := r.Contacts(user)[0]
		b.Source = u.local
		if _, err := r.Dial(DialRequest{Events: make(chan Event, 10), Contact: &b}); err != nil {
			t.Fatal(err)
		}
		m := u.expect("INVITE ")
		if m.first() != want || m.get("Route") != "" || strings.Contains(string(m), "sip.example.com") {
			t.Errorf("%s: %q", name, m)
		}
	}
}

// The same where a parameter stands before the headers, which readers of URIs like to take for part of it; and when we
// ping the phone.
func TestAContactLeadsNowhereButToItsPhone(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1001")
	l.target, l.contact = "sip:"+u.box, "<sip:1001@10.0.0.7:5060;z=1?Route=%3Csip:evil.example%3E>"
	l.authed("REGISTER", "", "200", "Expires: 600")
	if _, err := b.Dial(DialRequest{Events: make(chan Event, 10), Contact: &b.Contacts("1001")[0]}); err != nil {
		t.Fatal(err)
	}
	if m := u.expect("INVITE sip:1001@10.0.0.7:5060;z=1 SIP/2.0"); strings.Contains(string(m), "evil") {
		t.Errorf("%q", m)
	}
	now := time.Now()
	for i := range int(pingEvery / time.Second) {
		b.ping(now.Add(time.Duration(i) * time.Second))
	}
	for {
		m := get(t, u.in, "ping")
		if strings.HasPrefix(string(m), "INVITE") {
			continue // again
		}
		if m.first() != "OPTIONS sip:1001@10.0.0.7:5060;z=1 SIP/2.0" || strings.Contains(string(m), "evil") {
			t.Errorf("%q", m)
		}
		return
	}
}

// Valid messages say the same after they were read and written again (T-01).
func rowT01WhatWasReadAndWrittenIsReadTheSame(t *testing.T) {
	for _, m := range allTortures(t) {
		read, f := parse(m.wire())
		if f != nil {
			continue
		}
		again, f := parse([]byte(read.String()))
		if f != nil || again.String() != read.String() {
			t.Errorf("%s: %v\n%q\n%q", m.name, f, read, again)
		}
	}
}
