package hcl

import (
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Language is the language the prompt is said in to somebody who should hear
// another: that one if the prompt has it, else its base ("zh-Hant" for
// "zh-Hant-HK", then "zh"), else the same of the appliance's default language,
// else the first the prompt has.
func (p *Prompt) Language(wanted string) string {
	has := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, all := range []map[string]string{p.File, p.Text} {
			for language := range maps.Keys(all) {
				if !yield(language) {
					return
				}
			}
		}
	}))
	tags := []string{wanted}
	if p.settings != nil && len(p.settings.languages) > 0 {
		tags = append(tags, p.settings.languages[0])
	}
	for _, tag := range tags {
		for tag != "" {
			if i := slices.IndexFunc(has, func(s string) bool { return strings.EqualFold(s, tag) }); i >= 0 {
				return has[i]
			}
			tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
		}
	}
	if len(has) == 0 {
		return wanted
	}
	return has[0]
}

// Sound is the path of the recording that is played to somebody who should hear
// a language; see Config.Files. False: there is none, the text is spoken.
func (p *Prompt) Sound(language string) (path string, ok bool) {
	path, ok = p.File[p.Language(language)]
	return path, ok
}

// Constant is the text that is said to somebody who should hear a language,
// when nothing in it is known only while a call runs: so it can be spoken
// before anybody calls. False for a text with live parts, and without a text.
func (p *Prompt) Constant(language string) (string, bool) {
	used := p.Language(language)
	if _, live := p.spoken[used]; live {
		return "", false
	}
	text, ok := p.Text[used]
	return text, ok
}

// Render makes the text that is said to somebody who should hear a language.
// Speak is called for number, digits, date, time, money, duration and spell
// (kind), in the order written, with the value as Live.Value returns values and
// what else stands in the brackets; its error is returned. What is not there
// says nothing. The error has the place of the text.
func (p *Prompt) Render(language string, s Scope, speak func(kind string, value any, how ...string) (string, error)) (string, error) {
	used := p.Language(language)
	x, live := p.spoken[used]
	if !live {
		return p.Text[used], nil
	}
	v, err := x.evaluate(&s, speak)
	if err != nil || v.IsNull() {
		return "", err
	}
	if v.Type() != cty.String {
		if v, err = asText(v); err != nil {
			return "", x.wrong(err.Error())
		}
	}
	return v.AsString(), nil
}

// Live is the text of a language as it is written, where it has live parts; for
// Explain.
func (p *Prompt) Live(language string) (Live, bool) {
	x, ok := p.spoken[p.Language(language)]
	return x, ok
}
