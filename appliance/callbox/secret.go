package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"callbox/appliance"
)

// maxSecretInput is how much of standard input is taken as a value.
const maxSecretInput = 64 << 10

func (a *app) secretCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Passwords that the configuration names with secret(\"…\")",
		Long: `Keeps passwords in the box's data directory, encrypted. The configuration names them: password = secret("pstn").
A box that runs uses a new value at once, for calls from then on. Values are never shown again.`,
	}
	group(cmd)
	cmd.AddCommand(a.secretSetCommand(), a.secretListCommand(), a.secretDeleteCommand())
	return cmd
}

func (a *app) secretSetCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "set NAME",
		Short: "Keep a value, asked for without echo or read from standard input",
		Example: `  callbox secret set pstn
  pass show carrier | callbox secret set pstn`,
		Args: takes(1, 1, "one name; the value is asked for, or read from standard input, so that no list of processes shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			value, err := readSecret(cmd, args[0])
			if err != nil {
				return err
			}
			err = a.secrets(cmd, func(b *boxClient) error {
				_, err := b.tell(cmd.Context(), "PUT", "/v1/secrets/"+url.PathEscape(args[0]), map[string]string{"value": value})
				return err
			}, func(s *appliance.Secrets) error { return s.Set(args[0], value) })
			if err != nil {
				return err
			}
			return a.said(cmd, map[string]string{"set": args[0]}, "%s is kept.", args[0])
		},
	})
}

func (a *app) secretListCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "list",
		Short: "The names that are kept, never the values",
		Args:  takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var names []string
			err := a.secrets(cmd, func(b *boxClient) error {
				body, err := b.ask(cmd.Context(), "GET", "/v1/secrets", nil)
				if err == nil {
					names, err = decode[[]string](body)
				}
				return err
			}, func(s *appliance.Secrets) error { names = s.Names(); return nil })
			if err != nil {
				return err
			}
			if a.json {
				return a.said(cmd, append([]string{}, names...), "")
			}
			if len(names) == 0 {
				return a.said(cmd, nil, "No secrets are kept. callbox secret set NAME keeps one.")
			}
			return a.said(cmd, nil, "%s", strings.Join(names, "\n"))
		},
	})
}

func (a *app) secretDeleteCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "delete NAME",
		Short: "Forget a value",
		Args:  takes(1, 1, "one name, as callbox secret list shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.secrets(cmd, func(b *boxClient) error {
				_, err := b.ask(cmd.Context(), "DELETE", "/v1/secrets/"+url.PathEscape(args[0]), nil)
				return err
			}, func(s *appliance.Secrets) error { return s.Delete(args[0]) })
			if err != nil {
				return err
			}
			return a.said(cmd, map[string]string{"deleted": args[0]}, "%s is forgotten.", args[0])
		},
	})
}

// secrets does something through the box that runs on the data directory, or, when none does, in the directory itself.
func (a *app) secrets(cmd *cobra.Command, live func(*boxClient) error, still func(*appliance.Secrets) error) error {
	b, err := a.connect()
	if err != nil {
		return err
	}
	err = live(b)
	if a.box != "" || !errors.Is(err, errNoBox) {
		return err
	}
	// Only the first secret makes a data directory; looking for one must not.
	if _, err := os.Stat(a.data); err != nil && cmd.Name() != "set" {
		return fail(err, "Name the box's data directory with --data")
	}
	s, err := appliance.OpenSecrets(a.data)
	if err != nil {
		return fail(err, "Name the box's data directory with --data, as a user who may write there")
	}
	if err := still(s); err != nil {
		return fail(err, "callbox secret list shows what there is")
	}
	return nil
}

// readSecret asks a person without echo, or takes standard input as it is but for the newline at its end.
func readSecret(cmd *cobra.Command, name string) (string, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(cmd.ErrOrStderr(), "Value of %s (not shown): ", name)
		typed, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", fail(err, "Give the value on standard input")
		}
		return checkSecret(string(typed))
	}
	value, err := io.ReadAll(io.LimitReader(bufio.NewReader(in), maxSecretInput+1))
	if err != nil {
		return "", fail(err, "Give the value on standard input")
	}
	if len(value) > maxSecretInput {
		return "", fail(errors.New("the value is too long"), "Give at most 4096 bytes")
	}
	return checkSecret(strings.TrimSuffix(strings.TrimSuffix(string(value), "\n"), "\r"))
}

func checkSecret(value string) (string, error) {
	if value == "" {
		return "", fail(errors.New("the value is empty"), "Type it, or give it on standard input")
	}
	return value, nil
}
