package speech

// Utterance is something to say.
type Utterance struct {
	Language string // BCP 47
	Text     string
}
