// Package stream has workers evaluate dumps shard by shard, in order, while files are read
// ahead of them.
package stream

import (
	"context"
	"runtime"
	"sync"
)

const (
	// readUnit is how much is asked for at a time, as each request costs.
	readUnit = 8 << 20
	// openCost is what an input counts in the window beside its scores, which bounds
	// how many are open at a time.
	openCost = 128 << 10
)

// Window is how far, in bytes of scores, files are read ahead of the workers: what a fast
// disk delivers in some tens of milliseconds. Tests lower it.
var Window int64 = 48 << 20

// Work has workers do all shards of the images, each by its own function, up to the first
// error, which is that of the first shard that has one, or of ctx.
func Work(ctx context.Context, images []*Image, workers int, worker func() func(Shard) error) error {
	s := newStream(images)
	var reader, wg sync.WaitGroup
	reader.Go(s.readAhead)
	for range workers {
		wg.Go(func() {
			do := worker()
			for {
				sh, ok := s.claim(ctx)
				if !ok {
					return
				}
				if err := do(sh); err != nil {
					s.fail(sh.Number, err)
					return
				}
			}
		})
	}
	wg.Wait()
	s.end()
	reader.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.first.get()
}

// Shard is a part of an image: the scores [From, To).
type Shard struct {
	Number   int // among the shards of all images
	Image    *Image
	From, To int
}

// cost is what the shard counts in the window.
func (s *Shard) cost() int64 {
	n := 4 * int64(s.To-s.From)
	if s.From == s.Image.from {
		n += openCost
	}
	return n
}

// cursor walks over the shards of images. Its zero value is before the first.
type cursor struct {
	number, image int
	done          int   // scores of the image before it
	cost          int64 // of all shards before it
}

// next returns the shard at the cursor and moves on; false at the end.
func (c *cursor) next(images []*Image) (Shard, bool) {
	if c.image == len(images) {
		return Shard{}, false
	}
	im := images[c.image]
	from := im.from + c.done
	s := Shard{Number: c.number, Image: im, From: from, To: from + min(im.step, im.to-from)}
	c.number++
	c.cost += s.cost()
	if c.done = s.To - im.from; s.To == im.to {
		c.image, c.done = c.image+1, 0
	}
	return s, true
}

// stream is the shards of all images, which workers claim in order, and which are read
// ahead of them.
type stream struct {
	images []*Image

	mu    sync.Mutex
	ahead sync.Cond // for who reads ahead: the workers came near, or it is over
	next  cursor    // of the first shard that nobody claimed
	near  int64     // the cost up to which shards must be claimed before reading goes on; 0: it goes on
	over  bool      // nothing is claimed any more

	first firstError // of the shards
}

func newStream(images []*Image) *stream {
	s := &stream{images: images}
	s.ahead.L = &s.mu
	return s
}

// claim returns the next shard to do; false if there is none.
func (s *stream) claim(ctx context.Context) (Shard, bool) {
	s.mu.Lock()
	if s.over || ctx.Err() != nil {
		s.mu.Unlock()
		return Shard{}, false
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

// readAhead opens images and asks for their scores before the workers need them, Window
// ahead of them, up to the end of the stream.
func (s *stream) readAhead() {
	var at cursor
	for {
		s.mu.Lock()
		if at.cost >= s.next.cost+Window {
			s.near = at.cost - Window/2
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
		to := first.To
		for to < first.Image.to && to-first.From < readUnit/4 {
			more, _ := at.next(s.images)
			to = more.To
		}
		if !first.Image.advise(first.From, to) {
			return // a worker will find the error
		}
	}
}
