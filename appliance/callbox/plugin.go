package main

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/spf13/cobra"

	"callbox/hcl"
	"callbox/lua"
)

// newPlugin is what a plugin begins as; NAME in it, also in names of files, is the plugin's.
//
//go:embed newplugin
var newPlugin embed.FS

// pluginName is what flows can refer to and the sandbox loads.
var pluginName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

// maxPluginFolder is how much a plugin's folder may hold, with the sounds of its tests.
const maxPluginFolder = 64 << 20

func (a *app) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write plugins in Lua: begin one, check it, test it",
	}
	group(cmd)
	cmd.AddCommand(a.pluginNewCommand(), a.pluginCheckCommand(), a.pluginTestCommand())
	return cmd
}

func (a *app) pluginNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME [DIR]",
		Short: "Begin a plugin that works, with tests and what editors need",
		Long: `Writes a plugin that works into DIR, or into a folder of its name: the manifest plugin.hcl, main.lua with types, README.md,
tests, the small office that they run in, and the settings and definitions by which editors with the Lua language server
complete and check what the box gives to plugins. Nothing is overwritten.`,
		Example: `  callbox plugin new orders
  callbox plugin new orders office/plugins/orders`,
		Args: takes(1, 2, "the plugin's name, and perhaps a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !pluginName.MatchString(name) {
				return usage(cmd, "a plugin's name begins with a letter and has at most 64 letters, digits, _ and -; got %q", name)
			}
			dir := name
			if len(args) == 2 {
				dir = args[1]
			}
			return a.newPlugin(cmd, name, dir)
		},
	}
}

func (a *app) newPlugin(cmd *cobra.Command, name, dir string) error {
	switch there, err := os.ReadDir(dir); {
	case err == nil && len(there) > 0:
		return fail(fmt.Errorf("%s has files already, and nothing is overwritten", dir), "Name a directory that is empty or not there yet")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fail(err, "Name a directory that is empty or not there yet")
	}
	files, err := pluginFiles(name)
	if err != nil {
		return err
	}
	written := slices.Sorted(maps.Keys(files))
	for _, file := range written {
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(file)), files[file]); err != nil {
			return fail(err, "Make the directory writable, or name another")
		}
	}
	return a.said(cmd, map[string]any{"plugin": name, "directory": dir, "files": written},
		"%s has the plugin %s. Next: callbox plugin test %s", dir, name, dir)
}

// pluginFiles are the files of a new plugin, by their paths in its folder.
func pluginFiles(name string) (map[string][]byte, error) {
	files := lua.Stubs()
	entries, err := newPlugin.ReadDir("newplugin")
	for _, e := range entries {
		text, failed := newPlugin.ReadFile("newplugin/" + e.Name())
		err = cmp.Or(err, failed)
		text = []byte(strings.ReplaceAll(string(text), "NAME", name))
		if path.Ext(e.Name()) == ".hcl" {
			text = hcl.Format(text)
		}
		files[strings.ReplaceAll(e.Name(), "NAME", name)] = text
	}
	return files, err
}

// writeNew writes a file that is not there yet.
func writeNew(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return writeAll(f, text, 0o644)
}

func (a *app) pluginTestCommand() *cobra.Command {
	var t selection
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Prove what callers experience with a plugin, without a box",
		Long: `Runs the *.test.hcl of a plugin's folder as callbox test does, in virtual time. The other *.hcl of the folder, but for
plugin.hcl, are the configuration that they run in, in which the folder lies at plugins/NAME; NAME is the one of plugin.hcl.
callbox plugin new writes such a configuration.

Ends with 0 when all tests passed and 1 when one failed or the plugin cannot be used.`,
		Example: `  callbox plugin test orders
  callbox plugin test orders --run busy --json`,
		Args: takes(1, 1, "the folder of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.testPlugin(cmd, args[0], &t) },
	}
	t.flags(cmd)
	return cmd
}

func (a *app) testPlugin(cmd *cobra.Command, dir string, t *selection) error {
	if err := t.read(cmd); err != nil {
		return err
	}
	p, diags, err := loadPlugin(dir)
	if err != nil {
		return err
	}
	if p == nil || diags.HasErrors() {
		return a.untestable(cmd, dir, diags)
	}
	office, err := pluginOffice(os.DirFS(dir), p.Name)
	if err != nil {
		return fail(err, "A plugin is a small folder of files that can be read")
	}
	cfg, diags := hcl.Load(office, a.loadOptions(func(string) {}))
	if cfg == nil {
		return a.untestable(cmd, dir, diags)
	}
	if len(cfg.Plugins) == 0 {
		return fail(fmt.Errorf("%s has no configuration for its tests", dir),
			"Write office.hcl beside plugin.hcl, with plugin %q { source = \"plugins/%s\" } and a flow that runs it; callbox plugin new shows one", p.Name, p.Name)
	}
	return a.runTests(cmd, office, cfg, dir, t)
}

// loadPlugin reads the folder of a plugin alone.
func loadPlugin(dir string) (*hcl.Plugin, hcl.Diagnostics, error) {
	switch info, err := os.Stat(dir); {
	case err != nil:
		return nil, nil, fail(err, "Name the folder of a plugin; callbox plugin new NAME begins one")
	case !info.IsDir():
		return nil, nil, fail(fmt.Errorf("%s is a file", dir), "Name the folder that has plugin.hcl and main.lua")
	}
	p, diags := hcl.LoadPlugin(os.DirFS(dir))
	return p, diags, nil
}

// pluginOffice is the configuration of a plugin's tests: the folder, without the manifest, which is none of its files, and in
// it the folder again, as plugins/NAME.
func pluginOffice(folder fs.FS, name string) (fstest.MapFS, error) {
	office, total := fstest.MapFS{}, int64(0)
	err := fs.WalkDir(folder, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || file == ".":
			return err
		case strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(d.Name(), ".") || !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if total += info.Size(); total > maxPluginFolder {
			return fmt.Errorf("the folder has more than %d MB", maxPluginFolder>>20)
		}
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		if file != "plugin.hcl" {
			office[file] = &fstest.MapFile{Data: text, Mode: 0o644}
		}
		office[path.Join("plugins", name, file)] = &fstest.MapFile{Data: text, Mode: 0o644}
		return nil
	})
	return office, err
}
