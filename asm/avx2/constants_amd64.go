//go:build !purego

package avx2

import "github.com/flengine/flengine/asm"

// vector is what a register holds.
type vector = [8]float32

// bits likewise, as integers.
type bits = [8]uint32

// table is what the kernels read, at the offsets that go_asm.h gives. Vectors come first,
// so that none crosses a cache line.
type table struct {
	exp2      bits   // of 2^(j/8), less j<<20
	recip     vector // c of log1p
	neglog    vector // −ln c
	lnrecip   bits   // c of ln, times 2⁻²⁴
	lntable   vector // ln c
	negatepos bits   // by label: the sign bit for 1
	scaleof0  vector // by label: 2²⁴·a of t = |a − x|, for p_t
	scaleof1  vector // and for 1 − p_t
	oneof0    vector // a for p_t
	oneof1    vector // a for 1 − p_t
	abs       bits   // all but the sign
	maxce     vector // the greatest CE
	minprob   vector // the least p_t of a gradient
	least     vector // the least q > 0
	two, five vector
	minusone  vector
	two01     bits // indices of weights that are spread over four columns each: of two rows,
	two23     bits // and of the next two

	sign                 uint32
	floor, ceil          float32 // ∓127·ln2
	magic                float32
	by8ln2, minus8ln2    float32 // ±8/ln2
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
}

// Without field names none can be left out, and read as 0.
var constants = table{
	asm.Exp2Bits,
	asm.Recip,
	asm.NegLog,
	asm.LnRecip,
	asm.LnTable,
	bits{0, 1 << 31, 0, 0, 0, 1 << 31, 0, 0},
	vector{asm.ProbScale, 0, asm.ProbScale, asm.ProbScale, asm.ProbScale, 0, asm.ProbScale, asm.ProbScale},
	vector{0, asm.ProbScale, asm.ProbScale, asm.ProbScale, 0, asm.ProbScale, asm.ProbScale, asm.ProbScale},
	vector{1, 0, 1, 1, 1, 0, 1, 1},
	vector{0, 1, 0, 0, 0, 1, 0, 0},
	all[uint32](1<<31 - 1),
	all[float32](asm.MaxCE),
	all[float32](asm.MinProb),
	all[float32](asm.Least),
	all[float32](2), all[float32](5),
	all[float32](-1),
	bits{0, 0, 0, 0, 1, 1, 1, 1},
	bits{2, 2, 2, 2, 3, 3, 3, 3},

	1 << 31,
	asm.ExpFloor, asm.ExpCeil,
	asm.Magic,
	asm.EightByLn2, -asm.EightByLn2,
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
}

// all returns v in all lanes.
func all[T float32 | uint32](v T) [8]T { return [8]T{v, v, v, v, v, v, v, v} }
