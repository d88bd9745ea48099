package hcl

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "write the .diag files anew")

// assets are the files that examples and fixtures read.
var assets = map[string]string{
	"holidays.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" +
		"DTSTART;VALUE=DATE:20260101\r\nSUMMARY:New Year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	"prompts/welcome.wav": "RIFF", "music/hold.wav": "RIFF", "plugins/policy.lua": "return {}", "leads.csv": "phone,zone,name,policy\n",
	"notes.txt": "hello\n", "plugins/empty/readme.txt": "", "latin1.txt": "caf\xe9",
}

// known are the secrets and the environment of the tests.
func known() LoadOptions {
	return LoadOptions{
		Secret: func(name string) (string, bool) {
			switch {
			case strings.HasPrefix(name, "missing"):
				return "", false
			case strings.HasPrefix(name, "vm-"):
				return "482913", true
			case strings.HasPrefix(name, "conference-"):
				return map[string]string{"conference-daily": "4711", "conference-boss": "9731"}[name], true
			}
			return "hush-" + name, true
		},
		Env: func(name string) (string, bool) { return "value of " + name, name != "MISSING" },
		Bundled: bundle(map[string]string{
			"x/plugin.hcl":    manifestHead + "config \"token\" {}\nconfig \"list\" {\n  type = any\n  default = null\n}\n",
			"x/main.lua":      "return {}",
			"crm/plugin.hcl":  manifestHead + "config \"servers\" { type = list(string) }\nconfig \"nested\" { type = any }\n",
			"crm/main.lua":    "return {}",
			"full/plugin.hcl": manifestKind.example, "full/main.lua": "return {}", "full/README.md": "Full.", "full/a.test.hcl": "",
			"old/plugin.hcl": "name = \"old\"\nversion = \"1\"\napi = 7\ndescription = \"Old.\"\n", "old/main.lua": "return {}",
		}),
		Verticals: bundle(map[string]string{
			"insurance/vertical.hcl":              verticalManifestKind.example,
			"insurance/flows.hcl":                 "prompt \"firm\" {\n  text = { en = \"${var.firm}\", \"zh-Hant\" = \"${var.firm}\" }\n  file = { en = \"prompts/firm.wav\" }\n}\nplugin \"claims\" { source = \"plugins/claims\" }\n",
			"insurance/prompts/firm.wav":          "RIFF of the template",
			"insurance/plugins/claims/plugin.hcl": manifestHead, "insurance/plugins/claims/main.lua": "return {}",
			"insurance/office.test.hcl": "nonsense {",
			"broken/flows.hcl":          "",
		}),
	}
}

const manifestHead = "name = \"x\"\nversion = \"1.0.0\"\napi = 1\ndescription = \"Does something.\"\n"

// bundle is what a box brings.
func bundle(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return fsys
}

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, all := range []map[string]string{assets, texts} {
		for name, text := range all {
			fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
	}
	return fsys
}

// loaded loads texts that must be right.
func loaded(t testing.TB, texts map[string]string) *Config {
	t.Helper()
	cfg, ds := Load(files(texts), known())
	if ds.HasErrors() {
		t.Fatal(told(ds))
	}
	return cfg
}

// one is a configuration of one file.
func one(text string) map[string]string { return map[string]string{"main.hcl": text} }

func told(ds Diagnostics) string {
	var b strings.Builder
	_ = ds.Write(&b, false) // a strings.Builder takes everything
	return b.String()
}

func examples() map[string]string {
	texts := map[string]string{}
	for _, k := range kinds {
		texts[k.name+".hcl"] = k.example
	}
	return texts
}

// wrapped is the example of a step inside a flow.
func wrapped(k *kind) string {
	return "ivr \"example\" {\n  play {\n    prompt = prompt.welcome\n  }\n" + strings.TrimSpace(k.example) + "\n}\n"
}

func TestTheExamplesOfAllBlocksAreOneConfiguration(t *testing.T) {
	_, ds := Load(files(examples()), known())
	if len(ds) > 0 {
		t.Error(told(ds))
	}
}

func TestTheExampleOfEachStepLoads(t *testing.T) {
	for _, k := range stepKinds {
		texts := examples()
		texts["step.hcl"] = wrapped(k)
		if _, ds := Load(files(texts), known()); len(ds) > 0 {
			t.Errorf("%s:\n%s", k.name, told(ds))
		}
	}
}

func TestAnEmptyDirectoryIsABoxWithSaneDefaults(t *testing.T) {
	cfg, ds := Load(fstest.MapFS{}, LoadOptions{})
	if len(ds) > 0 {
		t.Fatal(told(ds))
	}
	if cfg.Appliance.Name != "callbox" || cfg.Appliance.Timezone == nil || !slices.Equal(cfg.Appliance.Languages, []string{"en"}) {
		t.Errorf("appliance: %+v", cfg.Appliance)
	}
	if !slices.Equal(cfg.SIP.Listen, []string{"udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"}) || len(cfg.SIP.LocalNetworks) == 0 {
		t.Errorf("sip: %+v", cfg.SIP)
	}
	if cfg.Media.PortLow != 16384 || cfg.Media.PortHigh != 32767 || len(cfg.Media.Codecs) != 4 || cfg.Web.Listen != "0.0.0.0:8080" {
		t.Errorf("media %+v, web %+v", cfg.Media, cfg.Web)
	}
	if len(cfg.Hash) != 16 || len(cfg.Trunks)+len(cfg.Extensions)+len(cfg.Routes)+len(cfg.Later) != 0 {
		t.Errorf("config: %+v", cfg)
	}
}

// Every file of testdata/ok is a directory by itself and loads without a word.
func TestRightConfigurationsLoadWithoutAWord(t *testing.T) {
	names, err := filepath.Glob("testdata/ok/*.hcl")
	if err != nil || len(names) == 0 {
		t.Fatal(err, names)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o := known()
		o.Variables = given(string(text))
		if _, ds := Load(files(map[string]string{filepath.Base(name): string(text)}), o); len(ds) > 0 {
			t.Errorf("%s", told(ds))
		}
	}
}

// given reads "# given: NAME = VALUE" lines of a fixture: values that come with
// the command.
func given(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "# given: "); ok {
			name, value, _ := strings.Cut(strings.TrimSpace(rest), " = ")
			values[name] = value
		}
	}
	return values
}

// Every file of testdata/bad is one mistake; the .diag beside it is what the
// author is told.
func TestEveryMistakeIsToldInTheWordsOfItsGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/bad/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 70 {
		t.Errorf("%d mistakes, want 70 at least", len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o := known()
		o.Variables = given(string(text))
		cfg, ds := Load(files(map[string]string{filepath.Base(name): string(text)}), o)
		if len(ds) == 0 {
			t.Errorf("%s: nothing was said", name)
		}
		if (cfg == nil) != ds.HasErrors() {
			t.Errorf("%s: a Config and errors, or neither", name)
		}
		golden := strings.TrimSuffix(name, ".hcl") + ".diag"
		got := told(ds)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s:\n--- got\n%s--- want\n%s(%v)", name, got, want, err)
		}
		if strings.Contains(got, "hush") || strings.Contains(got, "hunter2") {
			t.Errorf("%s shows a secret:\n%s", name, got)
		}
	}
}

func TestMistakesInSeveralFilesAreToldAtOnceInTheirOrder(t *testing.T) {
	_, ds := Load(files(map[string]string{
		"a.hcl": "trunk \"a\" {\n  adress = \"sip:a.example\"\n}\n",
		"b.hcl": "extension \"1001\" {\n  allow = [\"nationl\"]\n  forward {\n    when = \"bussy\"\n    to = queue.none\n  }\n}\n",
	}), known())
	var places []string
	for _, d := range ds {
		places = append(places, d.File)
	}
	if want := []string{"a.hcl", "a.hcl", "b.hcl", "b.hcl", "b.hcl"}; !slices.Equal(places, want) {
		t.Errorf("told at %v, want %v:\n%s", places, want, told(ds))
	}
}

func TestABrokenFileDoesNotBlameOthersForWhatItMayHaveDefined(t *testing.T) {
	_, ds := Load(files(map[string]string{
		"queues.hcl": "queue \"claims\" {\n",
		"routes.hcl": "route \"main\" {\n  number = \"100\"\n  to = queue.claims\n}\n",
	}), known())
	for _, d := range ds {
		if d.File != "queues.hcl" {
			t.Errorf("blamed: %s", d)
		}
	}
	if !ds.HasErrors() {
		t.Error("nothing was said")
	}
}

func TestLeadingZerosOfAnExtensionCount(t *testing.T) {
	cfg := loaded(t, one(`
extension "0101" { name = "Zero" }
extension "101"  { name = "None" }
route "a" {
  number = "1"
  to     = extension.0101
}
route "b" {
  number = "2"
  to     = extension["0101"]
}
route "c" {
  number = "3"
  to     = extension.101
}
route "d" {
  number = "4"
  to     = var.night ? extension.0101 : extension.101
}
variable "night" { default = true }
`))
	var got []string
	for _, r := range cfg.Routes {
		got = append(got, r.To[0].Name)
	}
	if want := []string{"0101", "0101", "101", "0101"}; !slices.Equal(got, want) {
		t.Errorf("routes lead to %v, want %v", got, want)
	}
}

func TestAnExactNumberBeatsAPatternAndPriorityBeatsTheName(t *testing.T) {
	cfg := loaded(t, one(`
extension "1" {}
route "any" {
  to = extension.1
}
route "a-pattern" {
  number_matching = "^02"
  to              = extension.1
}
route "z-pattern" {
  number_matching = "^0"
  priority        = 5
  to              = extension.1
}
route "zz-exact" {
  number = "0227001234"
  to     = extension.1
}
`))
	var got []string
	for _, r := range cfg.Routes {
		got = append(got, r.Name)
	}
	if want := []string{"zz-exact", "z-pattern", "a-pattern", "any"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestWhatThisReleaseDoesNotRunIsNamed(t *testing.T) {
	cfg := loaded(t, examples())
	if !slices.Equal(cfg.Later["ring_group"], []string{"front"}) || !slices.Equal(cfg.Later["campaign"], []string{"reminder", "renewals"}) {
		t.Errorf("later: %v", cfg.Later)
	}
	if names, ok := cfg.Later["sms"]; !ok || len(names) != 0 {
		t.Errorf("sms: %v %v", names, ok)
	}
	for _, now := range []string{"trunk", "extension", "route", "variable", "locals", "web", "ivr", "queue", "voicemail", "plugin"} {
		if _, ok := cfg.Later[now]; ok {
			t.Errorf("%s is said to come later", now)
		}
	}
}

func TestAGenerationCanBeLoadedAgainFromItsOwnFiles(t *testing.T) {
	first := loaded(t, examples())
	for _, name := range []string{"holidays.ics", "prompts/welcome.wav", "music/hold.wav", "plugins/policy.lua", "leads.csv"} {
		if first.Files[name] == nil {
			t.Errorf("%s is not kept", name)
		}
	}
	again := fstest.MapFS{}
	for name, b := range first.Files {
		again[name] = &fstest.MapFile{Data: b}
	}
	second, ds := Load(again, known())
	if len(ds) > 0 {
		t.Fatal(told(ds))
	}
	if first.Hash != second.Hash || !Diff(first, second).Empty() || !maps.EqualFunc(first.Files, second.Files, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("a second load differs: %s", Diff(first, second))
	}
}

func TestPortZeroIsAnyFreePortAndNeverTheSameTwice(t *testing.T) {
	cfg := loaded(t, one("sip {\n  listen = [\"udp://127.0.0.1:0\", \"tcp://127.0.0.1:0\", \"tls://127.0.0.1:0\"]\n}\nweb {\n  listen = \"127.0.0.1:0\"\n}\n"))
	if len(cfg.SIP.Listen) != 3 {
		t.Errorf("listen %v", cfg.SIP.Listen)
	}
}

func TestHiddenFilesAndTestsAreNoPartOfIt(t *testing.T) {
	cfg := loaded(t, map[string]string{".swp.hcl": "{{{", "a.test.hcl": "test \"x\" {}", "a.hcl": "extension \"1\" {}", "sub/b.hcl": "{{{"})
	if _, ok := cfg.Files["a.hcl"]; !ok || len(cfg.Files) != 1 {
		t.Errorf("files: %v", slices.Sorted(maps.Keys(cfg.Files)))
	}
}
