package appliance

import (
	"context"
	"slices"

	"callbox/appliance/acd"
	"callbox/appliance/journal"
	"callbox/appliance/sip"
)

// notice takes what signalling noticed, from any of its goroutines, without
// making it wait.
func (a *Appliance) notice(n sip.Notice) {
	select {
	case a.notices <- n:
	default:
		a.log.Error("too many notices at once; one was not kept", "account", n.Account, "trunk", n.Trunk, "source", n.Source)
	}
}

// keepNotices writes notices down in their order. It is the one writer of
// registrations; what is queued when stop ends is still written.
func (a *Appliance) keepNotices(stop context.Context) {
	for {
		select {
		case n := <-a.notices:
			a.keepNotice(n)
		case <-stop.Done():
			for {
				select {
				case n := <-a.notices:
					a.keepNotice(n)
				default:
					return
				}
			}
		}
	}
}

func (a *Appliance) keepNotice(n sip.Notice) {
	var fact journal.Body
	switch n.Kind {
	case sip.Registered, sip.Expired:
		known := a.keepBindings(n)
		a.floor.Tell(acd.Phone{Extension: n.Account, Up: len(n.Bindings) > 0})
		if fact = a.phoneFact(n, known); fact == nil {
			return
		}
	case sip.TrunkUp:
		a.log.Info("trunk is up", "trunk", n.Trunk)
		fact = journal.TrunkUp{Trunk: n.Trunk}
	case sip.TrunkDown:
		a.log.Warn("trunk is down", "trunk", n.Trunk, "reason", n.Reason)
		fact = journal.TrunkDown{Trunk: n.Trunk, Reason: n.Reason}
	case sip.Blocked:
		a.log.Warn("source is blocked", "source", n.Source, "reason", n.Reason, "until", n.Until)
		fact = journal.SecurityBlocked{Source: n.Source, Reason: n.Reason, Until: journal.At(n.Until)}
	default:
		return
	}
	e := journal.Event{Time: a.now(), Body: fact}
	if g := a.current.Load(); g != nil {
		e.Generation = g.N
	}
	if err := a.journal.Append(e); err != nil {
		a.log.Error("fact not kept", "error", err)
	}
}

// keepBindings stores where a phone is, so that a restart does not silence it.
// It reports whether all of that was known before.
func (a *Appliance) keepBindings(n sip.Notice) (known bool) {
	before, _, err := a.phones.Get(n.Account)
	if err != nil {
		a.log.Error("registration could not be read", "extension", n.Account, "error", err)
	}
	known = !slices.ContainsFunc(n.Bindings, func(b sip.Binding) bool {
		return !slices.ContainsFunc(before, func(old sip.Binding) bool {
			return old.Contact == b.Contact && old.Source == b.Source
		})
	})
	if len(n.Bindings) == 0 {
		err = a.phones.Delete(n.Account)
	} else {
		err = a.phones.Put(n.Account, n.Bindings)
	}
	if err != nil {
		a.log.Error("registration not kept", "extension", n.Account, "error", err)
	}
	return known
}

// phoneFact is nil for a refresh: that a phone is still there is no news.
func (a *Appliance) phoneFact(n sip.Notice, known bool) journal.Body {
	if n.Kind == sip.Expired {
		return journal.ExtensionExpired{Extension: n.Account, Contacts: len(n.Bindings)}
	}
	if len(n.Bindings) == 0 {
		a.log.Info("phone signed off", "extension", n.Account, "source", n.Source)
		return journal.ExtensionExpired{Extension: n.Account}
	}
	if known {
		return nil
	}
	a.log.Info("phone registered", "extension", n.Account, "source", n.Source, "agent", n.UserAgent)
	return journal.ExtensionRegistered{Extension: n.Account, Contacts: len(n.Bindings), Source: n.Source, UserAgent: n.UserAgent}
}
