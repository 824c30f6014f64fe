//go:build purego || !(amd64 || arm64)

package fpenv

const (
	canSet     = false
	defaultEnv = 0
)

func isDefault() bool { return computesByDefault() }
func get() uint64     { return 0 }
func set(uint64)      {}

// Others is empty: no environment can be set.
var Others map[string]uint64
