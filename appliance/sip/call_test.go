package sip

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// ring has a phone registered at u and calls it; the INVITE arrived there.
func (b *box) ring(u *raw, user, password string, r DialRequest) (*leg, *Dialog, chan Event) {
	b.t.Helper()
	u.register(user, password)
	events := make(chan Event, 100)
	r.Events, r.Contact = events, &b.Contacts(user)[0]
	if r.Offer == nil {
		r.Offer = func(netip.Addr) []byte { return []byte("v=0 offer") }
	}
	d, err := b.Dial(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return u.called(), d, events
}

func TestS01ACallFromAPhoneIsAnsweredAndHungUpByTheCaller(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0 offer")
	d.Progress(180, nil)
	u.expect("180")
	d.Progress(183, []byte("v=0 early"))
	if m := u.expect("183"); m.body() != "v=0 early" {
		t.Errorf("early media %q", m.body())
	}
	d.Answer([]byte("v=0 answer"))
	m := l.learn(u.expect("200"))
	if m.body() != "v=0 answer" || m.get("Allow") == "" {
		t.Errorf("answer %q", m)
	}
	l.send("ACK", "v=0 late")
	if e := b.event(EventConfirmed); string(e.Body) != "v=0 late" {
		t.Errorf("ACK body %q", e.Body)
	}
	l.send("INFO", "Signal=1", "X: y")
	u.expect("200")
	b.event(EventInfo)
	l.send("BYE", "", `Reason: Q.850;cause=16;text="bye; bye"`)
	u.expect("200")
	if e := b.event(EventBye); e.Q850 != 16 || e.Text != "bye; bye" {
		t.Errorf("bye %+v", e)
	}
	l.send("INFO", "Signal=1")
	u.expect("481")
	if c := b.Counters(); c.Dialogs != 0 {
		t.Errorf("%d dialogs left", c.Dialogs)
	}
}

func TestS01ACallToAPhoneIsAnsweredAndHungUpByUs(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{From: Party{Name: `A "B"`, Number: "+49 1"}, Headers: [][2]string{{"Alert-Info", "x\r\nEvil: 1"}, {"Via", "no"}}})
	if f := l.invite.get("From"); !strings.HasPrefix(f, `"A \"B\"" <sip:+49%201@`) {
		t.Errorf("From %q", f)
	}
	if l.invite.get("Evil") != "" || l.invite.get("Alert-Info") != "x  Evil: 1" || len(l.invite.all("Via")) != 1 {
		t.Errorf("headers leaked: %q", l.invite)
	}
	if l.invite.body() != "v=0 offer" || d.Local() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("offer %q from %v", l.invite.body(), d.Local())
	}
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	l.answer(l.invite, 183, "v=0 early")
	if e := wantEvent(t, events, EventProgress); e.Code != 183 || string(e.Body) != "v=0 early" {
		t.Errorf("progress %+v", e)
	}
	l.answer(l.invite, 200, "v=0 answer")
	ack := u.expect("ACK")
	if ack.get("CSeq") != strings.Replace(l.invite.get("CSeq"), "INVITE", "ACK", 1) {
		t.Errorf("ACK CSeq %q for %q", ack.get("CSeq"), l.invite.get("CSeq"))
	}
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 answer" {
		t.Errorf("answered %+v", e)
	}
	l.answer(l.invite, 200, "v=0 answer")
	u.again(ack) // our ACK was lost: it is sent again
	d.Info("application/dtmf-relay", []byte("Signal=5"))
	m := u.expect("INFO")
	if m.body() != "Signal=5" || m.get("Content-Type") != "application/dtmf-relay" {
		t.Errorf("INFO %q", m)
	}
	l.answer(m, 200, "")
	d.Hangup(Reason{Q850: 16, Text: "done"})
	d.Hangup(Reason{})
	bye := u.expect("BYE")
	if bye.get("Reason") != `Q.850;cause=16;text="done"` {
		t.Errorf("Reason %q", bye.get("Reason"))
	}
	l.answer(bye, 200, "")
	u.silence(100 * time.Millisecond)
}

func TestS02ACallerWhoGivesUpIsHeardAtOnce(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Progress(180, nil)
	u.expect("180")
	l.send("CANCEL", "", "Reason: SIP;cause=200;text=\"Call completed elsewhere\"")
	u.expect("200")
	u.expect("487")
	if e := b.event(EventCancelled); e.Text != "Call completed elsewhere" {
		t.Errorf("%+v", e)
	}
	d.Answer(nil)        // too late: nothing happens
	l.send("CANCEL", "") // repeated: it gets the same 200
	u.silence(30 * time.Millisecond)
	l.send("ACK", "", "same-branch")
	u.silence(100 * time.Millisecond)
}

func TestS03ACancelOverAnotherConnectionIsMatchedByItsBranch(t *testing.T) {
	b := newBox(t)
	u := streamPeer(t, "TCP", b.at("tcp"))
	u.user, u.password = "1001", "secret-one"
	l, _ := b.dialled(u, "1002", "v=0")
	v := streamPeer(t, "TCP", b.at("tcp"))
	v.write(l.build("CANCEL", ""))
	v.expect("200")
	u.expect("487")
	b.event(EventCancelled)
}

func TestS02AnswerBeatsCancelWhenItWasFirst(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	cancel := l.build("CANCEL", "")
	d.Answer([]byte("v=0"))
	m := u.expect("200")
	u.write(cancel)
	u.expect("200")
	l.learn(m)
	l.send("ACK", "")
	b.event(EventConfirmed)
}

func TestS09ACallerMayHangUpByByeBeforeTheAnswer(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Progress(180, nil)
	l.learn(u.expect("180"))
	l.send("BYE", "")
	if e := b.event(EventCancelled); e.Reply != nil {
		e.Reply(200, nil)
	}
	got := map[string]bool{u.expect("SIP/2.0").first(): true, u.expect("SIP/2.0").first(): true}
	if !got["SIP/2.0 487 Request Terminated"] || !got["SIP/2.0 200 OK"] {
		t.Errorf("got %v", got)
	}
}

func TestS05AnAnswerIsRepeatedUntilItIsAcknowledged(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	m := u.expect("200")
	for range 4 {
		u.again(m)
	}
	l.learn(m)
	l.send("ACK", "")
	b.event(EventConfirmed)
	for len(u.in) > 0 {
		<-u.in
	}
	u.silence(100 * time.Millisecond)
}

func TestS05ACallerWhoNeverAcknowledgesIsHungUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	_, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	u.expect("200")
	bye := u.expect("BYE")
	b.event(EventNoAck)
	(&leg{u: u}).answer(bye, 200, "")
}

func TestOurHangupWaitsForTheAck(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	d.Hangup(Reason{})
	u.silence(100 * time.Millisecond)
	l.send("ACK", "")
	l.answer(u.expect("BYE"), 200, "")
}

func TestS02WeCancelOnlyAfterTheFirstSignOfLife(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	d.Hangup(Reason{Q850: 26, Text: "answered elsewhere"})
	u.silence(150 * time.Millisecond) // neither a CANCEL nor the INVITE again
	l.answer(l.invite, 180, "")
	cancel := u.expect("CANCEL")
	if cancel.get("Reason") != `Q.850;cause=26;text="answered elsewhere"` || cancel.get("Via") != l.invite.get("Via") {
		t.Errorf("CANCEL %q", cancel)
	}
	if cancel.get("CSeq") != strings.Replace(l.invite.get("CSeq"), "INVITE", "CANCEL", 1) {
		t.Errorf("CSeq %q", cancel.get("CSeq"))
	}
	l.answer(cancel, 200, "")
	l.answer(l.invite, 487, "")
	u.expect("ACK")
	if len(events) > 0 {
		t.Errorf("an event came after our own hangup: %+v", <-events)
	}
}

func TestS02AnAnswerThatCrossesOurCancelIsHungUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "")
	wantEvent(t, events, EventProgress)
	d.Hangup(Reason{})
	l.answer(u.expect("CANCEL"), 200, "")
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	l.answer(u.expect("BYE"), 200, "")
}

func TestS08OfTwoAnswersTheFirstIsTheCall(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	other := *l
	other.from = l.invite.get("To") + ";tag=other" + unique()
	l.answer(l.invite, 200, "v=0 one")
	u.expect("ACK")
	other.answer(l.invite, 200, "v=0 two")
	ack := u.expect("ACK")
	bye := u.expect("BYE")
	if ack.get("To") != other.from || bye.get("To") != other.from {
		t.Errorf("ACK to %q and BYE to %q, want %q", ack.get("To"), bye.get("To"), other.from)
	}
	other.answer(bye, 200, "")
	if e := wantEvent(t, events, EventAnswered); string(e.Body) != "v=0 one" {
		t.Errorf("answered %+v", e)
	}
	u.silence(50 * time.Millisecond)
	if len(events) > 0 {
		t.Errorf("got %+v", <-events)
	}
}

func TestAPhoneThatDoesNotRespondIsGivenUpInTime(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	began := time.Now()
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{Answer: 200 * time.Millisecond})
	if e := wantEvent(t, events, EventFailed); e.Code != 408 || e.Text != "no response" {
		t.Errorf("%+v", e)
	}
	if took := time.Since(began); took < 150*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	l.answer(l.invite, 180, "") // it wakes up: too late
	l.answer(u.expect("CANCEL"), 200, "")
}

func TestARingingPhoneIsNotGivenUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{Answer: 100 * time.Millisecond})
	l.answer(l.invite, 100, "")
	time.AfterFunc(300*time.Millisecond, func() { l.answer(l.invite, 486, "") })
	if e := wantEvent(t, events, EventFailed); e.Code != 486 {
		t.Errorf("%+v", e)
	}
	u.expect("ACK")
}

func TestHoldByThePeerAndByUs(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)

	l.send("INVITE", "v=0 hold")
	e := wantEvent(t, events, EventReinvite)
	e.Reply(200, []byte("v=0 held"))
	e.Reply(488, nil) // only the first counts
	if m := u.expect("200"); m.body() != "v=0 held" {
		t.Errorf("answer %q", m.body())
	}
	l.send("ACK", "")

	moved := l.contact
	l.contact = "<sip:elsewhere@" + u.local + ">"
	l.send("UPDATE", "")
	u.expect("200")
	d.Reinvite([]byte("v=0 resume"))
	m := u.expect("INVITE sip:elsewhere@")
	l.contact = moved
	if m.body() != "v=0 resume" {
		t.Errorf("offer %q", m.body())
	}
	l.answer(m, 200, "v=0 resumed")
	if ack := u.expect("ACK"); !strings.Contains(ack.first(), moved[1:len(moved)-1]) {
		t.Errorf("ACK goes to %q, want %q", ack.first(), moved)
	}
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 200 || string(e.Body) != "v=0 resumed" {
		t.Errorf("%+v", e)
	}
	d.Reinvite([]byte("v=0 no"))
	m = u.expect("INVITE")
	l.answer(m, 488, "")
	u.expect("ACK")
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 488 {
		t.Errorf("%+v", e)
	}
}

func TestS10BothSidesHoldAtTheSameMoment(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	d.Reinvite([]byte("v=0 ours"))
	ours := u.expect("INVITE")
	l.send("INVITE", "v=0 theirs")
	u.expect("491")
	l.send("ACK", "", "same-branch")
	l.answer(ours, 491, "")
	u.expect("ACK")
	again := u.expect("INVITE")
	if again.body() != "v=0 ours" || again.get("CSeq") == ours.get("CSeq") {
		t.Errorf("second try %q", again)
	}
	l.answer(again, 200, "v=0 fine")
	u.expect("ACK")
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 200 {
		t.Errorf("%+v", e)
	}
}

func TestS11ASecondChangeDuringTheFirstIsPutOff(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	l.send("INVITE", "v=0 one")
	e := wantEvent(t, events, EventReinvite)
	u.expect("100")
	l.send("INVITE", "v=0 two")
	if m := u.expect("500"); m.get("Retry-After") == "" {
		t.Error("500 without Retry-After")
	}
	l.send("ACK", "", "same-branch")
	e.Reply(200, []byte("v=0"))
	u.expect("200")
}

func TestAPhoneThatAsksForOurOfferAnswersItInItsAck(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	wantEvent(t, events, EventAnswered)
	l.send("INVITE", "")
	wantEvent(t, events, EventReinvite).Reply(200, []byte("v=0 offer"))
	u.expect("200")
	l.send("ACK", "v=0 answer")
	if e := wantEvent(t, events, EventConfirmed); string(e.Body) != "v=0 answer" {
		t.Errorf("the answer came as %+v", e)
	}
}

func TestS21DisorderInADialogIsRefused(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "v=0")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
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
}

func TestS20RoutesAreFollowedBothWays(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	rr := []string{"Record-Route: <sip:" + u.local + ";lr>", "Record-Route: <sip:p2.example;lr>"}
	l.answer(l.invite, 200, "v=0", rr...)
	wantEvent(t, events, EventAnswered)
	for _, m := range []text{u.expect("ACK"), func() text { d.Hangup(Reason{}); return u.expect("BYE") }()} {
		if got := m.all("Route"); len(got) != 2 || got[0] != "<sip:p2.example;lr>" {
			t.Errorf("Route %q in %q", got, m.first())
		}
		if !strings.Contains(m.first(), u.contactURI()) {
			t.Errorf("Request-URI %q", m.first())
		}
	}
	u.user, u.password = "1001", "secret-one"
	c := u.call("1002")
	c.authed("INVITE", "v=0", "100", "Record-Route: <sip:strict.example>", "Record-Route: <sip:p2.example;lr>")
	d = get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	m := c.learn(u.expect("200"))
	if len(m.all("Record-Route")) != 2 {
		t.Errorf("Record-Route %q", m.all("Record-Route"))
	}
	c.send("ACK", "")
	b.event(EventConfirmed)
	d.Hangup(Reason{})
	bye := u.expect("BYE sip:strict.example")
	if got := bye.all("Route"); len(got) != 2 || got[1] != "<"+u.contactURI()+">" {
		t.Errorf("Route %q", got)
	}
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

func TestS18TheSameCallByTwoWaysIsOneCall(t *testing.T) {
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

func TestAReceiverThatDoesNotReadHoldsUpNobody(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	events := make(chan Event) // nobody reads yet
	u.register("1001", "secret-one")
	_, err := b.Dial(DialRequest{Events: events, Contact: &b.Contacts("1001")[0]})
	if err != nil {
		t.Fatal(err)
	}
	l := u.called()
	for range maxMail + 10 {
		l.answer(l.invite, 180, "")
	}
	l.answer(l.invite, 200, "v=0")
	u.expect("ACK")
	progress := 0
	for {
		e := get(t, events, "event")
		if e.Kind == EventAnswered {
			break
		}
		progress++
	}
	if progress != maxMail || b.Counters().EventsLost != 10 {
		t.Errorf("%d progress events and %d lost, want %d and 10", progress, b.Counters().EventsLost, maxMail)
	}
}
