//go:build !purego

package avx512

import "github.com/flengine/flengine/asm"

// octet is a table of eight, of which a register holds two copies, and quad one by the low
// two bits of the label, of which it holds four. The others are the same as integers.
type (
	octet     = [8]float32
	octetBits = [8]uint32
	quad      = [4]float32
	quadBits  = [4]uint32
)

// table is what the kernels read, at the offsets that go_asm.h gives. Tables come first,
// so that none crosses a cache line.
type table struct {
	exp2      octetBits // of 2^(j/8), less j<<20
	recip     octet     // c of log1p
	neglog    octet     // −ln c
	lnrecip   octetBits // c of ln, times 2⁻²⁴
	lntable   octet     // ln c
	negatepos quadBits  // by label: the sign bit for 1
	scaleof0  quad      // by label: 2²⁴·a of t = |a − x|, for p_t
	scaleof1  quad      // and for 1 − p_t
	oneof0    quad      // a for p_t
	oneof1    quad      // a for 1 − p_t

	sign, abs            uint32  // the sign, and all but it
	floor, ceil          float32 // ∓127·ln2
	magic                float32
	by8ln2               float32 // 8/ln2
	c1, c2               float32 // ln2/8 in two parts
	p2, p3, p4           float32 // of exp
	seven, one           float32
	d0, d1, d2, d3       float32 // of log1p
	lnscale              float32 // 2²⁴
	lnsplit, lnmask      uint32
	ln2exp, ln2hi, ln2lo float32 // −ln2/2²³, and in two parts
	g0, g1, g2, g3       float32 // of ln
	lnzero               float32
	lntzero              float32 // the t of exp's result 0
	maxce                float32 // the greatest CE
	minprob              float32 // the least p_t of a gradient
	least                float32 // the least q > 0
	five, minusone       float32
}

// Without field names none can be left out, and read as 0.
var constants = table{
	asm.Exp2Bits,
	asm.Recip,
	asm.NegLog,
	asm.LnRecip,
	asm.LnTable,
	quadBits{0, 1 << 31, 0, 0},
	quad{asm.ProbScale, 0, asm.ProbScale, asm.ProbScale},
	quad{0, asm.ProbScale, asm.ProbScale, asm.ProbScale},
	quad{1, 0, 1, 1},
	quad{0, 1, 0, 0},

	1 << 31, 1<<31 - 1,
	asm.ExpFloor, asm.ExpCeil,
	asm.Magic,
	asm.EightByLn2,
	asm.Ln2By8Hi, asm.Ln2By8Lo,
	asm.P2, asm.P3, asm.P4,
	7, 1,
	asm.D0, asm.D1, asm.D2, asm.D3,
	asm.ProbScale,
	asm.LnSplit, asm.ExpMask,
	asm.Ln2ByExp, asm.Ln2ByExpHi, asm.Ln2ByExpLo,
	asm.G0, asm.G1, asm.G2, asm.G3,
	asm.LnZero,
	asm.Magic - 1016,
	asm.MaxCE,
	asm.MinProb,
	asm.Least,
	5, -1,
}
