package appliance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"callbox/hcl"
)

// planted is what must never be seen. Every way into the configuration that a secret has leads to it.
const planted = "plantedPassword4711"

func loadPlanted(text string) (*hcl.Config, hcl.Diagnostics) {
	known := func(string) (string, bool) { return planted, true }
	return hcl.Load(fstest.MapFS{"office.hcl": {Data: []byte(text)}}, hcl.LoadOptions{Secret: known, Env: known})
}

const guarded = `
trunk "pstn" {
  address  = "sip:127.0.0.1:5070"
  username = "0227001234"
  password = secret("pstn")
  register = true
}

extension "1001" {
  name     = "Mei Lin"
  password = secret("ext-1001")
}
`

func TestASecretIsNeverPrinted(t *testing.T) {
	config, problems := loadPlanted(guarded)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	if got := config.Extensions["1001"].Password.Reveal(); got != planted {
		t.Fatalf("the password did not arrive: %q", got)
	}
	changed, problems := loadPlanted(strings.ReplaceAll(guarded, "secret(", `upper(secret(`) + "\n")
	if !problems.HasErrors() {
		changed = config
	}
	empty, _ := loadPlanted("")

	for name, text := range map[string]string{
		"%v":             fmt.Sprintf("%v %v %v", config, *config, config.Extensions),
		"%+v":            fmt.Sprintf("%+v %+v %+v", config, *config.Extensions["1001"], *config.Trunks["pstn"]),
		"%#v":            fmt.Sprintf("%#v %#v %#v", config, *config.Extensions["1001"], *config.Trunks["pstn"]),
		"%s %q %x":       fmt.Sprintf("%s %q %x", config.Trunks["pstn"].Password, config.Trunks["pstn"].Password, config.Trunks["pstn"].Password),
		"JSON":           asJSON(t, config),
		"the log":        logged(config, config.Extensions["1001"], *config.Trunks["pstn"], config.Trunks["pstn"].Password),
		"a plan":         hcl.Diff(empty, config).String() + hcl.Diff(config, changed).String() + hcl.Diff(config, empty).String(),
		"a plan as JSON": asJSON(t, hcl.Diff(nil, config)),
		"diagnostics":    printed(problems),
	} {
		if seen(text) {
			t.Errorf("%s shows the secret:\n%s", name, text)
		}
	}
}

func TestAMistakeBesideASecretDoesNotPrintIt(t *testing.T) {
	for name, text := range map[string]string{
		"a number is due":        `trunk "a" { channels = secret("x") }`,
		"a duration is due":      `extension "1" { no_answer = secret("x") }`,
		"one of a few words":     `extension "1" { allow = [secret("x")] }`,
		"an address is due":      `trunk "a" { address = secret("x") }`,
		"a name of a block":      `route "a" { to = extension[secret("x")] }`,
		"a pattern is due":       `route "a" { number_matching = "(${secret("x")}" }`,
		"a list is due":          `sip { listen = secret("x") }`,
		"arithmetic":             `locals { a = secret("x") + 1 }`,
		"a function refuses it":  `locals { a = jsondecode(secret("x")) }`,
		"an attribute of it":     `locals { a = secret("x").y }`,
		"an index into it":       `locals { a = secret("x")["y"] }`,
		"a variable's condition": "variable \"v\" {\n  default = secret(\"x\")\n  validation {\n    condition = false\n    error_message = \"no ${var.v}\"\n  }\n}",
		"by way of a local":      "locals {\n  s = secret(\"x\")\n}\ntrunk \"a\" {\n  channels = local.s\n}",
		"by way of a template":   `media { ports = "from ${secret("x")}" }`,
		"an environment's value": `media { ports = env("X") }`,
	} {
		_, problems := loadPlanted(text)
		if !problems.HasErrors() && name != "an environment's value" && name != "arithmetic" {
			t.Logf("%s: no error", name) // a mistake of another kind is tested where it belongs
		}
		if printed := printed(problems); seen(printed) && name != "an environment's value" {
			t.Errorf("%s: the diagnostics show the secret:\n%s", name, printed)
		}
	}
}

func printed(problems hcl.Diagnostics) string {
	var b strings.Builder
	problems.Write(&b, false)
	return fmt.Sprintf("%s\n%s\n%v\n%+v", b.String(), problems.JSON(), problems, problems)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func logged(values ...any) string {
	var b bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&b, nil)), slog.New(slog.NewJSONHandler(&b, nil))} {
		for _, v := range values {
			log.Info("a value", "value", v)
		}
	}
	return b.String()
}

// seen looks for the secret as it is and in the guises that printing gives to bytes.
func seen(text string) bool {
	for _, guise := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%v", []byte(planted)), strings.ToUpper(planted)} {
		if strings.Contains(text, guise) {
			return true
		}
	}
	return false
}
