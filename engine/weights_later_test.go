package engine

import (
	"errors"
	"math"
	"testing"
)

// TestSuspectWeights: weights that are looked at once a block is evaluated give what they gave
// when they were looked at before: a bad one its error, in front of what is wrong behind it, also
// where its label is ignored or its product hides it, and −0 what 0 gives, in place, too.
func TestSuspectWeights(t *testing.T) {
	const n = 105 * 80 // two blocks, some groups, and a half
	x, y := easyBatch(n)
	y[3], y[Block+9] = IgnoredLabel, IgnoredLabel
	negativeZero := float32(math.Copysign(0, -1))
	filled := func(n int) []float32 {
		w := make([]float32, n)
		for i := range w {
			w[i] = 0.5 + float32(i%7)
		}
		return w
	}
	ofColumns := filled(80)
	turn := 0
	for _, columns := range []int{1, 4, 80} {
		for form := range 8 {
			b := Batch{Logits: x, Labels: y, NumClasses: columns}
			if form&1 != 0 {
				b.Weights = filled(n / columns)
			}
			if form&2 != 0 {
				b.ScoreWeights = filled(n)
			}
			var opts []Option
			if form&4 != 0 {
				opts = []Option{WithColumnWeights(ofColumns[:columns]), WithClassWeights(ofColumns[:columns])}
			}
			for _, name := range Kernels() {
				if turn++; testing.Short() && turn%3 != 0 {
					continue
				}
				engine := must(New(Focal(0.25, 2), append(opts, WithKernel(name), WithWorkers(1))...))
				run := func(b Batch) (Result, []float32, error) {
					own := append([]float32(nil), x...)
					r, err := engine.Gradients(own, b.with(own))
					if sum, err2 := engine.Sum(b); err == nil && (err2 != nil || sum != r) {
						t.Errorf("%s, %d columns, form %d: the sum %v, %v, with gradients %v", name, columns, form, sum, err2, r)
					}
					return r, own, err
				}
				for _, at := range []int{3, 7, Block - 1, Block + 9, n - 1} {
					bad := func(w []float32, i int, field string) {
						old := w[i]
						defer func() { w[i] = old }()
						for _, v := range []float32{nan, inf, -inf, -1, -0x1p-149} {
							w[i] = v
							_, _, err := run(b)
							var input *InputError
							if !errors.As(err, &input) || input.Field != field || input.Index != i || input.Reason != "want a finite weight ≥ 0" {
								t.Errorf("%s, %d columns, form %d: %s[%d] of %g gives %v", name, columns, form, field, i, v, err)
							}
						}
						w[i] = 0
						want, grad, err := run(b)
						w[i] = negativeZero
						got, gotGrad, err2 := run(b)
						if err != nil || err2 != nil || got != want || different(gotGrad, grad) >= 0 {
							t.Errorf("%s, %d columns, form %d: %s[%d] of −0 gives %v, %v, of 0 %v, %v", name, columns, form, field, i, got, err2, want, err)
						}
					}
					if b.Weights != nil {
						bad(b.Weights, at/columns, "Weights")
					}
					if b.ScoreWeights != nil {
						bad(b.ScoreWeights, at, "ScoreWeights")
					}
					if b.Weights == nil || b.ScoreWeights == nil {
						continue
					}
					for _, pair := range [][2]float32{{-1, -1}, {inf, 0}, {0, inf}, {-1, 0}, {nan, nan}, {negativeZero, -1}} {
						row, score := b.Weights[at/columns], b.ScoreWeights[at]
						b.Weights[at/columns], b.ScoreWeights[at] = pair[0], pair[1]
						field, index := "ScoreWeights", at
						if goodWeight(pair[1]) || at/columns*columns < at && !goodWeight(pair[0]) {
							field, index = "Weights", at/columns
						}
						var input *InputError
						if _, _, err := run(b); !errors.As(err, &input) || input.Field != field || input.Index != index {
							t.Errorf("%s, %d columns, form %d: factors %v of %d give %v, want an error about %s[%d]", name, columns, form, pair, at, err, field, index)
						}
						b.Weights[at/columns], b.ScoreWeights[at] = row, score
					}
				}
			}
		}
	}
}

// TestColumnSums: sums of factors of columns that are kept are those of the block's first
// column, of whole blocks and where no label is ignored.
func TestColumnSums(t *testing.T) {
	const columns, n = 7, 7 * (3*Block/7 + 5)
	x, y := easyBatch(n)
	w := make([]float32, columns)
	for i := range w {
		w[i] = 0.3 + float32(i)
	}
	for _, name := range sampled() {
		e := must(New(CrossEntropy(), WithKernel(name), WithWorkers(1), WithColumnWeights(w)))
		for _, ignored := range []int{-1, 5, Block + 5, -1} {
			b := Batch{Logits: x, Labels: append([]uint8(nil), y...), NumClasses: columns}
			if ignored >= 0 {
				b.Labels[ignored] = IgnoredLabel
			}
			for range 2 {
				for _, b := range []Batch{b, b.span(Block, n)} {
					r := must(e.Sum(b))
					if got, want := r.WeightSum.Float64(), canonicalSum(weightsOf(b, w, nil)); got != want {
						t.Errorf("%s, %d ignored, of %d: weights of %v, want %v", name, ignored, len(b.Logits), got, want)
					}
				}
			}
		}
	}
}
