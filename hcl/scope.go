package hcl

import "time"

// Scope is what live expressions see: plain data that the runtime fills in, and
// functions that are called only for what an expression names, at most once
// each time it is evaluated. Data may hold text, bool, whole and floating
// numbers, nil, time.Time, time.Duration (seconds), and slices and maps with
// text keys of these.
type Scope struct {
	Call   CallScope
	Caller CallerScope
	// Input is what collect and menu steps got, by label; nothing for those that
	// were not reached.
	Input map[string]string
	// Result is what run steps returned, by label; the key "error" of one that
	// failed says why.
	Result map[string]any
	// Now is the time; schedules are computed for it. Expressions see it, and when
	// the call started, in the appliance's time zone.
	Now time.Time
	// Queue gives what is known of a queue of the configuration. Nil: nothing is.
	Queue func(name string) (QueueScope, bool)
	// Agent gives what an agent of the configuration does now: an activity, or a
	// status. Nil: nothing is known.
	Agent func(name string) (state string, known bool)

	// Values are what a step gives to the text of a prompt, already evaluated.
	Values map[string]any
	// Serving is the queue's agent, in the text of a prompt.
	Serving AgentScope
}

// CallScope is the call.
type CallScope struct {
	ID, From, To string
	// Trunk is the name of the trunk the call came by; empty: none, and null in
	// expressions.
	Trunk    string
	Language string
	Started  time.Time
	Data     map[string]any
}

// CallerScope is the customer record that matches the caller's number.
type CallerScope struct {
	Found        bool
	Name, Number string
	Fields       map[string]any
	Tags         []string
}

// QueueScope is a queue now. Negative values are not known, and null in
// expressions.
type QueueScope struct {
	Waiting, Ready, Talking, LoggedIn int
	LongestWait, ExpectedWait         time.Duration
	// ServiceLevel is the share of calls answered in time, 0 to 1.
	ServiceLevel float64
}

// AgentScope is the agent who serves the caller.
type AgentScope struct{ Name, Number string }

// Looked is one thing that an expression looked at.
type Looked struct {
	// Name as it is written: result.policy.found.
	Name string
	// Value it had, as Live.Value returns values; a Secret for what a collect
	// with secret = true got.
	Value any
}

// look gives the value of one name. Nil: it is not there.
func (s *Scope) look(n liveName, c *compiled) any {
	part := func(i int) string {
		if i < len(n.path) {
			if name, ok := n.path[i].(string); ok {
				return name
			}
		}
		return ""
	}
	switch root := part(0); {
	case n.given:
		return along(s.Values[root], n.path[1:])
	case root == "now":
		return s.Now.In(c.settings.zone).Format(time.RFC3339)
	case root == "call":
		return along(s.callPart(part(1), c.settings.zone), n.path[2:])
	case root == "caller":
		return along(s.callerPart(part(1)), n.path[2:])
	case root == "input":
		if v, ok := s.Input[part(1)]; ok {
			return v
		}
	case root == "result":
		return along(s.Result[part(1)], n.path[2:])
	case root == "schedule":
		return s.schedulePart(c.settings.schedules[part(1)], part(2))
	case root == "queue" && s.Queue != nil:
		if q, ok := s.Queue(part(1)); ok {
			return q.part(part(2))
		}
	case root == "agent" && len(n.path) == 2:
		return text(map[string]string{"name": s.Serving.Name, "number": s.Serving.Number}[part(1)])
	case root == "agent" && s.Agent != nil:
		if state, ok := s.Agent(part(1)); ok {
			return state
		}
	}
	return nil
}

// text is a text, or nothing when it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Scope) callPart(name string, zone *time.Location) any {
	switch name {
	case "id":
		return s.Call.ID
	case "from":
		return s.Call.From
	case "to":
		return s.Call.To
	case "trunk":
		return text(s.Call.Trunk)
	case "language":
		return s.Call.Language
	case "started":
		return s.Call.Started.In(zone).Format(time.RFC3339)
	case "data":
		return s.Call.Data
	}
	return nil
}

func (s *Scope) callerPart(name string) any {
	switch name {
	case "found":
		return s.Caller.Found
	case "name":
		return text(s.Caller.Name)
	case "number":
		return text(s.Caller.Number)
	case "fields":
		return s.Caller.Fields
	case "tags":
		return s.Caller.Tags
	}
	return nil
}

func (s *Scope) schedulePart(schedule *Schedule, name string) any {
	switch {
	case schedule == nil:
	case name == "open":
		return schedule.IsOpen(s.Now)
	case name == "next_open":
		if at, ok := schedule.NextOpen(s.Now); ok {
			return at.In(schedule.zone()).Format(time.RFC3339)
		}
	}
	return nil
}

func (q QueueScope) part(name string) any {
	v := map[string]float64{
		"waiting": float64(q.Waiting), "longest_wait": q.LongestWait.Seconds(), "expected_wait": q.ExpectedWait.Seconds(), "ready": float64(q.Ready),
		"talking": float64(q.Talking), "logged_in": float64(q.LoggedIn), "service_level": q.ServiceLevel,
	}[name]
	if v < 0 || v != v {
		return nil
	}
	return v
}

// along follows parts through data; what is not there is nil.
func along(v any, path []any) any {
	for _, part := range path {
		switch data := v.(type) {
		case map[string]any:
			name, ok := part.(string)
			if !ok {
				return nil
			}
			v = data[name]
		case map[string]string:
			name, ok := part.(string)
			text, there := data[name]
			if !ok || !there {
				return nil
			}
			v = text
		case []any:
			i, ok := part.(int)
			if !ok || i < 0 || i >= len(data) {
				return nil
			}
			v = data[i]
		case []string:
			i, ok := part.(int)
			if !ok || i < 0 || i >= len(data) {
				return nil
			}
			v = data[i]
		default:
			return nil
		}
	}
	return v
}
