package beam

import (
	"context"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
	"github.com/flengine/flengine/engine/beam/internal/pair"
)

// evaluateFn evaluates spans. It keeps its engines and its memory.
type evaluateFn struct {
	Plan    plan
	engines *engines
	store   object.Store
	scratch pair.Scratch
	results []engine.Result // of the losses
	swept   []engine.Result // of those from one pass
}

// Setup makes the engines.
func (f *evaluateFn) Setup() (err error) {
	f.engines, err = f.Plan.engines()
	if err != nil {
		return fault(err)
	}
	f.results = make([]engine.Result, len(f.Plan.Losses))
	f.swept = make([]engine.Result, len(f.engines.swept))
	return nil
}

// ProcessElement emits the results of a span, its hardest scores, and what it shows of its files.
func (f *evaluateFn) ProcessElement(ctx context.Context, s span, result func(LossKey, engine.Result), hardest func(LossKey, Hardest), saw func([]byte, pair.Seen)) error {
	b, err := s.Pair.Batch(ctx, &f.store, &f.Plan.Pair, s.From, s.To, &f.scratch)
	if err != nil {
		return fault(err)
	}
	var scores [][]Score
	if f.Plan.Top > 0 {
		scores, err = f.rank(&s, b)
	} else {
		err = f.sum(b)
	}
	if err != nil {
		return fault(s.Pair.Locate(err, &f.Plan.Pair, s.From, &f.scratch))
	}
	saw([]byte(s.Pair.Logits.Name), s.Pair.See(&b, f.results[0]))
	for i, text := range f.Plan.Losses {
		of := LossKey{Loss: text, Key: s.Key}
		result(of, f.results[i])
		if f.Plan.Top > 0 {
			hardest(of, Hardest{scores[i]})
		}
	}
	return nil
}

// sum evaluates the losses of scores in one pass, and each of rows on its own.
func (f *evaluateFn) sum(b engine.Batch) (err error) {
	swept := f.engines.sweeper != nil
	if swept {
		if err := f.engines.sweeper.Sum(f.swept, b); err != nil {
			return err
		}
		for k, i := range f.engines.swept {
			f.results[i] = f.swept[k]
		}
	}
	for i, e := range f.engines.all {
		if swept && !e.Loss().Family().Rows {
			continue
		}
		if f.results[i], err = e.Sum(b); err != nil {
			return err
		}
	}
	return nil
}

// rank evaluates the losses one by one, and returns the hardest scores of each.
func (f *evaluateFn) rank(s *span, b engine.Batch) (scores [][]Score, err error) {
	for i, e := range f.engines.all {
		r := engine.Ranking{K: f.Plan.Top}
		if f.results[i], err = e.Rank(&r, s.From, b); err != nil {
			return nil, err
		}
		kept := r.Scores()
		list := make([]Score, len(kept))
		for k, one := range kept {
			list[k] = Score{
				Path: s.Pair.Logits.Name, Row: one.Index / s.Pair.Columns, Column: one.Index % s.Pair.Columns,
				Loss: one.Loss, Score: one.Score, Target: one.Target, Soft: s.Pair.Kind == pair.Soft,
			}
		}
		scores = append(scores, list)
	}
	return scores, nil
}

// Teardown closes what was opened.
func (f *evaluateFn) Teardown() error { return f.store.Close() }
