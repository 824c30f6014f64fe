package engine

import (
	"fmt"
	"slices"
)

// A block can contradict itself: labels counted as invalid of which none is, or a sum
// that is NaN or negative though all scores are good. Then either the caller changed
// the batch during the call, which is an error, or the kernel is wrong, which is a
// panic. A copy of the block, which nobody else can change, tells which.

// changed is the error for a block of n scores that changed during the call.
func (j *job) changed(from, n int) error {
	return wholeError("Batch", 0, "changed during the call, in scores %d to %d: want it left alone until the call returns", from, from+n-1)
}

// miscounted says why the kernel counted an invalid label in a block where none was
// found; y is a copy of the labels.
func (j *job) miscounted(from int, y []uint8) error {
	if _, invalid := j.countLabels(y); invalid > 0 && badLabel(y) < 0 {
		panic("engine: kernel " + j.kernels.Name + " counted an invalid label where there is none")
	}
	return j.changed(from, len(y))
}

// contradiction says why the sum of a block is NaN or negative.
func (t *tile) contradiction(j *job, from int, x []float32, y []uint8, w []float32, sum float64) *fault {
	if j.private {
		panic(fmt.Sprintf("engine: kernel %s gave the sum %v of good scores", j.kernels.Name, sum))
	}
	k := job{Engine: j.Engine, field: j.field, input: j.input, n: len(x), x: slices.Clone(x), private: true, several: j.several, columns: new(columnFactors)}
	k.Labels, k.Weights, k.NumClasses = slices.Clone(y), slices.Clone(w), 1
	if j.dst != nil {
		k.dst = make([]float32, len(x))
	}
	if j.grad != nil {
		k.grad = make([]float32, len(x))
	}
	// Whether the copy is good does not matter, only that it does not contradict itself.
	t.block(&k, 0, len(x), make([]Result, k.results()))
	return &fault{from, j.changed(from, len(x))}
}
