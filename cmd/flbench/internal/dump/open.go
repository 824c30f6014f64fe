package dump

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// streams are the files of an input that can be read once only: what Check opens is left
// to Open.
type streams struct {
	paths []string
	mu    sync.Mutex
	files map[string]*array.File // nil once closed
}

// newStreams returns those of the paths that are streams, or nil.
func newStreams(paths ...string) *streams {
	paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !array.IsStream(path) })
	if len(paths) == 0 {
		return nil
	}
	return &streams{paths: paths, files: map[string]*array.File{}}
}

// open opens a stream, or returns it if it is open.
func (s *streams) open(ctx context.Context, path string) (*array.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.files[path]
	switch {
	case known && f == nil:
		return nil, fmt.Errorf("%s: read before, want it once", path)
	case known:
		return f, nil
	}
	f, err := array.OpenContext(ctx, path)
	s.files[path] = f
	return f, err
}

// holds tells whether a file is one of the streams, and forgets it if that is asked.
func (s *streams) holds(f *array.File, forget bool) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, held := range s.files {
		if held == f {
			if forget {
				s.files[path] = nil
			}
			return true
		}
	}
	return false
}

// Check is CheckContext without an end.
func (s Source) Check() (scores int, err error) {
	scores, _, err = s.CheckContext(context.Background())
	return scores, err
}

// CheckContext looks at all but the elements, and returns the number of scores, and that of
// those of a row. It keeps nothing open but pipes, which it reads for Open; the end of ctx ends
// that.
func (s Source) CheckContext(ctx context.Context) (scores, columns int, err error) {
	d := &Dump{source: s, check: true}
	if _, err := d.openFiles(ctx); err != nil {
		_ = d.release(false) // the first error tells more
		return 0, 0, err
	}
	return d.Scores(), d.Columns(), d.release(true)
}

// Open is OpenContext without an end.
func (s Source) Open() (*Dump, error) { return s.OpenContext(context.Background()) }

// OpenContext opens the input; the end of ctx ends reading pipes and unpacking archives.
// Where labels can mean two things, it looks at them.
func (s Source) OpenContext(ctx context.Context) (*Dump, error) {
	d := &Dump{source: s}
	places, err := d.openFiles(ctx)
	if err == nil {
		err = d.openArrays(places)
	}
	if err == nil {
		err = d.settle()
	}
	if err != nil {
		_ = d.release(false) // the first error tells more
		return nil, err
	}
	return d, nil
}

// place is where an array is.
type place struct {
	file *array.File
	name string
}

// places are where the arrays of an input are; that of weights may have no file.
type places struct{ scores, labels, weights place }

// openFiles opens the files and finds out how their arrays go together.
func (d *Dump) openFiles(ctx context.Context) (at places, err error) {
	s, set := &d.source, d.source.set
	logits, err := d.open(ctx, s.logits)
	if err != nil {
		return at, err
	}
	if s.form == archive && single(logits) {
		return at, fmt.Errorf("%s: one array, want scores and labels: two such files are named by --logits and --labels", s.Path)
	}
	labels := logits
	if s.labels != s.logits {
		if labels, err = d.open(ctx, s.labels); err != nil {
			return at, err
		}
	}
	if at.scores.name, err = arrayName(logits, s.logits, "--logits-key", set.LogitsKey, "logits"); err != nil {
		return at, err
	}
	if at.labels.name, err = arrayName(labels, s.labels, "--labels-key", set.LabelsKey, "labels"); err != nil {
		return at, err
	}
	at.scores.file, at.labels.file = logits, labels
	if err := d.openWeights(ctx, &at); err != nil {
		return at, err
	}
	scores, err := at.scores.head(s.logits)
	if err != nil {
		return at, err
	}
	labelHead, err := at.labels.head(s.labels)
	if err != nil {
		return at, err
	}
	var weights *head
	if at.weights.file != nil {
		h, err := at.weights.head(s.weights())
		if err != nil {
			return at, err
		}
		weights = &h
	}
	d.plan, err = newPlan(set, scores, labelHead, weights)
	return at, err
}

// openWeights finds the weights, if there are some.
func (d *Dump) openWeights(ctx context.Context, at *places) (err error) {
	s, name := &d.source, d.source.set.Weights
	switch {
	case name == "":
		return nil
	case s.form == archive:
		at.weights.file = at.scores.file
		at.weights.name, err = arrayName(at.scores.file, s.logits, "--weights", name, "")
		return err
	}
	path := s.weights()
	if at.weights.file, err = d.open(ctx, path); err != nil {
		return fmt.Errorf("--weights: %w", err)
	}
	at.weights.name, err = arrayName(at.weights.file, path, "", "", "weights")
	return err
}

// head returns what the file at path says of the array.
func (p *place) head(path string) (h head, err error) {
	h.label = path
	if path == standardInput {
		h.label = "standard input"
	}
	if p.name != "" {
		h.label += ": " + p.name
	}
	h.dtype, h.shape, err = p.file.Describe(p.name)
	return h, err
}

// openArrays opens the arrays as the plan has them.
func (d *Dump) openArrays(at places) (err error) {
	if d.scores, err = at.scores.file.Array(at.scores.name); err != nil {
		return err
	}
	if d.labels, err = at.labels.file.Array(at.labels.name); err != nil {
		return err
	}
	if at.weights.file != nil {
		if d.weights, err = at.weights.file.Array(at.weights.name); err != nil {
			return err
		}
	}
	d.scores = d.grid.view(d.scores)
	d.labels = d.labelGrid.view(d.labels)
	return nil
}

// open opens a file.
func (d *Dump) open(ctx context.Context, path string) (f *array.File, err error) {
	if s := d.source.streams; s != nil && slices.Contains(s.paths, path) {
		f, err = s.open(ctx, path)
	} else if d.check {
		f, err = array.LookContext(ctx, path)
	} else {
		f, err = array.OpenContext(ctx, path)
	}
	if err == nil {
		d.files = append(d.files, f)
	}
	return f, err
}

// release closes the files; streams stay open if they are to be kept.
func (d *Dump) release(keep bool) (err error) {
	for _, f := range d.files {
		if stream := d.source.streams.holds(f, !keep); !stream || !keep {
			err = errors.Join(err, f.Close())
		}
	}
	d.files = nil
	if d.beside.file != nil {
		err = errors.Join(err, d.beside.file.Close())
	}
	return err
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

// weights returns the name of the file of weights.
func (s Source) weights() string {
	switch {
	case s.form == archive:
		return s.logits
	case s.form == folder && !filepath.IsAbs(s.set.Weights):
		return near(s.Path, s.set.Weights)
	}
	return s.set.Weights
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
