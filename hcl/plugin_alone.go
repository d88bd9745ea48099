package hcl

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	hashi "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// LoadPlugin reads the folder of a plugin as if a configuration named it,
// allowed it all that it needs, and configured it: with its defaults, and with
// stand-ins for what has none. It is pure and bounded like Load. The plugin is
// also there when the manifest has mistakes, as long as there is a main.lua.
func LoadPlugin(fsys fs.FS) (p *Plugin, ds Diagnostics) {
	l := testLoader(fsys, &Config{world: &world{}})
	l.alone, l.secrets = true, map[string]bool{}
	defer func() {
		if r := recover(); r != nil { // as in Load
			l.fail(hashi.Range{}, "the plugin cannot be read", fmt.Sprintf("Reading it failed inside: %v. Please report this together with the files.", r))
			p, ds = nil, l.diagnostics()
		}
	}()
	p = &Plugin{Source: "."}
	b := &block{kind: pluginKind, body: &hclsyntax.Body{}, inner: map[string][]*block{}}
	if err := l.folderPlugin(p, b, l.files, ".", "."); err != nil {
		l.fail(hashi.Range{}, "the plugin cannot be read", sentence(err.Error()))
	}
	if p.Name = "plugin"; p.Manifest != nil && hclsyntax.ValidIdentifier(p.Manifest.Name) {
		p.Name = p.Manifest.Name
	}
	ds = l.diagnostics()
	if p.Files["main.lua"] == nil {
		p = nil
	}
	return p, ds
}

// standIn is a value for what a plugin must be configured with, where nobody
// configures it. Texts are addresses, because addresses are what is checked.
func standIn(key string, t cty.Type) cty.Value {
	switch {
	case t == cty.String:
		return cty.StringVal("https://" + strings.ReplaceAll(strings.ToLower(key), "_", "-") + ".example")
	case t == cty.Number:
		return cty.NumberIntVal(1)
	case t == cty.Bool:
		return cty.False
	case t.IsListType():
		return cty.ListValEmpty(t.ElementType())
	case t.IsSetType():
		return cty.SetValEmpty(t.ElementType())
	case t.IsMapType():
		return cty.MapValEmpty(t.ElementType())
	case t.IsObjectType():
		values := map[string]cty.Value{}
		for name, of := range t.AttributeTypes() {
			values[name] = standIn(name, of)
		}
		return cty.ObjectVal(values)
	case t.IsTupleType():
		var values []cty.Value
		for _, of := range t.TupleElementTypes() {
			values = append(values, standIn(key, of))
		}
		return cty.TupleVal(values)
	}
	return cty.NullVal(t)
}

// below is the path of a file from a folder, if it lies in it.
func below(folder, file string) (rest string, ok bool) {
	if folder == "." {
		return file, true
	}
	return strings.CutPrefix(file, folder+"/")
}

// hidden tells whether a file, or a folder on the way to it, begins with a dot:
// what editors and version control keep is no part of a plugin.
func hidden(rest string) bool {
	return slices.ContainsFunc(strings.Split(path.Clean(rest), "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}
