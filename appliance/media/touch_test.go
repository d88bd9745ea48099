package media

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// touchtone is a key pressed on some phone.
type touchtone struct {
	key       byte
	ms        int
	low, high float64 // dBm0
	off       float64 // share by which both frequencies are wrong
	noise     float64 // dB under the tones; 0: none
	broken    int     // ms of silence in the middle
}

func (k touchtone) sound(r *rand.Rand) []int16 {
	at := strings.IndexByte(touchKeys, k.key)
	pcm := make([]int16, k.ms*8)
	peak := func(dBm0 float64) float64 { return 32768 * math.Pow(10, (dBm0-3.14)/20) }
	noise := 0.0
	if k.noise > 0 {
		noise = math.Hypot(peak(k.low), peak(k.high)) / math.Sqrt2 * math.Pow(10, -k.noise/20)
	}
	phase := r.Float64()
	for i := range pcm {
		t := float64(i)/8000 + phase
		x := peak(k.low)*math.Sin(2*math.Pi*touchLow[at/4]*(1+k.off)*t) + peak(k.high)*math.Sin(2*math.Pi*touchHigh[at%4]*(1+k.off)*t)
		if i >= len(pcm)/2-4*k.broken && i < len(pcm)/2+4*k.broken {
			x = 0
		}
		pcm[i] = int16(min(max(x+noise*r.NormFloat64(), -32768), 32767))
	}
	return pcm
}

// keysIn gives the keys that a fresh ear finds, after a silence of its own length, so that blocks begin anywhere.
func keysIn(pcm []int16, r *rand.Rand) (keys string) {
	var ear touch
	ear.hear(make([]int16, r.IntN(touchBlock)))
	for len(pcm) > 0 {
		n := min(160, len(pcm))
		if key := ear.hear(pcm[:n]); key != 0 {
			keys += string(key)
		}
		pcm = pcm[n:]
	}
	return keys
}

func TestEveryKeyIsHeardOnceWithinTheLimitsOfTheNetworks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for name, c := range map[string]touchtone{
		"as phones send it":                    {ms: 100, low: -9, high: -7},
		"no longer than it has to be":          {ms: 40, low: -9, high: -7},
		"held for a second":                    {ms: 1000, low: -9, high: -7},
		"very soft":                            {ms: 50, low: -30, high: -30},
		"very loud":                            {ms: 50, low: -1, high: -1},
		"the high tone 4 dB louder":            {ms: 50, low: -12, high: -8},
		"the high tone swallowed by 8 dB":      {ms: 50, low: -8, high: -16},
		"1.5 % too high":                       {ms: 50, low: -9, high: -7, off: 0.015},
		"1.5 % too low":                        {ms: 50, low: -9, high: -7, off: -0.015},
		"1.5 % too low, and swallowed by 8 dB": {ms: 50, low: -8, high: -16, off: -0.015},
		"in noise":                             {ms: 60, low: -9, high: -9, noise: 15},
		"broken for 10 ms":                     {ms: 120, low: -9, high: -7, broken: 10},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				var pcm []int16
				for _, key := range []byte(touchKeys) {
					c.key = key
					pcm = append(append(pcm, c.sound(r)...), make([]int16, 40*8+r.IntN(100))...)
				}
				if got := keysIn(pcm, r); got != touchKeys {
					t.Fatalf("heard %q", got)
				}
			}
		})
	}
}

func TestWhatIsNoKeyIsHeardAsNone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for name, c := range map[string]touchtone{
		"20 ms of a key":                   {ms: 20, low: -9, high: -7},
		"3.5 % too high":                   {ms: 100, low: -9, high: -7, off: 0.035},
		"3.5 % too low":                    {ms: 100, low: -9, high: -7, off: -0.035},
		"a whisper":                        {ms: 100, low: -45, high: -45},
		"the high tone alone":              {ms: 100, low: -60, high: -7},
		"the low tone alone":               {ms: 100, low: -9, high: -60},
		"the high tone 10 dB louder":       {ms: 100, low: -19, high: -9},
		"the high tone swallowed by 14 dB": {ms: 100, low: -6, high: -20},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				for _, key := range []byte(touchKeys) {
					c.key = key
					if got := keysIn(append(c.sound(r), make([]int16, 800)...), r); got != "" {
						t.Fatalf("heard %q in %c", got, key)
					}
				}
			}
		})
	}
}

func TestPeopleMusicAndTonesPressNoKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	if got := keysIn(babble(120, sampleRate), r); got != "" {
		t.Errorf("two minutes of something like speech pressed %q", got)
	}
	if got := keysIn(Music().PCM(), r); got != "" {
		t.Errorf("the music on hold pressed %q", got)
	}
	for _, country := range []string{"US", "DE", "GB", "JP", "FR", "TW"} {
		for _, tone := range []Tone{ToneDial, ToneBusy, ToneRingback, ToneCongestion, ToneUnobtainable} {
			if got := keysIn(CountryTone(country, tone).PCM(), r); got != "" {
				t.Errorf("%s, %s, pressed %q", country, tone, got)
			}
		}
	}
}

func TestOurOwnTonesAreKeysAndDoNotClick(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	var pcm []int16
	var sound touchSound
	for _, key := range []byte(touchKeys) {
		sound.press(key)
		piece := make([]int16, 100*8+60*8)
		sound.into(piece[:800], true)
		sound.into(piece[800:], false)
		pcm = append(pcm, piece...)
	}
	if got := keysIn(pcm, r); got != touchKeys {
		t.Errorf("heard %q", got)
	}
	for at := 800; at < len(pcm); at += 1280 {
		if pcm[at+touchFade] != 0 {
			t.Errorf("a key sounds on for %d", pcm[at+touchFade])
		}
	}
	if bend, at := roughest(pcm); float64(bend) > 18_300*math.Pow(2*math.Pi*1633/8000, 2) {
		t.Errorf("a click of %d at %d", bend, at)
	}
}

func FuzzTouch(f *testing.F) {
	f.Add([]byte{0, 0, 255, 127, 0, 128})
	f.Fuzz(func(t *testing.T, data []byte) {
		var ear touch
		pcm := make([]int16, 3)
		for ; len(data) >= 6; data = data[6:] {
			for i := range pcm {
				pcm[i] = int16(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
			}
			if key := ear.hear(pcm); key != 0 && strings.IndexByte(touchKeys, key) < 0 {
				t.Fatalf("a key %d", key)
			}
		}
	})
}
