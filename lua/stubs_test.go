package lua

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEditorsKnowEverythingThatPluginsCanCall(t *testing.T) {
	stubs := Stubs()
	var all strings.Builder
	for name, text := range stubs {
		if strings.HasSuffix(name, ".lua") {
			if !strings.HasPrefix(string(text), "---@meta") {
				t.Errorf("%s is no definition file", name)
			}
			if _, err := compileFile(string(text), name); err != nil {
				t.Errorf("%v", err)
			}
			all.Write(text)
		}
	}
	if !json.Valid(stubs[".luarc.json"]) {
		t.Error(".luarc.json is no JSON")
	}
	known := map[string]bool{"string": true, "number": true, "boolean": true, "any": true, "table": true}
	for name := range declaredType {
		known[name] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^---@(?:field|param) \S+ (\S+(?:, \w+>)?)`).FindAllStringSubmatch(all.String(), -1) {
		for _, word := range regexp.MustCompile(`[A-Za-z][A-Za-z.]*`).FindAllString(m[1], -1) {
			if !known[word] {
				t.Errorf("the type %s is nowhere", word)
			}
		}
	}
	reference := Reference()
	for _, d := range declarations {
		if !strings.Contains(all.String(), "."+d.name+"(") && !strings.Contains(all.String(), ":"+d.name+"(") {
			t.Errorf("%s is in no stub", d.id())
		}
		if !strings.Contains(reference, "### "+d.spoken()+"(") {
			t.Errorf("%s is not in the reference", d.id())
		}
		if d.doc == "" || d.example == "" || d.phases == 0 || (d.local == nil && d.serve == nil) || !strings.HasSuffix(d.doc, ".") {
			t.Errorf("%s is not declared in full", d.id())
		}
		if _, err := compileFile(d.example, "example.lua"); err != nil {
			t.Errorf("the example of %s: %v", d.id(), err)
		}
	}
	if want := 49; len(declarations) != want {
		t.Errorf("there are %d functions, the language was told of %d: is the new one meant?", len(declarations), want)
	}
}

// What editors get is in the repository, so that a change of it is seen in review; the failure prints what to write there.
func TestTheDefinitionOfTheCallIsWhatWasAgreed(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join("testdata", "callbox.lua"))
	got := Stubs()[".callbox/callbox.lua"]
	if err != nil || string(golden) != string(got) {
		t.Errorf("testdata/callbox.lua is not this any more (%v):\n%s", err, got)
	}
}
