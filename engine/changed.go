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

// misclassified says why the kernel counted a bad class in a block of n scores where none was
// found.
func (t *tile) misclassified(j *job, from, n int) error {
	k, first := *j, j.anchorOf(from)
	k.FirstColumn = (j.FirstColumn + from) % j.NumClasses
	k.Classes = slices.Clone(j.Classes[first : j.anchorOf(from+n-1)+1])
	_, _, ok := t.narrow.expand(&k, 0, n)
	if _, _, err := k.expandRows(t.labels[:n], 0, &k.classes); err == nil && !ok {
		panic("engine: kernel " + j.kernels.Name + " counted a bad class where there is none")
	}
	return j.changed(from, n)
}

// mistargeted says why the kernel counted a bad target in a block where none was found.
func (j *job) mistargeted(from int, y []float32) error {
	y = slices.Clone(y)
	if n := j.targetsOf(y); badTarget(y) < 0 && (n.invalid > 0 || j.hard && n.positive > n.one && softTarget(y) < 0) {
		panic("engine: kernel " + j.kernels.Name + " counted a bad target where there is none")
	}
	return j.changed(from, len(y))
}

// contradiction says why a sum of a block is NaN or negative.
func (t *tile) contradiction(j *job, from int, c *chunk, sum float64) *fault {
	if j.private {
		panic(fmt.Sprintf("engine: kernel %s gave the sum %v of good scores", j.kernels.Name, sum))
	}
	own := c.clone()
	if own.good() {
		k := *j
		k.private, k.outputs = true, outputs{}
		var out outputs
		for _, o := range [...]struct{ of, to, job *[]float32 }{{&j.dst, &out.dst, &k.dst}, {&j.grad, &out.grad, &k.grad}, {&j.hess, &out.hess, &k.hess}} {
			if *o.of != nil {
				*o.to = make([]float32, len(own.x))
				*o.job = *o.to
			}
		}
		// Whether the copy is good does not matter, only that it does not contradict itself.
		g := given{labels: own.labels, targets: own.targets}
		if j.sweeper != nil {
			t.sweepBlock(&k, 0, &own, &g, make([]Result, k.results()))
		} else {
			t.add(&k, 0, &out, &own, &g, new(Result))
		}
	}
	return &fault{from, j.changed(from, len(c.x))}
}
