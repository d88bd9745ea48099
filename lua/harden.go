package lua

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// harden gives up, for this whole process and for ever, what no plugin needs. It gives what the kernel refused to take away; the
// box tells its operator.
func harden() (refused []string) {
	note := func(what string, err error) {
		if err != nil {
			refused = append(refused, fmt.Sprintf("%s: %v", what, err))
		}
	}
	if unix.Getpgrp() == os.Getpid() { // a group of our own: all threads of it are this process's
		note("computing after calls do", unix.Setpriority(unix.PRIO_PGRP, 0, 5))
	}
	note("no core dumps", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}))
	note("no files written", unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{}))
	note("no look into this process", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	return refused
}

// seal is the last step: from here on nothing can be opened, connected or started.
func seal() (refused string) {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{}); err != nil {
		return fmt.Sprintf("no files opened: %v", err)
	}
	if len(systemCalls) == 0 {
		return "system calls are not filtered on " + runtime.GOARCH
	}
	if err := filter(); err != nil {
		return fmt.Sprintf("system calls are not filtered: %v", err)
	}
	return ""
}

// Actions of seccomp(2) and what its filter reads, from linux/seccomp.h.
const (
	seccompSetModeFilter = 1
	seccompTSync         = 1
	seccompAllow         = 0x7fff0000
	seccompErrno         = 0x00050000
	seccompKill          = 0x80000000
	offsetNumber         = 0
	offsetArch           = 4
	offsetArgument       = 16 // low half of the first, on machines that begin with the low half
)

// filter lets the kernel refuse every system call that Go's runtime does not need to compute, read and write: EPERM, rather than
// an end, so that a runtime of tomorrow that asks for one more can live without it. no_new_privs and the filter take hold of all
// threads at once.
func filter() error {
	statement := func(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
	program := []unix.SockFilter{
		statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offsetArch),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: auditArch},
		statement(unix.BPF_RET|unix.BPF_K, seccompKill),
		statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offsetNumber),
	}
	equal := func(k uint32, then int) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(then), K: k}
	}
	n := len(systemCalls)
	for i, number := range systemCalls {
		program = append(program, equal(number, n-i+6))
	}
	program = append(program,
		equal(unix.SYS_CLONE, 2),  // a thread, but no process
		equal(unix.SYS_CLONE3, 4), // its flags cannot be read here; whoever hears ENOSYS takes clone
		statement(unix.BPF_RET|unix.BPF_K, seccompErrno|uint32(unix.EPERM)),
		statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offsetArgument),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jt: 2, K: unix.CLONE_THREAD},
		statement(unix.BPF_RET|unix.BPF_K, seccompErrno|uint32(unix.EPERM)),
		statement(unix.BPF_RET|unix.BPF_K, seccompErrno|uint32(unix.ENOSYS)),
		statement(unix.BPF_RET|unix.BPF_K, seccompAllow))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, seccompSetModeFilter, seccompTSync, uintptr(unsafe.Pointer(&f)))
	runtime.KeepAlive(program)
	switch {
	case errno != 0:
		return errno
	case thread != 0:
		return fmt.Errorf("thread %d has a filter of its own", thread)
	}
	return nil
}
