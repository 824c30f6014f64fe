package eval

import (
	"context"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// evaluator is an evaluation before it knows its inputs.
type evaluator struct {
	losses  []engine.Loss // at least one, all of rows or none
	flags   stream.Flags
	top     int  // so many of the hardest scores of each input, and of all
	max     bool // the largest loss of each input
	outputs outputs
	part    part   // of the one input
	partial string // where lines are to be written in place of a report, "" for nowhere

	weighted bool // anchors have weights
}

// ranks tells whether hardest scores are asked for, and kept how many of an image are kept.
func (e *evaluator) ranks() bool { return e.top > 0 || e.max }
func (e *evaluator) kept() int   { return max(e.top, 1) }

// rows tells whether the losses are of rows.
func (e *evaluator) rows() bool { return e.losses[0].Family().Rows }

// noProbs returns the first of the losses that is of logits alone.
func (e *evaluator) noProbs() (l engine.Loss, found bool) {
	for _, l := range e.losses {
		n, err := engine.New(l, engine.WithKernel("generic"), engine.WithWorkers(1))
		if err == nil {
			_, err = n.Sum(engine.Batch{Probs: []float32{0}, Labels: []uint8{0}})
		}
		if err != nil {
			return l, true
		}
	}
	return l, false
}

// engines are what shards are evaluated by, each by one worker.
type engines struct {
	losses  []*engine.Engine // of the losses
	sweeper *engine.Sweeper  // of the losses, and of cross-entropy unless it is one; nil for losses of rows
	results int              // how many there are of a shard: those of the sweeper, or of the losses
	ce      int              // which of them is cross-entropy's, if any
	without *engine.Sweeper  // of the losses, where cross-entropy is none of them, and of that alone,
	ceAlone *engine.Sweeper  // for what it does not take; see worker.softProbs
}

// engines makes those for a convention of class labels.
func (e *evaluator) engines(convention ...engine.Option) (n *engines, err error) {
	options := e.flags.Engine(convention...)
	n = &engines{results: len(e.losses)}
	for _, l := range e.losses {
		one, err := engine.New(l, options...)
		if err != nil {
			return n, err
		}
		n.losses = append(n.losses, one)
	}
	if e.rows() {
		return n, nil
	}
	swept := slices.Clone(e.losses)
	if n.ce = slices.Index(swept, engine.CrossEntropy()); n.ce < 0 {
		n.ce = len(swept)
		if n.without, err = engine.NewSweeper(swept, options...); err != nil {
			return n, err
		}
		swept = append(swept, engine.CrossEntropy())
		if n.ceAlone, err = engine.NewSweeper(swept[n.ce:], options...); err != nil {
			return n, err
		}
	}
	n.results = len(swept)
	n.sweeper, err = engine.NewSweeper(swept, options...)
	return n, err
}

// run evaluates the inputs and reports on them. The files are there once it returns without an
// error, and not before.
func (e *evaluator) run(ctx context.Context, sources []dump.Source, p *cli.Progress) (*result, error) {
	images, err := stream.Check(ctx, sources, e.rows())
	if err != nil {
		return nil, err
	}
	if e.part.n > 1 {
		images[0].Range(e.part.i, e.part.n)
	}
	if err := e.checkTop(images); err != nil {
		return nil, err
	}
	workers, scores := stream.Workers(images, e.flags.Workers)
	r, err := newRun(e, images, workers, p)
	if err != nil {
		return nil, err
	}
	defer stream.CloseAll(images)
	if e.outputs.any() {
		in, err := images[0].Input()
		if err != nil {
			return nil, err
		}
		shape := in.Shape()
		losses := shape
		if e.rows() {
			losses = in.Anchors()
		}
		if r.files, err = e.outputs.create(losses, shape); err != nil {
			return nil, err
		}
		defer r.files.abort()
	}
	if e.partial != "" {
		if r.lines, err = newLines(e, sources); err != nil {
			return nil, err
		}
		defer r.lines.abort()
	}
	p.StartBytes("evaluating", 4*scores)
	defer p.Clear()

	if err := r.work(ctx, workers); err != nil {
		return nil, err
	}
	if r.files != nil {
		if err := r.files.commit(); err != nil {
			return nil, err
		}
	}
	if r.lines != nil {
		return &result{lines: r.lines}, r.lines.commit()
	}
	report, err := r.builder.Report()
	return &result{report: report}, err
}

// result is what an evaluation gives: a report, or lines.
type result struct {
	report *outcome.Report
	lines  *lines
}

// run is an evaluation at work.
type run struct {
	*evaluator
	byOptions *stream.Engines[*engines]
	plain     *engines // those of the usual convention
	images    []*stream.Image
	found     []found // in them
	files     *files  // nil if there are none
	lines     *lines  // nil unless they are wanted
	progress  *cli.Progress
	builder   *outcome.Builder
	workers   int
}

func newRun(e *evaluator, images []*stream.Image, workers int, p *cli.Progress) (*run, error) {
	r := &run{evaluator: e, images: images, found: make([]found, len(images)), progress: p, workers: workers}
	var err error
	if r.byOptions, err = stream.NewEngines(e.engines); err != nil {
		return nil, err
	}
	if r.plain, err = r.byOptions.For(nil); err != nil {
		return nil, err
	}
	r.builder = outcome.NewBuilder(outcome.Settings{
		Losses: e.losses, Kernel: r.plain.losses[0].Kernel(), Workers: workers, Top: e.top, Max: e.max, Weighted: e.weighted,
	}, len(images))
	return r, nil
}

// work does all shards.
func (r *run) work(ctx context.Context, workers int) error {
	return stream.Work(ctx, r.images, workers, func() func(stream.Shard) error {
		w := &worker{run: r}
		return func(s stream.Shard) error { return w.shard(ctx, s) }
	})
}

// finish closes an image, whose shards are done, and notes what is to be reported.
func (r *run) finish(im *stream.Image) error {
	in, err := im.Input()
	if err != nil {
		return err
	}
	f := &r.found[im.Index]
	came := outcome.Input{Path: in.Path(), Losses: f.measured(r.plain)}
	if r.ranks() {
		for i := range came.Losses {
			m := &came.Losses[i]
			hardest := f.ranking(i, len(r.losses), r.kept()).Scores()
			if len(hardest) > 0 {
				m.Max = hardest[0].Loss
			}
			if r.top > 0 {
				m.Hardest = []ranking.List{ranking.NewList(in, hardest)}
			}
		}
	}
	*f = found{}
	if r.lines != nil {
		text, err := r.line(im, in, &came)
		if err != nil {
			return err
		}
		if err := im.Close(); err != nil {
			return err
		}
		return r.lines.add(im.Index, text)
	}
	from, to := im.Evaluated()
	if came.Notes = in.Notes(); r.part.n > 1 {
		came.Notes = append(came.Notes, r.part.note(from, to, im.Scores))
	}
	if r.part.n <= 1 || from < to { // of nothing there is nothing to warn of
		came.Warnings = in.Warnings(came.Losses[0].Loss)
	}
	if err := im.Close(); err != nil {
		return err
	}
	return r.builder.Add(im.Index, came)
}
