package vecmath

import (
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkVecmath times every function on every kernel, 2²⁰ values.
func BenchmarkVecmath(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float32, 1<<20), make([]float32, 1<<20)
	for i := range x {
		x[i] = float32(math.Exp(2 * rng.NormFloat64()))
	}
	for _, set := range sets() {
		for _, f := range functions(1.5) {
			b.Run(set.Name+"/"+f.name, func(b *testing.B) {
				b.SetBytes(4 << 20)
				for b.Loop() {
					f.call(set, y, x)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<20), "ns/value")
			})
		}
	}
}
