package peers

import "testing"

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

// Party puts someone of a kind at an extension, who says the tone of hz, and waits until it is registered.
func (b *Box) Party(t testing.TB, k Kind, number string, hz float64) Party {
	t.Helper()
	host := "127.0.0.1"
	if k.IPv6 {
		host = "::1"
	}
	switch k.Agent {
	case "baresip":
		return NewPhone(t, PhoneOptions{
			Server: b.Server(host, k.Transport), Transport: k.Transport, Number: number, Password: Secret + number, Hz: hz,
			Codecs: []string{k.Codec}, Encryption: k.Encryption, IPv6: k.IPv6,
		})
	}
	t.Fatalf("nobody can be a %s", k.Agent)
	return nil
}
