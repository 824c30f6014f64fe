package engine

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// countingTargets returns e with a kernel that counts targets by f, which is given the kernel's
// own counts.
func countingTargets(e *Engine, f func(y []float32, count func([]float32) (int, int, int, int)) (int, int, int, int)) *Engine {
	c, set := *e, *e.kernels
	set.CountTargets = func(y []float32) (int, int, int, int) { return f(y, e.kernels.CountTargets) }
	c.kernels = &set
	return &c
}

// TestWrongTargetKernel: of targets, too, a kernel that contradicts itself on a batch that
// nobody changes panics.
func TestWrongTargetKernel(t *testing.T) {
	x := make([]float32, 3*Block)
	y := make([]float32, len(x))
	good := must(New(QualityFocal(2), WithKernel("generic"), WithWorkers(1)))
	for want, e := range map[string]*Engine{
		"engine: kernel generic counted a bad target where there is none": countingTargets(good, func(y []float32, count func([]float32) (int, int, int, int)) (int, int, int, int) {
			positive, one, ignored, _ := count(y)
			return positive, one, ignored, 1
		}),
		"engine: kernel generic gave the sum NaN of good scores": summing(good, func(dst, _ []float32, acc *[8]float64, evaluate func()) {
			evaluate()
			acc[3] = math.NaN()
			if dst != nil {
				dst[3] = nan
			}
		}),
	} {
		for _, of := range []func(){
			func() { e.Sum(Batch{Logits: x, Targets: y}) },
			func() { e.Losses(make([]float32, len(x)), Batch{Logits: x, Targets: y}) },
			func() {
				e.GradientsAndHessians(make([]float32, len(x)), make([]float32, len(x)), Batch{Logits: x, Targets: y})
			},
		} {
			v := panicOf(of)
			if message, _ := v.(string); !strings.HasPrefix(message, want) {
				t.Errorf("panic %v, want %s", v, want)
			}
		}
	}
}

// TestTargetsChange: targets that change during the call give an error where it shows.
func TestTargetsChange(t *testing.T) {
	const at = Block + 5
	x := make([]float32, 3*Block)
	y, w := make([]float32, len(x)), make([]float32, len(x))
	for i := range x {
		x[i], w[i] = 1, 1
	}
	x[Block] = 2 // which tells the block
	good := must(New(QualityFocal(2), WithKernel("generic"), WithWorkers(1)))
	hard := must(New(Focal(0.25, 2), WithKernel("generic"), WithWorkers(1)))
	whileCounting := func(e *Engine, v float32) *Engine {
		return countingTargets(e, func(part []float32, count func([]float32) (int, int, int, int)) (int, int, int, int) {
			if &part[0] == &y[Block] {
				y[at] = v
				defer func() { y[at] = 0 }()
			}
			return count(part)
		})
	}
	for what, e := range map[string]*Engine{
		"bad when counted":  whileCounting(good, 7),
		"soft when counted": whileCounting(hard, 0.5),
		"bad when summed": summing(good, func(_, part []float32, _ *[8]float64, evaluate func()) {
			if part[0] == 2 {
				y[at] = 1e30
			}
			evaluate()
		}),
		"a bad weight when summed": summing(good, func(_, part []float32, _ *[8]float64, evaluate func()) {
			if part[0] == 2 {
				w[at] = nan
			}
			evaluate()
			w[at] = 1
		}),
		"a bad weight for good": summing(good, func(_, part []float32, _ *[8]float64, evaluate func()) {
			if part[0] == 2 {
				w[at] = nan
			}
			evaluate()
		}),
	} {
		y[at], w[at] = 0, 1
		_, err := e.GradientsAndHessians(make([]float32, len(x)), make([]float32, len(x)), Batch{Logits: x, Targets: y, ScoreWeights: w})
		want := "Batch changed during the call, in scores 4096 to 8191: want it left alone until the call returns"
		if what == "a bad weight for good" {
			want = "ScoreWeights[4101] is NaN: want a finite weight ≥ 0"
		}
		var bad *InputError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
}
