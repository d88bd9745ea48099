package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbox/appliance"
)

func TestTheDemoOfficeLoadsAndHasItsOwnPassword(t *testing.T) {
	a := app{env: func(string) (string, bool) { return "", false }}
	passwords := map[string]bool{}
	for range 2 {
		dir := filepath.Join(t.TempDir(), "office")
		if err := writeDemo(dir); err != nil {
			t.Fatal(err)
		}
		cfg, diags, err := a.load(dir)
		if err != nil || cfg == nil {
			var b strings.Builder
			diags.Write(&b, false)
			t.Fatalf("%v\n%s", err, b.String())
		}
		if len(cfg.Extensions) != 4 {
			t.Errorf("%d extensions", len(cfg.Extensions))
		}
		passwords[cfg.Extensions["1001"].Password.Reveal()] = true
	}
	if len(passwords) != 2 || passwords[demoPassword] {
		t.Errorf("passwords %v", passwords)
	}
}

func TestADemoOfficeThatSomebodyChangedIsLeftAlone(t *testing.T) {
	dir := write(t, map[string]string{"office.hcl": "# mine\n"})
	if err := writeDemo(dir); err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(dir)
	if b, _ := os.ReadFile(filepath.Join(dir, "office.hcl")); string(b) != "# mine\n" || len(files) != 1 {
		t.Errorf("%q, %d files", b, len(files))
	}
}

func TestTheDemoSaysWhatToRegisterAndWhatToDial(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := writeDemo(dir); err != nil {
		t.Fatal(err)
	}
	a := app{data: "callbox-data", version: "1.2.3", env: func(string) (string, bool) { return "", false }}
	cfg, _, _ := a.load(dir)
	var b strings.Builder
	a.banner(&b, dir, appliance.Facts{Listen: []string{"udp://0.0.0.0:5070"}, Generation: 1, Took: 12 * time.Millisecond}, true)
	password := cfg.Extensions["1001"].Password.Reveal()
	for _, says := range []string{
		"port 5070", "1001", "Mei Lin", password, "*43", "1999",
		"callbox dial 'sip:*43@127.0.0.1:5070' --from 1001 --password " + password,
		"callbox dial --wait sip:1002@127.0.0.1:5070 --password " + password, "callbox calls --past",
	} {
		if !strings.Contains(b.String(), says) {
			t.Errorf("it does not say %q:\n%s", says, b.String())
		}
	}
}

func TestErrorsOfAStartSayWhatToDo(t *testing.T) {
	for err, says := range map[error]string{
		fmt.Errorf("sip: %w", syscall.EADDRINUSE):    "ss -lntup",
		fmt.Errorf("sip: %w", syscall.EADDRNOTAVAIL): "ip address",
		fmt.Errorf("data: %w", os.ErrPermission):     "--data",
		fmt.Errorf("store: %w", syscall.ENOSPC):      "Make room",
		errors.New("anything"):                       "callbox validate",
	} {
		var f *failure
		if !errors.As(explainRun(err), &f) || !strings.Contains(f.todo, says) {
			t.Errorf("%v: %v", err, f)
		}
	}
	if explainRun(nil) != nil {
		t.Error("a run that ended well is an error")
	}
}

func TestSystemdIsToldWhatHappens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := sit(t, &fakeBox{})
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000"}
	tick := make(chan time.Time)
	a := app{data: d.data, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, tick: func(time.Duration) <-chan time.Time { return tick }}
	read := func() string {
		l.SetReadDeadline(time.Now().Add(5 * time.Second))
		b := make([]byte, 100)
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	a.notifySystemd("READY=1")
	if got := read(); got != "READY=1" {
		t.Errorf("told %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { a.watchdog(ctx); close(ended) }()
	for range 2 {
		if got := read(); got != "WATCHDOG=1" {
			t.Errorf("told %q", got)
		}
		select {
		case tick <- ten:
		case <-time.After(5 * time.Second):
			t.Fatal("the watchdog does not ask again")
		}
	}
	cancel()
	<-ended
}

func TestWithoutSystemdNothingIsTold(t *testing.T) {
	a := app{env: func(string) (string, bool) { return "", false }}
	a.notifySystemd("READY=1")
	a.watchdog(context.Background()) // returns at once
}

func TestManySignalsAreOneReload(t *testing.T) {
	hup, reload := make(chan os.Signal), make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { passOn(ctx, hup, reload); close(ended) }()
	for range 3 {
		hup <- syscall.SIGHUP
	}
	cancel()
	<-ended
	if len(reload) != 1 {
		t.Errorf("%d reloads wait", len(reload))
	}
}
