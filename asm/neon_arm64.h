// The vocabulary of the NEON kernels; the AVX2 kernels' has the same names. A
// vector is 4 float32 scores; a pass is a loop over one chunk of at most CHUNK
// scores. The exp, log1p and power passes take a quad of vectors at a time in
// lockstep, 16 scores; the combine passes take pairs, 32 scores a turn.
//
//	exp:      E = e = exp(−|x|)
//	log1p:    L = log1p(e)
//	power:    Q = q^γ                    (general γ only)
//	combine:  loss, gradient and sum from x, labels, E, L, Q
//
// General registers of all passes, set up once a kernel:
//
//	R0 x   R1 labels   R2 weights or 0   R3 losses or 0   R4 gradients
//	R5 params   R6 acc   R7 E (L at +LOFF, Q at +QOFF)
//	R8 scores left   R9 scores in this chunk   R10 constants
//	R11 scores left in this pass   R12 cursor in E   R13 cursor in x
//	R14 cursor in labels

#define CHUNK 512
#define LOFF 2048
#define QOFF 4096

#define rX 13
#define rY 14
#define rE 12

// Constants, by offset into k<>: vectors first, then four packed floats each,
// used by lane, then tables.
#define K_SIGN 0
#define K_FLOOR 16
#define K_CEIL 32
#define K_MAGIC 48
#define K_P2 64
#define K_P3 80
#define K_ONE 96
#define K_D0 112
#define K_D2 128
#define K_INDEX 144
#define K_SPREAD 160
#define K_BYTES 176
#define K_EXPLANES 192
#define K_LOGLANES 208
#define K_POWLANES 224
#define K_EXP2 240
#define K_RECIP 272
#define K_NLOG 304
#define K_COPY 336
#define K_NEGATEPOS 400

// And for the kernels from probabilities.
#define K_CELANES 416
#define K_LNQLANES 432
#define K_LABEL1 448
#define K_SCALE 464
#define K_SPLIT 480
#define K_EXPONENT 496
#define K_DOWN20 512
#define K_LNTABLE 528
#define K_LNRECIP 560
#define K_MINUSONE 592
#define K_G0 608
#define K_G2 624
#define K_HUNDRED 640
#define K_LN2LO 656
#define K_LNZERO 672
#define K_ONEOF1 688
#define K_MINPROB 704
#define K_LEAST 720

// CONST: the vector d from the constants.
#define CONST(off, d) LDR_Q(off, 10, d)

// Lockstep: one operation on the four vectors of a quad. Operands that step are
// the first of four registers. QUADCONST sets up accumulators for FMLA by loads:
// the load pipes are idle where register moves would cost the vector pipes.
#define QUAD(OP, m, n, d) OP(m, n, d); OP((m)+1, (n)+1, (d)+1); OP((m)+2, (n)+2, (d)+2); OP((m)+3, (n)+3, (d)+3)
#define QUADC(OP, c, n, d) OP(c, n, d); OP(c, (n)+1, (d)+1); OP(c, (n)+2, (d)+2); OP(c, (n)+3, (d)+3)
#define QUADT(OP, m, t, d) OP(m, t, d); OP((m)+1, t, (d)+1); OP((m)+2, t, (d)+2); OP((m)+3, t, (d)+3)
#define QUAD1(OP, n, d) OP(n, d); OP((n)+1, (d)+1); OP((n)+2, (d)+2); OP((n)+3, (d)+3)
#define QUADCONST(off, d) CONST(off, d); CONST(off, (d)+1); CONST(off, (d)+2); CONST(off, (d)+3)
#define QUADLD(off, a, d) LDR_Q(off, a, d); LDR_Q((off)+16, a, (d)+1); LDR_Q((off)+32, a, (d)+2); LDR_Q((off)+48, a, (d)+3)
#define QUADST(off, a, d) STR_Q(off, a, d); STR_Q((off)+16, a, (d)+1); STR_Q((off)+32, a, (d)+2); STR_Q((off)+48, a, (d)+3)

// And on the two of a pair.
#define PAIR(OP, m, n, d) OP(m, n, d); OP((m)+1, (n)+1, (d)+1)
#define PAIRC(OP, c, n, d) OP(c, n, d); OP(c, (n)+1, (d)+1)
#define PAIRT(OP, m, t, d) OP(m, t, d); OP((m)+1, t, (d)+1)
#define PAIR1(OP, n, d) OP(n, d); OP((n)+1, (d)+1)
#define PAIRLD(off, a, d) LDR_Q(off, a, d); LDR_Q((off)+16, a, (d)+1)
#define PAIRST(off, a, d) STR_Q(off, a, d); STR_Q((off)+16, a, (d)+1)

// LOOKUPINDEX: I = byte indices of element (T mod 8) of a table of eight floats:
// 4j, 4j+1, 4j+2, 4j+3 in each lane.
#define LOOKUPINDEX(T, INDEX, SPREAD, BYTES, I) \
	QUADC(AND_16B, INDEX, T, I)   /* I = j */; \
	QUADC(MUL_4S, SPREAD, I, I)   /* I = 4j in each byte */; \
	QUADC(ADD_16B, BYTES, I, I)

// EXPCORE: S = 2^(n/8)·exp(r) for t = n + magic in T and r in R; A is a
// temporary. p4 is lane 3 of LANES.
#define EXPCORE(T, R, S, A, EXP2, INDEX, SPREAD, BYTES, P3, LANES) \
	LOOKUPINDEX(T, INDEX, SPREAD, BYTES, S); \
	QUADT(TBL2_16B, S, EXP2, S)   /* S = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	QUADC(SHL_4S, 20, T, T)       /* T = (n/8)<<23 + j<<20 */; \
	QUAD(ADD_4S, T, S, S)         /* S = s = 2^(n/8), +0 at n = −1016 */; \
	QUADCONST(K_P2, A); \
	QUADC(FMLA_4S, P3, R, A)      /* A = p2 + p3·r */; \
	QUAD(FMUL_4S, R, R, T)        /* T = r² */; \
	QUADC(FMLA_LANE3, LANES, T, A) /* A = p2 + p3·r + p4·r² */; \
	QUAD(FMLA_4S, T, A, R)        /* R = r + r²·A ≈ exp(r) − 1 */; \
	QUAD(FMLA_4S, S, R, S)        /* S = s + s·R */

// EXPNEG: E = exp(−|x|) of 16 scores. V0…V3 A, V4… T, V8… S, V12… temporary.
// V16 sign bit, V17 −127·ln2, V18 magic, V20 p3, V21 V22 V23 for
// lookups, V24 V25 table of 2^(j/8), V26 lanes 8/ln2, c1, c2, p4.
#define EXPNEG \
	QUADLD(0, rX, 0); \
	QUADC(ORR_16B, 16, 0, 0)      /* A = −|x| */; \
	QUADC(FMAX_4S, 17, 0, 0)      /* A = max(−|x|, −127·ln2) */; \
	QUADCONST(K_MAGIC, 4); \
	QUADC(FMLA_LANE0, 26, 0, 4)   /* T = t = A·8/ln2 + magic */; \
	QUADC(FSUB_4S, 18, 4, 8)      /* S = n = round(A·8/ln2) */; \
	QUADC(FMLS_LANE1, 26, 8, 0)   /* A = A − n·c1 */; \
	QUADC(FMLS_LANE2, 26, 8, 0)   /* A = r = A − n·ln2/8 */; \
	EXPCORE(4, 0, 8, 12, 24, 21, 22, 23, 20, 26); \
	QUADST(0, rE, 8)

// LOG1P: L = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7),
// i = round(7e), of 16 scores. V0…V3 E, V4… T, V8… C, V12… D, V16… B.
// V20 lanes 7, d1, d3, V22 V23 V24 for lookups, V25 V26 table of c,
// V27 V28 table of −ln c, V29 one.
#define LOG1P \
	QUADLD(0, rE, 0); \
	QUADCONST(K_MAGIC, 4); \
	QUADC(FMLA_LANE0, 20, 0, 4)   /* T = i + magic */; \
	LOOKUPINDEX(4, 22, 23, 24, 4); \
	QUADT(TBL2_16B, 4, 25, 8)     /* C = c */; \
	QUADT(TBL2_16B, 4, 27, 4)     /* T = −ln c */; \
	QUADC(FSUB_4S, 29, 8, 12)     /* D = c − 1, exact */; \
	QUAD(FMLA_4S, 8, 0, 12)       /* D = f = c·e + (c − 1) */; \
	QUAD(FMUL_4S, 12, 12, 0)      /* E = f² */; \
	QUADCONST(K_D0, 8); \
	QUADC(FMLA_LANE1, 20, 12, 8)  /* C = d0 + d1·f */; \
	QUADCONST(K_D2, 16); \
	QUADC(FMLA_LANE2, 20, 12, 16) /* B = d2 + d3·f */; \
	QUAD(FMLA_4S, 0, 16, 8)       /* C = C + f²·B */; \
	QUAD(FMLA_4S, 0, 8, 12)       /* D = f + f²·C ≈ log1p(f) */; \
	QUAD(FADD_4S, 4, 12, 12)      /* D = log1p(e) */; \
	QUADST(LOFF, rE, 12)

// LABELS: V12… = labels of 16 scores.
#define LABELS \
	LDR_Q(0, rY, 16); \
	UXTL_8H(16, 17); \
	UXTL2_8H(16, 16); \
	UXTL_4S(17, 12); \
	UXTL2_4S(17, 13); \
	UXTL_4S(16, 14); \
	UXTL2_4S(16, 15)

// EXPPRODUCT: S = exp(−γ·(S + V)), V the low part of S ≥ 0. The product is carried
// as h + lo. V0…V3 U, V4… S, V8… V, V12… H, V16… T. V20 lanes −8/ln2, c1, c2, p4,
// V21 lanes γ, γ', V22 magic, V24 limit, V25 V26 table of 2^(j/8), V27 V28 V29 for
// lookups, V30 p3.
#define EXPPRODUCT \
	QUADC(FMIN_4S, 24, 4, 4)      /* S = min(S, limit), so γ·S ≤ 127·ln2 */; \
	QUADC(FMUL_LANE0, 21, 4, 12)  /* H = h = γ·S, rounded */; \
	QUAD1(FNEG_4S, 12, 16); \
	QUADC(FMLA_LANE0, 21, 4, 16)  /* T = γ·S − h, exact */; \
	QUADC(FMLA_LANE1, 21, 8, 16)  /* T = lo = T + γ'·V */; \
	QUADCONST(K_MAGIC, 8); \
	QUADC(FMLA_LANE0, 20, 12, 8)  /* V = t = −h·8/ln2 + magic */; \
	QUADC(FSUB_4S, 22, 8, 0)      /* U = n */; \
	QUAD1(FNEG_4S, 12, 12); \
	QUADC(FMLS_LANE1, 20, 0, 12)  /* H = −h − n·c1 */; \
	QUADC(FMLS_LANE2, 20, 0, 12)  /* H = −h − n·ln2/8 */; \
	QUAD(FSUB_4S, 16, 12, 12)     /* H = r = −(h + lo) − n·ln2/8 */; \
	EXPCORE(8, 12, 4, 16, 25, 27, 28, 29, 30, 20)

// POWER: Q = q^γ = exp(−γ·softplus(−u)) of 16 scores. V23 127·ln2, the others are
// EXPPRODUCT's.
#define POWER \
	LABELS; \
	QUADC(SHL_4S, 31, 12, 12)     /* H = sign bit where the label is 1 */; \
	QUADLD(0, rX, 0); \
	QUAD(EOR_16B, 12, 0, 0)       /* U = u */; \
	QUAD1(CMLT0_4S, 0, 4); \
	QUAD1(FNEG_4S, 0, 0); \
	QUAD(AND_16B, 4, 0, 0); \
	QUADC(FMIN_4S, 23, 0, 0)      /* U = m = min(max(−u, 0), 127·ln2) */; \
	QUADLD(LOFF, rE, 8)           /* V = L = log1p(e) */; \
	QUAD(FADD_4S, 8, 0, 4)        /* S = m + L = softplus(−u), rounded */; \
	QUAD(FSUB_4S, 0, 4, 12); \
	QUAD(FSUB_4S, 12, 8, 8)       /* V = L − (S − m), what S lost */; \
	EXPPRODUCT; \
	QUADST(QOFF, rE, 4)

// The combine passes. Of a pair of vectors: V0 V1 U, V2 V3 W, V4 V5 E, V6 V7 D,
// V8 V9 Q, V10 V11 M. V12…V17 losses, V18 V19 labels · 4, V20…V23 the sums of
// lanes 0 1, 2 3, 4 5, 6 7, V24 zero for the losses, the sign bit for the
// gradients, V25 one, V26…V29 patterns that copy label byte 0…3, 4…7, 8…11,
// 12…15 into the bytes of a lane, V30 bytes 0…3, V31 Neg, ±Pos, γ by lane, the
// first two also as a table of bytes.

// WEIGHTS: W = w_t: ±Pos, Neg, or +0 for an ignored score; U = label · 4 in each
// byte. The label 255 gives indices beyond the table.
#define WEIGHTS(Y, COPY) \
	TBL1_16B(COPY, Y, 0); \
	TBL1_16B((COPY)+1, Y, 1); \
	PAIRC(ADD_16B, 30, 0, 2); \
	PAIRT(TBL1_16B, 2, 31, 2)

// WEIGH: W = w·weight where weights are given, from score o of the turn on.
#define WEIGH(o, done) \
	CBZ R2, done; \
	PAIRLD(4*(o), 15, 4); \
	PAIR(FMUL_4S, 4, 2, 2); \
done:

// SIGMOID: Q = q = (u < 0 ? e : 1)/(1 + e), with e in E.
#define SIGMOID \
	PAIRC(FADD_4S, 25, 4, 6)      /* D = 1 + e */; \
	PAIR1(CMLT0_4S, 0, 8); \
	PAIRC(BSL_16B, 25, 4, 8)      /* Q = u < 0 ? e : 1 */; \
	PAIR(FDIV_4S, 6, 8, 8)        /* Q = q */

// SOFTPLUS: U = softplus(u) = max(u, 0) + log1p(e).
#define SOFTPLUS(o) \
	PAIRC(FMAX_4S, 24, 0, 0)      /* U = max(u, 0) */; \
	PAIRLD(LOFF+4*(o), rE, 10); \
	PAIR(FADD_4S, 10, 0, 0)       /* U = −ln p_t */

// Modulating factors for the losses: W = w·q^γ.
#define MODULATE0(o)
#define MODULATE1(o) \
	PAIRLD(4*(o), rE, 4); \
	SIGMOID; \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = w·q */
#define MODULATE2(o) \
	PAIRLD(4*(o), rE, 4); \
	SIGMOID; \
	PAIR(FMUL_4S, 8, 2, 2); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = (w·q)·q */
#define MODULATE(o) \
	PAIRLD(QOFF+4*(o), rE, 8); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = w·q^γ */

// LOSS: F = w·q^γ·softplus(u) of the 8 scores from o on.
#define LOSS(o, Y, COPY, MOD, weighed, F) \
	WEIGHTS(Y, COPY); \
	WEIGH(o, weighed); \
	PAIRC(SHL_4S, 29, 0, 0)       /* U = sign bit where the label is 1 */; \
	PAIRLD(4*(o), rX, 4); \
	PAIR(EOR_16B, 4, 0, 0)        /* U = u */; \
	MOD(o); \
	SOFTPLUS(o); \
	PAIR(FMUL_4S, 2, 0, F)        /* F = (w·q^γ)·softplus(u) */

// SIGMOIDS: Q = q, and M = mask of u < 0.
#define SIGMOIDS \
	PAIRC(FADD_4S, 25, 4, 6)      /* D = 1 + e */; \
	PAIR1(CMLT0_4S, 0, 10)        /* M = u < 0 */; \
	CONST(K_ONE, 8); \
	CONST(K_ONE, 9); \
	PAIR(BIT_16B, 10, 4, 8)       /* Q = u < 0 ? e : 1 */; \
	PAIR(FDIV_4S, 6, 8, 8)        /* Q = q */

// TRUEPROB: E = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy.
#define TRUEPROB \
	PAIR(FMUL_4S, 8, 4, 4)        /* E = e·q */; \
	FSUB_4S(8, 25, 6); \
	FSUB_4S(9, 25, 7)             /* D = 1 − q */; \
	PAIR(BIT_16B, 10, 6, 4)       /* E = p_t */

// MASKEDSOFTPLUS: U = softplus(u), from the mask M. A NaN comes with log1p(e).
#define MASKEDSOFTPLUS(o) \
	PAIR(BIC_16B, 10, 0, 0)       /* U = max(u, 0) */; \
	PAIRLD(LOFF+4*(o), rE, 6); \
	PAIR(FADD_4S, 6, 0, 0)        /* U = −ln p_t */

// Slopes for the gradients, from q in Q: U = softplus(u), W = ±w·q^γ,
// Q = g = ±w·q^γ·(q + γ·p_t·softplus(u)). For γ = 2 the loss takes (w·q)·q, as the loss
// kernel does, and the gradient w·q²: each has the smaller error so.
#define SLOPE0(o) \
	MASKEDSOFTPLUS(o); \
	PAIR(FMUL_4S, 2, 8, 8)        /* Q = g */
#define SLOPE1(o) \
	TRUEPROB; \
	MASKEDSOFTPLUS(o); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = ±w·q */; \
	PAIR(FMLA_4S, 0, 4, 8)        /* Q = q + p_t·softplus(u) */; \
	PAIR(FMUL_4S, 2, 8, 8)        /* Q = g */
#define SLOPE2(o) \
	TRUEPROB; \
	MASKEDSOFTPLUS(o); \
	PAIR(FADD_4S, 4, 4, 4)        /* E = 2·p_t */; \
	PAIR(FMUL_4S, 8, 8, 6)        /* D = q² */; \
	PAIR(FMUL_4S, 6, 2, 6)        /* D = ±w·q² */; \
	PAIR(FMUL_4S, 8, 2, 2); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = ±(w·q)·q */; \
	PAIR(FMLA_4S, 0, 4, 8)        /* Q = q + 2·p_t·softplus(u) */; \
	PAIR(FMUL_4S, 6, 8, 8)        /* Q = g */
#define SLOPE(o) \
	TRUEPROB; \
	MASKEDSOFTPLUS(o); \
	PAIRC(FMUL_LANE2, 31, 4, 4)   /* E = γ·p_t */; \
	PAIRLD(QOFF+4*(o), rE, 6); \
	PAIR(FMUL_4S, 6, 2, 2)        /* W = ±w·q^γ */; \
	PAIR(FMLA_4S, 0, 4, 8)        /* Q = q + γ·p_t·softplus(u) */; \
	PAIR(FMUL_4S, 2, 8, 8)        /* Q = g */

// GRADIENT: g = ±w·q^γ·(q + γ·p_t·softplus(u)), F = w·q^γ·softplus(u) of the 8
// scores from o on. The sign is the weight's: V31 holds −Pos for the label 1.
#define GRADIENT(o, Y, COPY, SLP, weighed, F) \
	WEIGHTS(Y, COPY); \
	WEIGH(o, weighed); \
	PAIRC(AND_16B, 24, 2, 0); \
	PAIRLD(4*(o), rX, 4); \
	PAIR(EOR_16B, 4, 0, 0)        /* U = u */; \
	PAIRLD(4*(o), rE, 4)          /* E = e */; \
	SIGMOIDS; \
	SLP(o); \
	PAIRST(4*(o), 17, 8); \
	PAIR(FMUL_4S, 2, 0, F); \
	PAIRC(BIC_16B, 24, F, F)      /* F = loss */

// From probabilities, the passes of a chunk are
//
//	ce:       L = min(−ln p_t, 100), NaN where a score is no probability
//	power:    Q = S = −ln(1 − p_t), E = its low part; Q = q^γ = exp(−γ·(S + E))
//	          (general γ only)
//	combine:  loss, gradient and sum from x, labels, L, Q

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f) of 16 scores, where t is x or 1 − x by the
// label: K = 2²³·k, H = ln c, and f is LNF's. It evaluates 1 − x without the
// rounding: what T lost of it, low, goes into f. V0… X, then C, V4… low, V8… T,
// V12… labels, then K, V16… H. V20 lane 1 2²⁴, V21 label whose t is x, V23 lnSplit,
// V24 mask of sign and exponent, V25 V26 table of ln c, V27 V28 table of c·2⁻²⁴,
// V29 V30 V31 for lookups.
#define NEGLN \
	QUADCONST(K_SCALE, 8)         /* T = 2²⁴ */; \
	QUADC(CMEQ_4S, 21, 12, 4); \
	QUAD(BIC_16B, 4, 8, 4)        /* low = a = 0 or 2²⁴ */; \
	QUAD1(MOV_16B, 4, 8); \
	QUADC(FMLS_LANE1, 20, 0, 8)   /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	QUAD(FSUB_4S, 8, 4, 4)        /* low = a − T */; \
	QUADC(FMLS_LANE1, 20, 0, 4)   /* low = (a − T) − 2²⁴·x, exact */; \
	QUAD1(FABS_4S, 8, 8)          /* T = 2²⁴·t */; \
	QUADC(SUB_4S, 23, 8, 12)      /* K = bits of T less lnSplit */; \
	CONST(K_DOWN20, 0); \
	QUADC(USHL_4S, 0, 12, 16)     /* H = j, the eighth of m's range, mod 8 */; \
	LOOKUPINDEX(16, 29, 30, 31, 16); \
	QUADC(AND_16B, 24, 12, 12)    /* K = k<<23 */; \
	QUADT(TBL2_16B, 16, 27, 0); \
	QUADT(TBL2_16B, 16, 25, 16)   /* H = ln c */; \
	QUAD(SUB_4S, 12, 0, 0)        /* C = c' = c·2^(−k−24) */; \
	QUAD1(SCVTF_4S, 12, 12)       /* K = 2²³·k */

// LNF: V12… G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f = c'·2²⁴·t − 1,
// after NEGLN. V20 lanes 2 and 3 g1, g3.
#define LNF \
	QUADCONST(K_MINUSONE, 12); \
	QUAD(FMLA_4S, 0, 8, 12)       /* G = c'·T − 1 */; \
	QUAD(FMLA_4S, 0, 4, 12)       /* G = f = c'·low + G */; \
	QUAD(FMUL_4S, 12, 12, 0)      /* C = f² */; \
	QUADCONST(K_G0, 4); \
	QUADC(FMLA_LANE2, 20, 12, 4)  /* low = g0 + g1·f */; \
	QUADCONST(K_G2, 8); \
	QUADC(FMLA_LANE3, 20, 12, 8)  /* T = g2 + g3·f */; \
	QUAD(FMLA_4S, 0, 8, 4)        /* low = low + f²·T */; \
	QUAD(FMLA_4S, 0, 4, 12)       /* G = f + f²·low */

// CE: L = min(−ln p_t, 100) of 16 scores. V20 lane 0 −ln2/2²³, V22 the greatest bits
// of x so far, as unsigned integers; −0 counts as 0.
#define CE \
	LABELS; \
	QUADLD(0, rX, 0); \
	EOR_16B(8, 8, 8); \
	QUADC(FADD_4S, 8, 0, 0)       /* X = x, without −0 */; \
	UMAX_4S(0, 22, 22); \
	UMAX_4S(1, 22, 22); \
	UMAX_4S(2, 22, 22); \
	UMAX_4S(3, 22, 22); \
	NEGLN; \
	QUADC(FMLA_LANE0, 20, 12, 16) /* H = −k·ln2 + ln c */; \
	LNF; \
	QUAD(FSUB_4S, 12, 16, 16)     /* H = −ln p_t */; \
	CONST(K_HUNDRED, 0); \
	QUADC(FMIN_4S, 0, 16, 16); \
	QUADST(LOFF, rE, 16)

// LNQ: Q = S = −ln(1 − p_t) of 16 scores, E what it lost. V20 lane 0 −ln2/2²³ in 15
// bits.
#define LNQ \
	LABELS; \
	QUADLD(0, rX, 0); \
	NEGLN; \
	QUADST(0, rE, 12)             /* E = K for now */; \
	LNF; \
	QUAD(FSUB_4S, 12, 16, 16)     /* H = d = ln c − ln(1 + f) */; \
	QUADLD(0, rE, 0)              /* V0… = K */; \
	QUADC(FMUL_LANE0, 20, 0, 4)   /* V4… = m = −k·ln2, its high part, exact */; \
	QUAD(FADD_4S, 16, 4, 8)       /* V8… = S = m + d, rounded */; \
	QUADST(QOFF, rE, 8); \
	QUAD(FSUB_4S, 4, 8, 12); \
	QUAD(FSUB_4S, 12, 16, 16)     /* H = d − (S − m), what S lost */; \
	CONST(K_LN2LO, 4); \
	QUADC(FMLA_4S, 4, 0, 16)      /* H = H − k·ln2, its low part */; \
	QUADST(0, rE, 16)

// POWQ: Q = q^γ of 16 scores. S is beyond lnZero for q = 0 only. Registers are
// EXPPRODUCT's.
#define POWQ \
	QUADLD(QOFF, rE, 4)           /* S */; \
	QUADLD(0, rE, 8)              /* V */; \
	EXPPRODUCT; \
	QUADLD(QOFF, rE, 0)           /* U = S */; \
	CONST(K_LNZERO, 8); \
	QUADC(CMGT_4S, 8, 0, 0)       /* U = S > lnZero */; \
	QUAD(BIC_16B, 0, 4, 4)        /* S = q^γ */; \
	QUADST(QOFF, rE, 4)

// PROBQ: E = 1 for the label 1, else 0, D = x, Q = ±q, from U of WEIGHTS.
#define PROBQ(o) \
	PAIRC(ADD_16B, 30, 0, 4); \
	CONST(K_ONEOF1, 6); \
	PAIRT(TBL1_16B, 4, 6, 4)      /* E = 1 or 0 */; \
	PAIRLD(4*(o), rX, 6)          /* D = x */; \
	PAIR(FSUB_4S, 6, 4, 8)        /* Q = ±q */

// Modulating factors from probabilities: W = w·q^γ.
#define PROBMODULATE0(o)
#define PROBMODULATE1(o) \
	PROBQ(o); \
	PAIR1(FABS_4S, 8, 8); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = w·q */
#define PROBMODULATE2(o) \
	PROBQ(o); \
	PAIR(FMUL_4S, 8, 8, 8)        /* Q = q² */; \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = w·q² */
#define PROBMODULATE(o) MODULATE(o)

// PROBLOSS: F = w·q^γ·min(−ln p_t, 100) of the 8 scores from o on.
#define PROBLOSS(o, Y, COPY, MOD, weighed, F) \
	WEIGHTS(Y, COPY); \
	WEIGH(o, weighed); \
	MOD(o); \
	PAIRLD(LOFF+4*(o), rE, 10)    /* M = CE */; \
	PAIR(FMUL_4S, 2, 10, F)       /* F = (w·q^γ)·CE */

// Slopes from probabilities: D = g, W = ±w·q^γ, from p_t in E, q in Q, CE in M.
#define PROBSLOPE0(o) \
	PAIR(FDIV_4S, 4, 2, 6)        /* D = ±w/p_t */
#define PROBSLOPE1(o) \
	PAIR(FDIV_4S, 4, 8, 6); \
	PAIR(FADD_4S, 10, 6, 6); \
	PAIR(FMUL_4S, 2, 6, 6)        /* D = ±w·(q/p_t + CE) */; \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = ±w·q */
#define PROBSLOPE2(o) \
	PAIR(FDIV_4S, 4, 8, 6); \
	PAIR(FADD_4S, 10, 10, 0); \
	PAIR(FADD_4S, 0, 6, 6)        /* D = q/p_t + 2·CE */; \
	PAIR(FMUL_4S, 8, 2, 4); \
	PAIR(FMUL_4S, 4, 6, 6)        /* D = ±w·q·(q/p_t + 2·CE) */; \
	PAIR(FMUL_4S, 8, 8, 8); \
	PAIR(FMUL_4S, 8, 2, 2)        /* W = ±w·q² */
#define PROBSLOPE(o) \
	PAIRLD(QOFF+4*(o), rE, 0); \
	PAIR(FMUL_4S, 0, 2, 2)        /* W = ±w·q^γ */; \
	PAIR(FDIV_4S, 4, 2, 6)        /* D = ±w·q^γ/p_t */; \
	CONST(K_LEAST, 0); \
	PAIRC(FMAX_4S, 0, 8, 8)       /* Q = max(q, 2⁻¹⁴⁹) */; \
	PAIR(FDIV_4S, 8, 10, 8)       /* Q = CE/q */; \
	PAIRC(FMUL_LANE2, 31, 2, 4)   /* E = ±w·q^γ·γ */; \
	PAIR(FMLA_4S, 8, 4, 6)        /* D = ±w·q^γ·(1/p_t + γ·CE/q) */

// PROBGRADIENT: g = ±w·q^γ·(1/p_t + γ·CE/q), p_t at least 1e-12, F = w·q^γ·CE of the
// 8 scores from o on.
#define PROBGRADIENT(o, Y, COPY, SLP, weighed, F) \
	WEIGHTS(Y, COPY); \
	WEIGH(o, weighed); \
	PROBQ(o); \
	PAIR1(FABS_4S, 8, 8)          /* Q = q */; \
	FSUB_4S(4, 25, 4); \
	FSUB_4S(5, 25, 5)             /* E = 0 for the label 1, else 1 */; \
	PAIR(FSUB_4S, 6, 4, 4); \
	PAIR1(FABS_4S, 4, 4); \
	CONST(K_MINPROB, 6); \
	PAIRC(FMAX_4S, 6, 4, 4)       /* E = max(p_t, 1e-12) */; \
	PAIRLD(LOFF+4*(o), rE, 10)    /* M = CE */; \
	SLP(o); \
	PAIRST(4*(o), 17, 6); \
	PAIR(FMUL_4S, 2, 10, F); \
	PAIRC(BIC_16B, 24, F, F)      /* F = loss */

// STORE: losses from score o on, where they are wanted.
#define STORE(o, F, done) \
	CBZ R3, done; \
	PAIRST(4*(o), 16, F); \
done:

// REDUCE: the canonical sum of 32 losses: s, in float32, of the losses j, j+8,
// j+16, j+24 for lanes j = 0…3 in V12, 4…7 in V13; accumulated in float64.
#define REDUCE \
	PAIR(FADD_4S, 14, 12, 12)     /* V12 V13 = s */; \
	FCVTL_2D(12, 14); \
	FCVTL2_2D(12, 15); \
	FCVTL_2D(13, 16); \
	FCVTL2_2D(13, 17); \
	QUAD(FADD_2D, 14, 20, 20)

// ENTER: scratch on the frame, aligned to a cache line. It holds no pointers, which
// the garbage collector must know if a fault on the inputs stops a kernel.
#define ENTER \
	NO_LOCAL_POINTERS; \
	MOVD $scratch-6208(SP), R7; \
	ADD $63, R7; \
	AND $~63, R7; \
	MOVD $k<>(SB), R10

// NILIFEMPTY: an empty slice has no data, whatever its pointer says.
#define NILIFEMPTY(len, base) \
	MOVD len, R20; \
	CMP $0, R20; \
	CSEL EQ, ZR, base, base

// CHUNKSIZE: R9 = min(CHUNK, R8), the scores of the next chunk.
#define CHUNKSIZE \
	MOVD $CHUNK, R9; \
	CMP R8, R9; \
	CSEL GT, R8, R9, R9

// LOGITPASSES, PROBPASSES: E and L of the chunk, or L alone.
#define LOGITPASSES \
	BL expneg<>(SB); \
	BL log1p<>(SB)
#define PROBPASSES \
	BL ce<>(SB)
#define NOPOWER
#define POWERPASS BL power<>(SB)
#define PROBPOWERPASS BL probpower<>(SB)

// COMBINESETUP: cursors and registers of the combine passes.
#define COMBINESETUP \
	MOVD R0, R13; \
	MOVD R1, R14; \
	MOVD R2, R15; \
	MOVD R3, R16; \
	MOVD R4, R17; \
	MOVD R7, R12; \
	MOVD R9, R11; \
	QUADLD(0, 6, 20); \
	CONST(K_ONE, 25); \
	ADD $K_COPY, R10, R20; \
	QUADLD(0, 20, 26); \
	CONST(K_BYTES, 30); \
	LDR_Q(0, 5, 31); \
	FMOVS 16(R5), F0; \
	VMOV V0.S[0], V31.S[2]        /* V31 = Neg, Pos, γ, 0 */

// NEXTTURN: cursors past 32 scores.
#define NEXTTURN(loop) \
	ADD $128, R13; \
	ADD $32, R14; \
	ADD $128, R15; \
	ADD $128, R16; \
	ADD $128, R17; \
	ADD $128, R12; \
	SUBS $32, R11; \
	BNE loop

// NEXTCHUNK: pointers past the chunk; the sums wait in acc.
#define NEXTCHUNK(chunk) \
	QUADST(0, 6, 20); \
	MOVD R13, R0; \
	MOVD R14, R1; \
	CMP $0, R2; \
	CSEL NE, R15, R2, R2; \
	CMP $0, R3; \
	CSEL NE, R16, R3, R3; \
	MOVD R17, R4; \
	SUBS R9, R8; \
	BNE chunk

// LOSSKERNEL: the body of a loss kernel, after its arguments are in registers.
#define LOSSKERNEL(POW, MOD) LOSSBODY(LOGITPASSES, POW, LOSS, MOD)
#define PROBLOSSKERNEL(POW, MOD) LOSSBODY(PROBPASSES, POW, PROBLOSS, MOD)
#define LOSSBODY(PASSES, POW, TURN, MOD) \
	CBZ R8, done; \
	ENTER; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	POW; \
	COMBINESETUP; \
	EOR_16B(24, 24, 24)           /* V24 = 0 */; \
loop: \
	LDR_Q(0, rY, 18); \
	LDR_Q(16, rY, 19); \
	PAIRC(SHL_16B, 2, 18, 18)     /* V18 V19 = labels · 4 */; \
	TURN(0, 18, 26, MOD, weighed0, 12); \
	STORE(0, 12, stored0); \
	TURN(16, 19, 26, MOD, weighed1, 14); \
	STORE(16, 14, stored1); \
	PAIR(FADD_4S, 14, 12, 12)     /* V12 V13 = f[j] + f[j+16] */; \
	TURN(8, 18, 28, MOD, weighed2, 14); \
	STORE(8, 14, stored2); \
	TURN(24, 19, 28, MOD, weighed3, 16); \
	STORE(24, 16, stored3); \
	PAIR(FADD_4S, 16, 14, 14)     /* V14 V15 = f[j+8] + f[j+24] */; \
	REDUCE; \
	NEXTTURN(loop); \
	NEXTCHUNK(chunk); \
done: \
	RET

// GRADIENTKERNEL: the body of a gradient kernel, likewise.
#define GRADIENTKERNEL(POW, SLP) GRADIENTBODY(LOGITPASSES, POW, GRADIENT, SLP)
#define PROBGRADIENTKERNEL(POW, SLP) GRADIENTBODY(PROBPASSES, POW, PROBGRADIENT, SLP)
#define GRADIENTBODY(PASSES, POW, TURN, SLP) \
	CBZ R8, done; \
	ENTER; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	POW; \
	COMBINESETUP; \
	ADD $K_NEGATEPOS, R10, R20; \
	LDR_Q(0, 20, 0); \
	EOR_16B(0, 31, 31)            /* V31 = Neg, −Pos, γ, 0 */; \
	CONST(K_SIGN, 24); \
loop: \
	LDR_Q(0, rY, 18); \
	LDR_Q(16, rY, 19); \
	PAIRC(SHL_16B, 2, 18, 18)     /* V18 V19 = labels · 4 */; \
	TURN(0, 18, 26, SLP, weighed0, 12); \
	STORE(0, 12, stored0); \
	TURN(16, 19, 26, SLP, weighed1, 14); \
	STORE(16, 14, stored1); \
	PAIR(FADD_4S, 14, 12, 12)     /* V12 V13 = f[j] + f[j+16] */; \
	TURN(8, 18, 28, SLP, weighed2, 14); \
	STORE(8, 14, stored2); \
	TURN(24, 19, 28, SLP, weighed3, 16); \
	STORE(24, 16, stored3); \
	PAIR(FADD_4S, 16, 14, 14)     /* V14 V15 = f[j+8] + f[j+24] */; \
	REDUCE; \
	NEXTTURN(loop); \
	NEXTCHUNK(chunk); \
done: \
	RET
