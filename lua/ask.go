package lua

import (
	lua "github.com/yuin/gopher-lua"
)

// How the box answers a question.
const (
	answerValues = "values" // what the function returns
	answerFailed = "failed" // nil and the reason
	answerRaised = "raised" // an error at the plugin's line
	answerDenied = "denied" // the same, and the configuration could allow it
	answerLeft   = "left"   // the call has gone elsewhere: the function ends
)

// ask puts a question to the box and waits for its answer.
func (s *state) ask(L *lua.LState, d *declaration, args ...lua.LValue) []lua.LValue {
	e := begin(frameAsk, s.id)
	e.text(d.id())
	for i, arg := range args {
		name := "argument"
		if i < len(d.params) {
			name = d.params[i].name
		}
		if err := e.lua(arg, 0, name); err != nil {
			L.RaiseError("%s: %s", d.spoken(), err.Error())
		}
	}
	if len(e.b) > maxPayload*2 {
		L.RaiseError("%s: more than %d kB at once", d.spoken(), maxPayload*2>>10)
	}
	f := s.wait(L, d, e)
	values, err := s.answer(L, d, &f.body)
	if err != nil {
		L.RaiseError("%s: %s", d.spoken(), err.Error())
	}
	return values
}

// wait lets others compute until the answer is there. The time that a caller takes is not the plugin's.
func (s *state) wait(L *lua.LState, d *declaration, question *encoder) (f frame) {
	if d.waits {
		s.clock.pause()
		defer s.clock.resume()
	}
	s.busy.Store(false)
	s.child.idle()
	s.child.send(question)
	select {
	case f = <-s.answers:
	case <-s.quit:
	}
	s.busy.Store(true)
	s.child.wake()
	s.check(L)
	return f
}

// answer reads the reply: how it went, the time it is now, and values.
func (s *state) answer(L *lua.LState, d *declaration, b *decoder) ([]lua.LValue, error) {
	how, err := b.textValue()
	if err != nil {
		return nil, err
	}
	if s.wall, err = b.wall(s.wall); err != nil {
		return nil, err
	}
	var values []lua.LValue
	for len(b.b) > 0 {
		v, err := b.lua(L, 0)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	s.charge(L, b.nodes)
	reason := ""
	if how != answerValues && len(values) > 0 {
		reason = lua.LVAsString(values[0])
	}
	switch how {
	case answerValues:
		for len(values) < max(1, len(d.returns)) {
			values = append(values, lua.LNil)
		}
		return values, nil
	case answerFailed:
		return []lua.LValue{lua.LNil, lua.LString(reason)}, nil
	case answerLeft:
		s.halt(kindGone, "the call has left")
		s.check(L)
	case answerDenied:
		s.denied = reason
	}
	L.RaiseError("%s", reason)
	return nil, nil
}
