package sip

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// tick does what is due and sleeps until the next.
func (t *trunk) tick() {
	if t.gone || len(*t.targets.Load()) == 0 {
		return
	}
	register, probe := t.watch.due(time.Now())
	t.act(register)
	t.actHealth(probe, "")
	t.sleep()
}

func (t *trunk) sleep() {
	t.wake.stop()
	if next := t.watch.next(); !next.IsZero() && !t.gone {
		t.wake = t.sh.after(max(time.Until(next), 0), t.tick)
	}
	t.show()
}

// show lets others see how the trunk is.
func (t *trunk) show() {
	t.usable.Store(t.watch.usable() && !t.gone)
	t.publish()
}

func (t *trunk) act(a registrationAction) {
	switch a {
	case registerSend:
		t.register(t.watch.expires)
	case registerRemove:
		t.register(0)
	}
}

func (t *trunk) actHealth(a healthAction, why string) {
	switch a {
	case healthProbe:
		t.probe()
	case healthTellUp:
		t.since, t.reason = t.s.o.Now(), ""
		t.show() // whoever is told finds it so
		t.s.o.Notify(Notice{Kind: TrunkUp, Trunk: t.set.Name})
	case healthTellDown:
		t.since, t.reason = t.s.o.Now(), why
		t.show()
		t.s.o.Notify(Notice{Kind: TrunkDown, Trunk: t.set.Name, Reason: why})
	}
}

// health takes what a call or an OPTIONS told about the trunk.
func (t *trunk) health(e healthEvent, hint time.Duration, why string) {
	if t.watch == nil || t.gone {
		return
	}
	if e == probeSilent || e == callFailing {
		t.rotate()
	}
	t.actHealth(t.watch.onHealth(time.Now(), e, hint), why)
	t.sleep()
}

// rotate tries the next address of the name first.
func (t *trunk) rotate() {
	if old := *t.targets.Load(); len(old) > 1 {
		next := append(slices.Clone(old[1:]), old[0])
		t.targets.Store(&next)
	}
}

// heard is for dialogs, which live in other shards.
func (t *trunk) heard(code int, rang bool, why string) {
	t.sh.post(func() { t.health(callEvent(code, rang), 0, why) })
}

func (t *trunk) publish() {
	st := &TrunkState{Name: t.set.Name, Since: t.since, Reason: t.reason, Registered: t.registered, Latency: t.latency, Up: t.watch == nil}
	if x := *t.targets.Load(); len(x) > 0 {
		st.Address = x[0].transport + "://" + x[0].addr.String()
	}
	if t.watch != nil {
		st.Up = len(*t.targets.Load()) > 0 && t.watch.health != trunkDown // until it is known to be down, calls are tried
	}
	t.state.Store(st)
}

// message is a request of the trunk itself, outside of calls.
func (t *trunk) message(method, callID string, f flow) *outgoing {
	user := t.set.Username
	if user == "" {
		user = "callbox"
	}
	t.cseq++
	us := t.s.contactAt(f)
	aor := "<sip:" + escapeUser(user) + "@" + t.domain() + ">"
	return &outgoing{
		method: method, uri: t.uri(""), via: t.s.viaAt(f, us), branch: newBranch(), callID: callID, cseq: t.cseq,
		from: aor + ";tag=" + t.fromTag, to: aor,
		headers: [][2]string{{"Contact", "<" + t.s.contactURI(user, us, f) + ">"}, {"User-Agent", t.s.o.UserAgent}},
	}
}

// probe asks with OPTIONS whether the trunk lives.
func (t *trunk) probe() {
	if t.probing != nil {
		return
	}
	f, err := t.flow(0)
	if err != nil {
		t.probing = nil
		t.sh.after(0, func() { t.health(probeSilent, 0, err.Error()) })
		return
	}
	o := t.message("OPTIONS", t.sh.newCallID(), f)
	o.to = "<" + t.uri("") + ">"
	sent := time.Now()
	var late *alarm
	done := func(code int, hint time.Duration, why string) {
		late.stop()
		if t.probing == nil {
			return
		}
		t.probing = nil
		t.health(probeEvent(code), hint, why)
	}
	tx := t.sh.request(f, o, func(r *sip.Response) {
		if !r.IsProvisional() {
			t.latency = time.Since(sent)
			done(r.StatusCode, retryAfter(r), fmt.Sprintf("it answers %d %s", r.StatusCode, r.Reason))
		}
	}, func(code int, why string) { done(0, 0, why) })
	t.probing = tx
	late = t.sh.after(probeTimeout, func() {
		tx.end()
		done(0, 0, "it does not answer")
	})
}

// register sends REGISTER; 0 takes our registration away.
func (t *trunk) register(expires time.Duration) {
	f, err := t.flow(0)
	if err != nil {
		t.sh.after(0, func() { t.registerDone(0, 0, err.Error()) })
		return
	}
	o := t.message("REGISTER", t.callID, f)
	o.headers = append(o.headers, [2]string{"Expires", strconv.Itoa(int(expires / time.Second))})
	t.sendRegister(f, o, 0, time.Now())
}

func (t *trunk) sendRegister(f flow, o *outgoing, tries int, sent time.Time) {
	t.sh.request(f, o, func(r *sip.Response) {
		switch {
		case r.IsProvisional():
			return
		case (r.StatusCode == 401 || r.StatusCode == 407) && tries < maxAuthTries:
			if next, err := authorize(o, r, t.set.Username, t.set.Password); err == nil {
				t.cseq = next.cseq
				t.sendRegister(f, next, tries+1, sent)
				return
			}
		}
		t.latency = time.Since(sent)
		hint := retryAfter(r)
		if r.StatusCode == 423 {
			hint = seconds(value(r, "min-expires"))
		}
		if r.IsSuccess() {
			hint = granted(r, o)
		}
		t.registerDone(r.StatusCode, hint, fmt.Sprintf("registration: %d %s", r.StatusCode, r.Reason))
	}, func(code int, why string) { t.registerDone(0, 0, "registration: "+why) })
}

func (t *trunk) registerDone(code int, hint time.Duration, why string) {
	if t.gone {
		return
	}
	e := registerEvent(code)
	t.act(t.watch.onRegistration(time.Now(), e, hint))
	if e == registerAccepted {
		t.registered, t.reason = t.s.o.Now().Add(hint), ""
	} else if t.watch.registration != registrationHeld {
		t.registered, t.reason = time.Time{}, why
	}
	if code == 0 {
		t.health(callFailing, 0, why)
	} else {
		t.health(callAlive, 0, why)
	}
}

// granted is how long a registrar keeps us: the parameter of our Contact, or the Expires header.
func granted(r *sip.Response, o *outgoing) time.Duration {
	ours := o.headers[0][1]
	for _, h := range r.GetHeaders("contact") {
		if c, ok := h.(*sip.ContactHeader); ok && strings.Contains(ours, c.Address.Endpoint()) {
			if e, ok := c.Params.Get("expires"); ok {
				return seconds(e)
			}
		}
	}
	return seconds(value(r, "expires"))
}

func retryAfter(r *sip.Response) time.Duration { return seconds(value(r, "retry-after")) }

// seconds reads the number at the start of a header, 0 when there is none.
func seconds(v string) time.Duration {
	end := strings.IndexFunc(v, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(v)
	}
	n, err := strconv.ParseUint(v[:end], 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// newCallID makes a Call-ID whose answers come to this shard.
func (sh *shard) newCallID() string {
	for {
		if id := token(15); sh.s.shardOf(id) == sh {
			return id
		}
	}
}
