package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/asm"
)

// parameters are what every formula is tested with.
var parameters = map[asm.Formula][]asm.Params{
	asm.CrossEntropy: {asm.MakeParams(0.75, 0.25, 0), ignoringGamma(1, 1, 0)},
	asm.Focal1:       {asm.MakeParams(0.75, 0.25, 1), ignoringGamma(1, 7, 1)},
	asm.Focal2:       {asm.MakeParams(0.75, 0.25, 2), ignoringGamma(0.3, 1e-3, 2)},
	asm.FocalAny: {
		asm.MakeParams(0.75, 0.25, 0.5),
		asm.MakeParams(0.75, 0.25, 1.5),
		asm.MakeParams(0.75, 0.25, 3),
		asm.MakeParams(0.75, 0.25, 5),
		asm.MakeParams(0.75, 0.25, 1),
		asm.MakeParams(1, 1, 2),
		asm.MakeParams(0.75, 0.25, 0x1p-149),
		asm.MakeParams(0.75, 0.25, 1e-20),
		asm.MakeParams(0.75, 0.25, 0.1),
		asm.MakeParams(0.75, 0.25, 70000),
		asm.MakeParams(0.75, 0.25, 3e38),
	},
	asm.SoftCrossEntropy: {asm.MakeParams(0.75, 0.25, 0), ignoringGamma(1, 7, 0)},
	asm.SoftBalanced:     {asm.MakeParams(0.75, 0.25, 0), ignoringGamma(1, 1, 0)},
	asm.SoftFocal1:       {asm.MakeParams(0.75, 0.25, 1), ignoringGamma(1, 7, 1)},
	asm.SoftFocal2:       {asm.MakeParams(0.75, 0.25, 2), ignoringGamma(0.3, 1e-3, 2)},
	asm.SoftFocalAny:     softParameters,
	asm.Quality2:         {asm.MakeParams(1, 1, 2), ignoringGamma(0.3, 1e-3, 2)},
	asm.QualityAny:       softParameters,
	asm.Varifocal2:       {byTarget(asm.MakeParams(0.75, 1, 2), 1, 0), byTarget(ignoringGamma(0.75, 0.5, 2), 0, 1)},
	asm.VarifocalAny: append([]asm.Params{byTarget(asm.MakeParams(0.75, 1, 1.5), 0, 1)},
		mapped(softParameters, func(p asm.Params) asm.Params { return byTarget(p, 1, 0) })...),
}

// softParameters are for formulas of targets with a power.
var softParameters = []asm.Params{
	asm.MakeParams(0.75, 0.25, 0.5),
	asm.MakeParams(1, 1, 1.5),
	asm.MakeParams(0.75, 0.25, 5),
	asm.MakeParams(0.75, 0.25, 1),
	asm.MakeParams(0.75, 0.25, 0x1p-149),
	asm.MakeParams(0.75, 0.25, 70000),
	asm.MakeParams(0.75, 0.25, 3e38),
}

// byTarget returns params with varifocal's factor of Pos.
func byTarget(p asm.Params, slope, base float32) asm.Params {
	p.TargetSlope, p.TargetBase = slope, base
	return p
}

func mapped[T any](s []T, f func(T) T) (all []T) {
	for _, v := range s {
		all = append(all, f(v))
	}
	return all
}

// ignoringGamma returns params with what a formula of that gamma must not read.
func ignoringGamma(neg, pos, gamma float32) asm.Params {
	p := asm.MakeParams(neg, pos, gamma)
	nan := float32(math.NaN())
	p.Gamma, p.GammaLow, p.Limit = nan, nan, nan
	return p
}

// specialLogits: zeros, subnormals, the edges of exp and of the saturation.
var specialLogits = []float32{
	0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-149, 0x1p-127, -0x1.fffffcp-127, 0x1p-126, -0x1p-126,
	1e-20, -1e-20, 0x1p-24, -0x1p-24, 0.693147, -0.693147, 1, -1, 16, -16, 29.1, -29.1, 34, -34,
	87.3, -87.3, 87.98, -87.98, 88, -88, 88.02969, -88.02969, 88.0297, -88.0297, 88.1, -88.1, 103.97, -103.97, 104, -104,
	1e3, -1e3, 1e10, -1e10, 1e30, -1e30, math.MaxFloat32, -math.MaxFloat32,
}

// specialProbs: zeros, subnormals, the clamps of ln and of the gradient, the edges
// of ln's table and of its polynomial, and what is nearest one.
var specialProbs = []float32{
	0, float32(math.Copysign(0, -1)), 0x1p-149, 0x1p-148, 0x1p-145, 0x1.a7p-145, 0x1p-144, 0x1p-127, 0x1.fffffcp-127, 0x1p-126,
	1e-20, 9.9e-13, 1e-12, 1.01e-12, 0x1p-25, 0x1p-24, 0x1p-23, 0.03125, 0.25, 0.28125, 0.359375, 0.5, 0.71875, 0.75,
	0.78125, 0.84375, 0.90625, 0.96875, 0x1.effffep-1, 0.99, 1 - 0x1p-13, 1 - 0x1p-23, 1 - 0x1p-24, 1,
}

// kinds say how scores of every input are made.
var kinds = map[asm.Input]struct {
	special []float32
	scores  func(rng *source, n int) (x []float32, y []uint8) // of all kinds
	dense   func(rng *source, n int) (x []float32, y []uint8) // uniform where formulas are not saturated
	sweep   func(stride, from uint32, block func(x []float32, y []uint8))
}{
	asm.Logits: {specialLogits, logits, denseLogits, sweepLogits},
	asm.Probs:  {specialProbs, probs, denseProbs, sweepProbs},
}

// logits returns n logits and labels, with special values among them. Infinite ones are on
// the side where they are valid.
func logits(rng *source, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		switch r := rng.IntN(16); {
		case r < 8:
			x[i] = float32(-4.6 + 1.5*rng.NormFloat64())
		case r < 12:
			x[i] = float32(20 * rng.NormFloat64())
		case r < 13:
			x[i] = math.Float32frombits(rng.Uint32N(0x7f800000) | rng.Uint32()<<31)
		default:
			x[i] = specialLogits[rng.IntN(len(specialLogits))]
		}
		y[i] = label(rng)
		if rng.IntN(64) == 0 { // −∞ for background, +∞ for foreground: loss 0
			y[i] = uint8(rng.IntN(2))
			x[i] = float32(math.Inf(2*int(y[i]) - 1))
		}
	}
	for g := 0; g < n; g += Group {
		if rng.IntN(4) > 0 {
			continue
		}
		for i := g; i < g+Group; i++ { // plain, which kernels may take by the group
			x[i], y[i] = float32(math.Copysign(float64(x[i]), -1)), 0
		}
		switch i := g + rng.IntN(Group); rng.IntN(4) { // or all but one
		case 0:
			x[i] = 3 * rng.Float32()
		case 1:
			y[i] = 1
			x[i] = rng.Float32() - 0.5
		}
	}
	return x, y
}

// plain tells how many scores of the group from i on are plain.
func plain(x []float32, y []uint8, i int) (n int) {
	for j := i; j < i+Group; j++ {
		if y[j] == 0 && math.Signbit(float64(x[j])) {
			n++
		}
	}
	return n
}

// softened returns targets in place of labels: 0 and 1, near these, anywhere between, near the
// probability that the logit stands for, and −1 for ignored; an infinite logit keeps its label,
// and so do most groups of plain ones, and of all but one.
// Half of the times it returns factors of Pos, too.
func softened(x []float32, y []uint8) (targets, pos []float32) {
	rng := rand.New(rand.NewPCG(uint64(len(x)), 0))
	if len(x) > 0 {
		rng = rand.New(rand.NewPCG(uint64(len(x)), uint64(math.Float32bits(x[0]))))
	}
	targets = make([]float32, len(x))
	keep := false
	for i, v := range x {
		if i%Group == 0 {
			keep = plain(x, y, i) >= Group-1 && rng.IntN(4) > 0
		}
		hard, r := float32(y[i]), rng.IntN(12)
		near := float32(math.Exp(-103 * rng.Float64())) // from 1 to the least subnormal
		switch {
		case y[i] == 255:
			hard = -1
		case keep || v-v != 0 || r < 2:
		case r < 3:
			hard = float32(math.Copysign(0, -1))
		case r < 5:
			hard = near
		case r < 6:
			hard = 1 - 0x1p-24*float32(rng.IntN(1<<rng.IntN(24)))
		case r < 9:
			hard = rng.Float32()
		default:
			p := 1 / (1 + math.Exp(-float64(v)))
			hard = min(float32(p*(1+float64(near)*float64(rng.IntN(3)-1))), 1)
		}
		targets[i] = hard
	}
	if rng.IntN(2) == 0 {
		pos = make([]float32, len(x))
		for i := range pos {
			pos[i] = [5]float32{0, 1, 0.3, 7, 1e-40}[rng.IntN(5)]
		}
	}
	return targets, pos
}

func label(rng *source) uint8 { return [4]uint8{0, 0, 1, 255}[rng.IntN(4)] }

// probs returns n probabilities and labels, with special values among them.
func probs(rng *source, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		switch r := rng.IntN(16); {
		case r < 6:
			x[i] = rng.Float32()
		case r < 9:
			x[i] = float32(1 / (1 + math.Exp(4.6-1.5*rng.NormFloat64())))
		case r < 11:
			x[i] = 1 - 0x1p-24*float32(rng.IntN(1<<rng.IntN(20)))
		case r < 13:
			x[i] = math.Float32frombits(rng.Uint32N(0x3f800001))
		default:
			x[i] = specialProbs[rng.IntN(len(specialProbs))]
		}
		y[i] = label(rng)
	}
	return x, y
}

func weights(rng *source, n int) []float32 {
	w := make([]float32, n)
	for i := range w {
		w[i] = [7]float32{0, 1, 0.3, 1e-3, 1e-40, 7, 3e20}[rng.IntN(7)]
	}
	return w
}

func denseLogits(rng *source, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		x[i], y[i] = 180*rng.Float32()-90, uint8(rng.IntN(2))
	}
	return x, y
}

func denseProbs(rng *source, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		x[i], y[i] = rng.Float32(), uint8(rng.IntN(2))
	}
	return x, y
}

// sweepLogits gives block all magnitudes that are a stride apart, of both signs.
func sweepLogits(stride, from uint32, block func(x []float32, y []uint8)) {
	x, y := make([]float32, Block), make([]uint8, Block)
	for b := from; b < 0x7f800000; {
		for i := 0; i < Block; i += 2 {
			v := math.Float32frombits(min(b, 0x7f7fffff))
			x[i], x[i+1] = v, -v
			y[i] = uint8(b / stride & 1)
			y[i+1] = y[i]
			b += stride
		}
		block(x, y)
	}
}

// sweepProbs gives block all probabilities that are half a stride apart, with both labels.
func sweepProbs(stride, from uint32, block func(x []float32, y []uint8)) {
	const one = 0x3f800000
	x, y := make([]float32, Block), make([]uint8, Block)
	for b := from / 2; b <= one; {
		for i := 0; i < Block; i += 2 {
			v := math.Float32frombits(min(b, one))
			x[i], x[i+1] = v, v
			y[i], y[i+1] = 0, 1
			b += stride / 2
		}
		block(x, y)
	}
}

// eachKernel runs a part of a test for every kernel that there is to be, with its parameters.
func eachKernel(t *testing.T, rng *source, f func(t *testing.T, k asm.Kernel, p []asm.Params, rng *source)) {
	for k := range asm.NumKernels {
		t.Run(k.String(), func(t *testing.T) {
			p := parameters[k.Formula()]
			if len(p) == 0 {
				t.Fatalf("%v: no parameters of formula %q to test it with", k, k.Formula())
			}
			if _, ok := kinds[k.Input()]; !ok {
				t.Fatalf("%v: no scores of input %q to test it with", k, k.Input())
			}
			if !genericSet.Has(k) {
				t.Fatalf("generic/%v: the set has no such kernel", k)
			}
			if len(variants[k.Output()]) == 0 {
				t.Fatalf("%v: no variants of output %d to test it with", k, k.Output())
			}
			f(t, k, p, rng.of(k.String()))
		})
	}
}
