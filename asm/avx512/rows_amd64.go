//go:build !purego

package avx512

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// The compiler writes the offsets of these types' fields to go_asm.h.
type (
	rowexps   = asm.RowExps
	rowsums   = asm.RowSums
	rowcall   = asm.RowCall
	rowscales = asm.RowScales
)

const rowFocal2 = asm.RowFocal2

// The kernels of rows. Signatures and preconditions are those of package generic.

//go:noescape
func RowExp(c *asm.RowExps)

//go:noescape
func RowSum(c *asm.RowSums)

//go:noescape
func RowLoss(c *asm.RowCall)

//go:noescape
func RowScale(c *asm.RowScales)

// rows is what the kernels of rows read besides, at the offsets that go_asm.h gives.
type rows struct {
	mantissa  uint32 // all but sign and exponent
	unitbits  uint32 // those of 2^(127 + 127)
	bias      uint32 // 127
	max       float32
	ln2hi     float32 // ln2 in two parts
	ln2lo     float32
	minus8ln2 float32 // −8/ln2
	minus1016 float32
	ln2by8    float32
}

// Without field names none can be left out, and read as 0.
var rowconstants = rows{
	1<<23 - 1,
	254 << 23,
	127,
	math.MaxFloat32,
	asm.Ln2Hi,
	asm.Ln2Lo,
	-asm.EightByLn2,
	-1016,
	asm.Ln2By8,
}
