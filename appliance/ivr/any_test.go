package ivr

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

// anyFlow draws the steps of a flow. What the language refuses at load, such as a loop that can never be left, is not drawn.
type anyFlow struct {
	*rapid.T
	b      strings.Builder
	labels int
}

func (f *anyFlow) pick(n int, of string) int { return rapid.IntRange(0, n-1).Draw(f.T, of) }

// steps writes a list of steps. In it, depth more lists may lie.
func (f *anyFlow) steps(depth int) {
	for n := f.pick(4, "steps"); n > 0; n-- {
		f.step(depth)
	}
	switch f.pick(8, "end") {
	case 0:
		f.b.WriteString("goto = queue.q\n")
	case 1:
		f.b.WriteString("goto = ivr.other\n")
	case 2, 3:
		f.b.WriteString("goto = step.start\n")
	}
}

func (f *anyFlow) branch(name string, depth int) {
	if f.pick(2, name) == 1 {
		fmt.Fprintf(&f.b, "%s {\n", name)
		f.steps(depth)
		f.b.WriteString("}\n")
	}
}

var simple = []string{
	"play {\nprompt = prompt.a\n}\n", "play {\nprompt = prompt.b\nbarge_in = false\n}\n", "wait {\ntime = \"2s\"\n}\n", "answer {}\n",
	"set {\ndata = { n = call.data.n == null ? 1 : call.data.n + 1 }\n}\n", "tag {\nname = \"t\"\nvalue = call.data.n\n}\n",
	"language {\nset = \"zh-Hant\"\n}\n", "voicemail {\nbox = voicemail.box\n}\n", "callback {\nqueue = queue.q\nat = call.data.n\n}\n",
	"record \"r\" {\nmax = \"3s\"\n}\n",
}

var conditions = []string{"schedule.office.open", "call.data.n == 3", "upper(call.data.n) == \"A\"", "input.c != null && input.c > 5", "result.p.found"}

func (f *anyFlow) step(depth int) {
	kind := f.pick(len(simple)+5, "step")
	if depth == 0 || kind < len(simple) {
		f.b.WriteString(simple[kind%len(simple)])
		return
	}
	f.labels++
	switch kind - len(simple) {
	case 0:
		fmt.Fprintf(&f.b, "when {\ncondition = %s\n", conditions[f.pick(len(conditions), "condition")])
		f.steps(depth - 1)
		f.b.WriteString("}\n")
		f.branch("otherwise", depth-1)
	case 1:
		fmt.Fprintf(&f.b, "menu \"m%d\" {\nprompt = prompt.ask\ntries = %d\n", f.labels, 1+f.pick(3, "tries"))
		for _, key := range [][]string{{"1"}, {"1", "12"}, {"1", "2", "22#"}, {"*", "100"}}[f.pick(4, "keys")] {
			fmt.Fprintf(&f.b, "key %q {\n", key)
			f.steps(depth - 1)
			f.b.WriteString("}\n")
		}
		f.asked(depth - 1)
	case 2:
		fmt.Fprintf(&f.b, "collect \"c%d\" {\ndigits = %q\ntries = %d\nsecret = %v\n", f.labels, []string{"1", "2-4", "5"}[f.pick(3, "digits")], 1+f.pick(3, "tries"), f.pick(2, "secret") == 1)
		f.asked(depth - 1)
	case 3:
		fmt.Fprintf(&f.b, "run \"p%d\" {\nfunction = plugin.shop.f\nargs = { n = call.data.n }\n", f.labels)
		f.branch("failed", depth-1)
		f.b.WriteString("}\n")
	case 4:
		f.b.WriteString("transfer {\nto = extension.1002\n")
		f.branch("failed", depth-1)
		f.b.WriteString("}\n")
	}
}

func (f *anyFlow) asked(depth int) {
	for _, name := range []string{"invalid", "no_input", "failed"} {
		f.branch(name, depth)
	}
	f.b.WriteString("}\n")
}

func (f *anyFlow) caller() caller {
	var keys strings.Builder
	at := 0
	for n := f.pick(30, "presses"); n > 0; n-- {
		at += []int{0, 0, 100, 500, 3000, 9000}[f.pick(6, "pause")]
		fmt.Fprintf(&keys, "%dms:%c ", at, "0123456789*#AD"[f.pick(14, "key")])
	}
	who := caller{keys: keys.String(), hangsUp: time.Duration(1+f.pick(4*3600, "patience")) * time.Second}
	who.mute = []string{"", "a", "ask"}[f.pick(3, "mute")]
	who.spoken = time.Duration(f.pick(9, "spoken")) * time.Second
	fails := f.pick(2, "plugin") == 1
	who.office = func(o *Office, _ *line) {
		o.Plugin = func(context.Context, *call.Call, string, string, map[string]any, time.Duration) (map[string]any, error) {
			if fails {
				return nil, &faulty{"it fails"}
			}
			return map[string]any{"found": true}, nil
		}
	}
	return who
}

// Whatever a flow says and a caller does, the call ends, with one outcome, and what was written down is small.
func TestAnyFlowWithAnyCallerEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &anyFlow{T: t}
		f.b.WriteString("ivr \"main\" {\nplay \"start\" {\nprompt = prompt.a\n}\nrun \"p\" {\nfunction = plugin.shop.f\n}\ncollect \"c\" {\ntries = 1\n}\n")
		f.steps(3)
		f.b.WriteString("}\nivr \"other\" {\nmenu \"x\" {\ntries = 1\nkey \"1\" {\ngoto = ivr.main\n}\n}\n}\n")
		l := listen(t, written(t, f.b.String()), f.caller())
		ended, steps := 0, 0
		for _, e := range l.events {
			switch b := e.Body.(type) {
			case journal.CallEnded:
				ended++
			case journal.CallStep:
				steps++
				if raw, err := e.MarshalJSON(); err != nil || len(raw) > 8<<10 {
					t.Errorf("%d bytes, %v", len(raw), err)
				}
				if b.To == "" && l.c.Answered() {
					t.Errorf("nobody knows where it went: %+v", b)
				}
			}
		}
		if ended != 1 || steps > maxTold {
			t.Errorf("ended %d times after %d steps:\n%s", ended, steps, l.heard())
		}
		if !strings.Contains(l.log[len(l.log)-1], " ended ") {
			t.Error(l.heard())
		}
		journal.Story(l.events)
	})
}
