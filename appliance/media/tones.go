package media

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// Tone names what the network says to a caller without words.
type Tone string

// The tones of a country, by what they tell.
const (
	ToneRingback     Tone = "ringback"     // it rings over there
	ToneBusy         Tone = "busy"         // the line called is in use
	ToneCongestion   Tone = "congestion"   // there is no way through now
	ToneUnobtainable Tone = "unobtainable" // the number is not in use
	ToneDial         Tone = "dial"         // the exchange listens
)

const (
	// toneLevel is the RMS of a tone: −16 dBm0, where a full-scale sine (RMS 23170) is +3.14 dBm0 (G.711).
	toneLevel = 2558.0
	// toneFade is the length of a burst's edges, 5 ms: shorter clicks, longer would blur a 75 ms burst.
	toneFade = sampleRate / 200
	// beatDepth is how far a modulated tone (400*25) swells and fades.
	beatDepth = 0.85
)

// CountryTone gives one full cadence of a tone as the country (ISO 3166, two letters) is used to hear it, made to be
// played in a loop. An unknown country gets the tones that E.180 recommends to all; an unknown tone the congestion tone.
func CountryTone(country string, t Tone) *Sound {
	row, known := tonePlans[strings.ToUpper(country)]
	if !known {
		row = anyCountry
	}
	return toneSounds[row.notation(t)]()
}

func (p tonePlan) notation(t Tone) string {
	switch t {
	case ToneRingback:
		return p.ringback
	case ToneBusy:
		return p.busy
	case ToneUnobtainable:
		return p.unobtainable
	case ToneDial:
		return p.dial
	}
	return p.congestion
}

// toneSounds has each notation of the table once, many countries share theirs; a sound is made when it is first played.
var toneSounds = func() map[string]func() *Sound {
	sounds := map[string]func() *Sound{}
	add := func(p tonePlan) {
		for _, notation := range []string{p.dial, p.ringback, p.busy, p.congestion, p.unobtainable} {
			if sounds[notation] == nil {
				sounds[notation] = sync.OnceValue(func() *Sound { return ownSound(renderTone(notation)) })
			}
		}
	}
	add(anyCountry)
	for _, plan := range tonePlans {
		add(plan)
	}
	return sounds
}()

// burst is one step of a cadence: a voice for on milliseconds, then silence for off.
type burst struct {
	voice   voice
	on, off int
}

// voice is what sounds together: sines, or one sine that beats.
type voice struct {
	hz   []float64
	beat float64 // Hz of the swelling, 0: steady
	down float64 // dB below the usual level
}

// parseTone reads the notation of the table: a voice (440+480, or 400*25 which beats, or 425-10 which is 10 dB softer),
// then its bursts as milliseconds on/off, then perhaps the next voice. A single voice without bursts sounds on.
func parseTone(notation string) (bursts []burst, err error) {
	words := strings.Fields(notation)
	if len(words) == 1 {
		v, err := parseVoice(words[0])
		return []burst{{voice: v, on: 1000}}, err // whole numbers of Hz meet themselves after a second
	}
	var v voice
	heard := true // whether the voice that stands has had a burst
	for _, word := range words {
		on, off, isBurst := strings.Cut(word, "/")
		switch {
		case isBurst && v.hz != nil:
			b := burst{voice: v}
			b.on, b.off, err = parseBurst(on, off)
			bursts, heard = append(bursts, b), true
		case !isBurst && heard:
			v, err = parseVoice(word)
			heard = false
		default:
			err = errNotation
		}
		if err != nil {
			return nil, fmt.Errorf("tone %q: %q: %w", notation, word, err)
		}
	}
	if !heard {
		return nil, fmt.Errorf("tone %q: its last voice: %w", notation, errNotation)
	}
	return bursts, nil
}

var errNotation = errors.New("wants a voice, and for each voice bursts of on/off milliseconds")

func parseBurst(on, off string) (onMS, offMS int, err error) {
	if onMS, err = strconv.Atoi(on); err != nil {
		return 0, 0, err
	}
	if offMS, err = strconv.Atoi(off); err != nil {
		return 0, 0, err
	}
	if onMS <= 0 || offMS < 0 {
		return 0, 0, errNotation
	}
	return onMS, offMS, nil
}

func parseVoice(word string) (v voice, err error) {
	word, softer, isSoft := strings.Cut(word, "-")
	if isSoft {
		if v.down, err = strconv.ParseFloat(softer, 64); err != nil {
			return v, err
		}
	}
	word, beat, beats := strings.Cut(word, "*")
	if beats {
		if v.beat, err = strconv.ParseFloat(beat, 64); err != nil {
			return v, err
		}
	}
	for part := range strings.SplitSeq(word, "+") {
		hz, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return v, err
		}
		v.hz = append(v.hz, hz)
	}
	return v, nil
}

func renderTone(notation string) (pcm []int16) {
	bursts, err := parseTone(notation)
	if err != nil {
		panic(err) // our own table; a test reads all of it
	}
	for _, b := range bursts {
		start := len(pcm)
		pcm = append(pcm, make([]int16, (b.on+b.off)*sampleRate/1000)...)
		b.voice.into(pcm[start:start+b.on*sampleRate/1000], len(bursts) > 1 || b.off > 0)
	}
	return pcm
}

// into writes the voice to all of pcm. Faded sounds rise from silence and fall back to it; the others are for a loop.
func (v voice) into(pcm []int16, faded bool) {
	if len(v.hz) == 0 {
		return
	}
	peak := toneLevel * math.Pow(10, -v.down/20) * math.Sqrt(2/float64(len(v.hz)))
	if v.beat > 0 {
		peak /= math.Sqrt(1 + beatDepth*beatDepth/2)
	}
	for i := range pcm {
		at := 2 * math.Pi * float64(i) / sampleRate
		var sum float64
		for _, hz := range v.hz {
			sum += math.Sin(hz * at)
		}
		if v.beat > 0 {
			sum *= 1 - beatDepth*math.Cos(v.beat*at)
		}
		if edge := min(i, len(pcm)-1-i); faded && edge < toneFade {
			sum *= (1 - math.Cos(math.Pi*float64(edge)/toneFade)) / 2
		}
		pcm[i] = int16(math.Round(peak * sum))
	}
}
