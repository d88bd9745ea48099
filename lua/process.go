package lua

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	helloTime  = 10 * time.Second // until a child must have said that it is there
	loadGrace  = 5 * time.Second  // beyond a plugin's own time, until it must be loaded: the machine may be busy starting
	writeTime  = 2 * time.Second  // until a child must have taken a frame
	killAfter  = 500 * time.Millisecond
	maxFlights = 4096 // calls in one process
)

// process is one child and the calls that are in flight in it. Its reader is the one goroutine that learns what the child says,
// and that it ended.
type process struct {
	h    *Host
	cmd  *exec.Cmd
	in   *os.File // the child's standard input
	out  frameWriter
	last lastWords

	replies chan frame    // hello, and what became of loading
	gone    chan struct{} // closed when the child has ended and verdict is set

	mu        sync.Mutex // guards what follows
	flights   map[uint64]*flight
	next      uint64
	killedFor uint64   // the call for which it was killed
	confessed []uint64 // the calls that held too much memory
	verdict   verdict
}

// loadedPlugin is what became of a plugin in a process.
type loadedPlugin struct {
	plugin    *plugin
	functions []string
	err       error
}

// startProcess starts a child and loads plugins into it, one after the other; err tells that there is no process.
func startProcess(ctx context.Context, h *Host, plugins []*plugin) (p *process, all []loadedPlugin, err error) {
	p = &process{h: h, replies: make(chan frame, 1), gone: make(chan struct{}), flights: map[uint64]*flight{}}
	if err := p.start(); err != nil {
		return nil, nil, fmt.Errorf("plugins cannot run: the process for them does not start: %w; is %q the box's own program?", err, h.o.Child[0])
	}
	if err := p.hello(ctx); err != nil {
		p.end()
		return nil, nil, err
	}
	for _, one := range plugins {
		names, err := p.load(ctx, one)
		all = append(all, loadedPlugin{one, names, err})
		select {
		case <-p.gone:
			return nil, all, cmp.Or(err, fmt.Errorf("the process for plugins ended while %s was loaded: %s", one.Name, p.verdict.text))
		default:
		}
	}
	return p, all, nil
}

func (p *process) start() (err error) {
	if !p.h.enter() {
		return errHostClosed
	}
	defer func() {
		if err != nil {
			p.h.running.Done()
		}
	}()
	theirs, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	out, their, err := os.Pipe()
	if err != nil {
		in.Close()
		return err
	}
	defer their.Close()
	p.cmd = exec.Command(p.h.o.Child[0], p.h.o.Child[1:]...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs, their, &p.last
	p.cmd.Env = []string{"GOTRACEBACK=none"} // no environment of ours: it may hold secrets
	p.cmd.Dir = "/"
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a key on our terminal is not for it
	if err := p.cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return err
	}
	p.in, p.out.w = in, deadlined{in}
	go p.read(out)
	return nil
}

// deadlined writes to a child that may have stopped reading.
type deadlined struct{ f *os.File }

func (d deadlined) Write(b []byte) (int, error) {
	_ = d.f.SetWriteDeadline(time.Now().Add(writeTime)) // refused only when it is closed
	return d.f.Write(b)
}

// hello waits for the child's first word and tells the operator what the kernel could not take away from it.
func (p *process) hello(ctx context.Context) error {
	f, err := p.reply(ctx, helloTime)
	if err != nil {
		return fmt.Errorf("plugins cannot run: their process does not answer: %w", err)
	}
	values, err := f.body.rest()
	if f.kind != frameHello || err != nil || len(values) == 0 || values[0] != float64(protocol) {
		return errors.New("plugins cannot run: their process is of another version; restart the box")
	}
	for _, refused := range values[1:] {
		p.h.degraded(fmt.Sprint(refused))
	}
	return nil
}

// reply waits for an answer that belongs to no call.
func (p *process) reply(ctx context.Context, limit time.Duration) (frame, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case f := <-p.replies:
		return f, nil
	case <-p.gone:
		select {
		case f := <-p.replies: // said before it ended
			return f, nil
		default:
			return frame{}, errors.New(p.verdict.text)
		}
	case <-ctx.Done():
		return frame{}, context.Cause(ctx)
	case <-timer.C:
		return frame{}, fmt.Errorf("nothing within %v", limit)
	}
}

// load sends a plugin and waits until it is loaded.
func (p *process) load(ctx context.Context, one *plugin) ([]string, error) {
	failed := func(kind, text string) *Error {
		return &Error{Plugin: one.Name, File: one.Main, Kind: kind, Text: text}
	}
	e := begin(frameLoad, 0)
	e.text(one.Name)
	e.text(one.Main)
	e.number(float64(one.Limits.Time))
	e.number(float64(one.Limits.Instructions))
	e.number(float64(one.Limits.Memory))
	files := map[string]string{}
	for name, source := range one.Files {
		files[name] = string(source)
	}
	if err := e.value(files, 0, "files"); err != nil {
		return nil, failed(KindError, err.Error())
	}
	if err := e.value(one.Config, 0, "config"); err != nil {
		return nil, failed(KindError, err.Error())
	}
	if err := p.out.send(e); err != nil {
		return nil, failed(KindCrashed, "its process does not take it: "+err.Error())
	}
	f, err := p.reply(ctx, one.Limits.Time+loadGrace)
	if err != nil {
		p.end()
		return nil, failed(KindCrashed, "its process did not survive loading it: "+err.Error()+"; do less outside of functions")
	}
	values, err := f.body.rest()
	if err != nil || f.kind != frameLoaded {
		p.end()
		return nil, failed(KindCrashed, "its process answers what nobody understands")
	}
	if len(values) > 0 && values[0] == false {
		return nil, failure(one.Name, "", values)
	}
	var names []string
	for _, v := range values {
		name, _ := v.(string)
		names = append(names, name)
	}
	return names, nil
}

// failure reads why a call ended, or why a plugin does not load.
func failure(plugin, function string, values []any) *Error {
	f := &fields{values: values}
	field[bool](f)
	e := &Error{Plugin: plugin, Function: function, Kind: field[string](f), File: field[string](f)}
	e.Line, e.Text = int(field[float64](f)), field[string](f)
	if f.err != nil {
		return &Error{Plugin: plugin, Function: function, Kind: KindCrashed, Text: "its process answers what nobody understands"}
	}
	return e
}

// read hands on what the child says, until it ends.
func (p *process) read(out *os.File) {
	defer p.h.running.Done()
	reader := bufio.NewReaderSize(out, 64<<10)
	for {
		f, err := readFrame(reader)
		if err == nil {
			err = p.hear(f)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
				p.last.add(err.Error())
			}
			break
		}
	}
	p.kill()
	out.Close()
	p.in.Close()
	err := p.cmd.Wait()
	p.bury(err)
}

// hear takes one frame. An error is a child that says what none of ours says.
func (p *process) hear(f frame) error {
	switch f.kind {
	case frameHello, frameLoaded:
		select {
		case p.replies <- f:
			return nil
		default:
			return errForged
		}
	case frameLog:
		return p.h.logged(f)
	case frameMemory:
		values, err := f.body.rest()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, v := range values {
			id, _ := v.(float64)
			p.confessed = append(p.confessed, uint64(id))
		}
		return err
	case frameAsk, frameDone:
		return p.deliver(f)
	}
	return errForged
}

// kill ends the child at once.
func (p *process) kill() { _ = p.cmd.Process.Kill() } // it has ended already: as well

// end kills the child and waits until it is buried.
func (p *process) end() {
	p.kill()
	<-p.gone
}

// lastWords keep the end of what a child writes to standard error: why it died.
type lastWords struct {
	mu sync.Mutex // guards b
	b  []byte
}

const maxLastWords = 4096

func (w *lastWords) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.b) < maxLastWords { // the beginning says it; traces follow
		w.b = append(w.b, b[:min(len(b), maxLastWords-len(w.b))]...)
	}
	return len(b), nil
}

func (w *lastWords) add(s string) { _, _ = w.Write([]byte("\n" + s)) }

func (w *lastWords) line() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(w.b) {
		if s := strings.TrimSpace(string(line)); s != "" {
			return clip(s, 300)
		}
	}
	return ""
}
