package sip

import (
	"net/url"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// What is said about who calls is believed of trunks only, and only told to trunks: a phone is who its credential says,
// and learns no more than the From header (RFC 3325 section 5).

const maxDiversions = 5 // of a call, in and out

// Diversion is someone whom a call was for before it was forwarded.
type Diversion struct {
	Party
	Reason string // as RFC 5806 has it: unconditional, user-busy, no-answer, unavailable, deflection, …; "unknown"
}

// name is one name-addr of a header.
type name struct {
	shown  string
	uri    sip.Uri
	params sip.HeaderParams
}

func (n name) number() string { return userOf(&n.uri) }

// names reads all name-addrs of the headers of that name; what cannot be read is left out.
func names(m interface{ GetHeaders(string) []sip.Header }, header string) []name {
	const most = 32
	var out []name
	for _, h := range m.GetHeaders(header) {
		for _, v := range list(h.Value()) {
			if n, ok := parseAddress(v); ok && len(out) < most {
				n.shown = unquote(n.shown)
				out = append(out, n)
			}
		}
	}
	return out
}

// list splits at the commas outside quotes and angle brackets.
func list(v string) []string {
	var out []string
	quoted, inside, escaped, from := false, false, false, 0
	for i := range len(v) {
		switch c := v[i]; {
		case escaped:
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			inside = true
		case c == '>':
			inside = false
		case c == ',' && !inside:
			out = append(out, strings.TrimSpace(v[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(v[from:]))
}

// hides is true when the sender wants its identity kept from the other side (RFC 3323).
func hides(r *sip.Request) bool {
	from := r.From().Address
	if strings.EqualFold(from.Host, "anonymous.invalid") || strings.EqualFold(from.User, "anonymous") {
		return true
	}
	for _, h := range r.GetHeaders("privacy") {
		for p := range strings.FieldsFuncSeq(strings.ToLower(h.Value()), func(c rune) bool { return c == ';' || c == ',' || c == ' ' }) {
			if p == "id" || p == "user" || p == "header" {
				return true
			}
		}
	}
	return false
}

// asserted is who calls by the word of a trunk: P-Asserted-Identity, and else From unless that is hidden.
func asserted(r *sip.Request, believe bool) Party {
	from := r.From()
	p := Party{Name: unquote(from.DisplayName), Number: userOf(&from.Address), Hidden: hides(r)}
	if strings.EqualFold(from.Address.Host, "anonymous.invalid") || strings.EqualFold(from.Address.User, "anonymous") {
		p.Name, p.Number = "", ""
	}
	if !believe {
		return p
	}
	for _, n := range names(r, "p-asserted-identity") {
		if n.number() != "" {
			p.Number = n.number()
			if n.shown != "" {
				p.Name = n.shown
			}
			break
		}
	}
	return p
}

// preferred is the number that a phone would like to show (RFC 3325 section 9.2), "" when it does not say.
func preferred(r *sip.Request) string {
	for _, n := range names(r, "p-preferred-identity") {
		if n.number() != "" {
			return n.number()
		}
	}
	return ""
}

// diverted is whom the call was for before, the latest first: from Diversion (RFC 5806), or else from History-Info
// (RFC 7044).
func diverted(r *sip.Request) []Diversion {
	var out []Diversion
	for _, n := range names(r, "diversion") {
		d := Diversion{Party: Party{Name: n.shown, Number: n.number()}, Reason: "unknown"}
		if v, ok := n.params.Get("reason"); ok && word(v) != "" {
			d.Reason = word(v)
		}
		if v, _ := n.params.Get("privacy"); v != "" && !strings.EqualFold(v, "off") {
			d.Hidden = true
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		out = history(names(r, "history-info"))
	}
	return out[:min(len(out), maxDiversions)]
}

// word is v in lower case when it is a plain word, perhaps in quotes.
func word(v string) string {
	v = strings.ToLower(strings.Trim(v, `"`))
	if len(v) > 32 || strings.ContainsFunc(v, func(c rune) bool { return (c < 'a' || c > 'z') && c != '-' }) {
		return ""
	}
	return v
}

// history reads the entries of History-Info: each but the last was left for the one behind it. Why stands in the
// Reason of its URI, or as cause in the next (RFC 4458).
func history(entries []name) []Diversion {
	var out []Diversion
	for i := 0; i+1 < len(entries); i++ {
		e := entries[i]
		d := Diversion{Party: Party{Name: e.shown, Number: e.number()}, Reason: "unknown"}
		for _, h := range e.uri.Headers {
			v, err := url.PathUnescape(h.V)
			switch {
			case err != nil:
			case strings.EqualFold(h.K, "reason"):
				_, rest, _ := strings.Cut(strings.ToLower(v), "cause=")
				d.Reason = reasonOfCause(rest)
			case strings.EqualFold(h.K, "privacy"):
				d.Hidden = d.Hidden || !strings.EqualFold(v, "none")
			}
		}
		if cause, ok := entries[i+1].uri.UriParams.Get("cause"); ok && d.Reason == "unknown" {
			d.Reason = reasonOfCause(cause)
		}
		out = append(out, d)
	}
	slices.Reverse(out)
	return out
}

var diversionCauses = []struct{ cause, reason string }{
	{"302", "unconditional"}, {"486", "user-busy"}, {"408", "no-answer"}, {"503", "unavailable"}, {"480", "deflection"}, {"487", "deflection"},
}

func reasonOfCause(v string) string {
	for _, c := range diversionCauses {
		if strings.HasPrefix(v, c.cause) {
			return c.reason
		}
	}
	return "unknown"
}

func causeOfReason(reason string) string {
	for _, c := range diversionCauses {
		if c.reason == reason {
			return c.cause
		}
	}
	return "404"
}

// diversions are the headers that tell a trunk by whom a call was forwarded: Diversion with the latest first, and
// History-Info with the first first and the called number last.
func diversions(ds []Diversion, domain, called string) [][2]string {
	var out [][2]string
	ds = ds[:min(len(ds), maxDiversions)]
	if len(ds) == 0 {
		return nil
	}
	for _, d := range ds {
		reason, privacy := word(d.Reason), "off"
		if reason == "" {
			reason = "unknown"
		}
		if d.Hidden {
			privacy = "full"
		}
		out = append(out, [2]string{"Diversion", nameAddr(d.Name, d.Number, domain) + ";reason=" + reason + ";counter=1;privacy=" + privacy})
	}
	index, cause := "1", ""
	for i := len(ds) - 1; i >= 0; i-- {
		u := "<sip:" + escapeUser(ds[i].Number) + "@" + domain + cause
		if ds[i].Hidden {
			u += "?Privacy=history"
		}
		out = append(out, [2]string{"History-Info", u + ">;index=" + index})
		index, cause = index+".1", ";cause="+causeOfReason(word(ds[i].Reason))
	}
	return append(out, [2]string{"History-Info", "<" + called + cause + ">;index=" + index})
}

// tellsWho is true for headers that tell who calls: a phone gets none of them.
func tellsWho(header string) bool {
	switch strings.ToLower(header) {
	case "p-asserted-identity", "p-preferred-identity", "remote-party-id", "diversion", "history-info", "privacy":
		return true
	}
	return false
}

// reasonOf reads all Reason headers of a message: the Q.850 cause of one, the text of the first that has any.
func reasonOf(m interface{ GetHeaders(string) []sip.Header }) (q850 int, text string) {
	for _, h := range m.GetHeaders("reason") {
		for _, v := range list(h.Value()) {
			q, t := parseReason(v)
			if q850 == 0 {
				q850 = q
			}
			if text == "" {
				text = t
			}
		}
	}
	return q850, text
}

// paths are the Path headers of a REGISTER (RFC 3327) as one Route list, "" when there are none; false when they cannot
// be kept.
func paths(r *sip.Request) (string, bool) {
	var out []string
	for _, h := range r.GetHeaders("path") {
		for _, v := range list(h.Value()) {
			if n, ok := parseAddress(v); !ok || n.uri.Host == "" || !strings.HasPrefix(v, "<") {
				return "", false
			}
			out = append(out, v)
		}
	}
	all := strings.Join(out, ", ")
	return all, len(all) <= 4*uriLimit && len(out) <= maxForks
}
