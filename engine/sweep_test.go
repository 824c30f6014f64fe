package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/flengine/flengine/engine/internal/fpenv"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// sweepers are lists of losses: what eval has, all that are listed, many weights of one γ,
// and losses that are the same in several places.
var sweepers = [][]Loss{
	{Focal(0.25, 2)},
	{Focal(0.25, 2), CrossEntropy()},
	append([]Loss{Focal(0.5, 1.5), Focal(0.5, 3)}, listed...),
	{Focal(0.75, 1.5), CrossEntropy(), Focal(0.25, 1.5), Focal(0, 1), Focal(1, 0.5), Focal(0.1, 1.5), Focal(1, 2), Focal(0.25, 1)},
	{Focal(0.25, 2), CrossEntropy(), Focal(0.25, 2), Focal(9, 0).Weighted(1, 1), CrossEntropy().Weighted(0.25, 0.75), Focal(0.25, 0)},
}

// easyLabels returns the labels of the batch that leave only the background scores with
// p_t > pt, by the definition in float64. A score that is none is left, too.
func easyLabels(b Batch, pt float64) (y []uint8, scores int64) {
	x, _, _ := b.scores()
	y = make([]uint8, len(x))
	one := must(b.OneHot(make([]uint8, len(x))))
	copy(y, one.Labels)
	for i, x := range x {
		easy := float64(x) < math.Log1p(-pt)-math.Log(pt)
		if b.Probs != nil {
			easy = x >= 0 && float64(x) < 1-pt
		}
		if y[i] != 0 || !easy {
			y[i] = IgnoredLabel
		} else {
			scores++
		}
	}
	return y, scores
}

// sweepWant is what the engines of the losses give, and of the easy part.
func sweepWant(losses []Loss, pt float64, b Batch, opts ...Option) (all, easy []Result) {
	part := b
	part.Classes = nil
	var scores int64
	part.Labels, scores = easyLabels(b, pt)
	for _, l := range losses {
		e := must(New(l, opts...))
		all, easy = append(all, must(e.Sum(b))), append(easy, must(e.Sum(part)))
		if r := easy[len(easy)-1]; r.Scores != scores || r.Positives != 0 || r.Ignored != int64(len(part.Labels))-scores {
			panic(fmt.Sprintf("the easy part of %d scores, %d of them easy, is %v", len(part.Labels), scores, r))
		}
	}
	return all, easy
}

// checkSweep compares a sweeper with the engines of its losses.
func checkSweep(t *testing.T, losses []Loss, pt float64, b Batch, want [2][]Result, opts ...Option) {
	t.Helper()
	s := must(NewSweeper(losses, opts...))
	all, easy, alone := make([]Result, len(losses)), make([]Result, len(losses)), make([]Result, len(losses))
	if err := errors.Join(s.SumEasy(all, easy, pt, b), s.Sum(alone, b)); err != nil {
		t.Fatal(err)
	}
	for i, l := range losses {
		if all[i] != want[0][i] || alone[i] != want[0][i] {
			t.Errorf("%s, pt %v, %v: %v with the easy part, %v without; its engine gives %v", s.Kernel(), pt, l, all[i], alone[i], want[0][i])
		}
		if easy[i] != want[1][i] {
			t.Errorf("%s, pt %v, %v: the easy part is %v; its engine gives %v", s.Kernel(), pt, l, easy[i], want[1][i])
		}
	}
}

// TestSweep: sweeps give what the engines of the losses give, of batches of all forms and
// lengths.
func TestSweep(t *testing.T) {
	lengths := []int{0, 1, 2, 31, 32, 33, 63, 64, 100, 512, 513, 1000, 4095, 4096, 4097, 8191, 12345}
	rng := rand.New(rand.NewPCG(11, 12))
	for i, n := range lengths {
		for form := range 8 {
			if !inTurn(i+form, 3) {
				continue
			}
			t.Run(fmt.Sprint(n, "/", form), func(t *testing.T) { // gives guarded memory back
				c := []int{1, 3, 80}[rng.IntN(3)]
				b := randomBatch(rng, n-n%c, c, form&1 != 0, form&2 != 0)
				if form&4 != 0 {
					b = b.probs(rng)
				}
				losses := sweepers[(i+form)%len(sweepers)]
				pt := []float64{0.9, 0.5, 0.99, 0.3}[rng.IntN(4)]
				all, easy := sweepWant(losses, pt, b, WithKernel("generic"))
				for _, name := range Kernels() {
					checkSweep(t, losses, pt, b.guarded(t, form%2 == 0), [2][]Result{all, easy}, WithKernel(name), WithWorkers(1))
				}
				if r, err := Sweep(b, losses); err != nil || fmt.Sprint(r) != fmt.Sprint(all) {
					t.Errorf("Sweep gives %v, %v; the engines %v", r, err, all)
				}
			})
		}
	}
}

// TestSweepWorkers: the number of workers changes no bit, nor do spans of rows.
func TestSweepWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const columns = 80
	for i, losses := range sweepers {
		n := fewer(40, max(10, 40/len(losses))) * Block // of which two workers of any kernel get a share
		b := randomBatch(rng, n, columns, i%2 == 0, i%3 == 0)
		if i >= 2 {
			b = b.probs(rng)
		}
		all, easy := sweepWant(losses, 0.9, b)
		for _, name := range sampled() {
			for _, workers := range []int{1, 2, 7}[fewer(0, 1):] {
				checkSweep(t, losses, 0.9, b, [2][]Result{all, easy}, WithKernel(name), WithWorkers(workers))
			}
		}
		// Two spans, cut within a row.
		at := n / Block / 3 * Block
		first, second := b.span(0, at), b.span(at, n)
		s := must(NewSweeper(losses))
		got, more := make([]Result, 2*len(losses)), make([]Result, 2*len(losses))
		err := errors.Join(s.SumEasy(got[:len(losses)], got[len(losses):], 0.9, first), s.SumEasy(more[:len(losses)], more[len(losses):], 0.9, second))
		for i, want := range append(all, easy...) {
			if got[i].Merge(more[i]); err != nil || got[i] != want {
				t.Errorf("%v, of two spans: %v, %v; of the whole %v", losses[i%len(losses)], got[i], err, want)
			}
		}
	}
}

// TestSweepOverflow: losses beyond float32, alone or added up, in the easy part or not, give
// what engines give.
func TestSweepOverflow(t *testing.T) {
	losses := []Loss{
		CrossEntropy(), Focal(0.25, 2), Focal(0.25, 1.5).Weighted(4, 4), CrossEntropy().Weighted(1, 0x1p126),
		Focal(0.5, 1).Weighted(math.MaxFloat32, math.MaxFloat32),
	}
	for _, probs := range []bool{false, true} {
		b := Batch{Logits: make([]float32, 100), Labels: make([]uint8, 100)}
		for i := range b.Logits {
			b.Logits[i] = []float32{math.MaxFloat32, 2, -3, -0.5, nan}[i%5]
			if i%5 == 4 {
				b.Labels[i] = IgnoredLabel
			}
		}
		b.Logits[7], b.Labels[7] = -math.MaxFloat32, 1
		if probs {
			b.Probs, b.Logits = b.Logits, nil
			for i := range b.Probs {
				b.Probs[i] = []float32{1, 0.99, 0.04, 0.09, nan}[i%5]
			}
		}
		swept := losses
		if !probs {
			swept = append([]Loss{Asymmetric(1, 4, 0.05)}, losses...) // which is evaluated apart, and first
		}
		for _, pt := range []float64{0.9, 0x1p-100} {
			if probs {
				pt = max(pt, 0x1p-20)
			}
			all, easy := sweepWant(swept, pt, b)
			for _, name := range Kernels() {
				checkSweep(t, swept, pt, b, [2][]Result{all, easy}, WithKernel(name))
			}
		}
	}
}

// TestEasyCut: the cut is the greatest float32 below the score of p_t = pt.
func TestEasyCut(t *testing.T) {
	for _, c := range []struct {
		pt          float64
		logit, prob float32
	}{
		{0.9, -2.1972246, 0.099999994},
		{0.5, -0x1p-149, 0.49999997},
		{math.Nextafter(0.5, 1), -0x1.000002p-51, 0.49999997},
		{math.Nextafter(0.5, 0), 0x1p-52, 0.5},
		{0.75, -1.0986123, 0.24999999},
		{0x1p-1074, 744.44006, 0x1.fffffep-1},
		{0x1p-24, 16.63553, 0x1.fffffcp-1},
		{0x1p-25, 17.328678, 0x1.fffffep-1},
		{0x1.8p-24, 16.230066, 0x1.fffffcp-1},
		{1 - 0x1p-53, -36.736801, 0x1.fffffep-54},
		{1 - 0x1p-24, -16.635532, 0x1.fffffep-25},
	} {
		if got := logitCut(c.pt); got != c.logit {
			t.Errorf("pt = %v: the greatest easy logit is %v, want %v", c.pt, got, c.logit)
		}
		if got := probCut(c.pt); got != c.prob {
			t.Errorf("pt = %v: the greatest easy probability is %v, want %v", c.pt, got, c.prob)
		}
	}
	// Where pt is made from a logit, float64 cannot tell which is the greater.
	rng := rand.New(rand.NewPCG(15, 16))
	for range fewer(2000, 200) {
		c := float32(5 * rng.NormFloat64())
		pt := 1 / (1 + math.Exp(float64(c)))
		got := logitCut(pt)
		if !logitBelow(got, pt) || logitBelow(math.Nextafter32(got, inf), pt) {
			t.Errorf("pt = %v: the greatest easy logit is %v, made from %v", pt, got, c)
		}
	}
	for v, want := range map[float64]float64{0: 1, 1: math.E, -1: 1 / math.E, 700: 0x1.d945df4f8ec8ep+1009, -0.5: 0x1.368b2fc6f960ap-1} {
		if got, _ := exp(v).Float64(); got != want {
			t.Errorf("e^%v is %v, want %v", v, got, want)
		}
	}
}

// TestSweepErrors: sweepers refuse what engines refuse, and what is theirs.
func TestSweepErrors(t *testing.T) {
	const n = 3*Block + 50
	x, y := easyBatch(n)
	s := must(NewSweeper([]Loss{Focal(0.25, 2), CrossEntropy().Weighted(0.5, 3)}))
	two := func() []Result { return make([]Result, 2) }
	both := two()
	good := Batch{Logits: x, Labels: y}
	weights := make([]float32, n)
	for i := range weights {
		weights[i] = 1
	}
	for _, c := range []struct {
		name  string
		s     *Sweeper
		all   []Result
		easy  []Result
		pt    float64
		batch Batch
		set   func() (undo func())
		want  InputError
	}{
		{name: "nil", all: two(), easy: two(), pt: 0.9, batch: good, want: InputError{"Sweeper", -1, 0, "is nil or zero: want one that NewSweeper returned"}},
		{name: "zero", s: new(Sweeper), all: two(), easy: two(), pt: 0.9, batch: good, want: InputError{"Sweeper", -1, 0, "is nil or zero: want one that NewSweeper returned"}},
		{name: "all", s: s, all: two()[:1], easy: two(), pt: 0.9, batch: good, want: InputError{"all", -1, 1, "has length 1: want 2, one per loss"}},
		{name: "easy", s: s, all: two(), pt: 0.9, batch: good, want: InputError{"easy", -1, 0, "has length 0: want 2, one per loss"}},
		{name: "overlap", s: s, all: both, easy: both, pt: 0.9, batch: good, want: InputError{"easy", -1, 2, "overlaps all: want memory of its own"}},
		{name: "pt", s: s, all: two(), easy: two(), batch: good, want: InputError{"pt", -1, 0, "is 0: want a probability in (0, 1), ends excluded"}},
		{name: "pt", s: s, all: two(), easy: two(), pt: 1, batch: good, want: InputError{"pt", -1, 1, "is 1: want a probability in (0, 1), ends excluded"}},
		{name: "batch", s: s, all: two(), easy: two(), pt: 0.9, batch: Batch{Logits: x}, want: InputError{"Labels", -1, 0, "is nil, and so are Classes and Targets: want one of them"}},
		{name: "NaN", s: s, all: two(), easy: two(), pt: 0.9, batch: good, set: func() func() {
			v := x[n-3]
			x[n-3], y[n-1] = nan, 9
			return func() { x[n-3], y[n-1] = v, 0 }
		}, want: InputError{"Logits", n - 3, math.NaN(), "want a number"}},
		{name: "label", s: s, all: two(), easy: two(), pt: 0.9, batch: good, set: func() func() {
			y[7] = 9
			return func() { y[7] = 0 }
		}, want: InputError{"Labels", 7, 9, "want 0, 1, or 255 for ignored"}},
		{name: "weight", s: s, all: two(), easy: two(), pt: 0.9, batch: Batch{Logits: x, Labels: y, Weights: weights}, set: func() func() {
			weights[Block+1] = 0x1p127 // within float32 once multiplied by 0.75, beyond it by 3
			return func() { weights[Block+1] = 1 }
		}, want: InputError{"Weights", Block + 1, 0x1p127, "want a weight whose product with the loss's, 3, is within float32"}},
	} {
		undo := func() {}
		if c.set != nil {
			undo = c.set()
		}
		err := c.s.SumEasy(c.all, c.easy, c.pt, c.batch)
		var bad *InputError
		if !errors.As(err, &bad) || !sameInput(*bad, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, &c.want)
		}
		if c.name != "easy" && c.name != "overlap" && c.name != "pt" {
			if plain := c.s.Sum(c.all, c.batch); plain == nil || plain.Error() != err.Error() {
				t.Errorf("%s: without the easy part %v, with it %v", c.name, plain, err)
			}
		}
		undo()
	}
	for _, pt := range []float64{-0.5, 1.5, math.NaN(), math.Inf(1)} {
		var bad *InputError
		if err := s.SumEasy(two(), two(), pt, good); !errors.As(err, &bad) || bad.Field != "pt" {
			t.Errorf("pt = %v: %v", pt, err)
		}
	}
	for _, c := range []struct {
		losses []Loss
		opts   []Option
		want   string
	}{
		{want: "losses is empty: want at least one loss"},
		{losses: []Loss{CrossEntropy(), Focal(7, 2)}, want: "losses[1], focal(alpha=7,gamma=2): alpha is 7: want a weight in [0, 1]"},
		{losses: []Loss{CrossEntropy()}, opts: []Option{WithWorkers(0)}, want: "workers is 0: want at least 1"},
	} {
		if s, err := NewSweeper(c.losses, c.opts...); s != nil || err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.losses, err, c.want)
		}
		if r, err := Sweep(good, c.losses, c.opts...); r != nil || err == nil || err.Error() != c.want {
			t.Errorf("Sweep of %v: %v, want %s", c.losses, err, c.want)
		}
	}
	if r, err := Sweep(Batch{Logits: x}, []Loss{CrossEntropy()}); r != nil || err == nil {
		t.Errorf("Sweep of a bad batch: %v, %v", r, err)
	}
	var none *Sweeper
	if none.Losses() != nil || none.Kernel() != "" || fmt.Sprint(s.Losses()) != "[focal(alpha=0.25,gamma=2) ce(pos=0.5,neg=3)]" || s.Kernel() != Kernels()[0] {
		t.Errorf("losses %v, %v, kernels %q, %q", none.Losses(), s.Losses(), none.Kernel(), s.Kernel())
	}
}

// sweeping returns s with kernels by f, which is given their own way; those for losses, which
// are evaluated where a sum is not finite, give NaN.
func sweeping(s *Sweeper, f func(s *kernel.Sweep, evaluate func())) *Sweeper {
	c, e := *s, *s.engines[0]
	set := *e.kernels
	set.Sweep = func(k *kernel.Sweep) { f(k, func() { s.engines[0].kernels.Sweep(k) }) }
	set.Run = func(k *kernel.Call) { *k.Losses = nan }
	e.kernels = &set
	c.engines = append([]*Engine{&e}, s.engines[1:]...)
	return &c
}

// TestSweepContradicts: a kernel that contradicts itself makes the caller panic, a batch
// that changes is an error.
func TestSweepContradicts(t *testing.T) {
	x, y := easyBatch(64 * Block)
	b := Batch{Logits: x, Labels: y}
	const at = 40 * Block
	for _, workers := range []int{1, 4} {
		s := must(NewSweeper([]Loss{Focal(0.25, 2), CrossEntropy()}, WithKernel("generic"), WithWorkers(workers)))
		all, easy := make([]Result, 2), make([]Result, 2)
		for _, sum := range []float64{math.NaN(), -1e9} {
			for _, part := range []bool{false, true} {
				var changes bool
				wrong := sweeping(s, func(k *kernel.Sweep, evaluate func()) {
					evaluate()
					if first := *k.Scores; first == x[at] && (!changes || k.Scores == &x[at]) {
						if part {
							k.Entries.Easy[3] = sum
						} else {
							k.Entries.Lanes[3] = sum
						}
					}
				})
				v := panicOf(func() { wrong.SumEasy(all, easy, 0.9, b) })
				if message, _ := v.(string); !strings.HasPrefix(message, "engine: kernel generic gave the sum ") {
					t.Errorf("%d workers, the sum %v, of the easy part %t: panic %v", workers, sum, part, v)
				}
				if changes = true; sum != sum {
					continue // it is evaluated again from a copy without ignored scores
				}
				err := wrong.SumEasy(all, easy, 0.9, b)
				const want = "Batch changed during the call, in scores 163840 to 167935: want it left alone until the call returns"
				if err == nil || err.Error() != want {
					t.Errorf("%d workers, the sum %v, of the easy part %t: %v, want %s", workers, sum, part, err, want)
				}
			}
		}
	}
}

// TestSweepWeightsChange: weights that change when the losses are summed are an error: that of
// the weight, or, where it is good again when it is looked at, that of the change.
func TestSweepWeightsChange(t *testing.T) {
	x, y := easyBatch(2 * Block)
	weights := make([]float32, len(x))
	for i := range weights {
		weights[i] = 1
	}
	s := must(NewSweeper([]Loss{Focal(0.25, 2), CrossEntropy()}))
	all, easy := make([]Result, 2), make([]Result, 2)
	for i, v := range []float32{nan, -1e9, inf} {
		for _, again := range []bool{false, true} {
			changes := sweeping(s, func(k *kernel.Sweep, evaluate func()) {
				evaluate()
				if k.Scores == &x[Block] {
					weights[Block+9] = v
				}
			})
			set := changes.engines[0].kernels
			sum := set.SumWeights
			set.SumWeights = func(w []float32, y []uint8, lanes *[8]float64) uint32 {
				if again && &w[0] == &weights[Block] {
					defer func() { weights[Block+9] = 1 }()
				}
				return sum(w, y, lanes)
			}
			weights[Block+9] = 1
			err := changes.SumEasy(all, easy, 0.9, Batch{Logits: x, Labels: y, Weights: weights})
			want := []string{"Weights[4105] is NaN", "Weights[4105] is -1000000000", "Weights[4105] is +Inf"}[i] + ": want a finite weight ≥ 0"
			if again {
				want = "Batch changed during the call, in scores 4096 to 8191: want it left alone until the call returns"
			}
			if err == nil || err.Error() != want {
				t.Errorf("%g: %v, want %s", v, err, want)
			}
		}
	}
}

// TestSweepEnvironment: the thread's floating-point environment changes no bit, nor the cut.
func TestSweepEnvironment(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	b := randomBatch(rng, 3*Block+77, 1, false, true)
	losses := sweepers[3]
	for _, b := range []Batch{b, b.probs(rng)} {
		all, easy := sweepWant(losses, 0.7, b)
		for _, name := range Kernels() {
			for env, bits := range fpenv.Others {
				s := must(NewSweeper(losses, WithKernel(name)))
				got, gotEasy := make([]Result, len(losses)), make([]Result, len(losses))
				var err error
				var back bool
				fpenv.Under(bits, func() {
					err = s.SumEasy(got, gotEasy, 0.7, b)
					back = fpenv.Holds(bits)
				})
				if err != nil || !back || fmt.Sprint(got, gotEasy) != fmt.Sprint(all, easy) {
					t.Errorf("%s, %s: %v, the environment came back: %v; sums %v, %v, want %v, %v", name, env, err, back, got, gotEasy, all, easy)
				}
			}
		}
	}
}

// TestSweepNoAllocations: in the steady state one worker allocates nothing.
func TestSweepNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	b := randomBatch(rng, 7*fewer(3000, 700), 7, true, true)
	probs := b.probs(rng)
	for _, name := range sampled() {
		s := must(NewSweeper(sweepers[3], WithKernel(name), WithWorkers(1)))
		all, easy := make([]Result, len(s.losses)), make([]Result, len(s.losses))
		for what, f := range map[string]func() error{
			"Sum":                      func() error { return s.Sum(all, b) },
			"SumEasy":                  func() error { return s.SumEasy(all, easy, 0.9, b) },
			"SumEasy of probabilities": func() error { return s.SumEasy(all, easy, 0.9, probs) },
		} {
			if n := allocations(func() {
				if err := f(); err != nil {
					t.Fatal(err)
				}
			}); n > pooled {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}

// TestSweepConcurrentUse runs one sweeper from many goroutines.
func TestSweepConcurrentUse(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(21, 22)), fewer(40, 20)*Block, 1, false, false)
	losses := sweepers[4]
	all, easy := sweepWant(losses, 0.9, b)
	s := must(NewSweeper(losses, WithWorkers(3)))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, gotEasy := make([]Result, len(losses)), make([]Result, len(losses))
			for range fewer(3, 2) {
				if err := s.SumEasy(got, gotEasy, 0.9, b); err != nil || fmt.Sprint(got, gotEasy) != fmt.Sprint(all, easy) {
					t.Errorf("%v, %v, %v, want %v, %v", got, gotEasy, err, all, easy)
				}
			}
		})
	}
	wg.Wait()
}
