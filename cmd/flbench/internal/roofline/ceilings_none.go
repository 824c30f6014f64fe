//go:build purego || !(amd64 || arm64)

package roofline

func simdCeilings() []ceilings { return nil }
