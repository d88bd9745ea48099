package lua

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// child is the process in which Lua runs.
type child struct {
	out      frameWriter
	world    *world
	programs sync.Map // name: *program

	mu    sync.Mutex // guards calls
	calls map[uint64]*state

	running atomic.Int32  // states that compute
	stir    chan struct{} // wakes the watch of memory
	ceiling atomic.Int64  // bytes of heap, all calls together
	extra   int64         // of it, what the largest plugin may hold
	resting atomic.Int64  // bytes of heap when nothing ran, after the last plugin was loaded
}

// exits of a child, for the box to tell them apart.
const (
	exitDone   = 0
	exitFrame  = 3 // a frame could not be read
	exitMemory = 4 // more memory than the calls may hold
)

// Child is the main function of the process that runs Lua: it gives up what plugins must not have, reads frames from in until
// that ends, and returns the exit status. The wiring gives it standard input and output; nothing else in the process may write there.
func Child(in io.Reader, out io.Writer) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP) // meant for the box, which still needs us while it winds up
	refused := harden()
	c := newChild(out)
	if r := c.memory(); r != "" {
		refused = append(refused, r)
	}
	if r := seal(); r != "" {
		refused = append(refused, r)
	}
	hello := begin(frameHello, 0)
	hello.number(protocol)
	for _, r := range refused {
		hello.text(r)
	}
	c.send(hello)
	go c.watch()
	return c.read(bufio.NewReaderSize(in, 64<<10))
}

func newChild(out io.Writer) *child {
	lua.MaxArrayIndex = maxArrayIndex
	c := &child{out: frameWriter{w: out}, world: newWorld(), calls: map[uint64]*state{}, stir: make(chan struct{}, 1)}
	c.ceiling.Store(math.MaxInt64)
	return c
}

// send writes a frame. When the box is gone there is nobody left to work for.
func (c *child) send(e *encoder) {
	if err := c.out.send(e); err != nil {
		os.Exit(exitDone)
	}
}

func (c *child) read(in *bufio.Reader) int {
	for {
		f, err := readFrame(in)
		if err == io.EOF {
			return exitDone
		}
		if err != nil {
			return exitFrame
		}
		switch f.kind {
		case frameLoad:
			c.load(f)
		case frameCall:
			go c.serve(f)
		case frameAnswer:
			if s := c.state(f.id); s != nil {
				s.answers <- f // room for one, and one is awaited
			}
		case frameStop:
			if s := c.state(f.id); s != nil {
				s.halt(kindGone, "nobody waits for it any more")
			}
		default:
			return exitFrame
		}
	}
}

func (c *child) state(id uint64) *state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[id]
}

// load compiles a plugin and runs it once, and says which functions it has.
func (c *child) load(f frame) {
	e := begin(frameLoaded, f.id)
	p, err := c.readProgram(&f.body)
	if err == nil {
		c.allow(p.limits.Memory)
		var names []string
		if names, err = p.try(); err == nil {
			c.programs.Store(p.name, p)
			for _, name := range names {
				e.text(name)
			}
		}
	}
	if err != nil {
		e = begin(frameLoaded, f.id)
		(&state{program: p}).failure(err).encode(e)
	}
	runtime.GC()
	c.resting.Store(heap())
	c.send(e)
}

func (f failed) encode(e *encoder) {
	e.boolean(false)
	e.text(f.kind)
	e.text(f.file)
	e.number(float64(f.line))
	e.text(clip(f.text, 2000))
}

func (c *child) readProgram(b *decoder) (*program, error) {
	p := &program{child: c, files: map[string]string{}, stock: make(chan *state, maxStock)}
	var err error
	if p.name, err = b.textValue(); err != nil {
		return p, err
	}
	if p.main, err = b.textValue(); err != nil {
		return p, err
	}
	var numbers [3]float64
	for i := range numbers {
		if numbers[i], err = b.floatValue(); err != nil {
			return p, err
		}
	}
	p.limits = Limits{time.Duration(numbers[0]), int(numbers[1]), int64(numbers[2])}
	files, err := b.value(0)
	if err != nil {
		return p, err
	}
	all, _ := files.(map[string]any)
	for name, source := range all {
		p.files[name], _ = source.(string)
	}
	p.config = b.b
	return p, nil
}

// try loads the plugin for the first time and lists its functions.
func (p *program) try() (names []string, err error) {
	if err := p.compileAll(p.main, map[string]bool{}); err != nil {
		return nil, err
	}
	c := p.child
	c.begin()
	s, err := p.newState(p.limits.Time, false)
	c.finish()
	if err != nil {
		return nil, err
	}
	for key, value := s.module.Next(lua.LNil); key != lua.LNil; key, value = s.module.Next(key) {
		if name, ok := key.(lua.LString); ok && value.Type() == lua.LTFunction {
			names = append(names, string(name))
		}
	}
	s.quiet = true
	p.keep(s)
	return names, nil
}

// keep puts a state aside for the next call.
func (p *program) keep(s *state) {
	select {
	case p.stock <- s:
	default:
	}
}

// take gives a state that nobody used yet.
func (p *program) take(limit time.Duration) (*state, error) {
	select {
	case s := <-p.stock:
		return s, nil
	default:
		return p.newState(limit, true)
	}
}

// serve makes one call, then gets a state ready for the next.
func (c *child) serve(f frame) {
	call, err := readCall(f)
	loaded, ok := c.programs.Load(call.plugin)
	if err != nil || !ok {
		c.done(call.id, failed{kind: KindCrashed, text: fmt.Sprintf("the call did not arrive: %v", err)}.encode)
		return
	}
	p := loaded.(*program)
	c.begin()
	s, err := p.take(call.time)
	if err != nil {
		c.finish()
		c.done(call.id, (&state{program: p}).failure(err).encode)
		return
	}
	s.id = call.id
	c.mu.Lock()
	c.calls[call.id] = s
	c.mu.Unlock()
	s.busy.Store(true)
	result := s.run(&call)
	s.busy.Store(false)
	s.clock.stop()
	c.mu.Lock()
	delete(c.calls, call.id)
	c.mu.Unlock()
	c.done(call.id, result)
	if len(p.stock) < maxStock {
		if fresh, err := p.newState(p.limits.Time, true); err == nil {
			p.keep(fresh)
		}
	}
	c.finish()
}

func (c *child) done(id uint64, result func(*encoder)) {
	e := begin(frameDone, id)
	result(e)
	c.send(e)
}

func readCall(f frame) (c callFrame, err error) {
	b := f.body
	c.id = f.id
	if c.plugin, err = b.textValue(); err != nil {
		return c, err
	}
	if c.function, err = b.textValue(); err != nil {
		return c, err
	}
	var numbers [4]float64 // phase, time, both halves of the seed
	for i := range numbers {
		if numbers[i], err = b.floatValue(); err != nil {
			return c, err
		}
	}
	c.phase, c.time, c.seed = phase(numbers[0]), time.Duration(numbers[1]), int64(numbers[2])<<32|int64(numbers[3])
	c.wall, err = b.wall(time.Time{})
	c.arguments = b
	return c, err
}
