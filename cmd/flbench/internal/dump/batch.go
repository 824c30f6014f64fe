package dump

import (
	"slices"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// Scratch is a worker's memory for what has to be converted. The zero Scratch is empty.
type Scratch struct {
	scores, weights, floats []float32
	doubles                 []float64
	ints                    []int32
	labels                  []uint8
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Batch returns the scores [from, to), cut anywhere between scores, with their labels and
// weights. It is memory of the files where they are as the engine wants it, to be read
// only, and of the scratch, until its next use, where not. Reading memory of the files
// can fault: see Fault and Guard.
func (d *Dump) Batch(from, to int, s *Scratch) (b engine.Batch, err error) {
	b.NumClasses, b.FirstColumn, b.EndColumn = d.columns, from%d.columns, to%d.columns
	if err := d.batchScores(&b, from, to, s); err != nil {
		return b, err
	}
	first, end := d.rowsOf(from, to)
	if d.weights != nil {
		if b.Weights, err = floats(d.weights, &s.weights, first, end); err != nil {
			return b, err
		}
	}
	switch d.kind {
	case soft:
		b.Targets, err = d.targets(from, to, s)
		return b, err
	case perScore:
		b.Labels, err = d.scoreLabels(from, to, s)
		return b, err
	}
	s.ints = grow(s.ints, end-first)
	values, bad, err := d.labels.Int32s(s.ints, first, end)
	if err != nil {
		return b, err
	}
	if bad >= 0 { // and so they are no memory of the file
		values[bad-first] = d.badClass()
	}
	b.Classes = values
	return b, nil
}

// batchScores sets the scores [from, to) of a batch.
func (d *Dump) batchScores(b *engine.Batch, from, to int, s *Scratch) error {
	if h, ok := d.scores.Halves(from, to); ok && !d.Probs() {
		if d.scores.DType() == array.Float16 {
			b.Float16 = h
			d.seen.halves(h, 0x3C00)
		} else {
			b.BFloat16 = h
			d.seen.halves(h, 0x3F80)
		}
		return nil
	}
	x, err := floats(d.scores, &s.scores, from, to)
	if err != nil {
		return err
	}
	if d.Probs() {
		b.Probs = x
	} else {
		b.Logits = x
		d.seen.scores(x)
	}
	return nil
}

// Floats returns the scores of the batch b, the scores [from, to), as float32: its own, or in
// the scratch, where its labels and weights stay, what its 16 bits are.
func (d *Dump) Floats(b engine.Batch, from, to int, s *Scratch) ([]float32, error) {
	switch {
	case b.Probs != nil:
		return b.Probs, nil
	case b.Logits != nil:
		return b.Logits, nil
	}
	return floats(d.scores, &s.scores, from, to)
}

// Guard calls f, which reads batches, and turns a fault in that into an error.
func (d *Dump) Guard(f func() error) error {
	arrays := []*array.Array{d.scores, d.labels}
	if d.weights != nil {
		arrays = append(arrays, d.weights)
	}
	return array.Guard(f, arrays...)
}

// floats returns the elements [from, to) of an array of floats.
func floats(a *array.Array, scratch *[]float32, from, to int) ([]float32, error) {
	if !a.Direct() {
		*scratch = grow(*scratch, to-from)
	}
	return a.Float32s(*scratch, from, to)
}

// badLabel is a label that the engine refuses. It stands for values that are neither 0
// nor 1 nor ignored; Locate names what is in the file.
const badLabel = 254

// scoreLabels returns the labels of the scores [from, to).
func (d *Dump) scoreLabels(from, to int, s *Scratch) ([]uint8, error) {
	n, ignored := to-from, d.set.Ignored
	s.labels = grow(s.labels, n)
	switch dtype := d.labelHead.dtype; {
	case dtype == array.Bool, dtype == array.Uint8 && len(ignored) == 0:
		return d.labels.Uint8s(s.labels, from, to)
	case dtype.IsInteger():
		s.ints = grow(s.ints, n)
		values, bad, err := d.labels.Int32s(s.ints, from, to)
		if err != nil {
			return nil, err
		}
		relabel(s.labels, values, func(v int32) bool {
			return slices.Contains(ignored, v) || dtype == array.Uint8 && v == engine.IgnoredLabel
		})
		if bad >= 0 {
			s.labels[bad-from] = badLabel
		}
	case dtype == array.Float64:
		s.doubles = grow(s.doubles, n)
		values, err := d.labels.Float64s(s.doubles, from, to)
		if err != nil {
			return nil, err
		}
		relabel(s.labels, values, func(v float64) bool { return ignoredTarget(v, ignored) })
	default:
		values, err := floats(d.labels, &s.floats, from, to)
		if err != nil {
			return nil, err
		}
		relabel(s.labels, values, func(v float32) bool { return ignoredTarget(float64(v), ignored) })
	}
	return s.labels, nil
}

// badTarget is a target that the engine refuses, as badLabel is.
const badTarget = -2

// targets returns the soft targets of the scores [from, to).
func (d *Dump) targets(from, to int, s *Scratch) ([]float32, error) {
	values, err := floats(d.labels, &s.floats, from, to)
	if err != nil || len(d.set.Ignored) == 0 {
		return values, err
	}
	s.floats = grow(s.floats, to-from)
	for i, v := range values {
		switch {
		case ignoredTarget(float64(v), d.set.Ignored):
			v = engine.IgnoredTarget
		case v == engine.IgnoredTarget:
			v = badTarget
		}
		s.floats[i] = v
	}
	return s.floats, nil
}

// ignoredTarget tells whether a float label stands for ignored: −1, if no flag says
// otherwise.
func ignoredTarget(v float64, ignored []int32) bool {
	if len(ignored) == 0 {
		return v == -1
	}
	return v == float64(int32(v)) && slices.Contains(ignored, int32(v))
}

// relabel sets the engine's labels for values of any type, most of which are 0.
func relabel[T int32 | float32 | float64](labels []uint8, values []T, ignored func(T) bool) {
	clear(labels)
	part := zeroBytes / int(unsafe.Sizeof(*new(T)))
	for i := 0; i < len(values); {
		if len(values)-i >= part && zero(unsafe.Pointer(&values[i])) {
			i += part
			continue
		}
		for end := min(i+part, len(values)); i < end; i++ {
			switch v := values[i]; {
			case v == 0:
			case v == 1:
				labels[i] = 1
			case ignored(v):
				labels[i] = engine.IgnoredLabel
			default:
				labels[i] = badLabel
			}
		}
	}
}

const zeroBytes = 64

// zero tells whether all of the zeroBytes at p, where an int32 may lie, are 0.
func zero(p unsafe.Pointer) bool {
	w := (*[zeroBytes / 4]uint32)(p)
	return w[0]|w[1]|w[2]|w[3]|w[4]|w[5]|w[6]|w[7]|w[8]|w[9]|w[10]|w[11]|w[12]|w[13]|w[14]|w[15] == 0
}
