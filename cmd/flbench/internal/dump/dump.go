package dump

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// Dump is an open input: scores, and a label of each or of each row.
type Dump struct {
	source Source
	files  []*array.File

	scores, labels, weights *array.Array // in the order of the scores, or of the rows
	grid                    grid         // of the scores
	labelGrid               grid
	kind                    labelKind
	columns, rows           int

	shape []int // of outputs
	seen  seen

	besideOnce sync.Once
	beside     beside
}

// stream is standard input, which can be read once: Check leaves it to Open.
type stream struct {
	mu    sync.Mutex
	file  *array.File
	spent bool
}

// Check looks at all but the elements, and returns the number of scores.
func (s Source) Check() (scores int, err error) {
	d, err := s.open()
	if err != nil {
		return 0, err
	}
	scores = d.Scores()
	return scores, d.release(true)
}

// Open opens the input. Where a file can mean two things, that may depend on its labels.
func (s Source) Open() (*Dump, error) {
	d, err := s.open()
	if err != nil {
		return nil, err
	}
	if err := d.settle(); err != nil {
		return nil, errors.Join(err, d.release(false))
	}
	return d, nil
}

func (s Source) open() (*Dump, error) {
	d := &Dump{source: s}
	err := d.openArrays()
	if err == nil {
		err = d.plan()
	}
	if err != nil {
		_ = d.release(false) // the first error tells more
		return nil, err
	}
	return d, nil
}

// openArrays opens the files and finds the arrays in them.
func (d *Dump) openArrays() (err error) {
	s, set := &d.source, d.source.set
	logits, err := d.open(s.logits)
	if err != nil {
		return err
	}
	labels := logits
	if s.form == archive && single(logits) {
		return fmt.Errorf("%s: one array, want scores and labels: two such files are named by --logits and --labels", s.Path)
	}
	if s.form != archive && s.labels != s.logits {
		if labels, err = d.open(s.labels); err != nil {
			return err
		}
	}
	if d.scores, err = find(logits, s.logits, "--logits-key", set.LogitsKey, "logits"); err != nil {
		return err
	}
	if d.labels, err = find(labels, s.labels, "--labels-key", set.LabelsKey, "labels"); err != nil {
		return err
	}
	if set.Weights == "" {
		return nil
	}
	if s.form == archive {
		d.weights, err = find(logits, s.logits, "--weights", set.Weights, "")
		return err
	}
	path := s.weights()
	weights, err := d.open(path)
	if err != nil {
		return fmt.Errorf("--weights: %w", err)
	}
	d.weights, err = find(weights, path, "", "", "weights")
	return err
}

// near returns the name of a file in a folder, or in the one above if it is there only.
func near(folder, name string) string {
	path := filepath.Join(folder, name)
	if exists(path) {
		return path
	}
	if above := filepath.Join(folder, "..", name); exists(above) {
		return above
	}
	return path
}

// open opens a file, or takes what was read of standard input.
func (d *Dump) open(path string) (*array.File, error) {
	if path != standardInput {
		f, err := array.Open(path)
		if err == nil {
			d.files = append(d.files, f)
		}
		return f, err
	}
	s := d.source.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent {
		return nil, errSpent
	}
	if s.file == nil {
		f, err := array.Open(path)
		if err != nil {
			s.spent = true
			return nil, err
		}
		s.file = f
	}
	d.files = append(d.files, s.file)
	return s.file, nil
}

// release closes the files; standard input stays open if it is to be kept.
func (d *Dump) release(keep bool) (err error) {
	for _, f := range d.files {
		if s := d.source.stream; s != nil && f == s.file {
			if keep {
				continue
			}
			s.mu.Lock()
			s.spent = true
			s.mu.Unlock()
		}
		err = errors.Join(err, f.Close())
	}
	d.files = nil
	if d.beside.file != nil {
		err = errors.Join(err, d.beside.file.Close())
	}
	return err
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

// Path returns what results and messages call the input.
func (d *Dump) Path() string { return d.source.Path }

// Scores returns the number of scores.
func (d *Dump) Scores() int { return d.rows * d.columns }

// Columns returns the number of scores of a row.
func (d *Dump) Columns() int { return d.columns }

// Rows returns the number of rows, one an anchor of an image.
func (d *Dump) Rows() int { return d.rows }

// Shape returns the shape of outputs with an element per score: that of the scores, but
// for the axis of the classes, which is the last, without what --columns leaves out.
func (d *Dump) Shape() []int { return d.shape }

// Probs tells whether the scores are probabilities.
func (d *Dump) Probs() bool { return d.source.set.Probs }

// Options returns the engine's options that the batches need.
func (d *Dump) Options() []engine.Option {
	if d.kind != classes {
		return nil
	}
	return d.source.set.engine()
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
	if d.kind == perScore {
		first, end = from, to
	}
	return f(d.labels, first, end)
}

// rowsOf returns the rows that the scores [from, to) touch.
func (d *Dump) rowsOf(from, to int) (first, end int) {
	if from == to {
		return 0, 0
	}
	return from / d.columns, (to-1)/d.columns + 1
}

// Files returns the names of the files that the input is read from, without standard
// input.
func (s Source) Files() []string {
	files := []string{s.logits, s.labels}
	if s.form != archive && s.set.Weights != "" {
		files = append(files, s.weights())
	}
	return slices.DeleteFunc(slices.Compact(files), func(f string) bool { return f == standardInput })
}

// weights returns the name of the file of weights that is not in an archive.
func (s Source) weights() string {
	if s.form == folder && !filepath.IsAbs(s.set.Weights) {
		return near(s.Path, s.set.Weights)
	}
	return s.set.Weights
}
