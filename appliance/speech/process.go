package speech

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	mostOutput  = 32 << 20 // bytes of sound that an engine may give for one text: more than two minutes of any rate
	mostExcuses = 2 << 10  // bytes of what it says when it fails
	engineNice  = 10       // calls go before renderings
)

var errHuge = errors.New("too much output")

// program is one run of an engine on this machine.
type program struct {
	name   string // as the operator knows it
	argv   []string
	byHand string // the same without the text, which is a caller's affair; empty where argv has none
	stdin  string
	apt    string // the package that has it, if Debian does
}

// run gives what the program wrote. The program and whatever it started are killed when ctx ends or it writes too much. Its
// environment has no secrets of ours.
func (p program) run(ctx context.Context) ([]byte, error) {
	path, err := exec.LookPath(p.argv[0])
	if err != nil {
		return nil, p.missing(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &bounded{most: mostOutput, over: func() { stop(errHuge) }}
	excuses := &bounded{most: mostExcuses}
	cmd := exec.CommandContext(ctx, path, p.argv[1:]...)
	cmd.Env = environment(os.Environ())
	cmd.Stdin = strings.NewReader(p.stdin)
	cmd.Stdout, cmd.Stderr = out, excuses
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second

	runtime.LockOSThread() // Pdeathsig looks at the thread that started the program, not at the process
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, p.missing(err)
	}
	_ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, engineNice) // it may have ended already
	err = cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) { // it ended, and left something behind that holds on to its output
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of the group, if anything is
	}
	if err != nil {
		return nil, p.failed(ctx, err, excuses.kept.String())
	}
	return out.kept.Bytes(), nil
}

func (p program) missing(err error) error {
	f := &Fault{What: p.name + " is not installed", Remedy: "name another engine in the tts block", err: err}
	switch {
	case !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrNotExist):
		f.What = fmt.Sprintf("%s cannot be started (%s)", p.name, oneLine(err.Error()))
		f.Remedy = "correct that, or " + f.Remedy
	case p.apt != "":
		f.Remedy = "apt install " + p.apt + ", or " + f.Remedy
	default:
		f.Remedy = "install it, or " + f.Remedy
	}
	return f
}

func (p program) failed(ctx context.Context, err error, excuse string) error {
	byHand := "try it by hand: " + cmp.Or(p.byHand, strings.Join(p.argv, " "))
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errHuge):
		return &Fault{What: fmt.Sprintf("%s wrote more than %d MB for one text", p.name, mostOutput>>20), Remedy: byHand, err: cause}
	case errors.Is(cause, context.DeadlineExceeded):
		return &Fault{What: p.name + " did not finish in time and was ended", Remedy: byHand, err: cause}
	case cause != nil:
		return cause
	}
	what := fmt.Sprintf("%s failed (%v)", p.name, err)
	if excuse = oneLine(excuse); excuse != "" {
		what = fmt.Sprintf("%s failed (%v), saying: %s", p.name, err, excuse)
	}
	return &Fault{What: what, Remedy: byHand, err: err}
}

// environment leaves out what is meant for the box alone: its secrets may be there.
func environment(all []string) (kept []string) {
	for _, variable := range all {
		if !strings.HasPrefix(variable, "CALLBOX_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// oneLine is at most 200 letters of what somebody else wrote, fit for a log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > 200 {
		return string(runes[:200]) + "…"
	}
	return string(runes)
}

// bounded keeps the first bytes written to it. Whoever writes more is told by over, or not at all.
type bounded struct {
	kept bytes.Buffer // not embedded: its ReadFrom knows no bound
	most int
	over func()
}

func (b *bounded) Write(p []byte) (int, error) {
	fits := p[:min(len(p), b.most-b.kept.Len())]
	_, _ = b.kept.Write(fits) // a buffer's never fails
	if len(fits) < len(p) && b.over != nil {
		b.over()
		return len(fits), errHuge
	}
	return len(p), nil
}
