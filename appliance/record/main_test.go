package record

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// child, when set, makes this test binary the box that is killed.
const child = "CALLBOX_RECORD_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) == "leave" {
		leaveUntilKilled(os.Getenv("DIR"))
		return
	}
	goleak.VerifyTestMain(m)
}
