package lua

import (
	"fmt"
	"slices"
	"strings"
)

// verdict is who was to blame when a process ended.
type verdict struct {
	guilty   uint64   // the call that did it, if that is certain
	suspects []uint64 // or those of which one did
	kind     string
	text     string
}

// fate is what becomes of a call whose process ended.
type fate int

const (
	fateFails fate = iota // it did it, or had an effect already
	fateAgain             // it is run again
	fateAlone             // it is run again, in a process for itself: then it is certain
)

// judge decides from what is known: the call for which the process was killed; what the process said of itself; the calls that
// were computing rather than waiting for the box; and how it ended. Whom somebody else killed (the operator, or the kernel in need of
// memory), died of no call for certain.
func judge(killedFor uint64, confessed, computing []uint64, exit, words string) verdict {
	v := verdict{kind: KindCrashed, text: strings.TrimSpace(exit + ": " + words)}
	if words == "" {
		v.text = exit
	}
	if killedFor != 0 {
		v.guilty, v.kind, v.text = killedFor, KindTimeout, "it went on past its limit, and its process was ended"
		return v
	}
	suspects := computing
	if len(confessed) > 0 {
		suspects = confessed
	}
	if len(confessed) > 0 || starved(words) {
		v.kind, v.text = KindMemory, "it held more memory than its limit; keep less at once, or raise limits.memory"
	}
	if len(suspects) == 1 && exit != killedByOther {
		v.guilty = suspects[0]
	} else {
		v.suspects = suspects
	}
	return v
}

// killedByOther is how os/exec spells the end by SIGKILL.
const killedByOther = "signal: killed"

// fate decides over one of the calls.
func (v verdict) fate(id uint64, hadEffect bool) fate {
	switch {
	case id == v.guilty || hadEffect:
		return fateFails
	case slices.Contains(v.suspects, id):
		return fateAlone
	}
	return fateAgain
}

// told is what the caller of a call hears that is not run again.
func (v verdict) told(id uint64, hadEffect bool) (kind, text string) {
	if id == v.guilty || !hadEffect {
		return v.kind, v.text
	}
	return KindCrashed, fmt.Sprintf("the process it ran in ended (%s), and it had done something already that must not be done twice", v.text)
}

// starved says whether the last words of a process are those of one that the kernel gave no more memory.
func starved(words string) bool {
	for _, sign := range []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "failed to allocate"} {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}
