package hardest

import (
	"context"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// search is a search for the hardest scores.
type search struct {
	*stream.Flags
	loss      engine.Loss
	top       int
	threshold float32
	kinds     []kind
}

// found is what the shards of an image gave.
type found struct {
	mu       sync.Mutex
	result   engine.Result
	rankings []*engine.Ranking // by kind, from the first shard on
}

// of returns the image's rankings. Of what all images have, it is known what is too easy.
func (f *found) of(s *search, boards []*ranking.Board) []*engine.Ranking {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rankings == nil {
		for i, k := range s.kinds {
			f.rankings = append(f.rankings, &engine.Ranking{K: s.top, Among: k.among, Least: max(s.threshold, boards[i].Least())})
		}
	}
	return f.rankings
}

// run searches the inputs.
func (s *search) run(ctx context.Context, sources []dump.Source, p *cli.Progress) (*report, error) {
	images, err := stream.Check(ctx, sources, s.loss.Family().Rows)
	if err != nil {
		return nil, err
	}
	byOptions, err := stream.NewEngines(func(convention ...engine.Option) (*engine.Engine, error) {
		return engine.New(s.loss, s.Engine(convention...)...)
	})
	if err != nil {
		return nil, err
	}
	defer stream.CloseAll(images)
	r := &report{Loss: cli.LossInfo{Loss: s.loss}, Inputs: len(images), kinds: s.kinds}
	var (
		boards  = make([]*ranking.Board, len(s.kinds))
		founds  = make([]found, len(images))
		remarks = make([]stream.Remarks, len(images))
		mu      sync.Mutex // of the total
		total   engine.Result
	)
	for i := range boards {
		boards[i] = &ranking.Board{K: s.top}
	}
	workers, scores := stream.Workers(images, s.Workers)
	p.StartBytes("searching", 4*scores)
	defer p.Clear()
	err = stream.Work(ctx, images, workers, func() func(stream.Shard) error {
		var scratch dump.Scratch
		return func(sh stream.Shard) error {
			f := &founds[sh.Image.Index]
			err := sh.Evaluate(&scratch, func(in *dump.Dump, b engine.Batch) error {
				e, err := byOptions.For(in.Options())
				if err != nil {
					return err
				}
				for i, k := range f.of(s, boards) {
					result, err := e.Rank(k, sh.From, b)
					if err != nil {
						return err
					}
					if i == 0 {
						f.mu.Lock()
						f.result.Merge(result)
						f.mu.Unlock()
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			p.Add(4 * int64(sh.To-sh.From))
			if !sh.Image.ShardDone() {
				return nil
			}
			in, err := sh.Image.Input()
			if err != nil {
				return err
			}
			for i, k := range f.rankings {
				boards[i].Add(sh.Image.Index, ranking.NewList(in, k.Scores()))
			}
			f.rankings = nil
			if err := remarks[sh.Image.Index].Take(sh.Image, f.result); err != nil {
				return err
			}
			if len(images) == 1 {
				r.shape, r.columns = in.Shape(), 1
				if s.loss.Family().Rows {
					r.shape, r.columns = in.Anchors(), in.Columns()
				}
			}
			mu.Lock()
			total.Merge(f.result)
			mu.Unlock()
			return sh.Image.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	e, err := byOptions.For(nil)
	if err != nil {
		return nil, err
	}
	r.Kernel, r.Workers = e.Kernel(), workers
	r.Scores, r.Positives, r.Ignored = total.Scores, total.Positives, total.Ignored
	for _, b := range boards {
		r.lists = append(r.lists, b.Ranking())
	}
	r.Warnings, r.Notes = stream.AllRemarks(remarks)
	return r, nil
}
