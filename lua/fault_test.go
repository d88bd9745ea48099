package lua

import (
	"testing"
)

func TestWhoIsToBlameForTheEndOfAProcess(t *testing.T) {
	for _, c := range []struct {
		name                 string
		killedFor            uint64
		confessed, computing []uint64
		exit, words          string
		kind                 string
		fates                [3]fate // of the calls 1, 2 and 3, of which 3 had an effect
	}{
		{"killed for one", 1, nil, []uint64{1, 2}, killedByOther, "", KindTimeout, [3]fate{fateFails, fateAgain, fateFails}},
		{"one computed", 0, nil, []uint64{1}, "exit status 2", "fatal error: x", KindCrashed, [3]fate{fateFails, fateAgain, fateFails}},
		{"two computed", 0, nil, []uint64{1, 2}, "exit status 2", "fatal error: x", KindCrashed, [3]fate{fateAlone, fateAlone, fateFails}},
		{"nobody computed", 0, nil, nil, "exit status 2", "", KindCrashed, [3]fate{fateAgain, fateAgain, fateFails}},
		{"somebody killed it", 0, nil, []uint64{1}, killedByOther, "", KindCrashed, [3]fate{fateAlone, fateAgain, fateFails}},
		{"memory, and it says whose", 0, []uint64{2}, []uint64{1, 2}, "exit status 4", "", KindMemory, [3]fate{fateAgain, fateFails, fateFails}},
		{"memory, of one of two", 0, []uint64{1, 2}, nil, "exit status 4", "", KindMemory, [3]fate{fateAlone, fateAlone, fateFails}},
		{"no memory from the kernel", 0, nil, []uint64{2}, "exit status 2", "fatal error: runtime: out of memory", KindMemory, [3]fate{fateAgain, fateFails, fateFails}},
	} {
		v := judge(c.killedFor, c.confessed, c.computing, c.exit, c.words)
		for i, want := range c.fates {
			id := uint64(i + 1)
			if got := v.fate(id, id == 3); got != want {
				t.Errorf("%s: call %d gets %d, wanted %d", c.name, id, got, want)
			}
		}
		if v.kind != c.kind || v.text == "" {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
