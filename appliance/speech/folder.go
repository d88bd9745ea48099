package speech

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/store"
)

const (
	unused     = 90 * 24 * time.Hour // after which a file goes: nothing says it any more
	touchAfter = 24 * time.Hour      // when a file is marked as used again
	wavHead    = 44                  // bytes before the sound in what media.WriteWAV writes
)

var (
	ourFile  = regexp.MustCompile(`^[0-9a-f]{64}\.wav$`)
	leftOver = regexp.MustCompile(`^\.[0-9a-f]{64}\.wav\..*\.part$`) // of a write that a power cut ended
)

// folder keeps rendered texts as files that are named by their key: WAV, 8 kHz. Their time of change is the day on
// which they were last used.
type folder struct {
	path string
	most int64

	mu    sync.Mutex // guards what follows
	files map[string]file
	bytes int64
}

type file struct {
	size int64
	used time.Time
	told time.Time // when the disk was told of its use
}

func openFolder(path string, most int64, now time.Time) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("speech: the folder of rendered texts: %w", err)
	}
	there, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("speech: the folder of rendered texts: %w", err)
	}
	d := &folder{path: path, most: most, files: map[string]file{}}
	for _, entry := range there {
		info, err := entry.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("speech: the folder of rendered texts: %w", err)
		case leftOver.MatchString(entry.Name()):
			_ = os.Remove(filepath.Join(path, entry.Name())) // it is in nobody's way if it stays
		case info.Mode().IsRegular() && ourFile.MatchString(entry.Name()):
			d.files[entry.Name()] = file{info.Size(), info.ModTime(), info.ModTime()}
			d.bytes += info.Size()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shrink(now)
	return d, nil
}

// read gives the sound of a key, or nil. A file that is not whole is none, and goes.
func (d *folder) read(key string, now time.Time) *media.Sound {
	name := key + ".wav"
	d.mu.Lock()
	f, there := d.files[name]
	d.mu.Unlock()
	if !there {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(d.path, name))
	var s *media.Sound
	if err == nil && int64(len(data)) == f.size {
		s, err = media.LoadWAV(bytes.NewReader(data))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil || s == nil || wavHead+2*len(s.PCM()) != len(data) {
		d.drop(name)
		return nil
	}
	d.use(name, now)
	return s
}

// touch tells that a sound was used that is in memory too.
func (d *folder) touch(key string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.use(key+".wav", now)
}

// use marks a file as used. The caller holds mu.
func (d *folder) use(name string, now time.Time) {
	f, there := d.files[name]
	if !there {
		return
	}
	if f.used = now; now.Sub(f.told) > touchAfter {
		f.told = now
		_ = os.Chtimes(filepath.Join(d.path, name), now, now) // at worst it goes too early, and is rendered again
	}
	d.files[name] = f
}

// write keeps a sound, then makes room if it takes too much.
func (d *folder) write(key string, s *media.Sound, now time.Time) error {
	name := key + ".wav"
	var wav bytes.Buffer
	if err := media.WriteWAV(&wav, s.PCM()); err != nil {
		return err
	}
	if int64(wav.Len()) > d.most {
		return fmt.Errorf("%d KB are more than the folder may hold", wav.Len()>>10)
	}
	if err := store.WriteFile(filepath.Join(d.path, name), wav.Bytes(), 0o600); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bytes += int64(wav.Len()) - d.files[name].size
	d.files[name] = file{int64(wav.Len()), now, now}
	d.shrink(now)
	return nil
}

// shrink removes what was not used for long, and then what was not used for longest until the rest fits. The caller holds mu.
func (d *folder) shrink(now time.Time) {
	oldest := make([]string, 0, len(d.files))
	for name, f := range d.files {
		if now.Sub(f.used) > unused {
			d.drop(name)
		} else if d.bytes > d.most {
			oldest = append(oldest, name)
		}
	}
	slices.SortFunc(oldest, func(a, b string) int { return d.files[a].used.Compare(d.files[b].used) })
	for _, name := range oldest {
		if d.bytes <= d.most {
			return
		}
		d.drop(name)
	}
}

// drop forgets a file, also when the disk does not let go of it. The caller holds mu.
func (d *folder) drop(name string) {
	d.bytes -= d.files[name].size
	delete(d.files, name)
	_ = os.Remove(filepath.Join(d.path, name)) // if it stays, the next start finds it and tries again
}
