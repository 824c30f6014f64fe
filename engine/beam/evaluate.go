package beam

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/pair"
)

// Options say what to evaluate. The zero value of a field is its default.
type Options struct {
	Losses     []engine.Loss // at least one, none of them twice; the bytes are read once for all
	Top        int           // so many of the hardest scores of each key, and of all; 0: none
	SpanBlocks int           // blocks of engine.Block scores in a span; 0: 256

	// What the files mean, as flags of flbench eval say it.

	Probs      bool    // the scores are probabilities, after the sigmoid
	Targets    string  // "binary", "class" or "soft"; "": what the labels' dtype, shape and values say
	Background *int32  // what class indices call background; nil: engine.Background
	Ignored    []int32 // what labels call ignored; none: engine.IgnoredClass, IgnoredLabel or IgnoredTarget
}

// LossKey is what a result is of: a loss, as engine.Loss.String spells it, and a shard's key.
type LossKey struct{ Loss, Key string }

// Outcome has what Evaluate gives: PCollections of these types.
type Outcome struct {
	Results beam.PCollection // KV<LossKey, engine.Result>: one for each loss and key
	Totals  beam.PCollection // KV<string, engine.Result>: one for each loss, of all keys
	Hardest beam.PCollection // KV<LossKey, Hardest>: of each loss and key; empty without Top
	Top     beam.PCollection // KV<string, Hardest>: of each loss, of all keys, likewise
	Notes   beam.PCollection // Note: what there is to say about a file
}

// Note is a remark about logits and their labels: that something was done to them that is not
// plain, or, as a warning, that they look as if they were not what they were taken for.
type Note struct {
	Path, Text string
	Warning    bool
}

// Defaults, and bounds of options.
const (
	defaultSpanBlocks = 256
	maxSpanBlocks     = 1 << 16 // 2²⁸ scores: 1 GiB of float32
	maxTop            = 1 << 20
)

// Evaluate evaluates losses over a PCollection of Shards, such as [Shards] makes. It returns an
// error about the options; what is wrong with the files fails the pipeline, see [Fault].
//
// A loss of rows, such as softmax cross-entropy, is summed in blocks of engine.Block rows: if
// there is one, a span has whole blocks of rows, at least one, and at most SpanBlocks blocks of
// scores otherwise.
func Evaluate(s beam.Scope, shards beam.PCollection, o Options) (Outcome, error) {
	p, err := o.plan()
	if err != nil {
		return Outcome{}, err
	}
	s = s.Scope("flengine.Evaluate")
	return p.evaluate(s, p.cut(s, shards)), nil
}

// pieces is what shards are cut into.
type pieces struct {
	spans    beam.PCollection // span
	expected beam.PCollection // KV<LossKey, int64>: how many entries results will be of
	notes    beam.PCollection // Note
}

// cut cuts shards, each of which is to be there once.
func (p *plan) cut(s beam.Scope, shards beam.PCollection) (c pieces) {
	once := beam.GroupByKey(s, beam.ParDo(s, &identifyFn{}, shards))
	c.spans, c.expected, c.notes = beam.ParDo3(s, &cutFn{Plan: *p}, once)
	return c
}

// evaluate evaluates the spans, and puts their results together.
func (p *plan) evaluate(s beam.Scope, c pieces) Outcome {
	results, hardest, saw := beam.ParDo3(s, &evaluateFn{Plan: *p}, beam.Reshuffle(s, c.spans))
	merged := beam.CombinePerKey(s, &mergeFn{}, results)
	counts := beam.CombinePerKey(s, &addFn{}, c.expected)
	checked := beam.ParDo(s, &checkFn{}, beam.CoGroupByKey(s, merged, counts))
	top := &hardestFn{K: p.Top}
	return Outcome{
		Results: checked,
		Totals:  beam.CombinePerKey(s, &mergeFn{}, beam.ParDo(s, ofLoss, checked)),
		Hardest: beam.CombinePerKey(s, top, hardest),
		Top:     beam.CombinePerKey(s, top, beam.ParDo(s, hardestOfLoss, hardest)),
		Notes:   beam.Flatten(s, c.notes, beam.ParDo(s, &doubtFn{Pair: p.Pair}, beam.CombinePerKey(s, &seeFn{}, saw))),
	}
}

// ofLoss leaves out the key.
func ofLoss(of LossKey, r engine.Result) (string, engine.Result) { return of.Loss, r }

func hardestOfLoss(of LossKey, h Hardest) (string, Hardest) { return of.Loss, h }

// plan is Options as workers get them.
type plan struct {
	Losses []string
	Top    int
	Blocks int
	Rows   bool // one of the losses is of rows
	Pair   pair.Options
}

// plan checks the options, with which engines can be made.
func (o *Options) plan() (p plan, err error) {
	p = plan{Top: o.Top, Blocks: o.SpanBlocks, Pair: pair.Options{Probs: o.Probs, Targets: o.Targets, Ignored: o.Ignored}}
	if p.Blocks == 0 {
		p.Blocks = defaultSpanBlocks
	}
	if o.Background != nil {
		p.Pair.Background = []int32{*o.Background}
	}
	switch {
	case len(o.Losses) == 0:
		return p, errors.New("Losses is empty: want at least one loss")
	case o.Top < 0 || o.Top > maxTop:
		return p, fmt.Errorf("Top is %d: want 0 to %d", o.Top, maxTop)
	case p.Blocks < 1 || p.Blocks > maxSpanBlocks:
		return p, fmt.Errorf("SpanBlocks is %d: want 1 to %d", o.SpanBlocks, maxSpanBlocks)
	}
	for i, l := range o.Losses {
		if slices.Contains(o.Losses[:i], l) {
			return p, fmt.Errorf("Losses has %s twice: want it once", l)
		}
		if l.Family().Rows {
			p.Rows = true
			p.Pair.Rows = append(p.Pair.Rows, l.String())
		}
		p.Losses = append(p.Losses, l.String())
	}
	if err := p.Pair.Check(); err != nil {
		return p, err
	}
	_, err = p.engines()
	return p, err
}

// engines are what evaluates a span, with one worker each: a runner has workers of its own.
type engines struct {
	all     []*engine.Engine // of the losses, in order
	sweeper *engine.Sweeper  // of the losses of scores, all from one pass; nil for fewer than two
	swept   []int            // which those are
}

// engines makes them.
func (p *plan) engines() (*engines, error) {
	e := &engines{}
	options := append(p.Pair.Engine(), engine.WithWorkers(1))
	var scores []engine.Loss
	for i, text := range p.Losses {
		l, err := engine.ParseLoss(text)
		if err != nil {
			return nil, err
		}
		one, err := engine.New(l, options...)
		if err != nil {
			return nil, fmt.Errorf("loss %s: %w", text, err)
		}
		e.all = append(e.all, one)
		if !l.Family().Rows {
			scores, e.swept = append(scores, l), append(e.swept, i)
		}
	}
	if len(scores) < 2 {
		return e, nil
	}
	var err error
	e.sweeper, err = engine.NewSweeper(scores, options...)
	return e, err
}
