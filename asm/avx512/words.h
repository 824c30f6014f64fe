// The words of the AVX-512 kernels: registers, constants, and exp, log1p, ln and the power
// q^γ as macros. A vector is 16 float32 scores. The operations are those of the AVX2
// kernels, in the same order.
//
// Operands are in Go's order: the destination is the last, and of
// VMAXPS b, a, d / VMINPS b, a, d it is b that is returned when one is a NaN.

// General registers of all kernels and passes. R15 is the linker's in plugins.
#define rCall R10     // the Call
#define rScores SI    // x
#define rLabels BX    // y
#define rWeights R14  // factors of the weights, or 0
#define rLosses R12   // where losses go, or 0
#define rGrads R13    // where gradients go
#define rBuf R8       // scratch
#define rLeft DX      // scores left; within a loop it is at LEFT
#define rChunk CX     // scores of this chunk, or all
#define rAt AX        // score within the chunk: the group that is combined
#define rLast R9      // the last group
#define rNext R11     // what to prefetch
#define rAhead DI     // the group of a step
#define rPlace DX     // a group's place in the rings

// Of sweeps, which have no rings, besides:
#define rSweep R12    // the Sweep
#define rEntry R13    // the loss; rCall is where PARAM and LANES are its own
#define rMore R9      // losses left
#define rFlags R11    // from bit 0 on, a bit per group of the chunk: all its scores are plain
#define EASYFLAGS 16  // from this bit on: all are easy

// What a turn reads and writes, o bytes into it, at rAt or rAhead.
#define SCORES(o, at) o(rScores)(at*4)
#define LABELS(o, at) (o/4)(rLabels)(at*1)
#define WEIGHTS(o, at) o(rWeights)(at*4)
#define LOSSES(o) o(rLosses)(rAt*4)
#define GRADS(o) o(rGrads)(rAt*4)

// Scratch: rings of so many scores each, for what goes from step to step; from
// probabilities two, behind which there is what goes from pass to pass.
#define RING 128
#define EXPS(o) o(rBuf)(rPlace*4)          // e
#define LOG1PS(o) (o+512)(rBuf)(rPlace*4)  // l = log1p(e)
#define US(o) (o+1024)(rBuf)(rPlace*4)     // u
#define WS(o) (o+1536)(rBuf)(rPlace*4)     // w, of gradients ±w
#define QS(o) (o+2048)(rBuf)(rPlace*4)     // q, of gradients only
#define TS(o) (o+2560)(rBuf)(rPlace*4)     // t and r of q^γ
#define RS(o) (o+3072)(rBuf)(rPlace*4)
#define LNFS(o) EXPS(o)                    // f and h of −ln p_t = h − ln(1 + f)
#define LNHS(o) LOG1PS(o)
#define POWERS(o) (o+1024)(rBuf)(rAt*4)
#define LOWS(o) (o+3072)(rBuf)(rAt*4)
#define EXPONENTS(o) (o+5120)(rBuf)(rAt*4)
#define LEFT 7168(rBuf)

// Of sweeps, behind these: what the passes leave of a whole chunk.
#define ALLEXPS(o) (o+7232)(rBuf)(rAt*4)   // e, from logits
#define ALLLOG1PS(o) (o+9280)(rBuf)(rAt*4) // l
#define CES(o) ALLLOG1PS(o)                // min(−ln p_t, 100), from probabilities
#define MASKS(o) (o+11328)(rBuf)(rAt*4)    // all bits where scores are easy

// What comes later, into L1: FETCHSCORES, 4 KiB ahead, beyond the page that hardware prefetches;
// FETCHNEXT, what the next block's labels are counted in or made of before its kernel begins;
// FETCHLABELS and FETCHTARGETS, its labels, of sweeps, and targets. A prefetch beyond the inputs
// has no effect.
#define FETCHSCORES \
	PREFETCHT0 4096(rScores)(rAt*4); \
	PREFETCHT0 4160(rScores)(rAt*4)
#define FETCHNEXT \
	PREFETCHT0 (rNext); \
	PREFETCHT0 64(rNext); \
	ADDQ call_NextStep(rCall), rNext
#define FETCHLABELS \
	PREFETCHT0 4096(rLabels)(rAt*1)
#define FETCHTARGETS \
	PREFETCHT0 16384(rTargets)(rAt*4); \
	PREFETCHT0 16448(rTargets)(rAt*4)

// PARAM: that of a name in the Call, params_Gamma and the like.
#define PARAM(name) (call_Params+name)(rCall)

// SPREAD: a constant in all lanes of r. TABLE: a table of eight twice, so that the 4 bits
// of an index that VPERMPS reads select the same element. QUAD: a table of four, 4 times.
#define SPREAD(name, r) VBROADCASTSS ·constants+name(SB), r
#define TABLE(name, r) VBROADCASTF32X8 ·constants+name(SB), r
#define QUAD(name, r) VBROADCASTF32X4 ·constants+name(SB), r

// EACH32: OP for each vector of a turn.
#define EACH32(OP) OP(0); OP(64)

// LOOP32: from label on, until the chunk is done.
#define LOOP32(label) \
	ADDQ $32, rAt; \
	CMPQ rAt, rChunk; \
	JLT label

// Vector registers of all words from logits, and of the power.
#define rOne Z30
#define rZero Z29
#define rSign Z28  // the sign bit
#define rMagic Z26

// exp

// EXPCORE: e = 2^(n/8)·exp(r) for t = n + magic, in t's place.
#define expTable Z25 // 2^(j/8)
#define expP2 Z24
#define expP3 Z23
#define expP4 Z22
#define EXPCORE(T, R, S, RR) \
	VPERMPS expTable, T, S        /* S = bits of 2^(j/8), less j<<20; j = n mod 8 */; \
	VPSLLD $20, T, T              /* T = (n/8)<<23 + j<<20 */; \
	VPADDD T, S, S                /* S = s = 2^(n/8), +0 at n = −1016 */; \
	VMOVAPS expP2, T; \
	VFMADD231PS expP3, R, T       /* T = p2 + p3·r */; \
	VMULPS R, R, RR               /* RR = r² */; \
	VFMADD231PS expP4, RR, T      /* T = p2 + p3·r + p4·r² */; \
	VFMADD213PS R, RR, T          /* T = r + r²·T ≈ exp(r) − 1 */; \
	VFMADD213PS S, S, T           /* T = s + s·T */

// EXP_SETUP is that of EXPCORE and PRODUCT; EXPNEG has expFloor besides.
#define exp8Ln2 Z21  // 8/ln2
#define expC1 Z20    // ln2/8 in two parts
#define expC2 Z19
#define EXP_SETUP \
	SPREAD(table_magic, rMagic); \
	TABLE(table_exp2, expTable); \
	SPREAD(table_p2, expP2); \
	SPREAD(table_p3, expP3); \
	SPREAD(table_p4, expP4); \
	SPREAD(table_by8ln2, exp8Ln2); \
	SPREAD(table_c1, expC1); \
	SPREAD(table_c2, expC2)

// EXPNEG: e = exp(−|x|), whatever of NaN. EXPNEGNAN: NaN of NaN, which VMAXPS keeps.
#define expFloor Z18 // −127·ln2
#define EXPNEG(x, e, A, T, S, RR) \
	VRANGEPS $14, x, expFloor, A  /* A = −min(|x|, 127·ln2) */; \
	EXPOF(A, e, T, S, RR)
#define EXPNEGNAN(x, e, A, T, S, RR) \
	VORPS x, rSign, A; \
	VMAXPS A, expFloor, A         /* A = max(−|x|, −127·ln2) */; \
	EXPOF(A, e, T, S, RR)
#define EXPOF(A, e, T, S, RR) \
	VMOVAPS rMagic, T; \
	VFMADD231PS exp8Ln2, A, T     /* T = t = A·8/ln2 + magic */; \
	VSUBPS rMagic, T, S           /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS expC1, S, A      /* A = A − n·c1 */; \
	VFNMADD231PS expC2, S, A      /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e
#define EXPNEG_SETUP \
	EXP_SETUP; \
	SPREAD(table_floor, expFloor)

// log1p

// LOG1P: L = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7), i = round(7e),
// log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³). It has rOne and rMagic, too.
#define logSeven Z17
#define logRecip Z16 // c
#define logTable Z15 // −ln c
#define logD0 Z14
#define logD1 Z13
#define logD2 Z12
#define logD3 Z11
#define LOG1P(e, F, T, L, D, FF) \
	VMOVUPS e, F                  /* F = e */; \
	VMOVAPS rMagic, T; \
	VFMADD231PS logSeven, F, T    /* T = i + magic */; \
	VPERMPS logRecip, T, L        /* L = c */; \
	VPERMPS logTable, T, T        /* T = −ln c */; \
	VSUBPS rOne, L, D             /* D = c − 1, exact */; \
	VFMADD213PS D, L, F           /* F = f = c·e + (c − 1) */; \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS logD0, L; \
	VFMADD231PS logD1, F, L       /* L = d0 + d1·f */; \
	VMOVAPS logD2, D; \
	VFMADD231PS logD3, F, D       /* D = d2 + d3·f */; \
	VFMADD231PS D, FF, L          /* L = L + f²·D */; \
	VFMADD213PS F, FF, L          /* L = f + f²·L ≈ log1p(f) */; \
	VADDPS T, L, L                /* L = log1p(e) */
#define LOG1P_SETUP \
	SPREAD(table_seven, logSeven); \
	TABLE(table_recip, logRecip); \
	TABLE(table_neglog, logTable); \
	SPREAD(table_d0, logD0); \
	SPREAD(table_d1, logD1); \
	SPREAD(table_d2, logD2); \
	SPREAD(table_d3, logD3)

// The power q^γ = exp(−γ·(s + v)), with s = −ln q and v its low part.

// PRODUCT: t and r of exp(−γ·(s + v)), s in S and v in V, in T and H. The product is carried
// as H + lo.
#define PRODUCT(S, V, H, T) \
	VBROADCASTSS PARAM(params_Limit), H; \
	VMINPS S, H, S                /* S = min(s, limit), so γ·S ≤ 127·ln2 */; \
	VBROADCASTSS PARAM(params_Gamma), T; \
	VMULPS S, T, H                /* H = h = γ·S, rounded */; \
	VFMSUB213PS H, T, S           /* S = γ·S − h, exact */; \
	VFMADD231PS.BCST PARAM(params_GammaLow), V, S /* S = lo = S + γ'·v */; \
	VMOVAPS rMagic, T; \
	VFNMADD231PS exp8Ln2, H, T    /* T = t = −h·8/ln2 + magic */; \
	VSUBPS rMagic, T, V           /* V = n */; \
	VFNMSUB231PS expC1, V, H      /* H = −h − n·c1 */; \
	VFNMADD231PS expC2, V, H      /* H = −h − n·ln2/8 */; \
	VSUBPS S, H, H                /* H = r = −(h + lo) − n·ln2/8 */

// POWR: t and r of q^γ from logits, s being softplus(−u).
#define POWR(u, l, t, r, U, S, V, H, T) \
	VXORPS u, rSign, U            /* U = −u */; \
	VMAXPS U, rZero, U; \
	SPREAD(table_ceil, S); \
	VMINPS U, S, U                /* U = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l, V                  /* V = L = log1p(e) */; \
	VADDPS V, U, S                /* S = m + L = softplus(−u), rounded */; \
	VSUBPS U, S, H; \
	VSUBPS H, V, V                /* V = L − (S − m), what S lost */; \
	PRODUCT(S, V, H, T); \
	VMOVUPS T, t; \
	VMOVUPS H, r

// POWQ: t and r in place of v and s, from probabilities, where q is 0 if s is beyond lnzero:
// t is then that of 0.
#define rIsZero K1
#define POWQ(s, v, S, V, H, T) \
	VMOVUPS s, S; \
	VMOVUPS v, V; \
	VCMPPS.BCST $14, ·constants+table_lnzero(SB), S, rIsZero /* s > lnzero */; \
	PRODUCT(S, V, H, T); \
	VBROADCASTSS ·constants+table_lntzero(SB), rIsZero, T; \
	VMOVUPS T, v; \
	VMOVUPS H, s

// POWEXP: q^γ = 2^(n/8)·exp(r), in place of r.
#define POWEXP(r, t, R, T, S, RR) \
	VMOVUPS t, T; \
	VMOVUPS r, R; \
	EXPCORE(T, R, S, RR); \
	VMOVUPS T, r

// ln of a probability

// NEGLN: −ln t = −k·ln2 + H − ln(1 + f), where t is x or 1 − x by the label: K = 2²³·k,
// H = ln c, X = f. It evaluates 1 − x without the rounding: what T lost of it, low, goes
// into f.
#define rAbs Z28      // all but the sign
#define lnOne Z25
#define lnScale Z24   // 2²⁴
#define lnSplit Z23
#define lnMask Z22    // sign and exponent
#define lnRecip Z21   // c·2⁻²⁴
#define lnTable Z20   // ln c
#define lnScaleOf Z15 // 0 for t = x, 2²⁴ for t = 1 − x, by label
#define NEGLN(y, X, H, T, K, C) \
	VPMOVZXBD y, H; \
	VPERMILPS H, lnScaleOf, H     /* H = a = 0 or 2²⁴ */; \
	VMOVAPS H, T; \
	VFNMADD231PS X, lnScale, T    /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS T, H, H                /* H = a − T */; \
	VFNMADD213PS H, lnScale, X    /* X = low = (a − T) − 2²⁴·x, exact */; \
	VANDPS rAbs, T, T             /* T = 2²⁴·t */; \
	VPSUBD lnSplit, T, K          /* K = bits of T less lnsplit */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPANDD lnMask, K, K           /* K = k<<23 */; \
	VPERMPS lnTable, C, H         /* H = ln c */; \
	VPERMPS lnRecip, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS lnOne, C, T       /* T = c'·T − 1 */; \
	VFMADD213PS T, C, X           /* X = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */

// LN1P: G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f in F.
#define lnG0 Z19
#define lnG1 Z18
#define lnG2 Z17
#define lnG3 Z16
#define LN1P(F, FF, D, G) \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS lnG0, G; \
	VFMADD231PS lnG1, F, G        /* G = g0 + g1·f */; \
	VMOVAPS lnG2, D; \
	VFMADD231PS lnG3, F, D        /* D = g2 + g3·f */; \
	VFMADD231PS D, FF, G          /* G = G + f²·D */; \
	VFMADD213PS F, FF, G          /* G = f + f²·G */

// LN_SETUP is that of NEGLN and LN1P, but for lnScaleOf.
#define LN_SETUP \
	SPREAD(table_abs, rAbs); \
	SPREAD(table_one, lnOne); \
	SPREAD(table_lnscale, lnScale); \
	SPREAD(table_lnsplit, lnSplit); \
	SPREAD(table_lnmask, lnMask); \
	TABLE(table_lnrecip, lnRecip); \
	TABLE(table_lntable, lnTable); \
	SPREAD(table_g0, lnG0); \
	SPREAD(table_g1, lnG1); \
	SPREAD(table_g2, lnG2); \
	SPREAD(table_g3, lnG3)

// −ln t takes two steps: LNHEAD, or LNQHEAD for 1 − p_t, leaves f and what goes with it
// for LNTAIL or LNQTAIL.

// LNHEAD: f, and h = −k·ln2 + ln c. −0 counts as 0.
#define lnTop Z26     // the greatest bits of x so far, as unsigned integers
#define lnLn2 Z14     // −ln2/2²³
#define lnPlus0 Z12
#define LNHEAD(x, y, f, h, X, H, T, K, C) \
	VADDPS x, lnPlus0, X          /* X = x, without −0 */; \
	VPMAXUD X, lnTop, lnTop; \
	NEGLN(y, X, H, T, K, C); \
	VFMADD231PS lnLn2, K, H       /* H = −k·ln2 + ln c */; \
	VMOVUPS X, f; \
	VMOVUPS H, h

// LNTAIL: G = min(h − ln(1 + f), 100) = min(−ln p_t, 100).
#define lnMaxCE Z13   // 100
#define LNTAIL(f, h, F, FF, D, G) \
	VMOVUPS f, F; \
	LN1P(F, FF, D, G); \
	VMOVUPS h, F; \
	VSUBPS G, F, G                /* G = −ln p_t */; \
	VMINPS lnMaxCE, G, G

// LNQHEAD: f, ln c and 2²³·k of −ln(1 − p_t).
#define LNQHEAD(x, y, f, h, k, X, H, T, K, C) \
	VMOVUPS x, X; \
	NEGLN(y, X, H, T, K, C); \
	VMOVUPS X, f; \
	VMOVUPS H, h; \
	VMOVUPS K, k

// LNQSUM: S = −ln t = −k·ln2 + h − ln(1 + f), rounded, H = what it lost; f, h and k are those of
// LNQHEAD.
#define lnLn2Hi Z14   // −ln2/2²³ in 15 bits
#define lnLn2Lo Z13   // the rest
#define LNQSUM(f, h, k, X, H, T, K, S, D) \
	VMOVUPS f, X; \
	LN1P(X, T, D, S); \
	VMOVUPS h, H; \
	VMOVUPS k, K; \
	VSUBPS S, H, H                /* H = d = ln c − ln(1 + f) */; \
	VMULPS lnLn2Hi, K, T          /* T = m = −k·ln2, its high part, exact */; \
	VADDPS H, T, S                /* S = m + d, rounded */; \
	VSUBPS T, S, X; \
	VSUBPS X, H, H                /* H = d − (S − m), what S lost */; \
	VFMADD231PS lnLn2Lo, K, H     /* H = H − k·ln2, its low part */

// LNQTAIL: S = −ln(1 − p_t) to the output s, what it lost to v; s is h, v is f.
#define LNQTAIL(v, s, k, X, H, T, K, S, D) \
	LNQSUM(v, s, k, X, H, T, K, S, D); \
	VMOVUPS S, s; \
	VMOVUPS H, v

// Of a quotient V/(1 + e), V = N or M of targets, −ln|V| takes the place of −ln(1 − p_t), but
// where A is 0. There |V| is e, and −ln e = |x|: f and k are 0 then, and h is min(|x|, 127·ln2).

// LNVHEAD: f, h and 2²³·k of −ln|V|.
#define lnCeil Z27    // 127·ln2
#define LNVHEAD(V, A, x, f, h, k, H, K, C) \
	VMULPS lnScale, V, V; \
	VANDPS rAbs, V, V             /* V = 2²⁴·|V| */; \
	VPSUBD lnSplit, V, K          /* K = bits of V less lnsplit */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPANDD lnMask, K, K           /* K = k<<23 */; \
	VPTESTMD A, A, K1             /* K1 = where A > 0 */; \
	VANDPS rAbs, x, H; \
	VMINPS lnCeil, H, H           /* H = min(|x|, 127·ln2) */; \
	VPERMPS lnTable, C, K1, H     /* H = h: ln c where A > 0 */; \
	VPERMPS lnRecip, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS.Z lnOne, C, K1, V /* V = f = c'·V − 1, or 0 */; \
	VCVTDQ2PS.Z K, K1, K          /* K = 2²³·k, or 0 */; \
	VMOVUPS V, f; \
	VMOVUPS H, h; \
	VMOVUPS K, k

// LNVTAIL: S = −ln(|V|/(1 + e)) = −ln|V| + l to the output s, what it lost to v; s is h, v is f.
#define LNVTAIL(v, s, k, l, X, H, T, K, S, D) \
	LNQSUM(v, s, k, X, H, T, K, S, D); \
	VMOVUPS l, D; \
	VADDPS D, S, T                /* T = S + l, rounded */; \
	VSUBPS S, T, X; \
	VSUBPS X, D, X                /* X = l − (T − S), what T lost */; \
	VADDPS H, X, X; \
	VMOVUPS T, s; \
	VMOVUPS X, v
