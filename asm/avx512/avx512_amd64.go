//go:build !purego

package avx512

import "github.com/flengine/flengine/asm"

// The compiler writes the offsets of these types' fields to go_asm.h.
type (
	call   = asm.Call
	params = asm.Params
	sweep  = asm.Sweep
	entry  = asm.Entry
	sums   = asm.WeightSums
)

const probs = asm.Probs

// sizeofEntries is the size of the table of kernels in bytes, and sizeofSweeps of those of
// sweeps.
const (
	sizeofEntries = 8 * asm.NumKernels
	sizeofSweeps  = 8 * asm.NumSweepKernels
)

// Run runs the kernel of a call.
//
//go:noescape
func Run(c *asm.Call)

// Entries returns the addresses of the kernels' code; 0 where there is none.
func Entries() *[asm.NumKernels]uintptr

// Sweep runs the kernels of several losses.
//
//go:noescape
func Sweep(s *asm.Sweep)

// SweepEntries returns the addresses of the code of the kernels of sweeps; 0 where there is
// none.
func SweepEntries() *[asm.NumSweepKernels]uintptr

// CountTargets counts the targets above 0, those of 1, and those of −1; see package generic.
//
//go:noescape
func CountTargets(y []float32) (positive, one, ignored, invalid int)

// Passes over a chunk, which only kernels can call: their arguments are in registers.
func expneg()
func log1p()
func power()
func crossentropy()
func probpower()
func classify()
func softexp()
func softln()
func qualityln()
func softpower()
