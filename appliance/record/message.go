package record

import (
	"maps"
	"slices"
	"time"

	"callbox/hcl"
)

// Message is one message in a box.
type Message struct {
	ID        string        `json:"id"`                  // a ULID; its sound is the file of that name
	Box       string        `json:"box"`                 // name of the voicemail block, or number of the extension
	Call      string        `json:"call,omitempty"`      // in which it was left
	From      string        `json:"from,omitempty"`      // number or extension, empty when hidden
	Name      string        `json:"name,omitempty"`      // what the caller is called, as far as it was shown: not to be trusted
	Left      time.Time     `json:"left"`                // when
	Length    time.Duration `json:"length,omitempty"`    // of the sound
	New       bool          `json:"new,omitempty"`       // nobody has heard it
	Size      int64         `json:"size,omitempty"`      // of the file, in bytes
	Hash      string        `json:"hash,omitempty"`      // SHA-256 of the file, hexadecimal
	Forwarded string        `json:"forwarded,omitempty"` // box from which it was passed on
}

// key is where the index has the message. Names of boxes have no zero byte.
func (m Message) key() string { return m.Box + "\x00" + m.ID }

// file is the name of the message's sound.
func (m Message) file() string { return m.ID + soundSuffix }

const soundSuffix = ".wav"

// Bounds of one box.
const (
	MaxMessages = 100       // of a box
	MaxBytes    = 200 << 20 // of the sound of a box: a hundred messages of two minutes
)

// defaultMax is how long a message may be in the box of an extension that has no voicemail block.
const defaultMax = 2 * time.Minute

// boxOf gives the settings of a box: its block, or those of an extension's own box.
func boxOf(cfg *hcl.Config, name string) (hcl.Voicemail, bool) {
	if v := cfg.Voicemails[name]; v != nil {
		return *v, true
	}
	if e := cfg.Extensions[name]; e != nil && e.Voicemail {
		return hcl.Voicemail{Name: name, Max: defaultMax, Keep: cfg.Retention.Voicemail}, true
	}
	return hcl.Voicemail{}, false
}

// boxNames are all boxes of a configuration, in order.
func boxNames(cfg *hcl.Config) []string {
	names := slices.Collect(maps.Keys(cfg.Voicemails))
	for number, e := range cfg.Extensions {
		if e.Voicemail && cfg.Voicemails[number] == nil {
			names = append(names, number)
		}
	}
	slices.Sort(names)
	return names
}

// phonesOf are the extensions that a box belongs to: those in notify, and the one whose own box it is.
func phonesOf(cfg *hcl.Config, v hcl.Voicemail) []string {
	phones := slices.Clone(v.Notify)
	if e := cfg.Extensions[v.Name]; e != nil && e.Voicemail && !slices.Contains(phones, v.Name) {
		phones = append(phones, v.Name)
	}
	return phones
}

// boxesOf are the boxes that belong to an extension: its own first, then the others by name.
func boxesOf(cfg *hcl.Config, extension string) (names []string) {
	for _, name := range boxNames(cfg) {
		v, _ := boxOf(cfg, name)
		switch {
		case !slices.Contains(phonesOf(cfg, v), extension):
		case name == extension:
			names = slices.Insert(names, 0, name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// boxesAt are the boxes that somebody can mean who keys a number: the one of that name, else those of the phone of that number.
func boxesAt(cfg *hcl.Config, number string) []string {
	if _, ok := boxOf(cfg, number); ok {
		return []string{number}
	}
	return boxesOf(cfg, number)
}

// keepOf is how long a box keeps its messages; one that left the configuration keeps them as retention says.
func keepOf(cfg *hcl.Config, box string) time.Duration {
	if v, ok := boxOf(cfg, box); ok && v.Keep > 0 {
		return v.Keep
	}
	return cfg.Retention.Voicemail
}
