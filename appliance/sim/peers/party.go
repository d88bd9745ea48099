package peers

// Party is one who can be called and call: a phone, a softphone, a page in a browser. Its methods wait for what they
// are named after and fail the test when that does not happen; Dial, Answer and HangUp only act.
type Party interface {
	Dial(number string)
	Rings()
	Answer()
	Talks()
	Hears(hz float64)
	HangUp()
	Ends()
	Encrypted() string // how its sound was encrypted, as it says itself: Plain, SDES or DTLS, as Encryption.Way gives it
}
