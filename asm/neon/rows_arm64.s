//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "words.h"
#include "env.h"

// The kernels of rows, see package generic. rTable is where the constants of a kernel are:
// those of all kernels for exp, or those of rows.

// RowExp takes turns of 16 scores: R1 x, R2 e, R3 8·R, R4 c, R6 scores left.
#define topBits 27 // the greatest bits of |x| so far, 27 … 30: of a vector of a turn each
#define shiftLast 27 // −1016
#define shiftBy8 28  // ln2/8

// EXPONENT: e of the quad A for t in T, M being what t has beside n.
#define EXPONENT(A, T, S, B) \
	QUADC(FMLS_LANE1, expLanes, S, A) /* A = A − n·c1 */; \
	QUADC(FMLS_LANE2, expLanes, S, A) /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, B, expTable, expIndex, expSpread, expStep, expP3, expLanes); \
	QUADST(0, 2, S)

// func RowExp(c *asm.RowExps)
TEXT ·RowExp(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVD c+0(FP), R5
	MOVD rowexps_N(R5), R6
	MOVD rowexps_Shifts8(R5), R3
	CBZ  R6, none
	ENTERENV(saved-8(SP), standard)
	MOVD rowexps_Scores(R5), R1
	MOVD rowexps_Exps(R5), R2
	MOVD rowexps_Less(R5), R4
	MOVD $·constants(SB), R(rTable)
	EXPNEG_SETUP
	CBNZ R3, shifted
	VMOVI $0, V27.B16
	MOV_16B(topBits, topBits+1)
	MOV_16B(topBits, topBits+2)
	MOV_16B(topBits, topBits+3)

loop:
	QUADLD(0, 1, 0)                    // V0 … V3 = x
	QUAD1(FABS_4S, 0, 8)
	QUAD(UMAX_4S, 8, topBits, topBits)
	QUADCONST(table_magic, 4)
	QUADC(FMLA_LANE0, expLanes, 0, 4)  // V4 … V7 = t = x·8/ln2 + magic
	QUADC(FSUB_4S, expMagic, 4, 8)     // V8 … V11 = n
	EXPONENT(0, 4, 8, 12)
	ADD  $64, R1
	ADD  $64, R2
	SUBS $16, R6
	BNE  loop
	LEAVEENV(saved-8(SP), restored)
	UMAX_4S(topBits+1, topBits, topBits)
	UMAX_4S(topBits+3, topBits+2, topBits+2)
	UMAX_4S(topBits+2, topBits, topBits)
	VMOV V27.S[0], R0
	VMOV V27.S[1], R1
	VMOV V27.S[2], R2
	VMOV V27.S[3], R3
	CMPW R1, R0
	CSEL HS, R0, R1, R0
	CMPW R3, R2
	CSEL HS, R2, R3, R2
	CMPW R2, R0
	CSEL HS, R0, R2, R0
	MOVW R0, rowexps_Top(R5)
	RET

none:
	CBNZ R3, done
	MOVW ZR, rowexps_Top(R5)

done:
	RET

shifted:
	MOVD $·rowconstants(SB), R20
	LDR_Q(rows_minus1016, 20, shiftLast)
	LDR_Q(rows_ln2by8, 20, shiftBy8)

shiftedloop:
	QUADLD(0, 1, 0)
	QUADLD(0, 4, 4)
	QUAD(FSUB_4S, 4, 0, 0)             // V0 … V3 = x − c
	QUADLD(0, 3, 4)                    // V4 … V7 = 8·R
	QUADC(FADD_4S, shiftLast, 4, 8)
	QUADC(FMUL_4S, shiftBy8, 8, 8)     // V8 … V11 = (8·R − 1016)·ln2/8, where e comes out as 0
	QUAD(FMAX_4S, 8, 0, 0)             // V0 … V3 = max(x − c, that)
	QUADT(FSUB_4S, 4, expMagic, 4)     // V4 … V7 = M = magic − 8·R
	QUAD1(MOV_16B, 4, 12)
	QUADC(FMLA_LANE0, expLanes, 0, 4)  // V4 … V7 = t = (x − c)·8/ln2 + M
	QUAD(FSUB_4S, 12, 4, 8)            // V8 … V11 = n = t − M
	EXPONENT(0, 4, 8, 12)
	ADD  $64, R1
	ADD  $64, R2
	ADD  $64, R3
	ADD  $64, R4
	SUBS $16, R6
	BNE  shiftedloop
	LEAVEENV(saved-8(SP), shiftedrestored)
	RET

// func RowTop(x []float32) (most float32, top uint32)
//
// R1 x   R6 scores left   V4 … V7 the greatest x   V8 … V11 the greatest bits of |x|
TEXT ·RowTop(SB), NOSPLIT, $8-32
	NO_LOCAL_POINTERS
	MOVD x_base+0(FP), R1
	MOVD x_len+8(FP), R6
	ENTERENV(saved-8(SP), standard)
	LD1R_4S(1, 4)
	MOV_16B(4, 5)
	MOV_16B(4, 6)
	MOV_16B(4, 7)
	QUAD1(FABS_4S, 4, 8)

loop:
	QUADLD(0, 1, 0)
	QUAD(FMAX_4S, 0, 4, 4)
	QUAD1(FABS_4S, 0, 0)
	QUAD(UMAX_4S, 0, 8, 8)
	ADD  $64, R1
	SUBS $16, R6
	BNE  loop
	FMAX_4S(5, 4, 4)
	FMAX_4S(7, 6, 6)
	FMAX_4S(6, 4, 4)
	UMAX_4S(9, 8, 8)
	UMAX_4S(11, 10, 10)
	UMAX_4S(10, 8, 8)
	VMOV V4.S[1], R1
	VMOV V4.S[2], R2
	VMOV V4.S[3], R3
	FMOVS R1, F1
	FMOVS R2, F2
	FMOVS R3, F3
	FMAXS F1, F4, F4
	FMAXS F3, F2, F2
	FMAXS F2, F4, F4
	FMOVS ZR, F1
	FADDS F1, F4, F4             // no −0
	LEAVEENV(saved-8(SP), restored)
	FMOVS F4, most+24(FP)
	VMOV V8.S[0], R0
	VMOV V8.S[1], R1
	VMOV V8.S[2], R2
	VMOV V8.S[3], R3
	CMPW R1, R0
	CSEL HS, R0, R1, R0
	CMPW R3, R2
	CSEL HS, R2, R3, R2
	CMPW R2, R0
	CSEL HS, R0, R2, R0
	MOVW R0, top+28(FP)
	RET

// func RowSum(c *asm.RowSums)
//
// R1 e of the row   R2 rows left   R3 scores of whole groups of a row   R4 bytes of the rest
// R6 e_t   R7 S'   R8 S   R9 scores left   V24 … V31 masks of the rest
// V0 … V3 lanes 0…7   V12 … V15 what they begin with

// ADDGROUP: V16 … V23, 32 values of e, to the lanes.
#define ADDGROUP \
	FADD_4S(20, 16, 16)          /* V16, V17 = f[j] + f[j+16] */; \
	FADD_4S(21, 17, 17); \
	FADD_4S(22, 18, 18)          /* V18, V19 = f[j+8] + f[j+24] */; \
	FADD_4S(23, 19, 19); \
	FADD_4S(18, 16, 16)          /* V16, V17 = s */; \
	FADD_4S(19, 17, 17); \
	FCVTL_2D(16, 18); \
	FCVTL2_2D(16, 19); \
	FCVTL_2D(17, 20); \
	FCVTL2_2D(17, 21); \
	FADD_2D(18, 0, 0); \
	FADD_2D(19, 1, 1); \
	FADD_2D(20, 2, 2); \
	FADD_2D(21, 3, 3)
TEXT ·RowSum(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVD c+0(FP), R5
	MOVD rowsums_Rows(R5), R2
	CBZ  R2, none
	ENTERENV(saved-8(SP), standard)
	MOVD rowsums_Exps(R5), R1
	MOVD rowsums_True(R5), R6
	MOVD rowsums_Rest(R5), R7
	MOVD rowsums_All(R5), R8
	MOVD rowsums_Columns(R5), R3
	AND  $31, R3, R4
	SUB  R4, R3
	LSL  $2, R4
	MOVD $·rowconstants(SB), R(rTable)
	ADD  $(rows_first+128), R(rTable), R20
	SUB  R4, R20                 // R20 = where the masks of the rest begin
	QUADLD(0, 20, 24)
	QUADLD(64, 20, 28)
	ADD  $rowsums_Lanes, R5, R11
	QUADLD(0, 11, 12)

row:
	QUAD1(MOV_16B, 12, 0)
	CBZ  R3, rest
	MOVD R3, R9

group:
	QUADLD(0, 1, 16)
	QUADLD(64, 1, 20)
	ADD  $128, R1
	ADDGROUP
	SUBS $32, R9
	BNE  group

rest:
	CBZ  R4, ends
	QUADLD(0, 1, 16)
	QUADLD(64, 1, 20)
	QUAD(AND_16B, 24, 16, 16)    // what is beyond the row counts as 0
	QUAD(AND_16B, 28, 20, 20)
	ADD  R4, R1
	ADDGROUP

ends:
	FADD_2D(2, 0, 4)             // V4 = a0+a4, a1+a5
	FADD_2D(3, 1, 5)             // V5 = a2+a6, a3+a7
	FADD_2D(5, 4, 4)             // V4 = (a0+a4)+(a2+a6), (a1+a5)+(a3+a7)
	VMOV  V4.D[1], R20
	FMOVD R20, F5
	FADDD F5, F4, F4             // F4 = Σ
	FCVTDS F4, F6
	FMOVS F6, (R7)
	FMOVS (R6), F7
	FCVTSD F7, F7
	FADDD F7, F4, F4
	FCVTDS F4, F4
	FMOVS F4, (R8)
	ADD  $4, R6
	ADD  $4, R7
	ADD  $4, R8
	SUBS $1, R2
	BNE  row
	QUADST(0, 11, 0)
	LEAVEENV(saved-8(SP), restored)

none:
	RET

// RowLoss takes 8 rows at a time, a pair of vectors in lockstep: one alone is a chain that the
// schedulers cannot overlap with the next. V0 … V23 are pairs; rowLn and so on are tables to
// look up in; a constant is in rowConst just before it is used.
#define rowRecip 24 // c of ln, times 2⁻²⁴: 24 and 25
#define rowLn 26    // ln c: 26 and 27
#define rowExp2 28  // of 2^(j/8), less j<<20: 28 and 29
#define rowConst 30
#define rowGamma 31 // γ, γ' of the low part, −γ
#define ROWCONST(OP, name, n, d) \
	CONST(name, rowConst); \
	PAIRC(OP, rowConst, n, d)

// LOGPARTS: of t in T and low in L, which are scaled by 2²⁴, −ln(t + low) = −k·ln2 + H − F,
// with 2²³·k in K. The lookup is LNSPLIT's. G and C are free.
#define LOGPARTS(T, L, F, H, K, C, G) \
	ROWCONST(SUB_4S, rows_lnsplit, T, K) /* K = bits of T less lnsplit */; \
	ROWCONST(TBL1_16B, rows_byte2, K, C); \
	PAIRC(USHR_16B, 2, C, C)      /* C = 4j in each byte, and bits beside it */; \
	ROWCONST(AND_16B, rows_expmask, K, K) /* K = k<<23 */; \
	PAIRCONST(rows_expands, G); \
	ROWCONST(BIT_16B, rows_lnindex, C, G) /* G = byte indices of element j */; \
	PAIRT(TBL2_16B, G, rowLn, H)  /* H = ln c */; \
	PAIRT(TBL2_16B, G, rowRecip, C); \
	PAIR(SUB_4S, K, C, C)         /* C = c' = c·2^(−k−24) */; \
	PAIRCONST(rows_minusone, F); \
	PAIR(FMLA_4S, T, C, F)        /* F = c'·T − 1 */; \
	PAIR(FMLA_4S, L, C, F)        /* F = f = c'·low + F */; \
	PAIR1(SCVTF_4S, K, K)         /* K = 2²³·k */; \
	PAIR(FMUL_4S, F, F, C)        /* C = f² */; \
	PAIRCONST(rows_g0, G); \
	ROWCONST(FMLA_4S, rows_g1, F, G) /* G = g0 + g1·f */; \
	PAIRCONST(rows_g2, T); \
	ROWCONST(FMLA_4S, rows_g3, F, T) /* T = g2 + g3·f */; \
	PAIR(FMLA_4S, T, C, G)        /* G = G + f²·T */; \
	PAIR(FMLA_4S, G, C, F)        /* F = f + f²·G = ln(1 + f) */

// The arrays of rows, by general register.
#define rRest 0
#define rAll 1
#define rTrue 2
#define rTrueScores 3
#define rRowShifts 4
#define rRowWeights 6
#define rRowLosses 7
#define rSlopes 8
#define rScales 9
#define rUnits 11
#define FIELD(name, r) MOVD name(R5), R(r)

// What all formulas take, and the units, stored.
#define rowSlope 6 // by ROWSLOPE
#define rowR 10    // 1/S
#define rowQ 12    // q
#define rowP 14    // p_t
#define rowCE 16   // CE
#define rowSigma 18 // 1/σ
#define rowW 20    // w
#define ROWTERMS \
	PAIRLD(0, rAll, 0)            /* V0 = S = 2^k·σ */; \
	PAIRLD(0, rRest, 2)           /* V2 = S' */; \
	PAIRLD(0, rTrue, 4)           /* V4 = e_t */; \
	CONST(rows_one, rowConst); \
	PAIRT(FDIV_4S, 0, rowConst, rowR) /* rowR = 1/S */; \
	PAIR(FDIV_4S, 4, 2, 6)        /* V6 = S'/e_t */; \
	PAIR(FCMGT_4S, 4, 2, 8)       /* V8 = far = S' > e_t */; \
	PAIR(FMUL_4S, rowR, 2, rowQ)  /* rowQ = q = S'/S */; \
	PAIR(FMUL_4S, rowR, 4, rowP)  /* rowP = p_t = e_t/S */; \
	ROWCONST(AND_16B, rows_expmask, 0, 2) /* V2 = 2^k */; \
	PAIR(FMUL_4S, 2, rowR, rowSigma) /* rowSigma = 1/σ */; \
	CONST(rows_unitbits, rowConst); \
	PAIRT(SUB_4S, 2, rowConst, 4); \
	PAIRST(0, rUnits, 4)          /* 2^−k */; \
	PAIRC(USHR_4S, 23, 0, 2); \
	ROWCONST(SUB_4S, rows_bias, 2, 2); \
	PAIR1(SCVTF_4S, 2, 2); \
	PAIRLD(0, rRowShifts, 4); \
	PAIR(FADD_4S, 4, 2, 2)        /* V2 = K = k + R */; \
	ROWCONST(AND_16B, rows_mantissa, 0, 0); \
	ROWCONST(ORR_16B, rows_one, 0, 0) /* V0 = σ */; \
	PAIRC(FSUB_4S, rowConst, 0, 0); \
	PAIR(BIT_16B, 8, 0, 6)        /* V6 = ρ = far ? σ − 1 : S'/e_t */; \
	PAIRLD(0, rTrueScores, 4); \
	PAIR1(FNEG_4S, 4, 4); \
	ROWCONST(FMLA_4S, rows_ln2hi, 2, 4) /* V4 = K·ln2hi − (x_t − c) */; \
	ROWCONST(FMLA_4S, rows_ln2lo, 2, 4); \
	PAIR(AND_16B, 8, 4, 4)        /* V4 = far ? K·ln2 − (x_t − c) : 0 */; \
	PAIRCONST(rows_scale, 0); \
	ROWCONST(FMLA_4S, rows_scale, 6, 0) /* V0 = 2²⁴·(1 + ρ), rounded */; \
	PAIRT(FSUB_4S, 0, rowConst, 2); \
	PAIRC(FMLA_4S, rowConst, 6, 2) /* V2 = what V0 lost */; \
	LOGPARTS(0, 2, 6, 8, rowCE, 20, 22); \
	ROWCONST(FMLA_4S, rows_ln2exp, rowCE, 8) /* V8 = −k·ln2 + ln c */; \
	PAIR(FSUB_4S, 8, 6, 6)        /* V6 = ln(1 + ρ) */; \
	PAIR(FADD_4S, 4, 6, rowCE)    /* rowCE = CE */; \
	PAIRLD(0, rRowWeights, rowW)  /* rowW = w */

// ROWSLOPE: rowSlope = q + γ·p_t·CE, with γ·p_t in rowP, and CE at most the largest finite number.
#define ROWSLOPE \
	ROWCONST(FMIN_4S, rows_max, rowCE, 2); \
	PAIR1(MOV_16B, rowQ, rowSlope); \
	PAIR(FMLA_4S, rowP, 2, rowSlope)

#define CETURN \
	ROWTERMS; \
	PAIR(FMUL_4S, rowCE, rowW, rowCE) /* rowCE = w·CE */; \
	PAIR(FMUL_4S, rowQ, rowW, rowQ) /* rowQ = w·q */; \
	PAIR(FMUL_4S, rowSigma, rowW, rowSigma) /* rowSigma = w/σ */; \
	PAIRST(0, rRowLosses, rowCE); \
	PAIRST(0, rSlopes, rowQ); \
	PAIRST(0, rScales, rowSigma)

#define FOCAL2TURN \
	ROWTERMS; \
	PAIR(FADD_4S, rowP, rowP, rowP) /* rowP = 2·p_t */; \
	ROWSLOPE; \
	PAIR(FMUL_4S, rowQ, rowQ, 0); \
	PAIR(FMUL_4S, 0, rowW, 0)     /* V0 = w·q² */; \
	PAIR(FMUL_4S, rowCE, 0, rowCE) /* rowCE = w·q²·CE */; \
	PAIRST(0, rRowLosses, rowCE); \
	PAIR(FMUL_4S, rowSlope, 0, 0) /* V0 = w·q²·(q + 2·p_t·CE) */; \
	PAIRST(0, rSlopes, 0); \
	PAIR(FMUL_4S, rowQ, rowW, rowQ); \
	PAIR(FMUL_4S, rowSigma, rowQ, rowQ); \
	PAIR(FMUL_4S, rowSlope, rowQ, rowQ) /* rowQ = (w·q/σ)·(q + 2·p_t·CE) */; \
	PAIRST(0, rScales, rowQ)

// ROWPOWER: V0 = q^γ = exp(−γ·s), s = −ln(S'/S), from q and 1/S. What is in rowW is lost.
#define ROWPOWER \
	PAIRLD(0, rRest, 2); \
	PAIRLD(0, rAll, 0); \
	PAIR(FMLS_4S, 0, rowQ, 2)     /* V2 = S' − q·S, exact */; \
	ROWCONST(FMUL_4S, rows_scale, rowR, rowR); \
	PAIR(FMUL_4S, rowR, 2, 2)     /* V2 = 2²⁴·(S'/S − q) */; \
	PAIRC(FMUL_4S, rowConst, rowQ, 0) /* V0 = 2²⁴·q */; \
	LOGPARTS(0, 2, 6, 8, 4, 20, 22); \
	PAIR(FSUB_4S, 6, 8, 8)        /* V8 = d = ln c − ln(1 + f) */; \
	ROWCONST(FMUL_4S, rows_ln2exphi, 4, 2) /* V2 = m = −k·ln2, its high part, exact */; \
	PAIR(FADD_4S, 8, 2, 0)        /* V0 = s = m + d, rounded */; \
	PAIR(FSUB_4S, 2, 0, 6); \
	PAIR(FSUB_4S, 6, 8, 8)        /* V8 = d − (s − m), what s lost */; \
	ROWCONST(FMLA_4S, rows_ln2explo, 4, 8) /* V8 = v, the low part of s */; \
	ROWCONST(FCMGT_4S, rows_lnzero, 0, 4) /* V4 = s > lnzero, where q is 0 */; \
	PARAMOF(params_Limit, rowConst); \
	PAIRC(FMIN_4S, rowConst, 0, 0) /* V0 = min(s, limit), so γ·s ≤ 127·ln2 */; \
	PAIRC(FMUL_LANE2, rowGamma, 0, 2) /* V2 = −h = −γ·s, rounded */; \
	PAIR1(MOV_16B, 2, 6); \
	PAIRC(FMLA_LANE0, rowGamma, 0, 6) /* V6 = γ·s − h, exact */; \
	PAIRC(FMLA_LANE1, rowGamma, 8, 6) /* V6 = lo = V6 + γ'·v */; \
	PAIRCONST(rows_magic, 0); \
	ROWCONST(FMLS_4S, rows_minus8ln2, 2, 0) /* V0 = t = −h·8/ln2 + magic */; \
	ROWCONST(FSUB_4S, rows_magic, 0, 8) /* V8 = n */; \
	ROWCONST(FMLS_4S, rows_c1, 8, 2) /* V2 = −h − n·c1 */; \
	ROWCONST(FMLS_4S, rows_c2, 8, 2) /* V2 = −h − n·ln2/8 */; \
	PAIR(FSUB_4S, 6, 2, 2)        /* V2 = r = −(h + lo) − n·ln2/8 */; \
	ROWCONST(AND_16B, rows_index, 0, 8) /* V8 = j */; \
	PAIRCONST(rows_expands, 6); \
	ROWCONST(MLA_4S, rows_spread, 8, 6) /* V6 = 4j, 4j+1, 4j+2, 4j+3 */; \
	PAIRT(TBL2_16B, 6, rowExp2, 6); \
	ROWCONST(MLA_4S, rows_step, 0, 6) /* V6 = 2^(n/8) */; \
	PAIRCONST(rows_p2, 0); \
	ROWCONST(FMLA_4S, rows_p3, 2, 0) /* V0 = p2 + p3·r */; \
	PAIR(FMUL_4S, 2, 2, 8)        /* V8 = r² */; \
	ROWCONST(FMLA_4S, rows_p4, 8, 0) /* V0 = p2 + p3·r + p4·r² */; \
	PAIR(FMLA_4S, 0, 8, 2)        /* V2 = r + r²·V0 ≈ exp(r) − 1 */; \
	PAIR(FMLA_4S, 6, 2, 6)        /* V6 = 2^(n/8)·exp(r) */; \
	PAIR(BIC_16B, 4, 6, 0)        /* V0 = q^γ */

#define FOCALTURN \
	ROWTERMS; \
	ROWPOWER; \
	PAIRC(FMUL_LANE0, rowGamma, rowP, rowP) /* rowP = γ·p_t */; \
	ROWSLOPE; \
	PAIRLD(0, rRowWeights, rowW); \
	PAIR(FMUL_4S, 0, rowW, 0)     /* V0 = w·q^γ */; \
	PAIR(FMUL_4S, rowCE, 0, rowCE) /* rowCE = w·q^γ·CE */; \
	PAIRST(0, rRowLosses, rowCE); \
	PAIR(FMUL_4S, rowSlope, 0, 0) /* V0 = G = w·q^γ·(q + γ·p_t·CE) */; \
	PAIRST(0, rSlopes, 0); \
	PAIRLD(0, rUnits, 2); \
	PAIRLD(0, rRest, 4); \
	PAIR(FMUL_4S, 4, 2, 2)        /* V2 = S'·2^−k */; \
	VMOVI $0, V30.B16; \
	PAIRC(FCMGT_4S, rowConst, 2, 4) /* V4 = S'·2^−k > 0 */; \
	PAIR(FDIV_4S, 2, 0, 0); \
	PAIR(AND_16B, 4, 0, 0)        /* V0 = G/(S'·2^−k), or 0 */; \
	PAIRST(0, rScales, 0)

// ROWLOOP: TURN for each 8 rows.
#define ROWLOOP(label, TURN) \
	TURN; \
	ADD  $32, R(rRest); \
	ADD  $32, R(rAll); \
	ADD  $32, R(rTrue); \
	ADD  $32, R(rTrueScores); \
	ADD  $32, R(rRowShifts); \
	ADD  $32, R(rRowWeights); \
	ADD  $32, R(rRowLosses); \
	ADD  $32, R(rSlopes); \
	ADD  $32, R(rScales); \
	ADD  $32, R(rUnits); \
	SUBS $8, R12; \
	BNE  label

// PARAMOF: a param of the call in all lanes of d. R20 is lost.
#define PARAMOF(name, d) \
	ADD $(rowcall_Params+name), R5, R20; \
	LD1R_4S(20, d)

// func RowLoss(c *asm.RowCall)
TEXT ·RowLoss(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVD c+0(FP), R5
	MOVD rowcall_N(R5), R12
	CBZ  R12, none
	ENTERENV(saved-8(SP), standard)
	MOVD $·rowconstants(SB), R(rTable)
	FIELD(rowcall_Rest, rRest)
	FIELD(rowcall_All, rAll)
	FIELD(rowcall_True, rTrue)
	FIELD(rowcall_Scores, rTrueScores)
	FIELD(rowcall_Shifts, rRowShifts)
	FIELD(rowcall_Weights, rRowWeights)
	FIELD(rowcall_Losses, rRowLosses)
	FIELD(rowcall_Slopes, rSlopes)
	FIELD(rowcall_Scales, rScales)
	FIELD(rowcall_Units, rUnits)
	CONST(rows_lnrecip, rowRecip)
	CONST(rows_lnrecip+16, rowRecip+1)
	CONST(rows_lntable, rowLn)
	CONST(rows_lntable+16, rowLn+1)
	CONST(rows_exp2, rowExp2)
	CONST(rows_exp2+16, rowExp2+1)
	MOVD rowcall_Formula(R5), R13
	CMP  $const_rowFocal2, R13
	BLO  ce
	BHI  focal

focal2:
	ROWLOOP(focal2, FOCAL2TURN)
	B    done

ce:
	ROWLOOP(ce, CETURN)
	B    done

focal:
	FMOVS (rowcall_Params+params_Gamma)(R5), F31
	FMOVS (rowcall_Params+params_GammaLow)(R5), F0
	FNEGS F31, F1
	VMOV V0.S[0], V31.S[1]
	VMOV V1.S[0], V31.S[2]       // rowGamma = γ, γ', −γ

any:
	ROWLOOP(any, FOCALTURN)

done:
	LEAVEENV(saved-8(SP), restored)

none:
	RET

// func RowScale(c *asm.RowScales)
//
// R1 e of the row   R2 its gradients   R3 rows left   R4 columns   R6 k   R7 units
// R8 columns left   V16 k   V17 2^−k of S
TEXT ·RowScale(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVD c+0(FP), R5
	MOVD rowscales_Rows(R5), R3
	CBZ  R3, none
	ENTERENV(saved-8(SP), standard)
	MOVD rowscales_Columns(R5), R4
	MOVD rowscales_Exps(R5), R1
	MOVD rowscales_Gradients(R5), R2
	MOVD rowscales_Scales(R5), R6
	MOVD rowscales_Units(R5), R7

row:
	LD1R_4S(6, 16)
	LD1R_4S(7, 17)
	MOVD R4, R8

group:
	CMP  $16, R8
	BLT  fours
	QUADLD(0, 1, 0)
	QUADC(FMUL_4S, 17, 0, 0)
	QUADC(FMUL_4S, 16, 0, 0)
	QUADST(0, 2, 0)
	ADD  $64, R1
	ADD  $64, R2
	SUB  $16, R8
	B    group

fours:
	CMP  $4, R8
	BLT  rest
	LDR_Q(0, 1, 0)
	FMUL_4S(17, 0, 0)
	FMUL_4S(16, 0, 0)
	STR_Q(0, 2, 0)
	ADD  $16, R1
	ADD  $16, R2
	SUB  $4, R8
	B    fours

rest:
	CBZ  R8, next
	FMOVS (R1), F0
	FMULS F17, F0, F0
	FMULS F16, F0, F0
	FMOVS F0, (R2)
	ADD  $4, R1
	ADD  $4, R2
	SUB  $1, R8
	B    rest

next:
	ADD  $4, R6
	ADD  $4, R7
	SUBS $1, R3
	BNE  row
	LEAVEENV(saved-8(SP), restored)

none:
	RET
