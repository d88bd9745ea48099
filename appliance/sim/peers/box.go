package peers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	Port      int // SIP by UDP and TCP; by TLS it is the next one, by WS the third, by WSS the fourth after it

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

// BoxOptions is what is set at a box; the rest is as it comes.
type BoxOptions struct {
	Configuration string // without sip, media and web: where it listens is not the configuration's to say
	SoundPorts    int    // default few
	SRTP          string // off, optional or required
	IPv6          bool   // it listens at ::1, too
}

// NewBox starts a box with a configuration and waits until it takes calls.
func NewBox(t testing.TB, configuration string) *Box {
	t.Helper()
	return NewBoxWith(t, BoxOptions{Configuration: configuration})
}

// NewLargeBox is NewBox with the ports for hundreds of calls.
func NewLargeBox(t testing.TB, configuration string) *Box {
	t.Helper()
	return NewBoxWith(t, BoxOptions{Configuration: configuration, SoundPorts: many})
}

// NewBoxWith starts a box and waits until it takes calls.
func NewBoxWith(t testing.TB, o BoxOptions) *Box {
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
		Dir: filepath.Join(t.TempDir(), "configuration"), Data: data, Port: Ports(t, boxPorts),
		t: t, path: path, log: filepath.Join(t.TempDir(), "log"),
	}
	b.control = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(b.Data, "control.sock"))
	}}}
	if err := os.Mkdir(b.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b.Write("listen.hcl", b.listen(o))
	b.Write("office.hcl", o.Configuration)
	b.Start()
	t.Cleanup(b.judge)
	return b
}

// Ports of a box besides those of sound, from Box.Port on: SIP, then those that are named here.
const (
	portTLS = 1 + iota
	portWS
	portWSS
	portWeb
	boxPorts
)

// listen is the part of the configuration that says where the box is.
func (b *Box) listen(o BoxOptions) string {
	hosts := []string{"127.0.0.1"}
	if o.IPv6 {
		hosts = append(hosts, "[::1]")
	}
	var urls []string
	for _, host := range hosts {
		for transport, port := range map[string]int{"udp": 0, "tcp": 0, "tls": portTLS, "ws": portWS, "wss": portWSS} {
			urls = append(urls, fmt.Sprintf("%q", fmt.Sprintf("%s://%s:%d", transport, host, b.Port+port)))
		}
	}
	n := cmp.Or(o.SoundPorts, few)
	sound := Ports(b.t, n)
	text := fmt.Sprintf("sip {\n  listen = [%s]\n}\nmedia {\n  ports = \"%d-%d\"\n", strings.Join(urls, ", "), sound, sound+n-1)
	if o.SRTP != "" {
		text += fmt.Sprintf("  srtp  = %q\n", o.SRTP)
	}
	return text + fmt.Sprintf("}\nweb {\n  listen = \"127.0.0.1:%d\"\n}\n", b.Port+portWeb)
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

// Idle is how long this machine takes now for a program that has nothing to do, the box's own command: what others take is
// held against it.
func (b *Box) Idle() time.Duration {
	b.t.Helper()
	began := time.Now()
	if out, err := exec.Command(b.path, "version").CombinedOutput(); err != nil {
		b.t.Fatalf("callbox version: %v\n%s", err, out)
	}
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

// accepts says whether somebody takes connections there.
func accepts(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Address is host:port of its SIP, by UDP and TCP.
func (b *Box) Address() string { return fmt.Sprintf("127.0.0.1:%d", b.Port) }

// Phone registers a phone of an extension at the box; its password is Secret and its number.
func (b *Box) Phone(number, transport string, hz float64) *Phone {
	b.t.Helper()
	return NewPhone(b.t, PhoneOptions{Server: b.Server("127.0.0.1", transport), Transport: transport, Number: number, Password: Secret + number, Hz: hz})
}

// Server is host:port where it listens by a transport.
func (b *Box) Server(host, transport string) string {
	port := b.Port + map[string]int{"tls": portTLS, "ws": portWS, "wss": portWSS}[transport]
	return net.JoinHostPort(host, strconv.Itoa(port))
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
