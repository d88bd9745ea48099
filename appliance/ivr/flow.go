package ivr

import (
	"context"

	"callbox/appliance/call"
)

type flow struct {
	office  *Office
	program *program
	then    call.Stage
}

// Run implements call.Stage.
func (f flow) Run(context.Context, *call.Call) call.Stage { return call.Refuse{Why: call.BoxLater} }
