//go:build !purego

#include "textflag.h"

// Functions that break what they should keep, for the tests of Call.

// func breakNothing(p *uint64, v uint64) uint64
//
// It returns v as it was, and stores it.
TEXT ·breakNothing(SB), NOSPLIT, $0-24
	MOVD p+0(FP), R0
	MOVD v+8(FP), R1
	MOVD R1, (R0)
	MOVD R1, ret+16(FP)
	RET

// func breakEnv()
TEXT ·breakEnv(SB), NOSPLIT, $0-0
	MOVD $(1<<24), R0
	MOVD R0, FPCR
	RET

// func breakStack()
TEXT ·breakStack(SB), NOSPLIT, $0-0
	MOVD RSP, R0
	MOVD R0, 72(R0)
	RET

// func breakFramePointer()
TEXT ·breakFramePointer(SB), NOSPLIT|NOFRAME, $0-0
	MOVD R29, R0
	ADD  $16, R0
	MOVD R0, R29
	RET

// func breakG()
TEXT ·breakG(SB), NOSPLIT, $0-0
	ADD $16, g
	RET

// func breakR18()
TEXT ·breakR18(SB), NOSPLIT, $0-0
	ADD $16, R18_PLATFORM
	RET
