package media

import (
	"errors"
	"slices"
	"testing"
)

func TestWhatCannotBeAnsweredIsKnownBeforeAnybodyIsCalled(t *testing.T) {
	e := box(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		theirs Security
		codecs []Codec
		ours   Security
		want   error
	}{
		"plain and plain":               {SecureOff, spoken, SecureOff, nil},
		"sealed where it can be":        {SecureOptional, spoken, SecureOptional, nil},
		"sealed where it must be":       {SecureRequired, spoken, SecureRequired, nil},
		"a browser":                     {SecureBrowser, spoken, SecureBrowser, nil},
		"plain where it must be":        {SecureOff, spoken, SecureRequired, ErrInsecure},
		"sealed where it must not":      {SecureRequired, spoken, SecureOff, ErrInsecure},
		"another codec":                 {SecureOff, []Codec{Opus}, SecureOff, ErrNoCodec},
		"another codec, and insecurely": {SecureOff, []Codec{Opus}, SecureRequired, ErrNoCodec},
	} {
		t.Run(name, func(t *testing.T) {
			peer, _ := open(t, e)
			peer.Secure(c.theirs)
			offer := peer.Offer(localhost, []Codec{PCMU, G722}, SendRecv)
			codecs, err := Offered(offer, c.codecs, c.ours)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if names := []string{PCMU.Name, G722.Name}; err == nil && !slices.EqualFunc(codecs, names, func(k Codec, name string) bool { return k.Name == name }) {
				t.Errorf("the peer speaks %v", codecs)
			}
			leg, _ := open(t, e)
			leg.Secure(c.ours)
			if _, answered := leg.Answer(offer, localhost, c.codecs, SendRecv); !errors.Is(answered, c.want) {
				t.Errorf("but the answer is %v", answered)
			}
		})
	}
	if _, err := Offered([]byte("hello"), spoken, SecureOff); !errors.Is(err, ErrSDP) {
		t.Errorf("got %v", err)
	}
}
