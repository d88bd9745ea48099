package floor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"callbox/appliance"
	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/record"
	"callbox/appliance/store"
	"callbox/hcl"
	"callbox/lua"
)

// builder makes generations as the appliance does, with edges that lead to the world of the test whose turn it is. So a
// configuration is built once for all tests that begin with it: its flows, and the processes of its plugins.
type builder struct {
	load   func(files map[string][]byte) (*hcl.Config, hcl.Diagnostics)
	child  []string // argv of the process that runs plugins
	zone   *time.Location
	sounds sounds
	world  *World
	built  map[string]*appliance.Generation // by number and files
}

// generation is a configuration made runnable, in a world.
type generation struct {
	*appliance.Generation
	w     *World
	hears []*hearer
}

// apply makes a configuration the current one. Nothing has changed when it fails.
func (w *World) apply(cfg *hcl.Config) error {
	n := len(w.all) + 1
	built, err := w.builder.build(n, cfg)
	if err != nil {
		return err
	}
	var changes []string
	if w.current != nil {
		for line := range strings.Lines(hcl.Diff(w.cfg, cfg).String()) {
			changes = append(changes, strings.TrimSpace(line))
		}
	}
	g := &generation{Generation: built, w: w}
	g.listen()
	w.cfg, w.current, w.all = cfg, g, append(w.all, g)
	limits := map[string]int{}
	for name, t := range cfg.Trunks {
		limits[name] = t.Channels
	}
	w.box.Lines.SetLimits(limits)
	w.desk.configure(cfg)
	if w.boxes != nil {
		w.boxes.Apply(cfg)
	}
	if n == 1 {
		return nil
	}
	return w.books.Append(journal.Event{Time: w.now, Generation: n, Body: journal.ConfigApplied{Hash: cfg.Hash, By: "test", Changes: changes}})
}

// build makes a configuration runnable, once.
func (b *builder) build(n int, cfg *hcl.Config) (*appliance.Generation, error) {
	key := fmt.Sprint(n, " ", cfg.Hash)
	if g := b.built[key]; g != nil && g.Config.Hash == cfg.Hash {
		return g, nil
	}
	g, err := appliance.Furnish(context.Background(), n, cfg, b.furniture())
	if err != nil {
		return nil, err
	}
	if b.built == nil {
		b.built = map[string]*appliance.Generation{}
	}
	b.built[key] = g
	return g, nil
}

// close ends the plugins' processes.
func (b *builder) close() error {
	var all []error
	for _, key := range sorted(b.built) {
		all = append(all, b.built[key].Close())
	}
	return errors.Join(all...)
}

// furniture is what stands around the flows of a generation: queues, boxes, customers and services of the world whose turn it is.
func (b *builder) furniture() appliance.Furniture {
	return appliance.Furniture{
		Log: slog.New(faults{b}),
		Lua: lua.Options{
			Child: b.child, Services: b.services(),
			Wall: b.wall, Seed: b.seed,
		},
		Errand: func(ctx context.Context, c *call.Call, limit time.Duration) (context.Context, func(error) error) {
			return b.world.errand(ctx, c, limit)
		},
		Queue:  func(name string) (hcl.QueueScope, bool) { return b.world.desk.scope(name) },
		Agent:  func(name string) (string, bool) { return b.world.desk.Agent(name) },
		Caller: func(number string) hcl.CallerScope { return b.world.services.caller(number) },
		Floor:  turn{b},
		Choose: func(agent string, status acd.Status, reason string) error {
			return b.world.desk.choose(agent, status, reason, "")
		},
		Kept:  func(c *call.Call) uint64 { return b.world.desk.backs[c.ID] },
		Boxes: func() *record.Boxes { return b.world.mailboxes() },
		Callback: func(c *call.Call, queue, number string, at time.Time) error {
			return b.world.desk.promise(c, queue, number, at)
		},
		Record: func(ctx context.Context, c *call.Call, _ string, r call.Recording) (string, call.Recorded) {
			return b.world.record(ctx, c, r)
		},
	}
}

// wall is the time that plugins see: while they load before the first test, none in particular.
func (b *builder) wall() time.Time {
	if b.world == nil {
		return time.Unix(0, 0)
	}
	return b.world.now
}

func (b *builder) seed() int64 {
	if b.world == nil {
		return 0
	}
	return int64(b.world.chance.Uint64() >> 1)
}

// turn is the floor of the world whose turn it is.
type turn struct{ b *builder }

// Join implements acd.Owner.
func (t turn) Join(in acd.Enter, post func(any) bool) { t.b.world.desk.Join(in, post) }

// Tell implements acd.Owner.
func (t turn) Tell(in acd.Input) { t.b.world.desk.Tell(in) }

// mailboxes are the voicemail boxes of the test, empty when it begins.
func (w *World) mailboxes() *record.Boxes {
	if w.boxes != nil {
		return w.boxes
	}
	boxes, err := record.Open(record.Options{DB: store.Memory(), Facts: w.books, Now: w.clock, Log: w.box.Log})
	if err != nil { // memory does not fail
		panic(err)
	}
	boxes.Apply(w.cfg)
	w.boxes = boxes
	return boxes
}

// record keeps what a caller says as a recording of the call.
func (w *World) record(ctx context.Context, c *call.Call, r call.Recording) (id string, heard call.Recorded) {
	id = w.id()
	heard = c.Line().Record(ctx, r)
	if heard.Err == nil {
		c.Tell(journal.CallRecorded{Recording: id})
	}
	return id, heard
}

// services send plugins' questions to the test whose turn it is.
func (b *builder) services() lua.Services {
	return lua.Services{
		HTTP: func(ctx context.Context, plugin string, r lua.HTTPRequest) (lua.HTTPResponse, error) {
			return b.world.services.http(ctx, plugin, r)
		},
		KV: present{b}, CRM: presentCRM{b}, Tickets: presentTickets{b},
		Queues: func(name string) (map[string]any, bool) { return b.world.services.queue(name) },
		SMS:    func(ctx context.Context, to, text string) error { return b.world.services.sendSMS(ctx, to, text) },
		Mail: func(ctx context.Context, m lua.Mail) error {
			b.world.services.sendMail(errandOf(ctx).line(), m.To, m.Subject, m.Text)
			return nil
		},
	}
}
