package media

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestABrowserAndTheBoxHearEachOther(t *testing.T) {
	for _, c := range []struct {
		name  string
		host  string
		begin func(b *browser, leg *Stream, local netip.Addr)
	}{
		{"the browser calls", "127.0.0.1", (*browser).call},
		{"the browser calls over IPv6", "::1", (*browser).call},
		{"the browser is called and begins", "127.0.0.1", func(b *browser, leg *Stream, local netip.Addr) { b.isCalled(leg, local, setupActive) }},
		{"the browser is called and lets the box begin", "::1", func(b *browser, leg *Stream, local netip.Addr) { b.isCalled(leg, local, setupPassive) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			local := netip.MustParseAddr(c.host)
			if local.Is6() && !hasIPv6(t) {
				return
			}
			e := box(t, Options{Workers: 1, Bind: local})
			leg, events := open(t, e)
			b := newBrowser(t, local)
			c.begin(b, leg, local)
			leg.Play(ToneSound(200*time.Millisecond, 440), false) // begun long before the keys are there
			b.talks(leg)
			ear := b.ear()
			var last uint16
			for i := range 10 {
				p := b.hear(ear)
				if len(p.payload) != 160 || (i > 0 && p.seq != last+1) {
					t.Fatalf("packet %d: %d bytes, number %d after %d", i, len(p.payload), p.seq, last)
				}
				last = p.seq
			}
			wantEvent(t, events, EventPlayed)
			leg.Echo(true)
			leg.Stats()
			b.say(0x42)
			if p := b.hear(ear); p.payload[0] != 0x42 {
				t.Errorf("the echo is %x", p.payload[0])
			}
			if s := leg.Stats(); s.Suite == "" || s.PacketsIn != 1 || s.PacketsOut != 11 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestABrowserThatMissesOurLastWordHearsItAgain(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	b := newBrowser(t, localhost)
	b.deaf = 2
	b.call(leg, localhost)
	b.talks(leg)
	leg.Echo(true)
	b.say(7)
	if p := b.hear(b.ear()); p.payload[0] != 7 {
		t.Errorf("heard %x", p.payload[0])
	}
}

func rowM08WhoIsNotTheOneThatWasSignalledHasNoCallAndNoSound(t *testing.T) {
	for name, c := range map[string]struct {
		setup string
		lie   func(*browser)
	}{
		"another certificate":                     {setupActive, func(b *browser) { b.shown = strangers(b.t) }},
		"another certificate, and the box begins": {setupPassive, func(b *browser) { b.shown = strangers(b.t) }},
		"no certificate":                          {setupActive, func(b *browser) { b.bare = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := box(t, Options{Workers: 1})
			leg, events := open(t, e)
			b := newBrowser(t, localhost)
			c.lie(b)
			b.isCalled(leg, localhost, c.setup)
			leg.Play(ToneSound(time.Second, 440), true)
			if err := <-b.answered; err == nil {
				t.Fatal("the browser believes that it has a call")
			}
			ctx, told := context.WithTimeout(context.Background(), patience)
			defer told()
			go func() {
				for e := range events {
					if e.Kind == EventInsecure {
						told()
						return
					}
				}
			}()
			for b.bare && ctx.Err() == nil { // it may try as often as it likes
				_ = b.shake(ctx, true)
			}
			if <-ctx.Done(); !errors.Is(ctx.Err(), context.Canceled) {
				t.Error("nobody was told")
			}
			plain := make([]byte, headerSize+160)
			putHeader(plain, 8, false, 1, 1, 1)
			if _, err := b.sound.Write(plain); err != nil {
				t.Fatal(err)
			}
			until(t, "the plain packet is refused", func() bool { return leg.Stats().Refused == 1 })
			if s := leg.Stats(); s.PacketsOut != 0 || s.PacketsIn != 0 || s.Suite != "" {
				t.Errorf("%+v", s)
			}
			if b.sound.inbox.Count() != 0 {
				t.Error("something sounded in the browser")
			}
		})
	}
}

// strangers is the certificate of somebody else.
func strangers(t testing.TB) tls.Certificate {
	t.Helper()
	other, err := newIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	return other.certificate
}

func rowM09ABrowserThatIsGoneIsNoticed(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, events := open(t, e)
	b := newBrowser(t, localhost)
	b.call(leg, localhost)
	b.talks(leg)
	b.say(1)
	wantEvent(t, events, EventFirst)
	peer := leg.Stats().Peer
	b.agent.Close() // its page was closed
	leg.Stats()
	leg.Stats() // what it still sent is taken
	leg.command(func(w *worker, f *flow) {
		for i := range f.latch.checks.sources {
			f.latch.checks.sources[i].at -= consent
		}
		onChores(w, f)
		onChores(w, f)
	})
	wantEvent(t, events, EventLost)
	if s := leg.Stats(); s.Peer.IsValid() || s.Peer == peer {
		t.Errorf("%v is still sent to", s.Peer)
	}
	if len(events) != 0 {
		t.Errorf("told again: %+v", <-events)
	}
}

func TestABrowserKeepsItsSoundWhenItIsHeldAndWhenItBeginsAnew(t *testing.T) {
	t.Parallel()
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	b := newBrowser(t, localhost)
	b.call(leg, localhost)
	b.talks(leg)
	leg.Echo(true)
	b.say(1)
	ear := b.ear()
	b.hear(ear)
	was := b.line
	again := func(offer []byte) line {
		t.Helper()
		answer, err := leg.Answer(offer, localhost, []Codec{PCMA}, SendRecv)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := parseSDP(answer)
		if err != nil {
			t.Fatal(err)
		}
		leg.Stats()
		return lines[0]
	}
	if now := again(b.sdp("actpass", "sendonly")); now.peer != was.peer || now.setup != was.setup {
		t.Errorf("hold changed %+v to %+v", was.peer, now.peer)
	}
	offer := b.sdp("actpass", "sendrecv")
	if now := again(offer); now.peer != was.peer {
		t.Error("resuming changed our credentials")
	}
	b.say(2)
	if p := b.hear(ear); p.payload[0] != 2 {
		t.Errorf("heard %x", p.payload[0])
	}
	if said := string(leg.Offer(localhost, []Codec{PCMA}, SendRecv)); !strings.Contains(said, "a=ice-ufrag:"+was.peer.ufrag) || !strings.Contains(said, "a=group:BUNDLE 0\r\n") {
		t.Errorf("our own offer in the call:\n%s", said)
	}
	restarted := strings.NewReplacer(b.peer.ufrag, "anew", b.peer.pwd, strings.Repeat("anew", 8)).Replace(string(offer))
	now := again([]byte(restarted))
	if now.peer.ufrag == was.peer.ufrag || now.peer.pwd == was.peer.pwd {
		t.Error("our credentials are the old ones though the browser began anew")
	}
	b.say(3) // until its new checks come, it is heard as before
	if p := b.hear(ear); p.payload[0] != 3 {
		t.Errorf("heard %x", p.payload[0])
	}
}

func TestABrowserIsToldEveryAddressOfOurs(t *testing.T) {
	e := box(t, Options{Workers: 1})
	leg, _ := open(t, e)
	leg.Secure(SecureBrowser)
	leg.Reachable(netip.MustParseAddr("2001:db8::7"), netip.Addr{}, netip.IPv4Unspecified())
	offer := string(leg.Offer(localhost, []Codec{PCMA}, SendRecv))
	port := itoa(leg.Port())
	want := "a=candidate:1 1 udp 2130706431 127.0.0.1 " + port + " typ host\r\na=candidate:2 1 udp 2130706175 2001:db8::7 " + port + " typ host\r\n"
	if !strings.Contains(offer, want) || strings.Count(offer, "a=candidate") != 2 {
		t.Errorf("our offer:\n%s", offer)
	}
}
