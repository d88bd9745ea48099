package peers_test

import (
	"os"
	"testing"

	"callbox/appliance/sim/peers"
)

func TestMain(m *testing.M) {
	status := m.Run()
	peers.RemoveBinary()
	os.Exit(status)
}
