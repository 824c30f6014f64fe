//go:build purego || !(amd64 || arm64)

package kernel

func simd() []Candidate { return nil }
