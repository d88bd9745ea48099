package peers_test

import (
	"testing"

	"callbox/appliance/sim/peers"
)

// What the box itself says of encryption decides over what phones would like.

func TestPhonesThatEncryptTalkAtABoxThatInsists(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{SRTP: "required"}, insisting())
}

func TestPhonesThatWouldEncryptTalkInTheClearAtABoxWithoutEncryption(t *testing.T) {
	t.Parallel()
	matrix(t, peers.BoxOptions{SRTP: "off"}, unencrypted())
}

func TestNobodyTalksInTheClearAtABoxThatInsists(t *testing.T) {
	t.Parallel()
	apart(t, peers.BoxOptions{SRTP: "required"}, []separation{
		{combination{caller: onDesk("udp", "pcma", peers.Plain), callee: onDesk("udp", "pcma", peers.SDES)}, false, "insecure"},
		{combination{caller: onDesk("tls", "opus", peers.Plain), callee: onDesk("tls", "opus", peers.Plain)}, false, "insecure"},
		// A phone that could do with RTP/AVP says only by its answer that it does without keys.
		{combination{caller: onDesk("tcp", "g722", peers.SDES), callee: onDesk("tcp", "g722", peers.Plain)}, true, "insecure"},
	})
}

func TestPhonesThatInsistDoNotTalkAtABoxWithoutEncryption(t *testing.T) {
	t.Parallel()
	apart(t, peers.BoxOptions{SRTP: "off"}, []separation{
		{combination{caller: onDesk("udp", "pcma", peers.SDESOnly), callee: onDesk("udp", "pcma", peers.Plain)}, false, "insecure"},
		{combination{caller: onDesk("udp", "pcma", peers.Plain), callee: onDesk("udp", "pcma", peers.SDESOnly)}, false, "incompatible"},
		{combination{caller: onDesk("tcp", "g722", peers.DTLS), callee: onDesk("tcp", "g722", peers.Plain)}, false, "insecure"},
		{combination{caller: onDesk("tls", "opus", peers.Plain), callee: onDesk("tls", "opus", peers.DTLS)}, false, "incompatible"},
	})
}

// separation is a call that must not come about, and why, as the CDR says it.
type separation struct {
	combination
	rings bool // the callee does, in vain
	why   string
}

func onDesk(transport, codec string, e peers.Encryption) peers.Kind {
	return peers.Kind{Agent: "baresip", Transport: transport, Codec: codec, Encryption: e}
}

// apart makes calls that must not come about: nobody hears anything, and the caller is told.
func apart(t *testing.T, o peers.BoxOptions, calls []separation) {
	t.Helper()
	o.Configuration = office(2 * len(calls))
	f := floor{box: peers.NewBoxWith(t, o)}
	rows := newTable(t, "refused")
	for i, c := range calls {
		rows.run(t, c.String(), func(t *testing.T) {
			from, to := number(2*i), number(2*i+1)
			caller, callee := f.party(t, c.caller, from, low).(*peers.Phone), f.party(t, c.callee, to, high).(*peers.Phone)
			caller.Dial(to)
			if c.rings {
				callee.Rings()
				callee.Answer()
			}
			if closed := caller.Event("CALL_ESTABLISHED", "CALL_CLOSED"); closed.Type != "CALL_CLOSED" || closed.Param != "488 Not Acceptable Here" {
				t.Errorf("the caller sees %s %s", closed.Type, closed.Param)
			}
			cdr := f.box.Between(from, to, "failed")
			if cdr.Cause != (peers.Cause{Who: "box", Why: c.why, SIP: 488}) || cdr.Answered != nil {
				t.Errorf("the CDR: %+v", cdr)
			}
			if share := peers.LoudShare(callee.SoFar()); share > 0 {
				t.Errorf("the callee heard something in %.0f %% of the call", share*100)
			}
		})
	}
}
