package media

import (
	"errors"
	"fmt"

	"github.com/thesyncim/gopus"
)

// Opus (RFC 6716, RFC 7587) is made and read by gopus, of which only this file knows. We make 20 ms of mono at 16 kHz
// with complexity 5: 0.12 ms of a core for a packet of speech, 0.24 ms at the 99th percentile. Reading costs a tenth of
// that, whatever bandwidth and channels were sent.

const (
	opusBitrate    = 24_000 // bits a second
	opusComplexity = 5
	opusLoss       = 10   // percent of loss that our packets are made to bear; under that, gopus repeats nothing at this bitrate
	opusLargest    = 1275 // bytes of one frame (RFC 6716 section 3.2.1)
	opusLongest    = 120  // ms of the longest packet
)

type opusEncoder struct{ gopus *gopus.Encoder }

func newOpusEncoder(wishes opusWishes) (*opusEncoder, error) {
	e, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: wideRate, Channels: 1, Application: gopus.ApplicationVoIP})
	if err != nil {
		return nil, fmt.Errorf("media: opus: %w", err)
	}
	bitrate := opusBitrate
	if wishes.bitrate > 0 {
		bitrate = min(bitrate, wishes.bitrate)
	}
	e.SetFEC(wishes.repair)
	e.SetVBR(!wishes.constant)
	for _, err := range []error{
		e.SetBitrate(bitrate), e.SetComplexity(opusComplexity), e.SetPacketLoss(opusLoss), e.SetFrameSize(wideRate * frame / 1000),
	} {
		if err != nil {
			return nil, fmt.Errorf("media: opus: %w", err)
		}
	}
	return &opusEncoder{e}, nil
}

// encode writes 20 ms at 16 kHz into out and returns the bytes that it took.
func (o *opusEncoder) encode(out []byte, pcm []int16) (n int, err error) {
	defer caughtAs(&err)
	return o.gopus.EncodeInt16(pcm, out)
}

type opusDecoder struct {
	gopus *gopus.Decoder
	float [wideRate * opusLongest / 1000]float32
}

func newOpusDecoder() (*opusDecoder, error) {
	d, err := gopus.NewDecoder(gopus.DecoderConfig{SampleRate: wideRate, Channels: 1, MaxPacketSamples: wideRate * opusLongest / 1000})
	if err != nil {
		return nil, fmt.Errorf("media: opus: %w", err)
	}
	return &opusDecoder{gopus: d}, nil
}

// decode writes what a packet holds into pcm, which has room for opusLongest, and returns the samples. What comes from
// the network may be anything, and the decoder is large: where it panics, that is errOpusFault here.
func (o *opusDecoder) decode(pcm []int16, data []byte) (n int, err error) {
	defer caughtAs(&err)
	if opusSpan(data) == 0 {
		return 0, errOpus
	}
	return o.gopus.DecodeInt16(data, pcm)
}

// conceal goes on as the sound might have.
func (o *opusDecoder) conceal(pcm []int16) (err error) {
	defer caughtAs(&err)
	_, err = o.gopus.DecodeInt16(nil, pcm)
	return err
}

// repair writes what next says of the packet before it, which was lost, or conceals where it says nothing.
func (o *opusDecoder) repair(pcm []int16, next []byte) (err error) {
	defer caughtAs(&err)
	float := o.float[:len(pcm)]
	if _, err = o.gopus.DecodeWithFEC(next, float, true); err == nil {
		for i, x := range float {
			pcm[i] = toSample(x)
		}
	}
	return err
}

var (
	errOpus      = errors.New("media: opus: no packet")
	errOpusFault = errors.New("media: opus: fault")
)

func caughtAs(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("%w: %v", errOpusFault, fault)
	}
}

// opusSpan is how long a packet lasts on the RTP clock of 48 kHz, 0 when it is none (RFC 6716 section 3.1).
func opusSpan(data []byte) uint32 {
	if len(data) == 0 {
		return 0
	}
	config := data[0] >> 3
	var one uint32 // 1/48 ms
	switch {
	case config < 12:
		one = [4]uint32{480, 960, 1920, 2880}[config&3]
	case config < 16:
		one = [2]uint32{480, 960}[config&1]
	default:
		one = [4]uint32{120, 240, 480, 960}[config&3]
	}
	frames := uint32(1)
	switch data[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(data) < 2 {
			return 0
		}
		frames = uint32(data[1] & 0x3f)
	}
	if one*frames > opusLongest*48 {
		return 0
	}
	return one * frames
}
