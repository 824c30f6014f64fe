package engine

import (
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// Weights are evaluated as they are given, and looked at afterwards: the kernel leaves their sum
// and their bits. A sum that is not finite, or a sign, which −0 has, too, makes the block suspect.
// It is evaluated again, as if nothing had been, with weights that are looked at first.

// suspect is what is returned for such a block.
var suspect = new(fault)

// looksLater tells whether the weights of a block may be looked at afterwards. Where only
// targets say what counts, or factors are parts of the loss's weight, no kernel sums them.
func (j *job) looksLater(c counts) bool {
	return !j.soft || j.columns.positives.columns == 0 && (j.Targets == nil || j.marked || c.ignored == 0)
}

// unseenWeights is expandWeights without a look at the weights. Of whole blocks that have
// factors of columns alone, known is where their sum is kept.
func (t *tile) unseenWeights(j *job, from, n int, y []uint8, positives bool) (w []float32, known *atomic.Uint64) {
	t.factorBits = 0
	if j.ScoreWeights != nil {
		w = j.ScoreWeights[from : from+n]
	}
	switch {
	case j.Weights == nil:
	case j.NumClasses == 1:
		w = t.times(j, w, j.Weights[from:from+n])
	default:
		own, a := t.weights[:n], j.anchorOf(from)
		j.kernels.SpreadWeights(own, j.Weights[a:], j.NumClasses, j.FirstColumn+from-a*j.NumClasses)
		w = t.times(j, w, own)
	}
	if !j.columns.given() {
		return w, nil
	}
	first := (j.FirstColumn + from) % j.NumClasses
	if p := &j.columns.all; p.columns != 0 {
		if w == nil && n == kernel.Block {
			known = &p.sums[first]
		}
		w = t.times(j, w, p.factors[first:][:n])
	}
	if p := &j.columns.positives; p.columns != 0 && positives && !j.soft {
		factors, whole := t.losses[:n], n&^(kernel.Group-1)
		if w == nil {
			factors = t.weights[:n]
		}
		if whole > 0 {
			j.kernels.PickPositives(factors[:whole], p.factors[first:][:whole], data(y))
		}
		for i := whole; i < n; i++ {
			if factors[i] = 1; y[i] == 1 {
				factors[i] = p.factors[first+i]
			}
		}
		w, known = t.times(j, w, factors), nil
	}
	return w, known
}

// times returns w·by, or by where w is nil. The product hides the signs of its factors.
func (t *tile) times(j *job, w, by []float32) []float32 {
	if w == nil {
		return by
	}
	product, whole := t.weights[:len(w)], len(w)&^(kernel.Group-1)
	if whole > 0 {
		t.factorBits |= j.kernels.MultiplyWeights(product[:whole], w[:whole], data(by))
	}
	for i := whole; i < len(w); i++ {
		t.factorBits |= math.Float32bits(w[i]) | math.Float32bits(by[i])
		product[i] = w[i] * by[i]
	}
	return product
}

// askForWeights has the kernel sum the weights of the block that begins at from, where their sum
// is not known and no label matters, and fetch those of the next one.
func (t *tile) askForWeights(j *job, from int, c *chunk, g *given) {
	sums := &t.weighed
	if sums.Skip = 0; g.ignored > 0 || j.asymmetric != nil || data(c.weights) != data(c.own) || g.known != nil && g.known.Load() != 0 {
		sums.Skip = 1
	} else {
		sums.Lanes, sums.Bits = [8]float64{}, [16]uint32{}
	}
	switch at := uintptr(unsafe.Pointer(&c.weights[0])); {
	case at != uintptr(unsafe.Pointer(&t.weights)): // the caller's own, as the kernel reads them
		sums.Ahead = 2048
	case j.ScoreWeights != nil: // which are multiplied before the next kernel begins
		sums.Ahead = int(uintptr(unsafe.Pointer(&j.ScoreWeights[from])) - at + unsafe.Sizeof(t.weights))
	default:
		sums.Ahead = 0
	}
	t.call.WeightSums = sums
}

// unseenSum is weightSum of a block that was evaluated with weights that nobody looked at.
// Unless it is good they have to be.
func (t *tile) unseenSum(j *job, c *chunk, g *given) (sum float64, good bool) {
	asked := t.call.WeightSums != nil && t.weighed.Skip == 0
	t.call.WeightSums = nil
	if g.ignored > 0 {
		g.known = nil
	}
	if g.known != nil {
		if sum = math.Float64frombits(g.known.Load()); sum != 0 {
			return sum, true
		}
	}
	bits := t.factorBits
	if asked {
		for _, b := range t.weighed.Bits {
			bits |= b
		}
		sum = addLanes(&t.weighed.Lanes)
	} else {
		y := c.labels
		if y == nil {
			y = g.labels
		}
		var most uint32
		if sum, most = t.scoredSum(j, c.own, y); most >= infinite {
			return 0, false
		}
	}
	good = bits>>31 == 0 && sum-sum == 0
	if good && g.known != nil {
		g.known.Store(math.Float64bits(sum))
	}
	return sum, good
}

// infinite has the bits of +Inf: those of NaN, and of what has a sign, are greater.
const infinite = 0xFF << 23

// scoredSum returns the canonical sum of the weights of a block that are not ignored, and the
// greatest bits of any.
func (t *tile) scoredSum(j *job, w []float32, labels []uint8) (sum float64, most uint32) {
	lanes, whole := &t.weighed.Lanes, len(w)&^(kernel.Group-1)
	*lanes = [8]float64{}
	if whole > 0 {
		most = j.kernels.SumWeights(w[:whole], labels[:whole], lanes)
	}
	if whole < len(w) {
		w, y, of := t.tail.w[:kernel.Group], t.tail.y[:kernel.Group], w[whole:]
		clear(w[copy(w, of):])
		copy(y, labels[whole:])
		most = max(most, j.kernels.SumWeights(w, y, lanes))
	}
	return addLanes(lanes), most
}
