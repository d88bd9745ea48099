package peers

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// patience is how long a peer is given for what takes it a fraction of a second on a machine with nothing else to do.
const patience = 20 * time.Second

// process is a program we started. It dies with the test, and with the test binary.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed once it has ended
	err  error         // its exit, readable once gone is closed
}

// start runs a program. Its output goes to the file at log, appended, so that a restart keeps what came before.
func start(t testing.TB, log, dir, name string, args ...string) *process {
	t.Helper()
	return startFed(t, nil, log, dir, name, args...)
}

// startFed is start for a program that reads orders from a file, such as the end of a pipe.
func startFed(t testing.TB, orders *os.File, log, dir, name string, args ...string) *process {
	t.Helper()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{cmd: exec.Command(name, args...), gone: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	if orders != nil {
		p.cmd.Stdin = orders
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			t.Fatalf("%s is missing: run make test, which installs it", name)
		}
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process, with those that it started, at once and waits until it is gone.
func (p *process) kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.gone
}

// ended waits for the process to end by itself.
func (p *process) ended(within time.Duration) bool {
	select {
	case <-p.gone:
		return true
	case <-time.After(within):
		return false
	}
}

// Await looks again and again until done says yes, and fails the test when it does not within that time.
func Await(t testing.TB, what string, within time.Duration, done func() bool) {
	t.Helper()
	if !Within(within, done) {
		t.Fatalf("not within %v: %s", within, what)
	}
}

// Within looks again and again until done says yes; false when it does not within that time.
func Within(within time.Duration, done func() bool) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-deadline.C:
			return false
		}
	}
	return true
}
