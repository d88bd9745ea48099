package peers_test

import (
	"testing"
	"time"

	"callbox/appliance/sim/peers"
)

func TestAGuesserIsBlockedAndShownAndLetInAgainByCommand(t *testing.T) {
	t.Parallel()
	box := peers.NewBox(t, twoDesks)
	guesser := peers.Try(t, box.Address(), peers.Account{Number: "1001", Password: "guess", Wrong: true},
		peers.Run{Calls: 1000, Rate: 2, Patience: 2 * time.Minute})
	var blocks []struct{ Source, Reason string }
	peers.Await(t, "the guesser is blocked", time.Minute, func() bool {
		box.Ask(&blocks, "blocks")
		return len(blocks) == 1
	})
	guesser.Kill()
	if blocks[0].Source != "127.0.0.1" || blocks[0].Reason != "wrong passwords" {
		t.Errorf("blocked: %+v", blocks)
	}
	if box.Alive() {
		t.Error("a blocked source is answered")
	}
	if said, status := box.Run("unblock", "127.0.0.1"); status != 0 {
		t.Fatalf("unblock: status %d, %s", status, said)
	}
	box.Phone("1001", "udp", 500) // with the right password, from the same address
}
