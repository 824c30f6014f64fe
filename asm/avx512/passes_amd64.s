//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "softterms.h"

// The passes over a chunk: rChunk scores at rScores, a multiple of 32. Of labels, kernels of one
// loss have probpower only, sweeps the first five; of targets, kernels have log1p and the last
// four.
//
//	expneg:        ALLEXPS = e = exp(−|x|)
//	log1p:         ALLLOG1PS = log1p(e)
//	power:         POWERS = q^γ, for a general γ only; LOWS is in use
//	crossentropy:  CES = min(−ln p_t, 100), from probabilities; ALLEXPS is in use
//	probpower:     POWERS = q^γ, from probabilities; LOWS and EXPONENTS are in use
//	softexp:       ALLEXPS = e = exp(−|x|), NaN where x is
//	softln:        LOWS, POWERS and EXPONENTS = the parts of −ln N, what q^γ begins with
//	qualityln:     the same of −ln|M|, for |d|^γ
//	softpower:     POWERS = q^γ or |d|^γ, from these
//
// They are loops that each are a short chain of dependent operations.

// expneg: ALLEXPS = exp(−|x|).
TEXT ·expneg(SB), NOSPLIT|NOFRAME, $0
	EXPNEG_SETUP
	XORQ rAt, rAt

#define EXPNEG_TURN(o) EXPNEG(SCORES(o, rAt), ALLEXPS(o), Z0, Z1, Z2, Z3)
loop:
	FETCHSCORES
	EACH32(EXPNEG_TURN)
	LOOP32(loop)
	RET

// log1p: ALLLOG1PS = log1p(ALLEXPS).
TEXT ·log1p(SB), NOSPLIT|NOFRAME, $0
	SPREAD(table_one, rOne)
	SPREAD(table_magic, rMagic)
	LOG1P_SETUP
	XORQ rAt, rAt

#define LOG1P_TURN(o) \
	LOG1P(ALLEXPS(o), Z0, Z1, Z2, Z3, Z4); \
	VMOVUPS Z2, ALLLOG1PS(o)
loop:
	EACH32(LOG1P_TURN)
	LOOP32(loop)
	RET

// power: LOWS, POWERS = t and r of exp(−γ·softplus(−u)); then POWERS = q^γ.
TEXT ·power(SB), NOSPLIT|NOFRAME, $0
	EXP_SETUP
	VXORPS rZero, rZero, rZero
	SPREAD(table_sign, rSign)
	XORQ rAt, rAt

#define POWR_TURN(o) \
	VPMOVZXBD LABELS(o, rAt), Z5; \
	VPSLLD $31, Z5, Z5; \
	VXORPS SCORES(o, rAt), Z5, Z5 /* Z5 = u */; \
	POWR(Z5, ALLLOG1PS(o), LOWS(o), POWERS(o), Z4, Z3, Z2, Z0, Z1)
product:
	EACH32(POWR_TURN)
	LOOP32(product)
	XORQ rAt, rAt

#define POWEXP_TURN(o) POWEXP(POWERS(o), LOWS(o), Z0, Z1, Z2, Z3)
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET

// crossentropy: ALLEXPS = f, CES = h; then CES = min(h − ln(1 + f), 100). If one of the scores
// is no probability, the first sixteen are NaN.
TEXT ·crossentropy(SB), NOSPLIT|NOFRAME, $0
	LN_SETUP
	QUAD(table_scaleof0, lnScaleOf)
	VXORPS lnTop, lnTop, lnTop
	SPREAD(table_ln2exp, lnLn2)
	SPREAD(table_maxce, lnMaxCE)
	VXORPS lnPlus0, lnPlus0, lnPlus0
	XORQ rAt, rAt

#define LNHEAD_TURN(o) LNHEAD(SCORES(o, rAt), LABELS(o, rAt), ALLEXPS(o), CES(o), Z0, Z1, Z2, Z3, Z4)
head:
	FETCHSCORES
	EACH32(LNHEAD_TURN)
	LOOP32(head)
	XORQ rAt, rAt

#define LNTAIL_TURN(o) \
	LNTAIL(ALLEXPS(o), CES(o), Z0, Z1, Z2, Z3); \
	VMOVUPS Z3, CES(o)
tail:
	EACH32(LNTAIL_TURN)
	LOOP32(tail)
	VPCMPUD $6, lnOne, lnTop, K1 // K1 = where an x was beyond one
	KORTESTW K1, K1
	JZ   valid
	XORQ rAt, rAt
	VPTERNLOGD $0xff, Z0, Z0, Z0
	VMOVUPS Z0, CES(0)
valid:
	RET

// probpower: LOWS = f, POWERS = ln c, EXPONENTS = 2²³·k; then POWERS = S = −ln(1 − p_t),
// LOWS = its low part; then r and t of exp(−γ·S) in their places; then POWERS = q^γ.
TEXT ·probpower(SB), NOSPLIT|NOFRAME, $0
	LN_SETUP
	QUAD(table_scaleof1, lnScaleOf)
	XORQ rAt, rAt

#define LNQHEAD_TURN(o) LNQHEAD(SCORES(o, rAt), LABELS(o, rAt), LOWS(o), POWERS(o), EXPONENTS(o), Z0, Z1, Z2, Z3, Z4)
head:
	EACH32(LNQHEAD_TURN)
	LOOP32(head)
	SPREAD(table_ln2hi, lnLn2Hi)
	SPREAD(table_ln2lo, lnLn2Lo)
	XORQ rAt, rAt

#define LNQTAIL_TURN(o) LNQTAIL(LOWS(o), POWERS(o), EXPONENTS(o), Z0, Z1, Z2, Z3, Z4, Z5)
tail:
	EACH32(LNQTAIL_TURN)
	LOOP32(tail)
	EXP_SETUP
	XORQ rAt, rAt

#define POWQ_TURN(o) POWQ(POWERS(o), LOWS(o), Z3, Z2, Z0, Z1)
product:
	EACH32(POWQ_TURN)
	LOOP32(product)
	XORQ rAt, rAt
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET

// softexp: ALLEXPS = exp(−|x|), NaN where x is: by ce this comes to the sum, whatever A is.
TEXT ·softexp(SB), NOSPLIT|NOFRAME, $0
	EXPNEG_SETUP
	SPREAD(table_sign, rSign)
	XORQ rAt, rAt

#define SOFTEXP_TURN(o) EXPNEGNAN(SCORES(o, rAt), ALLEXPS(o), Z0, Z1, Z2, Z3)
loop:
	FETCHSCORES
	EACH32(SOFTEXP_TURN)
	LOOP32(loop)
	RET

// softln: LOWS = f, POWERS = h, EXPONENTS = 2²³·k of −ln N. qualityln: of −ln|M|.
#define LNV_TURN(o, TERM) \
	VMOVUPS SCORES(o, rAt), Z0    /* Z0 = x */; \
	TARGET(o, rZero, lnOne, Z1, Z2) /* Z1 = y, Z2 = 1 − y */; \
	SIDES(Z0, Z1, Z2, Z3, Z4)     /* Z3 = A, Z4 = B */; \
	VMOVUPS ALLEXPS(o), Z5; \
	TERM(Z3, Z4, Z5, Z6)          /* Z6 = N or M */; \
	LNVHEAD(Z6, Z3, Z0, LOWS(o), POWERS(o), EXPONENTS(o), Z7, Z8, Z9)
#define LNV_SETUP \
	LN_SETUP; \
	VXORPS rZero, rZero, rZero; \
	SPREAD(table_ceil, lnCeil); \
	XORQ rAt, rAt

TEXT ·softln(SB), NOSPLIT|NOFRAME, $0
	LNV_SETUP

#define LNN_TURN(o) LNV_TURN(o, NTERM)
loop:
	EACH32(LNN_TURN)
	LOOP32(loop)
	RET

TEXT ·qualityln(SB), NOSPLIT|NOFRAME, $0
	LNV_SETUP

#define LNM_TURN(o) LNV_TURN(o, MTERM)
loop:
	EACH32(LNM_TURN)
	LOOP32(loop)
	RET

// softpower: POWERS = S = −ln(|V|/(1 + e)), LOWS = its low part; then r and t of exp(−γ·S) in
// their places; then POWERS = (|V|/(1 + e))^γ.
TEXT ·softpower(SB), NOSPLIT|NOFRAME, $0
	LN_SETUP
	SPREAD(table_ln2hi, lnLn2Hi)
	SPREAD(table_ln2lo, lnLn2Lo)
	XORQ rAt, rAt

#define LNVTAIL_TURN(o) LNVTAIL(LOWS(o), POWERS(o), EXPONENTS(o), ALLLOG1PS(o), Z0, Z1, Z2, Z3, Z4, Z5)
tail:
	EACH32(LNVTAIL_TURN)
	LOOP32(tail)
	EXP_SETUP
	XORQ rAt, rAt
product:
	EACH32(POWQ_TURN)
	LOOP32(product)
	XORQ rAt, rAt
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET
