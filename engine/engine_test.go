package engine

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/flengine/flengine/engine/internal/guard"
)

// must is for calls that cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fewer returns how many of something a test takes: in short tests, as run under emulators
// and the race detector, which are ten times as slow and more, a few.
func fewer(all, few int) int {
	if testing.Short() {
		return few
	}
	return all
}

// inTurn tells whether a test takes a case: in short tests one of n that follow each other.
func inTurn(i, n int) bool { return !testing.Short() || i%n == 0 }

// sampled are the kernels that a test of many scores takes: in short tests those in assembly.
// There, generic has the tests with -tags purego.
func sampled() []string {
	if all := Kernels(); testing.Short() && len(all) > 1 {
		return all[:len(all)-1]
	}
	return Kernels()
}

// blocksOfFour returns how many blocks four workers of the default kernel share.
func blocksOfFour() int { return max(4*must(New(CrossEntropy())).kernels.Grain, 16) }

// crews are numbers of workers for batches of a few blocks. Short tests leave out one worker:
// so few blocks have one of SIMD kernels anyhow, and generic has one where others are
// compared with it.
func crews() []int {
	if testing.Short() {
		return []int{3}
	}
	return []int{1, 3}
}

// listed are the losses that kernels are compared at: all with documented bounds.
var listed = func() (list []Loss) {
	for _, b := range Bounds() {
		list = append(list, b.Loss)
	}
	return list
}()

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

// special logits: zeros, subnormals, the edges of exp, saturation, huge ones.
var special = []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-149, 0x1p-126, -0x1p-127, 88, -88, 88.0297, -88.0297, 104, -104, 1e30, -1e30}

// randomBatch returns n scores in rows of c with all kinds of labels and
// logits; ignored scores, and those of weight 0, may be anything, even NaN.
func randomBatch(rng *rand.Rand, n, c int, classes, weights bool) Batch {
	b := Batch{Logits: make([]float32, n), NumClasses: c}
	y := make([]uint8, n)
	if classes {
		b.Classes = make([]int32, n/c)
		for a := range b.Classes {
			b.Classes[a] = int32(rng.IntN(c+4)) - 2
			if b.Classes[a] >= int32(c) {
				b.Classes[a] = -1
			}
			for k := range c {
				switch {
				case b.Classes[a] == -2:
					y[a*c+k] = 255
				case b.Classes[a] == int32(k):
					y[a*c+k] = 1
				}
			}
		}
	} else {
		b.Labels = y
		for i := range y {
			y[i] = []uint8{0, 0, 1, 255}[rng.IntN(4)]
		}
	}
	for i := range b.Logits {
		switch r := rng.IntN(8); {
		case r < 4:
			b.Logits[i] = float32(-4 + 4*rng.NormFloat64())
		case r < 6:
			b.Logits[i] = float32(30 * rng.NormFloat64())
		case r < 7:
			b.Logits[i] = special[rng.IntN(len(special))]
		case y[i] == 255:
			b.Logits[i] = []float32{nan, inf, -inf}[rng.IntN(3)]
		case y[i] == 1:
			b.Logits[i] = inf
		default:
			b.Logits[i] = -inf
		}
	}
	if kinds := rng.IntN(3); weights {
		if kinds != 1 {
			b.Weights = randomWeights(rng, n/c)
		}
		if kinds != 0 {
			b.ScoreWeights = randomWeights(rng, n)
		}
		for i := range b.Logits {
			if b.masked(i) && rng.IntN(8) == 0 {
				b.Logits[i] = []float32{nan, inf, -inf}[rng.IntN(3)]
			}
		}
	}
	return b
}

// masked tells whether score i has a factor of 0.
func (b Batch) masked(i int) bool {
	return b.Weights != nil && b.Weights[(b.FirstColumn+i)/b.NumClasses] == 0 || b.ScoreWeights != nil && b.ScoreWeights[i] == 0
}

// randomWeights returns n factors of all kinds.
func randomWeights(rng *rand.Rand, n int) []float32 {
	w := make([]float32, n)
	kinds := []float32{0, 1, 0.3, 7, 1e-40, 1e6, float32(math.Copysign(0, -1))}
	if rng.IntN(2) == 0 {
		kinds = kinds[1:6] // which the engine need not copy
	}
	for i := range w {
		w[i] = kinds[rng.IntN(len(kinds))]
	}
	return w
}

// specialProbs: the ends, the clamps of ln and of the gradient, what is nearest one.
var specialProbs = []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, 0x1p-144, 0x1p-126, 1e-12, 0x1p-24, 0.5, 0.96875, 1 - 0x1p-23, 1 - 0x1p-24, 1}

// probs returns the batch with probabilities for logits, special ones among them.
// Ignored ones, and those of weight 0, may be anything.
func (b Batch) probs(rng *rand.Rand) Batch {
	p := make([]float32, len(b.Logits))
	for i, x := range b.Logits {
		p[i] = float32(1 / (1 + math.Exp(-float64(x))))
		if rng.IntN(8) == 0 {
			p[i] = specialProbs[rng.IntN(len(specialProbs))]
		}
		ignored := b.Labels != nil && b.Labels[i] == 255 || b.Classes != nil && b.Classes[i/b.NumClasses] == -2
		if (ignored || b.masked(i)) && rng.IntN(16) == 0 {
			p[i] = []float32{nan, inf, -inf, -1e-9, 1.0000001, 7}[rng.IntN(6)]
		}
	}
	b.Logits, b.Probs = nil, p
	return b
}

// with returns the batch with other scores of the same kind.
func (b Batch) with(x []float32) Batch {
	if b.Probs != nil {
		b.Probs = x
	} else {
		b.Logits = x
	}
	return b
}

// guarded returns a copy of the batch between guard pages.
func (b Batch) guarded(t testing.TB, atEnd bool) Batch {
	x, _, _ := b.scores()
	b = b.with(guard.Copy(t, x, atEnd))
	if b.Labels != nil {
		b.Labels = guard.Copy(t, b.Labels, atEnd)
	}
	if b.Classes != nil {
		b.Classes = guard.Copy(t, b.Classes, atEnd)
	}
	if b.Targets != nil {
		b.Targets = guard.Copy(t, b.Targets, atEnd)
	}
	if b.Weights != nil {
		b.Weights = guard.Copy(t, b.Weights, atEnd)
	}
	if b.ScoreWeights != nil {
		b.ScoreWeights = guard.Copy(t, b.ScoreWeights, atEnd)
	}
	return b
}

// outcome is all that the four operations give for a batch.
type outcome struct {
	result    Result
	dst, grad []float32
}

// evaluate runs all operations, apart and in place, and fails if they disagree. In short tests
// that is so of batches of up to a block, and of others half are run.
func evaluate(t testing.TB, e *Engine, b Batch) outcome {
	t.Helper()
	x, _, _ := b.scores()
	n := len(x)
	o := outcome{dst: guard.Slice[float32](t, n, true), grad: guard.Slice[float32](t, n, false)}
	var err error
	if o.result, err = e.LossesAndGradients(o.dst, o.grad, b); err != nil {
		t.Fatal(err)
	}
	check := func(what string, r Result, err error, got, want []float32) {
		t.Helper()
		if err != nil || r != o.result {
			t.Fatalf("%s: %v, %v, want %v", what, r, err, o.result)
		}
		if i := different(got, want); i >= 0 {
			t.Fatalf("%s: score %d is %g, want %g", what, i, got[i], want[i])
		}
	}
	r, err := e.Sum(b)
	check("Sum", r, err, nil, nil)
	half := testing.Short() && n > Block
	dst := guard.Slice[float32](t, n, true)
	if !half {
		r, err = e.Losses(dst, b)
		check("Losses", r, err, dst, o.dst)
		r, err = e.Gradients(dst, b)
		check("Gradients", r, err, dst, o.grad)
	}
	mem := append([]float32(nil), x...)
	in := b.with(mem)
	r, err = e.Losses(mem, in)
	check("Losses in place", r, err, mem, o.dst)
	copy(mem, x)
	r, err = e.Gradients(mem, in)
	check("Gradients in place", r, err, mem, o.grad)
	if half {
		return o
	}
	copy(mem, x)
	r, err = e.LossesAndGradients(dst, mem, in)
	check("LossesAndGradients, gradients in place", r, err, mem, o.grad)
	copy(mem, x)
	r, err = e.LossesAndGradients(mem, dst, in)
	check("LossesAndGradients, losses in place", r, err, mem, o.dst)
	return o
}

// different returns the first index where the bits differ, or −1.
func different(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

// canonicalSum is the sum that [Block] defines, computed from the losses the plain
// way, with the exact total in big.Float.
func canonicalSum(losses []float32) float64 {
	total := new(big.Float).SetPrec(2200)
	for from := 0; from < len(losses); from += 4096 {
		var f [4096]float32
		n := copy(f[:], losses[from:])
		var acc [8]float64
		for g := 0; g < n; g += 32 {
			for j := range 8 {
				s := float32(f[g+j]+f[g+j+16]) + float32(f[g+j+8]+f[g+j+24])
				acc[j] += float64(s)
			}
		}
		block := ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
		total.Add(total, new(big.Float).SetFloat64(block))
	}
	sum, _ := total.Float64()
	return sum
}

// TestEveryLength compares all kernels with generic at every length, on batches
// of all forms, between guard pages.
func TestEveryLength(t *testing.T) {
	var lengths []int
	for n := range 258 {
		lengths = append(lengths, n)
	}
	for n := 4096 - 7; n <= 4096+7; n++ {
		lengths = append(lengths, n)
	}
	lengths = append(lengths, 8191, 8192, 8193, 12345)
	if testing.Short() { // as under the race detector
		for i := range lengths[:len(lengths)/8] {
			lengths[i] = lengths[8*i]
		}
		lengths = lengths[:len(lengths)/8]
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i, n := range lengths {
		t.Run(fmt.Sprint(n), func(t *testing.T) { // gives guarded memory back
			l := listed[i%len(listed)]
			c := 1
			for _, d := range []int{7, 5, 3, 2} {
				if n%d == 0 && rng.IntN(3) > 0 {
					c = d
					break
				}
			}
			b := randomBatch(rng, n, c, rng.IntN(2) == 0, rng.IntN(2) == 0)
			if i/len(listed)%2 == 1 {
				b = b.probs(rng)
			}
			want := evaluate(t, must(New(l, WithKernel("generic"), WithWorkers(1))), b)
			if sum := canonicalSum(want.dst); want.result.Sum() != sum {
				t.Errorf("sum %v, by definition %v", want.result.Sum(), sum)
			}
			if r := want.result; r.Scores+r.Ignored != int64(n) {
				t.Errorf("%d scores and %d ignored of %d", r.Scores, r.Ignored, n)
			}
			for _, name := range Kernels() {
				for _, atEnd := range []bool{false, true} {
					got := evaluate(t, must(New(l, WithKernel(name), WithWorkers(1))), b.guarded(t, atEnd))
					if got.result != want.result {
						t.Fatalf("%s, %v: %v, want %v", name, l, got.result, want.result)
					}
					if i := different(got.dst, want.dst); i >= 0 {
						t.Fatalf("%s, %v: loss %d is %g, want %g", name, l, i, got.dst[i], want.dst[i])
					}
					if i := different(got.grad, want.grad); i >= 0 {
						t.Fatalf("%s, %v: gradient %d is %g, want %g", name, l, i, got.grad[i], want.grad[i])
					}
				}
			}
		})
	}
}

// TestWorkersAndShards: the number of workers and shards cut at multiples of
// 4096 scores change no bit.
func TestWorkersAndShards(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i, l := range listed {
		for _, name := range sampled() {
			n := 80 * 4096
			if testing.Short() { // two workers get a share
				n = 80 * 128 * max(must(New(l, WithKernel(name))).kernels.Grain, 5)
			}
			b := randomBatch(rng, n, 80, i%2 == 0, i%3 == 0)
			if i%4 >= 2 {
				b = b.probs(rng)
			}
			want := evaluate(t, must(New(l, WithKernel(name), WithWorkers(1))), b)
			for _, workers := range []int{2, 7}[fewer(0, 1):] {
				got := evaluate(t, must(New(l, WithKernel(name), WithWorkers(workers))), b)
				if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
					t.Errorf("%s, %v: %d workers give %v, one %v", name, l, workers, got.result, want.result)
				}
			}
			// Shards of whole anchors at multiples of 4096 scores: 256 rows of 80.
			e := must(New(l, WithKernel(name)))
			var parts []Result
			for row := 0; row < n/80; {
				rows := min(256*(1+rng.IntN(4)), n/80-row)
				parts = append(parts, must(e.Sum(b.span(row*80, (row+rows)*80))))
				row += rows
			}
			for range 3 {
				rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				var got Result
				for _, p := range parts {
					got.Merge(p)
				}
				if got != want.result {
					t.Errorf("%s, %v: shards merge to %v, want %v", name, l, got, want.result)
				}
			}
		}
	}
}

// TestLongRows: rows that are longer than a block give what their labels give.
func TestLongRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, c := range []int{4095, 4097, 20_000} {
		b := randomBatch(rng, fewer(7, 4)*c, c, true, true)
		labels := b
		labels.Classes, labels.Labels = nil, make([]uint8, len(b.Logits))
		for a, class := range b.Classes {
			row := labels.Labels[a*c:][:c]
			switch {
			case class >= 0:
				row[class] = 1
			case class == -2:
				for i := range row {
					row[i] = 255
				}
			}
		}
		for _, workers := range crews() {
			e := must(New(Focal(0.25, 2), WithWorkers(workers)))
			got, want := evaluate(t, e, b), evaluate(t, e, labels)
			if got.result != want.result || different(got.dst, want.dst) >= 0 || different(got.grad, want.grad) >= 0 {
				t.Errorf("%d columns, %d workers: classes give %v, labels %v", c, workers, got.result, want.result)
			}
		}
	}
}

// TestConcurrentUse runs one engine from many goroutines.
func TestConcurrentUse(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(5, 6)), 40*4096, 1, false, false)
	e := must(New(Focal(0.25, 2), WithWorkers(3)))
	want := must(e.Sum(b))
	var wg sync.WaitGroup
	for range fewer(8, 4) {
		wg.Go(func() {
			dst := make([]float32, len(b.Logits))
			for range fewer(4, 2) {
				if r, err := e.Losses(dst, b); err != nil || r != want {
					t.Errorf("%v, %v, want %v", r, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestIgnoredScores: what is ignored gives 0 and may hold anything.
func TestIgnoredScores(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range listed {
			e := must(New(l, WithKernel(name)))
			for _, x := range []float32{0, 3, -200, nan, inf, -inf} {
				b := Batch{Logits: []float32{x, 1, x}, Labels: []uint8{255, 0, 255}}
				o := evaluate(t, e, b)
				for _, i := range []int{0, 2} {
					if math.Float32bits(o.dst[i]) != 0 || math.Float32bits(o.grad[i]) != 0 {
						t.Errorf("%s, %v: ignored logit %g gives loss %g, gradient %g", name, l, x, o.dst[i], o.grad[i])
					}
				}
				alone := must(e.Sum(Batch{Logits: []float32{1}, Labels: []uint8{0}}))
				if o.result.Sum() != alone.Sum() || o.result.Scores != 1 || o.result.Ignored != 2 {
					t.Errorf("%s, %v: ignored logits %g: %v", name, l, x, o.result)
				}
			}
		}
	}
}

// TestSaturation: a huge logit on the wrong side costs w·|x|, with slope ±w;
// also where the sum of a block is beyond float32.
func TestSaturation(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range listed {
			e := must(New(l, WithKernel(name)))
			b := Batch{Logits: make([]float32, 64), Labels: make([]uint8, 64)}
			for i := range b.Logits {
				b.Logits[i] = math.MaxFloat32
			}
			b.Logits[7], b.Labels[7] = -math.MaxFloat32, 1
			o := evaluate(t, e, b)
			wantPos, slopePos := exactLoss(l)(-math.MaxFloat32, true)
			wantNeg, slopeNeg := exactLoss(l)(math.MaxFloat32, false)
			if want := 63*wantNeg + wantPos; math.Abs(o.result.Sum()-want) > 1e-6*want {
				t.Errorf("%s, %v: sum %g, want %g", name, l, o.result.Sum(), want)
			}
			if o.dst[7] != float32(wantPos) || o.grad[7] != float32(slopePos) || o.dst[8] != float32(wantNeg) || o.grad[8] != float32(slopeNeg) {
				t.Errorf("%s, %v: losses %g, %g, gradients %g, %g", name, l, o.dst[7], o.dst[8], o.grad[7], o.grad[8])
			}
			// A loss beyond float32 is infinite, and so is the sum.
			o = evaluate(t, must(New(l.Weighted(4, 4), WithKernel(name))), b)
			if !math.IsInf(o.result.Sum(), 1) || o.grad[7] != -4 || o.grad[8] != 4 {
				t.Errorf("%s, %v: sum %g, gradients %g, %g", name, l, o.result.Sum(), o.grad[7], o.grad[8])
			}
		}
	}
}

// TestEmpty: an empty batch is valid.
func TestEmpty(t *testing.T) {
	e := must(New(CrossEntropy()))
	for _, b := range []Batch{{}, {NumClasses: 80}, {Labels: []uint8{}}, {Classes: []int32{}, Weights: []float32{}, NumClasses: 3}} {
		r, err := e.Sum(b)
		if err != nil || r != (Result{}) || r.Sum() != 0 || r.Mean() != 0 || r.PerPositive() != 0 {
			t.Errorf("%+v: %v, %v", b, r, err)
		}
		if _, err := e.LossesAndGradients(nil, nil, b); err != nil {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

// TestNoAllocations: in the steady state one worker allocates nothing.
func TestNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	b := randomBatch(rng, 7*fewer(3000, 700), 7, true, true)
	probs := b.probs(rng)
	dst, grad := make([]float32, len(b.Logits)), make([]float32, len(b.Logits))
	for _, name := range sampled() {
		e := must(New(Focal(0.25, 1.5), WithKernel(name), WithWorkers(1)))
		w := []float32{1, 2, 3, 4, 5, 6, 7}
		byColumn := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(1), WithColumnWeights(w), WithClassWeights(w)))
		for what, f := range map[string]func(){
			"Sum":                func() { must(e.Sum(b)) },
			"Losses":             func() { must(e.Losses(dst, b)) },
			"Gradients":          func() { must(e.Gradients(grad, b)) },
			"LossesAndGradients": func() { must(e.LossesAndGradients(dst, grad, b)) },
			"of probabilities":   func() { must(e.LossesAndGradients(dst, grad, probs)) },
			"of columns":         func() { must(byColumn.LossesAndGradients(dst, grad, b)) },
		} {
			if n := allocations(f); n > pooled {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}

// TestWorkedExamples: the losses of confident, wrong and very confident
// predictions at α = 0.25, γ = 2.
func TestWorkedExamples(t *testing.T) {
	logit := func(p float64) float32 { return float32(math.Log(p / (1 - p))) }
	for _, c := range []struct {
		p                          float64
		ce, focalPos, focalNeg, by float64
	}{
		{0.95, 0.0512932943875505, 3.2058308992219e-5, 9.6174926976657e-5, 1600},
		{0.05, 2.995732273553991, 0.675912094220619, 2.027736282661858, 4.432132},
		{0.99, 0.0100503358535014, 2.5125839633754e-7, 7.5377518901261e-7, 40000},
	} {
		// The logit is rounded to float32, so the loss is off by up to 1e-6.
		near := func(what string, got, want float64) {
			t.Helper()
			if math.Abs(got-want) > 1e-6*want {
				t.Errorf("p = %g, %s: %.9g, want %.9g", c.p, what, got, want)
			}
		}
		pos := Batch{Logits: []float32{logit(c.p)}, Labels: []uint8{1}}
		neg := Batch{Logits: []float32{-logit(c.p)}, Labels: []uint8{0}}
		for _, name := range Kernels() {
			ce := must(New(CrossEntropy(), WithKernel(name)))
			balanced := must(New(BalancedCrossEntropy(0.25), WithKernel(name)))
			focal := must(New(Focal(0.25, 2), WithKernel(name)))
			near("cross-entropy", must(ce.Sum(pos)).Sum(), c.ce)
			near("cross-entropy, background", must(ce.Sum(neg)).Sum(), c.ce)
			near("balanced", must(balanced.Sum(pos)).Sum(), 0.25*c.ce)
			near("balanced, background", must(balanced.Sum(neg)).Sum(), 0.75*c.ce)
			near("focal", must(focal.Sum(pos)).Sum(), c.focalPos)
			near("focal, background", must(focal.Sum(neg)).Sum(), c.focalNeg)
			near("ratio", must(ce.Sum(pos)).Sum()/must(focal.Sum(pos)).Sum(), c.by)
		}
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		loss Loss
		opts []Option
		env  string
		want string
	}{
		{loss: Focal(10, 2), want: "alpha is 10: want a weight in [0, 1]"},
		{loss: Focal(-0.5, 2), want: "alpha is -0.5: want a weight in [0, 1]"},
		{loss: Focal(nan, -1), want: "alpha is NaN: want a weight in [0, 1]"},
		{loss: Focal(0.25, -1), want: "gamma is -1: want a finite number ≥ 0"},
		{loss: Focal(0.25, nan), want: "gamma is NaN: want a finite number ≥ 0"},
		{loss: Focal(0.25, inf), want: "gamma is +Inf: want a finite number ≥ 0"},
		{loss: Focal(9, inf).Weighted(1, 1), want: "gamma is +Inf: want a finite number ≥ 0"},
		{loss: BalancedCrossEntropy(1.5), want: "alpha is 1.5: want a weight in [0, 1]"},
		{loss: CrossEntropy().Weighted(inf, 1), want: "pos is +Inf: want a finite weight ≥ 0"},
		{loss: CrossEntropy().Weighted(1, -1e-9), want: "neg is -1e-09: want a finite weight ≥ 0"},
		{loss: CrossEntropy(), opts: []Option{WithWorkers(0)}, want: "workers is 0: want at least 1"},
		{loss: CrossEntropy(), opts: []Option{WithBackground(-2)}, want: "background is -2: want a class that is not ignored, which WithIgnored sets"},
		{loss: CrossEntropy(), opts: []Option{WithIgnored()}, want: "ignored is empty: want at least one class"},
		{loss: CrossEntropy(), opts: []Option{WithKernel("mmx")}, want: `unknown kernel "mmx"; usable here: ` + strings.Join(Kernels(), ", ")},
		{loss: CrossEntropy(), env: "mmx", want: `FLENGINE_KERNEL: unknown kernel "mmx"; usable here: ` + strings.Join(Kernels(), ", ")},
	} {
		t.Setenv("FLENGINE_KERNEL", c.env)
		e, err := New(c.loss, c.opts...)
		if err == nil || err.Error() != c.want || e != nil {
			t.Errorf("New(%v): %v, want %s", c.loss, err, c.want)
		}
		var input *InputError
		if field, _, found := strings.Cut(c.want, " is "); found && (!errors.As(err, &input) || input.Field != field || input.Index != -1) {
			t.Errorf("New(%v): %#v, want an InputError about %s", c.loss, err, field)
		}
	}
	for env, want := range map[string]string{"": Kernels()[0], "generic": "generic"} {
		t.Setenv("FLENGINE_KERNEL", env)
		if e, err := New(Focal(0.25, 2)); err != nil || e.Kernel() != want || e.Loss() != Focal(0.25, 2) {
			t.Errorf("FLENGINE_KERNEL=%s: %v, %v", env, e, err)
		}
		if e, err := New(CrossEntropy(), WithKernel(Kernels()[0])); err != nil || e.Kernel() != Kernels()[0] {
			t.Errorf("FLENGINE_KERNEL=%s, WithKernel: %v, %v", env, e, err)
		}
	}
}
