package cli

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Spread does the work items 0 … count−1 with several workers, who claim them in order.
// Each of them, by its number, gets what does an item from newWorker. After the first
// error, which is returned, and at the end of ctx none claims any more; what was claimed is
// done.
func Spread(ctx context.Context, workers, count int, newWorker func(worker int) func(item int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for worker := range min(workers, count) {
		g.Go(func() error {
			do := newWorker(worker)
			for ctx.Err() == nil {
				item := int(next.Add(1) - 1)
				if item >= count {
					return nil
				}
				if err := do(item); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
