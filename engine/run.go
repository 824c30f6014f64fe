package engine

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// maxSpan is the most scores that a worker claims at a time: enough that claiming
// costs nothing, few enough that workers finish together.
const maxSpan = 16 * kernel.Block

// run evaluates a batch, with as many workers as gain.
func (e *Engine) run(b Batch, dst, grad []float32, wantDst, wantGrad bool) (Result, error) {
	b, err := b.check(dst, grad, wantDst, wantGrad)
	if err != nil {
		return Result{}, err
	}
	j := job{Engine: e, Batch: b, dst: dst, grad: grad}
	j.x, j.field, j.input = b.scores()
	if n := len(j.x); n > 0 {
		x := unsafe.SliceData(j.x)
		j.inPlace = wantDst && unsafe.SliceData(dst) == x || wantGrad && unsafe.SliceData(grad) == x
	}
	if workers := min(e.workers, len(j.x)/(e.kernels.Grain*kernel.Block)); workers > 1 {
		return j.parallel(workers)
	}
	t := tiles.Get().(*tile)
	defer tiles.Put(t)
	r, fault := t.evaluate(&j, 0, len(j.x))
	if fault != nil {
		return Result{}, fault.err
	}
	return r, nil
}

// job is one call: a checked batch and its outputs, nil if not wanted.
type job struct {
	*Engine
	Batch
	x         []float32 // the scores
	field     string    // where they came from
	input     kernel.Input
	dst, grad []float32
	inPlace   bool // an output is the scores
}

// fault is the first thing wrong in a span, by the score where it shows.
type fault struct {
	score int
	err   error
}

// parallel lets workers claim span after span. A span that was not claimed when
// a fault is found comes after it, so the fault at the lowest score is found
// whatever the timing. The job is a copy, so that only this one is on the heap.
func (j job) parallel(workers int) (Result, error) {
	n := len(j.x)
	span := min(maxSpan, (n/(4*workers)+kernel.Block)/kernel.Block*kernel.Block)
	var (
		next   atomic.Int64
		failed atomic.Bool
		mu     sync.Mutex
		total  Result
		first  *fault
		wg     sync.WaitGroup
	)
	work := func() {
		t := tiles.Get().(*tile)
		defer tiles.Put(t)
		var sum Result
		var bad *fault
		for !failed.Load() {
			from := int(next.Add(1)-1) * span
			if from >= n {
				break
			}
			r, f := t.evaluate(&j, from, min(from+span, n))
			if f != nil {
				bad = f
				failed.Store(true)
				break
			}
			sum.Merge(r)
		}
		mu.Lock()
		defer mu.Unlock()
		total.Merge(sum)
		if bad != nil && (first == nil || bad.score < first.score) {
			first = bad
		}
	}
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	if first != nil {
		return Result{}, first.err
	}
	return total, nil
}
