//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx2_amd64.h"

// expneg: E = exp(−|x|) for the CX scores at SI.
TEXT expneg<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_SIGN, Y15)
	CONST(K_FLOOR, Y14)
	CONST(K_MAGIC, Y13)
	CONST(K_8_LN2, Y12)
	CONST(K_C1, Y11)
	CONST(K_C2, Y10)
	EXPSETUP
	XORQ AX, AX

loop:
	EXPNEG(0(SI)(AX*4), 0(R8)(AX*4), Y0, Y1, Y2, Y3)
	EXPNEG(32(SI)(AX*4), 32(R8)(AX*4), Y0, Y1, Y2, Y3)
	EXPNEG(64(SI)(AX*4), 64(R8)(AX*4), Y0, Y1, Y2, Y3)
	EXPNEG(96(SI)(AX*4), 96(R8)(AX*4), Y0, Y1, Y2, Y3)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	RET

// log1p: L = log1p(E).
TEXT log1p<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_MAGIC, Y15)
	CONST(K_7, Y14)
	VMOVUPS ·recip(SB), Y13
	VMOVUPS ·nlog(SB), Y12
	CONST(K_ONE, Y11)
	CONST(K_D0, Y10)
	CONST(K_D1, Y9)
	CONST(K_D2, Y8)
	CONST(K_D3, Y7)
	XORQ AX, AX

loop:
	LOG1P(0(R8)(AX*4), (0+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
	LOG1P(32(R8)(AX*4), (32+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
	LOG1P(64(R8)(AX*4), (64+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
	LOG1P(96(R8)(AX*4), (96+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	RET

#define SPLITTURN(o) \
	SPLITSUM(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+LOFF)(R8)(AX*4), (o+QOFF)(R8)(AX*4), (o+TOFF)(R8)(AX*4), Y0, Y1, Y2, Y3)
#define POWRTURN(o) \
	POWR((o+QOFF)(R8)(AX*4), (o+TOFF)(R8)(AX*4), Y0, Y1, Y2, Y3)
#define POWEXPTURN(o) \
	POWEXP((o+QOFF)(R8)(AX*4), (o+TOFF)(R8)(AX*4), Y0, Y1, Y2, Y3)

// power: Q = q^γ = exp(−γ·softplus(−u)).
TEXT power<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_SIGN, Y15)
	CONST(K_CEIL, Y14)
	VXORPS Y13, Y13, Y13
	XORQ AX, AX

split:
	SPLITTURN(0)
	SPLITTURN(32)
	SPLITTURN(64)
	SPLITTURN(96)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  split
	POWERSETUP
	XORQ AX, AX

product:
	POWRTURN(0)
	POWRTURN(32)
	POWRTURN(64)
	POWRTURN(96)
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

// func LossGamma0AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma0AVX2(SB), 0, $8256-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	LOSSKERNEL(NOPOWER, MODULATE0)

// func LossGamma1AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma1AVX2(SB), 0, $8256-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	LOSSKERNEL(NOPOWER, MODULATE1)

// func LossGamma2AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma2AVX2(SB), 0, $8256-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	LOSSKERNEL(NOPOWER, MODULATE2)

// func LossGammaAVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGammaAVX2(SB), 0, $8256-112
	MOVQ dst_base+0(FP), R12
	NILIFEMPTY(dst_len+8(FP), R12)
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), DX
	MOVQ y_base+48(FP), BX
	MOVQ w_base+72(FP), R14
	NILIFEMPTY(w_len+80(FP), R14)
	MOVQ p+96(FP), R10
	MOVQ acc+104(FP), R11
	LOSSKERNEL(POWERPASS, MODULATE)

// func GradientGamma0AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma0AVX2(SB), 0, $8256-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE0)

// func GradientGamma1AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma1AVX2(SB), 0, $8256-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE1)

// func GradientGamma2AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma2AVX2(SB), 0, $8256-136
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
	GRADIENTKERNEL(NOPOWER, SLOPE2)

// func GradientGammaAVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGammaAVX2(SB), 0, $8256-136
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
	GRADIENTKERNEL(POWERPASS, SLOPE)

// COUNT: the labels V into the counters D = #1 − #255 and S = #1 + #255 of each byte,
// and into M, the greatest |label| so far.
#define COUNT(V, D, S, M) \
	VPADDB V, D, D; \
	VPABSB V, V; \
	VPADDB V, S, S; \
	VPMAXUB V, M, M

// TOTAL: R = sum of the 32 bytes in Y, whose low half is X. Y3 is zero.
#define TOTAL(Y, X, R) \
	VPSADBW Y3, Y, Y; \
	VEXTRACTI128 $1, Y, X7; \
	VPADDQ X7, X, X; \
	VPSRLDQ $8, X, X7; \
	VPADDQ X7, X, X; \
	VMOVQ X, R

// func CountLabelsAVX2(y []uint8) (positive, ignored, invalid int)
//
// SI labels   CX labels left   Y3 zeros   Y0, Y1, Y2 and Y4, Y5, Y6 COUNT's D, S, M; each
// takes at most 65 labels a byte, so that S and D + S = 2·#1 fit in one.
TEXT ·CountLabelsAVX2(SB), NOSPLIT, $0-48
	MOVQ y_base+0(FP), SI
	MOVQ y_len+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	SUBQ $64, CX
	JLT  tail

loop:
	VMOVDQU (SI), Y7
	VMOVDQU 32(SI), Y8
	COUNT(Y7, Y0, Y1, Y2)
	COUNT(Y8, Y4, Y5, Y6)
	ADDQ $64, SI
	SUBQ $64, CX
	JGE  loop

tail:
	ADDQ $32, CX
	JLT  total
	VMOVDQU (SI), Y7
	COUNT(Y7, Y0, Y1, Y2)

total:
	VPADDB Y1, Y0, Y0    // Y0, Y4 = 2·#1
	VPADDB Y5, Y4, Y4
	VPADDB Y5, Y1, Y1    // Y1 = S of both
	VPMAXUB Y6, Y2, Y2
	VPCMPEQB Y5, Y5, Y5
	VPABSB Y5, Y5        // Y5 = ones
	VPSUBUSB Y5, Y2, Y2  // Y2 = 0 where all labels are valid
	TOTAL(Y0, X0, AX)
	TOTAL(Y4, X4, BX)
	TOTAL(Y1, X1, DX)
	TOTAL(Y2, X2, DI)
	ADDQ BX, AX
	SHRQ $1, AX          // AX = #1
	SUBQ AX, DX          // DX = #255
	MOVQ AX, positive+24(FP)
	MOVQ DX, ignored+32(FP)
	MOVQ DI, invalid+40(FP)
	VZEROUPPER
	RET
