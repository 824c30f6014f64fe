package asm

import "math"

// The coefficients of the elementwise kernels, beside those of exp and ln2 that they
// share with the losses.

// exp(x) in float32 is 2^(n/8)·exp(r) as in the losses, with a low part of the table.
const (
	VecExpFloor = -105 // exp rounds to 0
	VecExpCeil  = 89   // exp rounds to +Inf
)

// Exp2Low[j] is what 2^(j/8) lacks in [Exp2Bits], relative to it.
var Exp2Low = [8]float32{
	0, -0x1.9c0c22p-27, 0x1.125002p-25, -0x1.0a355p-25,
	0x1.26055cp-26, 0x1.67a1cap-28, -0x1.f9c304p-27, -0x1.a5217cp-28,
}

// log(x) in float32 is k·ln2 − ln c + log1p(f), x = 2^k·m, f = c·m − 1.
const (
	LogSplit = 1 << 19 // added to the bits of x: m from 1 − 1/32 on

	// log1p(f) ≈ f + f²(L0 + … + L4·f⁴) on −0.0938 ≤ f ≤ 0.0782, relative error 2.3e-9.
	L0 = -0x1.000002p-1
	L1 = 0x1.55548cp-2
	L2 = -0x1.ffe452p-3
	L3 = 0x1.9c667cp-3
	L4 = -0x1.66db62p-3
)

// Entry j is for m about 1 + j/8: c, and −ln c in multiples of 2⁻¹⁶ and the rest. The
// multiples of 1/16 c make f exact.
var (
	LogC  = [8]float32{1, 0.875, 0.8125, 0.75, 0.6875, 0.625, 0.5625, 0.5}
	LogHi = [8]float32{
		0, 0x1.1178p-3, 0x1.a94p-3, 0x1.2698p-2,
		0x1.7fbp-2, 0x1.e148p-2, 0x1.2696p-1, 8 * Ln2By8Hi,
	}
	LogLo = [8]float32{
		0, 0x1.d044fcp-20, -0x1.2c3752p-19, -0x1.deecb2p-18,
		-0x1.7109fap-20, 0x1.4344e4p-19, 0x1.089a6ep-20, 8 * Ln2By8Lo,
	}
)

// exp(t) in float64 is 2^n·exp(r).
const (
	ByLn2      = math.Log2E      // 1/ln2
	Magic64    = 1.5 * (1 << 52) // t + Magic64 rounds t to an integer, in the low bits
	Exp64Floor = -112            // exp rounds to 0 in float32
	Exp64Ceil  = 95              // exp rounds to +Inf in float32

	// exp(r) ≈ 1 + r + r²(E2 + … + E6·r⁴) on |r| ≤ ln2/2, relative error 3.1e-9.
	E2 = 0x1.fffffb9ae39bdp-2
	E3 = 0x1.555491645ffd4p-3
	E4 = 0x1.5558f130f832cp-5
	E5 = 0x1.1239d64eefcd5p-7
	E6 = 0x1.6a24485b38cf7p-10
)

// log(u) in float64 is k·ln2 − ln c + log1p(f), u = 2^k·m, f = c·m − 1.
const (
	Log64Split = 1 << 48 // added to the bits of u: m from 1 − 1/32 on

	// log1p(f) ≈ f + f²(H0 + … + H6·f⁶) on −0.0563 ≤ f ≤ 0.0627, relative error 1.6e-13.
	// That is more than float32 asks for: pow magnifies it by up to 104.
	H0 = -0x1.000000000bbaep-1
	H1 = 0x1.555555639691fp-2
	H2 = -0x1.fffffda07e406p-3
	H3 = 0x1.9998d75baa4b8p-3
	H4 = -0x1.555bcd3b09d6ep-3
	H5 = 0x1.260f41f67f624p-3
	H6 = -0x1.f78cb558ccc22p-4
)

// Entry j is for m about 1 + j/8: c, and −ln c in two parts. Each is the upper word of a
// float64 whose lower word is 0. Of the c nearby, these are those whose −ln c is two such
// words to within 2⁻⁵³.
var (
	Log64C = [8]uint32{
		0x3ff00000, 0x3fec7108, 0x3fe998eb, 0x3fe745dd,
		0x3fe55576, 0x3fe3b07d, 0x3fe249a0, 0x3fe111b2,
	}
	Log64Hi = [8]uint32{
		0, 0x3fbe2dbf, 0x3fcc9360, 0x3fd4616c,
		0x3fd9f2c1, 0x3fdf14f9, 0x3fe1e787, 0x3fe41c62,
	}
	Log64Lo = [8]uint32{
		0, 0x3e6097af, 0x3e7a677c, 0x3e2121f7,
		0x3e8da154, 0x3e65aa58, 0x3e88524d, 0x3e76ea82,
	}
)
