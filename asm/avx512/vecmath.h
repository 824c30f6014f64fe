// The vocabulary of the AVX-512 elementwise kernels. They take four vectors in
// lockstep: 64 float32 in Exp and Log, 32 float64 in the others. Each step below
// is for one vector and FOUR does it for all, so operations that need not wait
// for each other stand together and one pass does: an FMA takes as long as four
// of them keep the ports busy.
//
// Registers of all kernels:
//
//	SI src   DI dst   DX values left
//	R9 R10 R11 offsets of groups of 16 values within the turn, in bytes
//	Z0…Z3 a   Z4…Z7 b   Z8…Z11 c   Z12…Z15 d   Z16…Z19 e   Z20…Z23 f, of four vectors
//	Z24…Z31 constants; in EXP, which has no f, Z20…Z29
//
// and in those that work in passes through scratch:
//
//	R8 scratch   CX values in this chunk   BX values left of them
//	R10 R12 R13 scratch, src, dst of this turn
//
// VGETMANT and VGETEXP split off significand and exponent of subnormal numbers,
// too; VSCALEF rounds once where a result is subnormal, as the product with a
// power of two does. So neither needs a second path. Like shifts, additions, minima and
// conversions, they leave the ports of the FMA alone, which are what bounds the kernels.
//
// Operands are in Go's order, as in words.h.

#define ZCHUNK 512
#define XOFF 4096 // of the second part of scratch

// Z: a constant or the table of it, see vecconstants_amd64.go.
#define Z(name) ·vecconstants+name(SB)

#define FOUR(STEP) \
	STEP(Z0, Z4, Z8, Z12, Z16, Z20); \
	STEP(Z1, Z5, Z9, Z13, Z17, Z21); \
	STEP(Z2, Z6, Z10, Z14, Z18, Z22); \
	STEP(Z3, Z7, Z11, Z15, Z19, Z23)

#define LEFT(STEP) \
	STEP(Z0, Z4, Z8, Z12, Z16, Z20); \
	STEP(Z1, Z5, Z9, Z13, Z17, Z21)
#define RIGHT(STEP) \
	STEP(Z2, Z6, Z10, Z14, Z18, Z22); \
	STEP(Z3, Z7, Z11, Z15, Z19, Z23)

// Loads and stores: in kernels on float32 a vector is 16 values, in those on
// float64 8 of them, and X the converted a, whose register Y names.
#define EACH16(STEP, P) \
	STEP((P), Z0, Z12); \
	STEP((P)(R9*1), Z1, Z13); \
	STEP((P)(R10*1), Z2, Z14); \
	STEP((P)(R11*1), Z3, Z15)
#define EACH8(STEP, P) \
	STEP((P), Z0, Z12, Y0, Y4); \
	STEP(32(P), Z1, Z13, Y1, Y5); \
	STEP((P)(R9*1), Z2, Z14, Y2, Y6); \
	STEP(32(P)(R9*1), Z3, Z15, Y3, Y7)
#define LOAD16(m, a, d) VMOVUPS m, a
#define STORE16(m, a, d) VMOVUPS d, m
#define LOAD8(m, a, d, X, x) VCVTPS2PD m, a
#define LOADX(m, a, d, X, x) VMOVUPS m, x
#define NARROWA(m, a, d, X, x) VCVTPD2PS a, X
#define NARROWD(m, a, d, X, x) VCVTPD2PS d, X
#define STORE8(m, a, d, X, x) VMOVUPS X, m

// TURN16: offsets of the groups in this turn. Where fewer than four are left, the
// last one is taken more than once: all are loaded before the first is stored.
#define TURN16 \
	CMPQ DX, $64; \
	JGE  6(PC); \
	LEAQ -64(DX*4), R11; \
	CMPQ R9, R11; \
	CMOVQGT R11, R9; \
	CMPQ R10, R11; \
	CMOVQGT R11, R10

// EXP: d = exp(a). Registers: Z20 1/ln2, Z21 magic, Z22 Z23 ln2 in two parts, Z24
// bound, Z25 Z26 Z27 p2 p3 p4, Z28 table of 2^(j/8), Z29 of its low parts.
//
// Arguments are not clamped. Where x is out of exp's range, r may be anything; the
// bound, which lacks the upper bit of the exponent, makes it less than 2 and
// finite, so that p is positive, and c = ±Inf or NaN, or huge, decides.
#define EXP_N(a, b, c, d, e, f) \
	VMOVAPS Z21, b; \
	VFMADD231PS Z20, a, b         /* b = x/ln2 + magic */
#define EXP_C(a, b, c, d, e, f) VSUBPS Z21, b, c /* c = n/8 = x/ln2 in eighths */
#define EXP_R1(a, b, c, d, e, f) VFNMADD231PS Z22, c, a
#define EXP_R2(a, b, c, d, e, f) VFNMADD231PS Z23, c, a /* a = r = x − n·ln2/8 */
#define EXP_BOUND(a, b, c, d, e, f) VPANDD Z24, a, a
#define EXP_P(a, b, c, d, e, f) \
	VMOVAPS Z25, d; \
	VFMADD231PS Z26, a, d         /* d = p2 + p3·r */; \
	VMULPS a, a, e                /* e = r² */
#define EXP_P4(a, b, c, d, e, f) VFMADD231PS Z27, e, d /* d = p2 + p3·r + p4·r² */
#define EXP_Q(a, b, c, d, e, f) \
	VFMADD213PS a, e, d           /* d = r + r²·d ≈ exp(r) − 1 */; \
	VPERMPS Z29, b, a             /* a = what s lacks, relatively */
#define EXP_LOW(a, b, c, d, e, f) \
	VADDPS a, d, d; \
	VPERMPS Z28, b, b             /* b = s = 2^(j/8), j = n mod 8 */
#define EXP_S(a, b, c, d, e, f) VFMADD213PS b, b, d /* d = s + s·d */
#define EXP_Y(a, b, c, d, e, f) VSCALEFPS c, d, d /* d = d·2^⌊n/8⌋ */
#define EXP \
	FOUR(EXP_N); \
	FOUR(EXP_C); \
	FOUR(EXP_R1); \
	FOUR(EXP_R2); \
	FOUR(EXP_BOUND); \
	FOUR(EXP_P); \
	FOUR(EXP_P4); \
	FOUR(EXP_Q); \
	FOUR(EXP_LOW); \
	FOUR(EXP_S); \
	FOUR(EXP_Y)

// LOG: d = log(a). Registers: Z24 one, Z25 Z26 ln2 in two parts, Z27 Z28 Z29
// tables of c and −ln c in two parts, Z30 l0, Z31 l2.
//
// Where x < 0, m is NaN; where it is 0 or +Inf, k is ∓Inf and so is h. Only what
// is added to s would be NaN then, for which the minimum puts 1.
#define LOG_M(a, b, c, d, e, f) \
	VGETMANTPS $8, a, b           /* b = m, in [1, 2), x = 2^k·m */; \
	VGETEXPPS a, c                /* c = k */
#define LOG_J(a, b, c, d, e, f) VPSRLD $19, b, a /* a = m's upper bits: index of the tables */
#define LOG_F(a, b, c, d, e, f) \
	VPERMPS Z27, a, d             /* d = c */; \
	VFMSUB213PS Z24, d, b         /* b = f = c·m − 1, exact */
#define LOG_H(a, b, c, d, e, f) \
	VPERMPS Z28, a, d             /* d = −ln c, upper part */; \
	VFMADD231PS Z25, c, d         /* d = h = k·ln2 − ln c, exact */
#define LOG_LO(a, b, c, d, e, f) \
	VPERMPS Z29, a, e             /* e = −ln c, lower part */; \
	VFMADD231PS Z26, c, e         /* e = lo */
#define LOG_S(a, b, c, d, e, f) \
	VADDPS b, d, a                /* a = s = h + f, rounded */; \
	VMOVAPS Z31, f; \
	VFMADD231PS.BCST Z(vec_l3), b, f /* f = l2 + l3·f */
#define LOG_S1(a, b, c, d, e, f) \
	VSUBPS d, a, d                /* d = s − h */; \
	VMOVAPS Z30, c; \
	VFMADD231PS.BCST Z(vec_l1), b, c /* c = l0 + l1·f */
#define LOG_S2(a, b, c, d, e, f) \
	VSUBPS d, b, d                /* d = f − (s − h), what s lost */; \
	VMULPS b, b, b                /* b = f² */
#define LOG_S3(a, b, c, d, e, f) \
	VADDPS d, e, e                /* e = lo + d */; \
	VFMADD231PS.BCST Z(vec_l4), b, f /* f = l2 + l3·f + l4·f² */
#define LOG_P(a, b, c, d, e, f) VFMADD231PS f, b, c /* c = l0 + … + l4·f⁴ */
#define LOG_Q(a, b, c, d, e, f) VFMADD213PS e, b, c /* c = f²·c + lo */
#define LOG_NAN(a, b, c, d, e, f) VMINPS Z24, c, c
#define LOG_Y(a, b, c, d, e, f) VADDPS a, c, d /* d = log(x) */

// LOGHALVES: the second half of LOG for two vectors and the first half for the other
// two meanwhile.
#define LOGFIRST(TWO) \
	TWO(LOG_M); \
	TWO(LOG_J); \
	TWO(LOG_F); \
	TWO(LOG_H); \
	TWO(LOG_LO)
#define LOGHALVES(TWO, OTHERS) \
	OTHERS(LOG_M); \
	OTHERS(LOG_J); \
	OTHERS(LOG_F); \
	TWO(LOG_S); \
	OTHERS(LOG_H); \
	TWO(LOG_S1); \
	OTHERS(LOG_LO); \
	TWO(LOG_S2); \
	TWO(LOG_S3); \
	TWO(LOG_P); \
	TWO(LOG_Q); \
	TWO(LOG_NAN); \
	TWO(LOG_Y)

// EXP64 and EXP64_Y: e = exp(b), a as it was; with EXP64_YD it is d. Registers: Z24 e4,
// Z25 e2, Z26 bound, Z27 1/ln2, Z28 magic, Z29 ln2, Z30 one. As in EXP, not clamped.
#define EXP64_N(a, b, c, d, e, f) \
	VMOVAPD Z28, c; \
	VFMADD231PD Z27, b, c         /* c = b/ln2 + magic */
#define EXP64_ROUND(a, b, c, d, e, f) VSUBPD Z28, c, d /* d = n = round(b/ln2) */
#define EXP64_R(a, b, c, d, e, f) VFNMADD231PD Z29, d, b /* b = r = b − n·ln2 */
#define EXP64_BOUND(a, b, c, d, e, f) VPANDQ Z26, b, b
#define EXP64_RR(a, b, c, d, e, f) \
	VMULPD b, b, c                /* c = r² */; \
	VMOVAPD Z24, e; \
	VFMADD231PD.BCST Z(vec_e5), b, e
#define EXP64_B(a, b, c, d, e, f) \
	VMOVAPD Z25, f; \
	VFMADD231PD.BCST Z(vec_e3), b, f /* f = e2 + e3·r */; \
	VADDPD Z30, b, b              /* b = 1 + r */
#define EXP64_E(a, b, c, d, e, f) VFMADD231PD.BCST Z(vec_e6), c, e /* e = e4 + e5·r + e6·r² */
#define EXP64_F(a, b, c, d, e, f) VFMADD231PD e, c, f /* f = e2 + … + e6·r⁴ */
#define EXP64_P(a, b, c, d, e, f) VFMADD231PD f, c, b /* b = 1 + r + r²·f ≈ exp(r) */
#define EXP64_Y(a, b, c, d, e, f) VSCALEFPD d, b, e /* e = 2^n·b */
#define EXP64_YD(a, b, c, d, e, f) VSCALEFPD d, b, d
#define EXP64 \
	FOUR(EXP64_N); \
	FOUR(EXP64_ROUND); \
	FOUR(EXP64_R); \
	FOUR(EXP64_BOUND); \
	FOUR(EXP64_RR); \
	FOUR(EXP64_B); \
	FOUR(EXP64_E); \
	FOUR(EXP64_F); \
	FOUR(EXP64_P)

#define EXP64SETUP \
	VBROADCASTSD Z(vec_e4), Z24; \
	VBROADCASTSD Z(vec_e2), Z25; \
	VBROADCASTSD Z(vec_bound64), Z26; \
	VBROADCASTSD Z(vec_byln264), Z27; \
	VBROADCASTSD Z(vec_magic64), Z28; \
	VBROADCASTSD Z(vec_ln2), Z29; \
	VBROADCASTSD Z(vec_one64), Z30

// MINUSABS: b = −|a|.
#define MINUSABS(a, b, c, d, e, f) VPORQ.BCST Z(vec_sign64), a, b

// LOG64TAIL: d = f + log1p(c), b as it was. Registers: Z29 Z30 Z31 h0 h2 h4.
#define LOG64_P(a, b, c, d, e, f) \
	VMOVAPD Z31, d; \
	VFMADD231PD.BCST Z(vec_h5), c, d; \
	VMULPD c, c, e                /* e = f² */
#define LOG64_Q(a, b, c, d, e, f) \
	VMOVAPD Z30, a; \
	VFMADD231PD.BCST Z(vec_h3), c, a
#define LOG64_P6(a, b, c, d, e, f) VFMADD231PD.BCST Z(vec_h6), e, d /* d = h4 + h5·f + h6·f² */
#define LOG64_QP(a, b, c, d, e, f) \
	VFMADD231PD d, e, a           /* a = h2 + … + h6·f⁴ */; \
	VMOVAPD Z29, d; \
	VFMADD231PD.BCST Z(vec_h1), c, d
#define LOG64_PQ(a, b, c, d, e, f) VFMADD231PD a, e, d /* d = h0 + … + h6·f⁶ */
#define LOG64_L(a, b, c, d, e, f) VFMADD213PD c, e, d /* d = f + f²·d ≈ log1p(f) */
#define LOG64_Y(a, b, c, d, e, f) VADDPD f, d, d
#define LOG64TAIL \
	FOUR(LOG64_P); \
	FOUR(LOG64_Q); \
	FOUR(LOG64_P6); \
	FOUR(LOG64_QP); \
	FOUR(LOG64_PQ); \
	FOUR(LOG64_L); \
	FOUR(LOG64_Y)

#define LOG64TAILSETUP \
	VBROADCASTSD Z(vec_h0), Z29; \
	VBROADCASTSD Z(vec_h2), Z30; \
	VBROADCASTSD Z(vec_h4), Z31

// POWHEAD: c = f and f = k·ln2 − ln c, of |a| = 2^k·m. Where a is 0 or infinite, f
// is ∓Inf and c is 0. Registers: Z24 Z25 and Z26 Z27 tables of c and −ln c, upper
// part; Z28 half of that of the lower one. The other half is POWLO, in scratch, where a
// vector of 64 bytes has a cache line to itself: Go aligns symbols to 32.
#define POWLO 4096(R8)
#define POW_M(a, b, c, d, e, f) \
	VGETMANTPD $4, a, c           /* c = m, in [1, 2) */; \
	VGETEXPPD a, b                /* b = k */
#define POW_J(a, b, c, d, e, f) VPSRLQ $48, c, a /* a = m's upper bits: index of the tables */
#define POW_C(a, b, c, d, e, f) \
	VMOVDQA64 a, d; \
	VPERMI2PD Z25, Z24, d         /* d = c */; \
	VMOVDQA64 a, f; \
	VPERMI2PD Z27, Z26, f         /* f = −ln c, upper part */
#define POW_F(a, b, c, d, e, f) \
	VFMSUB213PD.BCST Z(vec_one64), d, c /* c = f = c·m − 1 */; \
	VFMADD231PD.BCST Z(vec_ln2), b, f; \
	VPERMI2PD POWLO, Z28, a        /* a = −ln c, lower part */
#define POW_B(a, b, c, d, e, f) VADDPD a, f, f /* f = k·ln2 − ln c */
#define POWHEAD \
	FOUR(POW_M); \
	FOUR(POW_J); \
	FOUR(POW_C); \
	FOUR(POW_F); \
	FOUR(POW_B)

#define POWHEADSETUP \
	VMOVUPD Z(vec_powc), Z24; \
	VMOVUPD Z(vec_powc+64), Z25; \
	VMOVUPD Z(vec_powhi), Z26; \
	VMOVUPD Z(vec_powhi+64), Z27; \
	VMOVUPD Z(vec_powlo), Z28

// LOG1PHEAD: c = f and f = k·ln2 − ln c, of b = u = 1 + a. Registers: Z24 table of
// c, less 1, Z25 Z26 of −ln c in two parts, Z27 split, Z28 exponent.
#define LOG1P_U(a, b, c, d, e, f) VADDPD.BCST Z(vec_one64), a, b /* b = u */
#define LOG1P_J(a, b, c, d, e, f) \
	VPADDQ Z27, b, c              /* c = bits of 2·u, from 31/32 on */; \
	VPSRLQ $49, c, d              /* d = j, mod 8 */; \
	VPANDNQ Z28, c, c             /* c = 2^−k */
#define LOG1P_C(a, b, c, d, e, f) \
	VPERMPD Z24, d, e             /* e = bits of c, less those of 1 */; \
	VPADDQ c, e, e                /* e = c·2^−k */; \
	VGETEXPPD c, c                /* c = −k */; \
	VPERMPD Z25, d, f             /* f = −ln c, upper part */; \
	VPERMPD Z26, d, d             /* d = and lower part */
#define LOG1P_F(a, b, c, d, e, f) \
	VFNMADD231PD.BCST Z(vec_ln2), c, f; \
	VADDPD.BCST Z(vec_minusone64), e, c; \
	VFMADD231PD a, e, c           /* c = f = c·2^−k·u − 1 */; \
	VADDPD d, f, f                /* f = k·ln2 − ln c */
#define LOG1PHEAD \
	FOUR(LOG1P_U); \
	FOUR(LOG1P_J); \
	FOUR(LOG1P_C); \
	FOUR(LOG1P_F)

#define LOG1PHEADSETUP \
	VMOVUPD Z(vec_log64c), Z24; \
	VMOVUPD Z(vec_log64hi), Z25; \
	VMOVUPD Z(vec_log64lo), Z26; \
	VBROADCASTSD Z(vec_splitup64), Z27; \
	VBROADCASTSD Z(vec_exponent64), Z28

// SOFTPLUSHEAD: c = f and f = k·ln2 − ln c, of u = 1 + a, 0 ≤ a ≤ 1, so that k is 0
// or 1. Registers: Z24 Z25 table of c·2^−k, Z26 Z27 of k·ln2 − ln c.
#define SOFTPLUS_U(a, b, c, d, e, f) VADDPD.BCST Z(vec_one64), a, b /* b = u */
#define SOFTPLUS_J(a, b, c, d, e, f) \
	VPADDQ Z28, b, b; \
	VPSRLQ $49, b, d              /* d = index: j and the exponent's last bit */
#define SOFTPLUS_D(a, b, c, d, e, f) \
	VMOVDQA64 d, f; \
	VPERMI2PD Z25, Z24, d         /* d = c·2^−k */; \
	VPERMI2PD Z27, Z26, f         /* f = k·ln2 − ln c */
#define SOFTPLUS_F(a, b, c, d, e, f) \
	VADDPD.BCST Z(vec_minusone64), d, c; \
	VFMADD231PD a, d, c           /* c = f = c·2^−k·u − 1 */
#define SOFTPLUSHEAD \
	FOUR(SOFTPLUS_U); \
	FOUR(SOFTPLUS_J); \
	FOUR(SOFTPLUS_D); \
	FOUR(SOFTPLUS_F)

#define SOFTPLUSHEADSETUP \
	VMOVUPD Z(vec_softplusc), Z24; \
	VMOVUPD Z(vec_softplusc+64), Z25; \
	VMOVUPD Z(vec_softplusln), Z26; \
	VMOVUPD Z(vec_softplusln+64), Z27; \
	VBROADCASTSD Z(vec_split64), Z28

// SCRATCH8: the four vectors at an offset in scratch.
#define SCRATCH8(STEP, o) \
	STEP((o+0)(R10), Z0, Z4, Z12, Z16); \
	STEP((o+64)(R10), Z1, Z5, Z13, Z17); \
	STEP((o+128)(R10), Z2, Z6, Z14, Z18); \
	STEP((o+192)(R10), Z3, Z7, Z15, Z19)
#define LOADA(m, a, b, d, e) VMOVUPD m, a
#define LOADB(m, a, b, d, e) VMOVUPD m, b
#define STOREA(m, a, b, d, e) VMOVUPD a, m
#define STORED(m, a, b, d, e) VMOVUPD d, m
#define STOREE(m, a, b, d, e) VMOVUPD e, m

// What kernels fetch that the hardware does not fetch in time where it is not in L2: the src of
// turns 2 KiB ahead (past its end that does nothing), in the last pass over a chunk if there are
// several, and in the first one the dst of the chunk, except in Pow.
#define NEXTSRC16 \
	PREFETCHT0 2048(SI); \
	PREFETCHT0 2112(SI); \
	PREFETCHT0 2176(SI); \
	PREFETCHT0 2240(SI)
#define NEXTSRC8 \
	PREFETCHT0 2048(R12); \
	PREFETCHT0 2112(R12)
#define DST8 \
	PREFETCHT0 (R13); \
	PREFETCHT0 64(R13)

// PASS: BODY for all of the chunk, 32 values per turn. Where 16 are left, they are
// taken twice: all are loaded before any is stored.
#define PASS(loop, BODY) \
	MOVQ SI, R12; \
	MOVQ DI, R13; \
	MOVQ R8, R10; \
	MOVQ CX, BX; \
	MOVL $64, R9; \
loop: \
	CMPQ BX, $32; \
	JGE  2(PC); \
	XORL R9, R9; \
	BODY; \
	ADDQ $128, R12; \
	ADDQ $128, R13; \
	ADDQ $256, R10; \
	SUBQ $32, BX; \
	JG   loop

// ENTER: scratch on the frame, aligned to a cache line; it holds no pointers.
#define ENTER(frame) \
	NO_LOCAL_POINTERS; \
	LEAQ scratch-frame(SP), R8; \
	ADDQ $63, R8; \
	ANDQ $~63, R8

// FIRST: CX = min(ZCHUNK, DX).
#define FIRST \
	MOVQ $ZCHUNK, CX; \
	CMPQ DX, CX; \
	CMOVQLT DX, CX

#define NEXT(chunk) \
	LEAQ (SI)(CX*4), SI; \
	LEAQ (DI)(CX*4), DI; \
	SUBQ CX, DX; \
	JNZ chunk
