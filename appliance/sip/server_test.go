package sip

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"
)

func TestAPhoneRegistersAndIsRememberedAfterARestart(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	ok := u.register("1001", "secret-one")
	if !strings.Contains(ok.get("Contact"), u.contactURI()) {
		t.Errorf("the 200 lists %q, want %q", ok.get("Contact"), u.contactURI())
	}
	n := b.notice(Registered)
	if n.Account != "1001" || len(n.Bindings) != 1 || n.Bindings[0].Source != u.local || n.Bindings[0].Transport != "udp" {
		t.Fatalf("notice %+v", n)
	}
	if got := b.Phones(); len(got) != 2 || len(got[0].Bindings) != 1 || len(got[1].Bindings) != 0 {
		t.Errorf("phones %+v", got)
	}
	b.Close()

	again := startBox(t, Options{Bindings: n.Bindings}, twoPhones())
	u.box = "" // the box has another port now
	events := make(chan Event, 10)
	if _, err := again.Dial(DialRequest{Events: events, Contact: &again.Contacts("1001")[0], From: Party{Number: "1002"}}); err != nil {
		t.Fatal(err)
	}
	l := u.called()
	l.answer(l.invite, 486, "")
	if e := wantEvent(t, events, EventFailed); e.Code != 486 {
		t.Errorf("got %d, want 486", e.Code)
	}
	u.expect("ACK")
}

func TestWrongPasswordAndUnknownUserGetTheSameAnswer(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	answer := func(user, password, method string) string {
		u.user, u.password = user, password
		l := u.call("1002")
		if method == "REGISTER" {
			l.to = "<sip:" + user + "@box>"
		}
		m := l.authed(method, "", "401")
		if method == "INVITE" {
			l.to = m.get("To")
			l.send("ACK", "", "same-branch")
		}
		var keep []string
		for line := range strings.SplitSeq(string(m), "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			if name == "WWW-Authenticate" {
				line = name
			}
			if name != "Via" && name != "From" && name != "To" && name != "Call-ID" {
				keep = append(keep, line)
			}
		}
		return strings.Join(keep, "\n")
	}
	for _, method := range []string{"REGISTER", "INVITE"} {
		if wrong, unknown := answer("1001", "guess", method), answer("7777", "guess", method); wrong != unknown {
			t.Errorf("%s: wrong password:\n%s\nunknown user:\n%s", method, wrong, unknown)
		}
	}
	if c := b.Counters(); c.Unauthorized != 4 {
		t.Errorf("%d wrong credentials counted, want 4", c.Unauthorized)
	}
}

func TestAPhoneMayAnswerEitherDigest(t *testing.T) {
	b := newBox(t)
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		u := udpPeer(t, b.at("udp"))
		u.user, u.password = "1001", "secret-one"
		l := u.call("1001")
		l.send("REGISTER", "")
		m := u.expect("401")
		l.send("REGISTER", "", u.credentials(m, algorithm, "REGISTER", l.target))
		u.expect("200")
	}
}

func TestOnePhoneCannotRegisterAsAnother(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.authed("REGISTER", "", "403")
	if len(b.Contacts("1002")) != 0 {
		t.Error("1002 has a binding")
	}
}

func TestACallerIsWhoItsCredentialSays(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("0123")
	l.from = `"The Boss" <sip:1002@box>;tag=` + unique()
	l.authed("INVITE", "v=0", "100", "P-Asserted-Identity: <sip:1002@box>")
	in := get(t, b.invites, "call").Invite()
	if in.From.Number != "1001" || in.Account != "1001" || in.FromUser != "1002" || in.Number != "0123" || string(in.Body) != "v=0" {
		t.Errorf("invite %+v", in)
	}
}

func TestATrunkTellsWhoCalls(t *testing.T) {
	u := udpPeer(t, "")
	b := newBox(t, Trunk{Name: "carrier", Address: u.local, Health: -1})
	u.box = b.at("udp")
	u.user = "anonymous"
	l := u.call("+498912345")
	l.from = `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1`
	l.send("INVITE", "v=0", `P-Asserted-Identity: "Jo \"J\" Doe" <sip:+4930111@carrier>`, "Privacy: id")
	u.expect("100")
	in := get(t, b.invites, "call").Invite()
	want := Party{Name: `Jo "J" Doe`, Number: "+4930111", Hidden: true}
	if in.From != want || in.Trunk != "carrier" || in.Account != "" || in.Number != "+498912345" {
		t.Errorf("invite %+v", in)
	}
}

func TestATrunkIsKnownByPrefixOrByDigest(t *testing.T) {
	b := newBox(t,
		Trunk{Name: "digest", Address: "192.0.2.1", Username: "line7", Password: "pw", Health: -1},
		Trunk{Name: "prefix", Address: "192.0.2.2", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Health: -1})
	u := udpPeer(t, b.at("udp"))
	u.user = "+4930"
	l := u.call("100")
	l.send("INVITE", "v=0")
	u.expect("100")
	if in := get(t, b.invites, "call").Invite(); in.Trunk != "prefix" {
		t.Errorf("trunk %q, want prefix", in.Trunk)
	}
	b.apply(twoPhones(Trunk{Name: "digest", Address: "192.0.2.1", Username: "line7", Password: "pw", Health: -1}))
	u.user, u.password = "line7", "pw"
	l = u.call("100")
	l.authed("INVITE", "v=0", "100")
	if in := get(t, b.invites, "call").Invite(); in.Trunk != "digest" {
		t.Errorf("trunk %q, want digest", in.Trunk)
	}
}

func TestCallsAreShedWithRetryAfterWhileRefusedButEmergenciesPass(t *testing.T) {
	set := twoPhones()
	set.Emergency = []string{"112"}
	b := startBox(t, Options{}, set)
	b.Refuse(true)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	m := l.authed("INVITE", "v=0", "503")
	if m.get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	b.dialled(u, "112", "v=0")
	if c := b.Counters(); c.Shed != 1 {
		t.Errorf("shed %d, want 1", c.Shed)
	}
}

func TestCallsBeyondWhatTheBoxCanTakeUpAreShedWhileThoseInProgressGoOn(t *testing.T) {
	set := twoPhones(Trunk{Name: "carrier", Address: "192.0.2.1", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Health: -1})
	set.Emergency = []string{"112"}
	events, free := make(chan Event, 1000), make(chan struct{})
	b := startBox(t, Options{OnInvite: func(d *Dialog) {
		<-free
		d.Attach(events)
	}}, set)
	u := udpPeer(t, b.at("udp"))
	u.user = "+4930"
	call := func(number, status string) text {
		u.call(number).send("INVITE", "v=0")
		return u.expect(status)
	}
	for range maxBeginnings {
		call("1002", "100")
	}
	if m := call("1002", "503"); m.get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	call("112", "100") // help is not shed
	close(free)
	for b.begun.Load() > 0 {
		runtime.Gosched()
	}
	call("1002", "100")
	if c := b.Counters(); c.Shed != 1 || c.Invites != maxBeginnings+2 {
		t.Errorf("shed %d, taken %d", c.Shed, c.Invites)
	}
}

func TestABugInACallDoesNotTakeTheBox(t *testing.T) {
	first := true
	invites := make(chan *Dialog, 1)
	events := make(chan Event, 10)
	b := startBox(t, Options{OnInvite: func(d *Dialog) {
		if first {
			first = false
			panic("a bug")
		}
		d.Attach(events)
		invites <- d
	}}, twoPhones())
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.authed("INVITE", "v=0", "500")
	l = u.call("1002")
	l.authed("INVITE", "v=0", "100")
	get(t, invites, "second call").Reject(486, Reason{Q850: 17, Text: "busy"})
	if m := u.expect("486"); m.get("Reason") != `Q.850;cause=17;text="busy"` {
		t.Errorf("Reason %q", m.get("Reason"))
	}
	if c := b.Counters(); c.Panics != 1 {
		t.Errorf("%d panics counted, want 1", c.Panics)
	}
}

func TestAPhoneThatKnowsOnlyMD5IsNotOfferedMore(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1001")
	l.target = "sip:" + u.box
	l.to = "<sip:1001@box>"
	agent := "User-Agent: baresip v1.0.0 (x86_64/linux)"
	l.send("REGISTER", "", "Expires: 600", agent)
	m := u.expect("401")
	if offered := m.all("WWW-Authenticate"); len(offered) != 1 || !strings.Contains(offered[0], "MD5") {
		t.Errorf("offered %q", offered)
	}
	l.send("REGISTER", "", "Expires: 600", agent, u.credentials(m, "MD5", "REGISTER", l.target))
	u.expect("200")
}
