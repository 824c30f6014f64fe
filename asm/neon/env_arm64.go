//go:build !purego

package neon

// DefaultFloatEnv is what FloatEnv returns of a thread whose floating-point environment
// is the default: round to nearest even, gradual underflow, NaNs as they are, no exception
// trapped.
const DefaultFloatEnv = 0

// FloatEnv returns the floating-point environment of the calling thread: its FPCR. A
// goroutine may change threads; see runtime.LockOSThread.
func FloatEnv() uint64

// SetFloatEnv sets it to what FloatEnv returned, or to another valid FPCR.
func SetFloatEnv(env uint64)
