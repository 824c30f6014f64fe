// The vocabulary of the AVX-512 kernels; kernel_amd64.h has the general
// registers. A vector is 16 float32 scores. The operations are those of avx2_amd64.h, in
// the same order; tables of 8 are held twice, so that the 4 bits of an index that
// VPERMPS reads select the same element.
//
// A kernel is one loop of 32 scores a turn, in which the steps work on different groups:
// while one is combined, the exp of the next is evaluated; with a general γ, there is a
// step for the power in between. So no turn waits for the whole chain of dependent
// operations. Results go from step to step through rings of RING scores in L1. The first
// turns combine nothing; in the last ones the early steps evaluate the last group again.
//
// General registers of the loop: AX the group that is combined, R9 the last group;
// DI and DX a step's group, and its place in the rings. Z0…Z9 are temporaries, of which
// the combine step has u in Z5, w in Z6, q in Z9, and leaves the losses of the group's two
// vectors, which are o = 0 and 64 bytes into it, in Z7 and Z8.

#define PROBPOWERPASS CALL probpower<>(SB)

#define RING 128
#define RING_E 0
#define RING_L 512
#define RING_U 1024
#define RING_W 1536
#define RING_Q 2048
#define RING_T 2560
#define RING_R 3072

// Scratch of the power pass from probabilities.
#define POW_Q 1024
#define POW_LOW 3072
#define POW_K 5120

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
// Z14…Z11 d0…d3, Z10 losses yet to be added.
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
	CONST(K_D3, Z11)

// EXPCORE: Z1 = 2^(n/8)·exp(r) for n + magic in Z1 and r in Z0.
#define EXPCORE \
	VPERMPS Z25, Z1, Z2            /* Z2 = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	VPSLLD $20, Z1, Z1             /* Z1 = (n/8)<<23 + j<<20 */; \
	VPADDD Z1, Z2, Z2              /* Z2 = s = 2^(n/8), +0 at n = −1016 */; \
	VMOVAPS Z24, Z1; \
	VFMADD231PS Z23, Z0, Z1        /* Z1 = p2 + p3·r */; \
	VMULPS Z0, Z0, Z3              /* Z3 = r² */; \
	VFMADD231PS Z22, Z3, Z1        /* Z1 = p2 + p3·r + p4·r² */; \
	VFMADD213PS Z0, Z3, Z1         /* Z1 = r + r²·Z1 ≈ exp(r) − 1 */; \
	VFMADD213PS Z2, Z2, Z1         /* Z1 = s + s·Z1 */

// EXPNEG: e = exp(−|x|).
#define EXPNEG(x, e) \
	VRANGEPS $14, x, Z18, Z0       /* Z0 = −min(|x|, 127·ln2) */; \
	VMOVAPS Z26, Z1; \
	VFMADD231PS Z21, Z0, Z1        /* Z1 = t = Z0·8/ln2 + magic */; \
	VSUBPS Z26, Z1, Z2             /* Z2 = n = round(Z0·8/ln2) */; \
	VFNMADD231PS Z20, Z2, Z0       /* Z0 = Z0 − n·c1 */; \
	VFNMADD231PS Z19, Z2, Z0       /* Z0 = r = Z0 − n·ln2/8 */; \
	EXPCORE; \
	VMOVUPS Z1, e

// LOG1P: Z2 = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7),
// i = round(7e), log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define LOG1P(e) \
	VMOVUPS e, Z0                  /* Z0 = e */; \
	VMOVAPS Z26, Z1; \
	VFMADD231PS Z17, Z0, Z1        /* Z1 = i + magic */; \
	VPERMPS Z16, Z1, Z2            /* Z2 = c */; \
	VPERMPS Z15, Z1, Z1            /* Z1 = −ln c */; \
	VSUBPS Z30, Z2, Z3             /* Z3 = c − 1, exact */; \
	VFMADD213PS Z3, Z2, Z0         /* Z0 = f = c·e + (c − 1) */; \
	VMULPS Z0, Z0, Z4              /* Z4 = f² */; \
	VMOVAPS Z14, Z2; \
	VFMADD231PS Z13, Z0, Z2        /* Z2 = d0 + d1·f */; \
	VMOVAPS Z12, Z3; \
	VFMADD231PS Z11, Z0, Z3        /* Z3 = d2 + d3·f */; \
	VFMADD231PS Z3, Z4, Z2         /* Z2 = Z2 + f²·Z3 */; \
	VFMADD213PS Z0, Z4, Z2         /* Z2 = f + f²·Z2 ≈ log1p(f) */; \
	VADDPS Z1, Z2, Z2              /* Z2 = log1p(e) */

// PRODUCT: exp(−γ·(Z3 + Z2)) = 2^(n/8)·exp(Z0), n + magic in Z1; Z2 is the low part of
// Z3 ≥ 0. The product is carried as h + lo.
#define PRODUCT \
	VBROADCASTSS 24(R10), Z0; \
	VMINPS Z3, Z0, Z3              /* Z3 = min(Z3, limit), so γ·Z3 ≤ 127·ln2 */; \
	VBROADCASTSS 16(R10), Z1; \
	VMULPS Z3, Z1, Z0              /* Z0 = h = γ·Z3, rounded */; \
	VFMSUB213PS Z0, Z1, Z3         /* Z3 = γ·Z3 − h, exact */; \
	VFMADD231PS.BCST 20(R10), Z2, Z3 /* Z3 = lo = Z3 + γ'·Z2 */; \
	VMOVAPS Z26, Z1; \
	VFNMADD231PS Z21, Z0, Z1       /* Z1 = t = −h·8/ln2 + magic */; \
	VSUBPS Z26, Z1, Z2             /* Z2 = n */; \
	VFNMSUB231PS Z20, Z2, Z0       /* Z0 = −h − n·c1 */; \
	VFNMADD231PS Z19, Z2, Z0       /* Z0 = −h − n·ln2/8 */; \
	VSUBPS Z3, Z0, Z0              /* Z0 = r = −(h + lo) − n·ln2/8 */

// POWER: t and r of q^γ = exp(−γ·softplus(−u)).
#define POWER(u, l, t, r) \
	VXORPS u, Z28, Z4              /* Z4 = −u */; \
	VMAXPS Z4, Z29, Z4; \
	CONST(K_CEIL, Z3); \
	VMINPS Z4, Z3, Z4              /* Z4 = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l, Z2                  /* Z2 = L = log1p(e) */; \
	VADDPS Z2, Z4, Z3              /* Z3 = m + L = softplus(−u), rounded */; \
	VSUBPS Z4, Z3, Z0; \
	VSUBPS Z0, Z2, Z2              /* Z2 = L − (Z3 − m), what Z3 lost */; \
	PRODUCT; \
	VMOVUPS Z1, t; \
	VMOVUPS Z0, r

// WEIGH: Z6 = w·weight where weights are given. done is a label of its own.
#define WEIGH(weight, done) \
	TESTQ R14, R14; \
	JZ    done; \
	VMULPS weight, Z6, Z6; \
done:

// HEAD: Z5 = u, Z6 = w. Of a gradient the sign is the weight's: there Z31 holds −Pos for
// the label 1, and SIGNEDHEAD takes it from there.
#define HEAD(x, y, weight, done) \
	VPMOVZXBD y, Z5                /* Z5 = label */; \
	VPERMILPS Z5, Z31, Z6          /* Z6 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(weight, done); \
	VPSLLD $31, Z5, Z5; \
	VXORPS x, Z5, Z5               /* Z5 = u: −x where the label is 1 */
#define SIGNEDHEAD(x, y, weight, done) \
	VPMOVZXBD y, Z5; \
	VPERMILPS Z5, Z31, Z6          /* Z6 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(weight, done); \
	VMOVUPS x, Z5; \
	VPTERNLOGD $0x78, Z28, Z6, Z5  /* Z5 = u: −x where the label is 1 */

// SIGMOID: Z9 = q = (u < 0 ? e : 1)/(1 + e). The choice is the greater of e and ±1.
#define SIGMOID(e) \
	VMOVUPS e, Z2; \
	VADDPS Z2, Z30, Z3             /* Z3 = 1 + e */; \
	VMOVAPS Z5, Z9; \
	VPTERNLOGD $0xea, Z30, Z28, Z9 /* Z9 = 1 with the sign of u */; \
	VMAXPS Z2, Z9, Z9              /* Z9 = u < 0 ? e : 1 */; \
	VDIVPS Z3, Z9, Z9

// Modulating factors of the losses: Z6 = w·q^γ.
#define MODULATE0(e)
#define MODULATE1(e) \
	SIGMOID(e); \
	VMULPS Z9, Z6, Z6              /* Z6 = w·q */
#define MODULATE2(e) \
	SIGMOID(e); \
	VMULPS Z9, Z6, Z6; \
	VMULPS Z9, Z6, Z6              /* Z6 = (w·q)·q */

// SOFTPLUS: Z5 = softplus(u) = max(u, 0) + log1p(e). A NaN in u stays one.
#define SOFTPLUS \
	VMAXPS Z5, Z29, Z5             /* Z5 = max(u, 0) */; \
	VADDPS Z2, Z5, Z5              /* Z5 = −ln p_t */

// Slopes for the gradients, from u in Z5 and q in Z9: Z5 = softplus(u), Z6 = ±w·q^γ,
// Z3 = g = ±w·q^γ·(q + γ·p_t·softplus(u)), with p_t = u < 0 ? 1 − q : e·q, which keeps full
// relative accuracy. For γ = 2 the loss takes (w·q)·q, the gradient w·q².
#define TRUEPROB(e) \
	VPMOVD2M Z5, K1                /* K1 = u < 0 */; \
	VMULPS e, Z9, Z3; \
	VSUBPS Z9, Z30, K1, Z3
#define SLOPE0(e) \
	SOFTPLUS; \
	VMULPS Z9, Z6, Z3              /* Z3 = ±w·q */
#define SLOPE1(e) \
	TRUEPROB(e); \
	SOFTPLUS; \
	VFMADD213PS Z9, Z5, Z3         /* Z3 = q + p_t·softplus(u) */; \
	VMULPS Z9, Z6, Z6              /* Z6 = ±w·q */; \
	VMULPS Z6, Z3, Z3              /* Z3 = g */
#define SLOPE2(e) \
	TRUEPROB(e); \
	SOFTPLUS; \
	VADDPS Z3, Z3, Z3              /* Z3 = 2·p_t */; \
	VFMADD213PS Z9, Z5, Z3         /* Z3 = q + 2·p_t·softplus(u) */; \
	VMULPS Z9, Z9, Z2              /* Z2 = q² */; \
	VMULPS Z2, Z6, Z2              /* Z2 = ±w·q² */; \
	VMULPS Z2, Z3, Z3              /* Z3 = g */; \
	VMULPS Z9, Z6, Z6; \
	VMULPS Z9, Z6, Z6              /* Z6 = ±(w·q)·q */
#define SLOPE(e) \
	TRUEPROB(e); \
	SOFTPLUS; \
	VMULPS.BCST 16(R10), Z3, Z3    /* Z3 = γ·p_t */; \
	VFMADD213PS Z9, Z5, Z3         /* Z3 = q + γ·p_t·softplus(u) */; \
	VMULPS Z6, Z3, Z3              /* Z3 = g */

// LOSS: F = w·q^γ·softplus(u), the loss.
#define LOSS(F) \
	SOFTPLUS; \
	VMULPS Z6, Z5, F

// GRADIENT: Z3 = g = ±w·q^γ·(q + γ·p_t·softplus(u)), F = w·q^γ·softplus(u), the loss.
#define GRADIENT(e, g, F, SLP) \
	SLP(e); \
	VMOVUPS Z3, g; \
	VMULPS Z6, Z5, Z5; \
	VANDNPS Z5, Z28, F

// The steps, each for the vector o of a group n scores ahead. done is a label of its own.
#define EXPSTEP(n, o) \
	AHEAD(n); \
	PLACE; \
	EXPNEG(o(SI)(DI*4), (o+RING_E)(R8)(DX*4))
#define STEPS \
	EXPSTEP(32, 0); \
	EXPSTEP(32, 64)

// With a general γ: u, w, log1p(e) and, for the gradients, q; then t and r of q^γ. The first
// groups are evaluated before their time, too, from whatever is in the rings.
#define NOQ(e, q)
#define KEEPQ(e, q) \
	SIGMOID(e); \
	VMOVUPS Z9, q
#define LOG1PSTEP(n, o, HEAD, Q, done) \
	AHEAD(n); \
	XORL DX, DX; \
	TESTQ DI, DI; \
	CMOVQLT DX, DI; \
	PLACE; \
	HEAD(o(SI)(DI*4), (o/4)(BX)(DI*1), o(R14)(DI*4), done); \
	Q((o+RING_E)(R8)(DX*4), (o+RING_Q)(R8)(DX*4)); \
	VMOVUPS Z5, (o+RING_U)(R8)(DX*4); \
	VMOVUPS Z6, (o+RING_W)(R8)(DX*4); \
	LOG1P((o+RING_E)(R8)(DX*4)); \
	VMOVUPS Z2, (o+RING_L)(R8)(DX*4)
#define POWERSTEP(n, o) \
	AHEAD(n); \
	PLACE; \
	POWER((o+RING_U)(R8)(DX*4), (o+RING_L)(R8)(DX*4), (o+RING_T)(R8)(DX*4), (o+RING_R)(R8)(DX*4))
#define POWERSTEPS(HEAD, Q) \
	EXPSTEP(96, 0); \
	LOG1PSTEP(64, 0, HEAD, Q, weighed0); \
	POWERSTEP(32, 0); \
	EXPSTEP(96, 64); \
	LOG1PSTEP(64, 64, HEAD, Q, weighed1); \
	POWERSTEP(32, 64)

// The combine step, DX being the place of AX in the rings. POWERLOAD: what LOG1PSTEP and
// POWERSTEP left, with Z6 = w·q^γ.
#define LOSSCOMBINE(o, F, MOD, done) \
	HEAD(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), done); \
	MOD((o+RING_E)(R8)(DX*4)); \
	LOG1P((o+RING_E)(R8)(DX*4)); \
	LOSS(F)
#define GRADIENTCOMBINE(o, F, SLP, done) \
	SIGNEDHEAD(o(SI)(AX*4), (o/4)(BX)(AX*1), o(R14)(AX*4), done); \
	SIGMOID((o+RING_E)(R8)(DX*4)); \
	LOG1P((o+RING_E)(R8)(DX*4)); \
	GRADIENT((o+RING_E)(R8)(DX*4), o(R13)(AX*4), F, SLP)
#define POWERLOAD(o) \
	VMOVUPS (o+RING_T)(R8)(DX*4), Z1; \
	VMOVUPS (o+RING_R)(R8)(DX*4), Z0; \
	EXPCORE; \
	VMULPS (o+RING_W)(R8)(DX*4), Z1, Z6; \
	VMOVUPS (o+RING_U)(R8)(DX*4), Z5; \
	VMOVUPS (o+RING_L)(R8)(DX*4), Z2
#define LOSSPOWERCOMBINE(o, F) \
	POWERLOAD(o); \
	LOSS(F)
#define GRADIENTPOWERCOMBINE(o, F) \
	POWERLOAD(o); \
	VMOVUPS (o+RING_Q)(R8)(DX*4), Z9; \
	GRADIENT((o+RING_E)(R8)(DX*4), o(R13)(AX*4), F, SLOPE)

// From probabilities: Z31 weights by label, Z30 1 for the label 1, else 0, Z29 0 for
// the label 1, else 1, Z28 mask of all but the sign, Z27 the sums, Z26 the greatest bits
// of x so far, as unsigned integers, Z25 one, Z24 2²⁴, Z23 lnSplit, Z22 mask of sign and
// exponent, Z21 table of c·2⁻²⁴, Z20 table of ln c, Z19…Z16 g0…g3, Z15 0 for t = x,
// 2²⁴ for t = 1 − x by label, Z14 −ln2/2²³, Z13 100, Z12 zero, Z11 1e-12,
// Z10 losses yet to be added.
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

// NEGLN: −ln t = −k·ln2 + ln c − ln(1 + f), where t is x, in Z0, or 1 − x by the label:
// Z3 = 2²³·k, Z1 = ln c, Z0 = f. It evaluates 1 − x without the rounding: what Z2 lost
// of it, low, goes into f.
#define NEGLN(y) \
	VPMOVZXBD y, Z1; \
	VPERMILPS Z1, Z15, Z1          /* Z1 = a = 0 or 2²⁴ */; \
	VMOVAPS Z1, Z2; \
	VFNMADD231PS Z0, Z24, Z2       /* Z2 = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS Z2, Z1, Z1              /* Z1 = a − Z2 */; \
	VFNMADD213PS Z1, Z24, Z0       /* Z0 = low = (a − Z2) − 2²⁴·x, exact */; \
	VANDPS Z28, Z2, Z2             /* Z2 = 2²⁴·t */; \
	VPSUBD Z23, Z2, Z3             /* Z3 = bits of Z2 less lnSplit */; \
	VPSRLD $20, Z3, Z4             /* Z4 = j, the eighth of m's range, mod 8 */; \
	VPANDD Z22, Z3, Z3             /* Z3 = k<<23 */; \
	VPERMPS Z20, Z4, Z1            /* Z1 = ln c */; \
	VPERMPS Z21, Z4, Z4; \
	VPSUBD Z3, Z4, Z4              /* Z4 = c' = c·2^(−k−24) */; \
	VFMSUB213PS Z25, Z4, Z2        /* Z2 = c'·Z2 − 1 */; \
	VFMADD213PS Z2, Z4, Z0         /* Z0 = f = c'·low + Z2 */; \
	VCVTDQ2PS Z3, Z3               /* Z3 = 2²³·k */

// LN1P: g = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³); s and t are temporaries.
#define LN1P(f, s, t, g) \
	VMULPS f, f, s                 /* s = f² */; \
	VMOVAPS Z19, g; \
	VFMADD231PS Z18, f, g          /* g = g0 + g1·f */; \
	VMOVAPS Z17, t; \
	VFMADD231PS Z16, f, t          /* t = g2 + g3·f */; \
	VFMADD231PS t, s, g            /* g = g + f²·t */; \
	VFMADD213PS f, s, g            /* g = f + f²·g */

// LNHEAD: Z0 = f and Z1 = h of −ln p_t = h − ln(1 + f). −0 counts as 0.
#define LNHEAD(x, y, f, h) \
	VADDPS x, Z12, Z0              /* Z0 = x, without −0 */; \
	VPMAXUD Z0, Z26, Z26; \
	NEGLN(y); \
	VFMADD231PS Z14, Z3, Z1        /* Z1 = −k·ln2 + ln c */; \
	VMOVUPS Z0, f; \
	VMOVUPS Z1, h

// CE: Z3 = min(−ln p_t, 100).
#define CE(f, h) \
	VMOVUPS f, Z0; \
	LN1P(Z0, Z1, Z2, Z3); \
	VMOVUPS h, Z0; \
	VSUBPS Z3, Z0, Z3              /* Z3 = −ln p_t */; \
	VMINPS Z13, Z3, Z3

// The power pass from probabilities is four loops over a chunk, each a short chain: f, ln c
// and 2²³·k of −ln(1 − p_t); S = −ln(1 − p_t) and what it lost, v; t and r; q^γ.

// LNQHEAD: Z15 is 0 for t = 1 − x, 2²⁴ for t = x by label.
#define LNQHEAD(x, y, f, h, k) \
	VMOVUPS x, Z0; \
	NEGLN(y); \
	VMOVUPS Z0, f; \
	VMOVUPS Z1, h; \
	VMOVUPS Z3, k

// LNQTAIL: s and v in place of h and f. Z14 is −ln2/2²³ in 15 bits, Z13 the rest.
#define LNQTAIL(v, s, k) \
	VMOVUPS v, Z0; \
	LN1P(Z0, Z2, Z5, Z4); \
	VMOVUPS s, Z1; \
	VMOVUPS k, Z3; \
	VSUBPS Z4, Z1, Z1              /* Z1 = d = ln c − ln(1 + f) */; \
	VMULPS Z14, Z3, Z2             /* Z2 = m = −k·ln2, its high part, exact */; \
	VADDPS Z1, Z2, Z0              /* Z0 = S = m + d, rounded */; \
	VMOVUPS Z0, s; \
	VSUBPS Z2, Z0, Z0; \
	VSUBPS Z0, Z1, Z1              /* Z1 = d − (S − m), what S lost */; \
	VFMADD231PS Z13, Z3, Z1        /* Z1 = Z1 − k·ln2, its low part */; \
	VMOVUPS Z1, v

// POWQ: r and t in place of s and v. The s of q = 0, and of no other, is beyond lnZero: t is
// then that of 0. POWEXP: q^γ in place of r. Registers: those from logits.
#define POWQ(s, v) \
	VMOVUPS s, Z3; \
	VMOVUPS v, Z2; \
	VCMPPS.BCST $14, ·ln+LN_ZERO(SB), Z3, K1 /* K1 = s > lnZero */; \
	PRODUCT; \
	VBROADCASTSS ·ln+LN_TZERO(SB), K1, Z1; \
	VMOVUPS Z1, v; \
	VMOVUPS Z0, s
#define POWEXP(r, t) \
	VMOVUPS t, Z1; \
	VMOVUPS r, Z0; \
	EXPCORE; \
	VMOVUPS Z1, r

// LNSTEP: the step ahead of combine.
#define LNSTEP(o) \
	AHEAD(32); \
	PLACE; \
	LNHEAD(o(SI)(DI*4), (o/4)(BX)(DI*1), (o+RING_E)(R8)(DX*4), (o+RING_L)(R8)(DX*4))
#define PROBSTEPS \
	LNSTEP(0); \
	LNSTEP(64)

// Modulating factors from probabilities: Z6 = w·q^γ; Z0 = label.
#define PROBMODULATE0(x, q)
#define PROBMODULATE1(x, q) \
	VPERMILPS Z0, Z30, Z0; \
	VSUBPS x, Z0, Z0               /* Z0 = ±q */; \
	VANDPS Z28, Z0, Z0; \
	VMULPS Z0, Z6, Z6              /* Z6 = w·q */
#define PROBMODULATE2(x, q) \
	VPERMILPS Z0, Z30, Z0; \
	VSUBPS x, Z0, Z0               /* Z0 = ±q */; \
	VMULPS Z0, Z0, Z0; \
	VMULPS Z0, Z6, Z6              /* Z6 = w·q² */
#define PROBMODULATE(x, q) \
	VMULPS q, Z6, Z6               /* Z6 = w·q^γ */

// PROBLOSS: F = w·q^γ·min(−ln p_t, 100), the loss.
#define PROBLOSS(o, F, MOD, done) \
	CE((o+RING_E)(R8)(DX*4), (o+RING_L)(R8)(DX*4)); \
	VPMOVZXBD (o/4)(BX)(AX*1), Z0  /* Z0 = label */; \
	VPERMILPS Z0, Z31, Z6          /* Z6 = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(o(R14)(AX*4), done); \
	MOD(o(SI)(AX*4), (o+POW_Q)(R8)(AX*4)); \
	VMULPS Z3, Z6, F

// Slopes from probabilities: Z4 = g, Z6 = ±w·q^γ from CE in Z3, q in Z0, p_t in Z2.
#define PROBSLOPE0(q) \
	VDIVPS Z2, Z6, Z4              /* Z4 = ±w/p_t */
#define PROBSLOPE1(q) \
	VDIVPS Z2, Z0, Z4; \
	VADDPS Z3, Z4, Z4; \
	VMULPS Z6, Z4, Z4              /* Z4 = ±w·(q/p_t + CE) */; \
	VMULPS Z0, Z6, Z6              /* Z6 = ±w·q */
#define PROBSLOPE2(q) \
	VDIVPS Z2, Z0, Z4; \
	VADDPS Z3, Z3, Z2; \
	VADDPS Z2, Z4, Z4              /* Z4 = q/p_t + 2·CE */; \
	VMULPS Z0, Z6, Z2; \
	VMULPS Z2, Z4, Z4              /* Z4 = ±w·q·(q/p_t + 2·CE) */; \
	VMULPS Z0, Z0, Z0; \
	VMULPS Z0, Z6, Z6              /* Z6 = ±w·q² */
#define PROBSLOPE(q) \
	VMULPS q, Z6, Z6               /* Z6 = ±w·q^γ */; \
	VDIVPS Z2, Z6, Z4              /* Z4 = ±w·q^γ/p_t */; \
	VMAXPS.BCST ·least(SB), Z0, Z0 /* Z0 = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS Z0, Z3, Z0              /* Z0 = CE/q */; \
	VMULPS.BCST 16(R10), Z6, Z2    /* Z2 = ±w·q^γ·γ */; \
	VFMADD231PS Z0, Z2, Z4         /* Z4 = ±w·q^γ·(1/p_t + γ·CE/q) */

// PROBGRADIENT: Z4 = g = ±w·q^γ·(1/p_t + γ·CE/q), p_t at least 1e-12; F = w·q^γ·CE, the
// loss.
#define PROBGRADIENT(o, F, SLP, done) \
	CE((o+RING_E)(R8)(DX*4), (o+RING_L)(R8)(DX*4)); \
	VPMOVZXBD (o/4)(BX)(AX*1), Z0; \
	VPERMILPS Z0, Z31, Z6          /* Z6 = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(o(R14)(AX*4), done); \
	VMOVUPS o(SI)(AX*4), Z4; \
	VPERMILPS Z0, Z29, Z2; \
	VSUBPS Z4, Z2, Z2; \
	VANDPS Z28, Z2, Z2; \
	VMAXPS Z11, Z2, Z2             /* Z2 = max(p_t, 1e-12) */; \
	VPERMILPS Z0, Z30, Z0; \
	VSUBPS Z4, Z0, Z0; \
	VANDPS Z28, Z0, Z0             /* Z0 = q */; \
	SLP((o+POW_Q)(R8)(AX*4)); \
	VMOVUPS Z4, o(R13)(AX*4); \
	VMULPS Z6, Z3, Z0; \
	VANDPS Z28, Z0, F

// The canonical sum of the 32 losses in Z7 and Z8: lane j of s adds the losses j, j+8,
// j+16, j+24 in float32; the lanes are accumulated in float64. ADDLANES is done a turn
// after ADDHALVES.
#define ADDHALVES \
	VADDPS Z8, Z7, Z10             /* Z10 = f[j] + f[j+16], then f[j+8] + f[j+24] */
#define ADDLANES \
	VEXTRACTF32X8 $1, Z10, Y0; \
	VADDPS Y0, Y10, Y0             /* Y0 = s */; \
	VCVTPS2PD Y0, Z0; \
	VADDPD Z0, Z27, Z27            /* Z27 = the lanes' sums */

// STORE: the losses to the output, where there is one.
#define STORE \
	TESTQ R12, R12; \
	JZ    stored; \
	VMOVUPS Z7, 0(R12)(AX*4); \
	VMOVUPS Z8, 64(R12)(AX*4); \
stored:

// The combine step by kind of kernel.
#define LOSSTURN(MOD) \
	LOSSCOMBINE(0, Z7, MOD, weighed0); \
	LOSSCOMBINE(64, Z8, MOD, weighed1)
#define GRADIENTTURN(SLP) \
	GRADIENTCOMBINE(0, Z7, SLP, weighed0); \
	GRADIENTCOMBINE(64, Z8, SLP, weighed1)
#define LOSSPOWERTURN \
	LOSSPOWERCOMBINE(0, Z7); \
	LOSSPOWERCOMBINE(64, Z8)
#define GRADIENTPOWERTURN \
	GRADIENTPOWERCOMBINE(0, Z7); \
	GRADIENTPOWERCOMBINE(64, Z8)
#define PROBLOSSTURN(MOD) \
	PROBLOSS(0, Z7, MOD, weighed0); \
	PROBLOSS(64, Z8, MOD, weighed1)
#define PROBGRADIENTTURN(SLP) \
	PROBGRADIENT(0, Z7, SLP, weighed0); \
	PROBGRADIENT(64, Z8, SLP, weighed1)

// WEIGHTS: Z31 = Neg, Pos, 0, 0 four times. SIGNEDWEIGHTS: Pos negated.
#define WEIGHTS VBROADCASTF32X4 (R10), Z31
#define SIGNEDWEIGHTS \
	VBROADCASTF32X4 (R10), Z31; \
	VBROADCASTF32X4 ·negatepos(SB), Z0; \
	VXORPS Z0, Z31, Z31

// LOOP: the loop of all kernels over the CX scores at SI. STEPS begin BEFORE scores
// before COMBINE.
#define LOOP(BEFORE, STEPS, COMBINE) \
	LEAQ -32(CX), R9; \
	VXORPS Z10, Z10, Z10; \
	MOVQ $-BEFORE, AX; \
loop: \
	ADDLANES; \
	STEPS; \
	TESTQ AX, AX; \
	JLT ahead; \
	MOVQ AX, DX; \
	ANDQ $(RING-1), DX; \
	COMBINE; \
	STORE; \
	ADDHALVES; \
ahead: \
	ADDQ $32, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	ADDLANES

// The body of a kernel from logits, after its arguments are in registers.
#define LOSSKERNEL(MOD) LOGITBODY(WEIGHTS, 32, STEPS, LOSSTURN(MOD))
#define LOSSPOWERKERNEL LOGITBODY(WEIGHTS, 96, POWERSTEPS(HEAD, NOQ), LOSSPOWERTURN)
#define GRADIENTKERNEL(SLP) LOGITBODY(SIGNEDWEIGHTS, 32, STEPS, GRADIENTTURN(SLP))
#define GRADIENTPOWERKERNEL LOGITBODY(SIGNEDWEIGHTS, 96, POWERSTEPS(SIGNEDHEAD, KEEPQ), GRADIENTPOWERTURN)
#define LOGITBODY(WEIGHTS, BEFORE, STEPS, COMBINE) \
	ENTER(3648); \
	MOVQ DX, CX; \
	TESTQ CX, CX; \
	JZ done; \
	WEIGHTS; \
	LOGITSETUP; \
	VMOVUPD 0(R11), Z27; \
	LOOP(BEFORE, STEPS, COMBINE); \
	VMOVUPD Z27, 0(R11); \
done: \
	VZEROUPPER; \
	RET

// The body of a kernel from probabilities, in chunks if there is a power pass. A score
// that is no probability makes the sums NaN.
#define PROBLOSSKERNEL(SIZE, POW, MOD) PROBBODY(WEIGHTS, SIZE, POW, PROBLOSSTURN(MOD))
#define PROBGRADIENTKERNEL(SIZE, POW, SLP) PROBBODY(SIGNEDWEIGHTS, SIZE, POW, PROBGRADIENTTURN(SLP))
#define ALL MOVQ DX, CX
#define PROBBODY(WEIGHTS, SIZE, POW, COMBINE) \
	ENTER(7232); \
	TESTQ DX, DX; \
	JZ done; \
chunk: \
	SIZE; \
	MOVQ DX, left-8(SP)           /* R15 is the linker's in plugins */; \
	POW; \
	WEIGHTS; \
	PROBSETUP; \
	VMOVUPD 0(R11), Z27; \
	LOOP(32, PROBSTEPS, COMBINE); \
	VPCMPUD $6, Z25, Z26, K1       /* K1 = where an x was beyond one */; \
	KORTESTW K1, K1; \
	JZ valid; \
	VPTERNLOGD $0xff, Z27, Z27, Z27 /* Z27 = NaN */; \
valid: \
	VMOVUPD Z27, 0(R11); \
	MOVQ left-8(SP), DX; \
	NEXTCHUNK(chunk); \
done: \
	VZEROUPPER; \
	RET
