package lua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// pid is the child in which a plugin runs now.
func (o *office) pid(t testing.TB, plugin string) int {
	t.Helper()
	o.Host.mu.Lock()
	s := o.Host.homes[o.Host.plugins[plugin]]
	o.Host.mu.Unlock()
	p, err := s.process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p.cmd.Process.Pid
}

// patient has functions that tell when they are somewhere, and wait.
const patient = `
local kv, log, http = require "callbox.kv", require "callbox.log", require "callbox.http"
local M = {}
function M.compute() if kv.get("go") then return { ok = true } end log.info("computes") while true do end end
function M.asks() local res = http.get("https://erp.example/slow") return { status = res.status } end
function M.plays(call) call:play("welcome") return { ok = true } end
function M.quick() return { ok = true } end
function M.bad() log.info("computes") while true do end end
return M`

// crowd is an office whose services say when they are asked, and wait to be let go.
type crowd struct {
	*office
	here   chan string   // somebody is there
	answer chan struct{} // closed: HTTP answers
	kv     *MemoryKV
	asked  int
	mu     sync.Mutex
}

func newCrowd(t *testing.T) *crowd {
	o, log := options()
	c := &crowd{here: make(chan string, 100), answer: make(chan struct{})}
	c.kv = o.Services.KV.(*MemoryKV)
	log.seen = func(line string) {
		if strings.Contains(line, "msg=computes") {
			c.here <- "computes"
		}
	}
	o.Services.HTTP = func(ctx context.Context, _ string, _ HTTPRequest) (HTTPResponse, error) {
		c.mu.Lock()
		c.asked++
		c.mu.Unlock()
		c.here <- "asks"
		select {
		case <-c.answer:
			return HTTPResponse{Status: 204}, nil
		case <-ctx.Done():
			return HTTPResponse{}, context.Cause(ctx)
		}
	}
	p := single("p", patient)
	p.Allow.HTTP = []string{"https://erp.example/"}
	p.Limits = Limits{Time: 30 * time.Second, Instructions: 1_000_000_000}
	q := p
	q.Name = "q"
	o.Plugins = []Plugin{p, q}
	c.office = opened(t, o, log)
	return c
}

// ended is how a call ended.
type ended struct {
	result map[string]any
	err    error
}

func (c *crowd) start(t *testing.T, plugin, function string, call Caller, timeout time.Duration) chan ended {
	done := make(chan ended, 1)
	ctx := t.Context()
	go func() {
		result, err := c.Host.Run(ctx, plugin, function, call, nil, timeout)
		done <- ended{result, err}
	}()
	return done
}

func TestWhatRanInAProcessThatWasKilledIsRunAgainOrFailsCleanly(t *testing.T) {
	c := newCrowd(t)
	playing := make(chan struct{})
	call := &fakeCall{playing: func(ctx context.Context) error {
		close(playing)
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	computes, asks, plays := c.start(t, "p", "compute", nil, 0), c.start(t, "q", "asks", nil, 0), c.start(t, "p", "plays", call, 0)
	<-c.here
	<-c.here
	<-playing
	if err := c.kv.Set("p", "go", []byte("true"), 0); err != nil {
		t.Fatal(err)
	}
	close(c.answer)
	c.mu.Lock()
	c.asked = 0
	c.mu.Unlock()
	if err := syscall.Kill(c.pid(t, "p"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := <-computes; e.err != nil || e.result["ok"] != true {
		t.Errorf("the one that computed: %v, %v", e.result, e.err)
	}
	if e := <-asks; e.err != nil || e.result["status"] != 204.0 {
		t.Errorf("the one that only asked: %v, %v", e.result, e.err)
	}
	if e := <-plays; kind(e.err) != KindCrashed || !strings.Contains(e.err.Error(), "must not be done twice") {
		t.Errorf("the one that played: %v, %v", e.result, e.err)
	}
	if e := <-c.start(t, "p", "quick", nil, 0); e.err != nil {
		t.Errorf("afterwards: %v", e.err)
	}
}

func TestWhenTwoMayHaveKilledTheProcessEachIsTriedAlone(t *testing.T) {
	c := newCrowd(t)
	one, two := c.start(t, "p", "compute", nil, 0), c.start(t, "q", "compute", nil, 0)
	<-c.here
	<-c.here
	for _, plugin := range []string{"p", "q"} {
		if err := c.kv.Set(plugin, "go", []byte("true"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(c.pid(t, "p"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, done := range []chan ended{one, two} {
		if e := <-done; e.err != nil || e.result["ok"] != true {
			t.Errorf("%v, %v", e.result, e.err)
		}
	}
	for _, plugin := range []string{"p", "q"} {
		if n := c.Host.plugins[plugin].strikes; n != 0 {
			t.Errorf("%s was blamed %d times", plugin, n)
		}
	}
}

func TestAFunctionThatIsStuckIsEndedWithItsProcessAndOthersAreRunAgain(t *testing.T) {
	c := newCrowd(t)
	for n := 1; n <= ownAfter; n++ {
		asks := c.start(t, "q", "asks", nil, 0)
		<-c.here
		bad := c.start(t, "p", "bad", nil, 200*time.Millisecond)
		<-c.here
		pid := c.pid(t, "q")
		if err := syscall.Kill(c.pid(t, "p"), syscall.SIGSTOP); err != nil { // as if it spun where nothing can stop it
			t.Fatal(err)
		}
		began := time.Now()
		if e := <-bad; kind(e.err) != KindTimeout {
			t.Errorf("the one that is stuck: %v, %v", e.result, e.err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("its caller waited for %v", took)
		}
		<-c.here // it asks again, from another process
		if n == 1 {
			if again := c.pid(t, "q"); again == pid {
				t.Error("the process was not ended")
			}
		}
		if n == ownAfter {
			close(c.answer)
		} else {
			c.answer <- struct{}{}
		}
		if e := <-asks; e.err != nil || e.result["status"] != 204.0 {
			t.Errorf("the one that only asked: %v, %v", e.result, e.err)
		}
	}
	if c.pid(t, "p") == c.pid(t, "q") {
		t.Error("after two processes it still shares the third")
	}
	for _, plugin := range []string{"p", "q"} {
		if e := <-c.start(t, plugin, "quick", nil, 0); e.err != nil {
			t.Errorf("afterwards %s: %v", plugin, e.err)
		}
	}
	if !strings.Contains(c.log.String(), "process of its own") {
		t.Error("the operator is not told")
	}
}

func TestACallerWhoHangsUpEndsTheFunctionAtOnce(t *testing.T) {
	c := newCrowd(t)
	hungUp := errors.New("the caller hung up")
	for _, function := range []string{"bad", "asks", "plays"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		call := &fakeCall{playing: func(ctx context.Context) error {
			c.here <- "plays"
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		done := make(chan error, 1)
		go func() {
			_, err := c.Host.Run(ctx, "p", function, call, nil, 0)
			done <- err
		}()
		<-c.here
		cancel(hungUp)
		if err := <-done; !errors.Is(err, hungUp) {
			t.Errorf("%s: %v", function, err)
		}
	}
	pid := c.pid(t, "p")
	if e := <-c.start(t, "p", "quick", nil, 0); e.err != nil {
		t.Error(e.err)
	}
	if c.pid(t, "p") != pid {
		t.Error("the process was ended for it")
	}
}

func TestASignalThatStopsTheBoxLeavesPluginsToItUntilItIsDone(t *testing.T) {
	c := newCrowd(t)
	pid := c.pid(t, "p")
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	if e := <-c.start(t, "p", "quick", nil, 0); e.err != nil || c.pid(t, "p") != pid {
		t.Errorf("%v, %v", e.result, e.err)
	}
}

func TestAThousandQuickCallsWhileOneComputes(t *testing.T) {
	c := newCrowd(t)
	bad := c.start(t, "p", "bad", nil, time.Second)
	<-c.here
	var wg sync.WaitGroup
	failed := make(chan error, 1000)
	for range 20 {
		wg.Go(func() {
			for range 50 {
				if result, err := c.Host.Run(t.Context(), "q", "quick", nil, nil, 0); err != nil || result["ok"] != true {
					failed <- fmt.Errorf("%v, %v", result, err)
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if e := <-bad; kind(e.err) != KindTimeout || !strings.Contains(e.err.Error(), "plugins/p.lua:8:") {
		t.Errorf("%v", e.err)
	}
}

func TestClosingTheHostEndsWhatRuns(t *testing.T) {
	c := newCrowd(t)
	bad, asks := c.start(t, "p", "bad", nil, 0), c.start(t, "q", "asks", nil, 0)
	<-c.here
	<-c.here
	if err := c.Host.Close(); err != nil {
		t.Fatal(err)
	}
	for _, done := range []chan ended{bad, asks} {
		if e := <-done; kind(e.err) != KindCrashed || !strings.Contains(e.err.Error(), "closed") {
			t.Errorf("%v, %v", e.result, e.err)
		}
	}
	if e := <-c.start(t, "p", "quick", nil, 0); kind(e.err) != KindCrashed {
		t.Errorf("after it was closed: %v, %v", e.result, e.err)
	}
}

func TestAProcessThatDiesAgainAndAgainIsNotStartedAgainAndAgainAtOnce(t *testing.T) {
	c := newCrowd(t)
	s := c.Host.homes[c.Host.plugins["p"]]
	began := time.Now()
	for deaths := 1; ; deaths++ {
		p, err := s.process(t.Context())
		if err != nil {
			says(t, err, "signal: killed", "started again in")
			if took := time.Since(began); took < time.Second || deaths > 10 {
				t.Errorf("%d deaths within %v", deaths, took)
			}
			break
		}
		p.kill()
		<-p.gone
	}
	if e := <-c.start(t, "p", "quick", nil, 0); kind(e.err) != KindCrashed {
		t.Errorf("%v, %v", e.result, e.err)
	}
}
