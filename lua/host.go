package lua

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options say which plugins there are and what of the box they reach.
type Options struct {
	Plugins []Plugin
	// Child is the argv of the process that runs [Child]: the box's own program ("/proc/self/exe", which an update does not
	// exchange) and the argument by which it knows what it is to be.
	Child    []string
	Wall     func() time.Time // the time that plugins see; nil: the machine's
	Seed     func() int64     // where the chance of one call of a function begins; nil: anywhere
	Log      *slog.Logger     // nil: nowhere
	Services Services
}

// Host runs the plugins of one generation. Its methods may be called from many goroutines.
type Host struct {
	o       Options
	ctx     context.Context
	stop    context.CancelCauseFunc
	running sync.WaitGroup // readers and keepers
	plugins map[string]*plugin
	order   []*plugin
	http    *http.Client
	alone   chan struct{} // places for calls that run in a process for themselves
	stats   stats
	lines   lines

	mu     sync.Mutex // guards what follows
	homes  map[*plugin]*slot
	told   map[string]bool // of what the kernel refused
	closed bool
}

// plugin is a plugin and what is known of it since it was loaded.
type plugin struct {
	Plugin

	mu        sync.Mutex // guards what follows
	functions []string
	err       error // why it does not load any more
	strikes   int   // processes it cost their lives
}

const (
	maxAlone    = 2 // processes for one call each, at once
	maxPlugins  = 1000
	ownAfter    = 2 // strikes after which a plugin gets a process of its own
	maxAttempts = 2 // of a call whose process ended
)

var errHostClosed = errors.New("the plugins of this generation are closed")

// Start starts a process, compiles and loads every plugin in it, and returns when all are ready. Its error joins one [*Error] for
// each plugin that does not load; nothing runs then. ctx bounds the start only.
func Start(ctx context.Context, o Options) (*Host, error) {
	h, err := newHost(o)
	if err != nil || len(h.order) == 0 {
		return h, err
	}
	shared := newSlot(h, h.order)
	for _, p := range h.order {
		h.homes[p] = shared
	}
	first, err := h.startClean(ctx, h.order, (*plugin).setFunctions)
	if err != nil {
		h.Close()
		return nil, err
	}
	shared.set(first, nil)
	if !h.enter() {
		return nil, errHostClosed
	}
	go shared.keep(first)
	return h, nil
}

// startClean starts a process in which all of the plugins load, or none.
func (h *Host) startClean(ctx context.Context, plugins []*plugin, loaded func(*plugin, []string, error)) (*process, error) {
	p, all, err := startProcess(ctx, h, plugins)
	problems := []error{}
	for _, l := range all {
		loaded(l.plugin, l.functions, l.err)
		if l.err != nil && l.err != err {
			problems = append(problems, l.err)
		}
	}
	if err == nil && len(problems) > 0 {
		p.end()
	}
	return p, errors.Join(append(problems, err)...)
}

// enter counts one more goroutine of the host, unless it is closed.
func (h *Host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Add(1)
	return true
}

func newHost(o Options) (*Host, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Seed == nil {
		o.Seed = rand.Int64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	h := &Host{o: o, plugins: map[string]*plugin{}, homes: map[*plugin]*slot{}, told: map[string]bool{}, alone: make(chan struct{}, maxAlone)}
	h.ctx, h.stop = context.WithCancelCause(context.Background())
	h.stats.start()
	if h.http = newClient(); o.Services.HTTP == nil {
		h.o.Services.HTTP = h.request
	}
	if len(o.Plugins) > maxPlugins {
		return nil, fmt.Errorf("%d plugins, %d at most", len(o.Plugins), maxPlugins)
	}
	if len(o.Plugins) > 0 && len(o.Child) == 0 {
		return nil, errors.New("nobody said which program runs plugins")
	}
	var problems []error
	for _, given := range o.Plugins {
		p := &plugin{Plugin: given.withDefaults()}
		if problem := p.check(); problem != nil {
			problems = append(problems, problem)
		} else if h.plugins[p.Name] != nil {
			problems = append(problems, &Error{Plugin: p.Name, Kind: KindError, Text: "there are two plugins of that name"})
		}
		h.plugins[p.Name], h.order = p, append(h.order, p)
	}
	return h, errors.Join(problems...)
}

// Close ends the processes. Calls in flight fail. It returns when nothing of the host runs any more.
func (h *Host) Close() error {
	h.stop(errHostClosed)
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.running.Wait()
	h.http.CloseIdleConnections()
	return nil
}

// Has says whether the plugin has a function of that name.
func (h *Host) Has(plugin, function string) bool {
	return slices.Contains(h.Functions(plugin), function)
}

// Functions are the names of the plugin's functions, in the order of its source; nil when there is no such plugin.
func (h *Host) Functions(plugin string) []string {
	p := h.plugins[plugin]
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.functions)
}

func (p *plugin) setFunctions(names []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err = err; err == nil {
		p.functions = names
	}
}

// Run calls a function as the step run does: function(call, args). It returns the table that the function returned, {"value": …}
// for anything else, and an empty map for nothing. The function's time is its plugin's limit, or timeout if that is shorter and not
// zero; what the caller takes to listen and press is not counted. The error is an [*Error]; [ErrLeft] when the call has gone elsewhere; the
// cause of ctx when that ended.
func (h *Host) Run(ctx context.Context, plugin, function string, c Caller, args map[string]any, timeout time.Duration) (map[string]any, error) {
	if args == nil {
		args = map[string]any{}
	}
	values, err := h.invoke(ctx, plugin, function, phaseRun, c, timeout, args)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 || values[0] == nil {
		return map[string]any{}, nil
	}
	result := plain(values[0])
	if m, ok := result.(map[string]any); ok {
		return m, nil
	}
	return map[string]any{"value": result}, nil
}

// invoke calls a function, again if its process ended by another's fault.
func (h *Host) invoke(ctx context.Context, name, function string, when phase, c Caller, timeout time.Duration, args ...any) ([]any, error) {
	p := h.plugins[name]
	if p == nil {
		return nil, &Error{Plugin: name, Function: function, Kind: KindError, Text: "there is no such plugin"}
	}
	limit := p.Limits.Time
	if timeout > 0 {
		limit = min(limit, timeout)
	}
	call := &invocation{plugin: p, function: function, phase: when, caller: c, args: args, limit: limit}
	if c != nil {
		call.fields = fieldsOf(c)
	}
	done := h.stats.begin(name, function)
	values, err := h.try(ctx, call)
	done(err)
	return values, err
}

func (h *Host) try(ctx context.Context, c *invocation) ([]any, error) {
	alone := false
	for attempt := 1; ; attempt++ {
		values, f, err := h.attempt(ctx, c, alone)
		if !errors.Is(err, errProcessGone) || f == nil {
			return values, err
		}
		if h.ctx.Err() != nil {
			return nil, f.fail(KindCrashed, errHostClosed.Error())
		}
		what, failed := f.fate()
		if what == fateFails || attempt == maxAttempts {
			return nil, failed
		}
		alone = what == fateAlone
	}
}

// attempt makes the call once, in the plugin's process or in one for this call alone.
func (h *Host) attempt(ctx context.Context, c *invocation, alone bool) ([]any, *flight, error) {
	var p *process
	var err error
	if alone {
		var leave func()
		if p, leave, err = h.lonely(ctx, c); err == nil {
			defer leave()
		}
	} else {
		p, err = h.home(ctx, c)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := p.open(c)
	if err != nil {
		return nil, nil, err
	}
	values, err := f.fly(ctx)
	return values, f, err
}

// home is the plugin's process; it is waited for no longer than the call may take.
func (h *Host) home(ctx context.Context, c *invocation) (*process, error) {
	h.mu.Lock()
	s := h.homes[c.plugin]
	h.mu.Unlock()
	failed := func(kind, text string) error {
		return &Error{Plugin: c.plugin.Name, Function: c.function, Kind: kind, Text: text}
	}
	c.plugin.mu.Lock()
	err := c.plugin.err
	c.plugin.mu.Unlock()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, max(c.limit, time.Second), errStarting)
	defer cancel()
	p, err := s.process(limited)
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, failed(KindCrashed, err.Error())
}

var errStarting = errors.New("its process is still being started")

// lonely starts a process for one call.
func (h *Host) lonely(ctx context.Context, c *invocation) (*process, func(), error) {
	select {
	case h.alone <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-h.ctx.Done():
		return nil, nil, errHostClosed
	}
	leave := func() { <-h.alone }
	p, err := h.startClean(ctx, []*plugin{c.plugin}, func(*plugin, []string, error) {})
	if err != nil {
		leave()
		return nil, nil, err
	}
	return p, func() { p.end(); leave() }, nil
}

// strike counts a process that a plugin has cost its life. The second gives it a process of its own.
func (h *Host) strike(p *plugin) {
	p.mu.Lock()
	p.strikes++
	n := p.strikes
	p.mu.Unlock()
	h.o.Log.Warn("a plugin cost a process its life", "plugin", p.Name, "times", n)
	if n != ownAfter || len(h.order) == 1 || h.ctx.Err() != nil {
		return
	}
	if !h.enter() {
		return
	}
	own := newSlot(h, []*plugin{p})
	h.mu.Lock()
	h.homes[p] = own
	h.mu.Unlock()
	h.o.Log.Warn("a plugin gets a process of its own, so that the others are safe from it", "plugin", p.Name)
	go own.keep(nil)
}

// degraded tells the operator once what the kernel could not take from the processes of plugins.
func (h *Host) degraded(what string) {
	h.mu.Lock()
	known := h.told[what]
	h.told[what] = true
	h.mu.Unlock()
	if !known {
		h.o.Log.Warn("plugins are less confined than they should be", "missing", what)
	}
}

// fieldsOf are the fields of a call as they travel.
func fieldsOf(c Caller) map[string]any {
	f := c.Fields()
	if f.Data == nil {
		f.Data = map[string]any{}
	}
	if f.Caller == nil {
		f.Caller = map[string]any{"found": false}
	}
	return map[string]any{"id": f.ID, "from": f.From, "to": f.To, "trunk": f.Trunk, "language": f.Language, "generation": f.Generation,
		"data": f.Data, "caller": f.Caller}
}
