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
			return y, c, i, &InputError{Field: "Labels", Index: from + i, Value: float64(y[i]), Reason: "want 0, 1, or 255 for ignored"}
		}
		return y, c, 0, j.miscounted(from, t.labels[:copy(t.labels[:], y)])
	case j.NumClasses == 1:
		return t.expandColumn(j, from, n)
	}
	return t.expandRows(j, from, n)
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
		case ignored:
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
		if l > 1 && l != ignored {
			return i
		}
	}
	return -1
}

// expandColumn is expandLabels for classes of one column.
func (t *tile) expandColumn(j *job, from, n int) ([]uint8, counts, int, error) {
	classes := j.Classes[from : from+n]
	y := t.labels[:len(classes)]
	// 0, −1, −2 → 1, 0, 255. seen tells of classes that are none of −2 … 1, and the
	// labels' count of 1, which gives 2.
	var seen uint32
	for i, c := range classes {
		y[i] = uint8(c + 1)
		seen |= uint32(c + 2)
	}
	c, invalid := j.countLabels(y)
	if seen > 3 || invalid > 0 {
		for i, c := range classes {
			if uint32(c+2) > 2 {
				return y, counts{}, i, j.badClass(from + i)
			}
		}
		return y, counts{}, 0, j.miscounted(from, y)
	}
	return y, c, n, nil
}

// expandRows is expandLabels for classes of several columns: a block is mostly
// zeros, with a one for a positive anchor and a row of 255 for an ignored one.
func (t *tile) expandRows(j *job, from, n int) ([]uint8, counts, int, error) {
	y := t.labels[:n]
	clear(y)
	var c counts
	a := from / j.NumClasses
	// Row a takes the scores [at, at+NumClasses) of the block; the first row may
	// have begun before it, the last may go on after it.
	for at := a*j.NumClasses - from; at < n; at += j.NumClasses {
		class := int(j.Classes[a])
		switch {
		case class == -1:
		case uint(class) < uint(j.NumClasses):
			if i := at + class; i >= 0 && i < n {
				y[i] = 1
				c.positive++
			}
		case class == -2:
			row := y[max(at, 0):min(at+j.NumClasses, n)]
			for i := range row {
				row[i] = ignored
			}
			c.ignored += len(row)
		default:
			return y, c, max(at, 0), j.badClass(a)
		}
		a++
	}
	return y, c, n, nil
}

func (j *job) badClass(anchor int) error {
	return &InputError{Field: "Classes", Index: anchor, Value: float64(j.Classes[anchor]),
		Reason: fmt.Sprintf("want a class in [0, %d), -1 for background, or -2 for ignored", j.NumClasses)}
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
	a := from / j.NumClasses
	for at := a*j.NumClasses - from; at < n; at += j.NumClasses {
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
