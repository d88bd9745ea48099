package appliance_test

import (
	"flag"
	"os"
	"testing"

	"callbox/appliance"
)

// together is how many offices may be open at once: their people mostly wait, for tones to end and for patience to run
// out, so that even a small machine has room for more of them than it has cores.
const together = "8"

func TestMain(m *testing.M) {
	if status, is := appliance.RunLua(os.Args); is {
		os.Exit(status)
	}
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", together); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
