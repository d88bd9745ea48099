package lua

import (
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAddressesAreComparedAsServersReadThem(t *testing.T) {
	allow := Allow{HTTP: []string{"https://erp.example/", "http://192.168.1.5:8080/api/", "https://Müller.example/"}}
	for address, ok := range map[string]bool{
		"https://erp.example/policies/1":                   true,
		"https://erp.example":                              true,
		"HTTPS://ERP.EXAMPLE:443/x?y=/../":                 true,
		"https://erp.example./x":                           true,
		"http://erp.example/":                              false,
		"https://erp.example:8443/":                        false,
		"https://erp.example.evil.example/":                false,
		"https://erp.example@evil.example/":                false,
		"https://user:password@erp.example/":               false,
		"https://evil.example/https://erp.example/":        false,
		"https://evil.example#https://erp.example/":        false,
		"https://evil.example\\@erp.example/":              false,
		"http://192.168.1.5:8080/api/x":                    true,
		"http://192.168.1.5:8080/api":                      false,
		"http://192.168.1.5:8080/api/../admin":             false,
		"http://192.168.1.5:8080/api/%2e%2e/admin":         false,
		"http://192.168.1.5:8080/api/.%2E/admin":           false,
		"http://192.168.1.5:8080/api/..%2fadmin":           false,
		"http://192.168.1.5:8080/api/..;/admin":            false,
		"http://192.168.1.5:8080/api/..\\admin":            false,
		"http://192.168.1.5:8080/api/%5c..%5cadmin":        false,
		"http://192.168.1.5:8080/api/%252e%252e/x":         false,
		"http://192.168.1.5:8080/apifoo/":                  false,
		"http://192.168.1.5/api/":                          false,
		"http://3232235781:8080/api/":                      false,
		"http://[::ffff:192.168.1.5]:8080/api/":            false,
		"file:///etc/passwd":                               false,
		"//erp.example/":                                   false,
		"/policies":                                        false,
		"":                                                 false,
		"https:erp.example/":                               false,
		"https://erp.example/\x00":                         false,
		"https://erp.example/" + strings.Repeat("x", 9000): false,
	} {
		if _, err := allow.permitted(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, wrong := range []string{"https://erp.example", "erp.example/", "https://user@erp.example/", "https://erp.example/x?y", "ftp://erp.example/", "https:///", "https://erp.example/../"} {
		if err := (Allow{HTTP: []string{wrong}}).check(); err == nil {
			t.Errorf("%q may be granted", wrong)
		}
	}
}

func TestNoNameLeadsInside(t *testing.T) {
	for address, ok := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "8.8.8.8": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,
		"127.0.0.1": false, "127.8.9.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false, "fe80::1": false, "fc00::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "2002:7f00:1::": false, "::7f00:1": false,
		"198.18.0.1": false, "192.0.0.8": false, "fe80::1%eth0": false, "ff02::1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != ok {
			t.Errorf("%s: %v", address, got)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if conn, err := dialFirst(t.Context(), &net.Dialer{}, "tcp", []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}, port); err == nil {
		conn.Close()
		t.Error("a name that leads to loopback was followed")
	}
}

// site is a server, and an office whose plugin may ask it below /api/.
func site(t *testing.T, lua string, handler http.HandlerFunc) (*office, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o, log := options()
	p := body(`local http, base = require "callbox.http", callbox.config.base ` + lua)
	p.Config = map[string]any{"base": server.URL}
	p.Allow.HTTP = []string{server.URL + "/api/"}
	p.Limits.Time = 3 * time.Second
	o.Plugins = []Plugin{p}
	return opened(t, o, log), server.URL
}

func TestRequestsCarryWhatTheyAreGivenAndAnswersWhatCame(t *testing.T) {
	office, _ := site(t, `
		local res = http.post(base .. "/api/x?a=1", { json = { n = 1, list = {} , name = "陳" }, headers = { ["X-Key"] = "k" }, query = { q = "a b&c", z = 1 } })
		local put = http.put(base .. "/api/raw", { body = "raw\0body" })
		local del, patch = http.delete(base .. "/api/gone"), http.patch(base .. "/api/x", { json = true })
		return { status = res.status, echo = res.json.echo, type = res.headers["content-type"], body = put.body, json = put.json == nil, del = del.status, patch = patch.body }`,
		func(w http.ResponseWriter, r *http.Request) {
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s %s ", r.Method, r.URL.RequestURI(), r.Header.Get("X-Key"))
			_, _ = (&boundedReader{r}).into(&b)
			switch r.Method {
			case "DELETE":
				w.WriteHeader(http.StatusNoContent)
			case "POST":
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusCreated)
				fmt.Fprintf(w, `{"echo": %q}`, b.String())
			default:
				fmt.Fprint(w, b.String())
			}
		})
	got, err := office.run(t, nil)
	want := map[string]any{"status": 201.0, "echo": `POST /api/x?a=1&q=a+b%26c&z=1 k {"n":1,"list":{},"name":"陳"}`, "type": "application/json",
		"body": "PUT /api/raw  raw\x00body", "json": true, "del": 204.0, "patch": "PATCH /api/x  true"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

type boundedReader struct{ r *http.Request }

func (b *boundedReader) into(s *strings.Builder) (int64, error) {
	buffer := make([]byte, 1000)
	n, err := b.r.Body.Read(buffer)
	s.Write(buffer[:n])
	return int64(n), err
}

func TestAnAnswerThatIsWrongIsAValueAndHarmsNobody(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for name, want := range map[string]string{
		"big": "the answer has more than", "gzip": "the answer has more than", "never": "timeout", "drip": "timeout", "away": "it redirects to where the plugin may not go",
		"up": "it redirects to where the plugin may not go", "around": "too many redirects", "header": "", "cut": "EOF", "broken": "", "near": "",
	} {
		t.Run(name, func(t *testing.T) {
			seconds := "2.5"
			if want == "timeout" {
				seconds = "0.3"
			}
			office, _ := site(t, `local res, err = http.get(base .. "/api/`+name+`", { timeout = `+seconds+` }) return { err = err, status = res and res.status, json = res and res.json == nil }`,
				func(w http.ResponseWriter, r *http.Request) {
					switch strings.TrimPrefix(r.URL.Path, "/api/") {
					case "big":
						for range 3000 {
							fmt.Fprint(w, strings.Repeat("x", 1000))
						}
					case "gzip":
						w.Header().Set("Content-Encoding", "gzip")
						z := gzip.NewWriter(w)
						for range 30000 {
							_, _ = z.Write(make([]byte, 1000))
						}
						z.Close()
					case "never":
						<-r.Context().Done()
					case "drip":
						for r.Context().Err() == nil {
							fmt.Fprint(w, "x")
							w.(http.Flusher).Flush()
							select {
							case <-time.After(20 * time.Millisecond):
							case <-r.Context().Done():
							}
						}
					case "away":
						http.Redirect(w, r, other.URL+"/api/", http.StatusFound)
					case "up":
						http.Redirect(w, r, "/admin", http.StatusTemporaryRedirect)
					case "around":
						http.Redirect(w, r, "/api/around", http.StatusFound)
					case "near":
						http.Redirect(w, r, "/api/there", http.StatusFound)
					case "header":
						w.Header().Set("X-Long", strings.Repeat("x", 200_000))
					case "cut":
						w.Header().Set("Content-Length", "1000")
						fmt.Fprint(w, "x")
					case "broken":
						w.Header().Set("Content-Type", "application/json")
						fmt.Fprint(w, `{"a": `)
					}
				})
			got, err := office.run(t, nil)
			if err != nil {
				t.Fatal(err)
			}
			said, _ := got["err"].(string)
			switch {
			case name == "header":
				if said == "" {
					t.Error("a header of 200 kB was taken")
				}
			case want == "" && got["status"] != 200.0, !strings.Contains(said, want):
				t.Errorf("%v", got)
			case name == "broken" && got["json"] != true:
				t.Errorf("%v", got)
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed to where the plugin may not go")
	}
	office, _ := site(t, `local res, err = http.get(base .. "/api/x", { headers = { ["X"] = "a\r\nEvil: 1" } })`, func(http.ResponseWriter, *http.Request) {})
	_, err := office.run(t, nil)
	says(t, err, "is no name and line of text")
	office, _ = site(t, `return http.get(base .. "/admin")`, func(http.ResponseWriter, *http.Request) {})
	_, err = office.run(t, nil)
	if kind(err) != KindDenied {
		t.Error(err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	h, err := newHost(Options{Plugins: []Plugin{{Name: "p", Files: map[string][]byte{"main.lua": nil}}}, Child: childArgs})
	if err == nil {
		t.Fatal("an empty file is a plugin")
	}
	h.plugins = map[string]*plugin{"p": {Plugin: Plugin{Name: "p", Allow: Allow{HTTP: []string{server.URL + "/"}}}}}
	for range 10 {
		if r, err := h.request(context.Background(), "p", HTTPRequest{Method: "GET", URL: server.URL + "/"}); err != nil || string(r.Body) != "x" {
			t.Fatal(r, err)
		}
	}
	h.http.CloseIdleConnections()
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for ten requests", n)
	}
}

func FuzzPermitted(f *testing.F) {
	allow := Allow{HTTP: []string{"https://erp.example/api/"}}
	for _, seed := range []string{"https://erp.example/api/x", "https://erp.example/api/%2e%2e/x", "https://erp.example\\@evil/api/", "https://erp.example:443/api/..;/", "https://erp.example/api/\t/../"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := allow.permitted(address)
		if err != nil {
			return
		}
		r, err := http.NewRequest("GET", address, nil)
		if err != nil {
			return
		}
		if !strings.EqualFold(strings.TrimSuffix(r.URL.Hostname(), "."), "erp.example") || !strings.HasPrefix(r.URL.Path, "/api/") || strings.Contains(r.URL.Path, "/../") || u.User != nil {
			t.Fatalf("%q asks %s", address, r.URL)
		}
	})
}
