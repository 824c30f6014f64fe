// The words of the NEON kernels: registers, constants, and exp, log1p, ln and the power
// q^γ as macros, each for 16 scores: quads in lockstep of vectors of 4 float32.
//
// Registers have numbers, which the opcodes are made of; R(rCall) is what Go's own
// instructions call one. Operands are in Go's order: the destination is the last.

// General registers of all kernels and passes; lockstep.h has rTable.
#define rScores 0     // x
#define rLabels 1     // y
#define rWeights 2    // factors of the weights, or 0
#define rLosses 3     // where losses go, or 0
#define rGrads 4      // where gradients go
#define rCall 5       // the Call
#define rLanes 6      // its lane sums
#define rScratch 7
#define rLeft 8       // scores left
#define rChunk 9      // scores of this chunk
#define rTodo 11      // scores left in this pass
#define rAtScratch 12 // cursors: this turn's scratch
#define rAtScores 13  // and its scores, labels, …
#define rAtLabels 14
#define rAtWeights 15
#define rAtLosses 16
#define rAtGrads 17

// Of formulas of targets, besides; rLabels is where targets are:
#define rPositives 19 // factors of Pos, or 0
#define rHess 21      // where second derivatives go
#define rAtPositives 22
#define rAtHess 23

// Of sweeps, besides:
#define rSweep 19     // the Sweep
#define rNeg 21       // where the weights of the loss are, that of the label 0 first
#define rEntry 22     // the loss; rCall is where PARAM and Lanes are its own
#define rMore 23      // losses left
#define rFlags 24     // from bit 0 on, a bit per group of the chunk: all its scores are plain
#define EASYFLAGS 16  // from this bit on: all are easy
#define rGroup 25     // the flags from those of this turn's group on
#define rEasy 26      // lane sums of easy scores

// What a turn reads and writes, o bytes into it, by QUADLD, PAIRST and the like. The last
// six are the parts of scratch; a pass says what it leaves there.
#define SCORES(OP, o, d) OP(o, rAtScores, d)
#define LABELS(OP, o, d) OP((o)/4, rAtLabels, d)
#define TARGETS(OP, o, d) OP(o, rAtLabels, d)
#define WEIGHTS(OP, o, d) OP(o, rAtWeights, d)
#define POSITIVES(OP, o, d) OP(o, rAtPositives, d)
#define LOSSES(OP, o, d) OP(o, rAtLosses, d)
#define GRADS(OP, o, d) OP(o, rAtGrads, d)
#define HESSIANS(OP, o, d) OP(o, rAtHess, d)
#define EXPS(OP, o, d) OP(o, rAtScratch, d)
#define LOG1PS(OP, o, d) OP(2048+(o), rAtScratch, d)
#define POWERS(OP, o, d) OP(4096+(o), rAtScratch, d)
#define CES(OP, o, d) LOG1PS(OP, o, d)
#define LOWS(OP, o, d) OP(6144+(o), rAtScratch, d)
#define MASKS(OP, o, d) OP(6144+(o), rAtScratch, d)

// Params in the Call.
#define GAMMA (call_Params+params_Gamma)(R(rCall))
#define GAMMALOW (call_Params+params_GammaLow)(R(rCall))

// PARAM: that of a name, params_Limit and the like, in all lanes of d. R20 is lost.
#define PARAM(name, d) \
	ADD $(call_Params+name), R(rCall), R20; \
	LD1R_4S(20, d)

// REWIND: the cursors of a pass to the first scores of the chunk.
#define REWIND \
	MOVD R(rScores), R(rAtScores); \
	MOVD R(rLabels), R(rAtLabels); \
	MOVD R(rScratch), R(rAtScratch); \
	MOVD R(rChunk), R(rTodo)

// LOOP16: from label on, until the chunk is done. The cursors of what a pass takes besides
// scratch are its own to move.
#define LOOP16(label) \
	ADD  $64, R(rAtScratch); \
	SUBS $16, R(rTodo); \
	BNE  label

// WIDEN: L = the 16 labels in Y, a lane each.
#define WIDEN(Y, L) \
	UXTL_8H(Y, (Y)+1); \
	UXTL2_8H(Y, Y); \
	UXTL_4S((Y)+1, L); \
	UXTL2_4S((Y)+1, (L)+1); \
	UXTL_4S(Y, (L)+2); \
	UXTL2_4S(Y, (L)+3)

// exp

// EXPCORE: S = 2^(n/8)·exp(r) for t = n + magic in T and r in R. p4 is lane 3 of LANES.
#define EXPCORE(T, R, S, A, EXP2, INDEX, SPREAD, STEP, P3, LANES) \
	LOOKUPINDEX(T, INDEX, SPREAD, table_expands, A, S); \
	QUADT(TBL2_16B, S, EXP2, S)   /* S = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	QUADC(MLA_4S, STEP, T, S)     /* S = s = 2^(n/8), +0 at n = −1016: T<<20 is (n/8)<<23 + j<<20 */; \
	QUADCONST(table_p2, A); \
	QUADC(FMLA_4S, P3, R, A)      /* A = p2 + p3·r */; \
	QUAD(FMUL_4S, R, R, T)        /* T = r² */; \
	QUADC(FMLA_LANE3, LANES, T, A) /* A = p2 + p3·r + p4·r² */; \
	QUAD(FMLA_4S, T, A, R)        /* R = r + r²·A ≈ exp(r) − 1 */; \
	QUAD(FMLA_4S, S, R, S)        /* S = s + s·R */

// EXPNEG: e = exp(−|x|).
#define expSign 16
#define expFloor 17 // −127·ln2
#define expMagic 18
#define expP3 20
#define expIndex 21 // of lookups
#define expSpread 22
#define expStep 23  // 2²⁰
#define expTable 24 // 2^(j/8), 24 and 25
#define expLanes 26 // 8/ln2, ln2/8 in two parts, p4
#define EXPNEG(A, T, S, B) \
	SCORES(QUADLD, 0, A); \
	QUADC(ORR_16B, expSign, A, A) /* A = −|x| */; \
	QUADC(FMAX_4S, expFloor, A, A) /* A = max(−|x|, −127·ln2) */; \
	QUADCONST(table_magic, T); \
	QUADC(FMLA_LANE0, expLanes, A, T) /* T = t = A·8/ln2 + magic */; \
	QUADC(FSUB_4S, expMagic, T, S) /* S = n = round(A·8/ln2) */; \
	QUADC(FMLS_LANE1, expLanes, S, A) /* A = A − n·c1 */; \
	QUADC(FMLS_LANE2, expLanes, S, A) /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, B, expTable, expIndex, expSpread, expStep, expP3, expLanes); \
	EXPS(QUADST, 0, S)
#define EXPNEG_SETUP \
	CONST(table_sign, expSign); \
	CONST(table_floor, expFloor); \
	CONST(table_magic, expMagic); \
	CONST(table_p3, expP3); \
	CONST(table_index, expIndex); \
	CONST(table_spread, expSpread); \
	CONST(table_step, expStep); \
	CONST(table_exp2, expTable); \
	CONST(table_exp2+16, expTable+1); \
	CONST(table_explanes, expLanes)

// log1p

// LOG1P: l = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7), i = round(7e),
// log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define logLanes 20 // 7, d1, d3
#define logIndex 22 // of lookups
#define logSpread 23
#define logRecip 25 // c, 25 and 26
#define logTable 27 // −ln c, 27 and 28
#define logOne 29
#define LOG1P(E, T, C, D, B) \
	EXPS(QUADLD, 0, E)            /* E = e */; \
	QUADCONST(table_magic, T); \
	QUADC(FMLA_LANE0, logLanes, E, T) /* T = i + magic */; \
	LOOKUPINDEX(T, logIndex, logSpread, table_expands, C, T); \
	QUADT(TBL2_16B, T, logRecip, C) /* C = c */; \
	QUADT(TBL2_16B, T, logTable, T) /* T = −ln c */; \
	QUADC(FSUB_4S, logOne, C, D)  /* D = c − 1, exact */; \
	QUAD(FMLA_4S, C, E, D)        /* D = f = c·e + (c − 1) */; \
	QUAD(FMUL_4S, D, D, E)        /* E = f² */; \
	QUADCONST(table_d0, C); \
	QUADC(FMLA_LANE1, logLanes, D, C) /* C = d0 + d1·f */; \
	QUADCONST(table_d2, B); \
	QUADC(FMLA_LANE2, logLanes, D, B) /* B = d2 + d3·f */; \
	QUAD(FMLA_4S, E, B, C)        /* C = C + f²·B */; \
	QUAD(FMLA_4S, E, C, D)        /* D = f + f²·C ≈ log1p(f) */; \
	QUAD(FADD_4S, T, D, D)        /* D = log1p(e) */; \
	LOG1PS(QUADST, 0, D)
#define LOG1P_SETUP \
	CONST(table_loglanes, logLanes); \
	CONST(table_index, logIndex); \
	CONST(table_spread, logSpread); \
	CONST(table_recip, logRecip); \
	CONST(table_recip+16, logRecip+1); \
	CONST(table_neglog, logTable); \
	CONST(table_neglog+16, logTable+1); \
	CONST(table_one, logOne)

// The power q^γ = exp(−γ·(s + v)), with s = −ln q and v its low part.

// POWEXP: S = exp(−γ·(S + V)) for S ≥ 0. The product is carried as h + lo.
#define powLanes 20 // 8/ln2, ln2/8 in two parts, p4
#define powGamma 21 // γ, γ' of the low part, −γ
#define powMagic 22
#define powCeil 23  // 127·ln2
#define powLimit 24
#define powTable 25 // 2^(j/8), 25 and 26
#define powIndex 27 // of lookups
#define powSpread 28
#define powStep 29  // 2²⁰
#define powP3 30
#define POWEXP(U, S, V, H, T) \
	QUADC(FMIN_4S, powLimit, S, S) /* S = min(S, limit), so γ·S ≤ 127·ln2 */; \
	QUADC(FMUL_LANE2, powGamma, S, H) /* H = −h = −γ·S, rounded */; \
	QUAD1(MOV_16B, H, T); \
	QUADC(FMLA_LANE0, powGamma, S, T) /* T = γ·S − h, exact */; \
	QUADC(FMLA_LANE1, powGamma, V, T) /* T = lo = T + γ'·V */; \
	QUADCONST(table_magic, V); \
	QUADC(FMLA_LANE0, powLanes, H, V) /* V = t = −h·8/ln2 + magic */; \
	QUADC(FSUB_4S, powMagic, V, U) /* U = n */; \
	QUADC(FMLS_LANE1, powLanes, U, H) /* H = −h − n·c1 */; \
	QUADC(FMLS_LANE2, powLanes, U, H) /* H = −h − n·ln2/8 */; \
	QUAD(FSUB_4S, T, H, H)        /* H = r = −(h + lo) − n·ln2/8 */; \
	EXPCORE(V, H, S, T, powTable, powIndex, powSpread, powStep, powP3, powLanes)
#define POWEXP_SETUP \
	CONST(table_explanes, powLanes); \
	FMOVS GAMMA, F(powGamma); \
	FMOVS GAMMALOW, F0; \
	FNEGS F(powGamma), F1; \
	VMOV V0.S[0], V21.S[1]; \
	VMOV V1.S[0], V21.S[2]        /* powGamma = γ, γ', −γ */; \
	CONST(table_magic, powMagic); \
	CONST(table_ceil, powCeil); \
	PARAM(params_Limit, powLimit); \
	CONST(table_exp2, powTable); \
	CONST(table_exp2+16, powTable+1); \
	CONST(table_index, powIndex); \
	CONST(table_spread, powSpread); \
	CONST(table_step, powStep); \
	CONST(table_p3, powP3)

// POWR: q^γ = exp(−γ·softplus(−u)), from logits.
#define POWR(U, S, V, H, T) \
	LABELS(LDR_Q, 0, T); \
	SHL_16B(7, T, T)              /* T = sign bit where the label is 1, a byte each */; \
	QUADLD(table_tops, rTable, H); \
	QUADT(TBL1_16B, H, T, H)      /* H = the same, a lane each */; \
	SCORES(QUADLD, 0, U); \
	QUAD(EOR_16B, H, U, U)        /* U = u */; \
	QUAD1(CMLT0_4S, U, S); \
	QUAD1(FNEG_4S, U, U); \
	QUAD(AND_16B, S, U, U); \
	QUADC(FMIN_4S, powCeil, U, U) /* U = m = min(max(−u, 0), 127·ln2) */; \
	LOG1PS(QUADLD, 0, V)          /* V = L = log1p(e) */; \
	QUAD(FADD_4S, V, U, S)        /* S = m + L = softplus(−u), rounded */; \
	QUAD(FSUB_4S, U, S, H); \
	QUAD(FSUB_4S, H, V, V)        /* V = L − (S − m), what S lost */; \
	POWEXP(U, S, V, H, T); \
	POWERS(QUADST, 0, S)

// POWQ: q^γ in place of S = −ln q, its low part in LOW. S is beyond lnzero for q = 0 only.
#define POWQ(U, S, V, H, T, LOW) \
	POWERS(QUADLD, 0, S); \
	LOW(QUADLD, 0, V); \
	POWEXP(U, S, V, H, T); \
	POWERS(QUADLD, 0, U)          /* U = −ln q */; \
	CONST(table_lnzero, V); \
	QUADC(FCMGT_4S, V, U, U)      /* U = −ln q > lnzero */; \
	QUAD(BIC_16B, U, S, S)        /* S = q^γ */; \
	POWERS(QUADST, 0, S)

// ln of a probability

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f), where t is x or 1 − x by the labels in H, a byte
// each: K = 2²³·k, H = ln c, and f is LN1P's of C, T and L. It evaluates 1 − x without the
// rounding: what T lost of it, low, goes into f. X, which is lost, and C are one register.
#define lnLanes 24   // −ln2/2²³, or that in 15 bits; 2²⁴, g1, g3
#define lnTable 25   // ln c, 25 and 26
#define lnRecip 27   // c·2⁻²⁴, 27 and 28
#define lnByte2 29   // of lookups
#define lnIndex 30
#define lnLabel 31   // the label whose t is x, in each byte
#define NEGLN(C, L, T, K, H) \
	CMEQ_16B(lnLabel, H, H); \
	QUADLD(table_copies, rTable, L); \
	QUADT(TBL1_16B, L, H, L)      /* L = all bits where t is x */; \
	CONST(table_lnscale, T)       /* T = 2²⁴ */; \
	QUADT(BIC_16B, L, T, L)       /* L = a = 0 or 2²⁴ */; \
	QUAD1(MOV_16B, L, T); \
	QUADC(FMLS_LANE1, lnLanes, C, T) /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	QUAD(FSUB_4S, T, L, L)        /* L = a − T */; \
	QUADC(FMLS_LANE1, lnLanes, C, L) /* L = low = (a − T) − 2²⁴·x, exact */; \
	QUAD1(FABS_4S, T, T)          /* T = 2²⁴·t */; \
	LNSPLIT(C, T, K, H)

// LNSPLIT: NEGLN's K, H and C of T. The bits of K hold j, the eighth of m's range, mod 8, in
// the upper half of byte 2, without the highest.
#define LNSPLIT(C, T, K, H) \
	CONST(table_lnsplit, C); \
	QUADC(SUB_4S, C, T, K)        /* K = bits of T less lnsplit */; \
	QUADC(TBL1_16B, lnByte2, K, H); \
	QUADC(USHR_16B, 2, H, H)      /* H = 4j in each byte, and bits beside it */; \
	CONST(table_lnmask, C); \
	QUADC(AND_16B, C, K, K)       /* K = k<<23 */; \
	QUADCONST(table_expands, C); \
	QUADC(BIT_16B, lnIndex, H, C) /* C = byte indices of element j */; \
	QUADT(TBL2_16B, C, lnTable, H) /* H = ln c */; \
	QUADT(TBL2_16B, C, lnRecip, C); \
	QUAD(SUB_4S, K, C, C)         /* C = c' = c·2^(−k−24) */; \
	QUAD1(SCVTF_4S, K, K)         /* K = 2²³·k */
#define NEGLN_SETUP \
	CONST(table_lntable, lnTable); \
	CONST(table_lntable+16, lnTable+1); \
	CONST(table_lnrecip, lnRecip); \
	CONST(table_lnrecip+16, lnRecip+1); \
	CONST(table_byte2, lnByte2); \
	CONST(table_lnindex, lnIndex)

// LN1P: G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f = c'·2²⁴·t − 1, after NEGLN.
#define LN1P(C, L, T, G) \
	QUADCONST(table_minusone, G); \
	QUAD(FMLA_4S, C, T, G)        /* G = c'·T − 1 */; \
	QUAD(FMLA_4S, C, L, G)        /* G = f = c'·low + G */; \
	LNTAIL(C, L, T, G)

// LNTAIL: G = ln(1 + f) of f in G.
#define LNTAIL(C, L, T, G) \
	QUAD(FMUL_4S, G, G, C)        /* C = f² */; \
	QUADCONST(table_g0, L); \
	QUADC(FMLA_LANE2, lnLanes, G, L) /* L = g0 + g1·f */; \
	QUADCONST(table_g2, T); \
	QUADC(FMLA_LANE3, lnLanes, G, T) /* T = g2 + g3·f */; \
	QUAD(FMLA_4S, C, T, L)        /* L = L + f²·T */; \
	QUAD(FMLA_4S, C, L, G)        /* G = f + f²·L */

// NEGLNP: min(−ln p_t, 100). −0 counts as 0.
#define lnTop 20 // the greatest bits of x so far, as unsigned integers
#define lnZero 21
#define NEGLNP(X, L, T, K, H) \
	LABELS(LDR_Q, 0, H)           /* H = labels */; \
	SCORES(QUADLD, 0, X); \
	QUADC(FADD_4S, lnZero, X, X)  /* X = x, without −0 */; \
	UMAX_4S(X, lnTop, lnTop); \
	UMAX_4S((X)+1, lnTop, lnTop); \
	UMAX_4S((X)+2, lnTop, lnTop); \
	UMAX_4S((X)+3, lnTop, lnTop); \
	NEGLN(X, L, T, K, H); \
	QUADC(FMLA_LANE0, lnLanes, K, H) /* H = −k·ln2 + ln c */; \
	LN1P(X, L, T, K); \
	QUAD(FSUB_4S, K, H, H)        /* H = −ln p_t */; \
	CONST(table_maxce, X); \
	QUADC(FMIN_4S, X, H, H); \
	CES(QUADST, 0, H)
#define NEGLNP_SETUP \
	CONST(table_celanes, lnLanes); \
	VMOVI $1, V31.B16             /* lnLabel = 1 */; \
	NEGLN_SETUP; \
	EOR_16B(lnTop, lnTop, lnTop); \
	EOR_16B(lnZero, lnZero, lnZero)

// NEGLNQ: POWERS = S = −ln(1 − p_t), EXPS = what it lost.
#define NEGLNQ(X, L, T, K, H, G) \
	LABELS(LDR_Q, 0, H)           /* H = labels */; \
	SCORES(QUADLD, 0, X); \
	NEGLN(X, L, T, K, H); \
	LN1P(X, L, T, G); \
	QUAD(FSUB_4S, G, H, H)        /* H = d = ln c − ln(1 + f) */; \
	QUADC(FMUL_LANE0, lnLanes, K, L) /* L = m = −k·ln2, its high part, exact */; \
	QUAD(FADD_4S, H, L, T)        /* T = S = m + d, rounded */; \
	POWERS(QUADST, 0, T); \
	QUAD(FSUB_4S, L, T, X); \
	QUAD(FSUB_4S, X, H, H)        /* H = d − (S − m), what S lost */; \
	CONST(table_ln2lo, L); \
	QUADC(FMLA_4S, L, K, H)       /* H = H − k·ln2, its low part */; \
	EXPS(QUADST, 0, H)
#define NEGLNQ_SETUP \
	CONST(table_lnqlanes, lnLanes); \
	EOR_16B(lnLabel, lnLabel, lnLabel) /* lnLabel = 0 */; \
	NEGLN_SETUP

// NEGLNT: of targets, POWERS = S = −ln(V/(1 + e)), LOWS = what it lost; V = N by FROMN or
// |M| by FROMM. S = l − ln V. Where A = 0, V is e, and −ln e is min(|x|, 127·ln2): there V is
// taken for 1, whose ln c and k are 0, and H = ln c for that.
#define NEGLNT(H, K, T, C, G, J, FROM) \
	TARGETS(QUADLD, 0, H); \
	CONST(table_zero, G)          /* not by EOR, which waits for the turn before */; \
	QUADC(FMAX_4S, G, H, H)       /* H = y, 0 for ignored */; \
	CONST(table_one, G); \
	QUADT(FSUB_4S, H, G, K)       /* K = 1 − y */; \
	SCORES(QUADLD, 0, J); \
	QUAD1(CMLT0_4S, J, T); \
	QUAD1(CMLT0_4S, J, C); \
	QUAD(BSL_16B, K, H, T)        /* T = A = x < 0 ? y : 1 − y */; \
	QUAD(BSL_16B, H, K, C)        /* C = B = x < 0 ? 1 − y : y */; \
	QUAD1(FCMEQ0_4S, T, K)        /* K = A = 0 */; \
	EXPS(QUADLD, 0, G); \
	FROM(G, C, T); \
	CONST(table_lnscale, C); \
	QUADC(FMUL_4S, C, T, T); \
	QUADT(BIT_16B, K, C, T)       /* T = 2²⁴·V, or 2²⁴ */; \
	CONST(table_ceil, G); \
	QUAD1(FABS_4S, J, J); \
	QUADC(FMIN_4S, G, J, J); \
	QUAD(AND_16B, K, J, J)        /* J = min(|x|, 127·ln2), or 0 */; \
	LNSPLIT(C, T, K, H); \
	QUAD(ORR_16B, J, H, H)        /* H = ln c, or |x| */; \
	QUADCONST(table_minusone, G); \
	QUAD(FMLA_4S, C, T, G)        /* G = f = c'·T − 1 */; \
	LNTAIL(C, T, J, G); \
	QUAD(FSUB_4S, G, H, H)        /* H = d = ln c − ln(1 + f), or |x| */; \
	QUADC(FMUL_LANE0, lnLanes, K, T) /* T = m = −k·ln2, its high part, exact */; \
	QUAD(FADD_4S, H, T, C)        /* C = −ln V = m + d, rounded */; \
	QUAD(FSUB_4S, C, T, G); \
	QUAD(FADD_4S, G, H, H)        /* H = d − (C − m), what C lost */; \
	CONST(table_ln2lo, G); \
	QUADC(FMLA_4S, G, K, H)       /* H = H − k·ln2, its low part */; \
	LOG1PS(QUADLD, 0, G)          /* G = l */; \
	QUAD(FADD_4S, G, C, T)        /* T = S = C + l, rounded */; \
	POWERS(QUADST, 0, T); \
	QUAD(FSUB_4S, T, C, C); \
	QUAD(FADD_4S, C, G, G)        /* G = l − (S − C), what S lost */; \
	QUAD(FADD_4S, H, G, G); \
	LOWS(QUADST, 0, G)
#define FROMN(E, B, A) \
	QUAD(FMLA_4S, E, B, A)        /* A = N = B·e + A */
#define FROMM(E, B, A) \
	QUAD1(FNEG_4S, A, A); \
	QUAD(FMLA_4S, E, B, A)        /* A = M = B·e − A */; \
	QUAD1(FABS_4S, A, A)
#define NEGLNT_SETUP \
	CONST(table_lnqlanes, lnLanes); \
	NEGLN_SETUP
