package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// recently is how many past calls people are shown when they do not say.
const recently = 20

// pastQuery is which past calls are asked for.
type pastQuery struct {
	last           int
	from, to, call string
}

func (a *app) callsCommand() *cobra.Command {
	var q pastQuery
	var past bool
	live := &view{path: at("/v1/calls"), print: a.printCalls}
	cmd := a.viewCommand("calls", "Calls in progress, or past ones",
		`Lists the calls in progress. With --past, the calls that have ended, newest last; with --json one object a line.

SRTP is how the sound of the legs is encrypted, leg by leg where they differ: gcm-128 and gcm-256 (AES-GCM),
sha1-80 and sha1-32 (AES in counter mode with HMAC-SHA1), or no. CODEC and MOS are those of the leg that sounds worst.`, live)
	flags := cmd.Flags()
	flags.BoolVar(&past, "past", false, "calls that have ended")
	flags.IntVar(&q.last, "last", 0, "the last `so many` (default: 20 for people, all with --json)")
	flags.StringVar(&q.from, "from", "", "started at this `time` or later (RFC 3339, or a date)")
	flags.StringVar(&q.to, "to", "", "started before this `time`")
	flags.StringVar(&q.call, "call", "", "the call with this `id`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !past && (q != pastQuery{}) {
			return usage(cmd, "--last, --from, --to and --call go with --past")
		}
		if !past {
			return a.show(cmd, live)
		}
		path, err := a.pastPath(cmd, q)
		if err != nil {
			return err
		}
		if live.watch {
			return a.show(cmd, &view{path: at(path), print: a.printPast, watch: true})
		}
		return a.showPast(cmd, path)
	}
	return cmd
}

func (a *app) pastPath(cmd *cobra.Command, q pastQuery) (string, error) {
	v := url.Values{}
	switch {
	case q.last < 0 || cmd.Flags().Changed("last") && q.last == 0:
		return "", usage(cmd, "--last %d: a number of calls, at least 1", q.last)
	case q.last > 0:
		v.Set("last", strconv.Itoa(q.last))
	case !a.json && q == pastQuery{}:
		v.Set("last", strconv.Itoa(recently))
	}
	for name, text := range map[string]string{"from": q.from, "to": q.to} {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t, err = time.ParseInLocation(time.DateOnly, text, a.now().Location())
		}
		if err != nil {
			return "", usage(cmd, "--%s %q: a time such as 2026-03-02T10:00:00+08:00, or a date such as 2026-03-02", name, text)
		}
		v.Set(name, t.Format(time.RFC3339Nano))
	}
	if q.call != "" {
		v.Set("call", q.call)
	}
	return "/v1/calls/past?" + v.Encode(), nil
}

// showPast hands on the lines as they come, so that a year of calls costs no memory.
func (a *app) showPast(cmd *cobra.Command, path string) error {
	b, err := a.connect()
	if err != nil {
		return err
	}
	in, err := b.do(cmd.Context(), "GET", path, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	if a.json {
		if _, err := io.Copy(cmd.OutOrStdout(), in); err != nil {
			return fail(fmt.Errorf("the list broke off: %w", err), "Try again; what was printed is right but not all")
		}
		return nil
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return b.unreachable(err)
	}
	return a.printPast(cmd.OutOrStdout(), body)
}

type shownLeg struct {
	Codec, Secure string
	MOS           float64
}

// worst is the codec and the MOS of the leg that sounds worst.
func worst(legs []shownLeg) (codec string, quality float64) {
	for _, l := range legs {
		if codec == "" || l.MOS > 0 && (l.MOS < quality || quality == 0) {
			codec, quality = l.Codec, l.MOS
		}
	}
	return codec, quality
}

// ciphers are short names of what encrypts sound; --json has the whole ones.
var ciphers = map[string]string{
	"AEAD_AES_128_GCM": "gcm-128", "AEAD_AES_256_GCM": "gcm-256", "AES_CM_128_HMAC_SHA1_80": "sha1-80", "AES_CM_128_HMAC_SHA1_32": "sha1-32",
}

// sealed says how the sound of each leg is encrypted, or of all when they are alike. It is empty while there is no sound.
func sealed(legs []shownLeg) string {
	var all []string
	for _, l := range legs {
		switch short := ciphers[l.Secure]; {
		case l.Codec == "": // nothing is agreed on yet
		case l.Secure == "":
			all = append(all, "no")
		default:
			all = append(all, orElse(short, l.Secure))
		}
	}
	if len(slices.Compact(slices.Clone(all))) == 1 {
		return all[0]
	}
	return strings.Join(all, " / ")
}

func (a *app) printCalls(w io.Writer, body []byte) error {
	calls, err := decode[[]struct {
		ID, Direction, From, To, Trunk, State string
		Started                               time.Time
		Answered                              *time.Time
		Generation                            int
		Legs                                  []shownLeg
	}](body)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		fmt.Fprintln(w, "No calls in progress.")
		return nil
	}
	t := table{head: []string{"CALL", "WAY", "FROM", "TO", "STATE", ">FOR", "CODEC", "SRTP", ">MOS", "TRUNK", ">GENERATION"}}
	for _, c := range calls {
		since := c.Started
		if c.Answered != nil {
			since = *c.Answered
		}
		codec, quality := worst(c.Legs)
		t.add(c.ID, c.Direction, c.From, c.To, c.State, span(a.now().Sub(since)), codec, sealed(c.Legs), mos(quality), c.Trunk, fmt.Sprint(c.Generation))
	}
	t.write(w)
	return nil
}

func (a *app) printPast(w io.Writer, body []byte) error {
	t := table{head: []string{"STARTED", "WAY", "FROM", "DIALLED", "OUTCOME", ">TALK", "ENDED BY", "WHY", "CODEC", "SRTP", ">MOS", "CALL"}}
	in := json.NewDecoder(bytes.NewReader(body))
	for {
		var c struct {
			ID, Direction, From, To, Dialled, Outcome string
			Started                                   time.Time
			TalkSeconds                               float64 `json:"talk_seconds"`
			Cause                                     struct {
				Who, Why string
				SIP      int
			}
			Legs []shownLeg
		}
		err := in.Decode(&c)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fail(fmt.Errorf("the box's answer makes no sense: %w", err), "Use a callbox command of the box's own version")
		}
		why := c.Cause.Why
		if c.Cause.SIP >= 300 {
			why = fmt.Sprintf("%s (%d)", why, c.Cause.SIP)
		}
		codec, quality := worst(c.Legs)
		t.add(a.moment(c.Started), c.Direction, c.From, orElse(c.Dialled, c.To), c.Outcome,
			span(time.Duration(c.TalkSeconds*float64(time.Second))), c.Cause.Who, why, codec, sealed(c.Legs), mos(quality), c.ID)
	}
	if len(t.rows) == 0 {
		fmt.Fprintln(w, "No calls have ended yet.")
		return nil
	}
	t.write(w)
	return nil
}
