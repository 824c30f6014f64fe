//go:build purego || !(amd64 || arm64)

package limits

func simdCeilings() []ceilings { return nil }
