//go:build (amd64 || arm64) && !purego

package fpenv

const canSet = true

func isDefault() bool { return get() == defaultEnv }
