// The formulas of targets. Per formula: its number in package asm; VALUE, which leaves the
// loss as vTW·F; SLOPE, which besides sets vO to the gradient; and CURVE, which besides sets
// vP to the second derivative. F = ce. Package generic says what they are.

// Cross-entropy: w·ce, gradient w·d, second derivative w·(A + B)·p(1 − p).
#define SOFTCE 4
#define SOFTCE_VALUE(o, F)
#define SOFTCE_SLOPE(o, F) SOFTBALANCED_SLOPE(o, F)
#define SOFTCE_CURVE(o, F) \
	SOFTBALANCED_SLOPE(o, F); \
	PAIR(FMUL_4S, vS, vTW, vS)    /* vS = w·(A + B) */; \
	PAIR(FMUL_4S, vR, vTE, vP); \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p(1 − p) = e·r·r */; \
	PAIR(FMUL_4S, vS, vP, vP)     /* vP = h */

// Balanced cross-entropy: w·ce, gradient w·d, second derivative w·p(1 − p).
#define SOFTBALANCED 5
#define SOFTBALANCED_VALUE(o, F)
#define SOFTBALANCED_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_M(vO)                    /* vO = M */; \
	RECIPROCAL(vR)                /* vR = r */; \
	DIFFERENCE(o, vT, vO)         /* vO = d */; \
	PAIR(FMUL_4S, vTW, vO, vO)    /* vO = g */
#define SOFTBALANCED_CURVE(o, F) \
	SOFTBALANCED_SLOPE(o, F); \
	PAIR(FMUL_4S, vR, vTE, vP); \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p(1 − p) = e·r·r */; \
	PAIR(FMUL_4S, vTW, vP, vP)    /* vP = h */

// Focal loss, γ = 1: w·q·ce, gradient w·q·(d + (1 − 2y)·p(1 − p)/q·ce).
#define SOFTFOCAL1 6
#define SOFTFOCAL1_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_N(vA)                    /* vA = N */; \
	RECIPROCAL(vR)                /* vR = r */; \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	PAIR(FMUL_4S, vA, vTW, vTW)   /* vTW = w·q */
#define SOFTFOCAL1_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	SOFTFOCAL1_TERMS(o, F)
#define SOFTFOCAL1_TERMS(o, F) \
	TERM_M(vO)                    /* vO = M */; \
	TERM_N(vA)                    /* vA = N */; \
	RECIPROCAL(vR)                /* vR = r */; \
	SLOPEBYQ(vB)                  /* vB = p(1 − p)/q */; \
	EVENNESS(vT); \
	PAIR(FMUL_4S, vT, vB, vB)     /* vB = (1 − 2y)·p(1 − p)/q */; \
	DIFFERENCE(o, vT, vO)         /* vO = d */; \
	PAIR(FMLA_4S, F, vB, vO)      /* vO = d + vB·ce */; \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	PAIR(FMUL_4S, vA, vTW, vTW)   /* vTW = w·q */; \
	PAIR(FMUL_4S, vTW, vO, vO)    /* vO = g */
#define SOFTFOCAL1_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_PT; \
	SOFTFOCAL1_TERMS(o, F); \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p_t */; \
	PAIR1(MOV_16B, vP, vS); \
	BEND(vS, vT, F); \
	PAIR(FMUL_4S, vTW, vP, vP)    /* vP = h */

// Focal loss, γ = 2: w·q²·ce, gradient w·(q²·d + 2(1 − 2y)·p(1 − p)·q·ce).
#define SOFTFOCAL2 7
#define SOFTFOCAL2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_N(vA)                    /* vA = N */; \
	SQUAREQ(vT, vR, vB)           /* vT = q² */; \
	PAIR(FMUL_4S, vT, vTW, vTW)   /* vTW = w·q² */
#define SOFTFOCAL2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	SOFTFOCAL2_TERMS(o, F)
#define SOFTFOCAL2_TERMS(o, F) \
	TERM_M(vO)                    /* vO = M */; \
	TERM_N(vA)                    /* vA = N */; \
	SQUAREQ(vB, vT, vR)           /* vB = q² = z, vT = r² */; \
	RECIPROCALOF(vT, vR)          /* vR = r */; \
	PAIR(FMUL_4S, vT, vTE, vTE)   /* vTE = p(1 − p) = e·r² */; \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	DIFFERENCE(o, vT, vO); \
	PAIR(FMUL_4S, vB, vO, vO)     /* vO = z·d */; \
	EVENNESS(vT); \
	PAIR(FMUL_4S, F, vT, vT); \
	PAIR(FMUL_4S, vA, vT, vT)     /* vT = (1 − 2y)·ce·q */; \
	PAIR(FADD_4S, vTE, vTE, vTE); \
	PAIR(FMLA_4S, vTE, vT, vO)    /* vO = z·d + vT·2p(1 − p) */; \
	PAIR(FMUL_4S, vTW, vO, vO)    /* vO = g */; \
	PAIR(FMUL_4S, vB, vTW, vTW)   /* vTW = w·z */
#define SOFTFOCAL2_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_PT; \
	SOFTFOCAL2_TERMS(o, F); \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p_t */; \
	PAIR(FADD_4S, vP, vP, vS)     /* vS = 2·p_t */; \
	BEND(vS, vT, F); \
	PAIR(FMUL_4S, vTW, vP, vP)    /* vP = h */

// SQUAREQ: Z = N²·r², with N in vA; R2 = r² = 1/(1 + e)². T is lost.
#define SQUAREQ(Z, R2, T) \
	SQUARERECIPROCAL(R2, T); \
	PAIR(FMUL_4S, vA, vA, Z); \
	PAIR(FMUL_4S, R2, Z, Z)

// Focal loss, any γ > 0: w·q^γ·ce, gradient w·q^γ·(d + γ(1 − 2y)·p(1 − p)/q·ce). POWERS = q^γ.
#define SOFTFOCAL 8
#define SOFTFOCAL_VALUE(o, F) \
	POWERS(PAIRLD, o, vT); \
	PAIR(FMUL_4S, vT, vTW, vTW)   /* vTW = w·q^γ */
#define SOFTFOCAL_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	SOFTFOCAL_TERMS(o, F)
#define SOFTFOCAL_TERMS(o, F) \
	TERM_M(vO)                    /* vO = M */; \
	TERM_N(vA)                    /* vA = N */; \
	RECIPROCAL(vR)                /* vR = r */; \
	SLOPEBYQ(vB)                  /* vB = p(1 − p)/q */; \
	EVENNESS(vT); \
	PAIR(FMUL_4S, vT, vB, vB); \
	PAIRC(FMUL_LANE2, vParams, vB, vB) /* vB = γ·(1 − 2y)·p(1 − p)/q */; \
	DIFFERENCE(o, vT, vO)         /* vO = d */; \
	PAIR(FMLA_4S, F, vB, vO)      /* vO = d + vB·ce */; \
	POWERS(PAIRLD, o, vT); \
	PAIR(FMUL_4S, vT, vTW, vTW)   /* vTW = w·q^γ */; \
	PAIR(FMUL_4S, vTW, vO, vO)    /* vO = g */
#define SOFTFOCAL_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_PT; \
	SOFTFOCAL_TERMS(o, F); \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p_t */; \
	PAIRC(FMUL_LANE2, vParams, vP, vS) /* vS = γ·p_t */; \
	BEND(vS, vB, F); \
	PAIR(FMUL_4S, vTW, vP, vP); \
	UNLESSZERO(vT, vP)            /* vP = h */

// UNLESSZERO: D = 0 where the power in P, which is lost, is 0.
#define UNLESSZERO(P, D) \
	PAIR1(FCMEQ0_4S, P, P); \
	PAIR(BIC_16B, P, D, D)

// Quality focal loss, β = 2: w·d²·ce, gradient w·d·(d² + 2v·ce), second derivative
// w·(5d²·v + 2·(d(1 − 2p)·k + v·k)), with v = p(1 − p), k = v·ce.
#define QUALITY2 9
#define QUALITY2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_M(vO)                    /* vO = M */; \
	SQUARERECIPROCAL(vR, vT); \
	PAIR(FMUL_4S, vO, vO, vB); \
	PAIR(FMUL_4S, vR, vB, vB)     /* vB = d² */; \
	PAIR(FMUL_4S, vB, vTW, vTW)   /* vTW = w·d² */
#define QUALITY2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	QUALITY2_TERMS(F); \
	QUALITY2_GRADIENT(o)
#define QUALITY2_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	PAIRT(FSUB_4S, vTE, vOne, vP) /* vP = 1 − e */; \
	QUALITY2_TERMS(F); \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = ±(1 − 2p), the sign is that of ±d */; \
	PAIR(FMUL_4S, vO, vP, vP)     /* vP = d·(1 − 2p) */; \
	PAIR(FMUL_4S, vY, vTE, vS); \
	PAIR(FMLA_4S, vY, vP, vS)     /* vS = s = vP·k + v·k */; \
	PAIR(FADD_4S, vS, vS, vS); \
	PAIR(FMUL_4S, vO, vO, vT); \
	CONST(table_five, vP); \
	PAIRC(FMUL_4S, vP, vT, vT)    /* vT = 5d² */; \
	PAIR(FMLA_4S, vTE, vT, vS)    /* vS = 5d²·v + 2s */; \
	PAIR(FMUL_4S, vTW, vS, vP)    /* vP = h */; \
	QUALITY2_GRADIENT(o)
// vO = ±d = M·r, vTE = v, vB = d², vY = k.
#define QUALITY2_TERMS(F) \
	TERM_M(vO)                    /* vO = M */; \
	SQUARERECIPROCAL(vT, vR); \
	RECIPROCALOF(vT, vR)          /* vR = r, vT = r² */; \
	PAIR(FMUL_4S, vO, vO, vB); \
	PAIR(FMUL_4S, vT, vB, vB)     /* vB = d² */; \
	PAIR(FMUL_4S, vT, vTE, vTE)   /* vTE = v = e·r² */; \
	PAIR(FMUL_4S, F, vTE, vY)     /* vY = k = v·ce */; \
	PAIR(FMUL_4S, vR, vO, vO)     /* vO = ±d */
#define QUALITY2_GRADIENT(o) \
	PAIR(FADD_4S, vY, vY, vY); \
	PAIR(FMLA_4S, vO, vO, vY)     /* vY = d² + 2v·ce */; \
	PAIR(FMUL_4S, vO, vTW, vT); \
	PAIR(FMUL_4S, vT, vY, vO)     /* vO = ±w·d·(d² + 2v·ce) */; \
	FLIP(o, vT, vO)               /* vO = g */; \
	PAIR(FMUL_4S, vB, vTW, vTW)   /* vTW = w·d² */

// Quality focal loss, any β ≥ 1: w·|d|^β·ce, gradient ±w·|d|^β·(|d| + β·v/|d|·ce), second
// derivative w·|d|^β·((2β + 1)·v + β·ce·c·((β − 1)·c ± (1 − 2p))), with v = p(1 − p), c = v/|d|,
// and the sign of d; all 0 where d is. POWERS = |d|^β, and β is in γ's place.
#define QUALITY 10
#define QUALITY_VALUE(o, F) SOFTFOCAL_VALUE(o, F)
#define QUALITY_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	QUALITY_TERMS; \
	QUALITY_GRADIENT(o, F); \
	UNLESSZERO(vS, vO)            /* vO = g */
#define QUALITY_CURVE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	PAIRT(FSUB_4S, vTE, vOne, vP) /* vP = 1 − e */; \
	QUALITY_TERMS; \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = |1 − 2p| */; \
	PAIRC(AND_16B, vSignBit, vO, vT); \
	PAIR(EOR_16B, vT, vP, vP)     /* vP = ±(1 − 2p), with the sign of d */; \
	PAIRC(FMLA_LANE1, vMore, vB, vP) /* vP = (β − 1)·c ± (1 − 2p) */; \
	QUALITY_GRADIENT(o, F); \
	PAIR(FMUL_4S, F, vY, vY)      /* vY = β·c·ce */; \
	PAIRC(FMUL_LANE2, vParams, vTE, vR); \
	PAIRC(FMLA_LANE3, vParams, vR, vTE) /* vTE = 2·β·v + v */; \
	PAIR(FMLA_4S, vP, vY, vTE)    /* vTE = (2β + 1)·v + vY·vP */; \
	PAIR(FMUL_4S, vTE, vTW, vP); \
	PAIR1(FCMEQ0_4S, vS, vS); \
	PAIR(BIC_16B, vS, vO, vO)     /* vO = g */; \
	PAIR(BIC_16B, vS, vP, vP)     /* vP = h */
// vO = ±d = M·r, vR = r, vTE = v, vT = |d|, vB = c.
#define QUALITY_TERMS \
	TERM_M(vO)                    /* vO = M */; \
	RECIPROCAL(vR)                /* vR = r */; \
	PAIR(FMUL_4S, vR, vTE, vTE); \
	PAIR(FMUL_4S, vR, vTE, vTE)   /* vTE = v = e·r·r */; \
	PAIR(FMUL_4S, vR, vO, vO)     /* vO = ±d */; \
	PAIR1(FABS_4S, vO, vB); \
	PAIRC(FMAX_4S, vLeast, vB, vB); \
	PAIR(FDIV_4S, vB, vTE, vB)    /* vB = c = v/max(|d|, 2⁻¹⁴⁹) */
// vTW = w·|d|^β, vS = |d|^β, vY = β·c, and vO = the gradient where vS is not 0.
#define QUALITY_GRADIENT(o, F) \
	PAIR1(FABS_4S, vO, vT); \
	PAIRC(FMUL_LANE2, vParams, vB, vY) /* vY = β·c */; \
	PAIR(FMLA_4S, F, vY, vT)      /* vT = |d| + β·c·ce */; \
	POWERS(PAIRLD, o, vS); \
	PAIR(FMUL_4S, vS, vTW, vTW)   /* vTW = w·|d|^β */; \
	PAIR(FMUL_4S, vTW, vT, vT); \
	FLIP(o, vR, vO)               /* vO = d */; \
	PAIRC(AND_16B, vSignBit, vO, vO); \
	PAIR(EOR_16B, vT, vO, vO)     /* vO = ±vT, with the sign of d */

// Varifocal loss, γ = 2: w·ce where y > 0, and w·p²·ce where y = 0.
#define VARIFOCAL2 11
#define VARIFOCAL2_VALUE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_N(vA)                    /* vA = N */; \
	SQUAREQ(vT, vR, vB)           /* vT = q² */; \
	PAIR1(FCMEQ0_4S, vY, vY); \
	WHERE0(vT)                    /* vTW = y = 0 ? w·q² : w */
#define VARIFOCAL2_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_PT; \
	TERM_M(vO)                    /* vO = M */; \
	TERM_N(vA)                    /* vA = N */; \
	SQUAREQ(vT, vB, vR)           /* vT = q², vB = r² */; \
	RECIPROCALOF(vB, vR)          /* vR = r */; \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p_t */; \
	PAIR1(FCMEQ0_4S, vY, vY)      /* vY = y = 0 */; \
	WHERE0(vT)                    /* vTW = y = 0 ? w·q² : w */; \
	PAIR(FADD_4S, vP, vP, vS)     /* vS = 2·p_t */; \
	VARIFOCAL_GRADIENT(o, F)
#define VARIFOCAL2_CURVE(o, F) \
	VARIFOCAL2_SLOPE(o, F); \
	PAIR(FMUL_4S, vB, vTE, vTE)   /* vTE = p(1 − p) = e·r² */; \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	PAIR(FADD_4S, vP, vP, vS); \
	BEND(vS, vT, F); \
	PAIR(BSL_16B, vTE, vP, vY)    /* vY = y = 0 ? vP : p(1 − p) */; \
	PAIR(FMUL_4S, vTW, vY, vP)    /* vP = h */

// WHERE0: vTW = y = 0 ? w·Q : w, from the mask in vY. Q is lost.
#define WHERE0(Q) \
	PAIR(FMUL_4S, vTW, Q, Q); \
	PAIR(BIT_16B, vY, Q, vTW)

// From vTW, and vS = γ·p_t: vO = the gradient.
#define VARIFOCAL_GRADIENT(o, F) \
	PAIR(AND_16B, vY, vS, vS)     /* vS = y = 0 ? γ·p_t : 0 */; \
	DIFFERENCE(o, vT, vO)         /* vO = d */; \
	PAIR(FMLA_4S, F, vS, vO)      /* vO = d + vS·ce */; \
	PAIR(FMUL_4S, vTW, vO, vO)    /* vO = g */

// Varifocal loss, any γ > 0: w·ce where y > 0, and w·p^γ·ce where y = 0. POWERS = p^γ there.
#define VARIFOCAL 12
#define VARIFOCAL_VALUE(o, F) \
	POWERS(PAIRLD, o, vT); \
	PAIR1(FCMEQ0_4S, vY, vY); \
	WHERE0(vT)                    /* vTW = y = 0 ? w·q^γ : w */
#define VARIFOCAL_SLOPE(o, F) \
	SMALL(o); \
	EXPS(PAIRLD, o, vTE); \
	TERM_PT; \
	TERM_M(vO)                    /* vO = M */; \
	RECIPROCAL(vR)                /* vR = r */; \
	PAIR(FMUL_4S, vR, vP, vP)     /* vP = p_t */; \
	POWERS(PAIRLD, o, vT); \
	PAIR1(FCMEQ0_4S, vY, vY)      /* vY = y = 0 */; \
	WHERE0(vT)                    /* vTW = y = 0 ? w·q^γ : w */; \
	PAIRC(FMUL_LANE2, vParams, vP, vS) /* vS = γ·p_t */; \
	VARIFOCAL_GRADIENT(o, F)
#define VARIFOCAL_CURVE(o, F) \
	VARIFOCAL_SLOPE(o, F); \
	TERM_N(vA); \
	PAIR(FMUL_4S, vR, vA, vA)     /* vA = q */; \
	PAIR(FMUL_4S, vR, vTE, vTE); \
	PAIR(FMUL_4S, vR, vTE, vTE)   /* vTE = p(1 − p) = e·r·r */; \
	PAIRC(FMUL_LANE2, vParams, vP, vS); \
	BEND(vS, vT, F); \
	POWERS(PAIRLD, o, vT); \
	PAIR1(FCMEQ0_4S, vT, vT); \
	PAIR(AND_16B, vY, vT, vT)     /* vT = y = 0 and q^γ = 0 */; \
	PAIR(BSL_16B, vTE, vP, vY)    /* vY = y = 0 ? vP : p(1 − p) */; \
	PAIR(FMUL_4S, vTW, vY, vP); \
	PAIR(BIC_16B, vT, vP, vP)     /* vP = h */
