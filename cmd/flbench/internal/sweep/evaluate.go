package sweep

import (
	"context"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// engines evaluate the losses: those of scores together, those of rows one by one.
type engines struct {
	sweeper *engine.Sweeper
	rows    []*engine.Engine
}

// newEngines makes those of a grid.
func newEngines(losses []engine.Loss, options []engine.Option) (e engines, err error) {
	if !losses[0].Family().Rows {
		e.sweeper, err = engine.NewSweeper(losses, options...)
		return e, err
	}
	for _, l := range losses {
		one, err := engine.New(l, options...)
		if err != nil {
			return e, err
		}
		e.rows = append(e.rows, one)
	}
	return e, nil
}

// sum sets the results of a batch. easy stays as it is of losses of rows.
func (e *engines) sum(all, easy []engine.Result, b engine.Batch) (err error) {
	if e.sweeper != nil {
		return e.sweeper.SumEasy(all, easy, cli.EasyPt, b)
	}
	for i, one := range e.rows {
		if all[i], err = one.Sum(b); err != nil {
			return err
		}
	}
	return nil
}

// kernel returns the name of the kernel in use.
func (e *engines) kernel() string {
	if e.sweeper != nil {
		return e.sweeper.Kernel()
	}
	return e.rows[0].Kernel()
}

// sums are results of all losses, which merge in any order.
type sums struct{ all, easy []engine.Result }

func newSums(n int) sums { return sums{make([]engine.Result, n), make([]engine.Result, n)} }

func (s *sums) merge(o *sums) {
	for i := range s.all {
		s.all[i].Merge(o.all[i])
		s.easy[i].Merge(o.easy[i])
	}
}

// evaluate evaluates a grid over the inputs.
func evaluate(ctx context.Context, f *stream.Flags, grid *cli.Grid, sources []dump.Source, p *cli.Progress) (*report, error) {
	n := len(grid.Losses)
	images, err := stream.Check(ctx, sources, grid.Losses[0].Family().Rows)
	if err != nil {
		return nil, err
	}
	byOptions, err := stream.NewEngines(func(convention ...engine.Option) (engines, error) {
		return newEngines(grid.Losses, f.Engine(convention...))
	})
	if err != nil {
		return nil, err
	}
	defer stream.CloseAll(images)
	var (
		mu      sync.Mutex
		total   = newSums(n)
		counts  = make([]engine.Result, len(images)) // of the first loss
		remarks = make([]stream.Remarks, len(images))
	)
	workers, scores := stream.Workers(images, f.Workers)
	p.StartBytes("sweeping", 4*scores)
	defer p.Clear()
	err = stream.Work(ctx, images, workers, func() func(stream.Shard) error {
		var scratch dump.Scratch
		one := newSums(n)
		return func(s stream.Shard) error {
			clear(one.all)
			clear(one.easy)
			err := s.Evaluate(&scratch, func(in *dump.Dump, b engine.Batch) error {
				e, err := byOptions.For(in.Options())
				if err != nil {
					return err
				}
				return e.sum(one.all, one.easy, b)
			})
			if err != nil {
				return err
			}
			mu.Lock()
			total.merge(&one)
			counts[s.Image.Index].Merge(one.all[0])
			mu.Unlock()
			p.Add(4 * int64(s.To-s.From))
			if !s.Image.ShardDone() {
				return nil
			}
			if err := remarks[s.Image.Index].Take(s.Image, counts[s.Image.Index]); err != nil {
				return err
			}
			return s.Image.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	e, err := byOptions.For(nil)
	if err != nil {
		return nil, err
	}
	r := newReport(grid, &total)
	r.Kernel, r.Workers, r.Inputs = e.kernel(), workers, len(images)
	r.Warnings, r.Notes = stream.AllRemarks(remarks)
	return r, nil
}
