package engine

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestHelpers: callers that share helpers, with engines of all sizes and batches
// good and bad, get what one worker gives; afterwards no helper lingers.
func TestHelpers(t *testing.T) {
	n := 1<<18 + 77
	if testing.Short() {
		n = blocksOfFour()*Block + 77
	}
	x, y := easyBatch(n)
	want := must(must(New(Focal(0.25, 2), WithWorkers(1))).Sum(Batch{Logits: x, Labels: y}))
	var callers sync.WaitGroup
	for c := range 4 {
		callers.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(c)))
			own := append([]float32(nil), x...)
			b := Batch{Logits: own, Labels: y}
			grad := make([]float32, n)
			for range fewer(30, 10) {
				forgetPayoffs() // so that there are helpers
				// awake as where there are CPUs enough, or not.
				e := *must(New(Focal(0.25, 2), WithWorkers(2+rng.IntN(6))))
				e.awake = rng.IntN(2) == 0
				if rng.IntN(3) > 0 {
					if r, err := e.Gradients(grad, b); err != nil || r != want {
						t.Errorf("%d workers: %v, %v; want %v", e.workers, r, err, want)
					}
					continue
				}
				first, second := rng.IntN(n), rng.IntN(n)
				own[first], own[second] = float32(math.NaN()), float32(math.NaN())
				_, err := e.Sum(b)
				var bad *InputError
				if !errors.As(err, &bad) || bad.Index != min(first, second) {
					t.Errorf("%d workers: %v; want an error at %d", e.workers, err, min(first, second))
				}
				own[first], own[second] = x[first], x[second]
			}
		})
	}
	callers.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		crew.mu.Lock()
		idle := len(crew.idle)
		crew.mu.Unlock()
		if idle == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d helpers linger", idle)
		}
	}
}

// TestBubble: in a bubble of testing/synctest the clock stands still while a goroutine
// runs, and channels are for its goroutines alone. Helpers end there, too, and jobs
// that were made there serve outside.
func TestBubble(t *testing.T) {
	x, y := easyBatch(1 << 17)
	b := Batch{Logits: x, Labels: y}
	want := must(must(New(Focal(0.25, 2), WithWorkers(1))).Sum(b))
	e := *must(New(Focal(0.25, 2), WithWorkers(2)))
	for i := range fewer(40, 10) {
		forgetPayoffs()
		e.awake = i%2 == 0
		synctest.Test(t, func(t *testing.T) {
			if r := must(e.Sum(b)); r != want {
				t.Errorf("in a bubble %v, want %v", r, want)
			}
			synctest.Wait()
		})
		if r := must(e.Sum(b)); r != want {
			t.Errorf("outside %v, want %v", r, want)
		}
	}
}

// TestClaims: claims are whole, in order, and small in the end.
func TestClaims(t *testing.T) {
	for _, blocks := range []int{0, 1, 2, 31, 64, 2048} {
		for _, workers := range []int{2, 3, 64} {
			s := &shared{workers: workers, blocks: blocks}
			at, last := 0, 0
			for {
				from, to := s.claim()
				if from == to {
					break
				}
				if last = to - from; from != at || last < 1 || last > maxSpan {
					t.Fatalf("%d blocks, %d workers: claim [%d, %d) after %d", blocks, workers, from, to, at)
				}
				at = to
			}
			if at != blocks || last > 1 {
				t.Errorf("%d blocks, %d workers: claims end at %d with one of %d", blocks, workers, at, last)
			}
		}
	}
}
