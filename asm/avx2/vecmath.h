// The vocabulary of the AVX2 elementwise kernels. Exp and Log take 8 float32 at
// a time, the others 4 float64; in passes through scratch where one chain of
// operations would be more than the schedulers can overlap.
//
// Registers of all kernels:
//
//	SI src   DI dst   DX values left   BX value within the pass
//	CX values in this chunk   R8 scratch
//
// Operands are in Go's order, as in words.h.

#define VCHUNK 512
#define BOFF 4096 // of the second part of scratch
#define AOFF 8192 // and the third, in Pow only

// V: a vector of the constants, see vecconstants_amd64.go.
#define V(name) ·vecconstants+name(SB)
#define vec_belownormal vec_exponent // the integer −2²³

// VEXPARG: the first pass of exp, of 16 values in two vectors: t = x·8/ln2 + magic =
// n + magic and r = x − n·ln2/8. Registers: Y15 −105, Y14 89, Y13 magic, Y12 8/ln2,
// Y11 and Y10 ln2/8 in two parts.
#define VEXPARG(x, t, r, x1, t1, r1) \
	VMAXPS x, Y15, Y0; \
	VMAXPS x1, Y15, Y3; \
	VMINPS Y0, Y14, Y0; \
	VMINPS Y3, Y14, Y3            /* Y0 = x, in [−105, 89], or NaN */; \
	VMOVAPS Y13, Y1; \
	VFMADD231PS Y12, Y0, Y1; \
	VMOVAPS Y13, Y4; \
	VFMADD231PS Y12, Y3, Y4       /* Y1 = t = x·8/ln2 + magic */; \
	VSUBPS Y13, Y1, Y2; \
	VSUBPS Y13, Y4, Y5            /* Y2 = n = round(x·8/ln2) */; \
	VMOVUPS Y1, t; \
	VMOVUPS Y4, t1; \
	VFNMADD231PS Y11, Y2, Y0; \
	VFNMADD231PS Y11, Y5, Y3      /* Y0 = x − n·c1 */; \
	VFNMADD231PS Y10, Y2, Y0; \
	VFNMADD231PS Y10, Y5, Y3      /* Y0 = r = x − n·ln2/8 */; \
	VMOVUPS Y0, r; \
	VMOVUPS Y3, r1

// VEXP: the second pass, of 16 values in two vectors: y = exp(x). magic has the
// exponent's bias in it, so that shifting t gives 2^half, half = ⌊n/16⌋, at once.
// Registers: Y15 table of 2^(j/8), Y14 of its low parts, Y13 p2, Y12 p4.
#define VEXP(t, r, y, t1, r1, y1) \
	VMOVUPS r, Y0; \
	VMOVUPS r1, Y6; \
	VMOVUPS V(vec_p3), Y2; \
	VFMADD213PS Y13, Y0, Y2; \
	VMOVUPS V(vec_p3), Y8; \
	VFMADD213PS Y13, Y6, Y8       /* Y2 = p2 + p3·r */; \
	VMULPS Y0, Y0, Y3; \
	VMULPS Y6, Y6, Y9             /* Y3 = r² */; \
	VMOVUPS t, Y1; \
	VMOVUPS t1, Y7; \
	VFMADD231PS Y12, Y3, Y2; \
	VFMADD231PS Y12, Y9, Y8       /* Y2 = p2 + p3·r + p4·r² */; \
	VPERMPS Y14, Y1, Y4; \
	VPERMPS Y14, Y7, Y10          /* Y4 = what 2^(j/8) lacks, relatively; j = n mod 8 */; \
	VFMADD213PS Y0, Y3, Y2; \
	VFMADD213PS Y6, Y9, Y8        /* Y2 = r + r²·Y2 ≈ exp(r) − 1 */; \
	VPERMPS Y15, Y1, Y5; \
	VPERMPS Y15, Y7, Y11          /* Y5 = bits of 2^(j/8), less j<<20 and those of 1 */; \
	VPSLLD $19, Y1, Y1; \
	VPSLLD $19, Y7, Y7; \
	VPAND V(vec_exponent), Y1, Y0; \
	VPAND V(vec_exponent), Y7, Y6   /* Y0 = 2^half */; \
	VPADDD Y1, Y1, Y1; \
	VPADDD Y7, Y7, Y7; \
	VPSUBD Y0, Y5, Y5; \
	VPSUBD Y6, Y11, Y11; \
	VADDPS Y4, Y2, Y2; \
	VADDPS Y10, Y8, Y8; \
	VPADDD Y1, Y5, Y5; \
	VPADDD Y7, Y11, Y11           /* Y5 = s = 2^(n/8 − half) */; \
	VFMADD132PS Y5, Y5, Y2; \
	VFMADD132PS Y11, Y11, Y8      /* Y2 = s + s·Y2; if both are NaN, Y2 */; \
	VMULPS Y0, Y2, Y2; \
	VMULPS Y6, Y8, Y8             /* Y2 = exp(x): may overflow or underflow here */; \
	VMOVUPS Y2, y; \
	VMOVUPS Y8, y1

// ORDINARY: NZ in the flags unless each of the CX values at SI, as an unsigned number
// and plus the one at shift, is at most the one at limit: in a chunk of such values no
// argument is special. CX is 16 at least.
#define ORDINARY(loop, shift, limit) \
	VMOVDQU V(limit), Y3; \
	VMOVDQA Y3, Y2; \
	VMOVDQA Y3, Y5; \
	VMOVDQU V(shift), Y4; \
	XORQ BX, BX; \
loop: \
	VPADDD 0(SI)(BX*4), Y4, Y0; \
	VPADDD 32(SI)(BX*4), Y4, Y1; \
	VPMAXUD Y0, Y2, Y2; \
	VPMAXUD Y1, Y5, Y5; \
	ADDQ $16, BX; \
	CMPQ BX, CX; \
	JLT loop; \
	VPMAXUD Y5, Y2, Y2; \
	VPXOR Y3, Y2, Y2; \
	VPTEST Y2, Y2

// ABOVEMINUSONE: the same for log1p: NZ unless −1 < x < +Inf for each of the CX
// values x at SI.
#define ABOVEMINUSONE(loop) \
	VMOVDQU V(vec_max), Y7; \
	VMOVDQA Y7, Y2; \
	VMOVUPS V(vec_magnitude), Y4; \
	VXORPS Y3, Y3, Y3; \
	XORQ BX, BX; \
loop: \
	VMOVDQU 0(SI)(BX*4), Y0; \
	VMOVDQU 32(SI)(BX*4), Y1; \
	VPAND Y4, Y0, Y5; \
	VPAND Y4, Y1, Y6; \
	VMINPS Y0, Y3, Y3; \
	VMINPS Y1, Y3, Y3             /* Y3 = min(x, 0), unless x is NaN */; \
	VPMAXUD Y5, Y2, Y2; \
	VPMAXUD Y6, Y2, Y2            /* Y2 = max(|x|, the largest number) */; \
	ADDQ $16, BX; \
	CMPQ BX, CX; \
	JLT loop; \
	VCMPPS $2, V(vec_minusone), Y3, Y3 /* Y3 = ones where that is −1 or less */; \
	VPXOR Y7, Y2, Y2; \
	VPOR Y3, Y2, Y2; \
	VPTEST Y2, Y2

// VLOGNORMAL: y = log(x) of 16 positive, normal and finite values in two vectors.
// Registers: Y15 Y14 Y13 tables of c and −ln c in two parts, Y12 l1, Y11 Y10 ln2 in
// two parts.
#define VLOGNORMAL(x, y, x1, y1) \
	VMOVUPS x, Y0; \
	VMOVUPS x1, Y5; \
	VPSUBD V(vec_lowest), Y0, Y1; \
	VPSUBD V(vec_lowest), Y5, Y6; \
	VPSRLD $20, Y1, Y2; \
	VPSRLD $20, Y6, Y7            /* Y2 = j, mod 8 */; \
	VPAND V(vec_exponent), Y1, Y1; \
	VPAND V(vec_exponent), Y6, Y6   /* Y1 = k<<23 */; \
	VPSUBD Y1, Y0, Y0; \
	VPSUBD Y6, Y5, Y5             /* Y0 = m */; \
	VPERMPS Y15, Y2, Y3; \
	VPERMPS Y15, Y7, Y8           /* Y3 = c */; \
	VCVTDQ2PS Y1, Y1; \
	VCVTDQ2PS Y6, Y6              /* Y1 = k·2²³ */; \
	VFMSUB213PS V(vec_one), Y3, Y0; \
	VFMSUB213PS V(vec_one), Y8, Y5  /* Y0 = f = c·m − 1, exact */; \
	VPERMPS Y14, Y2, Y3; \
	VPERMPS Y14, Y7, Y8; \
	VFMADD231PS Y11, Y1, Y3; \
	VFMADD231PS Y11, Y6, Y8       /* Y3 = h = k·ln2 − ln c, exact */; \
	VPERMPS Y13, Y2, Y2; \
	VPERMPS Y13, Y7, Y7; \
	VFMADD231PS Y10, Y1, Y2; \
	VFMADD231PS Y10, Y6, Y7       /* Y2 = lo */; \
	VMOVUPS V(vec_l2), Y4; \
	VFMADD231PS V(vec_l3), Y0, Y4; \
	VMOVUPS V(vec_l2), Y9; \
	VFMADD231PS V(vec_l3), Y5, Y9   /* Y4 = l2 + l3·f */; \
	VADDPS Y0, Y3, Y1; \
	VADDPS Y5, Y8, Y6             /* Y1 = s = h + f, rounded */; \
	VSUBPS Y3, Y1, Y3; \
	VSUBPS Y8, Y6, Y8; \
	VSUBPS Y3, Y0, Y3; \
	VSUBPS Y8, Y5, Y8             /* Y3 = f − (s − h), what s lost */; \
	VADDPS Y3, Y2, Y2; \
	VADDPS Y8, Y7, Y7             /* Y2 = lo + Y3 */; \
	VMULPS Y0, Y0, Y3; \
	VMULPS Y5, Y5, Y8             /* Y3 = f² */; \
	VFMADD213PS V(vec_l0), Y12, Y0; \
	VFMADD213PS V(vec_l0), Y12, Y5  /* Y0 = l0 + l1·f */; \
	VFMADD231PS V(vec_l4), Y3, Y4; \
	VFMADD231PS V(vec_l4), Y8, Y9   /* Y4 = l2 + l3·f + l4·f² */; \
	VFMADD231PS Y4, Y3, Y0; \
	VFMADD231PS Y9, Y8, Y5        /* Y0 = Y0 + f²·Y4 */; \
	VFMADD213PS Y2, Y3, Y0; \
	VFMADD213PS Y7, Y8, Y5        /* Y0 = f²·Y0 + lo */; \
	VADDPS Y0, Y1, Y0; \
	VADDPS Y5, Y6, Y5             /* Y0 = log(x) */; \
	VMOVUPS Y0, y; \
	VMOVUPS Y5, y1

// VLOG: y = log(x) of 8 values. Where one is not positive, normal and finite,
// CX ≠ 0: subnormal numbers are scaled first, results outside log's domain
// replaced last. normal and done are labels of its own.
// Registers: Y15 bias, Y14 last normal number, Y13 Y12 Y11 tables of c and −ln c
// in two parts, Y10 one, Y9 and Y8 ln2 in two parts.
#define VLOG(x, y, normal, done) \
	VMOVUPS x, Y0                 /* Y0 = x */; \
	VMOVAPS Y0, Y2; \
	VPSUBD Y15, Y0, Y1; \
	VPCMPGTD Y14, Y1, Y1; \
	VMOVMSKPS Y1, CX; \
	TESTL CX, CX; \
	JZ normal; \
	VMULPS V(vec_two23), Y0, Y3; \
	VPSUBD V(vec_exp23), Y3, Y3        /* Y3 = bits of x·2²³, less 23<<23 */; \
	VMOVDQU V(vec_minnormal), Y4; \
	VPCMPGTD Y0, Y4, Y4; \
	VBLENDVPS Y4, Y3, Y0, Y2; \
normal: \
	VPADDD V(vec_split), Y2, Y3; \
	VPSRLD $20, Y3, Y4            /* Y4 = j, mod 8 */; \
	VPAND V(vec_exponent), Y3, Y3; \
	VPSUBD Y10, Y3, Y3            /* Y3 = k<<23 */; \
	VPSUBD Y3, Y2, Y2             /* Y2 = m */; \
	VCVTDQ2PS Y3, Y3              /* Y3 = k·2²³ */; \
	VPERMPS Y13, Y4, Y5           /* Y5 = c */; \
	VPERMPS Y12, Y4, Y6           /* Y6 = −ln c, upper part */; \
	VPERMPS Y11, Y4, Y4           /* Y4 = and lower part */; \
	VFMSUB213PS Y10, Y5, Y2       /* Y2 = f = c·m − 1, exact */; \
	VFMADD231PS Y9, Y3, Y6        /* Y6 = h = k·ln2 − ln c, exact */; \
	VFMADD231PS Y8, Y3, Y4        /* Y4 = lo */; \
	VADDPS Y2, Y6, Y5             /* Y5 = s = h + f, rounded */; \
	VSUBPS Y6, Y5, Y6; \
	VSUBPS Y6, Y2, Y6             /* Y6 = f − (s − h), what s lost */; \
	VADDPS Y6, Y4, Y4             /* Y4 = lo + Y6 */; \
	VMULPS Y2, Y2, Y3             /* Y3 = f² */; \
	VMOVUPS V(vec_l0), Y6; \
	VFMADD231PS V(vec_l1), Y2, Y6   /* Y6 = l0 + l1·f */; \
	VMOVUPS V(vec_l2), Y7; \
	VFMADD231PS V(vec_l3), Y2, Y7; \
	VFMADD231PS V(vec_l4), Y3, Y7   /* Y7 = l2 + l3·f + l4·f² */; \
	VFMADD231PS Y7, Y3, Y6        /* Y6 = Y6 + f²·Y7 */; \
	VFMADD213PS Y4, Y3, Y6        /* Y6 = f²·Y6 + lo */; \
	VADDPS Y6, Y5, Y5             /* Y5 = log(x) */; \
	TESTL CX, CX; \
	JZ done; \
	VXORPS Y1, Y1, Y1; \
	VCMPPS $0, Y1, Y0, Y2; \
	VBLENDVPS Y2, V(vec_minusinf), Y5, Y5 /* x = 0: −Inf */; \
	VCMPPS $1, Y1, Y0, Y2; \
	VORPS Y2, Y5, Y5              /* x < 0: NaN */; \
	VCMPPS $6, V(vec_max), Y0, Y2; \
	VBLENDVPS Y2, Y0, Y5, Y5      /* x not ≤ max: x */; \
done: \
	VMOVUPS Y5, y

// EXP64: T = exp(T), |T| ≤ 112, of 4 float64. Registers: Y15 1/ln2, Y14 magic,
// Y13 ln2, Y12 one, Y11 Y10 Y9 Y8 Y7 e2…e6.
#define EXP64(T, N, A, B, C, RR) \
	VMOVAPD Y14, N; \
	VFMADD231PD Y15, T, N         /* N = n + magic, n = round(T/ln2) */; \
	VSUBPD Y14, N, A              /* A = n */; \
	VFNMADD231PD Y13, A, T        /* T = r = T − n·ln2 */; \
	VMULPD T, T, RR               /* RR = r² */; \
	VMOVAPD Y9, C; \
	VFMADD231PD Y8, T, C; \
	VFMADD231PD Y7, RR, C         /* C = e4 + e5·r + e6·r² */; \
	VMOVAPD Y11, B; \
	VFMADD231PD Y10, T, B         /* B = e2 + e3·r */; \
	VFMADD231PD C, RR, B          /* B = e2 + … + e6·r⁴ */; \
	VADDPD Y12, T, A; \
	VFMADD231PD B, RR, A          /* A = 1 + r + r²·B ≈ exp(r) */; \
	VPSLLQ $52, N, N; \
	VPADDQ N, A, T                /* T = 2^n·A */

#define EXP64SETUP \
	VMOVUPD V(vec_byln2), Y15; \
	VMOVUPD V(vec_magic64), Y14; \
	VMOVUPD V(vec_ln2), Y13; \
	VMOVUPD V(vec_one64), Y12; \
	VMOVUPD V(vec_e2), Y11; \
	VMOVUPD V(vec_e3), Y10; \
	VMOVUPD V(vec_e4), Y9; \
	VMOVUPD V(vec_e5), Y8; \
	VMOVUPD V(vec_e6), Y7

// EXPNEG64: Y0 = exp(−|x|), or what rounds to 0 as it does, of 4 values.
#define EXPNEG64(x) \
	VCVTPS2PD x, Y0; \
	VORPD V(vec_sign64), Y0, Y0; \
	VMOVUPD V(vec_floor64), Y1; \
	VMAXPD Y0, Y1, Y0             /* Y0 = max(−|x|, −112), or NaN */; \
	EXP64(Y0, Y1, Y2, Y3, Y4, Y5)

// LOG64HEAD: of U > 0: D = c·2^−k, B = k·ln2 − ln c, with U = 2^k·m, c ≈ 1/m.
// PURE clears L's lower words; where U has been a float32 they are clear.
// Registers: Y15 table of c, Y14 Y13 tables of −ln c in two parts, Y12 ln2,
// Y11 2⁴⁸ + 2⁵², Y10 mask of upper words, Y9 of exponents, Y8 2⁵², Y7 2⁵² + 1023.
#define LOG64HEAD(U, T, D, B, L, PURE) \
	VPADDQ Y11, U, T; \
	VPSRLD $17, T, L; \
	PURE(L)                       /* L = j in the upper words, 0 in the lower */; \
	VPANDN Y9, T, T               /* T = (1023 − k)<<52 */; \
	VPERMPS Y15, L, D             /* D = bits of c, less those of 1 */; \
	VPERMPS Y14, L, B             /* B = −ln c */; \
	VPERMPS Y13, L, L             /* L = what B lacks */; \
	VPADDQ T, D, D                /* D = c·2^−k */; \
	VPSRLQ $52, T, T; \
	VPOR Y8, T, T; \
	VSUBPD Y7, T, T               /* T = −k */; \
	VFNMADD231PD Y12, T, B; \
	VADDPD L, B, B                /* B = k·ln2 − ln c */
#define UPPERWORDS(L) VPAND Y10, L, L
#define NOLOWERWORDS(L)

#define LOG64HEADSETUP \
	VMOVUPD V(vec_log64c), Y15; \
	VMOVUPD V(vec_log64hi), Y14; \
	VMOVUPD V(vec_log64lo), Y13; \
	VMOVUPD V(vec_ln2), Y12; \
	VMOVUPD V(vec_split64), Y11; \
	VMOVUPD V(vec_upper64), Y10; \
	VMOVUPD V(vec_exponent64), Y9; \
	VMOVUPD V(vec_two52), Y8; \
	VMOVUPD V(vec_bias64), Y7

// LOG64TAIL: B = b + log1p(f), with F = f. Registers: Y14…Y8 h0…h6.
#define LOG64TAIL(f, b, F, P, Q, FF, B) \
	VMOVUPD f, F; \
	VMULPD F, F, FF               /* FF = f² */; \
	VMOVAPD Y10, P; \
	VFMADD231PD Y9, F, P; \
	VFMADD231PD Y8, FF, P         /* P = h4 + h5·f + h6·f² */; \
	VMOVAPD Y12, Q; \
	VFMADD231PD Y11, F, Q; \
	VFMADD231PD P, FF, Q          /* Q = h2 + … + h6·f⁴ */; \
	VMOVAPD Y14, P; \
	VFMADD231PD Y13, F, P; \
	VFMADD231PD Q, FF, P          /* P = h0 + … + h6·f⁶ */; \
	VFMADD213PD F, FF, P          /* P = f + f²·P ≈ log1p(f) */; \
	VADDPD b, P, B

#define LOG64TAILSETUP \
	VMOVUPD V(vec_h0), Y14; \
	VMOVUPD V(vec_h1), Y13; \
	VMOVUPD V(vec_h2), Y12; \
	VMOVUPD V(vec_h3), Y11; \
	VMOVUPD V(vec_h4), Y10; \
	VMOVUPD V(vec_h5), Y9; \
	VMOVUPD V(vec_h6), Y8

// LOG1PHEAD: f and b of log1p(Y1), of 4 values.
#define LOG1PHEAD(f, b) \
	VADDPD V(vec_one64), Y1, Y0       /* Y0 = u = 1 + Y1 */; \
	LOG64HEAD(Y0, Y2, Y3, Y4, Y5, UPPERWORDS); \
	VADDPD V(vec_minusone64), Y3, Y2; \
	VFMADD231PD Y1, Y3, Y2        /* Y2 = f = c·2^−k·u − 1 */; \
	VMOVUPD Y2, f; \
	VMOVUPD Y4, b

// VLOG1P: y = log1p(x) of 4 values, from f and b.
#define VLOG1P(x, f, b, y) \
	LOG64TAIL(f, b, Y0, Y1, Y2, Y3, Y4); \
	VCVTPS2PD x, Y1; \
	VADDPD V(vec_one64), Y1, Y0       /* Y0 = u = 1 + x */; \
	VXORPD Y1, Y1, Y1; \
	VCMPPD $0, Y1, Y0, Y2; \
	VBLENDVPD Y2, V(vec_minusinf64), Y4, Y4 /* u = 0: −Inf */; \
	VCMPPD $1, Y1, Y0, Y2; \
	VORPD Y2, Y4, Y4              /* u < 0: NaN */; \
	VCMPPD $6, V(vec_max64), Y0, Y2; \
	VBLENDVPD Y2, Y0, Y4, Y4      /* u not ≤ max: u */; \
	VCVTPD2PSY Y4, X4; \
	VMOVUPS x, X5; \
	VANDPS V(vec_sign), X5, X5; \
	VORPS X5, X4, X4              /* X4 = log1p(x); −0 stays itself */; \
	VMOVUPS X4, y

// VLOG1PORDINARY: the same where −1 < x < +Inf.
#define VLOG1PORDINARY(x, f, b, y) \
	LOG64TAIL(f, b, Y0, Y1, Y2, Y3, Y4); \
	VMOVUPS x, X5; \
	VANDPS X15, X5, X5; \
	VCVTPD2PSY Y4, X4; \
	VORPS X5, X4, X4              /* X4 = log1p(x); −0 stays itself */; \
	VMOVUPS X4, y

// VSIGMOID: y = 1/(1 + exp(−x)) of 4 values from e = exp(−|x|) in Y6, after e of the
// next values, x1, so that the division overlaps with that.
#define VSIGMOID(x, y, x1) \
	EXPNEG64(x1)                  /* Y0 = e1 */; \
	VCVTPS2PD x, Y1; \
	VADDPD Y12, Y6, Y2            /* Y2 = 1 + e */; \
	VBLENDVPD Y1, Y6, Y12, Y1     /* Y1 = x < 0 ? e : 1 */; \
	VDIVPD Y2, Y1, Y1; \
	VCVTPD2PSY Y1, X1; \
	VMOVAPD Y0, Y6; \
	VMOVUPS X1, y

// VSOFTPLUS: y = ±log(1 + exp(±x)) of 4 values, from f and b. sign is the float64
// ±0 and sign32 the float32 one.
#define VSOFTPLUS(x, f, b, sign, sign32, y) \
	LOG64TAIL(f, b, Y0, Y1, Y2, Y3, Y4); \
	VCVTPS2PD x, Y1; \
	VXORPD sign, Y1, Y1; \
	VXORPD Y2, Y2, Y2; \
	VMAXPD Y1, Y2, Y1             /* Y1 = max(±x, 0), or NaN */; \
	VADDPD Y1, Y4, Y4; \
	VCVTPD2PSY Y4, X4; \
	VXORPS sign32, X4, X4; \
	VMOVUPS X4, y

// POWHEAD: a = |x|, and f and b of log(a), of 4 values.
#define POWHEAD(x, f, b, a) \
	VCVTPS2PD x, Y0; \
	VANDPD V(vec_magnitude64), Y0, Y0; \
	VMOVUPD Y0, a; \
	LOG64HEAD(Y0, Y2, Y3, Y4, Y5, NOLOWERWORDS); \
	VFMADD213PD V(vec_minusone64), Y0, Y3 /* Y3 = f = c·2^−k·a − 1 */; \
	VMOVUPD Y3, f; \
	VMOVUPD Y4, b

// POWLOG: t = y·log(a), in [−112, 95] or NaN, of 4 values. Registers: Y15 y, Y7 0,
// Y6 the largest finite number.
#define POWLOG(a, f, b, t) \
	LOG64TAIL(f, b, Y0, Y1, Y2, Y3, Y4); \
	VMOVUPD a, Y0; \
	VCMPPD $0, Y7, Y0, Y1; \
	VBLENDVPD Y1, V(vec_minusinf64), Y4, Y4 /* a = 0: −Inf */; \
	VCMPPD $6, Y6, Y0, Y1; \
	VBLENDVPD Y1, Y0, Y4, Y4      /* a not ≤ max: a */; \
	VMULPD Y15, Y4, Y4; \
	VMOVUPD V(vec_floor64), Y1; \
	VMAXPD Y4, Y1, Y4; \
	VMOVUPD V(vec_ceil64), Y1; \
	VMINPD Y4, Y1, Y4             /* Y4 = t */; \
	VMOVUPD Y4, t

// POWEXP: y = exp(t) with the sign or the NaN that a negative x asks for, of 8
// values. sign and nan are the masks.
#define POWEXP(x, t0, t1, sign, nan, y) \
	VMOVUPD t0, Y0; \
	EXP64(Y0, Y1, Y2, Y3, Y4, Y5); \
	VCVTPD2PSY Y0, X6; \
	VMOVUPD t1, Y0; \
	EXP64(Y0, Y1, Y2, Y3, Y4, Y5); \
	VCVTPD2PSY Y0, X0; \
	VINSERTF128 $1, X0, Y6, Y0; \
	VMOVUPS x, Y1; \
	VPADDD V(vec_ones), Y1, Y2; \
	VMOVDQU V(vec_minusmax), Y3; \
	VPCMPGTD Y2, Y3, Y2           /* Y2 = ones where −Inf < x < 0 */; \
	VPBROADCASTD nan, Y3; \
	VPAND Y3, Y2, Y2; \
	VPBROADCASTD sign, Y4; \
	VPAND Y4, Y1, Y1; \
	VPOR Y1, Y0, Y0; \
	VPOR Y2, Y0, Y0; \
	VMOVUPS Y0, y

// POSITIVEHEAD, POSITIVELOG, POSITIVEEXP: the same, of 4 values, in a chunk where all
// x are positive and finite. Registers of POSITIVELOG: Y15 y, Y7 −112, Y6 95.
#define POSITIVEHEAD(x, f, b) \
	VCVTPS2PD x, Y0; \
	LOG64HEAD(Y0, Y2, Y3, Y4, Y5, NOLOWERWORDS); \
	VFMADD213PD V(vec_minusone64), Y0, Y3 /* Y3 = f = c·2^−k·x − 1 */; \
	VMOVUPD Y3, f; \
	VMOVUPD Y4, b
#define POSITIVELOG(f, b, t) \
	LOG64TAIL(f, b, Y0, Y1, Y2, Y3, Y4); \
	VMULPD Y15, Y4, Y4; \
	VMAXPD Y4, Y7, Y4; \
	VMINPD Y4, Y6, Y4             /* Y4 = t */; \
	VMOVUPD Y4, t
#define POSITIVEEXP(t, y) \
	VMOVUPD t, Y0; \
	EXP64(Y0, Y1, Y2, Y3, Y4, Y5); \
	VCVTPD2PSY Y0, X0; \
	VMOVUPS X0, y

// What a pass fetches that the hardware does not fetch in time where it is not in L2: the first
// pass over a chunk its dst, the last one the src of the next chunk, past whose end that does
// nothing. Log and Sigmoid, which have one pass, fetch src alone.
#define DST PREFETCHT0 (DI)(BX*4)
#define NEXTSRC PREFETCHT0 (4*VCHUNK)(SI)(BX*4)
#define NOFETCH

// PASS64: four turns of 4 values.
#define PASS64(loop, FETCH, TURN) \
	XORQ BX, BX; \
loop: \
	FETCH; \
	TURN(0); \
	TURN(16); \
	TURN(32); \
	TURN(48); \
	ADDQ $16, BX; \
	CMPQ BX, CX; \
	JLT loop

// ENTER64: scratch on the frame, aligned to a cache line; it holds no pointers.
#define ENTER64(frame) \
	NO_LOCAL_POINTERS; \
	LEAQ scratch-frame(SP), R8; \
	ADDQ $63, R8; \
	ANDQ $~63, R8

// FIRSTCHUNK: CX = min(VCHUNK, DX).
#define FIRSTCHUNK \
	MOVQ $VCHUNK, CX; \
	CMPQ DX, CX; \
	CMOVQLT DX, CX

#define NEXTCHUNK64(chunk) \
	LEAQ (SI)(CX*4), SI; \
	LEAQ (DI)(CX*4), DI; \
	SUBQ CX, DX; \
	JNZ chunk
