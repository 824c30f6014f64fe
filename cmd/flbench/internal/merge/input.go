package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// input is one PATH.
type input struct {
	index int // among the inputs
	path  cli.Path
	file  cli.Path // of its scores, where its first line was made
	first place    // of that
	build string   // of flbench, if another than that of the first of all lines evaluated it
	whole bool
	parts *ranges // nil before the first of them, and if all is of one line
}

// ranges is what is known of an input of ranges.
type ranges struct {
	line    *partial.Line // the first, without its losses
	spans   []span
	numbers map[int]int // places in spans of the ranges 1 to n
	tallies []packed
	largest []float32 // losses
	facts   dump.Facts
}

// span is a range that is there.
type span struct {
	partial.Range
	at      place
	hardest []ranking.List // of each loss, if asked for
	notes   []cli.Path
}

// add takes a line of the input, and ends it with its last range.
func (in *input) add(m *merger, l *partial.Line, measured []outcome.Measured, at place) error {
	if l.Build != m.first.Build {
		in.build = l.Build
	}
	switch {
	case in.parts != nil:
	case in.whole && l.Range.N > 1:
		return fmt.Errorf("%v: the range %d/%d of %s overlaps all of it, in %v: want the one or the other", at, l.Range.I, l.Range.N, l.Path, in.first)
	case in.whole:
		return in.twice(l, at, in.first)
	case l.Range.N == 1:
		in.whole = true
		return in.finish(m, l.Facts, measured, l.Notes, at)
	default:
		line := *l
		line.Losses = nil
		in.parts = &ranges{line: &line, numbers: map[int]int{}, tallies: make([]packed, 4*len(measured)), largest: make([]float32, len(measured)), facts: l.Facts}
	}
	p := in.parts
	if err := in.takes(l, at); err != nil {
		return err
	}
	s := span{Range: l.Range, at: at, notes: l.Notes}
	for i := range measured {
		t := &measured[i]
		for k, r := range []engine.Result{t.Loss, t.Easy, t.CE, t.EasyCE} {
			if err := p.tallies[4*i+k].merge(r); err != nil {
				return fmt.Errorf("%v: %w", at, err)
			}
		}
		p.largest[i] = max(p.largest[i], t.Max)
		s.hardest = append(s.hardest, t.Hardest...)
	}
	p.numbers[l.Range.I] = len(p.spans)
	p.spans = append(p.spans, s)
	if len(p.spans) < l.Range.N {
		return nil
	}
	return in.join(m, at)
}

// twice refuses a line of an input, or of a range of it, that is there.
func (in *input) twice(l *partial.Line, at, before place) error {
	what := string(l.Path)
	if l.Range.N > 1 {
		what = fmt.Sprintf("the range %d/%d of %s", l.Range.I, l.Range.N, l.Path)
	}
	want := "want each once; where a task was tried again, leave out what the first try wrote"
	switch file := l.File(); {
	case at == before:
		want = "want each FILE once"
	case file != in.file:
		want = fmt.Sprintf("the one of %s, the other of %s: want PATHs that tell them apart, such as those from the root", cmp.Or(file, standardInput), cmp.Or(in.file, standardInput))
	case file == "":
		want = "want names that tell inputs apart, those of files, where there are several"
	}
	return fmt.Errorf("%v: %s is there twice, in %v already: %s", at, what, before, want)
}

// takes refuses a range that is there, or is of another input or another cut.
func (in *input) takes(l *partial.Line, at place) error {
	p := in.parts
	first := p.line
	before := p.spans
	if len(before) == 0 {
		return nil
	}
	if i, there := p.numbers[l.Range.I]; there && l.Range.N == first.Range.N {
		return in.twice(l, at, before[i].at)
	}
	differs := func(what string, have, had any, want string) error {
		return fmt.Errorf("%v: the range %d/%d of %s is of %v %s, and %d/%d (%v) of %v: want %s", at, l.Range.I, l.Range.N, l.Path, have, what,
			first.Range.I, first.Range.N, before[0].at, had, want)
	}
	const changed = "ranges of a file that stays as it is"
	switch {
	case l.Scores != first.Scores:
		return differs("scores", l.Scores, first.Scores, changed)
	case l.Range.N != first.Range.N:
		return differs("ranges", l.Range.N, first.Range.N, "all ranges of one number")
	case l.Columns != first.Columns:
		return differs("columns", l.Columns, first.Columns, changed)
	case len(l.Files) != len(first.Files):
		return differs("files", len(l.Files), len(first.Files), changed)
	}
	for i, f := range l.Files {
		had := first.Files[i]
		if f.Size != had.Size {
			return differs("bytes in "+string(f.Path), f.Size, had.Size, changed)
		}
		if !f.MTime.Equal(had.MTime) {
			return fmt.Errorf("%v: the range %d/%d of %s is of %s as it was changed at %v, and %d/%d (%v) as it was at %v: want %s, and copies that keep its time (cp -p)",
				at, l.Range.I, l.Range.N, l.Path, f.Path, timeText(f), first.Range.I, first.Range.N, before[0].at, timeText(had), changed)
		}
	}
	if err := p.facts.Merge(l.Facts); err != nil {
		return fmt.Errorf("%v: the range %d/%d of %s and %d/%d (%v) are of %w", at, l.Range.I, l.Range.N, l.Path, first.Range.I, first.Range.N, before[0].at, err)
	}
	if l.Soft != first.Soft {
		return fmt.Errorf("%v: the range %d/%d of %s and %d/%d (%v) differ in whether labels are soft targets: want %s", at, l.Range.I, l.Range.N, l.Path,
			first.Range.I, first.Range.N, before[0].at, changed)
	}
	return nil
}

func timeText(f partial.File) string { return f.MTime.Format("2006-01-02T15:04:05.999999999Z07:00") }

// sorted brings the spans in order, and refuses those that overlap.
func (p *ranges) sorted() error {
	slices.SortFunc(p.spans, func(a, b span) int { return cmp.Compare(a.I, b.I) })
	for k, s := range p.spans {
		p.numbers[s.I] = k
	}
	for i := 1; i < len(p.spans); i++ {
		a, b := &p.spans[i-1], &p.spans[i]
		if b.From < a.To {
			return fmt.Errorf("%v: the range %d/%d of %s, scores %d to %d, overlaps %d/%d, %d to %d (%v): want ranges that one flbench cut",
				b.at, b.I, b.N, p.line.Path, b.From, b.To, a.I, a.N, a.From, a.To, a.at)
		}
	}
	return nil
}

// join makes one of all ranges. at is where the last is.
func (in *input) join(m *merger, at place) error {
	p := in.parts
	if err := p.sorted(); err != nil {
		return err
	}
	measured := make([]outcome.Measured, len(p.largest))
	for i := range measured {
		one := &measured[i]
		one.Max = p.largest[i]
		for k, r := range []*engine.Result{&one.Loss, &one.Easy, &one.CE, &one.EasyCE} {
			if err := p.tallies[4*i+k].result(r); err != nil {
				return fmt.Errorf("%v: %w", at, err)
			}
		}
	}
	var notes []cli.Path
	for k, s := range p.spans {
		if k > 0 && s.From != p.spans[k-1].To {
			before := &p.spans[k-1]
			return fmt.Errorf("%v: the range %d/%d of %s begins at score %d, and %d/%d (%v) ends at %d: want ranges that one flbench cut",
				s.at, s.I, s.N, in.path, s.From, before.I, before.N, before.at, before.To)
		}
		for i, list := range s.hardest {
			measured[i].Hardest = append(measured[i].Hardest, list)
		}
		p.spans[k].hardest = nil
		for _, note := range s.notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	p.tallies, in.whole = nil, true
	return in.finish(m, p.facts, measured, notes, at)
}

// finish hands the input on to be reported.
func (in *input) finish(m *merger, facts dump.Facts, measured []outcome.Measured, notes []cli.Path, at place) error {
	done := outcome.Input{Path: string(in.path), Losses: measured, Warnings: facts.Warnings(measured[0].Loss)}
	if in.build != "" {
		done.Warnings = append(done.Warnings, fmt.Sprintf("evaluated by flbench %s, and %s by %s: want one build, as the last bits of a loss may differ between two",
			in.build, m.first.Path, m.first.Build))
	}
	for _, note := range notes {
		done.Notes = append(done.Notes, string(note))
	}
	if err := m.builder.Add(in.index, done); err != nil {
		return fmt.Errorf("%v: %w", at, err)
	}
	return nil
}

// missing says which ranges are not there.
func (in *input) missing() error {
	p := in.parts
	if in.whole {
		return nil
	}
	if err := p.sorted(); err != nil {
		return err
	}
	var gaps []string
	next, from, n := 1, int64(0), p.line.Range.N
	gap := func(to span) {
		switch last := to.I - 1; {
		case next == last:
			gaps = append(gaps, fmt.Sprintf("%d/%d (scores %d to %d)", next, n, from, to.From))
		case next < last:
			gaps = append(gaps, fmt.Sprintf("%d/%d to %d/%d (scores %d to %d)", next, n, last, n, from, to.From))
		}
		next, from = to.I+1, to.To
	}
	for _, s := range p.spans {
		gap(s)
	}
	gap(span{Range: partial.Range{I: n + 1, From: p.line.Scores}})
	const most = 5
	if more := len(gaps) - most; more > 0 {
		gaps = append(gaps[:most], fmt.Sprintf("%d more gaps", more))
	}
	return fmt.Errorf("%v: of %s, ranges are missing: %s: want them too, by eval --partial --range", in.first, in.path, strings.Join(gaps, ", "))
}

// packed is a result in little memory, nil for that of nothing.
type packed []byte

// merge adds a result.
func (p *packed) merge(r engine.Result) error {
	var have engine.Result
	if err := p.result(&have); err != nil {
		return err
	}
	have.Merge(r)
	b, err := have.MarshalBinary()
	*p = b
	return err
}

// result returns it.
func (p packed) result(to *engine.Result) error {
	if p == nil {
		return nil
	}
	return to.UnmarshalBinary(p)
}
