package engine

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// run evaluates a batch, with as many workers as gain.
func (e *Engine) run(b Batch, out outputs, want int) (Result, error) {
	if !e.made() {
		return Result{}, wholeError("Engine", 0, "is nil or zero: want one that New returned")
	}
	env, err := e.kernels.Enter()
	if err != nil {
		return Result{}, err
	}
	defer env.Leave()
	if e.loss.overRows() {
		return e.runRows(b, out, want)
	}
	if err := b.check(out, want); err != nil {
		return Result{}, err
	}
	j := job{Engine: e, Batch: b, outputs: out}
	if err := j.take(want); err != nil {
		return Result{}, err
	}
	if len(j.x) > 0 {
		for _, o := range [...][]float32{out.dst, out.grad, out.hess} {
			j.inPlace = j.inPlace || len(o) > 0 && unsafe.SliceData(o) == unsafe.SliceData(j.x)
		}
	}
	var r [1]Result
	if err := j.run(r[:], e.kernels.Grain); err != nil {
		return Result{}, err
	}
	return r[0], nil
}

// job is one call: a checked batch and its outputs, nil if not wanted.
type job struct {
	*Engine
	Batch
	outputs
	needs
	n       int       // how many scores there are
	x       []float32 // the scores,
	widened           // or those of 16 bits
	field   string    // where they came from
	input   asm.Input
	inPlace bool // an output is the scores
	private bool // what is evaluated is a copy that the caller does not know
	several
	row rowJob // where the loss is one of rows
}

// take sets what the batch has for scores, and what the outputs that are wanted need; or says
// why they cannot be had.
func (j *job) take(want int) error {
	j.n = j.size()
	j.x, j.field, j.input = j.scores()
	j.widened = j.widening()
	if err := j.columns.check(j.NumClasses); err != nil {
		return err
	}
	return j.plan(want)
}

// run sets r to the results of a job, by as many workers as gain where each has at least
// grain blocks.
func (j *job) run(r []Result, grain int) error {
	if workers := min(j.workers, j.n/(grain*kernel.Block)); workers > 1 {
		return parallel(r, *j, workers)
	}
	clear(r)
	t := tiles.Get().(*tile)
	fault := t.evaluate(j, 0, j.n, r)
	tiles.Put(t) // not after a panic, when it still points into the batch
	if fault != nil {
		return fault.err
	}
	return nil
}

// zeroed returns n zero elements, in the memory of s if they have room.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// fault is the first thing wrong in a span, by the score where it shows.
type fault struct {
	score int
	err   error
}
