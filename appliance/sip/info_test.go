package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKeysByInfoArriveInTheirOrderOneAfterTheOther(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	l.answer(l.invite, 200, "v=0 answer", "Allow: INVITE, ACK, BYE, info")
	if e := wantEvent(t, events, EventAnswered); !e.TakesInfo {
		t.Errorf("the phone's Allow was not understood: %+v", e)
	}
	for key := range 3 {
		d.Info("application/dtmf-relay", fmt.Appendf(nil, "Signal=%d", key))
	}
	u.expect("ACK")
	for key := range 3 {
		m := u.expect("INFO")
		if want := fmt.Sprintf("Signal=%d", key); m.body() != want {
			t.Errorf("%q came, want %q", m.body(), want)
		}
		u.silence(20 * time.Millisecond) // the next one waits
		if key == 1 {
			l.answer(m, 415, "")
			continue
		}
		l.answer(m, 200, "")
	}
	if e := wantEvent(t, events, EventInfoFailed); e.Code != 415 || string(e.Body) != "Signal=1" {
		t.Errorf("%+v", e)
	}
	d.Hangup(Reason{})
	l.answer(u.expect("BYE"), 200, "")
}

func TestKeysByInfoThatNobodyAnswersDoNotPileUp(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	l, d, events := b.ring(u, "1001", "secret-one", DialRequest{})
	d.Info("application/dtmf-relay", []byte("Signal=0")) // nobody has answered yet
	l.answer(l.invite, 200, "v=0 answer")
	if e := wantEvent(t, events, EventAnswered); e.TakesInfo {
		t.Errorf("a phone that says nothing of INFO: %+v", e)
	}
	for range maxInfos + 5 {
		d.Info("application/dtmf-relay", []byte("Signal=1"))
	}
	u.expect("ACK")
	if m := u.expect("INFO"); !strings.HasSuffix(m.body(), "1") {
		t.Errorf("%q", m.body())
	}
	late := time.After(5 * time.Second)
	for b.Counters().InfosLost != 6 { // one before the answer, and five beyond those that may wait
		select {
		case <-late:
			t.Fatalf("%d are counted as lost, want 6", b.Counters().InfosLost)
		case <-time.After(time.Millisecond):
		}
	}
}
