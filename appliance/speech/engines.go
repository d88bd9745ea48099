package speech

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// render gives the WAV of a text, as the engine writes it. The client is for services.
func (s Settings) render(ctx context.Context, client *http.Client, u Utterance) ([]byte, error) {
	switch s.Engine {
	case EngineNone:
		return nil, &Fault{What: "texts are not spoken on this box", Remedy: "record the prompt as a file, or name an engine in the tts block", text: true}
	case EngineHTTP:
		return s.ask(ctx, client, u)
	case EngineESpeak:
		wav, err := s.espeak(u).run(ctx)
		if f := new(Fault); errors.As(err, &f) && strings.Contains(f.What, "voice does not exist") {
			err = &Fault{
				What: fmt.Sprintf("espeak-ng has no voice for %q", u.Language), text: true,
				Remedy: "give it one with voices in the tts block: espeak-ng --voices lists them",
			}
		}
		return wav, err
	case EnginePiper:
		if s.voice(u.Language) == "" {
			return nil, voiceless("piper", u.Language, "the path of a model")
		}
		return s.piper(u).run(ctx)
	}
	return s.command(u).run(ctx)
}

func voiceless(engine, language, value string) error {
	return &Fault{What: fmt.Sprintf("%s has no voice for %q", engine, language), Remedy: fmt.Sprintf("give it %s with voices in the tts block", value), text: true}
}

func (s Settings) command(u Utterance) program {
	p := program{name: s.Command[0], byHand: strings.Join(s.Command, " "), stdin: u.Text}
	fill := strings.NewReplacer("{text}", u.Text, "{voice}", s.voice(u.Language), "{language}", u.Language, "{speed}", plain(s.speed()))
	for i, arg := range s.Command {
		if strings.Contains(arg, "{text}") {
			p.stdin = ""
		}
		if i > 0 {
			arg = fill.Replace(arg)
		}
		p.argv = append(p.argv, arg)
	}
	return p
}

func (s Settings) piper(u Utterance) program {
	return program{
		name:  "piper",
		argv:  []string{"piper", "--model", s.voice(u.Language), "--length_scale", plain(1 / s.speed()), "--output_file", "-"},
		stdin: u.Text,
	}
}

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

const (
	espeakPace = 175 // words a minute, its own default
	espeakApt  = "espeak-ng"

	// mandarin is the voice for Chinese. The one called cmn, of espeak-ng 1.51, reads the pinyin of every character as English
	// letters, with its tone as a number; this one reads characters, and needs help with words in Latin letters.
	mandarin = "cmn-latn-pinyin"
	latin    = "en-us" // that help
)

func (s Settings) espeak(u Utterance) program {
	voice := s.voice(u.Language)
	if voice == "" {
		voice = espeakVoice(u.Language)
	}
	p := program{
		name: "espeak-ng", apt: espeakApt, stdin: u.Text,
		argv: []string{"espeak-ng", "-v", voice, "-s", strconv.Itoa(int(espeakPace * s.speed())), "-b", "1", "--stdin", "--stdout"},
	}
	if voice == mandarin && strings.ContainsFunc(u.Text, isLatin) {
		p.argv, p.stdin = append(p.argv, "-m"), mixed(u.Text)
	}
	p.stdin = strings.ReplaceAll(p.stdin, "[[", "[ [") // which would be phonemes
	return p
}

// espeakVoice is the voice for a language: espeak-ng's names are BCP 47 tags in small letters.
func espeakVoice(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	base, _ := t.Base()
	switch region, sure := t.Region(); {
	case family(tag) == "zh-Hans" || family(tag) == "zh-Hant":
		return mandarin
	case base.String() == "en" && sure != language.Exact:
		return "en-us"
	case sure == language.Exact && espeakRegions[base.String()+"-"+region.String()]:
		return strings.ToLower(base.String() + "-" + region.String())
	case base.String() == "no":
		return "nb"
	}
	return base.String()
}

// espeakRegions are the forms that espeak-ng tells apart; any other is spoken as the language itself is.
var espeakRegions = map[string]bool{"en-GB": true, "en-US": true, "es-419": true, "fr-BE": true, "fr-CH": true, "pt-BR": true}

func isLatin(r rune) bool { return unicode.Is(unicode.Latin, r) }

// mixed marks up which parts of a Chinese text are in Latin letters (SSML), so that each is read by its voice. Each part names
// its voice: after one that ends, espeak-ng goes back to a voice of the language and not to the one it had.
func mixed(text string) string {
	var b strings.Builder
	var run []rune
	inLatin := false
	flush := func() {
		if len(run) == 0 {
			return
		}
		voice := mandarin
		if inLatin {
			voice = latin
		}
		b.WriteString(`<voice name="` + voice + `">`)
		_ = xml.EscapeText(&b, []byte(string(run))) // into memory
		b.WriteString("</voice>")
		run = run[:0]
	}
	for _, r := range text {
		if is := isLatin(r); is != inLatin && (is || !joinsLatin(r)) {
			flush()
			inLatin = is
		}
		run = append(run, r)
	}
	flush()
	return b.String()
}

// joinsLatin tells what stands between words of Latin letters without ending them.
func joinsLatin(r rune) bool { return r == ' ' || r == '\'' || r == '-' || r == '&' }
