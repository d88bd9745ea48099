package hcl

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Play says a prompt.
type Play struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Prompt to say: prompt.welcome.
	Prompt string `hcl:"prompt" is:"required ref:prompt"`
	// BargeIn lets a key end it; the key goes to the menu or collect that follows.
	BargeIn bool `hcl:"barge_in" default:"true"`
	// Values for ${…} in the text, computed while the call runs:
	// { due = result.policy.due }.
	Values map[string]Live `hcl:"values"`
}

var playKind = &kind{name: "play", new: func() any { return new(Play) }, example: `
play "due" {
  prompt   = prompt.due
  barge_in = false
  values   = { due = call.data.due }
}
`}

// Menu asks for a key and does what the key says. What was pressed is
// input.NAME.
type Menu struct {
	// Label names it: input.LABEL, step.LABEL.
	Label string `hcl:",label"`
	// Prompt that is said before each try.
	Prompt string `hcl:"prompt" is:"ref:prompt"`
	// Timeout is the silence after the prompt that counts as no input; between
	// the digits of a longer key it is 3s. Where one key begins another, as 1 does
	// 12, a # after it says that no more will come.
	Timeout time.Duration `hcl:"timeout" is:"1s..60s" default:"5s"`
	// Tries before failed.
	Tries int `hcl:"tries" is:"1..10" default:"3"`
	// Key is what happens when it is pressed; one block for each: key "1".
	Key []Key `hcl:"key" is:"required block"`
	// Invalid runs after each wrong key.
	Invalid *Branch `hcl:"invalid" is:"block"`
	// NoInput runs after each silence.
	NoInput *Branch `hcl:"no_input" is:"block"`
	// Failed runs after the last try. Without it the flow goes on.
	Failed *Branch `hcl:"failed" is:"block"`
}

// Key is what happens when a key of a menu is pressed.
type Key struct {
	// Key or keys: 0 to 9, *, #, A to D, at most 8 of them.
	Key string `hcl:",label" is:"keys"`
	// Steps in the order written.
	Steps []Step `hcl:",steps"`
}

var menuKind = &kind{name: "menu", new: func() any { return new(Menu) }, example: `
menu "choice" {
  prompt  = prompt.welcome
  timeout = "5s"
  tries   = 3

  key "1" {
    goto = queue.claims
  }
  invalid {
    play {
      prompt = prompt.welcome
    }
  }
  no_input {
    play {
      prompt = prompt.welcome
    }
  }
  failed {
    goto = queue.claims
  }
}
`}

func (m *Menu) check(l *loader, b *block) {
	for _, short := range m.Key {
		for _, long := range m.Key {
			if len(long.Key) > len(short.Key) && strings.HasPrefix(long.Key, short.Key) {
				l.warn(b.def, fmt.Sprintf("key %q waits for key %q", short.Key, long.Key), "The box must wait 3s to know which was meant. Keys of the same length answer at once.")
			}
		}
	}
}

// Collect asks for digits. What was entered is input.NAME, a text.
type Collect struct {
	// Label names it: input.LABEL, step.LABEL.
	Label string `hcl:",label"`
	// Prompt that is said before each try.
	Prompt string `hcl:"prompt" is:"ref:prompt"`
	// Digits, how many: "6", or least and most: "4-12"; 1 to 64.
	Digits string `hcl:"digits" is:"digits" default:"1-20"`
	// EndKey ends the entry before the most digits are there; "": none does.
	EndKey string `hcl:"end_key" is:"#|*|" default:"#"`
	// Timeout is the silence after which the entry ends.
	Timeout time.Duration `hcl:"timeout" is:"1s..60s" default:"5s"`
	// Secret masks what is entered everywhere, also in recordings.
	Secret bool `hcl:"secret" default:"false"`
	// Matching is a pattern (RE2) the entry must match; otherwise it is invalid.
	Matching *regexp.Regexp `hcl:"matching"`
	// Tries before failed.
	Tries int `hcl:"tries" is:"1..10" default:"3"`
	// Invalid runs after each wrong entry.
	Invalid *Branch `hcl:"invalid" is:"block"`
	// NoInput runs after each silence.
	NoInput *Branch `hcl:"no_input" is:"block"`
	// Failed runs after the last try. Without it the flow goes on.
	Failed *Branch `hcl:"failed" is:"block"`
}

var collectKind = &kind{name: "collect", new: func() any { return new(Collect) }, example: `
collect "policy_no" {
  prompt   = prompt.welcome
  digits   = "4-12"
  end_key  = "#"
  timeout  = "5s"
  secret   = false
  matching = "^[0-9]+$"
  tries    = 3

  invalid {
    play {
      prompt = prompt.welcome
    }
  }
  no_input {
    play {
      prompt = prompt.welcome
    }
  }
  failed {
    goto = queue.claims
  }
}
`}

var digitsText = regexp.MustCompile(`^([0-9]{1,2})(?:-([0-9]{1,2}))?$`)

func checkDigits(s string) error {
	m := digitsText.FindStringSubmatch(s)
	if m != nil {
		least, _ := strconv.Atoi(m[1]) // the pattern leaves only digits
		most := least
		if m[2] != "" {
			most, _ = strconv.Atoi(m[2])
		}
		if least >= 1 && most <= 64 && least <= most {
			return nil
		}
	}
	return remedyf(`Write how many, or the least and the most: "6", "4-12"; 1 to 64.`)
}

// Run calls a function of a plugin. What it returns is result.NAME.
type Run struct {
	// Label names it: result.LABEL, step.LABEL.
	Label string `hcl:",label"`
	// Function of a plugin: plugin.policy.lookup.
	Function string `hcl:"function" is:"required function"`
	// Args for it, computed while the call runs: { number = input.policy_no }.
	Args map[string]Live `hcl:"args"`
	// Timeout after which it has failed.
	Timeout time.Duration `hcl:"timeout" is:"100ms..60s" default:"2s"`
	// Failed runs on an error, a time-out or a budget that is exceeded;
	// result.LABEL.error then says which. After it the flow goes on.
	Failed *Branch `hcl:"failed" is:"block"`
}

var runKind = &kind{name: "run", new: func() any { return new(Run) }, example: `
run "policy" {
  function = plugin.policy.lookup
  args     = { number = call.data.policy }
  timeout  = "2s"

  failed {
    play {
      prompt = prompt.welcome
    }
  }
}
`}

// decodeFunction reads plugin.NAME.FUNCTION.
func decodeFunction(l *loader, _ *block, a *hclsyntax.Attribute, owner reflect.Value) bool {
	const allowed = "Write plugin.NAME.FUNCTION: a function of a plugin of this configuration."
	e, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr)
	if !ok || e.Traversal.RootName() != "plugin" {
		l.fail(a.Expr.Range(), a.Name+" is no function of a plugin", allowed)
		return false
	}
	plugin, ok1 := stepName(e.Traversal, 1)
	function, ok2 := stepName(e.Traversal, 2)
	if ok1 && !l.exists(Destination{"plugin", plugin}, a.Expr.Range()) {
		return false
	}
	if !ok1 || !ok2 || len(e.Traversal) != 3 {
		l.fail(a.Expr.Range(), a.Name+" is no function of a plugin", allowed)
		return false
	}
	owner.FieldByName("Function").SetString(plugin + "." + function)
	return true
}

// When runs its steps when its condition holds.
type When struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Condition, computed while the call runs: !schedule.office.open.
	Condition Live `hcl:"condition" is:"required condition"`
	// Steps in the order written.
	Steps []Step `hcl:",steps"`
}

var whenKind = &kind{name: "when", new: func() any { return new(When) }, example: `
when {
  condition = !schedule.office.open && queue.claims.waiting > 5
  goto      = voicemail.claims
}
`}

// Otherwise runs its steps when the condition of the when before it does not
// hold.
type Otherwise struct {
	// Steps in the order written.
	Steps []Step `hcl:",steps"`
}

var otherwiseKind = &kind{name: "otherwise", new: func() any { return new(Otherwise) }, example: `
when {
  condition = caller.found
  goto      = agent.mei
}
otherwise {
  goto = queue.claims
}
`}

// Set attaches data to the call: call.data, which agents, plugins and reports
// see.
type Set struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Data, computed while the call runs: { lane = "day", holder = caller.name }.
	Data map[string]Live `hcl:"data" is:"required"`
}

var setKind = &kind{name: "set", new: func() any { return new(Set) }, example: `
set {
  data = { lane = "day", holder = caller.name }
}
`}

func (s *Set) check(l *loader, b *block) { l.keepsNoSecret(b, "data", s.Data) }

// keepsNoSecret refuses that what nobody may see is kept with the call.
func (l *loader) keepsNoSecret(b *block, attribute string, values map[string]Live) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name].Secret() {
			at := itemOf(b.body.Attributes[attribute].Expr, name).Range()
			l.fail(at, fmt.Sprintf("%s.%s would show what the caller keyed in secret", attribute, name), "It is kept with the call, where agents and reports see it. Give it to a function in args, compare it in a condition, or collect it without secret = true.")
		}
	}
}

// Tag marks the call for reports.
type Tag struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Name of the tag.
	Name string `hcl:"name" is:"required 1..64"`
	// Value of the tag, computed while the call runs.
	Value Live `hcl:"value"`
}

func (s *Tag) check(l *loader, b *block) {
	if s.Value.Secret() {
		l.fail(b.at("value"), "the tag would show what the caller keyed in secret", "Reports show it. Tag what it means: the result of a function, or of a condition.")
	}
}

var tagKind = &kind{name: "tag", new: func() any { return new(Tag) }, example: `
tag {
  name  = "campaign"
  value = "spring"
}
`}

// Language changes the language the caller is spoken to in.
type Language struct {
	// Label for goto = step.LABEL.
	Label string `hcl:",label" is:"optional"`
	// Set is the language from now on, a BCP 47 tag.
	Set string `hcl:"set" is:"required language"`
}

var languageKind = &kind{name: "language", new: func() any { return new(Language) }, example: `
language {
  set = "en"
}
`}

func (s *Language) check(l *loader, b *block) {
	a := l.config.Appliance
	if b.has("set") && a.writtenLanguages && !slices.Contains(a.Languages, s.Set) {
		l.warn(b.at("set"), fmt.Sprintf("%q is no language of the appliance", s.Set), meant(s.Set, a.Languages, "Its languages are")+" Prompts are not made in others.")
	}
}
