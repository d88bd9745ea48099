package speech

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Diagnosis is what Doctor found.
type Diagnosis struct {
	Engine    string   // with its version where it tells one
	Languages []string // that it says it speaks, by its own names; nil where it does not tell
	Faults    []error  // one for each thing that is wrong, mostly Faults; none when all languages are spoken
}

// Doctor asks the engine who it is, and has it say "1" in each of the languages, so that what it finds is what callers would hear.
// It takes up to ten seconds a language.
func Doctor(ctx context.Context, settings Settings, languages []string) Diagnosis {
	c, err := OpenCache(CacheOptions{}) // a new one: nothing in it yet
	if err != nil {
		return Diagnosis{Engine: settings.Engine, Faults: []error{err}}
	}
	defer c.Close()
	s, err := NewSpeaker(settings, c)
	if err != nil {
		return Diagnosis{Engine: settings.Engine, Faults: []error{err}}
	}
	d := Diagnosis{Engine: s.settings.name()}
	if s.settings.Engine == EngineESpeak {
		if err := d.askESpeak(ctx); err != nil {
			d.Faults = append(d.Faults, err)
			return d
		}
	}
	var trials []Utterance
	for _, language := range languages {
		trials = append(trials, Utterance{Language: language, Text: "1"})
	}
	for _, p := range s.Prepare(ctx, trials, nil) {
		var failed []string
		for _, u := range p.Utterances {
			failed = append(failed, u.Language)
		}
		d.Faults = append(d.Faults, fmt.Errorf("%s: %w", strings.Join(failed, ", "), p.Err))
	}
	return d
}

// askESpeak asks for the version and the voices, whose second column is the language.
func (d *Diagnosis) askESpeak(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ask := func(flag string) (string, error) {
		out, err := program{name: "espeak-ng", apt: espeakApt, argv: []string{"espeak-ng", flag}}.run(ctx)
		return string(out), err
	}
	version, err := ask("--version")
	if err != nil {
		return err
	}
	version, _, _ = strings.Cut(version, "Data at:")
	_, version, _ = strings.Cut(version, ": ")
	d.Engine = strings.TrimSpace("espeak-ng " + oneLine(version))
	voices, err := ask("--voices")
	if err != nil {
		return err
	}
	for line := range strings.Lines(voices) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[1] != "Language" {
			d.Languages = append(d.Languages, fields[1])
		}
	}
	slices.Sort(d.Languages)
	d.Languages = slices.Compact(d.Languages)
	return nil
}
