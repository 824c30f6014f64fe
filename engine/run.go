package engine

import (
	"unsafe"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// run evaluates a batch, with as many workers as gain.
func (e *Engine) run(b Batch, dst, grad []float32, wantDst, wantGrad bool) (Result, error) {
	b, err := b.check(dst, grad, wantDst, wantGrad)
	if err != nil {
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
	defer tiles.Put(t)
	var r Result
	if fault := t.evaluate(&j, 0, len(j.x), &r); fault != nil {
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
	input     kernel.Input
	dst, grad []float32
	inPlace   bool // an output is the scores
	private   bool // the batch is a copy that the caller does not know
}

// fault is the first thing wrong in a span, by the score where it shows.
type fault struct {
	score int
	err   error
}
