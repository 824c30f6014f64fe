//go:build !purego

package neon

import "github.com/flengine/flengine/asm"

// vector is what a register holds, and pair what two hold: a table to look up in.
type (
	vector = [4]float32
	pair   = [8]float32
)

// bits, pairbits and bytes likewise, as integers.
type (
	bits     = [4]uint32
	pairbits = [8]uint32
	bytes    = [16]uint8
)

// table is what the kernels read, at the offsets that go_asm.h gives: multiples of 16, as
// LDR_Q takes them. Lanes are used one by one.
type table struct {
	exp2     pairbits // of 2^(j/8), less j<<20
	recip    pair     // c of log1p
	neglog   pair     // −ln c
	lnrecip  pairbits // c of ln, times 2⁻²⁴
	lntable  pair     // ln c
	copies   [4]bytes // byte k of 16 into all bytes of lane k
	tops     [4]bytes // byte k of 16 into the highest byte of lane k, and 0 into the others
	expands  bytes    // 0, 1, 2, 3: the bytes of a lane, to add to 4j in each
	spread   bytes    // j·spread: 4j in each byte of a lane
	index    bits     // j = n & index
	step     bits     // n·step = n<<20
	byte2    bytes    // byte 2 of a lane into all
	lnindex  bytes    // where 4j is in a byte
	explanes vector   // 8/ln2, ln2/8 in two parts, p4
	loglanes vector   // 7, d1, d3
	celanes  vector   // −ln2/2²³, 2²⁴, g1, g3
	lnqlanes vector   // −ln2/2²³ in 15 bits, 2²⁴, g1, g3

	sign, negatepos bits   // the sign bit; by label: that of 1
	floor, ceil     vector // ∓127·ln2
	magic           vector
	p2, p3          vector // of exp
	zero            vector
	one, minusone   vector
	two, five       vector
	d0, d2          vector // of log1p
	label1          bits
	lnscale         vector // 2²⁴
	lnsplit, lnmask bits
	g0, g2          vector // of ln
	ln2lo           vector // −ln2/2²³ beyond 15 bits
	lnzero          vector
	oneof1          vector // by label: 1 for 1
	maxce           vector // the greatest CE
	minprob         vector // the least p_t of a gradient
	least           vector // the least q > 0
}

// Without field names none can be left out, and read as 0.
var constants = table{
	asm.Exp2Bits,
	asm.Recip,
	asm.NegLog,
	asm.LnRecip,
	asm.LnTable,
	[4]bytes{
		{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3},
		{4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7},
		{8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11},
		{12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15},
	},
	[4]bytes{tops(0), tops(4), tops(8), tops(12)},
	bytes{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
	bytes{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4},
	all[uint32](7),
	all[uint32](1 << 20),
	bytes{2, 2, 2, 2, 6, 6, 6, 6, 10, 10, 10, 10, 14, 14, 14, 14},
	bytes{28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
	vector{asm.EightByLn2, asm.Ln2By8Hi, asm.Ln2By8Lo, asm.P4},
	vector{7, asm.D1, asm.D3, 0},
	vector{asm.Ln2ByExp, asm.ProbScale, asm.G1, asm.G3},
	vector{asm.Ln2ByExpHi, asm.ProbScale, asm.G1, asm.G3},

	all[uint32](1 << 31), bits{0, 1 << 31, 0, 0},
	all[float32](asm.ExpFloor), all[float32](asm.ExpCeil),
	all[float32](asm.Magic),
	all[float32](asm.P2), all[float32](asm.P3),
	all[float32](0),
	all[float32](1), all[float32](-1),
	all[float32](2), all[float32](5),
	all[float32](asm.D0), all[float32](asm.D2),
	all[uint32](1),
	all[float32](asm.ProbScale),
	all[uint32](asm.LnSplit), all[uint32](asm.ExpMask),
	all[float32](asm.G0), all[float32](asm.G2),
	all[float32](asm.Ln2ByExpLo),
	all[float32](asm.LnZero),
	vector{0, 1, 0, 0},
	all[float32](asm.MaxCE),
	all[float32](asm.MinProb),
	all[float32](asm.Least),
}

// tops returns the indices of the bytes from k on, each for the highest byte of a lane; the
// others are beyond any table.
func tops(k uint8) bytes {
	return bytes{255, 255, 255, k, 255, 255, 255, k + 1, 255, 255, 255, k + 2, 255, 255, 255, k + 3}
}

// all returns v in all lanes.
func all[T float32 | uint32](v T) [4]T { return [4]T{v, v, v, v} }
