package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/engine/internal/guard"
)

// ofTargetsListed are the losses that kernels of targets are compared at: all with documented
// bounds, and some with weights and smoothing.
var ofTargetsListed = func() (list []Loss) {
	for _, b := range TargetBounds() {
		list = append(list, b.Loss)
	}
	return append(list, CrossEntropy().Smoothed(0.1), CrossEntropy().Weighted(3, 0.5), QualityFocal(1.5).Weighted(0.25, 0.75).Smoothed(0.01),
		Focal(0.25, 2).Smoothed(0.2), Varifocal(0.75, 2).Weighted(2, 0.5), HeatmapFocal(2, 4).Weighted(2, 0.5))
}()

// soft tells whether the loss takes targets between 0 and 1.
func (l Loss) soft() bool { return !l.row().asymmetric }

// targetsFor returns n targets of all kinds, ignored ones among them, hard ones alone if asked.
func targetsFor(rng *rand.Rand, n int, hard bool) []float32 {
	y := make([]float32, n)
	for i := range y {
		switch r := rng.IntN(8); {
		case r < 2:
			y[i] = 0
		case r < 3:
			y[i] = 1
		case r < 4:
			y[i] = IgnoredTarget
		case r < 5:
			y[i] = [...]float32{float32(math.Copysign(0, -1)), 0x1p-149, 0x1p-126, 1 - 0x1p-24, 0.5}[rng.IntN(5)]
		default:
			y[i] = rng.Float32()
		}
		if hard && y[i] > 0 && y[i] < 1 {
			y[i] = 1
		}
	}
	return y
}

// withTargets returns the batch with targets in place of labels, and logits for them: ignored
// ones, and those of weight 0, may be anything.
func (b Batch) withTargets(rng *rand.Rand, hard bool) Batch {
	b.Labels, b.Classes, b.Targets = nil, nil, targetsFor(rng, len(b.Logits), hard)
	b.Logits = append([]float32(nil), b.Logits...)
	for i, y := range b.Targets {
		switch unseen := y == IgnoredTarget || b.masked(i); {
		case unseen && rng.IntN(4) == 0:
			b.Logits[i] = []float32{nan, inf, -inf}[rng.IntN(3)]
		case y == 0 && rng.IntN(16) == 0:
			b.Logits[i] = -inf
		case y == 1 && rng.IntN(16) == 0:
			b.Logits[i] = inf
		case b.Logits[i]-b.Logits[i] != 0:
			b.Logits[i] = float32(rng.NormFloat64())
		}
	}
	return b
}

// finite returns the batch with finite logits for those that are infinite, as smoothed losses
// take.
func (b Batch) finite() Batch {
	b.Logits = append([]float32(nil), b.Logits...)
	for i, x := range b.Logits {
		if x > math.MaxFloat32 || x < -math.MaxFloat32 {
			b.Logits[i] = float32(math.Copysign(50, float64(x)))
		}
	}
	return b
}

// curves are what GradientsAndHessians gives.
type curves struct {
	result     Result
	grad, hess []float32
}

// evaluateCurves runs GradientsAndHessians, apart and in place.
func evaluateCurves(t testing.TB, e *Engine, b Batch) curves {
	t.Helper()
	n := len(b.Logits)
	c := curves{grad: guard.Slice[float32](t, n, true), hess: guard.Slice[float32](t, n, false)}
	var err error
	if c.result, err = e.GradientsAndHessians(c.grad, c.hess, b); err != nil {
		t.Fatalf("%v: %v", e.Loss(), err)
	}
	other := make([]float32, n)
	for _, in := range []string{"grad", "hess"} {
		mem := append([]float32(nil), b.Logits...)
		grad, hess := mem, other
		if in == "hess" {
			grad, hess = other, mem
		}
		r, err := e.GradientsAndHessians(grad, hess, b.with(mem))
		if err != nil || r != c.result || different(grad, c.grad) >= 0 || different(hess, c.hess) >= 0 {
			t.Fatalf("%v: %s in place: %v, %v, want %v; or other outputs", e.Loss(), in, r, err, c.result)
		}
	}
	return c
}

// TestTargetKernels: all kernels give generic's bits of the losses of targets, from targets,
// labels and classes, with weights of all kinds, between guard pages, at any number of workers
// and in spans.
func TestTargetKernels(t *testing.T) {
	lengths := []int{1, 7, 31, 32, 33, 64, 95, 257, 4095, 4096, 4097, 8193}
	if testing.Short() {
		lengths = []int{1, 33, 95, 4097}
	}
	rng := rand.New(rand.NewPCG(11, 2))
	for i, l := range ofTargetsListed {
		for k, n := range lengths {
			if testing.Short() && (i+k)%4 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%v/%d", l, n), func(t *testing.T) { // gives guarded memory back
				c := 1
				if n%3 == 0 {
					c = 3
				}
				b := randomBatch(rng, n, c, rng.IntN(2) == 0, rng.IntN(2) == 0)
				if (i+k)%3 != 0 {
					b = b.withTargets(rng, !l.soft())
				}
				if l.smoothing > 0 {
					b = b.finite()
				}
				curved := !(hardCurve(must(New(l)).ofTargets) && (l.smoothing > 0 || b.Targets != nil && l.row().heat == nil))
				opts := []Option{WithWorkers(1)}
				if rng.IntN(2) == 0 {
					opts = append(opts, WithColumnWeights([]float32{0.5, 0, 3}[:c]), WithClassWeights([]float32{2, 5, 0.1}[:c]))
				}
				generic := must(New(l, append(opts, WithKernel("generic"))...))
				want := evaluate(t, generic, b)
				var wantCurves curves
				if curved {
					wantCurves = evaluateCurves(t, generic, b)
				}
				if sum := canonicalSum(want.dst); want.result.Sum() != sum {
					t.Errorf("sum %v, by definition %v", want.result.Sum(), sum)
				}
				if r := want.result; r.Scores+r.Ignored != int64(n) {
					t.Errorf("%d scores and %d ignored of %d", r.Scores, r.Ignored, n)
				}
				for _, name := range Kernels() {
					e := must(New(l, append(opts, WithKernel(name))...))
					for _, atEnd := range []bool{false, true} {
						in := b.guarded(t, atEnd)
						got := evaluate(t, e, in)
						if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
							t.Fatalf("%s: %v, want %v; or other outputs", name, got.result, want.result)
						}
						if !curved {
							continue
						}
						curves := evaluateCurves(t, e, in)
						if curves.result != wantCurves.result || different(curves.grad, wantCurves.grad) >= 0 || different(curves.hess, wantCurves.hess) >= 0 {
							t.Fatalf("%s: with second derivatives %v, want %v; or other outputs", name, curves.result, wantCurves.result)
						}
					}
				}
			})
		}
	}
}

// TestTargetWorkers: the number of workers and shards cut at multiples of 4096 scores change
// no bit, nor do spans that begin amid a row.
func TestTargetWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 3))
	n := 3 * 4096 * 40
	if testing.Short() {
		n = 3 * 4096
	}
	for i, l := range ofTargetsListed {
		if i%4 != 0 && testing.Short() {
			continue
		}
		b := randomBatch(rng, n, 3, i%3 == 0, i%2 == 0)
		if i%4 != 3 {
			b = b.withTargets(rng, !l.soft())
		}
		b = b.finite()
		opts := []Option{WithColumnWeights([]float32{0.5, 0, 3}), WithClassWeights([]float32{2, 5, 0.1})}
		one := must(New(l, append(opts, WithWorkers(1))...))
		dst := make([]float32, n)
		want := must(one.Losses(dst, b))
		got := make([]float32, n)
		for _, workers := range []int{2, 7} {
			if r := must(must(New(l, append(opts, WithWorkers(workers))...)).Losses(got, b)); r != want || different(got, dst) >= 0 {
				t.Errorf("%v: %d workers give %v, one %v", l, workers, r, want)
			}
		}
		var total Result
		for from := 0; from < n; {
			to := min(n, from+4096*(1+rng.IntN(2)))
			total.Merge(must(one.Losses(got[from:to], b.span(from, to))))
			from = to
		}
		if total != want || different(got, dst) >= 0 {
			t.Errorf("%v: spans give %v, the whole %v", l, total, want)
		}
	}
}

// weightsAt returns the factors of a score in float64: of all of it, and of its class.
func weightsAt(b Batch, i int, columns, classes []float32) (all, class float64) {
	all, class = 1, 1
	if b.ScoreWeights != nil {
		all *= float64(b.ScoreWeights[i])
	}
	if b.Weights != nil {
		all *= float64(b.Weights[i/b.NumClasses])
	}
	if columns != nil {
		all *= float64(columns[i%b.NumClasses])
		class = float64(classes[i%b.NumClasses])
	}
	return all, class
}

// TestTargetModel: losses, derivatives and results are those of [Loss.Exact], with every weight
// where it belongs and smoothing before them.
func TestTargetModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 5))
	columns, classes := []float32{0.5, 1.25, 3}, []float32{2, 5, 0.125}
	for _, l := range ofTargetsListed {
		for _, form := range []string{"targets", "labels", "classes"} {
			b := randomBatch(rng, 300, 3, form == "classes", true)
			for i := range b.Logits {
				b.Logits[i] = float32(3 * rng.NormFloat64())
			}
			b.Weights, b.ScoreWeights = make([]float32, 100), make([]float32, 300)
			for i := range b.ScoreWeights {
				b.Weights[i/3], b.ScoreWeights[i] = rng.Float32(), float32(rng.IntN(4))
			}
			y := make([]float32, 300)
			labels := must(b.OneHot(make([]uint8, 300))).Labels
			for i, l := range labels {
				y[i] = []float32{0, 1, 0, IgnoredTarget}[l&3]
			}
			if form == "targets" {
				y = targetsFor(rng, 300, !l.soft())
				b.Labels, b.Classes, b.Targets = nil, nil, y
			}
			e := must(New(l, WithColumnWeights(columns), WithClassWeights(classes)))
			dst, grad, hess := make([]float32, 300), make([]float32, 300), make([]float32, 300)
			r := must(e.LossesAndGradients(dst, grad, b))
			_, err := e.GradientsAndHessians(make([]float32, 300), hess, b)
			curved := err == nil
			if hard := hardCurve(e.ofTargets) && l.row().heat == nil && l.soft(); curved != !(hard && (form == "targets" || l.smoothing > 0)) {
				t.Errorf("%v, %s: second derivatives: %v", l, form, err)
			}
			pos, neg := l.Weights()
			var positives, ignored int64
			var sum, weights float64
			for i, x := range b.Logits {
				if y[i] == IgnoredTarget {
					ignored++
					if dst[i] != 0 || grad[i] != 0 || curved && hess[i] != 0 {
						t.Errorf("%v, %s: ignored: loss %g, gradient %g, second derivative %g", l, form, dst[i], grad[i], hess[i])
					}
					continue
				}
				if y[i] == 1 || y[i] > 0 && l.row().heat == nil {
					positives++
				}
				all, class := weightsAt(b, i, columns, classes)
				weighed := l.Weighted(float32(float64(pos)*class), neg)
				want := weighed.Exact()(float64(x), float64(y[i]))
				of := float64(y[i])
				if l.row().heat != nil && of < 1 {
					of = 0
				}
				weights += all * (class*of + 1 - of)
				sum += all * want.Loss
				near := func(what string, got float32, want, scale float64) {
					t.Helper()
					if !(math.Abs(float64(got)-all*want) <= 3e-6*all*scale+1e-37) {
						t.Errorf("%v, %s: %s at %g, target %g, weights %g and %g: %g, want %g", l, form, what, x, y[i], all, class, got, all*want)
					}
				}
				near("loss", dst[i], want.Loss, want.LossScale)
				near("gradient", grad[i], want.Gradient, want.GradientScale)
				if curved {
					near("second derivative", hess[i], want.Hessian, want.HessianScale)
				}
			}
			if r.Positives != positives || r.Ignored != ignored || r.Scores != 300-ignored {
				t.Errorf("%v, %s: %v, want %d positive and %d ignored", l, form, r, positives, ignored)
			}
			if got, want := r.WeightedMean(), sum/weights; math.Abs(got-want) > 1e-5*want {
				t.Errorf("%v, %s: weighted mean %g, want %g", l, form, got, want)
			}
		}
	}
}

// TestExactDerivatives: those of [Loss.Exact] are those of its losses, to what differences in
// float64 tell.
func TestExactDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 7))
	const h = 1e-4
	for _, l := range append(ofTargetsListed, Focal(0.25, 1.5).Weighted(1, 1), QualityFocal(4)) {
		exact := l.Exact()
		for range 400 {
			x, y := 4*rng.NormFloat64(), []float64{0, 1, rng.Float64()}[rng.IntN(3)]
			if !l.soft() && y > 0 && y < 1 {
				continue
			}
			at := exact(x, y)
			if d := math.Abs(sigmoid(float32(x)) - y); d < 0.01 && l.row().Name == "qfl" {
				continue // where low powers of d bend
			}
			below, above := exact(x-h, y), exact(x+h, y)
			if got := (above.Loss - below.Loss) / (2 * h); math.Abs(got-at.Gradient) > 1e-6*max(1e-3, at.GradientScale) {
				t.Errorf("%v at %g, target %g: gradient %g, by differences %g", l, x, y, at.Gradient, got)
			}
			if got := (above.Gradient - below.Gradient) / (2 * h); at.Hessian == at.Hessian && math.Abs(got-at.Hessian) > 1e-5*max(1e-3, at.HessianScale) {
				t.Errorf("%v at %g, target %g: second derivative %g, by differences %g", l, x, y, at.Hessian, got)
			}
			if at.Hessian != at.Hessian && (l.row().Name != "focal" || y == 0 || y == 1) && l.smoothing == 0 {
				t.Errorf("%v at %g, target %g has no second derivative", l, x, y)
			}
		}
	}
}

// TestTargetNoAllocations: in the steady state one worker allocates nothing.
func TestTargetNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 13))
	n := 7 * 600 // of two blocks
	if testing.Short() {
		n = 7 * 30
	}
	b := randomBatch(rng, n, 7, true, true).finite()
	soft := b.withTargets(rng, false).finite()
	dst, grad, hess := make([]float32, n), make([]float32, n), make([]float32, n)
	w := WithClassWeights([]float32{1, 2, 3, 4, 5, 6, 7})
	for _, name := range Kernels() {
		quality := must(New(QualityFocal(2).Smoothed(0.1), WithKernel(name), WithWorkers(1), w))
		heat := must(New(HeatmapFocal(2, 2.5), WithKernel(name), WithWorkers(1), w))
		sweeper := must(NewSweeper([]Loss{QualityFocal(2), Focal(0.25, 2)}, WithKernel(name), WithWorkers(1)))
		results := make([]Result, 2)
		for what, f := range map[string]func(){
			"targets":            func() { must(quality.LossesAndGradients(dst, grad, soft)) },
			"classes":            func() { must(quality.LossesAndGradients(dst, grad, b)) },
			"second derivatives": func() { must(quality.GradientsAndHessians(grad, hess, soft)) },
			"heatmap":            func() { must(heat.LossesAndGradients(dst, grad, soft)) },
			"sweep": func() {
				if err := sweeper.Sum(results, b); err != nil {
					t.Fatal(err)
				}
			},
		} {
			if n := allocations(f); n > pooled {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}
