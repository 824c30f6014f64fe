// The terms of formulas of targets: what a turn makes of logits and targets, a pair of vectors,
// 8 scores, at o bytes into it. Package generic says what they are. All registers of vectors
// but F, where the loss goes, are these:

#define vY 0         // y, 0 for ignored; by term, Pos·y
#define vO 2         // 1 − y; by term, Neg·(1 − y); of a slope in the end, the gradient
#define vA 4         // A
#define vB 6         // B
#define vTW 8        // w
#define vTE 10       // e
#define vP 18        // of a curve in the end, the second derivative
#define vS 20        // free
#define vT 22        // free
#define vR 26        // free; of slopes, r = 1/(1 + e)
#define vMore 28     // varifocal's slope, γ − 1
#define vSignBit 29  // the sign bit
#define vLeast 30    // 2⁻¹⁴⁹
#define vParams 31   // Neg, Pos, γ, 2
// vZero and vOne are as of labels.

// The params that are read from memory, in all lanes, behind the parts of scratch.
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

// SOFT_TAKE: vY = y, vO = 1 − y, vA = A, and vT = |x|, or 0 where A is: there x may be
// infinite. Shifting saturates to all bits but the sign where A > 0.
#define SOFT_TAKE(o) \
	TARGETS(PAIRLD, o, vY); \
	PAIRC(FMAX_4S, vZero, vY, vY) /* vY = max(y, +0) */; \
	PAIRT(FSUB_4S, vY, vOne, vO)  /* vO = 1 − y */; \
	SOFT_SELECT(o, vY, vO, vA); \
	PAIRC(SQSHL_4S, 31, vA, vT); \
	SCORES(PAIRLD, o, vS); \
	PAIR(AND_16B, vS, vT, vT)     /* vT = A > 0 ? |x| : 0 */

// SOFT_SELECT: D = M where x has its sign bit set, else N.
#define SOFT_SELECT(o, M, N, D) \
	SCORES(PAIRLD, o, D); \
	PAIR1(CMLT0_4S, D, D); \
	PAIR(BSL_16B, N, M, D)

// SMALL: vB = B; formulas that need it begin with it.
#define SMALL(o) SOFT_SELECT(o, vO, vY, vB)

// POSITIVE: D = Pos, times the factor of the score where such are given.
#define POSITIVE(o, D, T, done) \
	POSES(D); \
	POSES((D)+1); \
	CBZ R(rPositives), done; \
	POSITIVES(PAIRLD, o, T); \
	PAIR(FMUL_4S, T, D, D); \
done:

// SOFT_WEIGH: vTW = 0 for ignored, else vTW, times the factor of the batch where such are
// given.
#define SOFT_WEIGH(o, T, done) \
	TARGETS(PAIRLD, o, T); \
	PAIR1(FCMLT0_4S, T, T); \
	PAIR(BIC_16B, T, vTW, vTW); \
	WEIGH(o, vTW, T, done)

// SOFT_CE: F = ce = A·|x| + l.
#define SOFT_CE(o, F) \
	LOG1PS(PAIRLD, o, F); \
	PAIR(FMLA_4S, vT, vA, F)

// The terms of a turn, which set vY, vO, vA, vTW and F = ce: by how the target weighs.

// LINEAR: w = Pos·y + Neg·(1 − y).
#define LINEAR(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	SOFT_CE(o, F); \
	PAIRC(FMUL_LANE0, vParams, vO, vTW) /* vTW = Neg·(1 − y) */; \
	POSITIVE(o, vR, vT, factored); \
	PAIR(FMLA_4S, vY, vR, vTW)    /* vTW = w */; \
	SOFT_WEIGH(o, vT, weighed)

// BYTERM: vY = Pos·y and vO = Neg·(1 − y), which A, B and ce are of; vS is their sum, and w
// is 1.
#define BYTERM(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	PAIRC(FMUL_LANE0, vParams, vO, vO) /* vO = Neg·(1 − y) */; \
	POSITIVE(o, vR, vTW, factored); \
	PAIR(FMUL_4S, vR, vY, vY)     /* vY = Pos·y */; \
	SOFT_SELECT(o, vY, vO, vA)    /* vA = A */; \
	PAIR(FADD_4S, vY, vO, vS)     /* vS = A + B */; \
	LOG1PS(PAIRLD, o, F); \
	PAIR(FMUL_4S, vS, F, F); \
	PAIR(FMLA_4S, vT, vA, F)      /* F = A·|x| + (A + B)·l */; \
	CONST(table_one, vTW); \
	CONST(table_one, vTW+1); \
	SOFT_WEIGH(o, vT, weighed)

// BYTARGET: w = y > 0 ? Pos·(slope·y + base) : Neg.
#define BYTARGET(o, F, factored, weighed) \
	SOFT_TAKE(o); \
	SOFT_CE(o, F); \
	BASES(vT); \
	BASES(vT+1); \
	PAIRC(FMLA_LANE0, vMore, vY, vT) /* vT = slope·y + base */; \
	POSITIVE(o, vR, vTW, factored); \
	PAIR(FMUL_4S, vT, vR, vR)     /* vR = Pos·(slope·y + base) */; \
	PAIR1(FCMEQ0_4S, vY, vTW); \
	NEGS(vT); \
	PAIRT(BSL_16B, vR, vT, vTW)   /* vTW = w */; \
	SOFT_WEIGH(o, vT, weighed)

// Terms of formulas, with e in vTE.

// TERM_N: D = N, from A in it. TERM_M: D = M.
#define TERM_N(D) PAIR(FMLA_4S, vTE, vB, D)
#define TERM_M(D) \
	PAIR1(FNEG_4S, vA, D); \
	PAIR(FMLA_4S, vTE, vB, D)     /* D = B·e − A */

// TERM_PT: vP = B + A·e, p_t of targets 0 and 1, times 1 + e.
#define TERM_PT \
	PAIR1(MOV_16B, vB, vP); \
	PAIR(FMLA_4S, vTE, vA, vP)

// RECIPROCAL: R = r = 1/(1 + e).
#define RECIPROCAL(R) \
	PAIRC(FADD_4S, vOne, vTE, R); \
	PAIRT(FDIV_4S, R, vOne, R)

// SQUARERECIPROCAL: R2 = 1/(1 + e)². T is lost.
#define SQUARERECIPROCAL(R2, T) \
	CONST(table_two, T); \
	CONST(table_two, (T)+1); \
	PAIR(FADD_4S, vTE, T, T)      /* T = 2 + e */; \
	CONST(table_one, R2); \
	CONST(table_one, (R2)+1); \
	PAIR(FMLA_4S, T, vTE, R2)     /* R2 = 1 + e·(2 + e) */; \
	PAIRT(FDIV_4S, R2, vOne, R2)

// RECIPROCALOF: R = r = (1 + e)·r², with r² in R2.
#define RECIPROCALOF(R2, R) \
	PAIRC(FADD_4S, vOne, vTE, R); \
	PAIR(FMUL_4S, R2, R, R)

// FLIP: D = x < 0 ? D : −D, by the sign bit of x. T is lost.
#define FLIP(o, T, D) \
	SCORES(PAIRLD, o, T); \
	PAIRT(BIC_16B, T, vSignBit, T); \
	PAIR(EOR_16B, T, D, D)

// DIFFERENCE: D = d = ∓M·r, from M in it.
#define DIFFERENCE(o, T, D) \
	PAIR(FMUL_4S, vR, D, D); \
	FLIP(o, T, D)

// EVENNESS: T = 1 − 2y.
#define EVENNESS(T) \
	CONST(table_one, T); \
	CONST(table_one, (T)+1); \
	PAIRC(FMLS_LANE3, vParams, vY, T)

// SLOPEBYQ: D = p(1 − p)/q = e/N·r, with N in vA and r in vR.
#define SLOPEBYQ(D) \
	PAIRC(FMAX_4S, vLeast, vA, D); \
	PAIR(FDIV_4S, D, vTE, D)      /* D = e/max(N, 2⁻¹⁴⁹) */; \
	PAIR(FMUL_4S, vR, D, D)

// BEND: vP = p_t·(γ·ce·(γ·p_t − q) + (2γ + 1)·q), with p_t in it, q in vA, and γ·p_t in G,
// which is lost, as T is.
#define BEND(G, T, F) \
	PAIR(FMUL_4S, G, F, T)        /* T = ce·γ·p_t */; \
	PAIRC(FMLA_LANE3, vParams, G, vP) /* vP = 2γ·p_t + p_t */; \
	PAIR(FSUB_4S, vA, G, G)       /* G = γ·p_t − q */; \
	PAIR(FMUL_4S, vA, vP, vP); \
	PAIR(FMLA_4S, G, T, vP)
