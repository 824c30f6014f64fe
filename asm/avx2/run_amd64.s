//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "env.h"

// func Run(c *Call)
//
// It loads the kernels' registers, and runs the kernel under the default floating-point
// environment. Scratch is five parts of 512 float32, aligned to a cache line. It holds no
// pointers, which the garbage collector must know if a fault on the inputs stops a kernel.
TEXT ·Run(SB), 0, $10320-8
	NO_LOCAL_POINTERS
	MOVQ  c+0(FP), rCall
	MOVQ  call_N(rCall), rLeft
	TESTQ rLeft, rLeft
	JZ    done
	ENTERENV(saved-8(SP), standard)
	LEAQ  scratch-10312(SP), rBuf
	ADDQ  $63, rBuf
	ANDQ  $~63, rBuf
	MOVQ  call_Kernel(rCall), AX
	LEAQ  ·entries(SB), DI
	MOVQ  (DI)(AX*8), DI
	MOVQ  call_Scores(rCall), rScores
	MOVQ  call_Labels(rCall), rLabels
	CMPQ  AX, $const_labelKernels
	CMOVQCC call_Targets(rCall), rTargets // in the labels' place
	MOVQ  call_Weights(rCall), rWeights
	MOVQ  call_Positives(rCall), rFactors
	MOVQ  call_Losses(rCall), rLosses
	MOVQ  call_Gradients(rCall), rGrads
	MOVQ  call_Next(rCall), rNext
	CMOVQCC call_Hessians(rCall), rHessians // in its place
	CALL  DI
	LEAVEENV(saved-8(SP), restored)
	VZEROUPPER

done:
	RET

// func Entries() *[asm.NumKernels]uintptr
TEXT ·Entries(SB), NOSPLIT, $0-8
	LEAQ ·entries(SB), AX
	MOVQ AX, ret+0(FP)
	RET
