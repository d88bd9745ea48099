package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"callbox/appliance/web"
)

func TestWhatPeopleSeeOfARunningBox(t *testing.T) {
	d := sit(t, &fakeBox{})
	for name, line := range map[string]string{
		"status": "status", "calls": "calls", "past": "calls --past", "phones": "phones", "trunks": "trunks", "blocks": "blocks", "generations": "generations",
		"queues": "queues", "agents": "agents", "plugins": "plugins", "agent": "agent mei pause lunch", "why": "why c1",
	} {
		code, out, errs := d.types(strings.Fields(line)...)
		if code != 0 || errs != "" {
			t.Errorf("%s: exit %d, %s", line, code, errs)
		}
		golden(t, name, out)
	}
}

func TestAQuietBoxSaysSoInWords(t *testing.T) {
	d := sit(t, &fakeBox{quiet: true})
	var all strings.Builder
	for _, line := range []string{"calls", "calls --past", "phones", "trunks", "blocks", "generations", "plugins", "secret list"} {
		_, out, _ := d.types(strings.Fields(line)...)
		all.WriteString(out)
	}
	golden(t, "quiet", all.String())
}

func TestJSONIsWhatTheBoxSaid(t *testing.T) {
	d := sit(t, &fakeBox{})
	for _, name := range []string{"calls", "phones", "trunks", "blocks", "generations", "queues", "agents", "plugins"} {
		_, out, _ := d.types(name, "--json")
		var list []map[string]any
		if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	_, out, _ := d.types("status", "--json")
	var s web.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil || s.Generation != 4 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPastCallsAreOneObjectALine(t *testing.T) {
	f := &fakeBox{}
	d := sit(t, f)
	_, out, _ := d.types("calls", "--past", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || f.asked.Last != 0 {
		t.Errorf("%d lines, asked for %+v", len(lines), f.asked)
	}
	for _, l := range lines {
		if !json.Valid([]byte(l)) {
			t.Errorf("no JSON: %s", l)
		}
	}
}

func TestPastCallsCanBeNarrowed(t *testing.T) {
	f := &fakeBox{}
	d := sit(t, f)
	d.types("calls", "--past")
	if f.asked.Last != recently {
		t.Errorf("people get the last %d", f.asked.Last)
	}
	d.types("calls", "--past", "--last", "3", "--from", "2026-03-01", "--to", "2026-03-02T09:00:00+08:00", "--call", "01KJ7A")
	q := f.asked
	if q.Last != 3 || q.Call != "01KJ7A" || !q.From.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, taipei)) || !q.To.Equal(ten.Add(-time.Hour)) {
		t.Errorf("asked for %+v", q)
	}
}

func TestWatchingGoesOnUntilItIsInterrupted(t *testing.T) {
	d := sit(t, &fakeBox{quiet: true})
	ctx, cancel := context.WithCancel(context.Background())
	tick := make(chan time.Time)
	go func() {
		tick <- ten
		tick <- ten
		cancel()
	}()
	code, out, _ := d.typesUntil(ctx, tick, "calls", "--watch")
	if n := strings.Count(out, "No calls in progress."); code != 0 || n < 2 {
		t.Errorf("exit %d, shown %d times", code, n)
	}
}

func TestWhatAStrangerWroteDoesNotReachTheTerminalAsACommand(t *testing.T) {
	d := sit(t, &fakeBox{})
	_, out, _ := d.types("phones")
	if strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	if got := clean("a\x1b]0;x\x07b\u202ec"); got != "a]0;xbc" {
		t.Errorf("%q", got)
	}
}

func TestColumnsStayAlignedWithChineseNames(t *testing.T) {
	for s, n := range map[string]int{"": 0, "abc": 3, "林美": 4, "ｱ": 1, "한글": 4, "e\u0301": 1, "→": 1} {
		if got := columns(s); got != n {
			t.Errorf("%q takes %d columns, not %d", s, got, n)
		}
	}
	if got := cut("林美林美", 6); got != "林美…" {
		t.Errorf("cut: %q", got)
	}
}

func TestSpansReadAsPeopleSayThem(t *testing.T) {
	for d, s := range map[time.Duration]string{-time.Second: "0s", 12 * time.Second: "12s", 185 * time.Second: "3m05s", 123 * time.Minute: "2h03m", 98 * time.Hour: "4d02h"} {
		if got := span(d); got != s {
			t.Errorf("%s is %q, not %q", d, got, s)
		}
	}
}
