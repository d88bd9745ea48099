package sip

import (
	"bytes"
	"errors"
	"hash/maphash"
	"strings"

	"github.com/emiago/sipgo/sip"
)

var errMalformed = errors.New("malformed message")

// rawReply answers a request that could not be parsed, from its headers as they stand; nil when no answer is due. It is
// longer than the request by a reason, a tag and a length, and where short names of headers become long ones.
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
			vias++
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
	if vias == 0 {
		return nil
	}
	return out.end("", nil)
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
