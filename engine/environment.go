package engine

import "github.com/flengine/flengine/engine/internal/fpenv"

// UnderDefaultEnvironment runs f where the floating-point environment of the thread (rounding
// mode, flush-to-zero) is the default, which it is not where a C library built with -ffast-math
// has changed it: for arithmetic beside that of this package, whose functions see to it
// themselves. The environment comes back afterwards. It does not hold for goroutines that f
// starts. Where it cannot be set, see the package's comment, f does not run, and that is the error.
func UnderDefaultEnvironment(f func()) error {
	env, err := fpenv.EnterLocked()
	if err != nil {
		return err
	}
	defer env.Leave()
	f()
	return nil
}
