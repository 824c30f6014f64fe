// The terms of a formula: what a turn makes of logits or probabilities and labels, 8 scores
// at o bytes into it. Formulas are written in these and nothing else.
//
// Registers of the combine passes: temporaries Y0…Y5, losses of the turn Y6…Y9, and

#define rByLabel Y15 // Neg, Pos, 0, 0 twice; of gradients Neg, −Pos, 0, 0
#define rOne Y14     // from logits: one
#define rZero Y13    // zero
#define rOneOf1 Y14  // from probabilities: 1 for the label 1, else 0
#define rOneOf0 Y13  // 0 for the label 1, else 1
#define rSum0 Y12    // sums of lanes 0…3
#define rSum1 Y11    // and 4…7
#define rSign Y10    // of gradients: the sign bit
#define rEasy0 Y10   // of sweeps: sums of lanes 0…3 of easy scores
#define rEasy1 Y5    // and 4…7
#define rNeg Y4      // Neg

// WHEN, the first operand of values and of the terms they are made of, says of which scores:
// ANY, or PLAIN ones, which have the label 0 and, logits, are below 0, so that u = x < 0. The
// results are the same bits.
#define ANY(any, plain) any
#define PLAIN(any, plain) plain

// WEIGH: W = w·weight where weights are given.
#define WEIGH(o, W, done) \
	TESTQ rWeights, rWeights; \
	JZ    done; \
	VMULPS WEIGHTS(o), W, W; \
done:

// From logits. Values take U = u, W = w; slopes take U = u, W = ±w, E = e, Q = q.

// LOGITS_HEAD: W = w, U = u.
#define LOGITS_HEAD(o, done, U, W) \
	VPMOVZXBD LABELS(o), U        /* U = label */; \
	VPERMILPS U, rByLabel, W      /* W = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o, W, done); \
	VPSLLD $31, U, U; \
	VXORPS SCORES(o), U, U        /* U = u: −x where the label is 1 */

// LOGITS_SLOPEHEAD: the same for a gradient, whose sign is the weight's.
#define LOGITS_SLOPEHEAD(o, done, U, W) \
	VPMOVZXBD LABELS(o), U; \
	VPERMILPS U, rByLabel, W      /* W = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o, W, done); \
	VANDPS W, rSign, U; \
	VXORPS SCORES(o), U, U        /* U = u: −x where the label is 1 */

// SIGMOID: Q = q = σ(u) = (u < 0 ? e : 1)/(1 + e), with e in E. Q may be E.
#define SIGMOID(WHEN, U, E, D, Q) \
	WHEN(ANYSIGMOID, PLAINSIGMOID)(U, E, D, Q)
#define ANYSIGMOID(U, E, D, Q) \
	VADDPS E, rOne, D             /* D = 1 + e */; \
	VBLENDVPS U, E, rOne, Q       /* Q = u < 0 ? e : 1 */; \
	VDIVPS D, Q, Q                /* Q = q */
#define PLAINSIGMOID(U, E, D, Q) \
	VADDPS E, rOne, D             /* D = 1 + e */; \
	VDIVPS D, E, Q                /* Q = q = e/(1 + e) */

// SOFTPLUS: U = softplus(u) = max(u, 0) + log1p(e) = −ln p_t. A NaN in u stays one.
#define SOFTPLUS(WHEN, o, U) \
	WHEN(ANYSOFTPLUS, PLAINSOFTPLUS)(o, U)
#define ANYSOFTPLUS(o, U) \
	VMAXPS U, rZero, U            /* U = max(u, 0) */; \
	VADDPS LOG1PS(o), U, U             /* U = −ln p_t */
#define PLAINSOFTPLUS(o, U) \
	VMOVUPS LOG1PS(o), U          /* U = log1p(e) = −ln p_t */

// TRUEPROB: D = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy. E is lost.
#define TRUEPROB(U, E, D, Q) \
	VMULPS E, Q, E                /* E = e·q */; \
	VSUBPS Q, rOne, D             /* D = 1 − q */; \
	VBLENDVPS U, D, E, D          /* D = p_t */

// LOGITS_VALUE: F = the loss, by VALUE(WHEN, o, U, W, E, D, F), where E and D are free.
#define LOGITS_VALUE(o, VALUE, done, F) \
	LOGITS_HEAD(o, done, Y0, Y1); \
	VALUE(ANY, o, Y0, Y1, Y2, Y3, F)
#define LOGITS_PLAIN(o, VALUE, done, F) \
	PLAIN_HEAD(o, done, Y1); \
	VALUE(PLAIN, o, Y0, Y1, Y2, Y3, F)

// PLAIN_HEAD: W = w of the label 0. Plain terms read neither u nor the label.
#define PLAIN_HEAD(o, done, W) \
	VMOVAPS rNeg, W; \
	WEIGH(o, W, done)

// LOGITS_SLOPE: the gradient, and F = the loss, by SLOPE(o, U, W, E, D, Q), which leaves
// D = ±gradient and U·W = ±loss.
#define LOGITS_SLOPE(o, SLOPE, done, F) \
	LOGITS_SLOPEHEAD(o, done, Y0, Y1); \
	VMOVUPS EXPS(o), Y2; \
	SIGMOID(ANY, Y0, Y2, Y3, Y4); \
	SLOPE(o, Y0, Y1, Y2, Y3, Y4); \
	VMOVUPS Y3, GRADS(o); \
	VMULPS Y1, Y0, F; \
	VANDNPS F, rSign, F           /* F = loss */

// From probabilities. CES(o) = CE = min(−ln p_t, 100). Values take W = w and U = label;
// slopes take W = ±w, Q = q, T = p_t, at least 1e-12, and C = CE.

// PROBQ: U = q = 1 − p_t, from the label in U. PROBSIGNEDQ: ±q, for formulas that take q².
#define PROBSIGNEDQ(WHEN, o, U) \
	WHEN(ANYSIGNEDQ, PLAINSIGNEDQ)(o, U)
#define ANYSIGNEDQ(o, U) \
	VPERMILPS U, rOneOf1, U; \
	VSUBPS SCORES(o), U, U        /* U = ±q */
#define PLAINSIGNEDQ(o, U) \
	VMOVUPS SCORES(o), U          /* U = ±q = x, −0 for 0 */
#define PROBQ(WHEN, o, U) \
	PROBSIGNEDQ(WHEN, o, U); \
	VANDPS ·constants+table_abs(SB), U, U

// PROBS_VALUE: F = the loss, by VALUE(WHEN, o, U, W, F).
#define PROBS_VALUE(o, VALUE, done, F) \
	VPMOVZXBD LABELS(o), Y0       /* Y0 = label */; \
	VPERMILPS Y0, rByLabel, Y1    /* Y1 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o, Y1, done); \
	VALUE(ANY, o, Y0, Y1, F)
#define PROBS_PLAIN(o, VALUE, done, F) \
	PLAIN_HEAD(o, done, Y1); \
	VALUE(PLAIN, o, Y0, Y1, F)

// PROBS_SLOPE: the gradient, and F = the loss, by SLOPE(o, Q, W, T, C, D), which leaves
// D = ±gradient and C·W = ±loss.
#define PROBS_SLOPE(o, SLOPE, done, F) \
	VPMOVZXBD LABELS(o), Y0; \
	VPERMILPS Y0, rByLabel, Y1    /* Y1 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o, Y1, done); \
	VPERMILPS Y0, rOneOf0, Y2; \
	VSUBPS SCORES(o), Y2, Y2; \
	VANDNPS Y2, rSign, Y2; \
	VMAXPS ·constants+table_minprob(SB), Y2, Y2 /* Y2 = max(p_t, 1e-12) */; \
	VPERMILPS Y0, rOneOf1, Y0; \
	VSUBPS SCORES(o), Y0, Y0; \
	VANDNPS Y0, rSign, Y0         /* Y0 = q */; \
	VMOVUPS CES(o), Y3              /* Y3 = CE */; \
	SLOPE(o, Y0, Y1, Y2, Y3, Y4); \
	VMOVUPS Y4, GRADS(o); \
	VMULPS Y1, Y3, F; \
	VANDNPS F, rSign, F           /* F = loss */
