package lua

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// program is a plugin as a child holds it: its sources, compiled once, and states that are ready for the next call.
type program struct {
	child   *child
	name    string
	main    string
	files   map[string]string
	config  []byte // values, as they came
	limits  Limits
	compile sync.Map // path: *compiled
	stock   chan *state
}

type compiled struct {
	proto *lua.FunctionProto
	err   error
}

const (
	maxStock   = 4  // states ready for calls, a plugin
	loadFactor = 10 // instructions that loading may take, as a multiple of a call's
)

// callFrame is a call of a function, as it came from the box.
type callFrame struct {
	id        uint64
	plugin    string
	function  string
	phase     phase
	wall      time.Time
	seed      int64
	time      time.Duration
	arguments decoder // the call's fields or nil, then arguments
}

// proto compiles a source file, once for all states.
func (p *program) proto(file string) (*lua.FunctionProto, error) {
	if c, ok := p.compile.Load(file); ok {
		return c.(*compiled).proto, c.(*compiled).err
	}
	c := &compiled{}
	c.proto, c.err = compileFile(p.files[file], file)
	p.compile.Store(file, c)
	return c.proto, c.err
}

var compileLine = regexp.MustCompile(`line\((\d+)\)[^:]*:\s*`)

func compileFile(source, file string) (_ *lua.FunctionProto, err error) {
	defer func() { // outside data: the compiler panics on some of it
		if r := recover(); r != nil {
			err = &place{file: file, text: fmt.Sprintf("it cannot be compiled: %v", r)}
		}
	}()
	chunk, err := parse.Parse(strings.NewReader(source), file)
	if err != nil {
		var mistake *parse.Error
		if !errors.As(err, &mistake) {
			return nil, &place{file: file, text: err.Error()}
		}
		if mistake.Pos.Line == parse.EOF {
			return nil, &place{file, 1 + strings.Count(source, "\n"), "the file ends in the middle of something; an end or a bracket is missing"}
		}
		return nil, &place{file, mistake.Pos.Line, fmt.Sprintf("%s near %q", mistake.Message, clip(mistake.Token, 40))}
	}
	proto, err := lua.Compile(chunk, file)
	if err != nil {
		at := &place{file: file, text: err.Error()}
		if m := compileLine.FindStringSubmatchIndex(at.text); m != nil {
			at.line, _ = strconv.Atoi(at.text[m[2]:m[3]])
			at.text = at.text[m[1]:]
		}
		return nil, at
	}
	return proto, nil
}

// place is a mistake in a source.
type place struct {
	file string
	line int
	text string
}

func (p *place) Error() string { return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.text) }

// required are the modules that a source names: they are compiled when the plugin loads, so that a mistake in a file that is
// needed late is found early.
var required = regexp.MustCompile(`\brequire\s*\(?\s*["']([A-Za-z0-9_.]+)["']`)

func (p *program) compileAll(file string, seen map[string]bool) error {
	if seen[file] {
		return nil
	}
	seen[file] = true
	if _, err := p.proto(file); err != nil {
		return err
	}
	for _, m := range required.FindAllStringSubmatch(p.files[file], -1) {
		if beside := p.beside(m[1]); beside != "" {
			if err := p.compileAll(beside, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// beside is the file that a name leads to: it lies beside the main file, or in a folder there.
func (p *program) beside(name string) string {
	file := path.Join(path.Dir(p.main), strings.ReplaceAll(name, ".", "/")+".lua")
	if _, ok := p.files[file]; ok {
		return file
	}
	return ""
}

// newState loads the plugin into a state of its own, within the limits of loading.
func (p *program) newState(limit time.Duration, quiet bool) (*state, error) {
	s := &state{child: p.child, program: p, loaded: map[string]lua.LValue{}, quit: make(chan struct{}), answers: make(chan frame, 1), quiet: quiet, phase: phaseLoad,
		left: int64(p.limits.Instructions) * loadFactor}
	s.clock.start(limit, func() {
		s.halt(KindTimeout, "it took longer than "+limit.String()+" to load; do the work in a function")
	})
	defer s.clock.stop()
	s.l = lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 200, RegistrySize: 256, RegistryGrowStep: 512, RegistryMaxSize: 16 << 10})
	L := s.l
	L.SetContext(s)
	L.SetMetatable(lua.LString(""), p.child.world.strings)
	s.makeGlobals(L)
	proto, err := p.proto(p.main)
	if err != nil {
		return nil, err
	}
	L.Push(L.NewFunctionFromProto(proto))
	if err := s.protect(func() error { return L.PCall(0, 1, nil) }); err != nil {
		return nil, s.failure(err) // the state knows whether it was stopped, and nobody has it after this
	}
	module, ok := L.Get(-1).(*lua.LTable)
	if !ok {
		return nil, &place{p.main, 1 + strings.Count(strings.TrimRight(p.files[p.main], "\n"), "\n"), "it returns no table of functions; end it with: return M"}
	}
	L.SetTop(0)
	s.module = module
	s.bottom.RawSetString("__newindex", refuseGlobal)
	return s, nil
}

// refuseGlobal is what happens to writes into globals after load.
var refuseGlobal = goFunction(func(L *lua.LState) int {
	L.RaiseError("the global %s cannot be set: globals are frozen after load; write local %[1]s, or keep it with kv or call:set", printable(L.Get(2)))
	return 0
})

// makeGlobals makes an empty table the globals: what the plugin sets while it loads goes behind it, so that every later write
// is seen.
func (s *state) makeGlobals(L *lua.LState) {
	own, beneath := L.CreateTable(0, 4), L.CreateTable(0, 1)
	beneath.RawSetString("__index", s.child.world.base)
	own.Metatable = beneath
	s.globals, s.bottom = L.CreateTable(0, 0), L.CreateTable(0, 3)
	s.bottom.RawSetString("__index", own)
	s.bottom.RawSetString("__newindex", own)
	s.bottom.RawSetString("__metatable", lua.LFalse)
	s.globals.Metatable = s.bottom
	L.Env, L.G.Global = s.globals, s.globals
	own.RawSetString("_G", s.globals)
	box := L.CreateTable(0, 1)
	config, err := (&decoder{b: s.program.config}).lua(L, 0)
	if err != nil || config == lua.LNil {
		config = L.CreateTable(0, 0)
	}
	box.RawSetString("config", config)
	own.RawSetString("callbox", frozenView(box))
	s.loaded["callbox.config"] = config
}

// protect runs Lua, and makes what the interpreter panics with an error.
func (s *state) protect(run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the interpreter failed: %v", r)
		}
	}()
	return run()
}

// require finds modules of the box and files beside the plugin.
func require(L *lua.LState) int {
	s, name := stateOf(L), L.CheckString(1)
	if m := s.child.world.modules[name]; m != nil {
		L.Push(m)
		return 1
	}
	if v, ok := s.loaded[name]; ok {
		if v == nil {
			L.RaiseError("require %q: the files require each other in a circle", name)
		}
		L.Push(v)
		return 1
	}
	file := s.program.beside(name)
	if file == "" {
		L.RaiseError("there is no module %q%s", clip(name, 80), meant(name, s.program.requirable()))
	}
	proto, err := s.program.proto(file)
	if err != nil {
		var at *place
		errors.As(err, &at)
		L.Error(lua.LString(at.Error()), 0)
	}
	s.loaded[name] = nil
	L.Push(L.NewFunctionFromProto(proto))
	L.Push(lua.LString(name))
	L.Call(1, 1)
	v := L.Get(-1)
	if v == lua.LNil {
		v = lua.LTrue
	}
	s.loaded[name] = v
	L.Push(v)
	return 1
}

func (p *program) requirable() (names []string) {
	for _, m := range modules {
		if m.name != "call" {
			names = append(names, "callbox."+m.name)
		}
	}
	for file := range p.files {
		if beside, ok := strings.CutSuffix(strings.TrimPrefix(file, path.Dir(p.main)+"/"), ".lua"); ok && file != p.main {
			names = append(names, strings.ReplaceAll(beside, "/", "."))
		}
	}
	return names
}

var sourceLine = regexp.MustCompile(`^([^:\n]+):(\d+):\s*`)

// failure says where and why a call ended, for the box.
func (s *state) failure(err error) (f failed) {
	if errors.As(err, &f) {
		return f
	}
	f = failed{kind: KindError, text: err.Error()}
	var raised *lua.ApiError
	var at *place
	switch {
	case errors.As(err, &at):
		f.file, f.line, f.text = at.file, at.line, at.text
	case errors.As(err, &raised):
		f.text = objectText(raised.Object)
		if !f.locate(s.program, &f.text) {
			for line := range strings.Lines(raised.StackTrace) {
				line = strings.TrimSpace(line)
				if f.locate(s.program, &line) {
					break
				}
			}
		}
	}
	if h := s.reason.Load(); h != nil {
		f.kind, f.text = h.kind, h.text
	} else if s.denied != "" && strings.Contains(f.text, s.denied) {
		f.kind = KindDenied
	}
	return f
}

// failed is why a call ended, as it travels.
type failed struct {
	kind, file string
	line       int
	text       string
}

func (f failed) Error() string { return f.text }

func (f *failed) locate(p *program, text *string) bool {
	m := sourceLine.FindStringSubmatch(*text)
	if m == nil {
		return false
	}
	if _, ours := p.files[m[1]]; !ours {
		return false
	}
	f.file = m[1]
	f.line, _ = strconv.Atoi(m[2])
	*text = strings.TrimPrefix(*text, m[0])
	return true
}

func objectText(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if message, ok := t.RawGetString("message").(lua.LString); ok {
			return string(message)
		}
		var b bytes.Buffer
		if err := appendJSON(&b, t, 0, "error"); err == nil {
			return "an error object: " + clip(b.String(), 400)
		}
		return "an error object"
	}
	return printable(v)
}
