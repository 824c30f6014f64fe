package engine

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// WithColumnWeights gives each column a factor of all its scores, such as the inverse of its
// class's frequency. Batches must have as many columns. w is copied, of finite factors ≥ 0;
// nil is none.
func WithColumnWeights(w []float32) Option {
	w = slices.Clone(w)
	return func(o *options) { o.columnWeights = w }
}

// WithClassWeights gives each column a factor of its positives: the scores with the label 1.
// For cross-entropy that is PyTorch's pos_weight, for focal losses a factor of α, and for
// losses of rows, such as [SoftmaxCrossEntropy], the weight of the rows of a class. Batches must
// have as many columns. w is copied, of finite factors ≥ 0; nil is none.
//
// For a target y between 0 and 1, cross-entropy has the factor in the term of y, as PyTorch
// has: −pos·c·y·ln p − neg·(1−y)·ln(1−p). The other losses have it in their weight
// pos·c·y + neg·(1−y), and [Varifocal] in that of what is positive.
func WithClassWeights(w []float32) Option {
	w = slices.Clone(w)
	return func(o *options) { o.classWeights = w }
}

// columnFactors are the factors that options give.
type columnFactors struct{ all, positives pattern }

func (f *columnFactors) given() bool { return f.all.columns|f.positives.columns != 0 }

// pattern is a factor of each column, none if it has no columns. It goes on past the last
// one, so that a block of scores has its factors in a row, wherever in a row it begins.
type pattern struct {
	field   string
	columns int
	factors []float32
	most    float32         // the greatest factor
	sums    []atomic.Uint64 // by the first column, the bits of the sum of a block's factors; 0 if it is not known
}

func newPattern(field string, w []float32) (p pattern, err error) {
	if w == nil {
		return p, nil
	}
	if len(w) == 0 {
		return p, wholeError(field, 0, "is empty: want one weight per column, or nil for none")
	}
	p = pattern{field: field, columns: len(w), factors: make([]float32, len(w)+kernel.Block), sums: make([]atomic.Uint64, len(w))}
	for i := range p.factors {
		if i >= len(w) {
			p.factors[i] = p.factors[i-len(w)]
		} else if p.factors[i] = w[i] + 0; !goodWeight(w[i]) { // −0 would give a loss of −0
			return p, badWeight(field, i, w[i])
		}
		p.most = max(p.most, p.factors[i])
	}
	return p, nil
}

// columnFactors returns what the options say of columns.
func (o *options) columnFactors() (f columnFactors, err error) {
	if f.all, err = newPattern("columnWeights", o.columnWeights); err == nil {
		f.positives, err = newPattern("classWeights", o.classWeights)
	}
	return f, err
}

// check verifies that there is a factor for each column of a batch.
func (f *columnFactors) check(columns int) error {
	if !f.given() {
		return nil
	}
	for _, p := range [...]*pattern{&f.all, &f.positives} {
		if p.columns != 0 && p.columns != columns {
			return wholeError(p.field, float64(p.columns), "has length %d: want %d, the batch's NumClasses", p.columns, columns)
		}
	}
	return nil
}

// weighColumns returns the weights w of the block of n scores that begins at from, nil if all
// are 1, times the factors of columns. Labels of 1 are looked for if there may be any.
func (t *tile) weighColumns(j *job, from, n int, w []float32, y []uint8, positives bool) []float32 {
	first := (j.FirstColumn + from) % j.NumClasses
	if p := &j.columns.all; p.columns != 0 {
		if c := p.factors[first:][:n]; w == nil {
			w = c
		} else {
			multiply(t.weights[:n], w, c)
			w = t.weights[:n]
		}
	}
	if p := &j.columns.positives; p.columns != 0 && positives && !j.soft {
		own := t.weights[:n]
		if w == nil {
			fill(own, 1)
		} else if data(w) != &own[0] {
			copy(own, w)
		}
		w = own
		weighPositives(w, y, p.factors[first:])
	}
	return w
}

// positiveFactors returns the factors of the loss's weight of foreground in the block of n
// scores that begins at from, nil if all are 1.
func (j *job) positiveFactors(from, n int) []float32 {
	p := &j.columns.positives
	if p.columns == 0 {
		return nil
	}
	return p.factors[(j.FirstColumn+from)%j.NumClasses:][:n]
}

// weighPositives multiplies the weights of the labels 1 by c.
func weighPositives(w []float32, y []uint8, c []float32) {
	i := 0
	for ; i+8 <= len(y); i += 8 {
		const ones = 0x0101_0101_0101_0101
		l := binary.LittleEndian.Uint64(y[i:])
		// Of the labels 0, 1 and 255 only 1 has its last bit set and not the one before.
		for m := l &^ (l >> 1) & ones; m != 0; m &= m - 1 {
			at := i + bits.TrailingZeros64(m)/8
			w[at] *= c[at]
		}
	}
	for ; i < len(y); i++ {
		if y[i] == 1 {
			w[i] *= c[i]
		}
	}
}
