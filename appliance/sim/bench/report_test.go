package bench

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// report is the table at the end of a run.
var report struct {
	sync.Mutex
	rows   []row
	notes  []string
	others time.Duration // what everybody else used, and in how long
	stolen time.Duration
	wall   time.Duration
}

// row is one line of the table. A row with faults shows them instead of figures.
type row struct {
	what, ours, null, ratio, budget, more string
	met                                   bool
	faults                                []string
}

// add puts a row into the table; one that does not count fails its benchmark.
func add(t testing.TB, r row) {
	t.Helper()
	report.Lock()
	defer report.Unlock()
	report.rows = append(report.rows, r)
	if len(r.faults) > 0 {
		t.Errorf("%s does not count: %s", r.what, strings.Join(r.faults, "; "))
	}
}

// note puts a line below the table.
func note(format string, args ...any) {
	report.Lock()
	defer report.Unlock()
	report.notes = append(report.notes, fmt.Sprintf(format, args...))
}

// watch adds to what is known of everybody else on the machine.
func watch(s spent) {
	report.Lock()
	defer report.Unlock()
	report.others, report.stolen, report.wall = report.others+s.others, report.stolen+s.stolen, report.wall+s.wall
}

// quiet is how much of one core others may use before the figures are only half believed.
const quiet = 0.1

func printReport(w io.Writer) {
	report.Lock()
	defer report.Unlock()
	if len(report.rows) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "what\tours\tnull reference\tratio\tbudget\t\t")
	for _, r := range report.rows {
		if len(r.faults) > 0 {
			fmt.Fprintf(t, "%s\tdoes not count: %s\n", r.what, strings.Join(r.faults, "; "))
			continue
		}
		verdict := "missed"
		switch {
		case r.budget == "":
			verdict = ""
		case r.met:
			verdict = "met"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.null, r.ratio, r.budget, verdict, r.more)
	}
	t.Flush()
	for _, n := range report.notes {
		fmt.Fprintln(w, n)
	}
	if report.wall > 0 {
		others := report.others.Seconds() / report.wall.Seconds()
		fmt.Fprintf(w, "everybody else used %.0f%% of a core while we measured, and a hypervisor took %.0f%%\n",
			100*others, 100*report.stolen.Seconds()/report.wall.Seconds())
		if others > quiet {
			fmt.Fprintln(w, "the machine was not quiet: of these figures only the ratios can be believed, and they only roughly")
		}
	}
}

// paired are the costs of one thing for ours and the null reference, block by block, in the order ours, null, null, ours.
type paired struct{ ours, null []float64 }

// order says whose turn is a block: ours, null, null, ours, null, ours, ours, null.
func order(block int) (ours bool) {
	return []bool{true, false, false, true, false, true, true, false}[block%8]
}

func (p *paired) add(ours bool, cost float64) {
	if ours {
		p.ours = append(p.ours, cost)
	} else {
		p.null = append(p.null, cost)
	}
}

// ratio is the geometric mean of ours to null over the pairs of blocks, with the least and the greatest of them.
func (p *paired) ratio() (mean, least, most float64) {
	sum, n := 0.0, min(len(p.ours), len(p.null))
	least, most = math.Inf(1), 0
	for i := range n {
		r := p.ours[i] / p.null[i]
		sum += math.Log(r)
		least, most = min(least, r), max(most, r)
	}
	return math.Exp(sum / float64(n)), least, most
}

func (p *paired) spread() string {
	mean, least, most := p.ratio()
	return fmt.Sprintf("%.2f (%.2f to %.2f)", mean, least, most)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}

func TestMain(m *testing.M) {
	if beProfiled() {
		return
	}
	status := m.Run()
	printReport(os.Stdout)
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(status)
}
