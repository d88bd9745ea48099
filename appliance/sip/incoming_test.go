package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func rowS01ACallFromAPhoneIsAnsweredAndHungUpByTheCaller(t *testing.T) {
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

func rowS01ARefusalReachesTheCallerAsItWas(t *testing.T) {
	b := newBox(t)
	for _, c := range []struct{ code, q850 int }{{486, 17}, {480, 18}, {404, 1}, {603, 21}} {
		u := udpPeer(t, b.at("udp"))
		l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
		l.answer(l.invite, c.code, "", fmt.Sprintf("Reason: Q.850;cause=%d", c.q850))
		u.expect("ACK")
		if e := wantEvent(t, events, EventFailed); e.Code != c.code || e.Q850 != c.q850 {
			t.Errorf("%+v", e)
		}
		a, d := b.caller()
		d.Reject(c.code, Reason{Q850: c.q850})
		if m := a.u.expect(fmt.Sprint("SIP/2.0 ", c.code)); m.get("Reason") != fmt.Sprintf("Q.850;cause=%d", c.q850) {
			t.Errorf("%q", m)
		}
		a.send("ACK", "", "same-branch")
	}
}

func rowS02ACallerWhoGivesUpIsHeardAtOnce(t *testing.T) {
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

func rowS02AnswerBeatsCancelWhenItWasFirst(t *testing.T) {
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

func rowS03ACancelOverAnotherConnectionIsMatchedByItsBranch(t *testing.T) {
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

func rowS03ACancelWithAnotherViaIsMatchedByItsBranch(t *testing.T) {
	b := newBox(t)
	l, _ := b.caller()
	l.u.write(strings.Replace(l.build("CANCEL", ""), "UDP "+l.u.local, "UDP 203.0.113.9:1024", 1))
	l.u.expect("200")
	l.u.expect("487")
	b.event(EventCancelled)
}

func rowS05AnAnswerIsRepeatedUntilItIsAcknowledged(t *testing.T) {
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

func rowS05ACallerWhoNeverAcknowledgesIsHungUp(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	_, d := b.dialled(u, "1002", "v=0")
	began := time.Now()
	d.Answer([]byte("v=0"))
	answer := u.expect("200")
	repeats := 0
	m := get(t, u.in, "message")
	for ; m == answer; m = get(t, u.in, "message") {
		repeats++
	}
	// After T1, twice that, and then every T2, until 64*T1 are over (RFC 3261 section 13.3.1.4).
	if most := int(quick.timeout()/quick.t2) + 2; !strings.HasPrefix(string(m), "BYE") || repeats < 5 || repeats > most {
		t.Errorf("%q after %d repeats, want 5 to %d", m.first(), repeats, most)
	}
	if took := time.Since(began); took < quick.timeout() {
		t.Errorf("given up after %v", took)
	}
	if e := b.event(EventNoAck); m.get("Reason") != `Q.850;cause=102;text="no ACK"` || e.Code != 408 {
		t.Errorf("%q, %+v", m, e)
	}
	(&leg{u: u}).answer(m, 200, "")
}

func rowS07AnInviteRepeatedAfterItsAnswerIsNoSecondCall(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.send("INVITE", "v=0")
	m := u.expect("401")
	to := l.to
	l.to = m.get("To")
	l.send("ACK", "", "same-branch")
	l.to = to
	again := l.build("INVITE", "v=0", u.credentials(m, "SHA-256", "INVITE", l.target))
	u.write(again)
	d := get(t, b.invites, "call")
	d.Answer([]byte("v=0"))
	l.learn(u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	for range 3 {
		u.write(again)
	}
	u.silence(3 * quick.t1)
	for deadline := time.Now().Add(patience); b.transactions() > 0 && time.Now().Before(deadline); { // none remembers it
		<-time.After(time.Millisecond)
	}
	u.write(again)
	u.expect("482")
	if len(b.invites) > 0 {
		t.Error("it became a second call")
	}
}

func rowS09ACallerMayHangUpByByeBeforeTheAnswer(t *testing.T) {
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

// transactions are those of peers that the box remembers.
func (b *box) transactions() (n int) {
	for _, sh := range b.shards {
		done := make(chan struct{})
		sh.post(func() { n += len(sh.servers); close(done) })
		<-done
	}
	return n
}

func rowS01ACallerWithoutAnOfferAnswersOursInItsAck(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l, d := b.dialled(u, "1002", "")
	if len(d.Invite().Body) != 0 {
		t.Errorf("its offer is %q", d.Invite().Body)
	}
	d.Answer([]byte("v=0 our offer"))
	if m := l.learn(u.expect("200")); m.body() != "v=0 our offer" {
		t.Errorf("%q", m)
	}
	l.send("ACK", "v=0 its answer")
	if e := b.event(EventConfirmed); string(e.Body) != "v=0 its answer" {
		t.Errorf("%+v", e)
	}
}
