//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "vecmath.h"
#include "env.h"

// func Exp(dst, src []float32)
TEXT ·Exp(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R14
	MOVD src_base+24(FP), R13
	MOVD src_len+32(FP), R11
	MOVD $·vecconstants(SB), R10
	CBZ  R11, done
	ENTERENV(saved-8(SP), standard)
	CONST(vec_exp2, 24)
	CONST(vec_exp2+16, 25)
	CONST(vec_exp2low, 26)
	CONST(vec_exp2low+16, 27)

loop:
	VEXP
	ADD  $64, R13
	ADD  $64, R14
	SUBS $16, R11
	BNE  loop
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func Log(dst, src []float32)
TEXT ·Log(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R14
	MOVD src_base+24(FP), R13
	MOVD src_len+32(FP), R11
	MOVD $·vecconstants(SB), R10
	CBZ  R11, done
	ENTERENV(saved-8(SP), standard)
	CONST(vec_logc, 24)
	CONST(vec_logc+16, 25)
	CONST(vec_loghi, 26)
	CONST(vec_loghi+16, 27)
	CONST(vec_loglo, 28)
	CONST(vec_loglo+16, 29)

loop:
	VLOG(normal, logged)
	ADD  $64, R13
	ADD  $64, R14
	SUBS $16, R11
	BNE  loop
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func Log1p(dst, src []float32)
TEXT ·Log1p(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R1
	MOVD src_base+24(FP), R0
	MOVD src_len+32(FP), R9
	MOVD $·vecconstants(SB), R10
	CBZ  R9, done
	ENTERENV(saved-8(SP), standard)
	LOG64SETUP
	PASS64(loop, VLOG1P)
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func Sigmoid(dst, src []float32)
TEXT ·Sigmoid(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R1
	MOVD src_base+24(FP), R0
	MOVD src_len+32(FP), R9
	MOVD $·vecconstants(SB), R10
	CBZ  R9, done
	ENTERENV(saved-8(SP), standard)
	EXP64SETUP
	PASS64(loop, VSIGMOID)
	LEAVEENV(saved-8(SP), restored)

done:
	RET

#define VEXPNEG \
	EXPNEG64; \
	QUADST(0, rSCRATCH, 0)

// vexpneg: scratch = exp(−|x|) for the R9 values at R0.
TEXT ·vexpneg(SB), NOSPLIT|NOFRAME, $0
	EXP64SETUP
	PASS64(loop, VEXPNEG)
	RET

#define SOFTPLUSTURN VSOFTPLUS(vec_plus64, vec_plus64)

// func Softplus(dst, src []float32)
TEXT ·Softplus(SB), 0, $4168-48
	MOVD dst_base+0(FP), R1
	MOVD src_base+24(FP), R0
	MOVD src_len+32(FP), R2
	CBZ  R2, done
	ENTERENV(saved-8(SP), standard)
	ENTER64

chunk:
	FIRSTCHUNK
	BL   ·vexpneg(SB)
	LOG64SETUP
	PASS64(loop, SOFTPLUSTURN)
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	RET

#define LOGSIGMOIDTURN VSOFTPLUS(vec_sign64, vec_sign)

// func LogSigmoid(dst, src []float32)
TEXT ·LogSigmoid(SB), 0, $4168-48
	MOVD dst_base+0(FP), R1
	MOVD src_base+24(FP), R0
	MOVD src_len+32(FP), R2
	CBZ  R2, done
	ENTERENV(saved-8(SP), standard)
	ENTER64

chunk:
	FIRSTCHUNK
	BL   ·vexpneg(SB)
	LOG64SETUP
	PASS64(loop, LOGSIGMOIDTURN)
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func Pow(dst, src []float32, y float64, sign, nan uint32)
TEXT ·Pow(SB), 0, $4168-64
	MOVD dst_base+0(FP), R1
	MOVD src_base+24(FP), R0
	MOVD src_len+32(FP), R2
	CBZ  R2, done
	ENTERENV(saved-8(SP), standard)
	ENTER64

chunk:
	FIRSTCHUNK
	LOG64SETUP
	PASS64(logs, POWLOG)
	EXP64SETUP
	PASS64(exps, POWEXP)
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	RET
