package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shop is a configuration with two tests that pass, if the number in the second is 101.
func shop(t *testing.T, number string) string {
	t.Helper()
	return write(t, map[string]string{
		"shop.hcl": `
trunk "city" {
  address = "sip:127.0.0.1:5090"
}
extension "101" {
  password = secret("till")
}
extension "102" {
  password = "back-room-0102"
}
route "till" {
  from = trunk.city
  to   = extension.101
}
`,
		"shop.test.hcl": `
test "the till rings" {
  call { to = "1" }
  expect { ringing = extension.101 }
}

test "somebody at the till answers" {
  call { to = "1" }
  expect { talking = extension.` + number + ` }
}
`,
	})
}

func TestTestsThatPassArePrintedALineEach(t *testing.T) {
	dir := shop(t, "101")
	code, out, errs := sit(t, nil).types("test", dir)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || errs != "" || len(lines) != 3 || lines[2] != "2 passed, 0 failed" ||
		!strings.HasPrefix(lines[0], "ok      the till rings (") || !strings.HasPrefix(lines[1], "ok      somebody at the till answers (") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestATestThatFailsEndsWithOneAndTellsWhere(t *testing.T) {
	dir := shop(t, "102")
	code, out, errs := sit(t, nil).types("test", dir)
	for _, want := range []string{
		"ok      the till rings (", "failed  somebody at the till answers (", filepath.Join(dir, "shop.test.hcl") + ":9: expect was not met",
		"expected  talking = extension.102", "happened  talking: extension.101", "call.answered extension=101", "1 passed, 1 failed\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not print %q", want)
		}
	}
	if code != exitFailed || errs != "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestTestsAreChosenByTheirNames(t *testing.T) {
	dir := shop(t, "102")
	code, out, _ := sit(t, nil).types("test", dir, "--run", "till (rings|sings)")
	if code != 0 || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") || strings.Contains(out, "somebody") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, _, errs := sit(t, nil).types("test", dir, "--run", "nobody"); code != exitFailed || !strings.Contains(errs, `matches "nobody"`) {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := sit(t, nil).types("test", dir, "--run", "("); code != exitUsage || !strings.Contains(errs, "--run") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestTestsAsJSONAreAnObjectEach(t *testing.T) {
	dir := shop(t, "102")
	code, out, errs := sit(t, nil).types("test", dir, "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitFailed || errs != "1 passed, 1 failed\n" || len(lines) != 2 {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	var shown struct {
		Name, File string
		Line       int
		Passed     bool
		Failure    *struct {
			File, Step         string
			Line               int
			Expected, Happened []string
			Timeline           []struct{ Time, What string }
		}
	}
	if err := json.Unmarshal([]byte(lines[1]), &shown); err != nil {
		t.Fatal(err)
	}
	f := shown.Failure
	if shown.Passed || shown.Name != "somebody at the till answers" || shown.Line != 7 || f == nil || f.Line != 9 || f.Step != "expect" ||
		f.File != filepath.Join(dir, "shop.test.hcl") || len(f.Expected) != 2 || len(f.Happened) != 1 || len(f.Timeline) < 4 {
		t.Errorf("%s", lines[1])
	}
}

func TestTestsAreReportedAsJUnitReadsThem(t *testing.T) {
	dir := shop(t, "102")
	file := filepath.Join(t.TempDir(), "report.xml")
	if code, out, errs := sit(t, nil).types("test", dir, "--junit", file); code != exitFailed {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			} `xml:"failure"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if report.Tests != 2 || report.Failures != 1 || len(report.Cases) != 2 || report.Cases[0].Failure != nil ||
		report.Cases[1].Failure == nil || !strings.Contains(report.Cases[1].Failure.Text, "timeline") {
		t.Errorf("%s", text)
	}
	code, _, errs := sit(t, nil).types("test", dir, "--junit", filepath.Join(dir, "nowhere", "report.xml"))
	if code != exitFailed || !strings.Contains(errs, "Name a file in a folder that is there") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestWhatCannotBeTestedSaysWhy(t *testing.T) {
	broken := write(t, map[string]string{"shop.hcl": "extention \"1001\" {\n}\n", "shop.test.hcl": ""})
	wrong := write(t, map[string]string{"shop.hcl": "", "shop.test.hcl": "test \"a\" {\n  call { too = \"1\" }\n  expect { position = 1 }\n}\n"})
	empty := write(t, map[string]string{"shop.hcl": ""})
	mute := write(t, map[string]string{
		"shop.hcl": "plugin \"p\" {\n  source = \"p.lua\"\n}\n", "p.lua": "return {",
		"shop.test.hcl": "test \"a\" {\n  wait { time = \"1s\" }\n  expect { position = 1 }\n}\n",
	})
	for dir, want := range map[string]string{
		broken: "cannot be tested: 1 error", wrong: "shop.test.hcl line 2", mute: "p.lua",
		filepath.Join(empty, "nowhere"): "Name the directory",
	} {
		code, out, errs := sit(t, nil).types("test", dir)
		if code != exitFailed || !strings.Contains(errs, want) || out != "" {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
	}
	if code, out, _ := sit(t, nil).types("test", empty); code != 0 || out != "0 passed, 0 failed\n" {
		t.Errorf("exit %d: %s", code, out)
	}
}
