//go:build !purego

package fpenv

import "github.com/flengine/flengine/asm/neon"

const defaultEnv = 0 // FPCR

func get() uint64    { return neon.FloatEnv() }
func set(env uint64) { neon.SetFloatEnv(env) }
