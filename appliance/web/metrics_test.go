package web

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// summed are the numbers that a Box adds to another one of its own.
var summed = map[string]bool{"SIP.Panics": true, "SIP.Shed": true, "Sound.Recovered": true}

// number gives every number in v a value of its own, and notes it by its name.
func number(v reflect.Value, name string, named map[string]float64) {
	value := 70000 + len(named)
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		v.SetInt(int64(value) * int64(time.Second))
	case v.CanInt():
		v.SetInt(int64(value))
	case v.CanUint():
		v.SetUint(uint64(value))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			number(v.Field(i), strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), named)
		}
		return
	default:
		return
	}
	named[name] = float64(value)
}

func TestWhateverTheBoxCountsCanBeWatched(t *testing.T) {
	var m Metrics
	named := map[string]float64{}
	number(reflect.ValueOf(&m).Elem(), "", named)
	s := public(t, &fakeBox{numbers: &m})
	_, body := ask(t, plain, "GET", "http://"+s.Addr()+"/metrics", nil)
	for name, value := range named {
		if !summed[name] && !strings.Contains(body, fmt.Sprintf(" %g\n", value)) {
			t.Errorf("/metrics does not have %s", name)
		}
	}
	if len(named) < 30 {
		t.Errorf("only %d numbers were found", len(named))
	}
}

func TestWhatPluginsDoCanBeWatchedByFunction(t *testing.T) {
	f := &fakeBox{plugins: []Plugin{{Name: "policy", Functions: []PluginFunction{
		{Name: "lookup", Calls: 41, Running: 2, Failed: map[string]uint64{"timeout": 3, "error": 1}, Total: 6.25, Longest: 2.5, LastError: "it took longer than 2s"},
		{Name: "never"},
	}}}}
	s := public(t, f)
	_, body := ask(t, plain, "GET", "http://"+s.Addr()+"/metrics", nil)
	for _, want := range []string{
		`callbox_plugin_calls_total{function="lookup",plugin="policy"} 41`, `callbox_plugin_calls_running{function="lookup",plugin="policy"} 2`,
		`callbox_plugin_failures_total{function="lookup",kind="timeout",plugin="policy"} 3`, `callbox_plugin_failures_total{function="lookup",kind="error",plugin="policy"} 1`,
		`callbox_plugin_seconds_total{function="lookup",plugin="policy"} 6.25`, `callbox_plugin_longest_seconds{function="lookup",plugin="policy"} 2.5`,
		`callbox_plugin_calls_total{function="never",plugin="policy"} 0`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("/metrics does not have %s", want)
		}
	}
	_, c, _ := control(t, f)
	_, body = ask(t, c, "GET", "http://box/v1/plugins", nil)
	if !strings.Contains(body, `"name":"lookup","calls":41,"running":2,"failed":{"error":1,"timeout":3},"total_seconds":6.25,"longest_seconds":2.5,"last_error":"it took longer than 2s"`) {
		t.Error(body)
	}
}

func TestMorePluginsThanAMonitorBearsAreCutOff(t *testing.T) {
	many := Plugin{Name: "many"}
	for i := range maxSeries + 100 {
		many.Functions = append(many.Functions, PluginFunction{Name: fmt.Sprintf("f%d", i)})
	}
	s := public(t, &fakeBox{plugins: []Plugin{many}})
	_, body := ask(t, plain, "GET", "http://"+s.Addr()+"/metrics", nil)
	if n := strings.Count(body, "callbox_plugin_calls_total{"); n != maxSeries {
		t.Errorf("%d functions, not %d", n, maxSeries)
	}
}
