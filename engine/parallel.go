package engine

import (
	"math"
	"math/bits"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// maxSpan is the most blocks that a worker claims at a time, few enough that the
// others stop soon after a fault.
const maxSpan = 16

// Waking a sleeping thread takes tens of µs on many machines, as long as a worker
// computes in a batch of 2¹⁷ scores. So threads stay awake for a moment: at the end
// of a call, workers wait for each other's last blocks for up to patience. If those
// end within that time, as they do where every worker has a CPU of its own, helpers
// then linger for the next call.
const (
	linger   = 50 * time.Microsecond
	patience = 10 * time.Microsecond
)

// looks is how often a waiting thread looks at most. It ends waits where the clock is
// too coarse to do so: that of Windows moves every 15 ms, and in a bubble of
// testing/synctest it stands still as long as a goroutine runs.
const looks = 1 << 14

// clock returns the time since the program began, in less than half the time of [time.Now]. In
// a bubble of testing/synctest it is another, so that only what one goroutine reads compares.
func clock() time.Duration { return time.Since(began) }

var began = time.Now()

// shared is a job that several workers do. What they all write to is apart from
// what they all read; losses add up in a worker's tile, and are merged once.
type shared struct {
	job
	workers      int
	blocks       int
	panicOnFault bool // the caller's setting, for the helpers
	_            [64]byte
	next         atomic.Int64 // the first block that nobody claimed
	failed       atomic.Bool
	_            [64]byte
	awake        bool         // the engine's, which a helper may ask for when the job is gone
	left         atomic.Int64 // workers at work, plus asleep once the caller sleeps until they end
	wake         sync.Mutex   // locked; unlocked to wake the caller: a channel would belong to a bubble
	holders      atomic.Int64 // workers that may still look at this
	mu           sync.Mutex
	total        []Result // as many as the job has
	pace         float64  // the best of any worker in any claim, in ns per score or row
	first        *fault
}

const asleep = 1 << 32

var sharedJobs = sync.Pool{New: func() any {
	s := new(shared)
	s.wake.Lock()
	return s
}}

// parallel does a job with several workers, of which the caller is one, and sets r to its
// results. Where helpers do not pay, there are fewer workers.
func parallel(r []Result, j job, workers int) error {
	pays := crew.payoff(j.n / (j.kernels.Grain * kernel.Block))
	workers, halvings := pays.workers(workers)
	start := clock()
	s := share(j, workers)
	if workers > 1 {
		crew.call(s, workers-1)
	}
	s.work()
	s.wait()
	size, _ := s.sizes()
	if best := s.pace * float64(size); s.first == nil && best < math.MaxInt64 {
		pays.learn(workers, halvings, clock()-start, time.Duration(best))
	}
	return s.finish(r)
}

// share readies a job for several workers. The caller is one of them already.
func share(j job, workers int) *shared {
	s := sharedJobs.Get().(*shared)
	size, unit := j.sizes()
	s.job, s.workers, s.blocks = j, workers, (size+unit-1)/unit
	s.awake = j.awake
	s.total = zeroed(s.total, j.results())
	s.pace = math.Inf(1)
	s.panicOnFault = debug.SetPanicOnFault(true) // there is no other way to read it
	debug.SetPanicOnFault(s.panicOnFault)
	s.next.Store(0)
	s.left.Store(1)
	s.holders.Store(int64(workers))
	return s
}

// finish sets r to the results of all workers, after wait. The panic of a worker becomes the
// caller's here, when nobody looks at the batch any more, since whoever recovers may take its
// memory away.
func (s *shared) finish(r []Result) error {
	copy(r, s.total)
	first := s.first
	s.job, s.first = job{}, nil // a helper that comes late must not keep the batch alive
	s.drop()
	if first == nil {
		return nil
	}
	if p, ok := first.err.(*panicked); ok {
		panic(p.value)
	}
	return first.err
}

// drop gives up a hold on s. The last holder readies it for another job; until then
// it is in no pool.
func (s *shared) drop() {
	if s.holders.Add(-1) > 0 {
		return
	}
	s.failed.Store(false)
	s.total = s.total[:0]
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
	t.total = zeroed(t.total, s.results())
	var bad *fault
	pace, before := math.Inf(1), clock()
	for bad == nil && !s.failed.Load() {
		from, to := s.claim()
		if from == to {
			break
		}
		worked = true
		size, unit := s.sizes()
		n := to - from
		from, to = from*unit, min(to*unit, size)
		bad = s.evaluate(t, from, to)
		if n >= maxSpan/2 || math.IsInf(pace, 1) { // claims shrink, and reading the clock takes time
			now := clock()
			pace = min(pace, float64(now-before)/float64(to-from))
			before = now
		}
	}
	if bad != nil {
		s.failed.Store(true)
	}
	if worked {
		s.mu.Lock()
		for i := range s.total {
			s.total[i].Merge(t.total[i])
		}
		s.pace = min(s.pace, pace)
		if bad != nil && (s.first == nil || bad.score < s.first.score) {
			s.first = bad
		}
		s.mu.Unlock()
	}
	tiles.Put(t)
	return worked
}

// evaluate does one claim and adds it to t.total. A panic is a fault like others: it
// must not end the goroutine of a helper, and with it the process, nor hide the fault
// of an earlier block.
func (s *shared) evaluate(t *tile, from, to int) (bad *fault) {
	defer func() {
		if v := recover(); v != nil {
			bad = &fault{from, &panicked{v}}
			t.forget() // which still points into the batch
		}
	}()
	return t.evaluate(&s.job, from, to, t.total)
}

// panicked is the panic of a worker, on its way to the caller.
type panicked struct{ value any }

func (p *panicked) Error() string { return "engine: a worker panicked" }

// help is a helper's part of s, if it does not come too late. It tells whether to stay
// for the next call is worth the CPU time. It is not where no CPU is to spare, which shows
// when no work was left or the others do not end; nor if the caller sleeps, as this
// thread can then run it.
func (s *shared) help() (stay bool) {
	defer s.drop()
	for n := s.left.Load(); ; n = s.left.Load() {
		if n == 0 || n >= asleep {
			return false // the caller has seen the end of the work
		}
		if s.left.CompareAndSwap(n, n+1) {
			break
		}
	}
	worked := false
	// Where this thread's floating-point environment is another and stays so, the work is
	// left to the caller, whose is the default.
	if env, err := s.kernels.Enter(); err == nil {
		before := debug.SetPanicOnFault(s.panicOnFault)
		worked = s.work()
		debug.SetPanicOnFault(before)
		env.Leave()
	}
	if s.left.Add(-1) == asleep {
		s.wake.Unlock()
		return false
	}
	return worked && s.ends()
}

// ends waits for the others' ends without sleeping, and tells whether they came.
func (s *shared) ends() bool {
	if !s.awake {
		return false
	}
	start := clock()
	for range looks / 4 {
		if s.left.Load() == 0 {
			return true
		}
		if clock()-start > patience {
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
	pays     [65]payoff
}

type helper struct {
	crew *helpers
	job  atomic.Pointer[shared]
	_    [64]byte
}

var crew helpers

// payoff returns that of calls of so many grains and about as many.
func (c *helpers) payoff(grains int) *payoff { return &c.pays[bits.Len(uint(grains))] }

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
		go (&helper{crew: c}).serve(s)
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
	h.crew.starting.Add(-1)
	for s != nil && s.help() {
		s = h.crew.await(h)
	}
}

// await waits for a job for a moment. If none comes, it returns nil.
func (c *helpers) await(h *helper) *shared {
	c.mu.Lock()
	if len(c.idle) >= runtime.GOMAXPROCS(0)-1 {
		c.mu.Unlock()
		return nil
	}
	c.idle = append(c.idle, h)
	c.mu.Unlock()
	start := clock()
	for n := 1; ; n++ {
		if s := h.job.Load(); s != nil {
			h.job.Store(nil)
			return s
		}
		if n < looks && clock()-start < linger {
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
		// A caller took this helper off the list just now: the job is there.
	}
}
