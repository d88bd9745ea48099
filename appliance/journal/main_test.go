package journal

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// child, when set, makes this test binary the process that is killed.
const child = "CALLBOX_JOURNAL_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		liveUntilKilled(os.Getenv("DIR"))
		return
	}
	goleak.VerifyTestMain(m)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets virtual time pass in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
