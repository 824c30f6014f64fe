package eval

import (
	"context"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// worker has what a worker needs for one shard, and what it found there.
type worker struct {
	*run
	scratch           dump.Scratch
	labels            []uint8
	losses, gradients []float32
	parts             []float32 // see softProbs
	sums              sums
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// shard evaluates a shard, and ends its image if it is the last of it.
func (w *worker) shard(ctx context.Context, s stream.Shard) error {
	w.losses, w.gradients = w.losses[:0], w.gradients[:0]
	w.sums.reset(w.plain.results)
	err := w.evaluate(s)
	if w.files != nil {
		err = w.files.take(s.Number, err, w.losses, w.gradients)
	}
	if err != nil {
		return err
	}
	w.progress.Add(4 * int64(s.To-s.From))
	w.found[s.Image.Index].add(&w.sums)
	if s.Image.ShardDone() {
		return w.finish(s.Image)
	}
	return nil
}

// evaluate fills the worker's memory from a shard.
func (w *worker) evaluate(s stream.Shard) error {
	return s.Evaluate(&w.scratch, func(in *dump.Dump, batch engine.Batch) error {
		e, err := w.byOptions.For(in.Options())
		if err != nil {
			return err
		}
		switch {
		case w.rows():
			err = w.sumRows(e, batch, s)
		case batch.Probs != nil && batch.Targets != nil && e.ceAlone != nil:
			err = w.softProbs(e, batch)
		default:
			err = e.sweeper.SumEasy(w.sums.all, w.sums.easy, cli.EasyPt, batch)
		}
		if err == nil && w.outputs.any() {
			err = w.values(e.losses[0], batch, s)
		}
		if w.rows() {
			return err
		}
		for i := 0; i < len(e.losses) && err == nil && w.ranks(); i++ {
			_, err = w.rank(e, i, batch, s)
		}
		return err
	})
}

// sumRows evaluates losses of rows one by one.
func (w *worker) sumRows(e *engines, b engine.Batch, s stream.Shard) (err error) {
	for i, one := range e.losses {
		if w.ranks() {
			w.sums.all[i], err = w.rank(e, i, b, s)
		} else {
			w.sums.all[i], err = one.Sum(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// softProbs evaluates a batch of probabilities and soft targets, which some losses take and
// cross-entropy does not: −y·ln p − (1 − y)·ln(1 − p) is that of the label 1 with the weight y
// and that of 0 with the weight 1 − y.
func (w *worker) softProbs(e *engines, b engine.Batch) error {
	targets := b.Targets
	if err := e.without.SumEasy(w.sums.all[:e.ce], w.sums.easy[:e.ce], cli.EasyPt, b); err != nil {
		return err
	}
	b.Targets = nil
	w.labels, w.parts = grow(w.labels, len(targets)), grow(w.parts, len(targets))
	b.Labels, b.ScoreWeights = w.labels, w.parts
	for _, part := range []struct {
		label  uint8
		weight func(y float32) float32 // 0: it is no part
		easy   bool                    // it is that of the target 0, which alone is easy; else of targets above
	}{
		{0, func(y float32) float32 { return 1 - y }, true},
		{0, func(y float32) float32 { return 1 - y }, false},
		{1, func(y float32) float32 { return y }, false},
	} {
		for i, y := range targets {
			w.labels[i], w.parts[i] = engine.IgnoredLabel, 0
			if weight := part.weight(y); y >= 0 && weight > 0 && (y == 0) == part.easy {
				w.labels[i], w.parts[i] = part.label, weight
			}
		}
		var all, easy [1]engine.Result
		if err := e.ceAlone.SumEasy(all[:], easy[:], cli.EasyPt, b); err != nil {
			return err
		}
		w.sums.all[e.ce].Merge(all[0])
		if part.easy {
			w.sums.easy[e.ce] = easy[0]
		}
	}
	return nil
}

// values fills losses and gradients, where they are to be written. That the loss is then
// evaluated twice is little beside that.
func (w *worker) values(loss *engine.Engine, b engine.Batch, s stream.Shard) (err error) {
	losses, gradients := w.outputs.losses != "", w.outputs.gradients != ""
	if losses {
		n := s.To - s.From
		if w.rows() {
			n /= b.NumClasses
		}
		w.losses = grow(w.losses, n)
	}
	if gradients {
		w.gradients = grow(w.gradients, s.To-s.From)
	}
	switch {
	case losses && gradients:
		_, err = loss.LossesAndGradients(w.losses, w.gradients, b)
	case losses:
		_, err = loss.Losses(w.losses, b)
	case gradients:
		_, err = loss.Gradients(w.gradients, b)
	}
	return err
}

// rank evaluates a shard under one of the losses, whose hardest scores are kept.
func (w *worker) rank(e *engines, i int, b engine.Batch, s stream.Shard) (engine.Result, error) {
	return e.losses[i].Rank(w.found[s.Image.Index].ranking(i, len(e.losses), w.kept()), s.From, b)
}
