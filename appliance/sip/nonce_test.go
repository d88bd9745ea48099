package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"hash"
	"regexp"
	"strings"
	"testing"
	"time"
)

// caller is a phone that answers challenges, written apart from the code it tests.
type caller struct {
	user, realm, password, nonce, uri, method string
	algorithm, nc, cnonce, qop                string
}

func (p caller) credentials() string {
	h := md5.New
	if p.algorithm == "SHA-256" {
		h = sha256.New
	}
	hex := func(h func() hash.Hash, s string) string {
		d := h()
		d.Write([]byte(s))
		return fmt.Sprintf("%x", d.Sum(nil))
	}
	secret := hex(h, p.user+":"+p.realm+":"+p.password)
	what := hex(h, p.method+":"+p.uri)
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=%s, qop=%s, nc=%s, cnonce="%s", response="%s"`,
		p.user, p.realm, p.nonce, p.uri, p.algorithm, p.qop, p.nc, p.cnonce,
		hex(h, strings.Join([]string{secret, p.nonce, p.nc, p.cnonce, p.qop, what}, ":")))
}

// desk is a challenger with a clock that the test turns, and one user, 100 with the password "right".
type desk struct {
	at time.Time
	*challenger
}

func newDesk() *desk {
	d := &desk{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	d.challenger = newChallenger(func() time.Time { return d.at }, "callbox")
	return d
}

func (d *desk) caller() caller {
	nonce := regexp.MustCompile(`nonce="([^"]*)"`).FindStringSubmatch(d.challenges(false, true)[0])[1]
	return caller{user: "100", realm: "callbox", password: "right", nonce: nonce, uri: "sip:box", method: "REGISTER", algorithm: "SHA-256", nc: "00000001", cnonce: "c", qop: "auth"}
}

func (d *desk) judge(credentials string) verdict {
	return d.verify(credentials, "REGISTER", "sip:box", func(user string) (string, bool) { return "right", user == "100" })
}

func TestAPhoneIsOfferedSHA256BeforeMD5(t *testing.T) {
	d := newDesk()
	got := d.challenges(true, true)
	form := regexp.MustCompile(`^Digest realm="callbox", nonce="[\w-]{43}", qop="auth", stale=true, algorithm=(SHA-256|MD5)$`)
	if len(got) != 2 || !form.MatchString(got[0]) || !form.MatchString(got[1]) || !strings.HasSuffix(got[0], "SHA-256") || strings.Contains(d.challenges(false, true)[0], "stale") {
		t.Errorf("%q", got)
	}
	odd := newChallenger(time.Now, `a "b\`).challenges(false, true)[0]
	if fields, err := parseCredentials(odd); err != nil || fields["realm"] != `a "b\` {
		t.Errorf("%q: %v, %v", odd, fields, err)
	}
}

func TestTheRightPasswordIsAcceptedWithEitherAlgorithm(t *testing.T) {
	d := newDesk()
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		p := d.caller()
		p.algorithm = algorithm
		if v := d.judge(p.credentials()); !v.ok || v.user != "100" || v.stale || v.guessed {
			t.Errorf("%s: %+v", algorithm, v)
		}
	}
	p := d.caller()
	p.algorithm = "MD5"
	if v := d.judge(strings.Replace(p.credentials(), "algorithm=MD5, ", "", 1)); !v.ok {
		t.Errorf("no algorithm means MD5: %+v", v)
	}
}

// The vectors of RFC 7616 section 3.9.1, through the same function that judges phones.
func TestTheDigestIsThatOfTheRFC(t *testing.T) {
	c := newChallenger(time.Now, "http-auth@example.org")
	f := map[string]string{"username": "Mufasa", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "nc": "00000001",
		"cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "qop": "auth", "uri": "/dir/index.html"}
	for want, h := range map[string]func() hash.Hash{
		"8ca523f5e9506fed4657c9700eebdbec":                                 md5.New,
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1": sha256.New,
	} {
		if got := fmt.Sprintf("%x", c.response(h, f, "Circle of Life", "GET")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAWrongPasswordAndAnUnknownUserLookTheSame(t *testing.T) {
	d := newDesk()
	wrong, nobody, lucky := d.caller(), d.caller(), d.caller()
	wrong.password, nobody.user = "wrong", "999"
	lucky.user, lucky.password = "999", d.dummy
	for _, p := range []caller{wrong, nobody, lucky} {
		v := d.judge(p.credentials())
		v.user = ""
		if (v != verdict{guessed: true, reason: "wrong user or password"}) {
			t.Errorf("%s: %+v", p.user, v)
		}
	}
}

func TestCredentialsForSomethingElseAreRefusedWithoutCountingAsAGuess(t *testing.T) {
	d := newDesk()
	for what, change := range map[string]func(*caller){
		"realm":         func(p *caller) { p.realm = "elsewhere" },
		"uri":           func(p *caller) { p.uri = "sip:other" },
		"user in uri":   func(p *caller) { p.uri = "sip:100@box" },
		"qop auth-int":  func(p *caller) { p.qop = "auth-int" },
		"session":       func(p *caller) { p.algorithm = "MD5-sess" },
		"SHA-512":       func(p *caller) { p.algorithm = "SHA-512-256" },
		"nc zero":       func(p *caller) { p.nc = "00000000" },
		"nc short":      func(p *caller) { p.nc = "1" },
		"nc signed":     func(p *caller) { p.nc = "+0000001" },
		"no cnonce":     func(p *caller) { p.cnonce = "" },
		"no user":       func(p *caller) { p.user = "" },
		"endless field": func(p *caller) { p.cnonce = strings.Repeat("c", fieldLimit+1) },
	} {
		p := d.caller()
		change(&p)
		if v := d.judge(p.credentials()); v.ok || v.guessed || v.stale || v.reason == "" {
			t.Errorf("%s: %+v", what, v)
		}
	}
	p := d.caller()
	for what, credentials := range map[string]string{
		"nothing":   "",
		"basic":     "Basic MTAwOnJpZ2h0",
		"RFC 2069":  strings.NewReplacer("qop=auth, ", "", "nc=00000001, ", "", `cnonce="c", `, "").Replace(p.credentials()),
		"twice":     p.credentials() + `, username="101"`,
		"open":      p.credentials() + `, opaque="`,
		"userhash":  strings.Replace(p.credentials(), `username=`, `userhash=true, username*=`, 1),
		"short":     strings.Replace(p.credentials(), `response="`, `response="00`, 1),
		"not hex":   regexp.MustCompile(`response="..`).ReplaceAllString(p.credentials(), `response="xy`),
		"too long":  p.credentials() + strings.Repeat(" ", credentialsLimit),
		"two lines": strings.Replace(p.credentials(), `"100"`, "\"10\r\n0\"", 1),
	} {
		if v := d.judge(credentials); v.ok || v.guessed || v.stale || v.reason == "" {
			t.Errorf("%s: %+v", what, v)
		}
	}
}

func TestTheMethodIsPartOfTheProof(t *testing.T) {
	d := newDesk()
	p := d.caller()
	p.method = "INVITE"
	if v := d.judge(p.credentials()); v.ok || !v.guessed {
		t.Errorf("%+v", v)
	}
}

func TestAPhoneMayWriteTheURIALittleDifferently(t *testing.T) {
	d := newDesk()
	for _, uri := range []string{"sip:box:5060", "sip:BOX;transport=udp"} {
		p := d.caller()
		p.uri = uri
		if v := d.judge(p.credentials()); !v.ok {
			t.Errorf("%s: %+v", uri, v)
		}
	}
}

func TestAnOldNonceAsksAgainOnlyThoseWhoKnowThePassword(t *testing.T) {
	d := newDesk()
	p, wrong, forged, foreign := d.caller(), d.caller(), d.caller(), d.caller()
	wrong.password = "wrong"
	other := newDesk()
	foreign.nonce = other.caller().nonce
	forged.nonce = "A" + forged.nonce[1:]
	if forged.nonce == p.nonce {
		t.Fatal("not forged")
	}
	d.at = d.at.Add(nonceLife)
	if v := d.judge(p.credentials()); !v.ok {
		t.Errorf("in its last moment: %+v", v)
	}
	d.at = d.at.Add(time.Second)
	p.nc = "00000002"
	if v := d.judge(p.credentials()); v.ok || !v.stale || v.guessed {
		t.Errorf("too old: %+v", v)
	}
	if v := d.judge(wrong.credentials()); v.ok || v.stale || !v.guessed {
		t.Errorf("too old and wrong: %+v", v)
	}
	for _, p := range []caller{forged, foreign} {
		if v := d.judge(p.credentials()); v.ok || !v.stale {
			t.Errorf("of another box, or forged: %+v", v)
		}
	}
	for _, nonce := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("é", 20), p.nonce + "=", p.nonce + "A"} {
		p.nonce = nonce
		if v := d.judge(p.credentials()); v.ok || !v.stale {
			t.Errorf("%q: %+v", nonce, v)
		}
	}
}

func TestACapturedREGISTERCannotBePlayedAgain(t *testing.T) {
	d := newDesk()
	p := d.caller()
	use := func(nc int) bool {
		p.nc = fmt.Sprintf("%08x", nc)
		v := d.judge(p.credentials())
		if !v.ok && !v.stale {
			t.Errorf("nc %d: %+v", nc, v)
		}
		return v.ok
	}
	for _, c := range []struct {
		nc int
		ok bool
	}{{2, true}, {2, false}, {1, true}, {1, false}, {5, true}, {3, true}, {3, false}, {100, true}, {37, true}, {37, false}, {36, false}, {1000000, true}, {100, false}, {999999, true}, {1000000, false}} {
		if use(c.nc) != c.ok {
			t.Errorf("nc %d: accepted %t, want %t", c.nc, !c.ok, c.ok)
		}
	}
}

func TestForgottenNoncesAreNotAcceptedAgainAndMemoryStaysBounded(t *testing.T) {
	d := newDesk()
	first := d.caller()
	if v := d.judge(first.credentials()); !v.ok {
		t.Fatalf("%+v", v)
	}
	late := d.caller() // challenged in the same instant, not used yet
	for i := range nonceTables {
		d.at = d.at.Add(time.Millisecond)
		if v := d.judge(d.caller().credentials()); !v.ok {
			t.Fatalf("phone %d: %+v", i, v)
		}
	}
	if len(d.used) != nonceTables || len(d.order) != nonceTables {
		t.Errorf("%d nonces remembered", len(d.used))
	}
	if v := d.judge(first.credentials()); v.ok || !v.stale {
		t.Errorf("replay of a forgotten nonce: %+v", v)
	}
	if v := d.judge(late.credentials()); v.ok || !v.stale {
		t.Errorf("as old as the forgotten: %+v", v)
	}
}

func TestAFloodWithoutCredentialsCostsNoMemory(t *testing.T) {
	d := newDesk()
	seen := map[string]bool{}
	for range 1000 {
		p := d.caller()
		if seen[p.nonce] {
			t.Fatal("the same nonce twice")
		}
		seen[p.nonce] = true
		p.password = "guess"
		d.judge(p.credentials())
	}
	if len(d.used) != 0 {
		t.Errorf("%d nonces remembered", len(d.used))
	}
}

func TestCredentialsAreReadAsPhonesWriteThem(t *testing.T) {
	for in, want := range map[string]map[string]string{
		`Digest a=1`:                         {"a": "1"},
		"digest\tx=1":                        nil,
		"DIGEST  A = \"x\" ,b=2,\r\n c=\"\"": {"a": "x", "b": "2", "c": ""},
		`Digest a="q\"u\\o,te=d", b=3`:       {"a": `q"u\o,te=d`, "b": "3"},
		`Digest`:                             {},
		`Digest ,,a=1,,`:                     {"a": "1"},
		`Digest a`:                           nil,
		`Digest =1`:                          nil,
		`Digest a=`:                          nil,
		`Digest a="1" b=2`:                   nil,
		`Digest a=1 b=2`:                     nil,
		`Digest a=1"2"`:                      nil,
		`Digest a="\`:                        nil,
		`Digest a=1, A=2`:                    nil,
		`Digest a b=1`:                       nil,
		`Digest a=1, Digest b=2`:             nil,
		"Digest a=\"\x00\"":                  nil,
	} {
		got, err := parseCredentials(in)
		if (err != nil) != (want == nil) || want != nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
	var many strings.Builder
	for i := range fieldsLimit + 1 {
		fmt.Fprintf(&many, ",f%d=1", i)
	}
	if _, err := parseCredentials("Digest " + many.String()); err == nil {
		t.Error("fields without end")
	}
}

func FuzzAuthorization(f *testing.F) {
	d := newDesk()
	f.Add(d.caller().credentials())
	for _, s := range []string{"", "Digest", `Digest username="a\"b", nonce="", response=`, "Digest a=1, a=2", `Digest username*=UTF-8''x, userhash=true`, "Basic x", "Digest \xff=\xff", "Digest a=\"\\", "Digest 0=\x1e", "Digest 0=\"\\\x7f\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := d.verify(s, "REGISTER", "sip:box", func(string) (string, bool) { return "a password nobody has", true })
		if v.ok || v.stale || v.reason == "" {
			t.Errorf("%q: %+v", s, v)
		}
		fields, err := parseCredentials(s)
		if err != nil {
			return
		}
		var back []string
		for name, value := range fields {
			if len(value) > fieldLimit || strings.ContainsAny(value, "\x00\r\n") || !isToken(name) {
				t.Errorf("%q kept %q=%q", s, name, value)
			}
			back = append(back, name+"="+quoted(value))
		}
		if again, err := parseCredentials("Digest " + strings.Join(back, ", ")); err != nil && len(s) < fieldLimit || err == nil && fmt.Sprint(again) != fmt.Sprint(fields) {
			t.Errorf("%q read as %v, again as %v (%v)", s, fields, again, err)
		}
	})
}
