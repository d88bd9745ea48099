package speech

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// phrases are the box's own, by family of languages and key. A text names the values it needs: {name} as it is,
// {position|number count} read as Read reads that kind in that manner, {count?message|messages} by whether the value is one.
var phrases = map[string]map[string]string{"en": englishPhrases, "zh-Hans": simplifiedPhrases, "zh-Hant": traditionalPhrases}

var placeholder = regexp.MustCompile(`\{([a-z_]+)(?:\|([a-z]+)([a-z0-9 ]*)|\?([^|}]*)\|([^}]*))?\}`)

// Phrase is one of the box's own phrases with its values in it, ready to be spoken. The language should be one that
// PhraseLanguage gave; in any other the phrase is English. An unknown key gives "", a value that is missing leaves its place
// empty, and one that cannot be read in its kind is said as it is written: a call goes on with less said, rather than not.
func Phrase(language, key string, values map[string]any) string {
	of := family(language)
	if of == "" {
		of, language = "en", "en"
	}
	return placeholder.ReplaceAllStringFunc(phrases[of][key], func(place string) string {
		return filled(language, placeholder.FindStringSubmatch(place), values)
	})
}

// filled is what stands in a place: the match of placeholder on it.
func filled(language string, place []string, values map[string]any) string {
	value, given := values[place[1]]
	switch {
	case !given || value == nil:
		return ""
	case strings.Contains(place[0], "?"):
		if fmt.Sprint(value) == "1" {
			return place[4]
		}
		return place[5]
	case place[2] == "":
		return fmt.Sprint(value)
	}
	text, err := Read(language, place[2], value, strings.Fields(place[3])...)
	if err != nil {
		return fmt.Sprint(value)
	}
	return text
}

// PhraseLanguage is the language in which a caller of one language hears the box's own phrases: that one, else the box's
// default, else English. It is their own only when own is true.
func PhraseLanguage(asked, boxDefault string) (language string, own bool) {
	switch {
	case family(asked) != "":
		return asked, true
	case family(boxDefault) != "":
		return boxDefault, false
	}
	return "en", false
}

// PhraseProblems tells at load, a sentence each, in which of the box's languages its own phrases are missing, and what callers
// hear instead. The first language is the default.
func PhraseProblems(languages []string) (problems []string) {
	for _, asked := range languages {
		if heard, own := PhraseLanguage(asked, languages[0]); !own {
			problems = append(problems, fmt.Sprintf("The box's own phrases (place in line, voicemail and so on) do not exist in %q: callers of that "+
				"language hear them in %q, and numbers, dates and money in prompts are left to the voice as they are written. "+
				"They exist in en, zh-Hans and zh-Hant.", asked, heard))
		}
	}
	return problems
}

// PhraseKeys are the keys of all phrases, in order.
func PhraseKeys() []string { return slices.Sorted(maps.Keys(englishPhrases)) }

// PhraseValues are the names of the values that a phrase needs, in order.
func PhraseValues(key string) []string { return valuesOf(englishPhrases[key]) }

func valuesOf(text string) []string {
	names := map[string]bool{}
	for _, place := range placeholder.FindAllStringSubmatch(text, -1) {
		names[place[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// OwnPhrases are the phrases that need no values, in each of these languages as their callers hear them: what to Prepare, so
// that nobody waits for them.
func OwnPhrases(languages []string) (all []Utterance) {
	seen := map[Utterance]bool{}
	for _, asked := range languages {
		language, _ := PhraseLanguage(asked, languages[0])
		for _, key := range PhraseKeys() {
			u := Utterance{Language: language, Text: Phrase(language, key, nil)}
			if len(PhraseValues(key)) == 0 && !seen[u] {
				seen[u] = true
				all = append(all, u)
			}
		}
	}
	return all
}

// Wait puts an expected wait into honest words for the phrase expected_wait: never less than what was worked out, and no finer
// than anybody can know. Up to ten minutes by the minute, up to an hour by five, then by the hour.
func Wait(language string, d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute) // begun ones
	key := "wait_about"
	switch {
	case minutes <= 2:
		key, minutes = "wait_under", max(minutes, 1)
	case minutes <= 10:
	case minutes <= 60:
		minutes = (minutes + 4) / 5 * 5
	default:
		key, minutes = "wait_over", min(int(d/time.Hour), 24)*60
	}
	return Phrase(language, key, map[string]any{"duration": time.Duration(minutes) * time.Minute})
}
