package lua

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// service answers one question of a function. Everything that a child says is checked here again: it may be anybody's by now.
type service struct {
	h      *Host
	plugin *Plugin
	caller Caller
	phase  phase
	ctx    context.Context
}

// reply is what the child gets.
type reply struct {
	how    string
	values []any
}

// errForged is a question that no child of ours asks.
var errForged = errors.New("the process asked what no function asks")

// find names the function a question is about.
func (f *frame) question() (*declaration, []any, error) {
	name, err := f.body.textValue()
	if err != nil {
		return nil, nil, err
	}
	args, err := f.body.rest()
	if err != nil {
		return nil, nil, err
	}
	d := declared[name]
	if d == nil || d.serve == nil || len(args) > len(d.params)+1 {
		return nil, nil, errForged
	}
	for len(args) < len(d.params) {
		args = append(args, nil)
	}
	return d, args, nil
}

// answer checks the phase, the arguments and the grant, and asks the box.
func (s *service) answer(d *declaration, args []any) (r reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.h.o.Log.Error("a plugin's question failed", "plugin", s.plugin.Name, "function", d.spoken(), "panic", p, "stack", string(debug.Stack()))
			r, err = reply{answerRaised, []any{"the box failed to answer; its log says why"}}, nil
		}
	}()
	if s.phase&d.phases == 0 || d.module == "call" && s.caller == nil {
		return reply{answerRaised, []any{fmt.Sprintf("%s: there is no call here", d.spoken())}}, nil
	}
	for i, p := range d.params {
		if !p.holds(args[i]) {
			return reply{}, errForged
		}
	}
	if !s.plugin.Allow.has(d.needs) {
		return s.refuse(d, denial{fmt.Sprintf("plugin %s may not: write %s into its allow block", s.plugin.Name, d.needs.remedy())}), nil
	}
	values, err := d.serve(s, args)
	if err != nil {
		return s.refuse(d, err), nil
	}
	return reply{answerValues, values}, nil
}

// holds says whether an argument is of the type that was declared. Options were checked where the line is known.
func (p param) holds(v any) bool {
	if v == nil {
		return p.optional || p.kind == "any"
	}
	switch v.(type) {
	case string:
		return p.kind == "string" || p.kind == "any" || p.kind == "string|string[]"
	case float64:
		return p.kind == "number" || p.kind == "any"
	case bool:
		return p.kind == "boolean" || p.kind == "any"
	case map[string]any:
		return p.kind != "string" && p.kind != "number" && p.kind != "boolean"
	case []any:
		return p.kind == "any"
	}
	return false
}

// refuse makes a reply of an error: expected failures are values, mistakes are raised.
func (s *service) refuse(d *declaration, err error) reply {
	var mistake misuse
	var not denial
	switch {
	case errors.Is(err, ErrLeft):
		return reply{answerLeft, nil}
	case errors.As(err, &not):
		return reply{answerDenied, []any{d.spoken() + ": " + err.Error()}}
	case errors.As(err, &mistake) || !d.fails:
		return reply{answerRaised, []any{d.spoken() + ": " + err.Error()}}
	}
	return reply{answerFailed, []any{err.Error()}}
}
