//go:build !purego

#include "funcdata.h"
#include "textflag.h"
#include "avx2_amd64.h"

// Constants; package generic has the same ones, with their meaning and error.
DATA k<>+K_SIGN(SB)/4, $0x80000000
DATA k<>+K_MAGIC(SB)/4, $0x4b400000  // 1.5·2²³
DATA k<>+K_C1(SB)/4, $0x3db17200     // ln2/8, 15 bits
DATA k<>+K_C2(SB)/4, $0x343fbe8e     // ln2/8 − c1
DATA k<>+K_P2(SB)/4, $0x3f000003     // exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴
DATA k<>+K_P3(SB)/4, $0x3e2aae3b
DATA k<>+K_P4(SB)/4, $0x3d2a3a3b
DATA k<>+K_ONE(SB)/4, $0x3f800000
DATA k<>+K_M8_LN2(SB)/4, $0xc138aa3b // −8/ln2
GLOBL k<>(SB), RODATA|NOPTR, $68

DATA ln<>+LN_SCALE(SB)/4, $0x4b800000 // 2²⁴
DATA ln<>+LN_SPLIT(SB)/4, $0x4b380000 // lnSplit
DATA ln<>+LN_MASK(SB)/4, $0xff800000  // sign and exponent
DATA ln<>+LN_LN2(SB)/4, $0xb3b17218   // −ln2/2²³
DATA ln<>+LN_LN2HI(SB)/4, $0xb3b17200 // −ln2/2²³, 15 bits
DATA ln<>+LN_LN2LO(SB)/4, $0xaa3fbe8e // the rest
DATA ln<>+LN_G0(SB)/4, $0xbeffffee    // ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³)
DATA ln<>+LN_G1(SB)/4, $0x3eaaab70
DATA ln<>+LN_G2(SB)/4, $0xbe8059ca
DATA ln<>+LN_G3(SB)/4, $0x3e4a990b
DATA ln<>+LN_ZERO(SB)/4, $0x42d20000  // 105
GLOBL ln<>(SB), RODATA|NOPTR, $44

// Bits of 2^(j/8), less j<<20.
DATA exp2<>+0(SB)/8, $0x3f7b95c23f800000
DATA exp2<>+8(SB)/8, $0x3f75fed73f7837f0
DATA exp2<>+16(SB)/8, $0x3f75672a3f7504f3
DATA exp2<>+24(SB)/8, $0x3f7ac0c73f7744fd
GLOBL exp2<>(SB), RODATA|NOPTR, $32

// c·2⁻²⁴, c ≈ 1/m amid each eighth of m's range, chosen so that ln c is nearly a
// float32.
DATA lnrecip<>+0(SB)/8, $0x339d906c33aab27d
DATA lnrecip<>+8(SB)/8, $0x3388818e33924777
DATA lnrecip<>+16(SB)/8, $0x336388ea33800000
DATA lnrecip<>+24(SB)/8, $0x333a3636334cd4b4
GLOBL lnrecip<>(SB), RODATA|NOPTR, $32

// ln c.
DATA lntable<>+0(SB)/8, $0x3e54ca273e936287
DATA lntable<>+8(SB)/8, $0x3d83c4153e08b0b5
DATA lntable<>+16(SB)/8, $0xbdf1680200000000
DATA lntable<>+24(SB)/8, $0xbea2f74abe64583b
GLOBL lntable<>(SB), RODATA|NOPTR, $32

// By label: a of t = |a − x| for p_t and for 1 − p_t, times 2²⁴, and as it is.
DATA scaleof0<>+0(SB)/8, $0x000000004b800000
DATA scaleof0<>+8(SB)/8, $0x4b8000004b800000
DATA scaleof0<>+16(SB)/8, $0x000000004b800000
DATA scaleof0<>+24(SB)/8, $0x4b8000004b800000
GLOBL scaleof0<>(SB), RODATA|NOPTR, $32
DATA scaleof1<>+0(SB)/8, $0x4b80000000000000
DATA scaleof1<>+8(SB)/8, $0x4b8000004b800000
DATA scaleof1<>+16(SB)/8, $0x4b80000000000000
DATA scaleof1<>+24(SB)/8, $0x4b8000004b800000
GLOBL scaleof1<>(SB), RODATA|NOPTR, $32
DATA oneof0<>+0(SB)/8, $0x000000003f800000
DATA oneof0<>+8(SB)/8, $0x3f8000003f800000
DATA oneof0<>+16(SB)/8, $0x000000003f800000
DATA oneof0<>+24(SB)/8, $0x3f8000003f800000
GLOBL oneof0<>(SB), RODATA|NOPTR, $32
DATA oneof1<>+0(SB)/8, $0x3f80000000000000
DATA oneof1<>+8(SB)/8, $0x0000000000000000
DATA oneof1<>+16(SB)/8, $0x3f80000000000000
DATA oneof1<>+24(SB)/8, $0x0000000000000000
GLOBL oneof1<>(SB), RODATA|NOPTR, $32

// In all lanes: what is not the sign, the greatest CE, the least p_t of a gradient
// and the least q > 0.
DATA abs<>+0(SB)/8, $0x7fffffff7fffffff
DATA abs<>+8(SB)/8, $0x7fffffff7fffffff
DATA abs<>+16(SB)/8, $0x7fffffff7fffffff
DATA abs<>+24(SB)/8, $0x7fffffff7fffffff
GLOBL abs<>(SB), RODATA|NOPTR, $32
DATA hundred<>+0(SB)/8, $0x42c8000042c80000
DATA hundred<>+8(SB)/8, $0x42c8000042c80000
DATA hundred<>+16(SB)/8, $0x42c8000042c80000
DATA hundred<>+24(SB)/8, $0x42c8000042c80000
GLOBL hundred<>(SB), RODATA|NOPTR, $32
DATA minprob<>+0(SB)/8, $0x2b8cbccc2b8cbccc
DATA minprob<>+8(SB)/8, $0x2b8cbccc2b8cbccc
DATA minprob<>+16(SB)/8, $0x2b8cbccc2b8cbccc
DATA minprob<>+24(SB)/8, $0x2b8cbccc2b8cbccc
GLOBL minprob<>(SB), RODATA|NOPTR, $32
DATA least<>+0(SB)/8, $0x0000000100000001
DATA least<>+8(SB)/8, $0x0000000100000001
DATA least<>+16(SB)/8, $0x0000000100000001
DATA least<>+24(SB)/8, $0x0000000100000001
GLOBL least<>(SB), RODATA|NOPTR, $32

// Sign bit on the label 1.
DATA negatepos<>+0(SB)/8, $0x8000000000000000
DATA negatepos<>+8(SB)/8, $0
DATA negatepos<>+16(SB)/8, $0x8000000000000000
DATA negatepos<>+24(SB)/8, $0
GLOBL negatepos<>(SB), RODATA|NOPTR, $32

// LNSETUP: the registers of NEGLN and LN1P, but Y15.
#define LNSETUP \
	LNCONST(LN_SCALE, Y14); \
	LNCONST(LN_SPLIT, Y13); \
	LNCONST(LN_MASK, Y12); \
	VMOVUPS lnrecip<>(SB), Y11; \
	VMOVUPS lntable<>(SB), Y10; \
	CONST(K_ONE, Y9); \
	LNCONST(LN_G1, Y8); \
	LNCONST(LN_G3, Y7)

#define CETURN(o) \
	CE(o(SI)(AX*4), (o/4)(BX)(AX*1), (o+LOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4)

// ce: L = min(−ln p_t, 100) for the CX scores at SI. If one of them is no
// probability, at least one of the first eight is NaN.
TEXT ce<>(SB), NOSPLIT|NOFRAME, $0
	VMOVUPS scaleof0<>(SB), Y15
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
	VMOVUPS scaleof1<>(SB), Y15
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
	VMOVUPS exp2<>(SB), Y9
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
