package call

import (
	"errors"
	"slices"
	"strings"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// leg is one side of a call: its dialog and its sound. The call's loop owns it.
type leg struct {
	role      string         // caller or callee, for causes
	account   string         // the extension it belongs to, or
	trunk     string         // the trunk it goes by
	transport string         // by which a phone that we call is registered
	target    target         // whom we call by it; of a called leg only
	offers    media.Security // how our offer has its sound encrypted
	dialog    *sip.Dialog
	stream    *media.Stream
	offer     []byte           // what the caller offered; empty: it waits for our offer (late offer)
	spoken    []media.Codec    // of its offer
	sdp       []byte           // our description, once it was made
	owing     bool             // we offered and the answer has not come yet
	further   []media.Security // how further offers would, if this one is refused
	takesInfo bool             // it says that it takes INFO
	keys      media.KeyWay     // how we send keys to it, once it was answered
	up        bool             // answered
	gone      bool             // its dialog is over
	held      bool             // its phone put us on hold
	line      bool             // it holds a line of its trunk
}

// peer names the other side of a leg in facts and lists.
func (l *leg) peer() string {
	if l.trunk != "" {
		return "trunk " + l.trunk
	}
	return "extension " + l.account
}

// browser tells whether the leg's phone is one: it came over WebSocket and
// speaks no sound but SRTP by DTLS and ICE.
func (l *leg) browser() bool {
	transport := l.transport
	if l.dialog != nil && l.dialog.Invite() != nil {
		transport = l.dialog.Invite().Transport
	}
	return transport == "ws" || transport == "wss"
}

// destination is the peer as the language writes it.
func (l *leg) destination() string { return strings.Replace(l.peer(), " ", ".", 1) }

func (c *Call) legOf(d *sip.Dialog) *leg {
	for _, l := range c.legs {
		if l.dialog == d {
			return l
		}
	}
	return nil
}

func (c *Call) legOfStream(s *media.Stream) *leg {
	for _, l := range c.legs {
		if l.stream == s {
			return l
		}
	}
	return nil
}

// other is the leg that l is joined with, if any.
func (c *Call) other(l *leg) *leg {
	switch l {
	case c.caller:
		return c.callee
	case c.callee:
		return c.caller
	}
	return nil
}

// codecs are those that the configuration lets a leg use, in its preference.
func (c *Call) codecs(l *leg) []media.Codec {
	names := c.Plan.Config.Media.Codecs
	if e := c.Plan.Config.Extensions[l.account]; e != nil && len(e.Codecs) > 0 {
		names = e.Codecs
	}
	if t := c.Plan.Config.Trunks[l.trunk]; t != nil && len(t.Codecs) > 0 {
		names = t.Codecs
	}
	return media.Codecs(names)
}

// open gives the leg its ports.
func (c *Call) open(l *leg) error {
	if l.stream != nil {
		return nil
	}
	s, err := c.box.Media.Open(c.sounds)
	if err != nil {
		return err
	}
	l.offers = c.security(l)
	l.further = furtherOffers(l)
	s.Secure(l.offers)
	if way := c.dtmf(l); way == "info" || way == "inband" {
		s.Keys(media.KeysInband)
	}
	l.stream = s
	return nil
}

// security is how the configuration lets a leg's sound be encrypted.
func (c *Call) security(l *leg) media.Security {
	if l.browser() {
		return media.SecureBrowser
	}
	mode := media.SecurityNamed(c.Plan.Config.Media.SRTP)
	if mode == media.SecureRequired && c.Number.Class == ClassEmergency {
		return media.SecureOptional // help does not hang on a cipher
	}
	return mode
}

// describe makes our session description for the caller: the answer to its
// offer, or an offer where it sent none. prefer goes to the front, so that both
// sides speak the same codec wherever they can.
func (c *Call) describe(l *leg, prefer *media.Codec) ([]byte, error) {
	if l.sdp != nil {
		return l.sdp, nil
	}
	if err := c.open(l); err != nil {
		return nil, err
	}
	codecs := c.codecs(l)
	if prefer != nil {
		for i, k := range codecs {
			if k.Name == prefer.Name {
				copy(codecs[1:i+1], codecs[:i])
				codecs[0] = k
			}
		}
	}
	if len(l.offer) == 0 {
		l.sdp, l.owing = l.stream.Offer(l.dialog.Local(), codecs, media.SendRecv), true
		return l.sdp, nil
	}
	sdp, err := l.stream.Answer(l.offer, l.dialog.Local(), codecs, media.SendRecv)
	if err != nil {
		return nil, err
	}
	l.sdp = sdp
	return sdp, nil
}

// SoundFault is the cause of a call whose caller cannot be answered, by the
// error of Line.Answer.
func SoundFault(err error) Cause { return soundFault(err) }

// soundFault turns an error of media into the cause it stands for.
func soundFault(err error) Cause {
	switch {
	case errors.Is(err, media.ErrNoPorts):
		return BoxFull
	case errors.Is(err, media.ErrInsecure):
		return BoxInsecure
	}
	return BoxIncompatible
}

// answerCaller picks up, once.
func (c *Call) answerCaller(prefer *media.Codec) error {
	if c.caller.up {
		return nil
	}
	sdp, err := c.describe(c.caller, prefer)
	if err != nil {
		return err
	}
	c.caller.up = true
	c.caller.dialog.Answer(sdp)
	c.settleKeys(c.caller)
	return nil
}

// drop ends one leg and keeps what it was like.
func (c *Call) drop(l *leg, why sip.Reason) {
	if l.dialog != nil && !l.gone {
		l.gone = true
		l.dialog.Hangup(why)
	}
	if l.stream != nil {
		s := l.stream.Stats()
		if l.up || s.PacketsIn > 0 {
			c.kept = append(c.kept, journal.Leg{
				Peer: l.peer(), Codec: s.Codec, PacketsIn: s.PacketsIn, PacketsOut: s.PacketsOut,
				Lost: s.Lost, JitterMS: s.JitterMS, MOS: s.MOS, Secure: s.Suite,
			})
		}
		l.stream.Close()
		l.stream = nil
	}
	if l.line {
		c.box.Lines.Give(l.trunk)
		l.line = false
	}
	for i, x := range c.legs {
		if x == l {
			c.legs = append(c.legs[:i], c.legs[i+1:]...)
			break
		}
	}
	if c.callee == l {
		c.callee = nil
	}
}

// onSignal is everything a peer can do to us, in one place.
func (c *Call) onSignal(l *leg, e sip.Event) {
	switch e.Kind {
	case sip.EventProgress, sip.EventAnswered, sip.EventFailed:
		c.onDial(l, e)
	case sip.EventCancelled:
		l.gone = true
		c.owe(e)
		c.cancel(CallerCancelled)
	case sip.EventConfirmed:
		c.onConfirmed(l, e.Body)
	case sip.EventReinvite:
		c.onReinvite(l, e)
	case sip.EventInfo:
		c.onInfo(l, e)
	case sip.EventInfoFailed:
		c.onInfoFailed(l, e)
	case sip.EventRefer: // transfer is not there yet: said at once, and the call goes on
		e.Reply(603, nil)
	case sip.EventBye:
		l.gone = true
		if c.dial != nil && slices.Contains(c.dial.legs, l) { // it answered, and did not stay to be joined
			e.Reply(200, nil)
			c.failed(l, CalleeDeclined, 0)
			return
		}
		c.owe(e)
		c.cancel(c.hungUp(l, e))
	case sip.EventNoAck:
		l.gone = true
		c.cancel(CallerNoAck)
	}
}

// owe remembers a hang-up that waits to be confirmed until the CDR is on disk.
func (c *Call) owe(e sip.Event) {
	if e.Reply != nil {
		c.byes = append(c.byes, e.Reply)
	}
}

// hungUp says who is to blame for the end of an answered leg.
func (c *Call) hungUp(l *leg, e sip.Event) Cause {
	if e.Code >= 400 {
		return NetworkLost
	}
	if l == c.caller {
		return CallerHungUp
	}
	return CalleeHungUp
}

// onConfirmed takes the answer that a late offer's ACK carries.
func (c *Call) onConfirmed(l *leg, body []byte) {
	if !l.owing {
		return
	}
	l.owing = false
	if err := l.stream.Accept(body); err != nil {
		c.cancel(soundFault(err))
		return
	}
	c.settleKeys(l)
	c.holdChanged(l)
	if o := c.other(l); o != nil && o.up {
		media.Join(l.stream, o.stream)
	}
}

// onReinvite lets a peer hold, resume, or move its sound.
func (c *Call) onReinvite(l *leg, e sip.Event) {
	if l.stream == nil {
		e.Reply(488, nil)
		return
	}
	if len(e.Body) == 0 {
		l.owing = true
		e.Reply(200, l.stream.Offer(l.dialog.Local(), c.codecs(l), media.SendRecv))
		return
	}
	sdp, err := l.stream.Answer(e.Body, l.dialog.Local(), c.codecs(l), media.SendRecv)
	if err != nil {
		e.Reply(488, nil)
		return
	}
	e.Reply(200, sdp)
	c.settleKeys(l)
	c.holdChanged(l)
}

// holdChanged follows what l's last description said: while its phone holds
// us, the other side hears music.
func (c *Call) holdChanged(l *leg) {
	d := l.stream.PeerDirection()
	held := d == media.SendOnly || d == media.Inactive
	if held == l.held || !l.up {
		return
	}
	l.held = held
	if held {
		c.tell(journal.CallHeld{By: l.role})
		if o := c.other(l); o != nil && o.stream != nil {
			o.stream.Play(c.Plan.Music, true)
		}
	} else {
		c.tell(journal.CallResumed{By: l.role})
		if o := c.other(l); o != nil && o.stream != nil {
			o.stream.Stop()
		}
	}
	c.show("")
}

// onSound is what a stream reports.
func (c *Call) onSound(e media.Event) {
	l := c.legOfStream(e.Stream)
	if l == nil {
		return
	}
	switch e.Kind {
	case media.EventPlayed:
		c.said(e)
	case media.EventDigit:
		c.onKey(l, e.Digit)
	case media.EventSilent:
		if l.up && !l.held {
			c.lose(l, CallerSilent, CalleeSilent)
		}
	case media.EventLost: // a browser that is gone is gone on hold too
		c.lose(l, CallerGone, CalleeGone)
	case media.EventInsecure:
		c.lose(l, CallerInsecure, CalleeInsecure)
	}
}

// lose ends what a leg without sound was part of: the call, or while several
// phones ring only its own ringing.
func (c *Call) lose(l *leg, caller, callee Cause) {
	switch {
	case l == c.caller:
		c.cancel(caller)
	case c.dial != nil && slices.Contains(c.dial.legs, l):
		c.failed(l, callee, callee.SIP)
	default:
		c.cancel(callee)
	}
}
