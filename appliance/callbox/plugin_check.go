package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"callbox/appliance"
	"callbox/hcl"
	"callbox/lua"
)

func (a *app) pluginCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "Load a plugin in its sandbox and say what is wrong",
		Long: `Reads a plugin's folder and loads it in the sandbox that a box has, in a configuration of its own that allows what the
plugin needs. What it must be configured with gets stand-ins: addresses for texts, 1, false and empty lists. Neither a box
nor a configuration is needed, and no function is called.

Says what is wrong, with file, line and what to do; what flows can call and what the box calls; and what the plugin must be
allowed. Ends with 0 when the plugin can be used and 1 when it cannot.`,
		Example: `  callbox plugin check office/plugins/orders`,
		Args:    takes(1, 1, "the folder of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := checkPlugin(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return c.writeJSON(cmd.OutOrStdout())
			}
			if err := c.diags.Write(cmd.ErrOrStderr(), a.color(cmd.ErrOrStderr())); err != nil {
				return err
			}
			if c.diags.HasErrors() {
				return fail(fmt.Errorf("%s cannot be used: %s", args[0], problems(c.diags)), "Correct what is shown above; .callbox/ in a folder of callbox plugin new has all that plugins can call")
			}
			c.write(cmd.OutOrStdout())
			return nil
		},
	}
}

// checked is what became known of a plugin.
type checked struct {
	plugin    *hcl.Plugin // nil: there is nothing to load
	functions []string
	diags     hcl.Diagnostics
}

// checkPlugin reads a plugin, and loads it also when its manifest has mistakes, so that all is told at once.
func checkPlugin(ctx context.Context, dir string) (*checked, error) {
	p, diags, err := loadPlugin(dir)
	c := &checked{plugin: p, diags: diags}
	if err != nil || p == nil {
		return c, err
	}
	heard := &warnings{}
	functions, odd, err := appliance.TryPlugin(ctx, p, slog.New(heard))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.functions = functions
	for _, problem := range each(err) {
		c.diags = append(c.diags, luaDiagnostic(problem, p))
	}
	for _, text := range odd {
		c.diags = append(c.diags, hcl.Diagnostic{Severity: hcl.Warning, Summary: text, Detail: "Give it another name if flows call it, or the name of a hook."})
	}
	for _, text := range heard.lines {
		c.diags = append(c.diags, hcl.Diagnostic{Severity: hcl.Warning, Summary: text, Detail: "So said the sandbox, or the plugin itself, while it was loaded."})
	}
	return c, nil
}

// each takes joined errors apart.
func each(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

// luaDiagnostic tells why a plugin does not load as mistakes of a configuration are told.
func luaDiagnostic(err error, p *hcl.Plugin) hcl.Diagnostic {
	d := hcl.Diagnostic{Summary: err.Error(), Detail: "If the plugin is not to blame, callbox doctor looks at the machine."}
	var e *lua.Error
	if !errors.As(err, &e) {
		return d
	}
	d.Summary, d.File, d.Block = e.Text, e.File, fmt.Sprintf("plugin %q", e.Plugin)
	switch e.Kind {
	case lua.KindTimeout, lua.KindBudget, lua.KindMemory:
		d.Detail = "Outside of functions a plugin only makes its table. Move the work into the function that needs it."
	case lua.KindDenied:
		d.Detail = "Write it into needs { } of plugin.hcl, and ask the box inside of functions only."
	case lua.KindCrashed:
	default:
		d.Detail = "Correct it there; if the line looks right, look at the one before it."
	}
	lines := strings.Split(string(p.Files[e.File]), "\n")
	if e.Line > 0 && e.Line <= len(lines) {
		line := strings.TrimRight(lines[e.Line-1], "\r")
		start := 0
		for _, before := range lines[:e.Line-1] {
			start += len(before) + 1
		}
		d.Range.Start = hcl.Position{Line: e.Line, Column: 1, Byte: start}
		d.Range.End = hcl.Position{Line: e.Line, Column: 1 + len([]rune(line)), Byte: start + len(line)}
		d.Excerpt = []string{line}
	}
	return d
}

// warnings keeps what a host says of note.
type warnings struct {
	mu    sync.Mutex // guards lines
	lines []string
}

const maxWarnings = 100

func (w *warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler           { return w }
func (w *warnings) WithGroup(string) slog.Handler                { return w }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(", %s %s", a.Key, a.Value)
		return true
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) < maxWarnings {
		w.lines = append(w.lines, line)
	}
	return nil
}

func (c *checked) write(w io.Writer) {
	m := c.plugin.Manifest
	fmt.Fprintf(w, "%s %s can be used: %s\n", clean(m.Name), clean(m.Version), clean(m.Description))
	flows, box := []string{}, []string{}
	for _, name := range c.functions {
		if lua.IsHook(name) {
			box = append(box, name)
		} else {
			flows = append(flows, "plugin."+c.plugin.Name+"."+name)
		}
	}
	for _, line := range []struct {
		what string
		all  []string
	}{{"flows call", flows}, {"the box calls", box}, {"needs", needs(m.Needs)}} {
		text := "nothing"
		if len(line.all) > 0 {
			text = strings.Join(line.all, ", ")
		}
		fmt.Fprintf(w, "  %-14s %s\n", line.what, clean(text))
	}
}

// needs are what a plugin must be allowed, in words.
func needs(n *hcl.Allow) (all []string) {
	if n == nil {
		return nil
	}
	for _, prefix := range n.HTTP {
		all = append(all, "http "+prefix)
	}
	for _, level := range []struct{ name, level string }{{"crm", n.CRM}, {"tickets", n.Tickets}} {
		if level.level != "" {
			all = append(all, level.name+" "+level.level)
		}
	}
	for _, yes := range []struct {
		name string
		is   bool
	}{{"kv", n.KV}, {"sms", n.SMS}, {"mail", n.Mail}} {
		if yes.is {
			all = append(all, yes.name)
		}
	}
	return all
}

func (c *checked) writeJSON(w io.Writer) error {
	out := struct {
		Name        string          `json:"name"`
		Version     string          `json:"version"`
		Usable      bool            `json:"usable"`
		Functions   []string        `json:"functions"`
		Needs       []string        `json:"needs"`
		Diagnostics json.RawMessage `json:"diagnostics"` // as validate --json has them
	}{Usable: !c.diags.HasErrors(), Functions: append([]string{}, c.functions...), Needs: []string{}, Diagnostics: json.RawMessage(c.diags.JSON())}
	if c.plugin != nil {
		out.Name = c.plugin.Name
		if m := c.plugin.Manifest; m != nil {
			out.Version, out.Needs = m.Version, append(out.Needs, needs(m.Needs)...)
		}
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		return err
	}
	if !out.Usable {
		return failed(exitFailed)
	}
	return nil
}
