package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"callbox/hcl"
)

type formatting struct{ check, diff bool }

func (a *app) fmtCommand() *cobra.Command {
	var f formatting
	cmd := &cobra.Command{
		Use:   "fmt [--check] [--diff] DIR",
		Short: "Write a configuration's files in the one layout",
		Long: `Rewrites the *.hcl files of a directory, or one file, in the layout that everybody uses, and prints the names of those
that changed. With - it reads standard input and writes standard output, for editors.

--check changes nothing and ends with 1 when something would change. --diff shows what.`,
		Args: takes(1, 1, "a directory, a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				src, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(hcl.Format(src))
				return err
			}
			return a.format(cmd, args[0], f)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing; end with 1 when something would change")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "show what changes")
	return cmd
}

func (a *app) format(cmd *cobra.Command, path string, f formatting) error {
	files, err := hclFiles(path)
	if err != nil {
		return err
	}
	changed := []string{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return fail(err, "Make the file readable")
		}
		out := hcl.Format(src)
		if bytes.Equal(src, out) {
			continue
		}
		changed = append(changed, file)
		if !f.check {
			if err := rewrite(file, out); err != nil {
				return fail(err, "Make the directory writable, or look only, with --check")
			}
		}
		if a.json {
			continue
		}
		fmt.Fprintln(cmd.OutOrStdout(), clean(file))
		if f.diff {
			fmt.Fprint(cmd.OutOrStdout(), clean(unified(file, string(src), string(out))))
		}
	}
	if a.json {
		if err := a.said(cmd, map[string]any{"changed": changed, "written": !f.check}, ""); err != nil {
			return err
		}
	}
	if f.check && len(changed) > 0 {
		if a.json {
			return failed(exitFailed)
		}
		return fail(fmt.Errorf("%s not in the layout", counted(len(changed), "file")), "callbox fmt %s rewrites them", path)
	}
	return nil
}

// hclFiles are the files that fmt looks after: also tests, unlike what a box loads.
func hclFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fail(err, "Name a directory with *.hcl files")
	}
	if !info.IsDir() {
		if !strings.HasSuffix(path, ".hcl") {
			return nil, fail(fmt.Errorf("%s is no .hcl file", path), "Name a directory with *.hcl files, or one of them")
		}
		return []string{path}, nil
	}
	files, err := filepath.Glob(filepath.Join(quoteGlob(path), "*.hcl"))
	return files, err
}

func quoteGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// rewrite replaces a file in one step and keeps its mode; a link stays a link.
func rewrite(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	// The name begins with a dot and does not end with .hcl, so that a box that watches does not load it.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err := writeAll(tmp, content, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func writeAll(f *os.File, content []byte, mode fs.FileMode) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if shut := f.Close(); err == nil {
		err = shut
	}
	return err
}
