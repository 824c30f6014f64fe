//go:build !purego

#include "textflag.h"

// Functions that break what they should keep, for the tests of Call.

// func breakNothing(p *uint64, v uint64) uint64
//
// It returns v as it was, and stores it.
TEXT ·breakNothing(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), DI
	MOVQ v+8(FP), AX
	MOVQ AX, (DI)
	MOVQ AX, ret+16(FP)
	VZEROUPPER
	RET

// func breakEnv()
TEXT ·breakEnv(SB), NOSPLIT, $8-0
	MOVL    $0x1fc0, 0(SP)
	LDMXCSR 0(SP)
	VZEROUPPER
	RET

// func breakStack()
TEXT ·breakStack(SB), NOSPLIT, $0-0
	MOVQ SP, AX
	MOVQ AX, 72(AX)
	VZEROUPPER
	RET

// func breakFramePointer()
TEXT ·breakFramePointer(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ BP, AX
	ADDQ $16, AX
	MOVQ AX, BP
	VZEROUPPER
	RET

// func breakDirection()
TEXT ·breakDirection(SB), NOSPLIT, $0-0
	VZEROUPPER
	STD
	RET

// func breakUpper()
TEXT ·breakUpper(SB), NOSPLIT, $0-0
	VPXOR Y3, Y3, Y3
	RET

// func divide()
TEXT ·divide(SB), NOSPLIT, $0-0
	XORPS X0, X0
	DIVSS X0, X0
	VZEROUPPER
	RET
