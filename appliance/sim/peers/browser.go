package peers

import (
	"embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

//go:embed page
var page embed.FS

// Browser is a real one, without a window, that shows a page of ours. The page is phones: each has an account at a box
// over WebSocket and the browser's own WebRTC for its sound. All of them say the same tone, which the browser takes for
// what its microphone hears.
type Browser struct {
	Hz float64

	t      testing.TB
	orders chan order // for the page, one at a time

	mu     sync.Mutex
	phones map[string]*WebPhone // by number
}

// order is what a phone of the page shall do.
type order struct {
	Do       string `json:"do"`
	Phone    string `json:"phone"`
	URL      string `json:"url,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Codec    string `json:"codec,omitempty"`
	Number   string `json:"number,omitempty"`
	Keys     string `json:"keys,omitempty"`
}

// news is what the page tells of a phone.
type news struct{ Phone, Event, Text string }

// browsers are names that Debian's packages give the program, that without windows first.
var browsers = []string{"chromium-headless-shell", "chromium"}

// NewBrowser starts a browser whose microphone hears a tone, and waits until the page is there.
func NewBrowser(t testing.TB, hz float64) *Browser {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser") // not the test's own: processes of the browser outlive it by a moment
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tone := filepath.Join(dir, "tone.wav")
	writeWAV(t, tone, Tone(hz, 10*time.Second))
	b := &Browser{Hz: hz, t: t, orders: make(chan order, 64), phones: map[string]*WebPhone{}}
	shown := make(chan struct{})
	address := b.serve(sync.OnceFunc(func() { close(shown) }))
	log := filepath.Join(dir, "log")
	p := start(t, log, dir, browserHere(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--use-file-for-fake-audio-capture="+tone,
		"--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
		"--ignore-certificate-errors", // the box's is its own
		"--enable-logging=stderr", "http://"+address+"/")
	t.Cleanup(func() {
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("the browser:\n%s", tail(text, 4000))
		}
	})
	select {
	case <-shown:
	case <-p.gone:
		t.Fatalf("the browser ended: %v", p.err)
	case <-time.After(2 * patience):
		t.Fatalf("the browser shows no page within %v", 2*patience)
	}
	return b
}

func browserHere(t testing.TB) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("no browser (%s) is here: run make test, which installs one", strings.Join(browsers, ", "))
	return ""
}

// serve gives the page what it asks for, until the test ends; began is called when it asks for its first order.
func (b *Browser) serve(began func()) (address string) {
	b.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	files, err := fs.Sub(page, "page")
	if err != nil {
		b.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, r *http.Request) {
		began()
		b.next(w, r)
	})
	mux.HandleFunc("POST /tell", b.told)
	mux.HandleFunc("POST /sound", b.sound)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go s.Serve(l)
	b.t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// next waits for an order, but not for long.
func (b *Browser) next(w http.ResponseWriter, r *http.Request) {
	var o order
	select {
	case o = <-b.orders:
	case <-time.After(5 * time.Second):
	case <-r.Context().Done():
		return
	}
	json.NewEncoder(w).Encode(o)
}

func (b *Browser) told(w http.ResponseWriter, r *http.Request) {
	var n news
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if p := b.phone(n.Phone); p != nil {
		select {
		case p.events <- n:
		default: // nobody listens any more; the page must not wait
		}
	}
}

func (b *Browser) sound(w http.ResponseWriter, r *http.Request) {
	p := b.phone(r.URL.Query().Get("phone"))
	samples, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if p == nil || err != nil {
		http.Error(w, "no such phone", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i+1 < len(samples) && len(p.heard) < mostHeard; i += 2 {
		p.heard = append(p.heard, int16(binary.LittleEndian.Uint16(samples[i:])))
	}
}

func (b *Browser) phone(number string) *WebPhone {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.phones[number]
}

// WebPhone is one phone of a page. It is a Party.
type WebPhone struct {
	Number string

	t       testing.TB
	browser *Browser
	events  chan news

	mu    sync.Mutex
	heard []int16
}

// Phone registers a phone of the page by ws or wss and waits until it is. Its password is Secret and its number.
func (b *Browser) Phone(t testing.TB, box *Box, number, transport, codec string) *WebPhone {
	t.Helper()
	p := &WebPhone{Number: number, t: t, browser: b, events: make(chan news, 64)}
	b.mu.Lock()
	b.phones[number] = p
	b.mu.Unlock()
	p.order(order{Do: "register", URL: transport + "://" + box.Server("127.0.0.1", transport), User: number, Password: Secret + number, Codec: codec})
	p.await("registered")
	return p
}

func (p *WebPhone) order(o order) {
	o.Phone = p.Number
	p.browser.orders <- o
}

// await waits for an event; what comes before it is passed over, but for failures.
func (p *WebPhone) await(event string) (text string) {
	p.t.Helper()
	late := time.After(patience)
	var seen []string
	for {
		select {
		case n := <-p.events:
			if n.Event == event {
				return n.Text
			}
			if seen = append(seen, n.Event+" "+n.Text); n.Event == "failed" || n.Event == "refused" {
				p.t.Fatalf("the page's phone %s: waited for %s, saw %q", p.Number, event, seen)
			}
		case <-late:
			p.t.Fatalf("the page's phone %s: no %s within %v; saw %q", p.Number, event, patience, seen)
		}
	}
}

// Dial calls a number.
func (p *WebPhone) Dial(number string) { p.order(order{Do: "dial", Number: number}) }

// Rings waits until a call rings.
func (p *WebPhone) Rings() { p.t.Helper(); p.await("incoming") }

// Answer picks up.
func (p *WebPhone) Answer() { p.order(order{Do: "answer"}) }

// Talks waits until a call is answered.
func (p *WebPhone) Talks() { p.t.Helper(); p.await("established") }

// HangUp ends the call.
func (p *WebPhone) HangUp() { p.order(order{Do: "hangup"}) }

// Ends waits until the call is over.
func (p *WebPhone) Ends() { p.t.Helper(); p.await("closed") }

// Press presses keys, which the browser sends as it always does (RFC 4733).
func (p *WebPhone) Press(keys string) { p.order(order{Do: "press", Keys: keys}) }

// Hears waits until the last half second of the call is the tone of hz.
func (p *WebPhone) Hears(hz float64) {
	p.t.Helper()
	Await(p.t, fmt.Sprintf("the page's phone %s hears %.0f Hz", p.Number, hz), patience, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return endsWith(p.heard, hz)
	})
}

// Encrypted is how the browser says that the sound of the call is encrypted. It must be asked while the call is up.
func (p *WebPhone) Encrypted() string {
	p.t.Helper()
	p.order(order{Do: "secured"})
	if said := p.await("secured"); !strings.HasPrefix(said, "connected ") || !strings.Contains(said, "AES") && !strings.Contains(said, "AEAD") {
		return "nothing that we know: " + said
	}
	return DTLS.Way()
}
