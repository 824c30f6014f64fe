package engine

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// weightsOf returns the weight of each score, without the loss's, 0 where it is ignored.
func weightsOf(b Batch, all, positives []float32) []float32 {
	flat := b.alone(all, positives)
	for i, y := range flat.Labels {
		if y == IgnoredLabel {
			flat.Weights[i] = 0
		}
		flat.Weights[i] += 0
	}
	return flat.Weights
}

// TestWeightSum: the weights of what was scored, by definition and nearly exactly, are summed
// by every operation, on every kernel, with any number of workers, in spans cut at multiples of
// Block, and of easy scores.
func TestWeightSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	for form := range 24 {
		if !inTurn(form, 7) { // has both values of each bit, and all three remainders
			continue
		}
		columns := []int{1, 7, 80}[form%3]
		n := (fewer(12, 4)*Block/columns + 5) * columns
		b := randomBatch(rng, n, columns, form&1 != 0, form&2 != 0)
		if form%5 == 0 {
			b = b.probs(rng)
		}
		var all, positives []float32
		if form&4 != 0 {
			all = randomWeights(rng, columns)
			all[0] = 0.3
		}
		if form&8 != 0 {
			positives = randomWeights(rng, columns)
			positives[0] = 7
		}
		weights := weightsOf(b, all, positives)
		want, total := canonicalSum(weights), new(big.Float).SetPrec(2200)
		for _, w := range weights {
			total.Add(total, new(big.Float).SetFloat64(float64(w)))
		}
		if exact, _ := total.Float64(); math.Abs(want-exact) > 0x1p-23*exact {
			t.Fatalf("form %d: the weights add up to %v, by definition to %v", form, exact, want)
		}
		opts := []Option{WithColumnWeights(all), WithClassWeights(positives)}
		for _, name := range sampled() {
			for _, workers := range crews() {
				e := must(New(Focal(0.25, 2), append(opts, WithKernel(name), WithWorkers(workers))...))
				r := evaluate(t, e, b).result
				if r.WeightSum.Float64() != want || r.WeightedMean() != r.Sum()/want {
					t.Errorf("form %d, %s, %d workers: weights of %v, want %v; weighted mean %v of %v", form, name, workers, r.WeightSum.Float64(), want, r.WeightedMean(), r)
				}
				if plain := weights != nil && b.Weights == nil && b.ScoreWeights == nil && form&12 == 0; plain && (want != float64(r.Scores) || r.WeightedMean() != r.Mean()) {
					t.Errorf("form %d, %s: without weights %v, weighted mean %v, mean %v", form, name, want, r.WeightedMean(), r.Mean())
				}
				var merged Result
				for from := 0; from < n; {
					to := min(n, from+Block*(1+rng.IntN(3)))
					merged.Merge(must(e.Sum(b.span(from, to))))
					from = to
				}
				if merged != r {
					t.Errorf("form %d, %s, %d workers: spans merge to %v, %v; want %v, %v", form, name, workers, merged, merged.WeightedMean(), r, r.WeightedMean())
				}
				s := must(NewSweeper([]Loss{Focal(0.25, 2), CrossEntropy()}, append(opts, WithKernel(name), WithWorkers(workers))...))
				swept, easy := make([]Result, 2), make([]Result, 2)
				if err := s.SumEasy(swept, easy, 0.9, b); err != nil || swept[0] != r || swept[1].WeightSum != r.WeightSum {
					t.Errorf("form %d, %s: a sweep gives %v, %v, %v", form, name, swept, swept[1].WeightedMean(), err)
				}
				part := b.alone(all, positives)
				part.Labels, _ = easyLabels(part, 0.9)
				if sum := canonicalSum(weightsOf(part, nil, nil)); easy[0].WeightSum.Float64() != sum || easy[0].WeightSum != easy[1].WeightSum || sum >= want {
					t.Errorf("form %d, %s: the easy scores' weights %v, want %v of %v", form, name, easy[0].WeightSum.Float64(), sum, want)
				}
			}
		}
	}
}

// TestWeightSumKnown: PyTorch's mean with weights per class, in numbers; weights that are all
// 1 are none; and weights whose sum in float32 is infinite.
func TestWeightSumKnown(t *testing.T) {
	x := make([]float32, 100) // loss ln 2 each
	y := make([]uint8, 100)
	y[3], y[98], y[99] = 1, 1, IgnoredLabel
	fill := func(v float32) []float32 {
		w := make([]float32, 100)
		for i := range w {
			w[i] = v
		}
		return w
	}
	ln2 := float64(float32(math.Ln2))
	for _, name := range Kernels() {
		ce := must(New(CrossEntropy(), WithKernel(name)))
		plain := must(ce.Sum(Batch{Logits: x, Labels: y}))
		if ones := must(ce.Sum(Batch{Logits: x, Labels: y, ScoreWeights: fill(1)})); ones != plain || ones.WeightedMean() != ln2 {
			t.Errorf("%s: with weights 1 %v, without %v", name, ones, plain)
		}
		weighed := must(New(CrossEntropy().Weighted(1, 0.5), WithKernel(name), WithClassWeights([]float32{8, 1}), WithColumnWeights([]float32{2, 4})))
		r := must(weighed.Sum(Batch{Logits: x, Labels: y, NumClasses: 2}))
		// Of column 0 49 backgrounds and a positive, of column 1 49 backgrounds and one
		// positive, which is the score 3.
		if w := r.WeightSum.Float64(); w != 49*2+16+48*4+4 {
			t.Errorf("%s: weights %v", name, w)
		}
		if want := (0.5*(49*2+48*4) + 16 + 4) * ln2 / (49*2 + 16 + 48*4 + 4); math.Abs(r.WeightedMean()-want) > 1e-7 {
			t.Errorf("%s: weighted mean %v, want %v", name, r.WeightedMean(), want)
		}
		huge := must(New(CrossEntropy().Weighted(0x1p-100, 0x1p-100), WithKernel(name)))
		if r := must(huge.Sum(Batch{Logits: x, Labels: y, ScoreWeights: fill(0x1p127)})); r.WeightSum.Float64() != 99*0x1p127 {
			t.Errorf("%s: huge weights %v", name, r.WeightSum.Float64())
		}
		if r := must(ce.Sum(Batch{Logits: x, Labels: y, Weights: fill(0)})); r.WeightedMean() != 0 || r.Scores != 99 {
			t.Errorf("%s: of weights 0 %v, %v", name, r, r.WeightedMean())
		}
	}
	// Beyond float64 by merging with itself: no NaN.
	r := someResult(20, 100)
	for range 1100 {
		r.Merge(r)
	}
	if m := r.WeightedMean(); !math.IsInf(m, 1) {
		t.Errorf("merged with itself 1100 times: %v", m)
	}
}
