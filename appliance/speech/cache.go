package speech

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"callbox/appliance/media"
)

const (
	renderings = 2                // at once, whoever asks
	mostAsked  = 64               // texts being rendered or waiting for it
	limit      = 10 * time.Second // of one rendering
	soundCost  = 6                // bytes a sample, in the codecs that a box usually speaks
)

// Cache keeps what was spoken, in memory and in a folder, and has each text spoken once however many ask for it. One serves a
// box and all its generations. Its methods may be called from any goroutine.
type Cache struct {
	folder *folder // nil without one
	memory int64   // bytes at most
	log    *slog.Logger
	turns  chan struct{} // one for each rendering at once
	client *http.Client
	life   context.Context
	end    context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex // guards what follows
	kept     map[key]*list.Element
	recent   list.List // of entries, the last used first
	bytes    int64
	flights  map[key]*flight
	counters Counters
	closed   bool
}

// CacheOptions of a Cache. The zero value keeps 64 MB in memory and nothing on disk.
type CacheOptions struct {
	Folder      string       // made when it is not there; what else lies in it is left alone
	FolderBytes int64        // at most in the folder; default 256 MB
	MemoryBytes int64        // at most in memory, about 20 s of speech a MB; default 64 MB
	Log         *slog.Logger // default: nowhere
}

// Counters of a Cache since it was opened.
type Counters struct {
	Memory, Disk uint64 // utterances that were found there
	Rendered     uint64 // texts that an engine spoke
	Failed       uint64 // renderings that gave nothing
	Refused      uint64 // utterances that came when too many were waiting
	Unkept       uint64 // sounds that could not be written to the folder
	Recovered    uint64 // panics while sound of an engine was read: each one is a bug of ours
	Sounds       int    // in memory now
	Bytes        int64  // of memory they take
}

// key is the content of a sound: all that makes it sound as it does.
type key [sha256.Size]byte

func keyOf(parts ...string) key {
	return sha256.Sum256([]byte(strings.Join(parts, "\x00"))) // no part has a zero byte
}

func (k key) String() string { return hex.EncodeToString(k[:]) }

// entry is a sound in memory.
type entry struct {
	key   key
	sound *media.Sound
}

// flight is a sound on its way; its fields are set when done is closed.
type flight struct {
	done  chan struct{}
	sound *media.Sound
	err   error
}

// OpenCache opens or makes a cache. It fails when the folder cannot be read or made.
func OpenCache(o CacheOptions) (*Cache, error) {
	c := &Cache{
		memory: o.MemoryBytes, log: o.Log, turns: make(chan struct{}, renderings), client: newClient(),
		kept: map[key]*list.Element{}, flights: map[key]*flight{},
	}
	if c.memory == 0 {
		c.memory = 64 << 20
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if o.Folder != "" {
		if o.FolderBytes == 0 {
			o.FolderBytes = 256 << 20
		}
		var err error
		if c.folder, err = openFolder(o.Folder, o.FolderBytes, time.Now()); err != nil {
			return nil, err
		}
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close stops what is being rendered and returns when nothing of it runs any more. What is asked for later fails.
func (c *Cache) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.work.Wait()
	c.client.CloseIdleConnections()
}

// Counters returns a snapshot.
func (c *Cache) Counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.counters
	now.Sounds, now.Bytes = len(c.kept), c.bytes
	return now
}

var (
	errBusy   = &Fault{What: "too many texts wait to be spoken", Remedy: "record what is said often as files, or name a faster engine in the tts block", text: true}
	errClosed = &Fault{What: "the box is stopping", Remedy: "nothing is spoken any more", text: true}
)

// sound gives the sound of a key: from memory, from the folder, or by render, which runs at most once at a time for a key. It
// waits until ctx ends at most; a rendering that was begun goes on without whoever asked for it. Private sounds are not written
// to the folder.
func (c *Cache) sound(ctx context.Context, k key, private bool, render func(context.Context) (*media.Sound, error)) (*media.Sound, error) {
	f, s, err := c.join(k, private, render)
	switch {
	case f != nil:
	case err == nil && c.folder != nil:
		c.folder.touch(k.String(), time.Now())
		return s, nil
	default:
		return s, err
	}
	select {
	case <-f.done:
		return f.sound, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *Cache) join(k key, private bool, render func(context.Context) (*media.Sound, error)) (*flight, *media.Sound, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.kept[k]; at != nil {
		c.recent.MoveToFront(at)
		c.counters.Memory++
		return nil, at.Value.(*entry).sound, nil
	}
	f := c.flights[k]
	switch {
	case f != nil:
		return f, nil, nil
	case c.closed:
		return nil, nil, errClosed
	case len(c.flights) >= mostAsked:
		c.counters.Refused++
		return nil, nil, errBusy
	}
	f = &flight{done: make(chan struct{})}
	c.flights[k] = f
	c.work.Go(func() { c.fly(f, k, private, render) })
	return f, nil, nil
}

// fly brings a sound home: one goroutine, whose only job this is.
func (c *Cache) fly(f *flight, k key, private bool, render func(context.Context) (*media.Sound, error)) {
	var disk bool
	f.sound, disk, f.err = c.fetch(k, render)
	if f.err == nil && !disk && !private && c.folder != nil {
		if err := c.folder.write(k.String(), f.sound, time.Now()); err != nil {
			c.unkept(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, k)
	switch {
	case f.err != nil:
		c.counters.Failed++
	case disk:
		c.counters.Disk++
	default:
		c.counters.Rendered++
	}
	if f.err == nil {
		c.keep(k, f.sound)
	}
	close(f.done)
}

func (c *Cache) fetch(k key, render func(context.Context) (*media.Sound, error)) (s *media.Sound, disk bool, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("speech: panic", "fault", fault, "stack", string(debug.Stack()))
			c.mu.Lock()
			c.counters.Recovered++
			c.mu.Unlock()
			s, err = nil, &Fault{What: "reading the sound of a text failed by a fault of the box's own", Remedy: "report it with the stack that the log has"}
		}
	}()
	if c.folder != nil {
		if s = c.folder.read(k.String(), time.Now()); s != nil {
			return s, true, nil
		}
	}
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-c.life.Done():
		return nil, false, errClosed
	}
	ctx, cancel := context.WithTimeout(c.life, limit)
	defer cancel()
	if s, err = render(ctx); c.life.Err() != nil && err != nil {
		err = errClosed
	}
	return s, false, err
}

// keep puts a sound into memory in place of those that were not used for longest. The caller holds mu.
func (c *Cache) keep(k key, s *media.Sound) {
	c.kept[k] = c.recent.PushFront(&entry{k, s})
	c.bytes += cost(s)
	for c.bytes > c.memory && c.recent.Len() > 1 {
		last := c.recent.Back()
		old := c.recent.Remove(last).(*entry)
		delete(c.kept, old.key)
		c.bytes -= cost(old.sound)
	}
}

func cost(s *media.Sound) int64 { return int64(len(s.PCM())) * soundCost }

// unkept tells once that sounds are not written, and goes on without.
func (c *Cache) unkept(err error) {
	c.mu.Lock()
	c.counters.Unkept++
	first := c.counters.Unkept == 1
	c.mu.Unlock()
	if first {
		c.log.Warn("speech: rendered texts cannot be kept: they are rendered again after a restart", "folder", c.folder.path, "err", err)
	}
}
