//go:build !purego

package neon

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
func RowTop(x []float32) (most float32, top uint32)

//go:noescape
func RowSum(c *asm.RowSums)

//go:noescape
func RowLoss(c *asm.RowCall)

//go:noescape
func RowScale(c *asm.RowScales)

// rows is what the kernels of rows read, at the offsets that go_asm.h gives: multiples of 16,
// as LDR_Q takes them.
type rows struct {
	lnrecip           pairbits // c of ln, times 2⁻²⁴
	lntable           pair     // ln c
	exp2              pairbits // of 2^(j/8), less j<<20
	expands           bytes    // 0, 1, 2, 3: the bytes of a lane, to add to 4j in each
	spread            bytes    // j·spread: 4j in each byte of a lane
	index             bits     // j = n & index
	step              bits     // n·step = n<<20
	byte2             bytes    // byte 2 of a lane into all
	lnindex           bytes    // where 4j is in a byte
	expmask, mantissa bits     // exponent, without it
	unitbits          bits     // those of 2^(127 + 127)
	bias              bits     // 127
	one, minusone     vector
	max               vector // the largest finite number
	scale             vector // 2²⁴
	lnsplit           bits
	ln2exp            vector // −ln2/2²³
	ln2exphi          vector // in two parts
	ln2explo          vector
	ln2hi, ln2lo      vector // ln2 in two parts
	g0, g1, g2, g3    vector // of ln
	lnzero            vector
	magic             vector
	minus8ln2         vector // −8/ln2
	c1, c2            vector // ln2/8 in two parts
	p2, p3, p4        vector // of exp
	minus1016, ln2by8 vector
	first             [64]uint32 // all bits in the first 32; those from 32 − n on keep n scores
}

// Without field names none can be left out, and read as 0.
var rowconstants = rows{
	asm.LnRecip,
	asm.LnTable,
	asm.Exp2Bits,
	bytes{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
	bytes{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4},
	all[uint32](7),
	all[uint32](1 << 20),
	bytes{2, 2, 2, 2, 6, 6, 6, 6, 10, 10, 10, 10, 14, 14, 14, 14},
	bytes{28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
	all[uint32](asm.ExpMask), all[uint32](1<<23 - 1),
	all[uint32](254 << 23),
	all[uint32](127),
	all[float32](1), all[float32](-1),
	all[float32](math.MaxFloat32),
	all[float32](asm.ProbScale),
	all[uint32](asm.LnSplit),
	all[float32](asm.Ln2ByExp),
	all[float32](asm.Ln2ByExpHi),
	all[float32](asm.Ln2ByExpLo),
	all[float32](asm.Ln2Hi), all[float32](asm.Ln2Lo),
	all[float32](asm.G0), all[float32](asm.G1), all[float32](asm.G2), all[float32](asm.G3),
	all[float32](asm.LnZero),
	all[float32](asm.Magic),
	all[float32](-asm.EightByLn2),
	all[float32](asm.Ln2By8Hi), all[float32](asm.Ln2By8Lo),
	all[float32](asm.P2), all[float32](asm.P3), all[float32](asm.P4),
	all[float32](-1016), all[float32](asm.Ln2By8),
	firstOf(),
}

func firstOf() (t [64]uint32) {
	for i := range 32 {
		t[i] = 1<<32 - 1
	}
	return t
}
