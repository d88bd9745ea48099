package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// kind is what parse does with a header.
type kind int

const (
	kindOther kind = iota // kept as it is
	kindVia
	kindFrom
	kindTo
	kindContact
	kindCallID
	kindCSeq
	kindMaxForwards
	kindLength
	kindType
	kindRoute
	kindRecordRoute
)

// Bits of reading.seen.
const (
	onceFrom uint32 = 1 << iota
	onceTo
	onceCallID
	onceCSeq
	onceMaxForwards
	onceLength
	onceType
	onceExpires
	onceEvent
	onceReferTo
	onceReferredBy
	onceReplaces
	onceRSeq
	onceRAck
	onceSessionExpires
	onceMinSE
	onceSubscription
)

// known is a header that parse reads, or that is written in a short form or may come only once.
type known struct {
	name  string // in full
	short string // compact form (RFC 3261 section 7.3.3), "" when there is none
	kind  kind
	once  uint32
}

// knownHeaders are by their usual spelling, and in lower case in full and short.
var knownHeaders = indexHeaders([]known{
	{"Via", "v", kindVia, 0},
	{"From", "f", kindFrom, onceFrom},
	{"To", "t", kindTo, onceTo},
	{"Contact", "m", kindContact, 0},
	{"Call-ID", "i", kindCallID, onceCallID},
	{"CSeq", "", kindCSeq, onceCSeq},
	{"Max-Forwards", "", kindMaxForwards, onceMaxForwards},
	{"Content-Length", "l", kindLength, onceLength},
	{"Content-Type", "c", kindType, onceType},
	{"Route", "", kindRoute, 0},
	{"Record-Route", "", kindRecordRoute, 0},
	{"Expires", "", kindOther, onceExpires},
	{"Event", "o", kindOther, onceEvent},
	{"Refer-To", "r", kindOther, onceReferTo},
	{"Referred-By", "b", kindOther, onceReferredBy},
	{"Replaces", "", kindOther, onceReplaces},
	{"RSeq", "", kindOther, onceRSeq},
	{"RAck", "", kindOther, onceRAck},
	{"Session-Expires", "x", kindOther, onceSessionExpires},
	{"Min-SE", "", kindOther, onceMinSE},
	{"Subscription-State", "", kindOther, onceSubscription},
	{"Subject", "s", kindOther, 0},
	{"Supported", "k", kindOther, 0},
	{"Content-Encoding", "e", kindOther, 0},
	{"Allow-Events", "u", kindOther, 0},
	{"Accept-Contact", "a", kindOther, 0},
	{"Reject-Contact", "j", kindOther, 0},
	{"Request-Disposition", "d", kindOther, 0},
	{"Identity", "y", kindOther, 0},
})

func indexHeaders(all []known) map[string]known {
	index := make(map[string]known, 3*len(all))
	for _, k := range all {
		index[k.name], index[strings.ToLower(k.name)] = k, k
		if k.short != "" {
			index[k.short] = k
		}
	}
	return index
}

// header reads one header into the message.
func (m *reading) header(line string) *fault {
	if m.headers++; m.headers > maxHeaders {
		return tooLarge(513, "Too Many Headers")
	}
	if len(line) > maxLine {
		return tooLarge(513, "Header Too Long")
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = trimBlanks(name), trimBlanks(value)
	k, isKnown := knownHeaders[name]
	if !isKnown {
		if !ok || !isToken(name) {
			return bad("Bad Header Name")
		}
		if k, isKnown = knownHeaders[strings.ToLower(name)]; !isKnown {
			k.name = name
		}
	}
	switch {
	case !ok:
		return bad("Bad Header Name")
	case !printable(value):
		return bad("Control Character")
	case m.seen&k.once != 0:
		return bad("Repeated " + k.name)
	}
	m.seen |= k.once
	return m.value(k, value)
}

// value reads what a header says.
func (m *reading) value(k known, v string) *fault {
	c := cursor{s: v}
	switch k.kind {
	case kindVia:
		return m.via(&c)
	case kindContact:
		return m.contactList(&c)
	case kindRoute, kindRecordRoute:
		return m.routeList(&c, k)
	}
	var h sip.Header
	ok := true
	switch k.kind {
	case kindFrom:
		from := &sip.FromHeader{}
		ok = c.party(&from.DisplayName, &from.Address, &from.Params)
		h = from
	case kindTo:
		to := &sip.ToHeader{}
		ok = c.party(&to.DisplayName, &to.Address, &to.Params)
		h = to
	case kindCSeq:
		cseq := &sip.CSeqHeader{}
		ok = c.cseq(cseq)
		h = cseq
	case kindCallID:
		if len(v) > maxCallID {
			return tooLarge(513, "Call-ID Too Long")
		}
		id := sip.CallIDHeader(v)
		h, ok = &id, v != "" && visible(v)
	case kindMaxForwards, kindLength, kindType:
		h, ok = m.scalar(k.kind, v)
	default:
		h = sip.NewHeader(k.name, v)
	}
	if !ok {
		return bad("Bad " + k.name)
	}
	m.msg.AppendHeader(h)
	return nil
}

// scalar reads what counts hops, or describes the body.
func (m *reading) scalar(k kind, v string) (sip.Header, bool) {
	switch k {
	case kindMaxForwards:
		n, ok := number(v, 255)
		hops := sip.MaxForwardsHeader(n)
		return &hops, ok
	case kindLength:
		n, ok := number(v, 1<<31-1)
		m.length = int(n)
		length := sip.ContentLengthHeader(n)
		return &length, ok
	}
	media, _, _ := strings.Cut(v, ";")
	major, minor, ok := strings.Cut(media, "/")
	m.sdp = strings.EqualFold(trimBlanks(media), "application/sdp")
	t := sip.ContentTypeHeader(v)
	return &t, ok && isToken(trimBlanks(major)) && isToken(trimBlanks(minor))
}

func (m *reading) via(c *cursor) *fault {
	for {
		h := &sip.ViaHeader{}
		if !c.via(h) {
			return bad("Bad Via")
		}
		m.msg.AppendHeader(h)
		if m.vias++; m.vias > maxVias {
			return tooLarge(513, "Too Many Vias")
		}
		if c.done() {
			return nil
		}
		if !c.take(',') {
			return bad("Bad Via")
		}
	}
}

func (m *reading) contactList(c *cursor) *fault {
	for {
		h := &sip.ContactHeader{}
		if c.s == "*" && m.contacts == 0 {
			c.i, h.Address = 1, sip.Uri{Host: "*", Wildcard: true}
		} else if _, ok := c.address(&h.DisplayName, &h.Address, &h.Params); !ok {
			return bad("Bad Contact")
		}
		if m.contact != nil && m.contact.Address.Wildcard {
			return bad("Bad Contact")
		}
		m.msg.AppendHeader(h)
		m.contact = h
		if m.contacts++; m.contacts > maxContacts {
			return tooLarge(513, "Too Many Contacts")
		}
		if c.done() {
			return nil
		}
		if !c.take(',') {
			return bad("Bad Contact")
		}
	}
}

// routeList keeps each route as it was written, because it goes out again.
func (m *reading) routeList(c *cursor, k known) *fault {
	n := &m.routes[k.kind-kindRoute]
	for {
		c.space()
		start := c.i
		var name string
		var u sip.Uri
		var params sip.HeaderParams
		if bracketed, ok := c.address(&name, &u, &params); !ok || !bracketed {
			return bad("Bad " + k.name)
		}
		m.msg.AppendHeader(sip.NewHeader(k.name, trimBlanks(c.s[start:c.i])))
		if *n++; *n > maxRouteSet {
			return tooLarge(513, "Too Many Routes")
		}
		if c.done() {
			return nil
		}
		if !c.take(',') {
			return bad("Bad " + k.name)
		}
	}
}

// via reads one value (RFC 3261 section 20.42).
func (c *cursor) via(h *sip.ViaHeader) bool {
	c.space()
	h.ProtocolName = c.token()
	ok := c.take('/')
	h.ProtocolVersion = c.token()
	ok = ok && c.take('/')
	h.Transport = c.token()
	if !ok || h.ProtocolName == "" || h.ProtocolVersion == "" || h.Transport == "" || !c.space() {
		return false
	}
	if h.Host, ok = c.host(); !ok {
		return false
	}
	if c.take(':') {
		if h.Port, ok = port(c.digits()); !ok {
			return false
		}
	}
	if !c.params(&h.Params) {
		return false
	}
	branch, given := h.Params.Get("branch")
	return !given || branch != "" && visible(branch)
}

// party reads From or To.
func (c *cursor) party(name *string, u *sip.Uri, params *sip.HeaderParams) bool {
	if _, ok := c.address(name, u, params); !ok || !c.done() || len(u.Headers) > 0 {
		return false
	}
	tag, given := params.Get("tag")
	return !given || tag != "" && len(tag) <= maxTag
}

// cseq reads a number and a method (RFC 3261 section 20.16).
func (c *cursor) cseq(h *sip.CSeqHeader) bool {
	n, ok := number(c.digits(), 1<<31-1)
	if !ok || !c.space() {
		return false
	}
	h.SeqNo, h.MethodName = uint32(n), sip.RequestMethod(c.token())
	return h.MethodName != "" && c.done()
}

// address reads name-addr or addr-spec with what follows it (RFC 3261 section 20.10). Without brackets the parameters
// are the header's, and the URI may have no question mark; with them, what is inside is the URI's.
func (c *cursor) address(name *string, u *sip.Uri, params *sip.HeaderParams) (bracketed, ok bool) {
	c.space()
	if c.at('"') {
		if *name, ok = c.quoted(); !ok {
			return false, false
		}
		*name = (*name)[1 : len(*name)-1]
		c.space()
		bracketed = true
	} else if i := c.bracket(); i >= 0 {
		*name = trimBlanks(c.s[c.i:i])
		c.i = i
		bracketed = true
	}
	var uri string
	if bracketed {
		end := strings.IndexByte(c.s[c.i:], '>')
		if !c.at('<') || end < 0 {
			return false, false
		}
		uri = c.s[c.i+1 : c.i+end]
		c.i += end + 1
	} else {
		start := c.i
		for c.i < len(c.s) && strings.IndexByte(" \t;,>?", c.s[c.i]) < 0 {
			c.i++
		}
		uri = c.s[start:c.i]
	}
	return bracketed, len(uri) <= maxURI && readURI(uri, u) && c.params(params)
}

// bracket finds the one that begins an address; a display name before it has no quotes, separators or backslashes.
func (c *cursor) bracket() int {
	for i := c.i; i < len(c.s); i++ {
		switch c.s[i] {
		case '<':
			return i
		case ',', ';', '"', '>', '\\':
			return -1
		}
	}
	return -1
}
