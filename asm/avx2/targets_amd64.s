//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "env.h"

// func CountTargets(y []float32) (positive, one, ignored, invalid int)
//
// It compares bits, so the floating-point environment does not matter. Of most groups of a
// detector all targets are +0: those take a branch.
//
// SI targets   CX targets left   Y4 −#positive   Y5 −#one   Y6 −#ignored   Y7 the greatest bits
// of others   Y8 zero   Y9, Y10, Y11 bits of 1, −1, −0
#define COUNTTARGETS(o) \
	VMOVDQU o(SI), Y0; \
	VPCMPEQD Y0, Y10, Y1          /* Y1 = −1 where ignored */; \
	VPADDD Y1, Y6, Y6; \
	VPCMPEQD Y0, Y11, Y2; \
	VPOR Y1, Y2, Y2; \
	VPANDN Y0, Y2, Y2             /* Y2 = y, 0 for ignored and −0 */; \
	VPMAXUD Y2, Y7, Y7; \
	VPCMPGTD Y8, Y2, Y2           /* Y2 = −1 where y > 0 */; \
	VPADDD Y2, Y4, Y4; \
	VPCMPEQD Y0, Y9, Y0           /* Y0 = −1 where y = 1 */; \
	VPADDD Y0, Y5, Y5

// TOTALTARGETS: R = −sum of the 8 counts in Y, whose low half is X.
#define TOTALTARGETS(Y, X, R) \
	VEXTRACTI128 $1, Y, X0; \
	VPADDD X0, X, X; \
	VPSHUFD $0x4e, X, X0; \
	VPADDD X0, X, X; \
	VPSHUFD $0xb1, X, X0; \
	VPSUBD X, X8, X; \
	VPSUBD X0, X, X; \
	VMOVD X, R
TEXT ·CountTargets(SB), NOSPLIT, $0-56
	MOVQ y_base+0(FP), SI
	MOVQ y_len+8(FP), CX
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y8, Y8, Y8
	VPBROADCASTD ·constants+table_one(SB), Y9
	VMOVDQA Y9, Y7
	VPBROADCASTD ·constants+table_sign(SB), Y11
	VPOR Y9, Y11, Y10
	SUBQ $32, CX
	JLT  total

loop:
	VMOVDQU (SI), Y0
	VPOR 32(SI), Y0, Y0
	VPOR 64(SI), Y0, Y0
	VPOR 96(SI), Y0, Y0
	VPTEST Y0, Y0
	JZ   next
	COUNTTARGETS(0)
	COUNTTARGETS(32)
	COUNTTARGETS(64)
	COUNTTARGETS(96)

next:
	ADDQ $128, SI
	SUBQ $32, CX
	JGE  loop

total:
	VPXOR Y9, Y7, Y7
	XORL DI, DI
	VPTEST Y7, Y7
	JZ   valid
	INCL DI              // DI = 1 if bits were beyond those of 1
valid:
	TOTALTARGETS(Y4, X4, AX)
	TOTALTARGETS(Y5, X5, BX)
	TOTALTARGETS(Y6, X6, DX)
	MOVQ AX, positive+24(FP)
	MOVQ BX, one+32(FP)
	MOVQ DX, ignored+40(FP)
	MOVQ DI, invalid+48(FP)
	VZEROUPPER
	RET

// func LabelTargets(dst []float32, y []uint8, by *[4]float32)
//
// DI dst   SI labels   CX labels left   Y4 by, twice
#define LABELTARGETS(o) \
	VPMOVZXBD (o/4)(SI), Y0; \
	VPERMILPS Y0, Y4, Y0; \
	VMOVUPS Y0, o(DI)
TEXT ·LabelTargets(SB), NOSPLIT, $0-56
	MOVQ dst_base+0(FP), DI
	MOVQ y_base+24(FP), SI
	MOVQ y_len+32(FP), CX
	MOVQ by+48(FP), AX
	VBROADCASTF128 (AX), Y4
	TESTQ CX, CX
	JZ   done

loop:
	LABELTARGETS(0)
	LABELTARGETS(32)
	LABELTARGETS(64)
	LABELTARGETS(96)
	ADDQ $32, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop

done:
	VZEROUPPER
	RET

// func SmoothTargets(dst, y []float32, scale, shift float32)
//
// DI dst   SI targets   CX targets left   Y4 scale   Y5 shift   Y6 zero
#define SMOOTHTARGETS(o) \
	VMOVUPS o(SI), Y0; \
	VMOVAPS Y4, Y1; \
	VFMADD213PS Y5, Y0, Y1        /* Y1 = scale·y + shift */; \
	VCMPPS $1, Y6, Y0, Y2         /* Y2 = y < 0 */; \
	VBLENDVPS Y2, Y0, Y1, Y1; \
	VMOVUPS Y1, o(DI)
TEXT ·SmoothTargets(SB), NOSPLIT, $8-56
	MOVQ y_len+32(FP), CX
	TESTQ CX, CX
	JZ   done
	ENTERENV(saved-8(SP), standard)
	MOVQ dst_base+0(FP), DI
	MOVQ y_base+24(FP), SI
	VBROADCASTSS scale+48(FP), Y4
	VBROADCASTSS shift+52(FP), Y5
	VXORPS Y6, Y6, Y6

loop:
	SMOOTHTARGETS(0)
	SMOOTHTARGETS(32)
	SMOOTHTARGETS(64)
	SMOOTHTARGETS(96)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JNZ  loop
	LEAVEENV(saved-8(SP), restored)
	VZEROUPPER

done:
	RET
