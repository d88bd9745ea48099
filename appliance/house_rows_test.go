package appliance_test

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const rowsPage = "docs/rows.md"

// Every row of the catalogue is answered for on the page, by its tests or by a reason; no row is forgotten, none is
// proved by a test that is not there, and no test proves a row behind the page's back.
func TestEveryRowOfTheCatalogueIsProvedByTestsThatExist(t *testing.T) {
	var catalogue []string
	for _, some := range []struct {
		letter  string
		numbers []int
	}{
		{"S", []int{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27}},
		{"M", []int{1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15}},
		{"T", []int{1, 4, 5, 7, 8, 9}},
	} {
		for _, n := range some.numbers {
			catalogue = append(catalogue, fmt.Sprintf("%s-%02d", some.letter, n))
		}
	}
	proofs, known := proofsOfRows(t), functionsOfTests(t)
	var said []string
	for n, line := range strings.Split(read(t, rowsPage), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !regexp.MustCompile(`^\| [SMT]-\d\d `).MatchString(line) {
			continue
		}
		if len(cells) != 3 || cells[1] == "" {
			t.Errorf("%s:%d: want an id, what must hold, and by what it is proved", rowsPage, n+1)
			continue
		}
		id, proved := cells[0], cells[2]
		said = append(said, id)
		if reason, not := strings.CutPrefix(proved, "does not apply: "); not {
			if len(reason) < 10 {
				t.Errorf("%s:%d: say why %s does not apply", rowsPage, n+1, id)
			}
			continue
		}
		for proof := range strings.SplitSeq(proved, "<br>") {
			room, name, _ := strings.Cut(proof, ": ")
			switch {
			case strings.HasPrefix(name, "Test"):
				if !known[room+": "+name] {
					t.Errorf("%s:%d: %s is proved by %s in %s, which is not there", rowsPage, n+1, id, name, room)
				}
			case !proofs[room+": "+id+" "+name]:
				t.Errorf("%s:%d: %s is proved by %q, which is not in the table of %s", rowsPage, n+1, id, name, room)
			default:
				delete(proofs, room+": "+id+" "+name)
			}
		}
	}
	for proof := range proofs {
		t.Errorf("%s does not name what proves a row: %s", rowsPage, proof)
	}
	if !slices.Equal(said, catalogue) {
		t.Errorf("%s has the rows %v\nwant %v", rowsPage, said, catalogue)
	}
}

// proofsOfRows are the entries of all tables of rows, as "package: id and name".
func proofsOfRows(t *testing.T) map[string]bool {
	t.Helper()
	entry := regexp.MustCompile(`(?m)^\t\{"([SMT]-\d\d [^"]+)", row\w+\},$`)
	found := map[string]bool{}
	for _, file := range filesOf(t, `/rows_test\.go$`) {
		for _, row := range entry.FindAllStringSubmatch(read(t, file), -1) {
			found[path.Base(path.Dir(file))+": "+row[1]] = true
		}
	}
	if len(found) == 0 {
		t.Fatal("no table of rows is found any more")
	}
	return found
}

// functionsOfTests are the tests of all packages, as "package: name".
func functionsOfTests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, file := range filesOf(t, `_test\.go$`) {
		for _, d := range parse(t, file).Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				found[path.Base(path.Dir(file))+": "+f.Name.Name] = true
			}
		}
	}
	return found
}
