package floor

import (
	"bytes"
	"time"
	"unicode"

	"callbox/appliance/call"
	"callbox/appliance/media"
	"callbox/appliance/speech"
	"callbox/hcl"
)

// How fast the box speaks, in characters a second. They are what espeak-ng and its kind come to on average.
const (
	lettersASecond    = 14
	ideographsASecond = 4
)

// shortest is how long the shortest text takes.
const shortest = 300 * time.Millisecond

// speechTime is how long a text takes to say.
func speechTime(text string) time.Duration {
	var d time.Duration
	for _, r := range text {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			d += time.Second / ideographsASecond
		} else {
			d += time.Second / lettersASecond
		}
	}
	return max(shortest, d.Round(time.Millisecond))
}

// sounds knows how long things take to say. A recording is read once.
type sounds struct {
	lengths map[string]time.Duration // of recordings, by path and content
}

// length is how long an utterance takes in a configuration.
func (s *sounds) length(cfg *hcl.Config, u call.Utterance) time.Duration {
	switch {
	case u.Phrase == "beep":
		return time.Duration(len(speech.Beep().PCM())) * time.Second / rate
	case u.File == "":
		return speechTime(textOf(cfg, u))
	}
	file := cfg.Files[u.File]
	key := u.File + "\x00" + cfg.Hash
	if d, ok := s.lengths[key]; ok {
		return d
	}
	d := speechTime(u.Text) // a recording that cannot be read: validate has said so
	if sound, err := media.LoadWAV(bytes.NewReader(file)); err == nil {
		d = time.Duration(len(sound.PCM())) * time.Second / rate
	}
	if s.lengths == nil {
		s.lengths = map[string]time.Duration{}
	}
	s.lengths[key] = d
	return d
}

// textOf is what an utterance says in words: a text, or one of the box's own phrases.
func textOf(cfg *hcl.Config, u call.Utterance) string {
	if u.Text != "" || u.Phrase == "" {
		return u.Text
	}
	language, _ := speech.PhraseLanguage(u.Language, cfg.Appliance.Languages[0])
	return speech.Phrase(language, u.Phrase, u.Values)
}
