package media

import (
	"math"
	"slices"
	"testing"
	"time"
)

var allTones = []Tone{ToneDial, ToneRingback, ToneBusy, ToneCongestion, ToneUnobtainable}

// Each row of the table is listened to: where it is loud and where silent, how loud, and at which frequencies.
func TestEveryToneOfEveryCountrySoundsAsItsRowSays(t *testing.T) {
	for country := range tonePlans {
		for _, tone := range allTones {
			notation := tonePlans[country].notation(tone)
			bursts, err := parseTone(notation)
			if err != nil {
				t.Fatalf("%s %s: %v", country, tone, err)
			}
			pcm := CountryTone(country, tone).PCM()
			for _, b := range bursts {
				on, off := b.on*sampleRate/1000, b.off*sampleRate/1000
				if len(pcm) < on+off {
					t.Fatalf("%s %s (%s) is shorter than its cadence", country, tone, notation)
				}
				checkVoice(t, country+" "+string(tone), b.voice, pcm[:on])
				if RMS(pcm[on:on+off]) != 0 {
					t.Errorf("%s %s: a pause of %d ms is not silent", country, tone, b.off)
				}
				pcm = pcm[on+off:]
			}
			if len(pcm) != 0 {
				t.Errorf("%s %s (%s) goes on for %d samples after its cadence", country, tone, notation, len(pcm))
			}
		}
	}
}

func checkVoice(t *testing.T, name string, v voice, pcm []int16) {
	t.Helper()
	level := 20*math.Log10(RMS(pcm)/toneLevel) + v.down
	if level < -1 || level > 0.5 {
		t.Errorf("%s is %.1f dB off its level", name, level)
	}
	var share float64
	for _, hz := range v.hz {
		share += Goertzel(pcm, hz)
		if v.beat > 0 {
			share += Goertzel(pcm, hz-v.beat) + Goertzel(pcm, hz+v.beat)
		}
	}
	if share < 0.9 {
		t.Errorf("%s has only %.2f of its energy at %v Hz", name, share, v.hz)
	}
}

// What people know by heart, written down without the table's notation.
func TestPeopleHearWhatTheyKnowFromHome(t *testing.T) {
	for _, known := range []struct {
		country string
		tone    Tone
		hz      []float64
		cadence []int // ms on, off, on, off …
	}{
		{"TW", ToneBusy, []float64{480, 620}, []int{500, 500}},
		{"TW", ToneRingback, []float64{440, 480}, []int{1000, 2000}},
		{"US", ToneRingback, []float64{440, 480}, []int{2000, 4000}},
		{"us", ToneCongestion, []float64{480, 620}, []int{250, 250}},
		{"DE", ToneBusy, []float64{425}, []int{480, 480}},
		{"GB", ToneRingback, []float64{400, 450}, []int{400, 200, 400, 2000}},
		{"GB", ToneUnobtainable, []float64{400}, []int{1000}},
		{"FR", ToneRingback, []float64{440}, []int{1500, 3500}},
		{"CN", ToneBusy, []float64{450}, []int{350, 350}},
		{"HK", ToneRingback, []float64{440, 480}, []int{400, 200, 400, 3000}},
		{"NZ", ToneUnobtainable, []float64{400}, []int{75, 100, 75, 100, 75, 100, 75, 400}},
		{"", ToneBusy, []float64{425}, []int{500, 500}},
		{"XX", ToneRingback, []float64{425}, []int{1000, 4000}},
		{"XX", "no such tone", []float64{425}, []int{250, 250}},
	} {
		pcm := CountryTone(known.country, known.tone).PCM()
		if got := cadence(pcm); !near(got, known.cadence, 10) {
			t.Errorf("%q %s has the cadence %v ms, want %v", known.country, known.tone, got, known.cadence)
		}
		var share float64
		for _, hz := range known.hz {
			share += Goertzel(pcm[:known.cadence[0]*8], hz)
		}
		if share < 0.94 { // the edges of New Zealand's 75 ms cost the most
			t.Errorf("%q %s has only %.2f of its energy at %v Hz", known.country, known.tone, share, known.hz)
		}
	}
}

func TestANumberNotInUseIsAnnouncedByThreeRisingNotes(t *testing.T) {
	pcm := CountryTone("TW", ToneUnobtainable).PCM()
	for i, want := range []float64{950, 1400, 1800} {
		note := pcm[i*330*8 : (i+1)*330*8]
		if hz, share := DominantTone(note, 425, 950, 1400, 1800); hz != want || share < 0.9 {
			t.Errorf("note %d is %v Hz with a share of %.2f, want %v", i, hz, share, want)
		}
	}
}

// cadence finds how long the sound is loud and silent in turn, in ms, to the 5 ms.
func cadence(pcm []int16) (lengths []int) {
	loud := true
	length := 0
	for len(pcm) >= 40 {
		if now := RMS(pcm[:40]) > 100; now != loud {
			lengths, length, loud = append(lengths, length), 0, now
		}
		length += 5
		pcm = pcm[40:]
	}
	return append(lengths, length)
}

func near(got, want []int, tolerance int) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if abs(got[i]-want[i]) > tolerance {
			return false
		}
	}
	return true
}

// A click is a jump that the tone itself never makes.
func TestNoToneClicksNotEvenWhereItsLoopBeginsAgain(t *testing.T) {
	for country, plan := range tonePlans {
		for _, tone := range allTones {
			pcm := CountryTone(country, tone).PCM()
			bursts, _ := parseTone(plan.notation(tone))
			var highest float64
			for _, b := range bursts {
				highest = max(highest, slices.Max(b.voice.hz)+b.voice.beat)
			}
			steepest := 2 * math.Sqrt2 * toneLevel * math.Pi * highest / sampleRate
			for i, sample := range pcm {
				next := pcm[(i+1)%len(pcm)]
				if jump := math.Abs(float64(next) - float64(sample)); jump > 1.6*steepest {
					t.Fatalf("%s %s jumps by %.0f at sample %d", country, tone, jump, i)
				}
			}
		}
	}
}

func TestAToneIsMadeOnceAndSharedByAllWhoHearIt(t *testing.T) {
	if CountryTone("DE", ToneBusy) != CountryTone("de", ToneBusy) || CountryTone("NO", ToneDial) != CountryTone("DK", ToneDial) {
		t.Error("the same tone is made twice")
	}
}

func TestAWrongNotationIsAnErrorNotASound(t *testing.T) {
	for _, notation := range []string{"x", "425 100", "100/100", "425 /", "425 0/100", "425 100/-1", "425-x", "425*x", "425+ 1/1"} {
		bursts, err := parseTone(notation)
		if err == nil {
			t.Errorf("%q is read as %v", notation, bursts)
		}
	}
}

func TestDetectionTellsTonesApart(t *testing.T) {
	tone := ToneSound(200*time.Millisecond, 440)
	if got := tone.Duration(); got != 200*time.Millisecond {
		t.Errorf("it lasts %v", got)
	}
	if hz, share := DominantTone(tone.PCM(), 350, 440, 480, 620); hz != 440 || share < 0.95 {
		t.Errorf("440 Hz is heard as %v with a share of %.2f", hz, share)
	}
	both := ToneSound(time.Second, 500, 1500).PCM()
	if a, b := Goertzel(both, 500), Goertzel(both, 1500); math.Abs(a-0.5) > 0.03 || math.Abs(b-0.5) > 0.03 {
		t.Errorf("two tones share the energy as %.2f and %.2f", a, b)
	}
	if hz, share := DominantTone(make([]int16, 800), 440); hz != 0 || share != 0 {
		t.Errorf("silence is heard as %v with a share of %.2f", hz, share)
	}
	if Goertzel(nil, 440) != 0 || RMS(nil) != 0 || ToneSound(-time.Second, 440).Duration() != 0 {
		t.Error("nothing is not silent")
	}
	square := make([]int16, 800)
	for i := range square {
		square[i] = 1000
	}
	if got := Goertzel(square, 0); got != 1 || RMS(square) != 1000 {
		t.Errorf("a constant has %.2f of its energy at 0 Hz and the RMS %.0f", got, RMS(square))
	}
}

func TestASoundIsEncodedOnceForEachCodec(t *testing.T) {
	source := []int16{0, 1000, -1000, 32767, -32768}
	sound := NewSound(source)
	source[0] = 7777
	if sound.PCM()[0] != 0 {
		t.Error("the sound changed with the samples it was made of")
	}
	for i, sample := range sound.PCM() {
		if sound.Encoded(PCMA)[i] != linearToAlaw(sample) || sound.Encoded(PCMU)[i] != linearToUlaw(sample) {
			t.Errorf("sample %d is encoded wrongly", i)
		}
	}
	if first, second := sound.Encoded(PCMA), sound.Encoded(PCMA); &first[0] != &second[0] {
		t.Error("it is encoded anew for each listener")
	}
	if sound.Encoded(Codec{Name: "opus"}) != nil {
		t.Error("a codec that this build cannot encode gives bytes")
	}
}
