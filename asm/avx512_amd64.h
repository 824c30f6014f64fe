// The vocabulary of the AVX-512 kernels; kernel_amd64.h has the steps and the general
// registers. A vector is 16 float32 scores. The operations are those of avx2_amd64.h, in
// the same order; tables of 8 are held twice, so that the 4 bits of an index that
// VPERMPS reads select the same element.
//
// A kernel is one loop of 32 scores a turn, in which each step works on other scores:
// while one group is combined, the log1p of the next and the exp of the one after it are
// evaluated. So no turn waits for a chain of dependent operations, of which a core with
// 192 vector registers could overlap too few, and all ports are loaded evenly. Results
// go from step to step through rings of RING scores in L1. The first turns combine
// nothing; in the last ones the early steps evaluate the last group again.
//
// General registers of the loop: AX the group that is combined, R9 the last group;
// DI and DX a step's group, and its place in the rings. Z0…Z9 are temporaries.

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

// TABLE: a table of eight, twice.
#define TABLE(table, r) VBROADCASTF32X8 table(SB), r

// The two vectors of a group go through each step in lockstep. Zen 4 distributes
// operations to its schedulers by turns, so that pairs of the same kind are what keeps
// both pipes of a kind busy. Their temporaries:
#define A0 Z0
#define A1 Z5
#define B0 Z1
#define B1 Z6
#define C0 Z2
#define C1 Z7
#define D0 Z3
#define D1 Z8
#define E0 Z4
#define E1 Z9

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

// EXPCORE: T = 2^(n/8)·exp(r) for t = n + magic in T.
#define EXPCORE \
	VPERMPS Z25, B0, C0; VPERMPS Z25, B1, C1                /* C = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	VPSLLD $20, B0, B0; VPSLLD $20, B1, B1                  /* B = (n/8)<<23 + j<<20 */; \
	VPADDD B0, C0, C0; VPADDD B1, C1, C1                    /* C = s = 2^(n/8), +0 at n = −1016 */; \
	VMOVAPS Z24, B0; VMOVAPS Z24, B1; \
	VFMADD231PS Z23, A0, B0; VFMADD231PS Z23, A1, B1        /* B = p2 + p3·r */; \
	VMULPS A0, A0, D0; VMULPS A1, A1, D1                    /* D = r² */; \
	VFMADD231PS Z22, D0, B0; VFMADD231PS Z22, D1, B1        /* B = p2 + p3·r + p4·r² */; \
	VFMADD213PS A0, D0, B0; VFMADD213PS A1, D1, B1          /* B = r + r²·B ≈ exp(r) − 1 */; \
	VFMADD213PS C0, C0, B0; VFMADD213PS C1, C1, B1          /* B = s + s·B */

// EXPNEG: e = exp(−|x|).
#define EXPNEG(x0, x1, e0, e1) \
	VRANGEPS $14, x0, Z18, A0; VRANGEPS $14, x1, Z18, A1    /* A = −min(|x|, 127·ln2) */; \
	VMOVAPS Z26, B0; VMOVAPS Z26, B1; \
	VFMADD231PS Z21, A0, B0; VFMADD231PS Z21, A1, B1        /* B = t = A·8/ln2 + magic */; \
	VSUBPS Z26, B0, C0; VSUBPS Z26, B1, C1                  /* C = n = round(A·8/ln2) */; \
	VFNMADD231PS Z20, C0, A0; VFNMADD231PS Z20, C1, A1      /* A = A − n·c1 */; \
	VFNMADD231PS Z19, C0, A0; VFNMADD231PS Z19, C1, A1      /* A = r = A − n·ln2/8 */; \
	EXPCORE; \
	VMOVUPS B0, e0; VMOVUPS B1, e1

// LOG1P: l = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7),
// i = round(7e), log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define LOG1P(e0, e1, l0, l1) \
	VMOVUPS e0, A0; VMOVUPS e1, A1                          /* A = e */; \
	VMOVAPS Z26, B0; VMOVAPS Z26, B1; \
	VFMADD231PS Z17, A0, B0; VFMADD231PS Z17, A1, B1        /* B = i + magic */; \
	VPERMPS Z16, B0, C0; VPERMPS Z16, B1, C1                /* C = c */; \
	VPERMPS Z15, B0, B0; VPERMPS Z15, B1, B1                /* B = −ln c */; \
	VSUBPS Z30, C0, D0; VSUBPS Z30, C1, D1                  /* D = c − 1, exact */; \
	VFMADD213PS D0, C0, A0; VFMADD213PS D1, C1, A1          /* A = f = c·e + (c − 1) */; \
	VMULPS A0, A0, E0; VMULPS A1, A1, E1                    /* E = f² */; \
	VMOVAPS Z14, C0; VMOVAPS Z14, C1; \
	VFMADD231PS Z13, A0, C0; VFMADD231PS Z13, A1, C1        /* C = d0 + d1·f */; \
	VMOVAPS Z12, D0; VMOVAPS Z12, D1; \
	VFMADD231PS Z11, A0, D0; VFMADD231PS Z11, A1, D1        /* D = d2 + d3·f */; \
	VFMADD231PS D0, E0, C0; VFMADD231PS D1, E1, C1          /* C = C + f²·D */; \
	VFMADD213PS A0, E0, C0; VFMADD213PS A1, E1, C1          /* C = f + f²·C ≈ log1p(f) */; \
	VADDPS B0, C0, C0; VADDPS B1, C1, C1                    /* C = log1p(e) */; \
	VMOVUPS C0, l0; VMOVUPS C1, l1

// PRODUCT: exp(−γ·(D + C)) = 2^(n/8)·exp(A), n + magic in B; C is the low part of D ≥ 0.
// The product is carried as h + lo.
#define PRODUCT \
	VBROADCASTSS 24(R10), A0; VMOVAPS A0, A1; \
	VMINPS D0, A0, D0; VMINPS D1, A1, D1                    /* D = min(D, limit), so γ·D ≤ 127·ln2 */; \
	VBROADCASTSS 16(R10), B0; VMOVAPS B0, B1; \
	VMULPS D0, B0, A0; VMULPS D1, B1, A1                    /* A = h = γ·D, rounded */; \
	VFMSUB213PS A0, B0, D0; VFMSUB213PS A1, B1, D1          /* D = γ·D − h, exact */; \
	VFMADD231PS.BCST 20(R10), C0, D0; VFMADD231PS.BCST 20(R10), C1, D1 /* D = lo = D + γ'·C */; \
	VMOVAPS Z26, B0; VMOVAPS Z26, B1; \
	VFNMADD231PS Z21, A0, B0; VFNMADD231PS Z21, A1, B1      /* B = t = −h·8/ln2 + magic */; \
	VSUBPS Z26, B0, C0; VSUBPS Z26, B1, C1                  /* C = n */; \
	VFNMSUB231PS Z20, C0, A0; VFNMSUB231PS Z20, C1, A1      /* A = −h − n·c1 */; \
	VFNMADD231PS Z19, C0, A0; VFNMADD231PS Z19, C1, A1      /* A = −h − n·ln2/8 */; \
	VSUBPS D0, A0, A0; VSUBPS D1, A1, A1                    /* A = r = −(h + lo) − n·ln2/8 */

// POWER: t and r of q^γ = exp(−γ·softplus(−u)).
#define POWER(u0, u1, l0, l1, t0, t1, r0, r1) \
	VXORPS u0, Z28, E0; VXORPS u1, Z28, E1                  /* E = −u */; \
	VMAXPS E0, Z29, E0; VMAXPS E1, Z29, E1; \
	CONST(K_CEIL, D0); VMOVAPS D0, D1; \
	VMINPS E0, D0, E0; VMINPS E1, D1, E1                    /* E = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l0, C0; VMOVUPS l1, C1                          /* C = L = log1p(e) */; \
	VADDPS C0, E0, D0; VADDPS C1, E1, D1                    /* D = m + L = softplus(−u), rounded */; \
	VSUBPS E0, D0, A0; VSUBPS E1, D1, A1; \
	VSUBPS A0, C0, C0; VSUBPS A1, C1, C1                    /* C = L − (D − m), what D lost */; \
	PRODUCT; \
	VMOVUPS B0, t0; VMOVUPS B1, t1; \
	VMOVUPS A0, r0; VMOVUPS A1, r1

// WEIGH: B = w·weight where weights are given.
#define WEIGH(weight0, weight1) \
	TESTQ R14, R14; \
	JZ    weighed; \
	VMULPS weight0, B0, B0; VMULPS weight1, B1, B1; \
weighed:

// HEAD: A = u, B = w. Of a gradient the sign is the weight's: there Z31 holds −Pos for
// the label 1, and SIGNEDHEAD takes it from there.
#define HEAD(x0, x1, y0, y1, weight0, weight1) \
	VPMOVZXBD y0, A0; VPMOVZXBD y1, A1                      /* A = label */; \
	VPERMILPS A0, Z31, B0; VPERMILPS A1, Z31, B1            /* B = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(weight0, weight1); \
	VPSLLD $31, A0, A0; VPSLLD $31, A1, A1; \
	VXORPS x0, A0, A0; VXORPS x1, A1, A1                    /* A = u: −x where the label is 1 */
#define SIGNEDHEAD(x0, x1, y0, y1, weight0, weight1) \
	VPMOVZXBD y0, A0; VPMOVZXBD y1, A1; \
	VPERMILPS A0, Z31, B0; VPERMILPS A1, Z31, B1            /* B = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(weight0, weight1); \
	VMOVUPS x0, A0; VMOVUPS x1, A1; \
	VPTERNLOGD $0x78, Z28, B0, A0; VPTERNLOGD $0x78, Z28, B1, A1 /* A = u: −x where the label is 1 */

// SIGMOID: E = q = (u < 0 ? e : 1)/(1 + e). The choice is the greater of e and ±1.
#define SIGMOID(e0, e1) \
	VMOVUPS e0, C0; VMOVUPS e1, C1; \
	VADDPS C0, Z30, D0; VADDPS C1, Z30, D1                  /* D = 1 + e */; \
	VMOVAPS A0, E0; VMOVAPS A1, E1; \
	VPTERNLOGD $0xea, Z30, Z28, E0; VPTERNLOGD $0xea, Z30, Z28, E1 /* E = 1 with the sign of u */; \
	VMAXPS C0, E0, E0; VMAXPS C1, E1, E1                    /* E = u < 0 ? e : 1 */; \
	VDIVPS D0, E0, E0; VDIVPS D1, E1, E1

// What the weight step does with q: B = w·q^γ for the losses, or q is kept.
#define MODULATE0(e0, e1, q0, q1)
#define MODULATE1(e0, e1, q0, q1) \
	SIGMOID(e0, e1); \
	VMULPS E0, B0, B0; VMULPS E1, B1, B1                    /* B = w·q */
#define MODULATE2(e0, e1, q0, q1) \
	SIGMOID(e0, e1); \
	VMULPS E0, E0, E0; VMULPS E1, E1, E1                    /* E = q² */; \
	VMULPS E0, B0, B0; VMULPS E1, B1, B1                    /* B = w·q² */
#define KEEPQ(e0, e1, q0, q1) \
	SIGMOID(e0, e1); \
	VMOVUPS E0, q0; VMOVUPS E1, q1

// WEIGHT: u and w, with what MOD makes of q, to the rings.
#define WEIGHT(HEAD, MOD, x0, x1, y0, y1, weight0, weight1, e0, e1, u0, u1, w0, w1, q0, q1) \
	HEAD(x0, x1, y0, y1, weight0, weight1); \
	MOD(e0, e1, q0, q1); \
	VMOVUPS A0, u0; VMOVUPS A1, u1; \
	VMOVUPS B0, w0; VMOVUPS B1, w1

// The steps ahead of combine, without and with a power step. The first group of the log1p,
// weight and power steps is evaluated before its time, too, from whatever is in the rings.
#define EXPSTEP(n) \
	AHEAD(n); \
	PLACE; \
	EXPNEG(0(SI)(DI*4), 64(SI)(DI*4), (0+RING_E)(R8)(DX*4), (64+RING_E)(R8)(DX*4))
#define LOG1PSTEP(n, HEAD, MOD) \
	AHEAD(n); \
	XORL DX, DX; \
	TESTQ DI, DI; \
	CMOVQLT DX, DI; \
	PLACE; \
	LOG1P((0+RING_E)(R8)(DX*4), (64+RING_E)(R8)(DX*4), (0+RING_L)(R8)(DX*4), (64+RING_L)(R8)(DX*4)); \
	WEIGHT(HEAD, MOD, 0(SI)(DI*4), 64(SI)(DI*4), 0(BX)(DI*1), 16(BX)(DI*1), 0(R14)(DI*4), 64(R14)(DI*4), (0+RING_E)(R8)(DX*4), (64+RING_E)(R8)(DX*4), (0+RING_U)(R8)(DX*4), (64+RING_U)(R8)(DX*4), (0+RING_W)(R8)(DX*4), (64+RING_W)(R8)(DX*4), (0+RING_Q)(R8)(DX*4), (64+RING_Q)(R8)(DX*4))
#define POWERSTEP(n) \
	AHEAD(n); \
	PLACE; \
	POWER((0+RING_U)(R8)(DX*4), (64+RING_U)(R8)(DX*4), (0+RING_L)(R8)(DX*4), (64+RING_L)(R8)(DX*4), (0+RING_T)(R8)(DX*4), (64+RING_T)(R8)(DX*4), (0+RING_R)(R8)(DX*4), (64+RING_R)(R8)(DX*4))
#define STEPS(HEAD, MOD) \
	EXPSTEP(64); \
	LOG1PSTEP(32, HEAD, MOD)
#define POWERSTEPS(HEAD, MOD) \
	EXPSTEP(96); \
	LOG1PSTEP(64, HEAD, MOD); \
	POWERSTEP(32)

// The combine step, DX being the place of AX in the rings.

// POWERFACTOR: B = w·q^γ, from t and r.
#define NOFACTOR VMOVUPS (0+RING_W)(R8)(DX*4), B0; VMOVUPS (64+RING_W)(R8)(DX*4), B1
#define POWERFACTOR \
	VMOVUPS (0+RING_T)(R8)(DX*4), B0; VMOVUPS (64+RING_T)(R8)(DX*4), B1; \
	VMOVUPS (0+RING_R)(R8)(DX*4), A0; VMOVUPS (64+RING_R)(R8)(DX*4), A1; \
	EXPCORE; \
	VMULPS (0+RING_W)(R8)(DX*4), B0, B0; VMULPS (64+RING_W)(R8)(DX*4), B1, B1

// SOFTPLUS: A = softplus(u) = max(u, 0) + log1p(e). A NaN in u stays one.
#define SOFTPLUS \
	VMAXPS A0, Z29, A0; VMAXPS A1, Z29, A1                  /* A = max(u, 0) */; \
	VADDPS (0+RING_L)(R8)(DX*4), A0, A0; VADDPS (64+RING_L)(R8)(DX*4), A1, A1 /* A = −ln p_t */

// LOSS: A = w·q^γ·softplus(u), the loss.
#define LOSS(FACTOR) \
	FACTOR; \
	VMOVUPS (0+RING_U)(R8)(DX*4), A0; VMOVUPS (64+RING_U)(R8)(DX*4), A1; \
	SOFTPLUS; \
	VMULPS B0, A0, A0; VMULPS B1, A1, A1

// Slopes for the gradients, from u in A and q in E: A = softplus(u), B = ±w·q^γ,
// D = q + γ·p_t·softplus(u), with D = p_t = u < 0 ? 1 − q : e·q, which keeps full
// relative accuracy.
#define TRUEPROB \
	VPMOVD2M A0, K1; VPMOVD2M A1, K2                        /* K = u < 0 */; \
	VMULPS (0+RING_E)(R8)(DX*4), E0, D0; VMULPS (64+RING_E)(R8)(DX*4), E1, D1; \
	VSUBPS E0, Z30, K1, D0; VSUBPS E1, Z30, K2, D1
#define SLOPE0 \
	SOFTPLUS; \
	VMOVAPS E0, D0; VMOVAPS E1, D1
#define SLOPE1 \
	TRUEPROB; \
	SOFTPLUS; \
	VFMADD213PS E0, A0, D0; VFMADD213PS E1, A1, D1          /* D = q + p_t·softplus(u) */; \
	VMULPS E0, B0, B0; VMULPS E1, B1, B1                    /* B = ±w·q */
#define SLOPE2 \
	TRUEPROB; \
	SOFTPLUS; \
	VADDPS D0, D0, D0; VADDPS D1, D1, D1                    /* D = 2·p_t */; \
	VFMADD213PS E0, A0, D0; VFMADD213PS E1, A1, D1          /* D = q + 2·p_t·softplus(u) */; \
	VMULPS E0, E0, E0; VMULPS E1, E1, E1                    /* E = q² */; \
	VMULPS E0, B0, B0; VMULPS E1, B1, B1                    /* B = ±w·q² */
#define SLOPE \
	TRUEPROB; \
	SOFTPLUS; \
	VMULPS.BCST 16(R10), D0, D0; VMULPS.BCST 16(R10), D1, D1 /* D = γ·p_t */; \
	VFMADD213PS E0, A0, D0; VFMADD213PS E1, A1, D1          /* D = q + γ·p_t·softplus(u) */

// GRADIENT: D = g = ±w·q^γ·(q + γ·p_t·softplus(u)), A = w·q^γ·softplus(u), the loss.
#define GRADIENT(FACTOR, SLP) \
	FACTOR; \
	VMOVUPS (0+RING_U)(R8)(DX*4), A0; VMOVUPS (64+RING_U)(R8)(DX*4), A1; \
	VMOVUPS (0+RING_Q)(R8)(DX*4), E0; VMOVUPS (64+RING_Q)(R8)(DX*4), E1; \
	SLP; \
	VMULPS B0, D0, D0; VMULPS B1, D1, D1; \
	VMOVUPS D0, 0(R13)(AX*4); VMOVUPS D1, 64(R13)(AX*4); \
	VMULPS B0, A0, A0; VMULPS B1, A1, A1; \
	VANDNPS A0, Z28, A0; VANDNPS A1, Z28, A1

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

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f), where t is x or 1 − x by the label:
// K = 2²³·k, H = ln c, X = f. It evaluates 1 − x without the rounding: what T lost
// of it, low, goes into f.
#define NEGLN(y0, y1) \
	VPMOVZXBD y0, B0; VPMOVZXBD y1, B1; \
	VPERMILPS B0, Z15, B0; VPERMILPS B1, Z15, B1            /* B = a = 0 or 2²⁴ */; \
	VMOVAPS B0, C0; VMOVAPS B1, C1; \
	VFNMADD231PS A0, Z24, C0; VFNMADD231PS A1, Z24, C1      /* C = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS C0, B0, B0; VSUBPS C1, B1, B1                    /* B = a − C */; \
	VFNMADD213PS B0, Z24, A0; VFNMADD213PS B1, Z24, A1      /* A = low = (a − C) − 2²⁴·x, exact */; \
	VANDPS Z28, C0, C0; VANDPS Z28, C1, C1                  /* C = 2²⁴·t */; \
	VPSUBD Z23, C0, D0; VPSUBD Z23, C1, D1                  /* D = bits of C less lnSplit */; \
	VPSRLD $20, D0, E0; VPSRLD $20, D1, E1                  /* E = j, the eighth of m's range, mod 8 */; \
	VPANDD Z22, D0, D0; VPANDD Z22, D1, D1                  /* D = k<<23 */; \
	VPERMPS Z20, E0, B0; VPERMPS Z20, E1, B1                /* B = ln c */; \
	VPERMPS Z21, E0, E0; VPERMPS Z21, E1, E1; \
	VPSUBD D0, E0, E0; VPSUBD D1, E1, E1                    /* E = c' = c·2^(−k−24) */; \
	VFMSUB213PS Z25, E0, C0; VFMSUB213PS Z25, E1, C1        /* C = c'·C − 1 */; \
	VFMADD213PS C0, E0, A0; VFMADD213PS C1, E1, A1          /* A = f = c'·low + C */; \
	VCVTDQ2PS D0, D0; VCVTDQ2PS D1, D1                      /* D = 2²³·k */

// LN1P: g = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³) of a pair of vectors f; s
// and t are temporaries.
#define LN1P(f, f1, s, s1, t, t1, g, g1) \
	VMULPS f, f, s; VMULPS f1, f1, s1                       /* s = f² */; \
	VMOVAPS Z19, g; VMOVAPS Z19, g1; \
	VFMADD231PS Z18, f, g; VFMADD231PS Z18, f1, g1          /* g = g0 + g1·f */; \
	VMOVAPS Z17, t; VMOVAPS Z17, t1; \
	VFMADD231PS Z16, f, t; VFMADD231PS Z16, f1, t1          /* t = g2 + g3·f */; \
	VFMADD231PS t, s, g; VFMADD231PS t1, s1, g1             /* g = g + f²·t */; \
	VFMADD213PS f, s, g; VFMADD213PS f1, s1, g1             /* g = f + f²·g */

// LNHEAD: f and h of −ln p_t = h − ln(1 + f). −0 counts as 0.
#define LNHEAD(x0, x1, y0, y1, f0, f1, h0, h1) \
	VADDPS x0, Z12, A0; VADDPS x1, Z12, A1                  /* A = x, without −0 */; \
	VPMAXUD A0, Z26, Z26; VPMAXUD A1, Z26, Z26; \
	NEGLN(y0, y1); \
	VFMADD231PS Z14, D0, B0; VFMADD231PS Z14, D1, B1        /* B = −k·ln2 + ln c */; \
	VMOVUPS A0, f0; VMOVUPS A1, f1; \
	VMOVUPS B0, h0; VMOVUPS B1, h1

// CE: D = min(−ln p_t, 100).
#define CE(f0, f1, h0, h1) \
	VMOVUPS f0, A0; VMOVUPS f1, A1; \
	LN1P(A0, A1, B0, B1, C0, C1, D0, D1); \
	VMOVUPS h0, A0; VMOVUPS h1, A1; \
	VSUBPS D0, A0, D0; VSUBPS D1, A1, D1                    /* D = −ln p_t */; \
	VMINPS Z13, D0, D0; VMINPS Z13, D1, D1

// LNQ: A = S = −ln(1 − p_t) to the output s, what it lost to v. Z15 is 0 for t = 1 − x,
// 2²⁴ for t = x by label, Z14 −ln2/2²³ in 15 bits, Z13 the rest. Z29 and Z30 are
// temporaries.
#define LNQ(x0, x1, y0, y1, s0, s1, v0, v1) \
	VMOVUPS x0, A0; VMOVUPS x1, A1; \
	NEGLN(y0, y1); \
	LN1P(A0, A1, C0, C1, Z29, Z30, E0, E1); \
	VSUBPS E0, B0, B0; VSUBPS E1, B1, B1                    /* B = d = ln c − ln(1 + f) */; \
	VMULPS Z14, D0, C0; VMULPS Z14, D1, C1                  /* C = m = −k·ln2, its high part, exact */; \
	VADDPS B0, C0, A0; VADDPS B1, C1, A1                    /* A = S = m + d, rounded */; \
	VMOVUPS A0, s0; VMOVUPS A1, s1; \
	VSUBPS C0, A0, A0; VSUBPS C1, A1, A1; \
	VSUBPS A0, B0, B0; VSUBPS A1, B1, B1                    /* B = d − (S − m), what S lost */; \
	VFMADD231PS Z13, D0, B0; VFMADD231PS Z13, D1, B1        /* B = B − k·ln2, its low part */; \
	VMOVUPS B0, v0; VMOVUPS B1, v1

// POWQ: q = q^γ from S and its low part in q and v. S is beyond lnZero for q = 0
// only. Registers: those from logits.
#define POWQ(q0, q1, v0, v1) \
	VMOVUPS q0, D0; VMOVUPS q1, D1; \
	VMOVUPS v0, C0; VMOVUPS v1, C1; \
	VCMPPS.BCST $2, ·ln+LN_ZERO(SB), D0, K1; VCMPPS.BCST $2, ·ln+LN_ZERO(SB), D1, K2 /* K1 = D ≤ lnZero */; \
	PRODUCT; \
	EXPCORE; \
	VMOVAPS.Z B0, K1, B0; VMOVAPS.Z B1, K2, B1              /* B = q^γ */; \
	VMOVUPS B0, q0; VMOVUPS B1, q1

// PROBSTEPS: the step ahead of combine.
#define PROBSTEPS \
	AHEAD(32); \
	PLACE; \
	LNHEAD(0(SI)(DI*4), 64(SI)(DI*4), 0(BX)(DI*1), 16(BX)(DI*1), 0(R8)(DX*4), 64(R8)(DX*4), (0+RING_L)(R8)(DX*4), (64+RING_L)(R8)(DX*4))

// Modulating factors from probabilities: W = w·q^γ; U = label.
#define PROBMODULATE0(x0, x1, q0, q1)
#define PROBMODULATE1(x0, x1, q0, q1) \
	VPERMILPS A0, Z30, A0; VPERMILPS A1, Z30, A1; \
	VSUBPS x0, A0, A0; VSUBPS x1, A1, A1                    /* A = ±q */; \
	VANDPS Z28, A0, A0; VANDPS Z28, A1, A1; \
	VMULPS A0, B0, B0; VMULPS A1, B1, B1                    /* B = w·q */
#define PROBMODULATE2(x0, x1, q0, q1) \
	VPERMILPS A0, Z30, A0; VPERMILPS A1, Z30, A1; \
	VSUBPS x0, A0, A0; VSUBPS x1, A1, A1                    /* A = ±q */; \
	VMULPS A0, A0, A0; VMULPS A1, A1, A1; \
	VMULPS A0, B0, B0; VMULPS A1, B1, B1                    /* B = w·q² */
#define PROBMODULATE(x0, x1, q0, q1) \
	VMULPS q0, B0, B0; VMULPS q1, B1, B1                    /* B = w·q^γ */

// PROBLOSS: A = w·q^γ·min(−ln p_t, 100), the loss.
#define PROBLOSS(x0, x1, y0, y1, weight0, weight1, f0, f1, h0, h1, q0, q1, MOD) \
	CE(f0, f1, h0, h1); \
	VPMOVZXBD y0, A0; VPMOVZXBD y1, A1                      /* A = label */; \
	VPERMILPS A0, Z31, B0; VPERMILPS A1, Z31, B1            /* B = w_t: Neg, Pos, or 0 for 255 */; \
	WEIGH(weight0, weight1); \
	MOD(x0, x1, q0, q1); \
	VMULPS D0, B0, A0; VMULPS D1, B1, A1

// Slopes from probabilities: D = g, W = ±w·q^γ from CE in CE, q in Q, p_t in T.
#define PROBSLOPE0(q0, q1) \
	VDIVPS C0, B0, E0; VDIVPS C1, B1, E1                    /* E = ±w/p_t */
#define PROBSLOPE1(q0, q1) \
	VDIVPS C0, A0, E0; VDIVPS C1, A1, E1; \
	VADDPS D0, E0, E0; VADDPS D1, E1, E1; \
	VMULPS B0, E0, E0; VMULPS B1, E1, E1                    /* E = ±w·(q/p_t + D) */; \
	VMULPS A0, B0, B0; VMULPS A1, B1, B1                    /* B = ±w·q */
#define PROBSLOPE2(q0, q1) \
	VDIVPS C0, A0, E0; VDIVPS C1, A1, E1; \
	VADDPS D0, D0, C0; VADDPS D1, D1, C1; \
	VADDPS C0, E0, E0; VADDPS C1, E1, E1                    /* E = q/p_t + 2·D */; \
	VMULPS A0, B0, C0; VMULPS A1, B1, C1; \
	VMULPS C0, E0, E0; VMULPS C1, E1, E1                    /* E = ±w·q·(q/p_t + 2·D) */; \
	VMULPS A0, A0, A0; VMULPS A1, A1, A1; \
	VMULPS A0, B0, B0; VMULPS A1, B1, B1                    /* B = ±w·q² */
#define PROBSLOPE(q0, q1) \
	VMULPS q0, B0, B0; VMULPS q1, B1, B1                    /* B = ±w·q^γ */; \
	VDIVPS C0, B0, E0; VDIVPS C1, B1, E1                    /* E = ±w·q^γ/p_t */; \
	VMAXPS.BCST ·least(SB), A0, A0; VMAXPS.BCST ·least(SB), A1, A1 /* A = max(q, 2⁻¹⁴⁹) */; \
	VDIVPS A0, D0, A0; VDIVPS A1, D1, A1                    /* A = D/q */; \
	VMULPS.BCST 16(R10), B0, C0; VMULPS.BCST 16(R10), B1, C1 /* C = ±w·q^γ·γ */; \
	VFMADD231PS A0, C0, E0; VFMADD231PS A1, C1, E1          /* E = ±w·q^γ·(1/p_t + γ·D/q) */

// PROBGRADIENT: E = g = ±w·q^γ·(1/p_t + γ·CE/q), p_t at least 1e-12; A = w·q^γ·CE, the
// loss.
#define PROBGRADIENT(x0, x1, y0, y1, weight0, weight1, f0, f1, h0, h1, q0, q1, g0, g1, SLP) \
	CE(f0, f1, h0, h1); \
	VPMOVZXBD y0, A0; VPMOVZXBD y1, A1; \
	VPERMILPS A0, Z31, B0; VPERMILPS A1, Z31, B1            /* B = ±w_t: Neg, −Pos, or +0 for 255 */; \
	WEIGH(weight0, weight1); \
	VMOVUPS x0, E0; VMOVUPS x1, E1; \
	VPERMILPS A0, Z29, C0; VPERMILPS A1, Z29, C1; \
	VSUBPS E0, C0, C0; VSUBPS E1, C1, C1; \
	VANDPS Z28, C0, C0; VANDPS Z28, C1, C1; \
	VMAXPS Z11, C0, C0; VMAXPS Z11, C1, C1                  /* C = max(p_t, 1e-12) */; \
	VPERMILPS A0, Z30, A0; VPERMILPS A1, Z30, A1; \
	VSUBPS E0, A0, A0; VSUBPS E1, A1, A1; \
	VANDPS Z28, A0, A0; VANDPS Z28, A1, A1                  /* A = q */; \
	SLP(q0, q1); \
	VMOVUPS E0, g0; VMOVUPS E1, g1; \
	VMULPS B0, D0, A0; VMULPS B1, D1, A1; \
	VANDPS Z28, A0, A0; VANDPS Z28, A1, A1                  /* A = loss */

// REDUCE: the canonical sum of the 32 losses A0 and A1. Lane j of s adds the losses
// j, j+8, j+16, j+24 in float32; the lanes are accumulated in float64. ADDHALVES begins
// it, ADDLANES is left to the next turn.
#define ADDHALVES VADDPS A1, A0, Z10                            /* Z10 = f[j] + f[j+16], then f[j+8] + f[j+24] */
#define ADDLANES \
	VEXTRACTF32X8 $1, Z10, Y0; \
	VADDPS Y0, Y10, Y0                                      /* Y0 = s */; \
	VCVTPS2PD Y0, Z0; \
	VADDPD Z0, Z27, Z27                                     /* Z27 = the lanes' sums */

// STORE: the losses to the output, where there is one.
#define STORE \
	TESTQ R12, R12; \
	JZ    stored; \
	VMOVUPS A0, 0(R12)(AX*4); \
	VMOVUPS A1, 64(R12)(AX*4); \
stored:

// The combine step by kind of kernel.
#define PROBLOSSTURN(MOD) \
	PROBLOSS(0(SI)(AX*4), 64(SI)(AX*4), 0(BX)(AX*1), 16(BX)(AX*1), 0(R14)(AX*4), 64(R14)(AX*4), 0(R8)(DX*4), 64(R8)(DX*4), (0+RING_L)(R8)(DX*4), (64+RING_L)(R8)(DX*4), (0+POW_Q)(R8)(AX*4), (64+POW_Q)(R8)(AX*4), MOD)
#define PROBGRADIENTTURN(SLP) \
	PROBGRADIENT(0(SI)(AX*4), 64(SI)(AX*4), 0(BX)(AX*1), 16(BX)(AX*1), 0(R14)(AX*4), 64(R14)(AX*4), 0(R8)(DX*4), 64(R8)(DX*4), (0+RING_L)(R8)(DX*4), (64+RING_L)(R8)(DX*4), (0+POW_Q)(R8)(AX*4), (64+POW_Q)(R8)(AX*4), 0(R13)(AX*4), 64(R13)(AX*4), SLP)

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
#define LOSSKERNEL(MOD) LOGITBODY(WEIGHTS, 64, STEPS(HEAD, MOD), LOSS(NOFACTOR))
#define LOSSPOWERKERNEL LOGITBODY(WEIGHTS, 96, POWERSTEPS(HEAD, MODULATE0), LOSS(POWERFACTOR))
#define GRADIENTKERNEL(SLP) LOGITBODY(SIGNEDWEIGHTS, 64, STEPS(SIGNEDHEAD, KEEPQ), GRADIENT(NOFACTOR, SLP))
#define GRADIENTPOWERKERNEL LOGITBODY(SIGNEDWEIGHTS, 96, POWERSTEPS(SIGNEDHEAD, KEEPQ), GRADIENT(POWERFACTOR, SLOPE))
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

// PROBKERNEL: likewise from probabilities, in chunks if there is a power pass. A score
// that is no probability makes the sums NaN.
#define PROBLOSSKERNEL(SIZE, POW, MOD) PROBBODY(WEIGHTS, SIZE, POW, PROBLOSSTURN(MOD))
#define PROBGRADIENTKERNEL(SIZE, POW, SLP) PROBBODY(SIGNEDWEIGHTS, SIZE, POW, PROBGRADIENTTURN(SLP))
#define ALL MOVQ DX, CX
#define PROBBODY(WEIGHTS, SIZE, POW, COMBINE) \
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
	LOOP(32, PROBSTEPS, COMBINE); \
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
