//go:build !purego

package avx512

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// vec is what the elementwise kernels read, at the offsets that go_asm.h gives. Tables come
// first, then scalars, which are spread over a register or an operand.
type vec struct {
	exp2, exp2low [16]float32 // twice: 2^(j/8), and what that lacks, relatively

	// By the upper four bits of m: c, and −ln c in two parts.
	logc, loghi, loglo [16]float32
	powc, powhi, powlo [16]float64

	// By j: bits of c, less those of 1; −ln c in two parts.
	log64c           [8]uint64
	log64hi, log64lo [8]float64

	// By 8·(1 − k) + j, k = 0 or 1: c·2^−k, and k·ln2 − ln c.
	softplusc, softplusln [16]float64

	// float64
	byln264, magic64, ln2      float64 // 1/ln2
	e2, e3, e4, e5, e6         float64 // of exp
	h0, h1, h2, h3, h4, h5, h6 float64 // of log1p
	zero64, one64, minusone64  float64
	sign64, exponent64         uint64
	bound64                    uint64 // all but the exponent's first bit
	split64, splitup64         uint64 // added to u: m from 1 − 1/32 on, and the exponent one more
	fixsigmoid                 uint64 // VFIXUPIMM: 1 where not negative, else as it is
	fixlog1p                   uint64 // −Inf where 0, NaN where negative, +Inf where that

	// float32
	byln2, magic       float32 // 1/ln2
	ln2hi, ln2lo       float32 // ln2 in two parts
	p2, p3, p4         float32 // of exp
	l0, l1, l2, l3, l4 float32 // of log1p
	one                float32
	sign               uint32
	bound              uint32 // all but the exponent's first bit
}

// Without field names none can be left out, and read as 0.
var vecconstants = vec{
	twice(exp2()), twice(asm.Exp2Low),

	byBits(asm.LogC, asm.LogC[0]/2), byBits(asm.LogHi, 8*asm.Ln2By8Hi), byBits(asm.LogLo, 8*asm.Ln2By8Lo),
	byBits(upper(asm.Log64C), 0.5), byBits(upper(asm.Log64Hi), math.Ln2), byBits(upper(asm.Log64Lo), 0),

	less1(asm.Log64C),
	upper(asm.Log64Hi), upper(asm.Log64Lo),

	byBoth(0.5, upper(asm.Log64C)), byBoth(math.Ln2, plus(upper(asm.Log64Hi), upper(asm.Log64Lo))),

	asm.ByLn2, asm.Magic64, math.Ln2,
	asm.E2, asm.E3, asm.E4, asm.E5, asm.E6,
	asm.H0, asm.H1, asm.H2, asm.H3, asm.H4, asm.H5, asm.H6,
	0, 1, -1,
	1 << 63, 0x7ff << 52,
	1<<64 - 1 - 1<<62,
	asm.Log64Split, asm.Log64Split + 1<<52,
	0xa0a0aa00,
	0x03530400,

	asm.EightByLn2 / 8, asm.Magic / 8,
	8 * asm.Ln2By8Hi, 8 * asm.Ln2By8Lo,
	asm.P2, asm.P3, asm.P4,
	asm.L0, asm.L1, asm.L2, asm.L3, asm.L4,
	1,
	1 << 31,
	1<<32 - 1 - 1<<30,
}

// exp2 returns 2^(j/8) by j.
func exp2() (t [8]float32) {
	for j, b := range asm.Exp2Bits {
		t[j] = math.Float32frombits(b + uint32(j)<<20)
	}
	return t
}

// twice returns a table whose index is j mod 8.
func twice(t [8]float32) (r [16]float32) {
	copy(r[:8], t[:])
	copy(r[8:], t[:])
	return r
}

// byBits returns a table by the upper four bits i of m, from one by j = ⌈i/2⌉. From 31/16
// on, m counts as half of it, and k as one more: that entry is last.
func byBits[T float32 | float64](t [8]T, last T) (r [16]T) {
	for i := range r[:15] {
		r[i] = t[(i+1)/2]
	}
	r[15] = last
	return r
}

// byBoth returns a table by 8·(1 − k) + j, of whose entries for k = 1 only the first is
// in use.
func byBoth(k1 float64, k0 [8]float64) (r [16]float64) {
	r[0] = k1
	copy(r[8:], k0[:])
	return r
}

// upper returns the numbers that these are the upper words of.
func upper(t [8]uint32) (r [8]float64) {
	for j, w := range t {
		r[j] = math.Float64frombits(uint64(w) << 32)
	}
	return r
}

// less1 returns their bits, less those of 1.
func less1(t [8]uint32) (r [8]uint64) {
	for j, w := range t {
		r[j] = uint64(w)<<32 - math.Float64bits(1)
	}
	return r
}

func plus(a, b [8]float64) [8]float64 {
	for j := range a {
		a[j] += b[j]
	}
	return a
}
