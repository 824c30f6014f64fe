package plots

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// seen is what reports on dumps tell of these.
type seen struct {
	Kernel    string       `json:"kernel"`
	Workers   int          `json:"workers"`
	Inputs    int          `json:"inputs"`
	Scores    int64        `json:"scores"`
	Positives int64        `json:"positives"`
	Ignored   int64        `json:"ignored"`
	Warnings  []cli.Remark `json:"warnings"`
	Notes     []cli.Remark `json:"notes"`
}

// String is the end of a figure's head.
func (s *seen) String() string {
	return fmt.Sprintf("%s, %d scores, %d positives, %d ignored; kernel %s, %s", cli.Count(s.Inputs, "input"),
		s.Scores, s.Positives, s.Ignored, s.Kernel, cli.Count(s.Workers, "worker"))
}

// look is a worker's, at a shard of a dump: its result counts what is scored.
type look func(e []*engine.Engine, s *shard) (engine.Result, error)

// shard is the scores [from, to) of a dump, and the scratch that they are from.
type shard struct {
	in       *dump.Dump
	from, to int
	batch    engine.Batch
	scratch  *dump.Scratch
}

// pass has workers, each with its own look, see all scores of the inputs once, with engines of
// some losses.
func pass(cmd *cobra.Command, f *stream.Flags, what string, losses []engine.Loss, sources []dump.Source, worker func() look) (*seen, error) {
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	s, err := looks(ctx, f, what, losses, sources, worker, cli.NewProgress(cmd.ErrOrStderr()))
	if errors.Is(err, context.Canceled) {
		return nil, cli.ErrInterrupted
	}
	return s, err
}

func looks(ctx context.Context, f *stream.Flags, what string, losses []engine.Loss, sources []dump.Source, worker func() look, p *cli.Progress) (*seen, error) {
	images, err := stream.Check(ctx, sources, false)
	if err != nil {
		return nil, err
	}
	engines, err := stream.NewEngines(func(convention ...engine.Option) (all []*engine.Engine, err error) {
		for _, l := range losses {
			e, err := engine.New(l, f.Engine(convention...)...)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	defer stream.CloseAll(images)
	var mu sync.Mutex
	counts := make([]engine.Result, len(images))
	remarks := make([]stream.Remarks, len(images))
	workers, scores := stream.Workers(images, f.Workers)
	p.StartBytes(what, 4*scores)
	defer p.Clear()
	err = stream.Work(ctx, images, workers, func() func(stream.Shard) error {
		var scratch dump.Scratch
		mu.Lock()
		one := worker()
		mu.Unlock()
		return func(sh stream.Shard) error {
			at := sh.Image.Index
			err := sh.Evaluate(&scratch, func(in *dump.Dump, b engine.Batch) error {
				e, err := engines.For(in.Options())
				if err != nil {
					return err
				}
				r, err := one(e, &shard{in, sh.From, sh.To, b, &scratch})
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				counts[at].Merge(r)
				return nil
			})
			if err != nil {
				return err
			}
			p.Add(4 * int64(sh.To-sh.From))
			if !sh.Image.ShardDone() {
				return nil
			}
			mu.Lock()
			r := counts[at]
			mu.Unlock()
			if err := remarks[at].Take(sh.Image, r); err != nil {
				return err
			}
			return sh.Image.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	usual, err := engines.For(nil)
	if err != nil {
		return nil, err
	}
	total := &seen{Kernel: usual[0].Kernel(), Workers: workers, Inputs: len(images)}
	total.Warnings, total.Notes = stream.AllRemarks(remarks)
	var all engine.Result
	for _, r := range counts {
		all.Merge(r)
	}
	total.Scores, total.Positives, total.Ignored = all.Scores, all.Positives, all.Ignored
	return total, nil
}

// labels are a worker's memory for the labels of scores.
type labels []uint8

// of returns the labels of a shard that the engine has taken. Of soft targets it says which are
// positive.
func (l *labels) of(s *shard, positive func(target float32) bool) ([]uint8, error) {
	b, n := s.batch, s.to-s.from
	if b.Labels != nil {
		return b.Labels, nil
	}
	if cap(*l) < n {
		*l = make([]uint8, n)
	}
	labels := (*l)[:n]
	if b.Targets == nil {
		_, err := b.OneHot(labels, s.in.Options()...)
		return labels, err
	}
	for i, y := range b.Targets {
		switch {
		case y == engine.IgnoredTarget:
			labels[i] = engine.IgnoredLabel
		case positive(y):
			labels[i] = 1
		default:
			labels[i] = 0
		}
	}
	return labels, nil
}
