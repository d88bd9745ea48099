package hcl

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestEveryBlockAndAttributeIsDocumented(t *testing.T) {
	r := Docs()
	for _, p := range slices.Concat(r.Blocks, r.Steps, []Page{r.Test}, r.TestSteps, r.Manifests) {
		if p.Example == "" {
			t.Errorf("%s has no example", p.Kind)
		}
		checkPage(t, p, p.Kind)
	}
	for _, f := range r.Functions {
		if f.Doc == "" {
			t.Errorf("function %s has no description", f.Name)
		}
	}
}

func checkPage(t *testing.T, p Page, path string) {
	t.Helper()
	if !strings.HasSuffix(p.Doc, ".") {
		t.Errorf("%s is not documented in sentences: %q", path, p.Doc)
	}
	for _, a := range p.Attributes {
		if !strings.HasSuffix(a.Doc, ".") && !strings.HasSuffix(a.Doc, "}.") {
			t.Errorf("%s: %s is not documented in sentences: %q", path, a.Name, a.Doc)
		}
		if a.Takes == "" && a.Name != "…" {
			t.Errorf("%s: nothing says what %s takes", path, a.Name)
		}
	}
	for _, in := range p.Nested {
		checkPage(t, in, path+" "+in.Kind)
	}
}

func TestEveryAttributeStandsInAnExample(t *testing.T) {
	for _, k := range slices.Concat(kinds, stepKinds, []*kind{testKind}, testStepKinds) {
		written := map[string]bool{}
		file, diags := hclsyntax.ParseConfig([]byte(k.example), "example", hashi.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %s", k.name, diags)
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			if b.Type == k.name {
				collect(b.Body, "", written)
			}
		}
		want(t, k.name, reflect.TypeOf(k.new()).Elem(), "", written)
	}
}

func collect(body *hclsyntax.Body, path string, written map[string]bool) {
	for name := range body.Attributes {
		written[path+name] = true
	}
	for _, b := range body.Blocks {
		written[path+b.Type] = true
		collect(b.Body, path+b.Type+".", written)
	}
}

// instead are the attributes that cannot stand beside what their block's example
// shows, or are those of a block beside it; other tests load them.
var instead = map[string]bool{
	"tts command": true, "web tls.certificate": true, "web tls.key": true,
	"schedule closed.days": true, "schedule closed.from": true, "schedule closed.to": true,
}

func want(t *testing.T, kind string, typ reflect.Type, path string, written map[string]bool) {
	t.Helper()
	for _, f := range schemaOf(typ).fields {
		if !written[path+f.name] && !instead[kind+" "+path+f.name] {
			t.Errorf("%s: no example shows %s", kind, path+f.name)
		}
		if f.block && f.element() != reflect.TypeFor[Branch]() {
			want(t, kind, f.element(), path+f.name+".", written)
		}
	}
}

func TestTheExamplesAreInTheLayoutOfTheFormatter(t *testing.T) {
	for _, k := range slices.Concat(kinds, stepKinds, []*kind{testKind, manifestKind, verticalManifestKind}, testStepKinds) {
		if got := string(Format([]byte(k.example))); got != k.example {
			t.Errorf("%s: want\n%s", k.name, got)
		}
	}
}

// A reference that shows Go names to people who write HCL is of no use to them.
func TestTheReferenceSpeaksOfAttributesNotOfGoFields(t *testing.T) {
	text := Docs().Markdown()
	for _, goName := range []string{"LocalNetworks", "AcceptFrom", "CallerID", "MaxContacts", "NumberMatching", "FromPhones", "PortLow", "The field", "BargeIn"} {
		if strings.Contains(text, goName) {
			at := strings.Index(text, goName)
			t.Errorf("the reference says %s: …%s…", goName, text[max(0, at-60):min(len(text), at+60)])
		}
	}
	for _, has := range []string{"## trunk", "`accept_from`", "`[\"udp://0.0.0.0:5060\", \"tcp://0.0.0.0:5060\"]`", "`25s`", "### queue { wrap_up { } }", "| `secret(name)` |", "`\"03:00\"`", "live at once"} {
		if !strings.Contains(text, strings.ReplaceAll(has, "`25s`", "`\"25s\"`")) {
			t.Errorf("the reference does not have %s", has)
		}
	}
}

func TestTheManualPageHasNoLineThatIsTakenForARequest(t *testing.T) {
	man := Docs().Man()
	for line := range strings.Lines(man) {
		if strings.HasPrefix(line, ".") && !slices.ContainsFunc([]string{".TH ", ".SH ", ".SS ", ".TP\n", ".B ", ".BR ", ".PP\n", ".nf\n", ".fi\n", ".RS\n", ".RE\n"}, func(r string) bool { return strings.HasPrefix(line, r) }) {
			t.Errorf("request %q", line)
		}
	}
	if !strings.Contains(man, ".SS trunk \"NAME\"") {
		t.Error("the manual has no page of the trunk")
	}
}

func TestADefaultIsWhatTheDocumentationSays(t *testing.T) {
	cfg := loaded(t, one("extension \"1\" {\n}\ntrunk \"t\" {\n  address = \"sip:t.example\"\n}\n"))
	for _, c := range []struct {
		kind, attribute string
		value           any
	}{
		{"extension", "no_answer", cfg.Extensions["1"].NoAnswer},
		{"extension", "max_contacts", cfg.Extensions["1"].MaxContacts},
		{"trunk", "health", cfg.Trunks["t"].Health},
		{"trunk", "expires", cfg.Trunks["t"].Expires},
		{"sip", "listen", cfg.SIP.Listen},
		{"media", "codecs", cfg.Media.Codecs},
	} {
		k := kindOf(c.kind)
		f := schemaOf(structOf(k)).find(c.attribute)
		v := reflect.New(f.typ).Elem()
		setDefault(v, f)
		if !reflect.DeepEqual(v.Interface(), c.value) {
			t.Errorf("%s.%s is %v, documented %v", c.kind, c.attribute, c.value, v)
		}
	}
}
