package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
)

// oldReport is an earlier report to compare with.
type oldReport struct {
	path string
	report
	rows map[string]*row // by key
	note string          // what of its rows it does not say
}

// readOld reads what bench --json printed.
func readOld(path string) (*oldReport, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--compare %s: %w", cli.Printable(path), cause(err))
	}
	o, err := parseOld(b)
	if err != nil {
		return nil, fmt.Errorf("--compare %s: %w", cli.Printable(path), err)
	}
	o.path = path
	return o, nil
}

// cause leaves out the name of the file.
func cause(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

// parseOld refuses what could not be compared with.
func parseOld(b []byte) (*oldReport, error) {
	const want = "want what 'flbench bench --json' printed"
	o := &oldReport{rows: map[string]*row{}}
	r := &o.report
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%w, %s", err, want)
	}
	if len(r.Rows) == 0 {
		return nil, fmt.Errorf("it has no rows, %s", want)
	}
	if err := o.complete(b); err != nil {
		return nil, fmt.Errorf("%w, %s", err, want)
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		key := row.key()
		switch {
		case !isTime(row.NsPerScore):
			return nil, fmt.Errorf("rows[%d].ns_per_score is %g, want %s", i, row.NsPerScore, wantTime)
		case slices.ContainsFunc(row.Repeats, func(ns float64) bool { return !isTime(ns) }):
			return nil, fmt.Errorf("rows[%d].repeats_ns_per_score has a time out of range, want %s", i, wantTime)
		case o.rows[key] != nil:
			return nil, fmt.Errorf("rows[%d] is %s, as one before", i, key)
		}
		o.rows[key] = row
	}
	return o, nil
}

// complete says of rows what versions did not that measured one batch, of logits and without
// weights.
func (o *oldReport) complete(b []byte) error {
	var only struct{ Environment batchOnly }
	if err := json.Unmarshal(b, &only); err != nil {
		return err
	}
	old := only.Environment
	for i := range o.Rows {
		row := &o.Rows[i]
		if row.Columns != 0 {
			continue
		}
		row.Columns, row.Scores, row.Input, row.Weights = old.Classes, old.Scores, measure.InputLogits, measure.WeightsNone
		o.note = fmt.Sprintf("the old report does not say inputs, weights and sizes of rows: they are taken as logits, none, and %s × %s",
			cli.Count(old.Anchors, "anchor"), cli.Count(old.Classes, "column"))
	}
	if o.note != "" && len(o.Environment.Batches) == 0 {
		o.Environment.Batches = []batch{{old.Classes, old.Anchors, old.Scores, old.Positives, old.Ignored}}
	}
	return nil
}

// batchOnly is the one batch in the environment of such a version's report.
type batchOnly struct{ Anchors, Classes, Scores, Positives, Ignored int }

// isTime tells whether ns can be what a score takes.
func isTime(ns float64) bool { return ns >= 1e-9 && ns <= 1e12 }

const wantTime = "1e-9 to 1e12"

// fits refuses a report on other batches than are to be measured, and one that has none of
// the rows.
func (o *oldReport) fits(p *plan) error {
	found, common := false, false
	first := ""
	_ = p.cells(func(_ combo, cell *cell) error {
		if first == "" {
			first = cell.String()
		}
		found = found || o.rows[cell.String()] != nil
		common = common || o.Environment.batch(cell.Columns, cell.Scores) != nil
		return nil
	})
	env := o.Environment
	if env.Seed != p.seed || !common {
		var sizes []string
		for _, b := range env.Batches {
			sizes = append(sizes, fmt.Sprintf("--anchors %d --columns %d", b.Anchors, b.Columns))
		}
		return cli.Usagef("--compare %s: it is on another batch: want --seed %d and %s as there",
			cli.Printable(o.path), env.Seed, strings.Join(sizes[:min(len(sizes), 3)], ", or "))
	}
	if !found {
		return cli.Usagef("--compare %s: it has none of the rows that are to be measured, as %s: want the --kernels, --losses, --ops, --inputs, --labels, --weights and --workers of there",
			cli.Printable(o.path), first)
	}
	return nil
}

// comparison is a report against an older one.
type comparison struct {
	Path        string      `json:"path"`
	Environment environment `json:"environment"` // of the old report
	Partial     bool        `json:"partial,omitempty"`
	Ratio       float64     `json:"ratio"`      // geometric mean of all rows'
	OnlyThere   int         `json:"only_there"` // rows that were not measured now
	OnlyHere    int         `json:"only_here"`  // rows that the old report lacks
	Note        string      `json:"note,omitempty"`

	firstHere string // of the latter
}

// change is a row against the older one.
type change struct {
	Old   float64  `json:"old_ns_per_score"`
	Ratio float64  `json:"ratio"`          // how many times faster the new one is
	P     *float64 `json:"p"`              // that chance alone makes such a difference; null: no repeats
	N     [2]int   `json:"repeats"`        // old and new
	Note  string   `json:"note,omitempty"` // what P is not good for

	delta string
}

// compare holds the rows against those of an older report.
func (r *report) compare(o *oldReport) {
	c := &comparison{Path: o.path, Environment: o.Environment, Partial: o.Partial, Note: o.note}
	logs, n := 0., 0
	for i := range r.Rows {
		row := &r.Rows[i]
		old := o.rows[row.key()]
		if old == nil {
			if c.OnlyHere++; c.OnlyHere == 1 {
				c.firstHere = row.key()
			}
			continue
		}
		row.Change = old.changeTo(row)
		if old.Sum != row.Sum {
			row.Change.Note = "the sum of " + row.Loss + " was another one: not the same was measured"
		}
		logs += math.Log(row.Change.Ratio)
		n++
	}
	c.OnlyThere = len(o.Rows) - n
	c.Ratio = 1
	if n > 0 { // which partial results may have none of
		c.Ratio = math.Exp(logs / float64(n))
	}
	r.Old = c
}

// changeTo holds a row against an older one.
func (old *row) changeTo(now *row) *change {
	c := &change{Old: old.NsPerScore, Ratio: old.NsPerScore / now.NsPerScore, N: [2]int{len(old.Repeats), len(now.Repeats)}}
	if len(old.Repeats) == 0 || len(now.Repeats) == 0 {
		c.Note, c.delta = "the old report has no repeats: no test of significance", fmt.Sprintf("%+.2f%%", 100*(now.NsPerScore/old.NsPerScore-1))
		return c
	}
	sample := func(r *row) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(r.Repeats), &benchmath.DefaultThresholds)
	}
	test := benchmath.AssumeNothing.Compare(sample(old), sample(now))
	c.P, c.delta = &test.P, test.FormatDelta(old.NsPerScore, now.NsPerScore)
	for _, w := range test.Warnings {
		c.Note = w.Error()
	}
	return c
}

// writeComparison shows old times beside new ones.
func (r *report) writeComparison(to io.Writer) error {
	var b strings.Builder
	r.head(&b)
	old := r.Old
	fmt.Fprintf(&b, "compared with %s:\n%s\n%s", cli.Printable(old.Path), old.Environment, cli.Count(old.Environment.Repeats, "repeat"))
	if old.Environment.Revision != "" {
		fmt.Fprintf(&b, ", commit %s", old.Environment.Revision)
	}
	if old.Partial {
		b.WriteString(", partial")
	}
	b.WriteString("\n\n")
	var notes []string
	b.WriteString(r.tables(func(row row) []string {
		c := row.Change
		if c == nil {
			return []string{"–", fmt.Sprintf("%.3f", row.NsPerScore), "–", "–", "–", "–"}
		}
		p, n := "–", "–"
		if c.P != nil {
			p, n = fmt.Sprintf("%.3f", *c.P), fmt.Sprintf("%d+%d", c.N[0], c.N[1])
		}
		if c.Note != "" && !slices.Contains(notes, c.Note) {
			notes = append(notes, c.Note)
		}
		return []string{fmt.Sprintf("%.3f", c.Old), fmt.Sprintf("%.3f", row.NsPerScore), fmt.Sprintf("%.3f", c.Ratio), c.delta, p, n}
	}, "old ns/score", "new ns/score", "old/new", "change", "p", "repeats"))
	fmt.Fprintf(&b, "\nGeometric mean of old/new: %.3f. ~ stands where chance alone makes such a difference in 5 %% of runs or more.\n", old.Ratio)
	if old.OnlyThere > 0 {
		fmt.Fprintf(&b, "%s of the old report not measured now.\n", cli.Count(old.OnlyThere, "row"))
	}
	switch old.OnlyHere {
	case 0:
	case 1:
		fmt.Fprintf(&b, "1 row is not in the old report: %s.\n", old.firstHere)
	default:
		fmt.Fprintf(&b, "%d rows are not in the old report, the first of them %s.\n", old.OnlyHere, old.firstHere)
	}
	if old.Note != "" {
		notes = append(notes, old.Note)
	}
	for _, note := range notes {
		fmt.Fprintf(&b, "Note: %s.\n", note)
	}
	return cli.Print(to, b.String())
}
