package record

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
)

func TestTheOwnerHearsNewMessagesFirstThenOldOnes(t *testing.T) {
	w := newWorld(t, t.TempDir())
	old := w.leave("sales", 440, 2*time.Second)
	must(t, w.boxes.Mark(old.ID, false))
	w.leave("sales", 1000, 2*time.Second)
	fresh := w.leave("sales", 1300, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{
		"menu": {"#", "2", "#"}, "1300": {},
	}})
	at := fresh.Left.In(w.cfg.Appliance.Timezone).Format("15:04")
	from := []string{"from number=+886912345678", "received at=" + at}
	menu := []string{"menu", "menu_callback", "menu_more"}
	want := []string{"new_and_old new=2 old=1", "message position=1", from[0], from[1], "1000 Hz", menu[0], "message position=2", from[0], from[1], "1300 Hz", menu[0], "saved",
		"old count=1", "message position=3", from[0], from[1], "440 Hz", menu[0], "last", "menu_last", "goodbye"}
	heard(t, l, want...)
	if fresh, old := w.boxes.Counts("sales"); fresh != 0 || old != 3 {
		t.Errorf("%d new and %d old after all were heard", fresh, old)
	}
	l = w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu_more": {"#"}, "old": {"#"}}})
	if l.phrases("menu") == 0 || l.phrases("menu_callback") == 0 || l.phrases("menu_more") == 0 {
		t.Errorf("not all keys are said: %v", l.heard)
	}
}

func TestAnEmptyBoxSaysSo(t *testing.T) {
	w := newWorld(t, "")
	heard(t, w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002")}), "none", "goodbye")
}

func TestWhoHangsUpInTheMiddleOfAMessageFindsItNew(t *testing.T) {
	w := newWorld(t, "")
	w.leave("sales", 1000, 2*time.Second)
	w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"sound": {"hangup"}}})
	if fresh, _ := w.boxes.Counts("sales"); fresh != 1 {
		t.Errorf("%d new", fresh)
	}
}

func TestWhatIsDeletedGoesWhenTheOwnerHangsUpAndCanBeTakenBackUntilThen(t *testing.T) {
	w := newWorld(t, t.TempDir())
	first := w.leave("sales", 440, 2*time.Second)
	second := w.leave("sales", 1000, 2*time.Second)
	there := -1
	l := &watching{line: line{w: w, caller: caller{start: phone("1002"), answers: map[string][]string{
		"menu": {"3", "3"}, "menu_deleted": {"#", "#", "3", "hangup"}, "menu_last": {"*"},
	}}}}
	l.when = func(said string) {
		if said == "menu_last" {
			there = len(w.boxes.List("sales"))
		}
	}
	w.serve(l, &l.line, Listen{Boxes: w.boxes})
	if there != 2 || l.phrases("deleted") != 2 || l.phrases("restored") != 1 {
		t.Errorf("%d were there, heard %v", there, l.heard)
	}
	if all := w.boxes.List("sales"); len(all) != 1 || all[0].ID != second.ID {
		t.Errorf("%+v", all)
	}
	if _, err := w.boxes.Open(first.ID); err == nil {
		t.Error("the sound of a deleted message can still be heard")
	}
}

func TestKeysDoWhatTheMenuSays(t *testing.T) {
	w := newWorld(t, "")
	w.leave("sales", 440, 2*time.Second)
	w.leave("sales", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{
		"menu": {"1", "6", "9", "#", "*", "hangup"},
	}})
	heard(t, l, "new count=2", "message position=1", "from number=+886912345678", l.heard[3], "440 Hz",
		"menu", "440 Hz", "menu", "from number=+886912345678", l.heard[3], "menu", "invalid_entry", "menu",
		"message position=2", "from number=+886912345678", l.heard[15], "1000 Hz", "menu",
		"message position=1", "from number=+886912345678", l.heard[3], "440 Hz", "menu")
}

func TestAKeyCutsALongMessageShort(t *testing.T) {
	w := newWorld(t, "")
	w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, speaks: []says{{1000, 80 * time.Second, "hangup"}}})
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"1", "hangup"}}})
	if l.phrases("1000 Hz") != 6 {
		t.Errorf("80 s twice were said in %d pieces", l.phrases("1000 Hz"))
	}
	l = w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"sound": {"3"}}})
	if l.phrases("1000 Hz") != 1 || l.phrases("deleted") != 1 {
		t.Errorf("heard %v", l.heard)
	}
}

func TestWhoPressesNothingIsNotKeptForEver(t *testing.T) {
	w := newWorld(t, "")
	w.leave("sales", 440, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002")})
	if l.phrases("menu") != mostAsked || l.heard[len(l.heard)-1] != "goodbye" {
		t.Errorf("heard %v", l.heard)
	}
}

func TestAMessageForwardedIsInTheOtherBoxWithItsSoundAndItsSender(t *testing.T) {
	w := newWorld(t, t.TempDir())
	m := w.leave("sales", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{
		"menu": {"4", "4", "4", "hangup"}, "ask_forward": {"1001#", "999#", "1002#"},
	}})
	if l.phrases("forwarded") != 1 || l.phrases("forward_failed") != 2 {
		t.Errorf("heard %v", l.heard)
	}
	all := w.boxes.List("claims")
	if len(all) != 1 || len(w.boxes.List("sales")) != 1 {
		t.Fatalf("%+v", all)
	}
	c := all[0]
	if c.From != m.From || !c.Left.Equal(m.Left) || c.Forwarded != "sales" || !c.New || c.ID == m.ID || c.Call != l.c.ID {
		t.Errorf("%+v", c)
	}
	isTone(t, w.sound(c.ID), 1000, 2*time.Second)
	if got := w.books.left(); len(got) != 2 || got[1].Box != "claims" || got[1].Forwarded != "sales" {
		t.Errorf("facts %+v", got)
	}
	must(t, w.boxes.Delete(m.ID))
	isTone(t, w.sound(c.ID), 1000, 2*time.Second)
}

func TestAFullBoxTakesNothingForwarded(t *testing.T) {
	w := newWorld(t, "")
	for range MaxMessages {
		w.leave("claims", 1000, time.Second)
	}
	w.leave("sales", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"4", "hangup"}, "ask_forward": {"1001#"}}})
	if l.phrases("full") != 1 {
		t.Errorf("heard %v", l.heard)
	}
}

func TestTheOwnerCallsBackWithTheRightsOfHisPhone(t *testing.T) {
	w := newWorld(t, "")
	w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: phone("1001"), speaks: []says{{1000, 2 * time.Second, "hangup"}}})
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"5"}}})
	if len(l.rung) != 1 || l.rung[0].Extension != "1001" || l.heard[len(l.heard)-1] != "transferring" {
		t.Errorf("rang %+v after %v", l.rung, l.heard)
	}
	must(t, w.boxes.Delete(w.boxes.List("sales")[0].ID))
	from := outside
	from.From.Number = "0227001234"
	w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: from, speaks: []says{{1000, 2 * time.Second, "hangup"}}})
	l = w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"5"}}})
	if len(l.rung) != 1 || l.rung[0].Trunk != "pstn" || !strings.HasSuffix(l.rung[0].Number, "227001234") {
		t.Errorf("rang %+v after %v", l.rung, l.heard)
	}
}

func TestCallingBackGivesNobodyARightThatHisPhoneHasNot(t *testing.T) {
	w := newWorld(t, "")
	for _, number := range []string{"+12125550100", "119", "0900"} {
		from := outside
		from.From.Number = number
		w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: from, speaks: []says{{1000, 2 * time.Second, "hangup"}}})
		l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"5"}}})
		if _, why := l.c.Ending(); len(l.rung) != 0 || why.Who != "box" || why == call.BoxHungUp {
			t.Errorf("to %s it rang %+v and ended as %v", number, l.rung, why)
		}
		must(t, w.boxes.Delete(w.boxes.List("sales")[0].ID))
	}
}

func TestNobodyOutsideHasTheBoxCallForHim(t *testing.T) {
	w := newWorld(t, "")
	w.leave("claims", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: outside, answers: map[string][]string{
		"ask_box": {"1001#"}, "ask_pin": {pin + "#"}, "menu": {"5", "hangup"},
	}})
	if len(l.rung) != 0 || l.phrases("menu_callback") != 0 || l.phrases("callback_refused") != 1 {
		t.Errorf("heard %v", l.heard)
	}
}

func TestABoxOpensToTheRightPINFromOutside(t *testing.T) {
	w := newWorld(t, "")
	w.leave("claims", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: outside, answers: map[string][]string{
		"ask_box": {"1001#", "1001#"}, "ask_pin": {"1234#", pin + "#"},
	}})
	if l.phrases("wrong_pin") != 1 || l.phrases("1000 Hz") != 1 {
		t.Errorf("heard %v", l.heard)
	}
	if keys := w.books.keys(); strings.Contains(keys, pin) || strings.Contains(keys, "1234") || !strings.Contains(keys, "1001#.....") {
		t.Errorf("facts show %q", keys)
	}
}

func TestTheOwnerReachesHisBoxByTheStarKeyDuringItsGreeting(t *testing.T) {
	w := newWorld(t, "")
	w.leave("claims", 1000, 2*time.Second)
	l := w.call(Leave{Boxes: w.boxes, Box: "claims"}, caller{start: outside, answers: map[string][]string{"prompt": {"*"}, "ask_pin": {pin + "#"}}})
	if l.phrases("1000 Hz") != 1 || l.phrases("beep") != 0 {
		t.Errorf("heard %v", l.heard)
	}
	l = w.call(Leave{Boxes: w.boxes, Box: "sales"}, caller{start: outside, answers: map[string][]string{"greeting": {"*"}}})
	if l.phrases("ask_pin") != 0 || l.phrases("beep") == 0 {
		t.Errorf("a box without a PIN: heard %v", l.heard)
	}
}

func TestAPhoneOfTheBoxNeedsThePINThatTheBoxHas(t *testing.T) {
	w := newWorld(t, "")
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1001"), answers: map[string][]string{"ask_pin": {pin + "#"}}})
	heard(t, l, "ask_pin", "none", "goodbye")
}

func TestABoxWithoutAPINOpensToNobodyElse(t *testing.T) {
	w := newWorld(t, "")
	from := phone("1002") // shows the owner's number, and is none of his phones
	from = call.Start{From: outside.From, Trunk: "pstn", Dialled: "x"}
	from.From.Number = "1002"
	for _, who := range []call.Start{phone("1004"), from} {
		l := w.call(Listen{Boxes: w.boxes}, caller{start: who, answers: map[string][]string{
			"ask_box": {"1002#", "1002#", "1002#"}, "ask_pin": {"0000#", "#", "1#", "2#"},
		}})
		if l.phrases("none") != 0 || l.phrases("wrong_pin") == 0 {
			t.Errorf("heard %v", l.heard)
		}
	}
}

func TestNobodyLearnsWhichBoxesThereAre(t *testing.T) {
	w := newWorld(t, "")
	said := func(number string) string {
		l := w.call(Listen{Boxes: w.boxes}, caller{start: outside, answers: map[string][]string{
			"ask_box": {number, number, number}, "ask_pin": {"1#", "2#", "3#"},
		}})
		return fmt.Sprint(l.heard)
	}
	if real, made := said("1001#"), said("7777#"); real != made {
		t.Errorf("a box that is there: %s\none that is not: %s", real, made)
	}
}

func TestAPhoneOfSeveralBoxesChoosesOne(t *testing.T) {
	w := newWorld(t, "")
	w.leave("sales", 1000, 2*time.Second)
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1003"), answers: map[string][]string{"choose": {"", "2"}}})
	if l.heard[0] != "choose key=1 name=1003" || l.heard[1] != "choose key=2 name=sales" || l.phrases("1000 Hz") != 1 {
		t.Errorf("heard %v", l.heard)
	}
	if w.cfg.Voicemails["1003"] != nil {
		t.Error("the extension's own box has a block")
	}
}

func TestThreeWrongPINsEndTheCallAndNineCloseTheBoxForAWhile(t *testing.T) {
	w := newWorld(t, "")
	guess := func(start call.Start) *line {
		return w.call(Listen{Boxes: w.boxes, Box: "claims"}, caller{start: start, answers: map[string][]string{"ask_pin": {"1111#", "2222#", "3333#", pin + "#"}}})
	}
	heard(t, guess(outside), "ask_pin", "wrong_pin", "ask_pin", "wrong_pin", "ask_pin", "wrong_pin", "goodbye")
	guess(outside)
	guess(outside)
	if w.boxes.Stats().WrongPINs != 9 {
		t.Errorf("%+v", w.boxes.Stats())
	}
	heard(t, guess(outside), "locked")
	right := map[string][]string{"ask_pin": {pin + "#"}}
	l := w.call(Listen{Boxes: w.boxes, Box: "claims"}, caller{start: phone("1001"), answers: right})
	if l.phrases("none") != 1 {
		t.Errorf("strangers locked the owner out: %v", l.heard)
	}
	var told journal.SecurityBlocked
	for _, e := range w.books.events {
		if b, ok := e.Body.(journal.SecurityBlocked); ok {
			told = b
		}
	}
	if told.Source != "+886912345678" || told.Until == nil || told.Until.Sub(w.now) > firstLock {
		t.Errorf("told %+v", told)
	}
	logged(t, w, "closed for a while after wrong PINs")
	w.now = w.now.Add(firstLock)
	right = map[string][]string{"ask_pin": {pin + "#"}}
	if l := w.call(Listen{Boxes: w.boxes, Box: "claims"}, caller{start: outside, answers: right}); l.phrases("none") != 1 {
		t.Errorf("later: heard %v", l.heard)
	}
}

func TestAMessageWhoseSoundIsGoneIsSaidToBe(t *testing.T) {
	w := newWorld(t, t.TempDir())
	m := w.leave("sales", 1000, 2*time.Second)
	must(t, w.boxes.shelf.remove(m.file()))
	l := w.call(Listen{Boxes: w.boxes}, caller{start: phone("1002"), answers: map[string][]string{"menu": {"3", "#"}}})
	if l.phrases("gone") != 1 || len(w.boxes.List("sales")) != 0 {
		t.Errorf("heard %v", l.heard)
	}
}

func TestAMessageThatSomebodyElseDeletedMeanwhileHarmsNobody(t *testing.T) {
	w := newWorld(t, t.TempDir())
	m := w.leave("sales", 1000, 2*time.Second)
	l := &watching{line: line{w: w, caller: caller{start: phone("1002"), answers: map[string][]string{"menu": {"2"}}}}}
	l.when = func(said string) {
		if said == "new count=1" {
			must(t, w.boxes.Delete(m.ID))
		}
	}
	w.serve(l, &l.line, Listen{Boxes: w.boxes})
	if l.phrases("gone") != 1 || l.phrases("saved") != 1 || len(w.boxes.List("sales")) != 0 {
		t.Errorf("heard %v", l.heard)
	}
}
