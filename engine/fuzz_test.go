package engine

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// FuzzEngine gives arbitrary batches to all operations on all kernels, and sweeps: nothing
// panics, kernels agree on bits and errors, and an error names what is there.
func FuzzEngine(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte{}, uint8(0), float32(2), float32(0.25), float32(0.75), uint8(0))
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\xbf"), []byte{1, 0}, []byte{}, uint8(1), float32(2), float32(0.25), float32(0.75), uint8(0))
	f.Add([]byte("\x00\x00\xc0\x7f\x00\x00\x80\xbf"), []byte{255, 0}, []byte("\x00\x00\x00\x40"), uint8(2), float32(0.5), float32(1), float32(1), uint8(1))
	f.Add(make([]byte, 400), make([]byte, 100), make([]byte, 400), uint8(1), float32(0), float32(1), float32(1), uint8(2))
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\x3e"), []byte{1, 0}, []byte{}, uint8(1), float32(2), float32(0.25), float32(0.75), uint8(8))
	f.Add([]byte("\x01\x00\x80\x3f\x00\x00\x00\x80"), []byte{255, 0}, []byte{}, uint8(1), float32(1.5), float32(0.25), float32(0.75), uint8(12))
	f.Add(make([]byte, 44), []byte{1, 0xFE, 0xFF}, make([]byte, 12), uint8(5), float32(2), float32(1), float32(1), uint8(4<<4|3))
	f.Add(make([]byte, 16), []byte{255, 0, 1, 0}, []byte("\x00\x00\x00\x40\x00\x00\x00\x00\xff\xff\x7f\x7f\x00\x00\x00\x40\x00\x00\x80\x3f\x00\x00\x80\x3f\xff\xff\x7f\x7f\x00\x00\x00\x40"), uint8(1), float32(2), float32(1), float32(1), uint8(2))
	f.Add([]byte("\x00\x3c\x00\xbc\x01\x80\xff\x03"), []byte{1, 0, 0, 1}, []byte{}, uint8(2), float32(2), float32(0.25), float32(0.75), uint8(128))
	f.Add([]byte("\x80\x3f\x80\xbf\x01\x80\xc1\x7f"), []byte{1, 0, 0, 255}, []byte{}, uint8(1), float32(1.5), float32(0.25), float32(0.75), uint8(128|8))
	f.Fuzz(func(t *testing.T, scores, labels, weights []byte, columns uint8, gamma, pos, neg float32, form uint8) {
		x := floats(scores)
		b := Batch{Logits: x, NumClasses: int(columns)}
		switch {
		case form&128 != 0:
			f := halfForms[form>>3&1]
			h := make([]uint16, len(scores)/2)
			for i := range h {
				h[i] = binary.LittleEndian.Uint16(scores[2*i:])
			}
			x = make([]float32, len(h))
			f.widen(x, h)
			b.Logits = nil
			f.set(&b, h)
		case form&8 != 0:
			b.Logits, b.Probs = nil, x
		}
		if form&1 == 0 {
			b.Labels = labels
		} else {
			for _, l := range labels {
				b.Classes = append(b.Classes, int32(int8(l)))
			}
		}
		switch w := floats(weights); {
		case form&2 == 0:
		case len(labels) > 0 && labels[0]&4 == 0 || len(w) < len(x):
			b.Weights = w
		case len(w) == len(x):
			b.ScoreWeights = w
		default:
			b.ScoreWeights, b.Weights = w[:len(x)], w[len(x):]
		}
		if first := int(form >> 4 & 7); first != 0 { // a span that begins amid a row
			b.FirstColumn = first - 1
			b.EndColumn = (first - 1 + len(x)) % max(1, b.NumClasses)
		}
		// The same scores in 32 bits.
		wide := b
		if b.half() != nil {
			wide.Float16, wide.BFloat16, wide.Logits = nil, nil, x
		}
		l := Focal(0.25, gamma).Weighted(pos, neg)
		var first *outcome
		var firstErr error
		for _, name := range Kernels() {
			e, err := New(l, WithKernel(name), WithWorkers(1+int(form>>2&1)))
			if err != nil {
				var input *InputError
				if !errors.As(err, &input) {
					t.Fatalf("%v: %v", l, err)
				}
				return
			}
			var o outcome
			o.dst, o.grad = make([]float32, len(x)), make([]float32, len(x))
			o.result, err = e.LossesAndGradients(o.dst, o.grad, b)
			if sum, sumErr := e.Sum(b); sum != o.result || (err == nil) != (sumErr == nil) || err != nil && err.Error() != sumErr.Error() {
				t.Fatalf("%s: Sum gives %v, %v, LossesAndGradients %v, %v", name, sum, sumErr, o.result, err)
			}
			// A sweep of the loss says the same, and of the easy part what the engine does.
			all, easy := make([]Result, 1), make([]Result, 1)
			sweepErr := must(NewSweeper([]Loss{l}, WithKernel(name), WithWorkers(1+int(form>>2&1)))).SumEasy(all, easy, 0.9, b)
			if (err == nil) != (sweepErr == nil) || err != nil && err.Error() != sweepErr.Error() {
				t.Fatalf("%s: Sum gives the error %v, a sweep %v", name, err, sweepErr)
			}
			if got, wideErr := e.Sum(wide); got != o.result || (err == nil) != (wideErr == nil) || err != nil && !sameFault(err, wideErr) {
				t.Fatalf("%s: Sum gives %v, %v, of float32 scores %v, %v", name, o.result, err, got, wideErr)
			}
			if err == nil {
				part := wide
				part.Classes = nil
				part.Labels, _ = easyLabels(wide, 0.9)
				if want := must(e.Sum(part)); all[0] != o.result || easy[0] != want {
					t.Fatalf("%s: a sweep gives %v, easy %v, want %v, %v", name, all[0], easy[0], o.result, want)
				}
			}
			if err != nil {
				var input *InputError
				if !errors.As(err, &input) {
					t.Fatalf("%s: %v is no InputError", name, err)
				}
				if _, field, _ := b.scores(); input.Field == field && input.Index >= 0 {
					if x := float64(x[input.Index]); x != input.Value && !(x != x && input.Value != input.Value) {
						t.Fatalf("%s: %v, but %s[%d] is %v", name, err, input.Field, input.Index, x)
					}
				}
			} else {
				for i, v := range o.dst {
					if !(v >= 0) || math.Signbit(float64(v)) {
						t.Fatalf("%s: loss %d is %v", name, i, v)
					}
				}
				if sum := canonicalSum(o.dst); o.result.Sum() != sum && !math.IsInf(sum, 0) && sum < math.MaxFloat32 {
					t.Fatalf("%s: sum %v, by definition %v", name, o.result.Sum(), sum)
				}
			}
			if first == nil {
				first, firstErr = &o, err
				continue
			}
			if (err == nil) != (firstErr == nil) || err != nil && err.Error() != firstErr.Error() {
				t.Fatalf("%s: %v, %s: %v", Kernels()[0], firstErr, name, err)
			}
			if err == nil && (o.result != first.result || different(o.dst, first.dst) >= 0 || different(o.grad, first.grad) >= 0) {
				t.Fatalf("%s and %s give different bits", Kernels()[0], name)
			}
		}
	})
}

// sameFault tells whether errors differ in the field of the scores at most.
func sameFault(a, b error) bool {
	var x, y *InputError
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return false
	}
	if y.Field == "Logits" {
		y.Field = x.Field
	}
	return sameInput(*x, *y)
}

func floats(b []byte) []float32 {
	f := make([]float32, len(b)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return f
}
