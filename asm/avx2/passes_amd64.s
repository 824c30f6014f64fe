//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"

// The passes over a chunk: rChunk scores at rScores, a multiple of 32. One fused loop
// would be a dependency chain of some 75 cycles per vector, more than the schedulers can
// overlap; short passes keep the ports busy, and their results stay in L1.
//
//	expneg:        EXPS = e = exp(−|x|)
//	log1p:         LOG1PS = log1p(e)
//	power:         POWERS = q^γ, for a general γ only; LOWS is in use
//	crossentropy:  CES = min(−ln p_t, 100), from probabilities; EXPS is in use
//	probpower:     POWERS = q^γ, for a general γ only; EXPS and LOWS are in use

// expneg: EXPS = exp(−|x|).
TEXT ·expneg(SB), NOSPLIT|NOFRAME, $0
	EXPNEG_SETUP
	XORQ rAt, rAt

#define EXPNEG_TURN(o) EXPNEG(SCORES(o), EXPS(o), Y0, Y1, Y2, Y3)
loop:
	FETCHSCORES
	EACH32(EXPNEG_TURN)
	LOOP32(loop)
	RET

// log1p: LOG1PS = log1p(EXPS).
TEXT ·log1p(SB), NOSPLIT|NOFRAME, $0
	LOG1P_SETUP
	XORQ rAt, rAt

#define LOG1P_TURN(o) LOG1P(EXPS(o), LOG1PS(o), Y0, Y1, Y2, Y3, Y4)
loop:
	EACH32(LOG1P_TURN)
	LOOP32(loop)
	RET

// power: POWERS = s = softplus(−u), LOWS = v, its low part; then r and t of exp(−γ·(s + v))
// in their places; then POWERS = q^γ.
TEXT ·power(SB), NOSPLIT|NOFRAME, $0
	SPLITSUM_SETUP
	XORQ rAt, rAt

#define SPLITSUM_TURN(o) SPLITSUM(SCORES(o), LABELS(o), LOG1PS(o), POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
split:
	EACH32(SPLITSUM_TURN)
	LOOP32(split)
	PRODUCT_SETUP
	XORQ rAt, rAt

#define POWR_TURN(o) POWR(POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
product:
	EACH32(POWR_TURN)
	LOOP32(product)
	EXPCORE_SETUP
	XORQ rAt, rAt

#define POWEXP_TURN(o) POWEXP(POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET

// crossentropy: EXPS = f, CES = h; then CES = min(h − ln(1 + f), 100). If one of the scores
// is no probability, at least one of the first eight is NaN.
TEXT ·crossentropy(SB), NOSPLIT|NOFRAME, $0
	LNHEAD_SETUP
	XORQ rAt, rAt

#define LNHEAD_TURN(o) LNHEAD(SCORES(o), LABELS(o), EXPS(o), CES(o), Y0, Y1, Y2, Y3, Y4)
head:
	FETCHSCORES
	EACH32(LNHEAD_TURN)
	LOOP32(head)
	VPMAXUD lnOne, lnTop, lnTop
	VPCMPEQD lnOne, lnTop, lnTop // lnTop = all bits where no x was beyond one
	VPCMPEQD Y0, Y0, Y0
	VPXOR Y0, lnTop, lnTop       // lnTop = NaN where one was
	TABLE(table_maxce, lnMaxCE)
	LN1P_SETUP
	XORQ rAt, rAt

#define LNTAIL_TURN(o) LNTAIL(EXPS(o), CES(o), Y0, Y1, Y2, Y3, Y4)
tail:
	EACH32(LNTAIL_TURN)
	LOOP32(tail)
	XORQ rAt, rAt
	VPOR CES(0), lnTop, lnTop
	VMOVUPS lnTop, CES(0)
	RET

// probpower: LOWS = f, POWERS = ln c, EXPS = 2²³·k; then POWERS = S = −ln(1 − p_t),
// LOWS = its low part; then as power.
TEXT ·probpower(SB), NOSPLIT|NOFRAME, $0
	NEGLN_SETUP(table_scaleof1)
	XORQ rAt, rAt

#define LNQHEAD_TURN(o) LNQHEAD(SCORES(o), LABELS(o), LOWS(o), POWERS(o), EXPS(o), Y0, Y1, Y2, Y3, Y4)
head:
	EACH32(LNQHEAD_TURN)
	LOOP32(head)
	SPREAD(table_ln2hi, lnLn2Hi)
	SPREAD(table_ln2lo, lnLn2Lo)
	LN1P_SETUP
	XORQ rAt, rAt

#define LNQTAIL_TURN(o) LNQTAIL(LOWS(o), POWERS(o), EXPS(o), Y0, Y1, Y2, Y3, Y4, Y5)
tail:
	EACH32(LNQTAIL_TURN)
	LOOP32(tail)
	POWQ_SETUP
	XORQ rAt, rAt

#define POWQ_TURN(o) POWQ(POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
product:
	EACH32(POWQ_TURN)
	LOOP32(product)
	EXPCORE_SETUP
	XORQ rAt, rAt
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET
