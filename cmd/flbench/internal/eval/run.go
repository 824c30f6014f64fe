package eval

import (
	"context"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// evaluator is an evaluation before it knows its inputs.
type evaluator struct {
	loss    engine.Loss
	flags   stream.Flags
	top     int  // so many of the hardest scores of each input, and of all
	max     bool // the largest loss of each input
	outputs outputs

	weighted bool // anchors have weights
}

// ranks tells whether hardest scores are asked for, and kept how many of an image are kept.
func (e *evaluator) ranks() bool { return e.top > 0 || e.max }
func (e *evaluator) kept() int   { return max(e.top, 1) }

// rows tells whether the loss is one of rows.
func (e *evaluator) rows() bool { return e.loss.Family().Rows }

// takesProbs tells whether the loss is one of probabilities, too.
func (e *evaluator) takesProbs() bool {
	n, err := engine.New(e.loss, engine.WithKernel("generic"), engine.WithWorkers(1))
	if err == nil {
		_, err = n.Sum(engine.Batch{Probs: []float32{0}, Labels: []uint8{0}})
	}
	return err == nil
}

// engines are what shards are evaluated by, each by one worker.
type engines struct {
	loss    *engine.Engine    // for losses and gradients
	sweeper *engine.Sweeper   // of the loss and, unless that is it, cross-entropy; nil for losses of rows
	losses  int               // how many these are
	alone   []*engine.Sweeper // of each of two, for what cross-entropy does not take; see worker.softProbs
}

// engines makes those for a convention of class labels.
func (e *evaluator) engines(convention ...engine.Option) (*engines, error) {
	options := e.flags.Engine(convention...)
	losses := []engine.Loss{e.loss, engine.CrossEntropy()}
	if losses[0] == losses[1] || e.rows() {
		losses = losses[:1]
	}
	n := &engines{losses: len(losses)}
	var err error
	if n.loss, err = engine.New(e.loss, options...); err == nil && !e.rows() {
		n.sweeper, err = engine.NewSweeper(losses, options...)
	}
	for i := range losses {
		if err == nil && len(losses) == 2 {
			var one *engine.Sweeper
			one, err = engine.NewSweeper(losses[i:i+1], options...)
			n.alone = append(n.alone, one)
		}
	}
	return n, err
}

// run evaluates the inputs and reports on them. The outputs are there once it returns
// without an error, and not before.
func (e *evaluator) run(ctx context.Context, sources []dump.Source, p *cli.Progress) (*report, error) {
	images, err := stream.Check(ctx, sources, e.rows())
	if err != nil {
		return nil, err
	}
	if err := e.checkTop(images); err != nil {
		return nil, err
	}
	r, err := newRun(e, images, p)
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
	workers, scores := stream.Workers(images, e.flags.Workers)
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
	return r.report(workers), nil
}

// run is an evaluation at work.
type run struct {
	*evaluator
	byOptions *stream.Engines[*engines]
	images    []*stream.Image
	found     []found // in them
	files     *files  // nil if there are none
	progress  *cli.Progress

	mu       sync.Mutex // of what follows
	entries  []entry    // of the images, in their order
	warnings [][]string
	notes    [][]string
	total    tally
}

func newRun(e *evaluator, images []*stream.Image, p *cli.Progress) (*run, error) {
	n := len(images)
	byOptions, err := stream.NewEngines(e.engines)
	return &run{
		evaluator: e, images: images, found: make([]found, n), byOptions: byOptions, progress: p,
		entries: make([]entry, n), warnings: make([][]string, n), notes: make([][]string, n),
	}, err
}

// work does all shards.
func (r *run) work(ctx context.Context, workers int) error {
	return stream.Work(ctx, r.images, workers, func() func(stream.Shard) error {
		w := &worker{run: r}
		return func(s stream.Shard) error { return w.shard(ctx, s) }
	})
}

// finish closes an image, whose shards are done, and notes what is to be reported.
func (r *run) finish(ctx context.Context, im *stream.Image) error {
	in, err := im.Input()
	if err != nil {
		return err
	}
	f := &r.found[im.Index]
	e := r.entry(in.Path(), f.tally)
	if r.ranks() {
		hardest := f.ranking(r.kept()).Scores()
		if r.max {
			e.Max = new(cli.Float32)
			if len(hardest) > 0 {
				*e.Max = cli.Float32(hardest[0].Loss)
			}
		}
		if r.top > 0 {
			e.Top = &ranking.Ranking{Limit: r.top, Lists: []ranking.List{ranking.NewList(in, hardest)}}
		}
	}
	warnings, notes := in.Warnings(*f.tally.loss()), in.Notes()
	if err := im.Close(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[im.Index], r.warnings[im.Index], r.notes[im.Index] = e, warnings, notes
	r.total.merge(f.tally)
	f.tally, f.hardest = nil, nil
	return nil
}

// entry returns the outcome of a path, or of all.
func (r *run) entry(path string, t *tally) entry {
	e := newEntry(path, t)
	e.EasyNegatives.none = r.rows()
	if r.weighted {
		mean := cli.Float(t.loss().WeightedMean())
		e.WeightedMean = &mean
	}
	return e
}

// report returns what was found.
func (r *run) report(workers int) *report {
	plain, _ := r.byOptions.For(nil) // there since newRun
	rep := &report{
		Loss: cli.LossInfo{Loss: r.loss}, Kernel: plain.loss.Kernel(), Workers: workers,
		Results: r.entries, Total: r.entry("total", &r.total), Warnings: []cli.Remark{}, Notes: []cli.Remark{},
	}
	if r.max {
		largest := cli.Float32(0)
		for _, e := range r.entries {
			largest = max(largest, *e.Max)
		}
		rep.Total.Max = &largest
	}
	if r.top > 0 && len(r.entries) > 1 {
		all := &ranking.Ranking{Limit: r.top, Paths: true}
		for _, e := range r.entries {
			all.Lists = append(all.Lists, e.Top.Lists[0])
		}
		rep.Total.Top = all
	}
	for i, e := range r.entries {
		for _, text := range r.warnings[i] {
			rep.Warnings = append(rep.Warnings, cli.Remark{Path: e.Path, Text: text})
		}
		for _, text := range r.notes[i] {
			rep.Notes = append(rep.Notes, cli.Remark{Path: e.Path, Text: text})
		}
	}
	return rep
}
