package media

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// phoneByInfo is a phone and its leg, to which keys go by SIP INFO.
func phoneByInfo(t *testing.T, phones, e *Engine, codec Codec) (phone, leg *Stream, atPhone chan Event) {
	t.Helper()
	phone, leg, atPhone, _ = phoneAndLeg(t, phones, e, codec, "inband")
	leg.Keys(KeysInfo)
	if leg.KeysBy() != "info" {
		t.Errorf("keys go by %q", leg.KeysBy())
	}
	return phone, leg, atPhone
}

func TestKeysForAPhoneThatTakesInfoAreToldAndNotHeardInItsSound(t *testing.T) {
	for _, c := range []struct {
		codec, other Codec
		by           string
	}{{PCMA, PCMA, "rfc4733"}, {PCMA, PCMA, "inband"}, {G722, PCMU, "rfc4733"}, {PCMU, G722, "inband"}, {Opus, PCMA, "inband"}} {
		t.Run(c.codec.Name+" "+c.by+" to "+c.other.Name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			one, a, _, atA := phoneAndLeg(t, phones, e, c.codec, c.by)
			two, b, atTwo := phoneByInfo(t, phones, e, c.other)
			Join(a, b)
			one.Play(ToneSound(time.Second, 440), true)
			heard := two.Capture()
			one.Send("17*")
			for _, key := range []byte("17*") {
				if got := wantEvent(t, atA, EventDigit); got.Digit != key {
					t.Errorf("the box hears %c, not %c", got.Digit, key)
				}
			}
			hearsTone(t, heard, 440) // the keys are over, and sound goes on
			for len(atTwo) > 0 {
				if got := <-atTwo; got.Kind == EventDigit {
					t.Errorf("%c is heard in the sound", got.Digit)
				}
			}
		})
	}
}

func TestTonesOfAPhoneThatSendsItsKeysByInfoAreNoKeysThemselves(t *testing.T) {
	t.Parallel()
	phones, e := box(t, Options{}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
	one, a, _, atA := phoneAndLeg(t, phones, e, PCMA, "inband")
	two, b, atTwo, _ := phoneAndLeg(t, phones, e, PCMA, "rfc4733")
	Join(a, b)
	a.Informed()
	heard := two.Capture()
	one.Send("5")
	one.Play(ToneSound(time.Second, 440), true)
	hearsTone(t, heard, 440) // the key is over
	for _, events := range []chan Event{atA, atTwo} {
		for len(events) > 0 {
			if got := <-events; got.Kind == EventDigit {
				t.Errorf("%c is a key a second time", got.Digit)
			}
		}
	}
}

func TestEventsAreNotSpokenOfWhereKeysGoByTonesOrByInfo(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for _, way := range []KeyWay{KeysInband, KeysInfo} {
		asked, _ := open(t, e)
		asked.Keys(way)
		offer := asked.Offer(localhost, spoken, SendRecv)
		phone, _ := open(t, e)
		answer, err := asked.Answer(phone.Offer(localhost, spoken, SendRecv), localhost, spoken, SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		calling, _ := open(t, e)
		calling.Keys(way)
		calling.Offer(localhost, []Codec{PCMA}, SendRecv)
		pushed := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
		if err := calling.Accept([]byte(pushed)); err != nil { // it answers with what was not offered
			t.Fatal(err)
		}
		if strings.Contains(string(offer)+string(answer), "telephone-event") || slices.Contains([]string{asked.KeysBy(), calling.KeysBy()}, "rfc4733") {
			t.Errorf("way %d: events are spoken of, keys go by %s and %s", way, asked.KeysBy(), calling.KeysBy())
		}
	}
}
