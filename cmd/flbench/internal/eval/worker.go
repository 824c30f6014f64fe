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
	tally             tally
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
	w.losses, w.gradients, w.tally = w.losses[:0], w.gradients[:0], tally{}
	err := w.evaluate(s)
	if w.files != nil {
		err = w.files.take(s.Number, err, w.losses, w.gradients)
	}
	if err != nil {
		return err
	}
	w.progress.Add(4 * int64(s.To-s.From))
	w.found[s.Image.Index].add(&w.tally)
	if s.Image.ShardDone() {
		return w.finish(ctx, s.Image)
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
		w.tally.losses = e.losses
		switch {
		case w.rows() && w.ranks():
			w.tally.all[0], err = w.rank(e, batch, s)
		case w.rows():
			w.tally.all[0], err = e.loss.Sum(batch)
		case batch.Probs != nil && batch.Targets != nil && e.losses == 2:
			err = w.softProbs(e, batch)
		default:
			err = e.sweeper.SumEasy(w.tally.all[:e.losses], w.tally.easy[:e.losses], cli.EasyPt, batch)
		}
		if err == nil {
			err = w.values(e, batch, s)
		}
		if err == nil && w.ranks() && !w.rows() {
			_, err = w.rank(e, batch, s)
		}
		return err
	})
}

// softProbs evaluates a batch of probabilities and soft targets, which some losses take and
// cross-entropy does not: −y·ln p − (1 − y)·ln(1 − p) is that of the label 1 with the weight y
// and that of 0 with the weight 1 − y.
func (w *worker) softProbs(e *engines, b engine.Batch) error {
	targets := b.Targets
	if err := e.alone[0].SumEasy(w.tally.all[:1], w.tally.easy[:1], cli.EasyPt, b); err != nil {
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
		if err := e.alone[1].SumEasy(all[:], easy[:], cli.EasyPt, b); err != nil {
			return err
		}
		w.tally.all[1].Merge(all[0])
		if part.easy {
			w.tally.easy[1] = easy[0]
		}
	}
	return nil
}

// values fills losses and gradients, where they are to be written. That the loss is then
// evaluated twice is little beside that.
func (w *worker) values(e *engines, b engine.Batch, s stream.Shard) (err error) {
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
		_, err = e.loss.LossesAndGradients(w.losses, w.gradients, b)
	case losses:
		_, err = e.loss.Losses(w.losses, b)
	case gradients:
		_, err = e.loss.Gradients(w.gradients, b)
	}
	return err
}

// rank evaluates a shard, whose hardest scores are kept.
func (w *worker) rank(e *engines, b engine.Batch, s stream.Shard) (engine.Result, error) {
	return e.loss.Rank(w.found[s.Image.Index].ranking(w.kept()), s.From, b)
}
