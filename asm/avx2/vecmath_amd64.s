//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "vecmath.h"
#include "env.h"

// func Exp(dst, src []float32)
TEXT ·Exp(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRSTCHUNK
	VMOVUPS V(vec_floor), Y15
	VMOVUPS V(vec_ceil), Y14
	VMOVUPS V(vec_magic), Y13
	VMOVUPS V(vec_by8ln2), Y12
	VMOVUPS V(vec_c1), Y11
	VMOVUPS V(vec_c2), Y10
	XORQ    BX, BX

args:
	DST
	VEXPARG(0(SI)(BX*4), 0(R8)(BX*4), BOFF(R8)(BX*4), 32(SI)(BX*4), 32(R8)(BX*4), (32+BOFF)(R8)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  args

	VMOVUPS V(vec_exp2), Y15
	VMOVUPS V(vec_exp2low), Y14
	VMOVUPS V(vec_p2), Y13
	VMOVUPS V(vec_p4), Y12
	XORQ    BX, BX

exps:
	NEXTSRC
	VEXP(0(R8)(BX*4), BOFF(R8)(BX*4), 0(DI)(BX*4), 32(R8)(BX*4), (32+BOFF)(R8)(BX*4), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  exps
	NEXTCHUNK64(chunk)
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

chunk:
	FIRSTCHUNK
	MOVQ CX, R9
	ORDINARY(check, vec_belownormal, vec_normals)
	VMOVUPS V(vec_ln2hi), Y11
	VMOVUPS V(vec_ln2lo), Y10
	JNZ  special
	XORQ BX, BX
	VMOVUPS V(vec_logc), Y15
	VMOVUPS V(vec_loghi), Y14
	VMOVUPS V(vec_loglo), Y13
	VMOVUPS V(vec_l1), Y12

normal:
	NEXTSRC
	VLOGNORMAL(0(SI)(BX*4), 0(DI)(BX*4), 32(SI)(BX*4), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, R9
	JLT  normal

next:
	MOVQ R9, CX
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

special:
	XORQ    BX, BX
	VMOVUPS V(vec_bias), Y15
	VMOVUPS V(vec_last), Y14
	VMOVUPS V(vec_logc), Y13
	VMOVUPS V(vec_loghi), Y12
	VMOVUPS V(vec_loglo), Y11
	VMOVUPS V(vec_one), Y10
	VMOVUPS V(vec_ln2hi), Y9
	VMOVUPS V(vec_ln2lo), Y8

any:
	NEXTSRC
	VLOG(0(SI)(BX*4), 0(DI)(BX*4), normal0, done0)
	VLOG(32(SI)(BX*4), 32(DI)(BX*4), normal1, done1)
	ADDQ $16, BX
	CMPQ BX, R9
	JLT  any
	JMP  next

#define LOG1PHEADTURN(o) \
	VCVTPS2PD o(SI)(BX*4), Y1; \
	LOG1PHEAD((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))
#define LOG1PTURN(o) VLOG1P(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), o(DI)(BX*4))
#define LOG1PORDINARYTURN(o) VLOG1PORDINARY(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), o(DI)(BX*4))

// func Log1p(dst, src []float32)
TEXT ·Log1p(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRSTCHUNK
	LOG64HEADSETUP
	PASS64(heads, DST, LOG1PHEADTURN)
	ABOVEMINUSONE(check)
	JNZ special
	LOG64TAILSETUP
	VMOVUPS V(vec_sign), Y15
	PASS64(loop, NEXTSRC, LOG1PORDINARYTURN)

next:
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

special:
	LOG64TAILSETUP
	PASS64(any, NEXTSRC, LOG1PTURN)
	JMP next

// func Sigmoid(dst, src []float32)
TEXT ·Sigmoid(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)
	EXP64SETUP
	EXPNEG64((SI))
	VMOVAPD Y0, Y6
	XORQ  BX, BX

loop:
	NEXTSRC
	LEAQ 16(BX), CX
	CMPQ CX, DX
	CMOVQGE BX, CX // at the end there is nothing next: any values will do
	VSIGMOID(0(SI)(BX*4), 0(DI)(BX*4), 16(SI)(BX*4))
	VSIGMOID(16(SI)(BX*4), 16(DI)(BX*4), 32(SI)(BX*4))
	VSIGMOID(32(SI)(BX*4), 32(DI)(BX*4), 48(SI)(BX*4))
	VSIGMOID(48(SI)(BX*4), 48(DI)(BX*4), 0(SI)(CX*4))
	ADDQ $16, BX
	CMPQ BX, DX
	JLT  loop
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define EXPNEGTURN(o) \
	EXPNEG64(o(SI)(BX*4)); \
	VMOVUPD Y0, (2*o)(R8)(BX*8)

#define SOFTPLUSHEADTURN(o) \
	VMOVUPD (2*o)(R8)(BX*8), Y1; \
	LOG1PHEAD((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))

// vsoftplus: f and b of log1p(exp(−|x|)) for the CX values at SI.
TEXT ·vsoftplus(SB), NOSPLIT|NOFRAME, $0
	EXP64SETUP
	PASS64(exps, DST, EXPNEGTURN)
	LOG64HEADSETUP
	PASS64(heads, NOFETCH, SOFTPLUSHEADTURN)
	LOG64TAILSETUP
	RET

#define SOFTPLUSTURN(o) VSOFTPLUS(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), V(vec_plus64), V(vec_plus64), o(DI)(BX*4))

// func Softplus(dst, src []float32)
TEXT ·Softplus(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRSTCHUNK
	CALL ·vsoftplus(SB)
	PASS64(loop, NEXTSRC, SOFTPLUSTURN)
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define LOGSIGMOIDTURN(o) VSOFTPLUS(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), V(vec_sign64), V(vec_sign), o(DI)(BX*4))

// func LogSigmoid(dst, src []float32)
TEXT ·LogSigmoid(SB), 0, $8264-48
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(8264)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRSTCHUNK
	CALL ·vsoftplus(SB)
	PASS64(loop, NEXTSRC, LOGSIGMOIDTURN)
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

#define POWHEADTURN(o) POWHEAD(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o+AOFF)(R8)(BX*8))
#define POWLOGTURN(o) POWLOG((2*o+AOFF)(R8)(BX*8), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o)(R8)(BX*8))
#define POSITIVEHEADTURN(o) POSITIVEHEAD(o(SI)(BX*4), (2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8))
#define POSITIVELOGTURN(o) POSITIVELOG((2*o)(R8)(BX*8), (2*o+BOFF)(R8)(BX*8), (2*o)(R8)(BX*8))
#define POSITIVEEXPTURN(o) POSITIVEEXP((2*o)(R8)(BX*8), o(DI)(BX*4))

// func Pow(dst, src []float32, y float64, sign, nan uint32)
TEXT ·Pow(SB), 0, $12360-64
	MOVQ  dst_base+0(FP), DI
	MOVQ  src_base+24(FP), SI
	MOVQ  src_len+32(FP), DX
	ENTER64(12360)
	TESTQ DX, DX
	JZ    done
	ENTERENV(saved-8(SP), standard)

chunk:
	FIRSTCHUNK
	ORDINARY(check, vec_ones, vec_finite)
	JNZ special
	LOG64HEADSETUP
	PASS64(heads, DST, POSITIVEHEADTURN)
	LOG64TAILSETUP
	VBROADCASTSD y+48(FP), Y15
	VMOVUPD V(vec_floor64), Y7
	VMOVUPD V(vec_ceil64), Y6
	PASS64(logs, NOFETCH, POSITIVELOGTURN)
	EXP64SETUP
	PASS64(exps, NEXTSRC, POSITIVEEXPTURN)

next:
	NEXTCHUNK64(chunk)
	LEAVEENV(saved-8(SP), restored)

done:
	VZEROUPPER
	RET

special:
	LOG64HEADSETUP
	PASS64(anyheads, DST, POWHEADTURN)
	LOG64TAILSETUP
	VBROADCASTSD y+48(FP), Y15
	VXORPD  Y7, Y7, Y7
	VMOVUPD V(vec_max64), Y6
	PASS64(anylogs, NOFETCH, POWLOGTURN)
	EXP64SETUP
	XORQ    BX, BX

anyexps:
	NEXTSRC
	POWEXP(0(SI)(BX*4), 0(R8)(BX*8), 32(R8)(BX*8), sign+56(FP), nan+60(FP), 0(DI)(BX*4))
	POWEXP(32(SI)(BX*4), 64(R8)(BX*8), 96(R8)(BX*8), sign+56(FP), nan+60(FP), 32(DI)(BX*4))
	ADDQ $16, BX
	CMPQ BX, CX
	JLT  anyexps
	JMP  next
