// The terms of a formula: what a turn makes of logits or probabilities and labels, 16 scores
// at o bytes into it. Formulas are written in these and nothing else.
//
// Registers of the loops: those of the words, and

#define rByLabel Z31  // Neg, Pos, 0, 0 four times; of gradients Neg, −Pos, 0, 0
#define rOneOf1 Z30   // from probabilities: 1 for the label 1, else 0
#define rOneOf0 Z29   // 0 for the label 1, else 1
#define rMinProb Z11  // 1e-12
#define rNegative K1  // u < 0
#define rEasy Z26     // of sweeps: the lanes' sums of easy scores
#define rNeg Z25      // Neg

// The temporaries of a turn are Z0…Z9: in Z7 and Z8 the losses of its two vectors, in Z5, Z6
// and Z9 what a formula has as U, W and Q from logits. Those of the steps are among Z0…Z4,
// but for LOG1PSTEP, which has U, W and Q.

#define LOGITS_SETUP \
	SPREAD(table_one, rOne); \
	VXORPS rZero, rZero, rZero; \
	SPREAD(table_sign, rSign); \
	EXPNEG_SETUP; \
	LOG1P_SETUP

// WEIGH: W = w·weight where weights are given. done is a label that no other use has.
#define WEIGH(o, at, W, done) \
	TESTQ rWeights, rWeights; \
	JZ    done; \
	VMULPS WEIGHTS(o, at), W, W; \
done:

// WHEN, the first operand of values and of the terms they are made of, says of which scores:
// ANY, of the kernels of one loss; or those of a sweep, whose terms are in scratch: SWEPT, any
// of them, or PLAIN, which have the label 0 and, logits, are below 0, so that u = x < 0. The
// results are the same bits.
#define ANY(any, swept, plain) any
#define SWEPT(any, swept, plain) swept
#define PLAIN(any, swept, plain) plain

// PLAIN_HEAD: W = w of the label 0. Plain terms read neither u nor the label.
#define PLAIN_HEAD(o, done, W) \
	VMOVAPS rNeg, W; \
	WEIGH(o, rAt, W, done)

// LOGITS_HEAD: W = w, U = u.
#define LOGITS_HEAD(o, at, done, U, W) \
	VPMOVZXBD LABELS(o, at), U    /* U = label */; \
	VPERMILPS U, rByLabel, W      /* W = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o, at, W, done); \
	VPSLLD $31, U, U; \
	VXORPS SCORES(o, at), U, U    /* U = u: −x where the label is 1 */

// LOGITS_SLOPEHEAD: the same for a gradient, whose sign is the weight's.
#define LOGITS_SLOPEHEAD(o, at, done, U, W) \
	VPMOVZXBD LABELS(o, at), U; \
	VPERMILPS U, rByLabel, W      /* W = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o, at, W, done); \
	VMOVUPS SCORES(o, at), U; \
	VPTERNLOGD $0x78, rSign, W, U /* U = u: −x where the label is 1 */

// SIGMOID: Q = q = σ(u) = (u < 0 ? e : 1)/(1 + e). The choice is the greater of e and ±1.
#define SIGMOID(WHEN, o, U, E, D, Q) \
	WHEN(ANYSIGMOID, ANYSIGMOID, PLAINSIGMOID)(WHEN(EXPS, ALLEXPS, ALLEXPS)(o), U, E, D, Q)
#define PLAINSIGMOID(e, U, E, D, Q) \
	VMOVUPS e, E; \
	VADDPS E, rOne, D             /* D = 1 + e */; \
	VDIVPS D, E, Q                /* Q = q = e/(1 + e) */
#define ANYSIGMOID(e, U, E, D, Q) \
	VMOVUPS e, E; \
	VADDPS E, rOne, D             /* D = 1 + e */; \
	VMOVAPS U, Q; \
	VPTERNLOGD $0xea, rOne, rSign, Q /* Q = 1 with the sign of u */; \
	VMAXPS E, Q, Q                /* Q = u < 0 ? e : 1 */; \
	VDIVPS D, Q, Q                /* Q = q */

// LOG1PEXP: L = l = log1p(e). D is lost. Plain scores need it not before SOFTPLUS.
#define LOG1PEXP(WHEN, o, L, D) WHEN(ANYLOG1P, SWEPTLOG1P, PLAINLOG1P)(o, L, D)
#define ANYLOG1P(o, L, D) LOG1P(EXPS(o), Z0, Z1, L, D, Z4)
#define SWEPTLOG1P(o, L, D) VMOVUPS ALLLOG1PS(o), L
#define PLAINLOG1P(o, L, D)

// SOFTPLUS: U = softplus(u) = max(u, 0) + l = −ln p_t. A NaN in u stays one.
#define SOFTPLUS(WHEN, o, U, L) WHEN(ANYSOFTPLUS, ANYSOFTPLUS, PLAINSOFTPLUS)(o, U, L)
#define PLAINSOFTPLUS(o, U, L) \
	VMOVUPS ALLLOG1PS(o), U       /* U = log1p(e) = −ln p_t */
#define ANYSOFTPLUS(o, U, L) \
	VMAXPS U, rZero, U            /* U = max(u, 0) */; \
	VADDPS L, U, U                /* U = −ln p_t */

// TRUEPROB: D = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy.
#define TRUEPROB(o, U, D, Q) \
	VPMOVD2M U, rNegative; \
	VMULPS EXPS(o), Q, D          /* D = e·q */; \
	VSUBPS Q, rOne, rNegative, D  /* D = p_t */

// A formula without a power has, from logits, EXPS(o) = e and, in registers,
//   VALUE(WHEN, o, U, W, L, D, Q, F): U = u, W = w; L, D and Q are free. It leaves F = the
//   loss.
//   SLOPE(o, U, W, L, D, Q): U = u, W = ±w, L = l, Q = q; D is free. It leaves D = ±gradient
//   and U·W = ±loss.

#define LOGITS_VALUE(o, VALUE, done, F) \
	LOGITS_HEAD(o, rAt, done, Z5, Z6); \
	VALUE(ANY, o, Z5, Z6, Z2, Z3, Z9, F)
#define LOGITS_SWEPT(o, VALUE, done, F) \
	LOGITS_HEAD(o, rAt, done, Z5, Z6); \
	VALUE(SWEPT, o, Z5, Z6, Z2, Z3, Z9, F)
#define LOGITS_PLAIN(o, VALUE, done, F) \
	PLAIN_HEAD(o, done, Z6); \
	VALUE(PLAIN, o, Z5, Z6, Z2, Z3, Z9, F)
#define LOGITS_SLOPE(o, SLOPE, done, F) \
	LOGITS_SLOPEHEAD(o, rAt, done, Z5, Z6); \
	SIGMOID(ANY, o, Z5, Z2, Z3, Z9); \
	LOG1PEXP(ANY, o, Z2, Z3); \
	SLOPE(o, Z5, Z6, Z2, Z3, Z9); \
	LOGITS_SLOPETAIL(o, Z5, Z6, Z3, F)

// LOGITS_SLOPETAIL: the gradient ±D, and F = the loss ±U·W.
#define LOGITS_SLOPETAIL(o, U, W, D, F) \
	VMOVUPS D, GRADS(o); \
	VMULPS W, U, U; \
	VANDNPS U, rSign, F           /* F = loss */

// With a power, earlier steps left the terms in rings: US(o) = u, WS(o) = w or ±w,
// LOG1PS(o) = l, EXPS(o) = e, and for slopes QS(o) = q. In a register there is P = q^γ, and
//   VALUE(WHEN, o, U, W, P, L, D, Q, F) and SLOPE(o, U, W, P, L, D, Q)
// leave what they leave without one; U, W, L, D and Q are free. In a sweep U = u, W = w.

// WEIGHT: the operand that is w. POWERTERMS: U = u and L = l.
#define WEIGHT(WHEN, o, W) WHEN(WS(o), W, W)
#define POWERTERMS(WHEN, o, U, L) WHEN(ANYTERMS, SWEPTTERMS, PLAINTERMS)(o, U, L)
#define ANYTERMS(o, U, L) \
	VMOVUPS US(o), U; \
	VMOVUPS LOG1PS(o), L
#define SWEPTTERMS(o, U, L) VMOVUPS ALLLOG1PS(o), L
#define PLAINTERMS(o, U, L)

#define EXPPOWER(o, P) \
	VMOVUPS TS(o), P; \
	VMOVUPS RS(o), Z0; \
	EXPCORE(P, Z0, Z2, Z3)        /* P = q^γ */
#define POWER_VALUE(o, VALUE, done, F) \
	EXPPOWER(o, Z1); \
	VALUE(ANY, o, Z5, Z6, Z1, Z2, Z3, Z9, F)
#define POWER_SWEPT(o, VALUE, done, F) \
	LOGITS_HEAD(o, rAt, done, Z5, Z6); \
	VMOVUPS POWERS(o), Z1; \
	VALUE(SWEPT, o, Z5, Z6, Z1, Z2, Z3, Z9, F)
#define POWER_PLAIN(o, VALUE, done, F) \
	PLAIN_HEAD(o, done, Z6); \
	VMOVUPS POWERS(o), Z1; \
	VALUE(PLAIN, o, Z5, Z6, Z1, Z2, Z3, Z9, F)
#define POWER_SLOPE(o, SLOPE, done, F) \
	EXPPOWER(o, Z1); \
	SLOPE(o, Z5, Z6, Z1, Z2, Z3, Z9); \
	LOGITS_SLOPETAIL(o, Z5, Z6, Z3, F)

// From probabilities a formula has C = CE = min(−ln p_t, 100), and with a power
// POWERS(o) = q^γ.
//   VALUE(WHEN, o, U, W, C, F): U = label, W = w. It leaves F = the loss.
//   SLOPE(o, Q, W, T, C, D): Q = q, W = ±w, T = p_t, at least 1e-12; D is free. It leaves
//   D = ±gradient and C·W = ±loss.

#define PROBS_SETUP \
	LN_SETUP; \
	QUAD(table_oneof1, rOneOf1); \
	QUAD(table_oneof0, rOneOf0); \
	VXORPS lnTop, lnTop, lnTop; \
	QUAD(table_scaleof0, lnScaleOf); \
	SPREAD(table_ln2exp, lnLn2); \
	SPREAD(table_maxce, lnMaxCE); \
	VXORPS lnPlus0, lnPlus0, lnPlus0; \
	SPREAD(table_minprob, rMinProb)

// PROBQ: U = q = 1 − p_t, from the label in U. PROBSIGNEDQ: ±q, for formulas that take q².
#define PROBSIGNEDQ(WHEN, o, U) WHEN(ANYSIGNEDQ, ANYSIGNEDQ, PLAINSIGNEDQ)(o, U)
#define PLAINSIGNEDQ(o, U) \
	VMOVUPS SCORES(o, rAt), U     /* U = ±q = x, −0 for 0 */
#define ANYSIGNEDQ(o, U) \
	VPERMILPS U, rOneOf1, U; \
	VSUBPS SCORES(o, rAt), U, U   /* U = ±q */
#define PROBQ(WHEN, o, U) \
	PROBSIGNEDQ(WHEN, o, U); \
	VANDPS rAbs, U, U

#define PROBS_VALUE(o, VALUE, done, F) \
	LNTAIL(LNFS(o), LNHS(o), Z0, Z1, Z2, Z3); \
	VPMOVZXBD LABELS(o, rAt), Z0  /* Z0 = label */; \
	VPERMILPS Z0, rByLabel, Z6    /* Z6 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o, rAt, Z6, done); \
	VALUE(ANY, o, Z0, Z6, Z3, F)
#define PROBS_SWEPT(o, VALUE, done, F) \
	VPMOVZXBD LABELS(o, rAt), Z0  /* Z0 = label */; \
	VPERMILPS Z0, rByLabel, Z6    /* Z6 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o, rAt, Z6, done); \
	VMOVUPS CES(o), Z3; \
	VALUE(SWEPT, o, Z0, Z6, Z3, F)
#define PROBS_PLAIN(o, VALUE, done, F) \
	PLAIN_HEAD(o, done, Z6); \
	VMOVUPS CES(o), Z3; \
	VALUE(PLAIN, o, Z0, Z6, Z3, F)
#define PROBS_SLOPE(o, SLOPE, done, F) \
	LNTAIL(LNFS(o), LNHS(o), Z0, Z1, Z2, Z3); \
	VPMOVZXBD LABELS(o, rAt), Z0; \
	VPERMILPS Z0, rByLabel, Z6    /* Z6 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o, rAt, Z6, done); \
	VMOVUPS SCORES(o, rAt), Z4; \
	VPERMILPS Z0, rOneOf0, Z2; \
	VSUBPS Z4, Z2, Z2; \
	VANDPS rAbs, Z2, Z2; \
	VMAXPS rMinProb, Z2, Z2       /* Z2 = max(p_t, 1e-12) */; \
	VPERMILPS Z0, rOneOf1, Z0; \
	VSUBPS Z4, Z0, Z0; \
	VANDPS rAbs, Z0, Z0           /* Z0 = q */; \
	SLOPE(o, Z0, Z6, Z2, Z3, Z4); \
	VMOVUPS Z4, GRADS(o); \
	VMULPS Z6, Z3, Z0; \
	VANDPS rAbs, Z0, F            /* F = loss */
