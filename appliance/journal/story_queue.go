package journal

import (
	"fmt"
	"strings"
	"time"
)

// queueWords tells what happened to a call in a queue; false: it is something else.
func queueWords(e Event) (text string, more []string, ok bool) {
	switch b := e.Body.(type) {
	case QueueEntered:
		text, more = b.words(), needs(b)
	case QueueAnnounced:
		text = b.words()
	case QueueOffered:
		text, more = fmt.Sprintf("offered to %s after %s", strings.Join(b.Agents, ", "), waited(b.WaitSeconds)), b.Explanation.Words()
	case QueueMissed:
		text = fmt.Sprintf("agent %s did not answer within %s", e.Agent, waited(b.RingSeconds))
	case QueueRejected:
		text = fmt.Sprintf("agent %s did not take it: %s", e.Agent, b.Why)
	case QueueAnswered:
		text = fmt.Sprintf("agent %s took it after %s", e.Agent, waited(b.WaitSeconds))
	case QueueAbandoned:
		text = fmt.Sprintf("the caller gave up after %s as number %d", waited(b.WaitSeconds), b.Position)
	case QueueOverflowed:
		text = fmt.Sprintf("went elsewhere after %s: %s", waited(b.WaitSeconds), b.Why)
	case QueueCallback:
		text = b.words()
	default:
		return "", nil, false
	}
	return "queue " + e.Queue + ": " + text, more, true
}

func (b QueueEntered) words() string {
	text := fmt.Sprintf("waits as number %d", b.Position)
	if b.Priority != 0 {
		text += fmt.Sprintf(", with %g minutes of priority", b.Priority)
	}
	switch {
	case b.Again:
		text += "; the agent's phone had vanished"
	case b.Callback:
		text += "; was called back"
	}
	return text
}

// needs is what a call asks for besides its queue.
func needs(b QueueEntered) []string {
	if asks := (Explanation{Skills: b.Skills, Language: b.Language}).needs(); asks != "" {
		return []string{"asks for " + asks}
	}
	return nil
}

func (b QueueAnnounced) words() string {
	text := fmt.Sprintf("was told to be number %d", b.Position)
	if b.ExpectedSeconds != nil {
		text += ", with " + waited(*b.ExpectedSeconds) + " to wait"
	}
	if b.Prompt != "" {
		text += ", and prompt." + b.Prompt
	}
	return text
}

func (b QueueCallback) words() string {
	switch b.State {
	case "", "promised":
		return fmt.Sprintf("asked to be called back on %s, after %s", b.Number, waited(b.WaitSeconds))
	}
	return fmt.Sprintf("calling back %s, try %d: %s", b.Number, b.Try, b.State)
}

// waited is a number of seconds in words.
func waited(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
}
