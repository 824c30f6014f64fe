//go:build !purego

package neon

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// double is what a register holds of float64, and longs likewise as integers.
type (
	double = [2]float64
	longs  = [2]uint64
)

// vec is what the elementwise kernels read, at the offsets that go_asm.h gives: multiples
// of 16, as LDR_Q takes them.
type vec struct {
	// exp in float32
	exp2           pairbits // of 2^(j/8), less j<<20
	exp2low        pair     // what they lack, relatively
	floor, ceil    vector   // exp rounds to 0, to +Inf
	magic          vector
	by8ln2, c1, c2 vector // 8/ln2, and ln2/8 in two parts
	p2, p3, p4     vector // of exp

	// log in float32
	logc, loghi, loglo pair   // c, and −ln c in two parts
	ln2hi, ln2lo       vector // ln2/2²³ in two parts
	l0, l1, l2, l3, l4 vector // of log1p
	split              bits   // added to x: m from 1 − 1/32 on
	bias, last         bits   // x − bias, as signed, is at most last where x is positive and normal
	minnormal, two23   vector
	exp23              bits // 23<<23
	one, minusone      vector

	// bits of float32
	sign, exponent, ones    bits // exponent with the sign
	max, minusmax, minusinf vector

	// float64
	log64c                     pairbits // upper words of c·2¹⁰²³
	log64hi, log64lo           pairbits // and of −ln c in two parts
	floor64, ceil64            double
	magic64, byln2, ln2        double
	e2, e3, e4, e5, e6         double // of exp
	h0, h1, h2, h3, h4, h5, h6 double // of log1p
	one64, minusone64          double
	two52, bias64              double // 2⁵², and 1023 more
	max64, minusinf64          double
	split64                    longs // added to u: m from 1 − 1/32 on
	plus64, sign64, exponent64 longs

	// Lookups: j = n & index, 4j in each byte of a lane by spread, to which expands adds 0
	// to 3; or 4j in each byte where lookup has bits, 0 to 3 elsewhere. In float64 that is for
	// the upper words; the lower ones are 0.
	index     bits
	step      bits // n·step = n<<20
	spread    bytes
	expands   bytes
	byte2     bytes // that of a lane into all
	lookup    bytes
	byte6     bytes // that of a lane into those of the upper word
	expands64 bytes
}

// Bits of the least normal float32, and of the largest one.
const (
	leastNormal = 1 << 23
	largest     = 1<<31 - 1<<23 - 1
)

// Without field names none can be left out, and read as 0.
var vecconstants = vec{
	asm.Exp2Bits,
	asm.Exp2Low,
	all[float32](asm.VecExpFloor), all[float32](asm.VecExpCeil),
	all[float32](asm.Magic),
	all[float32](asm.EightByLn2), all[float32](asm.Ln2By8Hi), all[float32](asm.Ln2By8Lo),
	all[float32](asm.P2), all[float32](asm.P3), all[float32](asm.P4),

	asm.LogC, asm.LogHi, asm.LogLo,
	all[float32](-asm.Ln2ByExpHi), all[float32](-asm.Ln2ByExpLo),
	all[float32](asm.L0), all[float32](asm.L1), all[float32](asm.L2), all[float32](asm.L3), all[float32](asm.L4),
	all[uint32](asm.LogSplit),
	all[uint32](1<<31 + leastNormal), all[uint32](1<<31 + largest - leastNormal),
	all[float32](0x1p-126), all[float32](1 << 23),
	all[uint32](23 << 23),
	all[float32](1), all[float32](-1),

	all[uint32](1 << 31), all[uint32](asm.ExpMask), all[uint32](1<<32 - 1),
	all[float32](math.MaxFloat32), all[float32](-math.MaxFloat32), all(float32(math.Inf(-1))),

	times1023(asm.Log64C), asm.Log64Hi, asm.Log64Lo,
	both[float64](asm.Exp64Floor), both[float64](asm.Exp64Ceil),
	both[float64](asm.Magic64), both[float64](asm.ByLn2), both[float64](math.Ln2),
	both[float64](asm.E2), both[float64](asm.E3), both[float64](asm.E4), both[float64](asm.E5), both[float64](asm.E6),
	both[float64](asm.H0), both[float64](asm.H1), both[float64](asm.H2), both[float64](asm.H3),
	both[float64](asm.H4), both[float64](asm.H5), both[float64](asm.H6),
	both[float64](1), both[float64](-1),
	both[float64](1 << 52), both[float64](1<<52 + 1023),
	both[float64](math.MaxFloat64), both(math.Inf(-1)),
	both[uint64](asm.Log64Split),
	both[uint64](0), both[uint64](1 << 63), both[uint64](0x7ff << 52),

	all[uint32](7),
	all[uint32](1 << 20),
	bytes{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4},
	bytes{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
	bytes{2, 2, 2, 2, 6, 6, 6, 6, 10, 10, 10, 10, 14, 14, 14, 14},
	bytes{28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
	bytes{255, 255, 255, 255, 6, 6, 6, 6, 255, 255, 255, 255, 14, 14, 14, 14},
	bytes{128, 128, 128, 128, 0, 1, 2, 3, 128, 128, 128, 128, 0, 1, 2, 3},
}

// both returns v in both lanes.
func both[T float64 | uint64](v T) [2]T { return [2]T{v, v} }

// times1023 returns upper words of numbers times 2¹⁰²³.
func times1023(table pairbits) pairbits {
	for i := range table {
		table[i] += 1023 << 20
	}
	return table
}
