//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// What a machine does at most: loops of one kind of operation, in chains that do not
// depend on each other, and of loads and stores. All values stay normal numbers.
//
// Y15 the step, ½   Y0…Y14 chains   CX turns left

#define FMA(r) VFMADD213PS Y15, Y15, r  /* r = r/2 + ½, towards 1 */
#define ADD(r) VADDPS Y15, r, r
#define SUB(r) VSUBPS Y15, r, r
#define INT(r) VPADDD Y15, r, r
#define DIV(r) VDIVPS r, Y15, r         /* r = 1.7182/r: one of two values */
#define SET(r) VBROADCASTSS ·peakConstants+peaks_start(SB), r

#define EACH4(OP, a, b, c, d) OP(a); OP(b); OP(c); OP(d)
#define EACH8(OP) EACH4(OP, Y0, Y1, Y2, Y3); EACH4(OP, Y4, Y5, Y6, Y7)
#define EACH12(OP) EACH8(OP); EACH4(OP, Y8, Y9, Y10, Y11)

// Six of FMA, and of ADD or SUB, in turns. Nine chains of FMA and six of sums leave
// room for latencies of four and three cycles at two of each per cycle.
#define SIX(AS, a, b, c, d, e, f) \
	FMA(a); AS(Y9); FMA(b); AS(Y10); FMA(c); AS(Y11); \
	FMA(d); AS(Y12); FMA(e); AS(Y13); FMA(f); AS(Y14)

// START: the constant c in Y15, and chains that begin with 1.3332.
#define START(c) \
	MOVQ turns+0(FP), CX; \
	MOVQ CX, AX; \
	VBROADCASTSS ·peakConstants+c(SB), Y15; \
	EACH12(SET); \
	SET(Y12); \
	SET(Y13); \
	SET(Y14)

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
	EACH12(FMA)
	EACH12(FMA)
	EACH12(FMA)
	EACH12(FMA)
	END(48, loop)

// func AddPeak(turns int) (ops int)
TEXT ·AddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH12(ADD)
	EACH12(SUB)
	EACH12(ADD)
	EACH12(SUB)
	END(48, loop)

// func FMAAddPeak(turns int) (ops int)
TEXT ·FMAAddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	SIX(ADD, Y0, Y1, Y2, Y3, Y4, Y5)
	SIX(SUB, Y6, Y7, Y8, Y0, Y1, Y2)
	SIX(ADD, Y3, Y4, Y5, Y6, Y7, Y8)
	SIX(SUB, Y0, Y1, Y2, Y3, Y4, Y5)
	SIX(ADD, Y6, Y7, Y8, Y0, Y1, Y2)
	SIX(SUB, Y3, Y4, Y5, Y6, Y7, Y8)
	END(72, loop)

// func IntegerPeak(turns int) (ops int)
TEXT ·IntegerPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH12(INT)
	EACH12(INT)
	EACH12(INT)
	EACH12(INT)
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
	VMOVUPS 0(r)(AX*1), Y0; \
	VMOVUPS 32(r)(AX*1), Y1; \
	VMOVUPS 64(r)(AX*1), Y2; \
	VMOVUPS 96(r)(AX*1), Y3; \
	VMOVUPS 128(r)(AX*1), Y4; \
	VMOVUPS 160(r)(AX*1), Y5; \
	VMOVUPS 192(r)(AX*1), Y6; \
	VMOVUPS 224(r)(AX*1), Y7
#define STORE256(r) \
	VMOVUPS Y0, 0(r)(AX*1); \
	VMOVUPS Y1, 32(r)(AX*1); \
	VMOVUPS Y2, 64(r)(AX*1); \
	VMOVUPS Y3, 96(r)(AX*1); \
	VMOVUPS Y4, 128(r)(AX*1); \
	VMOVUPS Y5, 160(r)(AX*1); \
	VMOVUPS Y6, 192(r)(AX*1); \
	VMOVUPS Y7, 224(r)(AX*1)

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
