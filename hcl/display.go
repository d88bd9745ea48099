package hcl

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setDefault gives a field what it is when nothing is written.
func setDefault(dst reflect.Value, f *field) {
	if f.def == "" {
		return
	}
	if dst.Kind() == reflect.Slice {
		for s := range strings.SplitSeq(f.def, ",") {
			one := reflect.New(dst.Type().Elem()).Elem()
			setDefault(one, &field{name: f.name, def: s})
			dst.Set(reflect.Append(dst, one))
		}
		return
	}
	var err error
	switch {
	case textual(dst.Type()):
		var v reflect.Value
		if v, err = fromText(dst.Type(), f.def); err == nil {
			dst.Set(v)
		}
	case dst.Kind() == reflect.Bool:
		dst.SetBool(f.def == "true")
	case dst.Kind() == reflect.Int:
		var n int
		n, err = strconv.Atoi(f.def)
		dst.SetInt(int64(n))
	case dst.Kind() == reflect.Float64:
		var n float64
		n, err = strconv.ParseFloat(f.def, 64)
		dst.SetFloat(n)
	default:
		err = fmt.Errorf("no default for %s", dst.Type())
	}
	if err != nil {
		panic("hcl: default of " + f.name + ": " + err.Error())
	}
}

// display writes a value as a plan and a diagnostic show it: as in a
// configuration, without quotes; a secret as a mask.
func display(v reflect.Value) string {
	if !v.IsValid() {
		return "none"
	}
	switch x := v.Interface().(type) {
	case Secret:
		return mask
	case time.Duration:
		return durationText(x)
	case time.Weekday:
		return weekdays[x]
	case *time.Location:
		return zoneName(x)
	case encoding.TextMarshaler:
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return "none"
		}
		text, err := x.MarshalText()
		if err != nil || len(text) == 0 {
			return "none"
		}
		return string(text)
	case fmt.Stringer:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Slice:
		return showList(v)
	case reflect.Map:
		return showMap(v)
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return "none"
		}
		return display(v.Elem())
	case reflect.Bool:
		if v.Bool() {
			return "yes"
		}
		return "no"
	case reflect.String:
		if v.Len() == 0 {
			return "none"
		}
		if s := v.String(); strings.ContainsAny(s, " ,;") {
			return strconv.Quote(s)
		}
	}
	return fmt.Sprint(v.Interface())
}

func showList(v reflect.Value) string {
	if v.Len() == 0 {
		return "none"
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = display(v.Index(i))
	}
	return strings.Join(parts, ", ")
}

func showMap(v reflect.Value) string {
	if v.Len() == 0 {
		return "none"
	}
	var parts []string
	texts := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		texts[k.String()] = v.MapIndex(k)
	}
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		parts = append(parts, k+" "+display(texts[k]))
	}
	return strings.Join(parts, ", ")
}
