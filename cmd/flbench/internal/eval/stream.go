package eval

import (
	"context"
	"runtime"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

const (
	// readUnit is how much is asked for at a time, as each request costs.
	readUnit = 8 << 20
	// openCost is what an input counts in the window beside its scores, which bounds
	// how many are open at a time.
	openCost = 128 << 10
)

// window is how far, in bytes of scores, files are read ahead of the workers: what a fast
// disk delivers in some tens of milliseconds. Tests lower it.
var window int64 = 48 << 20

// shardScores is how many scores are evaluated at a time, a multiple of
// engine.Block, so that shards merge to the bits of the whole. Tests lower it.
var shardScores = 16 * engine.Block

// image is one of the inputs on its way through the evaluation.
type image struct {
	index  int // among the inputs
	scores int
	step   int // scores of a shard: shardScores, or all where rows are not to be cut

	input func() (*dump.Dump, error) // opens it, the first time
	data  *dump.Dump                 // once open

	reading sync.RWMutex // held for reading by who reads ahead, for writing by who closes
	closed  bool

	mu    sync.Mutex // of what follows
	left  int        // shards that are not done
	tally *tally     // from the first of them on
	max   float32    // the largest loss, if asked for
	top   *hardest   // if asked for
}

// newImage returns an image that is opened within ctx, and evaluated in shards or as a whole.
func newImage(ctx context.Context, s dump.Source, index, scores int, whole bool) *image {
	im := &image{index: index, scores: scores, step: shardScores}
	if whole {
		im.step = max(scores, 1)
	}
	im.left = im.shards()
	im.input = sync.OnceValues(func() (data *dump.Dump, err error) {
		im.data, err = s.OpenContext(ctx)
		return im.data, err
	})
	return im
}

// add takes what a worker found in a shard, and tells whether that was the last one.
func (im *image) add(w *worker) (last bool) {
	if len(w.hard) > 0 {
		im.hardest(w.top).offer(w.hard)
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.tally == nil {
		im.tally = new(tally)
	}
	im.tally.merge(&w.tally)
	im.max = max(im.max, w.largest)
	im.left--
	return im.left == 0
}

// hardest is what keeps so many of the image's hardest scores.
func (im *image) hardest(limit int) *hardest {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.top == nil {
		im.top = newHardest(limit, im.scores)
	}
	return im.top
}

// shards is the number of shards of an image. One without scores has an empty one, so that
// it too is opened.
func (im *image) shards() int { return max(1, (im.scores+im.step-1)/im.step) }

// close ends the image's use, and tells whether its files are what they were.
func (im *image) close() error {
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

// shard is a part of an image: the scores [from, to).
type shard struct {
	number   int // among the shards of all images
	image    *image
	from, to int
}

// cost is what the shard counts in the window.
func (s *shard) cost() int64 {
	n := 4 * int64(s.to-s.from)
	if s.from == 0 {
		n += openCost
	}
	return n
}

// cursor walks over the shards of images. Its zero value is before the first.
type cursor struct {
	number, image, from int
	cost                int64 // of all shards before it
}

// next returns the shard at the cursor and moves on; false at the end.
func (c *cursor) next(images []*image) (shard, bool) {
	if c.image == len(images) {
		return shard{}, false
	}
	im := images[c.image]
	s := shard{number: c.number, image: im, from: c.from, to: min(c.from+im.step, im.scores)}
	c.number++
	c.cost += s.cost()
	if c.from = s.to; s.to == im.scores {
		c.image, c.from = c.image+1, 0
	}
	return s, true
}

// stream is the shards of all images, which workers claim in order, and which are read
// ahead of them.
type stream struct {
	images []*image

	mu    sync.Mutex
	ahead sync.Cond // for who reads ahead: the workers came near, or it is over
	next  cursor    // of the first shard that nobody claimed
	near  int64     // the cost up to which shards must be claimed before reading goes on; 0: it goes on
	over  bool      // nothing is claimed any more

	first firstError // of the shards
}

func newStream(images []*image) *stream {
	s := &stream{images: images}
	s.ahead.L = &s.mu
	return s
}

// claim returns the next shard to do; false if there is none.
func (s *stream) claim(ctx context.Context) (shard, bool) {
	s.mu.Lock()
	if s.over || ctx.Err() != nil {
		s.mu.Unlock()
		return shard{}, false
	}
	sh, ok := s.next.next(s.images)
	near := s.near > 0 && s.next.cost >= s.near
	if near {
		s.ahead.Signal()
	}
	s.mu.Unlock()
	if near {
		// Where there is one CPU, reading ahead would else wait for the end of this
		// thread's time slice.
		runtime.Gosched()
	}
	return sh, ok
}

// fail ends the stream with an error of a shard.
func (s *stream) fail(number int, err error) {
	s.first.set(number, err)
	s.end()
}

// end makes that nothing more is claimed or read ahead.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.ahead.Signal()
}

// readAhead opens images and asks for their scores before the workers need them, window
// ahead of them, up to the end of the stream.
func (s *stream) readAhead() {
	var at cursor
	for {
		s.mu.Lock()
		if at.cost >= s.next.cost+window {
			s.near = at.cost - window/2
			for !s.over && s.next.cost < s.near {
				s.ahead.Wait()
			}
		}
		s.near = 0
		over := s.over
		if at.number < s.next.number {
			at = s.next
		}
		s.mu.Unlock()
		if over {
			return
		}
		// The shards of an image are asked for together.
		first, ok := at.next(s.images)
		if !ok {
			return
		}
		to := first.to
		for to < first.image.scores && to-first.from < readUnit/4 {
			more, _ := at.next(s.images)
			to = more.to
		}
		if !first.image.advise(first.from, to) {
			return // a worker will find the error
		}
	}
}

// advise asks for the scores [from, to), if the image is not closed already. False: it
// cannot be opened.
func (im *image) advise(from, to int) bool {
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
