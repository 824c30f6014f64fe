package engine

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/fpenv"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// What calls of few scores take is their stores, one a cycle: of results and batches, which are
// some hundred bytes, and of what functions keep on the stack. So what is larger than a slice is
// passed by pointer and set field by field, as literals are made elsewhere first; and a copy of
// what was just stored in smaller pieces waits for it.

// run evaluates a batch, with as many workers as gain, for outputs that may be nil. It adds to r,
// which is empty, and is so again on an error.
func (e *Engine) run(r *Result, b *Batch, out *outputs, want int) error {
	if !e.made() {
		return wholeError("Engine", 0, "is nil or zero: want one that New returned")
	}
	env, err := e.kernels.Enter()
	if err != nil {
		return err
	}
	if env != (fpenv.Guard{}) {
		defer env.Leave()
	}
	var j job
	j.Engine = e
	j.Batch = *b
	if out != nil {
		j.dst, j.grad, j.hess = out.dst, out.grad, out.hess
		j.ranking, j.rankedFrom = out.ranking, out.rankedFrom
	}
	results := unsafe.Slice(r, 1)
	if e.family.Rows {
		err = j.runRows(results, want)
	} else {
		err = j.runScores(results, want)
	}
	if err != nil {
		clear(results) // of what was good
	}
	return err
}

// runScores is run for losses of scores.
func (j *job) runScores(r []Result, want int) error {
	if err := j.Batch.check(&j.outputs, want); err != nil {
		return err
	}
	if err := j.take(want); err != nil {
		return err
	}
	if x := data(j.x); x != nil {
		j.inPlace = x == data(j.dst) || x == data(j.grad) || x == data(j.hess)
	}
	return j.run(r, j.kernels.Grain)
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
	if j.x == nil {
		j.widened = j.widening()
	}
	if err := j.columns.check(j.NumClasses); err != nil {
		return err
	}
	return j.plan(want)
}

// weighted tells whether scores have factors.
func (j *job) weighted() bool { return j.Weights != nil || j.ScoreWeights != nil || j.columns.given() }

// run adds the results of a job to r, which are empty before, by as many workers as gain where
// each has at least grain blocks. On an error they are those of a part.
func (j *job) run(r []Result, grain int) error {
	if unit := grain * kernel.Block; j.workers > 1 && j.n >= 2*unit {
		return parallel(r, *j, min(j.workers, j.n/unit))
	}
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
