//go:build !purego

package avx512

import "github.com/flengine/flengine/asm"

// The compiler writes the offsets of these types' fields to go_asm.h.
type (
	call   = asm.Call
	params = asm.Params
)

// sizeofEntries is the size of the table of kernels in bytes.
const sizeofEntries = 8 * asm.NumKernels

// Run runs the kernel of a call.
//
//go:noescape
func Run(c *asm.Call)

// Entries returns the addresses of the kernels' code; 0 where there is none.
func Entries() *[asm.NumKernels]uintptr

// A pass over a chunk, which only kernels can call: its arguments are in registers.
func probpower()
