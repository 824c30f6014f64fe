//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "words.h"

// The passes over a chunk: rChunk scores at rScores, a multiple of 32. One fused loop would
// be a dependency chain of some 75 cycles per vector, more than the schedulers can overlap;
// short passes keep the pipes busy, and their results stay in L1.
//
//	expneg:        EXPS = e = exp(−|x|)
//	log1p:         LOG1PS = log1p(e)
//	power:         POWERS = q^γ, for a general γ only
//	crossentropy:  CES = min(−ln p_t, 100), from probabilities
//	probpower:     POWERS = q^γ, for a general γ only; EXPS is in use
//	softpower:     POWERS = q^γ of targets, for a general γ only; LOWS is in use
//	qualitypower:  POWERS = |d|^β of targets, likewise

// expneg: EXPS = exp(−|x|).
TEXT ·expneg(SB), NOSPLIT|NOFRAME, $0
	EXPNEG_SETUP
	REWIND

loop:
	EXPNEG(0, 4, 8, 12)
	ADD $64, R(rAtScores)
	LOOP16(loop)
	RET

// log1p: LOG1PS = log1p(EXPS).
TEXT ·log1p(SB), NOSPLIT|NOFRAME, $0
	LOG1P_SETUP
	REWIND

loop:
	LOG1P(0, 4, 8, 12, 16)
	LOOP16(loop)
	RET

// power: POWERS = q^γ = exp(−γ·softplus(−u)).
TEXT ·power(SB), NOSPLIT|NOFRAME, $0
	POWEXP_SETUP
	REWIND

loop:
	POWR(0, 4, 8, 12, 16)
	ADD $64, R(rAtScores)
	ADD $16, R(rAtLabels)
	LOOP16(loop)
	RET

// crossentropy: CES = min(−ln p_t, 100). If one of the scores is no probability, at least
// one of the first four is NaN.
TEXT ·crossentropy(SB), NOSPLIT|NOFRAME, $0
	NEGLNP_SETUP
	REWIND

loop:
	NEGLNP(0, 4, 8, 12, 16)
	ADD $64, R(rAtScores)
	ADD $16, R(rAtLabels)
	LOOP16(loop)
	CONST(table_one, 0)
	UMAX_4S(0, lnTop, lnTop)
	CMEQ_4S(0, lnTop, lnTop)     // lnTop = all bits where no x was beyond one
	CMEQ_4S(0, 0, 0)
	EOR_16B(0, lnTop, lnTop)     // lnTop = NaN where one was
	MOVD R(rScratch), R(rAtScratch)
	CES(LDR_Q, 0, 0)
	ORR_16B(lnTop, 0, 0)
	CES(STR_Q, 0, 0)
	RET

// probpower: POWERS = −ln(1 − p_t), EXPS = its low part; then POWERS = q^γ.
TEXT ·probpower(SB), NOSPLIT|NOFRAME, $0
	NEGLNQ_SETUP
	REWIND

neglnq:
	NEGLNQ(0, 4, 8, 12, 16, 20)
	ADD $64, R(rAtScores)
	ADD $16, R(rAtLabels)
	LOOP16(neglnq)
	POWEXP_SETUP
	REWIND

powq:
	POWQ(0, 4, 8, 12, 16, EXPS)
	LOOP16(powq)
	RET

// TERMPOWER: POWERS = −ln of what FROM makes of N and M, by 1 + e, LOWS = its low part; then
// POWERS = the power.
#define TERMPOWER(FROM) \
	NEGLNT_SETUP; \
	REWIND; \
negln: \
	NEGLNT(0, 4, 8, 12, 16, 20, FROM); \
	ADD $64, R(rAtScores); \
	ADD $64, R(rAtLabels); \
	LOOP16(negln); \
	POWEXP_SETUP; \
	REWIND; \
pow: \
	POWQ(0, 4, 8, 12, 16, LOWS); \
	LOOP16(pow); \
	RET

// softpower: POWERS = q^γ, q = N/(1 + e).
TEXT ·softpower(SB), NOSPLIT|NOFRAME, $0
	TERMPOWER(FROMN)

// qualitypower: POWERS = |d|^β, |d| = |M|/(1 + e).
TEXT ·qualitypower(SB), NOSPLIT|NOFRAME, $0
	TERMPOWER(FROMM)
