package hcl

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// plan is what changing one text into another says.
func plan(t *testing.T, old, new string) []string {
	t.Helper()
	return lines(Diff(loaded(t, one(old)), loaded(t, one(new))))
}

func lines(p Plan) []string {
	if p.Empty() {
		return nil
	}
	return strings.Split(strings.TrimSuffix(p.String(), "\n"), "\n")
}

func TestAPlanSpeaksTheWordsOfTheOperator(t *testing.T) {
	const phone = "extension \"1001\" {\n  allow = [\"internal\", \"national\"]\n  password = \"first-secret\"\n  forward {\n    when = \"busy\"\n    to = number(\"+886912345678\")\n  }\n}\n"
	const queue = "agent \"mei\" {\n}\nprompt \"a\" {\n  text = { en = \"A.\" }\n}\nqueue \"claims\" {\n  agents = [agent.mei]\n  wrap_up {\n    time = \"20s\"\n  }\n}\n"
	const flow = "ivr \"main\" {\n  when {\n    condition = call.from == \"1\"\n    goto = hangup\n  }\n}\n"
	const trunk = "trunk \"pstn\" {\n  address = \"sip:a.example\"\n  channels = 10\n}\nroute \"in\" {\n  from = trunk.pstn\n  to = hangup\n}\n"
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", phone, "# a comment\n\n" + phone, nil},
		{"expressions that only moved", flow, "# a comment\n" + strings.ReplaceAll(flow, "  ", "    "), nil},
		{"the same in other words", phone, strings.ReplaceAll(phone, "\"internal\", \"national\"", "for c in [\"internal\", \"national\"] : c"), nil},
		{"a right", phone, strings.ReplaceAll(phone, ", \"national\"", ""), []string{"extension 1001: allow internal, national → internal; live at once"}},
		{"a password", phone, strings.ReplaceAll(phone, "first", "second"), []string{"extension 1001: password changed; live at once"}},
		{"a forward", phone, strings.ReplaceAll(phone, "5678", "5679"), []string{`extension 1001: forward busy to number("+886912345678") → number("+886912345679"); live at once`}},
		{"another forward", phone, strings.ReplaceAll(phone, "  forward {", "  forward {\n    when = \"offline\"\n    to = hangup\n  }\n  forward {"), []string{"extension 1001: forward offline added; live at once"}},
		{"no forward", phone, phone[:strings.Index(phone, "  forward")] + "}\n", []string{"extension 1001: forward busy removed; live at once"}},
		{"a new phone", phone, phone + "extension \"1002\" {\n}\n", []string{"extension 1002: added; live at once"}},
		{"a phone less", phone, "", []string{"extension 1001: removed; drains"}},
		{"what is live and what is not", queue, strings.ReplaceAll(queue, "\"20s\"\n  }", "\"30s\"\n  }\n  record = \"always\"\n  tell_agent = prompt.a"), []string{
			"queue claims: wrap_up time 20s → 30s; live at once",
			"queue claims: tell_agent none → a, record never → always; new calls only",
		}},
		{"a queue less", queue, "agent \"mei\" {\n}\nprompt \"a\" {\n  text = { en = \"A.\" }\n}\n", []string{"queue claims: removed; drains"}},
		{"a text", queue, strings.ReplaceAll(queue, "\"A.\"", "\"B.\""), []string{"prompt a: text en A. → en B.; new calls only"}},
		{"a flow", flow, strings.ReplaceAll(flow, "\"1\"", "\"2\""), []string{"ivr main: steps changed; new calls only"}},
		{"lines", trunk, strings.ReplaceAll(trunk, "10", "20"), []string{"trunk pstn: channels 10 → 20; live at once"}},
		{"where a route begins", trunk, strings.ReplaceAll(trunk, "from = trunk.pstn", "from = phones"), []string{"route in: from pstn → phones; new calls only"}},
		{"a route for all", trunk, strings.ReplaceAll(trunk, "from = trunk.pstn", ""), []string{"route in: from pstn → any trunk; new calls only"}},
		{"the appliance", "", "appliance {\n  country = \"TW\"\n}\n", []string{"appliance: country none → TW; new calls only"}},
		{"encryption", "web {\n}\n", "web {\n  tls {\n    mode = \"self-signed\"\n  }\n}\n", []string{"web: tls added; live at once; what is open stays until it ends"}},
		{"a variable", "variable \"n\" {\n  default = \"A\"\n}\nappliance {\n  name = var.n\n}\n", "variable \"n\" {\n  default = \"B\"\n}\nappliance {\n  name = var.n\n}\n", []string{"appliance: name A → B; new calls only"}},
		{"a secret of a plugin", "plugin \"p\" {\n  source = \"callbox:x\"\n  config = { token = \"first-secret\" }\n}\n", "plugin \"p\" {\n  source = \"callbox:x\"\n  config = { token = \"second-secret\" }\n}\n", []string{"plugin p: config changed; new calls only"}},
		{"the hour of a backup", "backup {\n  to = \"/b\"\n  passphrase = \"first-secret\"\n}\n", "backup {\n  to = \"/b\"\n  passphrase = \"second-secret\"\n  at = \"04:30\"\n}\n", []string{"backup: passphrase changed, at 03:00 → 04:30; live at once"}},
	} {
		if got := plan(t, c.old, c.new); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestThePlanOfAFirstConfigurationAddsEverything(t *testing.T) {
	p := Diff(nil, loaded(t, one("extension \"1001\" {\n}\n")))
	var blocks []string
	for _, c := range p.Changes {
		if c.Action != "add" {
			t.Errorf("%s", c)
		}
		blocks = append(blocks, c.Block)
	}
	if want := []string{"appliance", "sip", "media", "web", `extension "1001"`}; !slices.Equal(blocks, want) {
		t.Errorf("blocks %q, want %q", blocks, want)
	}
}

func TestANewRecordingUnderAnOldNameIsAChange(t *testing.T) {
	text := "prompt \"a\" {\n  file = { en = \"a.wav\" }\n}\nplugin \"p\" {\n  source = \"plugins/p\"\n}\n"
	old := loaded(t, map[string]string{"main.hcl": text, "a.wav": "one", "plugins/p/plugin.hcl": manifestHead, "plugins/p/main.lua": "return 1"})
	new := loaded(t, map[string]string{"main.hcl": text, "a.wav": "two", "plugins/p/plugin.hcl": manifestHead, "plugins/p/main.lua": "return 2", "plugins/p/more.lua": ""})
	want := []string{"prompt a: a.wav changed; new calls only", "plugin p: plugins/p/main.lua changed, plugins/p/more.lua changed; new calls only"}
	if got := lines(Diff(old, new)); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if old.Hash == new.Hash {
		t.Error("the hash is the same")
	}
}

func TestAPlanAsJSONHasItsFields(t *testing.T) {
	j, err := json.Marshal(Diff(loaded(t, one("")), loaded(t, one("appliance {\n  name = \"B\"\n}\n"))))
	if want := `{"changes":[{"action":"change","block":"appliance","what":["name callbox → B"],"effect":"new calls only"}]}`; err != nil || string(j) != want {
		t.Errorf("%s, %v", j, err)
	}
	if j, _ := json.Marshal(Diff(loaded(t, one("")), loaded(t, one("")))); string(j) != `{"changes":[]}` {
		t.Errorf("no change is %s", j)
	}
}

func TestNoPlanShowsASecret(t *testing.T) {
	old := examples()
	o := known()
	first, ds := Load(files(old), o)
	if ds.HasErrors() {
		t.Fatal(told(ds))
	}
	o.Secret = func(name string) (string, bool) {
		if v, _ := known().Secret(name); strings.Trim(v, "0123456789") == "" {
			return "1" + v, true
		}
		return "other-hush", true
	}
	second, ds := Load(files(old), o)
	if ds.HasErrors() {
		t.Fatal(told(ds))
	}
	for _, p := range []Plan{Diff(first, second), Diff(nil, second), Diff(second, loaded(t, one("")))} {
		j, err := json.Marshal(p)
		if shown := p.String() + string(j); err != nil || strings.Contains(shown, "hush") || strings.Contains(shown, "4711") || p.Empty() {
			t.Errorf("%s", shown)
		}
	}
}
