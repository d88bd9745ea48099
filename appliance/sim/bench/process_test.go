package bench

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// binaries are the programs that are weighed, built as they are shipped, once for all benchmarks of a run.
type binaries struct{ dir, callbox, null string }

// builtIn is the folder of the binaries, once there is one.
var builtIn string

var built = sync.OnceValues(func() (b binaries, err error) {
	if b.dir, err = os.MkdirTemp("", "callbox-bench-"); err != nil {
		return b, err
	}
	builtIn = b.dir
	b.callbox, b.null = filepath.Join(b.dir, "callbox"), filepath.Join(b.dir, "null")
	shipped := []string{"-trimpath", "-ldflags", "-s -w"}
	return b, errors.Join(
		goCommand(append([]string{"build", "-o", b.callbox}, append(shipped, "callbox/appliance/callbox")...)),
		goCommand(append([]string{"test", "-c", "-o", b.null}, append(shipped, "callbox/appliance/sim/bench/testdata/null")...)),
	)
})

func goCommand(args []string) error {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}

func programs(t testing.TB) binaries {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// process is a program that we started. It ends with the benchmark, and with this process.
type process struct {
	pid  int
	cmd  *exec.Cmd
	gone chan struct{}
	log  string // the file with all that it said
}

// begin starts a program. prepare, which may be nil, may change the command before.
func begin(t testing.TB, log string, prepare func(*exec.Cmd), name string, args ...string) *process {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{cmd: exec.Command(name, args...), gone: make(chan struct{}), log: log}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if prepare != nil {
		prepare(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = p.cmd.Process.Pid
	go func() {
		defer close(p.gone)
		p.cmd.Wait()
	}()
	t.Cleanup(func() { p.end(t, syscall.SIGKILL) })
	return p
}

// end asks a process to end, and waits until it has.
func (p *process) end(t testing.TB, how syscall.Signal) {
	t.Helper()
	p.cmd.Process.Signal(how)
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		p.cmd.Process.Kill()
		<-p.gone
		t.Errorf("%s did not end when it was asked to", filepath.Base(p.cmd.Path))
	}
}

// ended tells whether it has ended by itself, and gives its last words.
func (p *process) ended(t testing.TB) (string, bool) {
	select {
	case <-p.gone:
		return contents(t, p.log), true
	default:
		return "", false
	}
}

// Addresses on loopback: trunks are known by theirs.
const (
	switchHost = "127.0.0.1"
	nearHost   = "127.0.0.2"
	farHost    = "127.0.0.3"
)

// box is a callbox in a folder of its own.
type box struct {
	*process
	t         testing.TB
	address   string // of SIP
	dir, data string
}

const password = "only-for-the-bench"

// newBox writes a configuration in which calls from the near trunk go out by the far one, and an extension 1001 may
// register. It starts nothing.
func newBox(t testing.TB, near, far string) *box {
	t.Helper()
	dir := t.TempDir()
	b := &box{
		t: t, address: net.JoinHostPort(switchHost, fmt.Sprint(peers.Ports(t, 2))),
		dir: filepath.Join(dir, "configuration"), data: filepath.Join(dir, "data"),
	}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	configuration := fmt.Sprintf(`
appliance {
  country  = "TW"
  timezone = "Asia/Taipei"
}
sip {
  listen = ["udp://%s"]
}
media {
  ports  = "%d-%d"
  codecs = ["pcma", "pcmu"]
}
web {
  listen = "127.0.0.1:%d"
}
extension "1001" {
  password = %q
}
trunk "near" {
  address = "sip:%s"
}
trunk "far" {
  address = "sip:%s"
}
route "across" {
  from            = trunk.near
  number_matching = "^02270"
  to              = trunk.far
}
`, b.address, soundFrom, soundTo, peers.Ports(t, 2), password, near, far)
	if err := os.WriteFile(filepath.Join(b.dir, "office.hcl"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// The ports of the box's sound, four a call and away from those that phones get: enough for every benchmark. Where
// somebody else has one of them, the box takes the next.
const soundFrom, soundTo = 40000, 59999

// start runs the box, fresh or with the facts of its last run.
func (b *box) start() {
	b.t.Helper()
	name, prepare := profiled(b.t, programs(b.t).callbox)
	b.process = begin(b.t, filepath.Join(filepath.Dir(b.dir), "log"), prepare, name, "run", b.dir, "--data", b.data)
	if prepare != nil {
		p := b.process
		b.t.Cleanup(func() { p.end(b.t, syscall.SIGTERM) }) // a box that is killed leaves no profile
	}
}

// nullSwitch is the loop that joins legs of its callers to the far end.
func nullSwitch(t testing.TB, far string) (p *process, address string) {
	t.Helper()
	address = net.JoinHostPort(switchHost, fmt.Sprint(peers.Ports(t, 2)))
	return begin(t, filepath.Join(t.TempDir(), "log"), nil, programs(t).null, "switch", address, far), address
}

// dutiful is that loop with what no call of the box can do without.
func dutiful(t testing.TB, far string) (p *process, address string) {
	t.Helper()
	address = net.JoinHostPort(switchHost, fmt.Sprint(peers.Ports(t, 2)))
	dir := t.TempDir()
	return begin(t, filepath.Join(dir, "log"), nil, programs(t).null, "switch", address, far, filepath.Join(dir, "kept")), address
}
