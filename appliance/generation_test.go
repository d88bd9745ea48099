package appliance

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/speech"
	"callbox/hcl"
)

func TestATrunksAddressKeepsItsTransport(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:sbc.carrier.example":                    "sbc.carrier.example",
		"sip:sbc.carrier.example:5062":               "sbc.carrier.example:5062",
		"sip:sbc.carrier.example:5060;transport=udp": "udp://sbc.carrier.example:5060",
		"sip:10.0.0.1;lr;transport=TCP":              "tcp://10.0.0.1",
		"sips:sbc.carrier.example":                   "tls://sbc.carrier.example",
		"sip:user@[2001:db8::1]:5080;transport=tls":  "tls://[2001:db8::1]:5080",
	} {
		if got := nextHop(uri); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

// piece is an office whose held callers hear a piece of its own.
func piece(t *testing.T, hz float64, more string) *hcl.Config {
	t.Helper()
	var wav bytes.Buffer
	if err := media.WriteWAV(&wav, media.ToneSound(10*time.Second, hz).PCM()); err != nil {
		t.Fatal(err)
	}
	cfg, diags := hcl.Load(fstest.MapFS{
		"music/hold.wav": {Data: wav.Bytes()},
		"office.hcl":     {Data: []byte("media {\n  codecs = [\"pcma\"]\n}\nmusic \"hold\" {\n  files = [\"music/hold.wav\"]\n}\n" + more)},
	}, hcl.LoadOptions{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// built is a generation of it.
func built(t *testing.T, n int, cfg *hcl.Config, before *Generation) *Generation {
	t.Helper()
	cache, err := speech.OpenCache(speech.CacheOptions{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cache.Close)
	g, err := build(context.Background(), n, cfg, cache, before, Furniture{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhoIsPutOnHoldDoesNotWaitUntilTheMusicIsEncoded(t *testing.T) {
	cfg := piece(t, 440, "extension \"1001\" {\n  password = \"x\"\n  codecs   = [\"g722\"]\n}\ntrunk \"t\" {\n  address = \"sip:t.example\"\n  codecs  = [\"opus\"]\n}\n")
	g := built(t, 1, cfg, nil)
	encodes := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g.plan.Music.Prepare(media.Codecs([]string{"opus", "g722", "pcma"}))
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	g.voice.prepare()
	if n := encodes(); n > 100 { // Opus alone makes 500 packets of it
		t.Errorf("something was left to encode: %d allocations", n)
	}
}

func TestMusicThatDidNotChangeIsNotReadAndEncodedAgain(t *testing.T) {
	first := built(t, 1, piece(t, 440, ""), nil)
	same := built(t, 2, piece(t, 440, "extension \"1001\" {\n}\n"), first)
	other := built(t, 3, piece(t, 500, ""), same)
	if same.plan.Music != first.plan.Music || other.plan.Music == same.plan.Music {
		t.Error("the same piece is another sound, or another piece the same")
	}
	if media.Goertzel(other.plan.Music.PCM()[:8000], 500) < 0.8 {
		t.Error("who is held hears the piece of the generation before")
	}
}
