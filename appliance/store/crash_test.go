package store

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writeUntilKilled writes from several goroutines and prints the number of each transaction once it was acknowledged. A transaction
// puts the same number under two prefixes and takes its predecessor's mark away.
func writeUntilKilled(dir string) {
	db, err := Open(Options{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	left, right := Declare[int](db, "left", Told), Declare[int](db, "right", Told)
	mark, soft := Declare[int](db, "mark", Told), Declare[string](db, "soft", Rebuilt)
	first := 0
	for e := range left.All("", "", true) {
		first = max(first, e.Value)
	}
	fmt.Println("open")
	for w := range 3 {
		go func() {
			for n := first + 1 + w; ; n += 3 {
				k, old := key(n), key(n-3)
				_ = soft.Put(k, strings.Repeat("x", 6000))
				err := db.Write(Told, left.PutOp(k, n), right.PutOp(k, n), mark.PutOp(k, n), mark.DeleteOp(old))
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println(n) // one write to the pipe
			}
		}()
	}
	select {}
}

func key(n int) string { return fmt.Sprintf("%012d", n) }

func TestWhatWasAcknowledgedIsThereAfterEveryKill(t *testing.T) {
	dir := t.TempDir()
	told := map[int]bool{}
	for round := range 12 {
		acknowledged := killWhileWriting(t, dir)
		for _, n := range acknowledged {
			told[n] = true
		}
		began := time.Now()
		db := openIn(t, dir)
		if took := time.Since(began); took > time.Second {
			t.Errorf("round %d: opened in %v", round, took)
		}
		checkAfterKill(t, db, told)
		must(t, db.Close())
	}
	t.Logf("%d transactions acknowledged in 12 lives", len(told))
}

// killWhileWriting starts a writer, kills it after a random number of acknowledgements and returns them.
func killWhileWriting(t *testing.T, dir string) (acknowledged []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=write", "DIR="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	limit := 1 + rand.IntN(400)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		text := lines.Text()
		if strings.HasPrefix(text, "error") {
			t.Error(text)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			continue
		}
		acknowledged = append(acknowledged, n)
		if len(acknowledged) == limit {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
	return acknowledged
}

func checkAfterKill(t *testing.T, db *DB, told map[int]bool) {
	t.Helper()
	left, right, mark := Declare[int](db, "left", Told), Declare[int](db, "right", Told), Declare[int](db, "mark", Told)
	there := map[int]bool{}
	for _, n := range values(t, left, "", "", false) {
		there[n] = true
	}
	for n := range told {
		if !there[n] {
			t.Fatalf("%d was acknowledged and is lost", n)
		}
	}
	rights := values(t, right, "", "", false)
	if len(rights) != len(there) {
		t.Fatalf("half transactions: %d left, %d right", len(there), len(rights))
	}
	for _, n := range values(t, mark, "", "", false) {
		if there[n+3] {
			t.Fatalf("the mark of %d came back", n)
		}
	}
}

// openAll opens stores that were damaged on purpose, reads everything in them, and says how each went.
func openAll(dirs []string) {
	for _, dir := range dirs {
		fmt.Println(openOnce(dir))
	}
}

func openOnce(dir string) string {
	db, err := Open(Options{Dir: dir, Ballast: -1})
	if err != nil {
		return "refused " + err.Error()
	}
	seen := 0
	for e, err := range Declare[string](db, "n", Told).All("", "", false) {
		if err != nil {
			return "reported " + err.Error()
		}
		if !strings.HasPrefix(e.Value, "value "+e.Key+" ") {
			return "wrong " + e.Key + " " + e.Value
		}
		seen++
	}
	if err := db.Close(); err != nil {
		return "closed " + err.Error()
	}
	return fmt.Sprint("read ", seen)
}

// TestDamageIsSaidAndNeverReadAsFacts flips a byte of every file, and cuts every file short, one at a time, in a copy of a store.
func TestDamageIsSaidAndNeverReadAsFacts(t *testing.T) {
	const kept = 400
	origin := filepath.Join(t.TempDir(), "origin")
	db := openIn(t, origin)
	b := Declare[string](db, "n", Told)
	for half := range 2 { // half of it in tables, half in the log
		for i := range kept / 2 {
			k := key(half*kept/2 + i)
			must(t, b.Put(k, "value "+k+" "+strings.Repeat("v", 200)))
		}
		if half == 0 {
			must(t, db.Close())
			db = openIn(t, origin)
			b = Declare[string](db, "n", Told)
		}
	}
	crashed := filepath.Join(t.TempDir(), "crashed")
	must(t, os.CopyFS(crashed, os.DirFS(origin)))
	must(t, db.Close())

	whole := fmt.Sprint("read ", kept)
	if got := openInChild(t, crashed); got[0] != whole {
		t.Fatalf("undamaged copy: %s", got)
	}
	files, err := os.ReadDir(databasePath(crashed))
	must(t, err)
	var names, dirs []string
	for _, f := range files {
		for _, how := range []string{"flip", "cut", "empty", "remove"} {
			if f.Name() == "LOCK" {
				continue
			}
			dir := filepath.Join(t.TempDir(), "damaged")
			must(t, os.CopyFS(dir, os.DirFS(crashed)))
			damage(t, filepath.Join(databasePath(dir), f.Name()), how)
			names, dirs = append(names, how+" "+f.Name()), append(dirs, dir)
		}
	}
	for i, got := range openInChild(t, dirs...) {
		// A log may end early: what a torn tail and a damaged log look like is the same. Tables and their list may not.
		log := strings.HasSuffix(names[i], ".mem") || strings.HasSuffix(names[i], ".vlog") || strings.HasSuffix(names[i], "DISCARD")
		switch kind, _, _ := strings.Cut(got, " "); {
		case kind == "refused" && strings.Contains(got, "restore a backup"), kind == "reported":
		case kind == "read" && (log || got == whole):
		default:
			t.Errorf("%s: %s", names[i], got)
		}
	}
}

func damage(t *testing.T, path, how string) {
	t.Helper()
	if how == "remove" {
		must(t, os.Remove(path))
		return
	}
	data, err := os.ReadFile(path)
	must(t, err)
	used := len(bytes.TrimRight(data, "\x00"))
	switch how {
	case "flip":
		if used > 0 {
			data[used*2/3] ^= 0x10
		}
	case "cut":
		data = data[:used*2/3]
	case "empty":
		data = nil
	}
	must(t, os.WriteFile(path, data, 0o600))
}

// openInChild opens stores in another process, which damage may kill, and returns one line for each.
func openInChild(t *testing.T, dirs ...string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=open", "DIR="+strings.Join(dirs, ":"))
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != len(dirs) {
		t.Fatalf("died of store %d of %d: %v\n%s", len(lines), len(dirs), err, out)
	}
	return lines
}
