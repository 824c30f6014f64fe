package vecmath

import "github.com/flengine/flengine/engine/internal/kernel"

// Funcs are the functions of this package on a kernel of choice, such as to
// compare kernels. The zero value has the kernel that the package's functions use.
type Funcs struct {
	set *kernel.Set
	bad string // why there is no set, if For failed
}

// For returns the functions on the kernel of that name, one of the names that
// package engine's Kernels returns, or on the fastest for the empty name. It fails
// if the kernel is unknown or cannot run here. The Funcs that it then returns
// is of no use: all its methods panic with the error's text, so that no other kernel
// stands in for the one asked for.
func For(name string) (Funcs, error) {
	set, err := kernel.Find(name)
	if err != nil {
		return Funcs{bad: err.Error()}, err
	}
	return Funcs{set: set}, nil
}

func (f Funcs) kernels() *kernel.Set {
	switch {
	case f.bad != "":
		panic("vecmath: functions that For returned with an error: " + f.bad)
	case f.set == nil:
		return kernels
	}
	return f.set
}

// Kernel returns the name of the kernel.
func (f Funcs) Kernel() string { return f.kernels().Name }

// Exp is [Exp] on f's kernel.
func (f Funcs) Exp(dst, src []float32) { unary("Exp", f.kernels(), kernel.Exp, dst, src) }

// Log is [Log] on f's kernel.
func (f Funcs) Log(dst, src []float32) { unary("Log", f.kernels(), kernel.Log, dst, src) }

// Log1p is [Log1p] on f's kernel.
func (f Funcs) Log1p(dst, src []float32) { unary("Log1p", f.kernels(), kernel.Log1p, dst, src) }

// Sigmoid is [Sigmoid] on f's kernel.
func (f Funcs) Sigmoid(dst, src []float32) { unary("Sigmoid", f.kernels(), kernel.Sigmoid, dst, src) }

// Softplus is [Softplus] on f's kernel.
func (f Funcs) Softplus(dst, src []float32) {
	unary("Softplus", f.kernels(), kernel.Softplus, dst, src)
}

// LogSigmoid is [LogSigmoid] on f's kernel.
func (f Funcs) LogSigmoid(dst, src []float32) {
	unary("LogSigmoid", f.kernels(), kernel.LogSigmoid, dst, src)
}

// Pow is [Pow] on f's kernel.
func (f Funcs) Pow(dst, src []float32, y float32) { pow(f.kernels(), dst, src, y) }
