package hcl

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const prompts = `
appliance {
  name      = "Sunrise"
  languages = ["en", "zh-Hant"]
}
prompt "welcome" {
  text = {
    en        = "Welcome to ${appliance.name}."
    "zh-Hant" = "歡迎。"
  }
  file = { "zh-Hant" = "prompts/welcome.wav" }
}
prompt "due" {
  text = {
    en        = "The policy of ${holder} is due on ${date(due, "short")}, ${upper(call.trunk)}${digits(agent.number)}."
    "zh-Hant" = "${holder} ${date(due)}"
  }
}
ivr "main" {
  play {
    prompt = prompt.due
    values = { holder = caller.name, due = result.policy.due }
  }
  run "policy" { function = plugin.p.f }
  play { prompt = prompt.welcome }
  goto = hangup
}
plugin "p" { source = "plugins/policy.lua" }
`

func TestAPromptIsSaidWithItsValuesInItsLanguage(t *testing.T) {
	cfg := loaded(t, one(prompts))
	var spoken []string
	speak := func(kind string, value any, how ...string) (string, error) {
		spoken = append(spoken, fmt.Sprint(kind, value, how))
		return "<" + fmt.Sprint(value) + ">", nil
	}
	s := someScope()
	s.Values, s.Serving = map[string]any{"holder": "Chen", "due": "2026-04-01"}, AgentScope{Number: "1001"}
	got, err := cfg.Prompts["due"].Render("en", s, speak)
	if want := "The policy of Chen is due on <2026-04-01>, PSTN<1001>."; got != want || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if want := "date2026-04-01[short] digits1001[]"; strings.Join(spoken, " ") != want {
		t.Errorf("spoken %q", spoken)
	}
	delete(s.Values, "holder")
	if got, err := cfg.Prompts["due"].Render("zh-Hant-TW", s, speak); got != " <2026-04-01>" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	_, err = cfg.Prompts["due"].Render("en", s, func(string, any, ...string) (string, error) { return "", errors.New("no such day") })
	if err == nil || !strings.Contains(err.Error(), "main.hcl:15") || !strings.Contains(err.Error(), "no such day") {
		t.Errorf("%v", err)
	}
}

func TestAPromptWithoutLivePartsIsKnownBeforeAnybodyCalls(t *testing.T) {
	p := loaded(t, one(prompts)).Prompts
	if got, ok := p["welcome"].Constant("en"); got != "Welcome to Sunrise." || !ok {
		t.Errorf("%q %v", got, ok)
	}
	if got, ok := p["due"].Constant("en"); ok {
		t.Errorf("%q", got)
	}
	if path, ok := p["welcome"].Sound("zh-Hant"); path != "prompts/welcome.wav" || !ok {
		t.Errorf("%q %v", path, ok)
	}
	if _, ok := p["welcome"].Sound("en"); ok {
		t.Error("a recording in a language that has none")
	}
}

func TestACallerWhoseLanguageAPromptLacksHearsTheNearest(t *testing.T) {
	p := loaded(t, one(prompts)).Prompts["welcome"]
	for wanted, want := range map[string]string{"en": "en", "EN-gb": "en", "zh-Hant-HK": "zh-Hant", "zh-Hans": "en", "de": "en", "": "en"} {
		if got := p.Language(wanted); got != want {
			t.Errorf("%q hears %q, want %q", wanted, got, want)
		}
	}
}
