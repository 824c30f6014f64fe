//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "opcodes_arm64.h"
#include "neon_arm64.h"

// Constants; package generic has the same ones, with their meaning and error.
DATA k<>+K_SIGN(SB)/8, $0x8000000080000000
DATA k<>+K_SIGN+8(SB)/8, $0x8000000080000000
DATA k<>+K_FLOOR(SB)/8, $0xc2b00f34c2b00f34 // −127·ln2
DATA k<>+K_FLOOR+8(SB)/8, $0xc2b00f34c2b00f34
DATA k<>+K_CEIL(SB)/8, $0x42b00f3442b00f34 // 127·ln2
DATA k<>+K_CEIL+8(SB)/8, $0x42b00f3442b00f34
DATA k<>+K_MAGIC(SB)/8, $0x4b4000004b400000 // 1.5·2²³
DATA k<>+K_MAGIC+8(SB)/8, $0x4b4000004b400000
DATA k<>+K_P2(SB)/8, $0x3f0000033f000003 // exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴
DATA k<>+K_P2+8(SB)/8, $0x3f0000033f000003
DATA k<>+K_P3(SB)/8, $0x3e2aae3b3e2aae3b
DATA k<>+K_P3+8(SB)/8, $0x3e2aae3b3e2aae3b
DATA k<>+K_ONE(SB)/8, $0x3f8000003f800000
DATA k<>+K_ONE+8(SB)/8, $0x3f8000003f800000
DATA k<>+K_D0(SB)/8, $0xbefffff8befffff8 // log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³)
DATA k<>+K_D0+8(SB)/8, $0xbefffff8befffff8
DATA k<>+K_D2(SB)/8, $0xbe804481be804481
DATA k<>+K_D2+8(SB)/8, $0xbe804481be804481
DATA k<>+K_INDEX(SB)/8, $0x0000000700000007
DATA k<>+K_INDEX+8(SB)/8, $0x0000000700000007
DATA k<>+K_SPREAD(SB)/8, $0x0404040404040404
DATA k<>+K_SPREAD+8(SB)/8, $0x0404040404040404
DATA k<>+K_BYTES(SB)/8, $0x0302010003020100
DATA k<>+K_BYTES+8(SB)/8, $0x0302010003020100
DATA k<>+K_EXPLANES(SB)/8, $0x3db172004138aa3b // 8/ln2, c1 + c2 = ln2/8, p4
DATA k<>+K_EXPLANES+8(SB)/8, $0x3d2a3a3b343fbe8e
DATA k<>+K_LOGLANES(SB)/8, $0x3eaaad5540e00000 // 7, d1, d3
DATA k<>+K_LOGLANES+8(SB)/8, $0x000000003e4467e0
DATA k<>+K_POWLANES(SB)/8, $0x3db17200c138aa3b // −8/ln2, c1 + c2 = ln2/8, p4
DATA k<>+K_POWLANES+8(SB)/8, $0x3d2a3a3b343fbe8e
DATA k<>+K_EXP2(SB)/8, $0x3f7b95c23f800000 // bits of 2^(j/8), less j<<20
DATA k<>+K_EXP2+8(SB)/8, $0x3f75fed73f7837f0
DATA k<>+K_EXP2+16(SB)/8, $0x3f75672a3f7504f3
DATA k<>+K_EXP2+24(SB)/8, $0x3f7ac0c73f7744fd
DATA k<>+K_RECIP(SB)/8, $0x3f62892f3f800000 // c ≈ 1/(1+i/7), such that −ln c is nearly a float32
DATA k<>+K_RECIP+8(SB)/8, $0x3f32ebe83f4728a8
DATA k<>+K_RECIP+16(SB)/8, $0x3f1579a93f23103b
DATA k<>+K_RECIP+24(SB)/8, $0x3f0002063f09c864
DATA k<>+K_NLOG(SB)/8, $0x3dfa6adc00000000 // −ln c
DATA k<>+K_NLOG+8(SB)/8, $0x3eb769f43e808ce3
DATA k<>+K_NLOG+16(SB)/8, $0x3f09bd6e3ee6ee80
DATA k<>+K_NLOG+24(SB)/8, $0x3f316e0c3f1e977e
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
GLOBL k<>(SB), RODATA|NOPTR, $416

// expneg: E = exp(−|x|) for the R9 scores at R0.
TEXT expneg<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_SIGN, 16)
	CONST(K_FLOOR, 17)
	CONST(K_MAGIC, 18)
	CONST(K_P3, 20)
	CONST(K_INDEX, 21)
	CONST(K_SPREAD, 22)
	CONST(K_BYTES, 23)
	CONST(K_EXP2, 24)
	CONST(K_EXP2+16, 25)
	CONST(K_EXPLANES, 26)
	MOVD R0, R13
	MOVD R7, R12
	MOVD R9, R11

loop:
	EXPNEG
	ADD  $64, R13
	ADD  $64, R12
	SUBS $16, R11
	BNE  loop
	RET

// log1p: L = log1p(E).
TEXT log1p<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_LOGLANES, 20)
	CONST(K_INDEX, 22)
	CONST(K_SPREAD, 23)
	CONST(K_BYTES, 24)
	CONST(K_RECIP, 25)
	CONST(K_RECIP+16, 26)
	CONST(K_NLOG, 27)
	CONST(K_NLOG+16, 28)
	CONST(K_ONE, 29)
	MOVD R7, R12
	MOVD R9, R11

loop:
	LOG1P
	ADD  $64, R12
	SUBS $16, R11
	BNE  loop
	RET

// power: Q = q^γ = exp(−γ·softplus(−u)).
TEXT power<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_POWLANES, 20)
	LDR_Q(16, 5, 21)
	CONST(K_MAGIC, 22)
	CONST(K_CEIL, 23)
	ADD $24, R5, R20
	LD1R_4S(20, 24)
	CONST(K_EXP2, 25)
	CONST(K_EXP2+16, 26)
	CONST(K_INDEX, 27)
	CONST(K_SPREAD, 28)
	CONST(K_BYTES, 29)
	CONST(K_P3, 30)
	MOVD R0, R13
	MOVD R1, R14
	MOVD R7, R12
	MOVD R9, R11

loop:
	POWER
	ADD  $64, R13
	ADD  $16, R14
	ADD  $64, R12
	SUBS $16, R11
	BNE  loop
	RET

// func LossGamma0NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma0NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	LOSSKERNEL(NOPOWER, MODULATE0)

// func LossGamma1NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma1NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	LOSSKERNEL(NOPOWER, MODULATE1)

// func LossGamma2NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma2NEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	LOSSKERNEL(NOPOWER, MODULATE2)

// func LossGammaNEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGammaNEON(SB), 0, $6208-112
	MOVD dst_base+0(FP), R3
	NILIFEMPTY(dst_len+8(FP), R3)
	MOVD x_base+24(FP), R0
	MOVD x_len+32(FP), R8
	MOVD y_base+48(FP), R1
	MOVD w_base+72(FP), R2
	NILIFEMPTY(w_len+80(FP), R2)
	MOVD p+96(FP), R5
	MOVD acc+104(FP), R6
	LOSSKERNEL(POWERPASS, MODULATE)

// func GradientGamma0NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma0NEON(SB), 0, $6208-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE0)

// func GradientGamma1NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma1NEON(SB), 0, $6208-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE1)

// func GradientGamma2NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma2NEON(SB), 0, $6208-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE2)

// func GradientGammaNEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGammaNEON(SB), 0, $6208-136
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
	GRADIENTKERNEL(POWERPASS, SLOPE)

// COUNT: D = D − (b = V ? −1 : 0) per byte of the pair of labels V16 V17.
#define COUNT(V, D) \
	PAIRC(CMEQ_16B, V, 16, 18); \
	PAIR(SUB_16B, 18, D, D)

// func CountLabelsNEON(y []uint8) (positive, ignored, invalid int)
//
// R0 labels   R1 labels left   V20 zeros   V21 ones   V22 255s
// V0 V1, V2 V3, V4 V5 counters of 0, 1, 255, a byte each: 255 turns are within
// range.
TEXT ·CountLabelsNEON(SB), NOSPLIT, $0-48
	MOVD y_base+0(FP), R0
	MOVD y_len+8(FP), R1
	MOVD R1, R2
	VMOVI $0, V20.B16
	VMOVI $1, V21.B16
	VMOVI $255, V22.B16
	MOV_16B(20, 0)
	MOV_16B(20, 1)
	MOV_16B(20, 2)
	MOV_16B(20, 3)
	MOV_16B(20, 4)
	MOV_16B(20, 5)

loop:
	SUBS $32, R1
	BLT  done
	PAIRLD(0, 0, 16)
	ADD  $32, R0
	COUNT(20, 0)
	COUNT(21, 2)
	COUNT(22, 4)
	B    loop

done:
	VUADDLV V0.B16, V0
	VUADDLV V1.B16, V1
	VUADDLV V2.B16, V2
	VUADDLV V3.B16, V3
	VUADDLV V4.B16, V4
	VUADDLV V5.B16, V5
	VADD V0.D2, V1.D2, V0.D2
	VADD V2.D2, V3.D2, V2.D2
	VADD V4.D2, V5.D2, V4.D2
	VMOV V2.D[0], R3
	VMOV V4.D[0], R4
	VMOV V0.D[0], R5
	MOVD R3, positive+24(FP)
	MOVD R4, ignored+32(FP)
	SUB  R3, R2
	SUB  R4, R2
	SUB  R5, R2             // R2 = labels that are none of 0, 1, 255
	MOVD R2, invalid+40(FP)
	RET
