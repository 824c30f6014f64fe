// The terms of formulas of targets: what a turn makes of logits x and targets y, 16 scores at o
// bytes into it, and of e = exp(−|x|) and l = log1p(e), which passes left of the chunk. In these
// the formulas of softformulas.h are written; package generic derives them.
//
//	A = x < 0 ? y : 1−y, B = x < 0 ? 1−y : y
//	N = A + B·e        q = p + y − 2py = N/(1 + e)
//	M = B·e − A        d = p − y = M/(1 + e) where x < 0, else −M/(1 + e)
//	ce = A·|x| + l
//
// Of plain scores, with y = +0 and the sign bit of x set, A = 0, B = 1, N = M = e, ce = l. Groups
// of these, as nearly all of a detector's are, take WHEN = PLAIN, with the same bits.

// General registers, besides those of words.h, and what a turn reads and writes at rAt.
#define rTargets BX    // y
#define rPositives R11 // factors of Pos, or 0
#define rHessians R9   // where second derivatives go
#define TARGETS(o) o(rTargets)(rAt*4)
#define POSITIVES(o) o(rPositives)(rAt*4)
#define HESSIANS(o) o(rHessians)(rAt*4)

// Vector registers of a turn. F, the loss, is in Z7 and Z8, for its two vectors.
#define tG Z0       // the gradient
#define tH Z1       // the second derivative
#define tD Z2       // d
#define tQ Z3       // q, or |d|
#define tWQ Z4      // w·q^γ or w·|d|^γ
#define tV Z5       // p(1−p)
#define tT Z6       // free
#define tX Z9       // x
#define tY Z10      // y, 0 for ignored
#define tOm Z11     // 1−y
#define tA Z12      // A and B
#define tB Z13
#define tE Z14      // e
#define tN Z15      // N
#define tBoth Z15   // of cross-entropy, which has no N: Pos·y + Neg·(1−y)
#define tM Z16      // M
#define tCE Z17     // ce
#define tW Z18      // w, 0 for ignored
#define tR Z19      // 1/(1+e)
#define tR2 Z20     // 1/(1+e)²
#define tPT Z21     // p_t = 1−q
#define tPos Z22    // Pos, times the factor of the score
#define tU Z22      // free once there is w
#define tBig Z23    // |x|, 0 where A is
#define tC Z23      // of quality focal loss, once there is ce: p(1−p)/|d|

#define rCounted K2    // where y is not −1
#define rForeground K3 // of varifocal loss: where y > 0
#define rBackground K4 // where y = 0
#define rNotZero K5    // where a power is not 0

// Constants of the loop: rOne, rZero, rSign, rNeg, and
#define rPos Z31
#define rTwo Z26
#define rPlainW Z24 // of plain scores, Pos·0 + Neg: +0 for −0
#define SOFT_SETUP \
	SPREAD(table_one, rOne); \
	VADDPS rOne, rOne, rTwo; \
	VXORPS rZero, rZero, rZero; \
	SPREAD(table_sign, rSign); \
	VBROADCASTSS PARAM(params_Weights), rNeg; \
	VBROADCASTSS PARAM(params_Weights+4), rPos; \
	VMOVAPS rNeg, rPlainW; \
	VFMADD231PS rZero, rPos, rPlainW

// IFMIXED: to the label if not all scores of the vector are plain; where Pos has factors, none is:
// Pos·0 may be NaN.
#define IFMIXED(o, mixed) \
	TESTQ rPositives, rPositives; \
	JNE   mixed; \
	VMOVUPS SCORES(o, rAt), Z0; \
	VPTERNLOGD $0xae, TARGETS(o), rSign, Z0 /* Z0 = y or (sign and not x) */; \
	VPTESTMD Z0, Z0, K1; \
	KORTESTW K1, K1; \
	JNE   mixed

// TARGET: Y = y, +0 for −1 and −0; OM = 1 − Y. ZERO and ONE hold 0 and 1. As integers, what has a
// sign is below 0.
#define TARGET(o, ZERO, ONE, Y, OM) \
	VPMAXSD TARGETS(o), ZERO, Y; \
	VSUBPS Y, ONE, OM

// SIDES: A = x < 0 ? P : Q, B the other, by the sign bit of x.
#define SIDES(X, P, Q, A, B) \
	VPSRAD $31, X, A; \
	VMOVAPS A, B; \
	VPTERNLOGD $0xca, Q, P, A     /* A = A ? P : Q */; \
	VPTERNLOGD $0xca, P, Q, B     /* B = B ? Q : P */

// NTERM: N = A + B·e. MTERM: M = B·e − A.
#define NTERM(A, B, E, N) \
	VMOVAPS A, N; \
	VFMADD231PS E, B, N
#define MTERM(A, B, E, M) \
	VMOVAPS E, M; \
	VFMSUB213PS A, B, M

// QTERM: tN. MOFD: tM. Of plain scores both are e.
#define QTERM(WHEN) WHEN(ANYQTERM, ANYQTERM, PLAINQTERM)
#define ANYQTERM NTERM(tA, tB, tE, tN)
#define PLAINQTERM VMOVAPS tE, tN
#define MOFD(WHEN) WHEN(ANYMOFD, ANYMOFD, PLAINMOFD)
#define ANYMOFD MTERM(tA, tB, tE, tM)
#define PLAINMOFD VMOVAPS tE, tM

// BEGIN: x, y, A, B, |x|, e.
#define BEGIN(o) \
	VMOVUPS SCORES(o, rAt), tX; \
	TARGET(o, rZero, rOne, tY, tOm); \
	VMOVUPS TARGETS(o), tT; \
	VPCMPD.BCST $4, ·constants+table_minusone(SB), tT, rCounted; \
	SIDES(tX, tY, tOm, tA, tB); \
	VPTESTMD tA, tA, K1           /* K1 = where A > 0 */; \
	VANDNPS.Z tX, rSign, K1, tBig /* tBig = |x| there, else 0 */; \
	VMOVUPS ALLEXPS(o), tE

// CROSSENTROPY: CE = A·|x| + L, L where A is 0: there x may be infinite.
#define CROSSENTROPY(A, L, CE) \
	VMOVUPS L, CE; \
	VFMADD231PS tBig, A, CE

// POSITIVE: tPos = Pos·factor.
#define POSITIVE(o, factored) \
	VMOVAPS rPos, tPos; \
	TESTQ rPositives, rPositives; \
	JZ    factored; \
	VMULPS POSITIVES(o), tPos, tPos; \
factored:

// What a turn begins with: e, ce, w, and of scores that are not plain the terms that these are
// made of. LINEAR: w = Pos·y + Neg·(1−y).
#define LINEAR(WHEN, o, factored) WHEN(ANYLINEAR, ANYLINEAR, PLAINLINEAR)(o, factored)
#define PLAINLINEAR(o, factored) \
	VMOVUPS ALLEXPS(o), tE; \
	VMOVUPS ALLLOG1PS(o), tCE; \
	VMOVAPS rPlainW, tW
#define ANYLINEAR(o, factored) \
	BEGIN(o); \
	CROSSENTROPY(tA, ALLLOG1PS(o), tCE); \
	POSITIVE(o, factored); \
	VMULPS tOm, rNeg, tW; \
	VFMADD231PS.Z tPos, tY, rCounted, tW

// BYTERM: A and B of Pos·y in place of y and Neg·(1−y) in place of 1−y; tBoth = their sum,
// ce = A·|x| + tBoth·l, w = 1.
#define BYTERM(WHEN, o, factored) WHEN(ANYBYTERM, ANYBYTERM, PLAINBYTERM)(o, factored)
#define PLAINBYTERM(o, factored) \
	VMOVUPS ALLEXPS(o), tE; \
	VMOVAPS rPlainW, tBoth; \
	VMULPS ALLLOG1PS(o), tBoth, tCE; \
	VMOVAPS rOne, tW
#define ANYBYTERM(o, factored) \
	BEGIN(o); \
	POSITIVE(o, factored); \
	VMULPS tY, tPos, tPos; \
	VMULPS tOm, rNeg, tT; \
	VADDPS tT, tPos, tBoth; \
	SIDES(tX, tPos, tT, tA, tB); \
	VMULPS ALLLOG1PS(o), tBoth, tCE; \
	CROSSENTROPY(tA, tCE, tCE); \
	VMOVAPS.Z rOne, rCounted, tW

// BYTARGET: w = Pos·(slope·y + base) where y > 0, else Neg.
#define BYTARGET(WHEN, o, factored) WHEN(ANYBYTARGET, ANYBYTARGET, PLAINBYTARGET)(o, factored)
#define PLAINBYTARGET(o, factored) \
	VMOVUPS ALLEXPS(o), tE; \
	VMOVUPS ALLLOG1PS(o), tCE; \
	VMOVAPS rNeg, tW
#define ANYBYTARGET(o, factored) \
	BEGIN(o); \
	CROSSENTROPY(tA, ALLLOG1PS(o), tCE); \
	POSITIVE(o, factored); \
	VPTESTMD tY, tY, rForeground; \
	KNOTW rForeground, rBackground; \
	VBROADCASTSS PARAM(params_TargetBase), tT; \
	VFMADD231PS.BCST PARAM(params_TargetSlope), tY, tT /* tT = slope·y + base */; \
	VMOVAPS.Z rNeg, rCounted, tW; \
	VMULPS tT, tPos, rForeground, tW

// What formulas are written in.

// RECIPROCAL: tR. SQUARE: tR2. ROOT: tR from tR2.
#define RECIPROCAL \
	VADDPS tE, rOne, tR; \
	VDIVPS tR, rOne, tR           /* tR = 1/(1 + e) */
#define SQUARE \
	VADDPS tE, rTwo, tR2; \
	VFMADD213PS rOne, tE, tR2     /* tR2 = e·(2 + e) + 1 = (1 + e)² */; \
	VDIVPS tR2, rOne, tR2
#define ROOT \
	VADDPS tE, rOne, tR; \
	VMULPS tR2, tR, tR            /* tR = (1 + e)/(1 + e)² */

// DIFFERENCE: D = M/(1 + e), negated where the sign bit of x is clear: d.
#define DIFFERENCE(WHEN, M, D) WHEN(ANYDIFFERENCE, ANYDIFFERENCE, PLAINDIFFERENCE)(M, D)
#define ANYDIFFERENCE(M, D) \
	VMULPS tR, M, D; \
	VPTERNLOGD $0xb4, tX, rSign, D /* D = D xor (sign and not x) */
#define PLAINDIFFERENCE(M, D) VMULPS tR, M, D
#define DTERM(WHEN) \
	MOFD(WHEN); \
	DIFFERENCE(WHEN, tM, tD)

// DAFTERQ: tD, where there is tQ, and QAFTERD the reverse: of plain scores they are the same.
#define DAFTERQ(WHEN) WHEN(ANYDTERM, ANYDTERM, DISQ)
#define QAFTERD(WHEN) WHEN(QUOTIENT, QUOTIENT, QISD)
#define ANYDTERM DTERM(ANY)
#define DISQ VMOVAPS tQ, tD
#define QISD VMOVAPS tD, tQ

// EXCESS: D = 1 − 2p. FLIP: V, negated where the sign bit of d is set.
#define EXCESS(WHEN, D) \
	VSUBPS tE, rOne, D; \
	DIFFERENCE(WHEN, D, D)        /* D = ±(1 − e)/(1 + e) */
#define FLIP(V) VPTERNLOGD $0x78, tD, rSign, V /* V = V xor (sign and d) */

// QUOTIENT: tQ = q. TRUETERM: tPT = p_t.
#define QUOTIENT VMULPS tR, tN, tQ
#define TRUETERM(WHEN) WHEN(ANYTRUETERM, ANYTRUETERM, PLAINTRUETERM)
#define PLAINTRUETERM VMOVAPS tR, tPT
#define ANYTRUETERM \
	VMOVAPS tB, tPT; \
	VFMADD231PS tE, tA, tPT; \
	VMULPS tR, tPT, tPT           /* tPT = (A·e + B)/(1 + e) */

// VARIANCE: tV = p(1−p), from tR or from tR2.
#define VARIANCE \
	VMULPS tR, tE, tV; \
	VMULPS tR, tV, tV
#define VARIANCE2 VMULPS tR2, tE, tV

// BYLINE: V = (1−2y)·V. SLOPEBYQ: D = p(1−p)/q.
#define BYLINE(WHEN, V) WHEN(ANYBYLINE, ANYBYLINE, PLAINBYLINE)(V)
#define ANYBYLINE(V) \
	VMOVAPS rOne, tT; \
	VFNMADD231PS tY, rTwo, tT     /* tT = 1 − 2y */; \
	VMULPS tT, V, V
#define PLAINBYLINE(V)
#define SLOPEBYQ(D) \
	VMAXPS.BCST ·constants+table_least(SB), tN, D; \
	VDIVPS D, tE, D; \
	VMULPS tR, D, D               /* D = e/max(N, 2⁻¹⁴⁹)/(1 + e) */

// BEND: D = ce·GP·(GP − q) + q·(2·GP + p_t), GP = γ·p_t. tPT and T are lost; GP may be tPT.
#define BEND(GP, D, T) \
	VSUBPS tQ, GP, T; \
	VMULPS GP, tCE, D; \
	VFMADD231PS rTwo, GP, tPT; \
	VMULPS tQ, tPT, tPT; \
	VFMADD213PS tPT, T, D

// WHEREZERO: W = V·W where y = 0, of varifocal loss. ZEROELSE: D = V there, else 0.
#define WHEREZERO(WHEN, V, W) WHEN(ANYWHEREZERO, ANYWHEREZERO, PLAINWHEREZERO)(V, W)
#define ANYWHEREZERO(V, W) VMULPS V, W, rBackground, W
#define PLAINWHEREZERO(V, W) VMULPS V, W, W
#define ZEROELSE(WHEN, V, D) WHEN(ANYZEROELSE, ANYZEROELSE, PLAINZEROELSE)(V, D)
#define ANYZEROELSE(V, D) VMOVAPS.Z V, rBackground, D
#define PLAINZEROELSE(V, D) VMOVAPS V, D

// POWERTERM: tWQ = w·q^γ, or that of |d|. NOTZERO: where the power is not 0.
#define POWERTERM(o) VMULPS POWERS(o), tW, tWQ
#define NOTZERO(o) \
	VMOVUPS POWERS(o), tT; \
	VPTESTMD tT, tT, rNotZero
