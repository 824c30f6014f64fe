//go:build !purego

package avx2

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// double is what a register holds of float64, and longs likewise as integers.
type (
	double = [4]float64
	longs  = [4]uint64
)

// vec is what the elementwise kernels read, at the offsets that go_asm.h gives. All are
// vectors, so that none crosses a cache line.
type vec struct {
	// exp in float32
	exp2           bits   // of 2^(j/8), less j<<20 and those of 1
	exp2low        vector // what they lack, relatively
	floor, ceil    vector // exp rounds to 0, to +Inf
	magic          vector // with the exponent's bias in it
	by8ln2, c1, c2 vector // 8/ln2, and ln2/8 in two parts
	p2, p3, p4     vector // of exp

	// log in float32
	logc, loghi, loglo vector // c, and −ln c in two parts
	ln2hi, ln2lo       vector // ln2/2²³ in two parts
	l0, l1, l2, l3, l4 vector // of log1p
	split              bits   // added to x: m from lowest on
	lowest             vector // 1 − 1/32
	bias, last         bits   // x − bias, as signed, is at most last where x is positive and normal
	normals            bits   // the largest number, less the least normal one
	finite             bits   // the largest number, less the least
	minnormal, two23   vector
	exp23              bits // 23<<23
	one, minusone      vector

	// bits of float32
	sign, exponent, magnitude, ones bits // exponent with the sign
	max, minusmax, minusinf         vector

	// float64
	log64c, log64hi, log64lo    bits // upper words: of c less those of 1, of −ln c in two parts
	floor64, ceil64             double
	magic64, byln2, ln2         double
	e2, e3, e4, e5, e6          double // of exp
	h0, h1, h2, h3, h4, h5, h6  double // of log1p
	one64, minusone64           double
	two52, bias64               double // 2⁵², and 1023 more
	max64, minusinf64           double
	split64                     longs // added to u: m from 1 − 1/32 on, and the exponent one more
	plus64, sign64, magnitude64 longs // no bit, the sign, all others
	exponent64, upper64         longs // upper words
}

// Bits of the least normal float32, and of the largest one.
const (
	leastNormal = 1 << 23
	largest     = 1<<31 - 1<<23 - 1
)

// Without field names none can be left out, and read as 0.
var vecconstants = vec{
	less(asm.Exp2Bits, math.Float32bits(1)),
	asm.Exp2Low,
	all[float32](asm.VecExpFloor), all[float32](asm.VecExpCeil),
	all[float32](asm.Magic + 16*127),
	all[float32](asm.EightByLn2), all[float32](asm.Ln2By8Hi), all[float32](asm.Ln2By8Lo),
	all[float32](asm.P2), all[float32](asm.P3), all[float32](asm.P4),

	asm.LogC, asm.LogHi, asm.LogLo,
	all[float32](-asm.Ln2ByExpHi), all[float32](-asm.Ln2ByExpLo),
	all[float32](asm.L0), all[float32](asm.L1), all[float32](asm.L2), all[float32](asm.L3), all[float32](asm.L4),
	all[uint32](asm.LogSplit),
	all[float32](1 - 1.0/32),
	all[uint32](1<<31 + leastNormal), all[uint32](1<<31 + largest - leastNormal),
	all[uint32](largest - leastNormal),
	all[uint32](largest - 1),
	all[float32](0x1p-126), all[float32](1 << 23),
	all[uint32](23 << 23),
	all[float32](1), all[float32](-1),

	all[uint32](1 << 31), all[uint32](asm.ExpMask), all[uint32](1<<31 - 1), all[uint32](1<<32 - 1),
	all[float32](math.MaxFloat32), all[float32](-math.MaxFloat32), all(float32(math.Inf(-1))),

	less(asm.Log64C, uint32(math.Float64bits(1)>>32)), asm.Log64Hi, asm.Log64Lo,
	four[float64](asm.Exp64Floor), four[float64](asm.Exp64Ceil),
	four[float64](asm.Magic64), four[float64](asm.ByLn2), four[float64](math.Ln2),
	four[float64](asm.E2), four[float64](asm.E3), four[float64](asm.E4), four[float64](asm.E5), four[float64](asm.E6),
	four[float64](asm.H0), four[float64](asm.H1), four[float64](asm.H2), four[float64](asm.H3),
	four[float64](asm.H4), four[float64](asm.H5), four[float64](asm.H6),
	four[float64](1), four[float64](-1),
	four[float64](1 << 52), four[float64](1<<52 + 1023),
	four[float64](math.MaxFloat64), four(math.Inf(-1)),
	four[uint64](asm.Log64Split + 1<<52),
	four[uint64](0), four[uint64](1 << 63), four[uint64](1<<63 - 1),
	four[uint64](0x7ff << 52), four[uint64](1<<64 - 1<<32),
}

// four returns v in all lanes.
func four[T float64 | uint64](v T) [4]T { return [4]T{v, v, v, v} }

// less returns a table less d.
func less(table bits, d uint32) bits {
	for i := range table {
		table[i] -= d
	}
	return table
}
