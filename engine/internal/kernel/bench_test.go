package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/generic"
)

// benchmarkScores are the scores of a detector: a hundredth of them positive where mixed.
func benchmarkScores(mixed bool) (x [asm.NumInputs][]float32, y []uint8) {
	rng := rand.New(rand.NewPCG(1, 1))
	x[asm.Logits], x[asm.Probs], y = make([]float32, Block), make([]float32, Block), make([]uint8, Block)
	for i := range y {
		v := float32(-4.6 + 1.5*rng.NormFloat64())
		if mixed && rng.IntN(100) == 0 {
			v, y[i] = float32(2*rng.NormFloat64()), 1
		}
		x[asm.Logits][i], x[asm.Probs][i] = v, float32(1/(1+math.Exp(-float64(v))))
	}
	return x, y
}

// benchmarkTargets are qualities where the label is 1, and 0 elsewhere.
func benchmarkTargets(x []float32, y []uint8) []float32 {
	t := make([]float32, len(y))
	for i, y := range y {
		t[i] = float32(y) * float32(1/(1+math.Exp(-float64(x[i]))))
	}
	return t
}

// eachBenchmark runs f for every kernel of every set that this machine can run.
func eachBenchmark(b *testing.B, f func(b *testing.B, s *Set, k asm.Kernel, p asm.Params)) {
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		for k := range asm.NumKernels {
			p := parameters[k.Formula()][0]
			b.Run(c.Name+"/"+k.String(), func(b *testing.B) { f(b, c.Set, k, p) })
		}
	}
}

// BenchmarkBlock times the kernels on one block that stays in L1: those for losses for the
// sum alone, those for gradients with losses, too.
func BenchmarkBlock(b *testing.B) {
	x, y := benchmarkScores(true)
	losses, grads, hessians := make([]float32, Block), make([]float32, Block), make([]float32, Block)
	targets := benchmarkTargets(x[asm.Logits], y)
	perScore := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Block, "ns/score")
	}
	eachBenchmark(b, func(b *testing.B, s *Set, k asm.Kernel, p asm.Params) {
		c := (&lossCase{kernel: k, params: p}).call(x[k.Input()], y, targets, nil, nil)
		if k.Output() != asm.Loss {
			c.Losses, c.Gradients = &losses[0], &grads[0]
		}
		if k.Output() == asm.Hessian {
			c.Hessians = &hessians[0]
		}
		for range b.N {
			s.Run(&c)
		}
		perScore(b)
	})
	for _, c := range candidates {
		if c.Usable() {
			b.Run(c.Name+"/CountLabels", func(b *testing.B) {
				for range b.N {
					c.CountLabels(y)
				}
				perScore(b)
			})
			for _, f := range halves {
				_, widen := f.widen(&subject{Set: c.Set})
				h := make([]uint16, Block)
				b.Run(c.Name+"/"+f.name, func(b *testing.B) {
					for range b.N {
						widen(losses, h)
					}
					perScore(b)
				})
			}
		}
	}
}

// BenchmarkLoop reports what a score takes in the loops of the kernels for sums, without
// what a call takes besides: the difference between the least times of 4096 scores
// and of 2048. It is what llvm-mca's bounds, which are of the loops, compare with.
func BenchmarkLoop(b *testing.B) {
	x, y := benchmarkScores(false)
	targets := benchmarkTargets(x[asm.Logits], y)
	eachBenchmark(b, func(b *testing.B, s *Set, k asm.Kernel, p asm.Params) {
		if k.Output() != asm.Loss {
			b.Skip("not for the sum")
		}
		least := func(n int, before time.Duration) time.Duration {
			c := (&lossCase{kernel: k, params: p}).call(x[k.Input()], y, targets, nil, nil)
			c.N = n
			start := time.Now()
			for range 8 {
				s.Run(&c)
			}
			return min(before, time.Since(start))
		}
		half, whole := time.Hour, time.Hour
		for range b.N {
			half, whole = least(Block/2, half), least(Block, whole)
		}
		b.ReportMetric(float64(whole-half)/8/(Block/2), "ns/score")
	})
}

// BenchmarkVec times the elementwise kernels on values that stay in L1.
func BenchmarkVec(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, dst := make([]float32, 2048), make([]float32, 2048)
	for i := range x {
		x[i] = float32(math.Exp(2 * rng.NormFloat64()))
	}
	sign, nan := generic.PowMasks(1.5)
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		run := func(name string, f func()) {
			b.Run(c.Name+"/"+name, func(b *testing.B) {
				for range b.N {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/value")
			})
		}
		for k, f := range c.Unary {
			run(unaryNames[k], func() { f(dst, x) })
		}
		run("Pow", func() { c.Pow(dst, x, 1.5, sign, nan) })
	}
}
