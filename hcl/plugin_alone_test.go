package hcl

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// folder is a plugin's folder.
func folder(files map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return dir
}

func TestAPluginAloneGetsStandInsAndWhatItNeeds(t *testing.T) {
	p, ds := LoadPlugin(folder(map[string]string{
		"plugin.hcl": manifestHead + `
config "base_url" {}
config "tries" { type = number }
config "lanes" { type = list(string) }
config "strict" { type = bool }
config "shape" { type = object({ a = string }) }
config "extra" { type = any }
config "kept" { default = "said" }
needs {
  http = ["${config.base_url}/"]
  kv   = true
  crm  = "read"
}
`,
		"main.lua": "return {}", "lib/a.lua": "", "README.md": "", "p.test.hcl": "", "office.hcl": "", ".callbox/callbox.lua": "", ".luarc.json": "{}", "lib/.a.lua.swp": "\xff",
	}))
	if len(ds) > 0 || p == nil {
		t.Fatal(ds)
	}
	want := map[string]any{"base_url": "https://base-url.example", "tries": 1.0, "lanes": []any{}, "strict": false, "shape": map[string]any{"a": "https://a.example"}, "extra": nil, "kept": "said"}
	if !reflect.DeepEqual(p.Config, want) {
		t.Errorf("config %#v", p.Config)
	}
	if p.Allow == nil || !slices.Equal(p.Allow.HTTP, []string{"https://base-url.example/"}) || !p.Allow.KV || p.Allow.CRM != "read" || p.Allow.SMS {
		t.Errorf("allow %+v", p.Allow)
	}
	if got := slices.Sorted(maps.Keys(p.Files)); !slices.Equal(got, []string{"lib/a.lua", "main.lua", "plugin.hcl"}) {
		t.Errorf("files %v", got)
	}
	if p.Name != "x" || p.Main != "main.lua" {
		t.Errorf("%s %s", p.Name, p.Main)
	}
}

func TestMistakesOfAPluginAloneAreToldInItsOwnFiles(t *testing.T) {
	p, ds := LoadPlugin(folder(map[string]string{"plugin.hcl": "name = \"p\"\nversion = \"1\"\napi = 2\nauthor = \"x\"\n", "main.lua": "return {}"}))
	if p == nil || len(ds) != 3 || !ds.HasErrors() {
		t.Fatalf("%v %v", p, ds)
	}
	for _, d := range ds {
		if d.File != "plugin.hcl" || d.Detail == "" {
			t.Errorf("%s", d)
		}
	}
	for name, files := range map[string]map[string]string{"plugin.hcl": {"main.lua": "return {}"}, "main.lua": {"plugin.hcl": manifestHead}, "no plugin.hcl": {}} {
		if _, ds := LoadPlugin(folder(files)); len(ds) != 1 || !strings.Contains(ds[0].Detail, name) {
			t.Errorf("without %s: %v", name, ds)
		}
	}
}
