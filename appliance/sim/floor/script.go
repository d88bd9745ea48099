package floor

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// patience is how long a step waits for its chance: for a flow that takes keys, for a phone that rings.
const patience = 30 * time.Second

// between is how long somebody takes from one key to the next.
const between = 200 * time.Millisecond

// failure is why a step could not be done, or was not met.
type failure struct {
	at       hcl.Place
	step     string
	expected []string
	happened []string
}

// script walks a test through its steps.
type script struct {
	w    *World
	test *hcl.Test
	step hcl.TestStep                 // the present one
	at   atomic.Pointer[hcl.TestStep] // the same, for the watchdog
}

// play does all steps. Nil: all of them went as the test says.
func (s *script) play() *failure {
	s.w.begin(s.test)
	for _, step := range s.test.Steps {
		s.step = step
		s.at.Store(&step)
		if f := s.do(step); f != nil {
			return f
		}
	}
	return nil
}

// do does one step.
func (s *script) do(step hcl.TestStep) *failure {
	f := s.act(step)
	if s.w.fault != nil {
		return s.faulty()
	}
	return f
}

// faulty is the failure of a test in which something went wrong that is none of its expectations.
func (s *script) faulty() *failure {
	var asked errNoMock
	if errors.As(s.w.fault, &asked) {
		return s.fails([]string{"requests that the test answers"}, []string{asked.Error()})
	}
	return s.fails([]string{"no fault"}, []string{s.w.fault.Error()})
}

func (s *script) act(step hcl.TestStep) *failure {
	if step.Kind != "expect" { // what was begun comes to rest before somebody does the next thing
		s.w.run(s.w.now, s.w.now, nil)
	}
	switch do := step.Do.(type) {
	case *hcl.TestCall:
		return s.call(do)
	case *hcl.TestPress:
		return s.press(do.Keys)
	case *hcl.TestSpeak:
		return s.speak(do.Time)
	case *hcl.TestWait:
		s.w.run(s.w.now, s.w.now.Add(do.Time), nil)
		return nil
	case *hcl.TestHangup:
		return s.hangup(do.By)
	case *hcl.TestAgent:
		return s.agent(do)
	case *hcl.TestSupervisor:
		return s.supervisor(do)
	case *hcl.TestReload:
		return s.reload(do)
	case *hcl.TestExpect:
		return s.expect(do)
	}
	return s.fails([]string{"a step that is known"}, []string{fmt.Sprintf("%T", step.Do)})
}

// fails is a failure of the present step.
func (s *script) fails(expected, happened []string) *failure {
	return &failure{at: s.step.At, step: s.step.Kind, expected: expected, happened: happened}
}

// line is the call that the present step is about; nil: there is none.
func (s *script) line() *line {
	for _, l := range s.w.lines {
		if l.name == s.step.Call {
			return l
		}
	}
	return nil
}

// until waits until holds, at most for patience.
func (s *script) until(holds func() bool) bool {
	return s.w.run(s.w.now, s.w.now.Add(patience), holds)
}

// call lets somebody call.
func (s *script) call(do *hcl.TestCall) *failure {
	start := call.Start{Dialled: do.To, From: sip.Party{Number: do.From, Hidden: do.From == ""}}
	via := do.Via
	if a := s.w.cfg.Agents[via.Name]; via.Kind == "agent" && a != nil {
		if a.Extension == "" {
			return s.fails([]string{"a phone of agent." + via.Name + " to call from"}, []string{"the agent has no extension"})
		}
		via = hcl.Destination{Kind: "extension", Name: a.Extension}
	}
	switch {
	case via.Kind == "extension":
		start.Account = via.Name
	case via.Kind == "trunk":
		start.Trunk = via.Name
	case len(s.w.cfg.Trunks) > 0:
		start.Trunk = sorted(s.w.cfg.Trunks)[0]
	default:
		return s.fails([]string{"a trunk that the call comes by"}, []string{"the configuration has no trunk; write via = extension.NUMBER for a call from a phone"})
	}
	if _, err := s.w.call(do.Name, start); err != nil {
		return s.fails([]string{"a call"}, []string{err.Error()})
	}
	return nil
}

// press presses keys, each as soon as the flow can take it.
func (s *script) press(keys string) *failure {
	l := s.line()
	for i := range len(keys) {
		if i > 0 {
			s.w.run(s.w.now, s.w.now.Add(between), nil)
		}
		if !s.until(func() bool { return l.takesKeys() || l.over() }) || l.over() {
			key := "keys"
			if len(keys) > 1 {
				key = fmt.Sprintf("key %d of %q", i+1, keys)
			}
			return s.fails([]string{"a flow that takes " + key + " within " + words(patience)}, []string{l.place()})
		}
		s.w.note(l, "presses "+string(keys[i]))
		l.press(keys[i])
	}
	return nil
}

// speak lets the caller speak as soon as somebody listens.
func (s *script) speak(d time.Duration) *failure {
	l := s.line()
	if !s.until(func() bool { return l.hearing() || l.over() }) || l.over() {
		return s.fails([]string{"somebody, or a recording, that listens within " + words(patience)}, []string{l.place()})
	}
	s.w.note(l, "speaks for "+words(d))
	l.voice = span{s.w.now, s.w.now.Add(d)}
	l.co.wake()
	s.w.run(s.w.now, s.w.now.Add(d), l.over)
	return nil
}

// hangup ends the call.
func (s *script) hangup(by string) *failure {
	l := s.line()
	if l.over() {
		return s.fails([]string{"a call to hang up"}, []string{l.place()})
	}
	if by == "caller" {
		s.w.note(l, "hangs up")
		l.end(call.CallerHungUp)
		return nil
	}
	joined := func() bool { return l.with != nil && (by != "agent" || l.with.agent != "") }
	if !s.until(func() bool { return joined() || l.over() }) || l.over() {
		who := map[string]string{"agent": "an agent", "callee": "a phone or a number"}[by]
		return s.fails([]string{who + " who talks with the caller within " + words(patience)}, []string{l.place()})
	}
	s.w.note(l, l.with.String()+" hangs up")
	l.end(call.CalleeHungUp)
	return nil
}

// reload makes the changed files the next generation. Calls keep theirs.
func (s *script) reload(do *hcl.TestReload) *failure {
	files, err := do.Apply(s.w.files)
	if err != nil {
		return s.fails([]string{"files to change"}, []string{err.Error()})
	}
	cfg, diags := s.w.builder.load(files)
	switch {
	case cfg == nil && do.Refused:
		s.w.files = files
		return s.tell(journal.ConfigRefused{By: "test", Errors: summaries(diags)})
	case cfg == nil:
		return s.fails([]string{"a configuration that loads"}, summaries(diags))
	}
	if err := s.w.apply(cfg); err != nil {
		if do.Refused {
			s.w.files = files
			return s.tell(journal.ConfigRefused{By: "test", Errors: []string{err.Error()}})
		}
		return s.fails([]string{"a configuration that can be built"}, []string{err.Error()})
	}
	if do.Refused {
		return s.fails([]string{"a configuration with errors"}, []string{"it loads, and is generation " + fmt.Sprint(s.w.current.N)})
	}
	s.w.files = files
	return nil
}

func summaries(ds hcl.Diagnostics) (all []string) {
	for _, d := range ds {
		if d.Severity == hcl.Error {
			all = append(all, fmt.Sprintf("%s:%d: %s", d.File, d.Range.Start.Line, d.Summary))
		}
	}
	return all
}

func (s *script) tell(b journal.Body) *failure {
	if err := s.w.books.Append(journal.Event{Time: s.w.now, Body: b}); err != nil {
		return s.fails([]string{"a fact"}, []string{err.Error()})
	}
	return nil
}

// expect waits for a moment at which all conditions hold.
func (s *script) expect(do *hcl.TestExpect) *failure {
	w, began := s.w, s.w.now
	earliest, latest := began.Add(do.After), began.Add(do.Within)
	all := w.conditions(do, s.line(), earliest)
	seen := make([]time.Time, len(all)) // when each held last
	holds := func() bool {
		every := true
		for i, c := range all {
			if c.holds() {
				seen[i] = w.now
			} else {
				every = false
			}
		}
		return every
	}
	if w.run(earliest, latest, holds) {
		return nil
	}
	var expected, happened []string
	for i, c := range all {
		expected = append(expected, c.name+" = "+c.want)
		is := c.is()
		if !seen[i].IsZero() && !seen[i].Equal(w.now) {
			is = fmt.Sprintf("it was so last at %s; now %s", w.at(seen[i]), is)
		}
		if c.holds() {
			is = "it is so: " + is
		}
		happened = append(happened, c.name+": "+is)
	}
	expected = append(expected, window(do))
	return s.fails(expected, happened)
}

// window is when an expect is to be met.
func window(do *hcl.TestExpect) string {
	if do.After > 0 {
		return "not before " + words(do.After) + ", within " + words(do.Within)
	}
	return "within " + words(do.Within)
}

// begin makes the first generation and the people who are ready.
func (w *World) begin(t *hcl.Test) {
	w.services.begin(t)
	if err := w.apply(w.cfg); err != nil {
		w.fail(err)
		return
	}
	for _, name := range t.ReadyAgents(w.cfg) {
		if err := w.desk.choose(name, acd.Ready, "", ""); err != nil {
			w.fail(err)
		}
	}
}

// at is a moment as the timeline shows it.
func (w *World) at(t time.Time) string {
	return t.In(w.builder.zone).Format("15:04:05.000")
}

// talking is the line on which an agent talks; nil: none.
func (w *World) talking(agent string) *line {
	i := slices.IndexFunc(w.lines, func(l *line) bool { return l.with != nil && l.with.agent == agent && !l.over() })
	if i < 0 {
		return nil
	}
	return w.lines[i]
}
