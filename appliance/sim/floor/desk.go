package floor

import (
	"callbox/appliance/call"
	"callbox/appliance/ivr"
	"callbox/hcl"
)

// desk is the living queues and agents of a world.
type desk struct{ w *World }

func (d *desk) configure(*hcl.Config)                     {}
func (d *desk) ready(agent string)                        { d.choose(agent, "ready", "", "") }
func (d *desk) choose(agent, status, reason, by string)   {}
func (d *desk) finish(agent string)                       {}
func (d *desk) hold(id string, on bool)                   {}
func (d *desk) phone(extension string, up bool)           {}
func (d *desk) state(agent string) string                 { return "offline" }
func (d *desk) agent(name string) (string, bool)          { return d.state(name), true }
func (d *desk) scope(name string) (hcl.QueueScope, bool)  { return hcl.QueueScope{}, false }
func (d *desk) queued(id string) (string, int)            { return "", 0 }
func (d *desk) queue(*generation, ivr.Request) call.Stage { return call.Refuse{Why: call.BoxLater} }
