package hcl

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// refused loads what must not load, and fails when that takes longer than a slow
// machine under a race detector needs.
func refused(t *testing.T, name string, texts map[string]string) Diagnostics {
	t.Helper()
	start := time.Now()
	cfg, ds := Load(files(texts), known())
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	if cfg != nil || !ds.HasErrors() {
		t.Errorf("%s loaded", name)
	}
	return ds
}

func TestTextThatNestsDeeperThanTheStackIsRefused(t *testing.T) {
	const n = 75_000 // 150 kB of brackets, which kill a process that parses them
	repeat := strings.Repeat
	for name, text := range map[string]string{
		"parentheses":          "locals {\n a = " + repeat("(", n) + "1" + repeat(")", n) + "\n}\n",
		"open parentheses":     "locals {\n a = " + repeat("(", n),
		"brackets":             "locals {\n a = " + repeat("[", n) + repeat("]", n) + "\n}\n",
		"braces":               "locals {\n a = " + repeat("{a=", n) + "1" + repeat("}", n) + "\n}\n",
		"blocks":               repeat("a {\n", n) + repeat("}\n", n),
		"blocks in a line":     repeat("a{", n),
		"not":                  "locals {\n a = " + repeat("!", n) + "true\n}\n",
		"minus":                "locals {\n a = " + repeat("-", n) + "1\n}\n",
		"minus and space":      "locals {\n a = " + repeat("- ", n) + "1\n}\n",
		"not and minus":        "locals {\n a = " + repeat("!-", n) + "1\n}\n",
		"signs over lines":     "locals {\n a = (" + repeat("!\n", n) + "true)\n}\n",
		"templates":            "locals {\n a = " + repeat(`"${`, n) + "1" + repeat(`}"`, n) + "\n}\n",
		"template directives":  "locals {\n a = \"" + repeat("%{ if true }", n) + repeat("%{ endif }", n) + "\"\n}\n",
		"template loops":       "locals {\n a = \"" + repeat("%{ for x in [1] }", n) + repeat("%{ endfor }", n) + "\"\n}\n",
		"heredocs":             "locals {\n a = " + repeat("<<A\n${", n) + "\n}\n",
		"conditionals":         "locals {\n a = " + repeat("true ? 1 : ", n) + "1\n}\n",
		"sums":                 "locals {\n a = 1" + repeat("+1", n) + "\n}\n",
		"sums over lines":      "locals {\n a = (1" + repeat("\n+1", n) + ")\n}\n",
		"comparisons":          "locals {\n a = 1" + repeat("==1", n) + "\n}\n",
		"indexes":              "locals {\n a = [1]" + repeat("[0]", n) + "\n}\n",
		"computed indexes":     "locals {\n b = 0\n a = [1]" + repeat("[local.b]", n) + "\n}\n",
		"splats":               "locals {\n a = [1]" + repeat("[*]", n) + "\n}\n",
		"attribute splats":     "locals {\n a = local" + repeat(".*", n) + "\n}\n",
		"calls":                "locals {\n a = " + repeat("upper(", n) + "\"\"" + repeat(")", n) + "\n}\n",
		"loops":                "locals {\n a = " + repeat("[for x in [1] : ", n) + "1" + repeat("]", n) + "\n}\n",
		"nesting times sums":   "locals {\n a = " + repeat("(1"+repeat("+1", 900)+"+", 90) + "1" + repeat(")", 90) + "\n}\n",
		"lines of a text":      "locals {\n a = <<E\n" + repeat("a\n", n) + "E\n}\n",
		"dollars":              "locals {\n a = \"" + repeat("$", n) + "\"\n}\n",
		"types":                "variable \"a\" {\n type = " + repeat("list(", n) + "string" + repeat(")", n) + "\n}\n",
		"json":                 "locals {\n a = jsondecode(\"" + repeat("[", n) + repeat("]", n) + "\")\n}\n",
		"given by computation": "locals {\n a = \"[[[[[[[[[[\"\n b = join(\"\", [for i in range(1000) : local.a])\n c = jsondecode(local.b)\n}\n",
	} {
		refused(t, name, one(text))
		Format([]byte(text)) // must come back too
	}
}

func TestStringsAndCommentsDoNotCountAsNesting(t *testing.T) {
	deep := strings.Repeat("({[!", 500)
	loaded(t, one("# "+deep+"\n// "+deep+"\n/* "+deep+"\n*/\nlocals {\n a = \""+deep+"\"\n b = <<END\n"+deep+"\nEND\n c = ["+strings.Repeat("[1], ", 5000)+"]\n d = "+
		strings.Repeat("[", 80)+strings.Repeat("]", 80)+"\n}\n"))
}

func TestComputationsThatExplodeAreRefused(t *testing.T) {
	var squares, lists strings.Builder
	for i := range 40 {
		fmt.Fprintf(&squares, " a%d = local.a%d * local.a%d\n", i+1, i, i)
		fmt.Fprintf(&lists, " a%d = [for x in range(1000) : local.a%d]\n", i+1, i)
	}
	big := "big = join(\"\", [for i in range(1000) : \"" + strings.Repeat("a", 900) + "\"])\n"
	for name, text := range map[string]string{
		"squares":                    "locals {\n a0 = 1e9\n" + squares.String() + "}\n",
		"lists":                      "locals {\n a0 = 1\n" + lists.String() + "}\n",
		"copies":                     "locals {\n" + big + " a = \"" + strings.Repeat("${local.big}", 2000) + "\"\n}\n",
		"copies in a loop":           "locals {\n" + big + " a = [for x in range(1000) : \"${local.big}${local.big}\"]\n}\n",
		"replacement":                "locals {\n" + big + " a = replace(local.big, \"a\", local.big)\n}\n",
		"replacement by pattern":     "locals {\n" + big + " a = regexreplace(local.big, \"a\", local.big)\n}\n",
		"empty replacement":          "locals {\n" + big + " a = replace(local.big, \"\", local.big)\n}\n",
		"matching":                   "locals {\n" + big + " a = regexall(\"(a?){400}a{400}\", local.big)\n}\n",
		"join":                       "locals {\n" + big + " a = join(local.big, range(1000))\n}\n",
		"product":                    "locals {\n a = setproduct(range(1000), range(1000), range(1000))\n}\n",
		"indent":                     "locals {\n a = indent(1e15, \"a\\nb\")\n}\n",
		"format":                     "locals {\n a = format(\"%*d\", 999999999, 1)\n}\n",
		"power of ten":               "locals {\n a = \"${1e99 * 1e99 * 1e99}\"\n b = 1e98 * 1e98\n}\n",
		"nested loops in a template": "locals {\n a = \"%{ for x in range(1000) }%{ for y in range(1000) }x%{ endfor }%{ endfor }\"\n}\n",
	} {
		refused(t, name, one(text))
	}
}

func TestTenThousandLocalsInARowAreNoBurden(t *testing.T) {
	var b strings.Builder
	b.WriteString("locals {\n a0 = 1\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, " a%d = local.a%d\n", i+1, i)
	}
	b.WriteString("}\n")
	loaded(t, one(b.String()))
}

func TestFilesThatAreNoTextAreToldKindly(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfea\x00":                      "the file is UTF-16",
		"# caf\xe9\n":                        "the file is not UTF-8",
		"appliance {\r}\r":                   "a carriage return without a line feed",
		"appliance {\n name = \"a\x00b\"\n}": "a control character in the text",
	} {
		ds := refused(t, want, one(text))
		if ds[0].Summary != want || ds[0].Range.Start.Line == 0 {
			t.Errorf("%q: %s", text, ds[0])
		}
	}
	cfg := loaded(t, one("\xef\xbb\xbfappliance {\r\n  name = \"Windows\"\r\n}\r\n"))
	if cfg.Appliance.Name != "Windows" {
		t.Errorf("name %q", cfg.Appliance.Name)
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	refused(t, "a big file", one(strings.Repeat("#", maxSource+1)))
	many := map[string]string{}
	for i := range maxFiles + 1 {
		many[fmt.Sprintf("f%d.hcl", i)] = ""
	}
	refused(t, "many files", many)
	sum := map[string]string{}
	for i := range maxSources/maxSource + 1 {
		sum[fmt.Sprintf("f%d.hcl", i)] = strings.Repeat("#", maxSource)
	}
	refused(t, "big files together", sum)
	if ds := refused(t, "many mistakes", one(strings.Repeat("x {\n}\n", 5000))); len(ds) > maxFindings+1 {
		t.Errorf("%d diagnostics", len(ds))
	}
}

func TestOnlyRegularFilesInsideTheDirectoryAreRead(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "secret.txt"), "outside")
	write(filepath.Join(dir, "real.txt"), "inside")
	write(filepath.Join(dir, "name.hcl"), "appliance {\n  name = file(\"inner.txt\")\n}\n")
	link("real.txt", "inner.txt")
	if cfg, ds := Load(os.DirFS(dir), known()); cfg == nil || cfg.Appliance.Name != "inside" {
		t.Errorf("a link inside: %s", told(ds))
	}

	link(filepath.Join(outside, "secret.txt"), "absolute.txt")
	link("../"+filepath.Base(outside)+"/secret.txt", "relative.txt")
	link("loop-b.txt", "loop-a.txt")
	link("loop-a.txt", "loop-b.txt")
	link("/dev/zero", "zero.txt")
	link(outside, "folder")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.txt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "directory.txt"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"absolute.txt", "relative.txt", "loop-a.txt", "zero.txt", "folder/secret.txt", "pipe.txt", "directory.txt", "../secret.txt", "/etc/hostname", `..\secret.txt`, "none.txt", ""} {
		write(filepath.Join(dir, "name.hcl"), fmt.Sprintf("appliance {\n  name = file(%q)\n}\n", name))
		cfg, ds := Load(os.DirFS(dir), known())
		if cfg != nil || len(ds) != 1 || ds[0].Range.Start.Line != 2 {
			t.Errorf("file(%q): %s", name, told(ds))
		}
	}
}

func TestAConfigurationFileThatIsNoFileIsToldAndNotOpened(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.hcl"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.hcl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ds := Load(os.DirFS(dir), known()); len(ds) != 2 {
		t.Error(told(ds))
	}
	if _, ds := Load(os.DirFS(filepath.Join(dir, "none")), known()); !ds.HasErrors() {
		t.Error("a directory that is not there loaded")
	}
}

// broken is a file system that fails.
type broken struct{ fstest.MapFS }

func (broken) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrPermission }

func TestADirectoryThatMayNotBeReadIsTold(t *testing.T) {
	if _, ds := Load(broken{}, LoadOptions{}); len(ds) != 1 || !strings.Contains(ds[0].Detail, "may not read") {
		t.Error(told(ds))
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	type holder struct {
		Password Secret
		Any      any
	}
	h := holder{"hunter2", Secret("hunter2")}
	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%v", "%10s"} {
		fmt.Fprintf(&printed, verb, h)
		fmt.Fprintf(&printed, verb, &h)
		fmt.Fprintf(&printed, verb, h.Password)
	}
	j, err := json.Marshal(map[string]any{"a": h})
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(j)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "h", h, "p", h.Password, "e", fmt.Errorf("wrong: %s", h.Password))
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "h", h, "p", h.Password)
	for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2")} {
		if strings.Contains(printed.String(), leak) {
			t.Errorf("printed: %s", printed.String())
		}
	}
	if h.Password.Reveal() != "hunter2" {
		t.Error("Reveal does not reveal")
	}
}

func TestNoDiagnosticShowsASecretWhateverIsWrongAroundIt(t *testing.T) {
	for _, text := range []string{
		"extension \"1\" {\n  password = \"hunter2\" name = \"x\"\n}\n",
		"extension \"1\" {\n  password = <<E\nhunter2\nE\n  nam = 1\n}\n",
		"extension \"1\" {\n  password = <<E\nhunter2\n",
		"extension \"1\" {\n  password = [\"hunter2\"]\n}\n",
		"extension \"1\" {\n  password = [\n    \"hunter2\",\n    \"hunter2\"\n  ]\n}\n",
		"extension \"1\" {\n  Password = \"hunter2\"\n}\n",
		"extension \"1\" {\n  password : \"hunter2\"\n}\n",
		"extension \"1\" {\n  password = upper(\"hunter2\", 1)\n}\n",
		"extension \"1\" {\n  password = \"hunter2${\"\n}\n",
		"extension \"1\" {\n  password { value = \"hunter2\" }\n}\n",
		"plugin \"p\" {\n  source = \"callbox:x\"\n  config = { api_key = \"hunter2\", x = y }\n}\n",
		"plugin \"p\" {\n  source = \"callbox:x\"\n  config = {\n    token = \"hunter2\"\n    x = y\n  }\n}\n",
		"voicemail \"v\" {\n  pin = \"hunter2\"\n  max = secret(\"hunter2-name\")\n}\n",
		"locals {\n  password = \"hunter2\"\n  a = local.password.x\n}\nappliance {\n  name = [local.password]\n}\n",
		"sms {\n  url = \"https://u:hunter2@sms.example\"\n  from = \"x\"\n  headers = { Authorization = \"hunter2\", Other = 1 }\n}\n",
		"trunk \"t\" {\n  address = \"sip:u:hunter2@t.example\"\n  password = 1\n}\n",
	} {
		_, ds := Load(files(one(text)), LoadOptions{})
		shown := strings.ReplaceAll(told(ds)+string(ds.JSON())+fmt.Sprint(ds), "hunter2-name", "")
		if strings.Contains(shown, "hunter2") || len(ds) == 0 {
			t.Errorf("%s\n%s", text, told(ds))
		}
	}
}

func TestASecretThatWasLookedUpIsShownNowhere(t *testing.T) {
	o := LoadOptions{Secret: func(string) (string, bool) { return "s3cr3t-v4lue", true }, Bundled: known().Bundled}
	for _, text := range []string{
		"appliance {\n  name = secret(\"a\")\n}\n",
		"media {\n  codecs = [secret(\"a\")]\n}\n",
		"appliance {\n  timezone = \"x${secret(\"a\")}\"\n}\n",
		"locals {\n  a = jsondecode(secret(\"a\"))\n}\n",
		"agent \"a\" {\n  skills = { (secret(\"a\")) = 1 }\n}\n",
		"trunk \"a\" {\n  address = \"sip:a.example\"\n  channels = secret(\"a\")\n}\n",
		"route \"a\" {\n  to = number(secret(\"a\"))\n}\n",
		"route \"a\" {\n  to = secret(\"a\")\n}\n",
		"locals {\n  a = { x = 1 }[secret(\"a\")]\n}\n",
		"voicemail \"a\" {\n  pin = secret(\"a\")\n}\n",
		"backup {\n  to = \"/b\"\n  passphrase = secret(\"a\")\n  keep = secret(\"a\") == \"x\" ? 1 : 2\n}\n",
	} {
		_, ds := Load(files(one(text)), o)
		if shown := told(ds) + string(ds.JSON()); strings.Contains(shown, "s3cr3t") || !ds.HasErrors() {
			t.Errorf("%s\n%s", text, shown)
		}
	}
	cfg, ds := Load(files(one("plugin \"p\" {\n  source = \"callbox:x\"\n  config = { token = \"t ${secret(\"a\")}\", list = [secret(\"a\")] }\n}\n")), o)
	if cfg == nil || strings.Contains(fmt.Sprintf("%v", cfg.blocks["plugin"]["p"]), "s3cr3t") {
		t.Errorf("config of a plugin: %s", told(ds))
	}
}
