package vecmath

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine/internal/guard"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// A function under test: one of the package's, on any set of kernels, with its
// float64 reference.
type function struct {
	name, bound string
	call        func(set *kernel.Set, dst, src []float32)
	reference   func(x float64) float64
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// ys are the exponents of Pow under test.
var ys = []float32{-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 10, 100.5, 1e-3}

// functions returns the unary functions, and Pow with each y.
func functions(ys ...float32) []function {
	var fs []function
	for k, f := range []function{
		{name: "Exp", reference: math.Exp},
		{name: "Log", reference: math.Log},
		{name: "Log1p", reference: math.Log1p},
		{name: "Sigmoid", reference: sigmoid},
		{name: "Softplus", reference: softplus},
		{name: "LogSigmoid", reference: func(x float64) float64 { return -softplus(-x) }},
	} {
		f.bound = f.name
		f.call = func(set *kernel.Set, dst, src []float32) { unary(f.name, set, kernel.Unary(k), dst, src) }
		fs = append(fs, f)
	}
	for _, y := range ys {
		fs = append(fs, function{
			name: fmt.Sprintf("Pow(%g)", y), bound: "Pow",
			call:      func(set *kernel.Set, dst, src []float32) { pow(set, dst, src, y) },
			reference: func(x float64) float64 { return math.Pow(x, float64(y)) },
		})
	}
	return fs
}

// sets returns the usable sets of kernels.
func sets() []*kernel.Set {
	var list []*kernel.Set
	for _, c := range kernel.Candidates() {
		if c.Usable() {
			list = append(list, c.Set)
		}
	}
	return list
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

var (
	inf  = float32(math.Inf(1))
	nan  = float32(math.NaN())
	zero = float32(math.Copysign(0, -1)) // −0
)

// values are the arguments where something special happens.
var values = []float32{
	0, zero, 1, -1, 2, -2, 0.5, -0.5, 1.5, -1.5, 3, -3, inf, -inf, nan,
	0x1p-149, -0x1p-149, 0x1p-126, -0x1p-126, 0x1.fffffcp-127, -0x1.fffffcp-127, 0x1p-24, -0x1p-24,
	0x1.fffffep-1, 0x1.000002p0, -0x1.fffffep-1, -0x1.000002p0,
	math.MaxFloat32, -math.MaxFloat32, 0x1p127, 1 << 24, -(1 << 24), 1<<24 - 1, 1 - 1<<24,
	87.3, -87.3, 88.72283, 88.72284, 89, -89, -103.97208, -103.97209, 104, -104, 127, -127, 1e10, -1e10,
}

// TestSpecialValues: where math's result is exact in float32 (0, ±Inf, NaN, ±1),
// or overflows or underflows, this package's is the same, with its sign.
func TestSpecialValues(t *testing.T) {
	for _, set := range sets() {
		for _, f := range functions(append(values, ys...)...) {
			got := make([]float32, len(values))
			f.call(set, got, values)
			for i, x := range values {
				exact := f.reference(float64(x))
				want := float32(exact)
				if want == 0 || want-want != 0 || want == 1 || want == -1 {
					if f.name == "LogSigmoid" && want == 0 {
						want = zero
					}
					// One unit from 0 and from overflow is an error like any other.
					if ulps(got[i], exact) > bounds[f.bound] || want != want || math.IsInf(exact, 0) || exact == 0 {
						if !same(got[i], want) {
							t.Errorf("%s: %s of %g = %g, want %g", set.Name, f.name, x, got[i], want)
						}
					}
				}
			}
		}
	}
}

// TestDocumented: the tables in the documentation, as they stand there.
func TestDocumented(t *testing.T) {
	unaries := map[string][][2]float32{
		"Exp":        {{inf, inf}, {-inf, 0}, {nan, nan}, {0, 1}, {zero, 1}, {89, inf}, {-104, 0}, {-103, 0x1p-149}},
		"Log":        {{inf, inf}, {0, -inf}, {zero, -inf}, {-1, nan}, {-0x1p-149, nan}, {-inf, nan}, {nan, nan}, {1, 0}},
		"Log1p":      {{inf, inf}, {0, 0}, {zero, zero}, {-1, -inf}, {-0x1.000002p0, nan}, {-inf, nan}, {nan, nan}, {0x1p-149, 0x1p-149}, {-0x1p-149, -0x1p-149}},
		"Sigmoid":    {{inf, 1}, {-inf, 0}, {nan, nan}, {0, 0.5}, {zero, 0.5}, {-104, 0}, {-103, 0x1p-149}},
		"Softplus":   {{inf, inf}, {-inf, 0}, {nan, nan}, {-104, 0}, {-103, 0x1p-149}, {1e30, 1e30}},
		"LogSigmoid": {{inf, zero}, {-inf, -inf}, {nan, nan}, {104, zero}, {103, -0x1p-149}, {-1e30, -1e30}},
	}
	powers := [][3]float32{ // x, y, x^y
		{nan, 0, 1}, {nan, zero, 1}, {inf, 0, 1}, {1, nan, 1}, {1, inf, 1}, {1, -inf, 1}, {1, 3e38, 1},
		{-3.1, 1, -3.1}, {zero, 1, zero}, {-inf, 1, -inf}, {0x1p-149, 1, 0x1p-149},
		{nan, 2, nan}, {nan, inf, nan}, {2, nan, nan}, {0, nan, nan},
		{0, -3, inf}, {zero, -3, -inf}, {0, -inf, inf}, {zero, -inf, inf}, {0, inf, 0}, {zero, inf, 0},
		{0, -2, inf}, {zero, -2, inf}, {zero, -0.5, inf}, {0, 3, 0}, {zero, 3, zero}, {zero, 2, 0}, {zero, 0.5, 0},
		{-1, inf, 1}, {-1, -inf, 1}, {2, inf, inf}, {-2, inf, inf}, {2, -inf, 0}, {-2, -inf, 0},
		{0.5, inf, 0}, {-0.5, inf, 0}, {0.5, -inf, inf}, {-0.5, -inf, inf},
		{inf, 2, inf}, {inf, 0.5, inf}, {inf, -2, 0}, {inf, -0.5, 0},
		{-inf, 3, -inf}, {-inf, 2, inf}, {-inf, 0.5, inf}, {-inf, -3, zero}, {-inf, -2, 0}, {-inf, -0.5, 0},
		{-2, 0.5, nan}, {-2, -1.5, nan}, {-0x1p-149, 0.5, nan}, {-math.MaxFloat32, 0.5, nan},
		{-2, 3, -8}, {-2, -3, -0.125}, {-2, 2, 4}, {-1, 1<<24 - 1, -1}, {-1, 1 << 24, 1}, {-1, 3e38, 1},
		{0x1.fffffep-1, 3e38, 0}, {0x1.000002p0, 3e38, inf}, {0x1.000002p0, -3e38, 0},
	}
	for _, set := range sets() {
		for _, f := range functions() {
			for _, c := range unaries[f.name] {
				got := []float32{c[0]}
				if f.call(set, got, got); !same(got[0], c[1]) {
					t.Errorf("%s: %s(%g) = %g, want %g", set.Name, f.name, c[0], got[0], c[1])
				}
			}
		}
		for _, c := range powers {
			got := []float32{c[0]}
			if pow(set, got, got, c[1]); !same(got[0], c[2]) {
				t.Errorf("%s: Pow(%g, %g) = %g, want %g", set.Name, c[0], c[1], got[0], c[2])
			}
			if want := float32(math.Pow(float64(c[0]), float64(c[1]))); !same(c[2], want) {
				t.Errorf("the table has %g for Pow(%g, %g), math %g", c[2], c[0], c[1], want)
			}
		}
	}
}

// any float32, moderate and special ones among them.
func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch rng.IntN(3) {
		case 0:
			x[i] = math.Float32frombits(rng.Uint32())
		case 1:
			x[i] = float32(10 * rng.NormFloat64())
		default:
			x[i] = values[rng.IntN(len(values))]
		}
	}
	return x
}

// TestEveryLengthAndOffset compares the kernels on every length from 0 to 257, at
// offsets 0 to 15, in place and not, between guard pages: every value is as alone.
func TestEveryLengthAndOffset(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	fs := functions(-1, 0.5, 3)
	reference := sets()[len(sets())-1] // generic
	const most = 257
	x := random(rng, most)
	want := make([][]float32, len(fs))
	for k, f := range fs {
		want[k] = make([]float32, most)
		for i := range x {
			f.call(reference, want[k][i:i+1], x[i:i+1])
		}
	}
	for _, set := range sets() {
		// The first byte after these is out of bounds, or the last before them.
		srcEnd, dstEnd := guard.Slice[float32](t, most+15, true), guard.Slice[float32](t, most+15, true)
		srcStart, dstStart := guard.Slice[float32](t, most+15, false), guard.Slice[float32](t, most+15, false)
		for n := 0; n <= most; n++ {
			off := n % 16
			for _, b := range [][2][]float32{
				{srcEnd[len(srcEnd)-n:], dstEnd[len(dstEnd)-n:]},
				{srcStart[:n], dstStart[:n]},
				{srcStart[off:][:n], dstStart[(n/16)%16:][:n]},
			} {
				src, dst := b[0], b[1]
				copy(src, x)
				for k, f := range fs {
					f.call(set, dst, src)
					for i := range dst {
						if !same(dst[i], want[k][i]) {
							t.Fatalf("%s: %s of %d values: [%d] = f(%g) = %g, want %g", set.Name, f.name, n, i, src[i], dst[i], want[k][i])
						}
					}
					copy(dst, src)
					f.call(set, dst, dst)
					for i := range dst {
						if !same(dst[i], want[k][i]) {
							t.Fatalf("%s: %s of %d values in place: [%d] = f(%g) = %g, want %g", set.Name, f.name, n, i, src[i], dst[i], want[k][i])
						}
					}
				}
			}
		}
	}
}

// TestNeighbours: nothing beside dst is written.
func TestNeighbours(t *testing.T) {
	for _, set := range sets() {
		for n := range 70 {
			src, dst := make([]float32, n), make([]float32, n+2)
			dst[0], dst[n+1] = 7, 7
			for _, f := range functions(1.5) {
				f.call(set, dst[1:n+1], src)
				if dst[0] != 7 || dst[n+1] != 7 {
					t.Fatalf("%s: %s of %d values wrote beside dst", set.Name, f.name, n)
				}
			}
		}
	}
}

func TestChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	reference := sets()[len(sets())-1]
	for _, n := range []int{kernel.VecMax - 1, kernel.VecMax, 2*kernel.VecMax + 37} {
		x := random(rng, n)
		want, got := make([]float32, n), make([]float32, n)
		for _, f := range functions(0.5) {
			f.call(reference, want, x)
			for _, set := range sets() {
				f.call(set, got, x)
				for i := range got {
					if !same(got[i], want[i]) {
						t.Fatalf("%s: %s of %d values: [%d] = f(%g) = %g, want %g", set.Name, f.name, n, i, x[i], got[i], want[i])
					}
				}
			}
		}
	}
}

// TestOneSpecial: one value that is special, or nearly, among a chunk of ordinary ones gives
// the bits of generic, but for what is in a NaN besides its sign: kernels look for such values a chunk at a time, and take a shorter path
// where there are none.
func TestOneSpecial(t *testing.T) {
	all := sets()
	reference := all[len(all)-1] // generic
	special := []float32{
		0, zero, inf, -inf, nan, -nan, -1, -2.5, 1, math.MaxFloat32, -math.MaxFloat32, 0x1p-149, -0x1p-149, 0x1p-148, 0x1p-127,
		0x1p-126, 0x1.000002p-126, 0x1.fffffcp-127, 0x1.fffffcp127, 0x1p127, -0x1.fffffep-1, 1 - 0x1p-24, 88.8, -104,
	}
	const n = 512
	src, got, want := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, f := range functions(-2, -0.5, 0.5, 1.5, 3) {
		for k, v := range special {
			for i := range src {
				src[i] = 0.25 + float32(i)/n
			}
			at := 37 * k % n
			src[at] = v
			f.call(reference, want, src)
			for _, set := range all {
				f.call(set, got, src)
				for i := range src {
					if !same(got[i], want[i]) || math.Signbit(float64(got[i])) != math.Signbit(float64(want[i])) {
						t.Fatalf("%s/%s of %g beside %g: %g, generic's %g", set.Name, f.name, src[i], v, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestPanics(t *testing.T) {
	x := make([]float32, 64)
	for _, c := range []struct {
		dst, src []float32
		want     string
	}{
		{x[:3], x[:4], "vecmath: Exp: dst and src differ in length"},
		{nil, x[:1], "vecmath: Exp: dst and src differ in length"},
		{x[1:33], x[:32], "vecmath: Exp: dst and src overlap in part"},
		{x[:32], x[31:63], "vecmath: Exp: dst and src overlap in part"},
		{x[:32], x[32:], ""},
		{x[32:], x[:32], ""},
		{x, x, ""},
		{nil, x[:0], ""},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != c.want && !(c.want == "" && got == "<nil>") {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			Exp(c.dst, c.src)
		}()
	}
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "Pow") {
			t.Errorf("Pow: panic %q", got)
		}
	}()
	Pow(x, x[1:], 2)
}

func TestNoAllocations(t *testing.T) {
	x, dst := make([]float32, 1000+7), make([]float32, 1000+7)
	for name, f := range map[string]func(){
		"Exp":        func() { Exp(dst, x) },
		"Log":        func() { Log(dst, x) },
		"Log1p":      func() { Log1p(dst, x) },
		"Sigmoid":    func() { Sigmoid(dst, x) },
		"Softplus":   func() { Softplus(dst, x) },
		"LogSigmoid": func() { LogSigmoid(dst, x) },
		"Pow":        func() { Pow(dst, x, 1.5) },
		"Pow(x, 0)":  func() { Pow(dst, x, 0) },
	} {
		if n := testing.AllocsPerRun(100, f); n >= 1 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

func TestChoose(t *testing.T) {
	fastest := sets()[0].Name
	for name, want := range map[string]string{"": fastest, "generic": "generic", "mmx": fastest, fastest: fastest} {
		if got := choose(name).Name; got != want {
			t.Errorf("FLENGINE_KERNEL=%q: kernel %s, want %s", name, got, want)
		}
	}
	if Kernel() != kernels.Name {
		t.Errorf("Kernel() = %s, want %s", Kernel(), kernels.Name)
	}
}

// TestFor: every kernel's functions are that kernel's, and the zero Funcs are the
// package's.
func TestFor(t *testing.T) {
	type funcs interface {
		Exp(dst, src []float32)
		Log(dst, src []float32)
		Log1p(dst, src []float32)
		Sigmoid(dst, src []float32)
		Softplus(dst, src []float32)
		LogSigmoid(dst, src []float32)
		Pow(dst, src []float32, y float32)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	x := random(rng, 1000)
	got, want := make([]float32, len(x)), make([]float32, len(x))
	check := func(set *kernel.Set, f funcs) {
		t.Helper()
		for k, call := range []func(dst, src []float32){
			f.Exp, f.Log, f.Log1p, f.Sigmoid, f.Softplus, f.LogSigmoid,
			func(dst, src []float32) { f.Pow(dst, src, 1.5) },
		} {
			fs := functions(1.5)
			call(got, x)
			fs[k].call(set, want, x)
			for i := range x {
				if !same(got[i], want[i]) {
					t.Errorf("%s: %s(%g) = %g, want %g", set.Name, fs[k].name, x[i], got[i], want[i])
				}
			}
		}
	}
	for _, set := range sets() {
		f, err := For(set.Name)
		if err != nil || f.Kernel() != set.Name || f.set != set {
			t.Errorf("For(%q) is on %s, %v", set.Name, f.Kernel(), err)
		}
		check(set, f)
	}
	if f, err := For(""); err != nil || f.Kernel() != sets()[0].Name {
		t.Errorf(`For("") is on %s, %v`, f.Kernel(), err)
	}
	if (Funcs{}).Kernel() != Kernel() {
		t.Errorf("Funcs{} is on %s, want %s", Funcs{}.Kernel(), Kernel())
	}
	check(kernels, Funcs{})
}

// TestForFails: functions on a kernel that is not there do not run on another one.
func TestForFails(t *testing.T) {
	f, err := For("mmx")
	if err == nil || !strings.Contains(err.Error(), `unknown kernel "mmx"; usable here: `) {
		t.Fatalf("For(mmx): %v", err)
	}
	src := []float32{1, 2}
	for name, call := range map[string]func(dst []float32){
		"Kernel":     func([]float32) { f.Kernel() },
		"Exp":        func(dst []float32) { f.Exp(dst, src) },
		"Log":        func(dst []float32) { f.Log(dst, src) },
		"Log1p":      func(dst []float32) { f.Log1p(dst, src) },
		"Sigmoid":    func(dst []float32) { f.Sigmoid(dst, src) },
		"Softplus":   func(dst []float32) { f.Softplus(dst, src) },
		"LogSigmoid": func(dst []float32) { f.LogSigmoid(dst, src) },
		"Pow":        func(dst []float32) { f.Pow(dst, src, 2) },
	} {
		dst := []float32{7, 7}
		func() {
			defer func() {
				if got, want := recover(), "vecmath: functions that For returned with an error: "+err.Error(); got != want {
					t.Errorf("%s: panic %v, want %q", name, got, want)
				}
			}()
			call(dst)
		}()
		if dst[0] != 7 || dst[1] != 7 {
			t.Errorf("%s gave %v", name, dst)
		}
	}
}
