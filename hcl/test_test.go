package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// testable is a configuration that tests may test.
func testable(t testing.TB) (*Config, map[string]string) {
	t.Helper()
	texts := examples()
	texts["flows.hcl"] = "prompt \"closed\" {\n  text = {\n    \"zh-Hant\" = \"…\"\n    en        = \"Closed.\"\n  }\n}\nivr \"asks\" {\n  collect \"policy_no\" {\n    prompt = prompt.welcome\n  }\n  run \"policy\" {\n    function = plugin.policy.lookup\n  }\n}\n"
	texts["changed/flows.hcl"] = "prompt \"closed\" {}\n"
	return loaded(t, texts), texts
}

func testsOf(t testing.TB, text string) ([]*Test, Diagnostics) {
	t.Helper()
	cfg, texts := testable(t)
	texts["x.test.hcl"] = text
	return LoadTests(files(texts), cfg)
}

func TestTheExamplesOfTestsAndTheirStepsLoad(t *testing.T) {
	if _, ds := testsOf(t, testKind.example); len(ds) > 0 {
		t.Error(told(ds))
	}
	const calls = "call {\n  to = \"1\"\n}\ncall \"second\" {\n  to = \"1\"\n}\n"
	for _, k := range testStepKinds {
		// each reload example begins with the files as they are
		for i, example := range strings.SplitAfter(strings.TrimSpace(k.example), "\n}\n") {
			text := "test \"an example\" {\n" + calls + example + "\nexpect { position = 1 }\n}\n"
			if k == testCallKind {
				text = strings.Replace(text, calls, "", 1)
			}
			if _, ds := testsOf(t, text); len(ds) > 0 {
				t.Errorf("%s %d:\n%s", k.name, i, told(ds))
			}
		}
	}
}

func TestATestIsItsStepsInTheirOrder(t *testing.T) {
	tests, ds := testsOf(t, `
test "somebody calls twice" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [team.claims]
  http {
    url  = "https://erp.example/*"
    json = { holder = "Chen", list = [1, null] }
  }
  call "first" {
    from = "+886912345678"
    to   = "0227001234"
    via  = trunk.pstn
  }
  call "second" { to = "100" }
  press { keys = "1#" }
  agent "mei" { answer = true }
  expect {
    queued   = queue.claims
    position = 1
    tagged   = ["vip", "gold"]
    event    = { type = "queue.missed", agent = agent.mei }
    after    = "2m"
    on       = "second"
  }
  hangup { by = "agent" }
}
`)
	if len(ds) > 0 {
		t.Fatal(told(ds))
	}
	cfg, _ := testable(t)
	test := tests[0]
	if test.At.Unix() != time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC).Unix() || !slices.Equal(test.ReadyAgents(cfg), []string{"lee", "mei"}) || test.Place != (Place{"x.test.hcl", 2}) {
		t.Errorf("%v %v %v", test.At, test.ReadyAgents(cfg), test.Place)
	}
	if h := test.HTTP[0]; !h.Matches("PUT", "https://erp.example/x?y") || h.Matches("GET", "https://other.example/") || !reflect.DeepEqual(h.JSON, map[string]any{"holder": "Chen", "list": []any{1.0, nil}}) || h.Status != 200 {
		t.Errorf("%+v", h)
	}
	var steps []string
	for _, s := range test.Steps {
		steps = append(steps, fmt.Sprintf("%s %s %d", s.Kind, s.Call, s.At.Line))
	}
	if want := []string{"call first 9", "call second 14", "press first 15", "agent first 16", "expect second 17", "hangup first 25"}; !slices.Equal(steps, want) {
		t.Errorf("%q", steps)
	}
	e := test.Steps[4].Do.(*TestExpect)
	if !slices.Equal(e.Written, []string{"queued", "position", "tagged", "event"}) || e.Within != 150*time.Second || len(e.Tagged) != 2 || e.Event["agent"] != (Destination{"agent", "mei"}) || !e.Has("queued") || e.Has("data") {
		t.Errorf("%+v", e)
	}
	if a := test.Steps[3].Do.(*TestAgent); a.Action != "answer" || a.Agent != "mei" {
		t.Errorf("%+v", a)
	}
}

func TestATestThatSaysNoTimeBeginsOnAMondayMorning(t *testing.T) {
	tests, ds := testsOf(t, "test \"a\" {\n  call { to = \"1\" }\n  expect { position = 1 }\n}\n")
	if len(ds) > 0 {
		t.Fatal(told(ds))
	}
	if at := tests[0].At; at.Weekday() != time.Monday || at.Hour() != 10 || at.Location().String() != "Asia/Taipei" {
		t.Error(at)
	}
}

func TestAReloadMakesNewFilesOfTheOld(t *testing.T) {
	old := map[string][]byte{"a.hcl": []byte("one two"), "b.hcl": []byte("two three"), "plugins/p.lua": []byte("two")}
	for _, c := range []struct {
		reload TestReload
		want   map[string]string
	}{
		{TestReload{File: "a.hcl", Replace: map[string]string{"one": "two", "two": "one"}}, map[string]string{"a.hcl": "two one", "b.hcl": "two three", "plugins/p.lua": "two"}},
		{TestReload{Replace: map[string]string{"two": "2"}}, map[string]string{"a.hcl": "one 2", "b.hcl": "2 three", "plugins/p.lua": "two"}},
		{TestReload{File: "./plugins/p.lua", Text: "x", hasText: true}, map[string]string{"a.hcl": "one two", "b.hcl": "two three", "plugins/p.lua": "x"}},
		{TestReload{File: "b.hcl", Remove: true}, map[string]string{"a.hcl": "one two", "plugins/p.lua": "two"}},
		{TestReload{Dir: "d", Files: map[string][]byte{"b.hcl": []byte("B"), "c.hcl": []byte("C")}}, map[string]string{"a.hcl": "one two", "b.hcl": "B", "c.hcl": "C", "plugins/p.lua": "two"}},
	} {
		after, err := c.reload.Apply(old)
		got := map[string]string{}
		for name, text := range after {
			got[name] = string(text)
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %v (%v)", c.reload, got, err)
		}
	}
	for _, bad := range []TestReload{{File: "none.hcl", Replace: map[string]string{"a": "b"}}, {File: "a.hcl", Replace: map[string]string{"three": "b"}}, {File: "none.hcl", Remove: true}, {Replace: map[string]string{"four": "4"}}} {
		if _, err := bad.Apply(old); err == nil {
			t.Errorf("%+v was applied", bad)
		}
	}
	if string(old["a.hcl"]) != "one two" || len(old) != 3 {
		t.Errorf("the old files changed: %s", old)
	}
}

// Every file of testdata/tests is one mistake in a test; the .diag beside it is
// what the author is told.
func TestEveryMistakeInATestIsToldInTheWordsOfItsGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/tests/*.test.hcl")
	if err != nil || len(names) < 15 {
		t.Fatal(err, len(names))
	}
	cfg, texts := testable(t)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(name)] = string(text)
		tests, ds := LoadTests(files(texts), cfg)
		delete(texts, filepath.Base(name))
		if len(ds) == 0 || ds.HasErrors() && tests != nil {
			t.Errorf("%s: %d mistakes, %d tests", name, len(ds), len(tests))
		}
		golden := strings.TrimSuffix(name, ".test.hcl") + ".diag"
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
	}
}

func TestTestsOfAConfigurationThatDoesNotLoadAreNotRead(t *testing.T) {
	if tests, ds := LoadTests(fstest.MapFS{}, nil); tests != nil || !ds.HasErrors() {
		t.Error(told(ds))
	}
}

// FuzzTests looks for test files that crash, or that load and are wrong.
func FuzzTests(f *testing.F) {
	f.Add([]byte(testKind.example))
	for _, k := range testStepKinds {
		f.Add([]byte("test \"a\" {\ncall {\n  to = \"1\"\n}\n" + k.example + "}\n"))
	}
	names, err := filepath.Glob("testdata/tests/*.test.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	cfg, texts := testable(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := files(texts)
		fsys["x.test.hcl"] = &fstest.MapFile{Data: text}
		tests, ds := LoadTests(fsys, cfg)
		if shown := told(ds); strings.Contains(shown, "failed inside") || strings.Contains(shown, "hush") {
			t.Fatal(shown)
		}
		for _, test := range tests {
			test.ReadyAgents(cfg)
			for _, s := range test.Steps {
				if reload, ok := s.Do.(*TestReload); ok {
					_, _ = reload.Apply(cfg.Files)
				}
				if s.Do == nil || s.At.Line == 0 {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
