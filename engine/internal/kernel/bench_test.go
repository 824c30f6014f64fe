package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flengine/flengine/asm"
)

// BenchmarkBlock times the kernels on one block that stays in L1.
func BenchmarkBlock(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y, dst, grad := make([]float32, Block), make([]uint8, Block), make([]float32, Block), make([]float32, Block)
	probs := make([]float32, Block)
	for i := range x {
		x[i] = float32(-4.6 + 1.5*rng.NormFloat64())
		if rng.IntN(100) == 0 {
			x[i], y[i] = float32(2*rng.NormFloat64()), 1
		}
		probs[i] = float32(1 / (1 + math.Exp(-float64(x[i]))))
	}
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		run := func(name string, f func()) {
			b.Run(c.Name+"/"+name, func(b *testing.B) {
				for range b.N {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Block, "ns/score")
			})
		}
		run("labels", func() { c.CountLabels(y) })
		for _, gamma := range []float32{0, 1, 2, 1.5} {
			p := asm.MakeParams(0.75, 0.25, gamma)
			var acc [8]float64
			k := func(input int, out asm.Output) asm.Kernel {
				return asm.KernelOf(formulaOf(gamma), asm.Input(input), out)
			}
			for input, x := range [asm.NumInputs][]float32{x, probs} {
				run(fmt.Sprintf("%s/loss/gamma=%g", inputs[asm.Input(input)], gamma), func() { evaluate(c.Set, k(input, asm.Loss), nil, nil, x, y, nil, &p, &acc) })
				run(fmt.Sprintf("%s/gradient/gamma=%g", inputs[asm.Input(input)], gamma), func() { evaluate(c.Set, k(input, asm.Gradient), dst, grad, x, y, nil, &p, &acc) })
			}
		}
	}
}

// BenchmarkLoop reports what a score takes in the loops of the kernels for sums, without
// what a call takes besides: the difference between the least times of 4096 scores
// and of 2048. It is what llvm-mca's bounds, which are of the loops, compare with.
func BenchmarkLoop(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	y := make([]uint8, Block)
	scores := [asm.NumInputs][]float32{make([]float32, Block), make([]float32, Block)}
	for i := range y {
		x := -4.6 + 1.5*rng.NormFloat64()
		scores[asm.Logits][i], scores[asm.Probs][i] = float32(x), float32(1/(1+math.Exp(-x)))
	}
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		for input, x := range scores {
			for _, gamma := range []float32{0, 1, 2, 1.5} {
				b.Run(fmt.Sprintf("%s/%s/gamma=%g", c.Name, inputs[asm.Input(input)], gamma), func(b *testing.B) {
					p := asm.MakeParams(0.75, 0.25, gamma)
					k := asm.KernelOf(formulaOf(gamma), asm.Input(input), asm.Loss)
					var acc [8]float64
					least := func(n int, before time.Duration) time.Duration {
						start := time.Now()
						for range 8 {
							evaluate(c.Set, k, nil, nil, x[:n], y[:n], nil, &p, &acc)
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
		}
	}
}
