package call

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// target is one place to send an INVITE to.
type target struct {
	Target
	contact *sip.Binding  // a phone, or the trunk of Target
	tell    *media.Sound  // of Target.Tell
	greet   *media.Sound  // of Target.Greet
	first   time.Duration // how long the very first response may take
}

// dial is an attempt in flight: several legs ring, the first to answer has the
// call. The call's loop owns it.
type dial struct {
	legs   []*leg
	best   Cause // the most telling failure so far
	status int
	tone   bool                     // the caller hears our own ringing
	ringed bool                     // the caller was told that it rings
	words  map[uint64]*media.Stream // what is said before who answered is joined, by play
	early  *leg                     // the leg whose early media the caller hears
	each   map[string]Cause         // how they failed, by what they would have answered as
	result chan Attempt
}

// ring calls all targets at once and blocks until one answers, all have
// failed, or ctx ends. When one answers the caller is answered and joined.
func (c *Call) ring(ctx context.Context, targets []target) Attempt {
	result := make(chan Attempt, 1)
	if !c.do(func() { c.startDial(targets, result) }) {
		return Attempt{Why: c.cause()}
	}
	select {
	case a := <-result:
		return a
	case <-ctx.Done():
	}
	why := CalleeNoAnswer
	errors.As(context.Cause(ctx), &why)
	answered, each := false, map[string]Cause(nil)
	c.do(func() {
		if c.dial != nil {
			each = c.dial.failures()
		}
		if answered = c.dial != nil && len(c.dial.words) > 0 && c.ctx.Err() == nil; !answered {
			c.stopDial(why)
		}
	})
	if answered { // in time; the two are about to be joined
		select {
		case a := <-result:
			return a
		case <-c.ctx.Done():
			c.do(func() { c.stopDial(why) })
		}
	}
	select {
	case a := <-result: // it was answered in the same instant
		return a
	default:
		return Attempt{Why: why, Each: each}
	}
}

// startDial sends the INVITEs.
func (c *Call) startDial(targets []target, result chan Attempt) {
	c.dial = &dial{result: result, best: CalleeOffline}
	for _, t := range targets {
		if err := c.invite(t); err != nil {
			c.dial.worse(dialFault(err), 0)
			c.dial.note(t.As, dialFault(err))
		}
	}
	if len(c.dial.legs) == 0 {
		c.settle(Attempt{Why: c.dial.best, Each: c.dial.failures()})
		return
	}
	if c.caller.up && !c.music && c.caller.stream != nil { // a caller who was picked up hears no ringing but ours
		c.caller.stream.Play(media.CountryTone(c.Plan.Config.Appliance.Country, media.ToneRingback), true)
		c.dial.tone = true
	}
}

// quieten ends our own ringing.
func (c *Call) quieten() {
	if c.dial.tone && c.caller.stream != nil {
		c.caller.stream.Stop()
		c.dial.tone = false
	}
}

// dialFault is why an INVITE could not even be sent.
func dialFault(err error) Cause {
	switch {
	case errors.Is(err, media.ErrNoPorts):
		return BoxFull
	case errors.Is(err, errNoLine):
		return TrunkFull
	case errors.Is(err, errNoHops):
		return BoxLoop
	case errors.Is(err, sip.ErrTrunkDown), errors.Is(err, sip.ErrUnknownTrunk):
		return TrunkDown
	}
	return NetworkLost
}

var (
	errNoLine = errors.New("no line is free")
	errNoHops = errors.New("the call has passed as many switches as it may")
)

// invite starts one leg.
func (c *Call) invite(t target) error {
	l := &leg{role: "callee", trunk: t.Trunk, target: t}
	if t.contact != nil {
		l.account, l.transport = t.contact.Account, t.contact.Transport
	}
	if c.hops(t) < 1 {
		return errNoHops
	}
	if t.Trunk != "" {
		if !c.box.Lines.Take(t.Trunk, t.Emergency) {
			return errNoLine
		}
		l.line = true
	}
	if err := c.open(l); err != nil {
		c.drop(l, sip.Reason{})
		return err
	}
	if err := c.place(l); err != nil {
		c.drop(l, sip.Reason{})
		return err
	}
	c.legs = append(c.legs, l)
	c.dial.legs = append(c.dial.legs, l)
	return nil
}

// place sends a leg's INVITE.
func (c *Call) place(l *leg) error {
	t := l.target
	d, err := c.box.SIP.Dial(sip.DialRequest{
		Events: c.signals, Contact: t.contact, Trunk: t.Trunk, Number: t.Number, Force: t.Emergency,
		From: t.From, Diverted: t.Diverted, Answer: t.first, MaxForwards: c.hops(t),
		Offer: func(local netip.Addr) []byte { return c.offer(l, local) },
	})
	if err != nil {
		return err
	}
	l.dialog, l.gone = d, false
	return nil
}

// offer describes the sound of a leg that we call. What we offer may differ from
// what the configuration wants to be agreed on: see furtherOffers.
func (c *Call) offer(l *leg, local netip.Addr) []byte {
	l.owing = true
	l.stream.Secure(l.offers)
	defer l.stream.Secure(c.security(l))
	return l.stream.Offer(local, c.offered(l), media.SendRecv)
}

// furtherOffers are how a phone or a trunk is called again, one after another, that did not like our first offer. RTP/AVP
// with a=crypto in it and RTP/SAVP come to the same, but each is an error to some phones (RFC 8643 section 1), and others
// take DTLS alone. DTLS comes before RTP/SAVP, because a phone that wants it was seen to accept that one without any keys;
// no trunk was seen that knows it. Plain sound is never offered to whom encryption was, nor the other way round, and
// browsers know only their own kind.
func furtherOffers(l *leg) []media.Security {
	switch {
	case l.offers == media.SecureOptional && l.trunk == "":
		return []media.Security{media.SecureBrowser, media.SecureRequired}
	case l.offers == media.SecureOptional:
		return []media.Security{media.SecureRequired}
	case l.offers == media.SecureRequired && l.trunk == "":
		return []media.Security{media.SecureOptional, media.SecureBrowser}
	case l.offers == media.SecureRequired:
		return []media.Security{media.SecureOptional}
	}
	return nil
}

// callAgain calls a leg with its next offer, when the status says that it was the offer it did not like.
func (c *Call) callAgain(l *leg, status int) bool {
	switch status {
	case 415, 488, 606:
	default:
		return false
	}
	if !l.owing || len(l.further) == 0 {
		return false
	}
	l.offers, l.further = l.further[0], l.further[1:]
	return c.place(l) == nil
}

// hops is the Max-Forwards of the legs we start: one less than the caller's,
// so that a loop through other switches ends (RFC 3261 section 16.6). A call for
// help that has none left goes out all the same.
func (c *Call) hops(t target) int {
	left := c.caller.dialog.Invite().MaxForwards - 1
	if t.Emergency {
		return max(left, 1)
	}
	return left
}

// offered are the codecs for a called leg: those the caller speaks first, so
// that sound need not be converted.
func (c *Call) offered(l *leg) []media.Codec {
	ours := c.codecs(l)
	spoken := c.caller.spoken
	var first, rest []media.Codec
	for _, k := range ours {
		if containsCodec(spoken, k) {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	return append(first, rest...)
}

func containsCodec(in []media.Codec, k media.Codec) bool {
	for _, x := range in {
		if x.Name == k.Name {
			return true
		}
	}
	return false
}

// onDial is what a called leg answers to our INVITE.
func (c *Call) onDial(l *leg, e sip.Event) {
	if c.dial == nil {
		return
	}
	if c.ctx.Err() != nil { // the caller has gone; the script is about to stop this attempt
		l.gone = l.gone || e.Kind == sip.EventFailed
		return
	}
	switch e.Kind {
	case sip.EventProgress:
		c.onProgress(l, e)
	case sip.EventAnswered:
		c.onAnswered(l, e)
	case sip.EventFailed:
		l.gone = true
		why := fromPhone(e.Code)
		if l.trunk != "" {
			why, _ = fromTrunk(e.Code)
		}
		switch {
		case c.callAgain(l, e.Code):
		case redirects(e.Code) && len(e.Contacts) > 0 && c.follows(l) && c.dial.onePlace(): // it speaks for its owner, as one that declines does
			c.settle(Attempt{Why: why, Status: e.Code, Contacts: e.Contacts})
		default:
			c.failed(l, why, e.Code)
		}
	}
}

// onePlace tells whether all that rings belongs to one extension, or is one trunk.
func (d *dial) onePlace() bool {
	return !slices.ContainsFunc(d.legs, func(l *leg) bool { return l.peer() != d.legs[0].peer() })
}

// onProgress passes ringing and early sound to the caller.
func (c *Call) onProgress(l *leg, e sip.Event) {
	d := c.dial
	early := len(e.Body) > 0 && d.early == nil && len(d.legs) == 1 && len(c.caller.offer) > 0
	if early && l.stream.Accept(e.Body) == nil {
		l.owing = false
		codec := l.stream.Codec()
		if sdp, err := c.describe(c.caller, &codec); err == nil {
			d.early, d.ringed = l, true
			if !c.caller.up {
				c.caller.dialog.Progress(183, sdp)
			}
			c.quieten()
			media.Join(c.caller.stream, l.stream)
			c.show("ringing")
			return
		}
	}
	if e.Code == 180 && !d.ringed {
		d.ringed = true
		if !c.caller.up && d.early == nil {
			c.caller.dialog.Progress(180, nil)
		}
		c.show("ringing")
	}
}

// onAnswered joins the first that answers and stops the others.
func (c *Call) onAnswered(l *leg, e sip.Event) {
	if len(e.Body) > 0 && l.owing {
		if err := l.stream.Accept(e.Body); err != nil {
			c.failed(l, soundFault(err), 488)
			return
		}
		l.owing = false
	}
	if l.owing { // a 200 without a description answers nothing (RFC 3261 section 13.2.1)
		c.failed(l, BoxIncompatible, 488)
		return
	}
	codec := l.stream.Codec()
	if err := c.answerCaller(&codec); err != nil {
		c.failed(l, soundFault(err), 488)
		return
	}
	l.up, l.takesInfo = true, e.TakesInfo
	c.settleKeys(l)
	c.stopOthers(l)
	if !c.introduce(l) {
		c.connect(l)
	}
}

// connect joins a leg that answered with the caller.
func (c *Call) connect(l *leg) {
	c.caller.stream.Stop() // music, or our own ringing
	c.music, c.dial.tone = false, false
	if c.answered.IsZero() {
		c.answered = c.box.Now()
	}
	c.callee = l
	who := cmp.Or(l.target.As, l.destination())
	c.tell(journal.CallAnswered{Who: who, Extension: l.account, Trunk: l.trunk})
	if !c.caller.owing {
		media.Join(c.caller.stream, l.stream)
	}
	c.holdChanged(l)
	c.show("talking")
	c.settle(Attempt{Answered: true, Who: who, Each: c.dial.failures()})
}

// stopOthers ends the legs that rang in vain. The Reason keeps phones from
// listing a missed call.
func (c *Call) stopOthers(winner *leg) {
	for _, x := range c.dial.legs {
		if x != winner {
			c.drop(x, sip.Reason{Q850: 26, Text: "Call completed elsewhere"})
		}
	}
}

// failed takes one leg out of the attempt.
func (c *Call) failed(l *leg, why Cause, status int) {
	d := c.dial
	for i, x := range d.legs {
		if x == l {
			d.legs = append(d.legs[:i], d.legs[i+1:]...)
			break
		}
	}
	if d.early == l {
		d.early = nil
		c.caller.stream.Part()
	}
	c.drop(l, sip.Reason{Q850: why.Q850})
	d.worse(why, status)
	d.note(l.target.As, why)
	// One phone that declines speaks for its owner (RFC 3261 section 16.7: a
	// 6xx ends the search), but not for others who are rung.
	if why == CalleeDeclined {
		d.legs = slices.DeleteFunc(d.legs, func(x *leg) bool {
			his := x.target.As == l.target.As
			if his {
				c.drop(x, sip.Reason{Q850: why.Q850})
			}
			return his
		})
	}
	if len(d.legs) == 0 {
		c.settle(Attempt{Why: d.best, Status: d.status, Each: d.failures()})
	}
}

// note keeps why somebody did not answer.
func (d *dial) note(as string, why Cause) {
	if as == "" {
		return
	}
	if d.each == nil {
		d.each = map[string]Cause{}
	}
	if before, failed := d.each[as]; !failed || rank(why) >= rank(before) {
		d.each[as] = why
	}
}

// failures are those of whom no phone rings any more.
func (d *dial) failures() map[string]Cause {
	each := maps.Clone(d.each)
	maps.DeleteFunc(each, func(as string, _ Cause) bool {
		return slices.ContainsFunc(d.legs, func(l *leg) bool { return l.target.As == as })
	})
	return each
}

// worse keeps the failure that tells the caller most.
func (d *dial) worse(why Cause, status int) {
	if rank(why) >= rank(d.best) {
		d.best, d.status = why, status
	}
}

// rank orders failures of several phones of one person by what they say about
// the person rather than about the phone.
func rank(why Cause) int {
	switch why {
	case CalleeDeclined:
		return 5
	case CalleeBusy:
		return 4
	case CalleeNoAnswer:
		return 3
	case CalleeOffline:
		return 0
	case NetworkLost, NetworkNoAnswer, CalleeGone:
		return 1
	}
	return 2
}

// settle ends the attempt with its result.
func (c *Call) settle(a Attempt) {
	d := c.dial
	if !a.Answered {
		c.quieten()
	}
	c.dial = nil
	if !a.Answered {
		for _, l := range d.legs {
			c.drop(l, sip.Reason{})
		}
	}
	d.result <- a
}

// stopDial gives up what still rings.
func (c *Call) stopDial(why Cause) {
	if c.dial == nil {
		return
	}
	c.quieten()
	for _, l := range c.dial.legs {
		c.drop(l, sip.Reason{Q850: why.Q850})
	}
	if c.dial.early != nil && c.caller.stream != nil {
		c.caller.stream.Part()
	}
	c.dial = nil
}
