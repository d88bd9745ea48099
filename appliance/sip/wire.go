package sip

import (
	"bytes"
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Limits of what we read. Beyond them a message is malformed.
const (
	maxMessage = 65535 // bytes, head and body
	maxHead    = 32 << 10
	maxLines   = 300
	maxCallID  = 512
	slack      = 32 // bytes by which the answer to a malformed request may be longer than it
)

// fault is why a message cannot be processed, and what its sender is told.
type fault struct {
	code   int
	reason string
}

func (f *fault) Error() string { return f.reason }

var errMalformed = errors.New("malformed message")

// parse makes a message of what arrived. It refuses what the parser below lets pass although RFC 3261 does not: twice
// the same header, another method in CSeq, another version. The error is a *fault when the sender is owed an answer.
func parse(p *sip.Parser, data []byte) (sip.Message, error) {
	if bytes.Count(data, []byte("\r\n")) > maxLines {
		if head, _, ok := bytes.Cut(data, []byte("\r\n\r\n")); !ok || bytes.Count(head, []byte("\r\n")) > maxLines {
			return nil, &fault{400, "Too Many Headers"}
		}
	}
	msg, err := p.ParseSIP(data)
	if err != nil {
		return nil, &fault{400, "Bad Request"}
	}
	switch m := msg.(type) {
	case *sip.Request:
		return m, checkRequest(m)
	case *sip.Response:
		return m, checkResponse(m)
	}
	return nil, errMalformed
}

func checkRequest(r *sip.Request) error {
	if !strings.EqualFold(r.SipVersion, "SIP/2.0") {
		return &fault{505, "Version Not Supported"}
	}
	if err := checkHeads(r.Headers()); err != nil {
		return err
	}
	if string(r.CSeq().MethodName) != string(r.Method) {
		return &fault{400, "CSeq Method Does Not Match"}
	}
	if mf := r.MaxForwards(); mf != nil && mf.Val() > 255 {
		return &fault{400, "Bad Max-Forwards"}
	}
	switch r.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &fault{416, "Unsupported URI Scheme"}
	}
	return nil
}

func checkResponse(r *sip.Response) error {
	if r.StatusCode < 100 || r.StatusCode > 699 || !strings.EqualFold(r.SipVersion, "SIP/2.0") {
		return errMalformed
	}
	if err := checkHeads(r.Headers()); err != nil {
		return errMalformed
	}
	return nil
}

// checkHeads wants exactly one of each header that names the transaction and the dialog.
func checkHeads(hs []sip.Header) error {
	var vias, froms, tos, calls, cseqs, lengths, max int
	for _, h := range hs {
		switch h := h.(type) {
		case *sip.ViaHeader:
			if h.Host == "" || h.Params.Length() > 32 {
				return &fault{400, "Bad Via"}
			}
			vias++
		case *sip.FromHeader:
			froms++
		case *sip.ToHeader:
			tos++
		case *sip.CallIDHeader:
			if len(*h) > maxCallID {
				return &fault{400, "Call-ID Too Long"}
			}
			calls++
		case *sip.CSeqHeader:
			h.MethodName = sip.RequestMethod(strings.ToUpper(strings.TrimSpace(string(h.MethodName))))
			cseqs++
		case *sip.ContentLengthHeader:
			lengths++
		case *sip.MaxForwardsHeader:
			max++
		}
	}
	if vias == 0 || froms != 1 || tos != 1 || calls != 1 || cseqs != 1 || lengths > 1 || max > 1 {
		return &fault{400, "Missing Or Repeated Header"}
	}
	return nil
}

// rawReply answers a request that could not be parsed, from its lines as they stand; nil when no answer is due. It has
// hardly more bytes than the request, so that it does not amplify.
func rawReply(data []byte, f *fault) []byte {
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	first, rest, ok := bytes.Cut(head, []byte("\r\n"))
	if !ok || bytes.HasPrefix(first, []byte("SIP/")) || bytes.HasPrefix(first, []byte("ACK ")) || !bytes.Contains(bytes.ToUpper(first), []byte(" SIP/")) {
		return nil
	}
	var out draft
	out.status(f.code, f.reason)
	via := false
	seen := map[string]bool{}
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		full, wanted := echoed[strings.ToLower(strings.TrimSpace(string(name)))]
		if !wanted || seen[full] && full != "Via" {
			continue
		}
		seen[full] = true
		via = via || full == "Via"
		out.line(full, strings.TrimSpace(string(value)))
	}
	b := out.end("", nil)
	if !via || len(b) > len(data)+slack {
		return nil
	}
	return b
}

// echoed are the headers of a request that its answer repeats, by their long and short names.
var echoed = map[string]string{
	"via": "Via", "v": "Via", "from": "From", "f": "From", "to": "To", "t": "To",
	"call-id": "Call-ID", "i": "Call-ID", "cseq": "CSeq",
}

// short are the compact forms of headers that we read by name (RFC 3261 section 7.3.3).
var short = map[string]string{"supported": "k", "content-encoding": "e"}

// value is the first header of that lower-case name, "" when there is none.
func value(m interface{ GetHeader(string) sip.Header }, name string) string {
	h := m.GetHeader(name)
	if s, ok := short[name]; h == nil && ok {
		h = m.GetHeader(s)
	}
	if h == nil {
		return ""
	}
	return h.Value()
}

// tagOf is the tag of a From or To header.
func tagOf(p sip.HeaderParams) string {
	t, _ := p.Get("tag")
	return t
}
