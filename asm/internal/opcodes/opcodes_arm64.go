//go:build !purego

package opcodes

// bounds returns the addresses of the first of the macros' words, and of the end
// of the last. The words are data: nothing executes them.
func bounds() (first, end uintptr)
