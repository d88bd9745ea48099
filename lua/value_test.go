package lua

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"
)

// values are those that Lua and the box both have.
func values(depth int) *rapid.Generator[any] {
	leaf := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Float64Range(-1e300, 1e300).AsAny(),
		rapid.Map(rapid.Int64Range(-wholeFloat+1, wholeFloat-1), func(n int64) any { return float64(n) }),
	}
	if depth > 0 {
		leaf = append(leaf, rapid.SliceOfN(values(depth-1), 0, 5).AsAny(), rapid.MapOfN(rapid.String(), values(depth-1), 0, 5).AsAny())
	}
	return rapid.OneOf(leaf...)
}

func TestWhatIsSentArrivesAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(4).Draw(t, "value")
		e := begin(frameDone, 7)
		if err := e.value(v, 0, "value"); err != nil {
			t.Fatal(err)
		}
		f, err := readFrame(bufio.NewReader(bytes.NewReader(e.end())))
		if err != nil || f.id != 7 || f.kind != frameDone {
			t.Fatal(f, err)
		}
		got, err := f.body.value(0)
		if err != nil || !reflect.DeepEqual(got, v) || len(f.body.b) != 0 {
			t.Fatalf("%#v arrived as %#v: %v", v, got, err)
		}
	})
}

func TestWhatCannotBeSentIsAnErrorThatNamesThePlace(t *testing.T) {
	deep := any("x")
	for range maxDepth + 1 {
		deep = []any{deep}
	}
	for want, v := range map[string]any{
		"value.a.b is a chan int": map[string]any{"a": map[string]any{"b": make(chan int)}},
		"nested more than":        deep,
		"more than":               strings.Split(strings.Repeat("x,", maxNodes+1), ","),
	} {
		e := begin(frameDone, 0)
		says(t, e.value(v, 0, "value"), want)
	}
	e := begin(frameDone, 0)
	for _, v := range []any{time.Unix(0, 0).UTC(), 3 * time.Second, 5, uint64(6), []byte("x"), map[string]string{"a": "b"}} {
		if err := e.value(v, 0, "value"); err != nil {
			t.Error(err)
		}
	}
	got, err := (&decoder{b: e.b[6:]}).rest()
	if want := []any{"1970-01-01T00:00:00Z", 3.0, 5.0, 6.0, "x", map[string]any{"a": "b"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// Whatever comes out of a child is a frame or an error, at the cost of its own length.
func FuzzFrame(f *testing.F) {
	e := begin(frameAsk, 1)
	e.text("kv.get")
	e.value(map[string]any{"a": []any{1.5, "x", nil, true}}, 0, "")
	f.Add(e.end())
	f.Add([]byte("\x00\x00\x00\x02H\x00"))
	f.Add([]byte("\xff\xff\xff\xffH"))
	f.Add([]byte("\x00\x00\x00\x08D\x01\x06\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		L := lua.NewState(lua.Options{SkipOpenLibs: true})
		defer L.Close()
		for {
			f, err := readFrame(r)
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errMalformed) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("an error of another kind: %v", err)
				}
				return
			}
			same := f.body
			for len(same.b) > 0 {
				if _, err := same.lua(L, 0); err != nil {
					break
				}
			}
			all, err := f.body.rest()
			if err != nil {
				continue
			}
			again := begin(f.kind, f.id)
			for _, v := range all {
				if err := again.value(v, 0, ""); err != nil {
					t.Fatalf("what was read cannot be sent: %v", err)
				}
			}
			f.question()
		}
	})
}

func TestAProcessThatSaysNonsenseIsNotListenedTo(t *testing.T) {
	for name, b := range map[string]string{
		"a frame too long":           "\x7f\xff\xff\xff",
		"a frame too short":          "\x00\x00\x00\x01H",
		"a list longer than itself":  "\x00\x00\x00\x07D\x01\x06\xff\xff\xff\x07",
		"a question nobody asks":     "\x00\x00\x00\x08Q\x01\x05\x04evil",
		"an end of no call":          "\x00\x00\x00\x03D\x63\x02",
		"a frame of no kind":         "\x00\x00\x00\x02?\x00",
		"a log of no plugin":         "\x00\x00\x00\x0aG\x00\x05\x01x\x05\x01x\x05\x00",
		"a text that is not in UTF8": "\x00\x00\x00\x05Q\x01\x05\x01\xff",
	} {
		t.Run(name, func(t *testing.T) {
			h, err := newHost(Options{})
			if err != nil {
				t.Fatal(err)
			}
			p := &process{h: h, replies: make(chan frame, 1), flights: map[uint64]*flight{}}
			f, err := readFrame(bufio.NewReader(strings.NewReader(b)))
			if err == nil {
				err = p.hear(f)
			}
			if err == nil {
				t.Error("it is believed")
			}
		})
	}
}
