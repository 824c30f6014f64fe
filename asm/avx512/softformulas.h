// The formulas of targets. Per formula: its number in package asm, and three macros of the terms
// of softterms.h. VALUE sets F to the loss; SLOPE does, too, and leaves the gradient in tG; CURVE
// does both, and leaves the second derivative in tH. Package generic has the formulas in full.

// Cross-entropy: Pos·y·softplus(−x) + Neg·(1−y)·softplus(x), see BYTERM.
#define SOFTCE 4
#define SOFTCE_VALUE(o, F) \
	VMULPS tCE, tW, F             /* F = w·ce */
#define SOFTCE_SLOPE(o, F) \
	RECIPROCAL; \
	SOFTCE_VALUE(o, F); \
	DTERM; \
	VMULPS tD, tW, tG             /* tG = w·d */
#define SOFTCE_CURVE(o, F) \
	SOFTCE_SLOPE(o, F); \
	VARIANCE; \
	VMULPS tBoth, tW, tH; \
	VMULPS tV, tH, tH             /* tH = (w·both)·p(1−p) */

// Balanced cross-entropy: w·ce.
#define SOFTBALANCED 5
#define SOFTBALANCED_CURVE(o, F) \
	SOFTCE_SLOPE(o, F); \
	VARIANCE; \
	VMULPS tV, tW, tH             /* tH = w·p(1−p) */

// Focal loss, γ = 1: w·q·ce.
#define SOFTFOCAL1 6
#define SOFTFOCAL1_VALUE(o, F) \
	RECIPROCAL; \
	NTERM(tA, tB, tE, tN); \
	QUOTIENT; \
	VMULPS tQ, tW, tWQ; \
	VMULPS tCE, tWQ, F            /* F = (w·q)·ce */
#define SOFTFOCAL1_SLOPE(o, F) \
	SOFTFOCAL1_VALUE(o, F); \
	DTERM; \
	LINE(tT); \
	SLOPEBYQ(tG); \
	VMULPS tT, tG, tG             /* tG = (1−2y)·p(1−p)/q */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tWQ, tG, tG            /* tG = (w·q)·(tG·ce + d) */
#define SOFTFOCAL1_CURVE(o, F) \
	SOFTFOCAL1_SLOPE(o, F); \
	TRUETERM; \
	BEND(tPT, tH, tT); \
	VMULPS tWQ, tH, tH

// Focal loss, γ = 2: w·q²·ce.
#define SOFTFOCAL2 7
#define SOFTFOCAL2_VALUE(o, F) \
	SQUARE; \
	NTERM(tA, tB, tE, tN); \
	VMULPS tN, tN, tU; \
	VMULPS tR2, tU, tU            /* tU = q² */; \
	VMULPS tU, tW, tWQ; \
	VMULPS tCE, tWQ, F            /* F = (w·q²)·ce */
#define SOFTFOCAL2_SLOPE(o, F) \
	SOFTFOCAL2_VALUE(o, F); \
	ROOT; \
	QUOTIENT; \
	VARIANCE2; \
	DTERM; \
	LINE(tG); \
	VMULPS tCE, tG, tG; \
	VMULPS tQ, tG, tG             /* tG = (1−2y)·ce·q */; \
	VADDPS tV, tV, tT; \
	VMULPS tD, tU, tU             /* tU = q²·d */; \
	VFMADD213PS tU, tT, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·2p(1−p) + tU) */
#define SOFTFOCAL2_CURVE(o, F) \
	SOFTFOCAL2_SLOPE(o, F); \
	TRUETERM; \
	VADDPS tPT, tPT, tU; \
	BEND(tU, tH, tT); \
	VMULPS tWQ, tH, tH

// Focal loss, any γ > 0: w·q^γ·ce.
#define SOFTFOCAL 8
#define SOFTFOCAL_VALUE(o, F) \
	POWERTERM(o); \
	VMULPS tCE, tWQ, F            /* F = (w·q^γ)·ce */
#define SOFTFOCAL_SLOPE(o, F) \
	RECIPROCAL; \
	SOFTFOCAL_VALUE(o, F); \
	NTERM(tA, tB, tE, tN); \
	DTERM; \
	LINE(tT); \
	SLOPEBYQ(tG); \
	VMULPS tT, tG, tG; \
	VMULPS.BCST PARAM(params_Gamma), tG, tG /* tG = γ·(1−2y)·p(1−p)/q */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tWQ, tG, tG            /* tG = (w·q^γ)·(tG·ce + d) */
#define SOFTFOCAL_CURVE(o, F) \
	SOFTFOCAL_SLOPE(o, F); \
	QUOTIENT; \
	TRUETERM; \
	VMULPS.BCST PARAM(params_Gamma), tPT, tU; \
	BEND(tU, tH, tT); \
	NOTZERO(o); \
	VMULPS.Z tWQ, tH, rNotZero, tH

// Quality focal loss, β = 2: w·d²·ce.
#define QUALITY2 9
#define QUALITY2_VALUE(o, F) \
	SQUARE; \
	MTERM(tA, tB, tE, tM); \
	VMULPS tM, tM, tU; \
	VMULPS tR2, tU, tU            /* tU = d² */; \
	VMULPS tU, tW, tU; \
	VMULPS tCE, tU, F             /* F = (w·d²)·ce */
#define QUALITY2_SLOPE(o, F) \
	QUALITY2_VALUE(o, F); \
	ROOT; \
	DIFFERENCE(tM, tD); \
	VARIANCE2; \
	VMULPS tCE, tV, tU            /* tU = k = p(1−p)·ce */; \
	VADDPS tU, tU, tG; \
	VFMADD231PS tD, tD, tG; \
	VMULPS tD, tW, tT; \
	VMULPS tT, tG, tG             /* tG = (w·d)·(d² + 2k) */
#define QUALITY2_CURVE(o, F) \
	QUALITY2_SLOPE(o, F); \
	EXCESS(tT); \
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
#define QUALITY_SLOPE(o, F) \
	RECIPROCAL; \
	SOFTFOCAL_VALUE(o, F); \
	DTERM; \
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
#define QUALITY_CURVE(o, F) \
	QUALITY_SLOPE(o, F); \
	EXCESS(tH); \
	FLIP(tH); \
	VFMADD231PS tC, rLess1, tH    /* tH = (β−1)·c ± (1−2p) */; \
	VMULPS tCE, tU, tU            /* tU = β·c·ce */; \
	VMULPS.BCST PARAM(params_Gamma), tV, tT; \
	VFMADD213PS tV, rTwo, tT      /* tT = 2β·p(1−p) + p(1−p) */; \
	VFMADD213PS tT, tU, tH; \
	VMULPS.Z tWQ, tH, rNotZero, tH

// Varifocal loss, γ = 2: w·ce, times p² where y = 0; there q is p.
#define VARIFOCAL2 11
#define VARIFOCAL2_VALUE(o, F) \
	SQUARE; \
	NTERM(tA, tB, tE, tN); \
	VMULPS tN, tN, tT; \
	VMULPS tR2, tT, tT            /* tT = q² */; \
	VMULPS tT, tW, rBackground, tW; \
	VMULPS tCE, tW, F             /* F = w·ce */
#define VARIFOCAL2_SLOPE(o, F) \
	VARIFOCAL2_VALUE(o, F); \
	ROOT; \
	DTERM; \
	TRUETERM; \
	VADDPS.Z tPT, tPT, rBackground, tG /* tG = 2p_t, or 0 */; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·ce + d) */
#define VARIFOCAL2_CURVE(o, F) \
	VARIFOCAL2_SLOPE(o, F); \
	QUOTIENT; \
	VADDPS tPT, tPT, tU; \
	BEND(tU, tH, tT); \
	VMULPS tR2, tE, rForeground, tH /* tH = p(1−p) where y > 0 */; \
	VMULPS tW, tH, tH

// Varifocal loss, any γ > 0.
#define VARIFOCAL 12
#define VARIFOCAL_VALUE(o, F) \
	VMULPS POWERS(o), tW, rBackground, tW; \
	VMULPS tCE, tW, F             /* F = w·ce */
#define VARIFOCAL_SLOPE(o, F) \
	RECIPROCAL; \
	VARIFOCAL_VALUE(o, F); \
	DTERM; \
	TRUETERM; \
	VMULPS.BCST PARAM(params_Gamma), tPT, tU /* tU = γ·p_t */; \
	VMOVAPS.Z tU, rBackground, tG; \
	VFMADD213PS tD, tCE, tG; \
	VMULPS tW, tG, tG             /* tG = w·(tG·ce + d) */
#define VARIFOCAL_CURVE(o, F) \
	VARIFOCAL_SLOPE(o, F); \
	NTERM(tA, tB, tE, tN); \
	QUOTIENT; \
	BEND(tU, tH, tT); \
	VARIANCE; \
	VMOVAPS tV, rForeground, tH; \
	VPORD POWERS(o), tY, tT; \
	VPTESTMD tT, tT, rNotZero     /* where y > 0 or the power is not 0 */; \
	VMULPS.Z tW, tH, rNotZero, tH
