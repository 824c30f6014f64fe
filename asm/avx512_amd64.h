// The vocabulary of the AVX-512 kernels; kernel_amd64.h has the steps and the general
// registers. A vector is 16 float32 scores. The operations are those of avx2_amd64.h, in
// the same order; tables of 8 are held twice, so that the 4 bits of an index that
// VPERMPS reads select the same element.
//
// A kernel is one loop of 32 scores a turn, in which each step works on other scores:
// while one group is combined, the log1p of the next and the exp of the one after it are
// evaluated, so that no turn waits for a chain of dependent operations and the load is
// even on all ports. Results go from step to step through rings of RING scores in L1.
// The first turns combine nothing; in the last ones the early steps evaluate the last
// group again.
//
// General registers of the loop: AX the group that is combined, R9 the last group;
// DI and DX a step's group, and its place in the ring. Z0…Z9 are temporaries.

#define RING 128
#define RING_L 512
#define RING_Q 1024
#define LOW 3072

// TABLE: a table of eight, twice.
#define TABLE(table, r) VBROADCASTF32X8 table(SB), r

// AHEAD: DI = the group that is n scores ahead, at most the last. PLACE: DX = its
// place in the ring.
#define AHEAD(n) \
	LEAQ n(AX), DI; \
	CMPQ DI, R9; \
	CMOVQGT R9, DI
#define PLACE \
	MOVQ DI, DX; \
	ANDQ $(RING-1), DX

// From logits: Z31 weights by label, Z30 one, Z29 zero, Z28 the sign bit, Z27 the
// sums, Z26 magic, Z25 table of 2^(j/8), Z24…Z22 p2…p4, Z21 8/ln2, Z20 and Z19 ln2/8
// in two parts, Z18 −127·ln2, Z17 7, Z16 table of c, Z15 table of −ln c,
// Z14…Z11 d0…d3, Z10 γ.
#define LOGITSETUP \
	CONST(K_ONE, Z30); \
	VXORPS Z29, Z29, Z29; \
	CONST(K_SIGN, Z28); \
	CONST(K_MAGIC, Z26); \
	TABLE(·exp2, Z25); \
	CONST(K_P2, Z24); \
	CONST(K_P3, Z23); \
	CONST(K_P4, Z22); \
	CONST(K_8_LN2, Z21); \
	CONST(K_C1, Z20); \
	CONST(K_C2, Z19); \
	CONST(K_FLOOR, Z18); \
	CONST(K_7, Z17); \
	TABLE(·recip, Z16); \
	TABLE(·nlog, Z15); \
	CONST(K_D0, Z14); \
	CONST(K_D1, Z13); \
	CONST(K_D2, Z12); \
	CONST(K_D3, Z11); \
	VBROADCASTSS 16(R10), Z10

// EXPCORE: T = 2^(n/8)·exp(r) for t = n + magic in T.
#define EXPCORE(T, R, S, RR) \
	VPERMPS Z25, T, S             /* S = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	VPSLLD $20, T, T              /* T = (n/8)<<23 + j<<20 */; \
	VPADDD T, S, S                /* S = s = 2^(n/8), +0 at n = −1016 */; \
	VMOVAPS Z24, T; \
	VFMADD231PS Z23, R, T         /* T = p2 + p3·r */; \
	VMULPS R, R, RR               /* RR = r² */; \
	VFMADD231PS Z22, RR, T        /* T = p2 + p3·r + p4·r² */; \
	VFMADD213PS R, RR, T          /* T = r + r²·T ≈ exp(r) − 1 */; \
	VFMADD213PS S, S, T           /* T = s + s·T */

// EXPNEG: e = exp(−|x|).
#define EXPNEG(x, e, A, T, S, RR) \
	VORPS x, Z28, A               /* A = −|x| */; \
	VMAXPS A, Z18, A              /* A = max(−|x|, −127·ln2) */; \
	VMOVAPS Z26, T; \
	VFMADD231PS Z21, A, T         /* T = t = A·8/ln2 + magic */; \
	VSUBPS Z26, T, S              /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS Z20, S, A        /* A = A − n·c1 */; \
	VFNMADD231PS Z19, S, A        /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e

// LOG1P: l = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7),
// i = round(7e), log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define LOG1P(e, l, F, T, C, D, FF) \
	VMOVUPS e, F                  /* F = e */; \
	VMOVAPS Z26, T; \
	VFMADD231PS Z17, F, T         /* T = i + magic */; \
	VPERMPS Z16, T, C             /* C = c */; \
	VPERMPS Z15, T, T             /* T = −ln c */; \
	VSUBPS Z30, C, D              /* D = c − 1, exact */; \
	VFMADD213PS D, C, F           /* F = f = c·e + (c − 1) */; \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS Z14, C; \
	VFMADD231PS Z13, F, C         /* C = d0 + d1·f */; \
	VMOVAPS Z12, D; \
	VFMADD231PS Z11, F, D         /* D = d2 + d3·f */; \
	VFMADD231PS D, FF, C          /* C = C + f²·D */; \
	VFMADD213PS F, FF, C          /* C = f + f²·C ≈ log1p(f) */; \
	VADDPS T, C, C                /* C = log1p(e) */; \
	VMOVUPS C, l

// EXPPRODUCT: T = exp(−γ·(S + V)), V the low part of S ≥ 0. The product is carried
// as H + lo.
#define EXPPRODUCT(S, V, H, T) \
	VBROADCASTSS 24(R10), H; \
	VMINPS S, H, S                /* S = min(S, limit), so γ·S ≤ 127·ln2 */; \
	VMULPS S, Z10, H              /* H = h = γ·S, rounded */; \
	VFMSUB213PS H, Z10, S         /* S = γ·S − h, exact */; \
	VFMADD231PS.BCST 20(R10), V, S /* S = lo = S + γ'·V */; \
	VMOVAPS Z26, T; \
	VFNMADD231PS Z21, H, T        /* T = t = −h·8/ln2 + magic */; \
	VSUBPS Z26, T, V              /* V = n */; \
	VFNMSUB231PS Z20, V, H        /* H = −h − n·c1 */; \
	VFNMADD231PS Z19, V, H        /* H = −h − n·ln2/8 */; \
	VSUBPS S, H, H                /* H = r = −(h + lo) − n·ln2/8 */; \
	EXPCORE(T, H, V, S)

// POWER: q = q^γ = exp(−γ·softplus(−u)).
#define POWER(x, y, l, q, U, S, V, H, T) \
	VPMOVZXBD y, U; \
	VPSLLD $31, U, U              /* U = sign bit where the label is 1 */; \
	VPTERNLOGD $0x96, x, Z28, U   /* U = −u, which is x where the label is 1 */; \
	VMAXPS U, Z29, U; \
	CONST(K_CEIL, S); \
	VMINPS U, S, U                /* U = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l, V                  /* V = L = log1p(e) */; \
	VADDPS V, U, S                /* S = m + L = softplus(−u), rounded */; \
	VSUBPS U, S, H; \
	VSUBPS H, V, V                /* V = L − (S − m), what S lost */; \
	EXPPRODUCT(S, V, H, T); \
	VMOVUPS T, q

// LOGITSTEPS: the steps ahead of combine; LOGITPOWERSTEPS with power. The first group
// of the power step is evaluated before its time, too, from whatever is in the rings.
#define LOGITSTEPS \
	AHEAD(64); \
	PLACE; \
	EXPNEG(0(SI)(DI*4), 0(R8)(DX*4), Z0, Z1, Z2, Z3); \
	EXPNEG(64(SI)(DI*4), 64(R8)(DX*4), Z4, Z5, Z6, Z7); \
	AHEAD(32); \
	PLACE; \
	LOG1P(0(R8)(DX*4), (0+RING_L)(R8)(DX*4), Z0, Z1, Z2, Z3, Z4); \
	LOG1P(64(R8)(DX*4), (64+RING_L)(R8)(DX*4), Z5, Z6, Z7, Z8, Z9)
#define LOGITPOWERSTEPS \
	AHEAD(96); \
	PLACE; \
	EXPNEG(0(SI)(DI*4), 0(R8)(DX*4), Z0, Z1, Z2, Z3); \
	EXPNEG(64(SI)(DI*4), 64(R8)(DX*4), Z4, Z5, Z6, Z7); \
	AHEAD(64); \
	PLACE; \
	LOG1P(0(R8)(DX*4), (0+RING_L)(R8)(DX*4), Z0, Z1, Z2, Z3, Z4); \
	LOG1P(64(R8)(DX*4), (64+RING_L)(R8)(DX*4), Z5, Z6, Z7, Z8, Z9); \
	AHEAD(32); \
	XORL DX, DX; \
	TESTQ DI, DI; \
	CMOVQLT DX, DI; \
	PLACE; \
	POWER(0(SI)(DI*4), 0(BX)(DI*1), (0+RING_L)(R8)(DX*4), (0+RING_Q)(R8)(DX*4), Z0, Z1, Z2, Z3, Z4); \
	POWER(64(SI)(DI*4), 16(BX)(DI*1), (64+RING_L)(R8)(DX*4), (64+RING_Q)(R8)(DX*4), Z5, Z6, Z7, Z8, Z9)

// The combine step.

// WEIGH: W = w·weight where weights are given. done is a label of its own.
#define WEIGH(weight, W, done) \
	TESTQ R14, R14; \
	JZ    done; \
	VMULPS weight, W, W; \
done:

// SIGMOID: Q = q = (u < 0 ? e : 1)/(1 + e), with e in E. The choice is the greater
// of e and ±1 as integers.
#define SIGMOID(U, E, D, Q) \
	VADDPS E, Z30, D              /* D = 1 + e */; \
	VMOVAPS U, Q; \
	VPTERNLOGD $0xea, Z30, Z28, Q /* Q = 1 with the sign of u */; \
	VPMAXSD E, Q, Q               /* Q = u < 0 ? e : 1 */; \
	VDIVPS D, Q, Q                /* Q = q */

// SOFTPLUS: U = softplus(u) = max(u, 0) + log1p(e). A NaN in u stays one.
#define SOFTPLUS(l, U) \
	VMAXPS U, Z29, U              /* U = max(u, 0) */; \
	VADDPS l, U, U                /* U = −ln p_t */

// LOSSHEAD: W = w, U = u.
#define LOSSHEAD(x, y, weight, done, U, W) \
	VPMOVZXBD y, U                /* U = label */; \
	VPERMILPS U, Z31, W           /* W = w_t: Neg, Pos, or 0 for 255 */; \
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
	VMULPS Q, Q, Q                /* Q = q² */; \
	VMULPS Q, W, W                /* W = w·q² */
#define MODULATE(e, q, U, W, E, D, Q) \
	VMULPS q, W, W                /* W = w·q^γ */

// LOSS: F = w·q^γ·softplus(u).
#define LOSS(x, y, weight, e, l, q, MOD, done, F) \
	LOSSHEAD(x, y, weight, done, Z0, Z1); \
	MOD(e, q, Z0, Z1, Z2, Z3, Z4); \
	SOFTPLUS(l, Z0); \
	VMULPS Z1, Z0, F              /* F = (w·q^γ)·softplus(u) */

// TRUEPROB: D = p_t = u < 0 ? 1 − q : e·q, which keeps full relative accuracy.
#define TRUEPROB(U, E, D, Q) \
	VPMOVD2M U, K1                /* K1 = u < 0 */; \
	VMULPS E, Q, D                /* D = e·q */; \
	VSUBPS Q, Z30, K1, D          /* D = p_t */

// Slopes for the gradients, from q in Q: U = softplus(u), W = ±w·q^γ,
// D = q + γ·p_t·softplus(u).
#define SLOPE0(l, q, U, W, E, D, Q) \
	SOFTPLUS(l, U); \
	VMOVAPS Q, D                  /* D = q */
#define SLOPE1(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VFMADD213PS Q, U, D           /* D = q + p_t·softplus(u) */; \
	VMULPS Q, W, W                /* W = ±w·q */
#define SLOPE2(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VADDPS D, D, D                /* D = 2·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + 2·p_t·softplus(u) */; \
	VMULPS Q, Q, Q                /* Q = q² */; \
	VMULPS Q, W, W                /* W = ±w·q² */
#define SLOPE(l, q, U, W, E, D, Q) \
	TRUEPROB(U, E, D, Q); \
	SOFTPLUS(l, U); \
	VMULPS.BCST 16(R10), D, D     /* D = γ·p_t */; \
	VFMADD213PS Q, U, D           /* D = q + γ·p_t·softplus(u) */; \
	VMULPS q, W, W                /* W = ±w·q^γ */

// GRADIENT: g = ±w·q^γ·(q + γ·p_t·softplus(u)), F = w·q^γ·softplus(u).
// The sign is the weight's: Z31 holds −Pos for the label 1.
#define GRADIENT(x, y, weight, e, l, q, grad, SLP, done, F) \
	VPMOVZXBD y, Z0; \
	VPERMILPS Z0, Z31, Z1         /* Z1 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(weight, Z1, done); \
	VMOVUPS x, Z0; \
	VPTERNLOGD $0x78, Z28, Z1, Z0 /* Z0 = u: −x where the label is 1 */; \
	VMOVUPS e, Z2; \
	SIGMOID(Z0, Z2, Z3, Z4); \
	SLP(l, q, Z0, Z1, Z2, Z3, Z4); \
	VMULPS Z1, Z3, Z3             /* Z3 = g */; \
	VMOVUPS Z3, grad; \
	VMULPS Z1, Z0, F; \
	VANDNPS F, Z28, F             /* F = loss */

// From probabilities: Z31 weights by label, Z30 1 for the label 1, else 0, Z29 0 for
// the label 1, else 1, Z28 mask of all but the sign, Z27 the sums, Z26 the greatest bits
// of x so far, as unsigned integers, Z25 one, Z24 2²⁴, Z23 lnSplit, Z22 mask of sign and
// exponent, Z21 table of c·2⁻²⁴, Z20 table of ln c, Z19…Z16 g0…g3, Z15 0 for t = x,
// 2²⁴ for t = 1 − x by label, Z14 −ln2/2²³, Z13 100, Z12 zero, Z11 1e-12.
#define LNSETUP \
	VBROADCASTSS ·abs(SB), Z28; \
	CONST(K_ONE, Z25); \
	LNCONST(LN_SCALE, Z24); \
	LNCONST(LN_SPLIT, Z23); \
	LNCONST(LN_MASK, Z22); \
	TABLE(·lnrecip, Z21); \
	TABLE(·lntable, Z20); \
	LNCONST(LN_G0, Z19); \
	LNCONST(LN_G1, Z18); \
	LNCONST(LN_G2, Z17); \
	LNCONST(LN_G3, Z16)
#define PROBSETUP \
	LNSETUP; \
	VBROADCASTF32X4 ·oneof1(SB), Z30; \
	VBROADCASTF32X4 ·oneof0(SB), Z29; \
	VXORPS Z26, Z26, Z26; \
	VBROADCASTF32X4 ·scaleof0(SB), Z15; \
	LNCONST(LN_LN2, Z14); \
	VBROADCASTSS ·hundred(SB), Z13; \
	VXORPS Z12, Z12, Z12; \
	VBROADCASTSS ·minprob(SB), Z11

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f), where t is x or 1 − x by the label:
// K = 2²³·k, H = ln c, X = f. It evaluates 1 − x without the rounding: what T lost
// of it, low, goes into f.
#define NEGLN(y, X, H, T, K, C) \
	VPMOVZXBD y, H; \
	VPERMILPS H, Z15, H           /* H = a = 0 or 2²⁴ */; \
	VMOVAPS H, T; \
	VFNMADD231PS X, Z24, T        /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS T, H, H                /* H = a − T */; \
	VFNMADD213PS H, Z24, X        /* X = low = (a − T) − 2²⁴·x, exact */; \
	VANDPS Z28, T, T              /* T = 2²⁴·t */; \
	VPSUBD Z23, T, K              /* K = bits of T less lnSplit */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPANDD Z22, K, K              /* K = k<<23 */; \
	VPERMPS Z20, C, H             /* H = ln c */; \
	VPERMPS Z21, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS Z25, C, T         /* T = c'·T − 1 */; \
	VFMADD213PS T, C, X           /* X = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */

// LN1P: G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f in F.
#define LN1P(F, FF, D, G) \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS Z19, G; \
	VFMADD231PS Z18, F, G         /* G = g0 + g1·f */; \
	VMOVAPS Z17, D; \
	VFMADD231PS Z16, F, D         /* D = g2 + g3·f */; \
	VFMADD231PS D, FF, G          /* G = G + f²·D */; \
	VFMADD213PS F, FF, G          /* G = f + f²·G */

// LNHEAD: f and h of −ln p_t = h − ln(1 + f). −0 counts as 0.
#define LNHEAD(x, y, f, h, X, H, T, K, C) \
	VADDPS x, Z12, X              /* X = x, without −0 */; \
	VPMAXUD X, Z26, Z26; \
	NEGLN(y, X, H, T, K, C); \
	VFMADD231PS Z14, K, H         /* H = −k·ln2 + ln c */; \
	VMOVUPS X, f; \
	VMOVUPS H, h

// CE: C = min(−ln p_t, 100).
#define CE(f, h, F, FF, D, C) \
	VMOVUPS f, F; \
	LN1P(F, FF, D, C); \
	VMOVUPS h, F; \
	VSUBPS C, F, C                /* C = −ln p_t */; \
	VMINPS Z13, C, C

// LNQ: S = −ln(1 − p_t) to the output s, what it lost to v. Z15 is 0 for t = 1 − x,
// 2²⁴ for t = x by label, Z14 −ln2/2²³ in 15 bits, Z13 the rest.
#define LNQ(x, y, s, v, X, H, T, K, G, D) \
	VMOVUPS x, X; \
	NEGLN(y, X, H, T, K, G); \
	LN1P(X, T, D, G); \
	VSUBPS G, H, H                /* H = d = ln c − ln(1 + f) */; \
	VMULPS Z14, K, T              /* T = m = −k·ln2, its high part, exact */; \
	VADDPS H, T, X                /* X = S = m + d, rounded */; \
	VMOVUPS X, s; \
	VSUBPS T, X, X; \
	VSUBPS X, H, H                /* H = d − (S − m), what S lost */; \
	VFMADD231PS Z13, K, H         /* H = H − k·ln2, its low part */; \
	VMOVUPS H, v

// POWQ: q = q^γ from S and its low part in q and v. S is beyond lnZero for q = 0
// only. Registers: those from logits.
#define POWQ(q, v, S, V, H, T) \
	VMOVUPS q, S; \
	VMOVUPS v, V; \
	VCMPPS.BCST $2, ·ln+LN_ZERO(SB), S, K1 /* K1 = S ≤ lnZero */; \
	EXPPRODUCT(S, V, H, T); \
	VMOVAPS.Z T, K1, T            /* T = q^γ */; \
	VMOVUPS T, q

// PROBSTEPS: the step ahead of combine.
#define PROBSTEPS \
	AHEAD(32); \
	PLACE; \
	LNHEAD(0(SI)(DI*4), 0(BX)(DI*1), 0(R8)(DX*4), (0+RING_L)(R8)(DX*4), Z0, Z1, Z2, Z3, Z4); \
	LNHEAD(64(SI)(DI*4), 16(BX)(DI*1), 64(R8)(DX*4), (64+RING_L)(R8)(DX*4), Z5, Z6, Z7, Z8, Z9)

// Modulating factors from probabilities: W = w·q^γ; U = label.
#define PROBMODULATE0(x, q, U, W)
#define PROBMODULATE1(x, q, U, W) \
	VPERMILPS U, Z30, U; \
	VSUBPS x, U, U                /* U = ±q */; \
	VANDPS Z28, U, U; \
	VMULPS U, W, W                /* W = w·q */
#define PROBMODULATE2(x, q, U, W) \
	VPERMILPS U, Z30, U; \
	VSUBPS x, U, U                /* U = ±q */; \
	VMULPS U, U, U; \
	VMULPS U, W, W                /* W = w·q² */
#define PROBMODULATE(x, q, U, W) \
	VMULPS q, W, W                /* W = w·q^γ */

// PROBLOSS: F = w·q^γ·min(−ln p_t, 100).
#define PROBLOSS(x, y, weight, f, h, q, MOD, done, F) \
	CE(f, h, Z2, Z3, Z4, F); \
	VPMOVZXBD y, Z0               /* Z0 = label */; \
	VPERMILPS Z0, Z31, Z1         /* Z1 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(weight, Z1, done); \
	MOD(x, q, Z0, Z1); \
	VMULPS F, Z1, F               /* F = (w·q^γ)·CE */

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
	VMAXPS.BCST ·least(SB), Q, Q  /* Q = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS Q, CE, Q               /* Q = CE/q */; \
	VMULPS.BCST 16(R10), W, T     /* T = ±w·q^γ·γ */; \
	VFMADD231PS Q, T, D           /* D = ±w·q^γ·(1/p_t + γ·CE/q) */

// PROBGRADIENT: g = ±w·q^γ·(1/p_t + γ·CE/q), p_t at least 1e-12; F = w·q^γ·CE.
#define PROBGRADIENT(x, y, weight, f, h, q, grad, SLP, done, F) \
	CE(f, h, Z0, Z1, Z2, Z3); \
	VPMOVZXBD y, Z0; \
	VPERMILPS Z0, Z31, Z1         /* Z1 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(weight, Z1, done); \
	VMOVUPS x, Z4; \
	VPERMILPS Z0, Z29, Z2; \
	VSUBPS Z4, Z2, Z2; \
	VANDPS Z28, Z2, Z2; \
	VMAXPS Z11, Z2, Z2            /* Z2 = max(p_t, 1e-12) */; \
	VPERMILPS Z0, Z30, Z0; \
	VSUBPS Z4, Z0, Z0; \
	VANDPS Z28, Z0, Z0            /* Z0 = q */; \
	SLP(q, Z0, Z1, Z2, Z3, Z4); \
	VMOVUPS Z4, grad; \
	VMULPS Z1, Z3, F; \
	VANDPS Z28, F, F              /* F = loss */

// REDUCE: the canonical sum of the 32 losses Z8 and Z9. Lane j of s adds the losses
// j, j+8, j+16, j+24 in float32; the lanes are accumulated in float64.
#define REDUCE \
	VADDPS Z9, Z8, Z8             /* Z8 = f[j] + f[j+16], then f[j+8] + f[j+24] */; \
	VEXTRACTF32X8 $1, Z8, Y9; \
	VADDPS Y9, Y8, Y8             /* Y8 = s */; \
	VCVTPS2PD Y8, Z8; \
	VADDPD Z8, Z27, Z27           /* Z27 = the lanes' sums */

// STORE: losses Z8 and Z9 to the output, where there is one.
#define STORE(done) \
	TESTQ R12, R12; \
	JZ    done; \
	VMOVUPS Z8, 0(R12)(AX*4); \
	VMOVUPS Z9, 64(R12)(AX*4); \
done:

#define LOSSTURN(o, MOD, done, F) \
	LOSS(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), o(R8)(DX*4), (o+RING_L)(R8)(DX*4), (o+RING_Q)(R8)(DX*4), MOD, done, F)
#define GRADIENTTURN(o, SLP, done, F) \
	GRADIENT(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), o(R8)(DX*4), (o+RING_L)(R8)(DX*4), (o+RING_Q)(R8)(DX*4), o(R13)(AX*4), SLP, done, F)
#define PROBLOSSTURN(o, MOD, done, F) \
	PROBLOSS(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), o(R8)(DX*4), (o+RING_L)(R8)(DX*4), (o+RING_Q)(R8)(AX*4), MOD, done, F)
#define PROBGRADIENTTURN(o, SLP, done, F) \
	PROBGRADIENT(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), o(R8)(DX*4), (o+RING_L)(R8)(DX*4), (o+RING_Q)(R8)(AX*4), o(R13)(AX*4), SLP, done, F)

// WEIGHTS: Z31 = Neg, Pos, 0, 0 four times. SIGNEDWEIGHTS: Pos negated.
#define WEIGHTS VBROADCASTF32X4 (R10), Z31
#define SIGNEDWEIGHTS \
	VBROADCASTF32X4 (R10), Z31; \
	VBROADCASTF32X4 ·negatepos(SB), Z0; \
	VXORPS Z0, Z31, Z31

// LOOP: the loop of all kernels over the CX scores at SI. STEPS begin AHEAD scores
// before TURN(…, HOW, …) combines.
#define LOOP(AHEAD, STEPS, TURN, HOW) \
	LEAQ -32(CX), R9; \
	MOVQ $-AHEAD, AX; \
loop: \
	STEPS; \
	TESTQ AX, AX; \
	JLT ahead; \
	MOVQ AX, DX; \
	ANDQ $(RING-1), DX; \
	TURN(0, HOW, weighed0, Z8); \
	TURN(64, HOW, weighed1, Z9); \
	STORE(stored); \
	REDUCE; \
ahead: \
	ADDQ $32, AX; \
	CMPQ AX, CX; \
	JLT loop

// LOGITKERNEL: the body of a kernel from logits, after its arguments are in registers.
#define LOSSKERNEL(AHEAD, STEPS, MOD) LOGITBODY(WEIGHTS, AHEAD, STEPS, LOSSTURN, MOD)
#define GRADIENTKERNEL(AHEAD, STEPS, SLP) LOGITBODY(SIGNEDWEIGHTS, AHEAD, STEPS, GRADIENTTURN, SLP)
#define LOGITBODY(WEIGHTS, AHEAD, STEPS, TURN, HOW) \
	ENTER(1600); \
	MOVQ DX, CX; \
	TESTQ CX, CX; \
	JZ done; \
	WEIGHTS; \
	LOGITSETUP; \
	VMOVUPD 0(R11), Z27; \
	LOOP(AHEAD, STEPS, TURN, HOW); \
	VMOVUPD Z27, 0(R11); \
done: \
	VZEROUPPER; \
	RET

// PROBKERNEL: likewise from probabilities, in chunks if there is a power pass. A score
// that is no probability makes the sums NaN.
#define PROBLOSSKERNEL(SIZE, POW, MOD) PROBBODY(WEIGHTS, SIZE, POW, PROBLOSSTURN, MOD)
#define PROBGRADIENTKERNEL(SIZE, POW, SLP) PROBBODY(SIGNEDWEIGHTS, SIZE, POW, PROBGRADIENTTURN, SLP)
#define ALL MOVQ DX, CX
#define PROBBODY(WEIGHTS, SIZE, POW, TURN, HOW) \
	ENTER(5184); \
	TESTQ DX, DX; \
	JZ done; \
chunk: \
	SIZE; \
	MOVQ DX, R15; \
	POW; \
	WEIGHTS; \
	PROBSETUP; \
	VMOVUPD 0(R11), Z27; \
	LOOP(32, PROBSTEPS, TURN, HOW); \
	VPCMPUD $6, Z25, Z26, K1      /* K1 = where an x was beyond one */; \
	KORTESTW K1, K1; \
	JZ valid; \
	VPTERNLOGD $0xff, Z27, Z27, Z27 /* Z27 = NaN */; \
valid: \
	VMOVUPD Z27, 0(R11); \
	MOVQ R15, DX; \
	NEXTCHUNK(chunk); \
done: \
	VZEROUPPER; \
	RET
