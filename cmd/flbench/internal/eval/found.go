package eval

import (
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/engine"
)

// sums are results of all that is evaluated of a shard, see engines, or of several shards, and
// of the easy negatives in them.
type sums struct{ all, easy []engine.Result }

// reset makes them those of nothing.
func (s *sums) reset(n int) {
	s.all, s.easy = grow(s.all, n), grow(s.easy, n)
	clear(s.all)
	clear(s.easy)
}

// found is what the shards of an image gave, until it is reported.
type found struct {
	mu      sync.Mutex
	sums    sums
	hardest []*engine.Ranking // of the scores under each loss, if asked for
}

// add takes what a worker found in a shard.
func (f *found) add(s *sums) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sums.all == nil {
		f.sums.reset(len(s.all))
	}
	for i := range s.all {
		f.sums.all[i].Merge(s.all[i])
		f.sums.easy[i].Merge(s.easy[i])
	}
}

// measured returns what each loss came to.
func (f *found) measured(e *engines) []outcome.Measured {
	losses := make([]outcome.Measured, len(e.losses))
	for i := range losses {
		m := &losses[i]
		m.Loss, m.Easy = f.sums.all[i], f.sums.easy[i]
		if e.sweeper != nil {
			m.CE, m.EasyCE = f.sums.all[e.ce], f.sums.easy[e.ce]
		}
	}
	return losses
}

// ranking is what keeps so many of the image's hardest scores under the i-th of the losses.
func (f *found) ranking(i, losses, k int) *engine.Ranking {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hardest == nil {
		f.hardest = make([]*engine.Ranking, losses)
		for i := range f.hardest {
			f.hardest[i] = &engine.Ranking{K: k}
		}
	}
	return f.hardest[i]
}
