package speech

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryPhraseIsThereInAllThreeLanguagesWithTheSameValues(t *testing.T) {
	if len(PhraseKeys()) < 60 {
		t.Fatalf("only %d phrases", len(PhraseKeys()))
	}
	for language, texts := range phrases {
		for _, key := range PhraseKeys() {
			text, ok := texts[key]
			if !ok || text == "" {
				t.Errorf("%s lacks %s", language, key)
			} else if got, want := valuesOf(text), PhraseValues(key); !slices.Equal(got, want) {
				t.Errorf("%s: %s takes %v, in English %v", language, key, got, want)
			}
		}
		for key := range texts {
			if englishPhrases[key] == "" {
				t.Errorf("%s has %s, which English lacks", language, key)
			}
		}
	}
}

// anything has a value of a fitting kind for every place.
var anything = map[string]any{
	"position": 2, "wait": "…", "duration": "90s", "digits": "12#", "name": "Mei", "count": 2, "new": 1, "old": 2,
	"number": "0912345678", "at": "2026-04-01T14:30:00+08:00", "queue": "claims", "key": "1",
}

func TestEveryPhraseIsSaidToItsEnd(t *testing.T) {
	for language, texts := range phrases {
		for key, text := range texts {
			said := Phrase(language, key, anything)
			if strings.ContainsAny(said, "{}|?") || said == "" {
				t.Errorf("%s: %s is said as %q", language, key, said)
			}
			for _, place := range placeholder.FindAllStringSubmatch(text, -1) {
				if place[2] == "" {
					continue
				}
				if _, err := Read(language, place[2], anything[place[1]], strings.Fields(place[3])...); err != nil {
					t.Errorf("%s: %s: %s: %v", language, key, place[0], err)
				}
			}
			if language != "en" && strings.ContainsAny(text[strings.LastIndex(text, "}")+1:], "abcdefghijklmnopqrstuvwxyz") {
				t.Errorf("%s: %s has English in it: %q", language, key, text)
			}
		}
	}
}

func TestAnEmptyOrStrangeValueLeavesTheRestOfThePhrase(t *testing.T) {
	for _, c := range []struct {
		language, key string
		values        map[string]any
		said          string
	}{
		{"en", "voicemail_new", map[string]any{"count": 1}, "You have one new message."},
		{"en", "voicemail_new", map[string]any{"count": 2.0}, "You have two new messages."},
		{"zh-TW", "voicemail_new", map[string]any{"count": "2"}, "您有兩則新留言。"},
		{"zh-CN", "position", map[string]any{"position": 2}, "您目前排在第二位。"},
		{"zh-CN", "callback_number", map[string]any{"number": "138 1100"}, "我们将回拨幺三八，幺幺零零。正确请按一，改用其他号码请按二。"},
		{"zh-Hant", "voicemail_received", anything, "留言時間四月一號下午兩點三十分。"},
		{"en", "position", map[string]any{"position": "third"}, "You are number third in line."},
		{"en", "position", nil, "You are number  in line."},
		{"en", "no such phrase", nil, ""},
		{"fr", "goodbye", nil, "Goodbye."},
	} {
		if said := Phrase(c.language, c.key, c.values); said != c.said {
			t.Errorf("%s %s: %q, want %q", c.language, c.key, said, c.said)
		}
	}
}

func TestTheExpectedWaitIsToldHonestly(t *testing.T) {
	for _, c := range []struct {
		wait     time.Duration
		en, hant string
	}{
		{-time.Second, "less than one minute", "不到一分鐘"},
		{0, "less than one minute", "不到一分鐘"},
		{59 * time.Second, "less than one minute", "不到一分鐘"},
		{61 * time.Second, "less than two minutes", "不到兩分鐘"},
		{121 * time.Second, "about three minutes", "約三分鐘"},
		{5 * time.Minute, "about five minutes", "約五分鐘"},
		{10*time.Minute + 1, "about fifteen minutes", "約十五分鐘"},
		{46 * time.Minute, "about fifty minutes", "約五十分鐘"},
		{time.Hour, "about one hour", "約一小時"},
		{61 * time.Minute, "more than one hour", "超過一小時"},
		{5*time.Hour - 1, "more than four hours", "超過四小時"},
		{90 * time.Hour, "more than one day", "超過一天"},
	} {
		if en, hant := Wait("en", c.wait), Wait("zh-Hant", c.wait); en != c.en || hant != c.hant {
			t.Errorf("%v: %q, %q; want %q, %q", c.wait, en, hant, c.en, c.hant)
		}
	}
}

func TestCallersOfAnotherLanguageHearTheDefaultAndItIsToldAtLoad(t *testing.T) {
	for _, c := range []struct{ asked, byDefault, heard string }{
		{"zh-HK", "en", "zh-HK"}, {"fr", "zh-Hant", "zh-Hant"}, {"fr", "de", "en"}, {"", "en-GB", "en-GB"},
	} {
		if heard, own := PhraseLanguage(c.asked, c.byDefault); heard != c.heard || own != (heard == c.asked) {
			t.Errorf("%q in a box of %q hears %q (%v)", c.asked, c.byDefault, heard, own)
		}
	}
	problems := PhraseProblems([]string{"zh-Hant", "en", "vi"})
	if len(problems) != 1 || !strings.Contains(problems[0], `"vi"`) || !strings.Contains(problems[0], `hear them in "zh-Hant"`) {
		t.Errorf("told at load: %q", problems)
	}
	if own := OwnPhrases([]string{"zh-Hant", "vi", "en"}); len(own) < 80 || slices.ContainsFunc(own, func(u Utterance) bool { return u.Text == "" || u.Language == "vi" }) {
		t.Errorf("%d phrases to prepare: %v", len(own), own)
	}
	if own := OwnPhrases(nil); len(own) != 0 {
		t.Errorf("a box without languages prepares %v", own)
	}
}
