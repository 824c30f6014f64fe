package engine

import (
	"fmt"
	"math"
	"strings"
	"unsafe"
)

// The weight of a score is the product of the factors that apply to it, in the order of
// factors, each product rounded to float32. The kernels multiply it by that of the loss.

// expandWeights returns the weight of each score of the block of n scores that begins at from,
// whose labels are y, if it has labels, nil if all are 1, and, if a factor is bad, the error and how many
// scores precede it; else all. Products of factors may be beyond float32, which shows in the
// block's sum; see settle.
func (t *tile) expandWeights(j *job, from, n int, y []uint8, positives bool) (w []float32, good int, err error) {
	w, good, err = t.batchWeights(j, from, n)
	if j.columns.given() {
		w = t.weighColumns(j, from, n, w, y, positives)
	}
	return w, good, err
}

// batchWeights is expandWeights for the factors that the batch has.
func (t *tile) batchWeights(j *job, from, n int) (w []float32, good int, err error) {
	good = n
	if j.ScoreWeights != nil {
		w, good, err = t.takeWeights("ScoreWeights", j.ScoreWeights[from:from+n], from)
	}
	if j.Weights == nil {
		return w, good, err
	}
	if j.NumClasses == 1 {
		one := j.Weights[from : from+n]
		if w == nil {
			return t.takeWeights("Weights", one, from)
		}
		if plainWeights(one) {
			multiply(t.weights[:n], w, one)
			return t.weights[:n], good, err
		}
	}
	w, goodRows, rowErr := t.weighRows(j, from, n, w)
	if goodRows < good {
		good, err = goodRows, rowErr
	}
	return w, good, err
}

// takeWeights returns the factors s of the scores from the given one on, or a copy where one
// is −0.
func (t *tile) takeWeights(field string, s []float32, from int) (w []float32, good int, err error) {
	if plainWeights(s) {
		return s, len(s), nil
	}
	w = t.weights[:len(s)]
	for i, v := range s {
		if !goodWeight(v) {
			return w, i, badWeight(field, from+i, v)
		}
		w[i] = v + 0
	}
	return w, len(w), nil
}

// weighRows returns the anchors' factor of each score of a block, times w if there is one.
func (t *tile) weighRows(j *job, from, n int, w []float32) ([]float32, int, error) {
	dst := t.weights[:n]
	a := j.anchorOf(from)
	for at := a*j.NumClasses - j.FirstColumn - from; at < n; at += j.NumClasses {
		v := j.Weights[a]
		if !goodWeight(v) {
			return dst, max(at, 0), badWeight("Weights", a, v)
		}
		a++
		v += 0 // −0 would give a loss of −0
		if row := dst[max(at, 0):min(at+j.NumClasses, n)]; w == nil {
			fill(row, v)
		} else {
			scale(row, w[max(at, 0):], v)
		}
	}
	return dst, n, nil
}

func goodWeight(v float32) bool { return v >= 0 && v <= math.MaxFloat32 }

func badWeight(field string, index int, v float32) error {
	return &InputError{Field: field, Index: index, Value: float64(v), Reason: "want a finite weight ≥ 0"}
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

// scale sets dst to a·v, eight at a time.
func scale(dst, a []float32, v float32) {
	for len(dst) >= 8 && len(a) >= 8 {
		d, x := (*[8]float32)(dst), (*[8]float32)(a)
		d[0], d[1], d[2], d[3] = x[0]*v, x[1]*v, x[2]*v, x[3]*v
		d[4], d[5], d[6], d[7] = x[4]*v, x[5]*v, x[6]*v, x[7]*v
		dst, a = dst[8:], a[8:]
	}
	for i := range dst {
		dst[i] = a[i] * v
	}
}

// multiply sets dst to a·b, element by element, eight at a time.
func multiply(dst, a, b []float32) {
	for len(dst) >= 8 && len(a) >= 8 && len(b) >= 8 {
		d, x, y := (*[8]float32)(dst), (*[8]float32)(a), (*[8]float32)(b)
		d[0], d[1], d[2], d[3] = x[0]*y[0], x[1]*y[1], x[2]*y[2], x[3]*y[3]
		d[4], d[5], d[6], d[7] = x[4]*y[4], x[5]*y[5], x[6]*y[6], x[7]*y[7]
		dst, a, b = dst[8:], a[8:], b[8:]
	}
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// settle ends what products beyond float32 left open in the weights of a block, and tells
// whether there are products. A score that has a factor of 0 has the weight 0; that of an
// ignored score does not matter. The others stay infinite, and badScore finds them.
func (t *tile) settle(c *chunk) (products bool) {
	for _, w := range [...][]float32{c.weights, c.own} {
		if data(w) != &t.weights[0] && data(w) != &t.heat[0] {
			continue // they are the caller's
		}
		for i, v := range w {
			if v != v || v > math.MaxFloat32 && c.label(i) == IgnoredLabel {
				w[i] = 0
			}
		}
		products = true
	}
	return products
}

// factor is one that a score's weight is a product of.
type factor struct {
	field string
	index int
	value float32
}

func (f factor) String() string {
	return fmt.Sprintf("%s[%d], %s", f.field, f.index, formatValue(float64(f.value)))
}

// factors returns those of a score with a label, in the order in which they are multiplied.
func (j *job) factors(score int, label uint8) (list []factor) {
	if j.ScoreWeights != nil {
		list = append(list, factor{"ScoreWeights", score, j.ScoreWeights[score]})
	}
	if j.Weights != nil {
		a := j.anchorOf(score)
		list = append(list, factor{"Weights", a, j.Weights[a]})
	}
	column := (j.FirstColumn + score) % j.NumClasses
	if p := &j.columns.all; p.columns != 0 {
		list = append(list, factor{p.field, column, p.factors[column]})
	}
	if p := &j.columns.positives; p.columns != 0 && label == 1 && !j.soft {
		list = append(list, factor{p.field, column, p.factors[column]})
	}
	return list
}

// overflow is the error for a score whose weight is beyond float32: that of the factors, or
// if these are not, that with the loss's weight, which is then not 0.
func (j *job) overflow(score int, label uint8, ofLoss float32) error {
	return j.overflowOf(score, j.factors(score, label), ofLoss)
}

// tooHeavy finds the first score of a block whose weight is beyond float32 with the factor of
// positives, which formulas of targets have in the loss's weight, where that may be small.
func (t *tile) tooHeavy(j *job, from int, c *chunk, g *given) *fault {
	if c.positives == nil {
		return nil
	}
	for i, w := range t.weightsOf(c, g) {
		if w > math.MaxFloat32 {
			p, column := &j.columns.positives, (j.FirstColumn+from+i)%j.NumClasses
			list := append(j.factors(from+i, 0), factor{p.field, column, p.factors[column]})
			return &fault{from + i, j.overflowOf(from+i, list, 0)}
		}
	}
	return nil
}

// productWith begins the reason of an error about a product, see [InputError.Shifted].
const productWith = "want a weight whose product with "

// overflowOf is overflow for the given factors.
func (j *job) overflowOf(score int, list []factor, ofLoss float32) error {
	if len(list) == 0 { // of a copy
		return j.changed(score, 1)
	}
	var others []string
	for _, f := range list[1:] {
		others = append(others, f.String())
	}
	if ofLoss != 0 {
		others = append(others, "the loss's, "+formatValue(float64(ofLoss)))
	}
	return &InputError{Field: list[0].field, Index: list[0].index, Value: float64(list[0].value),
		Reason: productWith + strings.Join(others, ", and with ") + ", is within float32"}
}
