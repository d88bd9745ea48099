package call

import (
	"fmt"
	"strings"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// How keys pass from one leg to the other. Events (RFC 4733) and tones are the
// affair of media, which passes them on by itself; INFO is ours.

// dtmf is how the configuration wants keys to be sent to a leg.
func (c *Call) dtmf(l *leg) string {
	if e := c.Plan.Config.Extensions[l.account]; e != nil {
		return e.DTMF
	}
	if t := c.Plan.Config.Trunks[l.trunk]; t != nil {
		return t.DTMF
	}
	return "auto"
}

// keyWay decides how keys are sent to a leg whose sound is agreed on: dtmf is
// what the configuration says, agreed how they go by now (media.Stream.KeysBy),
// and takesInfo whether the peer says that it takes INFO.
func keyWay(dtmf, agreed string, takesInfo bool) media.KeyWay {
	switch {
	case dtmf == "inband":
		return media.KeysInband
	case dtmf == "info", dtmf == "auto" && takesInfo && agreed != "" && agreed != "rfc4733":
		return media.KeysInfo
	}
	return media.KeysAgreed
}

// settleKeys follows a negotiation. INFO belongs to a call that was answered
// (RFC 6086 section 3.1): keys for early sound are events or tones.
func (c *Call) settleKeys(l *leg) {
	if l.up {
		l.keys = keyWay(c.dtmf(l), l.stream.KeysBy(), l.takesInfo)
		l.stream.Keys(l.keys)
	}
}

// partner is the leg that hears what l sends: the other one, or while a call is
// placed the one whose early sound the caller hears.
func (c *Call) partner(l *leg) *leg {
	if l == c.caller && c.callee == nil && c.dial != nil {
		return c.dial.early
	}
	return c.other(l)
}

// keyTime is how long a key is said to last, in ms, when we send it by INFO.
const keyTime = 160

// press sends a key to a leg as it understands keys.
func (c *Call) press(l *leg, key byte) {
	if l.keys == media.KeysInfo {
		l.dialog.Info("application/dtmf-relay", fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", key, keyTime))
		return
	}
	l.stream.Send(string(key))
}

// onKey is a key that was heard in a leg's sound. The other side has got it
// already, unless it gets keys by INFO.
func (c *Call) onKey(l *leg, key byte) {
	method := "inband"
	if l.stream.KeysBy() == "rfc4733" {
		method = "rfc4733"
	}
	c.noteKey(l, key, method)
	if o := c.partner(l); o != nil && o.keys == media.KeysInfo {
		c.press(o, key)
	}
}

// onInfo takes a key that a phone sends by SIP INFO and passes it on as the
// other side understands it.
func (c *Call) onInfo(l *leg, e sip.Event) {
	key, ok := infoKey(e.ContentType, string(e.Body))
	if !ok {
		return
	}
	if l.stream != nil {
		l.stream.Informed()
	}
	c.noteKey(l, key, "info")
	if o := c.partner(l); o != nil && o.stream != nil {
		c.press(o, key)
	}
}

// onInfoFailed sends a key again as a tone when the peer refused it, and those
// to come too: it said that it takes INFO, but not for keys. Where the
// configuration wants INFO there is nothing else to try.
func (c *Call) onInfoFailed(l *leg, e sip.Event) {
	key, ok := infoKey(e.ContentType, string(e.Body))
	if !ok || l.stream == nil {
		return
	}
	if c.dtmf(l) == "info" {
		c.box.Log.Warn("a key was refused; dtmf = \"info\" may be wrong for this peer", "call", c.ID, "peer", l.peer(), "status", e.Code)
		return
	}
	l.takesInfo = false
	c.settleKeys(l)
	c.press(l, key)
}

// noteKey keeps the fact. What two people key while they talk may be a card
// number: that it happened is a fact, which key it was is not ours to keep.
func (c *Call) noteKey(l *leg, key byte, method string) {
	if l == c.caller && c.callee == nil { // the script wants it, and knows whether it is a secret
		if !c.happens(Happening{Kind: HappenedKey, Key: key, method: method}) {
			c.tell(journal.CallDigit{By: l.role, Method: method})
		}
		return
	}
	shown := string(key)
	if c.callee != nil {
		shown = ""
	}
	c.tell(journal.CallDigit{By: l.role, Digit: shown, Method: method})
}

// infoKey reads application/dtmf-relay ("Signal=5", as Cisco and most phones
// write it) and application/dtmf (the bare key).
func infoKey(contentType, body string) (byte, bool) {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(kind) {
	case "application/dtmf-relay":
		for line := range strings.Lines(body) {
			k, v, found := strings.Cut(line, "=")
			if found && strings.EqualFold(strings.TrimSpace(k), "signal") {
				return dialKey(strings.TrimSpace(v))
			}
		}
	case "application/dtmf":
		return dialKey(strings.TrimSpace(body))
	}
	return 0, false
}

func dialKey(s string) (byte, bool) {
	switch s {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(s) == 1 && strings.Contains("0123456789*#ABCD", strings.ToUpper(s)) {
		return strings.ToUpper(s)[0], true
	}
	return 0, false
}
