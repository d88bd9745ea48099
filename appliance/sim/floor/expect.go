package floor

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// condition is one thing that an expect wants to be so.
type condition struct {
	name  string
	want  string        // as it is written
	holds func() bool   // now
	is    func() string // what is so now, in words, or what came nearest
}

// conditions are those of an expect, in their order. After is the moment from which happenings count.
func (w *World) conditions(s *hcl.TestExpect, l *line, after time.Time) []condition {
	var all []condition
	for _, name := range s.Written {
		c := w.condition(name, s, l, after)
		c.name = name
		all = append(all, c)
	}
	return all
}

// condition makes one of them.
func (w *World) condition(name string, s *hcl.TestExpect, l *line, after time.Time) condition {
	state := func(want string, holds func() bool, is func() string) condition {
		return condition{want: want, holds: func() bool { return l != nil && holds() }, is: func() string {
			if l == nil {
				return "there is no call yet"
			}
			return is()
		}}
	}
	switch name {
	case "playing":
		return state(s.Playing.String(), func() bool { return l.plays(s.Playing) }, func() string { return l.sound() })
	case "hears":
		return state(fmt.Sprintf("%q", s.Hears), func() bool { return l.said != nil && strings.Contains(w.text(l, *l.said), s.Hears) }, func() string { return l.sound() })
	case "collecting":
		return state(fmt.Sprintf("%q", s.Collecting), func() bool { return l.collecting() == s.Collecting }, func() string {
			if at := l.collecting(); at != "" {
				return fmt.Sprintf("%q", at)
			}
			return l.place()
		})
	case "queued":
		return state("queue."+s.Queued, func() bool { q, _ := w.queued(l); return q == s.Queued }, func() string { return w.shownQueue(l) })
	case "position":
		return state(fmt.Sprint(s.Position), func() bool { _, p := w.queued(l); return p == s.Position }, func() string { return w.shownQueue(l) })
	case "ringing":
		return state(s.Ringing.String(), func() bool { return l.rings(s.Ringing) }, func() string { return l.shownRinging() })
	case "talking":
		return state(s.Talking.String(), func() bool { return l.talks(s.Talking) }, func() string { return l.shownTalking() })
	case "ended", "talk", "wait", "data", "tagged", "result":
		return w.recorded(name, s, l, state)
	}
	return w.happening(name, s, l, after)
}

// recorded is a condition on what is written down of the call.
func (w *World) recorded(name string, s *hcl.TestExpect, l *line, state func(string, func() bool, func() string) condition) condition {
	ended := func() string {
		if c, over := l.cdr(); over {
			return fmt.Sprintf("%s (%s %s)", c.Outcome, c.Cause.Who, c.Cause.Why)
		}
		return "the call goes on: " + l.place()
	}
	length := func(want time.Duration, of func(journal.CDR) float64) condition {
		return state(words(want), func() bool {
			c, _ := l.cdr()
			return math.Abs(of(c)-want.Seconds()) < 1
		}, func() string {
			c, _ := l.cdr()
			return words(time.Duration(of(c) * float64(time.Second)))
		})
	}
	switch name {
	case "ended":
		return state(s.Ended, func() bool { c, over := l.cdr(); return over && string(c.Outcome) == s.Ended }, ended)
	case "talk":
		return length(s.Talk, func(c journal.CDR) float64 { return c.TalkSeconds + w.uncounted(l, c, c.Answered != nil) })
	case "wait":
		return length(s.Wait, func(c journal.CDR) float64 { return c.WaitSeconds + w.uncounted(l, c, c.Answered == nil) })
	case "data":
		return state(w.value(plain(s.Data)), func() bool { return covers(l.data(), plain(s.Data)) }, func() string { return w.value(plain(l.data())) })
	case "tagged":
		return state(w.tags(s.Tagged), func() bool { return l.tagged(s.Tagged) }, func() string { c, _ := l.cdr(); return w.value(plain(c.Tags)) })
	}
	return state(w.value(plain(s.Result)), func() bool { return covers(plain(l.call.Result()), plain(s.Result)) },
		func() string { return w.value(plain(l.call.Result())) })
}

// uncounted is what the CDR of a call that goes on does not count yet.
func (w *World) uncounted(l *line, c journal.CDR, counts bool) float64 {
	if l.over() || !counts || l.held {
		return 0
	}
	return w.now.Sub(c.Ended).Seconds()
}

// happening is a condition on something that happened, whenever that was, but not before the step's after.
func (w *World) happening(name string, s *hcl.TestExpect, l *line, after time.Time) condition {
	if s.After == 0 {
		after = time.Time{}
	}
	list := func(want map[string]any, all func() []map[string]any) condition {
		return condition{want: w.value(named(want)), holds: func() bool {
			return slices.ContainsFunc(all(), func(got map[string]any) bool { return covers(plain(got), named(want)) })
		}, is: func() string { return w.nearest(want, all()) }}
	}
	facts := func(kind journal.Type, fits func(journal.Event) bool) func() []map[string]any {
		return func() (all []map[string]any) {
			for _, e := range w.books.told(kind) {
				if !e.Time.Before(after) && (fits == nil || fits(e)) {
					all = append(all, flat(e))
				}
			}
			return all
		}
	}
	mine := func(e journal.Event) bool { return l != nil && l.call != nil && e.Call == l.call.ID }
	switch name {
	case "event":
		kind, _ := s.Event["type"].(string)
		return list(s.Event, facts(journal.Type(kind), nil))
	case "ticket":
		return list(s.Ticket, func() []map[string]any {
			return slices.DeleteFunc(slices.Clone(w.services.tickets), func(t map[string]any) bool {
				return w.services.written[fmt.Sprint(t["id"])].Before(after)
			})
		})
	case "sms":
		return list(s.SMS, func() []map[string]any { return since(w.services.sms, after) })
	case "mail":
		return list(s.Mail, func() []map[string]any { return since(w.services.mail, after) })
	case "voicemail":
		return w.left("voicemail."+s.Voicemail, list(map[string]any{"voicemail": s.Voicemail}, facts(journal.TypeVoicemailLeft, mine)))
	}
	return w.left("queue."+s.Callback, list(map[string]any{"queue": s.Callback}, facts(journal.TypeQueueCallback, mine)))
}

// since are the messages that went out from a moment on.
func since(all []sent, from time.Time) (out []map[string]any) {
	for _, m := range all {
		if !m.at.Before(from) {
			out = append(out, m.what)
		}
	}
	return out
}

// left shows a condition as it is written.
func (w *World) left(want string, c condition) condition {
	c.want = want
	return c
}

// named makes texts of the destinations in what is wanted: facts name agents and queues without their kind.
func named(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			out[name] = named(x)
		}
		return out
	case []any:
		var out []any
		for _, x := range v {
			out = append(out, named(x))
		}
		return out
	case hcl.Destination:
		return v.Name
	}
	return plain(v)
}

// nearest shows what came nearest to what is wanted: of those that are there the latest with the most in common.
func (w *World) nearest(want map[string]any, all []map[string]any) string {
	if len(all) == 0 {
		if kind, ok := want["type"].(string); ok {
			return "no " + kind + " happened"
		}
		return "nothing of the kind happened"
	}
	best, most := all[0], -1
	for _, got := range all {
		n := 0
		for name, value := range want {
			if covers(plain(got[name]), named(value)) {
				n++
			}
		}
		if n >= most {
			best, most = got, n
		}
	}
	shown := map[string]any{}
	for name := range want {
		shown[name] = best[name]
	}
	if len(all) == 1 {
		return "there was " + w.value(plain(shown))
	}
	return fmt.Sprintf("of %d the nearest was %s", len(all), w.value(plain(shown)))
}

// plays tells whether the caller hears a prompt or a music.
func (l *line) plays(d hcl.Destination) bool {
	switch {
	case d.Kind == "prompt":
		return l.said != nil && l.said.Prompt == d.Name
	case l.said != nil:
		return l.said.Music == d.Name
	}
	return l.music != nil && l.music.Music == d.Name
}

// sound is what the caller hears.
func (l *line) sound() string {
	switch {
	case l.over():
		return "the call has ended"
	case l.said != nil:
		return l.spoken(*l.said)
	case l.music != nil:
		return l.spoken(*l.music)
	}
	return "nothing is said: " + l.place()
}

// text is what is said in words; of a recording what its prompt would say.
func (w *World) text(l *line, u call.Utterance) string {
	if p := l.call.Plan.Config.Prompts[u.Prompt]; u.Text == "" && p != nil {
		return p.Text[u.Language]
	}
	return textOf(l.call.Plan.Config, u)
}

// rings tells whether somebody is rung.
func (l *line) rings(d hcl.Destination) bool {
	return l.ringing != nil && !l.ringing.over() && slices.ContainsFunc(l.ringing.parties, func(p *party) bool { return p.is(d, l.w.cfg.Appliance.Country) })
}

func (l *line) shownRinging() string {
	if l.ringing == nil || l.ringing.over() {
		return "nobody: " + l.place()
	}
	var all []string
	for _, p := range l.ringing.parties {
		all = append(all, p.String())
	}
	return strings.Join(all, ", ")
}

// talks tells whether the caller talks with somebody.
func (l *line) talks(d hcl.Destination) bool {
	return l.with != nil && !l.over() && l.said == nil && l.with.is(d, l.w.cfg.Appliance.Country)
}

func (l *line) shownTalking() string {
	if l.with == nil || l.over() {
		return "nobody: " + l.place()
	}
	return l.with.String()
}

// place is where the call stands, in words.
func (l *line) place() string {
	switch {
	case l.call == nil:
		return "it has not begun"
	case l.over():
		c, _ := l.cdr()
		return fmt.Sprintf("the call has ended, %s (%s %s)", c.Outcome, c.Cause.Who, c.Cause.Why)
	}
	v := l.call.View()
	if v.At == "" {
		return "the call is " + v.State
	}
	return "the call is at " + v.At
}

func (l *line) data() any {
	c, _ := l.cdr()
	return plain(c.Data)
}

// tagged tells whether the call has tags; a tag without a value may have any.
func (l *line) tagged(want map[string]any) bool {
	c, _ := l.cdr()
	for name, value := range want {
		got, there := c.Tags[name]
		if !there || value != nil && got != fmt.Sprint(value) {
			return false
		}
	}
	return true
}

func (w *World) tags(want map[string]any) string {
	var all []string
	for _, name := range sorted(want) {
		if want[name] != nil {
			name += " = " + fmt.Sprint(want[name])
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// words is a duration as people write it.
func words(d time.Duration) string {
	s := d.Round(time.Millisecond).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// shownQueue is where a call waits, in words.
func (w *World) shownQueue(l *line) string {
	if q, p := w.queued(l); q != "" {
		return fmt.Sprintf("queue.%s, position %d", q, p)
	}
	return "no queue: " + l.place()
}

// collecting is the label of the menu or collect at which the call stands.
func (l *line) collecting() string {
	if l.call == nil || l.over() || l.doing == doingNothing {
		return ""
	}
	_, at, _ := strings.Cut(l.call.View().At, ", step ")
	label, _, _ := strings.Cut(at, " (")
	return label
}
