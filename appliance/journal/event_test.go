package journal

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestAnEventIsFlatAndReadsBack(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{
			Event{Seq: 7, Time: noon.Add(1500 * time.Microsecond), Call: "c1", Queue: "service", Agent: "mei", Generation: 3, Box: "b",
				Body: CallStarted{Direction: In, From: "+886912345678", To: "+88627001234", Dialled: "0227001234", Trunk: "pstn"}},
			`{"seq":7,"time":"2026-03-02T12:00:00.001Z","type":"call.started","call":"c1","queue":"service","agent":"mei","generation":3,"box":"b",` +
				`"direction":"in","from":"+886912345678","to":"+88627001234","dialled":"0227001234","trunk":"pstn"}`,
		},
		{Event{Seq: 1, Time: noon, Type: TypeSurveyAnswered}, `{"seq":1,"time":"2026-03-02T12:00:00.000Z","type":"survey.answered"}`},
		{
			Event{Seq: 2, Time: noon, Call: "c1", Body: CallEnded{
				Outcome: OutcomeAnswered, Cause: Cause{Who: "caller", Why: "hung_up", SIP: 200},
				Legs: []Leg{{Peer: "extension.1001", Codec: "pcma", PacketsIn: 5, JitterMS: 1.23456, MOS: math.NaN(), Secure: "AEAD_AES_128_GCM"}},
			}},
			`{"seq":2,"time":"2026-03-02T12:00:00.000Z","type":"call.ended","call":"c1","outcome":"answered",` +
				`"cause":{"who":"caller","why":"hung_up","sip":200},"legs":[{"peer":"extension.1001","codec":"pcma","packets_in":5,"packets_out":0,"lost":0,"jitter_ms":1.235,"mos":0,"secure":"AEAD_AES_128_GCM"}]}`,
		},
	} {
		raw, err := json.Marshal(c.event)
		must(t, err)
		if string(raw) != c.want {
			t.Errorf("got  %s\nwant %s", raw, c.want)
		}
		var back Event
		must(t, json.Unmarshal(raw, &back))
		again, err := json.Marshal(back)
		must(t, err)
		if string(again) != c.want {
			t.Errorf("read back as %s", again)
		}
		if c.event.Body != nil && reflect.TypeOf(back.Body) != reflect.TypeOf(c.event.Body) {
			t.Errorf("read back as %T", back.Body)
		}
	}
}

func TestAnEventOfAnotherVersionSurvives(t *testing.T) {
	for _, raw := range []string{
		`{"seq":9,"time":"2026-03-02T12:00:00.000Z","type":"fax.received","call":"c1","pages":3,"quality":{"lines":[1,2]}}`,
		`{"seq":9,"time":"2026-03-02T12:00:00.000Z","type":"call.digit","digit":5}`,
	} {
		var e Event
		must(t, json.Unmarshal([]byte(raw), &e))
		if _, ok := e.Body.(Unknown); !ok || e.Seq != 9 {
			t.Errorf("%+v", e)
		}
		again, err := json.Marshal(e)
		must(t, err)
		if string(again) != raw {
			t.Errorf("got %s, want %s", again, raw)
		}
	}
}

func TestNoBodyHidesTheHead(t *testing.T) {
	if len(bodies) < 20 {
		t.Fatalf("%d bodies", len(bodies))
	}
	for kind, read := range bodies {
		body, err := read([]byte("{}"))
		must(t, err)
		if body.Type() != kind {
			t.Errorf("%s reads as %s", kind, body.Type())
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(body)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || isHead(name) {
				t.Errorf("%s: field %s is written as %q", kind, f.Name, name)
			}
		}
	}
}

// TestTheGlossaryIsWhole compares the constants with the list that the operator reads.
func TestTheGlossaryIsWhole(t *testing.T) {
	list := `call.started call.answered call.digit call.entered call.data call.transferred call.held call.resumed call.recorded call.step call.ended
		queue.entered queue.announced queue.offered queue.missed queue.rejected queue.answered queue.abandoned queue.overflowed queue.callback
		agent.status agent.activity agent.login agent.logout trunk.up trunk.down extension.registered extension.expired
		recording.ready voicemail.left survey.answered ticket.opened ticket.changed config.applied config.refused plugin.failed security.blocked`
	file, err := parser.ParseFile(token.NewFileSet(), "events.go", nil, 0)
	must(t, err)
	var named []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Type") {
			name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			must(t, err)
			named = append(named, name)
		}
		return true
	})
	for _, name := range strings.Fields(list) {
		if !slices.Contains(named, name) {
			t.Errorf("%s has no name", name)
		}
	}
	for _, name := range named {
		if !strings.Contains(list, name) && !strings.HasPrefix(name, "system.") {
			t.Errorf("%s is not in the language", name)
		}
	}
}

func TestEveryPrefixIsInTheTable(t *testing.T) {
	table, err := os.ReadFile("../store/doc.go")
	must(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	must(t, err)
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 3 {
			if prefix, ok := call.Args[1].(*ast.BasicLit); ok {
				name, err := strconv.Unquote(prefix.Value)
				must(t, err)
				declared++
				if !regexp.MustCompile(`(?m)^//\t` + name + ` .* journal `).Match(table) {
					t.Errorf("%s is not in the table of prefixes", name)
				}
			}
		}
		return true
	})
	if declared != 6 {
		t.Errorf("%d prefixes", declared)
	}
}

func FuzzEventJSON(f *testing.F) {
	f.Add(`{"seq":1,"time":"2026-03-02T12:00:00Z","type":"call.started","from":"1001","direction":"in"}`)
	f.Add(`{"seq":1,"time":"2026-03-02T12:00:00.5+08:00","type":"x","Seq":{"a":[1e400]},"\u017feq":1}`)
	f.Add(`{"type":"call.ended","legs":[{"jitter_ms":1e308,"mos":-0.0}],"at":null,"cause":{"who":"box"}}`)
	f.Add(`{"type":"call.data","data":{"a":{"b":null}},"tags":{"":""}}`)
	f.Add(`{"type":"call.held","by":"\ud800"}`)
	f.Fuzz(func(t *testing.T, raw string) {
		var e Event
		if json.Unmarshal([]byte(raw), &e) != nil {
			return
		}
		first, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
		var back Event
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		second, err := json.Marshal(back)
		if err != nil || string(first) != string(second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
		Fold([]Event{e, back})
	})
}

func TestACDRHasEveryFieldOfTheLanguage(t *testing.T) {
	raw, err := json.Marshal(CDR{ID: "c1", Started: noon, Ended: noon.Add(time.Second)})
	must(t, err)
	var fields map[string]any
	must(t, json.Unmarshal(raw, &fields))
	for _, name := range strings.Fields(`id started answered ended direction from to dialled trunk extension queue agent outcome cause
		wait_seconds talk_seconds hold_seconds generation legs data tags recordings linked`) {
		if _, there := fields[name]; !there {
			t.Errorf("%s is missing in %s", name, raw)
		}
	}
	if fields["answered"] != nil {
		t.Error("a call nobody answered has an answer")
	}
	for _, name := range []string{"started", "ended"} {
		if text, _ := fields[name].(string); !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(text) {
			t.Errorf("%s is %q", name, text)
		}
	}
	for _, name := range []string{"legs", "data", "tags", "recordings", "linked"} {
		if fields[name] == nil {
			t.Errorf("%s is null", name)
		}
	}
	for _, name := range strings.Fields("peer codec packets_in packets_out lost jitter_ms mos") {
		leg, err := json.Marshal(Leg{})
		must(t, err)
		if !strings.Contains(string(leg), `"`+name+`"`) {
			t.Errorf("a leg has no %s", name)
		}
	}
}
