package engine

import (
	"errors"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flengine/flengine/asm"
)

// The tests in this file take the parts of parallel one by one, so that each runs
// whatever the number of CPUs and whoever is scheduled first.

// counting returns e with a kernel that counts labels by f, which is given the
// kernel's own way.
func counting(e *Engine, f func(y []uint8, count func([]uint8) (int, int, int)) (int, int, int)) *Engine {
	c, set := *e, *e.kernels
	set.CountLabels = func(y []uint8) (int, int, int) { return f(y, e.kernels.CountLabels) }
	c.kernels = &set
	return &c
}

// labelling returns e with a kernel whose labels of classes are made by f, which is given the
// kernel's own way.
func labelling(e *Engine, f func(call *asm.ClassCall, label func())) *Engine {
	c, set := *e, *e.kernels
	set.LabelClasses = func(call *asm.ClassCall) { f(call, func() { e.kernels.LabelClasses(call) }) }
	c.kernels = &set
	return &c
}

// shareBatch is what parallel begins with.
func shareBatch(e *Engine, b Batch, workers int) *shared {
	if err := b.check(&outputs{}, 0); err != nil {
		panic(err)
	}
	j := job{Engine: e, Batch: b}
	if err := j.take(0); err != nil {
		panic(err)
	}
	return share(j, workers)
}

// finishOne ends a job that has one result.
func finishOne(s *shared) (Result, error) {
	var r [1]Result
	s.wait()
	err := s.finish(r[:])
	return r[0], err
}

// helperDoes has a helper begin s alone, and waits until it has done all there is.
func helperDoes(t *testing.T, c *helpers, s *shared) {
	t.Helper()
	c.call(s, 1)
	if !soon(func() bool { return (s.next.Load() == int64(s.blocks) || s.failed.Load()) && s.left.Load() == 1 }) {
		t.Fatalf("no helper does the work: %d of %d blocks are claimed, %d helpers are starting", s.next.Load(), s.blocks, c.starting.Load())
	}
}

// soon waits until something is so, and tells whether it came to be.
func soon(is func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Microsecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// threads sets GOMAXPROCS for a test. Two may take turns on one CPU.
func threads(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// panicOf returns what f panics with.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// TestProcsStay: GOMAXPROCS is the default number of workers, and it stays what it is.
func TestProcsStay(t *testing.T) {
	threads(t, 3)
	e := must(New(Focal(0.25, 2)))
	if e.workers != 3 || !e.awake {
		t.Errorf("%d workers, awake %v; want GOMAXPROCS, 3, awake", e.workers, e.awake)
	}
	if more := must(New(Focal(0.25, 2), WithWorkers(4))); more.workers != 4 || more.awake {
		t.Errorf("%d workers, awake %v; want 4, one of which has no CPU", more.workers, more.awake)
	}
	x, y := easyBatch(1 << 18)
	s := shareBatch(e, Batch{Logits: x, Labels: y}, 2)
	helperDoes(t, new(helpers), s)
	must(finishOne(s))
	new(helpers).await(new(helper))
	if n := runtime.GOMAXPROCS(0); n != 3 {
		t.Errorf("GOMAXPROCS is %d, was 3", n)
	}
}

// TestHelpersStart: a helper that does not linger is replaced on the next call, on the
// hundredth, too.
func TestHelpersStart(t *testing.T) {
	x, y := easyBatch(1 << 14)
	b := Batch{Logits: x, Labels: y}
	e := *must(New(Focal(0.25, 2), WithWorkers(2)))
	e.awake = false
	want := must(e.Sum(b))
	c := new(helpers)
	for range 100 {
		s := shareBatch(&e, b, 2)
		helperDoes(t, c, s)
		if r, err := finishOne(s); err != nil || r != want {
			t.Fatalf("a helper alone gives %v, %v; want %v", r, err, want)
		}
	}
	if n := c.starting.Load(); n != 0 || len(c.idle) != 0 {
		t.Errorf("%d helpers are starting, %d idle; want none", n, len(c.idle))
	}
}

// TestHelpersPileUp: while as many goroutines as run at once are starting, no more are
// started. Helpers that the caller does not get hold no job.
func TestHelpersPileUp(t *testing.T) {
	threads(t, 2)
	x, y := easyBatch(1 << 14)
	s := shareBatch(must(New(Focal(0.25, 2))), Batch{Logits: x, Labels: y}, 8)
	c := new(helpers)
	c.starting.Store(2)
	idle := [2]*helper{{crew: c}, {crew: c}}
	c.idle = idle[:]
	c.call(s, 1)
	if got := idle[1].job.Load(); got != s || idle[0].job.Load() != nil || len(c.idle) != 1 || c.idle[0] != idle[0] {
		t.Errorf("one helper called, the last idle one has the job %p, idle are %v; want %p, %v", got, c.idle, s, idle[:1])
	}
	c.call(s, 6)
	if got := idle[0].job.Load(); got != s || len(c.idle) != 0 {
		t.Errorf("six helpers called, the idle one has the job %p, idle are %v; want %p, none", got, c.idle, s)
	}
	if starting, holders := c.starting.Load(), s.holders.Load(); starting != 2 || holders != 3 {
		t.Errorf("%d helpers are starting, %d workers hold the job; want 2, the caller and the two idle ones", starting, holders)
	}
}

// TestEnds: waiting awake ends when the others do, after a moment if they do not, and
// at once where there is no CPU to wait on.
func TestEnds(t *testing.T) {
	s := new(shared)
	if s.ends() {
		t.Error("not awake: waited")
	}
	s.awake = true
	if !s.ends() {
		t.Error("nobody is left: they did not end")
	}
	s.left.Store(1)
	if s.ends() {
		t.Error("one is left: all ended")
	}
	// In a bubble the clock stands still.
	synctest.Test(t, func(t *testing.T) {
		s := &shared{awake: true}
		s.left.Store(1)
		if s.ends() {
			t.Error("one is left, in a bubble: all ended")
		}
	})
	// The other worker may need more than one try to end within the moment.
	for deadline := time.Now().Add(20 * time.Second); ; {
		s.left.Store(1)
		done := make(chan struct{})
		go func() { s.left.Store(0); close(done) }()
		ended := s.ends()
		<-done
		if ended {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the other's end is never seen")
		}
	}
}

// TestAwait: an idle helper gets the job that comes within the moment, and leaves if
// none comes, or if all CPUs have an idle helper.
func TestAwait(t *testing.T) {
	threads(t, 1)
	c := new(helpers)
	h := &helper{crew: c}
	if s := c.await(h); s != nil || len(c.idle) != 0 {
		t.Errorf("with one CPU a helper waits for %p, %d are idle", s, len(c.idle))
	}
	threads(t, 3)
	if s := c.await(h); s != nil || len(c.idle) != 0 {
		t.Errorf("no job came, but %p, %d are idle", s, len(c.idle))
	}
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		if s := c.await(h); s != nil || len(c.idle) != 0 {
			t.Errorf("no job came, but %p, %d are idle, in a bubble", s, len(c.idle))
		}
	})
	others := []*helper{{crew: c}, {crew: c}}
	c.idle = others[:2:2]
	if s := c.await(h); s != nil || len(c.idle) != 2 {
		t.Errorf("a third helper waits for %p, %d are idle", s, len(c.idle))
	}
	c.idle = others[:1:1]
	if s := c.await(h); s != nil || len(c.idle) != 1 || c.idle[0] != others[0] {
		t.Errorf("no job came, but %p, idle are %v, want %v", s, c.idle, others[:1])
	}
	want := new(shared)
	c.idle = nil
	h.job.Store(want)
	if s := c.await(h); s != want || h.job.Load() != nil {
		t.Errorf("the job is %p, and again %p; want %p, nil", s, h.job.Load(), want)
	}
	// The job comes after the moment, but before the helper takes itself off the list.
	for deadline := time.Now().Add(20 * time.Second); ; {
		c.idle = nil
		got := make(chan *shared, 1)
		go func() { got <- c.await(h) }()
		late := false
		for len(got) == 0 && !late {
			c.mu.Lock()
			if late = len(c.idle) == 1; late {
				time.Sleep(20 * linger)
				h.job.Store(want)
				c.idle = nil
			}
			c.mu.Unlock()
		}
		if s := <-got; late {
			if s != want {
				t.Errorf("the late job is %p, want %p", s, want)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the helper is never seen idle")
		}
	}
}

// TestServe: a helper whose caller ends in time does the next call's job, too, and
// ends where lingering is of no use.
func TestServe(t *testing.T) {
	threads(t, 2)
	x, y := easyBatch(Block)
	b := Batch{Logits: x, Labels: y}
	e := *must(New(Focal(0.25, 2), WithWorkers(2)))
	want := must(e.Sum(b))
	var first *shared
	callerEnds := counting(&e, func(y []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
		first.left.Add(-1)
		return count(y)
	})
	callerEnds.awake, e.awake = true, false
	first = shareBatch(callerEnds, b, 2)
	second := shareBatch(&e, b, 2)
	c := new(helpers)
	c.starting.Store(1)
	h := &helper{crew: c}
	h.job.Store(second)
	h.serve(first)
	for i, s := range []*shared{first, second} {
		if s.total[0] != want || s.left.Load() != int64(i) || s.holders.Load() != 1 {
			t.Errorf("job %d: %v of %d blocks, %d at work, %d hold it; want %v", i, s.total, s.next.Load(), s.left.Load(), s.holders.Load(), want)
		}
	}
	if n := c.starting.Load(); n != 0 {
		t.Errorf("%d helpers are starting", n)
	}
}

// TestLateHelper: a helper whose caller has ended, or sleeps until the others end,
// does nothing. It does not linger then, nor where no work is left, nor where the
// caller goes on working.
func TestLateHelper(t *testing.T) {
	x, y := easyBatch(Block)
	e := *must(New(Focal(0.25, 2), WithWorkers(2)))
	e.awake = true
	for _, c := range []struct {
		left, next, after int64
	}{{0, 0, 0}, {asleep + 1, 0, asleep + 1}, {1, 1, 1}} {
		s := shareBatch(&e, Batch{Logits: x, Labels: y}, 2)
		s.left.Store(c.left)
		s.next.Store(c.next)
		if s.help() || s.total[0] != (Result{}) || s.next.Load() != c.next || s.left.Load() != c.after || s.holders.Load() != 1 {
			t.Errorf("%d at work: the helper has %v, %d blocks are claimed, %d at work, %d hold the job",
				c.left, s.total, s.next.Load(), s.left.Load(), s.holders.Load())
		}
	}
	s := shareBatch(&e, Batch{Logits: x, Labels: y}, 2)
	if s.help() || s.next.Load() != 1 {
		t.Errorf("the helper lingers after %d blocks", s.next.Load())
	}
}

// TestCallerSleeps: a caller that sleeps until the last helper ends is woken by it,
// and has its work.
func TestCallerSleeps(t *testing.T) {
	x, y := easyBatch(Block)
	b := Batch{Logits: x, Labels: y}
	e := *must(New(Focal(0.25, 2), WithWorkers(2)))
	want := must(e.Sum(b))
	for _, e.awake = range []bool{false, true} {
		var s *shared
		began := make(chan struct{})
		waits := counting(&e, func(y []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
			close(began)
			if !soon(func() bool { return s.left.Load() == asleep+1 }) {
				t.Error("the caller does not sleep")
			}
			return count(y)
		})
		s = shareBatch(waits, b, 2)
		new(helpers).call(s, 1)
		<-began
		if r, err := finishOne(s); err != nil || r != want {
			t.Errorf("awake %v: %v, %v; want %v", e.awake, r, err, want)
		}
	}
}

// TestFaultStopsOthers: after a fault few blocks are evaluated, by workers that are at
// work and by those that begin later.
func TestFaultStopsOthers(t *testing.T) {
	const blocks = 512
	x, y := easyBatch(blocks * Block)
	y[0] = 7
	b := Batch{Logits: x, Labels: y}
	var s *shared
	var evaluated, gaveUp atomic.Int64
	e := counting(must(New(Focal(0.25, 2), WithWorkers(4))), func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
		evaluated.Add(1)
		// The others begin before the fault is found, and go on after that.
		for end := time.Now().Add(2 * time.Second); &part[0] != &y[0] && !s.failed.Load() && gaveUp.Load() == 0; runtime.Gosched() {
			if time.Now().After(end) {
				gaveUp.Add(1)
			}
		}
		return count(part)
	})
	check := func(most int64) {
		t.Helper()
		_, err := finishOne(s)
		var bad *InputError
		if !errors.As(err, &bad) || bad.Field != "Labels" || bad.Index != 0 {
			t.Errorf("%v, want an error at Labels[0]", err)
		}
		if n := evaluated.Swap(0); n > most {
			t.Errorf("%d of %d blocks were evaluated, want at most %d", n, blocks, most)
		}
	}
	s = shareBatch(e, b, 4)
	crew.call(s, 3)
	s.work()
	check(4 * maxSpan)

	s = shareBatch(e, b, 2)
	s.work()
	if s.help() {
		t.Error("the helper lingers")
	}
	check(1)
}

// TestWorkersPanic: a worker's panic, the caller's or a helper's, is the caller's with the
// same value, once all have stopped. Then the pool works on.
func TestWorkersPanic(t *testing.T) {
	blocks := blocksOfFour()
	x, y := easyBatch(blocks * Block)
	b := Batch{Logits: x, Labels: y}
	good := must(New(Focal(0.25, 2), WithWorkers(4)))
	want := must(good.Sum(b))
	value := errors.New("the kernel's")
	at := 0
	e := counting(good, func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
		if &part[0] == &y[at*Block] {
			panic(value)
		}
		return count(part)
	})
	usable := func(s *shared) {
		t.Helper()
		if n := s.holders.Load(); n != 0 {
			t.Errorf("%d still hold the job", n)
		}
		if !s.mu.TryLock() || s.failed.Load() || s.first != nil || len(s.total) != 0 || s.x != nil || s.wake.TryLock() {
			t.Errorf("the job is not ready for another: %+v", s)
		}
		s.mu.Unlock()
		if r, err := good.Sum(b); err != nil || r != want {
			t.Errorf("the next call gives %v, %v; want %v", r, err, want)
		}
	}
	for _, at = range []int{0, 1, blocks / 2, blocks - 1} {
		for range fewer(10, 3) {
			if v := panicOf(func() { e.Sum(b) }); v != value {
				t.Fatalf("four workers panic with %v, want %v", v, value)
			}
		}
		s := shareBatch(e, b, 2)
		s.drop() // there is no helper
		s.work()
		if v := panicOf(func() { finishOne(s) }); v != value {
			t.Errorf("the caller alone panics with %v, want %v", v, value)
		}
		usable(s)

		s = shareBatch(e, b, 2)
		helperDoes(t, new(helpers), s)
		if !soon(func() bool { return s.holders.Load() == 1 }) {
			t.Fatalf("%d hold the job, want the caller alone", s.holders.Load())
		}
		if v := panicOf(func() { finishOne(s) }); v != value {
			t.Errorf("a helper alone: the caller panics with %v, want %v", v, value)
		}
		usable(s)
	}

}

// TestLowestFault: of two workers' faults the one at the lower score counts, be it a
// panic or an error, whichever comes first.
func TestLowestFault(t *testing.T) {
	const blocks, low, high = 64, 20, 40
	x, y := easyBatch(blocks * Block)
	b := Batch{Logits: x, Labels: y}
	value := errors.New("the kernel's")
	for _, c := range []struct{ panics, bad, first int }{{low, high, high}, {high, low, high}, {low, high, low}, {high, low, low}} {
		var s *shared
		atLow, atHigh, highFound := make(chan struct{}), make(chan struct{}), make(chan struct{})
		e := counting(must(New(Focal(0.25, 2))), func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
			switch {
			case &part[0] == &y[low*Block]: // the helper
				close(atLow)
				if c.first == high {
					<-highFound
				} else {
					<-atHigh
				}
			case &part[0] == &y[high*Block]: // the caller
				close(atHigh)
				if c.first == low && !soon(func() bool {
					s.mu.Lock()
					defer s.mu.Unlock()
					return s.first != nil
				}) {
					t.Error("the helper's fault is not found")
				}
			}
			if &part[0] == &y[c.panics*Block] {
				panic(value)
			}
			return count(part)
		})
		y[c.bad*Block] = 9
		s = shareBatch(e, b, 2)
		new(helpers).call(s, 1)
		<-atLow
		s.work()
		close(highFound)
		var err error
		v := panicOf(func() { _, err = finishOne(s) })
		var input *InputError
		if c.panics == low && v != value || c.bad == low && (v != nil || !errors.As(err, &input) || input.Index != low*Block) {
			t.Errorf("a panic in block %d, a bad label in block %d, %d is found first: panic %v, error %v", c.panics, c.bad, c.first, v, err)
		}
		y[c.bad*Block] = 0
	}
}

// TestPanicOnFaultIsShared: helpers work under the caller's setting, and have their own
// again after that.
func TestPanicOnFaultIsShared(t *testing.T) {
	x, y := easyBatch(Block)
	for _, setting := range []bool{true, false} {
		var seen atomic.Bool
		e := counting(must(New(Focal(0.25, 2))), func(y []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
			on := debug.SetPanicOnFault(true)
			debug.SetPanicOnFault(on)
			seen.Store(on)
			return count(y)
		})
		before := debug.SetPanicOnFault(setting)
		s := shareBatch(e, Batch{Logits: x, Labels: y}, 2)
		if after := debug.SetPanicOnFault(before); after != setting {
			t.Errorf("the caller's setting was %v, is %v", setting, after)
		}
		restored := make(chan bool)
		go func() {
			debug.SetPanicOnFault(!setting)
			s.help()
			restored <- debug.SetPanicOnFault(false) == !setting
		}()
		if !<-restored || seen.Load() != setting {
			t.Errorf("the caller's setting is %v, the helper worked under %v", setting, seen.Load())
		}
		must(finishOne(s))
	}
}

// allocations returns how many f makes a call: the least of a few counts, as they count those
// of the whole program.
func allocations(f func()) float64 {
	least := testing.AllocsPerRun(20, f)
	for tries := 0; least > pooled && tries < 4; tries++ {
		least = min(least, testing.AllocsPerRun(20, f))
	}
	return least
}
