// The formulas of targets and their kernels, one line each. Per formula: its number in package
// asm; VALUE, which leaves the loss as tW·F; SLOPE, which besides sets tO to the gradient; and
// CURVE, which besides sets tP to the second derivative. F = ce.

// Cross-entropy: w·ce, gradient w·d, second derivative w·(A + B)·p(1 − p).
#define SOFTCE 4
#define SOFTCE_VALUE(o, F)
#define SOFTCE_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_M(tO)                    /* tO = M */; \
	RECIPROCAL(tR)                /* tR = r */; \
	DIFFERENCE(o, tT, tO)         /* tO = d */; \
	PAIR(FMUL_4S, tW, tO, tO)     /* tO = g */
#define SOFTCE_CURVE(o, F) \
	SOFTCE_SLOPE(o, F); \
	PAIR(FMUL_4S, tS, tW, tS)     /* tS = w·(A + B) */; \
	PAIR(FMUL_4S, tR, tE, tP); \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p(1 − p) = e·r·r */; \
	PAIR(FMUL_4S, tS, tP, tP)     /* tP = h */
SOFT_LOSS(softceLoss, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_VALUE)
SOFT_GRADIENT(softceGradient, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_SLOPE)
SOFT_HESSIAN(softceHessian, SOFTCE, SOFT_PASSES, BYTERM, SOFTCE_CURVE)

// Balanced cross-entropy: w·ce, gradient w·d, second derivative w·p(1 − p).
#define SOFTBALANCED 5
#define SOFTBALANCED_VALUE(o, F)
#define SOFTBALANCED_SLOPE(o, F) SOFTCE_SLOPE(o, F)
#define SOFTBALANCED_CURVE(o, F) \
	SOFTBALANCED_SLOPE(o, F); \
	PAIR(FMUL_4S, tR, tE, tP); \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p(1 − p) = e·r·r */; \
	PAIR(FMUL_4S, tW, tP, tP)     /* tP = h */
SOFT_LOSS(softbalancedLoss, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTBALANCED_VALUE)
SOFT_GRADIENT(softbalancedGradient, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTBALANCED_SLOPE)
SOFT_HESSIAN(softbalancedHessian, SOFTBALANCED, SOFT_PASSES, LINEAR, SOFTBALANCED_CURVE)

// Focal loss, γ = 1: w·q·ce, gradient w·q·(d + (1 − 2y)·p(1 − p)/q·ce).
#define SOFTFOCAL1 6
#define SOFTFOCAL1_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_N(tA)                    /* tA = N */; \
	RECIPROCAL(tR)                /* tR = r */; \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	PAIR(FMUL_4S, tA, tW, tW)     /* tW = w·q */
#define SOFTFOCAL1_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	SOFTFOCAL1_TERMS(o, F)
#define SOFTFOCAL1_TERMS(o, F) \
	TERM_M(tO)                    /* tO = M */; \
	TERM_N(tA)                    /* tA = N */; \
	RECIPROCAL(tR)                /* tR = r */; \
	SLOPEBYQ(tB)                  /* tB = p(1 − p)/q */; \
	EVENNESS(tT); \
	PAIR(FMUL_4S, tT, tB, tB)     /* tB = (1 − 2y)·p(1 − p)/q */; \
	DIFFERENCE(o, tT, tO)         /* tO = d */; \
	PAIR(FMLA_4S, F, tB, tO)      /* tO = d + tB·ce */; \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	PAIR(FMUL_4S, tA, tW, tW)     /* tW = w·q */; \
	PAIR(FMUL_4S, tW, tO, tO)     /* tO = g */
#define SOFTFOCAL1_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_PT; \
	SOFTFOCAL1_TERMS(o, F); \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p_t */; \
	PAIR1(MOV_16B, tP, tS); \
	BEND(tS, tT, F); \
	PAIR(FMUL_4S, tW, tP, tP)     /* tP = h */
SOFT_LOSS(softfocal1Loss, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_VALUE)
SOFT_GRADIENT(softfocal1Gradient, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_SLOPE)
SOFT_HESSIAN(softfocal1Hessian, SOFTFOCAL1, SOFT_PASSES, LINEAR, SOFTFOCAL1_CURVE)

// Focal loss, γ = 2: w·q²·ce, gradient w·(q²·d + 2(1 − 2y)·p(1 − p)·q·ce).
#define SOFTFOCAL2 7
#define SOFTFOCAL2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_N(tA)                    /* tA = N */; \
	SQUAREQ(tT, tR, tB)           /* tT = q² */; \
	PAIR(FMUL_4S, tT, tW, tW)     /* tW = w·q² */
#define SOFTFOCAL2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	SOFTFOCAL2_TERMS(o, F)
#define SOFTFOCAL2_TERMS(o, F) \
	TERM_M(tO)                    /* tO = M */; \
	TERM_N(tA)                    /* tA = N */; \
	SQUAREQ(tB, tT, tR)           /* tB = q² = z, tT = r² */; \
	RECIPROCALOF(tT, tR)          /* tR = r */; \
	PAIR(FMUL_4S, tT, tE, tE)     /* tE = p(1 − p) = e·r² */; \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	DIFFERENCE(o, tT, tO); \
	PAIR(FMUL_4S, tB, tO, tO)     /* tO = z·d */; \
	EVENNESS(tT); \
	PAIR(FMUL_4S, F, tT, tT); \
	PAIR(FMUL_4S, tA, tT, tT)     /* tT = (1 − 2y)·ce·q */; \
	PAIR(FADD_4S, tE, tE, tE); \
	PAIR(FMLA_4S, tE, tT, tO)     /* tO = z·d + tT·2p(1 − p) */; \
	PAIR(FMUL_4S, tW, tO, tO)     /* tO = g */; \
	PAIR(FMUL_4S, tB, tW, tW)     /* tW = w·z */
#define SOFTFOCAL2_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_PT; \
	SOFTFOCAL2_TERMS(o, F); \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p_t */; \
	PAIR(FADD_4S, tP, tP, tS)     /* tS = 2·p_t */; \
	BEND(tS, tT, F); \
	PAIR(FMUL_4S, tW, tP, tP)     /* tP = h */

// SQUAREQ: Z = N²·r², with N in tA; R2 = r² = 1/(1 + e)². T is lost.
#define SQUAREQ(Z, R2, T) \
	SQUARERECIPROCAL(R2, T); \
	PAIR(FMUL_4S, tA, tA, Z); \
	PAIR(FMUL_4S, R2, Z, Z)
SOFT_LOSS(softfocal2Loss, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_VALUE)
SOFT_GRADIENT(softfocal2Gradient, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_SLOPE)
SOFT_HESSIAN(softfocal2Hessian, SOFTFOCAL2, SOFT_PASSES, LINEAR, SOFTFOCAL2_CURVE)

// Focal loss, any γ > 0: w·q^γ·ce, gradient w·q^γ·(d + γ(1 − 2y)·p(1 − p)/q·ce). POWERS = q^γ.
#define SOFTFOCAL 8
#define SOFTFOCAL_VALUE(o, F) \
	POWERS(PAIRLD, o, tT); \
	PAIR(FMUL_4S, tT, tW, tW)     /* tW = w·q^γ */
#define SOFTFOCAL_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	SOFTFOCAL_TERMS(o, F)
#define SOFTFOCAL_TERMS(o, F) \
	TERM_M(tO)                    /* tO = M */; \
	TERM_N(tA)                    /* tA = N */; \
	RECIPROCAL(tR)                /* tR = r */; \
	SLOPEBYQ(tB)                  /* tB = p(1 − p)/q */; \
	EVENNESS(tT); \
	PAIR(FMUL_4S, tT, tB, tB); \
	PAIRC(FMUL_LANE2, vParams, tB, tB) /* tB = γ·(1 − 2y)·p(1 − p)/q */; \
	DIFFERENCE(o, tT, tO)         /* tO = d */; \
	PAIR(FMLA_4S, F, tB, tO)      /* tO = d + tB·ce */; \
	POWERS(PAIRLD, o, tT); \
	PAIR(FMUL_4S, tT, tW, tW)     /* tW = w·q^γ */; \
	PAIR(FMUL_4S, tW, tO, tO)     /* tO = g */
#define SOFTFOCAL_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_PT; \
	SOFTFOCAL_TERMS(o, F); \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p_t */; \
	PAIRC(FMUL_LANE2, vParams, tP, tS) /* tS = γ·p_t */; \
	BEND(tS, tB, F); \
	PAIR(FMUL_4S, tW, tP, tP); \
	UNLESSZERO(tT, tP)            /* tP = h */

// UNLESSZERO: D = 0 where the power in P, which is lost, is 0.
#define UNLESSZERO(P, D) \
	PAIR1(FCMEQ0_4S, P, P); \
	PAIR(BIC_16B, P, D, D)
SOFT_LOSS(softfocalLoss, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_VALUE)
SOFT_GRADIENT(softfocalGradient, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_SLOPE)
SOFT_HESSIAN(softfocalHessian, SOFTFOCAL, SOFT_POWER_PASSES, LINEAR, SOFTFOCAL_CURVE)

// Quality focal loss, β = 2: w·d²·ce, gradient w·d·(d² + 2v·ce), second derivative
// w·(5d²·v + 2·(d(1 − 2p)·k + v·k)), with v = p(1 − p), k = v·ce.
#define QUALITY2 9
#define QUALITY2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_M(tO)                    /* tO = M */; \
	SQUARERECIPROCAL(tR, tT); \
	PAIR(FMUL_4S, tO, tO, tB); \
	PAIR(FMUL_4S, tR, tB, tB)     /* tB = d² */; \
	PAIR(FMUL_4S, tB, tW, tW)     /* tW = w·d² */
#define QUALITY2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	QUALITY2_TERMS(F); \
	QUALITY2_GRADIENT(o)
#define QUALITY2_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	PAIRT(FSUB_4S, tE, vOne, tP)  /* tP = 1 − e */; \
	QUALITY2_TERMS(F); \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = ±(1 − 2p), the sign is that of ±d */; \
	PAIR(FMUL_4S, tO, tP, tP)     /* tP = d·(1 − 2p) */; \
	PAIR(FMUL_4S, tY, tE, tS); \
	PAIR(FMLA_4S, tY, tP, tS)     /* tS = s = tP·k + v·k */; \
	PAIR(FADD_4S, tS, tS, tS); \
	PAIR(FMUL_4S, tO, tO, tT); \
	CONST(table_five, tP); \
	PAIRC(FMUL_4S, tP, tT, tT)    /* tT = 5d² */; \
	PAIR(FMLA_4S, tE, tT, tS)     /* tS = 5d²·v + 2s */; \
	PAIR(FMUL_4S, tW, tS, tP)     /* tP = h */; \
	QUALITY2_GRADIENT(o)
// tO = ±d = M·r, tE = v, tB = d², tY = k.
#define QUALITY2_TERMS(F) \
	TERM_M(tO)                    /* tO = M */; \
	SQUARERECIPROCAL(tT, tR); \
	RECIPROCALOF(tT, tR)          /* tR = r, tT = r² */; \
	PAIR(FMUL_4S, tO, tO, tB); \
	PAIR(FMUL_4S, tT, tB, tB)     /* tB = d² */; \
	PAIR(FMUL_4S, tT, tE, tE)     /* tE = v = e·r² */; \
	PAIR(FMUL_4S, F, tE, tY)      /* tY = k = v·ce */; \
	PAIR(FMUL_4S, tR, tO, tO)     /* tO = ±d */
#define QUALITY2_GRADIENT(o) \
	PAIR(FADD_4S, tY, tY, tY); \
	PAIR(FMLA_4S, tO, tO, tY)     /* tY = d² + 2v·ce */; \
	PAIR(FMUL_4S, tO, tW, tT); \
	PAIR(FMUL_4S, tT, tY, tO)     /* tO = ±w·d·(d² + 2v·ce) */; \
	FLIP(o, tT, tO)               /* tO = g */; \
	PAIR(FMUL_4S, tB, tW, tW)     /* tW = w·d² */
SOFT_LOSS(quality2Loss, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_VALUE)
SOFT_GRADIENT(quality2Gradient, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_SLOPE)
SOFT_HESSIAN(quality2Hessian, QUALITY2, SOFT_PASSES, LINEAR, QUALITY2_CURVE)

// Quality focal loss, any β ≥ 1: w·|d|^β·ce, gradient ±w·|d|^β·(|d| + β·v/|d|·ce), second
// derivative w·|d|^β·((2β + 1)·v + β·ce·c·((β − 1)·c ± (1 − 2p))), with v = p(1 − p), c = v/|d|,
// and the sign of d; all 0 where d is. POWERS = |d|^β, and β is in γ's place.
#define QUALITY 10
#define QUALITY_VALUE(o, F) SOFTFOCAL_VALUE(o, F)
#define QUALITY_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	QUALITY_TERMS; \
	QUALITY_GRADIENT(o, F); \
	UNLESSZERO(tS, tO)            /* tO = g */
#define QUALITY_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	PAIRT(FSUB_4S, tE, vOne, tP)  /* tP = 1 − e */; \
	QUALITY_TERMS; \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = |1 − 2p| */; \
	PAIRC(AND_16B, vSignBit, tO, tT); \
	PAIR(EOR_16B, tT, tP, tP)     /* tP = ±(1 − 2p), with the sign of d */; \
	PAIRC(FMLA_LANE1, vMore, tB, tP) /* tP = (β − 1)·c ± (1 − 2p) */; \
	QUALITY_GRADIENT(o, F); \
	PAIR(FMUL_4S, F, tY, tY)      /* tY = β·c·ce */; \
	PAIRC(FMUL_LANE2, vParams, tE, tR); \
	PAIRC(FMLA_LANE3, vParams, tR, tE) /* tE = 2·β·v + v */; \
	PAIR(FMLA_4S, tP, tY, tE)     /* tE = (2β + 1)·v + tY·tP */; \
	PAIR(FMUL_4S, tE, tW, tP); \
	PAIR1(FCMEQ0_4S, tS, tS); \
	PAIR(BIC_16B, tS, tO, tO)     /* tO = g */; \
	PAIR(BIC_16B, tS, tP, tP)     /* tP = h */
// tO = ±d = M·r, tR = r, tE = v, tT = |d|, tB = c.
#define QUALITY_TERMS \
	TERM_M(tO)                    /* tO = M */; \
	RECIPROCAL(tR)                /* tR = r */; \
	PAIR(FMUL_4S, tR, tE, tE); \
	PAIR(FMUL_4S, tR, tE, tE)     /* tE = v = e·r·r */; \
	PAIR(FMUL_4S, tR, tO, tO)     /* tO = ±d */; \
	PAIR1(FABS_4S, tO, tB); \
	PAIRC(FMAX_4S, vLeast, tB, tB); \
	PAIR(FDIV_4S, tB, tE, tB)     /* tB = c = v/max(|d|, 2⁻¹⁴⁹) */
// tW = w·|d|^β, tS = |d|^β, tY = β·c, and tO = the gradient where tS is not 0.
#define QUALITY_GRADIENT(o, F) \
	PAIR1(FABS_4S, tO, tT); \
	PAIRC(FMUL_LANE2, vParams, tB, tY) /* tY = β·c */; \
	PAIR(FMLA_4S, F, tY, tT)      /* tT = |d| + β·c·ce */; \
	POWERS(PAIRLD, o, tS); \
	PAIR(FMUL_4S, tS, tW, tW)     /* tW = w·|d|^β */; \
	PAIR(FMUL_4S, tW, tT, tT); \
	FLIP(o, tR, tO)               /* tO = d */; \
	PAIRC(AND_16B, vSignBit, tO, tO); \
	PAIR(EOR_16B, tT, tO, tO)     /* tO = ±tT, with the sign of d */
SOFT_LOSS(qualityLoss, QUALITY, QUALITY_POWER_PASSES, LINEAR, QUALITY_VALUE)
SOFT_GRADIENT(qualityGradient, QUALITY, QUALITY_POWER_PASSES, LINEAR, QUALITY_SLOPE)
SOFT_HESSIAN(qualityHessian, QUALITY, QUALITY_POWER_PASSES, LINEAR, QUALITY_CURVE)

// Varifocal loss, γ = 2: w·ce where y > 0, and w·p²·ce where y = 0.
#define VARIFOCAL2 11
#define VARIFOCAL2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_N(tA)                    /* tA = N */; \
	SQUAREQ(tT, tR, tB)           /* tT = q² */; \
	PAIR1(FCMEQ0_4S, tY, tY); \
	WHERE0(tT)                    /* tW = y = 0 ? w·q² : w */
#define VARIFOCAL2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_PT; \
	TERM_M(tO)                    /* tO = M */; \
	TERM_N(tA)                    /* tA = N */; \
	SQUAREQ(tT, tB, tR)           /* tT = q², tB = r² */; \
	RECIPROCALOF(tB, tR)          /* tR = r */; \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p_t */; \
	PAIR1(FCMEQ0_4S, tY, tY)      /* tY = y = 0 */; \
	WHERE0(tT)                    /* tW = y = 0 ? w·q² : w */; \
	PAIR(FADD_4S, tP, tP, tS)     /* tS = 2·p_t */; \
	VARIFOCAL_GRADIENT(o, F)
#define VARIFOCAL2_CURVE(o, F) \
	VARIFOCAL2_SLOPE(o, F); \
	PAIR(FMUL_4S, tB, tE, tE)     /* tE = p(1 − p) = e·r² */; \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	PAIR(FADD_4S, tP, tP, tS); \
	BEND(tS, tT, F); \
	PAIR(BSL_16B, tE, tP, tY)     /* tY = y = 0 ? tP : p(1 − p) */; \
	PAIR(FMUL_4S, tW, tY, tP)     /* tP = h */

// WHERE0: tW = y = 0 ? w·Q : w, from the mask in tY. Q is lost.
#define WHERE0(Q) \
	PAIR(FMUL_4S, tW, Q, Q); \
	PAIR(BIT_16B, tY, Q, tW)

// From tW, and tS = γ·p_t: tO = the gradient.
#define VARIFOCAL_GRADIENT(o, F) \
	PAIR(AND_16B, tY, tS, tS)     /* tS = y = 0 ? γ·p_t : 0 */; \
	DIFFERENCE(o, tT, tO)         /* tO = d */; \
	PAIR(FMLA_4S, F, tS, tO)      /* tO = d + tS·ce */; \
	PAIR(FMUL_4S, tW, tO, tO)     /* tO = g */
SOFT_LOSS(varifocal2Loss, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_VALUE)
SOFT_GRADIENT(varifocal2Gradient, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_SLOPE)
SOFT_HESSIAN(varifocal2Hessian, VARIFOCAL2, SOFT_PASSES, BYTARGET, VARIFOCAL2_CURVE)

// Varifocal loss, any γ > 0: w·ce where y > 0, and w·p^γ·ce where y = 0. POWERS = p^γ there.
#define VARIFOCAL 12
#define VARIFOCAL_VALUE(o, F) \
	POWERS(PAIRLD, o, tT); \
	PAIR1(FCMEQ0_4S, tY, tY); \
	WHERE0(tT)                    /* tW = y = 0 ? w·q^γ : w */
#define VARIFOCAL_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, tE); \
	TERM_PT; \
	TERM_M(tO)                    /* tO = M */; \
	RECIPROCAL(tR)                /* tR = r */; \
	PAIR(FMUL_4S, tR, tP, tP)     /* tP = p_t */; \
	POWERS(PAIRLD, o, tT); \
	PAIR1(FCMEQ0_4S, tY, tY)      /* tY = y = 0 */; \
	WHERE0(tT)                    /* tW = y = 0 ? w·q^γ : w */; \
	PAIRC(FMUL_LANE2, vParams, tP, tS) /* tS = γ·p_t */; \
	VARIFOCAL_GRADIENT(o, F)
#define VARIFOCAL_CURVE(o, F) \
	VARIFOCAL_SLOPE(o, F); \
	TERM_N(tA); \
	PAIR(FMUL_4S, tR, tA, tA)     /* tA = q */; \
	PAIR(FMUL_4S, tR, tE, tE); \
	PAIR(FMUL_4S, tR, tE, tE)     /* tE = p(1 − p) = e·r·r */; \
	PAIRC(FMUL_LANE2, vParams, tP, tS); \
	BEND(tS, tT, F); \
	POWERS(PAIRLD, o, tT); \
	PAIR1(FCMEQ0_4S, tT, tT); \
	PAIR(AND_16B, tY, tT, tT)     /* tT = y = 0 and q^γ = 0 */; \
	PAIR(BSL_16B, tE, tP, tY)     /* tY = y = 0 ? tP : p(1 − p) */; \
	PAIR(FMUL_4S, tW, tY, tP); \
	PAIR(BIC_16B, tT, tP, tP)     /* tP = h */
SOFT_LOSS(varifocalLoss, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_VALUE)
SOFT_GRADIENT(varifocalGradient, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_SLOPE)
SOFT_HESSIAN(varifocalHessian, VARIFOCAL, SOFT_POWER_PASSES, BYTARGET, VARIFOCAL_CURVE)
