package hcl

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkLoadALargeOffice loads 500 trunks and routes, 500 queues, and 5,000
// extensions with their agents.
func BenchmarkLoadALargeOffice(b *testing.B) {
	var trunks, people, queues strings.Builder
	for i := range 500 {
		fmt.Fprintf(&trunks, "trunk \"t%d\" {\n  address     = \"sip:t%d.example\"\n  accept_from = [\"198.51.%d.%d\"]\n  channels    = 30\n}\nroute \"r%d\" {\n  from   = trunk.t%d\n  number = \"022700%04d\"\n  to     = queue.q%d\n}\n", i, i, i/250, i%250, i, i, i, i)
		fmt.Fprintf(&queues, "queue \"q%d\" {\n  agents   = [agent.a%d, agent.a%d]\n  max_wait = \"10m\"\n  overflow {\n    goto = extension.%d\n  }\n}\n", i, i, 10*i, 10000+i)
	}
	for i := range 5000 {
		fmt.Fprintf(&people, "extension \"%d\" {\n  name     = \"Person %d\"\n  password = secret(\"ext-%d\")\n  allow    = [\"internal\", \"national\"]\n}\nagent \"a%d\" {\n  name      = \"Person %d\"\n  extension = extension.%d\n  skills    = { claims = 4 }\n}\n", 10000+i, i, i, i, i, 10000+i)
	}
	texts := map[string]string{"trunks.hcl": trunks.String(), "people.hcl": people.String(), "queues.hcl": queues.String()}
	cfg := loaded(b, texts)
	fsys := files(texts)
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, ds := Load(fsys, known()); ds.HasErrors() {
				b.Fatal(told(ds))
			}
		}
	})
	b.Run("diff", func(b *testing.B) {
		for b.Loop() {
			if p := Diff(cfg, cfg); !p.Empty() {
				b.Fatal(p)
			}
		}
	})
}
