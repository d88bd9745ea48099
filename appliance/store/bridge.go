package store

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// bridge is Badger's logger: what it tells goes to debug, what goes wrong to error.
type bridge struct {
	log   *slog.Logger
	guard *guard

	mu   sync.Mutex
	left string // a table that Badger opened without
}

func (b *bridge) ignored() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left
}

func (b *bridge) Errorf(format string, v ...any) {
	text := firstLine(fmt.Sprintf(format, v...))
	b.log.Error("store: " + text)
	switch {
	case strings.HasPrefix(text, "Ignoring table"):
		b.mu.Lock()
		b.left = text
		b.mu.Unlock()
	case strings.Contains(text, "sync:"):
		_ = b.guard.fail(errors.New(text))
	case strings.Contains(strings.ToLower(text), "checksum"):
		b.guard.doubt(text)
	}
}

func (b *bridge) Warningf(format string, v ...any) {
	b.log.Warn("store: " + firstLine(fmt.Sprintf(format, v...)))
}

func (b *bridge) Infof(format string, v ...any) {
	b.log.Debug("store: " + firstLine(fmt.Sprintf(format, v...)))
}

func (b *bridge) Debugf(string, ...any) {}

// oneLine joins lines, so that a log or a terminal shows an error as one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
