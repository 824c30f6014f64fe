package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// easyBatch is like a detector's: 1 % positives, the rest mostly easy.
func easyBatch(n int) (x []float32, y []uint8) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		x[i] = float32(-4.6 + 1.5*rng.NormFloat64())
		if rng.IntN(100) == 0 {
			x[i], y[i] = float32(2*rng.NormFloat64()), 1
		}
	}
	return x, y
}

// BenchmarkLoss reports ns/score for kernels × losses × operations, one worker.
func BenchmarkLoss(b *testing.B) {
	const n = 1 << 20
	x, y := easyBatch(n)
	classes := make([]int32, n/64)
	for a := range classes {
		classes[a] = -1
		for c := range 64 {
			if y[a*64+c] == 1 {
				classes[a] = int32(c)
			}
		}
	}
	column, weights := make([]int32, n), make([]float32, n)
	for i, y := range y {
		column[i], weights[i] = int32(y)-1, 1
	}
	dst, grad := make([]float32, n), make([]float32, n)
	labels := Batch{Logits: x, Labels: y}
	probs := Batch{Probs: make([]float32, n), Labels: y}
	for i, x := range x {
		probs.Probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	for _, kernel := range Kernels() {
		for _, l := range []struct {
			name string
			loss Loss
		}{{"ce", CrossEntropy()}, {"focal1", Focal(0.25, 1)}, {"focal2", Focal(0.25, 2)}, {"focal1.5", Focal(0.25, 1.5)}} {
			e := must(New(l.loss, WithKernel(kernel), WithWorkers(1)))
			for _, op := range []struct {
				name string
				run  func() (Result, error)
			}{
				{"sum", func() (Result, error) { return e.Sum(labels) }},
				{"sum-classes", func() (Result, error) {
					return e.Sum(Batch{Logits: x, Classes: classes, NumClasses: 64})
				}},
				{"sum-column", func() (Result, error) { return e.Sum(Batch{Logits: x, Classes: column}) }},
				{"sum-weights", func() (Result, error) { return e.Sum(Batch{Logits: x, Labels: y, Weights: weights}) }},
				{"losses", func() (Result, error) { return e.Losses(dst, labels) }},
				{"gradients", func() (Result, error) { return e.Gradients(grad, labels) }},
				{"both", func() (Result, error) { return e.LossesAndGradients(dst, grad, labels) }},
				{"probs-sum", func() (Result, error) { return e.Sum(probs) }},
				{"probs-losses", func() (Result, error) { return e.Losses(dst, probs) }},
				{"probs-gradients", func() (Result, error) { return e.Gradients(grad, probs) }},
			} {
				b.Run(fmt.Sprintf("%s/%s/%s", kernel, l.name, op.name), func(b *testing.B) {
					b.SetBytes(n)
					for range b.N {
						if _, err := op.run(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/score")
				})
			}
		}
	}
}

// BenchmarkWorkers sets one worker against several, turn by turn, so that both see
// the same phases of a shared machine. It reports the least µs per call of each,
// and their ratio, which GOMAXPROCS limits.
func BenchmarkWorkers(b *testing.B) {
	x, y := easyBatch(1 << 23)
	grad := make([]float32, len(x))
	for _, workers := range []int{2, 4} {
		if workers > runtime.GOMAXPROCS(0) {
			continue
		}
		for _, l := range []struct {
			name string
			loss Loss
		}{{"ce", CrossEntropy()}, {"focal2", Focal(0.25, 2)}, {"focal1.5", Focal(0.25, 1.5)}} {
			one := must(New(l.loss, WithWorkers(1)))
			several := must(New(l.loss, WithWorkers(workers)))
			for _, op := range []string{"sum", "gradients"} {
				for _, log := range []int{14, 15, 16, 17, 18, 20, 23} {
					n := 1 << log
					batch := Batch{Logits: x[:n], Labels: y[:n]}
					run := func(e *Engine) time.Duration {
						start := time.Now()
						var err error
						if op == "sum" {
							_, err = e.Sum(batch)
						} else {
							_, err = e.Gradients(grad[:n], batch)
						}
						if err != nil {
							b.Fatal(err)
						}
						return time.Since(start)
					}
					b.Run(fmt.Sprintf("%d/%s/%s/%d", workers, l.name, op, n), func(b *testing.B) {
						least1, least := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
						for range b.N {
							for range 8 { // calls in a row, as in a loop over batches
								least1 = min(least1, run(one))
							}
							for range 8 {
								least = min(least, run(several))
							}
						}
						b.ReportMetric(float64(least1)/1e3, "µs/one")
						b.ReportMetric(float64(least)/1e3, "µs/several")
						b.ReportMetric(float64(least1)/float64(least), "ratio")
					})
				}
			}
		}
	}
}
