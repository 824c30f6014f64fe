package engine

import (
	"math"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/flengine/flengine/engine/internal/fpenv"
)

// TestGenericStays: what is computed in Go stays on its thread, callers and helpers, since
// the next thread may have another environment.
func TestGenericStays(t *testing.T) {
	x, y := easyBatch(4 * Block)
	b := Batch{Logits: x, Labels: y}
	locked := func() bool {
		header, _, _ := strings.Cut(string(debug.Stack()), "\n")
		return strings.Contains(header, "locked to thread")
	}
	var looks, moving atomic.Int64
	e := counting(must(New(Focal(0.25, 2), WithKernel("generic"), WithWorkers(2))), func(y []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
		looks.Add(1)
		if !locked() {
			moving.Add(1)
		}
		return count(y)
	})
	must(e.Sum(b))
	s := shareBatch(e, b, 2)
	helperDoes(t, new(helpers), s)
	must(finishOne(s))
	if looks.Load() != 8 || moving.Load() != 0 {
		t.Errorf("%d of %d blocks were evaluated by goroutines that may change threads", moving.Load(), looks.Load())
	}
	if locked() {
		t.Error("locked to the thread after the call")
	}
}

// TestTextsEnvironment: nor does it change what texts are read as, weights and formulas.
func TestTextsEnvironment(t *testing.T) {
	type outcome struct {
		loss     Loss
		pos, neg float32
		formula  string
		err      error
	}
	read := func(s string) (o outcome) {
		o.loss, o.err = ParseLoss(s)
		o.pos, o.neg = o.loss.Weights()
		o.formula = o.loss.Formula()
		return o
	}
	result := Result{Scores: 3, Positives: 1}
	result.LossSum.Add(448807.9250000119) // read by a division
	result.WeightSum.Add(0.1)
	raw := must(result.MarshalJSON())
	for name, env := range fpenv.Others {
		for _, s := range []string{
			"focal(alpha=0.3,gamma=1.1)", "focal(alpha=0.7,gamma=1e-40)", "focal(alpha=1e-45,gamma=2)",
			"balanced(alpha=0.1)", "balanced(alpha=0.123456789)", "ce(pos=0.1,neg=1e-40)",
		} {
			want := read(s)
			var got outcome
			var back bool
			fpenv.Under(env, func() {
				got = read(s)
				back = fpenv.Holds(env)
			})
			if got != want || got.err != nil {
				t.Errorf("%s: %s reads as %+v, want %+v", name, s, got, want)
			}
			if !back {
				t.Errorf("%s: the environment is another after %s", name, s)
			}
		}
		var got Result
		var err error
		fpenv.Under(env, func() { err = got.UnmarshalJSON(raw) })
		if err != nil || got != result {
			t.Errorf("%s: %s reads as %v, %v", name, raw, got, err)
		}
	}
}

// TestEnvironment: the thread's floating-point environment changes no bit of losses,
// gradients, sums and means, with whatever kernel and workers, and is what it was after.
func TestEnvironment(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	n := fewer(20, 4)*Block + 77
	b := Batch{Logits: make([]float32, n), Labels: make([]uint8, n), Weights: make([]float32, n)}
	p := Batch{Probs: make([]float32, n), Labels: b.Labels, Weights: b.Weights}
	for i := range n {
		b.Logits[i] = float32(40 * rng.NormFloat64())
		p.Probs[i] = math.Float32frombits(rng.Uint32N(0x3f800001)) // subnormals, too
		b.Labels[i] = uint8(rng.IntN(2))
		b.Weights[i] = []float32{1, 0.3, 1e-40}[rng.IntN(3)]
	}
	type output struct {
		r             Result
		mean, per     uint64
		losses, grads []float32
	}
	run := func(kernel string, workers int, alpha, gamma float32, b Batch) (o output) {
		e, err := New(Focal(alpha, gamma), WithKernel(kernel), WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		o.losses, o.grads = make([]float32, n), make([]float32, n)
		if o.r, err = e.LossesAndGradients(o.losses, o.grads, b); err != nil {
			t.Fatal(err)
		}
		o.mean, o.per = math.Float64bits(o.r.Mean()), math.Float64bits(o.r.PerPositive())
		return o
	}
	for _, kernel := range Kernels() {
		for _, workers := range []int{1, 4} {
			for _, gamma := range []float32{0, 2, 1.5} {
				for _, b := range []Batch{b, p} {
					want := run(kernel, workers, 0.3, gamma, b)
					for name, env := range fpenv.Others {
						var got output
						var back bool
						fpenv.Under(env, func() {
							got = run(kernel, workers, 0.3, gamma, b)
							back = fpenv.Holds(env)
						})
						if !back {
							t.Errorf("%s, %s: the environment is another after the call", kernel, name)
						}
						if got.r != want.r || got.mean != want.mean || got.per != want.per {
							t.Fatalf("%s, %d workers, γ = %g, %s: %v, want %v", kernel, workers, gamma, name, got.r, want.r)
						}
						for i := range n {
							if math.Float32bits(got.losses[i]) != math.Float32bits(want.losses[i]) || math.Float32bits(got.grads[i]) != math.Float32bits(want.grads[i]) {
								t.Fatalf("%s, %d workers, γ = %g, %s: score %d: %g, %g, want %g, %g", kernel, workers, gamma, name, i,
									got.losses[i], got.grads[i], want.losses[i], want.grads[i])
							}
						}
					}
				}
			}
		}
	}
}
