//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"

// CLASSES: of the 32 classes at R0, which are c if they lie within −127…126 and else −128 or
// 127,
//
//	V2 V3 = −1 where background   V4 V5 = −1 where ignored   V6 V7 = −1 where either
//	V0 V1 = 0 where either, else c
//
// counted in V20 V21 and V22 V23, and the greatest of V0 V1, unsigned, in V28 V29.
#define CLASSES \
	QUADLD(0, 0, 0); \
	QUADLD(64, 0, 4); \
	SQXTN_4H(0, 16); SQXTN2_8H(1, 16); \
	SQXTN_4H(2, 17); SQXTN2_8H(3, 17); \
	SQXTN_4H(4, 18); SQXTN2_8H(5, 18); \
	SQXTN_4H(6, 19); SQXTN2_8H(7, 19); \
	SQXTN_8B(16, 0); SQXTN2_16B(17, 0); \
	SQXTN_8B(18, 1); SQXTN2_16B(19, 1); \
	ADD  $128, R0; \
	PAIRC(CMEQ_16B, 24, 0, 2); \
	PAIRC(CMEQ_16B, 25, 0, 4); \
	PAIR(ORR_16B, 2, 4, 6); \
	PAIR(BIC_16B, 6, 0, 0); \
	PAIR(UMAX_16B, 0, 28, 28); \
	PAIR(SUB_16B, 6, 20, 20); \
	PAIR(SUB_16B, 4, 22, 22)

// TOTALCLASSES: R = the sum of the bytes of V and W.
#define TOTALCLASSES(V, W, R) \
	VUADDLV V.B16, V; \
	VUADDLV W.B16, W; \
	VADD V.D2, W.D2, V.D2; \
	VMOV V.D[0], R

// func LabelClasses(c *asm.ClassCall)
//
// A row has a code: its column, −1 of background, −2 where it is ignored.
//
// R8 call   R0 classes   R1 rows left   R2, R5 labels of 16 rows, and of the next   R3, R6 places
// R4 columns   R7 labels left of 32 rows   R9 temporary
// V24 background   V25 ignored   V26 ones   V27 −2   V20 V21 rows of background or ignored
// V22 V23 ignored rows   V28 V29 the greatest column
TEXT ·LabelClasses(SB), NOSPLIT, $0-8
	MOVD c+0(FP), R8
	MOVD classcall_Classes(R8), R0
	MOVD classcall_N(R8), R1
	MOVD classcall_Labels(R8), R2
	MOVD classcall_Places(R8), R3
	MOVD classcall_Columns(R8), R4
	MOVB classcall_Background(R8), R9
	VDUP R9, V24.B16
	MOVB classcall_Ignored(R8), R9
	VDUP R9, V25.B16
	VMOVI $1, V26.B16
	VMOVI $254, V27.B16
	PAIR(EOR_16B, 20, 20, 20)
	PAIR(EOR_16B, 22, 22, 22)
	PAIR(EOR_16B, 28, 28, 28)
	CMP  $1, R4
	BNE  rows

column:
	SUBS $32, R1
	BLT  total
	CLASSES
	PAIRC(ADD_16B, 26, 6, 6)     // V6 = 1 where positive
	PAIR(ORR_16B, 4, 6, 6)
	PAIRST(0, 2, 6)
	ADD  $32, R2
	B    column

rows:
	SUBS $32, R1
	BLT  total
	CLASSES
	PAIR(ORR_16B, 6, 0, 0)
	PAIR(ADD_16B, 4, 0, 0)       // V0 = codes
	ADD  R4<<4, R2, R5
	MOVD R3, R6
	LSL  $5, R4, R7

labels:
	LDR_Q(classplace_Row, 6, 2)
	LDR_Q(classplace_Column, 6, 3)
	TBL1_16B(2, 0, 4)
	TBL1_16B(2, 1, 5)            // V4 = the code of each label's row
	PAIRC(CMEQ_16B, 3, 4, 6)
	PAIRC(CMEQ_16B, 27, 4, 4)
	PAIR(SUB_16B, 6, 4, 4)       // V4 = 1 in the row's column, −1 where it is ignored
	STR_Q(0, 2, 4)
	STR_Q(0, 5, 5)
	ADD  $classplace__size, R6
	ADD  $16, R2
	ADD  $16, R5
	SUBS $32, R7
	BNE  labels
	MOVD R5, R2
	B    rows

total:
	TOTALCLASSES(V20, V21, R0)
	TOTALCLASSES(V22, V23, R2)
	MOVD classcall_N(R8), R1
	SUB  R0, R1                  // R1 = rows of a column, or of none
	SUB  $1, R4
	VDUP R4, V0.B16
	PAIRC(UMAX_16B, 0, 28, 28)
	PAIRC(EOR_16B, 0, 28, 28)    // V28 V29 = 0 where there is such a column
	TOTALCLASSES(V28, V29, R3)
	MOVD R1, classcall_Positive(R8)
	MOVD R2, classcall_IgnoredRows(R8)
	MOVD R3, classcall_Invalid(R8)
	RET
