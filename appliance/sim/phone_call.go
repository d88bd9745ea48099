package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sip"
)

const (
	sampleRate = 8000
	// maxHeard is how much of a call is kept, in samples: ten minutes.
	maxHeard = 600 * sampleRate
	// newsLimit is how many PhoneEvents wait for a reader; more are dropped.
	newsLimit = 64
)

// PhoneResult is how a call went.
type PhoneResult struct {
	Answered   bool          `json:"answered"`
	Code       int           `json:"code"`             // SIP status: 200 when answered, the refusal otherwise, 487 when given up
	Reason     string        `json:"reason,omitempty"` // in the words of whoever ended it
	By         string        `json:"by"`               // us or them
	Duration   time.Duration `json:"-"`                // from answer to end
	Seconds    float64       `json:"seconds"`          // the same
	Codec      string        `json:"codec,omitempty"`
	Digits     string        `json:"digits,omitempty"` // keys that the other pressed
	PacketsIn  uint64        `json:"packets_in"`
	PacketsOut uint64        `json:"packets_out"`
	Lost       uint64        `json:"lost"`
	JitterMS   float64       `json:"jitter_ms"`
	MOS        float64       `json:"mos"` // 0: not known
}

// PhoneEvent is something that happens to a call.
type PhoneEvent struct {
	Kind PhoneEventKind
	Code int    // Ringing: 180 to 183
	Text string // Ringing: the reason phrase; Digit: the key
}

// PhoneEventKind says what a PhoneEvent tells.
type PhoneEventKind int

const (
	PhoneRinging PhoneEventKind = iota
	PhoneEarly                  // sound before the answer
	PhoneAnswered
	PhoneDigit
	PhoneHeld // the other put us on hold
	PhoneResumed
	PhonePlayed
	PhoneEnded
)

// PhoneCall is one call of a Phone. It ends by Hangup, by the other side, or with its context; Done tells.
type PhoneCall struct {
	phone  *Phone
	peer   string
	dialog *sip.Dialog
	stream *media.Stream
	offer  []byte // of an incoming call; nil: we offer

	events   chan sip.Event
	sound    chan media.Event
	news     chan PhoneEvent
	stop     chan struct{}
	stopOnce sync.Once
	answered chan struct{}
	done     chan struct{}
	changed  chan error // outcome of Hold and Resume

	mu     sync.Mutex // guards the fields below
	since  time.Time  // of the answer
	heard  []int16
	early  int // samples of heard that came before the answer
	held   bool
	over   bool // news is closed
	result PhoneResult
}

// newCall opens the sound of a call.
func (p *Phone) newCall(peer string) (*PhoneCall, error) {
	c := &PhoneCall{
		phone:    p,
		peer:     peer,
		events:   make(chan sip.Event, 32),
		sound:    make(chan media.Event, 32),
		news:     make(chan PhoneEvent, newsLimit),
		stop:     make(chan struct{}),
		answered: make(chan struct{}),
		done:     make(chan struct{}),
		changed:  make(chan error, 1),
	}
	var err error
	if c.stream, err = p.media.Open(c.sound); err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.stream.Close()
		return nil, errors.New("the phone is closed")
	}
	p.calls[c] = struct{}{}
	p.loops.Add(1)
	return c, nil
}

// discard gives up a call that never began.
func (c *PhoneCall) discard() {
	c.stream.Close()
	c.phone.mu.Lock()
	delete(c.phone.calls, c)
	c.phone.mu.Unlock()
	close(c.done)
	c.phone.loops.Done()
}

// invited takes an incoming call from signalling.
func (p *Phone) invited(d *sip.Dialog) {
	in := d.Invite()
	c, err := p.newCall(in.From.Number)
	if err != nil {
		d.Reject(480, sip.Reason{})
		return
	}
	c.dialog, c.offer = d, in.Body
	d.Attach(c.events)
	select {
	case p.incoming <- c:
		d.Progress(180, nil)
		c.start(context.Background())
	default:
		d.Reject(486, sip.Reason{Q850: 17})
		c.discard()
	}
}

// Peer is the number of the other side.
func (c *PhoneCall) Peer() string { return c.peer }

// Events tells what happens, from the start; it is closed after PhoneEnded. A reader that lags loses some.
func (c *PhoneCall) Events() <-chan PhoneEvent { return c.news }

// Done is closed when the call has ended; Result is complete then.
func (c *PhoneCall) Done() <-chan struct{} { return c.done }

// Answered waits until the call is answered. It is an error when it ends before that.
func (c *PhoneCall) Answered(ctx context.Context) error {
	select {
	case <-c.answered:
		return nil
	case <-c.done:
		r := c.Result()
		if r.Answered {
			return nil
		}
		return fmt.Errorf("not answered: %d %s", r.Code, r.Reason)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Answer takes an incoming call.
func (c *PhoneCall) Answer() error {
	var body []byte
	var err error
	if len(c.offer) == 0 {
		body = c.stream.Offer(c.dialog.Local(), c.phone.codecs, media.SendRecv)
	} else {
		body, err = c.stream.Answer(c.offer, c.dialog.Local(), c.phone.codecs, media.SendRecv)
	}
	if err != nil {
		c.Reject(488)
		return fmt.Errorf("answer: %w", err)
	}
	c.dialog.Answer(body)
	c.markAnswered()
	return nil
}

// Reject refuses an incoming call with a SIP status, such as 486 for busy or 603 for declined.
func (c *PhoneCall) Reject(code int) {
	c.mu.Lock()
	c.result.Code = code
	c.mu.Unlock()
	c.dialog.Reject(code, sip.Reason{})
	c.stopOnce.Do(func() { close(c.stop) })
}

// Hangup ends the call, whatever its state.
func (c *PhoneCall) Hangup() {
	c.dialog.Hangup(sip.Reason{})
	c.stopOnce.Do(func() { close(c.stop) })
}

// Hold asks the other side to wait; Resume takes it back. Both return when the other side has agreed.
func (c *PhoneCall) Hold(ctx context.Context) error { return c.direct(ctx, media.SendOnly) }

// Resume ends Hold.
func (c *PhoneCall) Resume(ctx context.Context) error { return c.direct(ctx, media.SendRecv) }

func (c *PhoneCall) direct(ctx context.Context, d media.Direction) error {
	c.dialog.Reinvite(c.stream.Offer(c.dialog.Local(), c.phone.codecs, d))
	select {
	case err := <-c.changed:
		return err
	case <-c.done:
		return errors.New("the call has ended")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Press sends keys: digits, * and #.
func (c *PhoneCall) Press(keys string) { c.stream.Send(keys) }

// Play plays a sound to the other side, once or for ever, in place of what plays now.
func (c *PhoneCall) Play(s *media.Sound, loop bool) { c.stream.Play(s, loop) }

// PlayTone plays frequencies together for ever; none: silence, which is still sent.
func (c *PhoneCall) PlayTone(hz ...float64) { c.Play(media.ToneSound(time.Second, hz...), true) }

// PlayWAV plays a WAV file once and tells how long it takes; PhonePlayed follows.
func (c *PhoneCall) PlayWAV(r io.Reader) (time.Duration, error) {
	s, err := media.LoadWAV(r)
	if err != nil {
		return 0, err
	}
	c.Play(s, false)
	return s.Duration(), nil
}

// Heard is what was heard since the answer: 8 kHz, mono, the last ten minutes at most.
func (c *PhoneCall) Heard() []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard[c.early:])
}

// Early is what was heard before the answer.
func (c *PhoneCall) Early() []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard[:c.early])
}

// WriteHeard writes everything that was heard as a WAV file.
func (c *PhoneCall) WriteHeard(w io.Writer) error {
	c.mu.Lock()
	heard := slices.Clone(c.heard)
	c.mu.Unlock()
	return media.WriteWAV(w, heard)
}

// Digits are the keys that the other side has pressed so far.
func (c *PhoneCall) Digits() string { return c.Result().Digits }

// Held is true while the other side has us on hold.
func (c *PhoneCall) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Result is how the call went so far; complete when Done is closed.
func (c *PhoneCall) Result() PhoneResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.result
}
