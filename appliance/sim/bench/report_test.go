package bench

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
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
	again                                 int // blocks that were run again because the load had spoiled them
	faults                                []string
}

// compare fills in what the blocks say, in a unit of CPU time for each piece of work.
func (r *row) compare(b *testing.B, cost paired, unit, work string, budget float64) {
	b.Helper()
	r.ours, r.null = fmt.Sprintf("%.2f %s", median(cost.ours), unit), fmt.Sprintf("%.2f %s", median(cost.null), unit)
	r.ratio, r.met = cost.spread(), cost.ratio() <= budget
	b.ReportMetric(median(cost.ours), "ours-"+unit+"/"+work)
	b.ReportMetric(median(cost.null), "null-"+unit+"/"+work)
	b.ReportMetric(cost.ratio(), "ratio/"+work)
}

// add puts a row into the table; one that does not count fails its benchmark.
func add(t testing.TB, r row) {
	t.Helper()
	report.Lock()
	defer report.Unlock()
	if r.again > 0 {
		r.more += fmt.Sprintf("; blocks run again because the load was late: %d", r.again)
	}
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
	fmt.Fprintf(w, "\n%s\n\n", machine())
	if dir := os.Getenv(profileDir); dir != "" {
		fmt.Fprintf(w, "These are figures of a box under the profiler; its profiles lie in %s.\n\n", dir)
	}
	table(w, report.rows)
	fmt.Fprintln(w)
	for _, n := range report.notes {
		fmt.Fprintln(w, n)
	}
	if report.wall > 0 {
		others := report.others.Seconds() / report.wall.Seconds()
		fmt.Fprintf(w, "everybody else on the machine used %.0f%% of a core while we measured, and a hypervisor took %.0f%%\n",
			100*others, 100*report.stolen.Seconds()/report.wall.Seconds())
		if others > quiet {
			fmt.Fprintln(w, "the machine was not quiet: of these figures only the ratios can be believed, and they only roughly")
		}
	}
}

// table prints the rows, and below them what else is known of each.
func table(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "what\tours\tnull reference\tratio\tbudget\tverdict")
	for _, r := range rows {
		verdict := "missed"
		switch {
		case len(r.faults) > 0:
			r.ours, r.null, r.ratio, verdict = "", "", "", "does not count"
		case r.met:
			verdict = "met"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, cmp.Or(r.ours, none), cmp.Or(r.null, none), cmp.Or(r.ratio, none), cmp.Or(r.budget, none), verdict)
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, r := range rows {
		if len(r.faults) > 0 {
			r.more = "does not count: " + strings.Join(r.faults, "; ")
		}
		fmt.Fprintf(w, "%s: %s\n", r.what, r.more)
	}
}

const none = "–"

// paired are the costs of one thing for ours and the null reference, block by block, in the order ours, null, null, ours.
type paired struct{ ours, null []float64 }

// order says whose turn a block is: ours, null, null, ours, null, ours, ours, null.
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

// ratios are ours to null of each pair of blocks, sorted.
func (p *paired) ratios() []float64 {
	all := make([]float64, min(len(p.ours), len(p.null)))
	for i := range all {
		all[i] = p.ours[i] / p.null[i]
	}
	slices.Sort(all)
	return all
}

func (p *paired) ratio() float64 { return median(p.ratios()) }

func (p *paired) spread() string {
	all := p.ratios()
	return fmt.Sprintf("%.2f (%.2f to %.2f, %d pairs)", median(all), all[0], all[len(all)-1], len(all))
}

// percentiles are the middle and the ninety-ninth of a hundred, in a unit.
func percentiles(all []time.Duration, unit time.Duration) string {
	slices.Sort(all)
	return fmt.Sprintf("p50 %.1f p99 %.1f", share(all, 0.5).Seconds()/unit.Seconds(), share(all, 0.99).Seconds()/unit.Seconds())
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// attempts is how often a block is run until the load was in time. What the subject does wrong is never run again.
const attempts = 3

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
