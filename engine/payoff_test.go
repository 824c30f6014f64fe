package engine

import (
	"testing"
	"time"
)

// TestPayoff: over many calls, helpers are used where they pay and cost little where they do
// not, with times that are made up.
func TestPayoff(t *testing.T) {
	const (
		short = 60 * time.Microsecond // with one worker
		long  = 4 * time.Millisecond
		stall = 3 * time.Millisecond
	)
	for _, c := range []struct {
		name       string
		want       int // workers
		alone      time.Duration
		best       time.Duration
		took       func(workers, call int) time.Duration // with several
		calls      int
		least      float64 // the least part of the calls that have helpers
		most       float64 // the most
		mostLonger float64 // what all calls take at most, by what they take one worker
	}{
		{
			name: "free", want: 2, alone: short, best: short, calls: 1000, least: 1, most: 1, mostLonger: 0.5,
			took: func(int, int) time.Duration { return short / 2 },
		}, {
			name: "the helper interrupts the caller", want: 2, alone: short, best: short, calls: 10000, most: 0.03, mostLonger: 1.02,
			took: func(int, int) time.Duration { return short * 9 / 5 },
		}, {
			name: "the same, long", want: 2, alone: long, best: long, calls: 10000, most: 0.1, mostLonger: 1.08,
			took: func(int, int) time.Duration { return long * 9 / 5 },
		}, {
			name: "too late", want: 2, alone: short, best: short, calls: 10000, most: 0.3, mostLonger: 1.02,
			took: func(int, int) time.Duration { return short * 21 / 20 },
		}, {
			name: "late after others' calls, then in time", want: 2, alone: short, best: short, calls: 1000, least: 1, most: 1, mostLonger: 0.62,
			took: func(_, call int) time.Duration {
				if call%10 < 2 {
					return short * 21 / 20
				}
				return short / 2
			},
		}, {
			name: "free, with seldom interruptions", want: 2, alone: short, best: short, calls: 10000, least: 0.99, most: 1, mostLonger: 0.56,
			took: func(_, call int) time.Duration {
				if call%1000 == 999 {
					return short/2 + stall
				}
				return short / 2
			},
		}, {
			name: "by time slices, short", want: 2, alone: short, best: short, calls: 100000, most: 0.1, mostLonger: 1.07,
			took: func(_, call int) time.Duration {
				if call%50 == 49 {
					return short/2 + stall
				}
				return short / 2
			},
		}, {
			name: "by time slices, long", want: 2, alone: long, best: long, calls: 1000, least: 0.95, most: 1, mostLonger: 0.9,
			took: func(_, call int) time.Duration {
				if call%2 == 0 {
					return long / 2
				}
				return long * 5 / 4
			},
		}, {
			name: "long, with seldom interruptions", want: 2, alone: long, best: long, calls: 1000, least: 1, most: 1, mostLonger: 0.7,
			took: func(_, call int) time.Duration {
				if call%20 == 19 {
					return 4 * long
				}
				return long / 2
			},
		}, {
			name: "one waits for a file", want: 2, alone: 5 * long, best: long, calls: 1000, least: 0.85, most: 0.99, mostLonger: 0.7,
			took: func(int, int) time.Duration { return 3 * long },
		}, {
			name: "the clock is too coarse", want: 2, alone: short, calls: 100, least: 1, most: 1, mostLonger: 2,
			took: func(int, int) time.Duration { return 2 * short },
		}, {
			name: "eight CPUs are free", want: 64, alone: long, best: long, calls: 10000, least: 0.99, most: 1, mostLonger: 0.3,
			took: func(workers, _ int) time.Duration {
				if workers > 8 {
					return 2 * long
				}
				return long / time.Duration(workers)
			},
		},
	} {
		var p payoff
		helped, total := 0, time.Duration(0)
		for call := range c.calls {
			workers, halvings := p.workers(c.want)
			if workers < 1 || workers > c.want {
				t.Fatalf("%s: %d of %d workers", c.name, workers, c.want)
			}
			took := c.alone
			if workers > 1 {
				helped++
				took = c.took(workers, call)
			}
			total += took
			p.learn(workers, halvings, took, c.best)
		}
		part, longer := float64(helped)/float64(c.calls), float64(total)/float64(c.alone)/float64(c.calls)
		if part < c.least || part > c.most || longer > c.mostLonger {
			t.Errorf("%s: %.3f of the calls have helpers, want %g to %g; all take %.3f of the time of one worker, want at most %g",
				c.name, part, c.least, c.most, longer, c.mostLonger)
		}
	}
}

// TestPayoffRecovers: once CPUs are free again, helpers are back after some short calls, 50 ms, or 64
// calls, however long they did not pay.
func TestPayoffRecovers(t *testing.T) {
	for _, alone := range []time.Duration{60 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, time.Second} {
		for _, busy := range []int{1, 2, 10, 100, 1000} {
			var p payoff
			for range busy {
				workers, halvings := p.workers(2)
				p.learn(workers, halvings, alone*time.Duration(1+workers)/2, alone)
			}
			calls := 0
			for workers, halvings := p.workers(2); workers < 2; workers, halvings = p.workers(2) {
				p.learn(workers, halvings, alone, alone)
				calls++
			}
			if calls > 160 || calls > longestCalls && time.Duration(calls-1)*alone > longest {
				t.Errorf("%v, %d calls on a busy CPU, then %d with one worker on free ones, want 160 short ones, 50 ms, or 64 long ones", alone, busy, calls)
			}
			for range 1000 {
				workers, halvings := p.workers(2)
				if workers < 2 {
					t.Fatalf("%v, %d calls on a busy CPU: one worker after a call with two that took half the time", alone, busy)
				}
				p.learn(workers, halvings, alone/2, alone)
			}
		}
	}
}

// TestPayoffForgets: what helpers saved once counts for a few ms, and what they lost once does
// not count when they have saved as much again.
func TestPayoffForgets(t *testing.T) {
	const alone = 60 * time.Microsecond
	var p payoff
	calls := func(n int, took time.Duration) (helped int) {
		for range n {
			workers, halvings := p.workers(2)
			if workers == 1 {
				p.learn(workers, halvings, alone, alone)
				continue
			}
			helped++
			p.learn(workers, halvings, took, alone)
		}
		return helped
	}
	for range 3 {
		if helped := calls(10000, alone/2); helped < 9900 {
			t.Errorf("of 10000 calls on free CPUs %d have helpers, want 9900", helped)
		}
		for range int(earned/alone) + 2 {
			if workers, _ := p.workers(2); workers == 1 {
				break
			}
			calls(1, 2*alone)
		}
		rested := 0
		for workers, _ := p.workers(2); workers == 1; workers, _ = p.workers(2) {
			calls(1, 2*alone)
			rested++
		}
		if rested == 0 || rested > 4 {
			t.Errorf("%d calls with one worker when helpers that paid for long do not any more, want a few", rested)
		}
		if helped := calls(10000, 2*alone); helped > 200 {
			t.Errorf("of 10000 calls on a busy CPU %d have helpers, want at most 200", helped)
		}
	}
}

// TestPayoffOfOldCalls: a call that began before helpers turned out not to pay does not count
// against fewer workers.
func TestPayoffOfOldCalls(t *testing.T) {
	var p payoff
	const alone = time.Millisecond
	_, first := p.workers(8)
	_, second := p.workers(8)
	p.learn(8, first, 2*alone, alone)
	p.learn(8, second, 100*alone, alone)
	if workers, _ := p.workers(8); workers != 4 {
		t.Errorf("after two calls at once that took long, of 8 workers %d, want 4", workers)
	}
}

// forgetPayoffs has the next calls begin as if there had been none.
func forgetPayoffs() {
	for i := range crew.pays {
		crew.pays[i].mu.Lock()
		crew.pays[i].halvings, crew.pays[i].credit, crew.pays[i].rest = 0, earned, 0
		crew.pays[i].mu.Unlock()
	}
}

// TestHelpersDoNotPay: a call of a size for which helpers do not pay begins none, gives what it
// gives with helpers, and is what brings them back.
func TestHelpersDoNotPay(t *testing.T) {
	forgetPayoffs()
	defer forgetPayoffs()
	e := must(New(Focal(0.25, 2), WithWorkers(2)))
	n := 2 * e.kernels.Grain * Block
	x, y := easyBatch(n)
	b := Batch{Logits: x, Labels: y}
	want := must(must(New(e.Loss(), WithWorkers(1))).Sum(b))
	helpers := func() int {
		crew.mu.Lock()
		defer crew.mu.Unlock()
		return int(crew.starting.Load()) + len(crew.idle)
	}
	if !soon(func() bool { return helpers() == 0 }) {
		t.Fatalf("%d helpers linger", helpers())
	}
	p, begun := crew.payoff(n/(e.kernels.Grain*Block)), 0
	counted := counting(e, func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
		begun = max(begun, helpers())
		return count(part)
	})
	p.halvings, p.rest, p.slower = 1, time.Hour, 0
	if r := must(counted.Sum(b)); r != want || begun != 0 {
		t.Errorf("%v, %d helpers begun, want %v, none", r, begun, want)
	}
	if p.halvings != 1 || p.rest >= time.Hour || p.slower == 0 {
		t.Errorf("after a call, rest is %v, slower %g, want some less than an hour and not 0", p.rest, p.slower)
	}
	p.rest = 1
	must(e.Sum(b))
	if workers, _ := p.workers(2); workers != 2 {
		t.Errorf("after that, %d workers, want 2", workers)
	}
	b.Labels[0] = 7
	before := p.credit
	if _, err := e.Sum(b); err == nil || p.credit != before {
		t.Errorf("of a bad label %v; credit was %v, is %v", err, before, p.credit)
	}
}
