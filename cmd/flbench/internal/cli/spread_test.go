package cli

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestSpread: every item is done once, by a worker's own function.
func TestSpread(t *testing.T) {
	for _, c := range []struct{ workers, count int }{{1, 0}, {3, 0}, {1, 5}, {2, 5}, {7, 5}, {4, 1000}} {
		done := make([]atomic.Int32, c.count)
		busy := make([]atomic.Bool, c.workers)
		err := Spread(t.Context(), c.workers, c.count, func(worker int) func(int) error {
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

// TestSpreadStops: after an error and after the end of the context no item is claimed.
func TestSpreadStops(t *testing.T) {
	boom := errors.New("boom")
	const count = 1 << 20
	for _, workers := range []int{1, 4} {
		for _, cancels := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var done atomic.Int64
			err := Spread(ctx, workers, count, func(int) func(int) error {
				return func(item int) error {
					done.Add(1)
					switch {
					case item == 20 && cancels:
						cancel()
					case item == 20:
						return boom
					case item > 20 && cancels:
						<-ctx.Done()
					case item > 20:
						time.Sleep(time.Millisecond) // all of them would take ten minutes
					}
					return nil
				}
			})
			want := boom
			if cancels {
				want = context.Canceled
			}
			if n := done.Load(); !errors.Is(err, want) || n < 21 || n > count/2 || cancels && n > 20+int64(workers) {
				t.Errorf("%d workers, cancelled %v: %v after %d items", workers, cancels, err, n)
			}
		}
	}
}
