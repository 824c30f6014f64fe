package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/engine/vecmath"
)

// BenchmarkRows times losses of rows of 2¹⁷ scores in one goroutine, and a pass of vecmath.Exp
// over the same scores, which to compare them with.
func BenchmarkRows(b *testing.B) {
	for _, columns := range []int{1, 2, 3, 4, 8, 21, 80, 91, 1000, 10_000} {
		rng := rand.New(rand.NewPCG(1, 1))
		rows := 1 << 17 / columns
		c := &rowCase{columns: columns, x: make([]float32, rows*columns), classes: make([]int32, rows)}
		for i := range c.x {
			c.x[i] = float32(3 * rng.NormFloat64())
		}
		for i := range c.classes {
			c.classes[i] = int32(rng.IntN(columns))
		}
		large := &rowCase{columns: columns, x: make([]float32, len(c.x)), classes: c.classes}
		for i, x := range c.x {
			large.x[i] = 100 + x
		}
		out := make([]float32, len(c.x))
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%d/%s", columns, name), func(b *testing.B) {
				for range b.N {
					f()
				}
				ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				b.ReportMetric(ns/float64(len(c.x)), "ns/score")
				b.ReportMetric(ns/float64(rows), "ns/row")
			})
		}
		run("Exp", func() { vecmath.Exp(out, c.x) })
		for _, l := range []Loss{SoftmaxCrossEntropy(), SoftmaxFocal(2), SoftmaxFocal(1.5), SoftmaxCrossEntropy().Smoothed(0.1)} {
			e := must(New(l, WithWorkers(1)))
			run(l.String()+"/Sum", func() { must(e.Sum(c.batch())) })
			run(l.String()+"/Gradients", func() { must(e.Gradients(out, c.batch())) })
			if l == SoftmaxFocal(2) {
				run("large/Sum", func() { must(e.Sum(large.batch())) })
			}
		}
	}
}
