// The terms of a formula: what a turn makes of logits or probabilities and labels, a pair of
// vectors, 8 scores, at o bytes into it. Formulas are written in these and nothing else.
//
// Vector registers of the combine passes. Losses of the turn are in 12…17; up to 11 are pairs:

#define vU 0         // u; from probabilities, label · 4 in each byte
#define vW 2         // w, or ±w
#define vE 4         // e; from probabilities, p_t
#define vD 6
#define vQ 8         // q
#define vM 10        // mask of u < 0; from probabilities, CE

#define vY0 18       // labels · 4 of the turn, 16
#define vY1 19       // and the other 16
#define vSums 20     // sums of lanes 0 1, 2 3, 4 5, 6 7
#define vZero 24     // of values: zero
#define vSign 24     // of slopes: the sign bit
#define vOne 25
#define vCopies 26   // copy label byte 0…3, 4…7, 8…11, 12…15 into the bytes of a lane
#define vExpands 30  // bytes 0…3 of each lane
#define vByLabel 31  // Neg, ±Pos by label, and γ in lane 2

// WHEN, the first operand of values and of the terms they are made of, says of which scores:
// ANY, or PLAIN ones, which have the label 0 and, logits, are below 0, so that u = x < 0. The
// results are the same bits.
#define ANY(any, plain) any
#define PLAIN(any, plain) plain

// PLAIN_HEAD: W = w of the label 0. Plain terms read neither u nor the label.
#define PLAIN_HEAD(o, W, E, done) \
	NEGS(W); \
	NEGS((W)+1); \
	WEIGH(o, W, E, done)

// BYLABEL: W = w_t: Neg, ±Pos, or +0 for 255, whose indices are beyond the table;
// U = label · 4 in each byte.
#define BYLABEL(Y, COPY, U, W) \
	TBL1_16B(COPY, Y, U); \
	TBL1_16B((COPY)+1, Y, (U)+1); \
	PAIRC(ADD_16B, vExpands, U, W); \
	PAIRT(TBL1_16B, W, vByLabel, W)

// WEIGH: W = w·weight where weights are given.
#define WEIGH(o, W, E, done) \
	CBZ R(rWeights), done; \
	WEIGHTS(PAIRLD, o, E); \
	PAIR(FMUL_4S, E, W, W); \
done:

// MULGAMMA: D = γ·N.
#define MULGAMMA(N, D) PAIRC(FMUL_LANE2, vByLabel, N, D)

// From logits. Values take U = u, W = w; slopes take U = u, W = ±w, E = e, Q = q and
// M = mask of u < 0.

// SIGMOID: Q = q = σ(u) = (u < 0 ? e : 1)/(1 + e), with e in E.
#define SIGMOID(WHEN, U, E, D, Q) \
	WHEN(ANYSIGMOID, PLAINSIGMOID)(U, E, D, Q)
#define PLAINSIGMOID(U, E, D, Q) \
	PAIRC(FADD_4S, vOne, E, D)    /* D = 1 + e */; \
	PAIR(FDIV_4S, D, E, Q)        /* Q = q = e/(1 + e) */
#define ANYSIGMOID(U, E, D, Q) \
	PAIRC(FADD_4S, vOne, E, D)    /* D = 1 + e */; \
	PAIR1(CMLT0_4S, U, Q); \
	PAIRC(BSL_16B, vOne, E, Q)    /* Q = u < 0 ? e : 1 */; \
	PAIR(FDIV_4S, D, Q, Q)        /* Q = q */

// SOFTPLUS: U = softplus(u) = max(u, 0) + log1p(e) = −ln p_t. A NaN in u stays one.
#define SOFTPLUS(WHEN, o, U, L) \
	WHEN(ANYSOFTPLUS, PLAINSOFTPLUS)(o, U, L)
#define PLAINSOFTPLUS(o, U, L) \
	LOG1PS(PAIRLD, o, U)          /* U = log1p(e) = −ln p_t */
#define ANYSOFTPLUS(o, U, L) \
	PAIRC(FMAX_4S, vZero, U, U)   /* U = max(u, 0) */; \
	LOG1PS(PAIRLD, o, L); \
	PAIR(FADD_4S, L, U, U)        /* U = −ln p_t */

// MASKEDSIGMOID: Q = q, and M = mask of u < 0.
#define MASKEDSIGMOID(U, E, D, Q, M) \
	PAIRC(FADD_4S, vOne, E, D)    /* D = 1 + e */; \
	PAIR1(CMLT0_4S, U, M)         /* M = u < 0 */; \
	CONST(table_one, Q); \
	CONST(table_one, (Q)+1); \
	PAIR(BIT_16B, M, E, Q)        /* Q = u < 0 ? e : 1 */; \
	PAIR(FDIV_4S, D, Q, Q)        /* Q = q */

// MASKEDSOFTPLUS: U = softplus(u), from the mask. A NaN comes with log1p(e).
#define MASKEDSOFTPLUS(o, U, D, M) \
	PAIR(BIC_16B, M, U, U)        /* U = max(u, 0) */; \
	LOG1PS(PAIRLD, o, D); \
	PAIR(FADD_4S, D, U, U)        /* U = −ln p_t */

// TRUEPROB: E = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy.
#define TRUEPROB(E, D, Q, M) \
	PAIR(FMUL_4S, Q, E, E)        /* E = e·q */; \
	PAIRT(FSUB_4S, Q, vOne, D)    /* D = 1 − q */; \
	PAIR(BIT_16B, M, D, E)        /* E = p_t */

// LOGITS_VALUE: F = the loss, by VALUE(WHEN, o, U, W, E, D, Q, L, F), where E, D, Q and L
// are free.
#define LOGITS_VALUE(o, Y, COPY, VALUE, done, F) \
	BYLABEL(Y, COPY, vU, vW)      /* vW = w_t */; \
	WEIGH(o, vW, vE, done); \
	PAIRC(SHL_4S, 29, vU, vU)     /* vU = sign bit where the label is 1 */; \
	SCORES(PAIRLD, o, vE); \
	PAIR(EOR_16B, vE, vU, vU)     /* vU = u: −x where the label is 1 */; \
	VALUE(ANY, o, vU, vW, vE, vD, vQ, vM, F)

// PLAIN_VALUE: the same of plain scores, and from probabilities.
#define PLAIN_VALUE(o, VALUE, done, F) \
	PLAIN_HEAD(o, vW, vE, done); \
	VALUE(PLAIN, o, vU, vW, vE, vD, vQ, vM, F)

// LOGITS_SLOPE: the gradient, and F = the loss, by SLOPE(o, U, W, E, D, Q, M), which leaves
// Q = ±gradient and U·W = ±loss. The sign is the weight's.
#define LOGITS_SLOPE(o, Y, COPY, SLOPE, done, F) \
	BYLABEL(Y, COPY, vU, vW)      /* vW = ±w_t */; \
	WEIGH(o, vW, vE, done); \
	PAIRC(AND_16B, vSign, vW, vU); \
	SCORES(PAIRLD, o, vE); \
	PAIR(EOR_16B, vE, vU, vU)     /* vU = u: −x where the label is 1 */; \
	EXPS(PAIRLD, o, vE)           /* vE = e */; \
	MASKEDSIGMOID(vU, vE, vD, vQ, vM); \
	SLOPE(o, vU, vW, vE, vD, vQ, vM); \
	GRADS(PAIRST, o, vQ); \
	PAIR(FMUL_4S, vW, vU, F); \
	PAIRC(BIC_16B, vSign, F, F)   /* F = loss */

// From probabilities. CES = CE = min(−ln p_t, 100). Values take W = w and U = label · 4 in
// each byte; slopes take W = ±w, Q = q, T = p_t, at least 1e-12, and C = CE.

// PROBSIGNEDQ: Q = ±q = ±(1 − p_t), from the label in U; E = 1 for the label 1, else 0, and
// D = x. PROBQ: Q = q.
#define PROBSIGNEDQ(WHEN, o, U, E, D, Q) \
	WHEN(ANYSIGNEDQ, PLAINSIGNEDQ)(o, U, E, D, Q)
#define PLAINSIGNEDQ(o, U, E, D, Q) \
	SCORES(PAIRLD, o, Q)          /* Q = ±q = x, −0 for 0 */
#define ANYSIGNEDQ(o, U, E, D, Q) \
	PAIRC(ADD_16B, vExpands, U, E); \
	CONST(table_oneof1, D); \
	PAIRT(TBL1_16B, E, D, E)      /* E = 1 or 0 */; \
	SCORES(PAIRLD, o, D)          /* D = x */; \
	PAIR(FSUB_4S, D, E, Q)        /* Q = ±q */
#define PROBQ(WHEN, o, U, E, D, Q) \
	PROBSIGNEDQ(WHEN, o, U, E, D, Q); \
	PAIR1(FABS_4S, Q, Q)

// PROBS_VALUE: F = the loss, by VALUE(WHEN, o, U, W, E, D, Q, C, F), where E, D, Q and C are
// free.
#define PROBS_VALUE(o, Y, COPY, VALUE, done, F) \
	BYLABEL(Y, COPY, vU, vW)      /* vW = w_t */; \
	WEIGH(o, vW, vE, done); \
	VALUE(ANY, o, vU, vW, vE, vD, vQ, vM, F)

// PROBS_SLOPE: the gradient, and F = the loss, by SLOPE(o, U, W, T, D, Q, C), where U is
// free, which leaves D = ±gradient and C·W = ±loss.
#define PROBS_SLOPE(o, Y, COPY, SLOPE, done, F) \
	BYLABEL(Y, COPY, vU, vW)      /* vW = ±w_t */; \
	WEIGH(o, vW, vE, done); \
	PROBQ(ANY, o, vU, vE, vD, vQ) /* vQ = q */; \
	PAIRT(FSUB_4S, vE, vOne, vE)  /* vE = 0 for the label 1, else 1 */; \
	PAIR(FSUB_4S, vD, vE, vE); \
	PAIR1(FABS_4S, vE, vE); \
	CONST(table_minprob, vD); \
	PAIRC(FMAX_4S, vD, vE, vE)    /* vE = max(p_t, 1e-12) */; \
	CES(PAIRLD, o, vM)            /* vM = CE */; \
	SLOPE(o, vU, vW, vE, vD, vQ, vM); \
	GRADS(PAIRST, o, vD); \
	PAIR(FMUL_4S, vW, vM, F); \
	PAIRC(BIC_16B, vSign, F, F)   /* F = loss */
