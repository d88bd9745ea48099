package hcl

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written like "16MB": powers of ten, as disks are
// sold.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes Size
}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}

// String writes it with the largest unit that leaves no fraction.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s >= u.bytes && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return "0B"
}

// parseSize reads "20GB".
func parseSize(s string) (Size, error) {
	for _, u := range sizeUnits {
		if digits, ok := strings.CutSuffix(s, u.name); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			if err != nil || n < 0 || n > math.MaxInt64/int64(u.bytes) {
				break
			}
			return Size(n) * u.bytes, nil
		}
	}
	return 0, remedy(`A size is a whole number and a unit: "16MB", "20GB"; units are B, KB, MB, GB and TB.`)
}

var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
}

var durationPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)`)

// parseDuration reads "20s", "1h30m" and "90d".
func parseDuration(s string) (time.Duration, error) {
	wrong := remedy(`A duration is a number and a unit: "500ms", "20s", "5m", "24h", "90d", or several: "1h30m".`)
	if s == "0" {
		return 0, nil
	}
	if s == "" {
		return 0, wrong
	}
	var total float64
	for rest := s; rest != ""; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, wrong
		}
		n, _ := strconv.ParseFloat(m[1], 64) // the pattern leaves it nothing to refuse but a range, and that gives +Inf
		total += n * float64(durationUnits[m[2]])
		rest = rest[len(m[0]):]
	}
	if total > float64(100*365*24*time.Hour) {
		return 0, remedy("A duration is at most a hundred years.")
	}
	return time.Duration(math.Round(total)), nil
}

// durationText writes a duration as people do.
func durationText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []string{"d", "h", "m", "s", "ms"} {
		if n := d / durationUnits[u]; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u)
			d -= n * durationUnits[u]
		}
	}
	return b.String()
}

// maxPattern bounds a regular expression: its text, and the program it makes.
const maxPattern = 500

func parsePattern(s string) (*regexp.Regexp, error) {
	if s == "" {
		return nil, remedy("The pattern is empty; leave the attribute out to match everything.")
	}
	if len(s) > maxPattern {
		return nil, remedyf("A pattern has at most %d characters; this one has %d.", maxPattern, len(s))
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, remedyf("The pattern is no regular expression (RE2 syntax): %s.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

// fromText makes a value of a type that is written as text. The error is a
// sentence that says what is allowed.
func fromText(t reflect.Type, s string) (reflect.Value, error) {
	var v any
	var err error
	switch reflect.Zero(t).Interface().(type) {
	case time.Duration:
		v, err = parseDuration(s)
	case Size:
		v, err = parseSize(s)
	case netip.Addr:
		if v, err = netip.ParseAddr(s); err != nil {
			err = remedy(`An address is an IPv4 or IPv6 address: "203.0.113.5", "2001:db8::1"; a name is none.`)
		}
	case netip.Prefix:
		v, err = parsePrefix(s)
	case *regexp.Regexp:
		v, err = parsePattern(s)
	case *time.Location:
		v, err = parseZone(s)
	case Date:
		v, err = parseDate(s)
	case time.Time:
		if v, err = time.Parse(time.RFC3339, s); err != nil {
			err = remedy(`Write date, time and zone (RFC 3339): "2026-03-02T10:00:00+08:00".`)
		}
	case time.Weekday:
		v, err = parseWeekday(s)
	default:
		if t.Kind() != reflect.String {
			return reflect.Value{}, fmt.Errorf("%s is not written as text", t)
		}
		return reflect.ValueOf(s).Convert(t), nil
	}
	if err != nil {
		return reflect.Value{}, err
	}
	return reflect.ValueOf(v), nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, remedy(`A network is an address and a length: "192.168.0.0/16", "2001:db8::/32"; a lone address is a network of one.`)
	}
	if p != p.Masked() {
		return p, remedyf("The address has bits behind its length; the network is %q.", p.Masked())
	}
	return p, nil
}

func parseZone(s string) (*time.Location, error) {
	if s == "" || s == "Local" {
		return nil, remedy(`A time zone is a name of the IANA database: "Asia/Taipei", "Europe/Berlin", "UTC".`)
	}
	z, err := time.LoadLocation(s)
	if err != nil {
		return nil, remedy(`There is no such time zone. Names are those of the IANA database: "Asia/Taipei", "Europe/Berlin", "UTC".`)
	}
	return z, nil
}

func parseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, remedy(`A date is year, month and day, and in the calendar: "2026-02-14".`)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func parseWeekday(s string) (time.Weekday, error) {
	for i, name := range weekdays {
		if s == name {
			return time.Weekday(i), nil
		}
	}
	return 0, remedy(strings.TrimSpace(meant(s, weekdays, "Days are")))
}

// textual tells whether values of a type are written in quotes.
func textual(t reflect.Type) bool {
	switch reflect.Zero(t).Interface().(type) {
	case time.Duration, Size, netip.Addr, netip.Prefix, *regexp.Regexp, *time.Location, Date, time.Time, time.Weekday:
		return true
	}
	return t.Kind() == reflect.String
}
