package speech

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbox/appliance/media"
)

// silent makes a sound of that many samples at once.
func silent(samples int) func(context.Context) (*media.Sound, error) {
	return func(context.Context) (*media.Sound, error) { return media.NewSound(make([]int16, samples)), nil }
}

func TestOneRenderingServesAllWhoAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, CacheOptions{})
		renderings := 0
		sounds := make(chan *media.Sound, 100)
		for range cap(sounds) {
			go func() {
				s, err := c.sound(t.Context(), keyOf("a"), false, func(ctx context.Context) (*media.Sound, error) {
					renderings++
					<-time.After(time.Second)
					return silent(rate)(ctx)
				})
				if err != nil {
					t.Error(err)
				}
				sounds <- s
			}()
		}
		first := <-sounds
		for range cap(sounds) - 1 {
			if <-sounds != first {
				t.Error("somebody got another sound")
			}
		}
		if renderings != 1 {
			t.Errorf("%d renderings", renderings)
		}
	})
}

func TestTwoAreRenderedAtOnceAndTooManyAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, CacheOptions{})
		var mu sync.Mutex
		var now, most, busy int
		var all sync.WaitGroup
		for i := range mostAsked + 5 {
			all.Go(func() {
				_, err := c.sound(t.Context(), keyOf(fmt.Sprint(i)), false, func(ctx context.Context) (*media.Sound, error) {
					mu.Lock()
					now++
					most = max(most, now)
					mu.Unlock()
					<-time.After(time.Second)
					mu.Lock()
					now--
					mu.Unlock()
					return silent(1)(ctx)
				})
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, errBusy) {
					busy++
				}
			})
		}
		all.Wait()
		if n := c.Counters(); most != renderings || busy != 5 || n.Refused != 5 || n.Rendered != mostAsked {
			t.Errorf("%d at once, %d turned away, counted %+v", most, busy, n)
		}
	})
}

func TestARenderingThatHangsIsGivenUpAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, CacheOptions{})
		began := time.Now()
		_, err := c.sound(t.Context(), keyOf("a"), false, func(ctx context.Context) (*media.Sound, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A caller who hangs up does not wait for the voice, and the next one finds what it said.
func TestACallerWhoHangsUpLeavesTheRenderingToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, CacheOptions{})
		gone := errors.New("the caller hung up")
		ctx, hangUp := context.WithCancelCause(t.Context())
		slow := func(ctx context.Context) (*media.Sound, error) {
			select {
			case <-time.After(5 * time.Second):
				return silent(rate)(ctx)
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		go func() {
			<-time.After(time.Second)
			hangUp(gone)
		}()
		if _, err := c.sound(ctx, keyOf("a"), false, slow); !errors.Is(err, gone) {
			t.Errorf("it came back with %v", err)
		}
		if s, err := c.sound(t.Context(), keyOf("a"), false, slow); err != nil || s.Duration() != time.Second {
			t.Errorf("the next one got %v, %v", s, err)
		}
		if n := c.Counters(); n.Rendered != 1 {
			t.Errorf("counted %+v", n)
		}
	})
}

func TestABoxThatStopsDoesNotWaitForItsVoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, CacheOptions{})
		ends := make(chan error, 3)
		for i := range cap(ends) { // two speak, one waits
			go func() {
				_, err := c.sound(t.Context(), keyOf(fmt.Sprint(i)), false, func(ctx context.Context) (*media.Sound, error) {
					<-ctx.Done()
					return nil, context.Cause(ctx)
				})
				ends <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		c.Close()
		for range cap(ends) {
			if err := <-ends; !errors.Is(err, errClosed) {
				t.Errorf("ended with %v", err)
			}
		}
		if _, err := c.sound(t.Context(), keyOf("x"), false, silent(1)); !errors.Is(err, errClosed) || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestAPanicWhileASoundIsReadHarmsNobody(t *testing.T) {
	var log bytes.Buffer
	c := opened(t, CacheOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
	_, err := c.sound(soon(t), keyOf("a"), false, func(context.Context) (*media.Sound, error) { panic("a bug of ours") })
	if n := c.Counters(); err == nil || n.Recovered != 1 || !strings.Contains(log.String(), "a bug of ours") {
		t.Errorf("%v, counted %+v, logged %s", err, n, log.String())
	}
	if _, err = c.sound(soon(t), keyOf("a"), false, silent(1)); err != nil {
		t.Errorf("the next try: %v", err)
	}
}

func TestWhatWasNotUsedForLongestLeavesTheMemory(t *testing.T) {
	c := opened(t, CacheOptions{MemoryBytes: 3 * rate * soundCost}) // three seconds
	ask := func(name string, render func(context.Context) (*media.Sound, error)) error {
		_, err := c.sound(soon(t), keyOf(name), false, render)
		return err
	}
	for _, name := range []string{"a", "b", "c", "a", "d"} {
		if err := ask(name, silent(rate)); err != nil {
			t.Fatal(err)
		}
	}
	missing := func(context.Context) (*media.Sound, error) { return nil, errors.New("not there") }
	for name, there := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if err := ask(name, missing); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.Counters(); n.Sounds != 3 || n.Bytes != 3*rate*soundCost {
		t.Errorf("counted %+v", n)
	}
	if err := ask("long", silent(60*rate)); err != nil { // more than all: it is played, and takes the place of everything
		t.Error(err)
	}
	if n := c.Counters(); n.Sounds != 1 {
		t.Errorf("counted %+v", n)
	}
}

func TestWhatWasNotUsedForLongestLeavesTheFolder(t *testing.T) {
	path := t.TempDir()
	one := int64(wavHead + 2*rate)
	day := time.Now()
	name := func(c string) string { return strings.Repeat(c, 64) }
	for file, data := range map[string]string{"notes.txt": "mine", "." + name("e") + ".wav.1234.part": "half"} {
		if err := os.WriteFile(filepath.Join(path, file), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := openFolder(path, 3*one, day)
	if err != nil {
		t.Fatal(err)
	}
	second := media.ToneSound(time.Second, 500)
	for i, c := range []string{"a", "b", "c"} {
		if err := d.write(name(c), second, day.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if s := d.read(name("a"), day.Add(48*time.Hour)); s == nil || s.Duration() != time.Second {
		t.Errorf("read %v", s)
	}
	if err := d.write(name("d"), second, day.Add(49*time.Hour)); err != nil {
		t.Fatal(err)
	}
	again, err := openFolder(path, 3*one, day.Add(50*time.Hour)) // what the disk remembers
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []*folder{d, again} {
		for c, there := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
			if s := of.read(name(c), day.Add(51*time.Hour)); (s != nil) != there {
				t.Errorf("%s: %v", c, s)
			}
		}
		if of.bytes != 3*one {
			t.Errorf("%d bytes, want %d", of.bytes, 3*one)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(path, "*")); len(left) != 4 {
		t.Errorf("in the folder: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".*.part")); len(left) != 0 {
		t.Errorf("half a write is still there: %v", left)
	}
	if late, err := openFolder(path, 3*one, day.Add(200*24*time.Hour)); err != nil || late.bytes != 0 {
		t.Errorf("unused for months: %d bytes, %v", late.bytes, err)
	}
}

func TestASmallerFolderIsKeptAtItsNextStart(t *testing.T) {
	path := t.TempDir()
	d, err := openFolder(path, 1<<20, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := d.write(fmt.Sprintf("%064x", i), media.ToneSound(time.Second, 500), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if d, err = openFolder(path, 50<<10, time.Now()); err != nil || d.bytes > 50<<10 || len(d.files) != 3 {
		t.Errorf("%d bytes in %d files, %v", d.bytes, len(d.files), err)
	}
	if err := d.write(strings.Repeat("f", 64), media.ToneSound(10*time.Second, 500), time.Now()); err == nil {
		t.Error("more than the folder may hold was written")
	}
}

// Power cuts and failing disks: what is not whole is rendered again, not played.
func TestADamagedFileIsRenderedAgain(t *testing.T) {
	path := t.TempDir()
	for name, damage := range map[string]func(file string) error{
		"cut short": func(file string) error { return os.Truncate(file, 4000) },
		"nothing":   func(file string) error { return os.Truncate(file, 0) },
		"garbage":   func(file string) error { return os.WriteFile(file, bytes.Repeat([]byte("x"), wavHead+2*rate), 0o600) },
		"gone":      os.Remove,
	} {
		k := keyOf(name)
		file := filepath.Join(path, k.String()+".wav")
		before := opened(t, CacheOptions{Folder: path})
		if _, err := before.sound(soon(t), k, false, silent(rate)); err != nil {
			t.Fatal(err)
		}
		late := opened(t, CacheOptions{Folder: path}) // it knows the file as it was
		if err := damage(file); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*Cache{late, opened(t, CacheOptions{Folder: path})} {
			s, err := c.sound(soon(t), k, false, silent(rate))
			if err != nil || s.Duration() != time.Second {
				t.Errorf("%s: %v, %v", name, s, err)
			}
		}
		if n := late.Counters(); n.Rendered != 1 || n.Disk != 0 {
			t.Errorf("%s: counted %+v", name, n)
		}
	}
}

func TestADiskThatFailsCostsTheCallerNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "speech")
	var log bytes.Buffer
	c := opened(t, CacheOptions{Folder: path, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if s, err := c.sound(soon(t), keyOf(name), false, silent(rate)); err != nil || s == nil {
			t.Errorf("%v, %v", s, err)
		}
	}
	if n := c.Counters(); n.Unkept != 2 || strings.Count(log.String(), "cannot be kept") != 1 {
		t.Errorf("counted %+v, logged %s", n, log.String())
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCache(CacheOptions{Folder: path}); err == nil || !strings.Contains(err.Error(), "the folder of rendered texts") {
		t.Errorf("a file in place of the folder: %v", err)
	}
}

func TestWhatHoldsACallersDataIsNotWrittenToTheDisk(t *testing.T) {
	path := t.TempDir()
	s := speaking(t, opened(t, CacheOptions{Folder: path}), shell("cat "+soundFile(t)))
	for _, u := range []Utterance{{Language: "en", Text: "Your balance is nine", Private: true}, {Language: "en", Text: "Welcome"}} {
		if _, err := s.Say(soon(t), u); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := os.ReadDir(path); len(files) != 1 {
		t.Errorf("in the folder: %v", files)
	}
}
