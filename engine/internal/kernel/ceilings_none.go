//go:build purego || !(amd64 || arm64)

package kernel

func simdCeilings() []Ceilings { return nil }
