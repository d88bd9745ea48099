package peers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// CDR is a call detail record as `callbox calls --past --json` prints it. It is written out here a second time on
// purpose: what other people's programs read must not change because a type of ours did.
type CDR struct {
	ID                string
	Started           time.Time
	Answered, Ended   *time.Time
	Direction         string
	From, To, Dialled string
	Trunk, Extension  string
	Outcome           string
	Cause             Cause
	Wait              float64 `json:"wait_seconds"`
	Talk              float64 `json:"talk_seconds"`
	Hold              float64 `json:"hold_seconds"`
	Generation        int
	Legs              []Leg
}

// Cause is who ended a call and why.
type Cause struct {
	Who, Why string
	SIP      int
}

// Leg is one side of a call that has ended.
type Leg struct {
	Peer, Codec string
	Secure      string  // the suite that encrypted it; empty for none
	PacketsIn   int     `json:"packets_in"`
	PacketsOut  int     `json:"packets_out"`
	Lost        int     `json:"lost"`
	Jitter      float64 `json:"jitter_ms"`
	MOS         float64 `json:"mos"`
}

// CDRs are all of the box, oldest first.
func (b *Box) CDRs() []CDR {
	b.t.Helper()
	out, status := b.Run("calls", "--past", "--json")
	if status != 0 {
		b.t.Fatalf("callbox calls --past: status %d\n%s", status, out)
	}
	var all []CDR
	for line := range strings.Lines(out) {
		var c CDR
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			b.t.Fatalf("%v in CDR %s", err, line)
		}
		all = append(all, c)
	}
	return all
}

// CDR waits for the nth record (from 1) and gives it.
func (b *Box) CDR(n int) CDR {
	b.t.Helper()
	var all []CDR
	Await(b.t, "the call has its CDR", 5*time.Second, func() bool {
		all = b.CDRs()
		return len(all) >= n
	})
	return all[n-1]
}

// Status is what of `callbox status` tests ask for.
type Status struct {
	Generation int
	State      string `json:"config_state"`
	Calls      int
	Phones     int
	TrunksUp   int `json:"trunks_up"`
	PortsUsed  int `json:"ports_used"`
}

// Status is the box in one look.
func (b *Box) Status() (s Status) {
	b.t.Helper()
	b.look("/v1/status", func(d *json.Decoder) error { return d.Decode(&s) })
	return s
}

// Between waits for the record of the call from one number to another that came out so, the only one between them.
func (b *Box) Between(from, dialled, outcome string) (found CDR) {
	b.t.Helper()
	Await(b.t, fmt.Sprintf("the call from %s to %s, %s, has its CDR", from, dialled, outcome), patience, func() bool {
		there := false
		b.look("/v1/calls/past", func(d *json.Decoder) error {
			for d.More() {
				var c CDR
				if err := d.Decode(&c); err != nil {
					return err
				}
				if c.From == from && c.Dialled == dialled && c.Outcome == outcome {
					found, there = c, true
				}
			}
			return nil
		})
		return there
	})
	return found
}

// Registered is by which transport and from where (host:port) an extension's phone is registered; empty when none is.
func (b *Box) Registered(number string) (transport, source string) {
	b.t.Helper()
	b.look("/v1/phones", func(d *json.Decoder) error {
		var phones []struct{ Extension, Transport, Source string }
		err := d.Decode(&phones)
		for _, p := range phones {
			if p.Extension == number {
				transport, source = p.Transport, p.Source
			}
		}
		return err
	})
	return transport, source
}

// look asks the control socket itself, as programs do: a process a look would be a load of its own.
func (b *Box) look(path string, read func(*json.Decoder) error) {
	b.t.Helper()
	var answer *http.Response
	Await(b.t, "the control socket answers", patience, func() bool { // it opens a moment after SIP does
		var err error
		answer, err = b.control.Get("http://box" + path)
		return err == nil
	})
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", path, answer.Status)
	}
	if err := read(json.NewDecoder(answer.Body)); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
}
