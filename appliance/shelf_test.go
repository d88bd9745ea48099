package appliance

import (
	"fmt"
	"os"
	"testing"
	"time"

	"callbox/hcl"
)

func TestGenerationsAreNumberedKeptAndForgottenInOrder(t *testing.T) {
	dir := t.TempDir()
	s, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxKept + 3 {
		g := &Generation{N: s.next(), Applied: time.Unix(int64(i), 0), Config: &hcl.Config{
			Hash: fmt.Sprint("hash", i), Files: map[string][]byte{"office.hcl": []byte(fmt.Sprint(i))},
		}}
		if err := s.put(g); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.path(999), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.list) != maxKept || again.list[0].N != 4 || again.next() != maxKept+4 {
		t.Errorf("%d kept from %d, next %d", len(again.list), again.list[0].N, again.next())
	}
	k, err := again.get(10)
	if err != nil || string(k.Files["office.hcl"]) != "9" {
		t.Errorf("generation 10: %q %v", k.Files["office.hcl"], err)
	}
	if n, known := again.number("hash9"); n != 10 || !known {
		t.Errorf("the same files are generation %d, known %v", n, known)
	}
	if n, known := again.number("new"); n != maxKept+4 || known {
		t.Errorf("new files are generation %d, known %v", n, known)
	}
}

func TestAHeldGenerationIsHeldAcrossARestartUntilTheFilesChange(t *testing.T) {
	dir := t.TempDir()
	s, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.hold("files", 7); err != nil {
		t.Fatal(err)
	}
	again, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := again.heldFor("files"); n != 7 || !ok {
		t.Errorf("held %d %v", n, ok)
	}
	if _, ok := again.heldFor("other files"); ok {
		t.Error("other files are held back too")
	}
	again.release()
	last, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := last.heldFor("files"); ok {
		t.Error("still held after release")
	}
}
