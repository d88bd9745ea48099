package peers

import (
	"bytes"
	"embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
)

//go:embed scenarios/*.xml
var scenarios embed.FS

var scenario = template.Must(template.New("").Funcs(template.FuncMap{
	"ms": func(d time.Duration) int64 { return d.Milliseconds() },
}).ParseFS(scenarios, "scenarios/*.xml"))

// SIPp is one run of SIPp: a carrier, or a phone whose every message we decide.
type SIPp struct {
	Port int

	t       testing.TB
	dir     string
	address string // host:port
	process *process

	mu    sync.Mutex
	read  int               // bytes of its log that we have seen
	ears  map[int]*Ear      // by port
	notes map[string][]Note // by word
}

// Note is a line that a scenario wrote into its log: a word and what goes with it.
type Note struct {
	At     time.Time // when we saw it, some 20 ms late
	Fields []string
}

// sippOptions is how SIPp is run.
type sippOptions struct {
	scenario string        // a file of scenarios/, without its ending
	values   any           // for the template
	address  string        // local address, default 127.0.0.1
	port     int           // local port, default any
	tcp      bool          // default UDP
	echoes   bool          // what comes in as sound goes back
	remote   string        // host:port, empty for a server
	uri      string        // that is signed when it is challenged, without sip:; default remote
	calls    int           // ends after so many; 0: goes on until it is stopped
	rate     int           // new calls a second, default 10
	ears     []*Ear        // one a call, in turn
	patience time.Duration // the whole run, default 60 s
}

func startSIPp(t testing.TB, o sippOptions) *SIPp {
	t.Helper()
	s := &SIPp{Port: o.port, t: t, dir: t.TempDir(), ears: map[int]*Ear{}, notes: map[string][]Note{}}
	if s.Port == 0 {
		s.Port = Ports(t, 1)
	}
	if o.address == "" {
		o.address = "127.0.0.1"
	}
	s.address = fmt.Sprintf("%s:%d", o.address, s.Port)
	var xml bytes.Buffer
	if err := scenario.ExecuteTemplate(&xml, o.scenario+".xml", o.values); err != nil {
		t.Fatal(err)
	}
	rows := "SEQUENTIAL\n"
	for _, e := range o.ears {
		s.ears[e.Port()] = e
		rows += strconv.Itoa(e.Port()) + "\n"
	}
	if len(o.ears) == 0 {
		rows += "9\n" // the discard port: such a call has no sound
	}
	for name, text := range map[string]string{"scenario.xml": xml.String(), "ears.csv": rows} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := sippArguments(o, s.Port)
	if o.echoes {
		args = append([]string{"-rtp_echo", "-mp", strconv.Itoa(Ports(t, 4))}, args...) // it takes the next but one, too
	}
	s.process = start(t, filepath.Join(s.dir, "screen"), s.dir, "sipp", args...)
	t.Cleanup(s.tell)
	go s.follow()
	return s
}

func sippArguments(o sippOptions, port int) []string {
	rate, patience := o.rate, o.patience
	if rate == 0 {
		rate = 10
	}
	if patience == 0 {
		patience = time.Minute
	}
	transport := "u1"
	if o.tcp {
		transport = "t1"
	}
	args := []string{
		"-sf", "scenario.xml", "-inf", "ears.csv", "-i", o.address, "-bind_local", "-p", strconv.Itoa(port), "-mi", "127.0.0.1",
		"-t", transport, "-r", strconv.Itoa(rate), "-nostdin", "-cid_str", "%u-%p-%s@peer",
		"-trace_err", "-error_file", "errors", "-trace_logs", "-log_file", "notes",
		"-timeout", strconv.Itoa(int(patience.Seconds())), "-timeout_error",
	}
	if o.calls > 0 {
		args = append(args, "-m", strconv.Itoa(o.calls))
	}
	if o.calls == 1 || o.remote == "" {
		args = append(args, "-trace_msg", "-message_file", "messages")
	}
	if o.uri != "" {
		args = append(args, "-auth_uri", o.uri)
	}
	if o.remote != "" {
		args = append(args, o.remote)
	}
	return args
}

// follow reads the log until SIPp has ended, and lets ears talk as soon as a call knows where to.
func (s *SIPp) follow() {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		s.look()
		select {
		case <-look.C:
		case <-s.process.gone:
			s.look()
			return
		}
	}
}

func (s *SIPp) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(s.dir, "notes"))
	if err != nil {
		return
	}
	text = text[s.read:]
	for {
		line, rest, whole := strings.Cut(string(text), "\n")
		if !whole {
			return
		}
		s.read += len(line) + 1
		text = []byte(rest)
		if fields := strings.Fields(line); len(fields) > 0 {
			s.notes[fields[0]] = append(s.notes[fields[0]], Note{At: time.Now(), Fields: fields[1:]})
			s.hear(fields)
		}
	}
}

// hear acts on "media EAR ADDRESS PORT": the call of that ear sends its sound there.
func (s *SIPp) hear(fields []string) {
	if len(fields) != 4 || fields[0] != "media" {
		return
	}
	port, _ := strconv.Atoi(fields[1])
	to, err := netip.ParseAddrPort(fields[2] + ":" + fields[3])
	if e := s.ears[port]; e != nil && err == nil {
		e.Talk(to)
	}
}

// Notes are the lines of the log that begin with the word, so far.
func (s *SIPp) Notes(word string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Note(nil), s.notes[word]...)
}

// Await waits for the nth line (from 1) of the log that begins with the word.
func (s *SIPp) Await(word string, n int, within time.Duration) Note {
	s.t.Helper()
	Await(s.t, fmt.Sprintf("SIPp notes %q %d times", word, n), within, func() bool { return len(s.Notes(word)) >= n })
	return s.Notes(word)[n-1]
}

// Done waits until all calls went as the scenario says, and fails the test when one did not.
func (s *SIPp) Done(within time.Duration) {
	s.t.Helper()
	if !s.process.ended(within) {
		s.t.Fatalf("SIPp is still busy after %v", within)
	}
	if s.process.err != nil {
		s.t.Fatalf("SIPp: %v\n%s", s.process.err, s.text("errors"))
	}
}

// Stop ends a run that has no end of its own. Calls that went wrong until then fail the test, unless SIPp says of itself
// that the machine left it no time.
func (s *SIPp) Stop() {
	s.t.Helper()
	s.process.kill()
	switch wrong := s.text("errors"); {
	case !strings.Contains(wrong, "Aborting call"):
	case strings.Contains(wrong, "Overload warning"):
		s.t.Logf("SIPp had no time: %s", tail([]byte(wrong), 1000))
	default:
		s.t.Errorf("SIPp: %s", tail([]byte(wrong), 4000))
	}
}

// Kill ends it as a power cut would.
func (s *SIPp) Kill() { s.process.kill() }

func (s *SIPp) text(name string) string {
	text, _ := os.ReadFile(filepath.Join(s.dir, name))
	return string(text)
}

func (s *SIPp) tell() {
	if s.t.Failed() {
		s.t.Logf("SIPp on port %d, screen:\n%s\nerrors:\n%s\nmessages:\n%s", s.Port,
			tail([]byte(s.text("screen")), 2000), tail([]byte(s.text("errors")), 4000), tail([]byte(s.text("messages")), 12000))
	}
}
