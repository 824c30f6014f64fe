package engine

import (
	"fmt"
	"math"
	"testing"
)

// TestProbEnds: losses and gradients at the ends of [0, 1] and at the clamps are
// finite and what [Batch] says, for both labels.
func TestProbEnds(t *testing.T) {
	for _, name := range Kernels() {
		for _, b := range ProbBounds() {
			e := must(New(b.Loss, WithKernel(name)))
			for _, p := range []float32{0, 0x1p-149, 0x1p-126, 1e-12, 1 - 0x1p-24, 1} {
				for label := range uint8(2) {
					dst, grad := make([]float32, 1), make([]float32, 1)
					must(e.LossesAndGradients(dst, grad, Batch{Probs: []float32{p}, Labels: []uint8{label}}))
					loss, slope := exactProbLoss(b.Loss)(float64(p), label == 1)
					if !(ulps(dst[0], loss, b.LossFloor) <= b.LossULP) || !(ulps(grad[0], slope, b.GradientFloor) <= b.GradientULP) {
						t.Errorf("%s, %v, p = %g, label %d: loss %g, gradient %g, want %g, %g",
							name, b.Loss, p, label, dst[0], grad[0], loss, slope)
					}
				}
			}
		}
		// The values themselves.
		for _, c := range []struct {
			gamma, p   float32
			label      uint8
			loss, grad float32
		}{
			{0, 0, 1, 100, -1e12}, {0, 1, 0, 100, 1e12}, {0, 0, 0, 0, 1}, {0, 1, 1, 0, -1},
			{2, 0, 1, 100, -1e12}, {2, 1, 0, 100, 1e12}, {2, 0, 0, 0, 0}, {2, 1, 1, 0, 0},
			{0.5, 0, 0, 0, 0}, {0.5, 1, 1, 0, 0}, {0, 0x1p-149, 1, 100, -1e12}, {0, 0x1p-149, 0, 0x1p-149, 1},
			{0, 0x1p-126, 1, 87.33655, -1e12}, {0, 0x1p-126, 0, 0x1p-126, 1}, {2, 0x1p-126, 0, 0, 0},
			{0, 1 - 0x1p-24, 1, 5.9604648e-08, -1.0000001}, {0, 1 - 0x1p-24, 0, 16.635532, 0x1p24},
		} {
			e := must(New(Focal(0.25, c.gamma).Weighted(1, 1), WithKernel(name)))
			dst, grad := make([]float32, 1), make([]float32, 1)
			must(e.LossesAndGradients(dst, grad, Batch{Probs: []float32{c.p}, Labels: []uint8{c.label}}))
			if dst[0] != c.loss || math.Signbit(float64(dst[0])) || math.Abs(float64(grad[0]-c.grad)) > 1e-6*math.Abs(float64(c.grad)) {
				t.Errorf("%s, γ = %g, p = %g, label %d: loss %g, gradient %g, want %g, %g", name, c.gamma, c.p, c.label, dst[0], grad[0], c.loss, c.grad)
			}
		}
	}
}

// TestDefinitions: the gradients that definitions give, by logits and by probabilities,
// are difference quotients of their losses.
func TestDefinitions(t *testing.T) {
	check := func(l Loss, what string, f reference, x, step float64, foreground bool) {
		_, slope := f(x, foreground)
		above, _ := f(x+step, foreground)
		below, _ := f(x-step, foreground)
		if want := (above - below) / (2 * step); !(math.Abs(slope-want) <= 1e-4*math.Abs(want)+1e-9) {
			t.Errorf("%v, %s %g, foreground %v: gradient %g, difference quotient %g", l, what, x, foreground, slope, want)
		}
	}
	for _, l := range listed {
		for _, foreground := range []bool{false, true} {
			for p := 0.01; p < 1; p += 0.01 {
				check(l, "p", exactProbLoss(l), p, 1e-5, foreground)
			}
			for x := -9.; x < 9; x += 0.17 {
				check(l, "logit", exactLoss(l), x, 1e-4, foreground)
			}
		}
	}
}

// TestProbsOfLogits: from p = σ(x) of the real logits come the losses of the logits
// to within what the rounding of p does to them.
func TestProbsOfLogits(t *testing.T) {
	for _, photo := range photos {
		photo = photo.load(t)
		if testing.Short() {
			photo = photo.part()
		}
		b := photo.batch()
		n := len(b.Logits)
		probs := make([]float32, n)
		for i, x := range b.Logits {
			probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
		pb := b
		pb.Logits, pb.Probs = nil, probs
		for _, l := range listed {
			e := must(New(l))
			want, got, grad := make([]float32, n), make([]float32, n), make([]float32, n)
			r := must(e.Losses(want, b))
			o := must(e.LossesAndGradients(got, grad, pb))
			if math.Abs(o.Sum()-r.Sum()) > 1e-6*r.Sum() || o.Scores != r.Scores || o.Positives != r.Positives || o.Ignored != r.Ignored {
				t.Errorf("%s, %v: from probabilities %v, from logits %v", photo.name, l, o, r)
			}
			for i, p := range probs {
				// Half an ULP of p moves the loss by the gradient times that.
				off := math.Abs(float64(grad[i])) * float64(p) * 0x1p-24
				if math.Abs(float64(got[i])-float64(want[i])) > off+20*0x1p-24*float64(want[i])+0x1p-126 {
					t.Fatalf("%s, %v, logit %g, probability %g: loss %g, want %g", photo.name, l, b.Logits[i], p, got[i], want[i])
				}
			}
		}
	}
}

// TestProbWorkedExamples: as TestWorkedExamples, from the probabilities.
func TestProbWorkedExamples(t *testing.T) {
	for _, c := range []struct{ p, ce, focalPos, focalNeg float64 }{
		{0.95, 0.0512932943875505, 3.2058308992219e-5, 9.6174926976657e-5},
		{0.05, 2.995732273553991, 0.675912094220619, 2.027736282661858},
		{0.99, 0.0100503358535014, 2.5125839633754e-7, 7.5377518901261e-7},
	} {
		for _, name := range Kernels() {
			for label, p := range []float32{float32(1 - c.p), float32(c.p)} {
				b := Batch{Probs: []float32{p}, Labels: []uint8{uint8(label)}}
				alpha, focal := 0.75, c.focalNeg
				if label == 1 {
					alpha, focal = 0.25, c.focalPos
				}
				for _, want := range []struct {
					loss Loss
					sum  float64
				}{{CrossEntropy(), c.ce}, {BalancedCrossEntropy(0.25), alpha * c.ce}, {Focal(0.25, 2), focal}} {
					// What the rounding of p and the kernel leave.
					exact, slope := exactProbLoss(want.loss)(float64(p), label == 1)
					off := 0x1p-24*float64(p)*math.Abs(slope) + 5*0x1p-23*exact
					if got := must(must(New(want.loss, WithKernel(name))).Sum(b)).Sum(); math.Abs(got-want.sum) > off {
						t.Errorf("%s, p = %g, label %d, %v: %.9g, want %.9g", name, p, label, want.loss, got, want.sum)
					}
				}
			}
		}
	}
}

// TestIgnoredProbs: what is ignored gives 0 and may hold anything.
func TestIgnoredProbs(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range listed {
			e := must(New(l, WithKernel(name)))
			alone := must(e.Sum(Batch{Probs: []float32{0.25}, Labels: []uint8{0}}))
			for _, p := range []float32{0, 1, -1, 1.0000001, nan, inf, -inf} {
				o := evaluate(t, e, Batch{Probs: []float32{p, 0.25, p}, Labels: []uint8{255, 0, 255}})
				for _, i := range []int{0, 2} {
					if math.Float32bits(o.dst[i]) != 0 || math.Float32bits(o.grad[i]) != 0 {
						t.Errorf("%s, %v: ignored probability %g gives loss %g, gradient %g", name, l, p, o.dst[i], o.grad[i])
					}
				}
				if o.result.Sum() != alone.Sum() || o.result.Scores != 1 || o.result.Ignored != 2 {
					t.Errorf("%s, %v: ignored probabilities %g: %v", name, l, p, o.result)
				}
			}
		}
	}
}

// TestEmptyProbs: so is an empty batch of probabilities valid.
func TestEmptyProbs(t *testing.T) {
	e := must(New(CrossEntropy()))
	for _, b := range []Batch{{Probs: []float32{}}, {Probs: []float32{}, Labels: []uint8{}, NumClasses: 80}} {
		if r, err := e.Sum(b); err != nil || r != (Result{}) {
			t.Errorf("%+v: %v, %v", b, r, err)
		}
	}
	_, err := e.Sum(Batch{Logits: []float32{}, Probs: []float32{}})
	if want := "Logits and Probs are both set: want one of them"; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}
