package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"testing"

	"callbox/appliance"
)

// With CALLBOX_BENCH_PROFILE=DIR the box of a benchmark is this program, running the appliance under the CPU profiler,
// and leaves DIR/PID.pprof when it ends. That explains figures; it is not for taking them.
const (
	profileDir  = "CALLBOX_BENCH_PROFILE"
	profileFile = "CALLBOX_BENCH_PROFILE_BOX"
)

// profiled is the program to start as the box.
func profiled(t testing.TB, callbox string) (string, func(*exec.Cmd)) {
	dir := os.Getenv(profileDir)
	if dir == "" {
		return callbox, nil
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self, func(cmd *exec.Cmd) { cmd.Env = append(os.Environ(), profileFile+"="+dir) }
}

// hardest is how a box can be ended at worst: a profiled one keeps its profile.
func hardest() syscall.Signal {
	if os.Getenv(profileDir) != "" {
		return syscall.SIGTERM
	}
	return syscall.SIGKILL
}

// beProfiled is that box: its arguments are those of callbox run DIR --data DATA.
func beProfiled() bool {
	dir := os.Getenv(profileFile)
	if dir == "" {
		return false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	out, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.pprof", os.Getpid())))
	if err == nil {
		err = pprof.StartCPUProfile(out)
	}
	if err == nil {
		err = appliance.Run(ctx, appliance.Options{
			Dir: os.Args[2], Data: os.Args[4], Watch: true, Version: "profiled", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		})
		pprof.StopCPUProfile()
		out.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}
