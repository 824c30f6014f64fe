package generic

import (
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

const (
	// Group is the number of scores whose losses are added in float32 before
	// they are accumulated in float64; kernels take whole groups.
	Group = 32
	// Block is the number of scores of one sum, and the most a kernel takes.
	Block = 4096
)

// A group of scores goes through each function as a whole, in short loops: their
// iterations overlap in the CPU, where a long dependency chain would not.
type group = [Group]float32

// Run runs the kernel of a call.
func Run(c *asm.Call) {
	if c.Kernel.Formula().Soft() {
		runSoft(c)
		return
	}
	f := &formulas[c.Kernel.Formula()]
	t := pool.Get().(*terms)
	t.params, t.scores, t.labels = &c.Params, unsafe.Slice(c.Scores, c.N), unsafe.Slice(c.Labels, c.N)
	if c.Weights != nil {
		t.weights = unsafe.Slice(c.Weights, c.N)
	}
	var losses, grads []float32
	if c.Losses != nil {
		losses = unsafe.Slice(c.Losses, c.N)
	}
	byLabel := c.Params.Weights
	evaluate, take := f.value, (*terms).logits
	slope := c.Kernel.Output() == asm.Gradient
	if slope {
		// The sign of the gradient is the weight's: ignored scores have +0.
		byLabel[1] = -byLabel[1]
		grads = unsafe.Slice(c.Gradients, c.N)
		evaluate, take = f.slope, (*terms).signedLogits
	}
	if c.Kernel.Input() == asm.Probs {
		evaluate, take = f.probValue, (*terms).probs
		if slope {
			evaluate = f.probSlope
		}
	}
	t.weighBy(byLabel)
	for at := 0; at < c.N; at += Group {
		t.x, t.y = (*group)(t.scores[at:]), (*[Group]uint8)(t.labels[at:])
		take(t, at, f.power)
		evaluate(t)
		if losses != nil {
			*(*group)(losses[at:]) = t.f
		}
		if grads != nil {
			*(*group)(grads[at:]) = t.g
		}
		reduce(&t.f, &c.Lanes)
		if t.weights != nil && c.WeightSums != nil && c.WeightSums.Skip == 0 {
			sumWeights(t.weights[at:], c.WeightSums)
		}
	}
	// Nothing of the batch is kept.
	t.params, t.scores, t.labels, t.weights, t.x, t.y = nil, nil, nil, nil, nil, nil
	pool.Put(t)
}

// pool has the scratch of calls: formulas are called through variables, so it would not stay
// on the stack.
var pool = sync.Pool{New: func() any {
	makeLnEntries()
	return new(terms)
}}

// Has tells whether there is that kernel.
func Has(k asm.Kernel) bool {
	if k.Formula().Soft() {
		f := softFormulas[k.Formula()-asm.NumLabelFormulas]
		return [...]func(*softTerms){f.value, f.slope, f.curve}[k.Output()] != nil
	}
	f := formulas[k.Formula()]
	return [][]func(*terms){{f.value, f.slope}, {f.probValue, f.probSlope}}[k.Input()][k.Output()] != nil
}

// reduce adds 32 losses to the lane sums.
func reduce(f *group, lanes *[8]float64) {
	for j := range lanes {
		lanes[j] += float64((f[j] + f[j+16]) + (f[j+8] + f[j+24]))
	}
}
