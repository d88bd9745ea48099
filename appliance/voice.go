package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"callbox/appliance/call"
	"callbox/appliance/media"
	"callbox/appliance/speech"
	"callbox/hcl"
)

// voice is how a generation sounds: its recordings and music, read while it is
// built, and what speaks its texts.
type voice struct {
	cfg     *hcl.Config
	codecs  []media.Codec
	speaker *speech.Speaker
	files   map[string]*media.Sound // recorded prompts, by path
	musics  map[string]*media.Sound
	silent  []string // what cannot be spoken, for the operator
}

// newVoice reads all recordings and has all texts spoken that are known before
// anybody calls. A recording that cannot be played is an error; a text that
// cannot be spoken is told, and calls go on without it.
func newVoice(ctx context.Context, cfg *hcl.Config, cache *speech.Cache, before *voice) (*voice, error) {
	v := &voice{cfg: cfg, codecs: spoken(cfg), files: map[string]*media.Sound{}, musics: map[string]*media.Sound{}}
	for _, name := range slices.Sorted(maps.Keys(cfg.Musics)) {
		m, err := v.musicOf(name, before)
		if err != nil {
			return nil, err
		}
		v.musics[name] = m
	}
	if v.musics[""] = v.musics["hold"]; v.musics[""] == nil {
		v.musics[""] = media.Music()
	}
	if err := v.readPrompts(before); err != nil {
		return nil, err
	}
	var err error
	v.speaker, err = speech.NewSpeaker(spokenBy(cfg), cache)
	if err != nil {
		return nil, err
	}
	texts := v.texts()
	if len(texts) == 0 {
		return v, nil
	}
	for _, p := range v.speaker.Prepare(ctx, texts, v.codecs) {
		v.silent = append(v.silent, p.String())
	}
	v.silent = append(v.silent, speech.PhraseProblems(cfg.Appliance.Languages)...)
	return v, nil
}

// spokenBy is what speaks the texts of a configuration.
func spokenBy(cfg *hcl.Config) speech.Settings {
	t := cfg.TTS
	return speech.Settings{Engine: t.Engine, Voices: t.Voices, Speed: t.Speed, Command: t.Command, URL: t.URL, Model: t.Model, Token: t.Token}
}

// Unspoken is something that callers would not hear.
type Unspoken struct{ What, Remedy string }

// TrySpeech has the voice of a configuration speak in each of its languages. It
// tells what speaks, and what is wrong. It takes up to ten seconds a language.
func TrySpeech(ctx context.Context, cfg *hcl.Config) (engine string, wrong []Unspoken) {
	d := speech.Doctor(ctx, spokenBy(cfg), cfg.Appliance.Languages)
	for _, err := range d.Faults {
		u := Unspoken{err.Error(), "correct the tts block, or record the prompts"}
		var f *speech.Fault
		if errors.As(err, &f) {
			u = Unspoken{strings.TrimSuffix(err.Error(), ": "+f.Remedy), f.Remedy}
		}
		wrong = append(wrong, u)
	}
	return d.Engine, wrong
}

// spoken are the codecs that some leg of the configuration may agree on.
func spoken(cfg *hcl.Config) []media.Codec {
	names := slices.Clone(cfg.Media.Codecs)
	for _, e := range cfg.Extensions {
		names = append(names, e.Codecs...)
	}
	for _, t := range cfg.Trunks {
		names = append(names, t.Codecs...)
	}
	slices.Sort(names)
	return media.Codecs(slices.Compact(names))
}

// prepare encodes what callers hear in every codec that a phone or trunk may
// speak, so that nobody waits for it: a minute of Opus takes 0.4 s of a core.
func (v *voice) prepare() {
	for _, c := range call.Causes() {
		if c.Tone != "" {
			media.CountryTone(v.cfg.Appliance.Country, c.Tone).Prepare(v.codecs)
		}
	}
	for _, sounds := range []map[string]*media.Sound{v.musics, v.files} {
		for _, s := range sounds {
			s.Prepare(v.codecs)
		}
	}
}

// unchanged tells whether files are what they were in another generation.
func (v *voice) unchanged(before *voice, paths ...string) bool {
	return before != nil && !slices.ContainsFunc(paths, func(path string) bool {
		return !bytes.Equal(v.cfg.Files[path], before.cfg.Files[path])
	})
}

func (v *voice) readPrompts(before *voice) error {
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Prompts)) {
		for _, path := range v.cfg.Prompts[name].File {
			if v.unchanged(before, path) && before.files[path] != nil {
				v.files[path] = before.files[path]
				continue
			}
			s, err := media.LoadWAV(bytes.NewReader(v.cfg.Files[path]))
			if err != nil {
				return fmt.Errorf("prompt %q: %s: %w", name, path, err)
			}
			v.files[path] = s
		}
	}
	return nil
}

// texts are what prompts say to everybody.
func (v *voice) texts() (all []speech.Utterance) {
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Prompts)) {
		for _, language := range v.cfg.Appliance.Languages {
			p := v.cfg.Prompts[name]
			if _, recorded := p.Sound(language); recorded {
				continue
			}
			if text, ok := p.Constant(language); ok {
				all = append(all, speech.Utterance{Language: p.Language(language), Text: text})
			}
		}
	}
	return all
}

// own are the box's own phrases, for boxes that have something to say.
func (v *voice) own() []speech.Utterance {
	if len(v.cfg.IVRs)+len(v.cfg.Queues)+len(v.cfg.Voicemails) == 0 {
		return nil
	}
	return speech.OwnPhrases(v.cfg.Appliance.Languages)
}

// voices tells what a generation cannot say, and has the box's own phrases
// spoken beside, so that a start does not wait for them.
func (a *Appliance) voices(g *Generation) {
	for _, problem := range g.voice.silent {
		a.log.Warn("callers will not hear everything", "generation", g.N, "problem", problem)
	}
	own := g.voice.own()
	if len(own) == 0 {
		return
	}
	a.chores.Go(func() {
		for _, p := range g.voice.speaker.Prepare(context.Background(), own, g.voice.codecs) {
			if a.draining.Load() {
				return
			}
			a.log.Warn("callers will not hear the box's own phrases", "generation", g.N, "problem", p.String())
		}
	})
}

// sound makes an utterance sound; it is the call.Sound of the generation.
func (v *voice) sound(ctx context.Context, u call.Utterance) (*media.Sound, error) {
	switch {
	case u.Phrase == "beep":
		return speech.Beep(), nil
	case u.Music != "" || u.Loop:
		if m := v.musics[u.Music]; m != nil {
			return m, nil
		}
		return nil, fmt.Errorf("music %q is not there", u.Music)
	case u.File != "":
		if s := v.files[u.File]; s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("recording %s is not there", u.File)
	case u.Phrase != "":
		language, _ := speech.PhraseLanguage(u.Language, v.cfg.Appliance.Languages[0])
		text := speech.Phrase(language, u.Phrase, u.Values)
		return v.speaker.Say(ctx, speech.Utterance{Language: language, Text: text, Private: len(u.Values) > 0})
	}
	return v.speaker.Say(ctx, speech.Utterance{Language: u.Language, Text: u.Text, Private: u.Private})
}

// musicOf reads a piece of music: its files one after the other, the built-in
// piece without any.
func (v *voice) musicOf(name string, before *voice) (*media.Sound, error) {
	m := v.cfg.Musics[name]
	if m == nil || len(m.Files) == 0 {
		return media.Music(), nil
	}
	if v.unchanged(before, m.Files...) && before.musics[name] != nil && slices.Equal(before.cfg.Musics[name].Files, m.Files) {
		return before.musics[name], nil
	}
	var pcm []int16
	for _, path := range m.Files {
		s, err := media.LoadWAV(bytes.NewReader(v.cfg.Files[path]))
		if err != nil {
			return nil, fmt.Errorf("music %q: %s: %w", name, path, err)
		}
		pcm = append(pcm, s.PCM()...)
	}
	return media.NewSound(pcm), nil
}
