package sip

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const maxUpgrade = 8 << 10 // bytes of the HTTP request

// upgrade answers the HTTP request that begins a WebSocket (RFC 6455 section 4.2); false when it is refused.
func (s *Server) upgrade(r *bufio.Reader, conn net.Conn) bool {
	q, err := http.ReadRequest(r)
	if err != nil {
		refuseUpgrade(conn, 400, "")
		return false
	}
	key, err := base64.StdEncoding.DecodeString(q.Header.Get("Sec-WebSocket-Key"))
	switch {
	case q.Method != http.MethodGet:
		refuseUpgrade(conn, 405, "Allow: GET\r\n")
	case !fieldHas(q.Header, "Upgrade", "websocket") || !fieldHas(q.Header, "Connection", "upgrade"):
		refuseUpgrade(conn, 426, "Upgrade: websocket\r\nConnection: Upgrade\r\n")
	case q.Header.Get("Sec-WebSocket-Version") != "13":
		refuseUpgrade(conn, 426, "Sec-WebSocket-Version: 13\r\n")
	case q.ProtoMajor != 1 || q.ProtoMinor != 1 || q.ContentLength != 0 || len(key) != 16 || err != nil || !fieldHas(q.Header, "Sec-WebSocket-Protocol", "sip"):
		refuseUpgrade(conn, 400, "")
	case !s.live.Load().welcomes(q):
		refuseUpgrade(conn, 403, "")
	default:
		sum := sha1.Sum([]byte(q.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		_, err := fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		return err == nil
	}
	return false
}

func refuseUpgrade(conn net.Conn, code int, headers string) {
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", code, http.StatusText(code), headers)
}

// welcomes checks the page that a browser comes from: one of Settings.Origins, or when none are set one of the same
// host. Who is no browser says no origin, and needs none: it could say what it likes.
func (l *setup) welcomes(q *http.Request) bool {
	all := q.Header.Values("Origin")
	if len(all) == 0 {
		return true
	}
	if len(all) > 1 {
		return false
	}
	if len(l.set.Origins) > 0 {
		return slices.ContainsFunc(l.set.Origins, func(o string) bool { return strings.EqualFold(o, all[0]) })
	}
	u, err := url.Parse(all[0])
	return err == nil && sameHost(u.Hostname(), q.Host)
}

// fieldHas is true when a header that is a list has that element.
func fieldHas(h http.Header, name, want string) bool {
	for _, v := range h.Values(name) {
		for e := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(e), want) {
				return true
			}
		}
	}
	return false
}
