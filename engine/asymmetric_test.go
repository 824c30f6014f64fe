package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// asymmetricBatch has logits of all sizes, and labels of all kinds.
func asymmetricBatch(n int) Batch {
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	b := Batch{Logits: make([]float32, n), Labels: make([]uint8, n), ScoreWeights: make([]float32, n)}
	for i := range b.Logits {
		b.Logits[i] = float32(rng.NormFloat64() * [...]float64{2, 20, 200}[i%3])
		b.Labels[i] = [...]uint8{0, 0, 0, 1, IgnoredLabel}[rng.IntN(5)]
		b.ScoreWeights[i] = [...]float32{1, 0.3, 7}[rng.IntN(3)]
		if rng.IntN(50) == 0 {
			b.Logits[i] = inf
			if b.Labels[i] == 0 {
				b.Logits[i] = -inf
			}
		}
	}
	return b
}

// TestAsymmetricKernels: all kernels and workers give one result, and the sum is that of the
// losses; what is ignored or has the weight 0 is not looked at.
func TestAsymmetricKernels(t *testing.T) {
	lengths := []int{0, 1, 31, 32, 33, 100, Block + 7}
	for k, l := range []Loss{Asymmetric(1, 4, 0.05), Asymmetric(0, 1.5, 0.2), Asymmetric(2, 0, 0.05), Asymmetric(1, 4, 0).Weighted(0.25, 0.75)} {
		if k == 0 && !testing.Short() {
			lengths = append(lengths, 33*Block+1)
		}
		for _, n := range lengths {
			if k > 0 && n > 2*Block {
				continue
			}
			b := asymmetricBatch(n)
			var want [3][]float32
			var sum Result
			for _, name := range Kernels() {
				for _, workers := range []int{1, 3} {
					e := must(New(l, WithKernel(name), WithWorkers(workers)))
					got := [3][]float32{make([]float32, n), make([]float32, n), make([]float32, n)}
					again, grad := make([]float32, n), make([]float32, n)
					r := must(e.LossesAndGradients(got[0], got[1], b))
					if s := must(e.Losses(again, b)); s != r || must(e.Sum(b)) != r || different(again, got[0]) >= 0 {
						t.Errorf("%v, %s, %d scores: losses alone, or the sum, differ from those with gradients", l, name, n)
					}
					must(e.GradientsAndHessians(grad, got[2], b))
					if want[0] == nil {
						want, sum = got, r
					}
					for k := range got {
						if i := different(got[k], want[k]); i >= 0 {
							t.Fatalf("%v, %s, %d workers, %d scores: output %d of logit %v, label %d is %v, want %v",
								l, name, workers, n, k, b.Logits[i], b.Labels[i], got[k][i], want[k][i])
						}
					}
					if r != sum {
						t.Errorf("%v, %s, %d workers, %d scores: %v, want %v", l, name, workers, n, r, sum)
					}
					in := b
					in.Logits = slices.Clone(b.Logits)
					if must(e.Gradients(in.Logits, in)); different(in.Logits, got[1]) >= 0 {
						t.Errorf("%v, %s, %d scores: gradients in place differ", l, name, n)
					}
					hidden := b
					hidden.Logits, hidden.ScoreWeights = slices.Clone(b.Logits), slices.Clone(b.ScoreWeights)
					for i, y := range b.Labels {
						if y == IgnoredLabel {
							hidden.Logits[i] = nan
						} else if i%7 == 3 {
							hidden.Logits[i], hidden.ScoreWeights[i] = [...]float32{nan, inf, -inf}[i%3], 0
						}
					}
					must(e.LossesAndGradients(again, grad, hidden))
					for i, y := range b.Labels {
						if y != IgnoredLabel && hidden.ScoreWeights[i] != 0 {
							if again[i] != got[0][i] || grad[i] != got[1][i] {
								t.Fatalf("%v, %s: NaN that is hidden changes loss %d", l, name, i)
							}
						} else if again[i] != 0 || grad[i] != 0 {
							t.Fatalf("%v, %s: what is hidden has loss %v, gradient %v", l, name, again[i], grad[i])
						}
					}
				}
			}
		}
	}
}

// TestAsymmetricIsFocal: without a margin it is focal loss of each label, and with one it is 0
// where p is at most the margin.
func TestAsymmetricIsFocal(t *testing.T) {
	b := asymmetricBatch(1000)
	n := len(b.Logits)
	got, positive, negative := make([]float32, n), make([]float32, n), make([]float32, n)
	must(must(New(Asymmetric(1, 4, 0))).Gradients(got, b))
	must(must(New(Focal(0, 1).Weighted(1, 1))).Gradients(positive, b))
	must(must(New(Focal(0, 4).Weighted(1, 1))).Gradients(negative, b))
	for i, y := range b.Labels {
		want := [...]float32{negative[i], positive[i]}
		if y != IgnoredLabel && got[i] != want[y] {
			t.Errorf("gradient of logit %v, label %d is %v, focal loss's %v", b.Logits[i], y, got[i], want[y])
		}
	}
	e := must(New(Asymmetric(1, 0, 0.25)))
	x := []float32{-100, -2, -1.0986124, 1}
	losses, grad, hess := make([]float32, 4), make([]float32, 4), make([]float32, 4)
	easy := Batch{Logits: x, Labels: make([]uint8, 4)}
	must(e.LossesAndGradients(losses, grad, easy))
	for i := range x {
		if p := 1 / (1 + math.Exp(-float64(x[i]))); (p > 0.25) != (losses[i] > 0) || (p > 0.25) != (grad[i] > 0) {
			t.Errorf("logit %v, p = %v: loss %v, gradient %v", x[i], p, losses[i], grad[i])
		}
	}
	must(e.GradientsAndHessians(grad, hess, easy))
}

// TestAsymmetricDifferences holds gradients and second derivatives against differences.
func TestAsymmetricDifferences(t *testing.T) {
	for _, l := range []Loss{Asymmetric(1, 4, 0.05), Asymmetric(0.5, 1.5, 0.2), Asymmetric(2, 2, 0)} {
		f := l.Exact()
		for _, y := range []float64{0, 1} {
			for x := -8.05; x < 12; x += 0.1 {
				const h = 1e-4
				a, b, c := f(x-h, y), f(x, y), f(x+h, y)
				if y == 0 && a.Loss == 0 {
					continue
				}
				if g := (c.Loss - a.Loss) / (2 * h); math.Abs(g-b.Gradient) > 1e-6*(1+math.Abs(g)) {
					t.Errorf("%v at %v, label %v: gradient %v, by differences %v", l, x, y, b.Gradient, g)
				}
				if g := (c.Gradient - a.Gradient) / (2 * h); math.Abs(g-b.Hessian) > 1e-6*(1+math.Abs(g)) {
					t.Errorf("%v at %v, label %v: second derivative %v, by differences %v", l, x, y, b.Hessian, g)
				}
			}
		}
	}
}

// TestAsymmetricRefuses: what it has no meaning for is refused by name and place.
func TestAsymmetricRefuses(t *testing.T) {
	refused := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	for _, m := range []float32{0x1p-13, -0.1, 1, nan} {
		_, err := New(Asymmetric(1, 4, m))
		refused(err, "margin is")
	}
	_, err := New(Asymmetric(-1, 4, 0.05))
	refused(err, "gammapos is -1")
	_, err = New(Asymmetric(1, 4, 0.05).Smoothed(0.1))
	refused(err, "smoothing is 0.1")
	e := must(New(Asymmetric(1, 4, 0.05)))
	_, err = e.Sum(Batch{Logits: []float32{1, 2}, Targets: []float32{1, 0.5}})
	refused(err, "Targets[1] is 0.5: want 0, 1, or −1 for ignored: asl is of these")
	_, err = e.Sum(Batch{Probs: []float32{0.5}, Labels: []uint8{1}})
	refused(err, "Probs are given: want Logits")
	for i, x := range []float32{inf, nan} {
		_, err = e.Sum(Batch{Logits: []float32{1, x}, Labels: []uint8{0, 0}})
		refused(err, [...]string{"Logits[1] is +Inf: want a finite logit, or −Inf, for background", "Logits[1] is NaN"}[i])
	}
	if a, b := must(e.Sum(Batch{Logits: []float32{1, -2, nan}, Targets: []float32{1, 0, -1}})), must(e.Sum(Batch{Logits: []float32{1, -2, 0}, Labels: []uint8{1, 0, IgnoredLabel}})); a != b {
		t.Errorf("hard targets give %v, labels %v", a, b)
	}
}

// TestAsymmetricNoAllocations: nor does asymmetric loss make any.
func TestAsymmetricNoAllocations(t *testing.T) {
	e, b := must(New(Asymmetric(1, 4, 0.05), WithWorkers(1))), asymmetricBatch(100)
	dst, grad := make([]float32, 100), make([]float32, 100)
	if n := allocations(func() { must(e.LossesAndGradients(dst, grad, b)) }); n > pooled {
		t.Errorf("a call makes %v allocations", n)
	}
}

// TestAsymmetricFinds: a bad logit is found wherever it stands among foreground and what is
// ignored, on every kernel, and by every method.
func TestAsymmetricFinds(t *testing.T) {
	const n = 75
	rng := rand.New(rand.NewPCG(5, 3))
	for _, name := range Kernels() {
		for _, l := range []Loss{Asymmetric(1, 4, 0.05), Asymmetric(1, 0, 0.05), Asymmetric(2, 1.5, 0)} {
			e := must(New(l, WithKernel(name)))
			for at := range n {
				b := Batch{Logits: make([]float32, n), Labels: make([]uint8, n)}
				for i := range b.Logits {
					b.Logits[i], b.Labels[i] = float32(3*rng.NormFloat64()), [...]uint8{0, 1, IgnoredLabel}[rng.IntN(3)]
				}
				b.Logits[at], b.Labels[at] = [...]float32{nan, inf}[at%2], 0
				_, sum := e.Sum(b)
				_, grad := e.Gradients(make([]float32, n), b)
				_, hess := e.GradientsAndHessians(make([]float32, n), make([]float32, n), b)
				for _, err := range []error{sum, grad, hess} {
					var input *InputError
					if !asInputError(err, &input) || input.Field != "Logits" || input.Index != at {
						t.Fatalf("%s, %v, logit %d is %v: error %v", name, l, at, b.Logits[at], err)
					}
				}
			}
		}
	}
}

// TestAsymmetricHugeGammas: powers that are 0 make gradients and second derivatives of 0,
// though γ² is beyond float32.
func TestAsymmetricHugeGammas(t *testing.T) {
	b := Batch{Logits: []float32{-100, -2, -1, 0, 1, 20, 100}, Labels: make([]uint8, 7)}
	for _, gamma := range []float32{1e19, 1e30, math.MaxFloat32} {
		e := must(New(Asymmetric(gamma, gamma, 0.05)))
		grad, hess := make([]float32, 7), make([]float32, 7)
		r := must(e.GradientsAndHessians(grad, hess, b))
		if zero := make([]float32, 7); r.Sum() != 0 || different(grad, zero) >= 0 || different(hess, zero) >= 0 {
			t.Errorf("γ %v: sum %v, gradients %v, second derivatives %v", gamma, r.Sum(), grad, hess)
		}
	}
}
