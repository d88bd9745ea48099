package floor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/ivr"
	"callbox/hcl"
	"callbox/lua"
)

// caller is a call as a plugin sees it: lua.Caller over the call's script.
type caller struct {
	g    *generation
	c    *call.Call
	e    *errand
	left error // where the function sent the call
}

var _ lua.Caller = (*caller)(nil)

// Fields implements lua.Caller.
func (p *caller) Fields() lua.CallFields {
	s := p.g.office.Scope(p.c)
	who := map[string]any{"found": s.Caller.Found, "number": s.Caller.Number}
	if s.Caller.Found {
		for _, record := range p.g.w.services.customers {
			if number, _ := record["number"].(string); number == s.Caller.Number {
				for name, v := range record {
					who[name] = v
				}
			}
		}
	}
	return lua.CallFields{
		ID: s.Call.ID, From: s.Call.From, To: s.Call.To, Trunk: s.Call.Trunk, Language: s.Call.Language,
		Generation: p.c.Plan.Generation, Data: s.Call.Data, Caller: who,
	}
}

// Set implements lua.Caller.
func (p *caller) Set(key string, value any) error {
	if !p.c.Set(map[string]any{key: value}) {
		return errors.New("the call has too much data already")
	}
	return nil
}

// Tag implements lua.Caller.
func (p *caller) Tag(name string) error {
	if !p.c.Tag(name, "") {
		return errors.New("the call has too many tags already")
	}
	return nil
}

// Play implements lua.Caller.
func (p *caller) Play(ctx context.Context, prompt string, values map[string]any) error {
	u, err := p.g.office.Utterance(p.c, prompt, values, hcl.AgentScope{})
	if err != nil {
		return err
	}
	return p.c.Line().Say(ctx, u, true)
}

// Say implements lua.Caller.
func (p *caller) Say(ctx context.Context, text string) error {
	return p.c.Line().Say(ctx, call.Utterance{Text: text, Language: p.c.Language(), Private: true}, true)
}

// Collect implements lua.Caller.
func (p *caller) Collect(ctx context.Context, want lua.Collect) (keys string, ok bool, err error) {
	least, most, err := span2(cmp.Or(want.Digits, "1-20"))
	if err != nil {
		return "", false, err
	}
	for range max(1, cmp.Or(want.Tries, 3)) {
		if want.Prompt != "" {
			if err := p.Play(ctx, want.Prompt, nil); err != nil {
				return "", false, err
			}
		}
		if keys := p.keys(ctx, want, most); len(keys) >= least {
			return keys, true, nil
		}
		if ctx.Err() != nil {
			return "", false, context.Cause(ctx)
		}
	}
	return "", false, nil
}

func (p *caller) keys(ctx context.Context, want lua.Collect, most int) string {
	end := cmp.Or(want.EndKey, "#")
	var keys strings.Builder
	for keys.Len() < most {
		key, ok := p.c.Key(ctx, cmp.Or(want.Timeout, 5*time.Second), want.Secret)
		if !ok || string(key) == end {
			break
		}
		keys.WriteByte(key)
	}
	return keys.String()
}

// span2 reads "4-12" or "6".
func span2(digits string) (least, most int, err error) {
	low, high, ranged := strings.Cut(digits, "-")
	if least, err = strconv.Atoi(low); err == nil {
		most = least
		if ranged {
			most, err = strconv.Atoi(high)
		}
	}
	if err != nil || least < 1 || most < least || most > 64 {
		return 0, 0, fmt.Errorf("digits is %q; it is how many, or the least and the most: \"4-12\"", digits)
	}
	return least, most, nil
}

// Record implements lua.Caller.
func (p *caller) Record(ctx context.Context, want lua.Record) (map[string]any, error) {
	if p.g.office.Record == nil {
		return nil, errors.New("this box has no recordings")
	}
	if want.Beep {
		if err := p.c.Line().Say(ctx, call.Utterance{Phrase: "beep", Language: p.c.Language()}, false); err != nil {
			return nil, err
		}
	}
	id, heard := p.g.office.Record(ctx, p.c, "", call.Recording{Max: cmp.Or(want.Max, 2*time.Minute), Silence: 5 * time.Second, EndKeys: want.EndKey})
	return map[string]any{"id": id, "seconds": heard.Length.Seconds()}, heard.Err
}

// Queue implements lua.Caller.
func (p *caller) Queue(_ context.Context, name string, options map[string]any) error {
	if p.g.cfg.Queues[name] == nil {
		return fmt.Errorf("there is no queue %q", name)
	}
	r := ivr.Request{Queue: name}
	if minutes, ok := options["priority"].(float64); ok {
		r.Priority = &minutes
	}
	if skills, ok := options["skills"].(map[string]any); ok {
		r.Skills = map[string]int{}
		for skill, least := range skills {
			n, _ := least.(float64)
			r.Skills[skill] = int(n)
		}
	}
	if data, ok := options["data"].(map[string]any); ok {
		r.Data = data
		p.c.Set(data)
	}
	return p.leave(p.g.w.desk.queue(p.g, r), "queue."+name)
}

// Transfer implements lua.Caller.
func (p *caller) Transfer(ctx context.Context, destination string) error {
	kind, name, ok := strings.Cut(destination, ".")
	if !ok {
		kind, name = "number", destination
	}
	to := hcl.Destination{Kind: kind, Name: name}
	tried := p.c.Try(ctx, p.g.resolve(to), 25*time.Second)
	if tried.Failed {
		return errors.New(tried.Why.Text)
	}
	return p.leave(tried.Next, destination)
}

// Hangup implements lua.Caller.
func (p *caller) Hangup(context.Context, string) error {
	return p.leave(call.Hangup{Why: call.BoxHungUp}, "hangup")
}

func (p *caller) leave(to call.Stage, where string) error {
	p.left = ivr.Leaving{To: to, Where: where}
	return lua.ErrLeft
}
