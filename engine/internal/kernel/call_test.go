package kernel

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// evaluate runs one kernel of a set over slices; losses, grads and w may be empty.
func evaluate(set *Set, k asm.Kernel, losses, grads, x []float32, y []uint8, w []float32, p *asm.Params, lanes *[8]float64) {
	data := func(s []float32) *float32 {
		if len(s) == 0 {
			return nil
		}
		return unsafe.SliceData(s)
	}
	c := Call{
		Kernel: k, N: len(x), Scores: data(x), Labels: unsafe.SliceData(y), Weights: data(w),
		Losses: data(losses), Gradients: data(grads), Lanes: *lanes, Params: *p,
	}
	set.Run(&c)
	*lanes = c.Lanes
}

// formulaOf returns the formula of focal loss with that gamma.
func formulaOf(gamma float32) asm.Formula {
	switch gamma {
	case 0:
		return asm.CrossEntropy
	case 1:
		return asm.Focal1
	case 2:
		return asm.Focal2
	}
	return asm.FocalAny
}
