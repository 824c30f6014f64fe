package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/asm"
)

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
		if same && got.result != want.result || got.result.Scores != want.result.Scores || got.result.Positives != want.result.Positives || got.result.WeightSum != want.result.WeightSum {
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
