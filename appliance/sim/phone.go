package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sip"
)

const (
	// waitingCalls is how many incoming calls ring at once; more are told that we are busy.
	waitingCalls = 4
	// maxHosts is how many different hosts one phone calls in its life.
	maxHosts = 16
	// Sound comes in on ports that neither a box's default range nor most systems' outgoing ports use.
	phonePortLow, phonePortHigh = 10000, 15998
	// partTime is what the last messages get to leave when the phone closes.
	partTime = time.Second
	// look is how often a state is looked at that nobody tells of.
	look = 20 * time.Millisecond
	// nameTime is how long the name of a host may take to become an address.
	nameTime = 3 * time.Second
)

// PhoneOptions say who a Phone is and where its box is. The zero value is a phone without a box on a free port of this
// machine.
type PhoneOptions struct {
	Server    string // the box: host or host:port; empty: none, calls go straight to the host of their address
	User      string // account and own number; empty: "phone"
	Name      string // shown to those who are called
	Password  string
	Transport string   // udp, tcp or tls; empty: udp
	Listen    string   // ip:port; empty: a free port on the address that faces Server
	Codecs    []string // preference; empty: pcma, pcmu
	Log       *slog.Logger
}

// Phone is a softphone: it registers, calls and is called. All methods are safe from any goroutine.
type Phone struct {
	o        PhoneOptions
	codecs   []media.Codec
	sip      *sip.Server
	media    *media.Engine
	incoming chan *PhoneCall

	mu     sync.Mutex // guards the fields below
	trunks []sip.Trunk
	calls  map[*PhoneCall]struct{}
	closed bool
	loops  sync.WaitGroup
}

// homeTrunk is the name of the way to the phone's own box.
const homeTrunk = "box"

// NewPhone starts a phone. It neither registers nor calls yet.
func NewPhone(o PhoneOptions) (*Phone, error) {
	o = withDefaults(o)
	switch o.Transport {
	case "udp", "tcp", "tls":
	default:
		return nil, fmt.Errorf("transport %q: choose udp, tcp or tls", o.Transport)
	}
	p := &Phone{
		o:        o,
		codecs:   media.Codecs(o.Codecs),
		incoming: make(chan *PhoneCall, waitingCalls),
		calls:    map[*PhoneCall]struct{}{},
	}
	if len(p.codecs) == 0 {
		return nil, fmt.Errorf("codecs %q: choose from pcma, pcmu", o.Codecs)
	}
	if o.Listen == "" {
		address, err := facing(o.Server)
		if err != nil {
			return nil, err
		}
		p.o.Listen = net.JoinHostPort(address, "0")
	}
	engine, err := media.New(media.Options{PortLow: phonePortLow, PortHigh: phonePortHigh, Workers: 1, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	p.media = engine
	p.sip = sip.New(sip.Options{Log: o.Log, UserAgent: "callbox dial", OnInvite: p.invited})
	// Whoever reaches a phone may ring it. Over the network only the box can, because nobody else knows its port.
	p.trunks = []sip.Trunk{{Name: homeTrunk, Address: p.way(o.Server), Username: o.User, Password: o.Password, Health: -1, AcceptFrom: anywhere}}
	if err := p.settle(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func withDefaults(o PhoneOptions) PhoneOptions {
	if o.User == "" {
		o.User = "phone"
	}
	if o.Transport == "" {
		o.Transport = "udp"
	}
	if len(o.Codecs) == 0 {
		o.Codecs = []string{media.PCMA.Name, media.PCMU.Name}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// way is the address of a peer as signalling wants it; empty for a phone without a box, which is only called.
func (p *Phone) way(host string) string {
	if host == "" {
		return ""
	}
	return p.o.Transport + "://" + host
}

// settle makes the trunks live.
func (p *Phone) settle() error {
	change, err := p.sip.Prepare(sip.Settings{Listen: []string{p.o.Transport + "://" + p.o.Listen}, Trunks: p.trunks})
	if err != nil {
		return fmt.Errorf("signalling: %w", err)
	}
	change.Commit()
	return nil
}

// Addr is host:port at which the phone can be called directly.
func (p *Phone) Addr() string {
	for _, a := range p.sip.Addrs() {
		if t, err := parseTarget(a); err == nil {
			return t.host
		}
	}
	return ""
}

// Register tells the box where this phone is, and keeps it told. It returns when the box has agreed or refused.
func (p *Phone) Register(ctx context.Context) error {
	if p.o.Server == "" {
		return errors.New("register: no box was named")
	}
	p.mu.Lock()
	p.trunks[0].Register = true
	err := p.settle()
	p.mu.Unlock()
	if err != nil {
		return err
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		for _, t := range p.sip.Trunks() {
			switch {
			case t.Name != homeTrunk:
			case !t.Registered.IsZero():
				return nil
			case t.Reason != "":
				return fmt.Errorf("%s does not register %s: %s", p.o.Server, p.o.User, t.Reason)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer to the registration of %s: %w", p.o.Server, p.o.User, context.Cause(ctx))
		}
	}
}

// Call calls a number of the box ("1002"), or an address ("sip:1002@192.168.0.5:5060"). It returns as soon as the call is
// on its way; the call ends when ctx does.
func (p *Phone) Call(ctx context.Context, to string) (*PhoneCall, error) {
	t, err := parseTarget(to)
	if err != nil {
		return nil, err
	}
	trunk, err := p.trunkTo(t)
	if err != nil {
		return nil, err
	}
	c, err := p.newCall(t.user)
	if err != nil {
		return nil, err
	}
	c.dialog, err = p.reach(ctx, sip.DialRequest{
		Events: c.events,
		Trunk:  trunk,
		Number: t.user,
		Force:  true,
		From:   sip.Party{Name: p.o.Name, Number: p.o.User},
		Offer:  func(local netip.Addr) []byte { return c.stream.Offer(local, p.codecs, media.SendRecv) },
	})
	if err != nil {
		c.discard()
		return nil, fmt.Errorf("call %s: %w", to, err)
	}
	c.start(ctx)
	return c, nil
}

// reach dials, and waits a little for the name of a host that is called for the first time.
func (p *Phone) reach(ctx context.Context, r sip.DialRequest) (*sip.Dialog, error) {
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		d, err := p.sip.Dial(r)
		if !errors.Is(err, sip.ErrUnreachable) || p.resolved(r.Trunk) {
			return d, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// resolved is true when signalling knows where a host is.
func (p *Phone) resolved(trunk string) bool {
	for _, t := range p.sip.Trunks() {
		if t.Name == trunk {
			return t.Address != ""
		}
	}
	return true
}

// Wait returns the next call that comes in; it rings until Answer or Reject.
func (p *Phone) Wait(ctx context.Context) (*PhoneCall, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close hangs up what is left and ends the phone.
func (p *Phone) Close() error {
	p.mu.Lock()
	p.closed = true
	calls := make([]*PhoneCall, 0, len(p.calls))
	for c := range p.calls {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		c.Hangup()
	}
	p.loops.Wait()
	p.eventually(func() bool { return p.sip.Counters().Dialogs == 0 })
	p.unregister()
	return errors.Join(p.sip.Close(), p.media.Close())
}

// unregister takes the phone away from the box, so that it rings nobody who is gone.
func (p *Phone) unregister() {
	p.mu.Lock()
	registered := len(p.trunks) > 0 && p.trunks[0].Register
	p.trunks = nil
	p.mu.Unlock()
	if !registered {
		return
	}
	// The box challenges, and then agrees.
	answers := p.sip.Counters().Responses + 2
	if p.settle() == nil {
		p.eventually(func() bool { return p.sip.Counters().Responses >= answers })
	}
}

// eventually waits until something is so, but not for long: a box that is gone must not keep the phone.
func (p *Phone) eventually(so func() bool) {
	end := time.NewTimer(partTime)
	defer end.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-end.C:
			return
		}
	}
}

// trunkTo finds the way to a host, and makes one for a host that is new.
func (p *Phone) trunkTo(t target) (string, error) {
	if t.host == "" || t.host == p.o.Server {
		if p.o.Server == "" {
			return "", fmt.Errorf("call %s: no box was named: write sip:%s@HOST", t.user, t.user)
		}
		return homeTrunk, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, trunk := range p.trunks {
		if trunk.Name == t.host {
			return t.host, nil
		}
	}
	if len(p.trunks) > maxHosts {
		return "", fmt.Errorf("call %s: this phone has called %d hosts already", t.host, maxHosts)
	}
	p.trunks = append(p.trunks, sip.Trunk{Name: t.host, Address: p.way(t.host), Username: p.o.User, Password: p.o.Password, Health: -1})
	return t.host, p.settle()
}
