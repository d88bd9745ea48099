package media

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pion/srtp/v3"
)

func TestWhichCryptoLinesAreTaken(t *testing.T) {
	const (
		thirty    = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
		fortyFour = "inline:" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	)
	for _, c := range []struct {
		value string
		taken bool
		mki   string
	}{
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty, true, ""},
		{"999999999 aes_cm_128_hmac_sha1_32 " + thirty, true, ""},
		{"1 AEAD_AES_256_GCM " + fortyFour, true, ""},
		{"1 AEAD_AES_256_GCM " + strings.TrimRight(fortyFour, "="), true, ""}, // some leave it out
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|2^31", true, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|1048576", true, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|2^20|1:4", true, "\x00\x00\x00\x01"},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|258:2", true, "\x01\x02"},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + " WSH=64 KDR=0 -NEWER", true, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|2^10", false, ""},             // seconds
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|2^64", false, ""},             // more than there are
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|258:1", false, ""},            // does not fit
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|1:0", false, ""},              //
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|1:128", false, ""},            //
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + "|2^20|1:4|1:4", false, ""},     //
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + ";" + thirty, false, ""},        // two keys
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + " KDR=24", false, ""},           //
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + " UNENCRYPTED_SRTP", false, ""}, //
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + " UNAUTHENTICATED_SRTP", false, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 " + thirty + " FEC_ORDER=FEC_SRTP", false, ""},
		{"1 AEAD_AES_128_GCM " + thirty, false, ""}, // too long
		{"1 AEAD_AES_256_GCM " + thirty, false, ""}, // too short
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVN", false, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:!!!!", false, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 outline:x", false, ""},
		{"1 F8_128_HMAC_SHA1_80 " + thirty, false, ""},
		{"1 NULL_HMAC_SHA1_80 " + thirty, false, ""},
		{"x AES_CM_128_HMAC_SHA1_80 " + thirty, false, ""},
		{"-1 AES_CM_128_HMAC_SHA1_80 " + thirty, false, ""},
		{"1234567890 AES_CM_128_HMAC_SHA1_80 " + thirty, false, ""},
		{"1 AES_CM_128_HMAC_SHA1_80", false, ""},
		{"", false, ""},
	} {
		got, ok := parseCrypto(c.value)
		if ok != c.taken {
			t.Errorf("%q: taken %v", c.value, ok)
		} else if ok && string(got.mki) != c.mki {
			t.Errorf("%q: MKI %x", c.value, got.mki)
		}
	}
}

func TestOurOwnCryptoLinesCanBeReadAndNoTwoHaveOneSecret(t *testing.T) {
	var was []byte
	for i, s := range suites {
		c := newCrypto(i+1, s)
		got, ok := parseCrypto(strings.TrimSpace(strings.TrimPrefix(c.attribute(), "a=crypto:")))
		if !ok || !got.same(c) || got.tag != i+1 {
			t.Errorf("%s", c.attribute())
		}
		if bytes.Equal(was, c.secret[:10]) {
			t.Error("chance repeats itself")
		}
		was = c.secret[:10]
	}
}

func TestAPeerThatNumbersItsSecretsIsHeard(t *testing.T) {
	for _, s := range suites {
		mine := newCrypto(1, s)
		context, err := srtp.CreateContext(mine.secret[:s.key], mine.secret[s.key:], s.profile, srtp.MasterKeyIndicator([]byte{0, 7}))
		if err != nil {
			t.Fatal(err)
		}
		theirs, ok := parseCrypto(strings.TrimSpace(strings.TrimPrefix(mine.attribute(), "a=crypto:")) + "|2^48|7:2")
		if !ok {
			t.Fatal("the line was refused")
		}
		open, err := newOpener(s, theirs.secret, theirs.mki)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, headerSize+5, largest)
		putHeader(b, 8, false, 1, 1, 1)
		copy(b[headerSize:], "sound")
		sealed, err := context.EncryptRTP(nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		var there scratch
		if got := open.rtp(&there, sealed); len(got) != headerSize+5 || string(got[headerSize:]) != "sound" {
			t.Errorf("%s: %q", s.name, got)
		}
	}
}

func TestTheBestFingerprintCounts(t *testing.T) {
	own, err := newIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	good, ok := parseFingerprint(strings.ToLower(own.print))
	if !ok || !good.isOf(own.certificate.Certificate[0]) || good.isOf(strangers(t).Certificate[0]) {
		t.Error("a certificate is not known by its fingerprint")
	}
	for _, bad := range []string{"", "sha-1 " + strings.Repeat("AB:", 19) + "AB", "md5 AB", "sha-256", "sha-256 AB", "sha-256 XY", "sha-512 " + strings.TrimPrefix(own.print, "sha-256 ")} {
		if _, ok := parseFingerprint(bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
	long := fingerprint{bits: 512, sum: strings.Repeat("x", 64)}
	p := protection{prints: []fingerprint{good, long, good}}
	if best := p.strongest(); len(best) != 1 || best[0] != long {
		t.Errorf("%v", best)
	}
}

func TestAPacketsNumberIsUsedOnceUnderOneSecret(t *testing.T) {
	var s sealer
	for _, c := range []struct {
		seq uint16
		new bool
	}{
		{65530, true}, {65529, false}, {65530, false}, {65534, true}, {65531, true}, {65531, false}, {2, true}, {65535, true},
		{0, true}, {0, false}, {1, true}, {2, false}, {100, true}, {36, false}, {37, true}, {37, false}, {5000, true}, {4999, true}, {100, false},
	} {
		if got := s.take(c.seq); got != c.new {
			t.Errorf("number %d is new: %v", c.seq, got)
		}
	}
}

func TestAPeerCannotFillOurMemoryWithSources(t *testing.T) {
	c := newCrypto(1, suites[0])
	seal, err := newSealer(c.suite, c.secret)
	if err != nil {
		t.Fatal(err)
	}
	open, err := newOpener(c.suite, c.secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	var there, back scratch
	taken := 0
	for ssrc := range uint32(1000) {
		b := make([]byte, headerSize+1)
		putHeader(b, 8, false, 1, 1, ssrc)
		seal.used = 0
		if open.rtp(&back, append([]byte(nil), seal.rtp(&there, b)...)) != nil {
			taken++
		}
	}
	if taken != mostSources {
		t.Errorf("%d sources", taken)
	}
}
