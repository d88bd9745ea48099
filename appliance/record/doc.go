// Package record keeps what was said: the messages that callers leave in voicemail boxes, how long they live, who may hear them,
// and how they go out by mail. Recordings of calls will lie beside them.
//
// It owns one folder of sound and the index of what is in it. Sound is written ahead of its index entry, as it is spoken, and
// synced once a second, in files that can be played at any moment; an entry is on disk before the caller hears that his message
// is kept. A file that a crash left without an entry becomes a message when there is a second of speech in it, and is deleted
// when there is not. The package never decides that a call goes to a box, never waits for a mail server while somebody is on the
// line, and never takes the number that a caller shows for a proof of who calls.
//
// Its stages, Leave and Listen, go by the call's Line and clock, so that they run in virtual time too. Boxes end with Close,
// which ends the postman; what he did not deliver is delivered after the next start.
package record
