package peers_test

import (
	"fmt"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// traffic is a box under load: a carrier brings calls for two numbers, two phones answer whatever comes. Calls for the
// first number last, calls for the second are short and many, and go to the extension that the configuration of the
// moment names.
func traffic(extension string) string {
	return fmt.Sprintf(`
appliance {
  country  = "TW"
  timezone = "Asia/Taipei"
}
extension "3001" {
  password = "nobody-may-see-3001"
}
extension "3002" {
  password = "nobody-may-see-3002"
}
trunk "carrier" {
  address     = "sip:127.0.0.2:5060"
  accept_from = ["127.0.0.2/32"]
}
route "steady" {
  from   = trunk.carrier
  number = "0227000001"
  to     = extension.3001
}
route "changing" {
  from   = trunk.carrier
  number = "0227000002"
  to     = extension.%s
}
`, extension)
}

const (
	steadyNumber   = "0227000001"
	changingNumber = "0227000002"

	up        = 50 // calls that stay
	perSecond = 20 // calls that come and go
)

// answering registers SIPp as an extension and lets it take calls.
func answering(t *testing.T, box *peers.Box, number string, ears []*peers.Ear) *peers.SIPp {
	t.Helper()
	port := peers.Ports(t, 1)
	peers.Register(t, box.Address(), number, peers.Secret+number, peers.Run{Port: port})
	return peers.Answer(t, peers.Callee{}, peers.Run{Port: port, Ears: ears, Patience: 5 * time.Minute})
}

// steady brings the calls that stay, and waits until they are up. Their callers are called name and a number from 1.
func steady(t *testing.T, box *peers.Box, name string, length time.Duration, ears []*peers.Ear) *peers.SIPp {
	t.Helper()
	s := peers.Call(t, box.Address(), peers.Caller{From: name + "[call_number]", Number: steadyNumber, Talk: length},
		peers.Run{Address: carrier, Calls: up, Rate: 4 * up, Ears: ears, Patience: 2 * time.Minute})
	s.Await("answered", up, patience)
	return s
}

// changing brings calls that come and go, perSecond, so many of them.
func changing(t *testing.T, box *peers.Box, name string, calls int, length time.Duration) *peers.SIPp {
	t.Helper()
	return peers.Call(t, box.Address(), peers.Caller{From: name + "[call_number]", Number: changingNumber, Talk: length},
		peers.Run{Address: carrier, Calls: calls, Rate: perSecond, Patience: 2 * time.Minute})
}
