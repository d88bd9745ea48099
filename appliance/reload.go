package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"callbox/appliance/journal"
	"callbox/appliance/web"
	"callbox/hcl"
)

// configState is how the files on disk stand to what runs.
type configState struct {
	broken bool   // the files have errors; the generation that runs is an older one
	held   bool   // an older generation was asked for by rollback or apply; the files wait until they change
	text   string // the diagnostics, as validate prints them
	json   []byte
	later  []string // what the configuration asks for and this release does not run yet
}

// ask is a request to the reload loop, the one place where generations change.
type ask struct {
	do   func()
	done chan struct{}
}

// inReload runs f in the reload loop and waits for it.
func (a *Appliance) inReload(ctx context.Context, f func()) error {
	q := ask{do: f, done: make(chan struct{})}
	select {
	case a.asks <- q:
	case <-ctx.Done():
		return web.ErrBusy
	case <-a.settled:
		return web.ErrBusy
	}
	<-q.done
	return nil
}

// loadDir reads the configuration directory. The path is resolved first, so
// that a symbolic link that is switched meanwhile gives one tree or the other.
func (a *Appliance) loadDir() (*hcl.Config, hcl.Diagnostics, error) {
	dir, err := filepath.EvalSymlinks(a.o.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("configuration directory: %w", err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil, fmt.Errorf("configuration directory %s is not a directory", a.o.Dir)
	}
	cfg, diags := a.load(os.DirFS(dir))
	return cfg, diags, nil
}

func (a *Appliance) load(files fs.FS) (*hcl.Config, hcl.Diagnostics) {
	return hcl.Load(files, hcl.LoadOptions{Secret: a.secrets.Lookup, Env: os.LookupEnv})
}

// filesOf makes kept or sent files loadable.
func filesOf(files map[string][]byte) fs.FS {
	m := fstest.MapFS{}
	for path, data := range files {
		m[path] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return m
}

// firstGeneration starts the configuration of the directory or, when that is
// broken, the last generation that ran. Only a box that never ran refuses to
// start.
func (a *Appliance) firstGeneration() error {
	cfg, diags, err := a.loadDir()
	if err == nil && !diags.HasErrors() {
		if held, ok := a.kept.heldFor(cfg.Hash); ok {
			a.state.Store(&configState{held: true})
			return a.startKept(held)
		}
		a.state.Store(&configState{})
		if err = a.swap(cfg, "start", false); err == nil {
			return nil
		}
	}
	last, ok := a.kept.last()
	if !ok {
		if diags.HasErrors() {
			return &ConfigError{Diagnostics: diags}
		}
		return err
	}
	st := &configState{broken: true, text: diagText(diags), json: diagJSON(diags)}
	if err != nil {
		st.text = err.Error()
	}
	a.state.Store(st)
	a.log.Error("THE CONFIGURATION CANNOT BE USED; the last good generation runs instead. Repair the files: they are taken as soon as they are right",
		"directory", a.o.Dir, "generation", last, "problem", firstLine(st.text))
	a.refusedFact("start", "", st.text)
	return a.startKept(last)
}

// startKept runs a generation from the shelf.
func (a *Appliance) startKept(n int) error {
	k, err := a.kept.get(n)
	if err != nil {
		return err
	}
	cfg, diags := a.load(filesOf(k.Files))
	if diags.HasErrors() {
		return fmt.Errorf("generation %d, which ran before, does not load any more: %w", n, &ConfigError{Diagnostics: diags})
	}
	return a.swap(cfg, k.Who, false)
}

// ConfigError is a configuration that cannot be started because of its errors.
type ConfigError struct{ Diagnostics hcl.Diagnostics }

func (e *ConfigError) Error() string { return diagText(e.Diagnostics) }

// reloadFiles loads the directory again; who says why. Unchanged files change
// nothing unless force is set (a secret has changed under them).
func (a *Appliance) reloadFiles(who string, force bool) (web.ApplyResult, error) {
	cfg, diags, err := a.loadDir()
	if err != nil {
		a.refuse(who, "", err.Error(), nil)
		return web.ApplyResult{}, err
	}
	if diags.HasErrors() {
		a.refuse(who, "", diagText(diags), diagJSON(diags))
		return web.ApplyResult{Plan: a.planOf(nil, diags)}, nil
	}
	current := a.current.Load()
	if n, ok := a.kept.heldFor(cfg.Hash); ok { // a rollback holds until the files change
		if force {
			err = a.startKept(n)
		}
		return web.ApplyResult{Generation: a.current.Load().N, Plan: a.planOf(cfg, diags)}, err
	}
	if cfg.Hash == current.Config.Hash && !force {
		if a.state.Load().broken {
			a.log.Info("the files are again those of the running generation", "generation", current.N)
		}
		a.settle(cfg, diags)
		return web.ApplyResult{Generation: current.N, Plan: a.planOf(cfg, diags)}, nil
	}
	plan := a.planOf(cfg, diags)
	if err := a.swap(cfg, who, true); err != nil {
		a.refuse(who, cfg.Hash, err.Error(), nil)
		return web.ApplyResult{Plan: plan}, err
	}
	a.kept.release()
	a.settle(cfg, diags)
	return web.ApplyResult{Applied: true, Generation: a.current.Load().N, Plan: plan}, nil
}

// settle says that files and box agree.
func (a *Appliance) settle(cfg *hcl.Config, diags hcl.Diagnostics) {
	a.state.Store(&configState{text: diagText(diags), later: later(cfg)})
}

// applyFiles makes sent or kept files the running generation and holds it
// against the directory until the files there change.
func (a *Appliance) applyFiles(files map[string][]byte, who string) (web.ApplyResult, error) {
	cfg, diags := a.load(filesOf(files))
	plan := a.planOf(cfg, diags)
	if diags.HasErrors() {
		a.refusedFact(who, "", diagText(diags))
		return web.ApplyResult{Generation: a.current.Load().N, Plan: plan}, nil
	}
	if cfg.Hash != a.current.Load().Config.Hash {
		if err := a.swap(cfg, who, true); err != nil {
			a.refusedFact(who, cfg.Hash, err.Error())
			return web.ApplyResult{Plan: plan}, err
		}
	}
	st := &configState{later: later(cfg)}
	onDisk, diskDiags, err := a.loadDir()
	switch {
	case err != nil, diskDiags.HasErrors():
		st.broken, st.text, st.json = true, diagText(diskDiags), diagJSON(diskDiags)
	case onDisk.Hash != cfg.Hash:
		st.held = true
		if err := a.kept.hold(onDisk.Hash, a.current.Load().N); err != nil {
			return web.ApplyResult{}, err
		}
	default:
		a.kept.release()
	}
	a.state.Store(st)
	return web.ApplyResult{Applied: true, Generation: a.current.Load().N, Plan: plan}, nil
}

// swap is load's other half: build, verify, keep, swap. All that can fail
// happens before the first effect; after it nothing can.
func (a *Appliance) swap(cfg *hcl.Config, who string, changed bool) error {
	old := a.current.Load()
	n, reused := a.kept.number(cfg.Hash)
	if changed {
		n, reused = a.kept.next(), false
	}
	g, err := build(context.Background(), n, cfg, a.speech, old, a.furniture())
	if err != nil {
		return err
	}
	defer func() {
		if a.current.Load() != g {
			_ = g.Close()
		}
	}()
	if old == nil {
		a.chores.Go(g.voice.prepare) // a box that starts takes calls first
	} else {
		g.voice.prepare()
	}
	settings, err := a.signalling(cfg)
	if err != nil {
		return err
	}
	tlsFiles, err := webTLS(cfg)
	if err != nil {
		return err
	}
	signals, err := a.sip.Prepare(settings)
	if err != nil {
		return err
	}
	page, err := a.web.Prepare(cfg.Web.Listen, tlsFiles)
	if err != nil {
		signals.Abort()
		return err
	}
	g.Applied, g.Who = a.now(), who
	if old != nil {
		g.Plan = hcl.Diff(old.Config, cfg)
	}
	if !reused {
		if err := a.kept.put(g); err != nil {
			signals.Abort()
			page.Abort()
			return fmt.Errorf("generation %d could not be kept: %w", n, err)
		}
	}
	a.box.Lines.SetLimits(channels(cfg))
	a.media.SetPorts(cfg.Media.PortLow, cfg.Media.PortHigh)
	a.current.Store(g) // the one step that new calls see
	if old != nil {
		old.retire()
	}
	a.boxes.Apply(cfg)
	if a.floor == nil {
		a.startFloor(cfg)
	} else {
		a.floor.Apply(cfg)
	}
	a.voices(g)
	signals.Commit()
	page.Commit()
	a.tally.reload(true)
	a.appliedFact(g)
	return nil
}

// appliedFact tells the journal and the log the same plan.
func (a *Appliance) appliedFact(g *Generation) {
	var lines []string
	for line := range strings.Lines(g.Plan.String()) {
		line = strings.TrimSpace(line)
		lines = append(lines, line)
		a.log.Info("configuration change", "generation", g.N, "change", line)
	}
	for _, w := range later(g.Config) {
		a.log.Warn(w)
	}
	a.log.Info("configuration applied", "generation", g.N, "hash", g.Config.Hash, "by", g.Who)
	fact := journal.Event{Time: a.now(), Generation: g.N, Body: journal.ConfigApplied{Hash: g.Config.Hash, By: g.Who, Changes: lines}}
	if err := a.journal.Append(fact); err != nil {
		a.log.Error("fact not kept", "error", err)
	}
}

// refuse keeps the running generation and remembers what is wrong with the
// files.
func (a *Appliance) refuse(who, hash, text string, asJSON []byte) {
	if last := a.state.Load(); last.broken && last.text == text {
		return // said already
	}
	a.state.Store(&configState{broken: true, text: text, json: asJSON})
	a.log.Error("configuration refused; the running generation stays", "generation", a.current.Load().N, "by", who, "problem", firstLine(text))
	a.tally.reload(false)
	a.refusedFact(who, hash, text)
}

func (a *Appliance) refusedFact(who, hash, text string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 50 {
		lines = lines[:50]
	}
	fact := journal.Event{Time: a.now(), Body: journal.ConfigRefused{Hash: hash, By: who, Errors: lines}}
	if err := a.journal.Append(fact); err != nil && !errors.Is(err, journal.ErrClosed) {
		a.log.Error("fact not kept", "error", err)
	}
}
