package appliance

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// reloader is the reload loop: it alone changes generations.
type reloader struct {
	a       *Appliance
	watcher *fsnotify.Watcher // nil: not watching
	seen    uint64            // fingerprint of the files that were last looked at
}

const (
	// settleTime is how long files must rest: editors write in several steps,
	// and a checkout writes many files.
	settleTime = 200 * time.Millisecond
	// maxUnsettled bounds the wait when something writes without end.
	maxUnsettled = 3 * time.Second
	// lookTime is how often the files are looked at although nothing was
	// reported: network and bind mounts report nothing, and the kernel drops
	// events when its queue is full.
	lookTime = 10 * time.Second
	// maxWatched bounds the directories watched and the files fingerprinted.
	maxWatched = 1000
)

func newReloader(a *Appliance) *reloader {
	r := &reloader{a: a}
	if a.o.Watch {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			a.log.Error("files are not watched, only looked at now and then", "every", lookTime.String(), "error", err)
		}
		r.watcher = w
		r.follow()
	}
	return r
}

func (r *reloader) run(stop context.Context) {
	var events chan fsnotify.Event
	var faults chan error
	if r.watcher != nil {
		defer r.watcher.Close()
		events, faults = r.watcher.Events, r.watcher.Errors
	}
	look := time.NewTicker(lookTime)
	defer look.Stop()
	settle := time.NewTimer(settleTime) // what was written while the box started is looked at once
	if !r.a.o.Watch {
		settle.Stop()
	}
	defer settle.Stop()
	var unrest time.Time // when the present stir began; zero: all is quiet
	for {
		select {
		case <-stop.Done():
			return
		case q := <-r.a.asks:
			r.safely(q.do)
			close(q.done)
		case <-r.a.o.Reload:
			r.safely(func() { r.a.reloadFiles("signal", false) })
		case e := <-events:
			if r.concerns(e.Name) {
				unrest = r.stirred(unrest, settle)
			}
		case err := <-faults:
			r.a.log.Warn("watching the files", "error", err)
			unrest = r.stirred(unrest, settle)
		case <-look.C:
			if r.a.o.Watch && unrest.IsZero() && r.fingerprint() != r.seen {
				unrest = r.stirred(unrest, settle)
			}
		case <-settle.C:
			unrest = time.Time{}
			r.settled()
		}
	}
}

// concerns passes over what happens beside the directory: a log file in the
// same folder would keep the files from ever coming to rest.
func (r *reloader) concerns(path string) bool {
	dir := filepath.Clean(r.a.o.Dir)
	return filepath.Dir(path) != filepath.Dir(dir) || path == dir
}

// stirred waits for rest, but not for ever.
func (r *reloader) stirred(since time.Time, settle *time.Timer) time.Time {
	now := time.Now()
	if since.IsZero() {
		since = now
	}
	if now.Sub(since) < maxUnsettled {
		settle.Reset(settleTime)
	}
	return since
}

// settled takes the files as they are now, when they are others than before.
func (r *reloader) settled() {
	r.follow()
	now := r.fingerprint()
	if now == r.seen {
		return
	}
	r.seen = now
	r.safely(func() { r.a.reloadFiles("watch", false) })
}

// safely keeps a fault in loading from ending the loop.
func (r *reloader) safely(f func()) {
	defer func() {
		if p := recover(); p != nil {
			r.a.box.Panics.Add(1)
			r.a.log.Error("reload failed by a fault in callbox; the running generation stays", "fault", fmt.Sprint(p))
		}
	}()
	f()
}

// follow watches the directory, what a symbolic link to it points at, its
// parent (which sees the link switched or the directory replaced), and the
// folders below it, where prompts lie. Adding twice does no harm.
func (r *reloader) follow() {
	if r.watcher == nil {
		return
	}
	r.watch(filepath.Dir(filepath.Clean(r.a.o.Dir)))
	real, err := filepath.EvalSymlinks(r.a.o.Dir)
	if err != nil {
		return
	}
	n := 0
	filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil || n >= maxWatched {
			return fs.SkipDir
		}
		if d.IsDir() {
			n++
			r.watch(path)
		}
		return nil
	})
}

func (r *reloader) watch(path string) {
	if err := r.watcher.Add(path); err != nil {
		r.a.log.Debug("cannot watch", "path", path, "error", err)
	}
}

// fingerprint is a cheap sum over names, sizes and times of all files.
func (r *reloader) fingerprint() uint64 {
	h := fnv.New64a()
	real, err := filepath.EvalSymlinks(r.a.o.Dir)
	if err != nil {
		return 0
	}
	fmt.Fprintln(h, real)
	n := 0
	filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil || n >= maxWatched {
			return fs.SkipDir
		}
		if n++; d.IsDir() {
			return nil
		}
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return h.Sum64()
}
