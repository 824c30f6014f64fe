//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"

// The passes over a chunk: rChunk scores at rScores, a multiple of 32. Kernels of one loss
// have probpower only, sweeps all.
//
//	expneg:        ALLEXPS = e = exp(−|x|)
//	log1p:         ALLLOG1PS = log1p(e)
//	power:         POWERS = q^γ, for a general γ only; LOWS is in use
//	crossentropy:  CES = min(−ln p_t, 100), from probabilities; ALLEXPS is in use
//	probpower:     POWERS = q^γ, from probabilities; LOWS and EXPONENTS are in use
//
// They are loops that each are a short chain of dependent operations.

// expneg: ALLEXPS = exp(−|x|).
TEXT ·expneg(SB), NOSPLIT|NOFRAME, $0
	EXPNEG_SETUP
	XORQ rAt, rAt

#define EXPNEG_TURN(o) EXPNEG(SCORES(o, rAt), ALLEXPS(o), Z0, Z1, Z2, Z3)
loop:
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
