package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// What we can do, as Allow, Supported and Allow-Events tell it.
const (
	allow       = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, SUBSCRIBE, REGISTER"
	supported   = "100rel, timer, replaces, norefersub"
	allowEvents = "dialog, presence, message-summary"
)

// options are the extensions that a request may require of us.
var options = map[string]bool{
	"100rel": true, "timer": true, "replaces": true, "norefersub": true, "path": true, "outbound": true, "199": true,
}

// unsupported lists what the request requires of us and we cannot do, "" when that is nothing.
func unsupported(r *sip.Request) string {
	var rest []string
	for _, tag := range tags(r, "require") {
		if !options[strings.ToLower(tag)] {
			rest = append(rest, tag)
		}
	}
	return strings.Join(rest, ", ")
}

// tags are the elements of all headers of that name.
func tags(m interface{ GetHeaders(string) []sip.Header }, name string) []string {
	const most = 64
	var out []string
	for _, h := range m.GetHeaders(name) {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			if tag = strings.TrimSpace(tag); tag != "" && len(out) < most {
				out = append(out, tag)
			}
		}
	}
	return out
}

func hasTag(list []string, tag string) bool {
	for _, t := range list {
		if strings.EqualFold(t, tag) {
			return true
		}
	}
	return false
}

// requires is true when a request cannot be done without that option.
func requires(r *sip.Request, tag string) bool { return hasTag(tags(r, "require"), tag) }

// supports is true when the sender knows that option.
func supports(m interface{ GetHeaders(string) []sip.Header }, tag string) bool {
	return hasTag(tags(m, "supported"), tag) || hasTag(tags(m, "require"), tag)
}

// allows is true when the sender takes requests of that method.
func allows(m interface{ GetHeaders(string) []sip.Header }, method string) bool {
	return hasTag(tags(m, "allow"), method)
}

// beside is true for requests that belong to no call.
func beside(r *sip.Request) bool {
	switch r.Method {
	case sip.SUBSCRIBE:
		return true
	case sip.OPTIONS, sip.MESSAGE, sip.PUBLISH, sip.REFER, sip.NOTIFY:
		return tagOf(r.To().Params) == ""
	}
	return false
}

// beside answers them. A REFER outside of a call would have us call anyone for whoever asks; messages and the states of
// others are not this box's business, and who sends them learns what is.
func (sh *shard) beside(f flow, r *sip.Request) {
	switch r.Method {
	case sip.SUBSCRIBE:
		sh.subscribe(f, r)
	case sip.OPTIONS:
		sh.reply(f, r, response{code: 200, headers: abilities()})
	case sip.REFER:
		sh.reply(f, r, response{code: 403, reason: "REFER Only Within A Call"})
	case sip.NOTIFY:
		sh.reply(f, r, response{code: 481, reason: "Subscription Does Not Exist"})
	default:
		sh.reply(f, r, response{code: 405, headers: [][2]string{{"Allow", allow}}})
	}
}

// abilities answer the question what we can do (RFC 3261 section 11.2).
func abilities() [][2]string {
	return [][2]string{{"Allow", allow}, {"Accept", "application/sdp"}, {"Supported", supported}, {"Allow-Events", allowEvents}}
}
