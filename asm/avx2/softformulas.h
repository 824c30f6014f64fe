// The formulas of targets and their kernels, one line each. Per formula VALUE, which sets C to
// the loss, SLOPE, which stores the gradient, too, and CURVE, which stores the second
// derivative as well. WHEN is ANY or PLAIN. All inputs of a vector are read before an output,
// which may be in their place, is stored. In the comments r = 1/(1+e), and q = N·r, d = ±M·r.

// DIFFERENCE: r in B's place, d in M's, and the gradient w·d. VARIANCE: the second derivative
// w·p(1−p).
#define DIFFERENCE(WHEN, o) \
	SIGNED(WHEN, tM)              /* tM = d·(1+e) */; \
	RECIPROCAL(tB)                /* tB = r */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	VMULPS tW, tM, tM             /* tM = w·d */; \
	VMOVUPS tM, GRADS(o)
#define VARIANCE(o) \
	VMULPS tB, tE, tE; \
	VMULPS tB, tE, tE             /* tE = p(1−p) = e·r·r */; \
	VMULPS tW, tE, tE; \
	VMOVUPS tE, HESSIANS(o)

// Cross-entropy: Pos·y·softplus(−x) + Neg·(1−y)·softplus(x). Here A and B are weighted, y is
// their sum, and w is what is left: the weight of the batch, 0 for ignored.
#define SOFTCE 4
#define SOFTCE_TERMS(WHEN, o, factored, weighed, C) \
	WHEN(ANYSOFTCE_TERMS, PLAINSOFTCE_TERMS)(o, factored, weighed, C)
#define ANYSOFTCE_TERMS(o, factored, weighed, C) \
	TARGETS_HEAD(o); \
	POSITIVE(o, factored, tB); \
	MAGNITUDE(C)                  /* C = |x|, or 0 */; \
	VMULPS tB, tY, tY             /* tY = Pos·y */; \
	VMULPS rW0, tO, tO            /* tO = Neg·(1−y) */; \
	VBLENDVPS tX, tY, tO, tA      /* tA = A */; \
	VXORPS tY, tO, tB; \
	VXORPS tA, tB, tB             /* tB = B */; \
	VADDPS tO, tY, tY             /* tY = A + B */; \
	VMULPS LOG1PS(o), tY, tO; \
	VFMADD213PS tO, tA, C         /* C = ce = A·|x| + (A + B)·log1p(e) */; \
	VANDNPS rOne, tW, tW; \
	WEIGH(o, tW, weighed)
#define PLAINSOFTCE_TERMS(o, factored, weighed, C) \
	VADDPS rZero, rW0, tY         /* tY = Neg, +0 for −0 */; \
	VMULPS LOG1PS(o), tY, C; \
	VMOVAPS rOne, tW; \
	WEIGH(o, tW, weighed)
#define WEIGHEDM(WHEN) \
	WHEN(ANYTERMM(tM), PLAINWEIGHEDM)
#define PLAINWEIGHEDM VMULPS rW0, tE, tM
#define SOFTCE_VALUE(WHEN, o, factored, weighed, C) \
	SOFTCE_TERMS(WHEN, o, factored, weighed, C); \
	VMULPS tW, C, C
#define SOFTCE_SLOPE(WHEN, o, factored, weighed, C) \
	SOFTCE_TERMS(WHEN, o, factored, weighed, C); \
	VMOVUPS EXPS(o), tE; \
	WEIGHEDM(WHEN); \
	DIFFERENCE(WHEN, o); \
	VMULPS tW, C, C
#define SOFTCE_CURVE(WHEN, o, factored, weighed, C) \
	SOFTCE_SLOPE(WHEN, o, factored, weighed, C); \
	VMULPS tY, tW, tW             /* tW = w·(A + B) */; \
	VARIANCE(o)
SOFT_LOSS(softceLoss, SOFTCE, SOFT_PASSES, SOFTCE_VALUE)
SOFT_GRADIENT(softceGradient, SOFTCE, SOFT_PASSES, SOFTCE_SLOPE)
SOFT_HESSIAN(softceHessian, SOFTCE, SOFT_PASSES, SOFTCE_CURVE)

// Balanced cross-entropy: w·ce, gradient w·d, second derivative w·p(1−p).
#define SOFTBALANCED 5
#define SOFTBALANCED_VALUE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	VMULPS tW, C, C
#define SOFTBALANCED_SLOPE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	TERMM(WHEN, tM); \
	DIFFERENCE(WHEN, o); \
	VMULPS tW, C, C
#define SOFTBALANCED_CURVE(WHEN, o, factored, weighed, C) \
	SOFTBALANCED_SLOPE(WHEN, o, factored, weighed, C); \
	VARIANCE(o)
SOFT_LOSS(softbalancedLoss, SOFTBALANCED, SOFT_PASSES, SOFTBALANCED_VALUE)
SOFT_GRADIENT(softbalancedGradient, SOFTBALANCED, SOFT_PASSES, SOFTBALANCED_SLOPE)
SOFT_HESSIAN(softbalancedHessian, SOFTBALANCED, SOFT_PASSES, SOFTBALANCED_CURVE)

// What slopes and curves of focal loss begin with: C = ce, N, M with the sign of d; curves
// have A = p_t·(1+e), too. QRATIO: x = p(1−p)/q = (e/N)·r, with r in B's place.
#define SOFTFOCAL_TERMS(WHEN, o, factored, weighed, C, MORE) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	TERMN(WHEN, tN); \
	TERMM(WHEN, tM); \
	SIGNED(WHEN, tM)              /* tM = d·(1+e) */; \
	MORE(TERMPT(WHEN))
#define QRATIO \
	VPMAXSD ·constants+table_least(SB), tN, tX; \
	VDIVPS tX, tE, tX; \
	VMULPS tB, tX, tX             /* tX = e/max(N, 2⁻¹⁴⁹)·r */

// Focal loss, γ = 1: w·q·ce, gradient w·q·(d + (1−2y)·p(1−p)/q·ce).
#define SOFTFOCAL1 6
#define SOFTFOCAL1_VALUE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	NFORB(WHEN)                   /* tB = N */; \
	RECIPROCAL(tN); \
	VMULPS tN, tB, tB             /* tB = q */; \
	VMULPS tB, tW, tW             /* tW = w·q */; \
	VMULPS tW, C, C
#define SOFTFOCAL1_TERMS(WHEN, o, factored, weighed, C, MORE) \
	SOFTFOCAL_TERMS(WHEN, o, factored, weighed, C, MORE); \
	RECIPROCAL(tB)                /* tB = r */; \
	MORE(TIMESR(WHEN))            /* tA = p_t */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	QRATIO; \
	VMULPS tB, tN, tN             /* tN = q */; \
	VMULPS tN, tW, tW             /* tW = w·q */; \
	BYSIDES(WHEN, tX)             /* tY = (1−2y)·p(1−p)/q */; \
	VFMADD213PS tM, C, tY         /* tY = that·ce + d */; \
	VMULPS tW, tY, tY; \
	VMOVUPS tY, GRADS(o)
#define SOFTFOCAL1_SLOPE(WHEN, o, factored, weighed, C) \
	SOFTFOCAL1_TERMS(WHEN, o, factored, weighed, C, INSLOPE); \
	VMULPS tW, C, C
#define SOFTFOCAL1_CURVE(WHEN, o, factored, weighed, C) \
	SOFTFOCAL1_TERMS(WHEN, o, factored, weighed, C, INCURVE); \
	VMOVAPS tA, tX; \
	BEND(C, tX, tN, tA, tY); \
	VMULPS tW, tA, tA; \
	VMOVUPS tA, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(softfocal1Loss, SOFTFOCAL1, SOFT_PASSES, SOFTFOCAL1_VALUE)
SOFT_GRADIENT(softfocal1Gradient, SOFTFOCAL1, SOFT_PASSES, SOFTFOCAL1_SLOPE)
SOFT_HESSIAN(softfocal1Hessian, SOFTFOCAL1, SOFT_PASSES, SOFTFOCAL1_CURVE)

// Focal loss, γ = 2: w·q²·ce, gradient w·(q²·d + 2(1−2y)·p(1−p)·q·ce).
#define SOFTFOCAL2 7
#define SOFTFOCAL2_VALUE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	NFORB(WHEN)                   /* tB = N */; \
	SQUARE(tN)                    /* tN = r² */; \
	VMULPS tB, tB, tB; \
	VMULPS tN, tB, tB             /* tB = q² */; \
	VMULPS tB, tW, tW             /* tW = w·q² */; \
	VMULPS tW, C, C
#define SOFTFOCAL2_TERMS(WHEN, o, factored, weighed, C, MORE) \
	SOFTFOCAL_TERMS(WHEN, o, factored, weighed, C, MORE); \
	SQUARE(tX)                    /* tX = r² */; \
	VADDPS rOne, tE, tB; \
	VMULPS tX, tB, tB             /* tB = r = (1+e)·r² */; \
	VMULPS tX, tE, tE             /* tE = p(1−p) */; \
	MORE(TIMESR(WHEN))            /* tA = p_t */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	QFORR(WHEN)                   /* tB = q */; \
	VMULPS tN, tN, tN; \
	VMULPS tX, tN, tN             /* tN = q² */; \
	BYSIDES(WHEN, C); \
	VMULPS tB, tY, tY             /* tY = (1−2y)·ce·q */; \
	VADDPS tE, tE, tE             /* tE = 2p(1−p) */; \
	VMULPS tN, tM, tM; \
	VFMADD231PS tE, tY, tM        /* tM = q²·d + tY·2p(1−p) */; \
	VMULPS tW, tM, tM; \
	VMOVUPS tM, GRADS(o); \
	VMULPS tN, tW, tW             /* tW = w·q² */
#define SOFTFOCAL2_SLOPE(WHEN, o, factored, weighed, C) \
	SOFTFOCAL2_TERMS(WHEN, o, factored, weighed, C, INSLOPE); \
	VMULPS tW, C, C
#define SOFTFOCAL2_CURVE(WHEN, o, factored, weighed, C) \
	SOFTFOCAL2_TERMS(WHEN, o, factored, weighed, C, INCURVE); \
	VADDPS tA, tA, tX; \
	BEND(C, tX, tB, tA, tY); \
	VMULPS tW, tA, tA; \
	VMOVUPS tA, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(softfocal2Loss, SOFTFOCAL2, SOFT_PASSES, SOFTFOCAL2_VALUE)
SOFT_GRADIENT(softfocal2Gradient, SOFTFOCAL2, SOFT_PASSES, SOFTFOCAL2_SLOPE)
SOFT_HESSIAN(softfocal2Hessian, SOFTFOCAL2, SOFT_PASSES, SOFTFOCAL2_CURVE)

// Focal loss, any γ > 0: w·q^γ·ce, gradient w·q^γ·(d + γ(1−2y)·p(1−p)/q·ce). POWERS(o) = q^γ.
#define SOFTFOCAL 8
#define SOFTFOCAL_VALUE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	VMULPS POWERS(o), tW, tW; \
	VMULPS tW, C, C
#define SOFTFOCALANY_TERMS(WHEN, o, factored, weighed, C, MORE) \
	SOFTFOCAL_TERMS(WHEN, o, factored, weighed, C, MORE); \
	RECIPROCAL(tB)                /* tB = r */; \
	MORE(TIMESR(WHEN))            /* tA = p_t */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	QRATIO; \
	VMULPS POWERS(o), tW, tW      /* tW = w·q^γ */; \
	BYSIDES(WHEN, tX)             /* tY = (1−2y)·p(1−p)/q */; \
	VBROADCASTSS PARAM(params_Gamma), tX; \
	VMULPS tX, tY, tY             /* tY = γ·that */; \
	VFMADD213PS tM, C, tY         /* tY = that·ce + d */; \
	VMULPS tW, tY, tY; \
	VMOVUPS tY, GRADS(o)
#define SOFTFOCAL_SLOPE(WHEN, o, factored, weighed, C) \
	SOFTFOCALANY_TERMS(WHEN, o, factored, weighed, C, INSLOPE); \
	VMULPS tW, C, C
#define SOFTFOCAL_CURVE(WHEN, o, factored, weighed, C) \
	SOFTFOCALANY_TERMS(WHEN, o, factored, weighed, C, INCURVE); \
	VMULPS tB, tN, tN             /* tN = q */; \
	VMULPS tA, tX, tX             /* tX = γ·p_t */; \
	BEND(C, tX, tN, tA, tY); \
	VMULPS tW, tA, tA; \
	ZEROPOWER(POWERS(o), tX); \
	UNLESS(tX, tA); \
	VMOVUPS tA, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(softfocalLoss, SOFTFOCAL, SOFT_POWER_PASSES, SOFTFOCAL_VALUE)
SOFT_GRADIENT(softfocalGradient, SOFTFOCAL, SOFT_POWER_PASSES, SOFTFOCAL_SLOPE)
SOFT_HESSIAN(softfocalHessian, SOFTFOCAL, SOFT_POWER_PASSES, SOFTFOCAL_CURVE)

// Quality focal loss, β = 2: w·d²·ce, gradient w·d·(d² + 2v·ce), second derivative
// w·(5d²·v + 2·(d(1−2p)·k + v·k)), with v = p(1−p), k = v·ce.
#define QUALITY2 9
#define QUALITY2_VALUE(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	MFORB(WHEN)                   /* tB = M */; \
	SQUARE(tN)                    /* tN = r² */; \
	VMULPS tB, tB, tB; \
	VMULPS tN, tB, tB             /* tB = d² */; \
	VMULPS tB, tW, tW             /* tW = w·d² */; \
	VMULPS tW, C, C
#define QUALITY2_TERMS(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	TERMM(WHEN, tM); \
	SQUARE(tA)                    /* tA = r² */; \
	VMULPS tM, tM, tY; \
	VMULPS tA, tY, tY; \
	VMULPS tY, tW, tY             /* tY = w·d² */; \
	VADDPS rOne, tE, tB; \
	VMULPS tA, tB, tB             /* tB = r = (1+e)·r² */; \
	SIGNED(WHEN, tB)              /* tB = ±r, with the sign that d has over M */; \
	VMULPS tA, tE, tN             /* tN = v */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	VMULPS C, tN, tX              /* tX = k = v·ce */; \
	VADDPS tX, tX, tA; \
	VFMADD231PS tM, tM, tA        /* tA = d² + 2k */
#define QUALITY2_SLOPE(WHEN, o, factored, weighed, C) \
	QUALITY2_TERMS(WHEN, o, factored, weighed, C); \
	VMULPS tM, tW, tW; \
	VMULPS tW, tA, tA             /* tA = w·d·(d² + 2k) */; \
	VMOVUPS tA, GRADS(o); \
	VMULPS tY, C, C
#define QUALITY2_CURVE(WHEN, o, factored, weighed, C) \
	QUALITY2_TERMS(WHEN, o, factored, weighed, C); \
	VSUBPS tE, rOne, tE; \
	VMULPS tB, tE, tE             /* tE = 1−2p */; \
	VMULPS tW, tM, tB; \
	VMULPS tB, tA, tA             /* tA = w·d·(d² + 2k) */; \
	VMOVUPS tA, GRADS(o); \
	VMULPS tM, tE, tE             /* tE = d(1−2p) */; \
	VMULPS tX, tN, tA; \
	VFMADD213PS tA, tX, tE        /* tE = d(1−2p)·k + v·k */; \
	VADDPS tE, tE, tE; \
	VMULPS tM, tM, tM; \
	VMULPS ·constants+table_five(SB), tM, tM /* tM = 5d² */; \
	VFMADD213PS tE, tM, tN        /* tN = 5d²·v + tE */; \
	VMULPS tW, tN, tN; \
	VMOVUPS tN, HESSIANS(o); \
	VMULPS tY, C, C
SOFT_LOSS(quality2Loss, QUALITY2, SOFT_PASSES, QUALITY2_VALUE)
SOFT_GRADIENT(quality2Gradient, QUALITY2, SOFT_PASSES, QUALITY2_SLOPE)
SOFT_HESSIAN(quality2Hessian, QUALITY2, SOFT_PASSES, QUALITY2_CURVE)

// Quality focal loss, any β ≥ 1: w·|d|^β·ce, gradient ±w·|d|^β·(|d| + β·c·ce), second derivative
// w·|d|^β·((2β+1)·v + β·c·ce·((β−1)·c ± (1−2p))), with v = p(1−p), c = v/|d|, and the sign of
// d. POWERS(o) = |d|^β, and the loss is as that of focal loss.
#define QUALITY 10
#define QUALITY_TERMS(WHEN, o, factored, weighed, C) \
	LINEAR(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	TERMM(WHEN, tM); \
	RECIPROCAL(tB); \
	SIGNED(WHEN, tB)              /* tB = ±r, with the sign that d has over M */; \
	VMULPS tB, tM, tM             /* tM = d */; \
	VMULPS tB, tE, tN; \
	VMULPS tB, tN, tN             /* tN = v = e·r·r */; \
	VANDPS ·constants+table_abs(SB), tM, tA /* tA = |d| */; \
	VPMAXSD ·constants+table_least(SB), tA, tX; \
	VDIVPS tX, tN, tX             /* tX = c = v/max(|d|, 2⁻¹⁴⁹) */; \
	VBROADCASTSS PARAM(params_Gamma), tY; \
	VMULPS tX, tY, tY             /* tY = β·c */; \
	VFMADD231PS C, tY, tA         /* tA = |d| + β·c·ce */; \
	VANDPS rSign, tM, tM          /* tM = the sign of d */; \
	VMULPS POWERS(o), tW, tW      /* tW = w·|d|^β */; \
	VMULPS tW, tA, tA; \
	VXORPS tM, tA, tA             /* tA = ±w·|d|^β·(|d| + β·c·ce) */
#define QUALITY_SLOPE(WHEN, o, factored, weighed, C) \
	QUALITY_TERMS(WHEN, o, factored, weighed, C); \
	ZEROPOWER(POWERS(o), tB); \
	UNLESS(tB, tA); \
	VMOVUPS tA, GRADS(o); \
	VMULPS tW, C, C
#define QUALITY_CURVE(WHEN, o, factored, weighed, C) \
	QUALITY_TERMS(WHEN, o, factored, weighed, C); \
	VSUBPS tE, rOne, tE; \
	VMULPS tB, tE, tE             /* tE = 1−2p */; \
	VXORPS tM, tE, tE             /* tE = ±(1−2p) */; \
	ZEROPOWER(POWERS(o), tB); \
	UNLESS(tB, tA); \
	VMOVUPS tA, GRADS(o); \
	VBROADCASTSS PARAM(params_Gamma), tM /* tM = β */; \
	VSUBPS rOne, tM, tA           /* tA = β − 1 */; \
	VFMADD231PS tX, tA, tE        /* tE = (β−1)·c ± (1−2p) */; \
	VMULPS C, tY, tY              /* tY = β·c·ce */; \
	VMULPS tN, tM, tM; \
	VFMADD132PS ·constants+table_two(SB), tN, tM /* tM = 2β·v + v */; \
	VFMADD213PS tM, tY, tE        /* tE = tE·tY + tM */; \
	VMULPS tW, tE, tE; \
	UNLESS(tB, tE); \
	VMOVUPS tE, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(qualityLoss, QUALITY, QUALITY_POWER_PASSES, SOFTFOCAL_VALUE)
SOFT_GRADIENT(qualityGradient, QUALITY, QUALITY_POWER_PASSES, QUALITY_SLOPE)
SOFT_HESSIAN(qualityHessian, QUALITY, QUALITY_POWER_PASSES, QUALITY_CURVE)

// Varifocal loss: w·ce, gradient w·d, second derivative w·p(1−p) where y > 0; where y = 0
// focal loss of the label 0, whose power is 1 where y > 0. Here M and d are in y's place.
#define VARIFOCAL_TERMS(WHEN, o, factored, weighed, C) \
	BYTARGET(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	TERMN(WHEN, tN); \
	TERMM(WHEN, tY); \
	SIGNED(WHEN, tY)              /* tY = d·(1+e) */; \
	TERMPT(WHEN)

// Varifocal loss, γ = 2: w·p²·ce where y = 0.
#define VARIFOCAL2 11
#define VARIFOCAL2_VALUE(WHEN, o, factored, weighed, C) \
	BYTARGET(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	SMALL(WHEN, o); \
	NFORB(WHEN)                   /* tB = N */; \
	SQUARE(tN)                    /* tN = r² */; \
	VMULPS tB, tB, tB; \
	VMULPS tN, tB, tB             /* tB = q² */; \
	WHEREZERO(WHEN, tB, rOne); \
	VMULPS tB, tW, tW             /* tW = w·q², or w */; \
	VMULPS tW, C, C
#define VARIFOCAL2_DERIVATIVE(WHEN, o, factored, weighed, C, MORE) \
	VARIFOCAL_TERMS(WHEN, o, factored, weighed, C); \
	SQUARE(tX)                    /* tX = r² */; \
	VADDPS rOne, tE, tB; \
	VMULPS tX, tB, tB             /* tB = r = (1+e)·r² */; \
	MORE(VARIANCEBYSQUARE); \
	TIMESR(WHEN)                  /* tA = p_t */; \
	VMULPS tB, tY, tY             /* tY = d */; \
	MORE(QBYR); \
	VMULPS tN, tN, tN; \
	VMULPS tX, tN, tN             /* tN = q² */; \
	WHEREZERO(WHEN, tN, rOne); \
	VMULPS tN, tW, tW             /* tW = w·q², or w */; \
	VADDPS tA, tA, tX; \
	ZEROELSE(WHEN, tX)            /* tX = 2p_t, or 0 */; \
	VFMADD231PS C, tX, tY         /* tY = tX·ce + d */; \
	VMULPS tW, tY, tY; \
	VMOVUPS tY, GRADS(o)
#define VARIANCEBYSQUARE VMULPS tX, tE, tE // tE = p(1−p)
#define QBYR VMULPS tN, tB, tB // tB = q
#define VARIFOCAL2_SLOPE(WHEN, o, factored, weighed, C) \
	VARIFOCAL2_DERIVATIVE(WHEN, o, factored, weighed, C, INSLOPE); \
	VMULPS tW, C, C
#define VARIFOCAL2_CURVE(WHEN, o, factored, weighed, C) \
	VARIFOCAL2_DERIVATIVE(WHEN, o, factored, weighed, C, INCURVE); \
	BEND(C, tX, tB, tA, tY); \
	WHEREZERO(WHEN, tA, tE); \
	VMULPS tW, tA, tA; \
	VMOVUPS tA, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(varifocal2Loss, VARIFOCAL2, SOFT_PASSES, VARIFOCAL2_VALUE)
SOFT_GRADIENT(varifocal2Gradient, VARIFOCAL2, SOFT_PASSES, VARIFOCAL2_SLOPE)
SOFT_HESSIAN(varifocal2Hessian, VARIFOCAL2, SOFT_PASSES, VARIFOCAL2_CURVE)

// Varifocal loss, any γ > 0: w·p^γ·ce where y = 0. POWERS(o) = p^γ there.
#define VARIFOCAL 12
#define VARIFOCAL_VALUE(WHEN, o, factored, weighed, C) \
	BYTARGET(WHEN, o, factored, weighed, C); \
	CROSSENTROPY(WHEN, o, C); \
	VMOVUPS POWERS(o), tN; \
	WHEREZERO(WHEN, tN, rOne); \
	VMULPS tN, tW, tW             /* tW = w·p^γ, or w */; \
	VMULPS tW, C, C
#define VARIFOCAL_DERIVATIVE(WHEN, o, factored, weighed, C, MORE) \
	VARIFOCAL_TERMS(WHEN, o, factored, weighed, C); \
	RECIPROCAL(tB)                /* tB = r */; \
	TIMESR(WHEN)                  /* tA = p_t */; \
	VMULPS tB, tY, tY             /* tY = d */; \
	MORE(VARIANCEBYR); \
	MORE(QBYR); \
	VMOVUPS POWERS(o), tN; \
	WHEREZERO(WHEN, tN, rOne); \
	VMULPS tN, tW, tW             /* tW = w·p^γ, or w */; \
	VBROADCASTSS PARAM(params_Gamma), tX; \
	VMULPS tA, tX, tX; \
	ZEROELSE(WHEN, tX)            /* tX = γ·p_t, or 0 */; \
	VFMADD231PS C, tX, tY         /* tY = tX·ce + d */; \
	VMULPS tW, tY, tY; \
	VMOVUPS tY, GRADS(o)
#define VARIANCEBYR VMULPS tB, tE, tE; VMULPS tB, tE, tE // tE = p(1−p)
#define VARIFOCAL_SLOPE(WHEN, o, factored, weighed, C) \
	VARIFOCAL_DERIVATIVE(WHEN, o, factored, weighed, C, INSLOPE); \
	VMULPS tW, C, C
#define VARIFOCAL_CURVE(WHEN, o, factored, weighed, C) \
	VARIFOCAL_DERIVATIVE(WHEN, o, factored, weighed, C, INCURVE); \
	BEND(C, tX, tB, tA, tY); \
	WHEREZERO(WHEN, tA, tE); \
	VMULPS tW, tA, tA; \
	ZEROPOWER(tN, tX)             /* where y > 0, tN = 1 */; \
	UNLESS(tX, tA); \
	VMOVUPS tA, HESSIANS(o); \
	VMULPS tW, C, C
SOFT_LOSS(varifocalLoss, VARIFOCAL, SOFT_POWER_PASSES, VARIFOCAL_VALUE)
SOFT_GRADIENT(varifocalGradient, VARIFOCAL, SOFT_POWER_PASSES, VARIFOCAL_SLOPE)
SOFT_HESSIAN(varifocalHessian, VARIFOCAL, SOFT_POWER_PASSES, VARIFOCAL_CURVE)
