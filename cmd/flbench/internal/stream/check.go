package stream

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
)

// checkers look at files at the same time before the evaluation, which pays where that has to
// wait for a disk.
const checkers = 8

// Check looks at the headers of all sources, the last of a thousand of which may be missing, and
// returns their images, to be evaluated in shards; rows says that the losses are of these, and
// that they are not to be cut.
func Check(ctx context.Context, sources []dump.Source, rows bool) ([]*Image, error) {
	images := make([]*Image, len(sources))
	var next atomic.Int64
	var first firstError
	var wg sync.WaitGroup
	for range min(checkers, (len(sources)+checkers-1)/checkers) {
		wg.Go(func() {
			for ctx.Err() == nil && first.get() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(sources) {
					return
				}
				scores, columns, err := sources[i].CheckContext(ctx)
				if err != nil {
					first.set(i, err)
					return
				}
				images[i] = newImage(ctx, sources[i], i, scores, columns, rows)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return images, first.get()
}

// firstError is the error of the lowest number. Where numbers are claimed in order, and what
// is claimed is done, it does not depend on the timing.
type firstError struct {
	mu     sync.Mutex
	number int
	err    error
}

func (f *firstError) set(number int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil || number < f.number {
		f.number, f.err = number, err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
