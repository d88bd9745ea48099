package store

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// child, when set, makes this test binary the process that is killed.
const child = "CALLBOX_STORE_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(child) {
	case "write":
		writeUntilKilled(os.Getenv("DIR"))
	case "open":
		openAll(strings.Split(os.Getenv("DIR"), ":"))
	case "migrate":
		migrateUntilKilled(os.Getenv("DIR"))
	default:
		goleak.VerifyTestMain(m)
	}
}
