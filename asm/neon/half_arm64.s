//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "env.h"

// func WidenF16(dst []float32, src []uint16)
//
// R0 dst   R1 src   R2 values left. The environment may say that float16 is the alternative
// format, which has no infinities.
TEXT ·WidenF16(SB), NOSPLIT, $8-48
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R0
	MOVD src_base+24(FP), R1
	MOVD src_len+32(FP), R2
	CBZ  R2, done
	ENTERENV(saved-8(SP), standard)

loop:
	QUADLD(0, 1, 16)   // V16 … V19 = 8 values each
	FCVTL_4S(16, 0)
	FCVTL2_4S(16, 1)
	FCVTL_4S(17, 2)
	FCVTL2_4S(17, 3)
	FCVTL_4S(18, 4)
	FCVTL2_4S(18, 5)
	FCVTL_4S(19, 6)
	FCVTL2_4S(19, 7)
	QUADST(0, 0, 0)
	QUADST(64, 0, 4)
	ADD  $64, R1
	ADD  $128, R0
	SUBS $32, R2
	BNE  loop
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func WidenBF16(dst []float32, src []uint16)
//
// R0 dst   R1 src   R2 values left   V20 zeros
TEXT ·WidenBF16(SB), NOSPLIT, $0-48
	MOVD dst_base+0(FP), R0
	MOVD src_base+24(FP), R1
	MOVD src_len+32(FP), R2
	VMOVI $0, V20.B16
	CBZ  R2, done

loop:
	QUADLD(0, 1, 16)               // V16 … V19 = 8 values each
	VZIP1 V16.H8, V20.H8, V0.H8    // 0 below each: bits of the float32 = those · 2^16
	VZIP2 V16.H8, V20.H8, V1.H8
	VZIP1 V17.H8, V20.H8, V2.H8
	VZIP2 V17.H8, V20.H8, V3.H8
	VZIP1 V18.H8, V20.H8, V4.H8
	VZIP2 V18.H8, V20.H8, V5.H8
	VZIP1 V19.H8, V20.H8, V6.H8
	VZIP2 V19.H8, V20.H8, V7.H8
	QUADST(0, 0, 0)
	QUADST(64, 0, 4)
	ADD  $64, R1
	ADD  $128, R0
	SUBS $32, R2
	BNE  loop

done:
	RET
