package media

import (
	"bytes"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// agree has one stream offer and the other answer; between them change may rewrite the offer and the answer.
func agree(t testing.TB, caller, called *Stream, local netip.Addr, change func(string) string) error {
	t.Helper()
	answer, err := called.Answer([]byte(change(string(caller.Offer(local, []Codec{PCMA}, SendRecv)))), local, []Codec{PCMA}, SendRecv)
	if err != nil {
		return err
	}
	return caller.Accept([]byte(change(string(answer))))
}

func asItIs(s string) string { return s }

// onlySuite leaves the a=crypto line of one suite.
func onlySuite(name string) func(string) string {
	return func(s string) string {
		return regexp.MustCompile(`a=crypto:\d+ (\S+) .*\r\n`).ReplaceAllStringFunc(s, func(l string) string {
			if strings.Contains(l, " "+name+" ") {
				return l
			}
			return ""
		})
	}
}

func TestTwoPeopleHearEachOtherHoweverTheirSoundIsEncrypted(t *testing.T) {
	setup := func(role string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, "a=setup:actpass", "a=setup:"+role) }
	}
	for _, c := range []struct {
		name           string
		caller, called Security
		change         func(string) string
		profile, suite string
	}{
		{"not at all", SecureOff, SecureOff, asItIs, "RTP/AVP", ""},
		{"one could, the other not", SecureOptional, SecureOff, asItIs, "RTP/AVP", ""},
		{"both can", SecureOptional, SecureOptional, asItIs, "RTP/AVP", "AEAD_AES_128_GCM"},
		{"the caller insists", SecureRequired, SecureOptional, asItIs, "RTP/SAVP", "AEAD_AES_128_GCM"},
		{"the called insists", SecureOptional, SecureRequired, asItIs, "RTP/AVP", "AEAD_AES_128_GCM"},
		{"AEAD_AES_256_GCM", SecureRequired, SecureRequired, onlySuite("AEAD_AES_256_GCM"), "RTP/SAVP", "AEAD_AES_256_GCM"},
		{"AES_CM_128_HMAC_SHA1_80", SecureRequired, SecureRequired, onlySuite("AES_CM_128_HMAC_SHA1_80"), "RTP/SAVP", "AES_CM_128_HMAC_SHA1_80"},
		{"AES_CM_128_HMAC_SHA1_32", SecureRequired, SecureRequired, onlySuite("AES_CM_128_HMAC_SHA1_32"), "RTP/SAVP", "AES_CM_128_HMAC_SHA1_32"},
		{"with feedback", SecureRequired, SecureRequired, func(s string) string { return strings.ReplaceAll(s, "RTP/SAVP ", "RTP/SAVPF ") }, "RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS, the caller begins", SecureBrowser, SecureRequired, asItIs, "UDP/TLS/RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS, the called begins", SecureBrowser, SecureRequired, setup(setupPassive), "UDP/TLS/RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS with control on its own port", SecureBrowser, SecureRequired, func(s string) string { return strings.ReplaceAll(s, "a=rtcp-mux\r\n", "") }, "UDP/TLS/RTP/SAVPF", "AEAD_AES_128_GCM"},
		{"by DTLS without ICE and without feedback", SecureBrowser, SecureOptional, func(s string) string {
			s = regexp.MustCompile(`a=(ice|candidate|group|mid).*\r\n`).ReplaceAllString(s, "")
			return strings.ReplaceAll(s, "/SAVPF", "/SAVP")
		}, "UDP/TLS/RTP/SAVP", "AEAD_AES_128_GCM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			phones, e := box(t, Options{Workers: 1}), box(t, Options{Workers: 1, PortLow: 10000, PortHigh: 15999})
			caller, _ := open(t, phones)
			called, _ := open(t, e)
			caller.Secure(c.caller)
			called.Secure(c.called)
			var said string
			if err := agree(t, caller, called, localhost, func(s string) string { said = c.change(s); return said }); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(said, " "+c.profile+" ") {
				t.Errorf("the answer is not %s:\n%s", c.profile, said)
			}
			caller.Play(ToneSound(time.Second, 440), true)
			called.Play(ToneSound(time.Second, 1000), true)
			heardByCaller, heardByCalled := caller.Capture(), called.Capture()
			wantTone(t, hearFrames(t, heardByCaller, 10), 1000)
			wantTone(t, hearFrames(t, heardByCalled, 10), 440)
			var early uint64 // who has the keys first may speak before the other has them
			if strings.Contains(c.name, "DTLS") {
				early = 1
			}
			for _, s := range []Stats{caller.Stats(), called.Stats()} {
				if s.Suite != c.suite || s.Refused > early || s.Foreign != 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func rowS25WhoDoesNotAgreeOnEncryptionHasNoCall(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for _, c := range []struct {
		name           string
		caller, called Security
		change         func(string) string
		want           error
	}{
		{"the called insists and the caller has none", SecureOff, SecureRequired, asItIs, ErrInsecure},
		{"the caller insists and the called has none", SecureRequired, SecureOff, asItIs, ErrInsecure},
		{"nobody shares a suite", SecureRequired, SecureOptional, onlySuite("AES_192"), ErrInsecure},
		{"a page calls a phone that knows no DTLS", SecureBrowser, SecureOff, asItIs, ErrInsecure},
		{"a phone calls a page", SecureRequired, SecureBrowser, asItIs, ErrInsecure},
		{"no fingerprint", SecureBrowser, SecureOptional, func(s string) string { return strings.ReplaceAll(s, "a=fingerprint:sha-256", "a=fingerprint:sha-1") }, ErrInsecure},
		{"a setup that holds", SecureBrowser, SecureOptional, func(s string) string { return strings.ReplaceAll(s, "a=setup:actpass", "a=setup:holdconn") }, ErrInsecure},
		{"the answer drops the keys", SecureRequired, SecureRequired, func(s string) string {
			if strings.Contains(s, "a=crypto:2") {
				return s
			}
			return onlySuite("")(s)
		}, ErrInsecure},
		{"the answer takes a line that was not offered", SecureRequired, SecureRequired, func(s string) string {
			if strings.Contains(s, "a=crypto:2") {
				return s
			}
			return strings.ReplaceAll(s, "a=crypto:1", "a=crypto:9")
		}, ErrInsecure},
		{"the answer drops the fingerprint", SecureBrowser, SecureBrowser, func(s string) string {
			if strings.Contains(s, "a=setup:actpass") {
				return s
			}
			return regexp.MustCompile(`a=fingerprint.*\r\n`).ReplaceAllString(s, "")
		}, ErrInsecure},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, _ := open(t, e)
			called, _ := open(t, e)
			caller.Secure(c.caller)
			called.Secure(c.called)
			if err := agree(t, caller, called, localhost, c.change); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("our own secret comes back", func(t *testing.T) {
		s, _ := open(t, e)
		s.Secure(SecureRequired)
		if err := s.Accept(s.Offer(localhost, []Codec{PCMA}, SendRecv)); !errors.Is(err, ErrInsecure) {
			t.Errorf("got %v", err)
		}
	})
}

func rowS25WhatWasEncryptedIsNeverPlainAgain(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	a, _ := open(t, e)
	b, _ := open(t, e)
	a.Secure(SecureOptional)
	b.Secure(SecureOptional)
	if err := agree(t, a, b, localhost, asItIs); err != nil {
		t.Fatal(err)
	}
	plain := newPhone(t)
	for _, s := range []*Stream{a, b} {
		if _, err := s.Answer(plain.sdp("sendrecv"), localhost, []Codec{PCMA}, SendRecv); !errors.Is(err, ErrInsecure) {
			t.Errorf("a plain offer: %v", err)
		}
		s.Secure(SecureOff)
		if offer := s.Offer(localhost, []Codec{PCMA}, SendRecv); !bytes.Contains(offer, []byte("a=crypto:1 AEAD_AES_128_GCM ")) {
			t.Errorf("a later offer of ours:\n%s", offer)
		}
		if err := s.Accept(plain.sdp("sendrecv")); !errors.Is(err, ErrInsecure) {
			t.Errorf("a plain answer: %v", err)
		}
	}
	b.Play(ToneSound(time.Second, 440), true)
	wantTone(t, listen(t, a, 10), 440)
}

// Each branch of a forked call answers the one offer as it can, also when another branch answered before.
func TestBranchesOfACallMayDifferInEncryption(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	caller, _ := open(t, e)
	able, _ := open(t, e)
	simple := newPhone(t)
	caller.Secure(SecureOptional)
	able.Secure(SecureOptional)
	offer := caller.Offer(localhost, []Codec{PCMA}, SendRecv)
	answer, err := able.Answer(offer, localhost, []Codec{PCMA}, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := caller.Accept(answer); err != nil {
			t.Fatal(err)
		}
		caller.Echo(true)
		able.Play(ToneSound(time.Second, 440), true)
		wantTone(t, listen(t, able, 10), 440)
		able.Stop()
		if err := caller.Accept(simple.sdp("sendrecv")); err != nil {
			t.Fatal(err)
		}
		simple.leg = addrOf(caller)
		caller.Stats()
		simple.say(9)
		if got := simple.hear(); got.payload[0] != 9 {
			t.Errorf("heard %x", got.payload[0])
		}
	}
	caller.Secure(SecureRequired) // but not where somebody insists
	caller.Offer(localhost, []Codec{PCMA}, SendRecv)
	if err := caller.Accept(simple.sdp("sendrecv")); !errors.Is(err, ErrInsecure) {
		t.Errorf("got %v", err)
	}
}
