// Package fpenv keeps the floating-point environment of the caller's thread (rounding mode,
// flush-to-zero, trapped exceptions) from changing a bit of a result. A library built with
// -ffast-math leaves flush-to-zero on, and goroutines inherit it with their thread.
//
// Kernels in assembly look after themselves. This package is for what is written in Go: the
// generic kernels, and the arithmetic around all kernels.
package fpenv

import (
	"errors"
	"math"
	"runtime"
)

// ErrNotDefault is what [Enter] fails with in builds without assembly.
var ErrNotDefault = errors.New("the thread's floating-point environment is not the default (round to nearest, " +
	"gradual underflow), and a build without assembly cannot change it: reset it before the call, or build without -tags purego")

// Guard is what [Enter] or [EnterLocked] changed.
type Guard struct {
	saved  uint64
	locked bool
}

// Enter makes sure that the calling goroutine computes under the default environment until
// [Guard.Leave], or until it is taken to another thread, as may happen after milliseconds:
// see [EnterLocked]. Where the thread's environment is another, the goroutine stays on it
// meanwhile. Enter fails where the build has no assembly to change the environment with.
func Enter() (Guard, error) {
	if isDefault() {
		return Guard{}, nil
	}
	return EnterLocked()
}

// EnterLocked is Enter for long computations: the goroutine stays on its thread in any
// case, since another one may have another environment.
func EnterLocked() (Guard, error) {
	runtime.LockOSThread()
	g := Guard{defaultEnv, true}
	if isDefault() {
		return g, nil
	}
	if !canSet {
		runtime.UnlockOSThread()
		return Guard{}, ErrNotDefault
	}
	g.saved = get()
	set(defaultEnv)
	return g, nil
}

// Leave gives the thread its environment back.
func (g Guard) Leave() {
	if g.locked {
		if g.saved != defaultEnv {
			set(g.saved)
		}
		runtime.UnlockOSThread()
	}
}

// Under runs f under another environment of the thread, one of [Others]. It is for tests.
func Under(env uint64, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	saved := get()
	defer set(saved)
	set(env)
	f()
}

// Holds tells whether the thread's environment is env, to see whether it came back.
func Holds(env uint64) bool { return get() == env }

// Operands that the compiler does not know.
var one, tiny, least float32 = 1, 0x1p-25, 0x1p-149

// computesByDefault tells by its arithmetic whether the environment is the default: round to
// nearest, and subnormal operands and results are what they are. It compares bits, since a
// comparison may take subnormals for zero, too.
func computesByDefault() bool {
	same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
	return same(one+tiny, 1) && same(-one-tiny, -1) && // neither up nor down
		same(one+3*tiny, 1+0x1p-23) && // nor towards zero
		same(least*0x1p+20, 0x1p-129) && // operands are not taken for zero,
		same(0x1p-120*(one*0x1p-10), 0x1p-130) // nor results
}
