package speech

import (
	"strings"
	"time"
	"unicode"
)

// chinese reads values as they are said in Mandarin, in the words of one of its two scripts.
type chinese struct {
	two, minus, point string
	large             []string // behind each group of four digits, from the lowest up
	myriads           string   // 亿, where what lies above 10^8 is counted in it; empty where large has a word for each group
	phoneOne          string
	signs             map[rune]string
	oclock, day, era  string
	week              string // before the weekday of a short date
	units             map[string]string
	home              string            // the currency whose name goes without saying
	currencies        map[string]string // how others are called; those with * are said before the amount, which is in 元
}

var traditional = chinese{
	two: "兩", minus: "負", point: "點", large: []string{"", "萬", "億", "兆", "京"}, phoneOne: "一",
	signs: map[rune]string{
		'+': "加", '*': "星號", '#': "井號", '-': "槓", '.': "點", '@': "小老鼠", '_': "底線", '/': "斜線", ':': "冒號", '&': "和",
		'\\': "反斜線", '%': "百分號", '=': "等號", '!': "驚嘆號", '?': "問號", ',': "逗號",
	},
	oclock: "點", day: "號", era: "民國", week: "週",
	units: map[string]string{"day": "天", "hour": "小時", "minute": "分鐘", "second": "秒"},
	home:  "TWD", currencies: traditionalMoney,
}

var simplified = chinese{
	two: "两", minus: "负", point: "点", large: []string{"", "万"}, myriads: "亿", phoneOne: "幺",
	signs: map[rune]string{
		'+': "加", '*': "星号", '#': "井号", '-': "杠", '.': "点", '@': "艾特", '_': "下划线", '/': "斜杠", ':': "冒号", '&': "和",
		'\\': "反斜杠", '%': "百分号", '=': "等号", '!': "感叹号", '?': "问号", ',': "逗号",
	},
	oclock: "点", day: "号", era: "民国", week: "周",
	units: map[string]string{"day": "天", "hour": "小时", "minute": "分钟", "second": "秒"},
	home:  "CNY", currencies: simplifiedMoney,
}

var chineseDigits = strings.Split("零一二三四五六七八九", "")

func (c chinese) number(n decimal, how manner) string {
	words := c.whole(n.whole)
	if n.fraction == "" && n.whole == 2 && how.is("count") {
		words = c.two
	}
	if n.fraction != "" {
		words += c.point + c.each(n.fraction, "一")
	}
	if how.is("ordinal") {
		words = "第" + words
	}
	if n.negative {
		words = c.minus + words
	}
	return words
}

// count reads a number that stands before a noun.
func (c chinese) count(n uint64) string { return c.number(decimal{whole: n}, manner{"count"}) }

func (c chinese) whole(n uint64) string {
	if n == 0 {
		return chineseDigits[0]
	}
	return c.groups(n, true)
}

// groups reads a number above zero by groups of four digits. A gap of zeros, however wide, is one 零; first tells that nothing
// stands before it, where ten is 十 and not 一十.
func (c chinese) groups(n uint64, first bool) string {
	if high, low := n/1e8, n%1e8; c.myriads != "" && high > 0 {
		words := c.two
		if high != 2 {
			words = c.groups(high, first)
		}
		words += c.myriads
		switch {
		case low == 0:
			return words
		case low < 1e7:
			words += chineseDigits[0]
		}
		return words + c.groups(low, false)
	}
	var b strings.Builder
	gap := false
	for scale, unit := len(c.large)-1, pow(10_000, len(c.large)-1); scale >= 0; scale, unit = scale-1, unit/10_000 {
		group := n / unit % 10_000
		if group == 0 {
			gap = b.Len() > 0
			continue
		}
		if b.Len() > 0 && (gap || group < 1000) {
			b.WriteString(chineseDigits[0])
		}
		gap = false
		if group == 2 && scale > 0 {
			b.WriteString(c.two)
		} else {
			b.WriteString(c.thousands(group, first && b.Len() == 0))
		}
		b.WriteString(c.large[scale])
	}
	return b.String()
}

func pow(base uint64, times int) uint64 {
	n := uint64(1)
	for range times {
		n *= base
	}
	return n
}

// thousands reads 1 to 9999.
func (c chinese) thousands(n uint64, first bool) string {
	var b strings.Builder
	gap := false
	unit := uint64(1000)
	for _, name := range []string{"千", "百", "十", ""} {
		d := n / unit % 10
		unit = max(unit/10, 1)
		if d == 0 {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteString(chineseDigits[0])
			gap = false
		}
		switch {
		case d == 2 && (name == "千" || name == "百"):
			b.WriteString(c.two)
		case d == 1 && name == "十" && first && b.Len() == 0:
		default:
			b.WriteString(chineseDigits[d])
		}
		b.WriteString(name)
	}
	return b.String()
}

// each reads digits one by one.
func (c chinese) each(digits, one string) string {
	var b strings.Builder
	for _, d := range []byte(digits) {
		if d == '1' {
			b.WriteString(one)
		} else {
			b.WriteString(chineseDigits[d-'0'])
		}
	}
	return b.String()
}

// digits pauses where the number is written in groups.
func (c chinese) digits(s string, how manner) string {
	one := "一"
	if how.is("phone") {
		one = c.phoneOne
	}
	return grouped(s, "，", func(r rune) string {
		if isGap(r) {
			return ""
		}
		return c.character(r, one)
	}, "")
}

func (c chinese) spell(s string) string {
	return grouped(s, "，", func(r rune) string {
		if unicode.IsSpace(r) {
			return ""
		}
		return c.character(r, "一")
	}, "、")
}

func (c chinese) character(r rune, one string) string {
	switch {
	case r >= '0' && r <= '9':
		return c.each(string(r), one)
	case c.signs[r] != "":
		return c.signs[r]
	}
	return string(unicode.ToUpper(r))
}

var chineseWeekdays = strings.Split("日一二三四五六", "")

// date has 日 behind the day when its year is said, as in writing, and 號 when it is not, as in talk.
func (c chinese) date(t time.Time, how manner) string {
	year, day, week := c.each(t.Format("2006"), "一")+"年", "日", "星期"
	switch {
	case how.is("short"):
		year, day, week = "", c.day, c.week
	case how.is("roc") && t.Year() > 1911:
		year = c.era + c.whole(uint64(t.Year()-1911)) + "年"
	}
	words := year + c.whole(uint64(t.Month())) + "月" + c.whole(uint64(t.Day())) + day
	if how.is("weekday") {
		words += week + chineseWeekdays[t.Weekday()]
	}
	return words
}

func (c chinese) clock(t time.Time, how manner) string {
	hour, minute := t.Hour(), uint64(t.Minute())
	part := ""
	if !how.is("24h") {
		switch {
		case hour < 6:
			part = "凌晨"
		case hour < 12:
			part = "上午"
		case hour == 12:
			part = "中午"
		case hour < 18:
			part = "下午"
		default:
			part = "晚上"
		}
		if hour > 12 {
			hour -= 12
		}
	}
	words := part + c.count(uint64(hour)) + c.oclock
	switch {
	case minute == 0:
		return words
	case minute < 10:
		words += chineseDigits[0]
	}
	return words + c.whole(minute) + "分"
}

// money in the currency of where the script is written has 角 and 分, 十二元五角; others have decimals, 十二點五美元.
func (c chinese) money(n decimal, unit string) string {
	minus := ""
	if n.negative {
		minus, n.negative = c.minus, false
	}
	name, known := c.currencies[unit]
	before, isYuan := strings.CutSuffix(name, "*")
	switch {
	case !known:
		return minus + c.number(n, nil) + c.spell(unit)
	case unit == c.home:
		return minus + c.yuan(n)
	case isYuan:
		return before + minus + c.yuan(n)
	}
	n.fraction = strings.TrimRight(n.fraction, "0")
	return minus + c.number(n, manner{"count"}) + name
}

// yuan reads an amount with at most two decimals.
func (c chinese) yuan(n decimal) string {
	words := ""
	if n.whole > 0 || n.fraction == "" {
		words = c.count(n.whole) + "元"
	}
	if n.fraction == "" {
		return words
	}
	tenths, hundredths := uint64(n.fraction[0]-'0'), uint64((n.fraction + "0")[1]-'0')
	if tenths > 0 {
		words += c.count(tenths) + "角"
	} else if words != "" {
		words += chineseDigits[0]
	}
	if hundredths > 0 {
		words += c.count(hundredths) + "分"
	}
	return words
}

// duration says 五分鐘, but 五分三十秒.
func (c chinese) duration(d time.Duration) string {
	words := ""
	parts := partsOf(d)
	for i, p := range parts {
		unit := c.units[p.unit]
		if p.unit == "minute" && i < len(parts)-1 {
			unit = "分"
		}
		words += c.count(p.count) + unit
	}
	return words
}
