package eval

import "sync"

// found is what the shards of an image gave.
type found struct {
	mu    sync.Mutex
	tally *tally   // from the first shard on, until it is reported
	max   float32  // the largest loss, if asked for
	top   *hardest // if asked for
}

// add takes what a worker found in a shard of an image of so many scores.
func (f *found) add(w *worker, scores int) {
	if len(w.hard) > 0 {
		f.hardest(w.top, scores).offer(w.hard)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tally == nil {
		f.tally = new(tally)
	}
	f.tally.merge(&w.tally)
	f.max = max(f.max, w.largest)
}

// hardest is what keeps so many of the image's hardest scores.
func (f *found) hardest(limit, scores int) *hardest {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.top == nil {
		f.top = newHardest(limit, scores)
	}
	return f.top
}
