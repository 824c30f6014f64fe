package engine

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestColumnWeights: factors of columns and of their positives give what the products of all
// factors give, beside those of the batch or without, in batches of all forms and in spans, on
// every kernel, with any number of workers, and in sweeps.
func TestColumnWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	for _, columns := range []int{1, 2, 7, 80, 4097} {
		n := (2*Block/columns + 3) * columns
		for form := range 12 {
			if !inTurn(form, 5) { // has both values of either bit, and all three of the factors
				continue
			}
			b := randomBatch(rng, n, columns, form&1 != 0, form&2 != 0)
			if rng.IntN(2) == 0 {
				b = b.probs(rng)
			}
			var all, positives []float32
			if form%3 != 0 {
				all = randomWeights(rng, columns)
			}
			if form%3 != 1 {
				positives = randomWeights(rng, columns)
			}
			opts := []Option{WithColumnWeights(all), WithClassWeights(positives)}
			l := listed[rng.IntN(len(listed))]
			from := rng.IntN(n)
			for _, b := range []Batch{b, b.span(from, n), b.span(0, from)} {
				flat := b.alone(all, positives)
				want := evaluate(t, must(New(l, WithKernel("generic"), WithWorkers(1))), flat)
				for _, name := range sampled() {
					for _, workers := range crews() {
						got := evaluate(t, must(New(l, append(opts, WithKernel(name), WithWorkers(workers))...)), b)
						if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
							t.Errorf("%d columns, form %d, %s, %d workers: %v, want %v", columns, form, name, workers, got.result, want.result)
						}
					}
				}
				losses := []Loss{l, CrossEntropy()}
				swept, easy := sweepWant(losses, 0.9, flat)
				checkSweep(t, losses, 0.9, b, [2][]Result{swept, easy}, opts...)
			}
		}
	}
}

// TestClassWeightsConventions: the factor of a column is that of its positives, whatever
// calls an anchor background or ignored.
func TestClassWeightsConventions(t *testing.T) {
	b := Batch{Logits: make([]float32, 12), Classes: []int32{0, 1, 2, -1}, NumClasses: 3}
	e := must(New(CrossEntropy(), WithBackground(0), WithIgnored(-1), WithClassWeights([]float32{100, 2, 4})))
	losses := make([]float32, 12)
	must(e.Losses(losses, b))
	for i, times := range []float32{1, 1, 1, 1, 2, 1, 1, 1, 4, 0, 0, 0} {
		if want := times * float32(math.Ln2); losses[i] != want {
			t.Errorf("loss %d is %g, want %g", i, losses[i], want)
		}
	}
}

// TestOnePosWeight: one factor for the positives of every column is that of the loss.
func TestOnePosWeight(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(57, 58)), 7*1000, 7, true, false)
	w := slices.Repeat([]float32{3}, 7)
	for _, name := range Kernels() {
		got := evaluate(t, must(New(CrossEntropy(), WithClassWeights(w), WithKernel(name))), b)
		want := evaluate(t, must(New(CrossEntropy().Weighted(3, 1), WithKernel(name))), b)
		if got.result.Sum() != want.result.Sum() || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
			t.Errorf("%s: %v, want %v", name, got.result, want.result)
		}
	}
}

// TestColumnFaults: what is wrong with factors of columns, at once or in a batch.
func TestColumnFaults(t *testing.T) {
	two := Batch{Logits: make([]float32, 6), Labels: []uint8{0, 1, 0, 1, 255, 255}, NumClasses: 2, Weights: []float32{1, 1e30, 1e30}}
	for _, c := range []struct {
		name string
		opts []Option
		b    Batch
		want InputError
		text string
	}{
		{"bad", []Option{WithColumnWeights([]float32{1, -2})}, two,
			InputError{"columnWeights", 1, -2, "want a finite weight ≥ 0"}, "columnWeights[1] is -2: want a finite weight ≥ 0"},
		{"NaN", []Option{WithClassWeights([]float32{nan, 1})}, two,
			InputError{"classWeights", 0, math.NaN(), "want a finite weight ≥ 0"}, "classWeights[0] is NaN: want a finite weight ≥ 0"},
		{"infinite", []Option{WithColumnWeights([]float32{1, 1}), WithClassWeights([]float32{1, inf})}, two,
			InputError{"classWeights", 1, math.Inf(1), "want a finite weight ≥ 0"}, "classWeights[1] is +Inf: want a finite weight ≥ 0"},
		{"empty", []Option{WithClassWeights([]float32{})}, two,
			InputError{"classWeights", -1, 0, "is empty: want one weight per column, or nil for none"}, "classWeights is empty: want one weight per column, or nil for none"},
		{"too many", []Option{WithColumnWeights(make([]float32, 3))}, two,
			InputError{"columnWeights", -1, 3, "has length 3: want 2, the batch's NumClasses"}, "columnWeights has length 3: want 2, the batch's NumClasses"},
		{"too few", []Option{WithClassWeights(make([]float32, 1))}, two,
			InputError{"classWeights", -1, 1, "has length 1: want 2, the batch's NumClasses"}, "classWeights has length 1: want 2, the batch's NumClasses"},
		{"no scores", []Option{WithClassWeights(make([]float32, 2))}, Batch{},
			InputError{"classWeights", -1, 2, "has length 2: want 1, the batch's NumClasses"}, "classWeights has length 2: want 1, the batch's NumClasses"},
		{"product", []Option{WithClassWeights([]float32{1, 1e10})}, two,
			InputError{"Weights", 1, float64(float32(1e30)), "want a weight whose product with classWeights[1], 1e+10, is within float32"},
			"Weights[1] is 1e+30: want a weight whose product with classWeights[1], 1e+10, is within float32"},
		{"product of all", []Option{WithColumnWeights([]float32{0, 10}), WithClassWeights([]float32{1, 1e10})}, two,
			InputError{"Weights", 1, float64(float32(1e30)), "want a weight whose product with columnWeights[1], 10, and with classWeights[1], 1e+10, is within float32"},
			"Weights[1] is 1e+30: want a weight whose product with columnWeights[1], 10, and with classWeights[1], 1e+10, is within float32"},
		{"product of background", []Option{WithColumnWeights([]float32{1e10, 1}), WithClassWeights([]float32{1, 1})}, two,
			InputError{"Weights", 1, float64(float32(1e30)), "want a weight whose product with columnWeights[0], 1e+10, is within float32"},
			"Weights[1] is 1e+30: want a weight whose product with columnWeights[0], 1e+10, is within float32"},
		{"product with the loss's", []Option{WithColumnWeights([]float32{0, 1e38})}, Batch{Logits: make([]float32, 2), Labels: []uint8{0, 1}, NumClasses: 2},
			InputError{"columnWeights", 1, float64(float32(1e38)), "want a weight whose product with the loss's, 4, is within float32"},
			"columnWeights[1] is 1e+38: want a weight whose product with the loss's, 4, is within float32"},
		{"product before a bad class", []Option{WithClassWeights([]float32{1e38})}, Batch{Logits: make([]float32, 2), Classes: []int32{0, 9}},
			InputError{"classWeights", 0, float64(float32(1e38)), "want a weight whose product with the loss's, 4, is within float32"},
			"classWeights[0] is 1e+38: want a weight whose product with the loss's, 4, is within float32"},
	} {
		for _, name := range Kernels() {
			opts, l := append(c.opts, WithKernel(name)), CrossEntropy().Weighted(4, 1)
			e, err := New(l, opts...)
			if err == nil {
				_, err = e.Sum(c.b)
			}
			_, swept := Sweep(c.b, []Loss{l}, opts...)
			for _, err := range []error{err, swept} {
				var input *InputError
				if !errors.As(err, &input) || !sameInput(*input, c.want) {
					t.Errorf("%s, %s: %v, want %s", c.name, name, err, c.text)
				}
			}
			if err == nil || err.Error() != c.text {
				t.Errorf("%s, %s: %v, want %s", c.name, name, err, c.text)
			}
		}
	}
	// A factor of 0 masks, even a product beyond float32, and so does one that rounds to 0.
	b := Batch{Logits: []float32{nan, 0, nan, 0}, Labels: []uint8{0, 0, 1, 1}, NumClasses: 2, Weights: []float32{1e30, 1}, ScoreWeights: []float32{1e30, 1e-30, 1e-30, 1}}
	for _, name := range Kernels() {
		e := must(New(CrossEntropy(), WithColumnWeights([]float32{0, 1}), WithKernel(name)))
		if r, err := e.Sum(b); err != nil || r.Scores != 4 || r.Sum() != 2*float64(float32(math.Ln2)) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		e = must(New(CrossEntropy(), WithClassWeights([]float32{1e-30, 0}), WithKernel(name)))
		if r, err := e.Sum(Batch{Logits: []float32{0, nan}, Labels: []uint8{0, 1}, NumClasses: 2}); err != nil || r.Sum() != float64(float32(math.Ln2)) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// TestColumnWeightsAreCopied: an engine stays what it was made.
func TestColumnWeightsAreCopied(t *testing.T) {
	w := []float32{2}
	all, positives := WithColumnWeights(w), WithClassWeights(w)
	w[0] = 3
	e := must(New(CrossEntropy(), all, positives))
	w[0] = 5
	if r := must(e.Sum(Batch{Logits: []float32{0, 0}, Labels: []uint8{0, 1}})); r.Sum() != 6*float64(float32(math.Ln2)) {
		t.Errorf("%v", r)
	}
}
