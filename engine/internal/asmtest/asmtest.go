// Package asmtest calls assembly the way tests should: with garbage in every register that
// a function may not rely on, under a floating-point environment of the test's choice; and
// it tells afterwards what the function broke that it has to keep. It is for tests only.
//
// What a function of Go's ABI0 has to keep, and is looked at here: the stack of its caller
// above its arguments, the frame pointer, the floating-point environment; on amd64 also the
// direction flag, and the upper parts of the vector registers clean, without which SSE code
// that follows is slow; on arm64 also g and, on Linux, R18, which platforms reserve.
package asmtest

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

// Frame is a function's arguments and results, as ABI0 lays them out on the stack; what
// goes beyond them must come back unchanged.
type Frame [8]uint64

// Env is a floating-point environment: the control bits of MXCSR or FPCR.
type Env struct {
	Name string
	bits uint32
}

// Fault is the error of a call that touched memory which it must not.
type Fault struct{ Addr uintptr }

func (f *Fault) Error() string { return fmt.Sprintf("it faulted at address %#x", f.Addr) }

// canary is what stands on the stack above the frame, and in general registers.
const canary = 0x1badc0de5eedface

// Envs returns the environments that a thread may be in, the default first.
func Envs() []Env { return append([]Env(nil), envs...) }

// Entry returns the address of the assembly behind a function value, which itself is the
// compiler's wrapper around it. It is an error if f is no assembly.
func Entry(f any) (uintptr, error) {
	wrapper := reflect.ValueOf(f).Pointer()
	fn := runtime.FuncForPC(wrapper)
	name := func(fn *runtime.Func) string { return strings.TrimSuffix(fn.Name(), ".abi0") }
	for pc := wrapper; runtime.FuncForPC(pc) == fn; pc += callAlign {
		target, ok := callTarget(pc)
		if !ok || target == wrapper {
			continue
		}
		if g := runtime.FuncForPC(target); g != nil && g.Entry() == target && name(g) == name(fn) {
			return target, nil
		}
	}
	return 0, fmt.Errorf("%s is not assembly", name(fn))
}

// at returns a pointer to an address of code.
func at(pc uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&pc)) }

// Call calls the ABI0 function at entry with its arguments in f, where the results are
// afterwards. The memory that f points to must not move. An error says what the function
// broke; a fault is a [*Fault].
func Call(entry uintptr, f *Frame, env Env) error {
	// The runtime must not take this thread for something else meanwhile, nor take the call
	// to another one.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	grow()
	s := &state{in: *f, env: env.bits}
	if err := Try(func() { call(entry, s) }); err != nil {
		return err
	}
	*f = s.out
	return s.broken(env)
}

// Try calls f, and returns its panic as an error; that of a fault is a [*Fault].
func Try(f func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			reset()
			if fault, ok := r.(interface{ Addr() uintptr }); ok {
				err = &Fault{fault.Addr()}
				return
			}
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	f()
	return nil
}

func envError(got uint32, env Env) error {
	return fmt.Errorf("it left %s at %#x, which was %#x (%s)", envRegister, got, env.bits, env.Name)
}

func (s *state) broken(env Env) error {
	var errs []error
	if s.gotEnv&envMask != s.env&envMask {
		errs = append(errs, envError(s.gotEnv, env))
	}
	for i, v := range s.canaries {
		if v != canary {
			errs = append(errs, fmt.Errorf("it wrote %#x to the stack of its caller, %d bytes above the frame", v, 8*i))
			break
		}
	}
	if s.framePointer != 0 {
		errs = append(errs, errors.New("it lost the frame pointer"))
	}
	return errors.Join(append(errs, s.brokenHere()...)...)
}
