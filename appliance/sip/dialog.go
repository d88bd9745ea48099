package sip

import (
	"errors"
	"net/netip"
	"time"
)

// Errors of Dial.
var (
	ErrTrunkDown    = errors.New("trunk is down")
	ErrUnknownTrunk = errors.New("no such trunk")
	ErrUnreachable  = errors.New("no way to reach the peer")
	ErrFull         = errors.New("too many calls")
	ErrClosed       = errors.New("server is closed")
)

// Party is who calls, as told to the other side.
type Party struct {
	Name, Number string
	Hidden       bool // privacy was asked for (RFC 3323)
}

// Invite is what a new call asked for.
type Invite struct {
	CallID         string
	From           Party
	FromUser       string      // user of the From header as it was written
	Preferred      string      // number that a phone would like to show (P-Preferred-Identity)
	Diverted       []Diversion // whom it was for before, latest first; of trusted trunks only
	Replaces       *Dialog     // the call that this one is to take the place of (RFC 3891)
	Number         string      // user of the Request-URI: what was dialled
	Account, Trunk string      // exactly one is set
	Source         netip.AddrPort
	Transport      string // udp, tcp, tls, ws, wss
	UserAgent      string
	TakesInfo      bool // it says that it takes INFO
	MaxForwards    int
	Body           []byte
}

// DialRequest is a call to place, to a phone (Contact) or to a number by a trunk (Trunk, Number).
type DialRequest struct {
	Events        chan<- Event
	Contact       *Binding
	Trunk, Number string
	Force         bool // try a trunk that is down all the same (emergency)
	From          Party
	Diverted      []Diversion   // who forwarded the call, latest first; told to trusted trunks
	Answer        time.Duration // no response at all within this: EventFailed 408 "no response"; 0: 32 s
	MaxForwards   int           // 0: 70
	Headers       [][2]string
	Offer         func(local netip.Addr) []byte // SDP; local is our address as this peer shall see it
}

// Dialog is one call leg in signalling. Every method returns at once; outcomes come as Events, in order, on the
// attached channel. All methods are safe from any goroutine.
//
// A receiver that does not read holds up nobody: its events wait in the Dialog, at most 64, and are offered again
// every few milliseconds. Beyond that EventProgress and EventInfo are dropped and counted, the others never; a last
// event that nobody takes within half a minute is dropped too.
type Dialog struct {
	s      *Server
	sh     *shard
	id     string
	invite *Invite
	local  netip.Addr

	// what follows belongs to the shard

	phase phase
	uas   bool // the peer called
	tag   string
	us    string // our From or To value, without tag
	them  string // theirs
	peer  peer
	cseq  uint32 // of our last request
	flow  flow   // the way to the peer
	held  bool   // the flow counts us
	user  string // of our Contact
	phone *Binding
	trunk *trunk

	asked    *serverTx  // the INVITE of theirs that waits for our final answer
	asks     sessionAsk // what it says about the session timer
	late     bool       // it had no offer: ours is in our answer, theirs in the ACK
	promise  *promise   // what it says about provisional responses
	askedAt  uint32     // its CSeq
	answer   *answer    // our 2xx that waits for its ACK
	asking   *clientTx  // our INVITE that waits for their final answer
	call     *placing   // how we place the call; nil for callee legs
	updating *clientTx  // our UPDATE that waits for its answer
	deciding bool       // an UPDATE or PRACK of theirs has an offer that our side decides about
	wanted   *wish      // change that waits for its turn
	pause    *alarm     // before it is tried again, after a glare
	again    *alarm     // of 1xx
	session  session
	refer    *Refer // the last transfer that was asked for
	refers   int
	infos    []info // that wait for their turn; the first is on its way
	said     []byte // our last SDP
	heard    uint64 // hash of theirs

	mail mailbox
}

// phase is how far a dialog is.
type phase int

const (
	phaseEarly  phase = iota // INVITE without a final answer
	phaseUp                  // answered; perhaps not yet acknowledged
	phaseEnding              // we hung up; CANCEL, or the ACK before our BYE, is still awaited
	phaseOver
)

func (p phase) String() string { return [...]string{"early", "up", "ending", "over"}[p] }

// peer is the other end of a dialog (RFC 3261 section 12): a forked call has several until the first answers.
type peer struct {
	tag       string
	target    string   // Request-URI of what we send
	routes    []string // Route headers, first hop first
	theirs    uint32   // CSeq of its last request
	updates   bool     // it takes UPDATE
	informs   bool     // it takes INFO
	rseq      uint32   // of its last reliable response
	described []byte   // SDP in one of those
}

// Invite is what the caller asked for; nil for a leg that we dialled.
func (d *Dialog) Invite() *Invite { return d.invite }

// ID is the Call-ID.
func (d *Dialog) ID() string { return d.id }

// Local is our address as the peer of this dialog shall see it, for SDP.
func (d *Dialog) Local() netip.Addr { return d.local }

// Attach names the channel that gets the Events. What happened before waits until then.
func (d *Dialog) Attach(ch chan<- Event) { d.sh.post(func() { d.mail.attach(d, ch) }) }

// Progress sends 180, 181, 182 or 183; ignored after a final response.
func (d *Dialog) Progress(code int, body []byte) { d.sh.post(func() { d.progress(code, body) }) }

// Answer sends 200, again and again until the ACK; then EventConfirmed or EventNoAck.
func (d *Dialog) Answer(body []byte) { d.sh.post(func() { d.accept(body) }) }

// Reject refuses a call that was not answered, with a code from 300 to 699.
func (d *Dialog) Reject(code int, why Reason) { d.sh.post(func() { d.reject(code, why) }) }

// Reinvite offers a new session; EventReinviteDone tells the outcome. A glare (491) is tried again inside. Of several
// that wait for their turn only the last is sent. Ignored before the answer and after the end.
func (d *Dialog) Reinvite(body []byte) { d.sh.post(func() { d.change(&wish{body: body}) }) }

// Update offers a new session by UPDATE (RFC 3311), also before the answer when the peer allows it by then; after the
// answer a peer that takes no UPDATE gets a re-INVITE. EventReinviteDone tells the outcome, with code 405 when it cannot
// be done now.
func (d *Dialog) Update(body []byte) { d.sh.post(func() { d.change(&wish{body: body, update: true}) }) }

// Info sends an INFO request (RFC 6086) once those before it were answered, so that keys arrive in their order. At most 64
// wait; one beyond that is dropped and counted, and so is one before the answer. A refusal is told by EventInfoFailed.
func (d *Dialog) Info(contentType string, body []byte) {
	d.sh.post(func() { d.inform(info{contentType, body}) })
}

// Hangup ends the leg by CANCEL, BYE or a refusal, whatever its state needs. It may be called more than once.
func (d *Dialog) Hangup(why Reason) { d.sh.post(func() { d.hangup(why) }) }

func (sh *shard) newDialog(id string) *Dialog {
	return &Dialog{s: sh.s, sh: sh, id: id, tag: token(10)}
}

// enter makes the dialog known; over forgets it.
func (d *Dialog) enter() {
	d.sh.dialogs[d.id+"|"+d.tag] = d
	if d.uas {
		d.sh.callers[d.id+"|"+d.peer.tag] = d
	}
	d.held = true
	d.flow.hold(1)
}

// over is the end of the dialog, without a word to the peer. Events that wait are still delivered.
func (d *Dialog) over() {
	if d.phase == phaseOver {
		return
	}
	d.phase = phaseOver
	delete(d.sh.dialogs, d.id+"|"+d.tag)
	if k := d.id + "|" + d.peer.tag; d.sh.callers[k] == d {
		delete(d.sh.callers, k)
	}
	d.s.dialogs.Add(-1)
	if d.held {
		d.flow.hold(-1)
	}
	d.again.stop()
	d.pause.stop()
	d.session.due.stop()
	d.promise.stop()
	d.answer.stop()
	d.answer, d.asked, d.wanted = nil, nil, nil
}

// closed ends the dialog because the Server closes.
func (d *Dialog) closed() {
	kind := EventBye
	switch {
	case d.phase == phaseEarly && d.uas:
		kind = EventCancelled
	case d.phase == phaseEarly:
		kind = EventFailed
	}
	d.last(Event{Kind: kind, Code: 503, Text: "closed"})
	d.over()
}

// move changes the way to the peer.
func (d *Dialog) move(f flow) {
	if f == d.flow {
		return
	}
	if d.held {
		d.flow.hold(-1)
		f.hold(1)
	}
	d.flow = f
}
