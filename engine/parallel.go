package engine

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// maxSpan is the most blocks that a worker claims at a time, few enough that a
// fault stops the others soon.
const maxSpan = 16

// To wake a sleeping thread takes tens of µs on many machines, as long as a worker
// has to do in a batch of 2¹⁷ scores. So threads stay awake for moments: workers wait
// for each other's last blocks with patience, and if these were as short as they are
// on CPUs of their own, helpers linger for the next call.
const (
	linger   = 50 * time.Microsecond
	patience = 10 * time.Microsecond
)

// looks is how often the threads that are awake look at most, more often than a fine
// clock allows: that of Windows moves every 15 ms, and in a bubble of testing/synctest
// it stands still as long as anyone looks.
const looks = 1 << 14

// shared is a job that several workers do. What they all write to is apart from
// what they all read; losses add up in a worker's tile, and are merged once.
type shared struct {
	job
	workers int
	blocks  int
	_       [64]byte
	next    atomic.Int64 // the first block that nobody claimed
	failed  atomic.Bool
	_       [64]byte
	awake   bool         // the engine's; the job is gone when the last of us look
	left    atomic.Int64 // workers at work; + asleep if the caller waits in its sleep
	wake    sync.Mutex   // locked; unlocked to wake it: a channel would belong to a bubble
	holders atomic.Int64 // workers that may still look at this
	mu      sync.Mutex
	total   Result
	first   *fault
}

const asleep = 1 << 32

var sharedJobs = sync.Pool{New: func() any {
	s := new(shared)
	s.wake.Lock()
	return s
}}

// parallel does a job with several workers, of which the caller is one.
func parallel(j job, workers int) (Result, error) {
	s := sharedJobs.Get().(*shared)
	s.job, s.workers, s.blocks = j, workers, (len(j.x)+kernel.Block-1)/kernel.Block
	s.awake = j.awake
	s.next.Store(0)
	s.left.Store(1)
	s.holders.Store(int64(workers))
	crew.call(s, workers-1)
	worked := false
	defer func() {
		if !worked { // a panic; whoever recovers may take the batch's memory away
			s.failed.Store(true)
			s.wait()
			s.job = job{}
		}
	}()
	s.work()
	worked = true
	s.wait()
	r, first := s.total, s.first
	s.job, s.first = job{}, nil // a helper that comes late must not keep the batch alive
	s.drop()
	if first != nil {
		return Result{}, first.err
	}
	return r, nil
}

// drop gives up a hold on s. The last one readies it for another job; until then
// none can get it.
func (s *shared) drop() {
	if s.holders.Add(-1) > 0 {
		return
	}
	s.failed.Store(false)
	s.total = Result{}
	sharedJobs.Put(s)
}

// claim returns the next blocks to do. Claims shrink towards the end, so that
// workers finish together, whenever they began.
func (s *shared) claim() (from, to int) {
	for {
		next := s.next.Load()
		rest := int64(s.blocks) - next
		if rest <= 0 {
			return s.blocks, s.blocks
		}
		n := min(max(rest/int64(2*s.workers), 1), maxSpan)
		if s.next.CompareAndSwap(next, next+n) {
			return int(next), int(next + n)
		}
	}
}

// work does claim after claim. Blocks that were not claimed when a fault is found
// come after it, so the fault at the lowest score is found whatever the timing.
func (s *shared) work() (worked bool) {
	t := tiles.Get().(*tile)
	defer tiles.Put(t)
	t.total = Result{}
	var bad *fault
	for bad == nil && !s.failed.Load() {
		from, to := s.claim()
		if from == to {
			break
		}
		worked = true
		bad = t.evaluate(&s.job, from*kernel.Block, min(to*kernel.Block, len(s.x)), &t.total)
	}
	if !worked {
		return false
	}
	if bad != nil {
		s.failed.Store(true)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total.Merge(t.total)
	if bad != nil && (s.first == nil || bad.score < s.first.score) {
		s.first = bad
	}
	return true
}

// help is a helper's part of s, if it does not come too late. It tells whether it
// is worth while to linger: not where the machine has no CPU to spare, so that no
// work was left or the others do not end, and not if the caller sleeps, which this
// thread can then run.
func (s *shared) help() bool {
	defer s.drop()
	for n := s.left.Load(); ; n = s.left.Load() {
		if n == 0 || n >= asleep {
			return false // the caller has seen the end of the work
		}
		if s.left.CompareAndSwap(n, n+1) {
			break
		}
	}
	worked := s.work()
	if s.left.Add(-1) == asleep {
		s.wake.Unlock()
		return false
	}
	return worked && s.ends()
}

// ends waits awake for the others' ends, and tells whether they came.
func (s *shared) ends() bool {
	if !s.awake {
		return false
	}
	start := time.Now()
	for range looks / 4 {
		if s.left.Load() == 0 {
			return true
		}
		if time.Since(start) > patience {
			break
		}
	}
	return false
}

// wait ends the caller's work, and waits for the helpers that began.
func (s *shared) wait() {
	if s.left.Add(-1) == 0 || s.ends() {
		return
	}
	if s.left.Add(asleep) != asleep {
		s.wake.Lock()
	}
}

// helpers are the goroutines that work for callers. The idle ones linger.
type helpers struct {
	mu       sync.Mutex
	idle     []*helper
	starting atomic.Int64 // goroutines that were started and did not run yet
}

type helper struct {
	job atomic.Pointer[shared]
	_   [64]byte
}

var crew helpers

// call has n helpers do s, idle ones first.
func (c *helpers) call(s *shared, n int) {
	c.mu.Lock()
	for ; n > 0 && len(c.idle) > 0; n-- {
		last := len(c.idle) - 1
		c.idle[last].job.Store(s)
		c.idle = c.idle[:last]
	}
	c.mu.Unlock()
	if n == 0 {
		return
	}
	// Where no CPU is free, goroutines would pile up that come too late for anything.
	started := 0
	for most := int64(runtime.GOMAXPROCS(0)); started < n && c.starting.Load() < most; started++ {
		c.starting.Add(1)
		go new(helper).serve(s)
	}
	s.holders.Add(int64(started - n)) // not to 0: the caller holds s
	if started == 0 {
		return
	}
	// The scheduler keeps the goroutine that was started last to this thread for
	// tens of µs, as its starter often blocks. Let that be one that does nothing.
	go func() {}()
}

// serve does a job, and those that come while it lingers.
func (h *helper) serve(s *shared) {
	crew.starting.Add(-1)
	for s != nil && s.help() {
		s = crew.await(h)
	}
}

// await waits for a job, a moment only: then it returns nil.
func (c *helpers) await(h *helper) *shared {
	c.mu.Lock()
	if len(c.idle) >= runtime.GOMAXPROCS(0)-1 {
		c.mu.Unlock()
		return nil
	}
	c.idle = append(c.idle, h)
	c.mu.Unlock()
	start := time.Now()
	for n := 1; ; n++ {
		if s := h.job.Load(); s != nil {
			h.job.Store(nil)
			return s
		}
		if n < looks && time.Since(start) < linger {
			continue
		}
		c.mu.Lock()
		i := slices.Index(c.idle, h)
		if i >= 0 {
			c.idle = slices.Delete(c.idle, i, i+1)
		}
		c.mu.Unlock()
		if i >= 0 {
			return nil
		}
		// It was called just now: the job is there.
	}
}
