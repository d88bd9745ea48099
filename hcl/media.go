package hcl

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Media is how sound travels.
type Media struct {
	// Ports are the UDP ports for sound, first to last, 1024 to 65535. A call
	// takes four of them: RTP and RTCP for each of its two legs.
	Ports string `hcl:"ports" is:"ports" default:"16384-32767"`
	// PortLow is the first of Ports.
	PortLow int
	// PortHigh is the last of Ports.
	PortHigh int
	// Codecs the box offers and takes, the preferred first.
	Codecs []string `hcl:"codecs" is:"opus|g722|pcma|pcmu" default:"opus,g722,pcma,pcmu"`
	// SRTP says whether sound is encrypted (RFC 3711): off never, optional when
	// the peer can, required always but for emergency calls.
	SRTP string `hcl:"srtp" is:"off|optional|required" default:"optional"`
}

var mediaKind = &kind{name: "media", new: func() any { return &Media{PortLow: 16384, PortHigh: 32767} }, effect: newCalls, example: `
media {
  ports  = "16384-32767"
  codecs = ["opus", "g722", "pcma", "pcmu"]
  srtp   = "optional"
}
`}

func (m *Media) check(l *loader, b *block) {
	if b.has("codecs") && len(m.Codecs) == 0 {
		l.fail(b.at("codecs"), "codecs is empty", "Without a codec there is no sound; pcma and pcmu every phone has.")
	}
}

// decodePorts reads "16384-32767".
func decodePorts(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	m := owner.Addr().Interface().(*Media)
	f := &field{name: "ports", typ: reflect.TypeFor[string]()}
	v, ok := l.evaluate(a.Expr)
	if !ok || !l.assign(f, "ports", v, a.Expr, reflect.ValueOf(&m.Ports).Elem()) {
		return false
	}
	first, last, found := strings.Cut(m.Ports, "-")
	low, err1 := strconv.Atoi(strings.TrimSpace(first))
	high, err2 := strconv.Atoi(strings.TrimSpace(last))
	const allowed = `Write the first and the last port, between 1024 and 65535: "16384-32767".`
	switch {
	case !found || err1 != nil || err2 != nil:
		l.fail(a.Expr.Range(), fmt.Sprintf("ports: %s is no range", shorten(m.Ports)), allowed)
	case low < 1024 || high > 65535:
		l.fail(a.Expr.Range(), fmt.Sprintf("ports %d to %d are out of range", low, high), allowed)
	case low > high:
		l.fail(a.Expr.Range(), "ports stand the wrong way round", fmt.Sprintf("Write the smaller first: \"%d-%d\".", high, low))
	case high-low < 3:
		l.fail(a.Expr.Range(), fmt.Sprintf("%d ports are too few", high-low+1), "A call takes four ports; give at least as many.")
	default:
		m.PortLow, m.PortHigh = low, high
		return true
	}
	return false
}
