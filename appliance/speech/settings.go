package speech

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"callbox/hcl"
)

// The engines that Settings can name.
const (
	EngineESpeak  = "espeak"  // espeak-ng on the box
	EnginePiper   = "piper"   // piper on the box; a voice is the path of its model
	EngineCommand = "command" // any other program
	EngineHTTP    = "http"    // a service that takes POST …/v1/audio/speech
	EngineNone    = "none"    // nothing is spoken; recorded prompts and tones are played
)

// Settings choose what speaks, as the tts block does.
type Settings struct {
	Engine string            // one of the above; empty is espeak
	Voices map[string]string // by language (BCP 47); that of zh serves zh-Hant too
	Speed  float64           // 0.5 to 2; 0 is 1

	// Command of EngineCommand: the program and its arguments, in which {text}, {voice}, {language} and {speed} are replaced.
	// Without {text} the text comes on its standard input, UTF-8. It writes WAV to its standard output and ends with 0.
	Command []string

	URL   string     // of EngineHTTP; /v1/audio/speech is added to an address without a path
	Model string     // of EngineHTTP; empty is "tts-1"
	Token hcl.Secret // of EngineHTTP: sent as a bearer token; empty for none
}

// Fault is why something cannot be spoken, for the operator.
type Fault struct {
	What   string // went wrong, with the engine's name
	Remedy string // what to do about it
	err    error
	text   bool // this text is at fault, not the engine
}

func (f *Fault) Error() string { return f.What + ": " + f.Remedy }

// Unwrap is what the operating system or a library said.
func (f *Fault) Unwrap() error { return f.err }

// voice is that of a language: its own, or that of the language it is a form of.
func (s Settings) voice(language string) string {
	for tag := language; tag != ""; {
		if v := s.Voices[tag]; v != "" {
			return v
		}
		at := strings.LastIndexByte(tag, '-')
		tag = tag[:max(at, 0)]
	}
	return ""
}

func (s Settings) speed() float64 { return cmp.Or(s.Speed, 1) }

// identity is all that changes how a text sounds, but for the language and the text.
func (s Settings) identity() []string {
	return append([]string{s.Engine, fmt.Sprint(s.speed()), s.URL, s.Model}, s.Command...)
}

// check refuses what no rendering could repair, and fills in what was left out.
func (s Settings) check() (Settings, error) {
	s.Engine = cmp.Or(s.Engine, EngineESpeak)
	s.Model = cmp.Or(s.Model, "tts-1")
	switch {
	case !slices.Contains([]string{EngineESpeak, EnginePiper, EngineCommand, EngineHTTP, EngineNone}, s.Engine):
		return s, &Fault{What: fmt.Sprintf("there is no engine %q", s.Engine), Remedy: "name espeak, piper, command, http or none in the tts block"}
	case s.Engine == EngineCommand && (len(s.Command) == 0 || s.Command[0] == ""):
		return s, &Fault{What: "no command is named", Remedy: "name the program that speaks in the tts block"}
	case s.Speed != 0 && !(s.Speed >= 0.5 && s.Speed <= 2):
		return s, &Fault{What: fmt.Sprintf("speed %v is out of range", s.Speed), Remedy: "0.5 to 2 are possible"}
	case s.Engine != EngineHTTP:
		return s, nil
	}
	at, err := url.Parse(s.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return s, &Fault{What: "the url of the tts block is no web address", Remedy: `write it as "https://voice.example/v1/audio/speech"`}
	}
	switch strings.TrimSuffix(at.Path, "/") {
	case "":
		at.Path = "/v1/audio/speech"
	case "/v1":
		at.Path = "/v1/audio/speech"
	}
	s.URL = at.String()
	return s, nil
}
