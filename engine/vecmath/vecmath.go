// Package vecmath applies elementary functions to slices of float32, with the
// SIMD kernels of package engine.
//
// Every function sets dst[i] to f(src[i]) for all i, over all of float32:
// subnormal arguments and results, infinities, NaN. Results are within [Bounds]
// of the exact values, subnormal ones included, and the same in every bit on
// every kernel and at every position in a slice; only the payload of a NaN is
// free. No value makes a function panic, and nothing is allocated.
//
// dst and src must have the same length, and must be the same elements or have
// none in common: anything else is a mistake in the program, and panics.
//
// The floating-point environment of the calling thread (rounding mode, flush-to-zero: a C
// library built with -ffast-math leaves it on) changes nothing: functions compute under the
// default, and restore the thread's own. A build with -tags purego, or for an architecture
// without assembly, cannot: there all this holds under the default environment only, and
// subnormal arguments and results may count as zero under another.
//
// # Kernels
//
// The fastest kernel that the CPU runs is chosen when the program starts. The
// environment variable FLENGINE_KERNEL names another one, as for package engine;
// since there is no error to return here, a name that is unknown or cannot run on
// this machine is passed over for the fastest.
package vecmath

import (
	"math"
	"os"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/kernel"
	"github.com/flengine/flengine/generic"
)

var kernels = choose(os.Getenv("FLENGINE_KERNEL"))

func choose(name string) *kernel.Set {
	if set, err := kernel.Find(name); err == nil {
		return set
	}
	set, err := kernel.Find("")
	if err != nil {
		panic(err) // generic runs everywhere
	}
	return set
}

// Kernel returns the name of the kernel in use.
func Kernel() string { return kernels.Name }

// Exp sets dst[i] to e raised to src[i]. Special cases are those of [math.Exp]:
//
//	Exp(+Inf) = +Inf
//	Exp(-Inf) = 0
//	Exp(NaN) = NaN
//
// Results above the largest float32 are +Inf; those below the smallest normal one
// are subnormal, then 0.
func Exp(dst, src []float32) { unary("Exp", kernels, kernel.Exp, dst, src) }

// Log sets dst[i] to the natural logarithm of src[i]. Special cases are those of
// [math.Log]:
//
//	Log(+Inf) = +Inf
//	Log(±0) = -Inf
//	Log(x < 0) = NaN
//	Log(NaN) = NaN
func Log(dst, src []float32) { unary("Log", kernels, kernel.Log, dst, src) }

// Log1p sets dst[i] to the natural logarithm of 1 + src[i], accurate where src[i]
// is near zero, too. Special cases are those of [math.Log1p]:
//
//	Log1p(+Inf) = +Inf
//	Log1p(±0) = ±0
//	Log1p(-1) = -Inf
//	Log1p(x < -1) = NaN
//	Log1p(NaN) = NaN
func Log1p(dst, src []float32) { unary("Log1p", kernels, kernel.Log1p, dst, src) }

// Sigmoid sets dst[i] to 1/(1 + exp(-src[i])). Special cases are:
//
//	Sigmoid(+Inf) = 1
//	Sigmoid(-Inf) = 0
//	Sigmoid(NaN) = NaN
//
// Below about -87 results are subnormal, then 0.
func Sigmoid(dst, src []float32) { unary("Sigmoid", kernels, kernel.Sigmoid, dst, src) }

// Softplus sets dst[i] to log(1 + exp(src[i])). Special cases are:
//
//	Softplus(+Inf) = +Inf
//	Softplus(-Inf) = 0
//	Softplus(NaN) = NaN
//
// Below about -87 results are subnormal, then 0.
func Softplus(dst, src []float32) { unary("Softplus", kernels, kernel.Softplus, dst, src) }

// LogSigmoid sets dst[i] to log(1/(1 + exp(-src[i]))) = -Softplus(-src[i]). Special
// cases are:
//
//	LogSigmoid(+Inf) = -0
//	LogSigmoid(-Inf) = -Inf
//	LogSigmoid(NaN) = NaN
//
// Above about 87 results are subnormal, then -0.
func LogSigmoid(dst, src []float32) { unary("LogSigmoid", kernels, kernel.LogSigmoid, dst, src) }

// Pow sets dst[i] to src[i] raised to y. Special cases are those of [math.Pow], in
// this order:
//
//	Pow(x, ±0) = 1 for any x
//	Pow(1, y) = 1 for any y
//	Pow(x, 1) = x for any x
//	Pow(NaN, y) = NaN
//	Pow(x, NaN) = NaN
//	Pow(±0, y) = ±Inf for y an odd integer < 0
//	Pow(±0, -Inf) = +Inf
//	Pow(±0, +Inf) = +0
//	Pow(±0, y) = +Inf for finite y < 0 and not an odd integer
//	Pow(±0, y) = ±0 for y an odd integer > 0
//	Pow(±0, y) = +0 for finite y > 0 and not an odd integer
//	Pow(-1, ±Inf) = 1
//	Pow(x, +Inf) = +Inf for |x| > 1
//	Pow(x, -Inf) = +0 for |x| > 1
//	Pow(x, +Inf) = +0 for |x| < 1
//	Pow(x, -Inf) = +Inf for |x| < 1
//	Pow(+Inf, y) = +Inf for y > 0
//	Pow(+Inf, y) = +0 for y < 0
//	Pow(-Inf, y) = Pow(-0, -y)
//	Pow(x, y) = NaN for finite x < 0 and finite non-integer y
func Pow(dst, src []float32, y float32) { pow(kernels, dst, src, y) }

func unary(name string, set *kernel.Set, k kernel.Unary, dst, src []float32) {
	check(name, dst, src)
	env, _ := set.Enter()
	defer env.Leave()
	f := set.Unary[k]
	for len(src) >= kernel.VecGroup {
		n := min(len(src)&^(kernel.VecGroup-1), kernel.VecMax)
		f(dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
	if len(src) > 0 {
		t := tails.Get().(*tail)
		copy(t[:], src)
		f(t[:], t[:])
		copy(dst, t[:])
		tails.Put(t)
	}
}

func pow(set *kernel.Set, dst, src []float32, y float32) {
	check("Pow", dst, src)
	env, _ := set.Enter()
	defer env.Leave()
	if y == 0 || y-y != 0 {
		for i, x := range src {
			dst[i] = float32(math.Pow(float64(x), float64(y)))
		}
		return
	}
	sign, nan := generic.PowMasks(y)
	for len(src) >= kernel.VecGroup {
		n := min(len(src)&^(kernel.VecGroup-1), kernel.VecMax)
		set.Pow(dst[:n], src[:n], float64(y), sign, nan)
		dst, src = dst[n:], src[n:]
	}
	if len(src) > 0 {
		t := tails.Get().(*tail)
		copy(t[:], src)
		set.Pow(t[:], t[:], float64(y), sign, nan)
		copy(dst, t[:])
		tails.Put(t)
	}
}

// A tail is a group that a slice only begins. Kernels are called through
// variables, so it would not stay on the stack.
type tail [kernel.VecGroup]float32

var tails = sync.Pool{New: func() any { return new(tail) }}

// check panics where dst and src are not as they must be.
func check(name string, dst, src []float32) {
	if len(dst) != len(src) {
		panic("vecmath: " + name + ": dst and src differ in length")
	}
	if len(src) == 0 {
		return
	}
	d, s := uintptr(unsafe.Pointer(&dst[0])), uintptr(unsafe.Pointer(&src[0]))
	if size := 4 * uintptr(len(src)); d != s && d-s+size-1 < 2*size-1 {
		panic("vecmath: " + name + ": dst and src overlap in part")
	}
}
