//go:build !purego

package avx2

// DefaultFloatEnv is what FloatEnv returns of a thread whose floating-point environment
// is the default: round to nearest even, gradual underflow, no exception trapped.
const DefaultFloatEnv = 0x1f80

// FloatEnv returns the floating-point environment of the calling thread: its MXCSR less
// the six flags of exceptions. It needs no more than SSE, which all of amd64 has. A
// goroutine may change threads; see runtime.LockOSThread.
func FloatEnv() uint64

// SetFloatEnv sets it to what FloatEnv returned, or to another valid MXCSR.
func SetFloatEnv(env uint64)
