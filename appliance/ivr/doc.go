// Package ivr is what the caller hears and presses: flows compiled from the configuration when a generation is
// built. It knows calls and prompts, never queues. Its flows arrive with the IVR release; until then the
// language checks ivr blocks and a route to one is refused at load.
package ivr
