package floor

import (
	"slices"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
)

// agent lets an agent do something.
func (s *script) agent(do *hcl.TestAgent) *failure {
	desk := s.w.desk
	switch do.Action {
	case "answer":
		return s.rung(do, func(r *ringing, p *party) { r.pick(p) })
	case "reject":
		return s.rung(do, func(r *ringing, p *party) { r.fail(p, call.CalleeDeclined) })
	case "hangup":
		return s.talking(do.Agent, func(l *line) {
			s.w.note(l, "agent."+do.Agent+" hangs up")
			l.end(call.CalleeHungUp)
		})
	case "hold":
		return s.talking(do.Agent, func(l *line) { s.w.hold(l, do.Hold) })
	case "transfer":
		return s.talking(do.Agent, func(l *line) {
			s.w.note(l, "agent."+do.Agent+" transfers to "+do.Transfer.String())
			to := do.Transfer
			l.goes = &to
			l.co.wake()
		})
	case "vanish":
		return s.vanish(do.Agent, do.Vanish)
	case "finish":
		desk.Tell(acd.Finish{Agent: do.Agent})
	case "ready":
		return s.chose(desk.choose(do.Agent, acd.Ready, "", ""))
	case "pause":
		return s.chose(desk.choose(do.Agent, acd.Paused, do.Pause, ""))
	case "offline":
		return s.chose(desk.choose(do.Agent, acd.Offline, "", ""))
	}
	return nil
}

// chose is what came of choosing a status.
func (s *script) chose(err error) *failure {
	if err != nil {
		return s.fails([]string{"an agent who can choose that"}, []string{err.Error()})
	}
	return nil
}

// rung waits until an agent's phone rings, then does something about it.
func (s *script) rung(do *hcl.TestAgent, then func(*ringing, *party)) *failure {
	var r *ringing
	var p *party
	found := func() bool {
		for _, l := range s.w.lines {
			if l.ringing == nil || l.ringing.over() || do.On != "" && l.name != do.On {
				continue
			}
			i := slices.IndexFunc(l.ringing.parties, func(p *party) bool { return p.agent == do.Agent && !p.phone.gone })
			if i >= 0 {
				r, p = l.ringing, l.ringing.parties[i]
				return true
			}
		}
		return false
	}
	if s.until(found) {
		then(r, p)
		return nil
	}
	happened := "it does not ring; the agent is " + s.w.desk.shown(do.Agent)
	if l := s.line(); l != nil {
		happened += "; " + l.place()
	}
	return s.fails([]string{"a phone of agent." + do.Agent + " that rings within " + words(patience)}, []string{happened})
}

// talking waits until an agent talks with a caller, then does something about it.
func (s *script) talking(agent string, then func(*line)) *failure {
	if s.until(func() bool { return s.w.talking(agent) != nil }) {
		then(s.w.talking(agent))
		return nil
	}
	return s.fails([]string{"a caller who talks with agent." + agent + " within " + words(patience)}, []string{"the agent is " + s.w.desk.shown(agent)})
}

// busy tells the queues that an agent has a call which comes from none of them, or that it is over.
func (w *World) busy(agent string, l *line, on bool) {
	v, known := w.desk.View(agent)
	switch {
	case !known || v.Call == l.call.ID:
	case on:
		w.desk.Tell(acd.AgentBusy{Agent: agent, Call: l.call.ID})
	default:
		w.desk.Tell(acd.AgentFree{Agent: agent, Call: l.call.ID})
	}
}

// hold puts a caller on hold, or ends that.
func (w *World) hold(l *line, on bool) {
	if l.held == on {
		return
	}
	l.held = on
	if on {
		l.call.Tell(journal.CallHeld{By: "callee"})
		l.music = &call.Utterance{Music: holdMusic(l.call.Plan.Config), Loop: true}
	} else {
		l.call.Tell(journal.CallResumed{By: "callee"})
		l.music = nil
	}
	w.desk.Tell(acd.Hold{Call: l.call.ID, On: on})
}

// holdMusic is what somebody hears who is held: music "hold", or the built-in one.
func holdMusic(cfg *hcl.Config) string {
	if cfg.Musics["hold"] != nil {
		return "hold"
	}
	return ""
}

// vanish takes an agent's phone off the network, or brings it back.
func (s *script) vanish(agent string, gone bool) *failure {
	w := s.w
	a := w.cfg.Agents[agent]
	if a == nil || a.Extension == "" && a.Phone == "" {
		return s.fails([]string{"a phone of agent." + agent}, []string{"the configuration has none by now"})
	}
	p := w.phone(call.Target{Extension: a.Extension, Number: a.Phone})
	p.gone = gone
	what := "loses its network"
	if !gone {
		what = "is back"
	}
	w.note(nil, "the phone of agent."+agent+" "+what)
	if a.Extension != "" {
		w.desk.Tell(acd.Phone{Extension: a.Extension, Up: !gone})
	}
	if l := p.with; gone && l != nil {
		w.after(noSound, func() {
			if p.gone && p.with == l && l.with != nil {
				w.note(l, "nothing is heard of "+l.with.String()+" any more")
				l.lost(call.CalleeSilent)
			}
		})
	}
	return nil
}

// lost parts the caller from a phone that vanished. Whoever came from a queue waits there again; for others the call is over.
func (l *line) lost(why call.Cause) {
	v, _ := l.w.desk.View(l.with.agent)
	if v.Call != l.call.ID {
		l.end(why)
		return
	}
	l.leave()
	l.Post(call.Parted{Why: why})
}

// supervisor lets a supervisor do something.
func (s *script) supervisor(do *hcl.TestSupervisor) *failure {
	by, desk := do.User, s.w.desk
	if by == "" {
		by = "supervisor"
	}
	listens := func(agent, what string) *failure {
		return s.talking(agent, func(l *line) { s.w.note(l, "user."+by+" "+what+" agent."+agent) })
	}
	switch do.Action {
	case "listen":
		return listens(do.Listen, "listens to")
	case "whisper":
		return listens(do.Whisper, "whispers to")
	case "barge":
		return listens(do.Barge, "talks with the caller and")
	case "leave":
		s.w.note(s.line(), "user."+by+" leaves")
	case "ready":
		return s.chose(desk.choose(do.Ready, acd.Ready, "", by))
	case "pause":
		return s.chose(desk.choose(do.Pause, acd.Paused, "", by))
	case "offline":
		return s.chose(desk.choose(do.Offline, acd.Offline, "", by))
	}
	return nil
}

// queued is the queue that a call waits in, and its place there.
func (w *World) queued(l *line) (queue string, position int) {
	if l.call == nil || l.over() {
		return "", 0
	}
	queue, position, _ = w.desk.Where(l.call.ID)
	return queue, position
}
