//go:build purego || !amd64

package kernel

func simd() []Candidate { return nil }
