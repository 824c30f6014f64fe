package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flengine/flengine/asm"
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

// TestHardTargets: the targets 0 and 1 give what the labels do, within both bounds; where
// both are of one formula, and from probabilities, the same bits.
func TestHardTargets(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 9))
	classes := WithClassWeights([]float32{2, 5, 0.125})
	for _, b := range TargetBounds() {
		n := 3 * 700
		if testing.Short() {
			n = 3 * 60
		}
		in := randomBatch(rng, n, 3, false, true).withTargets(rng, true)
		labelled := in
		labelled.Targets, labelled.Labels = nil, make([]uint8, n)
		for i, y := range in.Targets {
			labelled.Labels[i] = labelOf(y)
		}
		e := must(New(b.Loss, classes))
		got, want := evaluate(t, e, in), evaluate(t, e, labelled)
		same := e.formula.Soft() || b.Loss.row().heat != nil
		if same && got.result != want.result || got.result.Scores != want.result.Scores || got.result.Positives != want.result.Positives || got.result.weights != want.result.weights {
			t.Errorf("%s: %v from targets, %v from labels", b.Name, got.result, want.result)
		}
		for i := range got.dst {
			off := max(offBy(got.dst[i], float64(want.dst[i]), float64(want.dst[i]), 6*b.LossFloor*1e8)/(2*b.LossULP+4),
				offBy(got.grad[i], float64(want.grad[i]), float64(want.grad[i]), 6*b.GradientFloor*1e8)/(2*b.GradientULP+4))
			if math.IsInf(float64(want.dst[i]), 1) && math.IsInf(float64(got.dst[i]), 1) {
				continue
			}
			if off > 1 || same && (math.Float32bits(got.dst[i]) != math.Float32bits(want.dst[i]) || math.Float32bits(got.grad[i]) != math.Float32bits(want.grad[i])) {
				t.Fatalf("%s: logit %g, target %g: loss %g, gradient %g; of the label %g, %g", b.Name, in.Logits[i], in.Targets[i], got.dst[i], got.grad[i], want.dst[i], want.grad[i])
			}
		}
		if gotCurves, wantCurves := evaluateCurves(t, e, in), evaluateCurves(t, e, labelled); gotCurves.result != wantCurves.result ||
			different(gotCurves.grad, wantCurves.grad) >= 0 || different(gotCurves.hess, wantCurves.hess) >= 0 {
			t.Errorf("%s: second derivatives: %v from targets, %v from labels; or other outputs", b.Name, gotCurves.result, wantCurves.result)
		}
		if e.formula.Soft() || !b.Loss.soft() {
			continue // from logits alone
		}
		probs := labelled.probs(rng)
		want = evaluate(t, e, probs)
		probs.Labels, probs.Targets = nil, in.Targets
		got = evaluate(t, e, probs)
		if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
			t.Errorf("%s: from probabilities, %v from targets, %v from labels; or other outputs", b.Name, got.result, want.result)
		}
	}
}

// TestHeatmapProbs: heatmaps are taken with probabilities, too.
func TestHeatmapProbs(t *testing.T) {
	e := must(New(HeatmapFocal(2, 4)))
	p, y := []float32{0.25, 0.75, 0.5, nan}, []float32{0.5, 1, 0, -1}
	dst := make([]float32, 4)
	r := must(e.Losses(dst, Batch{Probs: p, Targets: y}))
	for i, want := range []float64{math.Pow(0.5, 4) * 0.0625 * -math.Log(0.75), 0.0625 * -math.Log(0.75), 0.25 * math.Ln2, 0} {
		if math.Abs(float64(dst[i])-want) > 1e-6*want {
			t.Errorf("loss %d is %g, want %g", i, dst[i], want)
		}
	}
	if r.Positives != 1 || r.Ignored != 1 || r.Scores != 3 {
		t.Errorf("%v, want 1 positive, 1 ignored, 3 scores", r)
	}
}

// TestHeatmapWeights: scores weigh the same whatever is asked for: targets below 1 are of the
// background, and have no part in the factor of positives.
func TestHeatmapWeights(t *testing.T) {
	e := must(New(HeatmapFocal(2, 4), WithClassWeights([]float32{3})))
	b := Batch{Logits: []float32{1, 2, 3, nan}, Targets: []float32{1, 0.5, 0, -1}}
	grad := make([]float32, 4)
	for i, r := range []Result{must(e.Sum(b)), must(e.Gradients(grad, b)), must(e.GradientsAndHessians(grad, make([]float32, 4), b))} {
		if got := r.Sum() / r.WeightedMean(); math.Abs(got-5) > 1e-12 {
			t.Errorf("method %d: the weights are %v, want 3 + 1 + 1", i, got)
		}
	}
}

// TestTargetHeavyWeights: a weight that is beyond float32 with that of the class is an error,
// though the loss's own makes the loss finite; and a weight of 0 is 0, whatever that of the
// class makes of |x|.
func TestTargetHeavyWeights(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range []Loss{Focal(0.25, 2), QualityFocal(2).Weighted(0.1, 1), CrossEntropy().Weighted(0.1, 1), Varifocal(0.75, 2).Weighted(0.1, 1)} {
			e := must(New(l, WithKernel(name), WithClassWeights([]float32{1, 2})))
			b := Batch{Logits: []float32{0, 0, 0, 9}, Targets: []float32{1, 0, 0, 1}, ScoreWeights: []float32{1, 1, 1, 3e38}, NumClasses: 2}
			_, err := e.Sum(b)
			want := "ScoreWeights[3] is 3e+38: want a weight whose product with classWeights[1], 2, is within float32"
			if err == nil || err.Error() != want {
				t.Errorf("%s, %v: error %v, want %s", name, l, err, want)
			}
		}
		e := must(New(CrossEntropy(), WithKernel(name), WithClassWeights([]float32{3e38})))
		b := Batch{Logits: []float32{-5, nan, 1}, Targets: []float32{1, 1, 0}, ScoreWeights: []float32{0, 0, 1}}
		dst, grad := make([]float32, 3), make([]float32, 3)
		if r, err := e.LossesAndGradients(dst, grad, b); err != nil || dst[0] != 0 || grad[0] != 0 || dst[1] != 0 || r.Sum() != float64(dst[2]) {
			t.Errorf("%s: %v, %v, losses %v, gradients %v", name, r, err, dst, grad)
		}
	}
}

// TestTargetFaults: what is wrong with targets is said of the first that is.
func TestTargetFaults(t *testing.T) {
	x, soft := make([]float32, 100), make([]float32, 100)
	soft[60], soft[61] = 0.5, 0.25
	with := func(i int, v float32) []float32 {
		y := make([]float32, 100)
		y[i] = v
		return y
	}
	logit := func(i int, v float32) []float32 { return with(i, v) }
	big := func(i int) []float32 { return with(i, math.MaxFloat32) }
	const want = "want a target in [0, 1], or −1 for ignored"
	for _, c := range []struct {
		loss  Loss
		opts  []Option
		batch Batch
		hess  bool
		want  string
	}{
		{batch: Batch{Logits: x, Targets: with(40, nan)}, want: "Targets[40] is NaN: " + want},
		{batch: Batch{Logits: x, Targets: with(98, 1.0000001)}, want: "Targets[98] is 1.0000001: " + want},
		{batch: Batch{Logits: x, Targets: with(33, -1e-45)}, want: "Targets[33] is -1e-45: " + want},
		{batch: Batch{Logits: x, Targets: with(99, -1.0000001)}, want: "Targets[99] is -1.0000001: " + want},
		{batch: Batch{Logits: x, Targets: with(3, inf)}, want: "Targets[3] is +Inf: " + want},
		{batch: Batch{Logits: logit(7, nan), Targets: with(40, 2)}, want: "Logits[7] is NaN: want a number"},
		{batch: Batch{Logits: logit(41, nan), Targets: with(40, 2)}, want: "Targets[40] is 2: " + want},
		{batch: Batch{Logits: logit(60, inf), Targets: soft}, want: "Logits[60] is +Inf: want a finite logit for a target between 0 and 1"},
		{batch: Batch{Logits: logit(60, -inf), Targets: soft}, want: "Logits[60] is -Inf: want a finite logit for a target between 0 and 1"},
		{batch: Batch{Logits: logit(5, inf), Targets: soft}, want: "Logits[5] is +Inf: want a finite logit, or −Inf, for background"},
		{loss: CrossEntropy().Smoothed(0.1), batch: Batch{Logits: logit(5, -inf), Labels: make([]uint8, 100)}, want: "Logits[5] is -Inf: want a finite logit for a target between 0 and 1"},
		{batch: Batch{Logits: x, Targets: x[:99]}, want: "Targets has length 99: want 100, one per score"},
		{batch: Batch{Logits: x, Targets: soft, Labels: make([]uint8, 100)}, want: "Targets and Labels are both set: want one of them"},
		{batch: Batch{Logits: x, Targets: soft, Classes: make([]int32, 100)}, want: "Targets and Classes are both set: want one of them"},
		{batch: Batch{Probs: x, Targets: soft}, want: "Targets[60] is 0.5: want 0, 1, or −1 for ignored: soft targets are for Logits"},
		{loss: Focal(0.25, 2), batch: Batch{Logits: x, Targets: soft}, hess: true, want: "Targets[60] is 0.5: want 0, 1, or −1 for ignored: the second derivative of focal is of these"},
		{loss: Focal(0.25, 2), batch: Batch{Logits: x, Targets: with(50, 3)}, hess: true, want: "Targets[50] is 3: " + want},
		{loss: Focal(0.25, 2).Smoothed(0.1), batch: Batch{Logits: x, Targets: x}, hess: true, want: "smoothing is 0.1: want 0, as the second derivative of focal is of targets of 0 and 1"},
		{batch: Batch{Probs: x, Targets: x}, hess: true, want: "Probs are given: want Logits, by which second derivatives are"},
		{loss: CrossEntropy().Smoothed(0.1), batch: Batch{Probs: x, Targets: x}, want: "Probs are given: want Logits, which smoothed losses are from"},
		{loss: QualityFocal(2), batch: Batch{Probs: x, Labels: make([]uint8, 100)}, want: "Probs are given: want Logits, which qfl is from"},
		{opts: []Option{WithClassWeights([]float32{1e38})}, loss: Focal(0.25, 2).Weighted(9, 1), batch: Batch{Logits: x, Targets: soft},
			want: "classWeights[0] is 1e+38: want a weight whose product with the loss's, 9, is within float32"},
		{loss: QualityFocal(2).Weighted(9, 9), batch: Batch{Logits: x, Targets: soft, ScoreWeights: big(60)},
			want: "ScoreWeights[60] is 3.4028235e+38: want a weight whose product with the loss's, 9, is within float32"},
		{loss: QualityFocal(2), batch: Batch{Logits: x, Targets: soft, ScoreWeights: big(60), Weights: []float32{60: 2, 99: 1}},
			want: "ScoreWeights[60] is 3.4028235e+38: want a weight whose product with Weights[60], 2, is within float32"},
		{loss: CrossEntropy().Weighted(9, 9), batch: Batch{Logits: logit(60, 100), Targets: with(60, 1), ScoreWeights: big(60)}, hess: true,
			want: "ScoreWeights[60] is 3.4028235e+38: want a weight whose product with the loss's, 9, is within float32"},
		{loss: HeatmapFocal(2, 4), batch: Batch{Logits: logit(40, -inf), Targets: append(with(40, 1)[:60], append([]float32{7}, x[61:]...)...)}, want: "Logits[40] is -Inf: want a finite logit, or +Inf, for foreground"},
		{loss: HeatmapFocal(2, 4), batch: Batch{Logits: logit(60, nan), Targets: soft}, want: "Logits[60] is NaN: want a number"},
	} {
		for _, name := range Kernels() {
			e := must(New(c.loss, append(c.opts, WithKernel(name))...))
			run := func() (err error) {
				out := make([]float32, 100)
				if c.hess {
					_, err = e.GradientsAndHessians(make([]float32, 100), out, c.batch)
				} else {
					_, err = e.Losses(out, c.batch)
				}
				return err
			}
			err := run()
			var input *InputError
			if err == nil || err.Error() != c.want || !errors.As(err, &input) || !strings.HasPrefix(c.want, input.Field) {
				t.Errorf("%s, %v: %v, want %s", name, c.loss, err, c.want)
			}
		}
	}
	for _, l := range []Loss{Varifocal(0.75, 2).Smoothed(0.1), HeatmapFocal(2, 4).Smoothed(0.1), CrossEntropy().Smoothed(1), CrossEntropy().Smoothed(-0.1), CrossEntropy().Smoothed(nan)} {
		var input *InputError
		if _, err := New(l); !errors.As(err, &input) || input.Field != "smoothing" {
			t.Errorf("New(%v): %v, want an error about smoothing", l, err)
		}
	}
	if _, err := New(QualityFocal(0.5)); err == nil || err.Error() != "beta is 0.5: want a finite number ≥ 1" {
		t.Errorf("β = ½: %v", err)
	}
}

// TestOutputsOverlap: of three outputs and the inputs none may overlap another.
func TestOutputsOverlap(t *testing.T) {
	e := must(New(CrossEntropy()))
	mem := make([]float32, 64)
	x, y := mem[:16], mem[16:32]
	for _, c := range []struct {
		grad, hess []float32
		want       string
	}{
		{mem[8:24], mem[40:56], "grad overlaps Logits: want the same slice or memory of its own"},
		{mem[24:40], mem[40:56], "grad overlaps Targets: want memory of its own"},
		{mem[32:48], mem[40:56], "hess overlaps grad: want memory of its own"},
		{x, x, "hess overlaps grad: want memory of its own"},
		{mem[32:48], y, "hess overlaps Targets: want memory of its own"},
		{mem[32:48], mem[48:63], "hess has length 15: want 16, one per score"},
	} {
		if _, err := e.GradientsAndHessians(c.grad, c.hess, Batch{Logits: x, Targets: y}); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestTargetCorners: no positives, all ignored, one row, nothing: finite, and counted.
func TestTargetCorners(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range ofTargetsListed {
			e := must(New(l, WithKernel(name), WithClassWeights([]float32{3, 2})))
			for _, c := range []struct {
				y    []float32
				x    []float32
				want Result
			}{
				{[]float32{0, 0}, []float32{1, -1}, Result{Scores: 2}},
				{[]float32{-1, -1}, []float32{nan, inf}, Result{Ignored: 2}},
				{[]float32{-1, 1}, []float32{-inf, 3}, Result{Scores: 1, Positives: 1, Ignored: 1}},
				{[]float32{}, []float32{}, Result{}},
			} {
				r, err := e.Sum(Batch{Logits: c.x, Targets: c.y, NumClasses: 2})
				counts := r
				counts.sum, counts.weights = Result{}.sum, Result{}.weights
				if err != nil || counts != c.want || !(r.Sum() >= 0) || r.Mean() != r.Mean() || r.PerPositive() != r.PerPositive() || r.WeightedMean() != r.WeightedMean() {
					t.Errorf("%s, %v, %v: %v, %v", name, l, c.y, r, err)
				}
			}
			// A mask: what has the weight 0 is not looked at, but counts.
			dst := make([]float32, 2)
			r, err := e.Gradients(dst, Batch{Logits: []float32{nan, 1}, Targets: []float32{1, 0}, ScoreWeights: []float32{0, 1}, NumClasses: 2})
			if err != nil || r.Scores != 2 || r.Positives != 1 || dst[0] != 0 || !(r.Sum() > 0) {
				t.Errorf("%s, %v, a NaN of weight 0: %v, gradient %g, %v", name, l, r, dst[0], err)
			}
		}
	}
}

// TestTargetMaskedProducts: a product of weights beyond float32 does not matter where another
// factor is 0, or the score is ignored; and the sum of weights is of the others.
func TestTargetMaskedProducts(t *testing.T) {
	for _, l := range ofTargetsListed {
		e := must(New(l, WithColumnWeights([]float32{0, 1})))
		r, err := e.Sum(Batch{
			Logits: []float32{nan, 1, 1, nan}, Targets: []float32{0, 1, 0, IgnoredTarget}, NumClasses: 2,
			ScoreWeights: []float32{math.MaxFloat32, 1, 1, math.MaxFloat32}, Weights: []float32{2, 3},
		})
		if mean := r.WeightedMean(); err != nil || math.Abs(mean-r.Sum()/2) > 1e-9*mean {
			t.Errorf("%v: %v, weighted mean %g, %v", l, r, mean, err)
		}
	}
}

// TestTargetSaturation: huge logits give finite derivatives, and losses that are finite unless
// they are beyond float32.
func TestTargetSaturation(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range ofTargetsListed {
			e := must(New(l, WithKernel(name)))
			for _, x := range []float32{math.MaxFloat32, -math.MaxFloat32, 1e30, -1e30, 90, -90} {
				for _, y := range []float32{0, 1, 0.5, 0x1p-149} {
					if !l.soft() && y > 0 && y < 1 {
						continue
					}
					b := Batch{Logits: []float32{x}, Targets: []float32{y}}
					dst, grad, hess := make([]float32, 1), make([]float32, 1), make([]float32, 1)
					must(e.LossesAndGradients(dst, grad, b))
					_, err := e.GradientsAndHessians(make([]float32, 1), hess, b)
					if err == nil && hess[0]-hess[0] != 0 || grad[0]-grad[0] != 0 || !(dst[0] >= 0) {
						t.Errorf("%s, %v at %g, target %g: loss %g, gradient %g, second derivative %g", name, l, x, y, dst[0], grad[0], hess[0])
					}
				}
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

// TestTargetSweep: a sweep of losses of all kinds, of labels and of targets, gives the bits of
// separate runs, and its easy parts those of all else ignored.
func TestTargetSweep(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 17))
	rows := 3000
	if testing.Short() {
		rows = 1500 // of two blocks
	}
	losses := []Loss{QualityFocal(2), Focal(0.25, 2), CrossEntropy().Smoothed(0.1), HeatmapFocal(2, 4), Varifocal(0.75, 2), CrossEntropy()}
	for k, b := range []Batch{
		randomBatch(rng, 3*rows, 3, true, true).finite(),
		randomBatch(rng, 3*rows, 3, false, false).finite(),
		randomBatch(rng, 3*rows, 3, false, true).withTargets(rng, false).finite(),
	} {
		for _, workers := range []int{1, 3} {
			if testing.Short() && (workers == 1) != (k == 1) {
				continue
			}
			opts := []Option{WithWorkers(workers), WithClassWeights([]float32{2, 5, 0.125})}
			s := must(NewSweeper(losses, opts...))
			all, easy := make([]Result, len(losses)), make([]Result, len(losses))
			if err := s.SumEasy(all, easy, 0.75, b); err != nil {
				t.Fatal(err)
			}
			sums := make([]Result, len(losses))
			if err := s.Sum(sums, b); err != nil {
				t.Fatal(err)
			}
			rest := b
			if b.Targets == nil {
				rest = must(b.OneHot(make([]uint8, len(b.Logits))))
				rest.Labels = append([]uint8(nil), rest.Labels...)
			} else {
				rest.Targets = append([]float32(nil), b.Targets...)
			}
			cut := easyCut(0.75, asm.Logits)
			for i, x := range b.Logits {
				switch {
				case x <= cut && (rest.Labels != nil && rest.Labels[i] == 0 || rest.Targets != nil && rest.Targets[i] == 0):
				case rest.Labels != nil:
					rest.Labels[i] = IgnoredLabel
				default:
					rest.Targets[i] = IgnoredTarget
				}
			}
			for i, l := range losses {
				e := must(New(l, opts...))
				if want := must(e.Sum(b)); all[i] != want || sums[i] != want {
					t.Errorf("batch %d, %v: %v, %v, alone %v", k, l, all[i], sums[i], want)
				}
				if want := must(e.Sum(rest)); easy[i] != want {
					t.Errorf("batch %d, %v: the easy part is %v, alone %v", k, l, easy[i], want)
				}
			}
		}
	}
	// What is no probability, where the weight is 0, is not easy, whether labels say so or targets.
	masked := Batch{Probs: []float32{-5, 0.01}, Weights: []float32{0, 1}, Targets: []float32{0, 0}}
	for range 2 {
		var all, easy [2]Result
		if err := must(NewSweeper([]Loss{Focal(0.25, 2), HeatmapFocal(2, 4)})).SumEasy(all[:], easy[:], 0.9, masked); err != nil || easy[0].Scores != 1 || easy[1].Scores != 1 {
			t.Errorf("the easy parts of a masked score and an easy one are %v, %v", easy, err)
		}
		masked.Targets, masked.Labels = nil, []uint8{0, 0}
	}
	if s := must(NewSweeper([]Loss{QualityFocal(2)})); s.Sum(make([]Result, 1), Batch{Probs: []float32{0}, Labels: []uint8{0}}) == nil {
		t.Error("a sweep of quality focal loss takes probabilities")
	}
}

// TestSmoothing: labels and the targets 0 and 1 are smoothed to the same bits, and counted
// before that.
func TestSmoothing(t *testing.T) {
	for _, epsilon := range []float32{0x1p-30, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.75, 1 - 0x1p-24} {
		s := smoothingBy(epsilon)
		table := s.table()
		for y, want := range map[int]float64{0: float64(epsilon) / 2, 1: 1 - float64(epsilon)/2} {
			if got := float64(table[y]); math.Abs(got-want) > 0x1p-24*want {
				t.Errorf("ε = %g: the label %d becomes %g, want %g", epsilon, y, got, want)
			}
		}
		b := Batch{Logits: []float32{0.5, -2, 3, nan}, Targets: []float32{1, 0, 0, -1}}
		l := Batch{Logits: b.Logits, Labels: []uint8{1, 0, 0, 255}}
		plain := Batch{Logits: b.Logits, Targets: []float32{table[1], table[0], table[0], -1}}
		for _, name := range Kernels() {
			e := must(New(CrossEntropy().Smoothed(epsilon), WithKernel(name)))
			got, labels, want := evaluate(t, e, b), evaluate(t, e, l), evaluate(t, must(New(CrossEntropy(), WithKernel(name))), plain)
			if different(got.dst, want.dst) >= 0 || different(labels.dst, want.dst) >= 0 || got.result != labels.result || got.result.Positives != 1 {
				t.Errorf("%s, ε = %g: %v of targets, %v of labels, %v of smoothed targets", name, epsilon, got, labels, want)
			}
		}
	}
}

// TestConcave: second derivatives of focal loss are negative where the documentation says.
func TestConcave(t *testing.T) {
	for gamma, p := range map[float32]float64{0.5: 0.018, 1: 0.043, 1.5: 0.054, 2: 0.058, 3: 0.057, 5: 0.050} {
		e := must(New(Focal(0.25, gamma).Weighted(1, 1)))
		for _, side := range []float64{-1, 1} {
			pt := p + side*0.001
			x := float32(math.Log(pt / (1 - pt)))
			hess := make([]float32, 2)
			must(e.GradientsAndHessians(make([]float32, 2), hess, Batch{Logits: []float32{x, -x}, Labels: []uint8{1, 0}}))
			for _, h := range hess {
				if (h < 0) != (side < 0) {
					t.Errorf("γ = %g, p_t = %g: second derivative %g", gamma, pt, h)
				}
				if gamma == 2 && h < -0.0475 {
					t.Errorf("γ = 2: second derivative %g", h)
				}
			}
		}
	}
}

// TestTargetLossText: the losses of targets, and smoothing, as text.
func TestTargetLossText(t *testing.T) {
	for text, l := range map[string]Loss{
		"qfl(beta=2)":                               QualityFocal(2),
		"qfl(beta=1.5,pos=0.25,neg=0.75)":           QualityFocal(1.5).Weighted(0.25, 0.75),
		"vfl(alpha=0.75,gamma=2,iou=1)":             Varifocal(0.75, 2),
		"vfl(alpha=0.75,gamma=2,iou=0)":             VarifocalUnweighted(0.75, 2),
		"vfl(gamma=2,iou=1,pos=1,neg=2)":            Varifocal(0.75, 2).Weighted(1, 2),
		"heatmap(alpha=2,beta=4)":                   HeatmapFocal(2, 4),
		"ce(smoothing=0.1)":                         CrossEntropy().Smoothed(0.1),
		"focal(gamma=2,pos=1,neg=1,smoothing=0.25)": Focal(0.25, 2).Weighted(1, 1).Smoothed(0.25),
	} {
		if got := l.String(); got != text {
			t.Errorf("%s, want %s", got, text)
		}
		if got, err := ParseLoss(text); err != nil || got != l {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if l := must(ParseLoss("vfl")); l != Varifocal(0.75, 2) {
		t.Errorf("vfl is %v", l)
	}
	if l := must(ParseLoss("ce(smoothing=0)")); l != CrossEntropy() {
		t.Errorf("ce(smoothing=0) is %v", l)
	}
	if pos, neg := Varifocal(0.5, 2).Weights(); pos != 1 || neg != 0.5 {
		t.Errorf("varifocal's weights are %g, %g", pos, neg)
	}
	if v, ok := CrossEntropy().Smoothed(0.1).Parameter("smoothing"); !ok || v != 0.1 {
		t.Errorf("smoothing is %g, %v", v, ok)
	}
	if _, err := ParseLoss("ce(smoothing=1)"); err == nil || err.Error() != "smoothing is 1: want a number in [0, 1)" {
		t.Errorf("ce(smoothing=1): %v", err)
	}
}

// TestMaskedPositives: a class weight of 0 masks the positives of its column, whichever kernels
// they need, and no other score.
func TestMaskedPositives(t *testing.T) {
	labels := Batch{Logits: []float32{1, -2, 3, nan}, Labels: []uint8{1, 0, 0, 1}, NumClasses: 2}
	targets := Batch{Logits: labels.Logits, Targets: []float32{1, 0, 0, 1}, NumClasses: 2}
	for _, l := range []Loss{CrossEntropy(), Focal(0.25, 2), Focal(0.25, 1.5), QualityFocal(2), Varifocal(0.75, 2), HeatmapFocal(2, 4), Asymmetric(1, 4, 0.05)} {
		for _, name := range Kernels() {
			e := must(New(l, WithClassWeights([]float32{3, 0}), WithKernel(name)))
			var results []Result
			for _, b := range []Batch{labels, targets} {
				dst, grad, hess := make([]float32, 4), make([]float32, 4), make([]float32, 4)
				results = append(results, must(e.LossesAndGradients(dst, grad, b)), must(e.Sum(b)))
				if dst[3] != 0 || grad[3] != 0 || dst[0] == 0 {
					t.Errorf("%v, %s: losses %v, gradients %v", l, name, dst, grad)
				}
				results = append(results, must(e.GradientsAndHessians(grad, hess, b)))
				if hess[3] != 0 || grad[3] != 0 || hess[0] == 0 {
					t.Errorf("%v, %s: gradients %v, second derivatives %v", l, name, grad, hess)
				}
			}
			for _, r := range results {
				want := results[0].WeightedMean()
				if r.Scores != 4 || r.Positives != 2 || !(want > 0) || math.Abs(r.WeightedMean()-want) > 1e-5*want {
					t.Errorf("%v, %s: %+v, weighted mean %v, want %v", l, name, r, r.WeightedMean(), want)
				}
			}
			soft := targets
			soft.Targets = []float32{1, 0, 0, 0.5}
			if _, err := e.Sum(soft); err == nil {
				t.Errorf("%v, %s: a NaN of the target 0.5 is not seen", l, name)
			}
		}
	}
}
