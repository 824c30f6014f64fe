package engine

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// alone returns the batch as one of a single column, with labels, and with the weight of each
// score, by definition, in place of its factors, those of columns and of their positives, too.
func (b Batch) alone(all, positives []float32) Batch {
	x, _, _ := b.scores()
	one := must(b.OneHot(make([]uint8, len(x))))
	flat := Batch{Logits: b.Logits, Probs: b.Probs, Labels: one.Labels, NumClasses: 1, Weights: make([]float32, len(x))}
	for i := range x {
		w, at := float32(1), b.FirstColumn+i
		if b.ScoreWeights != nil {
			w *= b.ScoreWeights[i]
		}
		if b.Weights != nil {
			w *= b.Weights[at/b.NumClasses]
		}
		if all != nil {
			w *= all[at%b.NumClasses]
		}
		if positives != nil && flat.Labels[i] == 1 {
			w *= positives[at%b.NumClasses]
		}
		if w != w || w > math.MaxFloat32 && flat.Labels[i] == IgnoredLabel {
			w = 0 // beyond float32 where another factor is 0, or where it does not matter
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
	for i, columns := range []int{1, 2, 7, 80, 4097} {
		n := (2*Block/columns + fewer(12, 3)) * columns
		for form := range 8 {
			if !inTurn(i+form, 3) {
				continue
			}
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
				want := evaluate(t, must(New(l, WithKernel("generic"), WithWorkers(1))), b.alone(nil, nil))
				for _, name := range sampled() {
					for _, workers := range crews() {
						got := evaluate(t, must(New(l, WithKernel(name), WithWorkers(workers))), b)
						if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
							t.Errorf("%d columns, form %d, %s, %d workers: %v, want %v", columns, form, name, workers, got.result, want.result)
						}
					}
				}
				losses := []Loss{l, CrossEntropy()}
				all, easy := sweepWant(losses, 0.9, b.alone(nil, nil))
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
			for i, l := range []Loss{Focal(0.25, 2), CrossEntropy(), Focal(0.25, 1.5), Focal(0, 1), Focal(1, 0)} {
				e := must(New(l, WithKernel(name), WithWorkers(workers)))
				good := must(e.Sum(b))
				for k, at := range []int{2, Block + 7, n - 1} {
					if !inTurn(workers/2+i+k, 3) {
						continue
					}
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

// TestMask: scores of weight 0 are not looked at: whatever they are, their loss and gradient
// are 0, all others are what they were, and the counts too.
func TestMask(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	const n = (2*Block/7 + 12) * 7
	for form := range 12 {
		if !inTurn(form, 5) { // has both values of either bit, and all three remainders
			continue
		}
		b := randomBatch(rng, n, 7, form&1 != 0, false)
		if form&2 != 0 {
			b = b.probs(rng)
		}
		if form%3 != 0 {
			b.Weights = randomWeights(rng, n/7)
		}
		if form%3 != 1 {
			b.ScoreWeights = randomWeights(rng, n)
		}
		for _, w := range [][]float32{b.Weights, b.ScoreWeights} {
			for i := range w {
				if i == 5 || i == 5*7 || rng.IntN(4) == 0 {
					w[i] = 0
				}
			}
		}
		l := listed[form%len(listed)]
		x, _, _ := b.scores()
		good := must(b.OneHot(make([]uint8, n))).Labels
		want := evaluate(t, must(New(l, WithKernel("generic"), WithWorkers(1))), b)
		masked := 0
		for turn, at := range []func(i int) bool{
			func(i int) bool { return i == 5*7 },    // one, in the first block
			func(i int) bool { return i > n-7 },     // in a group that is padded
			func(i int) bool { return i%3 == 0 },    // among scores of a block
			func(i int) bool { return b.masked(i) }, // all
		} {
			bad := b.with(append([]float32(nil), x...))
			y, _, _ := bad.scores()
			for i := range y {
				if !at(i) || !b.masked(i) || good[i] == IgnoredLabel {
					continue
				}
				masked++
				y[i] = []float32{nan, inf, -inf, -1, 2, math.MaxFloat32, -math.MaxFloat32}[rng.IntN(7)]
				if want.dst[i] != 0 || want.grad[i] != 0 {
					t.Fatalf("form %d: loss %d is %g, gradient %g, with weight 0", form, i, want.dst[i], want.grad[i])
				}
			}
			for _, name := range sampled() {
				for _, workers := range crews() {
					got := evaluate(t, must(New(l, WithKernel(name), WithWorkers(workers))), bad)
					if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
						t.Fatalf("form %d, %s, %d workers: %v, want %v", form, name, workers, got.result, want.result)
					}
				}
				for i, pt := range []float64{0.9, 0.5, 0x1p-20} {
					if !inTurn(form+turn+i, 3) {
						continue
					}
					losses := []Loss{l, CrossEntropy()}
					all, easy := sweepWant(losses, pt, bad)
					checkSweep(t, losses, pt, bad, [2][]Result{all, easy}, WithKernel(name))
				}
			}
		}
		if masked < 100 {
			t.Fatalf("form %d: %d scores are masked", form, masked)
		}
	}
}

// TestMaskCounts: a score of weight 0 counts as scored, and as positive; the loss's own
// weights make no mask.
func TestMaskCounts(t *testing.T) {
	b := Batch{Logits: []float32{nan, -inf, 0, nan}, Labels: []uint8{0, 1, 1, 255}, ScoreWeights: []float32{0, 0, 1, 1}}
	want := Result{Scores: 3, Positives: 2, Ignored: 1}
	want.LossSum.Add(float64(float32(math.Ln2)))
	want.WeightSum.Add(1)
	for _, name := range Kernels() {
		if r := must(must(New(CrossEntropy(), WithKernel(name))).Sum(b)); r != want {
			t.Errorf("%s: %v, want %v", name, r, want)
		}
		for _, l := range []Loss{Focal(0, 2), CrossEntropy().Weighted(0, 0)} {
			_, err := must(New(l, WithKernel(name))).Sum(Batch{Logits: []float32{0, nan}, Labels: []uint8{1, 1}})
			var input *InputError
			if !errors.As(err, &input) || input.Index != 1 {
				t.Errorf("%s, %v: %v", name, l, err)
			}
		}
	}
}

// FuzzWeights: factors of all kinds give what their product gives, or an error about one.
func FuzzWeights(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5}, []byte{0, 1, 255}, make([]byte, 44), uint8(2), uint8(1), uint8(15))
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\xc0\x7f"), []byte{1}, []byte("\x00\x00\x80\x3f\x00\x00\x00\x00\xff\xff\x7f\x7f\x00\x00\x00\x40\x00\x00\x00\x80"), uint8(1), uint8(0), uint8(11))
	f.Fuzz(func(t *testing.T, scores, labels, weights []byte, width, first, kinds uint8) {
		columns := max(1, int(width))
		b := Batch{Logits: floats(scores), NumClasses: columns, FirstColumn: int(first) % columns}
		n := len(b.Logits)
		if n == 0 || len(labels) == 0 {
			return
		}
		b.EndColumn = (b.FirstColumn + n) % columns
		if rows := b.anchorOf(n-1) + 1; kinds&64 != 0 {
			b.Classes = make([]int32, rows)
			for a := range b.Classes {
				b.Classes[a] = int32(labels[a%len(labels)])%int32(columns+2) - 2
			}
		} else {
			b.Labels = make([]uint8, n)
			for i := range b.Labels {
				b.Labels[i] = []uint8{0, 1, IgnoredLabel}[labels[i%len(labels)]%3]
			}
		}
		at, factors := 0, floats(weights)
		take := func(n int) []float32 {
			w := make([]float32, n)
			for i := range w {
				w[i] = 1
				if len(factors) > 0 {
					w[i] = factors[at%len(factors)]
					at++
				}
			}
			return w
		}
		var all, positives []float32
		if kinds&1 != 0 {
			b.ScoreWeights = take(n)
		}
		if kinds&2 != 0 {
			b.Weights = take(b.anchorOf(n-1) + 1)
		}
		if kinds&4 != 0 {
			all = take(columns)
		}
		if kinds&8 != 0 {
			positives = take(columns)
		}
		bad := func(w []float32) bool { return slices.ContainsFunc(w, func(v float32) bool { return !goodWeight(v) }) }
		flat := b.alone(all, positives)
		l := Focal(0.25, float32(kinds>>4&3)).Weighted(1, 1)
		for _, name := range Kernels() {
			opts := []Option{WithColumnWeights(all), WithClassWeights(positives), WithKernel(name), WithWorkers(1)}
			e, err := New(l, opts...)
			if wrong := bad(all) || bad(positives); wrong != (err != nil) {
				t.Fatalf("%s: %v of factors %v and %v", name, err, all, positives)
			}
			if err != nil {
				return
			}
			got, want := outcome{dst: make([]float32, n), grad: make([]float32, n)}, outcome{dst: make([]float32, n), grad: make([]float32, n)}
			got.result, err = e.LossesAndGradients(got.dst, got.grad, b)
			var wantErr error
			want.result, wantErr = must(New(l, WithKernel("generic"), WithWorkers(1))).LossesAndGradients(want.dst, want.grad, flat)
			if wrong := wantErr != nil || bad(b.Weights) || bad(b.ScoreWeights); wrong != (err != nil) {
				t.Fatalf("%s: %v; of the products %v", name, err, wantErr)
			}
			if err != nil {
				var input *InputError
				if !errors.As(err, &input) {
					t.Fatalf("%s: %v is no InputError", name, err)
				}
				continue
			}
			if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
				t.Fatalf("%s: %v, want %v", name, got.result, want.result)
			}
			if swept := must(Sweep(b, []Loss{l}, opts...)); swept[0] != want.result {
				t.Fatalf("%s: a sweep gives %v, want %v", name, swept[0], want.result)
			}
		}
	})
}
