package media

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(generatorEnv) != "" {
		os.Exit(generate(os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}
