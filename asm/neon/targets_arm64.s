//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "env.h"

// COUNTMASK: D = D − (b = V ? −1 : 0) per lane of the quad Y; T is lost.
#define COUNTMASK(V, Y, T, D) \
	QUADC(CMEQ_4S, V, Y, T); \
	QUAD(SUB_4S, T, D, D)

// TOTAL: R = the sum of the lanes of the quad from d on, which is V.
#define TOTAL(d, V, R) \
	PAIR(ADD_4S, (d)+2, d, d); \
	ADD_4S((d)+1, d, d); \
	VUADDLV V.S4, V; \
	VMOV V.D[0], R

// func CountTargets(y []float32) (positive, one, ignored, invalid int)
//
// It counts by bits, which no floating-point environment changes.
//
// R0 targets   R1 targets left
// V0…V3 y   V4…V7 temporary   V8…V11, V12…V15, V16…V19, V20…V23 counters: positive, one,
// ignored, zero   V24 1   V25 the bits of 1, less 1   V26 1.0   V27 −1.0   V28 0
TEXT ·CountTargets(SB), NOSPLIT, $0-56
	MOVD y_base+0(FP), R0
	MOVD y_len+8(FP), R1
	MOVD R1, R2
	MOVD $·constants(SB), R(rTable)
	CONST(table_one, 26)
	CONST(table_minusone, 27)
	CONST(table_label1, 24)
	SUB_4S(24, 26, 25)
	EOR_16B(28, 28, 28)
	QUAD(EOR_16B, 8, 8, 8)
	QUAD(EOR_16B, 12, 12, 12)
	QUAD(EOR_16B, 16, 16, 16)
	QUAD(EOR_16B, 20, 20, 20)

loop:
	SUBS $16, R1
	BLT  done
	QUADLD(0, 0, 0)
	ADD  $64, R0
	COUNTMASK(26, 0, 4, 12)
	COUNTMASK(27, 0, 4, 16)
	QUAD(ADD_4S, 0, 0, 4)        // V4 = bits of y but the sign
	COUNTMASK(28, 4, 4, 20)
	QUADC(SUB_4S, 24, 0, 0)      // V0 = bits of y, less 1: 0 is beyond those of 1
	QUADC(UMIN_4S, 25, 0, 4)
	QUAD(CMEQ_4S, 0, 4, 4)       // V4 = 0 < y ≤ 1
	QUAD(SUB_4S, 4, 8, 8)
	B    loop

done:
	TOTAL(8, V8, R3)
	TOTAL(12, V12, R4)
	TOTAL(16, V16, R5)
	TOTAL(20, V20, R6)
	MOVD R3, positive+24(FP)
	MOVD R4, one+32(FP)
	MOVD R5, ignored+40(FP)
	SUB  R3, R2
	SUB  R5, R2
	SUB  R6, R2                  // R2 = targets that are none of these
	MOVD R2, invalid+48(FP)
	RET

// func LabelTargets(dst []float32, y []uint8, by *[4]float32)
//
// R0 labels   R1 labels left   R2 dst   R3 by
// V0 labels · 4   V4…V7 targets   V24 3   V26…V29 copies of bytes into lanes
// V30 bytes of a lane   V31 by
TEXT ·LabelTargets(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), R2
	MOVD y_base+24(FP), R0
	MOVD y_len+32(FP), R1
	MOVD by+48(FP), R3
	MOVD $·constants(SB), R(rTable)
	QUADLD(table_copies, rTable, 26)
	CONST(table_expands, 30)
	LDR_Q(0, 3, 31)
	VMOVI $3, V24.B16

loop:
	SUBS $16, R1
	BLT  done
	LDR_Q(0, 0, 0)
	ADD  $16, R0
	AND_16B(24, 0, 0)
	SHL_16B(2, 0, 0)             // V0 = 4·(y & 3)
	QUADT(TBL1_16B, 26, 0, 4)
	QUADC(ADD_16B, 30, 4, 4)     // V4 = byte indices of the target
	QUADT(TBL1_16B, 4, 31, 4)
	QUADST(0, 2, 4)
	ADD  $64, R2
	B    loop

done:
	RET

// func SmoothTargets(dst, y []float32, scale, shift float32)
//
// R0 y   R1 targets left   R2 dst
// V0…V3 y   V4…V7 its mask of y < 0   V8…V11 the result   V30 scale   V31 shift
TEXT ·SmoothTargets(SB), NOSPLIT, $8-56
	NO_LOCAL_POINTERS
	MOVD dst_base+0(FP), R2
	MOVD y_base+24(FP), R0
	MOVD y_len+32(FP), R1
	ENTERENV(saved-8(SP), standard)
	FMOVS scale+48(FP), F30
	FMOVS shift+52(FP), F31
	VDUP V30.S[0], V30.S4
	VDUP V31.S[0], V31.S4

loop:
	SUBS $16, R1
	BLT  done
	QUADLD(0, 0, 0)
	ADD  $64, R0
	QUAD1(FCMLT0_4S, 0, 4)
	MOV_16B(31, 8)
	MOV_16B(31, 9)
	MOV_16B(31, 10)
	MOV_16B(31, 11)
	QUADC(FMLA_4S, 30, 0, 8)     // V8 = scale·y + shift
	QUAD(BIT_16B, 4, 0, 8)       // V8 = y < 0 ? y : V8
	QUADST(0, 2, 8)
	ADD  $64, R2
	B    loop

done:
	LEAVEENV(saved-8(SP), restored)
	RET
