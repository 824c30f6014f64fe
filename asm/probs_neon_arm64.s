//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "opcodes_arm64.h"
#include "neon_arm64.h"

// Constants; package generic has the same ones, with their meaning and error.
DATA k<>+K_SIGN(SB)/8, $0x8000000080000000
DATA k<>+K_SIGN+8(SB)/8, $0x8000000080000000
DATA k<>+K_MAGIC(SB)/8, $0x4b4000004b400000 // 1.5·2²³
DATA k<>+K_MAGIC+8(SB)/8, $0x4b4000004b400000
DATA k<>+K_P2(SB)/8, $0x3f0000033f000003 // exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴
DATA k<>+K_P2+8(SB)/8, $0x3f0000033f000003
DATA k<>+K_P3(SB)/8, $0x3e2aae3b3e2aae3b
DATA k<>+K_P3+8(SB)/8, $0x3e2aae3b3e2aae3b
DATA k<>+K_ONE(SB)/8, $0x3f8000003f800000
DATA k<>+K_ONE+8(SB)/8, $0x3f8000003f800000
DATA k<>+K_INDEX(SB)/8, $0x0000000700000007
DATA k<>+K_INDEX+8(SB)/8, $0x0000000700000007
DATA k<>+K_SPREAD(SB)/8, $0x0404040404040404
DATA k<>+K_SPREAD+8(SB)/8, $0x0404040404040404
DATA k<>+K_BYTES(SB)/8, $0x0302010003020100
DATA k<>+K_BYTES+8(SB)/8, $0x0302010003020100
DATA k<>+K_POWLANES(SB)/8, $0x3db17200c138aa3b // −8/ln2, c1 + c2 = ln2/8, p4
DATA k<>+K_POWLANES+8(SB)/8, $0x3d2a3a3b343fbe8e
DATA k<>+K_EXP2(SB)/8, $0x3f7b95c23f800000 // bits of 2^(j/8), less j<<20
DATA k<>+K_EXP2+8(SB)/8, $0x3f75fed73f7837f0
DATA k<>+K_EXP2+16(SB)/8, $0x3f75672a3f7504f3
DATA k<>+K_EXP2+24(SB)/8, $0x3f7ac0c73f7744fd
DATA k<>+K_COPY(SB)/8, $0x0101010100000000 // byte k of 16 into all bytes of a lane
DATA k<>+K_COPY+8(SB)/8, $0x0303030302020202
DATA k<>+K_COPY+16(SB)/8, $0x0505050504040404
DATA k<>+K_COPY+24(SB)/8, $0x0707070706060606
DATA k<>+K_COPY+32(SB)/8, $0x0909090908080808
DATA k<>+K_COPY+40(SB)/8, $0x0b0b0b0b0a0a0a0a
DATA k<>+K_COPY+48(SB)/8, $0x0d0d0d0d0c0c0c0c
DATA k<>+K_COPY+56(SB)/8, $0x0f0f0f0f0e0e0e0e
DATA k<>+K_NEGATEPOS(SB)/8, $0x8000000000000000
DATA k<>+K_NEGATEPOS+8(SB)/8, $0x0000000000000000
DATA k<>+K_CELANES(SB)/8, $0x4b800000b3b17218 // −ln2/2²³, 2²⁴, g1, g3
DATA k<>+K_CELANES+8(SB)/8, $0x3e4a990b3eaaab70
DATA k<>+K_LNQLANES(SB)/8, $0x4b800000b3b17200 // −ln2/2²³ in 15 bits, 2²⁴, g1, g3
DATA k<>+K_LNQLANES+8(SB)/8, $0x3e4a990b3eaaab70
DATA k<>+K_LABEL1(SB)/8, $0x0000000100000001
DATA k<>+K_LABEL1+8(SB)/8, $0x0000000100000001
DATA k<>+K_SCALE(SB)/8, $0x4b8000004b800000 // 2²⁴
DATA k<>+K_SCALE+8(SB)/8, $0x4b8000004b800000
DATA k<>+K_SPLIT(SB)/8, $0x4b3800004b380000 // lnSplit
DATA k<>+K_SPLIT+8(SB)/8, $0x4b3800004b380000
DATA k<>+K_EXPONENT(SB)/8, $0xff800000ff800000 // sign and exponent
DATA k<>+K_EXPONENT+8(SB)/8, $0xff800000ff800000
DATA k<>+K_DOWN20(SB)/8, $0xffffffecffffffec // −20
DATA k<>+K_DOWN20+8(SB)/8, $0xffffffecffffffec
DATA k<>+K_LNTABLE(SB)/8, $0x3e54ca273e936287 // ln c
DATA k<>+K_LNTABLE+8(SB)/8, $0x3d83c4153e08b0b5
DATA k<>+K_LNTABLE+16(SB)/8, $0xbdf1680200000000
DATA k<>+K_LNTABLE+24(SB)/8, $0xbea2f74abe64583b
DATA k<>+K_LNRECIP(SB)/8, $0x339d906c33aab27d // c·2⁻²⁴, c ≈ 1/m amid each eighth of m's range, such that ln c is nearly a float32
DATA k<>+K_LNRECIP+8(SB)/8, $0x3388818e33924777
DATA k<>+K_LNRECIP+16(SB)/8, $0x336388ea33800000
DATA k<>+K_LNRECIP+24(SB)/8, $0x333a3636334cd4b4
DATA k<>+K_MINUSONE(SB)/8, $0xbf800000bf800000
DATA k<>+K_MINUSONE+8(SB)/8, $0xbf800000bf800000
DATA k<>+K_G0(SB)/8, $0xbeffffeebeffffee // ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³)
DATA k<>+K_G0+8(SB)/8, $0xbeffffeebeffffee
DATA k<>+K_G2(SB)/8, $0xbe8059cabe8059ca
DATA k<>+K_G2+8(SB)/8, $0xbe8059cabe8059ca
DATA k<>+K_HUNDRED(SB)/8, $0x42c8000042c80000 // the greatest CE
DATA k<>+K_HUNDRED+8(SB)/8, $0x42c8000042c80000
DATA k<>+K_LN2LO(SB)/8, $0xaa3fbe8eaa3fbe8e // −ln2/2²³ beyond 15 bits
DATA k<>+K_LN2LO+8(SB)/8, $0xaa3fbe8eaa3fbe8e
DATA k<>+K_LNZERO(SB)/8, $0x42d2000042d20000 // 105
DATA k<>+K_LNZERO+8(SB)/8, $0x42d2000042d20000
DATA k<>+K_ONEOF1(SB)/8, $0x3f80000000000000 // by label: 1 for 1
DATA k<>+K_ONEOF1+8(SB)/8, $0x0000000000000000
DATA k<>+K_MINPROB(SB)/8, $0x2b8cbccc2b8cbccc // 1e-12
DATA k<>+K_MINPROB+8(SB)/8, $0x2b8cbccc2b8cbccc
DATA k<>+K_LEAST(SB)/8, $0x0000000100000001 // 2⁻¹⁴⁹
DATA k<>+K_LEAST+8(SB)/8, $0x0000000100000001
GLOBL k<>(SB), RODATA|NOPTR, $736

// LNSETUP: the registers of NEGLN and LNF but V20 and V21, and the cursors.
#define LNSETUP \
	CONST(K_SPLIT, 23); \
	CONST(K_EXPONENT, 24); \
	CONST(K_LNTABLE, 25); \
	CONST(K_LNTABLE+16, 26); \
	CONST(K_LNRECIP, 27); \
	CONST(K_LNRECIP+16, 28); \
	CONST(K_INDEX, 29); \
	CONST(K_SPREAD, 30); \
	CONST(K_BYTES, 31); \
	MOVD R0, R13; \
	MOVD R1, R14; \
	MOVD R7, R12; \
	MOVD R9, R11

// ce: L = min(−ln p_t, 100) for the R9 scores at R0. If one of them is no
// probability, at least one of the first four is NaN.
TEXT ce<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_CELANES, 20)
	CONST(K_LABEL1, 21)
	LNSETUP
	EOR_16B(22, 22, 22)

loop:
	CE
	ADD  $64, R13
	ADD  $16, R14
	ADD  $64, R12
	SUBS $16, R11
	BNE  loop
	CONST(K_ONE, 0)
	UMAX_4S(0, 22, 22)
	CMEQ_4S(0, 22, 22)           // V22 = all bits where no x was beyond one
	CMEQ_4S(0, 0, 0)
	EOR_16B(0, 22, 22)           // V22 = NaN where one was
	LDR_Q(LOFF, 7, 0)
	ORR_16B(22, 0, 0)
	STR_Q(LOFF, 7, 0)
	RET

// probpower: Q = q^γ = exp(−γ·S), S = −ln(1 − p_t) with its low part in E.
TEXT probpower<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_LNQLANES, 20)
	EOR_16B(21, 21, 21)
	LNSETUP

lnq:
	LNQ
	ADD  $64, R13
	ADD  $16, R14
	ADD  $64, R12
	SUBS $16, R11
	BNE  lnq
	CONST(K_POWLANES, 20)
	LDR_Q(16, 5, 21)
	CONST(K_MAGIC, 22)
	ADD $24, R5, R20
	LD1R_4S(20, 24)
	CONST(K_EXP2, 25)
	CONST(K_EXP2+16, 26)
	CONST(K_INDEX, 27)
	CONST(K_SPREAD, 28)
	CONST(K_BYTES, 29)
	CONST(K_P3, 30)
	MOVD R7, R12
	MOVD R9, R11

powq:
	POWQ
	ADD  $64, R12
	SUBS $16, R11
	BNE  powq
	RET

// func ProbLossGamma0NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma0NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE0)

// func ProbLossGamma1NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma1NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE1)

// func ProbLossGamma2NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma2NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE2)

// func ProbLossGammaNEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGammaNEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	PROBLOSSKERNEL(PROBPOWERPASS, PROBMODULATE)

// func ProbGradientGamma0NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma0NEON(SB), 0, $6208-136
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD grad_base+24(FP), R4
	MOVD x_base+48(FP), R0
	MOVD x_len+56(FP), R8
	MOVD y_base+72(FP), R1
	MOVD w_base+96(FP), R2
	NILIFEMPTY(w_len+104(FP), R2)
	MOVD p+120(FP), R5
	MOVD acc+128(FP), R6
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE0)

// func ProbGradientGamma1NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma1NEON(SB), 0, $6208-136
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD grad_base+24(FP), R4
	MOVD x_base+48(FP), R0
	MOVD x_len+56(FP), R8
	MOVD y_base+72(FP), R1
	MOVD w_base+96(FP), R2
	NILIFEMPTY(w_len+104(FP), R2)
	MOVD p+120(FP), R5
	MOVD acc+128(FP), R6
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE1)

// func ProbGradientGamma2NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma2NEON(SB), 0, $6208-136
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD grad_base+24(FP), R4
	MOVD x_base+48(FP), R0
	MOVD x_len+56(FP), R8
	MOVD y_base+72(FP), R1
	MOVD w_base+96(FP), R2
	NILIFEMPTY(w_len+104(FP), R2)
	MOVD p+120(FP), R5
	MOVD acc+128(FP), R6
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE2)

// func ProbGradientGammaNEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGammaNEON(SB), 0, $6208-136
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD grad_base+24(FP), R4
	MOVD x_base+48(FP), R0
	MOVD x_len+56(FP), R8
	MOVD y_base+72(FP), R1
	MOVD w_base+96(FP), R2
	NILIFEMPTY(w_len+104(FP), R2)
	MOVD p+120(FP), R5
	MOVD acc+128(FP), R6
	PROBGRADIENTKERNEL(PROBPOWERPASS, PROBSLOPE)
