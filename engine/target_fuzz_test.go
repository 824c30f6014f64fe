package engine

import (
	"errors"
	"math"
	"testing"
)

// FuzzTargets gives arbitrary batches of targets to all operations on all kernels: nothing
// panics, kernels agree on bits and errors, and what comes out is no NaN.
func FuzzTargets(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte{}, uint8(0), uint8(0), float32(2), float32(0.5), float32(0), float32(1))
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\xbf"), []byte("\x00\x00\x00\x3f\x00\x00\x80\x3f"), []byte{}, uint8(1), uint8(3), float32(2), float32(0.5), float32(0.1), float32(3))
	f.Add([]byte("\x00\x00\xc0\x7f\x00\x00\x80\x7f"), []byte("\x00\x00\x80\xbf\x00\x00\x80\x3f"), []byte("\x00\x00\x00\x40"), uint8(2), uint8(4), float32(2), float32(1), float32(0), float32(1))
	f.Add(make([]byte, 400), make([]byte, 400), make([]byte, 400), uint8(1), uint8(5), float32(1.5), float32(4), float32(0), float32(1))
	f.Add([]byte("\x00\x00\x80\x7f\xff\xff\x7f\x7f"), []byte("\xff\xff\x7f\x3f\x01\x00\x00\x00"), []byte("\xff\xff\x7f\x7f\xff\xff\x7f\x7f"), uint8(1), uint8(2), float32(0.5), float32(9), float32(0.5), float32(1e30))
	f.Add([]byte("\x01\x00\x80\x3f\x00\x00\x00\x80"), []byte("\x00\x00\x80\x3f\x00\x00\x00\x80"), []byte{}, uint8(1), uint8(128), float32(1.5), float32(0.25), float32(0), float32(0.5))
	f.Fuzz(func(t *testing.T, scores, targets, weights []byte, columns, form uint8, a, b, smoothing, class float32) {
		x, y, w := floats(scores), floats(targets), floats(weights)
		batch := Batch{Logits: x, Targets: y, NumClasses: int(columns)}
		if form&128 != 0 {
			batch.Logits, batch.Probs = nil, x
		}
		switch {
		case len(w) == len(x):
			batch.ScoreWeights = w
		case len(w) > 0:
			batch.Weights = w
		}
		l := [...]Loss{CrossEntropy().Weighted(a, b), BalancedCrossEntropy(b), Focal(b, a), QualityFocal(a).Weighted(b, 1), Varifocal(b, a),
			VarifocalUnweighted(b, a), HeatmapFocal(a, b), Focal(0.25, 2)}[form&7].Smoothed(smoothing)
		classes := make([]float32, max(1, columns))
		for i := range classes {
			classes[i] = class
		}
		type outcome struct {
			result                 [2]Result
			dst, grad, slope, hess []float32
			err                    [2]error
		}
		var first *outcome
		for _, name := range Kernels() {
			e, err := New(l, WithKernel(name), WithWorkers(1), WithClassWeights(classes))
			if err != nil {
				return
			}
			o := outcome{dst: make([]float32, len(x)), grad: make([]float32, len(x)), slope: make([]float32, len(x)), hess: make([]float32, len(x))}
			o.result[0], o.err[0] = e.LossesAndGradients(o.dst, o.grad, batch)
			o.result[1], o.err[1] = e.GradientsAndHessians(o.slope, o.hess, batch)
			if r, err := e.Sum(batch); r != o.result[0] || (err == nil) != (o.err[0] == nil) {
				t.Fatalf("%s, %v: Sum gives %v, %v, LossesAndGradients %v, %v", name, l, r, err, o.result[0], o.err[0])
			}
			for k, err := range o.err {
				var input *InputError
				if err != nil && !errors.As(err, &input) {
					t.Fatalf("%s, %v: %v is no InputError", name, l, err)
				}
				for i := range x {
					if v := [2]float32{o.dst[i], o.slope[i]}[k]; err == nil && (v != v || k == 0 && (v < 0 || math.Signbit(float64(v)))) {
						t.Fatalf("%s, %v: output %d of operation %d is %v", name, l, i, k, v)
					}
				}
			}
			if first == nil {
				first = &o
				continue
			}
			for k, err := range o.err {
				if (err == nil) != (first.err[k] == nil) || err != nil && err.Error() != first.err[k].Error() {
					t.Fatalf("%v: %v, %s: %v", l, first.err[k], name, err)
				}
				if err == nil && o.result[k] != first.result[k] {
					t.Fatalf("%s, %v: %v, want %v", name, l, o.result[k], first.result[k])
				}
			}
			if o.err[0] == nil && (different(o.dst, first.dst) >= 0 || different(o.grad, first.grad) >= 0) ||
				o.err[1] == nil && (different(o.slope, first.slope) >= 0 || different(o.hess, first.hess) >= 0) {
				t.Fatalf("%s and %s give different bits of %v", Kernels()[0], name, l)
			}
		}
	})
}
