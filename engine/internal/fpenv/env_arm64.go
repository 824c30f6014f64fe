//go:build !purego

package fpenv

import "github.com/flengine/flengine/asm/neon"

const defaultEnv = neon.DefaultFloatEnv

func get() uint64    { return neon.FloatEnv() }
func set(env uint64) { neon.SetFloatEnv(env) }

// Others are environments that are not the default, for tests.
var Others = map[string]uint64{
	"flush-to-zero":         1 << 24,
	"rounding up":           1 << 22,
	"rounding down":         2 << 22,
	"rounding towards zero": 3 << 22,
}
