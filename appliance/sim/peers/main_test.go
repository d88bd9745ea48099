package peers_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

// These tests wait far more than they work: phones ring, tones sound. So more of them run at once than there are cores;
// those that load the machine are not parallel and run alone, before all others.
const atOnce = "6"

// patience is how long is waited for what takes a fraction of a second on a machine with nothing else to do.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", atOnce)
	status := m.Run()
	peers.RemoveBinary()
	os.Exit(status)
}
