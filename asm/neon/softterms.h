// The terms of formulas of targets: what a turn makes of logits and targets, a pair of vectors,
// 8 scores, at o bytes into it. Of a logit x and a target y, with e = exp(−|x|):
//
//	A = x < 0 ? y : 1 − y   the weight of the big half of ce, B that of the small one
//	N = A + B·e             q = p + y − 2py = N/(1 + e)
//	M = B·e − A             d = p − y = M/(1 + e) for x < 0, else −M/(1 + e)
//	ce = A·|x| + l          l = log1p(e)
//
// Vector registers, besides F, one of 12…17, where the loss goes. Up to 26 they are pairs:

#define tY 0         // y, 0 for ignored; by term, Pos·y
#define tO 2         // 1 − y; by term, Neg·(1 − y); of a slope in the end, the gradient
#define tA 4         // A
#define tB 6         // B
#define tW 8         // w
#define tE 10        // e
#define tP 18        // of a curve in the end, the second derivative
#define tS 20
#define tT 22
#define tR 26        // of a slope, r = 1/(1 + e)
// 24 and 25 are vZero and vOne, as of values.
#define vMore 28     // varifocal's slope, γ − 1
#define vSignBit 29  // the sign bit
#define vLeast 30    // 2⁻¹⁴⁹
#define vParams 31   // Neg, Pos, γ, 2

// The params that are read from memory, in all lanes, behind the parts of scratch. Sweeps have
// the first.
#define NEGS(d) LDR_Q(8192, rScratch, d)
#define POSES(d) LDR_Q(8192+16, rScratch, d)
#define BASES(d) LDR_Q(8192+32, rScratch, d)

// SOFT_SETUP: cursors and registers of the combine pass.
#define SOFT_SETUP \
	REWIND; \
	MOVD R(rWeights), R(rAtWeights); \
	MOVD R(rPositives), R(rAtPositives); \
	MOVD R(rLosses), R(rAtLosses); \
	MOVD R(rGrads), R(rAtGrads); \
	MOVD R(rHess), R(rAtHess); \
	EOR_16B(vZero, vZero, vZero); \
	CONST(table_one, vOne); \
	CONST(table_sign, vSignBit); \
	CONST(table_least, vLeast); \
	PARAM(params_Weights, 0); \
	STR_Q(8192, rScratch, 0); \
	PARAM(params_Weights+4, 1); \
	STR_Q(8192+16, rScratch, 1); \
	PARAM(params_TargetBase, 2); \
	STR_Q(8192+32, rScratch, 2); \
	PARAM(params_Gamma, 3); \
	CONST(table_two, 4); \
	MOV_16B(0, vParams); \
	VMOV V1.S[0], V31.S[1]; \
	VMOV V3.S[0], V31.S[2]; \
	VMOV V4.S[0], V31.S[3]        /* vParams = Neg, Pos, γ, 2 */; \
	PARAM(params_TargetSlope, vMore); \
	FSUB_4S(vOne, 3, 4)           /* 4 = γ − 1 */; \
	VMOV V4.S[0], V28.S[1]        /* vMore = slope, γ − 1 */

// SOFT_TAKE: tY = y, tO = 1 − y, tA = A, and tT = |x|, or 0 where A is: there x may be
// infinite. Shifting saturates to all bits but the sign where A > 0.
#define SOFT_TAKE(o) \
	TARGETS(PAIRLD, o, tY); \
	PAIRC(FMAX_4S, vZero, tY, tY) /* tY = max(y, +0) */; \
	PAIRT(FSUB_4S, tY, vOne, tO)  /* tO = 1 − y */; \
	SOFT_SELECT(o, tY, tO, tA); \
	PAIRC(SQSHL_4S, 31, tA, tT); \
	SCORES(PAIRLD, o, tS); \
	PAIR(AND_16B, tS, tT, tT)     /* tT = A > 0 ? |x| : 0 */

// SOFT_SELECT: D = M where x has its sign bit set, else N.
#define SOFT_SELECT(o, M, N, D) \
	SCORES(PAIRLD, o, D); \
	PAIR1(CMLT0_4S, D, D); \
	PAIR(BSL_16B, N, M, D)

// SMALL: tB = B; formulas that need it begin with it.
#define SMALL(o) SOFT_SELECT(o, tO, tY, tB)

// POSITIVE: D = Pos, times the factor of the score where such are given.
#define POSITIVE(o, D, T, done) \
	POSES(D); \
	POSES((D)+1); \
	CBZ R(rPositives), done; \
	POSITIVES(PAIRLD, o, T); \
	PAIR(FMUL_4S, T, D, D); \
done:

// SOFT_WEIGH: tW = 0 for ignored, else tW, times the factor of the batch where such are
// given.
#define SOFT_WEIGH(o, T, done) \
	TARGETS(PAIRLD, o, T); \
	PAIR1(FCMLT0_4S, T, T); \
	PAIR(BIC_16B, T, tW, tW); \
	WEIGH(o, tW, T, done)

// SOFT_CE: F = ce = A·|x| + l.
#define SOFT_CE(o, F) \
	LOG1PS(PAIRLD, o, F); \
	PAIR(FMLA_4S, tT, tA, F)

// The terms of a turn, which set tY, tO, tA, tW and F = ce: by how the target weighs.

// LINEAR: w = Pos·y + Neg·(1 − y).
#define LINEAR(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	SOFT_CE(o, F); \
	PAIRC(FMUL_LANE0, vParams, tO, tW) /* tW = Neg·(1 − y) */; \
	POSITIVE(o, tR, tT, factored); \
	PAIR(FMLA_4S, tY, tR, tW)     /* tW = w */; \
	SOFT_WEIGH(o, tT, weighed)

// BYTERM: tY = Pos·y and tO = Neg·(1 − y), which A, B and ce are of; tS is their sum, and w
// is 1.
#define BYTERM(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	PAIRC(FMUL_LANE0, vParams, tO, tO) /* tO = Neg·(1 − y) */; \
	POSITIVE(o, tR, tW, factored); \
	PAIR(FMUL_4S, tR, tY, tY)     /* tY = Pos·y */; \
	SOFT_SELECT(o, tY, tO, tA)    /* tA = A */; \
	PAIR(FADD_4S, tY, tO, tS)     /* tS = A + B */; \
	LOG1PS(PAIRLD, o, F); \
	PAIR(FMUL_4S, tS, F, F); \
	PAIR(FMLA_4S, tT, tA, F)      /* F = A·|x| + (A + B)·l */; \
	CONST(table_one, tW); \
	CONST(table_one, tW+1); \
	SOFT_WEIGH(o, tT, weighed)

// BYTARGET: w = y > 0 ? Pos·(slope·y + base) : Neg.
#define BYTARGET(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	SOFT_CE(o, F); \
	BASES(tT); \
	BASES(tT+1); \
	PAIRC(FMLA_LANE0, vMore, tY, tT) /* tT = slope·y + base */; \
	POSITIVE(o, tR, tW, factored); \
	PAIR(FMUL_4S, tT, tR, tR)     /* tR = Pos·(slope·y + base) */; \
	PAIR1(FCMEQ0_4S, tY, tW); \
	NEGS(tT); \
	PAIRT(BSL_16B, tR, tT, tW)    /* tW = w */; \
	SOFT_WEIGH(o, tT, weighed)

// Terms of formulas, with e in tE.

// TERM_N: D = N, from A in it. TERM_M: D = M.
#define TERM_N(D) PAIR(FMLA_4S, tE, tB, D)
#define TERM_M(D) \
	PAIR1(FNEG_4S, tA, D); \
	PAIR(FMLA_4S, tE, tB, D)      /* D = B·e − A */

// TERM_PT: tP = B + A·e, p_t of targets 0 and 1, times 1 + e.
#define TERM_PT \
	PAIR1(MOV_16B, tB, tP); \
	PAIR(FMLA_4S, tE, tA, tP)

// RECIPROCAL: R = r = 1/(1 + e).
#define RECIPROCAL(R) \
	PAIRC(FADD_4S, vOne, tE, R); \
	PAIRT(FDIV_4S, R, vOne, R)

// SQUARERECIPROCAL: R2 = 1/(1 + e)². T is lost.
#define SQUARERECIPROCAL(R2, T) \
	CONST(table_two, T); \
	CONST(table_two, (T)+1); \
	PAIR(FADD_4S, tE, T, T)       /* T = 2 + e */; \
	CONST(table_one, R2); \
	CONST(table_one, (R2)+1); \
	PAIR(FMLA_4S, T, tE, R2)      /* R2 = 1 + e·(2 + e) */; \
	PAIRT(FDIV_4S, R2, vOne, R2)

// RECIPROCALOF: R = r = (1 + e)·r², with r² in R2.
#define RECIPROCALOF(R2, R) \
	PAIRC(FADD_4S, vOne, tE, R); \
	PAIR(FMUL_4S, R2, R, R)

// FLIP: D = x < 0 ? D : −D, by the sign bit of x. T is lost.
#define FLIP(o, T, D) \
	SCORES(PAIRLD, o, T); \
	PAIRT(BIC_16B, T, vSignBit, T); \
	PAIR(EOR_16B, T, D, D)

// DIFFERENCE: D = d = ∓M·r, from M in it.
#define DIFFERENCE(o, T, D) \
	PAIR(FMUL_4S, tR, D, D); \
	FLIP(o, T, D)

// EVENNESS: T = 1 − 2y.
#define EVENNESS(T) \
	CONST(table_one, T); \
	CONST(table_one, (T)+1); \
	PAIRC(FMLS_LANE3, vParams, tY, T)

// SLOPEBYQ: D = p(1 − p)/q = e/N·r, with N in tA and r in tR.
#define SLOPEBYQ(D) \
	PAIRC(FMAX_4S, vLeast, tA, D); \
	PAIR(FDIV_4S, D, tE, D)       /* D = e/max(N, 2⁻¹⁴⁹) */; \
	PAIR(FMUL_4S, tR, D, D)

// BEND: tP = p_t·(γ·ce·(γ·p_t − q) + (2γ + 1)·q), with p_t in it, q in tA, and γ·p_t in G,
// which is lost, as T is.
#define BEND(G, T, F) \
	PAIR(FMUL_4S, G, F, T)        /* T = ce·γ·p_t */; \
	PAIRC(FMLA_LANE3, vParams, G, tP) /* tP = 2γ·p_t + p_t */; \
	PAIR(FSUB_4S, tA, G, G)       /* G = γ·p_t − q */; \
	PAIR(FMUL_4S, tA, tP, tP); \
	PAIR(FMLA_4S, G, T, tP)
