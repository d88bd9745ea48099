package sip

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// timings are the timers of RFC 3261 section 17, on the Server so that tests can have shorter ones.
type timings struct {
	t1, t2, t4 time.Duration
	second     time.Duration // of the headers that count in seconds; 0: a second
}

var standardTimings = timings{t1: 500 * time.Millisecond, t2: 4 * time.Second, t4: 5 * time.Second}

func (t timings) oneSecond() time.Duration { return cmp.Or(t.second, time.Second) }

func (t timings) timeout() time.Duration { return 64 * t.t1 }

type txState int

const (
	txProceeding txState = iota // server: no final response yet; client: calling or ringing
	txAccepted                  // INVITE, 2xx (RFC 6026): the dialog repeats it, the transaction absorbs repetitions
	txCompleted                 // final response; the server waits for the ACK of an INVITE
	txConfirmed                 // INVITE refused and acknowledged
	txOver
)

// serverTx is one request of a peer, until its answer can no longer be asked for again (RFC 3261 section 17.2).
type serverTx struct {
	sh     *shard
	key    string
	invite bool
	flow   flow
	req    *sip.Request // nil once it is answered
	tag    string       // our To tag when the request had none
	state  txState
	last   []byte
	repeat *alarm
	expiry *alarm

	cancelled func(*sip.Request) // an INVITE's owner hears of CANCEL while it may still be cancelled
}

// serverKey names a transaction. The branch alone decides (RFC 3261 section 17.2.3): behind a NAT that changed its mind
// a CANCEL may come with another Via. Without the cookie the rules of RFC 2543 apply.
func serverKey(r *sip.Request, method sip.RequestMethod) string {
	via := r.Via()
	branch, _ := via.Params.Get("branch")
	if rest, ok := strings.CutPrefix(branch, sip.RFC3261BranchMagicCookie); ok && rest != "" {
		return r.CallID().Value() + "|" + branch + "|" + string(method)
	}
	return strings.Join([]string{r.CallID().Value(), tagOf(r.From().Params), strconv.FormatUint(uint64(r.CSeq().SeqNo), 10), via.SentBy(), branch, string(method)}, "|")
}

func (sh *shard) newServerTx(f flow, r *sip.Request, tag string) *serverTx {
	t := &serverTx{sh: sh, key: serverKey(r, r.Method), invite: r.Method == sip.INVITE, flow: f, req: r, tag: tag}
	sh.servers[t.key] = t
	return t
}

// repeated answers a retransmission of the request.
func (t *serverTx) repeated() {
	if (t.state == txProceeding || t.state == txCompleted) && t.last != nil {
		t.flow.send(t.last)
	}
}

// respond sends an answer and keeps it as long as it may be asked for again. It returns what was sent, nil when a
// final response was sent before.
func (t *serverTx) respond(a response) []byte {
	if t.state != txProceeding || t.req == nil {
		return nil
	}
	a.tag = t.tag
	b := render(t.req, a)
	t.last = b
	t.flow.send(b)
	if a.code < 200 {
		return b
	}
	t.req, t.cancelled = nil, nil
	timers := t.sh.s.timers
	switch {
	case t.invite && a.code < 300:
		t.state, t.last = txAccepted, nil
		t.expiry = t.sh.after(timers.timeout(), t.end)
	case t.invite:
		t.state = txCompleted
		if !t.flow.reliable() {
			t.repeatAfter(timers.t1)
		}
		t.expiry = t.sh.after(timers.timeout(), t.end)
	case t.flow.reliable():
		t.end()
	default:
		t.state = txCompleted
		t.expiry = t.sh.after(timers.timeout(), t.end)
	}
	return b
}

// repeatAfter is timer G: a refusal is repeated until the ACK.
func (t *serverTx) repeatAfter(d time.Duration) {
	t.repeat = t.sh.after(d, func() {
		t.flow.send(t.last)
		t.repeatAfter(min(2*d, t.sh.s.timers.t2))
	})
}

// acked is the ACK of a refusal. The transaction stays for timer I to absorb more of them.
func (t *serverTx) acked() {
	if t.state != txCompleted {
		return
	}
	t.state, t.last = txConfirmed, nil
	t.repeat.stop()
	t.expiry.stop()
	if t.flow.reliable() {
		t.end()
		return
	}
	t.expiry = t.sh.after(t.sh.s.timers.t4, t.end)
}

func (t *serverTx) end() {
	t.state = txOver
	t.repeat.stop()
	t.expiry.stop()
	if t.sh.servers[t.key] == t {
		delete(t.sh.servers, t.key)
	}
}

// clientTx is one request of ours (RFC 3261 section 17.1).
type clientTx struct {
	sh     *shard
	out    *outgoing
	key    string
	flow   flow
	state  txState
	bytes  []byte
	ack    []byte
	rang   bool // a provisional response came
	repeat *alarm
	expiry *alarm

	answered func(*sip.Response)        // every response; of an INVITE also each repeated 2xx
	failed   func(code int, why string) // no final response will come: 408 or 503
}

func clientKey(branch, method string) string { return branch + "|" + method }

// request starts a client transaction. Both functions run in the shard; failed at most once.
func (sh *shard) request(f flow, o *outgoing, answered func(*sip.Response), failed func(code int, why string)) *clientTx {
	t := &clientTx{sh: sh, out: o, key: clientKey(o.branch, o.method), flow: f, bytes: o.bytes(), answered: answered, failed: failed}
	sh.clients[t.key] = t
	if err := f.send(t.bytes); err != nil {
		why := err.Error()
		t.expiry = sh.after(0, func() { t.fail(503, why) })
		return t
	}
	timers := sh.s.timers
	if !f.reliable() {
		t.repeatAfter(timers.t1)
	}
	t.expiry = sh.after(timers.timeout(), func() { t.fail(408, "no response") })
	return t
}

// repeatAfter is timer A or E.
func (t *clientTx) repeatAfter(d time.Duration) {
	t.repeat = t.sh.after(d, func() {
		if err := t.flow.send(t.bytes); err != nil {
			t.fail(503, err.Error())
			return
		}
		next := 2 * d
		if t.out.method != "INVITE" {
			next = min(next, t.sh.s.timers.t2)
			if t.rang {
				next = t.sh.s.timers.t2
			}
		}
		t.repeatAfter(next)
	})
}

// quiet stops repeating the request: nobody wants its success any more.
func (t *clientTx) quiet() { t.repeat.stop() }

func (t *clientTx) receive(r *sip.Response) {
	invite := t.out.method == "INVITE"
	switch {
	case t.state == txCompleted: // of an INVITE: the ACK was lost
		if invite && r.StatusCode >= 300 {
			t.flow.send(t.ack)
		}
		return
	case t.state == txAccepted:
		if r.IsSuccess() {
			t.answered(r)
		}
		return
	case r.IsProvisional():
		t.rang = true
		if invite {
			t.repeat.stop()
			t.expiry.stop()
		}
		t.answered(r)
		return
	}
	t.repeat.stop()
	t.expiry.stop()
	t.bytes = nil
	switch {
	case !invite:
		t.end()
	case r.IsSuccess():
		t.state = txAccepted
		t.expiry = t.sh.after(t.sh.s.timers.timeout(), t.end)
	default:
		t.state = txCompleted
		t.ack = t.out.ack(r.To().Value())
		t.flow.send(t.ack)
		if t.flow.reliable() {
			t.end()
		} else {
			t.expiry = t.sh.after(t.sh.s.timers.timeout(), t.end)
		}
	}
	t.answered(r)
}

// fail ends the transaction without an answer.
func (t *clientTx) fail(code int, why string) {
	if t.state == txOver {
		return
	}
	waiting := t.state == txProceeding
	t.end()
	if waiting && t.failed != nil {
		t.failed(code, why)
	}
}

func (t *clientTx) end() {
	t.state = txOver
	t.repeat.stop()
	t.expiry.stop()
	if t.sh.clients[t.key] == t {
		delete(t.sh.clients, t.key)
	}
}
