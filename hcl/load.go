package hcl

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// loader carries one Load from the files to the Config.
type loader struct {
	opts    LoadOptions
	files   *reader
	sources map[string][]byte // the text of each *.hcl, as parsed
	bodies  []*hclsyntax.Body
	partial bool // a file is missing or broken: what it defines is not known

	all   []*block
	named map[string]map[string]*block // kind → name → block

	variables map[string]cty.Value
	locals    map[string]cty.Value
	context   *hashi.EvalContext
	meter                     // work that expressions caused
	secrets   map[string]bool // values no diagnostic may show
	flow      *flow           // the flow that is being read
	settings  *settings
	uses      []promptUse
	inputs    map[string][]input           // of verticals, by variable
	templates []string                     // the verticals that were read
	manifests map[string]*VerticalManifest // theirs
	// pluginConfig is what config.KEY is while the needs of a plugin are read.
	pluginConfig map[string]cty.Value
	alone        bool     // a plugin is read without a configuration
	last         []func() // checks that wait for all blocks

	knownInputs, knownResults []string // of all flows, for tests

	found  []finding
	config *Config
}

// block is a block as written, with what became of it.
type block struct {
	kind  *kind
	name  string
	def   hashi.Range // its head: kind and label
	label hashi.Range
	body  *hclsyntax.Body
	value any
	outer *block
	// wrote has the places of the values that were written and are right.
	wrote map[string]hashi.Range
	inner map[string][]*block
}

// title is the block as people call it: `trunk "pstn"`.
func (b *block) title() string {
	if b.name == "" {
		return b.kind.name
	}
	return fmt.Sprintf("%s %q", b.kind.name, b.name)
}

// at is the place of an attribute's value, or of the block's head.
func (b *block) at(name string) hashi.Range {
	if r, ok := b.wrote[name]; ok {
		return r
	}
	return b.def
}

// has tells whether an attribute was written, and rightly.
func (b *block) has(name string) bool {
	_, ok := b.wrote[name]
	return ok
}

// Load reads every *.hcl directly in fsys, except *.test.hcl and hidden files,
// as one configuration. It is pure, and bounded in time and memory whatever
// the files hold. The Config is nil when the diagnostics have errors.
func Load(fsys fs.FS, o LoadOptions) (cfg *Config, ds Diagnostics) {
	l := &loader{
		opts:      o,
		meter:     meter{most: maxWork},
		files:     &reader{fsys: fsys, files: map[string][]byte{}},
		sources:   map[string][]byte{},
		named:     map[string]map[string]*block{},
		variables: map[string]cty.Value{},
		locals:    map[string]cty.Value{},
		secrets:   map[string]bool{},
		inputs:    map[string][]input{},
		manifests: map[string]*VerticalManifest{},
		settings:  newSettings(),
		config:    &Config{Later: map[string][]string{}},
	}
	// What comes from outside must not end the process, whatever the parser
	// beneath does with it.
	defer func() {
		if p := recover(); p != nil {
			l.fail(hashi.Range{}, "the configuration cannot be read", fmt.Sprintf("Reading it failed inside: %v. Please report this together with the files.", p))
			cfg, ds = nil, l.diagnostics()
		}
	}()
	l.parse()
	l.context = &hashi.EvalContext{Variables: map[string]cty.Value{}, Functions: l.functions()}
	l.verticals()
	l.collect()
	l.readVariables()
	l.readLocals()
	l.decodeAll()
	l.together()
	ds = l.diagnostics()
	if ds.HasErrors() {
		return nil, ds
	}
	l.config.Files = l.files.files
	l.config.Hash = hash(l.config.Files)
	l.config.world = &world{variables: l.variables, locals: l.locals, secrets: l.secrets, env: o.Env}
	return l.config, ds
}

func hash(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(files[name]))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// parse reads and parses the files. A file that cannot be parsed is left out,
// and then nobody is blamed for referring to what it may have defined.
func (l *loader) parse() {
	names, err := l.files.sources()
	if err != nil {
		l.fail(hashi.Range{}, "the configuration cannot be read", sentence(err.Error()))
		return
	}
	total := 0
	for _, name := range names {
		if !l.parseFile(name, &total) {
			l.partial = true
		}
	}
}

func (l *loader) parseFile(name string, total *int) bool {
	src, err := l.files.read(name, maxSource)
	if err != nil {
		l.fail(hashi.Range{Filename: name}, "the file cannot be read", sentence(err.Error()))
		return false
	}
	if *total += len(src); *total > maxSources {
		l.fail(hashi.Range{Filename: name}, "the configuration is too big", fmt.Sprintf("All *.hcl together have at most %s.", Size(maxSources)))
		return false
	}
	return l.parseSource(name, src) != nil
}

// parseSource parses the text of one file, if it can be parsed.
func (l *loader) parseSource(name string, src []byte) *hclsyntax.Body {
	src = bytes.TrimPrefix(src, byteOrderMark)
	l.sources[name] = src
	if !l.text(name, src) || !l.scan(name, src) {
		return nil
	}
	file, diags := hclsyntax.ParseConfig(src, name, hashi.InitialPos)
	l.add(diags)
	if diags.HasErrors() {
		return nil
	}
	body := file.Body.(*hclsyntax.Body)
	l.restoreNames(body, src)
	l.bodies = append(l.bodies, body)
	return body
}

// collect sorts the blocks by kind and name.
func (l *loader) collect() {
	for _, body := range l.bodies {
		for _, a := range sorted(body) {
			l.fail(a.NameRange, fmt.Sprintf("%q stands outside any block", a.Name), "A configuration is made of blocks; values for reuse go into locals { }.")
		}
		for _, syntax := range body.Blocks {
			l.collectBlock(syntax)
		}
	}
}

func (l *loader) collectBlock(syntax *hclsyntax.Block) {
	k := kindOf(syntax.Type)
	if k == nil {
		l.unknownBlock(syntax)
		return
	}
	b := &block{kind: k, def: syntax.DefRange(), label: syntax.DefRange(), body: syntax.Body}
	if !l.readLabel(b, syntax) {
		return
	}
	if k.name == "locals" {
		l.all = append(l.all, b)
		return
	}
	if l.named[k.name] == nil {
		l.named[k.name] = map[string]*block{}
	}
	if first := l.named[k.name][b.name]; first != nil {
		detail := fmt.Sprintf("It is defined first at %s. Rename or remove one of them.", placeOf(first.def))
		if b.name == "" {
			detail = fmt.Sprintf("It stands first at %s. There is one %s block: put everything into it.", placeOf(first.def), k.name)
		}
		l.fail(b.def, b.title()+" is defined twice", detail)
		return
	}
	l.named[k.name][b.name] = b
	l.all = append(l.all, b)
}

func (l *loader) unknownBlock(syntax *hclsyntax.Block) {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	detail := meant(syntax.Type, names, "Blocks are")
	switch {
	case syntax.Type == "test":
		detail = "Call-flow tests stand in files of their own that end in .test.hcl; move it there."
	case findStep(syntax.Type) != nil:
		detail = fmt.Sprintf("%s is a step of a flow: it stands inside an ivr. ", syntax.Type) + detail
	}
	l.fail(syntax.TypeRange, fmt.Sprintf("unknown block %q", syntax.Type), detail)
}

// readLabel checks the labels of a block against its struct.
func (l *loader) readLabel(b *block, syntax *hclsyntax.Block) bool {
	f := schemaOf(structOf(b.kind)).label
	switch n := len(syntax.Labels); {
	case f == nil && n > 0:
		l.fail(syntax.LabelRanges[0], fmt.Sprintf("%s has no name", b.kind.name), fmt.Sprintf("Write %s { … }.", b.kind.name))
		return false
	case f == nil:
		return true
	case n == 0 && f.optional:
		return true
	case n == 0:
		l.fail(syntax.TypeRange, fmt.Sprintf("%s needs a name", b.kind.name), fmt.Sprintf("Write %s \"NAME\" { … }.", b.kind.name))
		return false
	case n > 1:
		l.fail(syntax.LabelRanges[1], fmt.Sprintf("%s has one name", b.kind.name), fmt.Sprintf("Write %s %q { … }.", b.kind.name, syntax.Labels[0]))
		return false
	}
	b.name, b.label = syntax.Labels[0], syntax.LabelRanges[0]
	check := checkName
	if f.format != "" {
		check = formats[f.format].check
	}
	if err := check(b.name); err != nil {
		l.fail(b.label, fmt.Sprintf("%s %q: not a name", b.kind.name, b.name), err.Error())
		return false
	}
	return true
}

func placeOf(r hashi.Range) string { return fmt.Sprintf("%s line %d", r.Filename, r.Start.Line) }

// sentence makes one of an error.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// sorted returns the attributes of a body in the order written.
func sorted(body *hclsyntax.Body) []*hclsyntax.Attribute {
	return slices.SortedFunc(maps.Values(body.Attributes), func(a, b *hclsyntax.Attribute) int {
		return a.NameRange.Start.Byte - b.NameRange.Start.Byte
	})
}
