package sip

import (
	"fmt"
	"strings"
	"testing"
)

// watched is a box that tells of every subscription.
func watched(t *testing.T, code int) (*box, chan *Subscription) {
	subs := make(chan *Subscription, 1000)
	b := startBox(t, Options{OnSubscribe: func(x *Subscription) int {
		subs <- x
		return code
	}}, twoPhones())
	return b, subs
}

// subscribe has phone 1001 ask for a state and returns the box's answer.
func subscribe(b *box, target, event, want string, headers ...string) (*leg, text) {
	b.t.Helper()
	u := udpPeer(b.t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call(target)
	return l, l.authed("SUBSCRIBE", "", want, append(headers, "Event: "+event)...)
}

func TestAPhoneSubscribesAndHearsEveryState(t *testing.T) {
	b, subs := watched(t, 200)
	l, m := subscribe(b, "1002", "dialog;id=7", "200", "Expires: 600", "Accept: application/dialog-info+xml")
	if m.get("Expires") != "600" || m.tag("To") == "" {
		t.Errorf("%q", m)
	}
	l.learn(m)
	x := get(t, subs, "subscription")
	if x.Account != "1001" || x.Event != "dialog" || x.Target != "1002" {
		t.Errorf("%+v", x)
	}
	first := l.u.expect("NOTIFY " + l.u.contactURI())
	if first.get("Event") != "dialog;id=7" || !strings.HasPrefix(first.get("Subscription-State"), "active;expires=") {
		t.Errorf("%q", first)
	}
	for i := range 5 { // while the first is on its way: only the last matters
		b.Notify(x, "application/dialog-info+xml", fmt.Appendf(nil, "<state%d/>", i))
	}
	l.u.silence(quick.t1)
	l.answer(first, 200, "")
	second := l.u.expect("NOTIFY")
	if second.body() != "<state4/>" || second.get("Content-Type") != "application/dialog-info+xml" {
		t.Errorf("%q", second)
	}
	l.answer(second, 200, "")
	l.send("SUBSCRIBE", "", "Expires: 600", "Event: dialog;id=7") // a refresh shows its credentials too
	m = l.u.expect("401")
	l.send("SUBSCRIBE", "", "Expires: 600", "Event: dialog;id=7", l.u.credentials(m, "SHA-256", "SUBSCRIBE", l.target))
	l.u.expect("200")
	again := l.u.expect("NOTIFY")
	if again.body() != "<state4/>" {
		t.Errorf("after a refresh: %q", again)
	}
	l.answer(again, 200, "")
	l.authed("SUBSCRIBE", "", "200", "Expires: 0", "Event: dialog;id=7")
	last := l.u.expect("NOTIFY")
	if !strings.HasPrefix(last.get("Subscription-State"), "terminated") {
		t.Errorf("%q", last)
	}
	l.answer(last, 200, "")
	<-x.Done()
	b.Notify(x, "text/plain", []byte("too late"))
	l.u.silence(2 * quick.t1)
}

func TestASubscriptionEndsWithItsTimeAndWithItsPhone(t *testing.T) {
	b, subs := watched(t, 200)
	l, _ := subscribe(b, "1002", "presence", "200", "Expires: 60") // 0.3 s here
	l.answer(l.u.expect("NOTIFY"), 200, "")
	m := l.u.expect("NOTIFY")
	if m.get("Subscription-State") != "terminated;reason=timeout" {
		t.Errorf("%q", m)
	}
	l.answer(m, 200, "")
	<-get(t, subs, "subscription").Done()
	l, _ = subscribe(b, "1002", "message-summary", "200")
	l.answer(l.u.expect("NOTIFY"), 481, "")
	<-get(t, subs, "subscription").Done()
	b.subs.mu.Lock()
	defer b.subs.mu.Unlock()
	if len(b.subs.byAccount) != 0 {
		t.Errorf("%d left", len(b.subs.byAccount))
	}
}

func TestSubscriptionsThatCannotBeAreRefused(t *testing.T) {
	b, _ := watched(t, 404)
	_, m := subscribe(b, "1002", "weather", "489")
	if m.get("Allow-Events") != allowEvents {
		t.Errorf("%q", m)
	}
	subscribe(b, "1002", "dialog", "404")
	subscribe(b, "1002", "dialog", "423", "Expires: 5")
	subscribe(b, "1002", "dialog", "406", "Accept: text/plain")
	subscribe(newBox(t), "1002", "dialog", "489") // nobody tells states there
	u := udpPeer(t, b.at("udp"))
	u.user, u.password = "1001", "secret-one"
	l := u.call("1002")
	l.to += ";tag=gone"
	l.authed("SUBSCRIBE", "", "481", "Event: dialog")
}

func TestAnAccountHasABoundOfSubscriptions(t *testing.T) {
	var s subscriptions
	for range maxSubscriptionsAccount {
		if !s.add("1001") {
			t.Fatal("too few")
		}
	}
	if s.add("1001") || !s.add("1002") {
		t.Error("the bound is wrong")
	}
}

func TestAnAccountThatLeavesHearsThatItsSubscriptionsEnd(t *testing.T) {
	b, subs := watched(t, 200)
	l, _ := subscribe(b, "1002", "dialog", "200")
	l.answer(l.u.expect("NOTIFY"), 200, "")
	x := get(t, subs, "subscription")
	set := twoPhones()
	set.Listen, set.Accounts = b.live.Load().set.Listen, set.Accounts[1:]
	b.apply(set)
	if m := l.u.expect("NOTIFY"); m.get("Subscription-State") != "terminated;reason=rejected" {
		t.Errorf("%q", m)
	}
	<-x.Done()
}

func TestMessagesAreRefusedPolitely(t *testing.T) {
	b := newBox(t)
	u := udpPeer(t, b.at("udp"))
	u.user = "1001"
	l := u.call("1002")
	l.contentType = "text/plain"
	l.send("MESSAGE", "hello")
	if m := u.expect("405"); !strings.Contains(m.get("Allow"), "INVITE") || strings.Contains(m.get("Allow"), "MESSAGE") {
		t.Errorf("%q", m)
	}
}
