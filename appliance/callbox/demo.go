package main

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"callbox/appliance"
)

//go:embed demo/*.hcl
var demoFiles embed.FS

// demoPassword stands in the embedded files where each box gets a password of its own, because phones on the network can
// reach the demo and everybody can read this.
const demoPassword = "replace-me-at-once"

// writeDemo writes the demo office unless there is something already. The ports are the usual ones, or the next that are
// free on this machine.
func writeDemo(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	password, err := newPassword()
	if err != nil {
		return err
	}
	own := strings.NewReplacer(demoPassword, password, ":5060", freePort(5060, 10), ":8080", freePort(8080, 1))
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	// The office appears as a whole or not at all.
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".office-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	names, err := fs.Glob(demoFiles, "demo/*.hcl")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := demoFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(tmp, filepath.Base(name)), []byte(own.Replace(string(content))), 0o600); err != nil {
			return err
		}
	}
	return os.Rename(tmp, dir)
}

// freePort is the first port, from one on in steps, that is free by UDP and TCP, as ":5060". When none of the first few is,
// the first it remains, and the start says what to do.
func freePort(first, step int) string {
	for port := first; port < first+5*step; port += step {
		address := fmt.Sprintf(":%d", port)
		u, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		t, err := net.Listen("tcp", address)
		u.Close()
		if err == nil {
			t.Close()
			return address
		}
	}
	return fmt.Sprintf(":%d", first)
}

// newPassword is eight characters that are easy to type into a phone.
func newPassword() (string, error) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var b strings.Builder
	for range 8 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", err
		}
		b.WriteByte(letters[n.Int64()])
	}
	return b.String(), nil
}

// demoBanner says what to register, what to dial, and what to type to hear something at once.
func (a *app) demoBanner(w io.Writer, dir string, f appliance.Facts) {
	cfg, _, err := a.load(dir)
	if err != nil || cfg == nil || len(cfg.Extensions) == 0 {
		return // the office was changed into something else
	}
	port := portOf(f.Listen)
	numbers := slices.Sorted(maps.Keys(cfg.Extensions))
	fmt.Fprintf(w, "\nThe demo office is in %s. Change a file while you talk.\n\n", dir)
	fmt.Fprintf(w, "Register phones\n  server    %s, port %s, UDP or TCP\n", strings.Join(ownAddresses(), " or "), port)
	t := table{head: []string{"user", "password", ""}}
	for _, n := range numbers {
		e := cfg.Extensions[n]
		t.add(n, e.Password.Reveal(), e.Name)
	}
	indented(w, t)
	fmt.Fprint(w, `
Dial
  1001 to 1004   each other
  *43            an echo: you hear yourself
  1004           nobody is there: it says so with a tone
  1999           not in use: another tone
  700            a menu, a queue and a mailbox; *61 signs 1001 or 1002 in, *97 plays messages
`)
	caller, called := numbers[0], numbers[min(1, len(numbers)-1)]
	host := "127.0.0.1"
	if port != "5060" {
		host += ":" + port
	}
	self := selfName()
	fmt.Fprintf(w, `
Without a phone
  %s dial 'sip:*43@%s' --from %s --password %s
or, in two terminals, one that waits and one that calls
  %s dial --wait sip:%s@%s --password %s
  %s dial sip:%s@%s --from %s --password %s
then
  %s calls --past

ctrl-C ends.
`, self, host, caller, cfg.Extensions[caller].Password.Reveal(),
		self, called, host, cfg.Extensions[called].Password.Reveal(),
		self, called, host, caller, cfg.Extensions[caller].Password.Reveal(), a.withData(self))
}

// withData is how to call a command for this box.
func (a *app) withData(self string) string {
	if a.data == "callbox-data" {
		return self
	}
	return self + " --data " + a.data
}

// indented writes a table some columns to the right.
func indented(w io.Writer, t table) {
	var b strings.Builder
	t.write(&b)
	for line := range strings.Lines(b.String()) {
		fmt.Fprint(w, "    "+line)
	}
}

// selfName is how this command was called, so that lines can be copied.
func selfName() string {
	if name := os.Args[0]; strings.Contains(name, "/") && !strings.HasSuffix(name, ".test") {
		return name
	}
	return "callbox"
}

// portOf is the port of the first listener.
func portOf(listen []string) string {
	for _, l := range listen {
		if u, err := url.Parse(l); err == nil && u.Port() != "" {
			return u.Port()
		}
	}
	return "5060"
}

// ownAddresses are those at which phones on the network reach this machine, at most three.
func ownAddresses() []string {
	var own []string
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && p.Addr().IsPrivate() && len(own) < 3 {
			own = append(own, p.Addr().String())
		}
	}
	return append(own, "127.0.0.1")
}
