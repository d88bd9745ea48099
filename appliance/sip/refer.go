package sip

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	referReply = 3 * time.Second // for Event.Reply to a REFER; then it is declined
	referTime  = 180             // seconds that its outcome may take
)

// Refer is a peer asking that its call be transferred (RFC 3515).
type Refer struct {
	Target   string  // URI, without what it says about Replaces
	Number   string  // its user
	By       string  // Referred-By, as it was written
	Replaces *Dialog // the call that the new one is to take the place of: an attended transfer between calls of ours
	Header   string  // Replaces when that names no call of ours

	d       *Dialog
	event   string
	silent  bool // RFC 4488: no NOTIFYs
	news    notifier
	expiry  *alarm
	settled bool
	over    bool
}

// Progress tells the peer how the transfer goes, by the code that the new call got so far. From 200 on it is the last
// word. It does nothing before Reply accepted the transfer.
func (x *Refer) Progress(code int) { x.d.sh.post(func() { x.progress(code, "noresource") }) }

// referred is a REFER within the call.
func (d *Dialog) referred(t *serverTx, r *sip.Request) {
	x, ref, code := readRefer(d, r)
	switch {
	case d.phase != phaseUp:
		code = 403
	case code == 0 && d.refer != nil && !d.refer.over:
		t.respond(crossing(500))
		return
	}
	if code != 0 {
		t.respond(response{code: code})
		return
	}
	d.refer = x
	if ref == nil {
		d.offerRefer(t, r, x)
		return
	}
	d.sh.resolve(*ref, func(other *Dialog, code int) {
		if code == 0 {
			x.Replaces, x.Header = other, ""
		}
		d.offerRefer(t, r, x)
	})
}

// readRefer reads what is asked for; code is the refusal when it makes no sense.
func readRefer(d *Dialog, r *sip.Request) (x *Refer, ref *dialogRef, code int) {
	hs := r.GetHeaders("refer-to")
	if len(hs) != 1 || len(list(hs[0].Value())) != 1 {
		return nil, nil, 400
	}
	to, ok := parseAddress(hs[0].Value())
	if !ok {
		return nil, nil, 400
	}
	u := to.uri
	x = &Refer{d: d, Number: userOf(&u), Target: requestURI(&u), By: value(r, "referred-by"), event: "refer"}
	switch u.Scheme {
	case "sip", "sips":
		if u.Host == "" || len(x.Target) > uriLimit {
			return nil, nil, 400
		}
	case "tel":
	default:
		return nil, nil, 400
	}
	for _, h := range u.Headers {
		if !strings.EqualFold(h.K, "replaces") {
			continue
		}
		v, err := url.PathUnescape(h.V)
		parsed, ok := parseReplaces(v)
		if err != nil || !ok || ref != nil {
			return nil, nil, 400
		}
		ref, x.Header = &parsed, v
	}
	x.silent = strings.EqualFold(strings.TrimSpace(value(r, "refer-sub")), "false")
	if d.refers++; d.refers > 1 {
		x.event = "refer;id=" + cseqOf(r)
	}
	return x, ref, 0
}

func cseqOf(r *sip.Request) string { n, _, _ := strings.Cut(r.CSeq().Value(), " "); return n }

// offerRefer has our side decide.
func (d *Dialog) offerRefer(t *serverTx, r *sip.Request, x *Refer) {
	var once sync.Once
	reply := func(code int) {
		if code < 200 || code > 699 {
			code = 603
		}
		a := response{code: code, headers: d.dialogHeaders()}
		switch {
		case d.phase != phaseUp:
			a = response{code: 481}
		case code < 300:
			a.code = 202
			if x.silent {
				a.headers = append(a.headers, [2]string{"Refer-Sub", "false"})
			}
		}
		t.respond(a)
		if a.code != 202 {
			x.over = true
			return
		}
		x.settled = true
		x.news = notifier{d: d}
		x.expiry = d.sh.after(referTime*d.s.timers.oneSecond(), func() { x.progress(408, "timeout") })
		x.progress(100, "")
	}
	late := d.sh.after(referReply, func() { once.Do(func() { reply(603) }) })
	d.emit(Event{
		Kind: EventRefer, Refer: x,
		Reply: func(code int, _ []byte) {
			once.Do(func() {
				d.sh.post(func() {
					late.stop()
					reply(code)
				})
			})
		},
	})
}

func (x *Refer) progress(code int, why string) {
	if !x.settled || x.over || code < 100 || code > 699 || x.d.phase != phaseUp {
		return
	}
	state := "active;expires=180"
	if code >= 200 {
		x.over, state = true, "terminated;reason="+why
		x.expiry.stop()
	}
	if !x.silent {
		x.news.tell(note{event: x.event, state: state, contentType: "message/sipfrag;version=2.0", body: []byte("SIP/2.0 " + itoa(code) + " " + phrase(code) + "\r\n")})
	}
}
