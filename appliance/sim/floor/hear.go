package floor

import (
	"encoding/json"
	"strings"

	"callbox/appliance/journal"
	"callbox/lua"
)

// hearer tells one plugin what happens: in order, beside the calls.
type hearer struct {
	g      *generation
	plugin string
	co     *coroutine
	queue  []journal.Event
}

// hookName is the function of a plugin that hears of a type of event.
func hookName(t journal.Type) string { return "on_" + strings.ReplaceAll(string(t), ".", "_") }

// listen lets the generation's plugins hear.
func (g *generation) listen() {
	for _, name := range sorted(g.Config.Plugins) {
		g.hears = append(g.hears, &hearer{g: g, plugin: name})
	}
}

// hear tells the plugins of a generation what happened.
func (g *generation) hear(e journal.Event) {
	for _, h := range g.hears {
		if g.w.ctx.Err() != nil || !g.Lua().Has(h.plugin, hookName(e.Type)) {
			continue
		}
		h.queue = append(h.queue, e)
		if h.co == nil {
			h.co = g.w.spawn("plugin "+h.plugin, h.run)
		} else {
			h.co.wake()
		}
	}
}

func (h *hearer) run() {
	w := h.g.w
	for w.ctx.Err() == nil {
		if len(h.queue) == 0 {
			h.co.park(w.ctx, forever)
			continue
		}
		e := h.queue[0]
		h.queue = h.queue[1:]
		h.tell(e)
	}
}

func (h *hearer) tell(e journal.Event) {
	w, limit := h.g.w, usualLimit
	if l := h.g.Config.Plugins[h.plugin].Limits; l != nil {
		limit = l.Time
	}
	ctx, done := w.errandFor(w.ctx, w.calls[e.Call], limit)
	err := done(h.g.Lua().Tell(ctx, h.plugin, lua.Event{Seq: e.Seq, Type: string(e.Type), Fields: w.told(e)}))
	if err != nil && w.ctx.Err() == nil {
		w.note(w.calls[e.Call], "a plugin failed at "+string(e.Type)+": "+err.Error())
	}
}

// told are the fields of an event as plugins hear them. The end of a call tells what the CDR says of it.
func (w *World) told(e journal.Event) map[string]any {
	fields := flat(e)
	if e.Type != journal.TypeCallEnded {
		return fields
	}
	cdr, _ := w.books.cdr(e.Call)
	raw, err := json.Marshal(cdr)
	all := map[string]any{}
	if err != nil || json.Unmarshal(raw, &all) != nil {
		return fields
	}
	for name, v := range all {
		if _, said := fields[name]; !said && name != "id" {
			fields[name] = v
		}
	}
	return fields
}
