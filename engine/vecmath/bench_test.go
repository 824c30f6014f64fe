package vecmath

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flengine/flengine/engine/internal/kernel"
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

// BenchmarkPlain sets pure Go against plain loops over package math in float64, turn by turn,
// on values that stay in L1: the least ns/value of each, and ours as a multiple of theirs.
func BenchmarkPlain(b *testing.B) {
	const n, calls = 2048, 8
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(math.Exp(2 * rng.NormFloat64()))
	}
	set, err := kernel.Find("generic")
	if err != nil {
		b.Fatal(err)
	}
	plain := []func(){
		func() {
			for i, x := range x {
				y[i] = float32(math.Exp(float64(x)))
			}
		},
		func() {
			for i, x := range x {
				y[i] = float32(math.Log(float64(x)))
			}
		},
		func() {
			for i, x := range x {
				y[i] = float32(math.Log1p(float64(x)))
			}
		},
		func() {
			for i, x := range x {
				y[i] = float32(1 / (1 + math.Exp(-float64(x))))
			}
		},
		func() {
			for i, x := range x {
				v := float64(x)
				y[i] = float32(max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))))
			}
		},
		func() {
			for i, x := range x {
				v := float64(x)
				y[i] = float32(min(v, 0) - math.Log1p(math.Exp(-math.Abs(v))))
			}
		},
		func() {
			for i, x := range x {
				y[i] = float32(math.Pow(float64(x), 1.5))
			}
		},
	}
	for k, f := range functions(1.5) {
		b.Run(f.name, func(b *testing.B) {
			ours, theirs := time.Hour, time.Hour
			for range b.N {
				start := time.Now()
				for range calls {
					f.call(set, y, x)
				}
				ours = min(ours, time.Since(start))
				start = time.Now()
				for range calls {
					plain[k]()
				}
				theirs = min(theirs, time.Since(start))
			}
			b.ReportMetric(float64(ours)/calls/n, "ns/ours")
			b.ReportMetric(float64(theirs)/calls/n, "ns/plain")
			b.ReportMetric(float64(ours)/float64(theirs), "×plain")
		})
	}
}
