package lua

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// hooked is an office with one plugin whose hook is the lines given.
func hooked(t *testing.T, hook, params, lines string) *Host {
	t.Helper()
	return with(t, single("p", fmt.Sprintf("return { %s = function(%s)\n%s\nend }", hook, params, lines))).Host
}

func TestAPluginRoutesACallOrTheConfiguredRouteHolds(t *testing.T) {
	for lua, want := range map[string]string{
		`return "queue.claims"`:               "queue.claims",
		`return nil`:                          "",
		`return`:                              "",
		`return 5`:                            "",
		`error("no")`:                         "",
		`while true do end`:                   "",
		`call:play("welcome") return "ivr.x"`: "",
		`call:set("a", 1) return "ivr." .. call.to`: "ivr.0227001234",
	} {
		began := time.Now()
		got, ok := hooked(t, HookRoute, "call", lua).Route(t.Context(), &fakeCall{})
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q", lua, got)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: %v", lua, took)
		}
	}
	two := with(t, single("a", `return { on_route = function() end }`), single("b", `return { on_route = function() return "ivr.b" end }`), single("c", `return { on_route = function() return "ivr.c" end }`))
	if got, _ := two.Host.Route(t.Context(), &fakeCall{}); got != "ivr.b" {
		t.Errorf("the first that says something decides, not %q", got)
	}
}

func TestAPluginRanksACallOrTheQueuesOwnHolds(t *testing.T) {
	for lua, want := range map[string]*Rank{
		`return { priority = 10, skills = { claims = 3 }, data = { vip = true } }`: {10, map[string]float64{"claims": 3}, map[string]any{"vip": true}},
		`return { priority = queue == "claims" and 1 or 2 }`:                       {Priority: 1},
		`return {}`:                                {},
		`return nil`:                               nil,
		`return { priority = "high" }`:             nil,
		`return { priority = 1e300 }`:              nil,
		`return { skills = { claims = "three" } }`: nil,
		`return { prio = 1 }`:                      nil,
		`return "x"`:                               nil,
		`error("x")`:                               nil,
	} {
		got, ok := hooked(t, HookRank, "call, queue", lua).Rank(t.Context(), &fakeCall{}, "claims")
		if ok != (want != nil) || ok && !reflect.DeepEqual(got, *want) {
			t.Errorf("%s: %+v, %v", lua, got, ok)
		}
	}
}

func TestAgentsSeeTheCardsOfPlugins(t *testing.T) {
	office := with(t, single("a", `return { on_offer = function(call, agent) return { title = call.caller.name .. agent.name } end }`),
		single("b", `return { on_offer = function() error("x") end }`), single("c", `return { on_offer = function() return 5 end }`), single("d", `return {}`))
	got := office.Host.Offer(t.Context(), &fakeCall{}, map[string]any{"name": "Mei"})
	if want := map[string]map[string]any{"a": {"title": "陳小姐Mei"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if log := office.log.String(); !strings.Contains(log, "plugin b.on_offer") || !strings.Contains(log, "plugin c.on_offer") {
		t.Error("the operator does not hear of it")
	}
}

func TestNobodyIsDialledUnlessEveryPluginAgrees(t *testing.T) {
	later := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	for lua, want := range map[string]Dial{
		`return true`:                     {OK: true},
		`return attempt.number == "1"`:    {OK: true},
		`return false, "on the list"`:     {Reason: "on the list"},
		`return false`:                    {Reason: "plugin p says no"},
		`return 1775034000`:               {Later: later, Reason: "plugin p says later"},
		`return "2026-04-01T09:00:00Z"`:   {Later: later, Reason: "plugin p says later"},
		`return nil`:                      {Reason: "it returned neither"},
		`return {}`:                       {Reason: "it returned neither"},
		`return "soon"`:                   {Reason: "it returned neither"},
		`error("x")`:                      {Reason: "plugins/p.lua:1"},
		`while true do end`:               {Reason: "it ran more instructions"},
		`require("callbox.kv").nothing()`: {Reason: "attempt to call"},
	} {
		got := hooked(t, HookDial, "attempt", lua).Dial(t.Context(), map[string]any{"number": "1"})
		if got.OK != want.OK || !got.Later.Equal(want.Later) || got.Reason != want.Reason && (want.Reason == "" || !strings.Contains(got.Reason, want.Reason) && !strings.Contains(got.Reason, "longer than")) && !strings.Contains(got.Reason, "plugins/p.lua") {
			t.Errorf("%s: %+v", lua, got)
		}
	}
	two := with(t, single("a", `return { on_dial = function() return true end }`), single("b", `return { on_dial = function() return false, "b" end }`))
	if got := two.Host.Dial(t.Context(), nil); got.OK || got.Reason != "b" {
		t.Errorf("%+v", got)
	}
	if got := with(t, single("p", `return {}`)).Host.Dial(t.Context(), nil); !got.OK {
		t.Errorf("%+v", got)
	}
}

func TestAFormIsAcceptedUnlessAPluginFindsAnErrorInIt(t *testing.T) {
	for lua, want := range map[string]struct {
		errors  map[string]string
		flagged bool
	}{
		`return nil`: {}, `return {}`: {}, `return { reason = "is missing", x = form.x }`: {map[string]string{"reason": "is missing", "x": "5"}, false},
		`error("x")`: {nil, true}, `return "x"`: {nil, true}, `return { reason = 5 }`: {nil, true},
	} {
		errors, flagged := hooked(t, HookWrapUp, "call, form", lua).WrapUp(t.Context(), &fakeCall{}, map[string]any{"x": "5"})
		if !reflect.DeepEqual(errors, want.errors) || flagged != want.flagged {
			t.Errorf("%s: %v, %v", lua, errors, flagged)
		}
	}
}

func TestFunctionsThatLookLikeHooksAndAreNoneAreTold(t *testing.T) {
	office := with(t, single("p", `return { on_call_end = function() end, on_call_ended = function() end, on_campaign_done = function() end, lookup = function() end, on_premises = function() end }`))
	got := office.Host.Warnings()
	if len(got) != 2 || !strings.Contains(got[0], "did you mean on_call_ended?") || !strings.Contains(got[1], "on_premises is no hook") {
		t.Errorf("%q", got)
	}
}

// tape is a journal that ends, and cursors that are kept.
type tape struct {
	events []Event
	cursor map[string]uint64
	over   context.CancelFunc
}

func (j *tape) After(seq uint64, limit int) ([]Event, error) {
	at := slices.IndexFunc(j.events, func(e Event) bool { return e.Seq > seq })
	return j.events[at:min(at+limit, len(j.events))], nil
}
func (j *tape) Last() uint64 { return j.events[len(j.events)-1].Seq }
func (j *tape) Wait(ctx context.Context, seq uint64) error {
	if seq >= j.Last() {
		j.over()
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}
func (j *tape) Cursor(p string) (uint64, bool, error) { seq, ok := j.cursor[p]; return seq, ok, nil }
func (j *tape) SetCursor(p string, seq uint64) error  { j.cursor[p] = seq; return nil }

func TestPluginsHearOfEveryEventInOrderAndAtLeastOnce(t *testing.T) {
	waits := retryWaits
	retryWaits = []time.Duration{time.Millisecond, time.Millisecond}
	t.Cleanup(func() { retryWaits = waits })
	office := with(t, single("p", `
local kv, M = require "callbox.kv", {}
local function hear(e) kv.set("heard", (kv.get("heard") or "") .. e.seq .. " ") end
function M.on_call_ended(e)
  if e.call == "bad" then hear({ seq = "!" }) error("bad") end
  hear(e)
end
M.on_ticket_opened = hear
return M`))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j := &tape{cursor: map[string]uint64{"p": 2}, over: cancel}
	for seq := uint64(1); seq <= 250; seq++ {
		e := Event{Seq: seq, Type: "call.digit", Fields: map[string]any{"seq": seq}}
		switch seq {
		case 2, 5, 249:
			e.Type = "call.ended"
		case 6:
			e.Type, e.Fields["call"] = "call.ended", "bad"
		case 150:
			e.Type = "ticket.opened"
		}
		j.events = append(j.events, e)
	}
	if err := office.Host.Deliver(ctx, j, j); err != context.Canceled {
		t.Error(err)
	}
	heard, _, _ := office.Host.o.Services.KV.Get("p", "heard")
	if string(heard) != `"5 ! ! ! 150 249 "` || j.cursor["p"] != 250 {
		t.Errorf("it heard %s, and is at %d", heard, j.cursor["p"])
	}
	j.cursor, j.events = map[string]uint64{}, j.events[:5]
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	j.over = cancel
	if err := office.Host.Deliver(ctx, j, j); err != context.Canceled || j.cursor["p"] != 5 {
		t.Errorf("a new plugin begins with what happens now, not at %d: %v", j.cursor["p"], err)
	}
}

func TestAPluginIsToldOfOneEventWhereNothingHappensBeside(t *testing.T) {
	o := with(t, single("p", `
local kv = require "callbox.kv"
return {
  on_call_ended = function(event) kv.set("outcome", event.outcome) end,
  on_call_started = function(event) error("no") end,
  on_route = function(call) kv.set("outcome", "routed") end,
}`))
	tell := func(kind string) error {
		return o.Host.Tell(t.Context(), "p", Event{Seq: 1, Type: kind, Fields: map[string]any{"type": kind, "outcome": "answered"}})
	}
	if err := tell("call.ended"); err != nil {
		t.Error(err)
	}
	if value, ok, err := o.Host.o.Services.KV.Get("p", "outcome"); string(value) != `"answered"` || !ok || err != nil {
		t.Errorf("%s %v %v", value, ok, err)
	}
	if err := tell("call.started"); err == nil || !strings.Contains(err.Error(), "p.on_call_started") {
		t.Error(err)
	}
	for _, nothing := range []string{"call.answered", "route"} {
		if err := tell(nothing); err != nil {
			t.Errorf("%s: %v", nothing, err)
		}
	}
}
