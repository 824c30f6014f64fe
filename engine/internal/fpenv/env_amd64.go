//go:build !purego

package fpenv

import "github.com/flengine/flengine/asm/avx2"

// defaultEnv is MXCSR without its flags: all exceptions masked, round to nearest.
const defaultEnv = 0x1f80

// These need no AVX2, for all the package's name.
func get() uint64    { return avx2.FloatEnv() }
func set(env uint64) { avx2.SetFloatEnv(env) }
