//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"

// What a machine does at most, with vectors of 128 bits; package avx2 has the words.
//
// V31 the step, ½   V0…V23 chains   R0 turns left

#define FMA(r) FMLA_4S(31, 31, r)  /* r = r + ½·½ */
#define FMS(r) FMLS_4S(31, 31, r)  /* r = r − ½·½ */
#define FAD(r) FADD_4S(31, r, r)
#define FSB(r) FSUB_4S(31, r, r)
#define INT(r) ADD_4S(31, r, r)
#define DIV(r) FDIV_4S(r, 31, r)   /* r = 1.7182/r: one of two values */
#define SET(r) LD1R_4S(3, r)

#define EACH4(OP, a) OP(a); OP((a)+1); OP((a)+2); OP((a)+3)
#define EACH8(OP, a) EACH4(OP, a); EACH4(OP, (a)+4)
#define EACH24(OP) EACH8(OP, 0); EACH8(OP, 8); EACH8(OP, 16)

// Four each of M and AS in turns.
#define FOUR2(M, AS, a, b) \
	M(a); AS(b); M((a)+1); AS((b)+1); M((a)+2); AS((b)+2); M((a)+3); AS((b)+3)

// START: the constant c in V31, and chains that begin with 1.3332.
#define START(c) \
	MOVD turns+0(FP), R0; \
	MOVD R0, R1; \
	MOVD $·peakConstants(SB), R2; \
	ADD  $c, R2, R3; \
	LD1R_4S(3, 31); \
	ADD  $peaks_start, R2, R3; \
	EACH24(SET)

// END: n operations per turn.
#define END(n, loop) \
	SUBS $1, R0; \
	BNE  loop; \
	MOVD $n, R2; \
	MUL  R2, R1; \
	MOVD R1, ops+8(FP); \
	RET

// func FMAPeak(turns int) (ops int)
TEXT ·FMAPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH24(FMA)
	EACH24(FMS)
	END(48, loop)

// func AddPeak(turns int) (ops int)
TEXT ·AddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	EACH24(FAD)
	EACH24(FSB)
	END(48, loop)

#define FMAADD12(M, AS) \
	FOUR2(M, AS, 0, 12); FOUR2(M, AS, 4, 16); FOUR2(M, AS, 8, 20)

// func FMAAddPeak(turns int) (ops int)
TEXT ·FMAAddPeak(SB), NOSPLIT, $0-16
	START(peaks_step)

loop:
	FMAADD12(FMA, FAD)
	FMAADD12(FMS, FSB)
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
	EACH8(DIV, 0)
	EACH8(DIV, 0)
	END(16, loop)

// 128 bytes: loads at R0, stores at R1.
#define LOAD128(r) \
	FLDPQ 0(r), (F0, F1); \
	FLDPQ 32(r), (F2, F3); \
	FLDPQ 64(r), (F4, F5); \
	FLDPQ 96(r), (F6, F7)
#define STORE128(r) \
	FSTPQ (F0, F1), 0(r); \
	FSTPQ (F2, F3), 32(r); \
	FSTPQ (F4, F5), 64(r); \
	FSTPQ (F6, F7), 96(r)

// func Read(x []float32, passes int)
TEXT ·Read(SB), NOSPLIT, $0-32
	MOVD x_base+0(FP), R4
	MOVD x_len+8(FP), R5
	MOVD passes+24(FP), R6

pass:
	MOVD R4, R0
	MOVD R5, R7

loop:
	LOAD128(R0)
	ADD  $128, R0
	SUBS $32, R7
	BNE  loop
	SUBS $1, R6
	BNE  pass
	RET

// func Update(x []float32, passes int)
TEXT ·Update(SB), NOSPLIT, $0-32
	MOVD x_base+0(FP), R4
	MOVD x_len+8(FP), R5
	MOVD passes+24(FP), R6

pass:
	MOVD R4, R0
	MOVD R5, R7

loop:
	LOAD128(R0)
	STORE128(R0)
	ADD  $128, R0
	SUBS $32, R7
	BNE  loop
	SUBS $1, R6
	BNE  pass
	RET

// func Copy(dst, src []float32, passes int)
TEXT ·Copy(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R2
	MOVD src_base+24(FP), R4
	MOVD src_len+32(FP), R5
	MOVD passes+48(FP), R6

pass:
	MOVD R4, R0
	MOVD R2, R1
	MOVD R5, R7

loop:
	LOAD128(R0)
	STORE128(R1)
	ADD  $128, R0
	ADD  $128, R1
	SUBS $32, R7
	BNE  loop
	SUBS $1, R6
	BNE  pass
	RET
