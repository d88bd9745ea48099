package record

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
	"callbox/appliance/store"
	"callbox/hcl"
)

// The office of the tests: a box with everything, one without a PIN that two phones share, an extension's own box.
const office = `
appliance {
  country   = "TW"
  timezone  = "Asia/Taipei"
  languages = ["en", "zh-Hant"]
}
smtp {
  server = "mail.example.com:587"
  from   = "callbox@example.com"
}
trunk "pstn" { address = "sip:192.0.2.1" }
route "national" {
  from            = phones
  number_matching = "^0[2-8][0-9]{7,8}$"
  class           = "national"
  to              = [trunk.pstn]
}
prompt "away" { text = { en = "We are out." } }
voicemail "claims" {
  greeting = prompt.away
  pin      = secret("vm")
  mail_to  = ["claims@example.com"]
  notify   = [extension.1001]
  max      = "1m"
}
voicemail "sales" {
  notify = [extension.1002, extension.1003]
  keep   = "2d"
}
extension "1001" { password = secret("p") }
extension "1002" {
  password = secret("p")
  allow    = ["internal", "national"]
}
extension "1003" {
  name      = "Jun Ho"
  password  = secret("p")
  voicemail = true
}
extension "1004" { password = secret("p") }
`

const pin = "471100"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func configure(t testing.TB, text string) *hcl.Config {
	t.Helper()
	cfg, ds := hcl.Load(fstest.MapFS{"office.hcl": {Data: []byte(text)}}, hcl.LoadOptions{
		Secret: func(name string) (string, bool) {
			if name == "vm" {
				return pin, true
			}
			return "a-long-password-" + name, true
		},
	})
	if cfg == nil {
		t.Fatal(ds)
	}
	return cfg
}

// books are the facts of a test.
type books struct {
	mu      sync.Mutex
	events  []journal.Event
	refuse  error      // what Commit says
	through call.Facts // not nil: a journal that keeps them too
}

func (b *books) Append(e journal.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	return nil
}

func (b *books) Commit(ctx context.Context, events ...journal.Event) error {
	for _, e := range events {
		if _, left := e.Body.(journal.VoicemailLeft); left && b.refuse != nil {
			return b.refuse
		}
		_ = b.Append(e)
	}
	if b.through != nil {
		return b.through.Commit(ctx, events...)
	}
	return nil
}

// left are the facts of messages.
func (b *books) left() (all []journal.VoicemailLeft) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if v, ok := e.Body.(journal.VoicemailLeft); ok {
			all = append(all, v)
		}
	}
	return all
}

// ended is the outcome of the last call.
func (b *books) ended() journal.Outcome {
	for _, e := range slices.Backward(b.events) {
		if v, ok := e.Body.(journal.CallEnded); ok {
			return v.Outcome
		}
	}
	return ""
}

// keys are the keys that the facts show, a dot for each secret one.
func (b *books) keys() (all string) {
	for _, e := range b.events {
		if v, ok := e.Body.(journal.CallDigit); ok {
			all += v.Digit
			if v.Digit == "" {
				all += "."
			}
		}
	}
	return all
}

// world is a box of a test, with a clock that goes when somebody waits.
type world struct {
	t       testing.TB
	cfg     *hcl.Config
	boxes   *Boxes
	books   *books
	log     bytes.Buffer
	now     time.Time
	changes []string
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// newWorld opens boxes in a folder; "": in memory.
func newWorld(t testing.TB, folder string, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, cfg: configure(t, office), books: &books{}, now: start}
	o := Options{
		Folder: folder, DB: store.Memory(), Facts: w.books, Now: func() time.Time { return w.now },
		Log:     logTo(&w.log),
		Changed: func(box string) { w.changes = append(w.changes, box) },
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	w.boxes, err = Open(o)
	must(t, err)
	w.boxes.Apply(w.cfg)
	t.Cleanup(func() { must(t, w.boxes.Close()) })
	return w
}

func logTo(w *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// says is what somebody says into a recording.
type says struct {
	hz   float64
	long time.Duration
	then string // "#" presses it, "hangup", "fail": the sink; else he is silent until that ends it
}

// caller is one call's far end.
type caller struct {
	start   call.Start
	answers map[string][]string // by what is said: what he does, one a time; "hangup" or keys
	speaks  []says
}

// line is the call.Line of a test.
type line struct {
	w      *world
	c      *call.Call
	caller caller
	keys   []byte
	heard  []string
	rung   []call.Target
}

var tones = []float64{440, 700, 1000, 1300, 1700}

// shown is an utterance as tests compare it.
func shown(u call.Utterance) string {
	switch {
	case u.Sound != nil:
		hz, _ := media.DominantTone(u.Sound.PCM(), tones...)
		return fmt.Sprintf("%v Hz", hz)
	case u.Prompt != "":
		return "prompt " + u.Prompt
	}
	s := strings.TrimPrefix(u.Phrase, "voicemail_")
	for _, name := range slices.Sorted(maps.Keys(u.Values)) {
		if at, ok := u.Values[name].(time.Time); ok {
			s += " " + name + "=" + at.Format("15:04")
			continue
		}
		s += fmt.Sprintf(" %s=%v", name, u.Values[name])
	}
	return s
}

func (l *line) Say(ctx context.Context, u call.Utterance, barge bool) error {
	if barge && len(l.keys) > 0 {
		return nil
	}
	said := shown(u)
	l.heard = append(l.heard, said)
	name, _, _ := strings.Cut(said, " ")
	if u.Sound != nil {
		name = "sound"
	}
	if todo := l.caller.answers[name]; len(todo) > 0 {
		l.caller.answers[name] = todo[1:]
		l.act(todo[0])
	}
	if barge && len(l.keys) > 0 {
		return nil
	}
	l.w.now = l.w.now.Add(time.Second)
	return context.Cause(ctx)
}

func (l *line) act(what string) {
	if what == "hangup" {
		l.c.End(call.CallerHungUp)
		return
	}
	l.keys = append(l.keys, what...)
}

func (l *line) Next(ctx context.Context, within time.Duration) call.Happening {
	if len(l.keys) > 0 {
		key := l.keys[0]
		l.keys = l.keys[1:]
		return call.Happening{Kind: call.HappenedKey, Key: key}
	}
	l.w.now = l.w.now.Add(within)
	return call.Happening{}
}

func (l *line) Record(ctx context.Context, r call.Recording) call.Recorded {
	if ctx.Err() != nil {
		return call.Recorded{Why: "hangup"}
	}
	var s says
	if len(l.caller.speaks) > 0 {
		s, l.caller.speaks = l.caller.speaks[0], l.caller.speaks[1:]
	}
	why := "silence"
	if s.long >= r.Max {
		s.long, why, s.then = r.Max, "max", ""
	}
	pcm := media.ToneSound(s.long, s.hz).PCM()
	if s.then == "" && why == "silence" {
		pcm = append(slices.Clone(pcm), make([]int16, int(r.Silence.Seconds()*sampleRate))...)
	}
	for piece := range slices.Chunk(pcm, sampleRate/50) {
		l.w.now = l.w.now.Add(20 * time.Millisecond)
		if err := r.Sink(piece); err != nil {
			return call.Recorded{Why: "failed", Err: err}
		}
	}
	switch s.then {
	case "hangup":
		l.act("hangup")
		return call.Recorded{Length: s.long, Why: "hangup"}
	case "#":
		return call.Recorded{Length: s.long, Why: "key", Key: '#'}
	}
	return call.Recorded{Length: s.long, Why: why}
}

func (l *line) Ring(_ context.Context, to []call.Target, _ time.Duration) call.Attempt {
	l.rung = append(l.rung, to...)
	return call.Attempt{Why: call.CalleeNoAnswer}
}

func (l *line) Answer(context.Context) error                 { return nil }
func (l *line) Music(context.Context, *call.Utterance) error { return nil }
func (l *line) Wait(_ context.Context, d time.Duration)      { l.w.now = l.w.now.Add(d) }
func (l *line) Talk(context.Context)                         {}
func (l *line) Echo(context.Context) error                   { return nil }
func (l *line) TrunkUp(string) bool                          { return true }
func (l *line) Post(any) bool                                { return true }
func (l *line) phrases(names ...string) (n int) {
	for _, said := range l.heard {
		if slices.Contains(names, said) {
			n++
		}
	}
	return n
}

// call lets somebody call and walks from stage to stage.
func (w *world) call(first call.Stage, who caller) *line {
	w.t.Helper()
	l := &line{w: w, caller: who}
	plan := &call.Plan{Generation: 1, Config: w.cfg, Resolve: func(to hcl.Destination) call.Stage { return call.Refuse{Why: call.BoxLater} }}
	box := &call.Box{Journal: w.books, Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
	var err error
	l.c, err = call.On(context.Background(), l, box, plan, who.start)
	must(w.t, err)
	l.c.PickedUp()
	l.c.Serve(first)
	return l
}

// outside is a call from the street.
var outside = call.Start{From: sip.Party{Name: "Mr. Chen", Number: "0912345678"}, Trunk: "pstn", Dialled: "0227001234"}

func phone(number string) call.Start { return call.Start{Account: number, Dialled: "*97"} }

// leave leaves a message and hangs up.
func (w *world) leave(box string, hz float64, long time.Duration) Message {
	w.t.Helper()
	before := len(w.boxes.List(box))
	w.call(Leave{Boxes: w.boxes, Box: box}, caller{start: outside, speaks: []says{{hz, long, "hangup"}}})
	all := w.boxes.List(box)
	if len(all) != before+1 {
		w.t.Fatalf("%d messages after %d, log:\n%s", len(all), before, w.log.String())
	}
	return all[before]
}

// sound reads a message back, as whoever opens it hears it.
func (w *world) sound(id string) *media.Sound {
	w.t.Helper()
	r, err := w.boxes.Open(id)
	must(w.t, err)
	defer r.Close()
	s, err := media.LoadWAV(r)
	must(w.t, err)
	return s
}

// isTone compares a sound with a tone of that length.
func isTone(t testing.TB, s *media.Sound, hz float64, long time.Duration) {
	t.Helper()
	got, share := media.DominantTone(s.PCM()[:min(len(s.PCM()), int(long.Seconds()*sampleRate))], tones...)
	if got != hz || share < 0.9 || s.Duration() < long || s.Duration() > long+tail {
		t.Errorf("%v of %v Hz with %.2f of the energy, want %v of %v Hz", s.Duration(), got, share, long, hz)
	}
}

func heard(t testing.TB, l *line, want ...string) {
	t.Helper()
	if !slices.Equal(l.heard, want) {
		t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(l.heard, "\n  "), strings.Join(want, "\n  "))
	}
}

func logged(t testing.TB, w *world, part string) {
	t.Helper()
	if !strings.Contains(w.log.String(), part) {
		t.Errorf("the operator does not read %q in:\n%s", part, w.log.String())
	}
}
