package hcl

import "fmt"

// Music is what callers hear while they wait or are held.
type Music struct {
	// Name by which queues refer to it: music.hold.
	Name string `hcl:",label"`
	// Files are paths in the configuration, WAV of at most 32 MB each, played
	// one after the other. When not written: the music that is built in.
	Files []string `hcl:"files"`
}

var musicKind = &kind{name: "music", new: func() any { return new(Music) }, effect: newCalls, example: `
music "hold" {
  files = ["music/hold.wav"]
}
`}

func (m *Music) check(l *loader, b *block) {
	if !b.has("files") {
		return
	}
	exprs := elements(b.body.Attributes["files"].Expr, len(m.Files))
	for i, written := range m.Files {
		if name, ok := l.takeFile(written, exprs[i].Range()); ok {
			m.Files[i] = name
		}
	}
	if len(m.Files) == 0 {
		l.warn(b.at("files"), fmt.Sprintf("%s has no files", b.title()), "The built-in music plays; leave files out to say so.")
	}
}
