//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"

// The passes of targets over a chunk, as those of passes_amd64.s:
//
//	softpower:     POWERS = q^γ, for a general γ only; LOWS and EXPONENTS are in use
//	qualitypower:  POWERS = |d|^β, likewise

// SOFTPOWER: LOWS = f, POWERS = h, EXPONENTS = 2²³·k; then POWERS = S = −ln of what HEAD is
// of, LOWS = its low part; then as power.
#define SOFTHEADQ(o) SOFTLNHEAD(OFQ, SCORES(o), TARGETS(o), EXPS(o), LOWS(o), POWERS(o), EXPONENTS(o), Y0, Y1, Y2, Y3, Y4)
#define SOFTHEADD(o) SOFTLNHEAD(OFD, SCORES(o), TARGETS(o), EXPS(o), LOWS(o), POWERS(o), EXPONENTS(o), Y0, Y1, Y2, Y3, Y4)
#define SOFTTAIL_TURN(o) SOFTLNTAIL(LOWS(o), POWERS(o), EXPONENTS(o), LOG1PS(o), Y0, Y1, Y2, Y3, Y4, Y5)
#define POWQ_TURN(o) POWQ(POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
#define POWEXP_TURN(o) POWEXP(POWERS(o), LOWS(o), Y0, Y1, Y2, Y3)
#define SOFTPOWER(HEAD) \
	SOFTLNHEAD_SETUP; \
	XORQ rAt, rAt; \
head: \
	EACH32(HEAD); \
	LOOP32(head); \
	SPREAD(table_ln2hi, lnLn2Hi); \
	SPREAD(table_ln2lo, lnLn2Lo); \
	LN1P_SETUP; \
	XORQ rAt, rAt; \
tail: \
	EACH32(SOFTTAIL_TURN); \
	LOOP32(tail); \
	POWQ_SETUP; \
	XORQ rAt, rAt; \
product: \
	EACH32(POWQ_TURN); \
	LOOP32(product); \
	EXPCORE_SETUP; \
	XORQ rAt, rAt; \
exp: \
	EACH32(POWEXP_TURN); \
	LOOP32(exp); \
	RET

// softpower: POWERS = (N/(1+e))^γ.
TEXT ·softpower(SB), NOSPLIT|NOFRAME, $0
	SOFTPOWER(SOFTHEADQ)

// qualitypower: POWERS = (|M|/(1+e))^γ.
TEXT ·qualitypower(SB), NOSPLIT|NOFRAME, $0
	SOFTPOWER(SOFTHEADD)
