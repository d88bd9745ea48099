package bench

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// message is a SIP message as it came, looked into no deeper than the load needs. It is written for what the two
// programs under test send, not for what a stranger might.
type message []byte

// status is the code of a response, 0 for a request.
func (m message) status() int {
	rest, ok := bytes.CutPrefix(m, []byte("SIP/2.0 "))
	if !ok || len(rest) < 3 {
		return 0
	}
	code, _ := strconv.Atoi(string(rest[:3]))
	return code
}

// method is what a request asks for, or what a response answers.
func (m message) method() string {
	if m.status() == 0 {
		method, _, _ := bytes.Cut(m, []byte(" "))
		return string(method)
	}
	_, method, _ := strings.Cut(m.header("CSeq"), " ")
	return method
}

// header is the first value of a header, without the spaces around it.
func (m message) header(name string) string {
	head, _, _ := bytes.Cut(m, []byte("\r\n\r\n"))
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return string(bytes.TrimSpace(line[len(name)+1:]))
		}
	}
	return ""
}

// contact is the address to send requests of the dialog to, as it goes into the first line.
func (m message) contact() string {
	_, rest, _ := strings.Cut(m.header("Contact"), "<")
	uri, _, _ := strings.Cut(rest, ">")
	return uri
}

// sound is where the sender of the message wants to get its sound.
func (m message) sound() (netip.AddrPort, bool) {
	_, body, _ := bytes.Cut(m, []byte("\r\n\r\n"))
	host, port := after(body, "c=IN IP4 "), after(body, "m=audio ")
	at, err := netip.ParseAddrPort(host + ":" + port)
	return at, err == nil
}

// after is the word that follows a mark.
func after(text []byte, mark string) string {
	_, rest, _ := bytes.Cut(text, []byte(mark))
	end := bytes.IndexAny(rest, " \r\n")
	return string(rest[:max(0, end)])
}

// response answers a request with the headers that RFC 3261 section 8.2.6 wants, a tag, and what else is given.
func (m message) response(code int, phrase, tag string, more ...string) []byte {
	to := m.header("To")
	if code > 100 && !strings.Contains(to, "tag=") {
		to += ";tag=" + tag
	}
	return compose(fmt.Sprintf("SIP/2.0 %d %s", code, phrase), append([]string{
		"Via: " + m.header("Via"), "From: " + m.header("From"), "To: " + to,
		"Call-ID: " + m.header("Call-ID"), "CSeq: " + m.header("CSeq"),
	}, more...))
}

// compose joins a first line and headers. A last header that begins with "v=" is the body.
func compose(first string, headers []string) []byte {
	body := ""
	if last := len(headers) - 1; strings.HasPrefix(headers[last], "v=") {
		body, headers = headers[last], append(headers[:last:last], "Content-Type: application/sdp")
	}
	return fmt.Appendf(nil, "%s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", first, strings.Join(headers, "\r\n"), len(body), body)
}

// describe is the SDP of a phone that speaks A-law and knows keys.
func describe(host string, port int) string {
	return fmt.Sprintf("v=0\r\no=load 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 8 101\r\n"+
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n", host, port)
}
