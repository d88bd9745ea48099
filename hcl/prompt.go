package hcl

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Prompt is something said to callers, in each language: spoken from a text, or
// played from a recording.
type Prompt struct {
	// Name by which steps refer to it: prompt.welcome.
	Name string `hcl:",label"`
	// Text by language, spoken by the box's voice and kept. ${…} sees what the
	// step that plays it gives in values, the queue's agent (agent.name,
	// agent.number), and the functions number, digits, date, time, money,
	// duration and spell, which speak a value in the prompt's language.
	Text map[string]string `hcl:"text" is:"texts"`
	// File by language: the path of a recording in the configuration, WAV of at
	// most 32 MB. It wins over the text: { "zh-Hant" = "prompts/welcome.wav" }.
	File map[string]string `hcl:"file" is:"by-language"`

	spoken   map[string]Live // the texts that have live parts
	settings *settings
	needs    map[string]hashi.Range // what ${…} takes from values
}

var promptKind = &kind{name: "prompt", new: func() any { return new(Prompt) }, effect: newCalls, example: `
prompt "welcome" {
  text = {
    "zh-Hant" = "您好，歡迎致電。"
    en        = "Welcome to ${appliance.name}."
  }
  file = { "zh-Hant" = "prompts/welcome.wav" }
}

prompt "due" {
  text = {
    "zh-Hant" = "您的保單應繳日為 ${date(due)}。"
    en        = "Your policy is due on ${date(due)}."
  }
}

prompt "agent" {
  text = {
    "zh-Hant" = "工號 ${digits(agent.number)} 為您服務。"
    en        = "Agent number ${digits(agent.number)} is serving you."
  }
}
`}

func (p *Prompt) check(l *loader, b *block) {
	p.settings = l.settings
	if !b.wrotePart("text") && !b.wrotePart("file") {
		l.fail(b.def, b.title()+" says nothing", `Add text = { en = "…" } or file = { en = "prompts/….wav" }.`)
	}
	l.takeSounds(b, "file", p.File)
}

// has tells whether a prompt is said in a language, or in its base.
func (p *Prompt) has(language string) bool {
	said := p.Language(language)
	return strings.EqualFold(said, language) || strings.HasPrefix(strings.ToLower(language), strings.ToLower(said)+"-")
}

// promptLanguages warns about the languages that a prompt lacks: those of the
// appliance or, where they are not written, those that flows change to.
func (l *loader) promptLanguages() {
	a := l.config.Appliance
	languages, where := a.Languages, "It is among the languages of the appliance."
	if !a.writtenLanguages {
		languages, where = nil, "A language step changes to it."
		for _, flow := range l.config.flows() {
			walk(flow.steps, func(s *Step) {
				if do, ok := s.Do.(*Language); ok && do.Set != "" && !slices.Contains(languages, do.Set) {
					languages = append(languages, do.Set)
				}
			})
		}
	}
	for _, name := range l.namesOf("prompt") {
		p := l.config.Prompts[name]
		for _, language := range languages {
			if p != nil && len(p.Text)+len(p.File) > 0 && !p.has(language) {
				b := l.named["prompt"][name]
				l.warn(b.def, fmt.Sprintf("%s says nothing in %q", b.title(), language), fmt.Sprintf("Callers of that language hear it in %q. %s", p.Language(language), where))
			}
		}
	}
}

// takeSounds reads the sound files that a map or list names, so that the
// configuration is whole without its directory.
func (l *loader) takeSounds(b *block, attribute string, paths map[string]string) {
	if !b.has(attribute) {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		at := itemOf(b.body.Attributes[attribute].Expr, key).Range()
		if name, ok := l.takeFile(paths[key], at); ok {
			paths[key] = name
		}
	}
}

// takeFile reads one file of the configuration and returns its path as fs.FS
// writes it.
func (l *loader) takeFile(written string, at hashi.Range) (string, bool) {
	name, err := inside(written)
	if err == nil {
		_, err = l.files.read(name, maxSound)
	}
	if err != nil {
		l.fail(at, fmt.Sprintf("the file %s cannot be read", shorten(written)), sentence(err.Error())+" Paths are relative to the configuration.")
		return "", false
	}
	return name, true
}

// decodeTexts reads the texts of a prompt: templates that are compiled and
// checked now, and spoken later.
func decodeTexts(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	p := owner.Addr().Interface().(*Prompt)
	p.Text, p.spoken, p.needs = map[string]string{}, map[string]Live{}, map[string]hashi.Range{}
	object, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		f := &field{name: "text", typ: reflect.TypeFor[map[string]string](), format: "by-language"}
		v, ok := l.evaluate(a.Expr)
		return ok && l.assign(f, "text", v, a.Expr, reflect.ValueOf(&p.Text).Elem())
	}
	good := true
	for _, item := range object.Items {
		language := keyOf(item)
		if err := checkLanguage(language); err != nil {
			l.fail(item.KeyExpr.Range(), fmt.Sprintf("text: %s is no language", shorten(language)), err.Error())
			good = false
			continue
		}
		if p.Text[language] != "" {
			l.fail(item.KeyExpr.Range(), fmt.Sprintf("text has %q twice", language), "Remove one of them.")
			good = false
		}
		text, ok := l.spokenText(p, language, item.ValueExpr)
		p.Text[language] = text
		good = good && ok
	}
	return good
}

// spokenText checks the text of one language, and keeps it compiled. What is
// fixed is returned as it will be said, what has live parts as it is written.
func (l *loader) spokenText(p *Prompt, language string, expr hclsyntax.Expression) (string, bool) {
	x, ok := l.compileLive("text", "", expr, spoken)
	if !ok {
		return "", false
	}
	for _, n := range x.compiled.names {
		if n.given {
			p.needs[n.path[0].(string)] = n.at
		}
	}
	v, diags := x.compiled.expr.Value(l.unknown(x.compiled))
	fixed := x.compiled.keepsToItself()
	switch {
	case diags.HasErrors() || v.IsNull() || v.Type() != cty.String && v.Type() != cty.DynamicPseudoType:
		l.fail(expr.Range(), "the text of a prompt is no text", `Write what is said in quotes: { en = "Welcome." }.`)
		return "", false
	case fixed && v.AsString() == "":
		l.fail(expr.Range(), "the text of a prompt is empty", "Write what is said, or leave the language out.")
		return "", false
	case fixed:
		return v.AsString(), true
	}
	p.spoken[language] = x
	return unquoted(x.Source), true
}

// givenByStep tells whether a name in a prompt's text comes from the values of
// the step that plays it.
func (l *loader) givenByStep(t hashi.Traversal) bool {
	root := t.RootName()
	_, isLive := liveFields[root]
	return !isLive && kindOf(root) == nil && !slices.Contains([]string{"var", "local", "appliance", "phones", "hangup"}, root)
}

func unquoted(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// promptUse is a place that plays a prompt.
type promptUse struct {
	prompt string
	at     hashi.Range
	by     *block
}

// promptValues checks that who plays a prompt gives it what its texts need.
func (l *loader) promptValues() {
	for _, use := range l.uses {
		b := l.named["prompt"][use.prompt]
		p, ok := b.value.(*Prompt)
		if !ok || p.needs == nil {
			continue
		}
		given := map[string]Live{}
		play, plays := use.by.value.(*Play)
		if plays {
			given = play.Values
		}
		names := slices.Sorted(maps.Keys(p.needs))
		for _, name := range names {
			if _, ok := given[name]; ok {
				continue
			}
			detail := fmt.Sprintf("Its text at %s says ${%s}. Add values = { %s = … } to the step.", placeOf(p.needs[name]), name, name)
			if !plays {
				detail = fmt.Sprintf("Its text at %s says ${%s}, and only a play step gives values.", placeOf(p.needs[name]), name)
			} else if best := nearest(name, slices.Sorted(maps.Keys(given))); best != "" {
				detail += fmt.Sprintf(" Values has %q: did you mean that?", best)
			}
			l.fail(use.at, fmt.Sprintf("prompt.%s needs a value %q", use.prompt, name), detail)
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if _, ok := p.needs[name]; !ok && len(p.Text) > 0 && plays && use.by.has("values") {
				l.warn(use.by.at("values"), fmt.Sprintf("prompt.%s does not say %q", use.prompt, name), meant(name, names, "Its text says"))
			}
		}
	}
}
