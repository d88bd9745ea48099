package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"callbox/hcl"
)

func (a *app) docsCommand() *cobra.Command {
	var man, markdown bool
	cmd := &cobra.Command{
		Use:   "docs [commands]",
		Short: "The reference of the language and of the commands",
		Long: `Prints the reference: every block and setting of the configuration with type, default and example, and every command.
It is written by this very program, so that it fits the version at hand.`,
		Example: `  callbox docs | less
  callbox docs --man > callbox-config.5
  callbox docs commands --man > callbox.1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] != "commands" {
				return usage(cmd, "expects nothing, or the word commands")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if man && markdown {
				return usage(cmd, "--man or --markdown, not both")
			}
			only := len(args) == 1
			text := ""
			switch {
			case man && only:
				text = manCommands(cmd.Root(), a.version)
			case man:
				text = hcl.Docs().Man()
			case only:
				text = markdownCommands(cmd.Root())
			default:
				text = strings.TrimRight(hcl.Docs().Markdown(), "\n") + "\n\n" + markdownCommands(cmd.Root())
			}
			if a.json {
				return a.said(cmd, map[string]string{map[bool]string{true: "man", false: "markdown"}[man]: text}, "")
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().BoolVar(&man, "man", false, "as a manual page")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "as Markdown (the default)")
	return cmd
}

// leaves are the commands that do something, in the order of the help.
func leaves(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range cmd.Commands() {
		switch {
		case c.Hidden || c.Name() == "help" || c.Name() == "completion":
		case c.HasSubCommands():
			all = append(all, leaves(c)...)
		default:
			all = append(all, c)
		}
	}
	return all
}

func markdownCommands(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprint(&b, "## Commands\n\nExit status: 0 done, 1 failed, 2 changes (`plan`), 64 wrong usage. Errors go to standard error and end with what to do.\n\nEvery command takes:\n\n")
	markdownFlags(&b, root.PersistentFlags())
	for _, c := range leaves(root) {
		fmt.Fprintf(&b, "\n### %s\n\n`%s`\n\n%s\n", c.CommandPath(), useLine(c), orElse(c.Long, c.Short+"."))
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", dedent(c.Example))
		}
		if c.LocalFlags().HasAvailableFlags() {
			b.WriteString("\n")
			markdownFlags(&b, c.LocalFlags())
		}
	}
	return b.String()
}

// useLine is how a command is typed, without the words that cobra adds.
func useLine(c *cobra.Command) string {
	return strings.TrimSuffix(strings.TrimSpace(c.Parent().CommandPath()+" "+c.Use), " [flags]")
}

func dedent(s string) string {
	return strings.ReplaceAll(strings.TrimPrefix(s, "  "), "\n  ", "\n")
}

func markdownFlags(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			fmt.Fprintf(b, "| `%s` | %s |\n", flagUse(f), flagText(f))
		}
	})
}

func flagUse(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	return strings.TrimSpace("--" + f.Name + " " + name)
}

func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
		return text
	}
	return fmt.Sprintf("%s (default %s)", text, f.DefValue)
}

// manCommands is callbox(1).
func manCommands(root *cobra.Command, version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH CALLBOX 1 \"\" \"callbox %s\" \"callbox\"\n.SH NAME\ncallbox \\- a call centre in one box\n", roff(version))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B callbox\n.I command\n[\\fIflags\\fR]\n.SH DESCRIPTION\n%s\n.SH COMMANDS\n", roff(root.Long))
	for _, c := range leaves(root) {
		fmt.Fprintf(&b, ".SS \"%s\"\n%s\n", roff(useLine(c)), roff(orElse(c.Long, c.Short+".")))
		manFlags(&b, c.LocalFlags())
	}
	b.WriteString(".SH \"FLAGS OF EVERY COMMAND\"\n")
	manFlags(&b, root.PersistentFlags())
	b.WriteString(".SH EXIT STATUS\n0 done, 1 failed, 2 changes (plan), 64 wrong usage.\n.SH SEE ALSO\n.BR callbox-config (5)\n")
	return b.String()
}

func manFlags(b *strings.Builder, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(flagUse(f)), roff(flagText(f)))
		}
	})
}

// roff writes plain text so that a manual page shows it as it is: lines stay lines.
func roff(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	s = strings.ReplaceAll(s, "-", `\-`)
	out := strings.Split(s, "\n")
	for i, line := range out {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			out[i] = `\&` + line
		}
	}
	return strings.Join(out, "\n.br\n")
}
