//go:build !purego

#include "textflag.h"

// COUNT: the labels V into the counters D = #1 − #255 and S = #1 + #255 of each byte,
// and into M, the greatest |label| so far.
#define COUNT(V, D, S, M) \
	VPADDB V, D, D; \
	VPABSB V, V; \
	VPADDB V, S, S; \
	VPMAXUB V, M, M

// TOTAL: R = sum of the 32 bytes in Y, whose low half is X. Y3 is zero.
#define TOTAL(Y, X, R) \
	VPSADBW Y3, Y, Y; \
	VEXTRACTI128 $1, Y, X7; \
	VPADDQ X7, X, X; \
	VPSRLDQ $8, X, X7; \
	VPADDQ X7, X, X; \
	VMOVQ X, R

// func CountLabels(y []uint8) (positive, ignored, invalid int)
//
// SI labels   CX labels left   Y3 zeros   Y0, Y1, Y2 and Y4, Y5, Y6 COUNT's D, S, M; each
// takes at most 65 labels per byte, so that S and D + S = 2·#1 fit in one.
TEXT ·CountLabels(SB), NOSPLIT, $0-48
	MOVQ y_base+0(FP), SI
	MOVQ y_len+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	SUBQ $64, CX
	JLT  tail

loop:
	VMOVDQU (SI), Y7
	VMOVDQU 32(SI), Y8
	COUNT(Y7, Y0, Y1, Y2)
	COUNT(Y8, Y4, Y5, Y6)
	ADDQ $64, SI
	SUBQ $64, CX
	JGE  loop

tail:
	ADDQ $32, CX
	JLT  total
	VMOVDQU (SI), Y7
	COUNT(Y7, Y0, Y1, Y2)

total:
	VPADDB Y1, Y0, Y0    // Y0, Y4 = 2·#1
	VPADDB Y5, Y4, Y4
	VPADDB Y5, Y1, Y1    // Y1 = S of both
	VPMAXUB Y6, Y2, Y2
	VPCMPEQB Y5, Y5, Y5
	VPABSB Y5, Y5        // Y5 = ones
	VPSUBUSB Y5, Y2, Y2  // Y2 = 0 where all labels are valid
	TOTAL(Y0, X0, AX)
	TOTAL(Y4, X4, BX)
	TOTAL(Y1, X1, DX)
	TOTAL(Y2, X2, DI)
	ADDQ BX, AX
	SHRQ $1, AX          // AX = #1
	SUBQ AX, DX          // DX = #255
	MOVQ AX, positive+24(FP)
	MOVQ DX, ignored+32(FP)
	MOVQ DI, invalid+40(FP)
	VZEROUPPER
	RET
