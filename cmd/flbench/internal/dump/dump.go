package dump

import (
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// Dump is an open input: scores, and a label of each or of each row.
type Dump struct {
	*plan
	source                  Source
	check                   bool // headers alone
	files                   []*array.File
	scores, labels, weights *array.Array // in the order of the scores, or of the rows

	seen       seen
	besideOnce sync.Once
	beside     beside
}

// Path returns what results and messages call the input.
func (d *Dump) Path() string { return d.source.Path }

// Scores returns the number of scores.
func (d *Dump) Scores() int { return d.rows * d.columns }

// Columns returns the number of scores of a row.
func (d *Dump) Columns() int { return d.columns }

// Shape returns the shape of outputs with an element per score: that of the scores, but
// for the axis of the classes, which is the last, without what --columns leaves out.
func (d *Dump) Shape() []int { return d.shape }

// Anchors returns the shape of outputs with an element per anchor.
func (d *Dump) Anchors() []int { return d.grid.anchors() }

// Probs tells whether the scores are probabilities.
func (d *Dump) Probs() bool { return d.set.Probs }

// Soft tells whether the labels are soft targets.
func (d *Dump) Soft() bool { return d.kind == soft }

// Options returns the engine's options that the batches need.
func (d *Dump) Options() []engine.Option {
	if d.kind != classes {
		return nil
	}
	return d.set.engine()
}

// Advise asks the system to read the scores [from, to) and their labels ahead.
func (d *Dump) Advise(from, to int) {
	_ = d.each(from, to, func(a *array.Array, from, to int) error {
		a.Advise(from, to)
		return nil
	})
}

// Fault makes the scores [from, to) and their labels present, or says why they cannot
// be read.
func (d *Dump) Fault(from, to int) error {
	return d.each(from, to, (*array.Array).Fault)
}

// each calls f for what of each array belongs to the scores [from, to).
func (d *Dump) each(from, to int, f func(a *array.Array, from, to int) error) error {
	if from >= to {
		return nil
	}
	first, end := d.rowsOf(from, to)
	if err := f(d.scores, from, to); err != nil {
		return err
	}
	if d.weights != nil {
		if err := f(d.weights, first, end); err != nil {
			return err
		}
	}
	if d.ofScores() {
		first, end = from, to
	}
	return f(d.labels, first, end)
}

// rowsOf returns the rows that the scores [from, to) touch.
func (p *plan) rowsOf(from, to int) (first, end int) {
	if from == to {
		return 0, 0
	}
	return from / p.columns, (to-1)/p.columns + 1
}

// Close closes the input. An error may say that its files have changed since it was
// opened, so that what was read is of no use.
func (d *Dump) Close() error {
	var changed error
	for _, f := range d.files {
		if changed = f.Changed(); changed != nil {
			break
		}
	}
	if err := d.release(false); changed == nil {
		return err
	}
	return changed
}
