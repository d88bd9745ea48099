package sip

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// draft is a message being written.
type draft struct{ b bytes.Buffer }

func (d *draft) status(code int, reason string) {
	d.b.WriteString("SIP/2.0 ")
	d.b.WriteString(strconv.Itoa(code))
	d.b.WriteByte(' ')
	d.text(reason)
	d.b.WriteString("\r\n")
}

// line writes a header. What comes from outside may hold line ends; they must not become headers.
func (d *draft) line(name, value string) {
	d.text(name)
	d.b.WriteString(": ")
	d.text(value)
	d.b.WriteString("\r\n")
}

// echo writes a header that parse has read: it holds no line end, and its quoted strings go back as they came.
func (d *draft) echo(name, value string) {
	d.b.WriteString(name)
	d.b.WriteString(": ")
	d.b.WriteString(value)
	d.b.WriteString("\r\n")
}

func (d *draft) text(s string) {
	if strings.ContainsAny(s, "\r\n\x00") {
		s = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(s)
	}
	d.b.WriteString(s)
}

func (d *draft) end(contentType string, body []byte) []byte {
	if len(body) > 0 && contentType != "" {
		d.line("Content-Type", contentType)
	}
	d.line("Content-Length", strconv.Itoa(len(body)))
	d.b.WriteString("\r\n")
	d.b.Write(body)
	return d.b.Bytes()
}

// response is an answer to write.
type response struct {
	code    int
	reason  string // "": the usual phrase
	tag     string // of To, when the request had none
	headers [][2]string
	body    []byte // SDP
}

// render writes a response to r (RFC 3261 section 8.2.6).
func render(r *sip.Request, a response) []byte {
	var d draft
	if a.reason == "" {
		a.reason = phrase(a.code)
	}
	d.status(a.code, a.reason)
	for _, h := range r.Headers() {
		switch h.Name() {
		case "Via":
			d.echo("Via", h.Value())
		case "Record-Route":
			if r.Method == sip.INVITE && a.code > 100 && a.code < 300 {
				d.echo("Record-Route", h.Value())
			}
		}
	}
	d.echo("From", r.From().Value())
	to := r.To().Value()
	if a.code != 100 && a.tag != "" && tagOf(r.To().Params) == "" {
		to += ";tag=" + a.tag
	}
	d.echo("To", to)
	d.echo("Call-ID", r.CallID().Value())
	d.echo("CSeq", r.CSeq().Value())
	for _, h := range a.headers {
		d.line(h[0], h[1])
	}
	return d.end("application/sdp", a.body)
}

// outgoing is a request of ours, kept as long as its transaction lives, because ACK and CANCEL repeat parts of it.
type outgoing struct {
	method, uri          string
	via, branch          string // "UDP 192.0.2.1:5060" and the branch
	from, to, callID     string
	cseq                 uint32
	maxForwards          int
	routes               []string
	headers              [][2]string
	contentType          string
	body                 []byte
	authName, authHeader string
}

func (o *outgoing) bytes() []byte {
	var d draft
	d.text(o.method + " " + o.uri)
	d.b.WriteString(" SIP/2.0\r\n")
	d.line("Via", "SIP/2.0/"+o.via+";branch="+o.branch+";rport")
	for _, r := range o.routes {
		d.line("Route", r)
	}
	forwards := o.maxForwards
	if forwards == 0 {
		forwards = 70
	}
	d.line("Max-Forwards", strconv.Itoa(forwards))
	d.line("From", o.from)
	d.line("To", o.to)
	d.line("Call-ID", o.callID)
	d.line("CSeq", strconv.FormatUint(uint64(o.cseq), 10)+" "+o.method)
	if o.authHeader != "" {
		d.line(o.authName, o.authHeader)
	}
	for _, h := range o.headers {
		d.line(h[0], h[1])
	}
	return d.end(o.contentType, o.body)
}

// ack acknowledges a refusal: same branch, same route, To of the response (RFC 3261 section 17.1.1.3).
func (o *outgoing) ack(to string) []byte {
	a := outgoing{method: "ACK", uri: o.uri, via: o.via, branch: o.branch, routes: o.routes, from: o.from, to: to, callID: o.callID, cseq: o.cseq}
	return a.bytes()
}

// cancel takes an INVITE back (RFC 3261 section 9.1).
func (o *outgoing) cancel(why Reason) *outgoing {
	c := &outgoing{method: "CANCEL", uri: o.uri, via: o.via, branch: o.branch, routes: o.routes, from: o.from, to: o.to, callID: o.callID, cseq: o.cseq}
	if h := why.header(); h != "" {
		c.headers = append(c.headers, [2]string{"Reason", h})
	}
	return c
}

// again is the same request as a new transaction, with the next sequence number.
func (o *outgoing) again(cseq uint32) *outgoing {
	c := *o
	c.cseq, c.branch = cseq, newBranch()
	return &c
}

// header writes the Reason header (RFC 3326), "" when there is nothing to say.
func (r Reason) header() string {
	if r.Q850 == 0 && r.Text == "" {
		return ""
	}
	text := strings.NewReplacer(`"`, "'", `\`, "/").Replace(r.Text)
	h := "SIP;cause=480"
	if r.Q850 != 0 {
		h = "Q.850;cause=" + strconv.Itoa(r.Q850)
	}
	if text != "" {
		h += `;text="` + text + `"`
	}
	return h
}

// parseReason reads a Reason header; q850 is 0 unless the protocol is Q.850.
func parseReason(h string) (q850 int, text string) {
	protocol, rest, _ := strings.Cut(h, ";")
	for rest != "" {
		var part string
		part, rest = cutParameter(rest)
		name, val, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "cause":
			if n, err := strconv.Atoi(val); err == nil && n > 0 && n < 128 && strings.EqualFold(strings.TrimSpace(protocol), "Q.850") {
				q850 = n
			}
		case "text":
			text = strings.Trim(val, `"`)
		}
	}
	return q850, text
}

// cutParameter splits at the first semicolon outside quotes.
func cutParameter(s string) (part, rest string) {
	quoted := false
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// token is n random bytes in letters that are legal everywhere in SIP.
func token(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

func newBranch() string { return "z9hG4bK" + token(15) }

// hostOf writes an address for a URI: IPv6 in brackets.
func hostOf(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		return "[" + a.WithZone("").String() + "]"
	}
	return a.Unmap().String()
}

func phrase(code int) string {
	if p, ok := phrases[code]; ok {
		return p
	}
	switch code / 100 {
	case 1:
		return "Progress"
	case 2:
		return "OK"
	case 3:
		return "Redirected"
	case 4:
		return "Request Failure"
	case 5:
		return "Server Failure"
	}
	return "Global Failure"
}

var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress", 200: "OK",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 408: "Request Timeout", 410: "Gone", 413: "Request Entity Too Large",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 423: "Interval Too Brief",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops",
	484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
	491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway",
	503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}
