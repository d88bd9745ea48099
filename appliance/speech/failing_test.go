package speech

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbox/appliance/media"
)

// soundFile writes a WAV where a line of shell can read it.
func soundFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tone.wav")
	if err := os.WriteFile(path, wav(t, 500, 3000), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnEngineThatFailsTellsTheOperatorWhatToDo(t *testing.T) {
	file := soundFile(t)
	for name, c := range map[string]struct {
		settings Settings
		language string
		what     string
		remedy   string
	}{
		"missing": {
			Settings{Engine: EngineCommand, Command: []string{"no-such-engine"}}, "en",
			"no-such-engine is not installed", "install it, or name another engine in the tts block",
		},
		"missing by its path": {
			Settings{Engine: EngineCommand, Command: []string{"/no/such/engine"}}, "en", "/no/such/engine is not installed", "install it",
		},
		"not allowed to run": {
			Settings{Engine: EngineCommand, Command: []string{file}}, "en", "cannot be started", "correct that",
		},
		"fails": {
			shell("echo model not found >&2; exit 3"), "en", "sh failed (exit status 3), saying: model not found", "try it by hand: sh -c echo",
		},
		"killed": {shell("kill -9 $$"), "en", "sh failed (signal: killed)", "try it by hand"},
		"says nothing at all": {
			shell("cat >/dev/null"), "en", "sh gave what cannot be played (wav: the file is empty)", "have it write WAV",
		},
		"garbage": {
			shell("head -c 100000 /dev/zero | tr '\\0' x"), "en", "it is something else, not a RIFF WAVE file", "have it write WAV",
		},
		"MP3": {shell("printf 'ID3\\004\\000\\000\\000\\000\\000\\000\\000\\000'"), "en", "it is MP3, not a RIFF WAVE file", "have it write WAV"},
		"cut short in its head": {
			shell("head -c 30 " + file), "en", "the file is cut short", "have it write WAV",
		},
		"without an end": {shell("cat " + file + "; yes"), "en", "sh wrote more than 32 MB for one text", "try it by hand"},
		"silence": {
			shell("head -c 44 " + file + "; head -c 16000 /dev/zero"), "en", `sh gave silence for a text in "en"`, "voices in the tts block",
		},
		"piper without a voice": {Settings{Engine: EnginePiper}, "fr", `piper has no voice for "fr"`, "the path of a model"},
		"nothing speaks":        {Settings{Engine: EngineNone}, "en", "texts are not spoken on this box", "record the prompt as a file"},
		"no such voice":         {Settings{Voices: map[string]string{"en": "nobody"}}, "en", `espeak-ng has no voice for "en"`, "espeak-ng --voices"},
	} {
		c2 := opened(t, CacheOptions{})
		sound, err := speaking(t, c2, c.settings).Say(soon(t), Utterance{Language: c.language, Text: "the policy of Chen"})
		var f *Fault
		if sound != nil || !errors.As(err, &f) || !strings.Contains(f.What, c.what) || !strings.Contains(f.Remedy, c.remedy) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), "Chen") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has the text in it, or more than one line: %q", name, err)
		}
		if n := c2.Counters(); n.Failed != 1 || n.Sounds != 0 {
			t.Errorf("%s: counted %+v", name, n)
		}
	}
}

// An engine that hangs is ended with all that it started. The fifo ends when nobody holds it any more.
func TestAnEngineThatHangsIsEndedWithItsChildren(t *testing.T) {
	for name, line := range map[string]string{
		"it hangs":               "exec 3>%; sleep 300 & sleep 300",
		"it leaves a child":      "exec 3>%; sleep 300 &",
		"it ignores being asked": "trap '' TERM INT HUP; exec 3>%; while :; do sleep 300; done",
	} {
		fifo := filepath.Join(t.TempDir(), "held")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		released := make(chan error, 1)
		go func() {
			f, err := os.Open(fifo) // comes back when the engine has opened its end
			if err == nil {
				if name != "it leaves a child" {
					cancel(context.DeadlineExceeded) // its time is over
				}
				_, err = io.ReadAll(f)
				err = errors.Join(err, f.Close())
			}
			released <- err
		}()
		_, err := shell(strings.ReplaceAll(line, "%", fifo)).render(ctx, nil, Utterance{Language: "en", Text: "x"})
		cancel(nil)
		if name != "it leaves a child" && (err == nil || !strings.Contains(err.Error(), "sh did not finish in time and was ended")) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			t.Errorf("%s: and no error", name)
		}
		select {
		case err := <-released:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: something of it still runs", name)
		}
	}
}

func TestAnEngineSeesNoSecretsOfTheBox(t *testing.T) {
	t.Setenv("CALLBOX_SECRET_PSTN", "planted")
	out, err := program{name: "env", argv: []string{"env"}}.run(soon(t))
	if err != nil || strings.Contains(string(out), "planted") || !strings.Contains(string(out), "PATH=") {
		t.Errorf("its environment: %v\n%s", err, out)
	}
}

func TestACommandGetsTextVoiceLanguageAndSpeed(t *testing.T) {
	s := Settings{Engine: EngineCommand, Voices: map[string]string{"zh": "mei"}, Speed: 1.5}
	u := Utterance{Language: "zh-Hant", Text: "$(id) 您好"}
	for _, c := range []struct {
		arguments []string
		wrote     string
	}{
		{[]string{"{voice}", "{language}", "{speed}"}, "mei|zh-Hant|1.5|$(id) 您好"},
		{[]string{"--say={text}", "{voice}"}, "--say=$(id) 您好|mei|"},
	} {
		s.Command = append([]string{"sh", "-c", `printf '%s|' "$@"; cat`, "sh"}, c.arguments...)
		wrote, err := s.render(soon(t), nil, u)
		if err != nil || string(wrote) != c.wrote {
			t.Errorf("%q: %q, %v", s.Command, wrote, err)
		}
	}
}

// The stand-in is not piper: it proves how piper is called, from what its documentation says.
func TestPiperIsCalledWithItsModel(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\necho \"$@\"; cat\n"
	if err := os.WriteFile(filepath.Join(bin, "piper"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s := Settings{Engine: EnginePiper, Voices: map[string]string{"en": "/voices/amy.onnx"}, Speed: 2}
	wrote, err := s.render(soon(t), nil, Utterance{Language: "en-GB", Text: "hello"})
	if err != nil || string(wrote) != "--model /voices/amy.onnx --length_scale 0.5 --output_file -\nhello" {
		t.Errorf("%q, %v", wrote, err)
	}
}

func TestATextThatCannotBeSaidIsNotTried(t *testing.T) {
	c := opened(t, CacheOptions{})
	s := speaking(t, c, shell("exit 1"))
	for text, why := range map[string]string{
		"": "says nothing", " \n\t": "says nothing", "…!?": "says nothing", strings.Repeat("a", 2001): "has 2001 characters",
		"\xff\xfe": "says nothing",
	} {
		if _, err := s.Say(soon(t), Utterance{Language: "en", Text: text}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := s.Say(soon(t), Utterance{Language: "e\x00n", Text: "hello"}); err == nil || !strings.Contains(err.Error(), "no such language") {
		t.Errorf("a strange language: %v", err)
	}
	if n := c.Counters(); n.Failed != 0 {
		t.Errorf("it was tried: %+v", n)
	}
}

func TestSettingsThatCouldNeverWorkAreRefused(t *testing.T) {
	for why, s := range map[string]Settings{
		`no engine "sapi"`:       {Engine: "sapi"},
		"no command is named":    {Engine: EngineCommand},
		"speed 3 is out of":      {Speed: 3},
		"is no web address":      {Engine: EngineHTTP, URL: "voice.example"},
		"the url of the tts":     {Engine: EngineHTTP, URL: "ftp://voice.example/"},
		"no command is named: n": {Engine: EngineCommand, Command: []string{""}},
	} {
		if _, err := NewSpeaker(s, nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for written, want := range map[string]string{
		"http://127.0.0.1:8880":               "http://127.0.0.1:8880/v1/audio/speech",
		"https://voice.example/v1/":           "https://voice.example/v1/audio/speech",
		"https://voice.example/speak?tier=a1": "https://voice.example/speak?tier=a1",
	} {
		if s, err := (Settings{Engine: EngineHTTP, URL: written}).check(); err != nil || s.URL != want {
			t.Errorf("%s: %s, %v", written, s.URL, err)
		}
	}
}

// A caller should not wait ten seconds for an engine that is known to fail.
func TestAnEngineThatFailsAgainAndAgainIsLeftAloneForAWhile(t *testing.T) {
	tries := filepath.Join(t.TempDir(), "tries")
	s := speaking(t, opened(t, CacheOptions{}), shell("echo x >>"+tries+"; test -e "+tries+".well && cat "+soundFile(t)))
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	tried := func(after string, want int, fails bool) {
		t.Helper()
		_, err := s.Say(soon(t), Utterance{Language: "en", Text: after})
		lines, _ := os.ReadFile(tries)
		if got := strings.Count(string(lines), "x"); got != want || (err != nil) != fails {
			t.Errorf("%s: tried %d times, want %d; %v", after, got, want, err)
		}
	}
	tried("first", 1, true)
	tried("second", 2, true)
	tried("third", 3, true)
	tried("at once", 3, true)
	now = now.Add(restFor)
	tried("after a rest", 4, true)
	tried("one failure is enough then", 4, true)
	if err := os.WriteFile(tries+".well", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(restFor)
	tried("well again", 5, false)
	tried("and stays so", 6, false)
}

func TestAProblemOfManyTextsIsToldOnce(t *testing.T) {
	s := speaking(t, opened(t, CacheOptions{}), Settings{Engine: EngineCommand, Command: []string{"no-such-engine"}})
	texts := OwnPhrases([]string{"en"})
	texts = append(texts, Utterance{Language: "en", Text: "…"})
	problems := s.Prepare(soon(t), texts, nil)
	if len(problems) != 2 || len(problems[0].Utterances) != len(texts)-1 {
		t.Fatalf("%d problems: %v", len(problems), problems)
	}
	says := problems[0].String()
	if !strings.HasPrefix(says, `"Please enter your agent number, then th…" (en) and `) || !strings.HasSuffix(says, "is not installed: install it, or name another engine in the tts block") {
		t.Errorf("told as %q", says)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("a newer generation"))
	if problems = s.Prepare(ctx, texts, nil); len(problems) != 1 || problems[0].Err.Error() != "a newer generation" {
		t.Errorf("a build that was given up: %v", problems)
	}
}

func TestASoundIsEncodedForItsCodecsWhenItIsPrepared(t *testing.T) {
	s := speaking(t, opened(t, CacheOptions{}), shell("cat "+soundFile(t)))
	u := Utterance{Language: "en", Text: "hello"}
	if problems := s.Prepare(soon(t), []Utterance{u, u}, []media.Codec{media.PCMA, media.G722, media.Opus}); problems != nil {
		t.Fatal(problems)
	}
	sound, err := s.Say(soon(t), u)
	if err != nil || len(sound.Encoded(media.PCMA)) != len(sound.PCM()) {
		t.Errorf("%v", err)
	}
}
