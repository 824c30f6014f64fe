//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx2_amd64.h"

// LNSETUP: the registers of NEGLN and LN1P, but Y15.
#define LNSETUP \
	LNCONST(LN_SCALE, Y14); \
	LNCONST(LN_SPLIT, Y13); \
	LNCONST(LN_MASK, Y12); \
	VMOVUPS ·lnrecip(SB), Y11; \
	VMOVUPS ·lntable(SB), Y10; \
	CONST(K_ONE, Y9); \
	LNCONST(LN_G1, Y8); \
	LNCONST(LN_G3, Y7)

#define CETURN(o) \
	CE(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)

// ce: L = min(−ln p_t, 100) for the CX scores at SI. If one of them is no
// probability, at least one of the first eight is NaN.
TEXT ce<>(SB), NOSPLIT|NOFRAME, $0
	VMOVUPS ·scaleof0(SB), Y15
	LNSETUP
	LNCONST(LN_LN2, Y6)
	VXORPS Y5, Y5, Y5
	XORQ AX, AX

loop:
	CETURN(0)
	CETURN(32)
	CETURN(64)
	CETURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	VPMAXUD Y9, Y5, Y5
	VPCMPEQD Y9, Y5, Y5          // Y5 = all bits where no x was beyond one
	VPCMPEQD Y0, Y0, Y0
	VPXOR Y0, Y5, Y5             // Y5 = NaN where one was
	VPOR LOFF(R8), Y5, Y5
	VMOVUPS Y5, LOFF(R8)
	RET

#define LNQTURN(o) \
	LNQ(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+QOFF)(R8)(AX*4), o(R8)(AX*4), Y0, Y1, Y2, Y3, Y4, Y5)
#define POWQTURN(o) \
	POWQ((o+QOFF)(R8)(AX*4), o(R8)(AX*4), R10, Y0, Y1, Y2, Y3, Y4)

// probpower: Q = q^γ = exp(−γ·S), S = −ln(1 − p_t) with its low part in E.
TEXT probpower<>(SB), NOSPLIT|NOFRAME, $0
	VMOVUPS ·scaleof1(SB), Y15
	LNSETUP
	LNCONST(LN_LN2HI, Y6)
	XORQ AX, AX

lnq:
	LNQTURN(0)
	LNQTURN(32)
	LNQTURN(64)
	LNQTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  lnq
	CONST(K_MAGIC, Y13)
	CONST(K_M8_LN2, Y12)
	CONST(K_C1, Y11)
	CONST(K_C2, Y10)
	VMOVUPS ·exp2(SB), Y9
	CONST(K_P2, Y8)
	CONST(K_P3, Y7)
	CONST(K_P4, Y6)
	XORQ AX, AX

powq:
	POWQTURN(0)
	POWQTURN(32)
	POWQTURN(64)
	POWQTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  powq
	RET

// func ProbLossGamma0AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma0AVX2(SB), 0, $6208-112
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

// func ProbLossGamma1AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma1AVX2(SB), 0, $6208-112
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

// func ProbLossGamma2AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma2AVX2(SB), 0, $6208-112
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

// func ProbLossGammaAVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGammaAVX2(SB), 0, $6208-112
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

// func ProbGradientGamma0AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma0AVX2(SB), 0, $6208-136
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

// func ProbGradientGamma1AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma1AVX2(SB), 0, $6208-136
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

// func ProbGradientGamma2AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma2AVX2(SB), 0, $6208-136
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

// func ProbGradientGammaAVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGammaAVX2(SB), 0, $6208-136
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
