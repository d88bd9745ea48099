package speech

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"callbox/appliance/media"
)

const (
	mostText   = 2000 // characters of one utterance: two minutes or more
	faultsRest = 3    // in a row, and the engine is left alone for a while
	restFor    = 10 * time.Second
	treatment  = "1" // of what engines give: another one when polish changes, so that what is kept is rendered again
)

// Utterance is something to say.
type Utterance struct {
	Language string // BCP 47
	Text     string
	Private  bool // it has a caller's data in it: its sound stays in memory and is not written to the disk
}

// Speaker has texts spoken as one generation's settings say. Its methods may be called from any goroutine; it needs no end.
type Speaker struct {
	settings Settings
	cache    *Cache
	now      func() time.Time

	mu     sync.Mutex // guards what follows
	faults int        // in a row
	last   error
	until  time.Time // the engine rests
}

// NewSpeaker makes a speaker over a cache. It fails, with a Fault, on settings that could never work; whether the engine is
// there, Doctor and Prepare find out.
func NewSpeaker(s Settings, c *Cache) (*Speaker, error) {
	s, err := s.check()
	if err != nil {
		return nil, err
	}
	return &Speaker{settings: s, cache: c, now: time.Now}, nil
}

// Say gives the sound of an utterance: at once if it was said before, else after the engine has spoken it, which takes ten
// seconds at most and more only when many ask. It comes back when ctx ends. Other errors are Faults, and tell the operator what to
// do; none has the text in it. An engine that failed three times in a row is left alone for ten seconds, so that callers hear
// sooner that it is silent.
func (s *Speaker) Say(ctx context.Context, u Utterance) (*media.Sound, error) {
	u, err := u.clean()
	if err != nil {
		return nil, err
	}
	parts := append(s.settings.identity(), treatment, s.settings.voice(u.Language), u.Language, u.Text)
	return s.cache.sound(ctx, keyOf(parts...), u.Private, func(ctx context.Context) (*media.Sound, error) {
		if err := s.rests(); err != nil {
			return nil, err
		}
		sound, err := s.render(ctx, u)
		s.learn(err)
		return sound, err
	})
}

// clean makes a text one line, so that what looks the same is rendered once.
func (u Utterance) clean() (Utterance, error) {
	u.Text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(u.Text, ""))), " ")
	switch n := utf8.RuneCountInString(u.Text); {
	case !strings.ContainsFunc(u.Text, isSpoken):
		return u, &Fault{What: "a text says nothing", Remedy: "write what is to be said", text: true}
	case n > mostText:
		return u, &Fault{What: fmt.Sprintf("a text has %d characters", n), Remedy: fmt.Sprintf("say at most %d at once: nobody listens longer", mostText), text: true}
	case strings.ContainsRune(u.Language, 0):
		return u, &Fault{What: "there is no such language", Remedy: "write a BCP 47 tag", text: true}
	}
	return u, nil
}

func isSpoken(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) }

func (s *Speaker) render(ctx context.Context, u Utterance) (*media.Sound, error) {
	wav, err := s.settings.render(ctx, s.cache.client, u)
	if err != nil {
		return nil, err
	}
	engine := s.settings.name()
	sound, err := media.LoadWAV(bytes.NewReader(wav))
	if err != nil {
		what, _, _ := strings.Cut(err.Error(), ": convert it") // which is for people with files
		return nil, &Fault{What: fmt.Sprintf("%s gave what cannot be played (%s)", engine, oneLine(what)), Remedy: "have it write WAV, or name another engine in the tts block", err: err}
	}
	pcm := polish(sound.PCM())
	if pcm == nil {
		return nil, &Fault{What: fmt.Sprintf("%s gave silence for a text in %q", engine, u.Language), Remedy: "give it a voice that speaks that language with voices in the tts block", text: true}
	}
	return media.NewSound(pcm), nil
}

// name is what the operator calls the engine.
func (s Settings) name() string {
	switch s.Engine {
	case EngineESpeak:
		return "espeak-ng"
	case EngineCommand:
		return s.Command[0]
	case EngineHTTP:
		return "the service of the tts block"
	}
	return s.Engine
}

// rests gives why the engine is left alone now, or nil.
func (s *Speaker) rests() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults >= faultsRest && s.now().Before(s.until) {
		return s.last
	}
	return nil
}

func (s *Speaker) learn(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var f *Fault
	switch {
	case err == nil:
		s.faults = 0
	case errors.As(err, &f) && !f.text:
		s.faults++
		s.last, s.until = err, s.now().Add(restFor)
	}
}

// Problem is why some utterances cannot be spoken.
type Problem struct {
	Err        error
	Utterances []Utterance // in the order they were asked for
}

// String says it in one line, with the beginning of the first text.
func (p Problem) String() string {
	more := ""
	if n := len(p.Utterances) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	first := p.Utterances[0]
	return fmt.Sprintf("%s (%s)%s cannot be spoken: %v", quoted(first.Text), first.Language, more, p.Err)
}

// Prepare has texts spoken before anybody waits for them, and encoded in these codecs, and returns one problem a cause. It
// renders as many at once as the cache allows, and comes back early when ctx ends.
func (s *Speaker) Prepare(ctx context.Context, texts []Utterance, codecs []media.Codec) (problems []Problem) {
	faults := make([]error, len(texts))
	next := make(chan int)
	var workers sync.WaitGroup
	for range renderings {
		workers.Go(func() {
			for i := range next {
				if faults[i] = context.Cause(ctx); faults[i] != nil {
					continue
				}
				sound, err := s.Say(ctx, texts[i])
				if faults[i] = err; err == nil {
					sound.Prepare(codecs)
				}
			}
		})
	}
	for i := range texts {
		next <- i // Say comes back when ctx ends
	}
	close(next)
	workers.Wait()
	at := map[string]int{}
	for i, err := range faults {
		if err == nil {
			continue
		}
		n, known := at[err.Error()]
		if !known {
			n = len(problems)
			at[err.Error()] = n
			problems = append(problems, Problem{Err: err})
		}
		problems[n].Utterances = append(problems[n].Utterances, texts[i])
	}
	return problems
}
