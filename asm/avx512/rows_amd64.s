//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "env.h"

// The kernels of rows, see package generic.
#define CONST(name) ·constants+name(SB)
#define ROW(name) ·rowconstants+name(SB)

// RowExp takes a turn of 32 scores at rAt. EXPONENT: e = exp of A for t = n + M, with the
// registers of EXPNEG; S and RR are free.
#define rShifts BX // 8·R
#define rLess R9   // c
#define topBits Z15 // the greatest bits of |x| so far, as unsigned integers
#define topAbs Z14  // all bits but the sign
#define EXPONENT(A, M, T, S, RR, e) \
	VMOVAPS M, T; \
	VFMADD231PS exp8Ln2, A, T     /* T = t = A·8/ln2 + M */; \
	VSUBPS M, T, S                /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS expC1, S, A      /* A = A − n·c1 */; \
	VFNMADD231PS expC2, S, A      /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e
#define ROWEXP(o) \
	VMOVUPS SCORES(o, rAt), Z0    /* Z0 = x */; \
	VPANDD Z0, topAbs, Z2; \
	VPMAXUD Z2, topBits, topBits; \
	EXPONENT(Z0, rMagic, Z1, Z2, Z3, o(rBuf)(rAt*4))

// SHIFTEDEXP: of x − c, times 2^−R.
#define shiftLast Z15 // −1016
#define shiftBy8 Z14  // ln2/8
#define SHIFTEDEXP(o) \
	VMOVUPS SCORES(o, rAt), Z0; \
	VSUBPS o(rLess)(rAt*4), Z0, Z0  /* Z0 = x − c */; \
	VMOVUPS o(rShifts)(rAt*4), Z3   /* Z3 = 8·R */; \
	VSUBPS Z3, rMagic, Z4           /* Z4 = magic − 8·R */; \
	VADDPS shiftLast, Z3, Z3; \
	VMULPS shiftBy8, Z3, Z3         /* Z3 = (8·R − 1016)·ln2/8, where e comes out as 0 */; \
	VMAXPS Z0, Z3, Z0               /* Z0 = max(x − c, Z3); a NaN stays one */; \
	EXPONENT(Z0, Z4, Z1, Z2, Z3, o(rBuf)(rAt*4))

// func RowExp(c *asm.RowExps)
TEXT ·RowExp(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  rowexps_N(rCall), rChunk
	MOVQ  rowexps_Scores(rCall), rScores
	MOVQ  rowexps_Exps(rCall), rBuf
	MOVQ  rowexps_Shifts8(rCall), rShifts
	MOVQ  rowexps_Less(rCall), rLess
	TESTQ rChunk, rChunk
	JZ    none
	ENTERENV(saved-8(SP), standard)
	EXP_SETUP
	XORQ  rAt, rAt
	TESTQ rShifts, rShifts
	JNZ   shifted
	SPREAD(table_abs, topAbs)
	VPXORD topBits, topBits, topBits

loop:
	EACH32(ROWEXP)
	LOOP32(loop)
	LEAVEENV(saved-8(SP), restored)
	VEXTRACTI64X4 $1, topBits, Y0
	VPMAXUD Y0, Y15, Y15
	VEXTRACTI128 $1, Y15, X0
	VPMAXUD X0, X15, X15
	VPSHUFD $0x4e, X15, X0
	VPMAXUD X0, X15, X15
	VPSHUFD $0xb1, X15, X0
	VPMAXUD X0, X15, X15
	VMOVD X15, rowexps_Top(rCall)
	VZEROUPPER
	RET

none:
	TESTQ rShifts, rShifts
	JNZ   done
	MOVL  $0, rowexps_Top(rCall)

done:
	VZEROUPPER
	RET

shifted:
	VBROADCASTSS ROW(rows_minus1016), shiftLast
	VBROADCASTSS ROW(rows_ln2by8), shiftBy8

shiftedloop:
	EACH32(SHIFTEDEXP)
	LOOP32(shiftedloop)
	LEAVEENV(saved-8(SP), shiftedrestored)
	VZEROUPPER
	RET

// RowSum takes eight rows at a time where they have up to 8 columns.

// FIRSTFOUR: the first of 4 columns at o bytes into the rows, those of rows i and i + 4 in the
// halves of Y0…Y3. KLOW and KHIGH select the columns that there are: 0 stands for others.
// COLUMNS: from these a column of eight rows each, as float64, in A…D.
#define FIRSTFOUR(o, KLOW, KHIGH) \
	VMOVUPS.Z o(SI), KLOW, X0; \
	VMOVUPS.Z o(SI)(R11*1), KLOW, X1; \
	VMOVUPS.Z o(SI)(R11*2), KLOW, X2; \
	VMOVUPS.Z o(SI)(R12*1), KLOW, X3; \
	VBROADCASTF32X4 o(R13), KHIGH, Y0; \
	VBROADCASTF32X4 o(R13)(R11*1), KHIGH, Y1; \
	VBROADCASTF32X4 o(R13)(R11*2), KHIGH, Y2; \
	VBROADCASTF32X4 o(R13)(R12*1), KHIGH, Y3
#define COLUMNS(YA, YB, YC, YD, A, B, C, D) \
	VUNPCKLPS Y1, Y0, Y4          /* Y4 = columns 0 and 1 of rows 0 and 1, 4 and 5 */; \
	VUNPCKHPS Y1, Y0, Y5          /* Y5 = columns 2 and 3 of them */; \
	VUNPCKLPS Y3, Y2, Y6          /* Y6 = columns 0 and 1 of rows 2 and 3, 6 and 7 */; \
	VUNPCKHPS Y3, Y2, Y7          /* Y7 = columns 2 and 3 of them */; \
	VUNPCKLPD Y6, Y4, YA; \
	VUNPCKHPD Y6, Y4, YB; \
	VUNPCKLPD Y7, Y5, YC; \
	VUNPCKHPD Y7, Y5, YD; \
	VCVTPS2PD YA, A; \
	VCVTPS2PD YB, B; \
	VCVTPS2PD YC, C; \
	VCVTPS2PD YD, D

// ROWLANES: Z12 = the lanes of the row at SI, and SI past it. CX is the bytes of its whole groups,
// DI those of the rest, of which K1 and K2 are the scores.
#define ROWLANES(group, rest, one, end) \
	VMOVAPD Z13, Z12; \
	TESTQ CX, CX; \
	JZ    rest; \
	XORQ  AX, AX; \
group: \
	VMOVUPS 0(SI)(AX*1), Z0; \
	VADDPS 64(SI)(AX*1), Z0, Z0   /* Z0 = f[j] + f[j+16], f[j+8] + f[j+24] */; \
	VEXTRACTF32X8 $1, Z0, Y1; \
	VADDPS Y1, Y0, Y0             /* Y0 = s */; \
	VCVTPS2PD Y0, Z0; \
	VADDPD Z0, Z12, Z12; \
	ADDQ  $128, AX; \
	CMPQ  AX, CX; \
	JLT   group; \
	ADDQ  CX, SI; \
rest: \
	TESTQ DI, DI; \
	JZ    end; \
	VMOVUPS.Z 0(SI), K1, Z0       /* what is beyond the row counts as 0 */; \
	CMPQ  DI, $32; \
	JLE   one; \
	VMOVUPS.Z 64(SI), K2, Z1; \
	VADDPS Z1, Z0, Z0; \
	VEXTRACTF32X8 $1, Z0, Y1; \
	VADDPS Y1, Y0, Y0; \
one: \
	VCVTPS2PD Y0, Z0; \
	VADDPD Z0, Z12, Z12; \
	ADDQ  DI, SI; \
end:

// KEEP: of the lanes in Z12 a0+a4 and a1+a5 to low, a2+a6 and a3+a7 to high.
#define KEEP(low, high) \
	VEXTRACTF64X4 $1, Z12, Y0; \
	VADDPD Y0, Y12, Y0            /* Y0 = a0+a4, a1+a5, a2+a6, a3+a7 */; \
	VMOVUPD X0, low; \
	VEXTRACTF128 $1, Y0, high

// EIGHTSUMS: the sums of eight rows, Σ in Z8, and what is made of them. The pointers go on.
#define EIGHTSUMS \
	VCVTPS2PD (BX), Z0; \
	VADDPD Z0, Z8, Z0             /* Z0 = Σ + e_t */; \
	VCVTPD2PS Z8, Y8; \
	VCVTPD2PS Z0, Y0; \
	VMOVUPS Y8, (R8); \
	VMOVUPS Y0, (R9); \
	ADDQ  $32, BX; \
	ADDQ  $32, R8; \
	ADDQ  $32, R9

// func RowSum(c *asm.RowSums)
//
// SI e of the row   DX rows left   CX bytes of whole groups of a row   DI bytes of the rest
// BX e_t   R8 S'   R9 S   AX bytes into the row   K1 and K2 scores of the rest
// Z13 what lanes begin with   Z12 the lanes
//
// Rows go by eight, whose sums end together; the last up to eight one by one, and of the very
// last the lanes are kept. Where they have up to 8 columns R11 is the bytes of one, R12 of three,
// R13 where row 4 is; K3 and K4, K5 and K6 their columns 0…3 and 4…7. Else R11 is where a pair
// of rows is in scratch: two lanes of rows 0, 2, 4, 6, then of 1, 3, 5, 7, then the other two.
TEXT ·RowSum(SB), NOSPLIT, $264-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  rowsums_Rows(rCall), DX
	TESTQ DX, DX
	JZ    none
	ENTERENV(saved-8(SP), standard)
	MOVQ  rowsums_Exps(rCall), SI
	MOVQ  rowsums_True(rCall), BX
	MOVQ  rowsums_Rest(rCall), R8
	MOVQ  rowsums_All(rCall), R9
	MOVQ  rowsums_Columns(rCall), CX
	VMOVUPD rowsums_Lanes(rCall), Z13
	MOVL  $1, AX
	SHLL  CX, AX                 // the count is taken modulo 32
	SUBL  $1, AX
	KMOVW AX, K1
	MOVL  AX, DI
	SHRL  $16, DI
	KMOVW DI, K2
	CMPQ  CX, $8
	JGT   general
	CMPQ  DX, $8
	JLE   general
	VPTESTMQ Z13, Z13, K3
	KORTESTW K3, K3
	JNZ   general
	LEAQ  (CX*4), R11
	LEAQ  (R11)(R11*2), R12
	MOVL  AX, DI
	ANDL  $15, DI
	KMOVW DI, K3
	SHLL  $4, DI
	KMOVW DI, K4
	SHRL  $4, AX
	KMOVW AX, K5
	SHLL  $4, AX
	KMOVW AX, K6

narrow:
	LEAQ  (SI)(R11*4), R13
	FIRSTFOUR(0, K3, K4)
	COLUMNS(Y8, Y9, Y10, Y11, Z8, Z9, Z10, Z11)
	CMPQ  CX, $4
	JLE   four
	FIRSTFOUR(16, K5, K6)
	COLUMNS(Y0, Y1, Y2, Y3, Z0, Z1, Z2, Z3)
	VADDPD Z0, Z8, Z8            // Z8 = a0+a4 of eight rows
	VADDPD Z1, Z9, Z9            // Z9 = a1+a5
	VADDPD Z2, Z10, Z10          // Z10 = a2+a6
	VADDPD Z3, Z11, Z11          // Z11 = a3+a7

four:
	VADDPD Z10, Z8, Z8
	VADDPD Z11, Z9, Z9
	VADDPD Z9, Z8, Z8            // Z8 = Σ
	EIGHTSUMS
	LEAQ  (SI)(R11*8), SI
	SUBQ  $8, DX
	CMPQ  DX, $8
	JGT   narrow

general:
	MOVQ  CX, DI
	ANDQ  $31, DI
	SUBQ  DI, CX
	SHLQ  $2, CX
	SHLQ  $2, DI
	CMPQ  DX, $8
	JLE   row

eight:
	XORQ  R11, R11

pair:
	ROWLANES(evengroup, evenrest, evenone, even)
	KEEP(sums-264(SP)(R11*1), sums-136(SP)(R11*1))
	ROWLANES(oddgroup, oddrest, oddone, odd)
	KEEP(sums-200(SP)(R11*1), sums-72(SP)(R11*1))
	ADDQ  $16, R11
	CMPQ  R11, $64
	JLT   pair
	VMOVUPD sums-264(SP), Z0
	VADDPD sums-136(SP), Z0, Z0  // Z0 = (a0+a4)+(a2+a6), (a1+a5)+(a3+a7) of rows 0, 2, 4, 6
	VMOVUPD sums-200(SP), Z1
	VADDPD sums-72(SP), Z1, Z1   // Z1 = those of rows 1, 3, 5, 7
	VUNPCKLPD Z1, Z0, Z2
	VUNPCKHPD Z1, Z0, Z3
	VADDPD Z3, Z2, Z8            // Z8 = Σ of rows 0…7
	EIGHTSUMS
	SUBQ  $8, DX
	CMPQ  DX, $8
	JGT   eight

row:
	ROWLANES(group, rest, one, ends)
	VMOVD (BX), X2
	VCVTPS2PD X2, X2             // X2 = e_t, 0
	VEXTRACTF64X4 $1, Z12, Y0
	VADDPD Y0, Y12, Y0           // Y0 = a0+a4, a1+a5, a2+a6, a3+a7
	VEXTRACTF128 $1, Y0, X1
	VADDPD X1, X0, X0            // X0 = (a0+a4)+(a2+a6), (a1+a5)+(a3+a7)
	VPERMILPD $1, X0, X1
	VADDPD X1, X0, X0            // X0 = Σ, Σ
	VADDPD X2, X0, X0            // X0 = Σ + e_t, Σ
	VCVTPD2PSX X0, X0
	VMOVD X0, (R9)
	VEXTRACTPS $1, X0, (R8)
	ADDQ  $4, BX
	ADDQ  $4, R8
	ADDQ  $4, R9
	SUBQ  $1, DX
	JNZ   row
	VMOVUPD Z12, rowsums_Lanes(rCall)
	LEAVEENV(saved-8(SP), restored)

none:
	VZEROUPPER
	RET

// RowLoss takes 16 rows at rAt. LOGPARTS: of t in T and low in L, which are scaled by 2²⁴,
// −ln(t + low) = −k·ln2 + H − G, with 2²³·k in K.
#define LOGPARTS(T, L, G, H, K, C, D) \
	VPSUBD lnSplit, T, K          /* K = bits of T less lnsplit; here VPSUBD b, a, d is a − b */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPANDD lnMask, K, K           /* K = k<<23 */; \
	VPERMPS lnTable, C, H         /* H = ln c */; \
	VPERMPS lnRecip, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS lnOne, C, T       /* T = c'·T − 1 */; \
	VFMADD231PS C, L, T           /* T = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */; \
	LN1P(T, C, D, G)              /* G = ln(1 + f) */

#define FIELD(name, r) MOVQ name(rCall), r
#define AT(r) (r)(rAt*4)
#define rRest SI
#define rAll BX
#define rTrue CX
#define rTrueScores DI
#define rRowShifts R8
#define rRowWeights R9
#define rRowLosses R11
#define rSlopes R12
#define rScales R13
#define rUnits R14

// Their constants are those of LN_SETUP, and of the power the table of 2^(j/8); others are
// operands in memory.
#define powTable Z31
#define ROWLOSS_SETUP \
	LN_SETUP; \
	TABLE(table_exp2, powTable)

// What all formulas take: Z15 = CE, Z14 = w, Z13 = q, Z12 = p_t, Z11 = 1/σ, Z10 = 1/S, and
// the units, stored.
#define ROWTERMS \
	VMOVUPS AT(rAll), Z0          /* Z0 = S = 2^k·σ */; \
	VMOVUPS AT(rRest), Z1         /* Z1 = S' */; \
	VMOVUPS AT(rTrue), Z2         /* Z2 = e_t */; \
	VDIVPS Z0, lnOne, Z10         /* Z10 = 1/S */; \
	VDIVPS Z2, Z1, Z3             /* Z3 = S'/e_t */; \
	VCMPPS $1, Z1, Z2, K1         /* K1 = far = e_t < S' */; \
	VPANDD lnMask, Z0, Z6         /* Z6 = 2^k */; \
	VPBROADCASTD ROW(rows_unitbits), Z7; \
	VPSUBD Z6, Z7, Z7; \
	VMOVUPS Z7, AT(rUnits)        /* 2^−k */; \
	VMULPS Z6, Z10, Z11           /* Z11 = 1/σ */; \
	VMULPS Z10, Z1, Z13           /* Z13 = q = S'/S */; \
	VMULPS Z10, Z2, Z12           /* Z12 = p_t = e_t/S */; \
	VPSRLD $23, Z0, Z6; \
	VPSUBD.BCST ROW(rows_bias), Z6, Z6; \
	VCVTDQ2PS Z6, Z6; \
	VADDPS AT(rRowShifts), Z6, Z6 /* Z6 = K = k + R */; \
	VPANDD.BCST ROW(rows_mantissa), Z0, Z0; \
	VPORD lnOne, Z0, Z0           /* Z0 = σ */; \
	VSUBPS lnOne, Z0, K1, Z3      /* Z3 = ρ = far ? σ − 1 : S'/e_t */; \
	VBROADCASTSS ROW(rows_ln2hi), Z7; \
	VFMSUB213PS AT(rTrueScores), Z6, Z7 /* Z7 = K·ln2hi − (x_t − c) */; \
	VFMADD231PS.BCST ROW(rows_ln2lo), Z6, Z7; \
	VMOVAPS.Z Z7, K1, Z7          /* Z7 = far ? K·ln2 − (x_t − c) : 0 */; \
	VMOVAPS lnScale, Z0; \
	VFMADD231PS lnScale, Z3, Z0   /* Z0 = 2²⁴·(1 + ρ), rounded */; \
	VSUBPS Z0, lnScale, Z1; \
	VFMADD213PS Z1, lnScale, Z3   /* Z3 = what Z0 lost */; \
	LOGPARTS(Z0, Z3, Z1, Z2, Z4, Z5, Z6); \
	VFMADD231PS.BCST CONST(table_ln2exp), Z4, Z2 /* Z2 = −k·ln2 + ln c */; \
	VSUBPS Z2, Z1, Z1             /* Z1 = ln(1 + ρ) */; \
	VADDPS Z7, Z1, Z15            /* Z15 = CE */; \
	VMOVUPS AT(rRowWeights), Z14  /* Z14 = w */

// ROWSLOPE: Z0 = q + γ·p_t·CE, with γ·p_t in Z12, and CE at most the largest finite number.
#define ROWSLOPE \
	VMINPS.BCST ROW(rows_max), Z15, Z0; \
	VFMADD213PS Z13, Z12, Z0

// ROWLOOP: TURN for each 16 rows.
#define ROWLOOP(label, TURN) \
	TURN; \
	ADDQ $16, rAt; \
	CMPQ rAt, DX; \
	JLT  label

#define CETURN \
	ROWTERMS; \
	VMULPS Z15, Z14, Z15; \
	VMOVUPS Z15, AT(rRowLosses)   /* w·CE */; \
	VMULPS Z13, Z14, Z13; \
	VMOVUPS Z13, AT(rSlopes)      /* w·q */; \
	VMULPS Z11, Z14, Z11; \
	VMOVUPS Z11, AT(rScales)      /* w/σ */

#define FOCAL2TURN \
	ROWTERMS; \
	VADDPS Z12, Z12, Z12          /* Z12 = 2·p_t */; \
	ROWSLOPE; \
	VMULPS Z13, Z13, Z1; \
	VMULPS Z1, Z14, Z1            /* Z1 = w·q² */; \
	VMULPS Z15, Z1, Z15; \
	VMOVUPS Z15, AT(rRowLosses)   /* w·q²·CE */; \
	VMULPS Z0, Z1, Z1; \
	VMOVUPS Z1, AT(rSlopes)       /* w·q²·(q + 2·p_t·CE) */; \
	VMULPS Z13, Z14, Z13; \
	VMULPS Z11, Z13, Z13; \
	VMULPS Z0, Z13, Z13; \
	VMOVUPS Z13, AT(rScales)      /* (w·q/σ)·(q + 2·p_t·CE) */

// ROWPOWER: Z1 = q^γ = exp(−γ·s), s = −ln(S'/S), from q in Z13 and 1/S in Z10.
#define ROWPOWER \
	VMOVUPS AT(rRest), Z3; \
	VFNMADD231PS AT(rAll), Z13, Z3 /* Z3 = S' − q·S, exact */; \
	VMULPS lnScale, Z10, Z10; \
	VMULPS Z10, Z3, Z3            /* Z3 = 2²⁴·(S'/S − q) */; \
	VMULPS lnScale, Z13, Z0       /* Z0 = 2²⁴·q */; \
	LOGPARTS(Z0, Z3, Z1, Z2, Z4, Z5, Z6); \
	VSUBPS Z1, Z2, Z2             /* Z2 = d = ln c − ln(1 + f) */; \
	VMULPS.BCST CONST(table_ln2hi), Z4, Z5  /* Z5 = m = −k·ln2, its high part, exact */; \
	VADDPS Z2, Z5, Z0             /* Z0 = s = m + d, rounded */; \
	VSUBPS Z5, Z0, Z6; \
	VSUBPS Z6, Z2, Z2             /* Z2 = d − (s − m), what s lost */; \
	VFMADD231PS.BCST CONST(table_ln2lo), Z4, Z2 /* Z2 = v, the low part of s */; \
	VBROADCASTSS CONST(table_lnzero), Z7; \
	VCMPPS $5, Z0, Z7, K2         /* K2 = not lnzero < s, where q is 0 */; \
	VBROADCASTSS (rowcall_Params+params_Limit)(rCall), Z4; \
	VMINPS Z4, Z0, Z0             /* Z0 = min(s, limit), so γ·s ≤ 127·ln2 */; \
	VBROADCASTSS (rowcall_Params+params_Gamma)(rCall), Z4; \
	VMULPS Z4, Z0, Z3             /* Z3 = h = γ·s, rounded */; \
	VFMSUB213PS Z3, Z4, Z0        /* Z0 = γ·s − h, exact */; \
	VFMADD231PS.BCST (rowcall_Params+params_GammaLow)(rCall), Z2, Z0 /* Z0 = lo = Z0 + γ'·v */; \
	VBROADCASTSS CONST(table_magic), Z6; \
	VMOVAPS Z6, Z1; \
	VFMADD231PS.BCST ROW(rows_minus8ln2), Z3, Z1 /* Z1 = t = −h·8/ln2 + magic */; \
	VSUBPS Z6, Z1, Z2             /* Z2 = n */; \
	VBROADCASTSS CONST(table_c1), Z4; \
	VFNMSUB231PS Z4, Z2, Z3       /* Z3 = −h − n·c1 */; \
	VFNMADD231PS.BCST CONST(table_c2), Z2, Z3 /* Z3 = −h − n·ln2/8 */; \
	VSUBPS Z0, Z3, Z3             /* Z3 = r = −(h + lo) − n·ln2/8 */; \
	VPERMPS powTable, Z1, Z2; \
	VPSLLD $20, Z1, Z1; \
	VPADDD Z1, Z2, Z2             /* Z2 = 2^(n/8) */; \
	VBROADCASTSS CONST(table_p2), Z1; \
	VFMADD231PS.BCST CONST(table_p3), Z3, Z1 /* Z1 = p2 + p3·r */; \
	VMULPS Z3, Z3, Z4             /* Z4 = r² */; \
	VFMADD231PS.BCST CONST(table_p4), Z4, Z1 /* Z1 = p2 + p3·r + p4·r² */; \
	VFMADD213PS Z3, Z4, Z1        /* Z1 = r + r²·Z1 ≈ exp(r) − 1 */; \
	VFMADD213PS.Z Z2, Z2, K2, Z1  /* Z1 = q^γ = 2^(n/8)·exp(r), or 0 */

#define FOCALTURN \
	ROWTERMS; \
	ROWPOWER; \
	VMULPS.BCST (rowcall_Params+params_Gamma)(rCall), Z12, Z12 /* Z12 = γ·p_t */; \
	ROWSLOPE; \
	VMULPS Z1, Z14, Z1            /* Z1 = w·q^γ */; \
	VMULPS Z15, Z1, Z15; \
	VMOVUPS Z15, AT(rRowLosses)   /* w·q^γ·CE */; \
	VMULPS Z0, Z1, Z1; \
	VMOVUPS Z1, AT(rSlopes)       /* Z1 = G = w·q^γ·(q + γ·p_t·CE) */; \
	VMOVUPS AT(rUnits), Z2; \
	VMULPS AT(rRest), Z2, Z2      /* Z2 = S'·2^−k */; \
	VXORPS Z3, Z3, Z3; \
	VCMPPS $1, Z2, Z3, K3         /* K3 = 0 < S'·2^−k */; \
	VDIVPS.Z Z2, Z1, K3, Z1; \
	VMOVUPS Z1, AT(rScales)       /* G/(S'·2^−k), or 0 */

// func RowLoss(c *asm.RowCall)
TEXT ·RowLoss(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  rowcall_N(rCall), DX
	TESTQ DX, DX
	JZ    none
	ENTERENV(saved-8(SP), standard)
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
	ROWLOSS_SETUP
	XORQ  rAt, rAt
	CMPQ  rowcall_Formula(rCall), $const_rowFocal2
	JLT   ce
	JGT   focal

focal2:
	ROWLOOP(focal2, FOCAL2TURN)
	JMP   done

ce:
	ROWLOOP(ce, CETURN)
	JMP   done

focal:
	ROWLOOP(focal, FOCALTURN)

done:
	LEAVEENV(saved-8(SP), restored)

none:
	VZEROUPPER
	RET

// func RowScale(c *asm.RowScales)
//
// SI e of the row   DI its gradients   DX rows left   CX columns   BX k   R8 units   R9 whole
// vectors' columns   AX column   K1 scores of the rest
TEXT ·RowScale(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  rowscales_Rows(rCall), DX
	MOVQ  rowscales_Columns(rCall), CX
	TESTQ DX, DX
	JZ    none
	ENTERENV(saved-8(SP), standard)
	MOVQ  rowscales_Exps(rCall), SI
	MOVQ  rowscales_Gradients(rCall), DI
	MOVQ  rowscales_Scales(rCall), BX
	MOVQ  rowscales_Units(rCall), R8
	MOVQ  CX, R9
	ANDQ  $~15, R9
	MOVL  $1, AX
	MOVQ  CX, R11
	ANDQ  $15, CX
	SHLL  CX, AX
	MOVQ  R11, CX
	SUBL  $1, AX
	KMOVW AX, K1

row:
	VBROADCASTSS (BX), Z15       // Z15 = k
	VBROADCASTSS (R8), Z14       // Z14 = 2^−k of S
	XORQ  AX, AX
	CMPQ  AX, R9
	JGE   rest

whole:
	VMULPS (SI)(AX*4), Z14, Z0
	VMULPS Z0, Z15, Z0
	VMOVUPS Z0, (DI)(AX*4)
	ADDQ  $16, AX
	CMPQ  AX, R9
	JLT   whole

rest:
	CMPQ  AX, CX
	JGE   next
	VMOVUPS.Z (SI)(AX*4), K1, Z0
	VMULPS Z0, Z14, Z0
	VMULPS Z0, Z15, Z0
	VMOVUPS Z0, K1, (DI)(AX*4)

next:
	LEAQ  (SI)(CX*4), SI
	LEAQ  (DI)(CX*4), DI
	ADDQ  $4, BX
	ADDQ  $4, R8
	SUBQ  $1, DX
	JNZ   row
	LEAVEENV(saved-8(SP), restored)

none:
	VZEROUPPER
	RET
