package speech

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// reading is a value and how it is heard.
type reading struct {
	kind  string
	value any
	how   string // words, separated by spaces
	heard string
}

func hear(t *testing.T, language string, rows []reading) {
	t.Helper()
	for _, r := range rows {
		got, err := Read(language, r.kind, r.value, strings.Fields(r.how)...)
		if err != nil || got != r.heard {
			t.Errorf("%s: %s(%v) %s is %q (%v), want %q", language, r.kind, r.value, r.how, got, err, r.heard)
		}
	}
}

var taipei = time.FixedZone("", 8*60*60)

func TestACallerHearsValuesInEnglish(t *testing.T) {
	hear(t, "en", []reading{
		{"number", 0, "", "zero"},
		{"number", "7", "", "seven"},
		{"number", 13, "", "thirteen"},
		{"number", 20.0, "", "twenty"},
		{"number", 42, "", "forty-two"},
		{"number", 100, "", "one hundred"},
		{"number", 105, "", "one hundred and five"},
		{"number", 342, "", "three hundred and forty-two"},
		{"number", 1000, "", "one thousand"},
		{"number", 1001, "", "one thousand and one"},
		{"number", 1100, "", "one thousand one hundred"},
		{"number", "1,234,567", "", "one million two hundred and thirty-four thousand five hundred and sixty-seven"},
		{"number", 5_000_000, "", "five million"},
		{"number", 2_000_000_000_012, "", "two trillion and twelve"},
		{"number", "10000000000000000", "", "ten quadrillion"},
		{"number", -3.25, "", "minus three point two five"},
		{"number", "0.05", "", "zero point zero five"},
		{"number", "-0", "", "zero"},
		{"number", json.Number("12"), "", "twelve"},
		{"number", 1, "ordinal", "first"},
		{"number", 12, "ordinal", "twelfth"},
		{"number", 23, "ordinal", "twenty-third"},
		{"number", 30, "ordinal", "thirtieth"},
		{"number", 100, "ordinal", "one hundredth"},
		{"number", 2, "count", "two"},
		{"digits", "0912-345-678", "", "zero nine one two, three four five, six seven eight"},
		{"digits", "+886 2", "phone", "plus eight eight six, two"},
		{"digits", 123456.0, "", "one two three four five six"},
		{"digits", "ab12*#", "", "A, B, one two star hash"},
		{"digits", "１２３", "", "one two three"},
		{"date", "2026-04-01", "", "April first, twenty twenty-six"},
		{"date", "2026-04-22T23:30:00-05:00", "weekday", "Wednesday, April twenty-second, twenty twenty-six"},
		{"date", "2026/1/3", "short", "January third"},
		{"date", "20051231", "", "December thirty-first, two thousand and five"},
		{"date", "1905-06-15", "", "June fifteenth, nineteen oh five"},
		{"date", "1900-02-28 10:00", "", "February twenty-eighth, nineteen hundred"},
		{"date", time.Date(2010, 10, 20, 1, 0, 0, 0, taipei), "", "October twentieth, twenty ten"},
		{"time", "09:00", "", "nine o'clock in the morning"},
		{"time", "14:00:59", "", "two o'clock in the afternoon"},
		{"time", "20:00", "", "eight o'clock in the evening"},
		{"time", "00:00", "", "twelve midnight"},
		{"time", "12:00", "", "twelve noon"},
		{"time", "00:05", "", "twelve oh five a.m."},
		{"time", "2026-04-01T16:45:00+08:00", "", "four forty-five p.m."},
		{"time", "09:05", "24h", "oh nine oh five"},
		{"time", "00:30", "24h", "zero thirty"},
		{"time", "14:00", "24h", "fourteen hundred"},
		{"money", 1200, "TWD", "one thousand two hundred New Taiwan dollars"},
		{"money", "12.50", "USD", "twelve US dollars and fifty cents"},
		{"money", 1.0, "usd", "one US dollar"},
		{"money", "USD 1.01", "", "one US dollar and one cent"},
		{"money", "0.5 GBP", "", "fifty pence"},
		{"money", "-0.01", "GBP", "minus one penny"},
		{"money", "3.005", "EUR", "three euros and one cent"},
		{"money", "2.999", "EUR", "three euros"},
		{"money", 1999.6, "JPY", "two thousand yen"},
		{"money", "8.8", "CNY", "eight point eight yuan"},
		{"money", "5", "XAF", "five X, A, F"},
		{"duration", "90s", "", "one minute and thirty seconds"},
		{"duration", "1h5m", "", "one hour and five minutes"},
		{"duration", 86400 + 7200 + 60.2, "", "one day, two hours and one minute"},
		{"duration", "2w", "", "fourteen days"},
		{"duration", "1d12h", "", "one day and twelve hours"},
		{"duration", 0, "", "zero seconds"},
		{"duration", 2 * time.Hour, "", "two hours"},
		{"spell", "Ab3-x", "", "A, B, three, dash, X"},
		{"spell", "mei lin", "", "M, E, I; L, I, N"},
		{"spell", "a@b.io", "", "A, at, B, dot, I, O"},
	})
}

func TestAnAmericanHearsNumbersWithoutAnd(t *testing.T) {
	hear(t, "en-US", []reading{{"number", 1205, "", "one thousand two hundred five"}, {"number", 3001, "", "three thousand one"}})
	hear(t, "en-GB", []reading{{"number", 1205, "", "one thousand two hundred and five"}})
}

func TestACallerHearsValuesInTraditionalChinese(t *testing.T) {
	hear(t, "zh-Hant", []reading{
		{"number", 0, "", "零"},
		{"number", 2, "", "二"},
		{"number", 2, "count", "兩"},
		{"number", 2, "ordinal", "第二"},
		{"number", 10, "", "十"},
		{"number", 12, "", "十二"},
		{"number", 20, "count", "二十"},
		{"number", 22, "", "二十二"},
		{"number", 102, "count", "一百零二"},
		{"number", 110, "", "一百一十"},
		{"number", 112, "", "一百一十二"},
		{"number", 200, "", "兩百"},
		{"number", 222, "", "兩百二十二"},
		{"number", 1005, "", "一千零五"},
		{"number", 1010, "", "一千零一十"},
		{"number", 2222, "", "兩千兩百二十二"},
		{"number", 10000, "", "一萬"},
		{"number", 10500, "", "一萬零五百"},
		{"number", 12000, "", "一萬兩千"},
		{"number", 20000, "", "兩萬"},
		{"number", 100010, "", "十萬零一十"},
		{"number", 105000, "", "十萬五千"},
		{"number", 120000, "", "十二萬"},
		{"number", "1,000,002", "", "一百萬零二"},
		{"number", 200_020_000, "", "兩億零兩萬"},
		{"number", 1_000_000_000_000, "", "一兆"},
		{"number", 1_0000_0000_0005, "", "一兆零五"},
		{"number", "9999999999999999", "", "九千九百九十九兆九千九百九十九億九千九百九十九萬九千九百九十九"},
		{"number", 10_000_000_000_000_000, "", "一京"},
		{"number", -3, "", "負三"},
		{"number", 2.5, "count", "二點五"},
		{"number", "0.02", "", "零點零二"},
		{"digits", "0912-345-178", "phone", "零九一二，三四五，一七八"},
		{"digits", "*1#", "", "星號一井號"},
		{"date", "2026-04-01", "", "二零二六年四月一日"},
		{"date", "2026-12-22", "short", "十二月二十二號"},
		{"date", "2026-04-05T09:00:00+08:00", "weekday", "二零二六年四月五日星期日"},
		{"date", "2026-04-01", "short weekday", "四月一號週三"},
		{"date", "2026-10-10", "roc", "民國一百一十五年十月十日"},
		{"time", "14:30", "", "下午兩點三十分"},
		{"time", "09:05", "", "上午九點零五分"},
		{"time", "12:02", "", "中午十二點零二分"},
		{"time", "00:00", "", "凌晨零點"},
		{"time", "02:22", "", "凌晨兩點二十二分"},
		{"time", "20:00", "", "晚上八點"},
		{"time", "14:00", "24h", "十四點"},
		{"money", 1200, "TWD", "一千兩百元"},
		{"money", "2.00", "TWD", "兩元"},
		{"money", "12.5", "TWD", "十二元五角"},
		{"money", "12.05", "TWD", "十二元零五分"},
		{"money", "0.25", "TWD", "兩角五分"},
		{"money", -500, "TWD", "負五百元"},
		{"money", 2, "USD", "兩美元"},
		{"money", "12.50", "USD", "十二點五美元"},
		{"money", 300, "CNY", "人民幣三百元"},
		{"money", 50000, "JPY", "五萬日圓"},
		{"money", 3, "XAF", "三X、A、F"},
		{"duration", "90s", "", "一分三十秒"},
		{"duration", "2m", "", "兩分鐘"},
		{"duration", "1h5m", "", "一小時五分鐘"},
		{"duration", "2d2h", "", "兩天兩小時"},
		{"duration", 22, "", "二十二秒"},
		{"spell", "AB12", "", "A、B、一、二"},
		{"spell", "a@b.tw", "", "A、小老鼠、B、點、T、W"},
		{"spell", "王小明", "", "王、小、明"},
	})
}

func TestACallerHearsValuesInSimplifiedChinese(t *testing.T) {
	hear(t, "zh-Hans", []reading{
		{"number", 0, "", "零"},
		{"number", 2, "", "二"},
		{"number", 2, "count", "两"},
		{"number", 3, "ordinal", "第三"},
		{"number", 11, "", "十一"},
		{"number", 101, "", "一百零一"},
		{"number", 210, "", "两百一十"},
		{"number", 2002, "", "两千零二"},
		{"number", 10001, "", "一万零一"},
		{"number", 20000, "", "两万"},
		{"number", 22000, "", "两万两千"},
		{"number", 101000, "", "十万一千"},
		{"number", 10_100_000, "", "一千零一十万"},
		{"number", 100_000_000, "", "一亿"},
		{"number", 200_000_000, "", "两亿"},
		{"number", 100_100_000, "", "一亿零一十万"},
		{"number", 110_000_000, "", "一亿一千万"},
		{"number", 1_200_000_000, "", "十二亿"},
		{"number", 1_000_000_000_000, "", "一万亿"},
		{"number", 2_0000_0000_0000, "", "两万亿"},
		{"number", 1_0200_0000_0030, "", "一万零两百亿零三十"},
		{"number", 10_000_000_000_000_000, "", "一亿亿"},
		{"number", "-1.5", "", "负一点五"},
		{"number", "+8", "", "八"},
		{"digits", "13812341001", "", "一三八一二三四一零零一"},
		{"digits", "138 1234 1001", "phone", "幺三八，幺二三四，幺零零幺"},
		{"digits", "+86", "phone", "加八六"},
		{"digits", "#9", "", "井号九"},
		{"date", "2026-04-01", "", "二零二六年四月一日"},
		{"date", "2000-11-30", "", "二零零零年十一月三十日"},
		{"date", "2026-04-20", "short", "四月二十号"},
		{"date", "2026-04-01", "short weekday", "四月一号周三"},
		{"date", "2026-04-04", "weekday", "二零二六年四月四日星期六"},
		{"time", "08:30", "", "上午八点三十分"},
		{"time", "02:00", "", "凌晨两点"},
		{"time", "12:00", "", "中午十二点"},
		{"time", "15:09", "", "下午三点零九分"},
		{"time", "23:59", "", "晚上十一点五十九分"},
		{"time", "00:01", "24h", "零点零一分"},
		{"money", "12.50", "CNY", "十二元五角"},
		{"money", "2.22", "CNY", "两元两角两分"},
		{"money", "0.05", "CNY", "五分"},
		{"money", "0", "CNY", "零元"},
		{"money", "-1.1", "CNY", "负一元一角"},
		{"money", 1200, "TWD", "新台币一千两百元"},
		{"money", "2", "EUR", "两欧元"},
		{"money", "99.999", "USD", "一百美元"},
		{"duration", "45m", "", "四十五分钟"},
		{"duration", "2m2s", "", "两分两秒"},
		{"duration", "26h", "", "一天两小时"},
		{"duration", "0s", "", "零秒"},
		{"spell", "k-9", "", "K、杠、九"},
		{"spell", "沪A 123", "", "沪、A，一、二、三"},
	})
}

func TestChineseOfAPlaceIsReadInItsScript(t *testing.T) {
	for language, heard := range map[string]string{
		"zh": "两百", "zh-CN": "两百", "cmn": "两百", "zh-SG": "两百", "zh-TW": "兩百", "zh-HK": "兩百", "zh-Hant-MO": "兩百", "zh-Hans-TW": "两百",
	} {
		hear(t, language, []reading{{"number", 200, "", heard}})
	}
}

func TestOtherLanguagesAreLeftToTheirEngine(t *testing.T) {
	hear(t, "de", []reading{
		{"number", "1234.5", "", "1234.5"},
		{"number", 3, "ordinal", "3"},
		{"digits", "0912", "", "0 9 1 2"},
		{"spell", "Mei", "", "M e i"},
		{"date", "2026-04-01T10:00:00Z", "weekday", "2026-04-01"},
		{"time", "2026-04-01T10:00:00Z", "", "10:00"},
		{"money", "12.5", "EUR", "12.5 EUR"},
		{"duration", 90, "", "1m30s"},
	})
	if Reads("de") || Reads("") || Reads("zz-zz-zz") || !Reads("en-GB") || !Reads("zh-TW") {
		t.Error("which languages are read in words is told wrongly")
	}
}

func TestAValueThatCannotBeReadSaysWhy(t *testing.T) {
	for _, r := range []struct {
		kind  string
		value any
		how   string
		why   string
	}{
		{"colour", "red", "", "nothing that can be read"},
		{"number", "twelve", "", `"twelve" is no number: write it as 1234.5`},
		{"number", "", "", "is no number"},
		{"number", "1,23", "", "is no number"},
		{"number", "1.", "", "is no number"},
		{"number", "1e5", "", "is no number"},
		{"number", strings.Repeat("9", 300), "", "beyond ten quadrillion"},
		{"number", "10000000000000001", "", "read it with digits"},
		{"number", "0." + strings.Repeat("1", 21), "", "more than 20 decimals"},
		{"number", true, "", "choose between two texts"},
		{"number", nil, "", "there is no value"},
		{"number", []string{"1"}, "", "cannot be read"},
		{"number", "3", "loud", "as count, ordinal, or without"},
		{"number", -1, "ordinal", "no place in an order"},
		{"digits", "", "", "the text is empty"},
		{"digits", "(-)", "", "nothing of it is read aloud"},
		{"digits", strings.Repeat("1", 65), "", "64 at most"},
		{"spell", "a\xff", "", "not UTF-8"},
		{"spell", "a", "twice", "one way only"},
		{"date", "tomorrow", "", "write it as 2026-04-01"},
		{"date", "2026-02-30", "", "is not a date"},
		{"date", time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), "", "1 to 9999"},
		{"time", "25:00", "", "write it as 14:30"},
		{"money", 5, "", "name it"},
		{"money", 5, "dollars", "is no currency"},
		{"money", "5 TWD", "USD", "one currency"},
		{"money", "x", "USD", "is no number"},
		{"duration", "soon", "", "no duration"},
		{"duration", -5, "", "less than nothing"},
		{"duration", "1e300", "", "no duration"},
		{"duration", "40000d", "", "longer than 100 years"},
		{"duration", "NaN", "", "no duration"},
	} {
		got, err := Read("zh-Hant", r.kind, r.value, strings.Fields(r.how)...)
		if err == nil || !strings.Contains(err.Error(), r.why) {
			t.Errorf("%s(%v) %s: %q, %v; want an error with %q", r.kind, r.value, r.how, got, err, r.why)
		}
	}
}

func TestMoneyWithoutACurrencyIsInThatOfTheCountry(t *testing.T) {
	for country, want := range map[string]string{"TW": "TWD", "CN": "CNY", "DE": "EUR", "us": "USD", "HK": "HKD", "??": ""} {
		if got := CurrencyOf(country); got != want {
			t.Errorf("%s pays in %q, want %q", country, got, want)
		}
	}
}

// Whatever a plugin or a caller's record brings, reading it ends, and never in a panic.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"1", "-1,234.50", "2026-04-01", "14:30", "USD 12", "1d2h", "+886 912", "王A*", "９"} {
		f.Add(seed, "TWD")
	}
	f.Fuzz(func(t *testing.T, value, how string) {
		for kind := range manners {
			for _, language := range []string{"en", "en-US", "zh-Hans", "zh-Hant", "fr"} {
				text, err := Read(language, kind, value)
				if err == nil && text == "" {
					t.Errorf("%s %s(%q) is silent", language, kind, value)
				}
				if len(text) > 4096 {
					t.Errorf("%s %s(%q) has %d bytes", language, kind, value, len(text))
				}
				_, _ = Read(language, kind, value, how) // must only come back
			}
		}
	})
}
