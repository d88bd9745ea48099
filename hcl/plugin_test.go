package hcl

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestAPluginBringsItsFilesAndWhatItIsConfiguredWith(t *testing.T) {
	cfg := loaded(t, map[string]string{"main.hcl": `
plugin "full" {
  source = "callbox:full"
  config = { base_url = "https://erp.example" }
  allow {
    http    = ["https://erp.example/"]
    kv      = true
    crm     = "write"
    tickets = "write"
  }
}
plugin "one" { source = "plugins/policy.lua" }
plugin "folder" {
  source = "./plugins/own/"
  config = { anything = secret("x") }
}
`, "plugins/second.lua": "return {}", "plugins/own/plugin.hcl": manifestHead + "config \"anything\" {}\nconfig \"n\" { default = 3 }\n", "plugins/own/main.lua": "", "plugins/own/lib/a.lua": "x"})
	full, one, folder := cfg.Plugins["full"], cfg.Plugins["one"], cfg.Plugins["folder"]
	if got := slices.Sorted(maps.Keys(full.Files)); !slices.Equal(got, []string{"main.lua", "plugin.hcl"}) || full.Main != "main.lua" || full.Manifest.Name != "policy" {
		t.Errorf("%v %s %+v", got, full.Main, full.Manifest)
	}
	if want := map[string]any{"base_url": "https://erp.example", "tries": 2.0}; !reflect.DeepEqual(full.Config, want) || !slices.Equal(full.Manifest.Needs.HTTP, []string{"https://erp.example/"}) {
		t.Errorf("%v, needs %+v", full.Config, full.Manifest.Needs)
	}
	if got := slices.Sorted(maps.Keys(one.Files)); !slices.Equal(got, []string{"policy.lua", "second.lua"}) || one.Main != "policy.lua" || one.Manifest != nil || cfg.Files["plugins/second.lua"] == nil {
		t.Errorf("%v %s", got, one.Main)
	}
	if got := slices.Sorted(maps.Keys(folder.Files)); !slices.Equal(got, []string{"lib/a.lua", "main.lua", "plugin.hcl"}) || folder.Config["n"] != 3.0 || folder.Config["anything"] != Secret("hush-x") {
		t.Errorf("%v %v", got, len(folder.Config))
	}
	if _, ok := cfg.Files["main.lua"]; ok {
		t.Error("a bundled plugin is among the files of the configuration")
	}
}

func TestTheCodeBesideAPluginIsPartOfIt(t *testing.T) {
	text := "plugin \"p\" {\n  source = \"plugins/policy.lua\"\n}\n"
	old := loaded(t, map[string]string{"main.hcl": text, "plugins/more.lua": "1"})
	new := loaded(t, map[string]string{"main.hcl": text, "plugins/more.lua": "2"})
	if got := lines(Diff(old, new)); len(got) != 1 || got[0] != "plugin p: plugins/more.lua changed; new calls only" {
		t.Errorf("%q", got)
	}
}

func TestAVerticalStandsInTheDirectoryWithItsInputs(t *testing.T) {
	texts := one("vertical \"insurance\" {\n  firm = \"Chen & Sons\"\n}\nroute \"a\" {\n  to = hangup\n}\n")
	cfg := loaded(t, texts)
	if got, ok := cfg.Prompts["firm"].Constant("zh-Hant"); got != "Chen & Sons" || !ok {
		t.Errorf("%q", got)
	}
	if string(cfg.Files["prompts/firm.wav"]) != "RIFF of the template" || cfg.Plugins["claims"].Files["main.lua"] == nil {
		t.Error("what the template needs was not brought")
	}
	again, ds := Load(bundle(map[string]string{"main.hcl": texts["main.hcl"], "prompts/firm.wav": string(cfg.Files["prompts/firm.wav"])}), known())
	if again == nil || !Diff(cfg, again).Empty() || len(ds) > 0 {
		t.Errorf("a second load differs: %s", told(ds))
	}
	texts["prompts/firm.wav"] = "RIFF of our own"
	if cfg := loaded(t, texts); string(cfg.Files["prompts/firm.wav"]) != "RIFF of our own" {
		t.Error("a file of the directory does not take the place of the template's")
	}
}

func TestAMistakeInATemplateNamesItsFile(t *testing.T) {
	o := known()
	o.Verticals = bundle(map[string]string{"v/vertical.hcl": verticalManifestKind.example, "v/a.hcl": "trunk \"a\" {\n  adress = \"sip:a.example\"\n}\n"})
	_, ds := Load(files(one("vertical \"v\" {\n  firm = \"a\"\n}\n")), o)
	if len(ds) == 0 || ds[0].File != "verticals/v/a.hcl" || len(ds[0].Excerpt) == 0 || !strings.HasPrefix(ds[0].Block, "trunk") {
		t.Error(told(ds))
	}
}
