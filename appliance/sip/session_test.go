package sip

import (
	"strings"
	"testing"
	"time"
)

// talking has a call from a phone that is up; headers are of its INVITE. It returns the box's 200.
func (b *box) talking(headers ...string) (*leg, *Dialog, text) {
	b.t.Helper()
	l, d := b.caller(headers...)
	d.Answer([]byte("v=0 ours"))
	m := l.learn(l.u.expect("200"))
	l.send("ACK", "")
	b.event(EventConfirmed)
	return l, d, m
}

// talkingTo has a call to a phone that is up; headers are of its 200.
func (b *box) talkingTo(headers ...string) (*leg, *Dialog, chan Event) {
	b.t.Helper()
	u := udpPeer(b.t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0 theirs", headers...)
	u.expect("ACK")
	wantEvent(b.t, events, EventAnswered)
	return l, d, events
}

func rowS17ACallerThatKnowsNoTimerHasNone(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	_, _, m := b.talking()
	if m.get("Session-Expires") != "" || m.get("Require") != "" {
		t.Errorf("%q", m)
	}
}

func rowS17ATimerThatIsTooShortIsRefusedOnlyToWhoUnderstands(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	if m := l.authed("INVITE", "v=0", "422", "Supported: timer", "Session-Expires: 60"); m.get("Min-SE") != "90" {
		t.Errorf("Min-SE %q", m.get("Min-SE"))
	}
	_, _, m := b.talking("Session-Expires: 60") // a proxy wrote it
	if got := m.get("Session-Expires"); got != "90;refresher=uas" || m.get("Require") != "" {
		t.Errorf("Session-Expires %q, Require %q: we do it for a phone that cannot", got, m.get("Require"))
	}
}

func rowS17WeRefreshByUpdateAtHalfTime(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	began := time.Now()
	l, _, m := b.talking("Supported: timer", "Session-Expires: 90;refresher=uas", "Allow: INVITE, UPDATE")
	if got := m.get("Session-Expires"); got != "90;refresher=uas" {
		t.Fatalf("Session-Expires %q", got)
	}
	for range 3 {
		m = l.u.expect("UPDATE")
		if m.body() != "" || m.get("Session-Expires") != "90;refresher=uac" || m.get("Min-SE") != "90" {
			t.Errorf("refresh %q", m)
		}
		l.answer(m, 200, "", "Session-Expires: 90;refresher=uac", "Supported: timer")
	}
	if took := time.Since(began); took < 3*45*quick.second {
		t.Errorf("three refreshes within %v", took)
	}
	if len(b.events) > 0 {
		t.Errorf("the call was bothered with %+v", <-b.events)
	}
}

func rowS17WeRefreshByReinviteWhenThePeerTakesNoUpdate(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	l, _, events := b.talkingTo("Session-Expires: 90;refresher=uac", "Allow: INVITE, BYE")
	m := l.u.expect("INVITE")
	if m.body() != "v=0 offer" || !strings.HasPrefix(m.get("Session-Expires"), "90;") {
		t.Errorf("refresh %q", m)
	}
	l.answer(m, 200, "v=0 theirs", "Session-Expires: 90;refresher=uac")
	l.u.expect("ACK")
	m = l.u.expect("INVITE")
	l.answer(m, 200, "v=0 moved", "Session-Expires: 90;refresher=uac")
	l.u.expect("ACK")
	if e := wantEvent(t, events, EventReinviteDone); string(e.Body) != "v=0 moved" {
		t.Errorf("only what changed is told: %+v", e)
	}
}

func rowS17AnUpdateThatIsNotTakenIsFollowedByAReinvite(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	l, _, _ := b.talkingTo("Session-Expires: 90;refresher=uac", "Allow: UPDATE")
	l.answer(l.u.expect("UPDATE"), 405, "")
	l.answer(l.u.expect("INVITE"), 488, "") // it says no, but it lives
	l.u.expect("ACK")
	m := l.u.expect("INVITE")
	l.answer(m, 200, "v=0 theirs", "Session-Expires: 90;refresher=uac")
	l.u.expect("ACK")
}

func rowS17APeerThatStopsRefreshingIsHungUp(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	l, _, events := b.talkingTo("Session-Expires: 90;refresher=uas", "Require: timer")
	l.send("UPDATE", "", "Session-Expires: 90;refresher=uac", "Supported: timer")
	if m := l.u.expect("200"); m.get("Session-Expires") != "90;refresher=uac" || m.get("Require") != "timer" {
		t.Errorf("%q", m)
	}
	bye := l.u.expect("BYE")
	l.answer(bye, 200, "")
	if e := wantEvent(t, events, EventBye); e.Code != 408 {
		t.Errorf("%+v", e)
	}
}

func rowS17ACallThatIsRefreshedByThePeerIsNeverCut(t *testing.T) {
	b := newBox(t)
	l, _, m := b.talking("Supported: timer", "Session-Expires: 90;refresher=uac")
	if m.get("Session-Expires") != "90;refresher=uac" || m.get("Require") != "timer" {
		t.Fatalf("%q", m)
	}
	tick := time.NewTicker(10 * quick.second)
	defer tick.Stop()
	for range 20 { // twice as long as one that nobody refreshes
		<-tick.C
		l.send("UPDATE", "", "Session-Expires: 90;refresher=uac", "Supported: timer")
		l.u.expect("200")
	}
	if len(b.events) > 0 {
		t.Errorf("got %+v", <-b.events)
	}
}

func rowS17APeerThatDoesNotAnswerARefreshIsGone(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	l, _, events := b.talkingTo("Session-Expires: 90;refresher=uac", "Allow: UPDATE")
	l.u.expect("UPDATE")
	if e := wantEvent(t, events, EventBye); e.Code != 408 {
		t.Errorf("%+v", e)
	}
	l.u.expect("BYE")
}

func rowS17ACalleeThatWantsALongerTimerGetsIt(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, _, events := b.ring(u, "1001", "secret-one", DialRequest{})
	if got := l.invite.get("Session-Expires"); got != "1800;refresher=uac" {
		t.Errorf("Session-Expires %q", got)
	}
	l.answer(l.invite, 422, "", "Min-SE: 3600")
	u.expect("ACK")
	m := u.expect("INVITE")
	if m.get("Session-Expires") != "3600;refresher=uac" || m.get("Min-SE") != "3600" || m.get("CSeq") == l.invite.get("CSeq") || m.body() != l.invite.body() {
		t.Errorf("second try %q", m)
	}
	l.answer(m, 422, "", "Min-SE: 3600") // it does not know what it wants
	u.expect("ACK")
	if e := wantEvent(t, events, EventFailed); e.Code != 422 {
		t.Errorf("%+v", e)
	}
}

func rowS17EachLegHasATimerOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	_, _, m := b.talking("Supported: timer", "Session-Expires: 7200;refresher=uac")
	if got := m.get("Session-Expires"); got != "1800;refresher=uac" {
		t.Errorf("leg A %q", got)
	}
	_, _, m = b.talking("Supported: timer", "Session-Expires: 7200", "Min-SE: 3600")
	if got := m.get("Session-Expires"); got != "3600;refresher=uas" {
		t.Errorf("leg B %q", got)
	}
}

func rowS12UpdateWithAndWithoutSDPInACall(t *testing.T) {
	b := newBox(t)
	l, d, _ := b.talking("Allow: UPDATE")
	l.send("UPDATE", "")
	l.u.expect("200")
	l.send("UPDATE", "v=0 hold")
	e := b.event(EventReinvite)
	l.send("UPDATE", "v=0 again")
	if m := l.u.expect("500"); m.get("Retry-After") == "" {
		t.Errorf("%q", m)
	}
	l.send("INVITE", "v=0 crossing")
	l.u.expect("500")
	l.send("ACK", "", "same-branch")
	e.Reply(200, []byte("v=0 held"))
	if m := l.u.expect("200"); m.body() != "v=0 held" {
		t.Errorf("%q", m)
	}
	d.Update([]byte("v=0 ours"))
	m := l.u.expect("UPDATE")
	if m.body() != "v=0 ours" {
		t.Errorf("%q", m)
	}
	l.send("UPDATE", "v=0 glare")
	l.u.expect("491")
	l.send("INVITE", "v=0 glare")
	l.u.expect("491")
	l.send("ACK", "", "same-branch")
	l.answer(m, 491, "")
	again := l.u.expect("UPDATE")
	l.answer(again, 200, "v=0 fine")
	if e := b.event(EventReinviteDone); e.Code != 200 || string(e.Body) != "v=0 fine" {
		t.Errorf("%+v", e)
	}
	l.send("BYE", "")
	l.u.expect("200")
	b.event(EventBye)
	l.send("UPDATE", "")
	l.u.expect("481")
}

func rowS12UpdateBeforeTheAnswer(t *testing.T) {
	b := newBox(t)
	l, d := b.caller("Supported: 100rel", "Allow: UPDATE, PRACK")
	d.Progress(183, []byte("v=0 early"))
	m := l.learn(l.u.expect("183"))
	l.send("UPDATE", "")
	l.u.expect("200")
	l.send("UPDATE", "v=0 too early") // the first offer has no answer yet
	l.u.expect("500")
	l.prack(m, "")
	l.u.expect("200")
	l.send("UPDATE", "v=0 moved")
	b.event(EventReinvite).Reply(200, []byte("v=0 good"))
	if m := l.u.expect("200"); m.body() != "v=0 good" {
		t.Errorf("%q", m)
	}
	d.Update([]byte("v=0 our change"))
	m = l.u.expect("UPDATE")
	l.answer(m, 200, "v=0 yes")
	if e := b.event(EventReinviteDone); string(e.Body) != "v=0 yes" {
		t.Errorf("%+v", e)
	}
	d.Answer([]byte("v=0 early"))
	l.u.expect("200")
}

func rowS12ThePhoneWeRingMayChangeItsSoundBeforeItAnswers(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 180, "", "Allow: UPDATE")
	wantEvent(t, events, EventProgress)
	l.send("UPDATE", "v=0 too early")
	u.expect("491")
	d.Update([]byte("v=0 too early as well"))
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 405 {
		t.Errorf("%+v", e)
	}
	l.answer(l.invite, 183, "v=0 early", "Require: 100rel", "RSeq: 1", "Allow: UPDATE")
	l.answer(u.expect("PRACK"), 200, "")
	wantEvent(t, events, EventProgress)
	d.Update([]byte("v=0 ours"))
	m := u.expect("UPDATE")
	l.answer(m, 200, "v=0 yes")
	if e := wantEvent(t, events, EventReinviteDone); e.Code != 200 {
		t.Errorf("%+v", e)
	}
}
