package sip

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bench is a registrar with a clock that the test turns.
type bench struct {
	*testing.T
	at time.Time
	r  *registrar
}

func newBench(t *testing.T, restored ...Binding) *bench {
	b := &bench{T: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	b.r = newRegistrar(func() time.Time { return b.at }, restored)
	return b
}

// phone is a contact that asks for an hour.
func phone(uri string) contactUpdate {
	return contactUpdate{uri: uri, source: "192.0.2.7:5060", transport: "udp", userAgent: "Desk 1", q: 1, expires: time.Hour}
}

func (u contactUpdate) lasting(d time.Duration) contactUpdate { u.expires = d; return u }
func (u contactUpdate) named(instance string, regID int) contactUpdate {
	u.instance, u.regID = instance, regID
	return u
}

// register wants it to work.
func (b *bench) register(callID string, cseq uint32, contacts ...contactUpdate) []Binding {
	b.Helper()
	now, _, err := b.r.register("100", contacts, false, callID, cseq, 0)
	if err != nil {
		b.Fatalf("%s %d: %v", callID, cseq, err)
	}
	return now
}

// refused wants it to fail with code and to change nothing.
func (b *bench) refused(code int, star bool, callID string, cseq uint32, contacts ...contactUpdate) {
	b.Helper()
	before := b.r.all()
	_, changed, err := b.r.register("100", contacts, star, callID, cseq, 3)
	var why *refusal
	if !errors.As(err, &why) || why.code != code || !strings.Contains(err.Error(), why.text) || changed {
		b.Errorf("%s %d: %v, want %d", callID, cseq, err, code)
	}
	if after := b.r.all(); !slices.Equal(before["100"], after["100"]) {
		b.Errorf("%s %d changed %v to %v", callID, cseq, before, after)
	}
}

// rings wants the account to ring at these URIs, in this order.
func (b *bench) rings(want ...string) {
	b.Helper()
	var got []string
	for _, c := range b.r.contacts("100") {
		got = append(got, c.Contact)
	}
	if !slices.Equal(got, want) {
		b.Errorf("rings at %q, want %q", got, want)
	}
}

func TestSeveralPhonesOfOneAccountAllRingTheBestFirst(t *testing.T) {
	b := newBench(t)
	b.rings()
	desk, soft, mobile := phone("sip:100@192.0.2.7"), phone("sip:100@192.0.2.8"), phone("sip:100@192.0.2.9")
	desk.q = 0.5
	b.register("desk", 1, desk)
	b.register("soft", 1, soft)
	b.register("mobile", 1, mobile)
	b.rings("sip:100@192.0.2.9", "sip:100@192.0.2.8", "sip:100@192.0.2.7")
	b.register("soft", 2, soft)
	b.rings("sip:100@192.0.2.8", "sip:100@192.0.2.9", "sip:100@192.0.2.7")
	b.register("mobile", 2, mobile.lasting(0))
	b.rings("sip:100@192.0.2.8", "sip:100@192.0.2.7")
}

func TestAPhoneThatOnlyAsksIsToldAndChangesNothing(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@192.0.2.7"))
	now, changed, err := b.r.register("100", nil, false, "desk", 1, 0)
	if err != nil || changed || len(now) != 1 {
		t.Errorf("%v %t %v", now, changed, err)
	}
	now, changed, err = b.r.register("nobody", nil, false, "x", 1, 0)
	if err != nil || changed || len(now) != 0 || len(b.r.all()) != 1 {
		t.Errorf("%v %t %v", now, changed, err)
	}
	if _, changed, _ := b.r.register("100", []contactUpdate{phone("sip:other@192.0.2.1").lasting(0)}, false, "y", 1, 0); changed {
		t.Error("removing what is not there is no change")
	}
}

func TestALateOrRepeatedREGISTERCannotUndoANewerOne(t *testing.T) {
	b := newBench(t)
	b.register("desk", 5, phone("sip:100@192.0.2.7"))
	b.refused(500, false, "desk", 5, phone("sip:100@192.0.2.7").lasting(0))
	b.refused(500, false, "desk", 4, phone("sip:100@192.0.2.7:5062"))
	b.refused(500, true, "desk", 5)
	b.register("rebooted", 1, phone("sip:100@192.0.2.7").lasting(30*time.Minute))
	b.rings("sip:100@192.0.2.7")
}

func TestAREGISTERWithOneBadContactChangesNothing(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@192.0.2.7"))
	good := phone("sip:100@192.0.2.8")
	for _, uri := range []string{"", "*", "tel:100", "sip:", "sip:@", "sip:100@", "sip:100@a b", "sip:100@host:0", "sip:100@host:65536", "sip:100@host:x",
		"sip:100@[::1", "sip:100@[192.0.2.1]", "sip:100@::1", "sip:%zz@host", "sip:100@ho<st", "sip:100@host\r\nX: y", "sip:100@" + strings.Repeat("a", 600)} {
		b.refused(400, false, "other", 1, good, phone(uri))
	}
	b.refused(423, false, "other", 1, good, phone("sip:100@192.0.2.9").lasting(59*time.Second))
	b.refused(400, false, "", 1, good)
	b.refused(400, false, strings.Repeat("x", 300), 1, good)
	b.refused(403, false, "other", 1, good, phone("sip:100@192.0.2.9"), phone("sip:100@192.0.2.10"))
	many := make([]contactUpdate, 100)
	for i := range many {
		many[i] = phone(fmt.Sprintf("sip:100@192.0.2.%d", i)).lasting(0)
	}
	b.refused(403, false, "other", 1, many...)
}

func TestStarRemovesEverythingAndOnlyWithExpiresZero(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@192.0.2.7"))
	b.register("soft", 1, phone("sip:100@192.0.2.8"))
	star := contactUpdate{uri: "*", expires: time.Hour}
	b.refused(400, true, "third", 1, star)
	b.refused(400, true, "third", 1, star.lasting(-1))
	b.refused(400, true, "third", 1, star.lasting(0), phone("sip:100@192.0.2.7").lasting(0))
	now, changed, err := b.r.register("100", []contactUpdate{star.lasting(0)}, true, "third", 1, 0)
	if err != nil || !changed || len(now) != 0 || len(b.r.all()) != 0 {
		t.Errorf("%v %t %v", now, changed, err)
	}
	if _, changed, err := b.r.register("100", nil, true, "third", 2, 0); err != nil || changed {
		t.Errorf("again: %t %v", changed, err)
	}
}

func TestAPhoneThatComesBackFromAnotherPortRingsOnce(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@192.0.2.7:40001;transport=tcp"))
	b.register("desk", 2, phone("sip:100@192.0.2.7:40002;transport=tcp"))
	b.rings("sip:100@192.0.2.7:40002;transport=tcp")
	b.register("another", 1, phone("sip:100@192.0.2.7:40003;transport=tcp"))
	b.rings("sip:100@192.0.2.7:40003;transport=tcp", "sip:100@192.0.2.7:40002;transport=tcp")

	b = newBench(t)
	b.register("before", 9, phone("sip:100@10.0.0.5:1111").named("<urn:uuid:a>", 0))
	b.register("after", 1, phone("sip:100@10.0.0.6:2222").named("<urn:uuid:a>", 0))
	b.rings("sip:100@10.0.0.6:2222")
	b.register("before", 10, phone("sip:100@10.0.0.5:1111").named("<urn:uuid:a>", 0).lasting(0))
	b.rings("sip:100@10.0.0.6:2222") // the late goodbye of the old connection
	b.register("after", 2, phone("sip:100@10.0.0.6:3333").named("<urn:uuid:a>", 0).lasting(0))
	b.rings()
}

func TestTwoPhonesWithTheSamePrivateAddressAreTwoWhenTheyHaveNames(t *testing.T) {
	b := newBench(t)
	b.register("home", 1, phone("sip:100@192.168.1.5:5060").named("<urn:uuid:a>", 0))
	b.register("office", 1, phone("sip:100@192.168.1.5:5060").named("<urn:uuid:b>", 0))
	if n := len(b.r.contacts("100")); n != 2 {
		t.Errorf("%d contacts", n)
	}
}

func TestAPhoneWithTwoFlowsRingsOnceByTheNewest(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@10.0.0.5:1").named("<urn:uuid:a>", 1))
	b.register("desk", 2, phone("sip:100@10.0.0.5:2").named("<urn:uuid:a>", 2))
	b.rings("sip:100@10.0.0.5:2")
	if n := len(b.r.all()["100"]); n != 2 {
		t.Errorf("%d flows known, want both", n)
	}
	b.register("desk", 3, phone("sip:100@10.0.0.5:3").named("<urn:uuid:a>", 1))
	b.rings("sip:100@10.0.0.5:3")
	if n := len(b.r.all()["100"]); n != 2 {
		t.Errorf("%d flows known, want two", n)
	}
}

func TestContactsNamedInOneREGISTERStandSideBySide(t *testing.T) {
	b := newBench(t)
	b.register("desk", 1, phone("sip:100@192.0.2.7:5060"), phone("sip:100@192.0.2.7:5062"))
	b.rings("sip:100@192.0.2.7:5062", "sip:100@192.0.2.7:5060")
	b.register("desk", 2, phone("sip:100@192.0.2.7:5060"), phone("sip:100@192.0.2.7:5060").lasting(0))
	b.rings()
}

func TestAnAccountCannotGrowButCanReplaceAPhone(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.register(fmt.Sprint(i), 1, phone(fmt.Sprintf("sip:100@192.0.2.%d", i+1)))
	}
	b.refused(403, false, "x", 1, phone("sip:100@192.0.2.9"))
	if _, _, err := b.r.register("100", []contactUpdate{phone("sip:100@192.0.2.1").lasting(0), phone("sip:100@192.0.2.9")}, false, "x", 1, 3); err != nil {
		t.Error(err)
	}
	b.rings("sip:100@192.0.2.9", "sip:100@192.0.2.3", "sip:100@192.0.2.2")
}

func TestBindingsEndWhenTheirTimeIsOver(t *testing.T) {
	b := newBench(t)
	brief := b.register("brief", 1, phone("sip:100@192.0.2.7").lasting(time.Minute))[0]
	if d := brief.Expires.Sub(b.at); d != time.Minute {
		t.Errorf("a minute became %v", d)
	}
	b.register("long", 1, phone("sip:100@192.0.2.8").lasting(-1))
	if changed := b.r.expire(b.at.Add(59 * time.Second)); changed != nil {
		t.Errorf("too early: %v", changed)
	}
	b.at = b.at.Add(time.Minute)
	b.rings("sip:100@192.0.2.8")
	if changed := b.r.expire(b.at); !slices.Equal(changed, []string{"100"}) {
		t.Errorf("changed: %v", changed)
	}
	b.at = b.at.Add(time.Hour)
	if changed := b.r.expire(b.at); !slices.Equal(changed, []string{"100"}) || len(b.r.accounts) != 0 {
		t.Errorf("changed: %v, kept %v", changed, b.r.accounts)
	}
	b.register("long", 2, phone("sip:100@192.0.2.8"))
	b.r.drop("100")
	b.rings()
}

func TestPhonesThatCameBackTogetherDoNotComeBackTogetherAgain(t *testing.T) {
	b := newBench(t)
	seconds := map[time.Duration]int{}
	for i := range 500 {
		now, _, err := b.r.register(fmt.Sprint(i), []contactUpdate{phone(fmt.Sprintf("sip:%d@192.0.2.7", i))}, false, fmt.Sprint("call", i), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		d := now[0].Expires.Sub(b.at)
		if d < 48*time.Minute || d > time.Hour || d%time.Second != 0 {
			t.Fatalf("granted %v", d)
		}
		seconds[d/(10*time.Second)]++
	}
	for tens, n := range seconds {
		if n > 30 {
			t.Errorf("%d of 500 come back in the same ten seconds (%d)", n, tens)
		}
	}
}

func TestRegistrationsSurviveARestart(t *testing.T) {
	b := newBench(t)
	b.register("desk", 7, phone("sip:100@192.0.2.7").named("<urn:uuid:a>", 1))
	b.register("soft", 1, phone("sip:100@192.0.2.8").lasting(10*time.Minute))
	kept := b.r.all()["100"]
	broken := kept[0]
	broken.Contact = "nonsense"
	forever := kept[0]
	forever.Expires = b.at.Add(1000 * time.Hour) // written while the clock was wrong
	after := newBench(t, append([]Binding{broken, forever, {}}, kept...)...)
	if got := after.r.all(); len(got) != 1 || !slices.Equal(got["100"], kept) {
		t.Errorf("restored %v, want %v", got, kept)
	}
	after.refused(500, false, "desk", 7, phone("sip:100@192.0.2.7"))
	after.at = after.at.Add(20 * time.Minute)
	after.rings("sip:100@192.0.2.7")
}

func TestWhatIsKeptHoldsNoMessageAlive(t *testing.T) {
	b := newBench(t)
	u := phone("sip:100@192.0.2.7")
	u.userAgent, u.q = strings.Repeat("ü", 4000), 17
	got := b.register("desk", 1, u)[0]
	if len(got.UserAgent) > agentLimit || got.Q != 1 {
		t.Errorf("kept a User-Agent of %d bytes, q %v", len(got.UserAgent), got.Q)
	}
	u.instance = strings.Repeat("x", 4000)
	b.refused(400, false, "desk", 2, u)
}

func TestURIsAreComparedAsTheRFCDoes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{ // the examples of RFC 3261 section 19.1.4, as far as they are contacts
		{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true},
		{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
		{"sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on", false},
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
		{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
		{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
		{"sip:a@[2001:DB8::1]:5060", "sip:a@[2001:db8:0::1]:5060", true},
		{"sip:a@h", "sips:a@h", false},
	} {
		a, ok := splitURI(c.a)
		b, too := splitURI(c.b)
		if !ok || !too || a.same(b) != c.same || b.same(a) != c.same {
			t.Errorf("%s and %s: same %t and %t, want %t", c.a, c.b, a.same(b), b.same(a), c.same)
		}
	}
}

// Whatever phones say in whatever order, an account stays within its limit, keeps no dead binding and no two of one
// phone, and a REGISTER that fails changes nothing.
func TestNoConversationBreaksTheRegistrar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		r := newRegistrar(func() time.Time { return at }, nil)
		update := rapid.Custom(func(t *rapid.T) contactUpdate {
			return contactUpdate{
				uri:      rapid.SampledFrom([]string{"sip:1@a:1", "sip:1@a:2", "sip:1@a:3", "sip:1@b", "sip:1@c;transport=tcp", "*", "sip:x"}).Draw(t, "uri"),
				instance: rapid.SampledFrom([]string{"", "", "i", "j"}).Draw(t, "instance"),
				regID:    rapid.IntRange(0, 2).Draw(t, "reg-id"),
				expires:  time.Duration(rapid.SampledFrom([]int{-1, 0, 0, 59, 60, 600, 1 << 30}).Draw(t, "expires")) * time.Second,
			}
		})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "seconds")) * time.Second)
			account := rapid.SampledFrom([]string{"100", "200"}).Draw(t, "account")
			before := r.all()
			current, changed, err := r.register(account, rapid.SliceOfN(update, 0, 4).Draw(t, "contacts"), rapid.IntRange(0, 9).Draw(t, "star") == 0,
				rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "call"), rapid.Uint32Range(1, 30).Draw(t, "cseq"), 3)
			after := r.all()
			switch {
			case err != nil && (changed || !slices.Equal(before[account], after[account])):
				t.Fatalf("%v changed %v to %v", err, before, after)
			case err == nil && !slices.Equal(current, after[account]):
				t.Fatalf("said %v, has %v", current, after[account])
			case len(after[account]) > 3:
				t.Fatalf("too many: %v", after)
			}
			seen := map[string]bool{}
			for _, b := range after[account] {
				u, _ := splitURI(b.Contact)
				who := fmt.Sprint(u.user, u.host, u.port, u.params, b.Instance)
				if seen[who] || !b.Expires.After(at) || b.Expires.Sub(at) > expiresMost {
					t.Fatalf("%s twice, or dead, or for ever: %v", who, after)
				}
				seen[who] = true
			}
			if len(r.contacts(account)) > len(after[account]) {
				t.Fatal("rings where nobody is")
			}
		}
	})
}

func FuzzURI(f *testing.F) {
	for _, s := range []string{"sip:100@192.0.2.7:5060;transport=tcp?a=b", "sips:%61@[::1]", "sip:a;b@c", "sip:[::", "sip:@:", "sip:a@b;;=;x=", "tel:+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, ok := splitURI(s)
		if ok && (!u.same(u) || !sameTarget(s, s) || u.host == "") {
			t.Errorf("%q is not itself: %+v", s, u)
		}
		if ok && strings.ContainsAny(s, "\r\n\x00<> ") {
			t.Errorf("%q passed", s)
		}
	})
}
