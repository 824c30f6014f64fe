package engine

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
)

// alone returns the batch as one of a single column, with labels, and with the weight of each
// score, by definition, in place of its factors.
func (b Batch) alone() Batch {
	x, _, _ := b.scores()
	one := must(b.OneHot(make([]uint8, len(x))))
	flat := Batch{Logits: b.Logits, Probs: b.Probs, Labels: one.Labels, Weights: make([]float32, len(x))}
	for i := range x {
		w := float32(1)
		if b.ScoreWeights != nil {
			w *= b.ScoreWeights[i]
		}
		if b.Weights != nil {
			w *= b.Weights[(b.FirstColumn+i)/b.NumClasses]
		}
		flat.Weights[i] = w
	}
	return flat
}

// TestWeightsAreProducts: the factors of a score give what their product gives, rounded after
// each factor, in batches of all forms and in spans, on every kernel, with any number of
// workers, and in sweeps.
func TestWeightsAreProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for _, columns := range []int{1, 2, 7, 80, 4097} {
		n := (2*Block/columns + 12) * columns
		for form := range 8 {
			b := randomBatch(rng, n, columns, form&1 != 0, false)
			if form&2 != 0 || form&4 == 0 {
				b.ScoreWeights = randomWeights(rng, n)
			}
			if form&4 != 0 {
				b.Weights = randomWeights(rng, n/columns)
			}
			if rng.IntN(2) == 0 {
				b = b.probs(rng)
			}
			l := listed[rng.IntN(len(listed))]
			from := rng.IntN(n)
			for _, b := range []Batch{b, b.span(from, n), b.span(0, from)} {
				want := evaluate(t, must(New(l, WithKernel("generic"), WithWorkers(1))), b.alone())
				for _, name := range Kernels() {
					for _, workers := range []int{1, 3} {
						got := evaluate(t, must(New(l, WithKernel(name), WithWorkers(workers))), b)
						if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
							t.Errorf("%d columns, form %d, %s, %d workers: %v, want %v", columns, form, name, workers, got.result, want.result)
						}
					}
				}
				losses := []Loss{l, CrossEntropy()}
				all, easy := sweepWant(losses, 0.9, b.alone())
				checkSweep(t, losses, 0.9, b, [2][]Result{all, easy})
			}
		}
	}
}

// TestFactorsBeyondFloat32: a product of factors beyond float32 is a fault at its score, but
// not where the score is ignored, nor where a factor is 0.
func TestFactorsBeyondFloat32(t *testing.T) {
	const n = 3*Block + 50
	x, y := easyBatch(n)
	b := Batch{Logits: x, Labels: y, Weights: make([]float32, n/2), ScoreWeights: make([]float32, n), NumClasses: 2}
	for i := range x {
		b.Weights[i/2], b.ScoreWeights[i] = 0.5, 4
	}
	plain := must(must(New(Focal(0.25, 2))).Sum(b))
	for _, name := range Kernels() {
		for _, workers := range []int{1, 3} {
			for _, l := range []Loss{Focal(0.25, 2), CrossEntropy(), Focal(0.25, 1.5), Focal(0, 1), Focal(1, 0)} {
				e := must(New(l, WithKernel(name), WithWorkers(workers)))
				good := must(e.Sum(b))
				for _, at := range []int{2, Block + 7, n - 1} {
					a := at / 2
					y0 := y[at]
					b.ScoreWeights[at], b.Weights[a] = 1e20, 1e20
					want := InputError{"ScoreWeights", at, float64(float32(1e20)), "want a weight whose product with Weights[" + strconv.Itoa(a) + "], 1e+20, is within float32"}
					for _, y[at] = range []uint8{0, 1} {
						_, err := e.Sum(b)
						sweepErr := must(NewSweeper([]Loss{CrossEntropy(), l}, WithKernel(name), WithWorkers(workers))).Sum(make([]Result, 2), b)
						for _, err := range []error{err, sweepErr} {
							var input *InputError
							if !errors.As(err, &input) || *input != want {
								t.Errorf("%s, %d workers, %v, label %d: %v, want %v", name, workers, l, y[at], err, &want)
							}
						}
					}
					b.ScoreWeights[at^1] = 0
					y[at] = IgnoredLabel
					if r, err := e.Sum(b); err != nil || r.Scores != good.Scores-1 {
						t.Errorf("%s, %d workers, %v: %v, %v where the score is ignored", name, workers, l, r, err)
					}
					y[at] = y0
					b.ScoreWeights[at], b.ScoreWeights[at^1], b.Weights[a] = 4, 4, 0.5
				}
			}
			if r := must(must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(workers))).Sum(b)); r != plain {
				t.Errorf("%s: at last %v, want %v", name, r, plain)
			}
		}
	}
}
