package lua

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody      = 1 << 20 // bytes of an answer
	maxSent      = 512 << 10
	maxRedirects = 5
	maxHeader    = 64 << 10
)

// request checks what a plugin wants to ask, and asks.
func (s *service) request(method string, args []any) ([]any, error) {
	address, _ := args[0].(string)
	if _, err := s.plugin.Allow.permitted(address); err != nil {
		return nil, denial{fmt.Sprintf("%s: %v", clip(oneLine(address), 200), err)}
	}
	o, _ := args[1].(map[string]any)
	r := HTTPRequest{Method: strings.ToUpper(method), URL: address, Header: map[string]string{}, Body: []byte(text(o, "body"))}
	if len(r.Body) > maxSent {
		return nil, misusef("the body has %d kB, %d kB at most", len(r.Body)>>10, maxSent>>10)
	}
	headers, _ := o["headers"].(map[string]any)
	for name, value := range headers {
		v, ok := value.(string)
		if n, number := value.(float64); number && !math.IsNaN(n) {
			v, ok = formatNumber(n), true
		}
		if !ok || !token(name) || strings.ContainsAny(v, "\r\n\x00") {
			return nil, misusef("the header %.40q is no name and line of text", name)
		}
		r.Header[name] = v
	}
	timeout, err := seconds(o, "timeout", time.Hour)
	if err != nil {
		return nil, err
	}
	ctx := s.ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
		r.Timeout = timeout
	}
	answer, err := s.h.o.Services.HTTP(ctx, s.plugin.Name, r)
	if err != nil {
		return nil, reasonOf(ctx, err)
	}
	if len(answer.Body) > maxBody {
		return nil, errTooBig
	}
	header := map[string]string{}
	for name, value := range answer.Header {
		header[strings.ToLower(name)] = value
	}
	return []any{map[string]any{"status": answer.Status, "headers": header, "body": answer.Body}}, nil
}

var errTooBig = fmt.Errorf("the answer has more than %d kB", maxBody>>10)

// token says whether a header may have that name (RFC 9110 section 5.6.2), and is not one that the connection needs for itself.
func token(name string) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", c) {
			return false
		}
	}
	switch strings.ToLower(name) {
	case "", "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer":
		return false
	}
	return true
}

// reasonOf is a failure in words that a plugin can compare and a person can read; it tells nothing of the network inside.
func reasonOf(ctx context.Context, err error) error {
	var no *net.OpError
	var name *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		return errors.New("timeout")
	case errors.Is(err, errTooBig):
		return errTooBig
	case errors.As(err, &name):
		return errors.New("there is no host of that name")
	case errors.As(err, &no) && no.Op == "dial":
		return errors.New("connection refused")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return errors.New(clip(oneLine(err.Error()), 200))
}

// newClient makes the one client of a host. Connections are reused; no proxy of the environment sees them.
func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dial(ctx, dialer, network, address)
			},
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    16,
			MaxConnsPerHost:        64,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
		},
	}
}

var errInside = errors.New("its name leads to an address of a network inside; name the address itself in allow http")

// dial looks a name up and connects to what it found, so that nobody can change the answer in between. Only the address itself, or
// localhost, written into the prefix, leads to a network inside; a name never does.
func dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil || strings.TrimSuffix(strings.ToLower(host), ".") == "localhost" {
		return d.DialContext(ctx, network, address) // as it was granted
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return dialFirst(ctx, d, network, found, port)
}

func dialFirst(ctx context.Context, d *net.Dialer, network string, found []netip.Addr, port string) (net.Conn, error) {
	err := errInside
	for _, a := range found {
		if !public(a) {
			continue
		}
		conn, failed := d.DialContext(ctx, network, net.JoinHostPort(a.Unmap().String(), port))
		if failed == nil {
			return conn, nil
		}
		err = failed
	}
	return nil, err
}

// request is what Services.HTTP is when nobody else is.
func (h *Host) request(ctx context.Context, plugin string, r HTTPRequest) (HTTPResponse, error) {
	p := h.plugins[plugin]
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return HTTPResponse{}, err
	}
	req.Header.Set("User-Agent", "callbox")
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	client := *h.http
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if len(before) >= maxRedirects {
			return errors.New("too many redirects")
		}
		if _, err := p.Allow.permitted(next.URL.String()); err != nil {
			return errors.New("it redirects to where the plugin may not go")
		}
		return nil
	}
	answer, err := client.Do(req)
	if err != nil {
		return HTTPResponse{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err != nil {
		return HTTPResponse{}, err
	}
	if len(body) > maxBody {
		return HTTPResponse{}, errTooBig
	}
	header := map[string]string{}
	for name, values := range answer.Header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return HTTPResponse{Status: answer.StatusCode, Header: header, Body: body}, nil
}
