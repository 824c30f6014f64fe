//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "env.h"

// The kernels of rows, see package generic. Their constants are whole vectors, which
// instructions read from memory.
#define ROW(name) ·rowconstants+name(SB)
#define SPREADROW(name, r) VBROADCASTSS ROW(name), r

// RowExp takes a turn of 32 scores at rAt. EXPONENT: e = exp of A for t = n + M, with the
// registers of EXPNEG; S and RR are free.
#define rShifts BX // 8·R
#define rLess R9   // c
#define topBits Y15 // the greatest bits of |x| so far, as unsigned integers
#define topAbs Y14  // all bits but the sign
#define EXPONENT(A, M, T, S, RR, e) \
	VMOVAPS M, T; \
	VFMADD231PS exp8Ln2, A, T     /* T = t = A·8/ln2 + M */; \
	VSUBPS M, T, S                /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS expC1, S, A      /* A = A − n·c1 */; \
	VFNMADD231PS expC2, S, A      /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e
#define ROWEXP(o) \
	VMOVUPS SCORES(o), Y0         /* Y0 = x */; \
	VPAND Y0, topAbs, Y2; \
	VPMAXUD Y2, topBits, topBits; \
	EXPONENT(Y0, expMagic, Y1, Y2, Y3, o(rBuf)(rAt*4))

// SHIFTEDEXP: of x − c, times 2^−R.
#define shiftLast Y15 // −1016
#define shiftBy8 Y14  // ln2/8
#define SHIFTEDEXP(o) \
	VMOVUPS SCORES(o), Y0; \
	VSUBPS o(rLess)(rAt*4), Y0, Y0  /* Y0 = x − c */; \
	VMOVUPS o(rShifts)(rAt*4), Y3   /* Y3 = 8·R */; \
	VSUBPS Y3, expMagic, Y4         /* Y4 = magic − 8·R */; \
	VADDPS shiftLast, Y3, Y3; \
	VMULPS shiftBy8, Y3, Y3         /* Y3 = (8·R − 1016)·ln2/8, where e comes out as 0 */; \
	VMAXPS Y0, Y3, Y0               /* Y0 = max(x − c, Y3); a NaN stays one */; \
	EXPONENT(Y0, Y4, Y1, Y2, Y3, o(rBuf)(rAt*4))

// TOPOF: R = the greatest of the 8 unsigned integers in Y, whose low half is X.
#define TOPOF(Y, X, R) \
	VEXTRACTI128 $1, Y, X0; \
	VPMAXUD X0, X, X; \
	VPSHUFD $0x4e, X, X0; \
	VPMAXUD X0, X, X; \
	VPSHUFD $0xb1, X, X0; \
	VPMAXUD X0, X, X; \
	VMOVD X, R

// func RowExp(c *asm.RowExps)
TEXT ·RowExp(SB), NOSPLIT, $8-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  rowexps_N(rCall), rChunk
	MOVQ  rowexps_Scores(rCall), rScores
	MOVQ  rowexps_Exps(rCall), rBuf
	MOVQ  rowexps_Shifts8(rCall), rShifts
	MOVQ  rowexps_Less(rCall), rLess
	VPXOR topBits, topBits, topBits
	TESTQ rChunk, rChunk
	JZ    none
	ENTERENV(saved-8(SP), standard)
	SPREAD(table_magic, expMagic)
	SPREAD(table_by8ln2, exp8Ln2)
	SPREAD(table_c1, expC1)
	SPREAD(table_c2, expC2)
	EXPCORE_SETUP
	XORQ  rAt, rAt
	TESTQ rShifts, rShifts
	JNZ   shifted
	VMOVDQU ·constants+table_abs(SB), topAbs

loop:
	EACH32(ROWEXP)
	LOOP32(loop)
	LEAVEENV(saved-8(SP), restored)
	TOPOF(topBits, X15, AX)
	MOVL  AX, rowexps_Top(rCall)
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
	SPREADROW(rows_minus1016, shiftLast)
	SPREADROW(rows_ln2by8, shiftBy8)

shiftedloop:
	EACH32(SHIFTEDEXP)
	LOOP32(shiftedloop)
	LEAVEENV(saved-8(SP), shiftedrestored)
	VZEROUPPER
	RET

// func RowTop(x []float32) (most float32, top uint32)
//
// Y0…Y3 the greatest x   Y4…Y7 the greatest bits of |x|, each of a vector of a turn
TEXT ·RowTop(SB), NOSPLIT, $8-32
	NO_LOCAL_POINTERS
	MOVQ  x_base+0(FP), rScores
	MOVQ  x_len+8(FP), rChunk
	ENTERENV(saved-8(SP), standard)
	VMOVDQU ·constants+table_abs(SB), Y15
	VBROADCASTSS (rScores), Y0
	VMOVAPS Y0, Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y0, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	XORQ  rAt, rAt

#define TOPTURN(o, M, T) \
	VMOVUPS SCORES(o), Y8; \
	VMAXPS  M, Y8, M              /* M = x > M ? x : M */; \
	VPAND   Y8, Y15, Y8; \
	VPMAXUD Y8, T, T
loop:
	TOPTURN(0, Y0, Y4)
	TOPTURN(32, Y1, Y5)
	TOPTURN(64, Y2, Y6)
	TOPTURN(96, Y3, Y7)
	LOOP32(loop)
	VMAXPS Y1, Y0, Y0
	VMAXPS Y3, Y2, Y2
	VMAXPS Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0x4e, X0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0xb1, X0, X1
	VMAXPS X1, X0, X0
	VXORPS X1, X1, X1
	VADDPS X1, X0, X0            // no −0
	VMOVD  X0, BX
	VPMAXUD Y5, Y4, Y4
	VPMAXUD Y7, Y6, Y6
	VPMAXUD Y6, Y4, Y4
	TOPOF(Y4, X4, DX)
	LEAVEENV(saved-8(SP), restored)
	MOVL  BX, most+24(FP)
	MOVL  DX, top+28(FP)
	VZEROUPPER
	RET

// func RowSum(c *asm.RowSums)
//
// SI e of the row   DX rows left   CX bytes of whole groups of a row   DI bytes of the rest
// BX e_t   R8 S'   R9 S   R11 mask of the rest   AX bytes into the row
TEXT ·RowSum(SB), NOSPLIT, $8-8
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
	MOVQ  CX, DI
	ANDQ  $31, DI
	SUBQ  DI, CX
	SHLQ  $2, CX
	LEAQ  ROW(rows_first), R11
	ADDQ  $128, R11
	SHLQ  $2, DI
	SUBQ  DI, R11                // R11 = where the masks of the rest begin
	VMOVUPD (rowsums_Lanes+0)(rCall), Y13
	VMOVUPD (rowsums_Lanes+32)(rCall), Y14
	VMOVUPS 0(R11), Y6
	VMOVUPS 32(R11), Y7
	VMOVUPS 64(R11), Y8
	VMOVUPS 96(R11), Y9

row:
	VMOVAPD Y13, Y12             // Y12, Y11 = lanes 0…3 and 4…7
	VMOVAPD Y14, Y11
	TESTQ CX, CX
	JZ    rest
	XORQ  AX, AX

group:
	VMOVUPS 0(SI)(AX*1), Y0
	VMOVUPS 32(SI)(AX*1), Y1
	VADDPS 64(SI)(AX*1), Y0, Y0  // Y0 = f[j] + f[j+16]
	VADDPS 96(SI)(AX*1), Y1, Y1  // Y1 = f[j+8] + f[j+24]
	VADDPS Y1, Y0, Y0            // Y0 = s
	VEXTRACTF128 $1, Y0, X1
	VCVTPS2PD X0, Y0
	VCVTPS2PD X1, Y1
	VADDPD Y0, Y12, Y12
	VADDPD Y1, Y11, Y11
	ADDQ  $128, AX
	CMPQ  AX, CX
	JLT   group
	ADDQ  CX, SI

rest:
	TESTQ DI, DI
	JZ    ends
	VANDPS 0(SI), Y6, Y0         // what is beyond the row counts as 0
	CMPQ  DI, $32
	JLE   one
	VANDPS 32(SI), Y7, Y1
	CMPQ  DI, $64
	JLE   two
	VANDPS 64(SI), Y8, Y2
	VANDPS 96(SI), Y9, Y3
	VADDPS Y2, Y0, Y0
	VADDPS Y3, Y1, Y1

two:
	VADDPS Y1, Y0, Y0

one:
	VEXTRACTF128 $1, Y0, X1
	VCVTPS2PD X0, Y0
	VCVTPS2PD X1, Y1
	VADDPD Y0, Y12, Y12
	VADDPD Y1, Y11, Y11
	ADDQ  DI, SI

ends:
	VMOVD (BX), X2
	VCVTPS2PD X2, X2             // X2 = e_t, 0
	VADDPD Y11, Y12, Y0          // Y0 = a0+a4, a1+a5, a2+a6, a3+a7
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
	VMOVUPD Y12, (rowsums_Lanes+0)(rCall)
	VMOVUPD Y11, (rowsums_Lanes+32)(rCall)
	LEAVEENV(saved-8(SP), restored)

none:
	VZEROUPPER
	RET

// RowLoss takes 8 rows at rAt. LOGPARTS: of t in T and low in L, which are scaled by 2²⁴,
// −ln(t + low) = −k·ln2 + H − G, with 2²³·k in K.
#define LOGPARTS(T, L, G, H, K, C, D) \
	VPSUBD ROW(rows_lnsplit), T, K     /* K = bits of T less lnsplit; here VPSUBD b, a, d is a − b */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPAND ROW(rows_expmask), K, K      /* K = k<<23 */; \
	VPERMPS ·constants+table_lntable(SB), C, H /* H = ln c */; \
	VPERMPS ·constants+table_lnrecip(SB), C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMADD213PS ROW(rows_minusone), C, T /* T = c'·T − 1 */; \
	VFMADD231PS C, L, T           /* T = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */; \
	VMULPS T, T, C                /* C = f² */; \
	VMOVUPS ROW(rows_g0), G; \
	VFMADD231PS ROW(rows_g1), T, G     /* G = g0 + g1·f */; \
	VMOVUPS ROW(rows_g2), D; \
	VFMADD231PS ROW(rows_g3), T, D     /* D = g2 + g3·f */; \
	VFMADD231PS D, C, G           /* G = G + f²·D */; \
	VFMADD213PS T, C, G           /* G = f + f²·G = ln(1 + f) */

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

// What all formulas take: Y15 = CE, Y14 = w, Y13 = q, Y12 = p_t, Y11 = 1/σ, Y10 = 1/S, and
// the units, stored.
#define ROWTERMS \
	VMOVUPS AT(rAll), Y0          /* Y0 = S = 2^k·σ */; \
	VMOVUPS AT(rRest), Y1         /* Y1 = S' */; \
	VMOVUPS AT(rTrue), Y2         /* Y2 = e_t */; \
	VMOVUPS ROW(rows_one), Y5; \
	VDIVPS Y0, Y5, Y10            /* Y10 = 1/S */; \
	VDIVPS Y2, Y1, Y3             /* Y3 = S'/e_t */; \
	VCMPPS $1, Y1, Y2, Y4         /* Y4 = far = e_t < S' */; \
	VPAND ROW(rows_expmask), Y0, Y6    /* Y6 = 2^k */; \
	VMOVDQU ROW(rows_unitbits), Y7; \
	VPSUBD Y6, Y7, Y7; \
	VMOVDQU Y7, AT(rUnits)        /* 2^−k */; \
	VMULPS Y6, Y10, Y11           /* Y11 = 1/σ */; \
	VMULPS Y10, Y1, Y13           /* Y13 = q = S'/S */; \
	VMULPS Y10, Y2, Y12           /* Y12 = p_t = e_t/S */; \
	VPSRLD $23, Y0, Y6; \
	VPSUBD ROW(rows_bias), Y6, Y6; \
	VCVTDQ2PS Y6, Y6; \
	VADDPS AT(rRowShifts), Y6, Y6 /* Y6 = K = k + R */; \
	VPAND ROW(rows_mantissa), Y0, Y0; \
	VPOR Y5, Y0, Y0               /* Y0 = σ */; \
	VSUBPS Y5, Y0, Y0; \
	VBLENDVPS Y4, Y0, Y3, Y3      /* Y3 = ρ = far ? σ − 1 : S'/e_t */; \
	VMOVUPS ROW(rows_ln2hi), Y7; \
	VFMSUB213PS AT(rTrueScores), Y6, Y7 /* Y7 = K·ln2hi − (x_t − c) */; \
	VFMADD231PS ROW(rows_ln2lo), Y6, Y7; \
	VANDPS Y4, Y7, Y7             /* Y7 = far ? K·ln2 − (x_t − c) : 0 */; \
	VMOVUPS ROW(rows_scale), Y5; \
	VMOVAPS Y5, Y0; \
	VFMADD231PS Y5, Y3, Y0        /* Y0 = 2²⁴·(1 + ρ), rounded */; \
	VSUBPS Y0, Y5, Y1; \
	VFMADD213PS Y1, Y5, Y3        /* Y3 = what Y0 lost */; \
	LOGPARTS(Y0, Y3, Y1, Y2, Y4, Y5, Y6); \
	VFMADD231PS ROW(rows_ln2exp), Y4, Y2 /* Y2 = −k·ln2 + ln c */; \
	VSUBPS Y2, Y1, Y1             /* Y1 = ln(1 + ρ) */; \
	VADDPS Y7, Y1, Y15            /* Y15 = CE */; \
	VMOVUPS AT(rRowWeights), Y14  /* Y14 = w */

// ROWSLOPE: Y0 = q + γ·p_t·CE, with γ·p_t in Y12, and CE at most the largest finite number.
#define ROWSLOPE \
	VMINPS ROW(rows_max), Y15, Y0; \
	VFMADD213PS Y13, Y12, Y0

// ROWLOOP: TURN for each 8 rows.
#define ROWLOOP(label, TURN) \
	TURN; \
	ADDQ $8, rAt; \
	CMPQ rAt, DX; \
	JLT  label

#define CETURN \
	ROWTERMS; \
	VMULPS Y15, Y14, Y15; \
	VMOVUPS Y15, AT(rRowLosses)   /* w·CE */; \
	VMULPS Y13, Y14, Y13; \
	VMOVUPS Y13, AT(rSlopes)      /* w·q */; \
	VMULPS Y11, Y14, Y11; \
	VMOVUPS Y11, AT(rScales)      /* w/σ */

#define FOCAL2TURN \
	ROWTERMS; \
	VADDPS Y12, Y12, Y12          /* Y12 = 2·p_t */; \
	ROWSLOPE; \
	VMULPS Y13, Y13, Y1; \
	VMULPS Y1, Y14, Y1            /* Y1 = w·q² */; \
	VMULPS Y15, Y1, Y15; \
	VMOVUPS Y15, AT(rRowLosses)   /* w·q²·CE */; \
	VMULPS Y0, Y1, Y1; \
	VMOVUPS Y1, AT(rSlopes)       /* w·q²·(q + 2·p_t·CE) */; \
	VMULPS Y13, Y14, Y13; \
	VMULPS Y11, Y13, Y13; \
	VMULPS Y0, Y13, Y13; \
	VMOVUPS Y13, AT(rScales)      /* (w·q/σ)·(q + 2·p_t·CE) */

// ROWPOWER: Y1 = q^γ = exp(−γ·s), s = −ln(S'/S), from q in Y13 and 1/S in Y10.
#define ROWPOWER \
	VMOVUPS AT(rRest), Y3; \
	VFNMADD231PS AT(rAll), Y13, Y3 /* Y3 = S' − q·S, exact */; \
	VMULPS ROW(rows_scale), Y10, Y10; \
	VMULPS Y10, Y3, Y3            /* Y3 = 2²⁴·(S'/S − q) */; \
	VMULPS ROW(rows_scale), Y13, Y0    /* Y0 = 2²⁴·q */; \
	LOGPARTS(Y0, Y3, Y1, Y2, Y4, Y5, Y6); \
	VSUBPS Y1, Y2, Y2             /* Y2 = d = ln c − ln(1 + f) */; \
	VMULPS ROW(rows_ln2exphi), Y4, Y5  /* Y5 = m = −k·ln2, its high part, exact */; \
	VADDPS Y2, Y5, Y0             /* Y0 = s = m + d, rounded */; \
	VSUBPS Y5, Y0, Y6; \
	VSUBPS Y6, Y2, Y2             /* Y2 = d − (s − m), what s lost */; \
	VFMADD231PS ROW(rows_ln2explo), Y4, Y2 /* Y2 = v, the low part of s */; \
	VMOVUPS ROW(rows_lnzero), Y7; \
	VCMPPS $1, Y0, Y7, Y7         /* Y7 = lnzero < s, where q is 0 */; \
	VBROADCASTSS (rowcall_Params+params_Limit)(rCall), Y4; \
	VMINPS Y4, Y0, Y0             /* Y0 = min(s, limit), so γ·s ≤ 127·ln2 */; \
	VBROADCASTSS (rowcall_Params+params_Gamma)(rCall), Y4; \
	VMULPS Y4, Y0, Y3             /* Y3 = h = γ·s, rounded */; \
	VFMSUB213PS Y3, Y4, Y0        /* Y0 = γ·s − h, exact */; \
	VBROADCASTSS (rowcall_Params+params_GammaLow)(rCall), Y4; \
	VFMADD231PS Y2, Y4, Y0        /* Y0 = lo = Y0 + γ'·v */; \
	VMOVUPS ROW(rows_magic), Y6; \
	VMOVAPS Y6, Y1; \
	VFMADD231PS ROW(rows_minus8ln2), Y3, Y1 /* Y1 = t = −h·8/ln2 + magic */; \
	VSUBPS Y6, Y1, Y2             /* Y2 = n */; \
	VMOVUPS ROW(rows_c1), Y4; \
	VFNMSUB231PS Y4, Y2, Y3       /* Y3 = −h − n·c1 */; \
	VMOVUPS ROW(rows_c2), Y4; \
	VFNMADD231PS Y4, Y2, Y3       /* Y3 = −h − n·ln2/8 */; \
	VSUBPS Y0, Y3, Y3             /* Y3 = r = −(h + lo) − n·ln2/8 */; \
	VPERMPS ·constants+table_exp2(SB), Y1, Y2; \
	VPSLLD $20, Y1, Y1; \
	VPADDD Y1, Y2, Y2             /* Y2 = 2^(n/8) */; \
	VMOVUPS ROW(rows_p2), Y1; \
	VFMADD231PS ROW(rows_p3), Y3, Y1   /* Y1 = p2 + p3·r */; \
	VMULPS Y3, Y3, Y4             /* Y4 = r² */; \
	VFMADD231PS ROW(rows_p4), Y4, Y1   /* Y1 = p2 + p3·r + p4·r² */; \
	VFMADD213PS Y3, Y4, Y1        /* Y1 = r + r²·Y1 ≈ exp(r) − 1 */; \
	VFMADD213PS Y2, Y2, Y1        /* Y1 = 2^(n/8)·exp(r) */; \
	VANDNPS Y1, Y7, Y1            /* Y1 = q^γ */

#define FOCALTURN \
	ROWTERMS; \
	ROWPOWER; \
	VBROADCASTSS (rowcall_Params+params_Gamma)(rCall), Y4; \
	VMULPS Y12, Y4, Y12           /* Y12 = γ·p_t */; \
	ROWSLOPE; \
	VMULPS Y1, Y14, Y1            /* Y1 = w·q^γ */; \
	VMULPS Y15, Y1, Y15; \
	VMOVUPS Y15, AT(rRowLosses)   /* w·q^γ·CE */; \
	VMULPS Y0, Y1, Y1; \
	VMOVUPS Y1, AT(rSlopes)       /* Y1 = G = w·q^γ·(q + γ·p_t·CE) */; \
	VMOVUPS AT(rUnits), Y2; \
	VMULPS AT(rRest), Y2, Y2      /* Y2 = S'·2^−k */; \
	VXORPS Y3, Y3, Y3; \
	VCMPPS $1, Y2, Y3, Y3         /* Y3 = 0 < S'·2^−k */; \
	VDIVPS Y2, Y1, Y1; \
	VANDPS Y3, Y1, Y1; \
	VMOVUPS Y1, AT(rScales)       /* G/(S'·2^−k), or 0 */

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
// SI e of the row   DI its gradients   DX rows left   CX columns   BX k   R8 units   R9 last
// column that a vector may begin with   AX column
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
	LEAQ  -8(CX), R9
	LEAQ  -32(CX), R11

row:
	VBROADCASTSS (BX), Y15       // Y15 = k
	VBROADCASTSS (R8), Y14       // Y14 = 2^−k of S
	XORQ  AX, AX
	CMPQ  CX, $32
	JLT   eights

#define SCALE(o) \
	VMULPS o(SI)(AX*4), Y14, Y0; \
	VMULPS Y0, Y15, Y0; \
	VMOVUPS Y0, o(DI)(AX*4)
group:
	EACH32(SCALE)
	ADDQ  $32, AX
	CMPQ  AX, R11
	JLE   group

eights:
	CMPQ  AX, R9
	JGT   rest
	SCALE(0)
	ADDQ  $8, AX
	JMP   eights

rest:
	CMPQ  AX, CX
	JGE   next
	CMPQ  CX, $8
	JLT   scalar
	MOVQ  R9, AX                 // the last 8 of the row, some of them again
	SCALE(0)
	JMP   next

scalar:
	VMOVD (SI)(AX*4), X0
	VMULPS X0, X14, X0
	VMULPS X0, X15, X0
	VMOVD X0, (DI)(AX*4)
	ADDQ  $1, AX
	CMPQ  AX, CX
	JLT   scalar

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
