package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Limits of subscriptions. A panel of lamps watches a hundred extensions.
const (
	maxSubscriptions        = 10000
	maxSubscriptionsAccount = 250
	subscribeLeast          = 60 // seconds
	subscribeMost           = 3600
)

// events are the packages that can be subscribed to, and how their states are written.
var events = map[string]string{
	"dialog":          "application/dialog-info+xml",        // RFC 4235
	"presence":        "application/pidf+xml",               // RFC 3856
	"message-summary": "application/simple-message-summary", // RFC 3842
}

// Subscription is a phone that wants to hear of a state (RFC 6665). It ends with its time, by the phone, or when the
// phone is gone; Done is closed then.
type Subscription struct {
	Account string // who asks
	Event   string // dialog, presence, message-summary
	Target  string // user of the Request-URI: whose state

	sh      *shard
	d       *Dialog // the dialog without a call; it is in no table of calls
	event   string  // with its id
	until   time.Time
	expiry  *alarm
	news    notifier
	last    note
	settled bool // accepted
	done    chan struct{}
	once    sync.Once
}

// Done is closed when the subscription has ended.
func (x *Subscription) Done() <-chan struct{} { return x.done }

// Notify tells a subscriber the state as it is now. It returns at once; of states that follow each other faster than the
// subscriber takes them only the last is sent. It may be called before the subscription is accepted, and after its end.
func (s *Server) Notify(x *Subscription, contentType string, body []byte) {
	x.sh.post(func() {
		x.last.contentType, x.last.body = contentType, body
		if x.settled {
			x.tell()
		}
	})
}

// subscriptions counts them by account, for all shards.
type subscriptions struct {
	mu        sync.Mutex
	total     int
	byAccount map[string]int
}

func (t *subscriptions) add(account string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total >= maxSubscriptions || t.byAccount[account] >= maxSubscriptionsAccount {
		return false
	}
	if t.byAccount == nil {
		t.byAccount = map[string]int{}
	}
	t.total++
	t.byAccount[account]++
	return true
}

func (t *subscriptions) remove(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total--
	if t.byAccount[account]--; t.byAccount[account] <= 0 {
		delete(t.byAccount, account)
	}
}

// subscribe takes a SUBSCRIBE, a first one or one that refreshes.
func (sh *shard) subscribe(f flow, r *sip.Request) {
	if f.udp != nil && f.udp.retired.Load() {
		return
	}
	who, ok := sh.authenticate(f, r)
	if !ok {
		return
	}
	if tagOf(r.To().Params) != "" {
		x := sh.subs[dialogKey(r)]
		if x == nil || x.Account != who.account || x.d.peer.tag != tagOf(r.From().Params) {
			sh.reply(f, r, response{code: 481})
			return
		}
		x.again(f, r)
		return
	}
	event, _, _ := strings.Cut(value(r, "event"), ";")
	event = strings.ToLower(strings.TrimSpace(event))
	expires, tooBrief := subscribeTime(r)
	switch {
	case who.account == "":
		sh.reply(f, r, response{code: 403})
	case events[event] == "" || sh.s.o.OnSubscribe == nil:
		sh.reply(f, r, response{code: 489, headers: [][2]string{{"Allow-Events", allowEvents}}})
	case targetOf(r) == "":
		sh.reply(f, r, response{code: 400})
	case !accepts(r, events[event]):
		sh.reply(f, r, response{code: 406, headers: [][2]string{{"Accept", events[event]}}})
	case tooBrief:
		sh.reply(f, r, response{code: 423, headers: [][2]string{{"Min-Expires", strconv.Itoa(subscribeLeast)}}})
	case !sh.s.subs.add(who.account):
		sh.reply(f, r, response{code: 403, reason: "Too Many Subscriptions"})
	default:
		sh.admit(f, r, who.account, event, expires)
	}
}

// subscribeTime is how many seconds are asked for, within what we grant; 0 asks once.
func subscribeTime(r *sip.Request) (expires int, tooBrief bool) {
	v := value(r, "expires")
	if v == "" {
		return subscribeMost, false
	}
	expires = int(seconds(v) / time.Second)
	return min(expires, subscribeMost), expires > 0 && expires < subscribeLeast
}

// accepts is true when the sender reads that kind of body.
func accepts(r *sip.Request, contentType string) bool {
	all := tags(r, "accept")
	if len(all) == 0 {
		return true
	}
	family, _, _ := strings.Cut(contentType, "/")
	for _, a := range all {
		media, _, _ := strings.Cut(a, ";")
		if media = strings.ToLower(strings.TrimSpace(media)); media == contentType || media == "*/*" || media == family+"/*" {
			return true
		}
	}
	return false
}

// admit makes the subscription and has our side decide about it, in a goroutine of its own.
func (sh *shard) admit(f flow, r *sip.Request, account, event string, expires int) {
	d := sh.newDialog(r.CallID().Value())
	t := sh.newServerTx(f, r, d.tag)
	us := sh.s.contactAt(f)
	d.uas, d.local, d.flow, d.phase = true, us.Addr(), f, phaseUp
	d.us, d.them = withoutTag(r.To().DisplayName, r.To().Address, r.To().Params), withoutTag(r.From().DisplayName, r.From().Address, r.From().Params)
	d.peer = peer{tag: tagOf(r.From().Params), target: targetOf(r), routes: recordRoutes(r.GetHeaders("record-route"), false), theirs: r.CSeq().SeqNo}
	d.user, d.cseq = userOf(&r.Recipient), uint32(1+rand.IntN(1<<16))
	d.phone = &Binding{Account: account, Contact: d.peer.target, Transport: f.transport()}
	x := &Subscription{
		Account: strings.Clone(account), Event: event, Target: strings.Clone(d.user),
		sh: sh, d: d, event: strings.Clone(value(r, "event")), done: make(chan struct{}),
	}
	x.news = notifier{d: d, dead: x.end}
	sh.subs[d.id+"|"+d.tag] = x
	d.flow.hold(1)
	decide := func(code int) {
		if code >= 300 && code <= 699 {
			t.respond(response{code: code})
			x.end()
			return
		}
		x.settled = true
		x.accept(t, expires)
	}
	go func() {
		code := 500
		defer sh.post(func() { decide(code) })
		defer sh.s.recovered("OnSubscribe")
		code = sh.s.o.OnSubscribe(x)
	}()
}

// again refreshes a subscription, or ends it.
func (x *Subscription) again(f flow, r *sip.Request) {
	t := x.sh.newServerTx(f, r, x.d.tag)
	expires, tooBrief := subscribeTime(r)
	switch {
	case r.CSeq().SeqNo <= x.d.peer.theirs:
		t.respond(response{code: 500, reason: "CSeq Out Of Order"})
		return
	case tooBrief:
		t.respond(response{code: 423, headers: [][2]string{{"Min-Expires", strconv.Itoa(subscribeLeast)}}})
		return
	}
	x.d.peer.theirs = r.CSeq().SeqNo
	x.d.refresh(&x.d.peer, r)
	if f != x.d.flow {
		x.d.flow.hold(-1)
		f.hold(1)
		x.d.flow = f
	}
	x.accept(t, expires)
}

// accept answers a SUBSCRIBE and tells the state, which every answer is followed by.
func (x *Subscription) accept(t *serverTx, expires int) {
	t.respond(response{code: 200, headers: [][2]string{
		{"Contact", "<" + x.d.contact() + ">"}, {"Expires", strconv.Itoa(expires)}, {"Allow-Events", allowEvents}, {"Server", x.d.s.o.UserAgent},
	}})
	second := x.d.s.timers.oneSecond()
	x.until = time.Now().Add(time.Duration(expires) * second)
	x.expiry.stop()
	if expires == 0 {
		x.finish("timeout")
		return
	}
	x.expiry = x.sh.after(time.Duration(expires)*second, func() { x.finish("timeout") })
	x.tell()
}

// tell sends the state.
func (x *Subscription) tell() {
	if x.over() {
		return
	}
	left := time.Until(x.until) / x.d.s.timers.oneSecond()
	x.last.event, x.last.state = x.event, "active;expires="+strconv.Itoa(max(int(left), 0))
	x.news.tell(x.last)
}

// finish ends the subscription and says why.
func (x *Subscription) finish(why string) {
	if x.over() {
		return
	}
	x.last.event, x.last.state = x.event, "terminated;reason="+why
	x.news.tell(x.last)
	x.end()
}

func (x *Subscription) over() bool {
	select {
	case <-x.done:
		return true
	default:
		return false
	}
}

// end forgets the subscription.
func (x *Subscription) end() {
	x.once.Do(func() {
		x.expiry.stop()
		delete(x.sh.subs, x.d.id+"|"+x.d.tag)
		x.d.flow.hold(-1)
		x.sh.s.subs.remove(x.Account)
		close(x.done) // last: whoever hears of the end finds nothing left
	})
}

// unsubscribe ends all subscriptions of an account that left the settings.
func (s *Server) unsubscribe(account string) {
	for _, sh := range s.shards {
		sh.post(func() {
			for _, x := range sh.subs {
				if x.Account == account {
					x.finish("rejected")
				}
			}
		})
	}
}
