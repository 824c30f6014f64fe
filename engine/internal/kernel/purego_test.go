//go:build purego

package kernel

func init() { purego = true }
