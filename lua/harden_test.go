package lua

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// tryToEscape is the child's process, trying what Lua would try if it ever got out of the interpreter.
func tryToEscape() int {
	refused := harden()
	c := newChild(os.Stdout)
	if r := c.memory(); r != "" {
		refused = append(refused, r)
	}
	if r := seal(); r != "" {
		refused = append(refused, r)
	}
	fmt.Printf("refused: %v\n", refused)
	report := func(what string, err error) { fmt.Printf("%s: %v\n", what, err == nil) }
	_, err := os.ReadFile("/etc/hostname")
	report("read a file", err)
	report("write a file", os.WriteFile("/tmp/escaped", []byte("x"), 0o600))
	conn, err := net.Dial("tcp", "127.0.0.1:22")
	if err == nil {
		conn.Close()
	}
	report("reach the network", ignoreRefusedByPeer(err))
	report("start a program", exec.Command("/bin/true").Run())
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0)
	report("fork", errnoOf(errno))
	report("signal the parent", syscall.Kill(syscall.Getppid(), 0))
	_, _, errno = syscall.Syscall(syscall.SYS_PTRACE, 16, uintptr(syscall.Getppid()), 0)
	report("trace the parent", errnoOf(errno))
	fmt.Printf("environment: %d\n", len(os.Environ()))
	done := make(chan int)
	for range 50 { // threads still start
		go func() {
			n := 0
			for i := range 1_000_000 {
				n += i
			}
			done <- n
		}()
	}
	for range 50 {
		<-done
	}
	fmt.Println("threads: true")
	return 0
}

func ignoreRefusedByPeer(err error) error {
	if err != nil && strings.Contains(err.Error(), "connection refused") {
		return nil // the kernel tried
	}
	return err
}

func errnoOf(errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

func TestWhoeverGetsOutOfTheInterpreterFindsNoFileNoNetworkAndNoProgram(t *testing.T) {
	cmd := exec.Command(os.Args[0], "try-to-escape")
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, want := range []string{
		"refused: []", "read a file: false", "write a file: false", "reach the network: false", "start a program: false",
		"fork: false", "signal the parent: false", "trace the parent: false", "environment: 0", "threads: true",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("not %q:\n%s", want, out)
		}
	}
}
