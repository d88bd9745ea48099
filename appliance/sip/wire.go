package sip

import (
	"bytes"
	"errors"
	"hash/maphash"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// slack is by how many bytes the answer to a malformed request may be longer than it: a reason, a tag, a length.
const slack = 96

var errMalformed = errors.New("malformed message")

// rawReply answers a request that could not be parsed, from its headers as they stand; nil when no answer is due.
func rawReply(data []byte, f *fault) []byte {
	head, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte("\r\n\r\n"))
	first, rest, _ := strings.Cut(string(head[:min(len(head), maxHead)]), "\r\n")
	if f.code == 0 || strings.HasPrefix(first, "ACK ") {
		return nil
	}
	var out draft
	out.status(f.code, f.reason)
	vias := 0
	var seen uint32
	for rest != "" {
		var line string
		line, rest = cutHeader(rest)
		name, value, _ := strings.Cut(line, ":")
		k := knownHeaders[strings.ToLower(strings.TrimRight(name, " \t"))]
		value = strings.TrimSpace(value)
		switch k.kind {
		case kindVia:
			if vias++; vias > maxVias {
				return nil
			}
		case kindTo:
			if !strings.Contains(strings.ToLower(value), "tag") {
				value += ";tag=" + hashTag(maphash.Bytes(shardSeed, data))
			}
		case kindFrom, kindCallID, kindCSeq:
		default:
			continue
		}
		if seen&k.once == 0 {
			out.line(k.name, value)
		}
		seen |= k.once
	}
	b := out.end("", nil)
	if vias == 0 || len(b) > len(data)+slack {
		return nil
	}
	return b
}

// value is the first header of that lower-case name, "" when there is none. Headers in their short form have become
// long ones in parse.
func value(m interface{ GetHeader(string) sip.Header }, name string) string {
	h := m.GetHeader(name)
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
