package lua

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// lines bounds what a plugin writes into the log: a second's worth of its rate may come at once.
type lines struct {
	mu      sync.Mutex // guards all
	buckets map[string]*bucket
}

type bucket struct {
	left    float64
	at      time.Time
	dropped int
}

const (
	linesASecond = 50
	linesAtOnce  = 200
	maxFields    = 20
)

// take says whether one more line may be written now, and how many were not since the last.
func (l *lines) take(plugin string, now time.Time) (dropped int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = map[string]*bucket{}
	}
	b := l.buckets[plugin]
	if b == nil {
		b = &bucket{left: linesAtOnce, at: now}
		l.buckets[plugin] = b
	}
	b.left = min(linesAtOnce, b.left+now.Sub(b.at).Seconds()*linesASecond)
	b.at = now
	if b.left < 1 {
		b.dropped++
		return 0, false
	}
	b.left--
	dropped, b.dropped = b.dropped, 0
	return dropped, true
}

// logged writes a line of a plugin into the box's log.
func (h *Host) logged(f frame) error {
	values, err := f.body.rest()
	if err != nil || len(values) != 4 {
		return errForged
	}
	name, ok1 := values[0].(string)
	level, ok2 := values[1].(string)
	text, ok3 := values[2].(string)
	if !ok1 || !ok2 || !ok3 || h.plugins[name] == nil {
		return errForged
	}
	dropped, ok := h.lines.take(name, time.Now())
	if !ok {
		return nil
	}
	attrs := []slog.Attr{slog.String("plugin", name)}
	if dropped > 0 {
		attrs = append(attrs, slog.Int("lines_dropped_before", dropped))
	}
	fields, _ := values[3].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(fields))[:min(len(fields), maxFields)] {
		attrs = append(attrs, slog.Any(oneLine(key), plain(fields[key])))
	}
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	h.o.Log.LogAttrs(h.ctx, levels[level], oneLine(text), attrs...)
	return nil
}

// oneLine keeps a plugin from writing lines that look like another's.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(clip(s, maxLogText), "\uFFFD"))
}

// plain makes every text in a value UTF-8: expressions, JSON and the journal know no other.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for key, value := range v {
			if valid := strings.ToValidUTF8(key, "\uFFFD"); valid != key {
				delete(v, key)
				key = valid
			}
			v[key] = plain(value)
		}
	}
	return v
}
