package main

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestSpread: every item is done once, by a worker's own function.
func TestSpread(t *testing.T) {
	for _, c := range []struct{ workers, count int }{{1, 0}, {3, 0}, {1, 5}, {2, 5}, {7, 5}, {4, 1000}} {
		done := make([]atomic.Int32, c.count)
		busy := make([]atomic.Bool, c.workers)
		err := spread(t.Context(), c.workers, c.count, func(worker int) func(int) error {
			return func(item int) error {
				if !busy[worker].CompareAndSwap(false, true) {
					t.Errorf("worker %d does two items at a time", worker)
				}
				defer busy[worker].Store(false)
				done[item].Add(1)
				return nil
			}
		})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		for i := range done {
			if n := done[i].Load(); n != 1 {
				t.Errorf("%+v: item %d was done %d times", c, i, n)
			}
		}
	}
}

// TestSpreadStops: an error and the end of the context stop all workers, but what was
// claimed is done, so that those who wait for it in a line are not stuck.
func TestSpreadStops(t *testing.T) {
	boom := errors.New("boom")
	const count = 1 << 20
	for _, workers := range []int{1, 4} {
		for _, cancels := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			line := newQueue()
			var passed atomic.Int64
			err := spread(ctx, workers, count, func(int) func(int) error {
				return func(item int) error {
					return line.pass(item, func() error {
						switch {
						case item == 20 && cancels:
							cancel()
						case item == 20:
							return boom
						}
						passed.Add(1)
						return nil
					})
				}
			})
			want := boom
			if cancels {
				want = context.Canceled
			}
			if n := passed.Load(); !errors.Is(err, want) || n < 20 || n > count/2 || !cancels && n != 20 {
				t.Errorf("%d workers, cancelled %v: %v after %d items", workers, cancels, err, n)
			}
		}
	}
}

// TestSpreadStopsAnywhere ends the context at all moments of the work: nobody waits for
// what is not done.
func TestSpreadStopsAnywhere(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 400 {
			ctx, cancel := context.WithCancel(t.Context())
			line := newQueue()
			go func() {
				for range i % 50 {
					runtime.Gosched()
				}
				cancel()
			}()
			_ = spread(ctx, 4, 1<<20, func(int) func(int) error {
				return func(item int) error { return line.pass(item, func() error { return nil }) }
			})
			cancel()
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("workers wait for each other")
	}
}
