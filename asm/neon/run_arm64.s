//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "lockstep.h"
#include "words.h"
#include "env.h"

// func Run(c *Call)
//
// It loads the kernels' registers, and runs the kernel under the default floating-point
// environment. Scratch is four parts of 512 float32, aligned to a cache line, and three
// vectors of params. It holds no pointers, which the garbage collector must know if a fault on
// the inputs stops a kernel.
TEXT ·Run(SB), 0, $8312-8
	NO_LOCAL_POINTERS
	MOVD c+0(FP), R(rCall)
	MOVD call_N(R(rCall)), R(rLeft)
	CBZ  R(rLeft), done
	ENTERENV(saved-8(SP), standard)
	MOVD $scratch-8312(SP), R(rScratch)
	ADD  $63, R(rScratch)
	AND  $~63, R(rScratch)
	MOVD $·constants(SB), R(rTable)
	MOVD call_Kernel(R(rCall)), R20
	MOVD $·entries(SB), R21
	MOVD (R21)(R20<<3), R20
	MOVD call_Scores(R(rCall)), R(rScores)
	MOVD call_Labels(R(rCall)), R(rLabels)
	MOVD call_Targets(R(rCall)), R21
	CMP  $0, R(rLabels)
	CSEL EQ, R21, R(rLabels), R(rLabels)
	MOVD call_Weights(R(rCall)), R(rWeights)
	MOVD call_Losses(R(rCall)), R(rLosses)
	MOVD call_Positives(R(rCall)), R(rPositives)
	MOVD call_Gradients(R(rCall)), R(rGrads)
	MOVD call_Hessians(R(rCall)), R(rHess)
	ADD  $call_Lanes, R(rCall), R(rLanes)
	CALL (R20)
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// func Entries() *[asm.NumKernels]uintptr
TEXT ·Entries(SB), NOSPLIT, $0-8
	MOVD $·entries(SB), R0
	MOVD R0, ret+0(FP)
	RET
