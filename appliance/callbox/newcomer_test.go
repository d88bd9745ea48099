package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// freeAddress is host:port on loopback that nobody has at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startBox runs a whole box with one command line and returns its SIP address once it takes calls.
func startBox(t *testing.T, d *desk, config string) (address string) {
	t.Helper()
	address = freeAddress(t)
	dir := write(t, map[string]string{"office.hcl": fmt.Sprintf("sip {\n  listen = [\"udp://%s\"]\n}\nweb {\n  listen = %q\n}\n%s", address, freeAddress(t), config)})
	ctx, cancel := context.WithCancel(context.Background())
	said, out := io.Pipe()
	a := app{version: "1.2.3", now: time.Now, env: func(string) (string, bool) { return "", false }, tick: time.Tick}
	ended := make(chan int, 1)
	go func() {
		ended <- a.execute(ctx, []string{"run", dir, "--data", d.data, "--drain", "1s"}, streams{strings.NewReader(""), out, io.Discard})
		out.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the box ended with %d", code)
		}
	})
	first, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(first, "takes calls on udp://"+address) {
		t.Fatalf("the box said %q: %v", first, err)
	}
	go io.Copy(io.Discard, said)
	return address
}

const twoPhones = `
extension "1001" {
  name     = "Mei"
  password = "mei-calls-jun-2026"
}

extension "1002" {
  name     = "Jun"
  password = "jun-calls-mei-2026"
}
`

func TestANewcomerHearsTheEchoAndFindsTheCallAfterwards(t *testing.T) {
	d := sit(t, nil)
	address := startBox(t, d, twoPhones)
	d.env["CALLBOX_PASSWORD"] = "mei-calls-jun-2026"
	code, out, errs := d.types("dial", "sip:*43@"+address, "--from", "1001", "--for", "1s", "--press", "5")
	if code != 0 || !strings.Contains(out, "answered, pcma") || !strings.Contains(out, "heard 440 Hz") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	_, out, _ = d.types("calls", "--past", "--json")
	var cdr struct {
		From, Dialled, Outcome string
		Legs                   []struct{ Codec string }
	}
	if err := json.Unmarshal([]byte(out), &cdr); err != nil || cdr.From != "1001" || cdr.Dialled != "*43" || cdr.Outcome != "answered" || len(cdr.Legs) == 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTwoWhoDialHearEachOther(t *testing.T) {
	d := sit(t, nil)
	address := startBox(t, d, twoPhones)
	type end struct {
		code      int
		out, errs string
	}
	waited := make(chan end, 1)
	go func() {
		code, out, errs := d.types("dial", "--wait", "sip:1002@"+address, "--password", "jun-calls-mei-2026", "--json")
		waited <- end{code, out, errs}
	}()
	registered := time.After(10 * time.Second)
	for online := false; !online; {
		_, out, _ := d.types("phones", "--json")
		online = strings.Contains(out, `"online":true`)
		select {
		case <-registered:
			t.Fatalf("1002 never registers: %s", out)
		default:
		}
	}
	code, out, errs := d.types("dial", "sip:1002@"+address, "--from", "1001", "--password", "mei-calls-jun-2026", "--for", "1s")
	if code != 0 || !strings.Contains(out, "heard 620 Hz") {
		t.Errorf("the caller: exit %d: %s%s", code, out, errs)
	}
	if w := <-waited; w.code != 0 || !strings.Contains(w.out, `"heard_hz":[440]`) {
		t.Errorf("the other: exit %d: %s%s", w.code, w.out, w.errs)
	}
}

func TestAWrongPasswordIsSaidWithTheWayOut(t *testing.T) {
	d := sit(t, nil)
	address := startBox(t, d, twoPhones)
	code, _, errs := d.types("dial", "sip:1002@"+address, "--from", "1001", "--password", "guess")
	if code != exitFailed || !strings.Contains(errs, "401") || !strings.Contains(errs, "--password") {
		t.Errorf("exit %d: %s", code, errs)
	}
	code, _, errs = d.types("dial", "--wait", "sip:1002@"+address, "--password", "guess")
	if code != exitFailed || !strings.Contains(errs, "does not register 1002") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
