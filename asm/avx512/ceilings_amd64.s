//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// What a machine does at most, with vectors of 512 bits; package avx2 has the words.
//
// Z31 the step, ½   Z0…Z23 chains   CX turns left

#define FMA(r) VFMADD213PS Z31, Z31, r  /* r = r/2 + ½, towards 1 */
#define ADD(r) VADDPS Z31, r, r
#define SUB(r) VSUBPS Z31, r, r
#define INT(r) VPADDD Z31, r, r
#define DIV(r) VDIVPS r, Z31, r         /* r = 1.7182/r: one of two values */
#define SET(r) VBROADCASTSS ·peakConstants+peaks_start(SB), r

#define EACH4(OP, a, b, c, d) OP(a); OP(b); OP(c); OP(d)
#define EACH8(OP) EACH4(OP, Z0, Z1, Z2, Z3); EACH4(OP, Z4, Z5, Z6, Z7)
#define EACH16(OP) EACH8(OP); EACH4(OP, Z8, Z9, Z10, Z11); EACH4(OP, Z12, Z13, Z14, Z15)
#define EACH24(OP) EACH16(OP); EACH4(OP, Z16, Z17, Z18, Z19); EACH4(OP, Z20, Z21, Z22, Z23)

// Four each of FMA and ADD or SUB in turns.
#define FOUR2(AS, a, b, c, d, e, f, g, h) \
	FMA(a); AS(e); FMA(b); AS(f); FMA(c); AS(g); FMA(d); AS(h)

// START: the constant c in Z31, and chains that begin with 1.3332.
#define START(c) \
	MOVQ turns+0(FP), CX; \
	MOVQ CX, AX; \
	VBROADCASTSS ·peakConstants+c(SB), Z31; \
	EACH24(SET)

// END: n operations per turn.
#define END(n, loop) \
	DECQ CX; \
	JNZ  loop; \
	IMULQ $n, AX; \
	MOVQ AX, ops+8(FP); \
	VZEROUPPER; \
	RET

// func FMAPeak(turns int) (ops int)
TEXT ·FMAPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH24(FMA)
	EACH24(FMA)
	END(48, loop)

// func AddPeak(turns int) (ops int)
TEXT ·AddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH24(ADD)
	EACH24(SUB)
	END(48, loop)

#define FMAADD12(AS) \
	FOUR2(AS, Z0, Z1, Z2, Z3, Z12, Z13, Z14, Z15); \
	FOUR2(AS, Z4, Z5, Z6, Z7, Z16, Z17, Z18, Z19); \
	FOUR2(AS, Z8, Z9, Z10, Z11, Z20, Z21, Z22, Z23)

// func FMAAddPeak(turns int) (ops int)
TEXT ·FMAAddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	FMAADD12(ADD)
	FMAADD12(SUB)
	END(48, loop)

// func IntegerPeak(turns int) (ops int)
TEXT ·IntegerPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH24(INT)
	EACH24(INT)
	END(48, loop)

// func DivPeak(turns int) (ops int)
TEXT ·DivPeak(SB), NOSPLIT, $0-16
	START(peaks_dividend)

loop:
	EACH8(DIV)
	EACH8(DIV)
	END(16, loop)

// 256 bytes at offset AX: loads from r, stores to r.
#define LOAD256(r) \
	VMOVUPS 0(r)(AX*1), Z0; \
	VMOVUPS 64(r)(AX*1), Z1; \
	VMOVUPS 128(r)(AX*1), Z2; \
	VMOVUPS 192(r)(AX*1), Z3
#define STORE256(r) \
	VMOVUPS Z0, 0(r)(AX*1); \
	VMOVUPS Z1, 64(r)(AX*1); \
	VMOVUPS Z2, 128(r)(AX*1); \
	VMOVUPS Z3, 192(r)(AX*1)

// NEXT: the next 256 of DX bytes, or the next of CX passes.
#define NEXT(loop, pass) \
	ADDQ $256, AX; \
	CMPQ AX, DX; \
	JLT  loop; \
	DECQ CX; \
	JNZ  pass; \
	VZEROUPPER; \
	RET

// func Read(x []float32, passes int)
TEXT ·Read(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), DX
	MOVQ passes+24(FP), CX
	SHLQ $2, DX

pass:
	XORQ AX, AX

loop:
	LOAD256(SI)
	NEXT(loop, pass)

// func Update(x []float32, passes int)
TEXT ·Update(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), DX
	MOVQ passes+24(FP), CX
	SHLQ $2, DX

pass:
	XORQ AX, AX

loop:
	LOAD256(SI)
	STORE256(SI)
	NEXT(loop, pass)

// func Copy(dst, src []float32, passes int)
TEXT ·Copy(SB), NOSPLIT, $0-56
	MOVQ dst_base+0(FP), DI
	MOVQ src_base+24(FP), SI
	MOVQ src_len+32(FP), DX
	MOVQ passes+48(FP), CX
	SHLQ $2, DX

pass:
	XORQ AX, AX

loop:
	LOAD256(SI)
	STORE256(DI)
	NEXT(loop, pass)
