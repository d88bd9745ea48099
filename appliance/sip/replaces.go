package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// dialogRef names a dialog by the words of RFC 3891: the to-tag is ours.
type dialogRef struct {
	callID, ours, theirs string
	earlyOnly            bool
}

// parseReplaces reads the value of a Replaces header; false when it is not whole.
func parseReplaces(v string) (x dialogRef, ok bool) {
	parts := strings.Split(v, ";")
	x.callID = strings.TrimSpace(parts[0])
	for _, p := range parts[1:] {
		name, val, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(name) {
		case "to-tag":
			if x.ours != "" {
				return x, false
			}
			x.ours = val
		case "from-tag":
			if x.theirs != "" {
				return x, false
			}
			x.theirs = val
		case "early-only":
			x.earlyOnly = true
		}
	}
	return x, x.callID != "" && x.ours != "" && x.theirs != "" && len(v) <= maxCallID
}

// replacing reads what an INVITE wants to take the place of: nil when nothing, 400 when that cannot be told.
func replacing(r *sip.Request) (*dialogRef, int) {
	hs := r.GetHeaders("replaces")
	if len(hs) == 0 {
		return nil, 0
	}
	x, ok := parseReplaces(hs[0].Value())
	if len(hs) > 1 || !ok || len(list(hs[0].Value())) > 1 {
		return nil, 400
	}
	return &x, 0
}

// resolve finds the dialog, which may be another shard's, and tells it in this one. code is how an INVITE is refused
// that wants to replace it, 0 when it may.
func (sh *shard) resolve(x dialogRef, then func(d *Dialog, code int)) {
	other := sh.s.shardOf(x.callID)
	if !other.post(func() {
		d, code := other.replaced(x)
		sh.post(func() { then(d, code) })
	}) {
		then(nil, 481)
	}
}

// replaced is the dialog that x names, by the rules of RFC 3891 section 3.
func (sh *shard) replaced(x dialogRef) (*Dialog, int) {
	d := sh.dialogs[x.callID+"|"+x.ours]
	if d == nil || d.phase > phaseUp {
		return nil, 481
	}
	if d.phase == phaseEarly {
		if d.uas || d.call.forks[x.theirs] == nil { // a call that waits for our own answer is picked up otherwise
			return nil, 481
		}
		return d, 0
	}
	if d.peer.tag != x.theirs {
		return nil, 481
	}
	if x.earlyOnly {
		return nil, 486
	}
	return d, 0
}
