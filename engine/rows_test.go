package engine

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rowCase is a batch for losses of rows.
type rowCase struct {
	columns int
	x       []float32
	classes []int32
}

func (c *rowCase) batch() Batch {
	return Batch{Logits: c.x, Classes: c.classes, NumClasses: c.columns}
}

// randomRows returns rows of logits N(b, σ²), with σ and b of each row: up to 20, and at most
// of the given magnitude.
func randomRows(rng *rand.Rand, rows, columns int, offset float64) *rowCase {
	c := &rowCase{columns: columns, x: make([]float32, rows*columns), classes: make([]int32, rows)}
	for i := range c.classes {
		c.classes[i] = int32(rng.IntN(columns))
		sigma, b := math.Exp(5.3*rng.Float64()-2.3), 0.0
		if rng.IntN(2) == 0 {
			b = offset * (2*rng.Float64() - 1)
		}
		for j := range columns {
			c.x[i*columns+j] = float32(b + sigma*rng.NormFloat64())
		}
	}
	return c
}

// eachKernel runs a part of a test with every kernel.
func eachKernel(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range Kernels() {
		t.Run(name, func(t *testing.T) { f(t, name) })
	}
}

// rowULPs is the error in ULP of want, less what underflow may add in rows of so many columns.
func rowULPs(got float32, want float64, columns int) float64 {
	diff := max(0, math.Abs(float64(got)-want)-float64(columns)*0x1p-126)
	if diff == 0 {
		return 0
	}
	_, exp := math.Frexp(want)
	return diff / math.Ldexp(1, max(exp-24, -149))
}

// TestRowAccuracy measures the errors of losses and gradients of rows against the definition
// in float64, which must be within the bounds that are documented.
func TestRowAccuracy(t *testing.T) {
	for _, columns := range []int{1, 2, 3, 21, 80, 1000, 100_000} {
		scores := 1 << 16
		if testing.Short() {
			if scores = 1 << 10; columns > scores {
				continue // a row takes seconds under emulators
			}
		}
		rng := rand.New(rand.NewPCG(11, uint64(columns)))
		for _, offset := range []float64{0, 1000} {
			c := randomRows(rng, max(scores/columns, 1), columns, offset)
			for _, b := range RowBounds() {
				t.Run(fmt.Sprintf("%d columns, %s, ±%g", columns, b.Name, offset), func(t *testing.T) {
					e := must(New(b.Loss))
					losses, grads := make([]float32, len(c.classes)), make([]float32, len(c.x))
					if _, err := e.LossesAndGradients(losses, grads, c.batch()); err != nil {
						t.Fatal(err)
					}
					exact, want := b.Loss.ExactRow(), make([]float64, columns)
					var worst, worstGrad float64
					for i, class := range c.classes {
						row := c.x[i*columns:][:columns]
						worst = max(worst, rowULPs(losses[i], exact(row, int(class), want), columns))
						for j, want := range want {
							worstGrad = max(worstGrad, rowULPs(grads[i*columns+j], want, columns))
						}
					}
					t.Logf("%.2f ULP, gradients %.2f", worst, worstGrad)
					if !(worst <= b.LossULP) || !(worstGrad <= b.GradientULP) {
						t.Errorf("%.2f ULP, gradients %.2f, want at most %g and %g", worst, worstGrad, b.LossULP, b.GradientULP)
					}
				})
			}
		}
	}
}

// oddRows returns rows with everything that the engine takes: shifts of all kinds, ignored
// rows, weights with zeros, and what is no number where it does not count.
func oddRows(rng *rand.Rand, rows, columns int) (Batch, []float32) {
	c := randomRows(rng, rows, columns, 1000)
	b := c.batch()
	b.Weights = make([]float32, rows)
	for i := range b.Weights {
		b.Weights[i] = [...]float32{1, 1, 0.25, 3, 0, 1e-20, 1e20}[rng.IntN(7)]
		row := b.Logits[i*columns:][:columns]
		switch rng.IntN(8) {
		case 0:
			b.Classes[i] = IgnoredClass
			row[rng.IntN(columns)] = float32(math.NaN())
		case 1:
			b.Weights[i] = 0
			row[rng.IntN(columns)] = float32(math.Inf(1))
		case 2:
			if k := rng.IntN(columns); k != int(b.Classes[i]) {
				row[k] = float32(math.Inf(-1))
			}
		case 3:
			for k := range row {
				row[k] = float32(3 * rng.NormFloat64()) // which need no shift
			}
		}
	}
	w := make([]float32, columns)
	for i := range w {
		w[i] = [...]float32{1, 0.5, 0, 2, 1e10}[rng.IntN(5)]
	}
	return b, w
}

// rowLosses are losses of rows of every kernel.
var rowLosses = []Loss{SoftmaxCrossEntropy(), SoftmaxFocal(2), SoftmaxFocal(0.5), SoftmaxFocal(3), SoftmaxCrossEntropy().Smoothed(0.1)}

// rowOutcome is all that a call returns.
type rowOutcome struct {
	losses, grads []float32
	result        Result
}

func evaluateRowsOf(t *testing.T, e *Engine, b Batch) (o rowOutcome) {
	t.Helper()
	b = withColumns(b)
	o.losses, o.grads = make([]float32, len(b.Classes)), make([]float32, b.size())
	var err error
	if o.result, err = e.LossesAndGradients(o.losses, o.grads, b); err != nil {
		t.Fatal(err)
	}
	for i := range o.grads {
		if o.grads[i] != o.grads[i] {
			t.Fatalf("the gradient %d is NaN", i)
		}
	}
	return o
}

// withColumns returns the batch with its NumClasses.
func withColumns(b Batch) Batch {
	b.NumClasses = max(b.NumClasses, 1)
	return b
}

func sameFloats(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
}

// finiteRows returns the batch without logits of −Inf, which smoothed losses refuse.
func finiteRows(b Batch) Batch {
	b.Logits = slices.Clone(b.Logits)
	for i, x := range b.Logits {
		if x < -math.MaxFloat32 {
			b.Logits[i] = -1e4
		}
	}
	return b
}

// TestRowBits: every kernel and any number of workers return the same bits, which are those
// of each row on its own; sums are canonical, and merge.
func TestRowBits(t *testing.T) {
	shapes := []struct{ rows, columns int }{{1, 1}, {5000, 1}, {4097, 2}, {513, 3}, {100, 21}, {50, 80}, {33, 97}, {9, 1000}, {3, 4096}, {3, 4097}, {2, 20_001}}
	if testing.Short() {
		shapes = []struct{ rows, columns int }{{4097, 1}, {513, 3}, {50, 80}, {2, 4099}}
	}
	for _, s := range shapes {
		rng := rand.New(rand.NewPCG(3, uint64(s.columns)))
		b, w := oddRows(rng, s.rows, s.columns)
		for _, l := range rowLosses {
			t.Run(fmt.Sprintf("%d rows of %d, %v", s.rows, s.columns, l), func(t *testing.T) {
				b := b
				if l.smoothing != 0 {
					b = finiteRows(b)
				}
				want := evaluateRowsOf(t, must(New(l, WithWorkers(1), WithClassWeights(w))), b)
				for _, name := range Kernels() {
					for _, workers := range []int{1, 2, 3} {
						e := must(New(l, WithKernel(name), WithWorkers(workers), WithClassWeights(w)))
						if got := evaluateRowsOf(t, e, b); !sameFloats(got.losses, want.losses) || !sameFloats(got.grads, want.grads) || got.result != want.result {
							t.Fatalf("%s, %d workers: other bits; %v, want %v", name, workers, got.result, want.result)
						}
					}
				}
				e := must(New(l, WithWorkers(1), WithClassWeights(w)))
				for range 20 {
					i := rng.IntN(s.rows)
					one := Batch{Logits: b.Logits[i*s.columns:][:s.columns], Classes: b.Classes[i : i+1], Weights: b.Weights[i : i+1], NumClasses: s.columns}
					if got := evaluateRowsOf(t, e, one); !sameFloats(got.losses, want.losses[i:i+1]) || !sameFloats(got.grads, want.grads[i*s.columns:][:s.columns]) {
						t.Fatalf("row %d on its own has other bits: loss %v, of all %v", i, got.losses[0], want.losses[i])
					}
				}
				var sum, merged Result
				for from := 0; from < s.rows; from += Block {
					to := min(from+Block, s.rows)
					sum.LossSum.Add(finiteSum(want.losses[from:to]))
					part := Batch{Logits: b.Logits[from*s.columns : to*s.columns], Classes: b.Classes[from:to], Weights: b.Weights[from:to], NumClasses: s.columns}
					merged.Merge(evaluateRowsOf(t, e, part).result)
				}
				if sum.Sum() != want.result.Sum() || merged != want.result {
					t.Errorf("the sum is %v, that of the losses %v, and shards give %v", want.result, sum.Sum(), merged)
				}
			})
		}
	}
}

// TestRowWorkers: shares of several workers give the bits of one, with few long rows and with
// many short ones.
func TestRowWorkers(t *testing.T) {
	shapes := []struct{ rows, columns int }{{70_000, 5}, {3000, 80}, {40, 6001}}
	if testing.Short() {
		shapes = []struct{ rows, columns int }{{70_000, 2}, {300, 450}, {28, 5001}}
	}
	for _, s := range shapes {
		b, w := oddRows(rand.New(rand.NewPCG(4, 4)), s.rows, s.columns)
		want := evaluateRowsOf(t, must(New(SoftmaxFocal(2), WithWorkers(1), WithClassWeights(w))), b)
		for _, workers := range []int{2, 3} {
			e := must(New(SoftmaxFocal(2), WithWorkers(workers), WithClassWeights(w)))
			if got := evaluateRowsOf(t, e, b); !sameFloats(got.losses, want.losses) || !sameFloats(got.grads, want.grads) || got.result != want.result {
				t.Errorf("%d rows of %d, %d workers: other bits; %v, want %v", s.rows, s.columns, workers, got.result, want.result)
			}
			sum, err := e.Sum(b)
			if err != nil || sum != want.result {
				t.Errorf("%d rows of %d, %d workers: Sum is %v, %v, want %v", s.rows, s.columns, workers, sum, err, want.result)
			}
		}
	}
}

// TestRowCounts: what is scored is counted, and means are PyTorch's.
func TestRowCounts(t *testing.T) {
	nan := float32(math.NaN())
	for _, l := range rowLosses {
		e := must(New(l, WithClassWeights([]float32{2, 0.5, 0}), WithIgnored(-100)))
		b := Batch{
			Logits:  []float32{1, 2, 3, nan, nan, nan, 1, 0, -1, 4, 4, 4, nan, 1, 2},
			Classes: []int32{0, -100, 1, 1, 0}, NumClasses: 3, Weights: []float32{1, 1, 2, 1, 0},
		}
		o := evaluateRowsOf(t, e, b)
		if r := o.result; r.Scores != 4 || r.Positives != 4 || r.Ignored != 1 {
			t.Errorf("%v: %v", l, r)
		}
		if got, want := o.result.WeightedMean(), o.result.Sum()/(2+0+1+0.5+0); math.Abs(got-want) > 1e-15*want || !(got > 0) {
			t.Errorf("%v: the weighted mean is %v, want %v", l, got, want)
		}
		for _, i := range []int{1, 4} {
			if o.losses[i] != 0 || !slices.Equal(o.grads[3*i:][:3], []float32{0, 0, 0}) || math.Signbit(float64(o.grads[3*i])) {
				t.Errorf("%v: row %d is not looked at, its loss is %v, gradients %v", l, i, o.losses[i], o.grads[3*i:][:3])
			}
		}
		all := Batch{Logits: []float32{nan, nan, nan}, Classes: []int32{-100}, NumClasses: 3}
		if o := evaluateRowsOf(t, e, all); o.result != (Result{Ignored: 1}) || o.result.WeightedMean() != 0 || o.result.Mean() != 0 || o.result.PerPositive() != 0 {
			t.Errorf("%v, all ignored: %v", l, o.result)
		}
		if r, err := e.Sum(Batch{NumClasses: 3}); r != (Result{}) || err != nil {
			t.Errorf("%v, no rows: %v, %v", l, r, err)
		}
		one := must(New(l))
		if o := evaluateRowsOf(t, one, Batch{Logits: []float32{7}, Classes: []int32{0}}); o.losses[0] != 0 || o.grads[0] != 0 || o.result.Scores != 1 {
			t.Errorf("%v, one column: %+v", l, o)
		}
	}
}

// TestRowGradients compares gradients with differences of the losses in float64.
func TestRowGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	tries := 20
	if testing.Short() {
		tries = 2
	}
	for _, columns := range []int{1, 2, 3, 21} {
		for _, b := range RowBounds() {
			exact := b.Loss.ExactRow()
			e := must(New(b.Loss))
			for range tries {
				c := randomRows(rng, 1, columns, 30)
				for j := range c.x {
					c.x[j] = float32(math.Trunc(float64(c.x[j])*1024) / 1024) // so that steps of 2⁻¹² are exact
				}
				o := evaluateRowsOf(t, e, c.batch())
				for j := range c.x {
					const h = 0x1p-12
					up, down := slices.Clone(c.x), slices.Clone(c.x)
					up[j] += h
					down[j] -= h
					want := (exact(up, int(c.classes[0]), nil) - exact(down, int(c.classes[0]), nil)) / (2 * h)
					if diff := math.Abs(float64(o.grads[j]) - want); diff > 2e-6*(1+math.Abs(want)) {
						t.Errorf("%s, %v, class %d: the derivative by logit %d is %v, differences give %v", b.Name, c.x, c.classes[0], j, o.grads[j], want)
					}
				}
			}
		}
	}
}

// exactSmoothed is a smoothed row in float64, with the sums of magnitudes that errors are
// measured by: PyTorch's loss, and its derivatives.
func exactSmoothed(x []float32, t int, epsilon, r float64, w func(c int) float64) (loss, scale float64, grad, gradScale []float64) {
	n := len(x)
	grad, gradScale = make([]float64, n), make([]float64, n)
	own, share := r*(1-epsilon)*w(t), r*epsilon/float64(n)
	loss = own * SoftmaxCrossEntropy().ExactRow()(x, t, grad) // grad: p_j, and −(1 − p_t)
	k := columnOf(x, slices.Max(x))
	most, rest, total := float64(x[k]), 0.0, 0.0
	for c, x := range x {
		if c != k {
			rest += math.Exp(float64(x) - most)
		}
	}
	for c, x := range x {
		loss += share * w(c) * (math.Log1p(rest) + (most - float64(x)))
		total += w(c)
	}
	pt := math.Exp(float64(x[t])-most) / (1 + rest)
	for c, p := range grad {
		if c == t {
			grad[c] = own*p + share*(total*pt-w(t))
			gradScale[c] = -own*p + share*(total*pt+w(t))
			continue
		}
		grad[c] = (own+share*total)*p - share*w(c)
		gradScale[c] = (own+share*total)*p + share*w(c)
	}
	return loss, loss, grad, gradScale
}

// TestRowSmoothing compares smoothed losses with the definition in float64.
func TestRowSmoothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	var worst, worstGrad float64
	for _, columns := range []int{1, 2, 3, 21, 80, 4100} {
		rows := max(2000/columns, 2)
		if testing.Short() {
			rows = max(rows/8, 2)
		}
		for _, weighted := range []bool{false, true} {
			for _, epsilon := range []float32{0.1, 0.5, 1e-3} {
				c := randomRows(rng, rows, columns, 100)
				w, r := make([]float32, columns), make([]float32, rows)
				for i := range w {
					w[i] = [...]float32{1, 0.3, 0, 2}[rng.IntN(4)]
				}
				for i := range r {
					r[i] = [...]float32{1, 0.3, 2}[rng.IntN(3)]
				}
				b := c.batch()
				var opts []Option
				of := func(int) float64 { return 1 }
				if weighted {
					b.Weights = r
					opts, of = append(opts, WithClassWeights(w)), func(c int) float64 { return float64(w[c]) }
				}
				o := evaluateRowsOf(t, must(New(SoftmaxCrossEntropy().Smoothed(epsilon), opts...)), b)
				for i := range rows {
					row := 1.0
					if weighted {
						row = float64(r[i])
					}
					loss, scale, grad, gradScale := exactSmoothed(c.x[i*columns:][:columns], int(c.classes[i]), float64(epsilon), row, of)
					ulp := func(got float32, want, scale float64) float64 {
						_, exp := math.Frexp(scale)
						return max(0, math.Abs(float64(got)-want)-float64(columns)*0x1p-126) / math.Ldexp(1, exp-24)
					}
					worst = max(worst, ulp(o.losses[i], loss, scale))
					for j := range grad {
						worstGrad = max(worstGrad, ulp(o.grads[i*columns+j], grad[j], gradScale[j]))
					}
				}
			}
		}
	}
	t.Logf("%.2f ULP, gradients %.2f", worst, worstGrad)
	if !(worst <= 8) || !(worstGrad <= 8) {
		t.Errorf("%.2f ULP, gradients %.2f of the sum of magnitudes, want at most 8", worst, worstGrad)
	}
}

// TestRowDefinitions: a loss of rows has no definition of scores.
func TestRowDefinitions(t *testing.T) {
	for _, l := range []Loss{SoftmaxCrossEntropy(), SoftmaxFocal(2)} {
		if l.Definition() != nil || l.Exact() != nil || l.TargetFormula() != "" || l.ExactRow() == nil {
			t.Errorf("%v: a definition of scores, or a formula of targets, or none of rows", l)
		}
	}
}

// TestRowErrors: every refusal names the field, the index and what is wanted.
func TestRowErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	good := func() Batch { return Batch{Logits: make([]float32, 12), Classes: make([]int32, 4), NumClasses: 3} }
	with := func(f func(b *Batch)) Batch { b := good(); f(&b); return b }
	ce, weights := SoftmaxCrossEntropy(), WithClassWeights([]float32{1, 1e30, 0})
	for _, c := range []struct {
		name  string
		loss  Loss
		opts  []Option
		batch Batch
		field string
		index int
		want  string
	}{
		{"NaN", ce, nil, with(func(b *Batch) { b.Logits[7] = nan; b.Logits[11] = inf }), "Logits", 7, "want a number"},
		{"+Inf", ce, nil, with(func(b *Batch) { b.Logits[11] = inf }), "Logits", 11, "want a finite logit, or −Inf"},
		{"+Inf of the class", ce, nil, with(func(b *Batch) { b.Logits[9] = inf }), "Logits", 9, "want a finite logit, or −Inf"},
		{"−Inf of the class", ce, nil, with(func(b *Batch) { b.Logits[5], b.Classes[1] = -inf, 2 }), "Logits", 5, "want a finite logit for the class of the row"},
		{"a row of −Inf", ce, nil, with(func(b *Batch) { b.Logits[3], b.Logits[4], b.Logits[5] = -inf, -inf, -inf }), "Logits", 3, "want a finite logit"},
		{"−Inf, smoothed", ce.Smoothed(0.1), nil, with(func(b *Batch) { b.Logits[4] = -inf }), "Logits", 4, "with label smoothing"},
		{"background", ce, nil, with(func(b *Batch) { b.Classes[2] = Background }), "Classes", 2, "under softmax every class is a column: want a class in [0, 3), or -2 for ignored"},
		{"a class beyond", ce, []Option{WithIgnored(-100, -1)}, with(func(b *Batch) { b.Classes[1] = 3; b.Logits[3] = nan }), "Classes", 1, "or -100 or -1 for ignored"},
		{"a bad logit before a bad class", ce, nil, with(func(b *Batch) { b.Classes[1] = 3; b.Logits[2] = nan }), "Logits", 2, "want a number"},
		{"a bad weight before a bad class", ce, nil, with(func(b *Batch) { b.Classes[2], b.Weights = 3, []float32{1, -1, 1, 1} }), "Weights", 1, "want a finite weight"},
		{"a masked logit before a bad class", ce, nil, with(func(b *Batch) { b.Classes[2], b.Weights, b.Logits[0] = 3, []float32{0, 1, 1, 1}, nan }), "Classes", 2, "want a class"},
		{"the same, smoothed", ce.Smoothed(0.1), nil, with(func(b *Batch) { b.Classes[2], b.Weights, b.Logits[0] = 3, []float32{0, 1, 1, 1}, nan }), "Classes", 2, "want a class"},
		{"a background beyond", ce, []Option{WithBackground(3)}, good(), "background", -1, "under softmax every class is one"},
		{"Weights", ce, nil, with(func(b *Batch) { b.Weights = []float32{0, 1, -1, nan} }), "Weights", 2, "want a finite weight"},
		{"a product", ce, []Option{weights}, with(func(b *Batch) { b.Weights = []float32{1, 1e30, 1, 1}; b.Classes[1] = 1 }), "Weights", 1, "classWeights[1], 1e+30, is within float32"},
		{"class weights", ce, []Option{WithClassWeights([]float32{1})}, good(), "classWeights", -1, "want 3, the batch's NumClasses"},
		{"sum of class weights", ce.Smoothed(0.5), []Option{WithClassWeights([]float32{3e38, 3e38, 3e38})}, good(), "classWeights", -1, "beyond float32"},
		{"Probs", ce, nil, Batch{Probs: make([]float32, 3), Classes: make([]int32, 1), NumClasses: 3}, "Probs", -1, "want Logits"},
		{"Labels", ce, nil, with(func(b *Batch) { b.Labels = make([]uint8, 12) }), "Labels", -1, "want Classes"},
		{"Targets", ce, nil, with(func(b *Batch) { b.Targets = make([]float32, 12) }), "Targets", -1, "want Classes"},
		{"ScoreWeights", ce, nil, with(func(b *Batch) { b.ScoreWeights = make([]float32, 12) }), "ScoreWeights", -1, "want Weights"},
		{"FirstColumn", ce, nil, with(func(b *Batch) { b.FirstColumn = 1 }), "FirstColumn", -1, "want 0"},
		{"EndColumn", ce, nil, with(func(b *Batch) { b.EndColumn = 1 }), "EndColumn", -1, "want 0"},
		{"no classes", ce, nil, with(func(b *Batch) { b.Classes = nil }), "Classes", -1, "want the true class of each row"},
		{"too few classes", ce, nil, with(func(b *Batch) { b.Classes = b.Classes[1:] }), "Classes", -1, "want 4, one per row"},
		{"half a row", ce, nil, with(func(b *Batch) { b.Logits = b.Logits[1:] }), "Logits", -1, "want a multiple of NumClasses, 3"},
		{"NumClasses", ce, nil, with(func(b *Batch) { b.NumClasses = -1 }), "NumClasses", -1, "want the number of columns"},
		{"two fields", ce, nil, with(func(b *Batch) { b.Float16 = make([]uint16, 12) }), "Logits", -1, "want one of them"},
	} {
		for _, name := range Kernels() {
			_, err := must(New(c.loss, append(c.opts, WithKernel(name))...)).Sum(c.batch)
			var input *InputError
			if !asInputError(err, &input) || input.Field != c.field || input.Index != c.index || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v, want %s[%d]: %s", c.name, name, err, c.field, c.index, c.want)
			}
		}
	}
	long := Batch{Logits: make([]float32, 10_000), Classes: []int32{1}, NumClasses: 5000}
	long.Classes = append(long.Classes, 4999)
	for _, at := range []int{0, 4095, 4096, 4999, 5000, 9998} {
		long.Logits[at] = nan
		_, err := must(New(ce)).Sum(long)
		var input *InputError
		if !asInputError(err, &input) || input.Field != "Logits" || input.Index != at {
			t.Errorf("NaN at %d of long rows: %v", at, err)
		}
		long.Logits[at] = 0
	}
	for name, make := range map[string]func() (*Engine, error){
		"columnWeights": func() (*Engine, error) { return New(ce, WithColumnWeights([]float32{1})) },
		"pos":           func() (*Engine, error) { return New(ce.Weighted(2, 1)) },
		"background":    func() (*Engine, error) { return New(ce, WithBackground(-1)) },
		"ignored":       func() (*Engine, error) { return New(ce, WithIgnored()) },
		"gamma":         func() (*Engine, error) { return New(SoftmaxFocal(-1)) },
		"smoothing":     func() (*Engine, error) { return New(SoftmaxFocal(2).Smoothed(0.1)) },
		"losses": func() (*Engine, error) {
			_, err := NewSweeper([]Loss{CrossEntropy(), ce})
			if err != nil && !strings.HasPrefix(err.Error(), "losses has softmaxce at 1") {
				t.Error(err)
			}
			return nil, err
		},
	} {
		_, err := make()
		var input *InputError
		if !asInputError(err, &input) || input.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ce.Weighted(2, 1).MarshalText(); err == nil {
		t.Error("a loss that New refuses has a text")
	}
	if _, err := New(ce, WithIgnored(-1)); err != nil { // which other losses take for background
		t.Error(err)
	}
	if _, err := must(New(ce)).GradientsAndHessians(make([]float32, 12), make([]float32, 12), good()); err == nil || !strings.Contains(err.Error(), "want Gradients") {
		t.Errorf("second derivatives: %v", err)
	}
	b := good()
	if _, err := must(New(ce)).Losses(b.Logits[:4], b); err == nil || !strings.Contains(err.Error(), "overlaps Logits") {
		t.Errorf("losses in the logits: %v", err)
	}
	if _, err := must(New(ce)).Losses(make([]float32, 12), b); err == nil || !strings.Contains(err.Error(), "want 4, one per row") {
		t.Errorf("a loss per score: %v", err)
	}
	if _, err := must(New(ce)).Gradients(b.Logits[:9], b); err == nil || !strings.Contains(err.Error(), "want 12, one per score") {
		t.Errorf("too few gradients: %v", err)
	}
}

func asInputError(err error, to **InputError) bool { e, ok := err.(*InputError); *to = e; return ok }

// TestRowsInPlace: gradients may take the place of the logits, and logits may be of 16 bits.
func TestRowsInPlace(t *testing.T) {
	for _, columns := range []int{1, 3, 80, 4096, 5000} {
		for _, l := range rowLosses {
			c := randomRows(rand.New(rand.NewPCG(7, 7)), max(2000/columns, 2), columns, 500)
			half := make([]uint16, len(c.x))
			for i, x := range c.x {
				half[i] = uint16(math.Float32bits(x) >> 16)
				c.x[i] = math.Float32frombits(uint32(half[i]) << 16)
			}
			e := must(New(l))
			want := evaluateRowsOf(t, e, c.batch())
			if got := evaluateRowsOf(t, e, Batch{BFloat16: half, Classes: c.classes, NumClasses: columns}); !sameFloats(got.losses, want.losses) || !sameFloats(got.grads, want.grads) || got.result != want.result {
				t.Errorf("%v, %d columns: logits of 16 bits give other bits", l, columns)
			}
			r, err := e.Gradients(c.x, c.batch())
			if err != nil || r != want.result || !sameFloats(c.x, want.grads) {
				t.Errorf("%v, %d columns: in place %v, %v, want %v", l, columns, r, err, want.result)
			}
		}
	}
}

// TestRowsAllocateNothing with one worker, once there is scratch.
func TestRowsAllocateNothing(t *testing.T) {
	for _, columns := range []int{2, 80, 5000} {
		for _, l := range rowLosses {
			c := randomRows(rand.New(rand.NewPCG(8, 8)), 2, columns, 100)
			e := must(New(l, WithWorkers(1)))
			losses, grads := make([]float32, len(c.classes)), make([]float32, len(c.x))
			if n := allocations(func() {
				if _, err := e.LossesAndGradients(losses, grads, c.batch()); err != nil {
					t.Fatal(err)
				}
			}); n > pooled {
				t.Errorf("%v, %d columns: %v allocations a call", l, columns, n)
			}
		}
	}
}

// TestRowsPinned: the bits of losses and gradients are what they were when this was written,
// on every kernel.
func TestRowsPinned(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	h := map[string]hash.Hash64{}
	for _, name := range Kernels() {
		h[name] = fnv.New64a()
	}
	for _, columns := range []int{1, 2, 3, 21, 80, 4100} {
		b := Batch{Logits: make([]float32, max(300/columns, 2)*columns), NumClasses: columns}
		for range len(b.Logits) / columns {
			b.Classes = append(b.Classes, int32(rng.IntN(columns)))
		}
		for i := range b.Logits {
			b.Logits[i] = float32(int32(rng.Uint32())>>(12+i/columns%8)) / 1024 // up to ±512
		}
		for _, l := range rowLosses {
			for name, h := range h {
				o := evaluateRowsOf(t, must(New(l, WithKernel(name))), b)
				if err := binary.Write(h, binary.LittleEndian, append(o.losses, o.grads...)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	const want uint64 = 0x87a15ac65ad287ba
	for name, h := range h {
		if got := h.Sum64(); got != want {
			t.Errorf("%s: the hash is %#x, want %#x", name, got, want)
		}
	}
}
