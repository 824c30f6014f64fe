package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// targetFamilies are kinds of targets for a logit.
var targetFamilies = [...]struct {
	name string
	of   func(rng *rand.Rand, x float32) float32
}{
	{"0", func(*rand.Rand, float32) float32 { return 0 }},
	{"1", func(*rand.Rand, float32) float32 { return 1 }},
	{"uniform", func(rng *rand.Rand, _ float32) float32 { return rng.Float32() }},
	{"½", func(*rand.Rand, float32) float32 { return 0.5 }},
	{"eighths", func(rng *rand.Rand, _ float32) float32 { return float32(rng.IntN(9)) / 8 }},
	{"near 0", func(rng *rand.Rand, _ float32) float32 { return float32(math.Exp2(-150 * rng.Float64())) }},
	{"near 1", func(rng *rand.Rand, _ float32) float32 { return 1 - float32(math.Exp2(-24*rng.Float64())) }},
	{"any bits", func(rng *rand.Rand, _ float32) float32 { return math.Float32frombits(rng.Uint32N(0x3f800001)) }},
	{"p", func(_ *rand.Rand, x float32) float32 { return float32(sigmoid(x)) }},
	{"p by some ULP", func(rng *rand.Rand, x float32) float32 {
		y := math.Float32bits(float32(sigmoid(x))) + rng.Uint32N(17)
		return math.Float32frombits(min(max(y, 8)-8, 0x3f800000))
	}},
	{"p by some parts", func(rng *rand.Rand, x float32) float32 {
		return min(1, float32(sigmoid(x)*(1+(rng.Float64()-0.5)*math.Exp2(-20*rng.Float64()))))
	}},
	{"1 − p", func(_ *rand.Rand, x float32) float32 { return float32(sigmoid(-x)) }},
}

func sigmoid(x float32) float64 {
	e := math.Exp(-math.Abs(float64(x)))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// offBy is the error in ULP of a scale, beyond the floor.
func offBy(got float32, want, scale, floor float64) float64 {
	diff := math.Abs(float64(got)-want) - floor
	if diff <= 0 || math.IsInf(scale, 1) {
		return 0
	}
	if diff != diff || scale == 0 {
		return math.Inf(1)
	}
	_, exp := math.Frexp(scale)
	return diff / math.Ldexp(1, exp-24)
}

// targetWorst is the largest error seen and where.
type targetWorst struct {
	ulps, x, y, got, want float64
	family                string
}

func (w *targetWorst) add(o targetWorst) {
	if o.ulps > w.ulps || o.ulps != o.ulps {
		*w = o
	}
}

func (w targetWorst) String() string {
	return fmt.Sprintf("%.3f ULP at %v, target %v (%s): %.9g, exactly %.9g", w.ulps, float32(w.x), float32(w.y), w.family, w.got, w.want)
}

// TestTargetAccuracy measures the errors over a sample of all logits, and of those within 120,
// with targets of all families, of every kernel.
func TestTargetAccuracy(t *testing.T) {
	for _, b := range TargetBounds() {
		t.Run(b.Name, func(t *testing.T) {
			var engines []*Engine
			for _, name := range Kernels() {
				engines = append(engines, must(New(b.Loss, WithKernel(name), WithWorkers(1))))
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			all := make([][3]targetWorst, len(engines))
			parts := runtime.GOMAXPROCS(0)
			for part := range parts {
				wg.Go(func() {
					of := targetSweep(t, engines, b, part, parts)
					mu.Lock()
					defer mu.Unlock()
					for i := range of {
						for k, w := range of[i] {
							all[i][k].add(w)
						}
					}
				})
			}
			wg.Wait()
			for i, e := range engines {
				for k, what := range [...]struct {
					name  string
					bound float64
				}{{"loss", b.LossULP}, {"gradient", b.GradientULP}, {"second derivative", b.HessianULP}} {
					w := all[i][k]
					t.Logf("%s: %-8s %v", e.Kernel(), what.name, w)
					if !(w.ulps <= what.bound) {
						t.Errorf("%s, %v: %s beyond its bound of %g ULP: %v", e.Kernel(), b.Loss, what.name, what.bound, w)
					}
				}
			}
		})
	}
}

// targetSweep measures a part of the rounds on the first engine, and some of these on the
// others.
func targetSweep(t *testing.T, engines []*Engine, b Bound, part, parts int) [][3]targetWorst {
	exact := b.Loss.Exact()
	of := make([][3]targetWorst, len(engines))
	n, rounds := Block, 24
	if testing.Short() {
		n, rounds = 256, 2
	}
	x, y, dst := make([]float32, n), make([]float32, n), make([]float32, n)
	grad, hess, again := make([]float32, n), make([]float32, n), make([]float32, n)
	// Of these, gradients by labels and those with second derivatives are by other kernels.
	asymmetric := b.Loss.row().asymmetric
	heat := b.Loss.row().heat != nil || asymmetric
	hard := !heat && hardCurve(engines[0].ofTargets)
	for round := part; round < rounds; round += parts {
		rng := rand.New(rand.NewPCG(uint64(round), 11))
		for k, f := range targetFamilies {
			if asymmetric && k > 1 { // the targets are 0 and 1
				break
			}
			for i := range x {
				for x[i] = nan; x[i]-x[i] != 0; {
					x[i] = math.Float32frombits(rng.Uint32())
				}
				if i%4 > 0 {
					x[i] = (rng.Float32() - 0.5) * [...]float32{0, 240, 40, 8}[i%4]
				}
				y[i] = f.of(rng, x[i])
			}
			batch := Batch{Logits: x, Targets: y}
			for m, e := range engines {
				if m > 0 && (round+k)%8 != 0 {
					continue
				}
				must(e.LossesAndGradients(dst, grad, batch))
				must(e.Losses(again, batch))
				if i := different(dst, again); i >= 0 {
					t.Errorf("%s: logit %v, target %v: loss %v, with the gradient %v", e.Kernel(), x[i], y[i], again[i], dst[i])
					return of
				}
				curved := !hard || k < 2 // of the targets 0 and 1
				if curved {
					must(e.GradientsAndHessians(again, hess, batch))
					if i := different(grad, again); i >= 0 && !heat {
						t.Errorf("%s: logit %v, target %v: gradient %v, with the second derivative %v", e.Kernel(), x[i], y[i], grad[i], again[i])
						return of
					}
				}
				for i, x := range x {
					want, scale := exact(float64(x), float64(y[i])), max(1, math.Abs(float64(x)))
					if math.Signbit(float64(dst[i])) {
						t.Errorf("%s: logit %v, target %v: loss %v", e.Kernel(), x, y[i], dst[i])
						return of
					}
					add := func(what int, got float32, want, unit, floor float64) {
						of[m][what].add(targetWorst{offBy(got, want, unit, floor*scale), float64(x), float64(y[i]), float64(got), want, f.name})
					}
					add(0, dst[i], want.Loss, want.LossScale, b.LossFloor)
					add(1, grad[i], want.Gradient, want.GradientScale, b.GradientFloor)
					if curved {
						add(1, again[i], want.Gradient, want.GradientScale, b.GradientFloor)
						add(2, hess[i], want.Hessian, want.HessianScale, b.HessianFloor)
					}
				}
			}
		}
	}
	return of
}
