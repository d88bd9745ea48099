package sip

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// setup is one committed set of Settings with what belongs to it. It never changes; Commit puts another in its place.
type setup struct {
	set        Settings
	accounts   map[string]Account
	trunks     map[string]*trunk
	order      []*trunk          // as in the settings
	byUser     map[string]*trunk // trunks that may authenticate by digest
	listeners  map[string]*listener
	sorted     []*listener // by their place in Settings.Listen
	retired    []*listener // left the settings, dialogs still talk over them
	challenger *challenger
	emergency  map[string]bool
}

// isLocal is true for peers that see our own address instead of the external one.
func (l *setup) isLocal(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	if len(l.set.LocalNetworks) == 0 {
		return a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	return slices.ContainsFunc(l.set.LocalNetworks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// knows reports whether some trunk's traffic comes from that address.
func (l *setup) knows(a netip.Addr) bool {
	return slices.ContainsFunc(l.order, func(t *trunk) bool { return t.owns(a) })
}

// trunkOf is the trunk among those that match whose request r is, nil when none matches. Of several at one carrier it
// is the one whose user is called, or else the first in the settings.
func (l *setup) trunkOf(r *sip.Request, match func(*trunk) bool) *trunk {
	var first *trunk
	for _, t := range l.order {
		if !match(t) {
			continue
		}
		if u := t.set.Username; u != "" && (u == userOf(&r.Recipient) || u == userOf(&r.To().Address)) {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

// Change is a checked set of Settings whose new sockets are open; nothing is live until Commit. Exactly one of Commit
// and Abort must be called.
type Change struct {
	s    *Server
	next *setup
	new  []*listener
	done bool
}

// Prepare checks the settings and opens the sockets that are new in them. It resolves no names. All that is wrong is
// told at once. Until Commit or Abort another Prepare waits.
func (s *Server) Prepare(set Settings) (*Change, error) {
	s.change.Lock()
	c := &Change{s: s}
	err := c.prepare(set)
	if err == nil && s.life.Err() != nil {
		err = ErrClosed
	}
	if err != nil {
		c.Abort()
		return nil, err
	}
	return c, nil
}

func (c *Change) prepare(set Settings) error {
	var errs []error
	now := c.s.live.Load()
	if set.Realm == "" {
		set.Realm = "callbox"
	}
	c.next = &setup{
		set: set, accounts: map[string]Account{}, trunks: map[string]*trunk{}, byUser: map[string]*trunk{},
		listeners: map[string]*listener{}, emergency: map[string]bool{}, challenger: now.challenger,
	}
	if set.Realm != now.set.Realm {
		c.next.challenger = newChallenger(c.s.o.Now, set.Realm)
	}
	for _, n := range set.Emergency {
		c.next.emergency[n] = true
	}
	for _, a := range set.Accounts {
		if _, twice := c.next.accounts[a.Name]; twice || a.Name == "" || a.Password == "" {
			errs = append(errs, fmt.Errorf("account %q: wants a name of its own and a password", a.Name))
		}
		c.next.accounts[a.Name] = a
	}
	for _, t := range set.Trunks {
		errs = append(errs, c.trunk(now, t))
	}
	for _, addr := range set.Listen {
		errs = append(errs, c.listen(now, addr))
	}
	if set.Certificate == nil && slices.ContainsFunc(set.Listen, func(a string) bool { return strings.HasPrefix(a, "tls:") || strings.HasPrefix(a, "wss:") }) {
		_, err := c.s.ownCert()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Change) listen(now *setup, addr string) error {
	if _, twice := c.next.listeners[addr]; twice {
		return fmt.Errorf("listen %q: named twice", addr)
	}
	l := now.listeners[addr]
	if i := slices.IndexFunc(now.retired, func(r *listener) bool { return r.addr == addr && r.udp.users.Load() > 0 }); l == nil && i >= 0 {
		l = now.retired[i] // it left, and comes back while dialogs still hold it
	}
	if l == nil {
		var err error
		if l, err = openListener(addr); err != nil {
			return err
		}
		c.new = append(c.new, l)
		if l.udp != nil {
			c.s.roomy(l.udp)
		}
	}
	c.next.listeners[addr] = l
	c.next.sorted = append(c.next.sorted, l)
	return nil
}

// trunk keeps a trunk that did not change, with its registration and its health.
func (c *Change) trunk(now *setup, set Trunk) error {
	if _, twice := c.next.trunks[set.Name]; twice || set.Name == "" {
		return fmt.Errorf("trunk %q: wants a name of its own", set.Name)
	}
	t := now.trunks[set.Name]
	if t == nil || !t.same(set) {
		var err error
		if t, err = c.s.newTrunk(set); err != nil {
			return err
		}
	}
	c.next.trunks[set.Name] = t
	c.next.order = append(c.next.order, t)
	if set.Username != "" && set.Password != "" {
		if _, taken := c.next.byUser[set.Username]; !taken {
			c.next.byUser[set.Username] = t
		}
	}
	return nil
}

// Commit makes the settings live. It cannot fail.
func (c *Change) Commit() {
	if c.done {
		return
	}
	c.done = true
	s, old := c.s, c.s.live.Load()
	defer s.change.Unlock()
	s.swap.Lock()
	defer s.swap.Unlock()
	if s.life.Err() != nil {
		for _, l := range c.new {
			l.close()
		}
		return
	}
	for _, l := range append(slices.Collect(maps.Values(old.listeners)), old.retired...) {
		switch {
		case c.next.listeners[l.addr] == l:
		case l.tcp != nil:
			l.close()
		default:
			l.udp.retired.Store(true)
			c.next.retired = append(c.next.retired, l)
		}
	}
	c.next.retired = slices.DeleteFunc(c.next.retired, func(l *listener) bool { return l.udp.closeUnused() })
	for _, l := range c.next.listeners {
		if l.udp != nil {
			l.udp.retired.Store(false)
		}
	}
	s.live.Store(c.next)
	for _, l := range c.new {
		s.work.Add(1)
		if l.udp != nil {
			go l.udp.read(s)
		} else {
			go s.accept(l)
		}
	}
	for name, t := range old.trunks {
		if next := c.next.trunks[name]; next != t {
			t.leave(next)
		}
	}
	var prefixes []netip.Prefix
	for name, t := range c.next.trunks {
		prefixes = append(prefixes, t.set.AcceptFrom...)
		if old.trunks[name] != t {
			t.start()
		}
	}
	s.guard.trust(prefixes)
	for name := range old.accounts {
		if _, still := c.next.accounts[name]; !still {
			s.registrar.drop(name)
			s.unsubscribe(name)
			s.o.Notify(Notice{Kind: Expired, Account: name, Reason: "account left the configuration"})
		}
	}
}

// Abort closes what Prepare opened.
func (c *Change) Abort() {
	if c.done {
		return
	}
	c.done = true
	for _, l := range c.new {
		l.close()
	}
	c.s.change.Unlock()
}

// closeRetired closes the UDP sockets that left the settings and that no dialog needs any more.
func (s *Server) closeRetired() {
	for _, l := range s.live.Load().retired {
		l.udp.closeUnused()
	}
}

// certificate is asked at every handshake, so that a new one needs no new socket.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := s.live.Load().set.Certificate; c != nil {
		return c, nil
	}
	return s.ownCert()
}

// peerTLS is for connections that we make. Phones and small carriers have certificates of their own making: one that
// can be verified is asked for by name only when the address names a host.
func (s *Server) peerTLS(name string) *tls.Config {
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
}
