//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// func CountTargets(y []float32) (positive, one, ignored, invalid int)
//
// It compares bits, so the floating-point environment does not matter. Of most vectors of a
// detector all targets are +0. Where the others are is not to be predicted, so it looks at up to
// 64 vectors without a branch, and counts in those of them that it found.
//
// SI targets, CX left   DX left to look at, or to count in   DI a bit per vector, the last one's the
// lowest   R8 targets that were counted in   Z4 #positive   Z5 #one   Z6 #not ignored   Z7 the
// greatest bits of others   Z8 all but the sign   Z9, Z10 bits of 1, −1   Z11 integers 1   Z12 zero

// LOOK: a bit more in DI, 1 if all targets are +0.
#define LOOK(o, Z, K) \
	VMOVDQU32 o(SI), Z; \
	VPTESTNMD Z, Z, K; \
	KORTESTW K, K                 /* carry: all are */; \
	ADCQ DI, DI

// TOTALTARGETS: R = the sum of the 16 counts in Z, whose lower parts are Y and X.
#define TOTALTARGETS(Z, Y, X, R) \
	VEXTRACTI32X8 $1, Z, Y0; \
	VPADDD Y0, Y, Y; \
	VEXTRACTI128 $1, Y, X0; \
	VPADDD X0, X, X; \
	VPSHUFD $0x4e, X, X0; \
	VPADDD X0, X, X; \
	VPSHUFD $0xb1, X, X0; \
	VPADDD X0, X, X; \
	VMOVD X, R
TEXT ·CountTargets(SB), NOSPLIT, $0-56
	MOVQ y_base+0(FP), SI
	MOVQ y_len+8(FP), CX
	XORL R8, R8
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z12, Z12, Z12
	VPBROADCASTD ·constants+table_abs(SB), Z8
	VPBROADCASTD ·constants+table_one(SB), Z9
	VPORD.BCST ·constants+table_sign(SB), Z9, Z10
	VPSRLD $30, Z8, Z11
	VMOVDQA32 Z9, Z7

round:
	TESTQ CX, CX
	JZ   total
	MOVQ $1024, DX
	CMPQ CX, DX
	CMOVQLT CX, DX
	SUBQ DX, CX
	MOVQ $-1, DI

look:
	LOOK(0, Z0, K1)
	LOOK(64, Z1, K2)
	ADDQ $128, SI
	SUBQ $32, DX
	JNZ  look
	XORQ $-1, DI         // DI = the vectors with a target that is not +0
	JZ   round
	POPCNTQ DI, DX
	SHLQ $4, DX          // DX = their targets
	ADDQ DX, R8

each:
	BSFQ DI, AX
	SHLQ $6, AX
	NEGQ AX
	VMOVDQU32 -64(SI)(AX*1), Z0
	VPCMPD $4, Z0, Z10, K1 // K1 = where y is not −1
	VPADDD Z11, Z6, K1, Z6
	VPCMPGTD Z12, Z0, K2 // K2 = where y > 0
	VPADDD Z11, Z4, K2, Z4
	VPCMPEQD Z0, Z9, K3  // K3 = where y = 1
	VPADDD Z11, Z5, K3, Z5
	VPTESTMD Z8, Z0, K1, K4 // K4 = where y is not −1 nor ±0
	VPMAXUD Z0, Z7, K4, Z7
	LEAQ -1(DI), AX
	ANDQ AX, DI          // without the lowest bit
	SUBQ $16, DX
	JNZ  each
	JMP  round

total:
	VPCMPD $4, Z7, Z9, K1
	XORL DI, DI
	KORTESTW K1, K1
	JZ   valid
	INCL DI              // DI = 1 if bits were beyond those of 1
valid:
	TOTALTARGETS(Z4, Y4, X4, AX)
	TOTALTARGETS(Z5, Y5, X5, BX)
	TOTALTARGETS(Z6, Y6, X6, DX)
	SUBQ DX, R8          // R8 = #ignored
	MOVQ AX, positive+24(FP)
	MOVQ BX, one+32(FP)
	MOVQ R8, ignored+40(FP)
	MOVQ DI, invalid+48(FP)
	VZEROUPPER
	RET
