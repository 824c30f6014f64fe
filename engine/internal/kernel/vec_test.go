package kernel

import (
	"fmt"
	"math"
	"testing"

	"github.com/flengine/flengine/engine/internal/asmtest"
	"github.com/flengine/flengine/generic"
)

var unaryNames = [NumUnary]string{"Exp", "Log", "Log1p", "Sigmoid", "Softplus", "LogSigmoid"}

// exponents are the y that Pow is compared at.
var exponents = []float32{
	-2, -1, -0.5, 0.5, 1, 1.5, 2, 3, 10, 100.5, 1e-3, -3, 101, 0x1p-149, 1e30, -math.MaxFloat32,
}

// vecFunc is an elementwise function of one argument: one of the table's, or Pow with a y.
type vecFunc struct {
	name string
	k    Unary
	pow  bool
	y    float32
}

// vecFuncs returns all elementwise functions that there are.
func vecFuncs(t *testing.T) []vecFunc {
	var all []vecFunc
	for k, name := range unaryNames {
		if name == "" {
			t.Errorf("elementwise function %d has no name here", k)
		}
		all = append(all, vecFunc{name: name, k: Unary(k)})
	}
	for _, y := range exponents {
		all = append(all, vecFunc{name: fmt.Sprintf("Pow(%g)", y), pow: true, y: y})
	}
	return all
}

// evaluate calls the set's function.
func (f vecFunc) evaluate(s *subject, dst, src []float32, env asmtest.Env) error {
	args := append(words(dst), words(src)...)
	if !f.pow {
		_, err := call(s.unary[f.k], env, args, 0, func() { s.Unary[f.k](dst, src) })
		return err
	}
	sign, nan := generic.PowMasks(f.y)
	args = append(args, math.Float64bits(float64(f.y)), uint64(sign)|uint64(nan)<<32)
	_, err := call(s.pow, env, args, 0, func() { s.Pow(dst, src, float64(f.y), sign, nan) })
	return err
}

// vecMemory is where the slices of calls lie.
type vecMemory struct{ dst, src *slot }

func newVecMemory(t *testing.T) *vecMemory {
	return &vecMemory{newSlot[float32](t, "dst", VecMax), newSlot[float32](t, "src", VecMax)}
}

// check calls the set's function, and says what is wrong with what it does.
func (m *vecMemory) check(s *subject, f vecFunc, x, want []float32, inPlace bool, l layout, env asmtest.Env) error {
	n := len(x)
	src, slots := put(m.src, l.of(0), x, n), []*slot{m.src}
	dst := src
	if !inPlace {
		dst, slots = put[float32](m.dst, l.of(1), nil, n), append(slots, m.dst)
	}
	if err := f.evaluate(s, dst, src, env); err != nil {
		return located(err, slots)
	}
	for _, s := range slots {
		if err := s.check(); err != nil {
			return err
		}
	}
	if !inPlace {
		if err := unchanged(m.src, x); err != nil {
			return err
		}
	}
	if i := vecDiffer(dst, want); i >= 0 {
		return fmt.Errorf("of %g (%#x) at %d is %g (%#x), want %g (%#x)", x[i], math.Float32bits(x[i]), i,
			dst[i], math.Float32bits(dst[i]), want[i], math.Float32bits(want[i]))
	}
	return nil
}

// vecDiffer returns where two results differ, or -1. NaNs may differ in their payloads, but
// not in the sign.
func vecDiffer(a, b []float32) int {
	if differ(a, b) < 0 {
		return -1
	}
	for i := range a {
		if x, y := math.Float32bits(a[i]), math.Float32bits(b[i]); x != y && (a[i] == a[i] || b[i] == b[i] || x>>31 != y>>31) {
			return i
		}
	}
	return -1
}

// compareSets checks the sets' functions on the values, in place or not.
func (m *vecMemory) compareSets(t *testing.T, failed verdicts, rng *source, f vecFunc, x []float32, places []bool, ls []layout, envs func(*subject) []asmtest.Env) {
	t.Helper()
	want := make([]float32, len(x))
	if err := f.evaluate(&subject{Set: &genericSet}, want, x, environments[0]); err != nil {
		t.Fatal(err)
	}
	compareSets(t, failed, rng, f.name, ls, envs, func(s *subject, l layout, env asmtest.Env) error {
		for _, inPlace := range places {
			if err := m.check(s, f, x, want, inPlace, l, env); err != nil {
				return fmt.Errorf("%d values, in place: %t: %w", len(x), inPlace, err)
			}
		}
		return nil
	})
}

// vecValues returns n values of all kinds: any bits, moderate numbers, and those
// where something changes.
func vecValues(rng *source, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch r := rng.IntN(8); {
		case r < 3:
			x[i] = float32(4 * rng.NormFloat64())
		case r < 4:
			x[i] = float32(40 * rng.NormFloat64())
		case r < 5:
			x[i] = 1 + float32(0.1*rng.NormFloat64())
		case r < 6:
			x[i] = specialLogits[rng.IntN(len(specialLogits))]
		default:
			x[i] = math.Float32frombits(rng.Uint32())
		}
		if rng.IntN(32) == 0 {
			x[i] = float32([]float64{math.Inf(1), math.Inf(-1), math.NaN(), 1, -1, 2}[rng.IntN(6)])
		}
	}
	return x
}

// ordinary returns the values with those replaced that are special to some function:
// kernels may take chunks without any by a shorter path.
func ordinary(x []float32) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		if v = float32(math.Abs(float64(v))); v >= 0x1p-126 && v <= math.MaxFloat32 {
			y[i] = v
		} else {
			y[i] = 1 + float32(i)/16
		}
	}
	return y
}

// eachVecFunc runs a part of a test for every elementwise function.
func eachVecFunc(t *testing.T, rng *source, f func(t *testing.T, f vecFunc, rng *source)) {
	for _, fn := range vecFuncs(t) {
		t.Run(fn.name, func(t *testing.T) { f(t, fn, rng.of(fn.name)) })
	}
}

var bothPlaces = []bool{false, true}

// TestVec compares the elementwise functions of every set with generic: every length of
// whole groups up to 40, around the assembly's chunks, and the most; in place or not, with
// and without special values, next to canaries and to pages that fault.
func TestVec(t *testing.T) {
	var lengths []int
	for g := range 41 {
		lengths = append(lengths, g*VecGroup)
	}
	lengths = append(lengths, 1024-VecGroup, 1024, 1024+VecGroup, VecMax)
	random(t, func(t *testing.T, rng *source) {
		eachVecFunc(t, rng, func(t *testing.T, f vecFunc, rng *source) {
			m, failed := newVecMemory(t), verdicts{}
			for _, n := range lengths {
				x := vecValues(rng, n)
				ls := []layout{{where(rng.IntN(16)), rng.IntN(16)}, {where: atStart}, {where: atEnd}}
				m.compareSets(t, failed, rng, f, x, bothPlaces, ls, standard)
				m.compareSets(t, failed, rng, f, ordinary(x), bothPlaces, ls, standard)
			}
		})
		for _, s := range subjects() {
			markCompared(s, "elementwise functions")
		}
	})
}

// TestVecOffsets compares them at every offset of both slices.
func TestVecOffsets(t *testing.T) {
	var ls []layout
	for at := range where(16) {
		for step := range 16 {
			ls = append(ls, layout{at, step})
		}
	}
	random(t, func(t *testing.T, rng *source) {
		eachVecFunc(t, rng, func(t *testing.T, f vecFunc, rng *source) {
			m, failed := newVecMemory(t), verdicts{}
			x := vecValues(rng, 3*VecGroup)
			m.compareSets(t, failed, rng, f, x, bothPlaces, ls, standard)
			m.compareSets(t, failed, rng, f, ordinary(x), bothPlaces, ls, standard)
		})
	})
}

// TestVecEnvironments compares them under every floating-point environment that their caller
// may have, which has to come back.
func TestVecEnvironments(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachVecFunc(t, rng, func(t *testing.T, f vecFunc, rng *source) {
			m, failed := newVecMemory(t), verdicts{}
			for _, n := range []int{0, 5 * VecGroup, 1024 + 3*VecGroup} {
				x := vecValues(rng, n)
				m.compareSets(t, failed, rng, f, x, bothPlaces, []layout{{}}, (*subject).environments)
				m.compareSets(t, failed, rng, f, ordinary(x), bothPlaces, []layout{{}}, (*subject).environments)
			}
		})
	})
}

// TestVecSweep compares them over a stride of all float32, and one of all NaNs.
func TestVecSweep(t *testing.T) {
	stride := uint64(5003)
	if testing.Short() {
		stride *= 16
	}
	random(t, func(t *testing.T, rng *source) {
		x := make([]float32, VecMax)
		eachVecFunc(t, rng, func(t *testing.T, f vecFunc, rng *source) {
			m, failed := newVecMemory(t), verdicts{}
			for b := rng.Uint64N(stride); b < 1<<32; {
				for i := range x {
					x[i] = math.Float32frombits(uint32(b))
					b += stride
				}
				m.compareSets(t, failed, rng, f, x, []bool{false}, []layout{{}}, standard)
			}
			for i := range x {
				x[i] = math.Float32frombits(rng.Uint32() | 0x7f800000)
			}
			m.compareSets(t, failed, rng, f, x, []bool{false}, []layout{{}}, standard)
		})
	})
}
