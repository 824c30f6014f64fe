package eval

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

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
			err := cli.Spread(ctx, workers, count, func(int) func(int) error {
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
			_ = cli.Spread(ctx, 4, 1<<20, func(int) func(int) error {
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
