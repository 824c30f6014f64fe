package generic

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// Sweep evaluates several losses of the same scores, and of each the part that easy scores
// make up: those with the label 0 that are at most s.Cut.
func Sweep(s *asm.Sweep) {
	t := pool.Get().(*terms)
	t.scores, t.labels = unsafe.Slice(s.Scores, s.N), unsafe.Slice(s.Labels, s.N)
	if s.Weights != nil {
		t.weights = unsafe.Slice(s.Weights, s.N)
	}
	entries := unsafe.Slice(s.Entries, s.Count)
	for at := 0; at < s.N; at += Group {
		t.x, t.y = (*group)(t.scores[at:]), (*[Group]uint8)(t.labels[at:])
		var easy [Group]bool
		for i, y := range t.y {
			if easy[i] = y == 0 && t.x[i] <= s.Cut; easy[i] {
				s.Easy++
			}
		}
		if s.Input == asm.Probs {
			crossEntropy(&t.ce, t.x, t.y)
		} else {
			t.fromLogits()
		}
		for e := range entries {
			t.entry(&entries[e], s.Input, at)
			reduce(&t.f, &entries[e].Lanes)
			for i, easy := range easy {
				if !easy {
					t.f[i] = 0
				}
			}
			reduce(&t.f, &entries[e].Easy)
		}
	}
	// Nothing of the batch is kept.
	t.params, t.scores, t.labels, t.weights, t.x, t.y = nil, nil, nil, nil, nil, nil
	pool.Put(t)
}

// entry sets t.f to a loss of a sweep, whose common terms are there.
func (t *terms) entry(e *asm.Entry, input asm.Input, at int) {
	f := &formulas[e.Formula]
	t.params = &e.Params
	t.weighBy(e.Params.Weights)
	t.weigh(at)
	power, value := (*terms).power, f.value
	if input == asm.Probs {
		power, value = (*terms).probPower, f.probValue
	}
	if f.power && e.Reuse == 0 {
		power(t)
	}
	value(t)
}

// HasSweep tells whether there is that kernel.
func HasSweep(k asm.SweepKernel) bool { return Has(asm.KernelOf(k.Formula(), k.Input(), asm.Loss)) }
