//go:build !purego

#include "textflag.h"
#include "env.h"

// func FloatEnv() uint64
TEXT ·FloatEnv(SB), NOSPLIT, $8-8
	STMXCSR env-8(SP)
	MOVL env-8(SP), AX
	ANDL $~MXCSR_FLAGS, AX
	MOVQ AX, ret+0(FP)
	RET

// func SetFloatEnv(env uint64)
TEXT ·SetFloatEnv(SB), NOSPLIT, $0-8
	LDMXCSR env+0(FP)
	RET
