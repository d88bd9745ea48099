package appliance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"callbox/appliance"
	"callbox/appliance/media"
	"callbox/appliance/sim"
)

// office is a box in this process, with the real switch on loopback sockets,
// and the phones around it.
type office struct {
	t       *testing.T
	dir     string
	data    string
	addr    string // host:port of SIP
	log     *logs
	silence time.Duration
	ports   string // of sound
	signals string // more of the sip block
	sound   string // more of the media block
	listen  string // more addresses of sip, as "ws://127.0.0.1:7080"
	stop    context.CancelFunc
	ended   chan error
	opened  bool
}

// logs is what the box wrote, for when a test fails.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

const people = `
appliance {
  country = "TW"
}
extension "1001" {
  name     = "Mei Lin"
  password = "mei-secret"
  allow    = ["internal", "national"]
}
extension "1002" {
  name      = "Jun Ho"
  password  = "jun-secret"
  allow     = ["internal"]
  no_answer = "5s"
}
extension "1003" {
  name     = "Front desk"
  password = "desk-secret"
}
`

var passwords = map[string]string{"1001": "mei-secret", "1002": "jun-secret", "1003": "desk-secret", "1004": "four", "1005": "five"}

// newOffice starts a box with people and whatever else the test needs.
func newOffice(t *testing.T, more string) *office {
	t.Helper()
	return officeThat(t, more, func(*office) {})
}

// officeThat starts a box with options of its own.
func officeThat(t *testing.T, more string, is func(*office)) *office {
	t.Helper()
	t.Parallel() // most of a test is waiting
	return startOffice(t, more, is)
}

// startOffice is officeThat for a test that is parallel already.
func startOffice(t *testing.T, more string, is func(*office)) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), data: t.TempDir(), log: &logs{}, ports: "16000-16998"}
	is(o)
	port := freePort(t)
	o.addr = fmt.Sprintf("127.0.0.1:%d", port)
	o.write("sip.hcl", fmt.Sprintf("sip {\n  listen = [\"udp://%[1]s\", \"tcp://%[1]s\"%[3]s]\n%[4]s}\nweb {\n  listen = \"127.0.0.1:%[2]d\"\n}\nmedia {\n  ports = %[6]q\n%[5]s}\n",
		o.addr, freePort(t), o.listen, o.signals, o.sound, o.ports))
	o.write("people.hcl", people)
	o.write("more.hcl", more)
	o.start()
	t.Cleanup(func() {
		o.end()
		if t.Failed() {
			t.Logf("the box wrote:\n%s", o.log)
		}
	})
	return o
}

// freePort is a port that is free for UDP and TCP now.
func freePort(t *testing.T) int {
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func (o *office) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) start() {
	o.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	o.stop, o.ended = stop, make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		o.ended <- appliance.Run(ctx, appliance.Options{
			Dir: o.dir, Data: o.data, Watch: true, Version: "test", Drain: time.Second, Silence: o.silence,
			Log:   slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Ready: func(appliance.Facts) { close(ready) },
		})
	}()
	select {
	case <-ready:
	case err := <-o.ended:
		o.t.Fatalf("the box did not start: %v\n%s", err, o.log)
	case <-time.After(patience):
		o.t.Fatalf("the box does not start\n%s", o.log)
	}
	o.opened = true
}

func (o *office) end() {
	if !o.opened {
		return
	}
	o.opened = false
	o.stop()
	select {
	case err := <-o.ended:
		if err != nil {
			o.t.Errorf("the box ended with %v", err)
		}
	case <-time.After(patience):
		o.t.Errorf("the box does not end\n%s", o.log)
	}
}

// phone registers an extension.
func (o *office) phone(ext string) *sim.Phone {
	o.t.Helper()
	p := o.unregistered(ext)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Register(ctx); err != nil {
		o.t.Fatalf("register %s: %v\n%s", ext, err, o.log)
	}
	return p
}

func (o *office) unregistered(ext string) *sim.Phone {
	o.t.Helper()
	p, err := sim.NewPhone(sim.PhoneOptions{Server: o.addr, User: ext, Password: passwords[ext]})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { p.Close() })
	return p
}

// carrier is a phone without a box: what a trunk leads to.
func carrier(t *testing.T, listen string) *sim.Phone {
	t.Helper()
	p, err := sim.NewPhone(sim.PhoneOptions{Listen: listen, User: "0912345678"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func (o *office) call(p *sim.Phone, to string) *sim.PhoneCall {
	o.t.Helper()
	c, err := p.Call(context.Background(), to)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// rings waits for the call that comes in at p.
func (o *office) rings(p *sim.Phone) *sim.PhoneCall {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := p.Wait(ctx)
	if err != nil {
		o.t.Fatalf("the phone does not ring: %v\n%s", err, o.log)
	}
	return c
}

// talk lets a call p → q be answered, each side with its tone.
func (o *office) talk(from, at *sim.Phone, to string) (a, b *sim.PhoneCall) {
	o.t.Helper()
	a = o.call(from, to)
	a.PlayTone(440)
	b = o.rings(at)
	b.PlayTone(880)
	if err := b.Answer(); err != nil {
		o.t.Fatal(err)
	}
	o.answered(a)
	o.answered(b)
	return a, b
}

func (o *office) answered(c *sim.PhoneCall) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Answered(ctx); err != nil {
		o.t.Fatalf("not answered: %v (%+v)\n%s", err, c.Result(), o.log)
	}
}

// hears waits until the last half second that c heard is the tone.
func (o *office) hears(c *sim.PhoneCall, hz float64) {
	o.t.Helper()
	o.eventually(fmt.Sprintf("a tone of %.0f Hz is heard", hz), func() bool {
		heard := append(c.Early(), c.Heard()...)
		return len(heard) > 4000 && media.Goertzel(heard[len(heard)-4000:], hz) > 0.8
	})
}

// gone waits for the end of a call.
func (o *office) gone(c *sim.PhoneCall) sim.PhoneResult {
	o.t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		o.t.Fatalf("the call does not end\n%s", o.log)
	}
	return c.Result()
}

// eventually waits for something that nobody tells of.
func (o *office) eventually(what string, f func() bool) {
	o.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !f() {
		select {
		case <-tick.C:
		case <-late:
			o.t.Fatalf("never: %s\n%s", what, o.log)
		}
	}
}

// ask speaks to the box as commands do.
func (o *office) ask(method, path string, body, into any) int {
	o.t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "http://box"+path, bytes.NewReader(sent))
	if err != nil {
		o.t.Fatal(err)
	}
	res := o.do(req)
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			o.t.Fatalf("%s %s: %s: %v", method, path, res.Status, err)
		}
	}
	return res.StatusCode
}

func (o *office) do(req *http.Request) *http.Response {
	o.t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(o.data, "control.sock"))
		}}}
	res, err := client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	return res
}

func (o *office) stream(path string) io.ReadCloser {
	o.t.Helper()
	req, err := http.NewRequest("GET", "http://box"+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.do(req).Body
}

// cdr is what tests look at of a CDR; the name is its JSON.
type cdr struct {
	ID, Started, Ended, Direction, From, To, Dialled, Trunk, Extension, Outcome string
	Answered                                                                    *string
	Cause                                                                       struct {
		Who, Why string
		SIP      int
	}
	Wait       float64 `json:"wait_seconds"`
	Talk       float64 `json:"talk_seconds"`
	Hold       float64 `json:"hold_seconds"`
	Generation int
	Data       map[string]any
	Legs       []struct {
		Peer, Codec string
		Secure      string
		In          uint64 `json:"packets_in"`
		MOS         float64
	}
}

func (o *office) cdrs() (all []cdr) {
	o.t.Helper()
	client := o.stream("/v1/calls/past")
	defer client.Close()
	for d := json.NewDecoder(client); d.More(); {
		var c cdr
		if err := d.Decode(&c); err != nil {
			o.t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// cdr waits for the n-th CDR.
func (o *office) cdr(n int) cdr {
	o.t.Helper()
	var all []cdr
	o.eventually(fmt.Sprintf("CDR number %d", n), func() bool {
		all = o.cdrs()
		return len(all) >= n
	})
	if len(all) > n {
		o.t.Fatalf("%d CDRs, want %d", len(all), n)
	}
	return all[n-1]
}

func (o *office) says(text string) {
	o.t.Helper()
	o.eventually("the log says "+text, func() bool { return strings.Contains(o.log.String(), text) })
}
