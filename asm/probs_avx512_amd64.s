//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx512_amd64.h"

// probpower: Q = q^γ = exp(−γ·s), s = −ln(1 − p_t), for the CX scores at SI.
TEXT probpower<>(SB), NOSPLIT|NOFRAME, $0
	LNSETUP
	VBROADCASTF32X4 ·scaleof1(SB), Z15
	XORQ AX, AX

head:
	LNQHEAD(0(SI)(AX*4), 0(BX)(AX*1), (0+POW_LOW)(R8)(AX*4), (0+POW_Q)(R8)(AX*4), (0+POW_K)(R8)(AX*4))
	LNQHEAD(64(SI)(AX*4), 16(BX)(AX*1), (64+POW_LOW)(R8)(AX*4), (64+POW_Q)(R8)(AX*4), (64+POW_K)(R8)(AX*4))
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  head
	LNCONST(LN_LN2HI, Z14)
	LNCONST(LN_LN2LO, Z13)
	XORQ AX, AX

tail:
	LNQTAIL((0+POW_LOW)(R8)(AX*4), (0+POW_Q)(R8)(AX*4), (0+POW_K)(R8)(AX*4))
	LNQTAIL((64+POW_LOW)(R8)(AX*4), (64+POW_Q)(R8)(AX*4), (64+POW_K)(R8)(AX*4))
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  tail
	LOGITSETUP
	XORQ AX, AX

product:
	POWQ((0+POW_Q)(R8)(AX*4), (0+POW_LOW)(R8)(AX*4))
	POWQ((64+POW_Q)(R8)(AX*4), (64+POW_LOW)(R8)(AX*4))
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  product
	XORQ AX, AX

exp:
	POWEXP((0+POW_Q)(R8)(AX*4), (0+POW_LOW)(R8)(AX*4))
	POWEXP((64+POW_Q)(R8)(AX*4), (64+POW_LOW)(R8)(AX*4))
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  exp
	RET

// func ProbLossGamma0AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma0AVX512(SB), 0, $7232-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(ALL, NOPOWER, PROBMODULATE0)

// func ProbLossGamma1AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma1AVX512(SB), 0, $7232-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(ALL, NOPOWER, PROBMODULATE1)

// func ProbLossGamma2AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGamma2AVX512(SB), 0, $7232-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(ALL, NOPOWER, PROBMODULATE2)

// func ProbLossGammaAVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbLossGammaAVX512(SB), 0, $7232-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	PROBLOSSKERNEL(CHUNKSIZE, PROBPOWERPASS, PROBMODULATE)

// func ProbGradientGamma0AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma0AVX512(SB), 0, $7232-136
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
	PROBGRADIENTKERNEL(ALL, NOPOWER, PROBSLOPE0)

// func ProbGradientGamma1AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma1AVX512(SB), 0, $7232-136
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
	PROBGRADIENTKERNEL(ALL, NOPOWER, PROBSLOPE1)

// func ProbGradientGamma2AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGamma2AVX512(SB), 0, $7232-136
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
	PROBGRADIENTKERNEL(ALL, NOPOWER, PROBSLOPE2)

// func ProbGradientGammaAVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·ProbGradientGammaAVX512(SB), 0, $7232-136
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
	PROBGRADIENTKERNEL(CHUNKSIZE, PROBPOWERPASS, PROBSLOPE)
