package engine

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// run evaluates a batch, with as many workers as gain.
func (e *Engine) run(b Batch, dst, grad []float32, wantDst, wantGrad bool) (Result, error) {
	if !e.made() {
		return Result{}, wholeError("Engine", 0, "is nil or zero: want one that New returned")
	}
	env, err := e.kernels.Enter()
	if err != nil {
		return Result{}, err
	}
	defer env.Leave()
	if err := b.check(dst, grad, wantDst, wantGrad); err != nil {
		return Result{}, err
	}
	j := job{Engine: e, Batch: b, dst: dst, grad: grad}
	j.x, j.field, j.input = b.scores()
	if n := len(j.x); n > 0 {
		x := unsafe.SliceData(j.x)
		j.inPlace = wantDst && unsafe.SliceData(dst) == x || wantGrad && unsafe.SliceData(grad) == x
	}
	if workers := min(e.workers, len(j.x)/(e.kernels.Grain*kernel.Block)); workers > 1 {
		return parallel(j, workers)
	}
	t := tiles.Get().(*tile)
	var r Result
	fault := t.evaluate(&j, 0, len(j.x), &r)
	tiles.Put(t) // not after a panic, when it still points into the batch
	if fault != nil {
		return Result{}, fault.err
	}
	return r, nil
}

// job is one call: a checked batch and its outputs, nil if not wanted.
type job struct {
	*Engine
	Batch
	x         []float32 // the scores
	field     string    // where they came from
	input     asm.Input
	dst, grad []float32
	inPlace   bool // an output is the scores
	private   bool // the batch is a copy that the caller does not know
}

// fault is the first thing wrong in a span, by the score where it shows.
type fault struct {
	score int
	err   error
}
