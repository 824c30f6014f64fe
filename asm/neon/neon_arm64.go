//go:build !purego

package neon

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

// CountLabels counts the labels 1 and 255; see package generic.
//
//go:noescape
func CountLabels(y []uint8) (positive, ignored, invalid int)

// WidenF16 widens float16 values; see package generic.
//
//go:noescape
func WidenF16(dst []float32, src []uint16)

// WidenBF16 widens bfloat16 values.
//
//go:noescape
func WidenBF16(dst []float32, src []uint16)

// CountTargets, LabelTargets and SmoothTargets: see package generic.
//
//go:noescape
func CountTargets(y []float32) (positive, one, ignored, invalid int)

//go:noescape
func LabelTargets(dst []float32, y []uint8, by *[4]float32)

//go:noescape
func SmoothTargets(dst, y []float32, scale, shift float32)

// SpreadWeights sets dst to the weights of rows, in each row that of w; see package generic.
//
//go:noescape
func SpreadWeights(dst, w []float32, columns, skip int)

// MultiplyWeights sets dst to a·b, and returns the bits that any factor has; see package generic.
//
//go:noescape
func MultiplyWeights(dst, a []float32, b *float32) (bits uint32)

// PickPositives sets dst to c where the label y is 1, else to 1; see package generic.
//
//go:noescape
func PickPositives(dst, c []float32, y *uint8)

// SumWeights adds the canonical sum of the weights that are not ignored to lanes, and returns
// the greatest bits of any; see package generic.
//
//go:noescape
func SumWeights(w []float32, y []uint8, lanes *[8]float64) (most uint32)

// Passes over a chunk, which only kernels can call: their arguments are in registers.
func expneg()
func log1p()
func power()
func crossentropy()
func probpower()
func softpower()
func qualitypower()
func classify()
