package call

import (
	"context"
	"time"

	"callbox/appliance/journal"
	"callbox/appliance/media"
	"callbox/appliance/sip"
)

// Line is what takes time on a call: all that a stage waits for goes through
// it, so that the same stages run on a switched call and on the virtual floor,
// which has no phones and does not wait. Only the call's script uses a Line,
// but for Post. Every method returns soon after ctx has ended.
type Line interface {
	// Answer picks up, once. The call is not answered by that in the sense of
	// its books: nobody talks yet.
	Answer(ctx context.Context) error
	// Say answers, and returns when u has been said. With barge, a key that was
	// pressed, also before, ends it and waits for Next; without, keys are let go.
	Say(ctx context.Context, u Utterance, barge bool) error
	// Music answers and plays u again and again, until something else is said;
	// nil ends it.
	Music(ctx context.Context, u *Utterance) error
	// Next waits for the next thing to happen, at most so long.
	Next(ctx context.Context, within time.Duration) Happening
	// Wait lets time pass. What happens meanwhile waits for Next.
	Wait(ctx context.Context, d time.Duration)
	// Record answers and keeps what the caller says.
	Record(ctx context.Context, r Recording) Recorded
	// Ring calls all targets at once, until one answers, all have failed, or the
	// time is up. Who answers first is joined with the caller.
	Ring(ctx context.Context, to []Target, within time.Duration) Attempt
	// Talk lasts until one side hangs up.
	Talk(ctx context.Context)
	// Echo answers, and the caller hears what he says until he hangs up.
	Echo(ctx context.Context) error
	// TrunkUp tells whether a trunk can be used now.
	TrunkUp(name string) bool
	// Post hands something to the script, as a Happening, from any goroutine. It
	// never waits; false: the script has too much before it, or is over.
	Post(x any) bool
}

// Facts is where a call writes down what happens to it: the journal, or what
// stands for it on the virtual floor.
type Facts interface {
	Append(journal.Event) error
	Commit(ctx context.Context, events ...journal.Event) error
}

// Utterance is something to be said to the caller. Exactly one of Prompt,
// Phrase, Music, Text and Sound tells what; Plan.Sound makes it sound.
type Utterance struct {
	Prompt   string         // a prompt of the configuration
	Phrase   string         // a key of the box's own phrases (appliance/speech)
	Music    string         // a music of the configuration, "" with Loop: the built-in one
	Language string         // in which it is said
	Text     string         // what is said, all values put in; empty for a recording
	File     string         // the recording, a path in the configuration
	Sound    *media.Sound   // the sound itself: a message that somebody left
	Values   map[string]any // of a phrase
	Loop     bool           // music: it has no end
	Private  bool           // it contains what only this caller may hear: it is not kept
}

// Happening is what came of waiting.
type Happening struct {
	Kind   HappeningKind
	Key    byte // of HappenedKey: 0-9 * # A-D
	Posted any  // of HappenedPost

	method string // by which the key came
	play   uint64 // of happenedPlayed
}

// HappeningKind says what happened.
type HappeningKind uint8

// What can happen.
const (
	HappenedTime HappeningKind = iota // nothing: the time is up, or the call is over
	HappenedKey                       // the caller pressed a key
	HappenedPost                      // somebody posted something
	happenedPlayed
)

// Recording says what to keep of what the caller says.
type Recording struct {
	Sink    func(pcm []int16) error // takes it, 8 kHz, in order, from the script's goroutine; nil: nobody
	Max     time.Duration           // ends it
	Silence time.Duration           // so much silence ends it, 0: none does
	EndKeys string                  // each of these keys ends it
}

// Recorded is what came of it.
type Recorded struct {
	Length time.Duration // without the silence at its end
	Why    string        // max, silence, key, hangup, or failed
	Key    byte          // of Why key
	Err    error         // of Why failed: the sink's
}

// Target is one place to ring: all phones of an extension, or a number by a
// trunk.
type Target struct {
	Extension string
	Trunk     string
	Number    string
	From      sip.Party
	Diverted  []sip.Diversion // who forwarded the call, latest first
	Emergency bool
	Tell      *Utterance // who answers hears it before the caller is joined
	Greet     *Utterance // the caller hears it then
	Auto      bool       // the phone is asked to answer by itself
	As        string     // the destination that answers then, when that is not the phone: agent.mei
}

// Parted is posted to a call's script when the phone that the caller talked with vanished, and Talk returns: the caller
// is still there.
type Parted struct{ Why Cause }

// Attempt is how ringing came out.
type Attempt struct {
	Answered bool
	Who      string // the destination that answered, as the language writes it
	Why      Cause
	Status   int      // what the far side really said; 0: nothing
	Contacts []string // where else it says to call
	// Each is why those did not answer who failed while others rang, by what they answer as: Target.As.
	Each map[string]Cause
}

// Sound makes an utterance sound, for the codecs of the configuration.
type Sound func(ctx context.Context, u Utterance) (*media.Sound, error)

// Forever is longer than any call.
const Forever = 100 * 24 * time.Hour
