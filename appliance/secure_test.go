package appliance_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/sip"
	"callbox/appliance/web"
)

const (
	optional = "  srtp = \"optional\"\n"
	required = "  srtp = \"required\"\n"
	off      = "  srtp = \"off\"\n"
)

func TestACallerWhoseKeysAreAnothersIsCutOffAndTheCDRSaysWhy(t *testing.T) {
	o := newOffice(t, "")
	fingerprint := regexp.MustCompile(`a=fingerprint:sha-256 [0-9A-F:]+`)
	mei := o.handset("1001", func(h *handset) {
		h.safe = media.SecureBrowser
		h.bend = func(s string) string { // somebody in between announces another certificate than it shows
			return fingerprint.ReplaceAllString(s, "a=fingerprint:sha-256 "+strings.Repeat("AB:", 31)+"AB")
		}
	})
	a := mei.call("*43", sip.Party{Number: "1001"})
	o.isAnswered(a)
	o.isOver(a)
	if c := o.cdr(1); c.Cause.Who != "caller" || c.Cause.Why != "insecure" || c.Outcome != "answered" {
		t.Errorf("CDR %+v", c)
	}
}

func TestWhoCannotSealItsSoundAsTheBoxInsistsIsToldSo(t *testing.T) {
	for _, c := range []struct {
		name, box string
		phone     media.Security
	}{
		{"the box insists and the phone cannot", required, media.SecureOff},
		{"the phone insists and the box may not", off, media.SecureRequired},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := officeThat(t, "", func(o *office) { o.sound = c.box })
			jun := o.handset("1002", func(*handset) {})
			a := o.handset("1001", func(h *handset) { h.safe = c.phone }).call("1002", sip.Party{Number: "1001"})
			if code := o.isOver(a); code != 488 {
				t.Errorf("the phone got %d", code)
			}
			if len(jun.invites) > 0 {
				t.Error("somebody was called all the same")
			}
			if c := o.cdr(1); c.Cause.Who != "box" || c.Cause.Why != "insecure" || c.Cause.SIP != 488 || c.Outcome != "failed" {
				t.Errorf("CDR %+v", c)
			}
		})
	}
}

func TestACallForHelpDoesNotHangOnEncryption(t *testing.T) {
	pstn := newHandset(t, "0912345678", func(*handset) {})
	o := officeThat(t, "trunk \"pstn\" {\n  address = \"sip:"+pstn.addr()+"\"\n}\n", func(o *office) { o.sound = required })
	a := o.call(o.phone("1003"), "119")
	a.PlayTone(440)
	b := pstn.rings()
	b.answer()
	o.answered(a)
	o.listens(b, 440)
	a.Hangup()
}

// only refuses offers of another profile.
func only(profile string, code int) func(string) int {
	return func(offer string) int {
		if strings.Contains(offer, " "+profile+" ") {
			return 0
		}
		return code
	}
}

func TestAPhoneThatKnowsOnlyOneSpellingOfEncryptedSoundIsReachedAllTheSame(t *testing.T) {
	for _, c := range []struct {
		name, box, profile string
		code, calls        int
	}{
		{"RTP/SAVP", optional, "RTP/SAVP", 488, 3},
		{"RTP/SAVP, and it says 606", optional, "RTP/SAVP", 606, 3},
		{"RTP/SAVP, and it says 415", optional, "RTP/SAVP", 415, 3},
		{"RTP/AVP", required, "RTP/AVP", 488, 2},
		{"DTLS", optional, "UDP/TLS/RTP/SAVPF", 488, 2},
		{"DTLS, and the box insists", required, "UDP/TLS/RTP/SAVPF", 488, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := officeThat(t, "", func(o *office) { o.sound = c.box })
			jun := o.handset("1002", func(h *handset) { h.safe, h.screen = media.SecureOptional, only(c.profile, c.code) })
			mei := o.handset("1001", func(h *handset) { h.safe = media.SecureRequired })
			a := mei.call("1002", sip.Party{Number: "1001"})
			b := jun.rings()
			b.answer()
			o.isAnswered(a)
			a.stream.Play(media.ToneSound(time.Second, 440), true)
			b.stream.Play(media.ToneSound(time.Second, 880), true)
			o.listens(a, 880)
			o.listens(b, 440)
			if n := len(jun.invites); n != c.calls {
				t.Errorf("the phone was called %d times", n)
			}
			var live []web.Call
			o.ask("GET", "/v1/calls", nil, &live)
			a.hangup()
			o.isOver(b)
			cdr := o.cdr(1)
			if len(cdr.Legs) != 2 || len(live) != 1 || len(live[0].Legs) != 2 {
				t.Fatalf("CDR %+v, live %+v", cdr, live)
			}
			for i := range 2 {
				if suite := "AEAD_AES_128_GCM"; cdr.Legs[i].Secure != suite || live[0].Legs[i].Secure != suite {
					t.Errorf("leg %d: %q in the CDR, %q in the list", i, cdr.Legs[i].Secure, live[0].Legs[i].Secure)
				}
			}
		})
	}
}

func TestASealedLegAndAPlainOneAreToldApartInTheCDR(t *testing.T) {
	o := newOffice(t, "")
	jun := o.handset("1002", func(h *handset) { h.safe = media.SecureOptional })
	a := o.call(o.phone("1001"), "1002")
	a.PlayTone(440)
	b := jun.rings()
	b.answer()
	o.answered(a)
	o.listens(b, 440)
	a.Hangup()
	o.isOver(b)
	if c := o.cdr(1); len(c.Legs) != 2 || c.Legs[0].Secure != "" || c.Legs[1].Secure != "AEAD_AES_128_GCM" {
		t.Errorf("legs %+v", c.Legs)
	}
}

func TestAPhoneThatTakesNoOfferIsCalledWithEachOnceAndPlainlyOnlyByABoxWithoutEncryption(t *testing.T) {
	for _, c := range []struct {
		name, box string
		calls     int
	}{{"optional", optional, 3}, {"required", required, 3}, {"off", off, 1}} {
		t.Run(c.name, func(t *testing.T) {
			o := officeThat(t, "", func(o *office) { o.sound = c.box })
			jun := o.handset("1002", func(h *handset) { h.screen = func(string) int { return 488 } })
			a := o.handset("1001", func(h *handset) { h.safe = media.SecureOptional }).call("1002", sip.Party{Number: "1001"})
			if code := o.isOver(a); code != 488 {
				t.Errorf("the caller got %d", code)
			}
			if cdr := o.cdr(1); cdr.Cause.Who != "box" || cdr.Cause.Why != "incompatible" {
				t.Errorf("CDR %+v", cdr)
			}
			if n := len(jun.invites); n != c.calls {
				t.Errorf("the phone was called %d times, want %d", n, c.calls)
			}
			for len(jun.invites) > 0 {
				offer := <-jun.invites
				if sealed := strings.Contains(offer, "a=crypto") || strings.Contains(offer, "a=fingerprint"); sealed != (c.box != off) {
					t.Errorf("offered:\n%s", offer)
				}
			}
		})
	}
}

func TestSoundThatMustBeSealedIsNotTakenPlainInTheEnd(t *testing.T) {
	o := officeThat(t, "", func(o *office) { o.sound = required })
	jun := o.handset("1002", func(h *handset) { h.screen = only("RTP/AVP", 488) }) // it skips a=crypto and answers plainly
	a := o.handset("1001", func(h *handset) { h.safe = media.SecureRequired }).call("1002", sip.Party{Number: "1001"})
	b := jun.rings()
	b.answer()
	if code := o.isOver(a); code != 488 {
		t.Errorf("the caller got %d", code)
	}
	o.isOver(b)
	if c := o.cdr(1); c.Cause.Who != "box" || c.Cause.Why != "insecure" || c.Outcome != "failed" {
		t.Errorf("CDR %+v", c)
	}
}

func TestOnlyPagesThatTheConfigurationNamesMayOpenAPhone(t *testing.T) {
	o := officeThat(t, "", func(o *office) {
		o.listen, o.signals = `, "ws://127.0.0.1:0"`, "  origins = [\"https://desk.example\"]\n"
	})
	var s web.Status
	o.ask("GET", "/v1/status", nil, &s)
	var at string
	for _, l := range s.Listen {
		if rest, ok := strings.CutPrefix(l, "ws://"); ok {
			at = rest
		}
	}
	for origin, want := range map[string]int{"https://desk.example": 101, "https://evil.example": 403, "http://127.0.0.1": 403, "": 101} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		q, err := http.NewRequestWithContext(ctx, "GET", "http://"+at+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "sip"} {
			q.Header.Set(name, value)
		}
		if origin != "" {
			q.Header.Set("Origin", origin)
		}
		r, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%q: %d, want %d", origin, r.StatusCode, want)
		}
	}
}

func TestACarrierIsBelievedAboutItsCallersUnlessTheConfigurationSaysNot(t *testing.T) {
	for _, c := range []struct{ name, trusted, from string }{
		{"as it is", "", "+886911222333"}, {"trusted", "  trusted = true\n", "+886911222333"}, {"not trusted", "  trusted = false\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			pstn := newHandset(t, "", func(*handset) {})
			o := newOffice(t, "trunk \"pstn\" {\n  address = \"sip:"+pstn.addr()+"\"\n"+c.trusted+"}\n"+ways)
			o.knows(pstn)
			// It hides its caller, and says who that is to those it trusts (RFC 3325).
			a := pstn.call("0227001234", sip.Party{Number: "+886911222333", Hidden: true})
			o.isOver(a) // nobody is there
			if got := o.cdr(1); got.From != c.from {
				t.Errorf("the CDR has %q, want %q", got.From, c.from)
			}
		})
	}
}
