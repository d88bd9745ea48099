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
