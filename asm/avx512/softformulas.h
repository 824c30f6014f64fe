// The formulas of targets. Per formula: its number in package asm, and three macros of the terms
// of softterms.h. VALUE sets F to the loss; SLOPE does, too, and leaves the gradient in tG; CURVE
// does both, and leaves the second derivative in tH. WHEN says of which scores, see softterms.h.
// Package generic has the formulas in full.

// Cross-entropy: Pos·y·softplus(−x) + Neg·(1−y)·softplus(x), see BYTERM.
#define SOFTCE 4
#define SOFTCE_VALUE(WHEN, o, F) \
	VMULPS tCE, tW, F             /* F = w·ce */
#define SOFTCE_SLOPE(WHEN, o, F) \
	RECIPROCAL; \
	SOFTCE_VALUE(WHEN, o, F); \
	WHEN(ANYMOFD, ANYMOFD, PLAINMBYTERM); \
	DIFFERENCE(WHEN, tM, tD); \
	VMULPS tD, tW, tG             /* tG = w·d */
#define PLAINMBYTERM VMULPS tE, rNeg, tM // tM = B·e, B = Neg
#define SOFTCE_CURVE(WHEN, o, F) \
	SOFTCE_SLOPE(WHEN, o, F); \
	VARIANCE; \
	VMULPS tBoth, tW, tH; \
	VMULPS tV, tH, tH             /* tH = (w·both)·p(1−p) */

// Balanced cross-entropy: w·ce.
#define SOFTBALANCED 5
#define SOFTBALANCED_SLOPE(WHEN, o, F) \
	RECIPROCAL; \
	SOFTCE_VALUE(WHEN, o, F); \
	DTERM(WHEN); \
	VMULPS tD, tW, tG             /* tG = w·d */
#define SOFTBALANCED_CURVE(WHEN, o, F) \
	SOFTBALANCED_SLOPE(WHEN, o, F); \
	VARIANCE; \
	VMULPS tV, tW, tH             /* tH = w·p(1−p) */

// Focal loss, γ = 1: w·q·ce.
#define SOFTFOCAL1 6
#define SOFTFOCAL1_VALUE(WHEN, o, F) \
	RECIPROCAL; \
	QTERM(WHEN); \
	QUOTIENT; \
	VMULPS tQ, tW, tWQ; \
	VMULPS tCE, tWQ, F            /* F = (w·q)·ce */
#define SOFTFOCAL1_SLOPE(WHEN, o, F) \
	SOFTFOCAL1_VALUE(WHEN, o, F); \
	DAFTERQ(WHEN); \
	SLOPEBYQ(tG); \
	BYLINE(WHEN, tG)              /* tG = (1−2y)·p(1−p)/q */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tWQ, tG, tG            /* tG = (w·q)·(tG·ce + d) */
#define SOFTFOCAL1_CURVE(WHEN, o, F) \
	SOFTFOCAL1_SLOPE(WHEN, o, F); \
	TRUETERM(WHEN); \
	BEND(tPT, tH, tT); \
	VMULPS tWQ, tH, tH

// Focal loss, γ = 2: w·q²·ce.
#define SOFTFOCAL2 7
#define SOFTFOCAL2_VALUE(WHEN, o, F) \
	SQUARE; \
	QTERM(WHEN); \
	VMULPS tN, tN, tU; \
	VMULPS tR2, tU, tU            /* tU = q² */; \
	VMULPS tU, tW, tWQ; \
	VMULPS tCE, tWQ, F            /* F = (w·q²)·ce */
#define SOFTFOCAL2_SLOPE(WHEN, o, F) \
	SOFTFOCAL2_VALUE(WHEN, o, F); \
	ROOT; \
	QUOTIENT; \
	VARIANCE2; \
	DAFTERQ(WHEN); \
	VMOVAPS tCE, tG; \
	BYLINE(WHEN, tG); \
	VMULPS tQ, tG, tG             /* tG = (1−2y)·ce·q */; \
	VADDPS tV, tV, tT; \
	VMULPS tD, tU, tU             /* tU = q²·d */; \
	VFMADD213PS tU, tT, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·2p(1−p) + tU) */
#define SOFTFOCAL2_CURVE(WHEN, o, F) \
	SOFTFOCAL2_SLOPE(WHEN, o, F); \
	TRUETERM(WHEN); \
	VADDPS tPT, tPT, tU; \
	BEND(tU, tH, tT); \
	VMULPS tWQ, tH, tH

// Focal loss, any γ > 0: w·q^γ·ce.
#define SOFTFOCAL 8
#define SOFTFOCAL_VALUE(WHEN, o, F) \
	POWERTERM(o); \
	VMULPS tCE, tWQ, F            /* F = (w·q^γ)·ce */
#define SOFTFOCAL_SLOPE(WHEN, o, F) \
	RECIPROCAL; \
	SOFTFOCAL_VALUE(WHEN, o, F); \
	QTERM(WHEN); \
	DTERM(WHEN); \
	SLOPEBYQ(tG); \
	BYLINE(WHEN, tG); \
	VMULPS.BCST PARAM(params_Gamma), tG, tG /* tG = γ·(1−2y)·p(1−p)/q */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tWQ, tG, tG            /* tG = (w·q^γ)·(tG·ce + d) */
#define SOFTFOCAL_CURVE(WHEN, o, F) \
	SOFTFOCAL_SLOPE(WHEN, o, F); \
	QAFTERD(WHEN); \
	TRUETERM(WHEN); \
	VMULPS.BCST PARAM(params_Gamma), tPT, tU; \
	BEND(tU, tH, tT); \
	NOTZERO(o); \
	VMULPS.Z tWQ, tH, rNotZero, tH

// Quality focal loss, β = 2: w·d²·ce.
#define QUALITY2 9
#define QUALITY2_VALUE(WHEN, o, F) \
	SQUARE; \
	MOFD(WHEN); \
	VMULPS tM, tM, tU; \
	VMULPS tR2, tU, tU            /* tU = d² */; \
	VMULPS tU, tW, tU; \
	VMULPS tCE, tU, F             /* F = (w·d²)·ce */
#define QUALITY2_SLOPE(WHEN, o, F) \
	QUALITY2_VALUE(WHEN, o, F); \
	ROOT; \
	DIFFERENCE(WHEN, tM, tD); \
	VARIANCE2; \
	VMULPS tCE, tV, tU            /* tU = k = p(1−p)·ce */; \
	VADDPS tU, tU, tG; \
	VFMADD231PS tD, tD, tG; \
	VMULPS tD, tW, tT; \
	VMULPS tT, tG, tG             /* tG = (w·d)·(d² + 2k) */
#define QUALITY2_CURVE(WHEN, o, F) \
	QUALITY2_SLOPE(WHEN, o, F); \
	EXCESS(WHEN, tT); \
	VMULPS tD, tT, tT             /* tT = d(1−2p) */; \
	VMULPS tU, tV, tH; \
	VFMADD231PS tU, tT, tH; \
	VADDPS tH, tH, tH             /* tH = 2·(tT·k + p(1−p)·k) */; \
	VMULPS tD, tD, tT; \
	VMULPS.BCST ·constants+table_five(SB), tT, tT; \
	VFMADD231PS tV, tT, tH; \
	VMULPS tW, tH, tH             /* tH = w·(5d²·p(1−p) + tH) */

// Quality focal loss, any β ≥ 1, in Gamma: w·|d|^β·ce.
#define QUALITY 10
#define QUALITY_SLOPE(WHEN, o, F) \
	RECIPROCAL; \
	SOFTFOCAL_VALUE(WHEN, o, F); \
	DTERM(WHEN); \
	VARIANCE; \
	NOTZERO(o); \
	VANDNPS tD, rSign, tQ         /* tQ = |d| */; \
	VMAXPS.BCST ·constants+table_least(SB), tQ, tC; \
	VDIVPS tC, tV, tC             /* tC = c = p(1−p)/|d| */; \
	VMULPS.BCST PARAM(params_Gamma), tC, tG; \
	VMOVAPS tG, tU                /* tU = β·c */; \
	VFMADD213PS tQ, tCE, tG; \
	VMULPS tWQ, tG, tG            /* tG = (w·|d|^β)·(β·c·ce + |d|) */; \
	VPTERNLOGD.Z $0x78, tD, rSign, rNotZero, tG /* with the sign of d */
#define QUALITY_CURVE(WHEN, o, F) \
	QUALITY_SLOPE(WHEN, o, F); \
	EXCESS(WHEN, tH); \
	FLIP(tH); \
	VBROADCASTSS PARAM(params_Gamma), tT; \
	VSUBPS rOne, tT, tT; \
	VFMADD231PS tC, tT, tH        /* tH = (β−1)·c ± (1−2p) */; \
	VMULPS tCE, tU, tU            /* tU = β·c·ce */; \
	VMULPS.BCST PARAM(params_Gamma), tV, tT; \
	VFMADD213PS tV, rTwo, tT      /* tT = 2β·p(1−p) + p(1−p) */; \
	VFMADD213PS tT, tU, tH; \
	VMULPS.Z tWQ, tH, rNotZero, tH

// Varifocal loss, γ = 2: w·ce, times p² where y = 0; there q is p.
#define VARIFOCAL2 11
#define VARIFOCAL2_VALUE(WHEN, o, F) \
	SQUARE; \
	QTERM(WHEN); \
	VMULPS tN, tN, tT; \
	VMULPS tR2, tT, tT            /* tT = q² */; \
	WHEREZERO(WHEN, tT, tW); \
	VMULPS tCE, tW, F             /* F = w·ce */
#define VARIFOCAL2_SLOPE(WHEN, o, F) \
	VARIFOCAL2_VALUE(WHEN, o, F); \
	ROOT; \
	DTERM(WHEN); \
	TRUETERM(WHEN); \
	VADDPS tPT, tPT, tU; \
	ZEROELSE(WHEN, tU, tG)        /* tG = 2p_t, or 0 */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·ce + d) */
#define VARIFOCAL2_CURVE(WHEN, o, F) \
	VARIFOCAL2_SLOPE(WHEN, o, F); \
	QAFTERD(WHEN); \
	BEND(tU, tH, tT); \
	WHEN(VARIFOCAL2_FOREGROUND, VARIFOCAL2_FOREGROUND, NOTHING); \
	VMULPS tW, tH, tH
#define VARIFOCAL2_FOREGROUND VMULPS tR2, tE, rForeground, tH // tH = p(1−p) where y > 0

// Varifocal loss, any γ > 0.
#define VARIFOCAL 12
#define VARIFOCAL_VALUE(WHEN, o, F) \
	WHEREZERO(WHEN, POWERS(o), tW); \
	VMULPS tCE, tW, F             /* F = w·ce */
#define VARIFOCAL_SLOPE(WHEN, o, F) \
	RECIPROCAL; \
	VARIFOCAL_VALUE(WHEN, o, F); \
	DTERM(WHEN); \
	TRUETERM(WHEN); \
	VMULPS.BCST PARAM(params_Gamma), tPT, tU /* tU = γ·p_t */; \
	ZEROELSE(WHEN, tU, tG); \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·ce + d) */
#define VARIFOCAL_CURVE(WHEN, o, F) \
	VARIFOCAL_SLOPE(WHEN, o, F); \
	QTERM(WHEN); \
	QAFTERD(WHEN); \
	BEND(tU, tH, tT); \
	WHEN(VARIFOCAL_FOREGROUND, VARIFOCAL_FOREGROUND, NOTZERO)(o); \
	VMULPS.Z tW, tH, rNotZero, tH
#define VARIFOCAL_FOREGROUND(o) \
	VARIANCE; \
	VMOVAPS tV, rForeground, tH   /* tH = p(1−p) where y > 0 */; \
	VPORD POWERS(o), tY, tT; \
	VPTESTMD tT, tT, rNotZero     /* where y > 0 or the power is not 0 */
