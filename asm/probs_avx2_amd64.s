//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx2_amd64.h"

// LNSETUP: the registers of NEGLN, but Y15. LN1PSETUP: those of LN1P.
#define LNSETUP \
	LNCONST(LN_SCALE, Y14); \
	LNCONST(LN_SPLIT, Y13); \
	LNCONST(LN_MASK, Y12); \
	VMOVUPS ·lnrecip(SB), Y11; \
	VMOVUPS ·lntable(SB), Y10; \
	CONST(K_ONE, Y9)
#define LN1PSETUP \
	LNCONST(LN_G0, Y13); \
	LNCONST(LN_G1, Y12); \
	LNCONST(LN_G2, Y11); \
	LNCONST(LN_G3, Y10)

#define LNHEADTURN(o) \
	LNHEAD(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R8)(AX*4), (o+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
#define LNTAILTURN(o) \
	LNTAIL(o(R8)(AX*4), (o+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)

// ce: L = min(−ln p_t, 100) for the CX scores at SI. If one of them is no
// probability, at least one of the first eight is NaN.
TEXT ce<>(SB), NOSPLIT|NOFRAME, $0
	VMOVUPS ·scaleof0(SB), Y15
	LNSETUP
	LNCONST(LN_LN2, Y6)
	VXORPS Y5, Y5, Y5
	XORQ AX, AX

head:
	LNHEADTURN(0)
	LNHEADTURN(32)
	LNHEADTURN(64)
	LNHEADTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  head
	VPMAXUD Y9, Y5, Y5
	VPCMPEQD Y9, Y5, Y5          // Y5 = all bits where no x was beyond one
	VPCMPEQD Y0, Y0, Y0
	VPXOR Y0, Y5, Y5             // Y5 = NaN where one was
	VMOVUPS ·hundred(SB), Y15
	LN1PSETUP
	XORQ AX, AX

tail:
	LNTAILTURN(0)
	LNTAILTURN(32)
	LNTAILTURN(64)
	LNTAILTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  tail
	VPOR LOFF(R8), Y5, Y5
	VMOVUPS Y5, LOFF(R8)
	RET

#define LNQHEADTURN(o) \
	LNQHEAD(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+TOFF)(R8)(AX*4), (o+QOFF)(R8)(AX*4), o(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
#define LNQTAILTURN(o) \
	LNQTAIL((o+TOFF)(R8)(AX*4), (o+QOFF)(R8)(AX*4), o(R8)(AX*4), Y0, Y1, Y2, Y3, Y4, Y5)
#define POWQTURN(o) \
	POWQ((o+QOFF)(R8)(AX*4), (o+TOFF)(R8)(AX*4), Y0, Y1, Y2, Y3)
#define POWEXPTURN(o) \
	POWEXP((o+QOFF)(R8)(AX*4), (o+TOFF)(R8)(AX*4), Y0, Y1, Y2, Y3)

// probpower: Q = q^γ = exp(−γ·s), s = −ln(1 − p_t) with its low part.
TEXT probpower<>(SB), NOSPLIT|NOFRAME, $0
	VMOVUPS ·scaleof1(SB), Y15
	LNSETUP
	XORQ AX, AX

head:
	LNQHEADTURN(0)
	LNQHEADTURN(32)
	LNQHEADTURN(64)
	LNQHEADTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  head
	LNCONST(LN_LN2HI, Y15)
	LNCONST(LN_LN2LO, Y14)
	LN1PSETUP
	XORQ AX, AX

tail:
	LNQTAILTURN(0)
	LNQTAILTURN(32)
	LNQTAILTURN(64)
	LNQTAILTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  tail
	POWERSETUP
	LNCONST(LN_ZERO, Y8)
	LNCONST(LN_TZERO, Y7)
	XORQ AX, AX

product:
	POWQTURN(0)
	POWQTURN(32)
	POWQTURN(64)
	POWQTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  product
	EXPSETUP
	XORQ AX, AX

exp:
	POWEXPTURN(0)
	POWEXPTURN(32)
	POWEXPTURN(64)
	POWEXPTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  exp
	RET

// func ProbLossGamma0AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma0AVX2(SB), 0, $8256-112
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
TEXT ·ProbLossGamma1AVX2(SB), 0, $8256-112
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
TEXT ·ProbLossGamma2AVX2(SB), 0, $8256-112
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
TEXT ·ProbLossGammaAVX2(SB), 0, $8256-112
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
TEXT ·ProbGradientGamma0AVX2(SB), 0, $8256-136
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
TEXT ·ProbGradientGamma1AVX2(SB), 0, $8256-136
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
TEXT ·ProbGradientGamma2AVX2(SB), 0, $8256-136
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
TEXT ·ProbGradientGammaAVX2(SB), 0, $8256-136
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
