package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/generic"
)

var unaryNames = [NumUnary]string{"Exp", "Log", "Log1p", "Sigmoid", "Softplus", "LogSigmoid"}

// exponents are the y that kernels are compared at.
var exponents = []float32{
	-2, -1, -0.5, 0.5, 1, 1.5, 2, 3, 10, 100.5, 1e-3, -3, 101, 0x1p-149, 1e30, -math.MaxFloat32,
}

// vecFuncs returns all elementwise kernels of the set, as functions of one argument.
func vecFuncs(set *Set) (names []string, funcs []UnaryFunc) {
	for k, f := range set.Unary {
		names, funcs = append(names, unaryNames[k]), append(funcs, f)
	}
	for _, y := range exponents {
		sign, nan := generic.PowMasks(y)
		y64 := float64(y) // here, where no test has changed the floating-point environment
		names = append(names, fmt.Sprintf("Pow(%g)", y))
		funcs = append(funcs, func(dst, src []float32) { set.Pow(dst, src, y64, sign, nan) })
	}
	return names, funcs
}

// vecValues returns n values of all kinds: any bits, moderate numbers, and those
// where something changes.
func vecValues(rng *rand.Rand, n int) []float32 {
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
			x[i] = special[rng.IntN(len(special))]
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

// vecDiff returns where two results differ, NaN being equal to NaN, or -1.
func vecDiff(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

// TestVecSameBitsAsGeneric compares the elementwise kernels with generic: every
// length of whole groups up to 40, around the assembly's chunks, and the most;
// at every offset, in place or not, between guard pages, with and without special
// values.
func TestVecSameBitsAsGeneric(t *testing.T) {
	var lengths []int
	for g := 0; g <= 40; g++ {
		lengths = append(lengths, g*VecGroup)
	}
	lengths = append(lengths, 1024-VecGroup, 1024, 1024+VecGroup, VecMax)
	rng := rand.New(rand.NewPCG(7, 8))
	names, reference := vecFuncs(&genericSet)
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		_, funcs := vecFuncs(c.Set)
		for i, n := range lengths {
			// A subtest, so that the guarded memory is given back.
			t.Run(fmt.Sprintf("%s/n=%d", c.Name, n), func(t *testing.T) {
				values, want := vecValues(rng, n), make([]float32, n)
				for round := range 4 {
					x, atEnd := values, round&1 != 0
					if round >= 2 {
						x = ordinary(values)
					}
					off := 0
					if !atEnd {
						off = i % 16
					}
					src, dst := shifted(t, x, off, atEnd), shifted(t, make([]float32, n), off, atEnd)
					for k, f := range funcs {
						reference[k](want, x)
						f(dst, src)
						if at := vecDiff(dst, want); at >= 0 {
							t.Fatalf("%s(%g) = %g, want %g; at %d, offset %d, at end %v", names[k], x[at], dst[at], want[at], at, off, atEnd)
						}
						copy(dst, x)
						f(dst, dst)
						if at := vecDiff(dst, want); at >= 0 {
							t.Fatalf("in place, %s(%g) = %g, want %g; at %d", names[k], x[at], dst[at], want[at], at)
						}
						if at := sameBits(src, x); at >= 0 {
							t.Fatalf("%s wrote to src[%d]", names[k], at)
						}
					}
				}
			})
		}
	}
}

// TestVecStridedSweep compares them over a stride of all float32.
func TestVecStridedSweep(t *testing.T) {
	stride := uint64(5003)
	if testing.Short() {
		stride *= 16
	}
	names, reference := vecFuncs(&genericSet)
	x, got, want := make([]float32, VecMax), make([]float32, VecMax), make([]float32, VecMax)
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		_, funcs := vecFuncs(c.Set)
		for b := uint64(0); b < 1<<32; {
			for i := range x {
				x[i] = math.Float32frombits(uint32(b))
				b += stride
			}
			for k, f := range funcs {
				reference[k](want, x)
				f(got, x)
				if at := vecDiff(got, want); at >= 0 {
					t.Fatalf("%s: %s(%g) = %g, want %g", c.Name, names[k], x[at], got[at], want[at])
				}
			}
		}
	}
}

// BenchmarkVec times the elementwise kernels on values that stay in L1.
func BenchmarkVec(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, dst := make([]float32, 2048), make([]float32, 2048)
	for i := range x {
		x[i] = float32(math.Exp(2 * rng.NormFloat64()))
	}
	sign, nan := generic.PowMasks(1.5)
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		run := func(name string, f func()) {
			b.Run(c.Name+"/"+name, func(b *testing.B) {
				for range b.N {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/value")
			})
		}
		for k, f := range c.Unary {
			run(unaryNames[k], func() { f(dst, x) })
		}
		run("Pow", func() { c.Pow(dst, x, 1.5, sign, nan) })
	}
}
