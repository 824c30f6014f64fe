//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "vecmath.h"
#include "env.h"

// func Exp(dst, src []float32)
TEXT ·Exp(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	MOVL  $64, R9
	MOVL  $128, R10
	MOVL  $192, R11
	VBROADCASTSS Z(vec_byln2), Z20
	VBROADCASTSS Z(vec_magic), Z21
	VBROADCASTSS Z(vec_ln2hi), Z22
	VBROADCASTSS Z(vec_ln2lo), Z23
	VBROADCASTSS Z(vec_bound), Z24
	VBROADCASTSS Z(vec_p2), Z25
	VBROADCASTSS Z(vec_p3), Z26
	VBROADCASTSS Z(vec_p4), Z27
	VMOVUPS Z(vec_exp2), Z28
	VMOVUPS Z(vec_exp2low), Z29

loop:
	TURN16
	NEXTSRC16
	EACH16(LOAD16, SI)
	EXP
	EACH16(STORE16, DI)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $64, DX
	JG   loop
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

// func Log(dst, src []float32)
TEXT ·Log(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	MOVL  $64, R9
	MOVL  $128, R10
	MOVL  $192, R11
	VBROADCASTSS Z(vec_one), Z24
	VBROADCASTSS Z(vec_ln2hi), Z25
	VBROADCASTSS Z(vec_ln2lo), Z26
	VMOVUPS Z(vec_logc), Z27
	VMOVUPS Z(vec_loghi), Z28
	VMOVUPS Z(vec_loglo), Z29
	VBROADCASTSS Z(vec_l0), Z30
	VBROADCASTSS Z(vec_l2), Z31

	CMPQ DX, $32
	JGE  2(PC)
	XORL R9, R9
	VMOVUPS (SI), Z0
	VMOVUPS (SI)(R9*1), Z1
	LOGFIRST(LEFT)

loop:
	TURN16
	NEXTSRC16
	VMOVUPS (SI)(R10*1), Z2
	VMOVUPS (SI)(R11*1), Z3
	LOGHALVES(LEFT, RIGHT)
	VMOVUPS Z12, (DI)
	VMOVUPS Z13, (DI)(R9*1)
	LEAQ 256(SI), R12
	SUBQ $64, DX
	CMOVQLE SI, R12 // at the end there is nothing next: any values will do
	MOVL $64, R9
	CMPQ DX, $16
	JGT  2(PC)
	XORL R9, R9
	VMOVUPS (R12), Z0
	VMOVUPS (R12)(R9*1), Z1
	LOGHALVES(RIGHT, LEFT)
	VMOVUPS Z14, (DI)(R10*1)
	VMOVUPS Z15, (DI)(R11*1)
	ADDQ $256, DI
	MOVQ R12, SI
	CMPQ DX, $0
	JG   loop
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define LOG1P_FIX(a, b, c, d, e, f) VFIXUPIMMPD.BCST $0, Z(vec_fixlog1p), b, d
#define LOG1P_SIGN(m, a, d, X, x) VPTERNLOGD.BCST $0xf8, Z(vec_sign), x, X // −0 stays itself
#define LOG1PBODY \
	NEXTSRC8; \
	EACH8(LOAD8, R12); \
	LOG1PHEAD; \
	LOG64TAIL; \
	FOUR(LOG1P_FIX); \
	EACH8(NARROWD, R12); \
	EACH8(LOADX, R12); \
	EACH8(LOG1P_SIGN, R12); \
	EACH8(STORE8, R13)

// func Log1p(dst, src []float32)
TEXT ·Log1p(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), CX
	TESTQ CX, CX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	LOG1PHEADSETUP
	LOG64TAILSETUP
	PASS(loop, LOG1PBODY)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define SIGMOID_U(a, b, c, d, e, f) \
	VADDPD Z30, e, b              /* b = 1 + e */; \
	VFIXUPIMMPD $0, Z31, a, e     /* e = x < 0 ? e : 1 */
#define SIGMOID_Y(a, b, c, d, e, f) VDIVPD b, e, a
#define SIGMOIDBODY \
	NEXTSRC8; \
	EACH8(LOAD8, R12); \
	FOUR(MINUSABS); \
	EXP64; \
	FOUR(EXP64_Y); \
	FOUR(SIGMOID_U); \
	FOUR(SIGMOID_Y); \
	EACH8(NARROWA, R12); \
	EACH8(STORE8, R13)

// func Sigmoid(dst, src []float32)
TEXT ·Sigmoid(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), CX
	TESTQ CX, CX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	EXP64SETUP
	VBROADCASTSD Z(vec_fixsigmoid), Z31
	PASS(loop, SIGMOIDBODY)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define NEGATE(a, b, c, d, e, f) VPXORQ.BCST Z(vec_sign64), a, a
#define SOFTPLUS_MAX(m, a, b, d, e) \
	VMOVUPD m, a; \
	VMAXPD.BCST Z(vec_zero64), a, a   /* a = max(±x, 0) */; \
	VADDPD d, a, a

#define SOFTPLUSEXP \
	DST8; \
	EACH8(LOAD8, R12); \
	FOUR(MINUSABS); \
	SCRATCH8(STOREA, XOFF); \
	EXP64; \
	FOUR(EXP64_Y); \
	SCRATCH8(STOREE, 0)
#define LOGSIGMOIDEXP \
	DST8; \
	EACH8(LOAD8, R12); \
	FOUR(MINUSABS); \
	FOUR(NEGATE); \
	SCRATCH8(STOREA, XOFF); \
	EXP64; \
	FOUR(EXP64_Y); \
	SCRATCH8(STOREE, 0)
#define SOFTPLUSLOG \
	NEXTSRC8; \
	SCRATCH8(LOADA, 0); \
	SOFTPLUSHEAD; \
	LOG64TAIL; \
	SCRATCH8(SOFTPLUS_MAX, XOFF); \
	EACH8(NARROWA, R12); \
	EACH8(STORE8, R13)
#define LOGSIGMOIDLOG \
	NEXTSRC8; \
	SCRATCH8(LOADA, 0); \
	SOFTPLUSHEAD; \
	LOG64TAIL; \
	SCRATCH8(SOFTPLUS_MAX, XOFF); \
	FOUR(NEGATE); \
	EACH8(NARROWA, R12); \
	EACH8(STORE8, R13)

// func Softplus(dst, src []float32)
TEXT ·Softplus(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRST
	EXP64SETUP
	PASS(exps, SOFTPLUSEXP)
	SOFTPLUSHEADSETUP
	LOG64TAILSETUP
	PASS(logs, SOFTPLUSLOG)
	NEXT(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

// func LogSigmoid(dst, src []float32)
TEXT ·LogSigmoid(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRST
	EXP64SETUP
	PASS(exps, LOGSIGMOIDEXP)
	SOFTPLUSHEADSETUP
	LOG64TAILSETUP
	PASS(logs, LOGSIGMOIDLOG)
	NEXT(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define POW_T(a, b, c, d, e, f) VMULPD.BCST (R11), d, d // d = t = y·log|x|
#define POW_ABS(m, a, d, X, x) VPANDD.BCST ·constants+table_abs(SB), X, X // X = |X|: a NaN still has its sign
#define POW_NAN(m, a, d, X, x) VFIXUPIMMPS.BCST $0, 12(R11), x, X
#define POW_SIGN(m, a, d, X, x) VPTERNLOGD.BCST $0xf8, 8(R11), x, X // X |= x & sign
#define POWLOGBODY \
	EACH8(LOAD8, R12); \
	POWHEAD; \
	LOG64TAIL; \
	FOUR(POW_T); \
	SCRATCH8(STORED, 0)
#define POWEXPBODY \
	NEXTSRC8; \
	SCRATCH8(LOADB, 0); \
	EXP64; \
	FOUR(EXP64_YD); \
	EACH8(NARROWD, R12); \
	EACH8(LOADX, R12); \
	EACH8(POW_ABS, R12); \
	EACH8(POW_NAN, R12); \
	EACH8(POW_SIGN, R12); \
	EACH8(STORE8, R13)

#define POSITIVEEXPBODY \
	NEXTSRC8; \
	SCRATCH8(LOADB, 0); \
	EXP64; \
	FOUR(EXP64_YD); \
	EACH8(NARROWD, R12); \
	EACH8(STORE8, R13)
#define ORBODY \
	VMOVUPS (R12), Z0; \
	VPTERNLOGD $0xfe, (R12)(R9*1), Z0, Z31

// func Pow(dst, src []float32, y float64, sign, nan uint32)
TEXT ·Pow(SB), 0, $4232-64
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER(4232)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	LEAQ  y+48(FP), R11 // and 8(R11) is sign, 12(R11) nan
	ANDL  $0x03000000, nan+60(FP) // VFIXUPIMM: NaN where negative and finite, or as it is
	VMOVUPD Z(vec_powlo+64), Z28
	VMOVUPD Z28, POWLO

chunk:
	FIRST
	POWHEADSETUP
	LOG64TAILSETUP
	PASS(logs, POWLOGBODY)
	VPXORD Z31, Z31, Z31
	PASS(ors, ORBODY) // Z31 = x of all lanes, ored
	VPMOVD2M Z31, K1
	EXP64SETUP
	KORTESTW K1, K1
	JNZ  negative
	PASS(exps, POSITIVEEXPBODY)

next:
	NEXT(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

negative:
	PASS(anyexps, POWEXPBODY)
	JMP next
