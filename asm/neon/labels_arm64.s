//go:build !purego

#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"

// COUNT: D = D − (b = V ? −1 : 0) per byte of the pair of labels V16 V17.
#define COUNT(V, D) \
	PAIRC(CMEQ_16B, V, 16, 18); \
	PAIR(SUB_16B, 18, D, D)

// func CountLabels(y []uint8) (positive, ignored, invalid int)
//
// R0 labels   R1 labels left   V20 zeros   V21 ones   V22 255s
// V0 V1, V2 V3, V4 V5 counters of 0, 1, 255, one byte each: 255 turns are within
// range.
TEXT ·CountLabels(SB), NOSPLIT, $0-48
	MOVD y_base+0(FP), R0
	MOVD y_len+8(FP), R1
	MOVD R1, R2
	VMOVI $0, V20.B16
	VMOVI $1, V21.B16
	VMOVI $255, V22.B16
	MOV_16B(20, 0)
	MOV_16B(20, 1)
	MOV_16B(20, 2)
	MOV_16B(20, 3)
	MOV_16B(20, 4)
	MOV_16B(20, 5)

loop:
	SUBS $32, R1
	BLT  done
	PAIRLD(0, 0, 16)
	ADD  $32, R0
	COUNT(20, 0)
	COUNT(21, 2)
	COUNT(22, 4)
	B    loop

done:
	VUADDLV V0.B16, V0
	VUADDLV V1.B16, V1
	VUADDLV V2.B16, V2
	VUADDLV V3.B16, V3
	VUADDLV V4.B16, V4
	VUADDLV V5.B16, V5
	VADD V0.D2, V1.D2, V0.D2
	VADD V2.D2, V3.D2, V2.D2
	VADD V4.D2, V5.D2, V4.D2
	VMOV V2.D[0], R3
	VMOV V4.D[0], R4
	VMOV V0.D[0], R5
	MOVD R3, positive+24(FP)
	MOVD R4, ignored+32(FP)
	SUB  R3, R2
	SUB  R4, R2
	SUB  R5, R2             // R2 = labels that are none of 0, 1, 255
	MOVD R2, invalid+40(FP)
	RET
