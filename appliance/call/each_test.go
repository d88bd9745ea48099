package call

import (
	"maps"
	"testing"
)

func TestOneAgentsPhonesSayNothingAboutAnothers(t *testing.T) {
	phone := func(as string) *leg { return &leg{target: target{Target: Target{As: as}}} }
	desk, soft, other := phone("agent.mei"), phone("agent.mei"), phone("agent.jun")
	d := &dial{legs: []*leg{desk, soft, other}, best: CalleeOffline}
	fails := func(l *leg, why Cause, left ...*leg) map[string]Cause {
		d.legs = left
		d.note(l.target.As, why)
		return d.failures()
	}
	if each := fails(desk, CalleeBusy, soft, other); len(each) != 0 {
		t.Errorf("one of two phones of mei is busy: %v", each)
	}
	if each := fails(soft, NetworkNoAnswer, other); !maps.Equal(each, map[string]Cause{"agent.mei": CalleeBusy}) {
		t.Errorf("the other does not react: %v", each)
	}
	if each := fails(other, CalleeDeclined); !maps.Equal(each, map[string]Cause{"agent.mei": CalleeBusy, "agent.jun": CalleeDeclined}) {
		t.Errorf("jun declined: %v", each)
	}
	d.note("", CalleeBusy)
	if each := d.failures(); len(each) != 2 {
		t.Errorf("a phone that is nobody's counts: %v", each)
	}
}
