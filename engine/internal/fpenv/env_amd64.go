//go:build !purego

package fpenv

import "github.com/flengine/flengine/asm/avx2"

const defaultEnv = avx2.DefaultFloatEnv

// These need no AVX2, for all the package's name.
func get() uint64    { return avx2.FloatEnv() }
func set(env uint64) { avx2.SetFloatEnv(env) }

// Others are environments that are not the default, for tests.
var Others = map[string]uint64{
	"flush-to-zero, denormals-are-zero": 0x9fc0,
	"denormals-are-zero":                0x1fc0,
	"flush-to-zero":                     0x9f80,
	"rounding down":                     0x3f80,
	"rounding up":                       0x5f80,
	"rounding towards zero":             0x7f80,
}
