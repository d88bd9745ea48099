package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// Secret begins every password of a test's configuration. No log may ever have it.
const Secret = "nobody-may-see-"

// executable is the real command, built once for all tests of the process.
var executable = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "callbox-peers-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "callbox")
	out, err := exec.Command("go", "build", "-o", path, "callbox/appliance/callbox").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// RemoveBinary is for TestMain, when all tests have ended.
func RemoveBinary() {
	if path, err := executable(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
}

// Box is a callbox of its own: the real binary, a folder of configuration, a folder of data, ports on loopback.
type Box struct {
	Dir, Data string
	Port      int // SIP by UDP and TCP; by TLS it is the next one

	t       testing.TB
	path    string
	log     string
	process *process
	control *http.Client
}

// Ports of sound that a box gets, two for each phone in a call. They rest for some seconds between calls.
const (
	few  = 100
	many = 1600
)

// NewBox starts a box with a configuration and waits until it takes calls. Where it listens is not the
// configuration's to say.
func NewBox(t testing.TB, configuration string) *Box {
	t.Helper()
	return newBox(t, configuration, few)
}

// NewLargeBox is NewBox with the ports for hundreds of calls.
func NewLargeBox(t testing.TB, configuration string) *Box {
	t.Helper()
	return newBox(t, configuration, many)
}

func newBox(t testing.TB, configuration string, mediaPorts int) *Box {
	t.Helper()
	path, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.MkdirTemp("", "box") // short: the path of a unix socket has 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	b := &Box{
		Dir: filepath.Join(t.TempDir(), "configuration"), Data: data, Port: Ports(t, 4),
		t: t, path: path, log: filepath.Join(t.TempDir(), "log"),
	}
	b.control = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(b.Data, "control.sock"))
	}}}
	if err := os.Mkdir(b.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sound := Ports(t, mediaPorts)
	b.Write("listen.hcl", fmt.Sprintf(`
sip {
  listen = ["udp://127.0.0.1:%[1]d", "tcp://127.0.0.1:%[1]d", "tls://127.0.0.1:%[2]d"]
}
media {
  ports  = "%[4]d-%[5]d"
  codecs = ["pcma", "pcmu"]
}
web {
  listen = "127.0.0.1:%[3]d"
}
`, b.Port, b.Port+1, b.Port+2, sound, sound+mediaPorts-1))
	b.Write("office.hcl", configuration)
	b.Start()
	t.Cleanup(b.judge)
	return b
}

// Start starts the box again after Kill, and tells how long it took until it answered.
func (b *Box) Start() time.Duration {
	b.t.Helper()
	began := time.Now()
	b.process = start(b.t, b.log, b.Dir, b.path, "run", b.Dir, "--data", b.Data)
	Await(b.t, "the box answers", 20*time.Second, func() bool {
		if b.process.ended(0) {
			b.t.Fatalf("the box ended: %v\n%s", b.process.err, tail([]byte(b.Log()), 4000))
		}
		return b.Alive()
	})
	return time.Since(began)
}

// Kill is kill -9.
func (b *Box) Kill() { b.process.kill() }

// Alive says whether it answers on the wire.
func (b *Box) Alive() bool { return answers(b.Address()) }

// answers asks by SIP OPTIONS over UDP, as a carrier would. Any answer within a tenth of a second will do.
func answers(address string) bool {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
	fmt.Fprintf(conn, "OPTIONS sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]d;rport\r\n"+
		"From: <sip:ping@%[2]s>;tag=%[3]d\r\nTo: <sip:%[1]s>\r\nCall-ID: %[3]d@%[2]s\r\nCSeq: 1 OPTIONS\r\n"+
		"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n", address, conn.LocalAddr(), time.Now().UnixNano())
	answer := make([]byte, 1500)
	n, err := conn.Read(answer)
	return err == nil && bytes.HasPrefix(answer[:n], []byte("SIP/2.0 "))
}

// Address is host:port of its SIP, by UDP and TCP.
func (b *Box) Address() string { return fmt.Sprintf("127.0.0.1:%d", b.Port) }

// Phone registers a phone of an extension at the box; its password is Secret and its number.
func (b *Box) Phone(number, transport string, hz float64) *Phone {
	b.t.Helper()
	return NewPhone(b.t, PhoneOptions{Server: b.server(transport), Transport: transport, Number: number, Password: Secret + number, Hz: hz})
}

func (b *Box) server(transport string) string {
	if transport == "tls" {
		return fmt.Sprintf("127.0.0.1:%d", b.Port+1)
	}
	return b.Address()
}

// Write puts a file of the configuration in place in one step, as an editor does that renames.
func (b *Box) Write(name, text string) {
	b.t.Helper()
	whole := filepath.Join(b.Dir, "."+name+".new")
	if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(whole, filepath.Join(b.Dir, name)); err != nil {
		b.t.Fatal(err)
	}
}

// Run is the box's own command against the box: what it printed, and its exit status.
func (b *Box) Run(args ...string) (string, int) {
	b.t.Helper()
	cmd := exec.Command(b.path, append(args, "--data", b.Data)...)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	err := cmd.Run()
	if cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	if problem.Len() > 0 && err != nil {
		return out.String() + problem.String(), cmd.ProcessState.ExitCode()
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// Ask runs a command with --json and reads what it says.
func (b *Box) Ask(into any, args ...string) {
	b.t.Helper()
	out, status := b.Run(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); status != 0 || err != nil {
		b.t.Fatalf("callbox %s: status %d, %v\n%s", strings.Join(args, " "), status, err, out)
	}
}

// Log is all it has logged, restarts included.
func (b *Box) Log() string {
	text, err := os.ReadFile(b.log)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// judge looks at what no box may have done, whatever the test was about.
func (b *Box) judge() {
	b.process.kill()
	log := b.Log()
	for _, never := range []string{Secret, "fault in callbox", "panic:", "fatal error:", "DATA RACE"} {
		if at := strings.Index(log, never); at >= 0 {
			b.t.Errorf("the log has %q:\n%s", never, log[max(0, at-500):min(len(log), at+3000)])
		}
	}
	if b.t.Failed() {
		b.t.Logf("the box:\n%s", tail([]byte(log), 6000))
	}
}
