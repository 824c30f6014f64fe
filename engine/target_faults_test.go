package engine

import (
	"errors"
	"math"
	"strings"
	"testing"
)

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
				counts.LossSum, counts.WeightSum = Result{}.LossSum, Result{}.WeightSum
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
