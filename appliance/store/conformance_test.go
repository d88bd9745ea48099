package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

type phone struct {
	Name  string
	Lines int
}

// TestBothStoresBehaveTheSame runs one suite on the disk and in memory.
func TestBothStoresBehaveTheSame(t *testing.T) {
	engines := map[string]func(*testing.T) *DB{
		"disk":   func(t *testing.T) *DB { return openIn(t, t.TempDir()) },
		"memory": func(*testing.T) *DB { return Memory() },
	}
	suite := map[string]func(*testing.T, *DB){
		"what was put is read, changed and deleted":      putGetDelete,
		"a stranger's bytes reach no other bucket":       strangeKeys,
		"a loop goes in order, both ways, within bounds": ranges,
		"a loop sees what was there when it began":       snapshot,
		"a transaction is whole or not there at all":     transactions,
		"too much is refused and leaves nothing behind":  limits,
		"a prefix has one writer":                        oneWriter,
		"bytes are kept as they are":                     rawBytes,
		"many writers at once lose nothing":              manyWriters,
		"a rebuilt write can be read at once":            readYourWrites,
		"a closed store refuses politely":                closedStore,
		"any sequence of writes reads like a map":        likeAMap,
	}
	for engine, open := range engines {
		for name, test := range suite {
			t.Run(engine+"/"+name, func(t *testing.T) {
				db := open(t)
				defer db.Close()
				test(t, db)
			})
		}
	}
}

func openIn(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(Options{Dir: dir, Ballast: -1})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func putGetDelete(t *testing.T, db *DB) {
	b := Declare[phone](db, "phone", Told)
	if _, found, err := b.Get("1001"); found || err != nil {
		t.Fatalf("found %v in an empty store, %v", found, err)
	}
	for lines := range 3 {
		must(t, b.Put("1001", phone{"front desk", lines}))
		got, found, err := b.Get("1001")
		if want := (phone{"front desk", lines}); got != want || !found || err != nil {
			t.Fatalf("got %v %v %v", got, found, err)
		}
	}
	must(t, b.Delete("1001"))
	must(t, b.Delete("1001"))
	if _, found, _ := b.Get("1001"); found {
		t.Fatal("deleted and still there")
	}
}

func strangeKeys(t *testing.T, db *DB) {
	keys := []string{"", "\x00", "\x01", "\xff", "\xff\xff", "a", "a\x00", "a/b", "'; drop", "é", strings.Repeat("k", MaxKey-16)}
	short, long := Declare[string](db, "a", Told), Declare[string](db, "a/b", Told)
	for _, k := range keys {
		must(t, short.Put(k, "short "+k))
		must(t, long.Put(k, "long "+k))
	}
	slices.Sort(keys)
	for name, b := range map[string]*Bucket[string]{"short": short, "long": long} {
		var seen []string
		for e, err := range b.All("", "", false) {
			must(t, err)
			seen = append(seen, e.Key)
			if want := strings.ToValidUTF8(name+" "+e.Key, "\uFFFD"); e.Value != want && strings.ToValidUTF8(e.Value, "") != e.Value {
				t.Errorf("%q holds %q", e.Key, e.Value)
			}
			if !strings.HasPrefix(e.Value, name) {
				t.Errorf("%q of %s holds %q", e.Key, name, e.Value)
			}
		}
		if !slices.Equal(seen, keys) {
			t.Errorf("%s: got %q", name, seen)
		}
	}
}

func ranges(t *testing.T, db *DB) {
	before, b, after := Declare[int](db, "m", Told), Declare[int](db, "n", Told), Declare[int](db, "o", Told)
	must(t, before.Put("z", -1))
	must(t, after.Put("", -2))
	for i := range 10 {
		must(t, b.Put(fmt.Sprint(i), i))
	}
	for _, c := range []struct {
		from, to string
		down     bool
		want     []int
	}{
		{"", "", false, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"", "", true, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{"3", "6", false, []int{3, 4, 5}},
		{"3", "6", true, []int{5, 4, 3}},
		{"35", "55", true, []int{5, 4}},
		{"8", "", false, []int{8, 9}},
		{"8", "", true, []int{9, 8}},
		{"", "2", true, []int{1, 0}},
		{"6", "3", false, nil},
		{"6", "3", true, nil},
		{"4", "4", true, nil},
	} {
		if got := values(t, b, c.from, c.to, c.down); !slices.Equal(got, c.want) {
			t.Errorf("from %q to %q down %v: %v, want %v", c.from, c.to, c.down, got, c.want)
		}
	}
	for e := range b.All("", "", false) {
		if e.Value == 4 {
			break
		}
	}
}

func values[T any](t *testing.T, b *Bucket[T], from, to string, down bool) (all []T) {
	t.Helper()
	for e, err := range b.All(from, to, down) {
		must(t, err)
		all = append(all, e.Value)
	}
	return all
}

func snapshot(t *testing.T, db *DB) {
	b := Declare[int](db, "n", Told)
	for i := range 5 {
		must(t, b.Put(fmt.Sprint(i), i))
	}
	var seen []int
	for e, err := range b.All("", "", false) {
		must(t, err)
		seen = append(seen, e.Value)
		must(t, b.Put(e.Key, e.Value+100))
		must(t, b.Put("9"+e.Key, -1))
		must(t, b.Delete("4"))
	}
	if !slices.Equal(seen, []int{0, 1, 2, 3, 4}) {
		t.Errorf("saw %v", seen)
	}
}

func transactions(t *testing.T, db *DB) {
	a, b := Declare[int](db, "a", Told), Declare[any](db, "b", Told)
	must(t, a.Put("stays", 1))
	must(t, db.Write(Told, a.PutOp("x", 1), b.PutOp("x", "one"), a.DeleteOp("stays"), a.PutOp("x", 2)))
	if v, _, _ := a.Get("x"); v != 2 {
		t.Errorf("the last of one transaction is %d", v)
	}
	if _, found, _ := a.Get("stays"); found {
		t.Error("not deleted")
	}
	if err := db.Write(Told, a.PutOp("y", 1), b.PutOp("y", make(chan int))); err == nil {
		t.Error("a channel was stored")
	}
	if _, found, _ := a.Get("y"); found {
		t.Error("half a transaction is there")
	}
	must(t, db.Write(Told))
}

func limits(t *testing.T, db *DB) {
	b := Declare[[]byte](db, "b", Told)
	for name, ops := range map[string][]Op{
		"key":    {b.PutOp("small", nil), b.PutOp(strings.Repeat("k", MaxKey+1), nil)},
		"value":  {b.PutOp("small", nil), b.PutOp("v", make([]byte, MaxValue+1))},
		"write":  {b.PutOp("small", nil), b.PutOp("1", make([]byte, MaxValue)), b.PutOp("2", make([]byte, MaxValue))},
		"number": slices.Repeat([]Op{b.PutOp("small", nil)}, MaxOps+1),
	} {
		if err := db.Write(Told, ops...); !errors.Is(err, ErrTooBig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, found, _ := b.Get("small"); found {
		t.Error("a refused transaction left something behind")
	}
	ops := make([]Op, MaxOps)
	for i := range ops {
		ops[i] = b.PutOp(fmt.Sprint(i), make([]byte, 200))
	}
	must(t, db.Write(Told, ops...))
	must(t, b.Put("large", make([]byte, MaxValue)))
}

func oneWriter(t *testing.T, db *DB) {
	Declare[int](db, "n", Told)
	for _, prefix := range []string{"n", "", "a\x00b", metaPrefix} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was declared", prefix)
				}
			}()
			Declare[string](db, prefix, Rebuilt)
		}()
	}
}

func rawBytes(t *testing.T, db *DB) {
	b := Declare[[]byte](db, "raw", Told)
	in := []byte{0, 255, '"'}
	must(t, b.Put("k", in))
	in[0] = 'x'
	out, found, err := b.Get("k")
	if !slices.Equal(out, []byte{0, 255, '"'}) || !found || err != nil {
		t.Errorf("got %v %v %v", out, found, err)
	}
}

func manyWriters(t *testing.T, db *DB) {
	b := Declare[int](db, "n", Told)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if err := b.Put(fmt.Sprintf("%d/%02d", w, i), i); err != nil {
					t.Error(err)
				}
				if v, _, err := b.Get(fmt.Sprintf("%d/%02d", w, i)); v != i || err != nil {
					t.Errorf("read %d %v", v, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(values(t, b, "", "", false)); n != 400 {
		t.Errorf("%d are there", n)
	}
}

func readYourWrites(t *testing.T, db *DB) {
	b := Declare[int](db, "r", Rebuilt)
	for i := range 5 {
		must(t, b.Put("k", i))
		if v, found, err := b.Get("k"); v != i || !found || err != nil {
			t.Fatalf("put %d, got %d %v %v", i, v, found, err)
		}
		must(t, b.Put(fmt.Sprint(i), i))
		if n := len(values(t, b, "", "", true)); n != i+2 {
			t.Fatalf("%d entries", n)
		}
	}
}

func closedStore(t *testing.T, db *DB) {
	b := Declare[int](db, "n", Told)
	must(t, b.Put("k", 1))
	must(t, db.Close())
	if err := b.Put("k", 2); !errors.Is(err, ErrClosed) {
		t.Errorf("put: %v", err)
	}
	if _, _, err := b.Get("k"); !errors.Is(err, ErrClosed) {
		t.Errorf("get: %v", err)
	}
	for _, err := range b.All("", "", false) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("all: %v", err)
		}
	}
}

// likeAMap checks random writes, each a transaction, against a map.
func likeAMap(t *testing.T, db *DB) {
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		class := rapid.SampledFrom([]Class{Told, Rebuilt}).Draw(t, "class")
		b := Declare[string](db, fmt.Sprintf("map%d", round), class)
		model := map[string]string{}
		keys := rapid.SampledFrom([]string{"", "a", "aa", "ab", "b", "\x00", "\xff", "c"})
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			var ops []Op
			for range rapid.IntRange(1, 5).Draw(t, "operations") {
				k, v := keys.Draw(t, "key"), rapid.StringMatching("[a-z]{0,5}").Draw(t, "value")
				if rapid.Bool().Draw(t, "delete") {
					delete(model, k)
					ops = append(ops, b.DeleteOp(k))
				} else {
					model[k] = v
					ops = append(ops, b.PutOp(k, v))
				}
			}
			if err := db.Write(class, ops...); err != nil {
				t.Fatal(err)
			}
		}
		from, to := keys.Draw(t, "from"), keys.Draw(t, "to")
		down := rapid.Bool().Draw(t, "down")
		var want, got []string
		for k, v := range model {
			if k >= from && (to == "" || k < to) {
				want = append(want, k+"="+v)
			}
		}
		for e, err := range b.All(from, to, down) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Key+"="+e.Value)
		}
		slices.SortFunc(want, func(a, b string) int { return strings.Compare(keyOf(a), keyOf(b)) })
		if down {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("from %q to %q down %v: %q, want %q", from, to, down, got, want)
		}
	})
}

func keyOf(pair string) string { return pair[:strings.LastIndexByte(pair, '=')] }

func TestTheMemoryStoreIsAtHomeInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := Memory()
		b := Declare[int](db, "n", Rebuilt)
		go func() { _ = b.Put("k", 7) }()
		synctest.Wait()
		if v, _, err := b.Get("k"); v != 7 || err != nil {
			t.Errorf("got %d %v", v, err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
