package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Line is one thing that happened in a call, in words.
type Line struct {
	Time time.Time
	Text string   // menu top (flows.hcl:31): the caller keyed 2, chosen → collect policy_no (flows.hcl:40)
	More []string // what was looked at and what went wrong, one each: result.policy.found is true
}

// Story tells a call's events, in the order of their numbers, in words. What a step of a flow tells is not told twice: the
// keys it got and the data it attached go into its line.
func Story(events []Event) []Line {
	var story, held []Line
	var kinds []Type // of held
	for _, e := range events {
		l := Line{Time: e.Time}
		switch b := e.Body.(type) {
		case CallDigit:
			l.Text = b.words()
		case CallData:
			l.Text = b.words()
		case CallStep:
			l.Text, l.More = b.words(), b.more()
			story = append(story, left(held, kinds, b)...)
			held, kinds = nil, nil
			story = append(story, l)
			continue
		default:
			story, held, kinds = append(story, held...), nil, nil
			var queued bool
			if l.Text, l.More, queued = queueWords(e); !queued {
				l.Text = words(e)
			}
			story = append(story, l)
			continue
		}
		held, kinds = append(held, l), append(kinds, e.Body.Type())
	}
	return append(story, held...)
}

// left is what of the lines before a step the step does not tell itself.
func left(lines []Line, kinds []Type, step CallStep) (kept []Line) {
	attached := slices.ContainsFunc(step.Looked, func(l Looked) bool { return strings.HasPrefix(l.Name, "call.data.") })
	for i, l := range lines {
		told := kinds[i] == TypeCallDigit && step.Input != "" || kinds[i] == TypeCallData && (attached || strings.HasPrefix(step.Step, "tag"))
		if !told {
			kept = append(kept, l)
		}
	}
	return kept
}

func (b CallStep) words() string {
	text := fmt.Sprintf("%s (%s)", b.Step, b.Place)
	var what []string
	if b.Input != "" {
		what = append(what, "the caller keyed "+b.Input)
	}
	if b.Result != "" {
		what = append(what, b.Result)
	}
	if len(what) > 0 {
		text += ": " + strings.Join(what, ", ")
	}
	if b.To == "" {
		return text + "; the call was over"
	}
	return text + " → " + b.To
}

func (b CallStep) more() (lines []string) {
	for _, l := range b.Looked {
		lines = append(lines, fmt.Sprintf("%s is %s", l.Name, l.Value))
	}
	if b.Fault != "" {
		lines = append(lines, "went wrong: "+b.Fault)
	}
	return lines
}

func (b CallDigit) words() string {
	who := b.By
	if who == "" {
		who = "caller"
	}
	if b.Digit == "" {
		return fmt.Sprintf("the %s pressed a key that is not kept", who)
	}
	return fmt.Sprintf("the %s pressed %s", who, b.Digit)
}

func (b CallData) words() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(b.Data)) {
		parts = append(parts, fmt.Sprintf("%s = %s", name, value(b.Data[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Tags)) {
		parts = append(parts, strings.TrimSuffix(fmt.Sprintf("tagged %s %s", name, b.Tags[name]), " "))
	}
	return "learnt: " + strings.Join(parts, ", ")
}

// longest is how much of a value stands in a line, in characters.
const longest = 100

// value writes a value as it would be written.
func value(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	if all := []rune(string(raw)); len(all) > longest {
		return string(all[:longest]) + "…"
	}
	return string(raw)
}

// words tells an event that has no words of its own above.
func words(e Event) string {
	switch b := e.Body.(type) {
	case CallStarted:
		text := fmt.Sprintf("a call from %s to %s", or(b.From, "somebody who withheld the number"), or(b.To, b.Dialled))
		if b.Trunk != "" {
			text += " by trunk " + b.Trunk
		}
		if len(b.Linked) > 0 {
			text += ", from call " + strings.Join(b.Linked, ", ")
		}
		return fmt.Sprintf("%s; generation %d", text, e.Generation)
	case CallAnswered:
		return or(b.Who, "somebody") + " answered"
	case CallEntered:
		return strings.TrimSpace("came to " + b.Kind + " " + b.Name)
	case CallTransferred:
		return fmt.Sprintf("the %s passed the call on to %s (%s)", b.By, b.To, or(b.Kind, "transfer"))
	case CallHeld:
		return "held by the " + or(b.By, "other side")
	case CallResumed:
		return "resumed by the " + or(b.By, "other side")
	case CallRecorded:
		return "recorded as " + b.Recording
	case CallEnded:
		return fmt.Sprintf("ended as %s: %s %s", b.Outcome, b.Cause.Who, b.Cause.Why)
	}
	return otherWords(e)
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// otherWords tells an event by its fields, in the order of their names.
func otherWords(e Event) string {
	kind := e.Type
	if kind == "" && e.Body != nil {
		kind = e.Body.Type()
	}
	var parts []string
	if e.Queue != "" {
		parts = append(parts, "queue "+e.Queue)
	}
	if e.Agent != "" {
		parts = append(parts, "agent "+e.Agent)
	}
	var fields map[string]any
	if raw, err := e.encodeBody(); err == nil && json.Unmarshal(raw, &fields) == nil {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			parts = append(parts, name+" "+value(fields[name]))
		}
	}
	text := strings.ReplaceAll(string(kind), ".", " ")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text
}
