// Package appliance is the call centre: it wires the rooms, swaps generations
// and runs a call from its first packet to its last.
//
// It owns the generation that is current, the roster of calls in progress and
// the keeping of secrets and generations on disk. It decides nothing about a
// call (that is call's work), reads no packet (sip, media) and knows no
// configuration file but through hcl. Run returns when its context has ended,
// calls have drained, and everything that was told is on disk.
package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"callbox/appliance/acd"
	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/record"
	"callbox/appliance/sip"
	"callbox/appliance/speech"
	"callbox/appliance/store"
	"callbox/appliance/web"
)

// Options are what a box is started with; everything else is configuration
// and can be changed while it runs.
type Options struct {
	Dir     string           // the configuration directory
	Data    string           // the data directory; made when missing
	Watch   bool             // follow changes of the files
	Log     *slog.Logger     // nil: nothing is logged
	Wall    func() time.Time // nil: time.Now
	Version string
	Drain   time.Duration   // how long calls may go on after ctx ended; 0: 30 s
	Reload  <-chan struct{} // each message loads the files again (SIGHUP); may be nil
	Child   []string        // the program and argument that run Lua (see RunLua); nil: this program
	Silence time.Duration   // without any sound from a peer that should send, its call ends; 0: 30 s
	Ready   func(Facts)     // called once, when the box takes calls; may be nil
}

// Facts are what a started box says of itself.
type Facts struct {
	Listen     []string // SIP addresses, as bound
	Web        string   // address of /healthz and /metrics; empty: none
	Generation int
	Took       time.Duration // from Run to the first call that could be taken
}

// Appliance is a running box.
type Appliance struct {
	o       Options
	log     *slog.Logger
	now     func() time.Time
	started time.Time

	db      *store.DB
	journal *journal.Journal
	media   *media.Engine
	sip     *sip.Server
	web     *web.Server
	secrets *Secrets
	kept    *shelf
	kv      *pluginKV
	boxes   *record.Boxes
	floor   *acd.Live
	lamps   lamps
	speech  *speech.Cache
	chores  sync.WaitGroup // what is done beside, until close
	box     *call.Box
	phones  *store.Bucket[[]sip.Binding]

	current  atomic.Pointer[Generation]
	state    atomic.Pointer[configState]
	roster   roster
	tally    tally
	notices  chan sip.Notice
	asks     chan ask
	settled  chan struct{} // closed when no generation can be applied any more
	draining atomic.Bool
	diskless string // why facts are kept in memory only; empty: they are on disk
}

// Run starts a box and blocks until ctx has ended and calls have drained.
func Run(ctx context.Context, o Options) error {
	headroom := make([]byte, headroom)
	defer runtime.KeepAlive(headroom)
	a, err := start(o)
	if err != nil {
		return err
	}
	return a.run(ctx)
}

// headroom is address space that nobody touches, so that it costs no memory.
// The collector counts it: a box whose heap is 10 MiB lets 40 MiB of garbage
// gather before it looks for it, not 10, and spends a fifth of the time on it
// (docs/performance.md).
const headroom = 32 << 20

// start opens everything that can fail, in the order in which it depends on
// each other, and closes it again when a later step fails.
func start(o Options) (_ *Appliance, err error) {
	a := &Appliance{
		o: o, log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), now: o.Wall,
		notices: make(chan sip.Notice, 4096), asks: make(chan ask), settled: make(chan struct{}),
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.started = a.now()
	a.o.Drain = cmp.Or(o.Drain, 30*time.Second)
	if a.o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.o.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w; choose another with --data", err)
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if err := a.openFacts(); err != nil {
		return nil, err
	}
	if a.secrets, err = OpenSecrets(a.o.Data); err != nil {
		return nil, err
	}
	if a.kept, err = openShelf(filepath.Join(a.o.Data, "generations")); err != nil {
		return nil, err
	}
	if a.speech, err = speech.OpenCache(speech.CacheOptions{Folder: filepath.Join(a.o.Data, "speech"), Log: a.log}); err != nil {
		return nil, fmt.Errorf("spoken texts: %w", err)
	}
	if a.media, err = media.New(media.Options{Log: a.log, Silence: o.Silence}); err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	a.lamps = lamps{a: a, on: map[*sip.Subscription]bool{}}
	if err := a.openBoxes(); err != nil {
		return nil, err
	}
	a.sip = sip.New(sip.Options{
		Log: a.log, Now: a.now, OnInvite: a.accept, Notify: a.notice, OnSubscribe: a.lamps.subscribe,
		Bindings: a.registrations(), UserAgent: "callbox",
	})
	a.box = &call.Box{SIP: a.sip, Media: a.media, Journal: a.journal, Lines: &call.Lines{}, Now: a.now, Log: a.log}
	a.web = web.New(a, web.Options{Log: a.log})
	if err := a.firstGeneration(); err != nil {
		return nil, err
	}
	a.startBoxes()
	return a, a.web.ServeUnix(filepath.Join(a.o.Data, "control.sock"))
}

// openFacts opens the store and the journal. A disk that cannot be used does
// not keep the box from switching calls: it says so and keeps facts in memory.
// A second box on the same folder is refused.
func (a *Appliance) openFacts() error {
	db, err := store.Open(store.Options{Dir: filepath.Join(a.o.Data, "store"), Log: a.log})
	switch {
	case errors.Is(err, store.ErrLocked), errors.Is(err, store.ErrNewer):
		return err
	case err != nil:
		a.diskless = err.Error()
		a.log.Error("facts are kept in memory only and will be lost at the next restart", "error", err)
		db = store.Memory()
	}
	a.db = db
	a.phones = store.Declare[[]sip.Binding](db, "reg", store.Rebuilt)
	a.kv = newPluginKV(db, a.now)
	if a.journal, err = journal.Open(db, journal.Options{Now: a.now, Log: a.log}); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	ended, err := a.journal.Recover(context.Background())
	if errors.Is(err, journal.ErrStalled) {
		a.log.Error("the calls of the last run get their CDR when the disk has room again", "error", err)
	} else if err != nil {
		return fmt.Errorf("journal: closing the calls of the last run: %w", err)
	}
	if ended > 0 {
		a.log.Warn("the last run was cut off; its calls have their CDR now", "calls", ended)
	}
	return nil
}

// registrations are what the registrar knew before a restart.
func (a *Appliance) registrations() []sip.Binding {
	var all []sip.Binding
	for e, err := range a.phones.All("", "", false) {
		if err != nil {
			a.log.Error("registrations could not be read", "error", err)
			break
		}
		all = append(all, e.Value...)
	}
	return all
}

// run serves until ctx ends.
func (a *Appliance) run(ctx context.Context) error {
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	reloader := newReloader(a)
	reloaded, noticed := make(chan struct{}), make(chan struct{})
	go func() { defer close(reloaded); defer close(a.settled); reloader.run(stop) }()
	go func() { defer close(noticed); a.keepNotices(stop) }()
	g := a.current.Load()
	facts := Facts{Listen: a.sip.Addrs(), Web: g.Config.Web.Listen, Generation: g.N, Took: a.now().Sub(a.started)}
	a.journal.Append(journal.Event{Time: a.now(), Generation: g.N, Body: journal.SystemStarted{Version: a.o.Version}})
	a.log.Info("callbox takes calls", "version", a.o.Version, "generation", g.N, "listen", facts.Listen, "milliseconds", facts.Took.Milliseconds())
	if a.o.Ready != nil {
		a.o.Ready(facts)
	}
	failed := a.tend(ctx)
	a.drain()
	cancel()
	<-reloaded
	<-noticed
	a.journal.Append(journal.Event{Time: a.now(), Body: journal.SystemStopped{}})
	return errors.Join(failed, a.close())
}

// tendTime is how often the box looks after its disk.
const tendTime = time.Minute

// tend looks after the store until ctx ends. Upkeep waits for a quiet floor. A
// store that failed for good can only be written again by a new process: the
// box ends itself as soon as nobody talks, and its supervisor starts it anew.
func (a *Appliance) tend(ctx context.Context) error {
	tick := time.NewTicker(tendTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if a.roster.count() > 0 {
			continue
		}
		if h := a.db.Health(); h.State == store.Torn {
			return fmt.Errorf("the disk failed (%s): starting again", h.Reason)
		}
		if err := a.db.Tidy(); err != nil {
			a.log.Warn("upkeep of the store", "error", err)
		}
	}
}

// drain refuses new calls, lets the ones in progress finish for a while, then
// ends them with their cause.
func (a *Appliance) drain() {
	a.draining.Store(true)
	a.sip.Refuse(true)
	if n := a.roster.count(); n > 0 {
		a.log.Info("waiting for calls to end", "calls", n, "at_most", a.o.Drain.String())
	}
	if a.roster.wait(a.o.Drain) {
		return
	}
	for _, c := range a.roster.all() {
		c.End(call.BoxStopped)
	}
	a.roster.wait(3 * time.Second)
}

// close gives everything back, the last opened first. It may meet a box that
// was only half started.
func (a *Appliance) close() error {
	var errs []error
	if a.web != nil {
		errs = append(errs, ignoreClosed(a.web.Close()))
	}
	if a.sip != nil {
		errs = append(errs, a.sip.Close())
	}
	if a.media != nil {
		errs = append(errs, a.media.Close())
	}
	if g := a.current.Load(); g != nil {
		errs = append(errs, g.Close())
	}
	if a.boxes != nil {
		errs = append(errs, a.boxes.Close())
	}
	if a.floor != nil {
		a.floor.Close()
	}
	if a.speech != nil {
		a.speech.Close()
	}
	a.chores.Wait()
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
