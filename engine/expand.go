package engine

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// counts of the labels of a block.
type counts struct{ positive, ignored int }

// expandLabels returns the labels of the block of n scores that begins at from,
// their counts, and, if one of them is bad, the error and how many scores
// precede it; else n.
func (t *tile) expandLabels(j *job, from, n int) ([]uint8, counts, int, error) {
	switch {
	case j.Classes == nil:
		y := j.Labels[from : from+n]
		c, invalid := j.countLabels(y)
		if invalid == 0 {
			return y, c, n, nil
		}
		if i := badLabel(y); i >= 0 {
			return y, c, i, &InputError{Field: "Labels", Index: from + i, Value: float64(y[i]), Reason: fmt.Sprintf("want 0, 1, or %d for ignored", IgnoredLabel)}
		}
		return y, c, 0, j.miscounted(from, t.labels[:copy(t.labels[:], y)])
	case j.NumClasses == 1 && j.classes.standard:
		return t.expandColumn(j, from, n)
	}
	y := t.labels[:n]
	c, good, err := j.expandRows(y, from, &j.classes)
	return y, c, good, err
}

// OneHot returns the batch with Labels in place of Classes, for what needs the label of
// each score; the engine does not. labels, of one element per score, is where they go. Of
// the options, [WithBackground] and [WithIgnored] count, as in [New]. A batch with Labels
// is returned as it is. On an error, an [*InputError] about the first bad class or what is
// wrong with the whole, labels holds unspecified values.
func (b Batch) OneHot(labels []uint8, opts ...Option) (Batch, error) {
	o := optionsOf(opts)
	c, err := o.conventions()
	if err != nil {
		return b, err
	}
	checked := b
	if err := checked.check(nil, nil, false, false); err != nil || b.Classes == nil {
		return b, err
	}
	x, _, _ := b.scores()
	if len(labels) != len(x) {
		return b, wholeError("labels", float64(len(labels)), "has length %d: want %d, one per score", len(labels), len(x))
	}
	if _, _, err := checked.expandRows(labels, 0, &c); err != nil {
		return b, err
	}
	b.Labels, b.Classes = labels, nil
	return b, nil
}

// countLabels counts the labels of a block. If any is none, invalid is greater than 0.
func (j *job) countLabels(y []uint8) (c counts, invalid int) {
	whole := len(y) &^ (kernel.Group - 1)
	c.positive, c.ignored, invalid = j.kernels.CountLabels(y[:whole])
	for _, l := range y[whole:] {
		switch l {
		case 0:
		case 1:
			c.positive++
		case IgnoredLabel:
			c.ignored++
		default:
			invalid++
		}
	}
	return c, invalid
}

// badLabel returns the index of the first label that is none, or −1.
func badLabel(y []uint8) int {
	for i, l := range y {
		if l > 1 && l != IgnoredLabel {
			return i
		}
	}
	return -1
}

// expandColumn is expandLabels for classes of one column under the standard conventions.
func (t *tile) expandColumn(j *job, from, n int) ([]uint8, counts, int, error) {
	classes := j.Classes[from : from+n]
	y := t.labels[:len(classes)]
	// 0, Background, IgnoredClass → 1, 0, IgnoredLabel. seen tells of classes that are none
	// of −2 … 1, and the labels' count of 1, which gives 2.
	var seen uint32
	for i, c := range classes {
		y[i] = uint8(c + 1)
		seen |= uint32(c + 2)
	}
	c, invalid := j.countLabels(y)
	if seen > 3 || invalid > 0 {
		for i, c := range classes {
			if uint32(c+2) > 2 {
				return y, counts{}, i, j.badClass(from+i, &j.classes)
			}
		}
		return y, counts{}, 0, j.miscounted(from, y)
	}
	return y, c, n, nil
}

// expandRows sets y to the labels of the scores that begin at from, and returns their
// counts, and, if a class is bad, the error and how many scores precede it; else all.
// The labels are mostly zeros, with a one for a positive anchor and a row of
// IgnoredLabel for an ignored one.
func (b *Batch) expandRows(y []uint8, from int, names *conventions) (c counts, good int, err error) {
	clear(y)
	n, columns := len(y), b.NumClasses
	if n == 0 {
		return c, 0, nil // and there may be no row
	}
	background := names.background
	a := b.anchorOf(from)
	// Row a takes the scores [at, at+columns) of y; the first row may have begun before
	// it, the last may go on after it.
	for at := a*columns - b.FirstColumn - from; at < n; at += columns {
		class := b.Classes[a]
		switch {
		case class == background:
		case names.ignores(class):
			row := y[max(at, 0):min(at+columns, n)]
			for i := range row {
				row[i] = IgnoredLabel
			}
			c.ignored += len(row)
		case uint(class) < uint(columns):
			if i := at + int(class); i >= 0 && i < n {
				y[i] = 1
				c.positive++
			}
		default:
			return c, max(at, 0), b.badClass(a, names)
		}
		a++
	}
	return c, n, nil
}

// expandWeights returns the weight of each score of the block of n scores that
// begins at from, nil if there are none, and, if one of them is bad, the error
// and how many scores precede it; else n.
func (t *tile) expandWeights(j *job, from, n int) ([]float32, int, error) {
	if j.Weights == nil {
		return nil, n, nil
	}
	if j.NumClasses == 1 {
		if w := j.Weights[from : from+n]; plainWeights(w) {
			return w, n, nil
		}
	}
	w := t.weights[:n]
	a := j.anchorOf(from)
	for at := a*j.NumClasses - j.FirstColumn - from; at < n; at += j.NumClasses {
		v := j.Weights[a]
		if !(v >= 0 && v <= math.MaxFloat32) {
			return w, max(at, 0), &InputError{Field: "Weights", Index: a, Value: float64(v), Reason: "want a finite weight ≥ 0"}
		}
		fill(w[max(at, 0):min(at+j.NumClasses, n)], v+0) // −0 would give a loss of −0
		a++
	}
	return w, n, nil
}

// plainWeights tells whether all weights are finite and have no sign, so that they
// can be used as they are.
func plainWeights(w []float32) bool {
	// As float32 they would be loaded by way of vector registers.
	b := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(w))), len(w))
	const above = 1<<32 - 0x7F80_0000 // added to bits from those of +Inf on, carries into bit 32
	var seen uint64
	for len(b) >= 8 { // unrolled, as Go does not
		v := (*[8]uint32)(b)
		seen |= (((uint64(v[0]) + above) | (uint64(v[1]) + above)) | ((uint64(v[2]) + above) | (uint64(v[3]) + above))) |
			(((uint64(v[4]) + above) | (uint64(v[5]) + above)) | ((uint64(v[6]) + above) | (uint64(v[7]) + above)))
		b = b[8:]
	}
	for _, v := range b {
		seen |= uint64(v) + above
	}
	return seen>>32 == 0
}

// fill sets all of s to v, eight at a time.
func fill(s []float32, v float32) {
	eight := [8]float32{v, v, v, v, v, v, v, v}
	for len(s) >= 8 {
		*(*[8]float32)(s) = eight
		s = s[8:]
	}
	for i := range s {
		s[i] = v
	}
}
