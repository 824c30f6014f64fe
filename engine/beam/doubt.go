package beam

import "github.com/flengine/flengine/engine/beam/internal/pair"

// seeFn puts together what the spans of a shard have shown.
type seeFn struct{}

// MergeAccumulators is that of Beam's CombineFn.
func (seeFn) MergeAccumulators(a, b pair.Seen) pair.Seen { return a.Merge(b) }

// doubtFn warns of shards that look wrong.
type doubtFn struct{ Pair pair.Options }

// ProcessElement emits the warnings about a shard.
func (f *doubtFn) ProcessElement(path []byte, s pair.Seen, emit func(Note)) {
	for _, text := range s.Doubts(&f.Pair) {
		emit(Note{Path: string(path), Text: text, Warning: true})
	}
}
