// The vocabulary of the AVX2 kernels; kernel_amd64.h has the general registers. A vector
// is 8 float32 scores; a pass is a loop of 32 scores a turn.
//
// A kernel takes its scores in chunks of at most CHUNK, and each chunk through short
// passes, one after the other, whose results stay in L1: E, L, Q and T.
//
//	exp:      E = e = exp(−|x|)
//	log1p:    L = log1p(e)
//	power:    Q = s = softplus(−u), T = its low part; then r and t of exp(−γ·(s + T))
//	          in their places; then Q = q^γ                    (general γ only)
//	combine:  loss, gradient and sum from x, labels, E, L, Q
//
// From probabilities:
//
//	ce:       E = f, L = h; then L = min(h − ln(1 + f), 100). If a score of the chunk
//	          is no probability, NaN is among the first eight
//	power:    T = f, Q = ln c, E = 2²³·k; then Q = S = −ln(1 − p_t), T = its low part;
//	          then as above                                    (general γ only)
//	combine:  loss, gradient and sum from x, labels, L, Q
//
// One fused loop would be a dependency chain of some 75 cycles a vector, more
// than the schedulers can overlap; short passes keep the ports busy.

#define LOFF 2048
#define QOFF 4096
#define TOFF 6144

// LOGITPASSES, PROBPASSES: E and L of the chunk, or L alone.
#define LOGITPASSES \
	CALL expneg<>(SB); \
	CALL log1p<>(SB)
#define PROBPASSES \
	CALL ce<>(SB)
#define POWERPASS CALL power<>(SB)
#define PROBPOWERPASS CALL probpower<>(SB)

// EXPCORE: E = 2^(n/8)·exp(r) for t = n + magic in T.
// Registers: Y9 table of 2^(j/8), Y8 p2, Y7 p3, Y6 p4.
#define EXPCORE(T, R, S, RR) \
	VPERMPS Y9, T, S              /* S = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	VPSLLD $20, T, T              /* T = (n/8)<<23 + j<<20 */; \
	VPADDD T, S, S                /* S = s = 2^(n/8), +0 at n = −1016 */; \
	VMOVAPS Y8, T; \
	VFMADD231PS Y7, R, T          /* T = p2 + p3·r */; \
	VMULPS R, R, RR               /* RR = r² */; \
	VFMADD231PS Y6, RR, T         /* T = p2 + p3·r + p4·r² */; \
	VFMADD213PS R, RR, T          /* T = r + r²·T ≈ exp(r) − 1 */; \
	VFMADD213PS S, S, T           /* T = s + s·T */

// EXPSETUP: EXPCORE's registers.
#define EXPSETUP \
	VMOVUPS ·exp2(SB), Y9; \
	CONST(K_P2, Y8); \
	CONST(K_P3, Y7); \
	CONST(K_P4, Y6)

// EXPNEG: E = exp(−|x|). Registers: EXPCORE's, Y15 sign bit, Y14 −127·ln2,
// Y13 magic, Y12 8/ln2, Y11 and Y10 ln2/8 in two parts.
#define EXPNEG(x, e, A, T, S, RR) \
	VORPS x, Y15, A               /* A = −|x| */; \
	VMAXPS A, Y14, A              /* A = max(−|x|, −127·ln2) */; \
	VMOVAPS Y13, T; \
	VFMADD231PS Y12, A, T         /* T = t = A·8/ln2 + magic */; \
	VSUBPS Y13, T, S              /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS Y11, S, A        /* A = A − n·c1 */; \
	VFNMADD231PS Y10, S, A        /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e

// LOG1P: L = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7),
// i = round(7e). Registers: Y15 magic, Y14 7, Y13 table of c, Y12 table of
// −ln c, Y11 one, Y10…Y7 d0…d3 of log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define LOG1P(e, l, F, T, C, D, FF) \
	VMOVUPS e, F                  /* F = e */; \
	VMOVAPS Y15, T; \
	VFMADD231PS Y14, F, T         /* T = i + magic */; \
	VPERMPS Y13, T, C             /* C = c */; \
	VPERMPS Y12, T, T             /* T = −ln c */; \
	VSUBPS Y11, C, D              /* D = c − 1, exact */; \
	VFMADD213PS D, C, F           /* F = f = c·e + (c − 1) */; \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS Y10, C; \
	VFMADD231PS Y9, F, C          /* C = d0 + d1·f */; \
	VMOVAPS Y8, D; \
	VFMADD231PS Y7, F, D          /* D = d2 + d3·f */; \
	VFMADD231PS D, FF, C          /* C = C + f²·D */; \
	VFMADD213PS F, FF, C          /* C = f + f²·C ≈ log1p(f) */; \
	VADDPS T, C, C                /* C = log1p(e) */; \
	VMOVUPS C, l

// The power pass, q^γ = exp(−γ·(s + v)) with s = −ln q and v its low part, is three
// loops: as one, a vector would be a chain of 90 cycles.

// SPLITSUM: s = softplus(−u), v = what it lost. Registers: Y15 sign bit, Y14 127·ln2,
// Y13 zero.
#define SPLITSUM(x, y, l, s, v, U, S, V, H) \
	VPMOVZXBD y, U; \
	VPSLLD $31, U, U              /* U = sign bit where the label is 1 */; \
	VXORPS x, U, U                /* U = u */; \
	VXORPS Y15, U, U              /* U = −u */; \
	VMAXPS U, Y13, U; \
	VMINPS U, Y14, U              /* U = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l, V                  /* V = L = log1p(e) */; \
	VADDPS V, U, S                /* S = m + L = softplus(−u), rounded */; \
	VMOVUPS S, s; \
	VSUBPS U, S, H; \
	VSUBPS H, V, V                /* V = L − (S − m), what S lost */; \
	VMOVUPS V, v

// PRODUCT: t and r of exp(−γ·(s + v)), in T and H. The product is carried as
// H + lo. Registers: Y15 γ, Y14 γ', Y13 magic, Y12 −8/ln2, Y11 and Y10 ln2/8 in two
// parts, Y9 the limit.
#define PRODUCT(s, v, S, V, H, T) \
	VMOVUPS s, S; \
	VMINPS S, Y9, S               /* S = min(s, limit), so γ·S ≤ 127·ln2 */; \
	VMULPS S, Y15, H              /* H = h = γ·S, rounded */; \
	VFMSUB213PS H, Y15, S         /* S = γ·S − h, exact */; \
	VFMADD231PS v, Y14, S         /* S = lo = S + γ'·v */; \
	VMOVAPS Y13, T; \
	VFMADD231PS Y12, H, T         /* T = t = −h·8/ln2 + magic */; \
	VSUBPS Y13, T, V              /* V = n */; \
	VFNMSUB231PS Y11, V, H        /* H = −h − n·c1 */; \
	VFNMADD231PS Y10, V, H        /* H = −h − n·ln2/8 */; \
	VSUBPS S, H, H                /* H = r = −(h + lo) − n·ln2/8 */

// POWERSETUP: PRODUCT's registers.
#define POWERSETUP \
	VBROADCASTSS 16(R10), Y15; \
	VBROADCASTSS 20(R10), Y14; \
	CONST(K_MAGIC, Y13); \
	CONST(K_M8_LN2, Y12); \
	CONST(K_C1, Y11); \
	CONST(K_C2, Y10); \
	VBROADCASTSS 24(R10), Y9

// POWR: t and r from logits. POWQ: t and r from probabilities, where q is 0 if s is
// beyond lnZero; registers: also Y8 lnZero, Y7 the t of 0.
#define POWR(s, v, S, V, H, T) \
	PRODUCT(s, v, S, V, H, T); \
	VMOVUPS T, v; \
	VMOVUPS H, s
#define POWQ(s, v, S, V, H, T) \
	PRODUCT(s, v, S, V, H, T); \
	VCMPPS $1, s, Y8, S           /* S = lnZero < s */; \
	VBLENDVPS S, Y7, T, T; \
	VMOVUPS T, v; \
	VMOVUPS H, s

// POWEXP: q = 2^(n/8)·exp(r), in place of r. Registers: EXPCORE's.
#define POWEXP(r, t, R, T, S, RR) \
	VMOVUPS t, T; \
	VMOVUPS r, R; \
	EXPCORE(T, R, S, RR); \
	VMOVUPS T, r

// The combine passes. Registers: Y15 weights by label, Y14 one, Y13 zero,
// Y12 and Y11 the sums of lanes 0…3 and 4…7, Y10 sign bit (gradients).

// WEIGH: W = w·weight where weights are given. done is a label of its own.
#define WEIGH(weight, W, done) \
	TESTQ R14, R14; \
	JZ    done; \
	VMULPS weight, W, W; \
done:

// SIGMOID: Q = q = (u < 0 ? e : 1)/(1 + e), with e in E.
#define SIGMOID(U, E, D, Q) \
	VADDPS E, Y14, D              /* D = 1 + e */; \
	VBLENDVPS U, E, Y14, Q        /* Q = u < 0 ? e : 1 */; \
	VDIVPS D, Q, Q                /* Q = q */

// SOFTPLUS: U = softplus(u) = max(u, 0) + log1p(e). A NaN in u stays one.
#define SOFTPLUS(l, U) \
	VMAXPS U, Y13, U              /* U = max(u, 0) */; \
	VADDPS l, U, U                /* U = −ln p_t */

// LOSSHEAD: W = w, U = u.
#define LOSSHEAD(x, y, weight, done, U, W) \
	VPMOVZXBD y, U                /* U = label */; \
	VPERMILPS U, Y15, W           /* W = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(weight, W, done); \
	VPSLLD $31, U, U; \
	VXORPS x, U, U                /* U = u: −x where the label is 1 */

// Modulating factors for the losses: W = w·q^γ.
#define MODULATE0(e, q, U, W, E, D, Q)
#define MODULATE1(e, q, U, W, E, D, Q) \
	VMOVUPS e, E; \
	SIGMOID(U, E, D, Q); \
	VMULPS Q, W, W                /* W = w·q */
#define MODULATE2(e, q, U, W, E, D, Q) \
	VMOVUPS e, E; \
	SIGMOID(U, E, D, Q); \
	VMULPS Q, W, W; \
	VMULPS Q, W, W               /* W = (w·q)·q */
#define MODULATE(e, q, U, W, E, D, Q) \
	VMULPS q, W, W                /* W = w·q^γ */

// LOSS: F = w·q^γ·softplus(u).
#define LOSS(o, MOD, done, F) \
	LOSSHEAD(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), done, Y0, Y1); \
	MOD(o(R8)(AX*4), (o+QOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y2); \
	SOFTPLUS((o+LOFF)(R8)(AX*4), Y0); \
	VMULPS Y1, Y0, F              /* F = (w·q^γ)·softplus(u) */

// TRUEPROB: D = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy.
#define TRUEPROB(U, E, D, Q) \
	VMULPS E, Q, E                /* E = e·q */; \
	VSUBPS Q, Y14, D              /* D = 1 − q */; \
	VBLENDVPS U, D, E, D          /* D = p_t */

// Slopes for the gradients, from q in Q: U = softplus(u), W = ±w·q^γ,
// D = g = ±w·q^γ·(q + γ·p_t·softplus(u)). For γ = 2 the loss takes (w·q)·q, as the loss
// kernel does, and the gradient w·q²: each has the smaller error so.
#define SLOPE0(l, q, U, W, E, D, Q) \
	SOFTPLUS(l, U); \
	VMULPS Q, W, D                /* D = ±w·q */
#define SLOPE1(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VFMADD213PS Q, U, D           /* D = q + p_t·softplus(u) */; \
	VMULPS Q, W, W                /* W = ±w·q */; \
	VMULPS W, D, D                /* D = g */
#define SLOPE2(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VADDPS D, D, D                /* D = 2·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + 2·p_t·softplus(u) */; \
	VMULPS Q, Q, E                /* E = q² */; \
	VMULPS E, W, E                /* E = ±w·q² */; \
	VMULPS E, D, D                /* D = g */; \
	VMULPS Q, W, W; \
	VMULPS Q, W, W                /* W = ±(w·q)·q */
#define SLOPE(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VBROADCASTSS 16(R10), E       /* E = γ */; \
	VMULPS E, D, D                /* D = γ·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + γ·p_t·softplus(u) */; \
	VMULPS q, W, W                /* W = ±w·q^γ */; \
	VMULPS W, D, D                /* D = g */

// GRADIENT: g = ±w·q^γ·(q + γ·p_t·softplus(u)), F = w·q^γ·softplus(u).
// The sign is the weight's: Y15 holds −Pos for the label 1.
#define GRADIENT(o, SLP, done, F) \
	VPMOVZXBD (o/4)(BX)(AX*1), Y0; \
	VPERMILPS Y0, Y15, Y1         /* Y1 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o(R14)(AX*4), Y1, done); \
	VANDPS Y1, Y10, Y0; \
	VXORPS o(SI)(AX*4), Y0, Y0    /* Y0 = u: −x where the label is 1 */; \
	VMOVUPS o(R8)(AX*4), Y2; \
	SIGMOID(Y0, Y2, Y3, Y4); \
	SLP((o+LOFF)(R8)(AX*4), (o+QOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4); \
	VMOVUPS Y3, o(R13)(AX*4); \
	VMULPS Y1, Y0, F; \
	VANDNPS F, Y10, F             /* F = loss */

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f), where t is x or 1 − x by the label:
// K = 2²³·k, H = ln c, X = f. It evaluates 1 − x without the rounding: what T lost
// of it, low, goes into f. Registers: X = x, Y15 0 for t = x, 2²⁴ for t = 1 − x by
// label, Y14 2²⁴, Y13 lnSplit, Y12 mask of sign and exponent, Y11 table of c·2⁻²⁴,
// Y10 table of ln c, Y9 one.
#define NEGLN(y, X, H, T, K, C) \
	VPMOVZXBD y, H; \
	VPERMILPS H, Y15, H           /* H = a = 0 or 2²⁴ */; \
	VMOVAPS H, T; \
	VFNMADD231PS X, Y14, T        /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS T, H, H                /* H = a − T */; \
	VFNMADD213PS H, Y14, X        /* X = low = (a − T) − 2²⁴·x, exact */; \
	VANDPS ·abs(SB), T, T         /* T = 2²⁴·t */; \
	VPSUBD Y13, T, K              /* K = bits of T less lnSplit */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPAND Y12, K, K               /* K = k<<23 */; \
	VPERMPS Y10, C, H             /* H = ln c */; \
	VPERMPS Y11, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS Y9, C, T          /* T = c'·T − 1 */; \
	VFMADD213PS T, C, X           /* X = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */

// LN1P: G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f in F. Registers:
// Y13…Y10 g0…g3.
#define LN1P(F, FF, D, G) \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS Y13, G; \
	VFMADD231PS Y12, F, G         /* G = g0 + g1·f */; \
	VMOVAPS Y11, D; \
	VFMADD231PS Y10, F, D         /* D = g2 + g3·f */; \
	VFMADD231PS D, FF, G          /* G = G + f²·D */; \
	VFMADD213PS F, FF, G          /* G = f + f²·G */

// −ln t takes two loops: LNHEAD, or LNQHEAD for 1 − p_t, leaves f and what goes with
// it for LNTAIL or LNQTAIL.

// LNHEAD: f, and h = −k·ln2 + ln c. Registers: NEGLN's, Y6 −ln2/2²³, Y5 the greatest
// bits of x so far, as unsigned integers; −0 counts as 0.
#define LNHEAD(x, y, f, h, X, H, T, K, C) \
	VXORPS T, T, T; \
	VADDPS x, T, X                /* X = x, without −0 */; \
	VPMAXUD X, Y5, Y5; \
	NEGLN(y, X, H, T, K, C); \
	VFMADD231PS Y6, K, H          /* H = −k·ln2 + ln c */; \
	VMOVUPS X, f; \
	VMOVUPS H, h

// LNTAIL: h = min(h − ln(1 + f), 100) = min(−ln p_t, 100). Registers: LN1P's, Y15 100.
#define LNTAIL(f, h, F, H, FF, D, G) \
	VMOVUPS f, F; \
	LN1P(F, FF, D, G); \
	VMOVUPS h, H; \
	VSUBPS G, H, H; \
	VMINPS Y15, H, H; \
	VMOVUPS H, h

// LNQHEAD: f, ln c and 2²³·k of −ln(1 − p_t). Registers: NEGLN's.
#define LNQHEAD(x, y, f, h, k, X, H, T, K, C) \
	VMOVUPS x, X; \
	NEGLN(y, X, H, T, K, C); \
	VMOVUPS X, f; \
	VMOVUPS H, h; \
	VMOVUPS K, k

// LNQTAIL: S = −ln(1 − p_t) to the output s, what it lost to v; s is h, v is f.
// Registers: LN1P's, Y15 −ln2/2²³ in 15 bits, Y14 the rest.
#define LNQTAIL(v, s, k, X, H, T, K, G, D) \
	VMOVUPS v, X; \
	LN1P(X, T, D, G); \
	VMOVUPS s, H; \
	VMOVUPS k, K; \
	VSUBPS G, H, H                /* H = d = ln c − ln(1 + f) */; \
	VMULPS Y15, K, T              /* T = m = −k·ln2, its high part, exact */; \
	VADDPS H, T, X                /* X = S = m + d, rounded */; \
	VMOVUPS X, s; \
	VSUBPS T, X, X; \
	VSUBPS X, H, H                /* H = d − (S − m), what S lost */; \
	VFMADD231PS Y14, K, H         /* H = H − k·ln2, its low part */; \
	VMOVUPS H, v

// Modulating factors from probabilities: W = w·q^γ. Registers: Y14 1 for the label
// 1, else 0; U = label.
#define PROBMODULATE0(x, q, U, W)
#define PROBMODULATE1(x, q, U, W) \
	VPERMILPS U, Y14, U; \
	VSUBPS x, U, U                /* U = ±q */; \
	VANDPS ·abs(SB), U, U; \
	VMULPS U, W, W                /* W = w·q */
#define PROBMODULATE2(x, q, U, W) \
	VPERMILPS U, Y14, U; \
	VSUBPS x, U, U                /* U = ±q */; \
	VMULPS U, U, U; \
	VMULPS U, W, W                /* W = w·q² */
#define PROBMODULATE(x, q, U, W) \
	VMULPS q, W, W                /* W = w·q^γ */

// PROBLOSS: F = w·q^γ·min(−ln p_t, 100).
#define PROBLOSS(o, MOD, done, F) \
	VPMOVZXBD (o/4)(BX)(AX*1), Y0 /* Y0 = label */; \
	VPERMILPS Y0, Y15, Y1         /* Y1 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o(R14)(AX*4), Y1, done); \
	MOD(o(SI)(AX*4), (o+QOFF)(R8)(AX*4), Y0, Y1); \
	VMULPS (o+LOFF)(R8)(AX*4), Y1, F /* F = (w·q^γ)·CE */

// Slopes from probabilities: D = g, W = ±w·q^γ from CE in CE, q in Q, p_t in T.
#define PROBSLOPE0(q, Q, W, T, CE, D) \
	VDIVPS T, W, D                /* D = ±w/p_t */
#define PROBSLOPE1(q, Q, W, T, CE, D) \
	VDIVPS T, Q, D; \
	VADDPS CE, D, D; \
	VMULPS W, D, D                /* D = ±w·(q/p_t + CE) */; \
	VMULPS Q, W, W                /* W = ±w·q */
#define PROBSLOPE2(q, Q, W, T, CE, D) \
	VDIVPS T, Q, D; \
	VADDPS CE, CE, T; \
	VADDPS T, D, D                /* D = q/p_t + 2·CE */; \
	VMULPS Q, W, T; \
	VMULPS T, D, D                /* D = ±w·q·(q/p_t + 2·CE) */; \
	VMULPS Q, Q, Q; \
	VMULPS Q, W, W                /* W = ±w·q² */
#define PROBSLOPE(q, Q, W, T, CE, D) \
	VMULPS q, W, W                /* W = ±w·q^γ */; \
	VDIVPS T, W, D                /* D = ±w·q^γ/p_t */; \
	VMAXPS ·least(SB), Q, Q       /* Q = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS Q, CE, Q               /* Q = CE/q */; \
	VBROADCASTSS 16(R10), T; \
	VMULPS T, W, T                /* T = ±w·q^γ·γ */; \
	VFMADD231PS Q, T, D           /* D = ±w·q^γ·(1/p_t + γ·CE/q) */

// PROBGRADIENT: g = ±w·q^γ·(1/p_t + γ·CE/q), p_t at least 1e-12; F = w·q^γ·CE.
// Registers: Y14 1 for the label 1, else 0, Y13 0 for the label 1, else 1.
#define PROBGRADIENT(o, SLP, done, F) \
	VPMOVZXBD (o/4)(BX)(AX*1), Y0; \
	VPERMILPS Y0, Y15, Y1         /* Y1 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o(R14)(AX*4), Y1, done); \
	VPERMILPS Y0, Y13, Y2; \
	VSUBPS o(SI)(AX*4), Y2, Y2; \
	VANDNPS Y2, Y10, Y2; \
	VMAXPS ·minprob(SB), Y2, Y2   /* Y2 = max(p_t, 1e-12) */; \
	VPERMILPS Y0, Y14, Y0; \
	VSUBPS o(SI)(AX*4), Y0, Y0; \
	VANDNPS Y0, Y10, Y0           /* Y0 = q */; \
	VMOVUPS (o+LOFF)(R8)(AX*4), Y3 /* Y3 = CE */; \
	SLP((o+QOFF)(R8)(AX*4), Y0, Y1, Y2, Y3, Y4); \
	VMOVUPS Y4, o(R13)(AX*4); \
	VMULPS Y1, Y3, F; \
	VANDNPS F, Y10, F             /* F = loss */

// REDUCE: the canonical sum of 32 losses. Lane j of s adds the losses j, j+8,
// j+16, j+24 in float32; the lanes are accumulated in float64.
#define REDUCE \
	VADDPS Y8, Y6, Y6             /* Y6 = f[j] + f[j+16] */; \
	VADDPS Y9, Y7, Y7             /* Y7 = f[j+8] + f[j+24] */; \
	VADDPS Y7, Y6, Y6             /* Y6 = s */; \
	VEXTRACTF128 $1, Y6, X7; \
	VCVTPS2PD X6, Y6; \
	VCVTPS2PD X7, Y7; \
	VADDPD Y6, Y12, Y12           /* Y12 = lanes 0…3 */; \
	VADDPD Y7, Y11, Y11           /* Y11 = lanes 4…7 */

// STORE: losses Y6…Y9 to the output, where there is one.
#define STORE(done) \
	TESTQ R12, R12; \
	JZ    done; \
	VMOVUPS Y6, 0(R12)(AX*4); \
	VMOVUPS Y7, 32(R12)(AX*4); \
	VMOVUPS Y8, 64(R12)(AX*4); \
	VMOVUPS Y9, 96(R12)(AX*4); \
done:

// LOGITSETUP, PROBSETUP: the registers of the combine passes that all kernels from
// logits share, and all from probabilities.
#define LOGITSETUP \
	CONST(K_ONE, Y14); \
	VXORPS Y13, Y13, Y13
#define PROBSETUP \
	VMOVUPS ·oneof1(SB), Y14; \
	VMOVUPS ·oneof0(SB), Y13

// SAVESUMS: the sums wait in acc.
#define SAVESUMS \
	VMOVUPD Y12, 0(R11); \
	VMOVUPD Y11, 32(R11)

// COMBINESETUP: the registers that all share.
#define COMBINESETUP \
	VMOVUPD 0(R11), Y12; \
	VMOVUPD 32(R11), Y11; \
	XORQ AX, AX

// LOSSKERNEL: the body of a loss kernel, after its arguments are in registers.
#define LOSSKERNEL(POW, MOD) LOSSBODY(LOGITPASSES, POW, LOGITSETUP, LOSS, MOD)
#define PROBLOSSKERNEL(POW, MOD) LOSSBODY(PROBPASSES, POW, PROBSETUP, PROBLOSS, MOD)
#define LOSSBODY(PASSES, POW, SETUP, TURN, MOD) \
	ENTER(8256); \
	TESTQ DX, DX; \
	JZ done; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	POW; \
	VBROADCASTF128 (R10), Y15     /* Y15 = Neg, Pos, 0, 0 twice */; \
	SETUP; \
	COMBINESETUP; \
loop: \
	TURN(0, MOD, weighed0, Y6); \
	TURN(32, MOD, weighed1, Y7); \
	TURN(64, MOD, weighed2, Y8); \
	TURN(96, MOD, weighed3, Y9); \
	STORE(stored); \
	REDUCE; \
	ADDQ $32, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	SAVESUMS; \
	NEXTCHUNK(chunk); \
done: \
	VZEROUPPER; \
	RET

// GRADIENTKERNEL: the body of a gradient kernel, likewise.
#define GRADIENTKERNEL(POW, SLP) GRADIENTBODY(LOGITPASSES, POW, LOGITSETUP, GRADIENT, SLP)
#define PROBGRADIENTKERNEL(POW, SLP) GRADIENTBODY(PROBPASSES, POW, PROBSETUP, PROBGRADIENT, SLP)
#define GRADIENTBODY(PASSES, POW, SETUP, TURN, SLP) \
	ENTER(8256); \
	TESTQ DX, DX; \
	JZ done; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	POW; \
	VBROADCASTF128 (R10), Y15; \
	VXORPS ·negatepos(SB), Y15, Y15 /* Y15 = Neg, −Pos, 0, 0 twice */; \
	CONST(K_SIGN, Y10); \
	SETUP; \
	COMBINESETUP; \
loop: \
	TURN(0, SLP, weighed0, Y6); \
	TURN(32, SLP, weighed1, Y7); \
	TURN(64, SLP, weighed2, Y8); \
	TURN(96, SLP, weighed3, Y9); \
	STORE(stored); \
	REDUCE; \
	ADDQ $32, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	SAVESUMS; \
	NEXTCHUNK(chunk); \
done: \
	VZEROUPPER; \
	RET
