package engine

import (
	"errors"
	"math"
	"testing"
)

// badBatches is every way in which a batch can be wrong, with the exact message.
var badBatches = []struct {
	name string
	b    Batch
	want InputError
	text string
}{
	{"no labels", Batch{Logits: make([]float32, 2)},
		InputError{"Labels", -1, 0, "is nil, and so are Classes and Targets: want one of them"},
		"Labels is nil, and so are Classes and Targets: want one of them"},
	{"both", Batch{Logits: make([]float32, 2), Labels: make([]uint8, 2), Classes: make([]int32, 2)},
		InputError{"Labels", -1, 2, "and Classes are both set: want one of them"},
		"Labels and Classes are both set: want one of them"},
	{"columns", Batch{Logits: make([]float32, 2), Labels: make([]uint8, 2), NumClasses: -1},
		InputError{"NumClasses", -1, -1, "is -1: want the number of columns"},
		"NumClasses is -1: want the number of columns"},
	{"ragged", Batch{Logits: make([]float32, 5), Labels: make([]uint8, 5), NumClasses: 2},
		InputError{"Logits", -1, 5, "has length 5: want a multiple of NumClasses, 2"},
		"Logits has length 5: want a multiple of NumClasses, 2"},
	{"labels length", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 5)},
		InputError{"Labels", -1, 5, "has length 5: want 4, one per score"},
		"Labels has length 5: want 4, one per score"},
	{"classes length", Batch{Logits: make([]float32, 4), Classes: make([]int32, 4), NumClasses: 2},
		InputError{"Classes", -1, 4, "has length 4: want 2, one per anchor"},
		"Classes has length 4: want 2, one per anchor"},
	{"weights length", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), Weights: make([]float32, 0), NumClasses: 2},
		InputError{"Weights", -1, 0, "has length 0: want 2, one per anchor"},
		"Weights has length 0: want 2, one per anchor"},
	{"score weights length", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), ScoreWeights: make([]float32, 2), NumClasses: 2},
		InputError{"ScoreWeights", -1, 2, "has length 2: want 4, one per score"},
		"ScoreWeights has length 2: want 4, one per score"},
	{"NaN", Batch{Logits: []float32{0, nan}, Labels: []uint8{0, 1}},
		InputError{"Logits", 1, math.NaN(), "want a number"},
		"Logits[1] is NaN: want a number"},
	{"+Inf background", Batch{Logits: []float32{inf}, Labels: []uint8{0}},
		InputError{"Logits", 0, math.Inf(1), "want a finite logit, or −Inf, for background"},
		"Logits[0] is +Inf: want a finite logit, or −Inf, for background"},
	{"−Inf foreground", Batch{Logits: []float32{0, -inf}, Classes: []int32{1}, NumClasses: 2},
		InputError{"Logits", 1, math.Inf(-1), "want a finite logit, or +Inf, for foreground"},
		"Logits[1] is -Inf: want a finite logit, or +Inf, for foreground"},
	{"both kinds of scores", Batch{Logits: make([]float32, 2), Probs: make([]float32, 2), Labels: make([]uint8, 2)},
		InputError{"Logits", -1, 2, "and Probs are both set: want one of them"},
		"Logits and Probs are both set: want one of them"},
	{"ragged probabilities", Batch{Probs: make([]float32, 5), Labels: make([]uint8, 5), NumClasses: 2},
		InputError{"Probs", -1, 5, "has length 5: want a multiple of NumClasses, 2"},
		"Probs has length 5: want a multiple of NumClasses, 2"},
	{"negative probability", Batch{Probs: []float32{0, 1, -1e-9}, Labels: []uint8{0, 1, 0}},
		InputError{"Probs", 2, float64(float32(-1e-9)), "want a probability in [0, 1]"},
		"Probs[2] is -1e-09: want a probability in [0, 1]"},
	{"negative probability of the foreground", Batch{Probs: []float32{0, -1e-9}, Labels: []uint8{0, 1}},
		InputError{"Probs", 1, float64(float32(-1e-9)), "want a probability in [0, 1]"},
		"Probs[1] is -1e-09: want a probability in [0, 1]"},
	{"probability above one", Batch{Probs: []float32{2, 1.0000001}, Labels: []uint8{255, 1}},
		InputError{"Probs", 1, float64(float32(1.0000001)), "want a probability in [0, 1]"},
		"Probs[1] is 1.0000001: want a probability in [0, 1]"},
	{"NaN probability", Batch{Probs: []float32{0.5, 0.5, nan, 0.5}, Classes: []int32{0, -1}, NumClasses: 2},
		InputError{"Probs", 2, math.NaN(), "want a probability in [0, 1]"},
		"Probs[2] is NaN: want a probability in [0, 1]"},
	{"label", Batch{Logits: make([]float32, 3), Labels: []uint8{1, 0, 2}},
		InputError{"Labels", 2, 2, "want 0, 1, or 255 for ignored"},
		"Labels[2] is 2: want 0, 1, or 255 for ignored"},
	{"class above", Batch{Logits: make([]float32, 6), Classes: []int32{0, 1, 3}, NumClasses: 2},
		InputError{"Classes", 2, 3, "want a class in [0, 2), -1 for background, or -2 for ignored"},
		"Classes[2] is 3: want a class in [0, 2), -1 for background, or -2 for ignored"},
	{"class below", Batch{Logits: make([]float32, 3), Classes: []int32{0, -1, -3}},
		InputError{"Classes", 2, -3, "want a class in [0, 1), -1 for background, or -2 for ignored"},
		"Classes[2] is -3: want a class in [0, 1), -1 for background, or -2 for ignored"},
	{"large class", Batch{Logits: make([]float32, 3), Classes: []int32{0, -1, 1234567}},
		InputError{"Classes", 2, 1234567, "want a class in [0, 1), -1 for background, or -2 for ignored"},
		"Classes[2] is 1234567: want a class in [0, 1), -1 for background, or -2 for ignored"},
	{"forgotten columns", Batch{Logits: make([]float32, 4), Classes: make([]int32, 2)},
		InputError{"Classes", -1, 2, "has length 2: want 4, one per anchor (NumClasses is 1)"},
		"Classes has length 2: want 4, one per anchor (NumClasses is 1)"},
	{"negative weight", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), Weights: []float32{1, -1}, NumClasses: 2},
		InputError{"Weights", 1, -1, "want a finite weight ≥ 0"},
		"Weights[1] is -1: want a finite weight ≥ 0"},
	{"NaN weight", Batch{Logits: make([]float32, 1), Labels: make([]uint8, 1), Weights: []float32{nan}},
		InputError{"Weights", 0, math.NaN(), "want a finite weight ≥ 0"},
		"Weights[0] is NaN: want a finite weight ≥ 0"},
	{"infinite weight", Batch{Logits: make([]float32, 1), Labels: make([]uint8, 1), Weights: []float32{inf}},
		InputError{"Weights", 0, math.Inf(1), "want a finite weight ≥ 0"},
		"Weights[0] is +Inf: want a finite weight ≥ 0"},
	{"negative score weight", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), ScoreWeights: []float32{1, 1, 1, -1}, NumClasses: 2},
		InputError{"ScoreWeights", 3, -1, "want a finite weight ≥ 0"},
		"ScoreWeights[3] is -1: want a finite weight ≥ 0"},
	{"NaN score weight", Batch{Logits: make([]float32, 2), Labels: make([]uint8, 2), Weights: []float32{1, 1}, ScoreWeights: []float32{1, nan}},
		InputError{"ScoreWeights", 1, math.NaN(), "want a finite weight ≥ 0"},
		"ScoreWeights[1] is NaN: want a finite weight ≥ 0"},
	{"infinite score weight before a negative weight", Batch{Logits: make([]float32, 4), Classes: []int32{0, -1}, Weights: []float32{1, -2}, ScoreWeights: []float32{0, inf, 1, 1}, NumClasses: 2},
		InputError{"ScoreWeights", 1, math.Inf(1), "want a finite weight ≥ 0"},
		"ScoreWeights[1] is +Inf: want a finite weight ≥ 0"},
	{"negative weight before an infinite score weight", Batch{Logits: make([]float32, 4), Classes: []int32{0, -1}, Weights: []float32{1, -2}, ScoreWeights: []float32{0, 1, 1, inf}, NumClasses: 2},
		InputError{"Weights", 1, -2, "want a finite weight ≥ 0"},
		"Weights[1] is -2: want a finite weight ≥ 0"},
	{"score weight and weight of one score", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), Weights: []float32{1, -2}, ScoreWeights: []float32{0, 1, -3, inf}, NumClasses: 2},
		InputError{"ScoreWeights", 2, -3, "want a finite weight ≥ 0"},
		"ScoreWeights[2] is -3: want a finite weight ≥ 0"},
	{"NaN weight beside score weights", Batch{Logits: make([]float32, 2), Labels: make([]uint8, 2), Weights: []float32{1, nan}, ScoreWeights: []float32{1, 1}},
		InputError{"Weights", 1, math.NaN(), "want a finite weight ≥ 0"},
		"Weights[1] is NaN: want a finite weight ≥ 0"},
	{"factors whose product is too large", Batch{Logits: make([]float32, 4), Labels: make([]uint8, 4), Weights: []float32{1, 1e20}, ScoreWeights: []float32{1, 1, 1e18, 1e19}, NumClasses: 2},
		InputError{"ScoreWeights", 3, float64(float32(1e19)), "want a weight whose product with Weights[1], 1e+20, is within float32"},
		"ScoreWeights[3] is 1e+19: want a weight whose product with Weights[1], 1e+20, is within float32"},
}

// sameInput compares errors, taking NaN for equal to itself.
func sameInput(a, b InputError) bool {
	if a.Value != a.Value && b.Value != b.Value {
		a.Value, b.Value = 0, 0
	}
	return a == b
}

func TestBadInput(t *testing.T) {
	for _, name := range Kernels() {
		for _, l := range listed {
			e := must(New(l, WithKernel(name)))
			for _, c := range badBatches {
				x, _, _ := c.b.scores()
				n := len(x)
				dst, grad := make([]float32, n), make([]float32, n)
				for op, f := range []func() (Result, error){
					func() (Result, error) { return e.Sum(c.b) },
					func() (Result, error) { return e.Losses(dst, c.b) },
					func() (Result, error) { return e.Gradients(grad, c.b) },
					func() (Result, error) { return e.LossesAndGradients(dst, grad, c.b) },
				} {
					r, err := f()
					var input *InputError
					if !errors.As(err, &input) || !sameInput(*input, c.want) || err.Error() != c.text {
						t.Errorf("%s, %v, operation %d, %s: %v, want %s", name, l, op, c.name, err, c.text)
					}
					if r != (Result{}) {
						t.Errorf("%s: result %v with an error", c.name, r)
					}
				}
			}
		}
	}
}

// TestFirstBadElement: of several faults, in one block or in many, the one at
// the lowest score is named, whatever the workers.
func TestFirstBadElement(t *testing.T) {
	const c, anchors = 3, 100_000
	fresh := func() Batch {
		b := Batch{Logits: make([]float32, c*anchors), Classes: make([]int32, anchors), Weights: make([]float32, anchors), NumClasses: c}
		for a := range b.Weights {
			b.Weights[a] = 1
		}
		return b
	}
	// Faults by the score where they show.
	faults := []struct {
		at   int
		want InputError
		make func(b Batch)
	}{
		{0, InputError{"Classes", 0, 7, "want a class in [0, 3), -1 for background, or -2 for ignored"}, func(b Batch) { b.Classes[0] = 7 }},
		{3*1500 + 2, InputError{"Logits", 4502, math.NaN(), "want a number"}, func(b Batch) { b.Logits[4502] = nan }},
		{3 * 1501, InputError{"Weights", 1501, -2, "want a finite weight ≥ 0"}, func(b Batch) { b.Weights[1501] = -2 }},
		{3*1501 + 1, InputError{"Logits", 4504, math.Inf(1), "want a finite logit, or −Inf, for background"}, func(b Batch) { b.Logits[4504] = inf }},
		{3 * 50_000, InputError{"Classes", 50_000, -9, "want a class in [0, 3), -1 for background, or -2 for ignored"}, func(b Batch) { b.Classes[50_000] = -9 }},
		{3*anchors - 1, InputError{"Logits", 3*anchors - 1, math.NaN(), "want a number"}, func(b Batch) { b.Logits[3*anchors-1] = nan }},
	}
	for _, name := range Kernels() {
		for _, workers := range []int{1, 2, 7} {
			e := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(workers)))
			for first := range faults {
				b := fresh()
				for _, f := range faults[first:] {
					f.make(b)
				}
				_, err := e.Sum(b)
				var input *InputError
				if !errors.As(err, &input) || !sameInput(*input, faults[first].want) {
					t.Errorf("%s, %d workers: %v, want %v", name, workers, err, &faults[first].want)
				}
			}
		}
	}
}

// TestFirstBadProb: likewise for probabilities, and a bad one in an ignored place
// is none.
func TestFirstBadProb(t *testing.T) {
	const n = 20_000
	for _, name := range Kernels() {
		for _, workers := range []int{1, 3} {
			e := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(workers)))
			for _, at := range []int{0, 31, 4095, 4096, 10_007, n - 1} {
				b := Batch{Probs: make([]float32, n), Labels: make([]uint8, n)}
				for i := range b.Probs {
					if i < at {
						b.Probs[i], b.Labels[i] = -3, 255
					} else {
						b.Probs[i], b.Labels[i] = 1.5, uint8(i&1)
					}
				}
				_, err := e.Sum(b)
				want := InputError{"Probs", at, 1.5, "want a probability in [0, 1]"}
				var input *InputError
				if !errors.As(err, &input) || *input != want {
					t.Errorf("%s, %d workers: %v, want %v", name, workers, err, &want)
				}
			}
		}
	}
}

// TestWeightOverflow: a weight that is beyond float32 with the loss's own.
func TestWeightOverflow(t *testing.T) {
	for _, name := range Kernels() {
		e := must(New(Focal(0.25, 2).Weighted(1e30, 1), WithKernel(name)))
		b := Batch{Logits: []float32{0, 200, 200, 200}, Labels: []uint8{0, 0, 1, 1}, Weights: []float32{1, 1e20, 1, 1e20}}
		const want = "Weights[3] is 1e+20: want a weight whose product with the loss's, 1e+30, is within float32"
		if _, err := e.Sum(b); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestWeightOverflowIsFirst: it counts among the faults by its score.
func TestWeightOverflowIsFirst(t *testing.T) {
	for _, name := range Kernels() {
		e := must(New(Focal(0.25, 2).Weighted(1e30, 1), WithKernel(name)))
		for _, b := range []Batch{
			{Logits: []float32{0, 0, 0, nan}, Classes: []int32{0, 0, 0, 0}, Weights: []float32{1e20, 1, 1, 1}},
			{Logits: make([]float32, 4), Classes: []int32{0, 0, 0, 9}, Weights: []float32{1e20, 1, 1, 1}},
		} {
			const want = "Weights[0] is 1e+20: want a weight whose product with the loss's, 1e+30, is within float32"
			if _, err := e.Sum(b); err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	e := must(New(Focal(0.25, 2)))
	mem := make([]float32, 16)
	b := Batch{Logits: mem[4:8], Labels: make([]uint8, 4), Weights: mem[12:16]}
	for _, c := range []struct {
		dst, grad []float32
		want      string
	}{
		{make([]float32, 3), make([]float32, 4), "dst has length 3: want 4, one per score"},
		{make([]float32, 4), nil, "grad has length 0: want 4, one per score"},
		{mem[3:7], make([]float32, 4), "dst overlaps Logits: want the same slice or memory of its own"},
		{make([]float32, 4), mem[7:11], "grad overlaps Logits: want the same slice or memory of its own"},
		{make([]float32, 4), mem[9:13], "grad overlaps Weights: want memory of its own"},
		{mem[4:8], mem[4:8], "grad overlaps dst: want memory of its own"},
		{mem[0:4], mem[1:5], "grad overlaps Logits: want the same slice or memory of its own"},
		{mem[0:4], mem[0:4], "grad overlaps dst: want memory of its own"},
	} {
		if _, err := e.LossesAndGradients(c.dst, c.grad, b); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := e.LossesAndGradients(mem[4:8], mem[8:12], b); err != nil {
		t.Error(err)
	}
	b.ScoreWeights, b.Weights = b.Weights, nil
	const wantOwn = "grad overlaps ScoreWeights: want memory of its own"
	if _, err := e.Gradients(mem[9:13], b); err == nil || err.Error() != wantOwn {
		t.Errorf("%v, want %s", err, wantOwn)
	}
	var bad *InputError
	if _, err := e.Gradients(mem[12:16], b); !errors.As(err, &bad) || bad.Field != "grad" || bad.Value != 4 {
		t.Errorf("%+v, want the length of grad", bad)
	}
	b = Batch{Probs: mem[4:8], Labels: make([]uint8, 4)}
	const want = "dst overlaps Probs: want the same slice or memory of its own"
	if _, err := e.Losses(mem[3:7], b); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := e.LossesAndGradients(mem[8:12], mem[4:8], b); err != nil {
		t.Error(err)
	}
}
