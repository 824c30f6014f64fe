package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/guard"
	"github.com/flengine/flengine/generic"
)

// halfForms are the fields of 16-bit logits.
var halfForms = []struct {
	field    string
	set      func(b *Batch, h []uint16)
	truncate func(x float32) uint16 // toward 0
	widen    func(dst []float32, src []uint16)
}{
	{"Float16", func(b *Batch, h []uint16) { b.Float16 = h }, truncateF16, generic.WidenF16},
	{"BFloat16", func(b *Batch, h []uint16) { b.BFloat16 = h }, func(x float32) uint16 { return uint16(math.Float32bits(x) >> 16) }, generic.WidenBF16},
}

func truncateF16(x float32) uint16 {
	bits := math.Float32bits(x)
	sign, a := uint16(bits>>16&0x8000), float64(math.Abs(float64(x)))
	switch {
	case a != a:
		return sign | 0x7e00
	case a > math.MaxFloat32:
		return sign | 0x7c00
	case a > 65504:
		return sign | 0x7bff
	case a < 0x1p-14:
		return sign | uint16(a*0x1p24)
	}
	return sign | uint16(bits&0x7fff_ffff>>13-112<<10)
}

// halved returns the batch with its logits in 16 bits, and with the same values in 32.
func (b Batch) halved(form int) (half, wide Batch) {
	f := halfForms[form]
	h := make([]uint16, len(b.Logits))
	for i, x := range b.Logits {
		h[i] = f.truncate(x)
	}
	half, wide = b, b
	half.Logits, wide.Logits = nil, make([]float32, len(h))
	f.set(&half, h)
	f.widen(wide.Logits, h)
	return half, wide
}

// TestHalf: logits of 16 bits give the bits of the same ones in 32, in every operation and in
// sweeps, and nothing beyond them is read.
func TestHalf(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	sizes := []int{0, 1, 31, 32, 33, 95, Block - 1, Block, Block + 33}
	for _, name := range Kernels() {
		for i, n := range sizes {
			for form, f := range halfForms {
				c := []int{1, 3, 80}[(i+form)%3]
				half, wide := randomBatch(rng, max(n/c, min(n, 1))*c, c, i%2 == 0, i%3 == 0).halved(form)
				n, l := half.size(), listed[(i+3*form)%len(listed)]
				e := must(New(l, WithKernel(name), WithWorkers(1)))
				want := outcome{dst: make([]float32, n), grad: make([]float32, n)}
				want.result = must(e.LossesAndGradients(want.dst, want.grad, wide))
				f.set(&half, guard.Copy(t, half.half(), i%4 < 2))
				dst, grad := make([]float32, n), make([]float32, n)
				for what, run := range map[string]func() (Result, error){
					"Sum":                func() (Result, error) { return e.Sum(half) },
					"Losses":             func() (Result, error) { return e.Losses(dst, half) },
					"Gradients":          func() (Result, error) { return e.Gradients(grad, half) },
					"LossesAndGradients": func() (Result, error) { return e.LossesAndGradients(dst, grad, half) },
				} {
					copy(dst, want.dst)
					copy(grad, want.grad)
					if what == "Losses" || what == "LossesAndGradients" {
						fill(dst, nan)
					}
					if what == "Gradients" || what == "LossesAndGradients" {
						fill(grad, nan)
					}
					if r, err := run(); err != nil || r != want.result {
						t.Fatalf("%s, %v, %d scores, %s, %s: %v, %v; want %v", name, l, n, f.field, what, r, err, want.result)
					}
					if i := max(different(dst, want.dst), different(grad, want.grad)); i >= 0 {
						t.Fatalf("%s, %v, %d scores, %s, %s: of %g at %d the loss is %g, want %g, the gradient %g, want %g", name, l, n, f.field, what,
							wide.Logits[i], i, dst[i], want.dst[i], grad[i], want.grad[i])
					}
				}
				losses := []Loss{l, CrossEntropy()}
				s := must(NewSweeper(losses, WithKernel(name), WithWorkers(1)))
				var all, easy [2][]Result
				for k, b := range []Batch{wide, half} {
					all[k], easy[k] = make([]Result, 2), make([]Result, 2)
					if err := s.SumEasy(all[k], easy[k], 0.9, b); err != nil {
						t.Fatal(err)
					}
				}
				for k := range losses {
					if all[1][k] != all[0][k] || easy[1][k] != easy[0][k] {
						t.Errorf("%s, %v, %d scores, %s: a sweep gives %v, easy %v; want %v, %v", name, losses[k], n, f.field, all[1][k], easy[1][k], all[0][k], easy[0][k])
					}
				}
			}
		}
	}
}

// TestHalfParts: spans and any number of workers give the bits of the whole.
func TestHalfParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	e := must(New(Focal(0.25, 2), WithWorkers(1)))
	few := must(New(e.Loss(), WithWorkers(3)))
	n := 2 * e.kernels.Grain * Block
	for form, f := range halfForms {
		half, wide := randomBatch(rng, (n/7+1)*7, 7, true, true).halved(form)
		n := half.size()
		dst, grad := make([]float32, n), make([]float32, n)
		want := outcome{dst: make([]float32, n), grad: make([]float32, n)}
		want.result = must(e.LossesAndGradients(want.dst, want.grad, wide))
		if r := must(few.LossesAndGradients(dst, grad, half)); r != want.result || different(dst, want.dst) >= 0 || different(grad, want.grad) >= 0 {
			t.Errorf("%s: three workers give %v, one float32 %v; losses differ at %d, gradients at %d", f.field, r, want.result, different(dst, want.dst), different(grad, want.grad))
		}
		var merged Result
		for from := 0; from < n; {
			to := min(n, from+Block*(1+rng.IntN(e.kernels.Grain)))
			part := wide.span(from, to)
			part.Logits = nil
			f.set(&part, half.half()[from:to])
			merged.Merge(must(e.LossesAndGradients(dst[from:to], grad[from:to], part)))
			from = to
		}
		if merged != want.result || different(dst, want.dst) >= 0 || different(grad, want.grad) >= 0 {
			t.Errorf("%s: spans merge to %v, want %v; losses differ at %d, gradients at %d", f.field, merged, want.result, different(dst, want.dst), different(grad, want.grad))
		}
	}
}

// TestHalfTargets: with soft targets, too, and with second derivatives.
func TestHalfTargets(t *testing.T) {
	const n = 95
	rng := rand.New(rand.NewPCG(57, 58))
	b := Batch{Logits: make([]float32, n), Targets: make([]float32, n), Weights: randomWeights(rng, n)}
	for i := range n {
		b.Logits[i], b.Targets[i] = float32(5*rng.NormFloat64()), rng.Float32()
		if r := rng.IntN(8); r < 3 {
			b.Targets[i] = float32(r - 1)
		}
	}
	soft, hard := b.Targets, make([]float32, n)
	for i, y := range soft {
		hard[i] = float32(math.Round(float64(y)))
	}
	for form, f := range halfForms {
		half, wide := b.halved(form)
		for i, bound := range TargetBounds() {
			e := must(New(bound.Loss, WithKernel(Kernels()[i%len(Kernels())]), WithWorkers(1)))
			half.Targets, wide.Targets = soft, soft
			if _, err := e.Sum(wide); err != nil { // it is of hard ones
				half.Targets, wide.Targets = hard, hard
			}
			var got, want [3][]float32
			for k := range got {
				got[k], want[k] = make([]float32, n), make([]float32, n)
			}
			if r, first := must(e.LossesAndGradients(got[0], got[1], half)), must(e.LossesAndGradients(want[0], want[1], wide)); r != first ||
				different(got[0], want[0]) >= 0 || different(got[1], want[1]) >= 0 {
				t.Errorf("%v, %s: %v, want %v; losses differ at %d, gradients at %d", bound.Loss, f.field, r, first, different(got[0], want[0]), different(got[1], want[1]))
			}
			r, err := e.GradientsAndHessians(got[1], got[2], half)
			first, firstErr := e.GradientsAndHessians(want[1], want[2], wide)
			if r != first || (err == nil) != (firstErr == nil) || err != nil && err.Error() != firstErr.Error() {
				t.Errorf("%v, %s: second derivatives %v, %v; want %v, %v", bound.Loss, f.field, r, err, first, firstErr)
			} else if err == nil && (different(got[1], want[1]) >= 0 || different(got[2], want[2]) >= 0) {
				t.Errorf("%v, %s: gradients beside second derivatives differ at %d, these at %d", bound.Loss, f.field, different(got[1], want[1]), different(got[2], want[2]))
			}
		}
	}
}

// TestHalfFaults: what is wrong with a logit of 16 bits is said as of float32, of the first.
func TestHalfFaults(t *testing.T) {
	const n = 2*Block + 100
	for _, name := range Kernels() {
		e := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(2)))
		for form, f := range halfForms {
			for _, at := range []int{0, 31, Block - 1, Block, n - 1} {
				for _, c := range []struct {
					x    float32
					y    uint8
					want string
				}{
					{nan, 0, "%s[%d] is NaN: want a number"},
					{inf, 0, "%s[%d] is +Inf: want a finite logit, or −Inf, for background"},
					{-inf, 1, "%s[%d] is -Inf: want a finite logit, or +Inf, for foreground"},
				} {
					b := Batch{Logits: make([]float32, n), Labels: make([]uint8, n)}
					for i := range n {
						if b.Logits[i] = nan; i < at { // which does not count
							b.Labels[i] = IgnoredLabel
						}
					}
					b.Logits[at], b.Labels[at] = c.x, c.y
					half, _ := b.halved(form)
					_, err := e.Sum(half)
					var input *InputError
					value := float64(c.x)
					if want := fmt.Sprintf(c.want, f.field, at); err == nil || err.Error() != want || !errors.As(err, &input) ||
						!sameInput(*input, InputError{f.field, at, value, input.Reason}) {
						t.Errorf("%s: %v, want %s", name, err, want)
					}
				}
			}
		}
	}
}

// TestHalfForms: scores are in one field, and outputs have memory of their own.
func TestHalfForms(t *testing.T) {
	e := must(New(CrossEntropy()))
	x, h, y := make([]float32, 6), make([]uint16, 6), make([]uint8, 6)
	over := unsafe.Slice((*float32)(unsafe.Pointer(&h[0])), 3) // the memory of h
	for _, c := range []struct {
		b         Batch
		dst, grad []float32
		want      InputError
	}{
		{Batch{Logits: x, Float16: h[:5], Labels: y}, nil, nil, InputError{"Logits", -1, 6, "and Float16 are both set: want one of them"}},
		{Batch{Logits: x, BFloat16: h, Labels: y}, nil, nil, InputError{"Logits", -1, 6, "and BFloat16 are both set: want one of them"}},
		{Batch{Float16: h[:5], BFloat16: h, Labels: y}, nil, nil, InputError{"Float16", -1, 5, "and BFloat16 are both set: want one of them"}},
		{Batch{Float16: h, Probs: x, Labels: y}, nil, nil, InputError{"Float16", -1, 6, "and Probs are both set: want one of them"}},
		{Batch{BFloat16: []uint16{}, Probs: x, Labels: y}, nil, nil, InputError{"BFloat16", -1, 0, "and Probs are both set: want one of them"}},
		{Batch{Float16: h[:5], Labels: y[:5], NumClasses: 2}, nil, nil, InputError{"Float16", -1, 5, "has length 5: want a multiple of NumClasses, 2"}},
		{Batch{BFloat16: h, Labels: y[:5]}, nil, nil, InputError{"Labels", -1, 5, "has length 5: want 6, one per score"}},
		{Batch{BFloat16: h, Labels: y}, x[:5], x, InputError{"dst", -1, 5, "has length 5: want 6, one per score"}},
		{Batch{Float16: h[:3], Labels: y[:3]}, over, nil, InputError{"dst", -1, 3, "overlaps Float16: want memory of its own"}},
		{Batch{BFloat16: h[3:6], Labels: y[:3]}, nil, over, InputError{"grad", -1, 3, "overlaps BFloat16: want memory of its own"}},
	} {
		var err error
		switch {
		case c.dst != nil && c.grad != nil:
			_, err = e.LossesAndGradients(c.dst, c.grad, c.b)
		case c.dst != nil:
			_, err = e.Losses(c.dst, c.b)
		case c.grad != nil:
			_, err = e.Gradients(c.grad, c.b)
		default:
			_, err = e.Sum(c.b)
		}
		var input *InputError
		if !errors.As(err, &input) || *input != c.want {
			t.Errorf("%v, want %v", err, &c.want)
		}
	}
	if r, err := e.Sum(Batch{Float16: []uint16{}}); err != nil || r != (Result{}) {
		t.Errorf("of no scores: %v, %v", r, err)
	}
	one, err := Batch{Float16: h, Classes: []int32{1, IgnoredClass}, NumClasses: 3}.OneHot(y)
	if err != nil || fmt.Sprint(one.Labels) != "[0 1 0 255 255 255]" || &one.Float16[0] != &h[0] {
		t.Errorf("OneHot gives %+v, %v", one, err)
	}
}

// TestHalfNoAllocations: widening allocates nothing.
func TestHalfNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	for form, f := range halfForms {
		b, _ := randomBatch(rng, 7*600, 7, true, true).halved(form)
		dst, grad := make([]float32, b.size()), make([]float32, b.size())
		for _, name := range Kernels() {
			e := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(1)))
			if n := allocations(func() { must(e.LossesAndGradients(dst, grad, b)) }); n > pooled {
				t.Errorf("%s, %s: %v allocations", name, f.field, n)
			}
		}
	}
}
