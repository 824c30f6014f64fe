// The words of the AVX2 kernels: registers, constants, and exp, log1p, ln and the power
// q^γ as macros. A vector is 8 float32 scores.
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
#define rLeft DX      // scores left
#define rChunk CX     // scores of this chunk
#define rAt AX        // score within the chunk
#define rNext R11     // what to prefetch

// Of kernels of targets, besides:
#define rTargets BX   // y
#define rFactors R9   // factors of Pos, or 0
#define rHessians R11 // where second derivatives go

// Of sweeps, besides:
#define rSweep R12    // the Sweep
#define rEntry R13    // the loss; rCall is where PARAM and Lanes are its own
#define rMore R9      // losses left
#define rFlags R11    // from bit 0 on, a bit per group of the chunk: all its scores are plain
#define EASYFLAGS 16  // from this bit on: all are easy

// What a turn reads and writes, o bytes into it. The last seven are the parts of scratch; a pass
// says what it leaves there.
#define SCORES(o) o(rScores)(rAt*4)
#define LABELS(o) (o/4)(rLabels)(rAt*1)
#define WEIGHTS(o) o(rWeights)(rAt*4)
#define LOSSES(o) o(rLosses)(rAt*4)
#define GRADS(o) o(rGrads)(rAt*4)
#define TARGETS(o) o(rTargets)(rAt*4)
#define FACTORS(o) o(rFactors)(rAt*4)
#define HESSIANS(o) o(rHessians)(rAt*4)
#define EXPS(o) o(rBuf)(rAt*4)
#define LOG1PS(o) (o+2048)(rBuf)(rAt*4)
#define POWERS(o) (o+4096)(rBuf)(rAt*4)
#define LOWS(o) (o+6144)(rBuf)(rAt*4)
#define CES(o) LOG1PS(o)
#define MASKS(o) (o+8192)(rBuf)(rAt*4)
#define EXPONENTS(o) MASKS(o)

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

// SPREAD: a constant in all lanes of r. TABLE: a vector of constants.
#define SPREAD(name, r) VBROADCASTSS ·constants+name(SB), r
#define TABLE(name, r) VMOVUPS ·constants+name(SB), r

// EACH32: OP for each vector of a turn.
#define EACH32(OP) OP(0); OP(32); OP(64); OP(96)

// LOOP32: from label on, until the chunk is done.
#define LOOP32(label) \
	ADDQ $32, rAt; \
	CMPQ rAt, rChunk; \
	JLT label

// exp

// EXPCORE: e = 2^(n/8)·exp(r) for t = n + magic, in t's place.
#define expTable Y9 // 2^(j/8)
#define expP2 Y8
#define expP3 Y7
#define expP4 Y6
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
#define EXPCORE_SETUP \
	TABLE(table_exp2, expTable); \
	SPREAD(table_p2, expP2); \
	SPREAD(table_p3, expP3); \
	SPREAD(table_p4, expP4)

// EXPNEG: e = exp(−|x|).
#define expSign Y15
#define expFloor Y14 // −127·ln2
#define expMagic Y13
#define exp8Ln2 Y12  // 8/ln2
#define expC1 Y11    // ln2/8 in two parts
#define expC2 Y10
#define EXPNEG(x, e, A, T, S, RR) \
	VORPS x, expSign, A           /* A = −|x| */; \
	VMAXPS A, expFloor, A         /* A = max(−|x|, −127·ln2) */; \
	VMOVAPS expMagic, T; \
	VFMADD231PS exp8Ln2, A, T     /* T = t = A·8/ln2 + magic */; \
	VSUBPS expMagic, T, S         /* S = n = round(A·8/ln2) */; \
	VFNMADD231PS expC1, S, A      /* A = A − n·c1 */; \
	VFNMADD231PS expC2, S, A      /* A = r = A − n·ln2/8 */; \
	EXPCORE(T, A, S, RR); \
	VMOVUPS T, e
#define EXPNEG_SETUP \
	SPREAD(table_sign, expSign); \
	SPREAD(table_floor, expFloor); \
	SPREAD(table_magic, expMagic); \
	SPREAD(table_by8ln2, exp8Ln2); \
	SPREAD(table_c1, expC1); \
	SPREAD(table_c2, expC2); \
	EXPCORE_SETUP

// log1p

// LOG1P: l = log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c ≈ 1/(1+i/7), i = round(7e),
// log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³).
#define logMagic Y15
#define logSeven Y14
#define logRecip Y13 // c
#define logTable Y12 // −ln c
#define logOne Y11
#define logD0 Y10
#define logD1 Y9
#define logD2 Y8
#define logD3 Y7
#define LOG1P(e, l, F, T, C, D, FF) \
	VMOVUPS e, F                  /* F = e */; \
	VMOVAPS logMagic, T; \
	VFMADD231PS logSeven, F, T    /* T = i + magic */; \
	VPERMPS logRecip, T, C        /* C = c */; \
	VPERMPS logTable, T, T        /* T = −ln c */; \
	VSUBPS logOne, C, D           /* D = c − 1, exact */; \
	VFMADD213PS D, C, F           /* F = f = c·e + (c − 1) */; \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS logD0, C; \
	VFMADD231PS logD1, F, C       /* C = d0 + d1·f */; \
	VMOVAPS logD2, D; \
	VFMADD231PS logD3, F, D       /* D = d2 + d3·f */; \
	VFMADD231PS D, FF, C          /* C = C + f²·D */; \
	VFMADD213PS F, FF, C          /* C = f + f²·C ≈ log1p(f) */; \
	VADDPS T, C, C                /* C = log1p(e) */; \
	VMOVUPS C, l
#define LOG1P_SETUP \
	SPREAD(table_magic, logMagic); \
	SPREAD(table_seven, logSeven); \
	TABLE(table_recip, logRecip); \
	TABLE(table_neglog, logTable); \
	SPREAD(table_one, logOne); \
	SPREAD(table_d0, logD0); \
	SPREAD(table_d1, logD1); \
	SPREAD(table_d2, logD2); \
	SPREAD(table_d3, logD3)

// The power q^γ = exp(−γ·(s + v)), with s = −ln q and v its low part, is three loops: as
// one, a vector would be a chain of 90 cycles.

// SPLITSUM: s = softplus(−u), v = what it lost.
#define sumSign Y15
#define sumCeil Y14 // 127·ln2
#define sumZero Y13
#define SPLITSUM(x, y, l, s, v, U, S, V, H) \
	VPMOVZXBD y, U; \
	VPSLLD $31, U, U              /* U = sign bit where the label is 1 */; \
	VXORPS x, U, U                /* U = u */; \
	VXORPS sumSign, U, U          /* U = −u */; \
	VMAXPS U, sumZero, U; \
	VMINPS U, sumCeil, U          /* U = m = min(max(−u, 0), 127·ln2) */; \
	VMOVUPS l, V                  /* V = L = log1p(e) */; \
	VADDPS V, U, S                /* S = m + L = softplus(−u), rounded */; \
	VMOVUPS S, s; \
	VSUBPS U, S, H; \
	VSUBPS H, V, V                /* V = L − (S − m), what S lost */; \
	VMOVUPS V, v
#define SPLITSUM_SETUP \
	SPREAD(table_sign, sumSign); \
	SPREAD(table_ceil, sumCeil); \
	VXORPS sumZero, sumZero, sumZero

// PRODUCT: t and r of exp(−γ·(s + v)), in T and H. The product is carried as H + lo.
#define powGamma Y15
#define powGammaLow Y14
#define powMagic Y13
#define powMinus8Ln2 Y12 // −8/ln2
#define powC1 Y11        // ln2/8 in two parts
#define powC2 Y10
#define powLimit Y9
#define PRODUCT(s, v, S, V, H, T) \
	VMOVUPS s, S; \
	VMINPS S, powLimit, S         /* S = min(s, limit), so γ·S ≤ 127·ln2 */; \
	VMULPS S, powGamma, H         /* H = h = γ·S, rounded */; \
	VFMSUB213PS H, powGamma, S    /* S = γ·S − h, exact */; \
	VFMADD231PS v, powGammaLow, S /* S = lo = S + γ'·v */; \
	VMOVAPS powMagic, T; \
	VFMADD231PS powMinus8Ln2, H, T /* T = t = −h·8/ln2 + magic */; \
	VSUBPS powMagic, T, V         /* V = n */; \
	VFNMSUB231PS powC1, V, H      /* H = −h − n·c1 */; \
	VFNMADD231PS powC2, V, H      /* H = −h − n·ln2/8 */; \
	VSUBPS S, H, H                /* H = r = −(h + lo) − n·ln2/8 */
#define PRODUCT_SETUP \
	VBROADCASTSS PARAM(params_Gamma), powGamma; \
	VBROADCASTSS PARAM(params_GammaLow), powGammaLow; \
	SPREAD(table_magic, powMagic); \
	SPREAD(table_minus8ln2, powMinus8Ln2); \
	SPREAD(table_c1, powC1); \
	SPREAD(table_c2, powC2); \
	VBROADCASTSS PARAM(params_Limit), powLimit

// POWR: t and r in place of v and s, from logits.
#define POWR(s, v, S, V, H, T) \
	PRODUCT(s, v, S, V, H, T); \
	VMOVUPS T, v; \
	VMOVUPS H, s

// POWQ: the same from probabilities, where q is 0 if s is beyond lnzero.
#define powLnZero Y8
#define powTZero Y7 // the t of 0
#define POWQ(s, v, S, V, H, T) \
	PRODUCT(s, v, S, V, H, T); \
	VCMPPS $1, s, powLnZero, S    /* S = lnzero < s */; \
	VBLENDVPS S, powTZero, T, T; \
	VMOVUPS T, v; \
	VMOVUPS H, s
#define POWQ_SETUP \
	PRODUCT_SETUP; \
	SPREAD(table_lnzero, powLnZero); \
	SPREAD(table_lntzero, powTZero)

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
#define lnScaleOf Y15 // 0 for t = x, 2²⁴ for t = 1 − x, by label
#define lnScale Y14   // 2²⁴
#define lnSplit Y13
#define lnMask Y12    // sign and exponent
#define lnRecip Y11   // c·2⁻²⁴
#define lnTable Y10   // ln c
#define lnOne Y9
#define NEGLN(y, X, H, T, K, C) \
	VPMOVZXBD y, H; \
	VPERMILPS H, lnScaleOf, H     /* H = a = 0 or 2²⁴ */; \
	VMOVAPS H, T; \
	VFNMADD231PS X, lnScale, T    /* T = a − 2²⁴·x = ±2²⁴·t, rounded */; \
	VSUBPS T, H, H                /* H = a − T */; \
	VFNMADD213PS H, lnScale, X    /* X = low = (a − T) − 2²⁴·x, exact */; \
	VANDPS ·constants+table_abs(SB), T, T /* T = 2²⁴·t */; \
	VPSUBD lnSplit, T, K          /* K = bits of T less lnsplit */; \
	VPSRLD $20, K, C              /* C = j, the eighth of m's range, mod 8 */; \
	VPAND lnMask, K, K            /* K = k<<23 */; \
	VPERMPS lnTable, C, H         /* H = ln c */; \
	VPERMPS lnRecip, C, C; \
	VPSUBD K, C, C                /* C = c' = c·2^(−k−24) */; \
	VFMSUB213PS lnOne, C, T       /* T = c'·T − 1 */; \
	VFMADD213PS T, C, X           /* X = f = c'·low + T */; \
	VCVTDQ2PS K, K                /* K = 2²³·k */
#define NEGLN_SETUP(scaleof) \
	TABLE(scaleof, lnScaleOf); \
	SPREAD(table_lnscale, lnScale); \
	SPREAD(table_lnsplit, lnSplit); \
	SPREAD(table_lnmask, lnMask); \
	TABLE(table_lnrecip, lnRecip); \
	TABLE(table_lntable, lnTable); \
	SPREAD(table_one, lnOne)

// LN1P: G = ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³), f in F.
#define lnG0 Y13
#define lnG1 Y12
#define lnG2 Y11
#define lnG3 Y10
#define LN1P(F, FF, D, G) \
	VMULPS F, F, FF               /* FF = f² */; \
	VMOVAPS lnG0, G; \
	VFMADD231PS lnG1, F, G        /* G = g0 + g1·f */; \
	VMOVAPS lnG2, D; \
	VFMADD231PS lnG3, F, D        /* D = g2 + g3·f */; \
	VFMADD231PS D, FF, G          /* G = G + f²·D */; \
	VFMADD213PS F, FF, G          /* G = f + f²·G */
#define LN1P_SETUP \
	SPREAD(table_g0, lnG0); \
	SPREAD(table_g1, lnG1); \
	SPREAD(table_g2, lnG2); \
	SPREAD(table_g3, lnG3)

// −ln t takes two loops: LNHEAD, or LNQHEAD for 1 − p_t, leaves f and what goes with it
// for LNTAIL or LNQTAIL.

// LNHEAD: f, and h = −k·ln2 + ln c. −0 counts as 0.
#define lnLn2 Y6 // −ln2/2²³
#define lnTop Y5 // the greatest bits of x so far, as unsigned integers
#define LNHEAD(x, y, f, h, X, H, T, K, C) \
	VXORPS T, T, T; \
	VADDPS x, T, X                /* X = x, without −0 */; \
	VPMAXUD X, lnTop, lnTop; \
	NEGLN(y, X, H, T, K, C); \
	VFMADD231PS lnLn2, K, H       /* H = −k·ln2 + ln c */; \
	VMOVUPS X, f; \
	VMOVUPS H, h
#define LNHEAD_SETUP \
	NEGLN_SETUP(table_scaleof0); \
	SPREAD(table_ln2exp, lnLn2); \
	VXORPS lnTop, lnTop, lnTop

// LNTAIL: h = min(h − ln(1 + f), 100) = min(−ln p_t, 100).
#define lnMaxCE Y15 // 100
#define LNTAIL(f, h, F, H, FF, D, G) \
	VMOVUPS f, F; \
	LN1P(F, FF, D, G); \
	VMOVUPS h, H; \
	VSUBPS G, H, H; \
	VMINPS lnMaxCE, H, H; \
	VMOVUPS H, h

// LNQHEAD: f, ln c and 2²³·k of −ln(1 − p_t).
#define LNQHEAD(x, y, f, h, k, X, H, T, K, C) \
	VMOVUPS x, X; \
	NEGLN(y, X, H, T, K, C); \
	VMOVUPS X, f; \
	VMOVUPS H, h; \
	VMOVUPS K, k

// LNQTAIL: S = −ln(1 − p_t) to the output s, what it lost to v; s is h, v is f.
#define lnLn2Hi Y15 // −ln2/2²³ in 15 bits
#define lnLn2Lo Y14 // the rest
#define LNQTAIL(v, s, k, X, H, T, K, G, D) \
	VMOVUPS v, X; \
	LN1P(X, T, D, G); \
	VMOVUPS s, H; \
	VMOVUPS k, K; \
	VSUBPS G, H, H                /* H = d = ln c − ln(1 + f) */; \
	VMULPS lnLn2Hi, K, T          /* T = m = −k·ln2, its high part, exact */; \
	VADDPS H, T, X                /* X = S = m + d, rounded */; \
	VMOVUPS X, s; \
	VSUBPS T, X, X; \
	VSUBPS X, H, H                /* H = d − (S − m), what S lost */; \
	VFMADD231PS lnLn2Lo, K, H     /* H = H − k·ln2, its low part */; \
	VMOVUPS H, v

// Of targets q^γ is (|v|/(1+e))^γ, with v = N or M, see softterms.h: exp(−γ·(l − ln|v|)). As
// from probabilities it takes two loops: SOFTLNHEAD leaves f and what goes with it for
// SOFTLNTAIL. Where A = 0, |v| is e, and −ln e is |x|: there v := 1, and h := |x|.

// SOFTLNHEAD: f, h and 2²³·k of −ln|v|. OP makes B = v of A, B and E = e.
#define softOne Y9
#define softZero Y8
#define softCeil Y7 // 127·ln2
#define SOFTLNHEAD(OP, x, y, e, f, h, k, X, A, B, E, H) \
	VPMAXSD y, softZero, B        /* B = y, +0 for −1 and −0 */; \
	VSUBPS B, softOne, H          /* H = 1 − y */; \
	VMOVUPS x, X; \
	VBLENDVPS X, B, H, A          /* A = A */; \
	VXORPS H, B, B; \
	VXORPS A, B, B                /* B = B, the other one of the two */; \
	VMOVUPS e, E; \
	OP(A, B, E)                   /* B = v */; \
	VMULPS lnScale, B, B; \
	VANDPS ·constants+table_abs(SB), B, B; \
	VPCMPEQD softZero, A, A       /* A = all bits where A = 0 */; \
	VBLENDVPS A, lnScale, B, B    /* B = 2²⁴·|v| */; \
	VPSUBD lnSplit, B, E          /* E = its bits less lnsplit */; \
	VPSRLD $20, E, H              /* H = j, the eighth of m's range, mod 8 */; \
	VPAND lnMask, E, E            /* E = k<<23 */; \
	VANDPS ·constants+table_abs(SB), X, X; \
	VPMINSD softCeil, X, X        /* X = min(|x|, 127·ln2) */; \
	VANDPS A, X, X                /* X = that where A = 0, else 0 */; \
	VPERMPS lnRecip, H, A; \
	VPSUBD E, A, A                /* A = c' = c·2^(−k−24) */; \
	VFMSUB213PS softOne, A, B     /* B = f = c'·2²⁴·|v| − 1 */; \
	VPERMPS lnTable, H, H         /* H = ln c, 0 for v = 1 */; \
	VORPS X, H, H                 /* H = h */; \
	VCVTDQ2PS E, E                /* E = 2²³·k */; \
	VMOVUPS B, f; \
	VMOVUPS H, h; \
	VMOVUPS E, k
#define OFQ(A, B, E) VFMADD213PS A, E, B // B = N = A + B·e
#define OFD(A, B, E) VFMSUB213PS A, E, B // B = M = B·e − A
#define SOFTLNHEAD_SETUP \
	SPREAD(table_lnscale, lnScale); \
	SPREAD(table_lnsplit, lnSplit); \
	SPREAD(table_lnmask, lnMask); \
	TABLE(table_lnrecip, lnRecip); \
	TABLE(table_lntable, lnTable); \
	SPREAD(table_one, softOne); \
	VXORPS softZero, softZero, softZero; \
	SPREAD(table_ceil, softCeil)

// SOFTLNTAIL: s = −ln|v| + log1p(e), and what it lost to v; s is h, v is f.
#define SOFTLNTAIL(v, s, k, l, X, H, T, K, G, D) \
	VMOVUPS v, X; \
	LN1P(X, T, D, G); \
	VMOVUPS s, H; \
	VMOVUPS k, K; \
	VSUBPS G, H, H                /* H = d = h − ln(1 + f) */; \
	VMULPS lnLn2Hi, K, T          /* T = −k·ln2, its high part, exact */; \
	VADDPS H, T, X                /* X = m = d − k·ln2, rounded */; \
	VSUBPS T, X, T; \
	VSUBPS T, H, H; \
	VFMADD231PS lnLn2Lo, K, H     /* H = what m lost */; \
	VMOVUPS l, D; \
	VADDPS D, X, T                /* T = S = m + log1p(e), rounded */; \
	VMOVUPS T, s; \
	VSUBPS X, T, T; \
	VSUBPS T, D, D; \
	VADDPS H, D, D                /* D = (log1p(e) − (S − m)) + H */; \
	VMOVUPS D, v
