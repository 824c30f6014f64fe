// The vocabulary of the NEON elementwise kernels; the AVX2 ones' has the same
// names. Exp and Log take a quad of vectors of 4 float32 in lockstep; the others
// quads of 2 float64, 8 values, in two passes through scratch where there is more
// to keep than registers.
//
// General registers of all kernels:
//
//	R0 src   R1 dst   R2 values left   R10 constants
//	R7 scratch   R9 values in this chunk   R11 values left in this pass
//	R12 cursor in scratch   R13 cursor in src   R14 cursor in dst
//
// Constants are loaded where they are used: the load pipes are idle.

#define VCHUNK 512

#define rSRC 13
#define rDST 14
#define rSCRATCH 12

// Lockstep shifts by s.
#define QUADS(OP, s, n, d) OP(s, n, d); OP(s, (n)+1, (d)+1); OP(s, (n)+2, (d)+2); OP(s, (n)+3, (d)+3)

// VEXP: exp of 16 values. V0…V3 x, r, V4… t, V8… s, V12… low parts, V16… 2^half,
// V20…V23 and V28 to V30 temporary. V24 V25 table of 2^(j/8), V26 V27 of its low
// parts.
#define VEXP \
	QUADLD(0, rSRC, 0); \
	CONST(vec_floor, 20); \
	QUADC(FMAX_4S, 20, 0, 0); \
	CONST(vec_ceil, 21); \
	QUADC(FMIN_4S, 21, 0, 0)      /* V0 = x, in [−105, 89], or NaN */; \
	QUADCONST(vec_magic, 4); \
	CONST(vec_by8ln2, 22); \
	QUADC(FMLA_4S, 22, 0, 4)      /* V4 = t = x·8/ln2 + magic */; \
	CONST(vec_magic, 23); \
	QUADC(FSUB_4S, 23, 4, 8)      /* V8 = n */; \
	CONST(vec_c1, 20); \
	QUADC(FMLS_4S, 20, 8, 0)      /* V0 = x − n·c1 */; \
	CONST(vec_c2, 21); \
	QUADC(FMLS_4S, 21, 8, 0)      /* V0 = r = x − n·ln2/8 */; \
	CONST(vec_index, 28); \
	CONST(vec_spread, 29); \
	LOOKUPINDEX(4, 28, 29, vec_expands, 16, 8); \
	QUADT(TBL2_16B, 8, 26, 12)    /* V12 = what 2^(j/8) lacks, relatively */; \
	QUADT(TBL2_16B, 8, 24, 8)     /* V8 = bits of 2^(j/8), less j<<20 */; \
	QUADS(USHR_4S, 4, 4, 16); \
	QUADS(SHL_4S, 23, 16, 16)     /* V16 = half<<23, half = ⌊n/16⌋ */; \
	CONST(vec_step, 30); \
	QUADC(MLA_4S, 30, 4, 8); \
	QUAD(SUB_4S, 16, 8, 8)        /* V8 = s = 2^(n/8 − half) */; \
	CONST(vec_max, 29); \
	QUADC(UMIN_4S, 29, 8, 8)      /* finite for a NaN x, too, whose sign is to stay */; \
	CONST(vec_one, 28); \
	QUADC(ADD_4S, 28, 16, 16)     /* V16 = 2^half */; \
	QUADCONST(vec_p2, 4); \
	CONST(vec_p3, 29); \
	QUADC(FMLA_4S, 29, 0, 4)      /* V4 = p2 + p3·r */; \
	QUAD(FMUL_4S, 0, 0, 20)       /* V20 = r² */; \
	CONST(vec_p4, 30); \
	QUADC(FMLA_4S, 30, 20, 4)     /* V4 = p2 + p3·r + p4·r² */; \
	QUAD(FMLA_4S, 20, 4, 0)       /* V0 = r + r²·V4 ≈ exp(r) − 1 */; \
	QUAD(FADD_4S, 12, 0, 0); \
	QUAD(FMLA_4S, 8, 0, 8)        /* V8 = s + s·V0 */; \
	QUAD(FMUL_4S, 16, 8, 8)       /* V8 = exp(x): may overflow or underflow here */; \
	QUADST(0, rDST, 8)

// VLOG: log of 16 values. Where one is not positive, normal and finite, R3 ≠ 0:
// subnormal numbers are scaled first, results outside log's domain replaced last.
// V24 V25, V26 V27, V28 V29 tables of c and of −ln c in two parts, V30 and V31
// temporary.
#define VLOG(normal, done) \
	QUADLD(0, rSRC, 0)            /* V0 = x */; \
	CONST(vec_bias, 30); \
	CONST(vec_last, 31); \
	QUADC(SUB_4S, 30, 0, 4); \
	QUADC(CMGT_4S, 31, 4, 4); \
	PAIR(ORR_16B, 4, 6, 4); \
	ORR_16B(4, 5, 4); \
	VMOV V4.D[0], R3; \
	VMOV V4.D[1], R4; \
	ORR R4, R3, R3; \
	CBZ R3, normal; \
	CONST(vec_two23, 30); \
	QUADC(FMUL_4S, 30, 0, 4); \
	CONST(vec_exp23, 31); \
	QUADC(SUB_4S, 31, 4, 4)       /* V4 = bits of x·2²³, less 23<<23 */; \
	QUADCONST(vec_minnormal, 8); \
	QUAD(CMGT_4S, 0, 8, 8); \
	QUAD(BIT_16B, 8, 4, 0)        /* V0 = V4 where x is less than normal */; \
normal: \
	CONST(vec_split, 30); \
	QUADC(ADD_4S, 30, 0, 4); \
	CONST(vec_byte2, 31)          /* j is in bits 20 to 22 */; \
	QUADC(TBL1_16B, 31, 4, 8); \
	QUADC(USHR_16B, 2, 8, 8)      /* V8 = 4j in each byte, and bits beside it */; \
	CONST(vec_lookup, 30); \
	QUADCONST(vec_expands, 12); \
	QUADC(BIT_16B, 30, 8, 12)     /* V12 = byte indices of element j */; \
	QUADT(TBL2_16B, 12, 28, 16)   /* V16 = −ln c, lower part */; \
	QUADT(TBL2_16B, 12, 24, 8)    /* V8 = c */; \
	QUADT(TBL2_16B, 12, 26, 12)   /* V12 = −ln c, upper part */; \
	CONST(vec_exponent, 30); \
	QUADC(AND_16B, 30, 4, 4); \
	CONST(vec_one, 31); \
	QUADC(SUB_4S, 31, 4, 4)       /* V4 = k<<23 */; \
	QUAD(SUB_4S, 4, 0, 0)         /* V0 = m */; \
	QUAD1(SCVTF_4S, 4, 4)         /* V4 = k·2²³ */; \
	QUADCONST(vec_minusone, 20); \
	QUAD(FMLA_4S, 8, 0, 20)       /* V20 = f = c·m − 1, exact */; \
	CONST(vec_ln2hi, 30); \
	QUADC(FMLA_4S, 30, 4, 12)     /* V12 = h = k·ln2 − ln c, exact */; \
	CONST(vec_ln2lo, 31); \
	QUADC(FMLA_4S, 31, 4, 16)     /* V16 = lo */; \
	QUAD(FADD_4S, 20, 12, 0)      /* V0 = s = h + f, rounded */; \
	QUAD(FSUB_4S, 12, 0, 8); \
	QUAD(FSUB_4S, 8, 20, 8)       /* V8 = f − (s − h), what s lost */; \
	QUAD(FADD_4S, 8, 16, 16)      /* V16 = lo + V8 */; \
	QUAD(FMUL_4S, 20, 20, 4)      /* V4 = f² */; \
	QUADCONST(vec_l0, 8); \
	CONST(vec_l1, 30); \
	QUADC(FMLA_4S, 30, 20, 8)     /* V8 = l0 + l1·f */; \
	QUADCONST(vec_l2, 12); \
	CONST(vec_l3, 31); \
	QUADC(FMLA_4S, 31, 20, 12); \
	CONST(vec_l4, 30); \
	QUADC(FMLA_4S, 30, 4, 12)     /* V12 = l2 + l3·f + l4·f² */; \
	QUAD(FMLA_4S, 12, 4, 8)       /* V8 = V8 + f²·V12 */; \
	QUAD(FMLA_4S, 8, 4, 16)       /* V16 = lo + f²·V8 */; \
	QUAD(FADD_4S, 16, 0, 0)       /* V0 = log(x) */; \
	CBZ R3, done; \
	QUADLD(0, rSRC, 4); \
	QUAD1(FCMEQ0_4S, 4, 8); \
	CONST(vec_minusinf, 30); \
	QUADT(BIT_16B, 8, 30, 0)      /* x = 0: −Inf */; \
	QUAD1(FCMLT0_4S, 4, 8); \
	QUAD(ORR_16B, 8, 0, 0)        /* x < 0: NaN */; \
	CONST(vec_max, 31); \
	QUADT(FCMGE_4S, 4, 31, 8); \
	QUAD(BSL_16B, 4, 0, 8)        /* V8 = x ≤ max ? V0 : x */; \
	QUAD1(MOV_16B, 8, 0); \
done: \
	QUADST(0, rDST, 0)

// LOAD64: 8 float32 as float64. STORE64: and back, from n. NARROW64: to V20 V21.
#define LOAD64(d) \
	PAIRLD(0, rSRC, 20); \
	FCVTL_2D(20, d); \
	FCVTL2_2D(20, (d)+1); \
	FCVTL_2D(21, (d)+2); \
	FCVTL2_2D(21, (d)+3)
#define NARROW64(n) \
	FCVTN_2S(n, 20); \
	FCVTN2_4S((n)+1, 20); \
	FCVTN_2S((n)+2, 21); \
	FCVTN2_4S((n)+3, 21)
#define STORE64(n) \
	NARROW64(n); \
	PAIRST(0, rDST, 20)

// EXP64: V0 = exp(V0), |V0| ≤ 112, of 8 float64. V4…V23 temporary. V24 1/ln2,
// V25 magic, V26 ln2, V27 e3, V28 e5, V29 e6, V30 one.
#define EXP64 \
	QUADCONST(vec_magic64, 4); \
	QUADC(FMLA_2D, 24, 0, 4)      /* V4 = n + magic, n = round(V0/ln2) */; \
	QUADC(FSUB_2D, 25, 4, 8)      /* V8 = n */; \
	QUADC(FMLS_2D, 26, 8, 0)      /* V0 = r = V0 − n·ln2 */; \
	QUAD(FMUL_2D, 0, 0, 20)       /* V20 = r² */; \
	QUADCONST(vec_e4, 16); \
	QUADC(FMLA_2D, 28, 0, 16); \
	QUADC(FMLA_2D, 29, 20, 16)    /* V16 = e4 + e5·r + e6·r² */; \
	QUADCONST(vec_e2, 12); \
	QUADC(FMLA_2D, 27, 0, 12)     /* V12 = e2 + e3·r */; \
	QUAD(FMLA_2D, 16, 20, 12)     /* V12 = e2 + … + e6·r⁴ */; \
	QUADC(FADD_2D, 30, 0, 8); \
	QUAD(FMLA_2D, 12, 20, 8)      /* V8 = 1 + r + r²·V12 ≈ exp(r) */; \
	QUADS(SHL_2D, 52, 4, 4); \
	QUAD(ADD_2D, 4, 8, 0)         /* V0 = 2^n·V8 */

#define EXP64SETUP \
	CONST(vec_byln2, 24); \
	CONST(vec_magic64, 25); \
	CONST(vec_ln2, 26); \
	CONST(vec_e3, 27); \
	CONST(vec_e5, 28); \
	CONST(vec_e6, 29); \
	CONST(vec_one64, 30)

// EXPNEG64: V0 = exp(−|x|), or what rounds to 0 as it does, of 8 values.
#define EXPNEG64 \
	LOAD64(0); \
	CONST(vec_sign64, 31); \
	QUADC(ORR_16B, 31, 0, 0); \
	CONST(vec_floor64, 31); \
	QUADC(FMAX_2D, 31, 0, 0)      /* V0 = max(−|x|, −112), or NaN */; \
	EXP64

// LOG64HEAD: of V0 = u > 0, which stays: V12 = c·2^−k, V16 = k·ln2 − ln c, with
// u = 2^k·m, c ≈ 1/m. V24 V25 table of c·2¹⁰²³, V26 V27 and V28 V29 of −ln c in
// two parts.
#define LOG64HEAD \
	CONST(vec_split64, 30); \
	QUADC(ADD_2D, 30, 0, 4); \
	CONST(vec_byte6, 31)          /* j is in bits 49 to 51 */; \
	QUADC(TBL1_16B, 31, 4, 8); \
	QUADC(SHL_16B, 1, 8, 8)       /* V8 = 4j in each byte of the upper words, and bits beside it */; \
	CONST(vec_lookup, 30); \
	QUADCONST(vec_expands64, 12); \
	QUADC(BIT_16B, 30, 8, 12)     /* V12 = byte indices, in the lower words beyond the tables */; \
	QUADT(TBL2_16B, 12, 26, 16)   /* V16 = −ln c */; \
	QUADT(TBL2_16B, 12, 28, 8)    /* V8 = what V16 lacks */; \
	QUADT(TBL2_16B, 12, 24, 12)   /* V12 = c·2¹⁰²³ */; \
	CONST(vec_exponent64, 30); \
	QUADC(AND_16B, 30, 4, 4)      /* V4 = (k + 1023)<<52 */; \
	QUAD(SUB_2D, 4, 12, 12)       /* V12 = c·2^−k */; \
	QUADS(USHR_2D, 52, 4, 4); \
	CONST(vec_two52, 31); \
	QUADC(ORR_16B, 31, 4, 4); \
	CONST(vec_bias64, 30); \
	QUADC(FSUB_2D, 30, 4, 4)      /* V4 = k */; \
	CONST(vec_ln2, 31); \
	QUADC(FMLA_2D, 31, 4, 16); \
	QUAD(FADD_2D, 8, 16, 16)      /* V16 = k·ln2 − ln c */

// LOG64TAIL: V4 = V16 + log1p(V4).
#define LOG64TAIL \
	QUAD(FMUL_2D, 4, 4, 8)        /* V8 = f² */; \
	QUADCONST(vec_h4, 12); \
	CONST(vec_h5, 30); \
	QUADC(FMLA_2D, 30, 4, 12); \
	CONST(vec_h6, 31); \
	QUADC(FMLA_2D, 31, 8, 12)     /* V12 = h4 + h5·f + h6·f² */; \
	QUADCONST(vec_h2, 20); \
	CONST(vec_h3, 30); \
	QUADC(FMLA_2D, 30, 4, 20); \
	QUAD(FMLA_2D, 12, 8, 20)      /* V20 = h2 + … + h6·f⁴ */; \
	QUADCONST(vec_h0, 12); \
	CONST(vec_h1, 31); \
	QUADC(FMLA_2D, 31, 4, 12); \
	QUAD(FMLA_2D, 20, 8, 12)      /* V12 = h0 + … + h6·f⁶ */; \
	QUAD(FMLA_2D, 12, 8, 4)       /* V4 = f + f²·V12 ≈ log1p(f) */; \
	QUAD(FADD_2D, 4, 16, 4)

#define LOG64SETUP \
	CONST(vec_log64c, 24); \
	CONST(vec_log64c+16, 25); \
	CONST(vec_log64hi, 26); \
	CONST(vec_log64hi+16, 27); \
	CONST(vec_log64lo, 28); \
	CONST(vec_log64lo+16, 29)

// LOG1P64: V4 = log1p(X) of the X that XLOAD puts into the quad it is given, with
// V0 = 1 + X, which stays.
#define LOG1P64(XLOAD) \
	XLOAD(0); \
	CONST(vec_one64, 30); \
	QUADC(FADD_2D, 30, 0, 0)      /* V0 = u = 1 + X */; \
	LOG64HEAD; \
	CONST(vec_minusone64, 30); \
	QUADC(FADD_2D, 30, 12, 4); \
	XLOAD(8); \
	QUAD(FMLA_2D, 8, 12, 4)       /* V4 = f = c·2^−k·(1 + X) − 1 */; \
	LOG64TAIL

// VLOG1P: log1p of 8 values.
#define VLOG1P \
	LOG1P64(LOAD64); \
	QUAD1(FCMEQ0_2D, 0, 8); \
	CONST(vec_minusinf64, 30); \
	QUADT(BIT_16B, 8, 30, 4)      /* u = 0: −Inf */; \
	QUAD1(FCMLT0_2D, 0, 8); \
	QUAD(ORR_16B, 8, 4, 4)        /* u < 0: NaN */; \
	CONST(vec_max64, 31); \
	QUADT(FCMGE_2D, 0, 31, 8); \
	QUAD(BSL_16B, 0, 4, 8)        /* V8 = u ≤ max ? V4 : u */; \
	NARROW64(8); \
	PAIRLD(0, rSRC, 0); \
	CONST(vec_sign, 30); \
	PAIRC(AND_16B, 30, 0, 0); \
	PAIR(ORR_16B, 0, 20, 20)      /* V20 = log1p(x); −0 stays itself */; \
	PAIRST(0, rDST, 20)

// VSIGMOID: 1/(1 + exp(−x)) of 8 values.
#define VSIGMOID \
	EXPNEG64                      /* V0 = e */; \
	QUADC(FADD_2D, 30, 0, 4)      /* V4 = 1 + e */; \
	LOAD64(8); \
	QUAD1(FCMLT0_2D, 8, 8); \
	QUADC(BSL_16B, 30, 0, 8)      /* V8 = x < 0 ? e : 1 */; \
	QUAD(FDIV_2D, 4, 8, 8); \
	STORE64(8)

#define LOADSCRATCH(d) QUADLD(0, rSCRATCH, d)

// VSOFTPLUS: ±log(1 + exp(±x)) of 8 values, from e = exp(−|x|) in scratch. sign is
// the offset of the float64 ±0, sign32 of the float32 one.
#define VSOFTPLUS(sign, sign32) \
	LOG1P64(LOADSCRATCH); \
	LOAD64(0); \
	CONST(sign, 30); \
	QUADC(EOR_16B, 30, 0, 0); \
	CONST(vec_plus64, 31); \
	QUADC(FMAX_2D, 31, 0, 0)      /* V0 = max(±x, 0), or NaN */; \
	QUAD(FADD_2D, 0, 4, 4); \
	NARROW64(4); \
	CONST(sign32, 30); \
	PAIRC(EOR_16B, 30, 20, 20); \
	PAIRST(0, rDST, 20)

// POWLOG: scratch = t = y·log|x|, in [−112, 95] or NaN, of 8 values.
#define POWLOG \
	LOAD64(0); \
	QUAD1(FABS_2D, 0, 0)          /* V0 = a = |x| */; \
	LOG64HEAD; \
	QUADCONST(vec_minusone64, 4); \
	QUAD(FMLA_2D, 0, 12, 4)       /* V4 = f = c·2^−k·a − 1 */; \
	LOG64TAIL; \
	QUAD1(FCMEQ0_2D, 0, 8); \
	CONST(vec_minusinf64, 30); \
	QUADT(BIT_16B, 8, 30, 4)      /* a = 0: −Inf */; \
	CONST(vec_max64, 31); \
	QUADT(FCMGE_2D, 0, 31, 8); \
	QUAD(BSL_16B, 0, 4, 8)        /* V8 = a ≤ max ? V4 : a */; \
	FMOVD y+48(FP), F30; \
	VDUP V30.D[0], V30.D2; \
	QUADC(FMUL_2D, 30, 8, 8); \
	CONST(vec_floor64, 31); \
	QUADC(FMAX_2D, 31, 8, 8); \
	CONST(vec_ceil64, 30); \
	QUADC(FMIN_2D, 30, 8, 8)      /* V8 = t */; \
	QUADST(0, rSCRATCH, 8)

// POWEXP: exp(t) with the sign or the NaN that a negative x asks for, of 8 values.
#define POWEXP \
	QUADLD(0, rSCRATCH, 0); \
	EXP64; \
	NARROW64(0); \
	PAIRLD(0, rSRC, 0); \
	CONST(vec_ones, 4); \
	PAIRC(ADD_4S, 4, 0, 2); \
	CONST(vec_minusmax, 5); \
	PAIRT(CMGT_4S, 2, 5, 2)       /* V2 = ones where −Inf < x < 0 */; \
	MOVWU nan+60(FP), R3; \
	VDUP R3, V6.S4; \
	PAIRC(AND_16B, 6, 2, 2); \
	MOVWU sign+56(FP), R3; \
	VDUP R3, V7.S4; \
	PAIRC(AND_16B, 7, 0, 0); \
	PAIR(ORR_16B, 0, 20, 20); \
	PAIR(ORR_16B, 2, 20, 20); \
	PAIRST(0, rDST, 20)

// START: cursors at the chunk, R9 values left in the pass. PASS64: turns of 8.
#define START \
	MOVD R0, R13; \
	MOVD R1, R14; \
	MOVD R7, R12; \
	MOVD R9, R11
#define PASS64(loop, TURN) \
	START; \
loop: \
	TURN; \
	ADD $32, R13; \
	ADD $32, R14; \
	ADD $64, R12; \
	SUBS $8, R11; \
	BNE loop

// ENTER64: scratch on the frame, aligned to a cache line; it holds no pointers.
#define ENTER64 \
	NO_LOCAL_POINTERS; \
	MOVD $scratch-4168(SP), R7; \
	ADD $63, R7; \
	AND $~63, R7; \
	MOVD $·vecconstants(SB), R10

// FIRSTCHUNK: R9 = min(VCHUNK, R2).
#define FIRSTCHUNK \
	MOVD $VCHUNK, R9; \
	CMP R2, R9; \
	CSEL GT, R2, R9, R9

#define NEXTCHUNK64(chunk) \
	ADD R9<<2, R0; \
	ADD R9<<2, R1; \
	SUBS R9, R2; \
	BNE chunk
