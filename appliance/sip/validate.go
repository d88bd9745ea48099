package sip

import (
	"bytes"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Limits of what we read. Beyond them a message is refused, and counted in Counters.TooLarge.
const (
	maxMessage  = 65535    // bytes, head and body: 513
	maxHead     = 32 << 10 // bytes before the body: 513
	maxLine     = 8 << 10  // bytes of one header, unfolded: 513
	maxHeaders  = 96       // lines: 513
	maxVias     = 64       // values, as of the next three: 513
	maxRouteSet = 32       // of Route and of Record-Route each
	maxContacts = 64
	maxParams   = 32   // parameters of a header value or a URI: 400
	maxURI      = 1024 // bytes: 414 for the Request-URI, 400 elsewhere
	maxCallID   = 256  // bytes: 513
	maxTag      = 256  // bytes: 400
	maxBody     = 32 << 10
	maxMedia    = 16 // m= lines of SDP: 413, as of a body too long. Multipart bodies are not opened, to no depth.
)

// fault is why a message cannot be processed, and what its sender is told.
type fault struct {
	code   int // 0: nothing, because no answer is due
	reason string
	limit  bool // it is beyond one of the limits above
}

func (f *fault) Error() string { return f.reason }

func bad(reason string) *fault { return &fault{code: 400, reason: reason} }

func tooLarge(code int, reason string) *fault { return &fault{code: code, reason: reason, limit: true} }

var notSIP = &fault{reason: "not SIP"}

// parse makes a message of what arrived. It is strict where two readers could understand a message differently (RFC 4475
// section 3.1.2), and lenient where only one reading is possible. Everything is read here, once: sipgo's own parser takes
// parameters, quotes and white space that RFC 3261 allows for something else, and lies about lengths for truth. With a
// fault comes the message all the same when it is whole enough to be answered by render.
func parse(data []byte) (sip.Message, *fault) {
	data = bytes.TrimLeft(data, "\r\n") // RFC 3261 section 7.5
	head, body, whole := bytes.Cut(data, []byte("\r\n\r\n"))
	first, rest := cutLine(string(head[:min(len(head), maxHead)]))
	m := reading{length: -1}
	f := m.start(first)
	if f == nil && len(head) > maxHead {
		f = tooLarge(513, "Message Too Large")
	}
	if f == nil && !whole {
		f = bad("Head Without End")
	}
	for rest != "" && f == nil {
		var line string
		line, rest = cutHeader(rest)
		f = m.header(line)
	}
	if f == nil {
		f = m.complete()
	}
	if f != nil {
		return nil, m.owed(f)
	}
	f = m.content(body)
	if f == nil {
		f = m.sensible()
	}
	return m.msg, m.owed(f)
}

// cutHeader takes the first header of a head, unfolded (RFC 3261 section 7.3.1), and returns what follows it.
func cutHeader(head string) (line, rest string) {
	line, rest = cutLine(head)
	if rest == "" || !isBlank(rest[0]) {
		return line, rest
	}
	var b strings.Builder
	b.WriteString(trimBlanks(line))
	for rest != "" && isBlank(rest[0]) {
		line, rest = cutLine(rest)
		b.WriteByte(' ')
		b.WriteString(trimBlanks(line))
	}
	return b.String(), rest
}

// cutLine is strings.Cut at a line end, faster when no line feed stands alone.
func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i > 0 && s[i-1] == '\r' {
		return s[:i-1], s[i+1:]
	}
	line, rest, _ = strings.Cut(s, "\r\n")
	return line, rest
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

func trimBlanks(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// reading is a message on its way through parse.
type reading struct {
	msg      sip.Message
	request  *sip.Request // msg, when it is one
	seen     uint32       // a bit for each header that may come once
	headers  int
	vias     int
	routes   [2]int // Route, Record-Route
	contacts int
	contact  *sip.ContactHeader // the last
	length   int                // Content-Length; -1: none
	sdp      bool
}

// owed silences faults of responses, and of what is no SIP at all.
func (m *reading) owed(f *fault) *fault {
	if f != nil && m.request == nil && f.code != 0 {
		return &fault{reason: f.reason, limit: f.limit}
	}
	return f
}

// start reads the first line. request is set as soon as it is clear that it is one, however wrong.
func (m *reading) start(line string) *fault {
	if len(line) > 4 && strings.EqualFold(line[:4], "SIP/") {
		return m.statusLine(line)
	}
	bare := strings.TrimRight(line, " \t")
	version := bare[strings.LastIndexByte(bare, ' ')+1:]
	if len(version) < 5 || len(version) == len(bare) || !strings.EqualFold(version[:4], "SIP/") {
		return notSIP
	}
	m.request = &sip.Request{}
	if !strings.EqualFold(version, "SIP/2.0") {
		if isVersion(version[4:]) {
			return &fault{code: 505, reason: "Version Not Supported"}
		}
		return bad("Bad Request Line")
	}
	method, uri, ok := strings.Cut(bare[:len(bare)-len(version)-1], " ")
	if !ok || len(bare) != len(line) || !isToken(method) || strings.ContainsAny(uri, " \t") {
		return bad("Bad Request Line")
	}
	if len(uri) > maxURI {
		return tooLarge(414, "Request-URI Too Long")
	}
	var to sip.Uri
	if !readURI(uri, &to) || len(to.Headers) > 0 { // headers could name a route past ours
		return bad("Bad Request-URI")
	}
	m.request = sip.NewRequest(sip.RequestMethod(method), to)
	m.msg = m.request
	return nil
}

func isVersion(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	_, one := number(major, 1<<32)
	_, two := number(minor, 1<<32)
	return ok && one && two
}

// statusLine reads the first line of a response. The reason may be anything, or missing with its space.
func (m *reading) statusLine(line string) *fault {
	version, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	n, ok := number(code, 699)
	if !strings.EqualFold(version, "SIP/2.0") || !ok || len(code) != 3 || n < 100 || !printable(reason) {
		return bad("Bad Status Line")
	}
	m.msg = sip.NewResponse(int(n), reason)
	return nil
}

// complete wants each header that names the transaction and the dialog.
func (m *reading) complete() *fault {
	const all = onceFrom | onceTo | onceCallID | onceCSeq
	if m.vias == 0 || m.seen&all != all {
		return bad("Missing Header")
	}
	return nil
}

// content takes the body, of which a datagram may hold more than was announced, but not less (RFC 3261 section 18.3).
func (m *reading) content(body []byte) *fault {
	if m.length > len(body) {
		return bad("Body Shorter Than Content-Length")
	}
	if m.length >= 0 {
		body = body[:m.length]
	}
	if len(body) > maxBody {
		return tooLarge(413, "Request Entity Too Large")
	}
	if m.sdp && bytes.Count(body, []byte("\nm=")) > maxMedia {
		return tooLarge(413, "Too Many Media")
	}
	if len(body) > 0 {
		m.msg.SetBody(bytes.Clone(body))
	}
	return nil
}

// sensible refuses requests that are well formed and cannot be meant.
func (m *reading) sensible() *fault {
	r := m.request
	if r == nil {
		return nil
	}
	if r.CSeq().MethodName != r.Method {
		if !knownMethod(r.Method) {
			return &fault{code: 501, reason: "Not Implemented"}
		}
		return bad("CSeq Method Does Not Match")
	}
	switch r.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &fault{code: 416, reason: "Unsupported URI Scheme"}
	}
	if r.Method == sip.REGISTER {
		if s := r.To().Address.Scheme; s != "sip" && s != "sips" {
			return bad("No SIP Address To Register")
		}
		return nil
	}
	if m.contact != nil && m.contact.Address.Wildcard {
		return bad("Bad Contact")
	}
	if r.Method == sip.INVITE && m.contacts > 0 { // RFC 3261 section 8.1.1.8
		if s := m.contact.Address.Scheme; m.contacts > 1 || s != "sip" && s != "sips" {
			return bad("Bad Contact")
		}
	}
	return nil
}

// knownMethod is true for the methods of SIP, ours or not: one that we do not take is 405, any other 501.
func knownMethod(method sip.RequestMethod) bool {
	switch method {
	case sip.INVITE, sip.ACK, sip.CANCEL, sip.BYE, sip.OPTIONS, sip.REGISTER, sip.INFO, sip.PRACK, sip.UPDATE,
		sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.MESSAGE, sip.PUBLISH:
		return true
	}
	return false
}
