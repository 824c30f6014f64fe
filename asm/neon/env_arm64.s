//go:build !purego

#include "textflag.h"

// func FloatEnv() uint64
TEXT ·FloatEnv(SB), NOSPLIT, $0-8
	MRS  FPCR, R0
	MOVD R0, ret+0(FP)
	RET

// func SetFloatEnv(env uint64)
TEXT ·SetFloatEnv(SB), NOSPLIT, $0-8
	MOVD env+0(FP), R0
	MSR  R0, FPCR
	RET
