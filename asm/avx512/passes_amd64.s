//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "words.h"

// The pass over a chunk: rChunk scores at rScores, a multiple of 32.
//
//	probpower:  POWERS = q^γ, from probabilities; LOWS and EXPONENTS are in use
//
// It is four loops, each a short chain of dependent operations.

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

#define POWEXP_TURN(o) POWEXP(POWERS(o), LOWS(o), Z0, Z1, Z2, Z3)
exp:
	EACH32(POWEXP_TURN)
	LOOP32(exp)
	RET
