//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "kernel_amd64.h"
#include "avx512_amd64.h"

// expneg: E = exp(−|x|) for the CX scores at SI.
TEXT expneg<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_SIGN, Z31)
	CONST(K_FLOOR, Z30)
	CONST(K_MAGIC, Z29)
	CONST(K_8_LN2, Z28)
	CONST(K_C1, Z27)
	CONST(K_C2, Z26)
	TABLE(·exp2, Z25)
	CONST(K_P2, Z24)
	CONST(K_P3, Z23)
	CONST(K_P4, Z22)
	XORQ AX, AX

loop:
	EXPNEG(0(SI)(AX*4), 0(R8)(AX*4), Z0, Z1, Z2, Z3)
	EXPNEG(64(SI)(AX*4), 64(R8)(AX*4), Z4, Z5, Z6, Z7)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	RET

// log1p: L = log1p(E).
TEXT log1p<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_MAGIC, Z31)
	CONST(K_7, Z30)
	TABLE(·recip, Z29)
	TABLE(·nlog, Z28)
	CONST(K_ONE, Z27)
	CONST(K_D0, Z26)
	CONST(K_D1, Z25)
	CONST(K_D2, Z24)
	CONST(K_D3, Z23)
	XORQ AX, AX

loop:
	LOG1P(0(R8)(AX*4), (0+LOFF)(R8)(AX*4), Z0, Z1, Z2, Z3, Z4)
	LOG1P(64(R8)(AX*4), (64+LOFF)(R8)(AX*4), Z5, Z6, Z7, Z8, Z9)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	RET

#define POWERTURN(o) \
	POWER(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+LOFF)(R8)(AX*4), (o+QOFF)(R8)(AX*4), Z0, Z1, Z2, Z3, Z4)

// power: Q = q^γ = exp(−γ·softplus(−u)).
TEXT power<>(SB), NOSPLIT|NOFRAME, $0
	CONST(K_SIGN, Z31)
	CONST(K_CEIL, Z30)
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
	VXORPS Z18, Z18, Z18
	XORQ AX, AX

loop:
	POWERTURN(0)
	POWERTURN(64)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT  loop
	RET

// func LossGamma0AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma0AVX512(SB), 0, $6208-112
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

// func LossGamma1AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma1AVX512(SB), 0, $6208-112
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

// func LossGamma2AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGamma2AVX512(SB), 0, $6208-112
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

// func LossGammaAVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·LossGammaAVX512(SB), 0, $6208-112
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

// func GradientGamma0AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma0AVX512(SB), 0, $6208-136
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

// func GradientGamma1AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma1AVX512(SB), 0, $6208-136
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

// func GradientGamma2AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGamma2AVX512(SB), 0, $6208-136
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

// func GradientGammaAVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
TEXT ·GradientGammaAVX512(SB), 0, $6208-136
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
