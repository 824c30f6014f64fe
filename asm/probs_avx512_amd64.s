//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx512_amd64.h"

// LNSETUP: the registers of NEGLN and LN1P, but Z31.
#define LNSETUP \
	LNCONST(LN_SCALE, Z30); \
	LNCONST(LN_SPLIT, Z29); \
	LNCONST(LN_MASK, Z28); \
	TABLE(·lnrecip, Z27); \
	TABLE(·lntable, Z26); \
	CONST(K_ONE, Z25); \
	VBROADCASTSS ·abs(SB), Z24; \
	LNCONST(LN_G0, Z23); \
	LNCONST(LN_G1, Z22); \
	LNCONST(LN_G2, Z21); \
	LNCONST(LN_G3, Z20)

#define CETURN(o) \
	CE(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+LOFF)(R8)(AX*4), Z0, Z1, Z2, Z3, Z4)

// ce: L = min(−ln p_t, 100) for the CX scores at SI. If one of them is no
// probability, at least one of the first sixteen is NaN.
TEXT ce<>(SB), NOSPLIT|NOFRAME, $0
	VBROADCASTF32X4 ·scaleof0(SB), Z31
	LNSETUP
	LNCONST(LN_LN2, Z19)
	VBROADCASTSS ·hundred(SB), Z18
	VXORPS Z17, Z17, Z17
	VXORPS Z16, Z16, Z16
	XORQ AX, AX

loop:
	CETURN(0)
	CETURN(64)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	VPCMPUD $6, Z25, Z16, K1     // K1 = where an x was beyond one
	VPTERNLOGD $0xff, Z0, Z0, Z0 // Z0 = NaN
	VMOVUPS Z0, K1, LOFF(R8)
	RET

#define LNQTURN(o) \
	LNQ(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+QOFF)(R8)(AX*4), o(R8)(AX*4), Z0, Z1, Z2, Z3, Z4, Z5)
#define POWQTURN(o) \
	POWQ((o+QOFF)(R8)(AX*4), o(R8)(AX*4), Z0, Z1, Z2, Z3)

// probpower: Q = q^γ = exp(−γ·S), S = −ln(1 − p_t) with its low part in E.
TEXT probpower<>(SB), NOSPLIT|NOFRAME, $0
	VBROADCASTF32X4 ·scaleof1(SB), Z31
	LNSETUP
	LNCONST(LN_LN2HI, Z19)
	LNCONST(LN_LN2LO, Z18)
	XORQ AX, AX

lnq:
	LNQTURN(0)
	LNQTURN(64)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  lnq
	CONST(K_MAGIC, Z29)
	CONST(K_M8_LN2, Z28)
	CONST(K_C1, Z27)
	CONST(K_C2, Z26)
	TABLE(·exp2, Z25)
	CONST(K_P2, Z24)
	CONST(K_P3, Z23)
	CONST(K_P4, Z22)
	VBROADCASTSS 16(R10), Z21
	VBROADCASTSS 20(R10), Z20
	VBROADCASTSS 24(R10), Z19
	LNCONST(LN_ZERO, Z18)
	XORQ AX, AX

powq:
	POWQTURN(0)
	POWQTURN(64)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  powq
	RET

// func ProbLossGamma0AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma0AVX512(SB), 0, $6208-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE0)

// func ProbLossGamma1AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma1AVX512(SB), 0, $6208-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE1)

// func ProbLossGamma2AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma2AVX512(SB), 0, $6208-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(NOPOWER, PROBMODULATE2)

// func ProbLossGammaAVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGammaAVX512(SB), 0, $6208-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(PROBPOWERPASS, PROBMODULATE)

// func ProbGradientGamma0AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma0AVX512(SB), 0, $6208-136
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ grad_base+24(FP), R13
	MOVQ x_base+48(FP), SI
	MOVQ x_len+56(FP), DX
	MOVQ y_base+72(FP), BX
	MOVQ w_base+96(FP), R14
	NILIFEMPTY(w_len+104(FP), R14)
	MOVQ p+120(FP), R10
	MOVQ acc+128(FP), R11
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE0)

// func ProbGradientGamma1AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma1AVX512(SB), 0, $6208-136
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ grad_base+24(FP), R13
	MOVQ x_base+48(FP), SI
	MOVQ x_len+56(FP), DX
	MOVQ y_base+72(FP), BX
	MOVQ w_base+96(FP), R14
	NILIFEMPTY(w_len+104(FP), R14)
	MOVQ p+120(FP), R10
	MOVQ acc+128(FP), R11
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE1)

// func ProbGradientGamma2AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma2AVX512(SB), 0, $6208-136
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ grad_base+24(FP), R13
	MOVQ x_base+48(FP), SI
	MOVQ x_len+56(FP), DX
	MOVQ y_base+72(FP), BX
	MOVQ w_base+96(FP), R14
	NILIFEMPTY(w_len+104(FP), R14)
	MOVQ p+120(FP), R10
	MOVQ acc+128(FP), R11
	PROBGRADIENTKERNEL(NOPOWER, PROBSLOPE2)

// func ProbGradientGammaAVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGammaAVX512(SB), 0, $6208-136
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ grad_base+24(FP), R13
	MOVQ x_base+48(FP), SI
	MOVQ x_len+56(FP), DX
	MOVQ y_base+72(FP), BX
	MOVQ w_base+96(FP), R14
	NILIFEMPTY(w_len+104(FP), R14)
	MOVQ p+120(FP), R10
	MOVQ acc+128(FP), R11
	PROBGRADIENTKERNEL(PROBPOWERPASS, PROBSLOPE)
