package appliance_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// handset is a phone, or a carrier, whose signalling and sound a test can bend: how it encrypts, how it sends keys, what
// it refuses.
type handset struct {
	t        *testing.T
	user     string
	password string
	safe     media.Security
	keys     string                          // how it sends keys: rfc4733, inband or info; only with rfc4733 it agrees on events
	screen   func(offer string) int          // what it refuses a call with; 0: it rings
	bend     func(description string) string // changes what it says of its sound

	sip      *sip.Server
	media    *media.Engine
	settings sip.Settings
	incoming chan *handsetCall
	invites  chan string // the offers that came
}

// handsetCall is one call of it. What it owns is its loop's until ended is closed; infos and heard are behind mu.
type handsetCall struct {
	h        *handset
	dialog   *sip.Dialog
	stream   *media.Stream
	offer    []byte
	events   chan sip.Event
	sound    chan media.Event
	answered chan struct{}
	ended    chan struct{}
	code     int // of a call that was refused

	mu    sync.Mutex
	infos string // keys that came by INFO
	heard string // keys that were heard in the sound
}

func newHandset(t *testing.T, user string, is func(*handset)) *handset {
	t.Helper()
	h := &handset{t: t, user: user, password: passwords[user], keys: "rfc4733", screen: func(string) int { return 0 },
		bend: func(s string) string { return s }, incoming: make(chan *handsetCall, 4), invites: make(chan string, 16)}
	is(h)
	var err error
	if h.media, err = media.New(media.Options{PortLow: 10000, PortHigh: 15998, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	h.sip = sip.New(sip.Options{OnInvite: h.invited})
	h.settings = sip.Settings{Listen: []string{"udp://127.0.0.1:0"}, Trunks: []sip.Trunk{
		{Name: "anyone", AcceptFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Health: -1}}}
	h.settle()
	t.Cleanup(func() { h.sip.Close(); h.media.Close() })
	return h
}

func (h *handset) settle() {
	h.t.Helper()
	change, err := h.sip.Prepare(h.settings)
	if err != nil {
		h.t.Fatal(err)
	}
	change.Commit()
}

// addr is where it can be called.
func (h *handset) addr() string { return strings.TrimPrefix(h.sip.Addrs()[0], "udp://") }

// handset is one that is registered as an extension.
func (o *office) handset(ext string, is func(*handset)) *handset {
	o.t.Helper()
	h := newHandset(o.t, ext, is)
	o.knows(h)
	o.eventually("the handset "+ext+" is registered", func() bool {
		for _, t := range h.sip.Trunks() {
			if t.Name == "box" && !t.Registered.IsZero() {
				return true
			}
		}
		return false
	})
	return h
}

// knows tells a handset where the box is, and has it register if it has a password.
func (o *office) knows(h *handset) {
	h.settings.Trunks = append(h.settings.Trunks, sip.Trunk{Name: "box", Address: "udp://" + o.addr, Username: h.user, Password: h.password,
		Register: h.password != "", Health: -1})
	h.settle()
}

func (h *handset) open() *handsetCall {
	c := &handsetCall{h: h, events: make(chan sip.Event, 64), sound: make(chan media.Event, 64), answered: make(chan struct{}), ended: make(chan struct{})}
	var err error
	if c.stream, err = h.media.Open(c.sound); err != nil {
		h.t.Error(err)
	}
	c.stream.Secure(h.safe)
	if h.keys != "rfc4733" {
		c.stream.Keys(media.KeysInband)
	}
	return c
}

// invited rings, or refuses.
func (h *handset) invited(d *sip.Dialog) {
	h.invites <- string(d.Invite().Body)
	if code := h.screen(string(d.Invite().Body)); code != 0 {
		d.Reject(code, sip.Reason{})
		return
	}
	c := h.open()
	c.dialog, c.offer = d, d.Invite().Body
	d.Attach(c.events)
	d.Progress(180, nil)
	go c.run()
	h.incoming <- c
}

// call places a call to the box.
func (h *handset) call(number string, from sip.Party) *handsetCall {
	h.t.Helper()
	c := h.open()
	d, err := h.sip.Dial(sip.DialRequest{Events: c.events, Trunk: "box", Number: number, Force: true, From: from, Offer: func(local netip.Addr) []byte {
		return []byte(h.bend(string(c.stream.Offer(local, []media.Codec{media.PCMA}, media.SendRecv))))
	}})
	if err != nil {
		h.t.Fatal(err)
	}
	c.dialog = d
	go c.run()
	return c
}

// rings waits for a call that comes in.
func (h *handset) rings() *handsetCall {
	h.t.Helper()
	select {
	case c := <-h.incoming:
		return c
	case <-time.After(patience):
		h.t.Fatal("the handset does not ring")
		return nil
	}
}

// answer takes a call that came in.
func (c *handsetCall) answer() {
	c.h.t.Helper()
	body, err := c.stream.Answer(c.offer, c.dialog.Local(), []media.Codec{media.PCMA}, media.SendRecv)
	if err != nil {
		c.h.t.Fatal(err)
	}
	c.dialog.Answer([]byte(c.h.bend(string(body))))
	close(c.answered)
}

func (c *handsetCall) hangup() { c.dialog.Hangup(sip.Reason{}) }

// run reads what happens until the call is over, or its handset gone.
func (c *handsetCall) run() {
	defer close(c.ended)
	defer c.stream.Close()
	for {
		select {
		case e := <-c.events:
			switch e.Kind {
			case sip.EventAnswered:
				if err := c.stream.Accept(e.Body); err != nil {
					c.h.t.Errorf("the answer: %v", err)
				}
				close(c.answered)
			case sip.EventInfo:
				c.mu.Lock()
				if kind, key := "application/dtmf-relay", strings.TrimPrefix(string(e.Body), "Signal="); e.ContentType == kind && len(key) > 0 {
					c.infos += key[:1]
				}
				c.mu.Unlock()
			case sip.EventBye, sip.EventFailed, sip.EventCancelled, sip.EventNoAck:
				c.code = e.Code
				if e.Reply != nil {
					e.Reply(200, nil)
				}
				return
			}
		case e := <-c.sound:
			if e.Kind == media.EventDigit {
				c.mu.Lock()
				c.heard += string(e.Digit)
				c.mu.Unlock()
			}
		case <-c.h.t.Context().Done():
			return
		}
	}
}

func (c *handsetCall) got() (infos, heard string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.infos, c.heard
}

// press sends keys as the handset does.
func (c *handsetCall) press(keys string) {
	if c.h.keys != "info" {
		c.stream.Send(keys)
		return
	}
	for _, key := range keys {
		c.dialog.Info("application/dtmf-relay", []byte("Signal="+string(key)+"\r\nDuration=160\r\n"))
	}
}

func (o *office) isAnswered(c *handsetCall) {
	o.t.Helper()
	select {
	case <-c.answered:
	case <-c.ended:
		o.t.Fatalf("not answered: %d\n%s", c.code, o.log)
	case <-time.After(patience):
		o.t.Fatalf("not answered\n%s", o.log)
	}
}

func (o *office) isOver(c *handsetCall) int {
	o.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(patience):
		o.t.Fatalf("the call does not end\n%s", o.log)
	}
	return c.code
}

// listens waits until the last half second that comes out of a stream is the tone.
func (o *office) listens(c *handsetCall, hz float64) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var heard []int16
	for frames := c.stream.Capture(); ; {
		select {
		case f := <-frames:
			heard = append(heard, f...)
		case <-ctx.Done():
			o.t.Fatalf("no tone of %.0f Hz is heard\n%s", hz, o.log)
		}
		if n := len(heard); n > 4000 && media.Goertzel(heard[n-4000:], hz) > 0.8 {
			return
		}
	}
}
