package eval

import (
	"sync"

	"github.com/flengine/flengine/engine"
)

// found is what the shards of an image gave.
type found struct {
	mu      sync.Mutex
	tally   *tally          // from the first shard on, until it is reported
	hardest *engine.Ranking // of the scores, if asked for
}

// add takes what a worker found in a shard.
func (f *found) add(t *tally) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tally == nil {
		f.tally = new(tally)
	}
	f.tally.merge(t)
}

// ranking is what keeps so many of the image's hardest scores.
func (f *found) ranking(k int) *engine.Ranking {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hardest == nil {
		f.hardest = &engine.Ranking{K: k}
	}
	return f.hardest
}
