package speech

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"callbox/appliance/media"
)

func TestACallerHearsARealVoiceAtASaneLevel(t *testing.T) {
	c := opened(t, CacheOptions{})
	s := speaking(t, c, Settings{})
	for _, u := range []Utterance{
		{Language: "en", Text: Phrase("en", "position", map[string]any{"position": 3})},
		{Language: "zh-Hant", Text: Phrase("zh-Hant", "voicemail_after_tone", nil)},
		{Language: "zh-CN", Text: Phrase("zh-CN", "callback_greeting", map[string]any{"name": "Sunrise 保险"})},
		{Language: "de", Text: "Bitte warten Sie einen Augenblick."},
		{Language: "pt-BR", Text: "Por favor, aguarde."},
		{Language: "en-AU", Text: "-v [[x]] <speak> & \"quoted\""},
	} {
		sound, err := s.Say(soon(t), u)
		if err != nil {
			t.Errorf("%v: %v", u, err)
			continue
		}
		if d := sound.Duration(); d < 800*time.Millisecond || d > 12*time.Second {
			t.Errorf("%v lasts %v", u, d)
		}
		pcm := sound.PCM()
		if level := media.RMS(pcm); level < 1000 || level > 4000 {
			t.Errorf("%v has an RMS of %.0f", u, level)
		}
		if peak := slices.Max(pcm); peak > mostPeak || pcm[0] != 0 || pcm[len(pcm)-1] != 0 {
			t.Errorf("%v peaks at %d, begins with %d and ends with %d", u, peak, pcm[0], pcm[len(pcm)-1])
		}
		for _, tone := range []float64{400, 1000} {
			if media.Goertzel(pcm, tone) > 0.5 {
				t.Errorf("%v is a tone of %v Hz, no voice", u, tone)
			}
		}
	}
}

func TestWhatWasSaidOnceIsThereAtOnce(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, CacheOptions{Folder: folder})
	u := Utterance{Language: "en", Text: "Thank you  for waiting.\n"}
	first, err := speaking(t, c, Settings{}).Say(soon(t), u)
	if err != nil {
		t.Fatal(err)
	}
	u.Text = "Thank you for waiting."
	second, err := speaking(t, c, Settings{}).Say(soon(t), u)
	if err != nil || second != first {
		t.Errorf("the second time it is another sound, %v", err)
	}
	faster, err := speaking(t, c, Settings{Speed: 1.5}).Say(soon(t), u)
	if err != nil || faster.Duration() > first.Duration()*9/10 {
		t.Errorf("at speed 1.5 it lasts %v instead of %v, %v", faster.Duration(), first.Duration(), err)
	}
	if n := c.Counters(); n.Rendered != 2 || n.Memory != 1 {
		t.Errorf("counted %+v", n)
	}
	after := opened(t, CacheOptions{Folder: folder}) // a restart
	again, err := speaking(t, after, Settings{}).Say(soon(t), u)
	if n := after.Counters(); err != nil || n.Disk != 1 || n.Rendered != 0 || !slices.Equal(again.PCM(), first.PCM()) {
		t.Errorf("after a restart: %v, counted %+v", err, n)
	}
}

// espeak-ng 1.51 says "h a o three" for 好 with its usual Mandarin voice, which takes far longer than a syllable.
func TestChineseIsSpokenAsChineseAndTheLatinInItAsEnglish(t *testing.T) {
	phonemes := func(u Utterance) string {
		p := Settings{}.espeak(u)
		cmd := exec.Command(p.argv[0], append(slices.Clone(p.argv[1:len(p.argv)]), "-q", "-x")...)
		cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return arg == "--stdout" })
		cmd.Stdin = strings.NewReader(p.stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	for language, text := range map[string]string{
		"zh-Hant": "感謝您的耐心等候", "zh-Hans": "您目前排在第二位", "zh-TW": "歡迎致電 Sunrise Insurance，保單 A & B 請按一",
	} {
		heard := phonemes(Utterance{Language: language, Text: text})
		if strings.Contains(heard, "(en)") {
			t.Errorf("%q is read as letters: %s", text, heard)
		}
	}
	heard := phonemes(Utterance{Language: "zh-TW", Text: "歡迎致電 Sunrise Insurance，您好"})
	if !strings.Contains(heard, "s'VnraIz") || !strings.Contains(heard, "n'i35n") {
		t.Errorf("a name in Latin letters: %s", heard)
	}
}

func TestTheDoctorSaysWhoSpeaksAndWhatItCannot(t *testing.T) {
	d := Doctor(soon(t), Settings{}, []string{"en", "zh-Hant", "tlh-x-none"})
	if !strings.HasPrefix(d.Engine, "espeak-ng 1.") || !slices.Contains(d.Languages, "de") || len(d.Faults) != 1 {
		t.Fatalf("found %+v", d)
	}
	if says := d.Faults[0].Error(); !strings.HasPrefix(says, "tlh-x-none: espeak-ng has no voice for") || !strings.Contains(says, "espeak-ng --voices") {
		t.Errorf("says %q", says)
	}
	t.Setenv("PATH", t.TempDir())
	d = Doctor(soon(t), Settings{}, []string{"en"})
	if len(d.Faults) != 1 || d.Faults[0].Error() != "espeak-ng is not installed: apt install espeak-ng, or name another engine in the tts block" {
		t.Errorf("without it: %+v", d)
	}
	if d = Doctor(soon(t), Settings{Engine: "parrot"}, nil); len(d.Faults) != 1 || !strings.Contains(d.Faults[0].Error(), `no engine "parrot"`) {
		t.Errorf("with a strange name: %+v", d)
	}
}
