package appliance_test

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"callbox/appliance/call"
	"callbox/hcl"
)

// fence is a block of a page in markdown, with the language that stands behind its opening ticks.
type fence struct {
	line     int
	language string
	text     string
}

func fences(page string) (all []fence) {
	var open *fence
	for n, line := range strings.Split(page, "\n") {
		language, ticks := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case ticks && open == nil:
			open = &fence{line: n + 1, language: strings.TrimSpace(language)}
		case ticks:
			all, open = append(all, *open), nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return all
}

func TestEveryExampleOnEveryPageLoads(t *testing.T) {
	for _, page := range filesOf(t, `^(README|CONTRIBUTING)\.md$|^docs/.*\.md$`) {
		if page == referencePage {
			continue
		}
		for _, example := range fences(read(t, page)) {
			switch {
			case example.language == "hcl":
				name := fmt.Sprintf("%s:%d", page, example.line)
				if problem := load(fstest.MapFS{"example.hcl": {Data: []byte(example.text)}}); problem != "" {
					t.Errorf("%s: this example does not load:\n%s", name, problem)
				}
			case !slices.Contains(otherLanguages, example.language):
				t.Errorf("%s:%d: a block in %q; say hcl, so that it is tried, or one of %v", page, example.line, example.language, otherLanguages)
			}
		}
	}
}

const referencePage = "docs/reference.md"

// section is what stands in the reference between two titles.
func section(t *testing.T, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, referencePage), "\n# "+from+"\n")
	section, _, ends := strings.Cut(rest, "\n# "+to+"\n")
	if !found || !ends {
		t.Fatalf("%s has no %q before %q any more", referencePage, from, to)
	}
	return section
}

// The examples of the reference are one office, each step of a flow stands in a flow of its own, and each step of a test
// in a test.
func TestTheExamplesOfTheReferenceAreOneConfigurationThatLoads(t *testing.T) {
	blocks, steps := section(t, "Blocks", "Steps of a flow"), section(t, "Steps of a flow", "Call-flow tests")
	office := fstest.MapFS{ // what the examples name
		"holidays.ics":        {Data: []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")},
		"prompts/welcome.wav": {Data: []byte("RIFF")},
		"music/hold.wav":      {Data: []byte("RIFF")},
		"leads.csv":           {Data: []byte("number,name\n+886912345678,Chen\n")},
		"plugins/policy.lua":  {Data: []byte("return {}")},
	}
	for n, example := range fences(blocks) {
		if example.language == "hcl" {
			office[fmt.Sprintf("block%03d.hcl", n)] = &fstest.MapFile{Data: []byte(example.text)}
		}
	}
	for n, example := range fences(steps) {
		if example.language == "hcl" {
			office[fmt.Sprintf("step%03d.hcl", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "ivr \"example_%d\" {\n%s}\n", n, example.text)}
		}
	}
	office["flows.hcl"] = &fstest.MapFile{Data: []byte("ivr \"asks\" {\n  play {\n    prompt = prompt.welcome\n  }\n}\n")} // changed by a test
	office["changed/more.hcl"] = &fstest.MapFile{}
	for n, example := range fences(section(t, "Call-flow tests", "Steps of a test")) {
		office[fmt.Sprintf("whole%03d.test.hcl", n)] = &fstest.MapFile{Data: []byte(example.text)}
	}
	for n, example := range fences(section(t, "Steps of a test", "Manifests")) {
		calls := "call {\n  to = \"1\"\n}\n"
		if strings.HasPrefix(example.text, "call {") {
			calls = ""
		}
		calls += "call \"second\" {\n  to = \"1\"\n}\n"
		office[fmt.Sprintf("step%03d.test.hcl", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "test \"example %d\" {\n%s%sexpect { position = 1 }\n}\n", n, calls, example.text)}
	}
	if problem := load(office); problem != "" {
		t.Error(problem)
	}
}

func TestTheReferenceSaysWhatThisVersionReads(t *testing.T) {
	if !strings.HasPrefix(read(t, referencePage), strings.TrimRight(hcl.Docs().Markdown(), "\n")) {
		t.Errorf("%s is not what the language says of itself any more: make docs", referencePage)
	}
}

// Languages of examples that the box does not read.
var otherLanguages = []string{"sh", "text", "json", "lua", "go", "ini", "prometheus"}

// load gives what is wrong with a configuration, or nothing. Its secrets are good as passwords and as pins, and differ.
func load(office fstest.MapFS) string {
	secret := func(name string) (string, bool) {
		return fmt.Sprintf("%08d", crc32.ChecksumIEEE([]byte(name))%1e8), true
	}
	cfg, problems := hcl.Load(office, hcl.LoadOptions{Secret: secret, Verticals: fstest.MapFS{
		"insurance/vertical.hcl": {Data: []byte("title = \"a\"\nversion = \"1\"\ndescription = \"a\"\nvariable \"firm\" {}\n")},
	}})
	if cfg != nil {
		_, problems = hcl.LoadTests(office, cfg)
	}
	if !problems.HasErrors() {
		return ""
	}
	var b strings.Builder
	problems.Write(&b, false)
	return b.String()
}

func TestEveryCauseThatACallCanEndWithIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for line := range strings.Lines(read(t, "docs/causes.md")) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) == 8 {
			documented[strings.Join(cells[:7], " | ")+" |"] = true
		}
	}
	for _, c := range call.Causes() {
		row := fmt.Sprintf("| `%s` | `%s` | %s | %d | %s | %s | %s |", c.Who, c.Why, status(c), c.Q850, cmp.Or(string(c.Tone), "–"), c.Outcome, c.Text)
		if !documented[row] {
			t.Errorf("docs/causes.md lacks (what to do follows in an eighth cell):\n%s", row)
		}
		delete(documented, row)
	}
	for row := range documented {
		t.Errorf("docs/causes.md has what no call ends with any more:\n%s", row)
	}
}

func status(c call.Cause) string {
	if c.SIP == 0 {
		return "–"
	}
	return strconv.Itoa(c.SIP)
}

func TestEveryLinkOnEveryPageLeadsSomewhere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	there := map[string]bool{}
	for _, file := range filesOf(t, "") {
		for dir := file; dir != "."; dir = path.Dir(dir) {
			there[dir] = true
		}
	}
	for _, page := range filesOf(t, `\.md$`) {
		for _, link := range links.FindAllStringSubmatch(read(t, page), -1) {
			if target := path.Join(path.Dir(page), link[1]); !there[target] {
				t.Errorf("%s links to %s, which is not there", page, link[1])
			}
		}
	}
}
