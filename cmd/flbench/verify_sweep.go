package main

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/engine"
)

// verifyScores is how many logits are evaluated at a time.
const verifyScores = 1 << 14

// histogramTo are the upper ends of the histogram's bins, in ULP; the last bin has
// none.
var histogramTo = []float64{0.5, 1, 2, 4, 8, 16}

// errorStats is the error of one output over a sweep.
type errorStats struct {
	max       float64
	x         float32 // where it is largest
	got       float32
	want      float64
	sum       float64 // of the errors
	count     int64
	histogram [7]int64
	bad       int64 // NaN, and negative losses
}

func (m *errorStats) add(x, got float32, want, floor float64, loss bool) {
	u := ulps(got, want, floor)
	if got != got || loss && math.Signbit(float64(got)) {
		m.bad++
		u = math.Inf(1)
	}
	if u > m.max || m.count == 0 {
		m.max, m.x, m.got, m.want = u, x, got, want
	}
	m.sum += u
	m.count++
	i, _ := slices.BinarySearch(histogramTo, u)
	m.histogram[i]++
}

// merge adds o. Of equal errors the smaller bit pattern of x is kept, so that the
// result does not depend on the workers.
func (m *errorStats) merge(o *errorStats) {
	if o.count == 0 {
		return
	}
	if m.count == 0 || o.max > m.max || o.max == m.max && math.Float32bits(o.x) < math.Float32bits(m.x) {
		m.max, m.x, m.got, m.want = o.max, o.x, o.got, o.want
	}
	m.sum += o.sum
	m.count += o.count
	m.bad += o.bad
	for i, n := range o.histogram {
		m.histogram[i] += n
	}
}

// sweepResult is what one subject's sweep found.
type sweepResult struct {
	loss, gradient errorStats
	differing      int64   // logits whose bits differ between kernels
	differs        float32 // the first of them
}

// verify sweeps all subjects.
func verify(ctx context.Context, stride uint64, workers int, bar *progress) (*verifyReport, error) {
	list := subjects()
	var inputs uint64
	for _, s := range list {
		inputs += (s.patterns() + stride - 1) / stride
	}
	bar.startBytes("verifying", 4*int64(inputs))
	defer bar.clear()
	rep := &verifyReport{
		CPU: cpuName(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernels: engine.Kernels(), Stride: stride, OK: true,
	}
	for _, s := range list {
		r, err := s.sweep(ctx, stride, workers, bar)
		if err != nil {
			return nil, err
		}
		rep.add(s, r)
	}
	return rep, nil
}

// sweep evaluates the subject on every stride-th bit pattern, on all kernels.
func (s subject) sweep(ctx context.Context, stride uint64, workers int, bar *progress) (sweepResult, error) {
	var (
		next  atomic.Uint64
		mu    sync.Mutex
		total sweepResult
		first error
		wg    sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			var r sweepResult
			err := s.work(ctx, stride, &next, &r, func(n int) {
				mu.Lock()
				defer mu.Unlock()
				bar.add(4 * int64(n))
			})
			mu.Lock()
			defer mu.Unlock()
			total.loss.merge(&r.loss)
			total.gradient.merge(&r.gradient)
			if r.differing > 0 && (total.differing == 0 || math.Float32bits(r.differs) < math.Float32bits(total.differs)) {
				total.differs = r.differs
			}
			total.differing += r.differing
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return total, first
}

// work takes part after part of the bit patterns.
func (s subject) work(ctx context.Context, stride uint64, next *atomic.Uint64, r *sweepResult, done func(int)) error {
	var engines []*engine.Engine
	for _, name := range engine.Kernels() {
		e, err := engine.New(s.bound.Loss, engine.WithKernel(name), engine.WithWorkers(1))
		if err != nil {
			return err
		}
		engines = append(engines, e)
	}
	x, labels := make([]float32, 0, verifyScores), make([]uint8, verifyScores)
	for i := range labels {
		labels[i] = s.label
	}
	loss, gradient := make([]float32, verifyScores), make([]float32, verifyScores)
	loss2, gradient2 := make([]float32, verifyScores), make([]float32, verifyScores)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := (next.Add(1) - 1) * verifyScores
		if from*stride >= s.patterns() {
			return nil
		}
		x = x[:0]
		n := 0
		for i := from; i < from+verifyScores && i*stride < s.patterns(); i++ {
			n++
			if v := math.Float32frombits(uint32(i * stride)); v-v == 0 { // finite
				x = append(x, v)
			}
		}
		b := s.batch(x, labels[:len(x)])
		for k, e := range engines {
			l, g := loss[:len(x)], gradient[:len(x)]
			if k > 0 {
				l, g = loss2[:len(x)], gradient2[:len(x)]
			}
			if _, err := e.LossesAndGradients(l, g, b); err != nil {
				return err
			}
			for i := range x {
				if k > 0 && (math.Float32bits(l[i]) != math.Float32bits(loss[i]) || math.Float32bits(g[i]) != math.Float32bits(gradient[i])) {
					if r.differing == 0 {
						r.differs = x[i]
					}
					r.differing++
				}
			}
		}
		for i, x := range x {
			wantLoss, wantGradient := s.exact(x)
			r.loss.add(x, loss[i], wantLoss, 0x1p-126, true)
			r.gradient.add(x, gradient[i], wantGradient, s.floor(), false)
		}
		done(n)
	}
}
