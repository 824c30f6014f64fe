package stream

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

// ShardScores is how many scores are evaluated at a time, a multiple of
// engine.Block, so that shards merge to the bits of the whole. Tests lower it.
var ShardScores = 16 * engine.Block

// Image is one of the inputs on its way through the evaluation.
type Image struct {
	Index   int // among the inputs
	Scores  int
	Columns int // scores of a row

	from, to int // what of the scores is evaluated
	unit     int // scores are cut at multiples of it alone, so that shards merge to the bits of the whole
	step     int // scores of a shard
	left     atomic.Int64
	input    func() (*dump.Dump, error) // opens it, the first time
	data     *dump.Dump                 // once open

	reading sync.RWMutex // held for reading by who reads ahead, for writing by who closes
	closed  bool
}

// newImage returns an image that is opened within ctx, and evaluated in shards.
func newImage(ctx context.Context, s dump.Source, index, scores, columns int, rows bool) *Image {
	im := &Image{Index: index, Scores: scores, Columns: columns, to: scores, unit: engine.Block}
	switch {
	case !rows:
	case scores/max(columns, 1) <= engine.Block:
		im.unit = max(scores, 1)
	default:
		im.unit *= columns
	}
	im.step = max(1, ShardScores/im.unit) * im.unit
	im.input = sync.OnceValues(func() (data *dump.Dump, err error) {
		im.data, err = s.OpenContext(ctx)
		return im.data, err
	})
	im.left.Store(int64(im.Shards()))
	return im
}

// Range has the i-th of n ranges of the scores evaluated alone, 1 ≤ i ≤ n, before anything is
// evaluated. Each score is in one of them; they are cut where results merge to the bits of the
// whole, at multiples of engine.Block scores, or rows. Where there are less such parts than
// ranges, the last ones are empty.
func (im *Image) Range(i, n int) (from, to int) {
	units := (im.Scores-1)/im.unit + 1
	if im.Scores == 0 {
		units = 0
	}
	start := func(i int) int { return min((i*(units/n)+min(i, units%n))*im.unit, im.Scores) }
	im.from, im.to = start(i-1), im.Scores
	if i < n {
		im.to = start(i)
	}
	im.left.Store(int64(im.Shards()))
	return im.from, im.to
}

// Evaluated returns what of the scores is evaluated, all unless Range was called.
func (im *Image) Evaluated() (from, to int) { return im.from, im.to }

// Shards is the number of shards of an image. One without scores has an empty one, so that
// it too is opened.
func (im *Image) Shards() int { return max(1, (im.to-im.from+im.step-1)/im.step) }

// Input returns the image's dump, which it opens the first time.
func (im *Image) Input() (*dump.Dump, error) { return im.input() }

// ShardDone counts a shard that is done, and tells whether it was the last one.
func (im *Image) ShardDone() (last bool) { return im.left.Add(-1) == 0 }

// Close ends the image's use, and tells whether its files are what they were.
func (im *Image) Close() error {
	im.reading.Lock()
	defer im.reading.Unlock()
	im.closed = true
	data := im.data
	im.data = nil
	if data == nil {
		return nil
	}
	return data.Close()
}

// advise asks for the scores [from, to), if the image is not closed already. False: it
// cannot be opened.
func (im *Image) advise(from, to int) bool {
	im.reading.RLock()
	defer im.reading.RUnlock()
	if im.closed {
		return true
	}
	in, err := im.input()
	if err != nil {
		return false
	}
	if from < to {
		in.Advise(from, to)
	}
	return true
}
