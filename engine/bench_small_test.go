package engine

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// BenchmarkSmall times calls of few scores, turn by turn with calls of 4096 and with a plain
// loop over the same scores. It reports the least ns/call, its ratio to a twentieth of a call of
// 4096, and the least ns of the loop: above 1 calls cost more than they should, and where the
// loop takes less they do not pay.
func BenchmarkSmall(b *testing.B) {
	const most = 4096
	x, labels := easyBatch(most)
	classes, column, targets, weights := make([]int32, most/8), make([]int32, most), make([]float32, most), make([]float32, most)
	for i := range classes {
		classes[i] = int32(i%100) - 1
		if classes[i] > 7 {
			classes[i] = Background
		}
	}
	for i, y := range labels {
		column[i], targets[i], weights[i] = int32(y)-1, float32(y), 1
	}
	dst, grad := make([]float32, most), make([]float32, most)
	forms := []struct {
		name string
		of   func(n int) Batch
	}{
		{"labels", func(n int) Batch { return Batch{Logits: x[:n], Labels: labels[:n]} }},
		{"weights", func(n int) Batch { return Batch{Logits: x[:n], Labels: labels[:n], Weights: weights[:n]} }},
		{"column", func(n int) Batch { return Batch{Logits: x[:n], Classes: column[:n]} }},
		{"classes", func(n int) Batch {
			return Batch{Logits: x[:n], Classes: classes[:(n+7)/8], NumClasses: 8, EndColumn: n % 8}
		}},
		{"targets", func(n int) Batch { return Batch{Logits: x[:n], Targets: targets[:n]} }},
	}
	for _, kernel := range Kernels() {
		e := must(New(Focal(0.25, 2), WithKernel(kernel), WithWorkers(1)))
		for _, op := range []struct {
			name string
			run  func(b *Batch, dst, grad []float32) error
		}{
			{"sum", func(b *Batch, _, _ []float32) error { _, err := e.Sum(*b); return err }},
			{"losses", func(b *Batch, dst, _ []float32) error { _, err := e.Losses(dst, *b); return err }},
			{"gradients", func(b *Batch, _, grad []float32) error { _, err := e.Gradients(grad, *b); return err }},
			{"both", func(b *Batch, dst, grad []float32) error { _, err := e.LossesAndGradients(dst, grad, *b); return err }},
		} {
			for _, form := range forms {
				for _, n := range []int{1, 8, 31, 32, 33, 63, 64, 128, 256, most} {
					b.Run(fmt.Sprintf("%s/%s/%s/%d", kernel, op.name, form.name, n), func(b *testing.B) {
						small, large := form.of(n), form.of(most)
						measure := func(least *float64, of *Batch, calls int) {
							dst, grad := dst[:len(of.Logits)], grad[:len(of.Logits)]
							start := time.Now()
							for range calls {
								if err := op.run(of, dst, grad); err != nil {
									b.Fatal(err)
								}
							}
							*least = min(*least, float64(time.Since(start).Nanoseconds())/float64(calls))
						}
						call, whole, loop := math.Inf(1), math.Inf(1), math.Inf(1)
						few := max(1, 256/n) // long enough for the clock, and short
						for range b.N {
							measure(&call, &small, 32)
							measure(&whole, &large, 1)
							start := time.Now()
							for range few {
								plainSum += plainFocal2(x[:n], labels[:n])
							}
							loop = min(loop, float64(time.Since(start).Nanoseconds())/float64(few))
						}
						b.ReportMetric(0, "ns/op")
						b.ReportMetric(call, "ns/call")
						b.ReportMetric(20*call/whole, "×20th")
						b.ReportMetric(loop, "ns/loop")
					})
				}
			}
		}
	}
}

// plainFocal2 is focal loss for γ = 2 and α = 0.25 as one writes it without an engine.
func plainFocal2(x []float32, labels []uint8) (sum float64) {
	for i, x := range x {
		u, w := float64(x), 0.75
		if labels[i] == 1 {
			u, w = -u, 0.25
		}
		e := math.Exp(-math.Abs(u))
		q := 1 / (1 + e)
		if u < 0 {
			q *= e
		}
		sum += w * q * q * (max(u, 0) + math.Log1p(e))
	}
	return sum
}

// plainSum keeps the loop.
var plainSum float64
