// The terms of the formulas of targets, 8 scores at o bytes into a turn. Of a logit x and a
// target y, with e = exp(−|x|):
//
//	A = x < 0 ? y : 1−y     the weight of the big half of ce, B that of the small one
//	N = A + B·e             q = p + y − 2py = N/(1+e)
//	M = B·e − A             d = p − y = M/(1+e) for x < 0, else −M/(1+e)
//	ce = A·|x| + log1p(e)
//
// Of plain scores, with the target +0 and x < 0, A = 0, B = 1, N = M = e and ce = log1p(e).
// Their groups take WHEN = PLAIN, and the bits are the same.
//
// Registers of the loops, besides those of logits, and C, one of the losses Y6…Y9, which is
// free until CROSSENTROPY:

#define tX Y0    // x
#define tY Y1    // y, 0 for ignored
#define tO Y2    // 1 − y
#define tA Y3    // A
#define tB Y4    // B
#define tW Y5    // the weight
#define tN Y11   // N, in place of sums, which REDUCEMORE has in memory
#define tM Y12   // M
#define tZero tM // of varifocal loss: all bits where y = 0
#define tE tO    // e, once 1 − y is used
#define rW0 Y15  // Neg

#define TARGETS_SETUP \
	SPREAD(table_one, rOne); \
	SPREAD(table_sign, rSign); \
	VBROADCASTSS PARAM(params_Weights), rW0; \
	VXORPS rZero, rZero, rZero

// The units of products, which maxima of floats, comparisons and choices take, too, are the
// busiest: hence integers, which compare as floats that are not negative do.

// TARGETS_HEAD: x, y, 1 − y, A; W = all bits where ignored.
#define TARGETS_HEAD(o) \
	VMOVUPS TARGETS(o), tW; \
	VPMAXSD tW, rZero, tY         /* tY = y, +0 for −1 and −0 */; \
	VPCMPEQD ·constants+table_minusone(SB), tW, tW; \
	VSUBPS tY, rOne, tO           /* tO = 1 − y */; \
	VMOVUPS SCORES(o), tX; \
	VBLENDVPS tX, tY, tO, tA      /* tA = A */

// POSITIVE: P = Pos, times the factor of the score where factors are given.
#define POSITIVE(o, factored, P) \
	VBROADCASTSS PARAM(params_Weights+4), P; \
	TESTQ rFactors, rFactors; \
	JZ    factored; \
	VMULPS FACTORS(o), P, P; \
factored:

// LINEAR: the head, and W = Pos·y + Neg·(1−y), 0 for ignored.
#define LINEAR(WHEN, o, factored, weighed, P) \
	WHEN(ANYLINEAR, PLAINLINEAR)(o, factored, weighed, P)
#define ANYLINEAR(o, factored, weighed, P) \
	TARGETS_HEAD(o); \
	POSITIVE(o, factored, P); \
	VMULPS rW0, tO, tN; \
	VFMADD231PS P, tY, tN         /* tN = Pos·y + Neg·(1 − y) */; \
	VANDNPS tN, tW, tW; \
	WEIGH(o, tW, weighed)
#define PLAINLINEAR(o, factored, weighed, P) \
	VADDPS rZero, rW0, tW         /* tW = Neg, +0 for −0 */; \
	WEIGH(o, tW, weighed)

// BYTARGET: the head, Z, and W = Pos·(slope·y + base) where y > 0, else Neg; 0 for ignored.
#define BYTARGET(WHEN, o, factored, weighed, P) \
	WHEN(ANYBYTARGET, PLAINBYTARGET)(o, factored, weighed, P)
#define ANYBYTARGET(o, factored, weighed, P) \
	TARGETS_HEAD(o); \
	POSITIVE(o, factored, P); \
	VBROADCASTSS PARAM(params_TargetSlope), tB; \
	VBROADCASTSS PARAM(params_TargetBase), tN; \
	VFMADD231PS tB, tY, tN        /* tN = slope·y + base */; \
	VMULPS tN, P, tN; \
	VPCMPEQD rZero, tY, tZero; \
	VBLENDVPS tZero, rW0, tN, tN; \
	VANDNPS tN, tW, tW; \
	WEIGH(o, tW, weighed)
#define PLAINBYTARGET(o, factored, weighed, P) \
	VMOVAPS rW0, tW; \
	WEIGH(o, tW, weighed)

// MAGNITUDE: C = |x|, but 0 where A is: there x may be infinite. As integers, A is positive
// or 0.
#define MAGNITUDE(C) \
	VANDPS ·constants+table_abs(SB), tX, C; \
	VPSIGND tA, C, C

// CROSSENTROPY: C = ce.
#define CROSSENTROPY(WHEN, o, C) \
	WHEN(ANYCROSSENTROPY, PLAINCROSSENTROPY)(o, C)
#define ANYCROSSENTROPY(o, C) \
	MAGNITUDE(C); \
	VFMADD213PS LOG1PS(o), tA, C  /* C = A·|x| + log1p(e) */
#define PLAINCROSSENTROPY(o, C) \
	VMOVUPS LOG1PS(o), C

// SMALL: e and B.
#define SMALL(WHEN, o) \
	WHEN(OTHERHALF, NOTHING); \
	VMOVUPS EXPS(o), tE
#define OTHERHALF \
	VXORPS tY, tO, tB; \
	VXORPS tA, tB, tB             /* tB = the one of y and 1 − y that A is not */
#define NOTHING

// TERMN: R = N. TERMM: R = M. NFORB and MFORB: the same in B's place.
#define TERMN(WHEN, R) \
	WHEN(ANYTERMN, PLAINTERM)(R)
#define TERMM(WHEN, R) \
	WHEN(ANYTERMM, PLAINTERM)(R)
#define NFORB(WHEN) \
	WHEN(ANYNFORB, PLAINTERM(tB))
#define MFORB(WHEN) \
	WHEN(ANYMFORB, PLAINTERM(tB))
#define ANYTERMN(R) \
	VMOVAPS tA, R; \
	VFMADD231PS tB, tE, R         /* R = N = A + B·e */
#define ANYTERMM(R) \
	VMOVAPS tA, R; \
	VFMSUB231PS tB, tE, R         /* R = M = B·e − A */
#define ANYNFORB VFMADD213PS tA, tE, tB
#define ANYMFORB VFMSUB213PS tA, tE, tB
#define PLAINTERM(R) VMOVAPS tE, R

// SIGNED: R, of which d = p − y is made as of M, negated where x ≥ 0. X is lost.
#define SIGNED(WHEN, R) \
	WHEN(ANYSIGNED, PLAINSIGNED)(R)
#define ANYSIGNED(R) \
	VANDNPS rSign, tX, tX; \
	VXORPS tX, R, R
#define PLAINSIGNED(R)

// TERMPT: A = A·e + B, which is p_t·(1+e) at y of 0 and 1. TIMESR: A = p_t, with 1/(1+e) in B's
// place. BYSIDES: y = (1 − 2y)·R. QFORR: q in B's place, with d in M's: of plain scores they are one.
#define TERMPT(WHEN) \
	WHEN(ANYTERMPT, NOTHING)
#define ANYTERMPT VFMADD213PS tB, tE, tA
#define TIMESR(WHEN) \
	WHEN(ANYTIMESR, PLAINTIMESR)
#define ANYTIMESR VMULPS tB, tA, tA
#define PLAINTIMESR VMOVAPS tB, tA
#define BYSIDES(WHEN, R) \
	WHEN(ANYBYSIDES, PLAINBYSIDES)(R)
#define ANYBYSIDES(R) \
	VADDPS tY, tY, tY; \
	VSUBPS tY, rOne, tY; \
	VMULPS R, tY, tY
#define PLAINBYSIDES(R) VMOVAPS R, tY
#define QFORR(WHEN) \
	WHEN(ANYQFORR, PLAINQFORR)
#define ANYQFORR VMULPS tN, tB, tB
#define PLAINQFORR VMOVAPS tM, tB

// WHEREZERO: R where y = 0, else S, of varifocal loss. ZEROELSE: the same with +0 for S.
#define WHEREZERO(WHEN, R, S) \
	WHEN(ANYWHEREZERO, PLAINWHEREZERO)(R, S)
#define ANYWHEREZERO(R, S) VBLENDVPS tZero, R, S, R
#define PLAINWHEREZERO(R, S)
#define ZEROELSE(WHEN, R) \
	WHEN(ANYZEROELSE, PLAINSIGNED)(R)
#define ANYZEROELSE(R) VANDPS tZero, R, R

// What slopes and curves share takes MORE for what only curves need: INSLOPE or INCURVE.
#define INSLOPE(more)
#define INCURVE(more) more

// RECIPROCAL: R = 1/(1+e). SQUARE: R = 1/(1+e)².
#define RECIPROCAL(R) \
	VADDPS rOne, tE, R; \
	VDIVPS R, rOne, R
#define SQUARE(R) \
	VADDPS ·constants+table_two(SB), tE, R; \
	VFMADD213PS rOne, tE, R       /* R = e·(2 + e) + 1 */; \
	VDIVPS R, rOne, R

// ZEROPOWER: T = all bits where the power P is 0: what it multiplies may be beyond float32.
// UNLESS: V, but 0 there.
#define ZEROPOWER(P, T) VPCMPEQD P, rZero, T
#define UNLESS(T, V) VANDNPS V, T, V

// BEND: PT = p_t·(γ·ce·(γ·p_t − q) + (2γ+1)·q), with GP = γ·p_t. GP and T are lost.
#define BEND(C, GP, Q, PT, T) \
	VMULPS GP, C, T; \
	VFMADD231PS ·constants+table_two(SB), GP, PT /* PT = 2γ·p_t + p_t */; \
	VMULPS Q, PT, PT; \
	VSUBPS Q, GP, GP; \
	VFMADD231PS GP, T, PT
