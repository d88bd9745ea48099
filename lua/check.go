package lua

import (
	"errors"
	"strings"
	"time"
)

// Each check takes upper-case letters and digits, 64 at most, and gives what is wrong, or nothing.

var errNoPhone = errors.New("this is no number of that country")

const wrongDigit = "its check digit is wrong: somebody mistyped it"

// bare is the number without what people put between its parts.
func bare(s string) (plain, reason string) {
	if len(s) > 128 {
		return "", "it is too long"
	}
	plain = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u3000", "").Replace(s))
	for _, c := range plain {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return "", "it has characters that are neither letters nor digits"
		}
	}
	if plain == "" || len(plain) > 64 {
		return "", "it is empty or too long"
	}
	return plain, ""
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func letters(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }

func checkLuhn(s string) string {
	if !digits(s) || len(s) < 2 {
		return "it has two digits at least, and nothing else"
	}
	sum := 0
	for i := range s {
		n := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return unless(sum%10 == 0, wrongDigit)
}

func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

// ibanLengths by country, from the registry of ISO 13616.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24,
	"DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
	"HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
	"LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
	"QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29,
	"VA": 22, "VG": 24, "XK": 20,
}

func checkIBAN(s string) string {
	if len(s) < 15 || len(s) > 34 || !letters(s[:2]) || !digits(s[2:4]) {
		return "it begins with the country's two letters and two check digits, and has 15 to 34 characters"
	}
	if n := ibanLengths[s[:2]]; n != 0 && n != len(s) {
		return "an account number of that country has another length"
	}
	rest := 0
	for _, c := range s[4:] + s[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return unless(rest == 1, wrongDigit)
}

func checkVIN(s string) string {
	if len(s) != 17 || strings.ContainsAny(s, "IOQ") {
		return "it has 17 letters and digits, without I, O and Q"
	}
	if !strings.Contains("12345L", s[:1]) {
		return "" // elsewhere the ninth character is the maker's own
	}
	const values = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ" // the place modulo ten is the letter's value
	weights := [17]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}
	sum := 0
	for i := range s {
		sum += strings.IndexByte(values, s[i]) % 10 * weights[i]
	}
	return unless(s[8] == "0123456789X"[sum%11], wrongDigit)
}

// provinces are the first two digits of a resident identity number (GB/T 2260).
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 "

func checkCNID(s string) string {
	if len(s) != 18 || !digits(s[:17]) || s[17] != 'X' && !digits(s[17:]) {
		return "it has 17 digits, and a digit or X at the end"
	}
	if !strings.Contains(provinces, " "+s[:2]+" ") {
		return "it begins with the code of no province"
	}
	if born, err := time.Parse("20060102", s[6:14]); err != nil || born.Year() < 1850 {
		return "its date of birth is no date"
	}
	sum, weight := 0, 1
	for i := 17; i >= 0; i-- { // the weights are the powers of two modulo eleven, from the right
		n := 10
		if s[i] != 'X' {
			n = int(s[i] - '0')
		}
		sum += n * weight
		weight = weight * 2 % 11
	}
	return unless(sum%11 == 1, wrongDigit)
}

// A letter of an identity number of Taiwan counts as its place in this row, plus ten.
const twLetters = "ABCDEFGHJKLMNPQRSTUVXYWZIO"

func checkTWID(s string) string {
	if len(s) != 10 || !letters(s[:1]) || !digits(s[2:]) || !strings.Contains("1289ABCD", s[1:2]) {
		return "it has a letter, then 1, 2, 8, 9 or A to D, then eight digits"
	}
	place := strings.IndexByte(twLetters, s[0])
	sum := (place/10 + 1) + place%10*9
	second := int(s[1] - '0')
	if s[1] >= 'A' {
		second = int(s[1] - 'A')
	}
	sum += second * 8
	for i := 2; i < 9; i++ {
		sum += int(s[i]-'0') * (9 - i)
	}
	return unless((sum+int(s[9]-'0'))%10 == 0, wrongDigit)
}

func checkS10(s string) string {
	if len(s) != 13 || !letters(s[:2]) || !digits(s[2:11]) || !letters(s[11:]) {
		return "it has two letters, nine digits and two letters"
	}
	sum := 0
	for i, weight := range [8]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(s[2+i]-'0') * weight
	}
	want := 11 - sum%11
	switch want {
	case 10:
		want = 0
	case 11:
		want = 5
	}
	return unless(int(s[10]-'0') == want, wrongDigit)
}
