package report

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// collection is what a page is made of.
type collection struct {
	*stream.Flags
	loss engine.Loss
	top  int

	kernel          string
	workers         int
	losses          []engine.Loss // what is evaluated of each batch; see newLosses
	all, easy       []engine.Result
	images          []imageResult
	classes         map[string]*classCount // positives by class
	positives       *ranking.Ranking
	negatives       *ranking.Ranking
	warnings, notes []cli.Remark
	speed           *speed
}

// classCount is the positives of the columns of a name, which inputs may have at several places.
type classCount struct {
	column int // the first of them
	n      int64
}

// imageResult is what is known of an input.
type imageResult struct {
	path      string
	shape     []int
	kind      string
	all, easy engine.Result
	ceAll     engine.Result
	anchors   int
	picture   string // its file, "" if there is none
}

// The places of losses among those that are evaluated; the grid's follow.
const (
	atLoss         = iota
	atCE           // cross-entropy
	atPositives    // the loss of positives alone
	atCEPositives  // cross-entropy of them
	numberOfLosses // before the grid
)

// newLosses returns what is evaluated of each batch for a page on a loss, with cross-entropy
// unless something else must take its place.
func newLosses(loss engine.Loss, ce bool) []engine.Loss {
	pos, _ := loss.Weights()
	list := []engine.Loss{loss, loss, loss.Weighted(pos, 0), loss.Weighted(pos, 0)}
	if ce {
		list[atCE], list[atCEPositives] = engine.CrossEntropy(), engine.CrossEntropy().Weighted(1, 0)
	}
	if g, ok := grids[loss.Family().Name]; ok {
		for _, d := range g.down.or() {
			for _, a := range g.across.values {
				list = append(list, with(loss, map[string]float32{g.down.name: d, g.across.name: a}))
			}
		}
	}
	return list
}

// or returns the values, or one that stands for none.
func (a axis) or() []float32 {
	if a.name == "" {
		return []float32{0}
	}
	return a.values
}

// with returns a loss with other values of some parameters.
func with(loss engine.Loss, values map[string]float32) engine.Loss {
	var parameters []string
	for _, p := range loss.Family().Parameters {
		v, ok := values[p.Name]
		if !ok {
			v, ok = loss.Parameter(p.Name)
		}
		if ok {
			parameters = append(parameters, p.Name+"="+strconv.FormatFloat(float64(v), 'g', -1, 32))
		}
	}
	other, err := engine.ParseLoss(loss.Family().Name + "(" + strings.Join(parameters, ",") + ")")
	if err != nil {
		panic(err) // a grid with a value that its parameter does not take
	}
	return other
}

// rows tells whether the loss is one of rows.
func (c *collection) rows() bool { return c.loss.Family().Rows }

// ce tells whether there is a cross-entropy to compare with: not of heatmaps of probabilities,
// whose targets between 0 and 1 it does not take.
func (c *collection) ce() bool { return c.loss.Family().Name != "heatmap" || !c.Inputs.Probs }

// engines are what a worker evaluates with.
type engines struct {
	sweeper *engine.Sweeper // of losses of scores
	two     *engine.Sweeper // of the first two of them
	loss    *engine.Engine
	options []engine.Option
}

func (c *collection) engines(convention ...engine.Option) (e engines, err error) {
	e.options = convention
	options := c.Engine(convention...)
	if e.loss, err = engine.New(c.loss, options...); err == nil && !c.rows() {
		if e.sweeper, err = engine.NewSweeper(c.losses, options...); err == nil {
			e.two, err = engine.NewSweeper(c.losses[:atPositives], options...)
		}
	}
	return e, err
}

// found is what the shards of an image gave.
type found struct {
	mu                   sync.Mutex
	all, easy            engine.Result
	ce                   engine.Result
	positives, negatives *engine.Ranking
}

// collect evaluates the inputs.
func (c *collection) collect(ctx context.Context, sources []dump.Source, p *cli.Progress) error {
	images, err := stream.Check(ctx, sources, c.rows())
	if err != nil {
		return err
	}
	defer stream.CloseAll(images)
	c.losses, c.classes = newLosses(c.loss, c.ce()), map[string]*classCount{}
	byOptions, err := stream.NewEngines(c.engines)
	if err != nil {
		return err
	}
	n := len(c.losses)
	c.all, c.easy, c.images = make([]engine.Result, n), make([]engine.Result, n), make([]imageResult, len(images))
	founds, remarks := make([]found, len(images)), make([]stream.Remarks, len(images))
	boards := [2]*ranking.Board{{K: c.top}, {K: c.top}}
	var mu sync.Mutex // of the collection
	workers, scores := stream.Workers(images, c.Workers)
	p.StartBytes("evaluating", 4*scores)
	defer p.Clear()
	err = stream.Work(ctx, images, workers, func() func(stream.Shard) error {
		var scratch dump.Scratch
		var memory scratchLabels
		all, easy := make([]engine.Result, n), make([]engine.Result, n)
		return func(s stream.Shard) error {
			f := &founds[s.Image.Index]
			clear(all)
			clear(easy)
			var counts []int64
			var names map[int]string
			err := s.Evaluate(&scratch, func(in *dump.Dump, b engine.Batch) error {
				e, err := byOptions.For(in.Options())
				if err != nil {
					return err
				}
				counts = make([]int64, in.Columns())
				if err := c.countClasses(counts, &memory, b, e.options); err != nil {
					return err
				}
				names = classNames(in, counts)
				if err := c.evaluate(&e, f, boards, b, s, all, easy); err != nil || !c.soft(b) {
					return err
				}
				return e.two.Sum(all[atPositives:numberOfLosses], c.onlyPositives(b, &memory))
			})
			if err != nil {
				return err
			}
			mu.Lock()
			for i := range all {
				c.all[i].Merge(all[i])
				c.easy[i].Merge(easy[i])
			}
			for column, n := range counts {
				if n > 0 {
					c.addClass(names[column], column, n)
				}
			}
			f.all.Merge(all[atLoss])
			f.easy.Merge(easy[atLoss])
			f.ce.Merge(all[atCE])
			mu.Unlock()
			p.Add(4 * int64(s.To-s.From))
			if !s.Image.ShardDone() {
				return nil
			}
			return c.finish(s.Image, f, boards, &remarks[s.Image.Index], &mu)
		}
	})
	if err != nil {
		return err
	}
	c.workers = workers
	e, err := byOptions.For(nil)
	if err != nil {
		return err
	}
	c.kernel = e.loss.Kernel()
	c.positives, c.negatives = boards[0].Ranking(), boards[1].Ranking()
	c.warnings, c.notes = stream.AllRemarks(remarks)
	return nil
}

// evaluate sets the results of a shard, and ranks its scores.
func (c *collection) evaluate(e *engines, f *found, boards [2]*ranking.Board, b engine.Batch, s stream.Shard, all, easy []engine.Result) (err error) {
	f.mu.Lock()
	if f.positives == nil {
		f.positives = &engine.Ranking{K: c.top, Among: engine.PositiveScores, Least: boards[0].Least()}
		f.negatives = &engine.Ranking{K: c.top, Among: engine.NegativeScores, Least: boards[1].Least()}
	}
	f.mu.Unlock()
	if c.rows() {
		all[atLoss], err = e.loss.Rank(f.positives, s.From, b)
		return err
	}
	if err := e.sweeper.SumEasy(all, easy, cli.EasyPt, b); err != nil {
		return err
	}
	if c.top == 0 {
		return nil
	}
	for _, r := range []*engine.Ranking{f.positives, f.negatives} {
		if _, err := e.loss.Rank(r, s.From, b); err != nil {
			return err
		}
	}
	return nil
}

// finish notes what an image gave, and closes it.
func (c *collection) finish(im *stream.Image, f *found, boards [2]*ranking.Board, remarks *stream.Remarks, mu *sync.Mutex) error {
	in, err := im.Input()
	if err != nil {
		return err
	}
	for i, r := range []*engine.Ranking{f.positives, f.negatives} {
		if r != nil {
			boards[i].Add(im.Index, ranking.NewList(in, r.Scores()))
		}
	}
	f.positives, f.negatives = nil, nil
	if err := remarks.Take(im, f.all); err != nil {
		return err
	}
	kind := "logits"
	if in.Probs() {
		kind = "probabilities"
	}
	labels := "labels"
	if in.Soft() {
		labels = "soft targets"
	}
	result := imageResult{
		path: in.Path(), shape: in.Shape(), kind: kind + ", " + labels, all: f.all, easy: f.easy, ceAll: f.ce,
		anchors: im.Scores / max(in.Columns(), 1), picture: in.Picture(),
	}
	mu.Lock()
	c.images[im.Index] = result
	mu.Unlock()
	return im.Close()
}

// positive tells whether a target is one that the loss counts as positive.
func (c *collection) positive(y float32) bool { return cli.Positive(c.loss, y) }

// soft tells whether labels are soft, of which a weight of 0 for the background leaves a part.
func (c *collection) soft(b engine.Batch) bool {
	_, smoothed := c.loss.Parameter("smoothing")
	return !c.rows() && (b.Targets != nil || smoothed)
}

// scratchLabels is a worker's memory for labels and targets.
type scratchLabels struct {
	labels  []uint8 // of scores
	hot     []uint8 // those of the batch: these, or its own
	targets []float32
}

// onlyPositives is a batch, whose classes have been counted, of which what is not positive is
// ignored.
func (c *collection) onlyPositives(b engine.Batch, m *scratchLabels) engine.Batch {
	if b.Targets == nil {
		labels := append([]uint8(nil), m.hot...)
		for i, l := range labels {
			if l != 1 {
				labels[i] = engine.IgnoredLabel
			}
		}
		b.Classes, b.Labels = nil, labels
		return b
	}
	m.targets = append(m.targets[:0], b.Targets...)
	for i, y := range m.targets {
		if !c.positive(y) {
			m.targets[i] = engine.IgnoredTarget
		}
	}
	b.Targets = m.targets
	return b
}

// countClasses counts the positives of a batch by column.
func (c *collection) countClasses(counts []int64, m *scratchLabels, b engine.Batch, options []engine.Option) error {
	columns := len(counts)
	if c.rows() { // without a background; the engine says what is no class
		for _, class := range b.Classes {
			if class >= 0 && int(class) < columns && !slices.Contains(c.Inputs.Ignored, class) {
				counts[class]++
			}
		}
		return nil
	}
	at := b.FirstColumn
	next := func(positive bool) {
		if positive {
			counts[at%columns]++
		}
		at++
	}
	if b.Targets != nil {
		for _, y := range b.Targets {
			next(c.positive(y))
		}
		return nil
	}
	if n := max(len(b.Logits), len(b.Probs), len(b.Float16), len(b.BFloat16)); cap(m.labels) < n {
		m.labels = make([]uint8, n)
	} else {
		m.labels = m.labels[:n]
	}
	hot, err := b.OneHot(m.labels, options...)
	if err != nil {
		return err
	}
	m.hot = hot.Labels
	y := m.hot
	for len(y) >= 8 { // nearly all are background
		if binary.LittleEndian.Uint64(y) == 0 {
			at += 8
		} else {
			for _, l := range y[:8] {
				next(l == 1)
			}
		}
		y = y[8:]
	}
	for _, l := range y {
		next(l == 1)
	}
	return nil
}

// classNames are those of the columns that have positives.
func classNames(in *dump.Dump, counts []int64) map[int]string {
	names := map[int]string{}
	for column, n := range counts {
		if n == 0 {
			continue
		}
		if names[column] = in.Class(column); names[column] == "" {
			names[column] = fmt.Sprintf("column %d", column)
		}
	}
	return names
}

// addClass adds positives of a column.
func (c *collection) addClass(name string, column int, n int64) {
	k := c.classes[name]
	if k == nil {
		k = &classCount{column: column}
		c.classes[name] = k
	}
	k.column = min(k.column, column)
	k.n += n
}
