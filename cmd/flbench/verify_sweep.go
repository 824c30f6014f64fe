package main

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/engine"
)

// verify sweeps the subjects. If ctx ends, the report has those that were done,
// and says which are missing.
func verify(ctx context.Context, list []subject, stride uint64, workers int, bar *progress) (*verifyReport, error) {
	var work int64
	for _, s := range list {
		work += int64(s.inputs(stride)) * int64(s.cost)
	}
	bar.startWork("verifying", work)
	defer bar.clear()
	rep := &verifyReport{
		CPU: cpuName(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernels: engine.Kernels(), Stride: stride, OK: true,
	}
	for i, s := range list {
		bar.describe(s.id())
		stats, err := s.sweep(ctx, stride, workers, bar)
		switch {
		case ctx.Err() != nil:
			for _, s := range list[i:] {
				rep.Missing = append(rep.Missing, s.id())
			}
			rep.OK = false
			return rep, nil
		case err != nil:
			return nil, err
		}
		rep.add(s, s.step(stride), stats)
	}
	return rep, nil
}

// sweep evaluates the subject on every stride-th bit pattern, on all kernels.
func (s subject) sweep(ctx context.Context, stride uint64, workers int, bar *progress) ([]errorStats, error) {
	var (
		next  atomic.Uint64
		mu    sync.Mutex
		total = make([]errorStats, len(s.outputs))
		first error
		wg    sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			stats := make([]errorStats, len(s.outputs))
			err := s.work(ctx, s.step(stride), &next, stats, func(n int) {
				if bar != nil {
					mu.Lock()
					defer mu.Unlock()
					bar.add(int64(n) * int64(s.cost))
				}
			})
			mu.Lock()
			defer mu.Unlock()
			for i := range total {
				total[i].merge(&stats[i])
			}
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return total, first
}

// work takes block after block of the bit patterns.
func (s subject) work(ctx context.Context, step uint64, next *atomic.Uint64, stats []errorStats, done func(int)) error {
	check := s.newChecker()
	var block [verifyBlock]float32
	for ctx.Err() == nil {
		from := (next.Add(1) - 1) * verifyBlock
		if from*step >= s.patterns {
			return nil
		}
		n := int(min(verifyBlock, (s.patterns-1)/step+1-from))
		x := block[:0]
		for i := range uint64(n) {
			if v := math.Float32frombits(uint32((from + i) * step)); v-v == 0 || !s.finite {
				x = append(x, v)
			}
		}
		if err := check(x, stats); err != nil {
			return err
		}
		done(n)
	}
	return ctx.Err()
}
