package appliance

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/appliance/record"
	"callbox/appliance/sip"
	"callbox/hcl"
)

// openBoxes opens the voicemail boxes. They take messages from the first
// generation on.
func (a *Appliance) openBoxes() (err error) {
	a.boxes, err = record.Open(record.Options{
		Folder: filepath.Join(a.o.Data, "voicemail"), DB: a.db, Facts: a.journal, Now: a.now, Log: a.log,
		Known: a.leftBefore, Changed: a.lamps.changed,
	})
	if err != nil {
		return fmt.Errorf("voicemail: %w", err)
	}
	return nil
}

// startBoxes has what the last run left behind put in order.
func (a *Appliance) startBoxes() {
	found, err := a.boxes.Recover(context.Background())
	if err != nil {
		a.log.Warn("voicemail of the last run", "error", err)
	}
	if found > 0 {
		a.log.Warn("the last run was cut off while messages were being left; they are in their boxes now", "messages", found)
	}
	a.boxes.Start()
}

// leftBefore tells whether the fact of a message was written.
func (a *Appliance) leftBefore(callID, message string) bool {
	for e, err := range a.journal.Events(journal.EventQuery{Call: callID}) {
		if left, ok := e.Body.(journal.VoicemailLeft); err == nil && ok && left.Message == message {
			return true
		}
	}
	return false
}

// voicemail is the stage that takes a message in a generation.
func (g *Generation) voicemail(boxes *record.Boxes, box, greeting string) call.Stage {
	return record.Leave{Boxes: boxes, Box: box, Greeting: greeting, Prompt: func(c *call.Call, prompt string) (call.Utterance, error) {
		return g.office.Utterance(c, prompt, nil, hcl.AgentScope{})
	}}
}

// maxLamps bounds the phones that watch message lamps.
const maxLamps = 5000

// lamps are the phones that want to hear of messages. A change is told from
// whichever goroutine makes it; the switch queues what it sends.
type lamps struct {
	a  *Appliance
	mu sync.Mutex
	on map[*sip.Subscription]bool
}

// subscribe is sip's OnSubscribe: an extension may watch its own messages.
func (l *lamps) subscribe(x *sip.Subscription) (code int) {
	if x.Event != "message-summary" {
		return 489 // states of others come with presence
	}
	if x.Target != x.Account && x.Target != "" {
		return 403
	}
	l.mu.Lock()
	full := len(l.on) >= maxLamps
	if !full {
		l.on[x] = true
	}
	l.mu.Unlock()
	if full {
		return 503
	}
	l.tell(x)
	l.a.chores.Go(func() {
		<-x.Done()
		l.mu.Lock()
		delete(l.on, x)
		l.mu.Unlock()
	})
	return 200
}

func (l *lamps) tell(x *sip.Subscription) {
	fresh, old := l.a.boxes.Lamp(x.Account)
	l.a.sip.Notify(x, record.SummaryType, record.Summary("", fresh, old))
}

// changed is told of a box whose messages are not what they were.
func (l *lamps) changed(box string) {
	shown := l.a.boxes.Lamps(box)
	l.mu.Lock()
	defer l.mu.Unlock()
	for x := range l.on {
		for _, extension := range shown {
			if x.Account == extension {
				l.tell(x)
			}
		}
	}
}
