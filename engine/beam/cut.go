package beam

import (
	"context"
	"fmt"
	"slices"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
	"github.com/flengine/flengine/engine/beam/internal/pair"
)

// span is a part of a shard, whose scores are evaluated at once.
type span struct {
	Key      string
	Pair     pair.Plan
	From, To int // scores
}

// cutFn reads the headers of shards and cuts these into spans.
type cutFn struct {
	Plan  plan
	store object.Store
}

// ProcessElement emits the spans of a shard, how many entries each of its results is to have, and
// what there is to say about it.
func (f *cutFn) ProcessElement(ctx context.Context, _ []byte, same func(*Shard) bool, emit func(span), expect func(LossKey, int64), note func(Note)) error {
	var shard, other Shard
	same(&shard)
	if same(&other) {
		names := []string{object.Printable(shard.Logits), object.Printable(other.Logits)}
		slices.Sort(names)
		if names[0] == names[1] {
			return fault(fmt.Errorf("%s: given twice, want a shard once", names[0]))
		}
		return fault(fmt.Errorf("%s: given twice, as %s, too, want a shard once", names[0], names[1]))
	}
	p, err := f.open(ctx, shard)
	if err != nil {
		return fault(err)
	}
	if p.Logits.DType == "float64" {
		note(Note{Path: shard.Logits, Text: "the scores are float64 and are rounded to float32"})
	}
	scores := p.Logits.Len()
	for _, text := range f.Plan.Losses {
		l, err := engine.ParseLoss(text)
		if err != nil {
			return fault(err)
		}
		entries := scores
		if l.Family().Rows {
			entries /= p.Columns
		}
		expect(LossKey{Loss: text, Key: shard.Key}, int64(entries))
	}
	if scores == 0 {
		emit(span{Key: shard.Key, Pair: *p}) // so that it has a result
	}
	unit, blocks := 1, f.Plan.Blocks
	if f.Plan.Rows {
		unit, blocks = p.Columns, max(1, blocks/p.Columns)
	}
	for from, to := range engine.Spans(scores/unit, blocks) {
		emit(span{Key: shard.Key, Pair: *p, From: unit * from, To: unit * to})
	}
	return nil
}

// open finds out what the files of a shard are.
func (f *cutFn) open(ctx context.Context, shard Shard) (*pair.Plan, error) {
	logits, err := f.header(ctx, shard.Logits)
	if err != nil {
		return nil, err
	}
	labels, err := f.header(ctx, shard.Labels)
	if err != nil {
		return nil, err
	}
	p, err := pair.New(logits, labels, &f.Plan.Pair)
	if err != nil {
		return nil, err
	}
	return p, p.Settle(ctx, &f.store, &f.Plan.Pair)
}

// header reads that of a file.
func (f *cutFn) header(ctx context.Context, name string) (a pair.Array, err error) {
	v, err := f.store.Stat(ctx, name)
	if err != nil {
		return a, err
	}
	start := make([]byte, min(v.Size, pair.HeaderBytes))
	if err := f.store.Read(ctx, name, v, 0, start); err != nil {
		return a, err
	}
	return pair.Header(name, v, start)
}

// Teardown closes what was opened.
func (f *cutFn) Teardown() error { return f.store.Close() }
