package media

import (
	"testing"
	"time"
)

func TestPeopleHearEachOtherWhateverTheirPhonesSpeak(t *testing.T) {
	for _, one := range spoken {
		for _, other := range spoken {
			t.Run(one.Name+" and "+other.Name, func(t *testing.T) {
				t.Parallel()
				phones, e := box(t, Options{}), box(t, Options{Workers: 2, PortLow: 10000, PortHigh: 15999})
				caller, _ := open(t, phones)
				called, _ := open(t, phones)
				a, events := open(t, e)
				b, _ := open(t, e)
				connect(t, caller, a, one)
				connect(t, called, b, other)
				Join(a, b)
				caller.Play(ToneSound(time.Second, 440), true)
				called.Play(ToneSound(time.Second, 1000), true)
				wantEvent(t, events, EventFirst)
				heardByCaller, heardByCalled := caller.Capture(), called.Capture()
				wantTone(t, hearFrames(t, heardByCaller, 25)[1600:], 1000)
				wantTone(t, hearFrames(t, heardByCalled, 25)[1600:], 440)
				direct := alike(kindOf(one), kindOf(other))
				for _, leg := range []*Stream{a, b} {
					s := leg.Stats()
					if s.PacketsIn == 0 || s.PacketsOut == 0 || s.MOS < 4 || (s.BufferMS > 0) == direct {
						t.Errorf("stats of a good call: %+v", s)
					}
				}
			})
		}
	}
}
