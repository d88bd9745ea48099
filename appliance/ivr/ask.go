package ivr

import (
	"context"

	"callbox/appliance/call"
	"callbox/hcl"
)

// Ask asks for digits as the step collect does, for somebody who is not in a
// flow: a plugin, a mailbox. False: the caller entered nothing that fits, in all
// tries. A prompt that cannot be said is an error, and nothing was asked.
func (o *Office) Ask(ctx context.Context, c *call.Call, do *hcl.Collect) (keys string, ok bool, err error) {
	w := &walk{office: o, ctx: ctx, c: c}
	e := entryOf(do)
	for range do.Tries {
		if do.Prompt != "" {
			u, err := o.Utterance(c, do.Prompt, nil, hcl.AgentScope{})
			if err == nil {
				err = c.Line().Say(ctx, u, true)
			}
			if err != nil {
				return "", false, err
			}
		}
		keyed, v := w.enterKeys(e, do)
		switch {
		case ctx.Err() != nil:
			return "", false, context.Cause(ctx)
		case v == good:
			return keyed, true, nil
		case v == wrong:
			w.letGo(do.Secret)
		}
	}
	return "", false, nil
}
