//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// CLASSES: of the 32 classes at SI, which are c if they lie within −127…126 and else −128 or
// 127,
//
//	Y1 = −1 where background   Y2 = −1 where ignored   Y3 = −1 where either
//	Y0 = 0 where either, else c
//
// counted in Y13 and Y14, and the greatest of Y0, unsigned, in Y15.
#define CLASSES \
	VMOVDQU (SI), Y0; \
	VMOVDQU 64(SI), Y1; \
	VPACKSSDW 32(SI), Y0, Y0; \
	VPACKSSDW 96(SI), Y1, Y1; \
	VPACKSSWB Y1, Y0, Y0          /* Y0 = bytes, of every eight classes four in each half */; \
	VPERMD Y0, Y8, Y0; \
	VPCMPEQB Y0, Y9, Y1; \
	VPCMPEQB Y0, Y10, Y2; \
	VPOR Y1, Y2, Y3; \
	VPANDN Y0, Y3, Y0; \
	VPMAXUB Y0, Y15, Y15; \
	VPSUBB Y3, Y13, Y13; \
	VPSUBB Y2, Y14, Y14; \
	SUBQ $-128, SI

// TOTALCLASSES: R = sum of the 32 bytes in Y. Y0 is zero.
#define TOTALCLASSES(Y, R) \
	VPSADBW Y0, Y, Y1; \
	VEXTRACTI128 $1, Y1, X2; \
	VPADDQ X2, X1, X1; \
	VPSHUFD $0x4e, X1, X2; \
	VPADDQ X2, X1, X1; \
	VMOVQ X1, R

// func LabelClasses(c *asm.ClassCall)
//
// A row has a code: its column, −1 of background, −2 where it is ignored. The low half of a
// register has 16 rows, or labels of these, the high half of the next 16.
//
// AX call   SI classes   CX rows left   DI labels   R8 places   R9, R10 labels of 32 and of 16
// rows; at first R9 columns   DX places   BX labels left of 32 rows   Y8 order   Y9 background
// Y10 ignored   Y11 ones   Y12 −2   Y13 rows of background or ignored   Y14 ignored rows
// Y15 the greatest column
TEXT ·LabelClasses(SB), NOSPLIT, $0-8
	MOVQ c+0(FP), AX
	MOVQ classcall_N(AX), CX
	MOVQ classcall_Columns(AX), R9
	MOVQ classcall_Classes(AX), SI
	MOVQ classcall_Labels(AX), DI
	VMOVDQU ·packed(SB), Y8
	VPBROADCASTB classcall_Background(AX), Y9
	VPBROADCASTB classcall_Ignored(AX), Y10
	VPCMPEQB Y12, Y12, Y12
	VPABSB Y12, Y11
	VPADDB Y12, Y12, Y12
	VPXOR Y13, Y13, Y13
	VPXOR Y14, Y14, Y14
	VPXOR Y15, Y15, Y15
	SUBQ $32, CX
	JLT  total
	CMPQ R9, $1
	JNE  several

column:
	CLASSES
	VPADDB Y3, Y11, Y3            // Y3 = 1 where positive
	VPOR Y2, Y3, Y3
	VMOVDQU Y3, (DI)
	ADDQ $32, DI
	SUBQ $32, CX
	JGE  column
	JMP  total

several:
	MOVQ classcall_Places(AX), R8
	MOVQ R9, R10
	SHLQ $4, R10
	SHLQ $5, R9

rows:
	CLASSES
	VPOR Y3, Y0, Y0
	VPADDB Y2, Y0, Y0             // Y0 = codes
	MOVQ R8, DX
	MOVQ R9, BX

labels:
	VPSHUFB classplace_Row(DX), Y0, Y1        // Y1 = the code of each label's row
	VPCMPEQB classplace_Column(DX), Y1, Y2
	VPCMPEQB Y1, Y12, Y1
	VPSUBB Y2, Y1, Y1             // Y1 = 1 in the row's column, −1 where it is ignored
	VMOVDQU X1, (DI)
	VEXTRACTI128 $1, Y1, (DI)(R10*1)
	ADDQ $classplace__size, DX
	ADDQ $16, DI
	SUBQ $32, BX
	JNZ  labels
	ADDQ R10, DI
	SUBQ $32, CX
	JGE  rows

total:
	MOVQ classcall_Columns(AX), DX
	DECQ DX
	VMOVD DX, X0
	VPBROADCASTB X0, Y0
	VPSUBUSB Y0, Y15, Y15         // Y15 = 0 where there is such a column
	VPXOR Y0, Y0, Y0
	TOTALCLASSES(Y13, BX)
	TOTALCLASSES(Y14, CX)
	TOTALCLASSES(Y15, DX)
	MOVQ classcall_N(AX), DI
	SUBQ BX, DI                   // DI = rows of a column, or of none
	MOVQ DI, classcall_Positive(AX)
	MOVQ CX, classcall_IgnoredRows(AX)
	MOVQ DX, classcall_Invalid(AX)
	VZEROUPPER
	RET
