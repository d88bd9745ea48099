package media

import (
	"math"
	"math/cmplx"
	"strings"
	"testing"
	"time"
)

func TestHoldMusicIsAsLoudAsSpeechAndNeverSilentNorCut(t *testing.T) {
	pcm := Music().PCM()
	if got := Music().Duration(); got != 36*time.Second {
		t.Errorf("it lasts %v", got)
	}
	if len(pcm)%160 != 0 {
		t.Error("its loop does not end with a packet of 20 ms")
	}
	if level := 20 * math.Log10(RMS(pcm)/32768); math.Abs(level+20) > 0.1 {
		t.Errorf("it has %.1f dBFS, want −20", level)
	}
	for i, sample := range pcm {
		if abs(int(sample)) > 24000 {
			t.Fatalf("sample %d is %d: too near to being cut", i, sample)
		}
	}
	for second := range 36 {
		level := 20 * math.Log10(RMS(pcm[second*8000:(second+1)*8000])/32768)
		if level < -27 || level > -15 {
			t.Errorf("second %d has %.1f dBFS: it shall not make people listen up, nor ask whether the line is dead", second, level)
		}
	}
}

func TestHoldMusicStaysInsideWhatAPhoneCarries(t *testing.T) {
	pcm := Music().PCM()
	const size = 16384
	var inside, below, above float64
	for start := 0; start+size <= len(pcm); start += size {
		block := make([]complex128, size)
		for i := range block {
			window := (1 - math.Cos(2*math.Pi*float64(i)/size)) / 2
			block[i] = complex(window*float64(pcm[start+i]), 0)
		}
		fourier(block)
		for bin, x := range block[:size/2] {
			energy := real(x)*real(x) + imag(x)*imag(x)
			switch hz := float64(bin) * sampleRate / size; {
			case hz < lowestHz:
				below += energy
			case hz > highestHz:
				above += energy
			default:
				inside += energy
			}
		}
	}
	if below > inside/1000 || above > inside/1000 {
		t.Errorf("below the band %.5f, above it %.5f of the energy inside", below/inside, above/inside)
	}
}

// fourier is the plain radix-2 transform.
func fourier(x []complex128) {
	if len(x) == 1 {
		return
	}
	even, odd := make([]complex128, len(x)/2), make([]complex128, len(x)/2)
	for i := range even {
		even[i], odd[i] = x[2*i], x[2*i+1]
	}
	fourier(even)
	fourier(odd)
	for i := range even {
		turned := odd[i] * cmplx.Rect(1, -2*math.Pi*float64(i)/float64(len(x)))
		x[i], x[i+len(even)] = even[i]+turned, even[i]-turned
	}
}

// At the seam, the step from the last sample to the first and the bend there are like anywhere else.
func TestNobodyHearsWhereHoldMusicBeginsAgain(t *testing.T) {
	pcm := Music().PCM()
	at := func(i int) float64 { return float64(pcm[(i+len(pcm))%len(pcm)]) }
	bend := func(i int) float64 { return math.Abs(at(i-1) - 2*at(i) + at(i+1)) }
	var usual float64
	for i := len(pcm) - 4000; i < len(pcm)-100; i++ {
		usual = max(usual, bend(i))
	}
	for i := -3; i <= 3; i++ {
		if bend(i) > usual {
			t.Errorf("sample %d bends by %.0f, at most %.0f just before", i, bend(i), usual)
		}
	}
}

func TestHoldMusicIsComposedOnceAndAlwaysTheSame(t *testing.T) {
	again := perform(score)
	for i, sample := range Music().PCM() {
		if again[i] != sample {
			t.Fatalf("sample %d differs from performance to performance", i)
		}
	}
	if first, second := Music(), Music(); first != second {
		t.Error("it is composed for every caller")
	}
}

func TestTheScoreIsWrittenWithoutSlips(t *testing.T) {
	total := 0
	for i, b := range score {
		tune, chords := 0, 0
		for note := range strings.FieldsSeq(b.tune) {
			name, length, found := strings.Cut(note, ":")
			if !found || len(length) != 1 || name != "-" && (pitch(name) < 400 || pitch(name) > 1000) {
				t.Errorf("bar %d has the note %q", i+1, note)
			}
			tune += int(length[0] - '0')
		}
		for _, c := range b.chords {
			chords += c.eighths
			if voices := strings.Fields(c.voices); len(voices) != 3 || pitch(voices[0]) >= pitch(voices[1]) || pitch(voices[1]) >= pitch(voices[2]) {
				t.Errorf("bar %d has the chord %q", i+1, c.voices)
			}
		}
		if tune != 8 || chords != 8 {
			t.Errorf("bar %d has %d eighths of tune over %d of chords", i+1, tune, chords)
		}
		total += chords
	}
	if total*eighth != loopSize {
		t.Errorf("the score lasts %d samples", total*eighth)
	}
	for name, want := range map[string]float64{"A4": 440, "C4": 261.63, "F#5": 739.99, "G3": 196, "-": 0} {
		if got := pitch(name); math.Abs(got-want) > 0.01 {
			t.Errorf("%s is %.2f Hz, want %.2f", name, got, want)
		}
	}
}

func BenchmarkHoldMusicIsComposed(b *testing.B) {
	for b.Loop() {
		perform(score)
	}
}
