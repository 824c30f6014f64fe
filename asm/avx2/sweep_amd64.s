//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "words.h"
#include "frame.h"
#include "env.h"

// func Sweep(s *Sweep)
//
// Chunk after chunk it runs the passes that all losses share, then the kernel of each loss,
// under the default floating-point environment. Scratch is that of Run.
// It holds no pointers.
TEXT ·Sweep(SB), 0, $10320-8
	NO_LOCAL_POINTERS
	MOVQ  s+0(FP), rSweep
	MOVQ  sweep_N(rSweep), rLeft
	TESTQ rLeft, rLeft
	JZ    done
	ENTERENV(saved-8(SP), standard)
	LEAQ  scratch-10312(SP), rBuf
	ADDQ  $63, rBuf
	ANDQ  $~63, rBuf
	MOVQ  sweep_Scores(rSweep), rScores
	MOVQ  sweep_Labels(rSweep), rLabels
	MOVQ  sweep_Weights(rSweep), rWeights

chunk:
	CHUNKSIZE
	CMPQ  sweep_Input(rSweep), $const_probs
	JEQ   probs
	CALL  ·expneg(SB)
	CALL  ·log1p(SB)
	JMP   terms
probs:
	CALL  ·crossentropy(SB)
terms:
	CALL  ·classify(SB)
	MOVQ  sweep_Entries(rSweep), rEntry
	MOVQ  sweep_Count(rSweep), rMore

entry:
	LEAQ  (entry_Params-call_Params)(rEntry), rCall
	MOVQ  entry_Formula(rEntry), AX
	ADDQ  AX, AX
	ADDQ  sweep_Input(rSweep), AX // AX = the kernel's number
	LEAQ  ·sweeps(SB), DI
	MOVQ  (DI)(AX*8), DI
	CALL  DI
	ADDQ  $entry__size, rEntry
	DECQ  rMore
	JNZ   entry

	LEAQ  (rScores)(rChunk*4), rScores
	ADDQ  rChunk, rLabels
	ADVANCE(rWeights)
	SUBQ  rChunk, rLeft
	JNZ   chunk
	LEAVEENV(saved-8(SP), restored)
	VZEROUPPER

done:
	RET

// classify: MASKS = all bits where the score is easy, with the label 0 and x ≤ cut, and
// rFlags; it adds how many are to the Sweep's Easy.
//
// Y15 the cut   Y14 zero   Y13 −4   Y12 counts   R10 the easy flags   R9 0xff of probabilities,
// whose signs do not matter   R13 labels
#define CLASSIFY(o, X, M) \
	VMOVUPS SCORES(o), X; \
	VCMPPS $29, X, Y15, M          /* M = cut ≥ x, false of a NaN */
#define UNLABELLED(o, M, T) \
	VPMOVZXBD LABELS(o), T; \
	VPCMPEQD T, Y14, T; \
	VPAND T, M, M                 /* M = 0 where the label is not */
TEXT ·classify(SB), NOSPLIT|NOFRAME, $0
	VBROADCASTSS sweep_Cut(rSweep), Y15
	VPXOR Y14, Y14, Y14
	VPCMPEQD Y13, Y13, Y13
	VPSLLD $2, Y13, Y13
	VPXOR Y12, Y12, Y12
	XORL rFlags, rFlags
	XORL R10, R10
	XORL R9, R9
	CMPQ sweep_Input(rSweep), $const_probs
	JNE  signed
	MOVL $0xff, R9
signed:
	MOVQ rChunk, rAt

loop: // from the last group to the first, whose flag is the lowest bit
	SUBQ $32, rAt
	FETCHLABELS
	CLASSIFY(0, Y4, Y0)
	CLASSIFY(32, Y5, Y1)
	CLASSIFY(64, Y6, Y2)
	CLASSIFY(96, Y7, Y3)
	VANDPS Y5, Y4, Y4
	VANDPS Y7, Y6, Y6
	VANDPS Y6, Y4, Y4
	VMOVMSKPS Y4, DI
	ORL  R9, DI                 // DI = 0xff if all are negative
	MOVQ LABELS(0), R13
	ORQ  LABELS(32), R13
	ORQ  LABELS(64), R13
	ORQ  LABELS(96), R13
	TESTQ R13, R13
	JZ   unlabelled
	UNLABELLED(0, Y0, Y4)
	UNLABELLED(32, Y1, Y4)
	UNLABELLED(64, Y2, Y4)
	UNLABELLED(96, Y3, Y4)
	XORL DI, DI                 // they are not plain
unlabelled:
	VMOVUPS Y0, MASKS(0)
	VMOVUPS Y1, MASKS(32)
	VMOVUPS Y2, MASKS(64)
	VMOVUPS Y3, MASKS(96)
	VPADDD Y1, Y0, Y0
	VPADDD Y3, Y2, Y2
	VPADDD Y2, Y0, Y0           // Y0 = −how many are easy of 4
	VPSUBD Y0, Y12, Y12
	VPCMPEQD Y13, Y0, Y0
	XORL $0xff, DI
	SUBL $1, DI                 // carry: all are plain
	ADCL rFlags, rFlags
	VMOVMSKPS Y0, DI
	XORL $0xff, DI
	SUBL $1, DI                 // carry: all are easy
	ADCL R10, R10
	CMPQ rAt, $0
	JNE  loop
	SHLL $EASYFLAGS, R10
	ORL  R10, rFlags
	VEXTRACTI128 $1, Y12, X0
	VPADDD X0, X12, X12
	VPMOVZXDQ X12, Y12
	VEXTRACTI128 $1, Y12, X0
	VPADDQ X0, X12, X12
	VPSRLDQ $8, X12, X0
	VPADDQ X0, X12, X12
	VMOVQ X12, DI
	ADDQ DI, sweep_Easy(rSweep)
	RET

// func SweepEntries() *[asm.NumSweepKernels]uintptr
TEXT ·SweepEntries(SB), NOSPLIT, $0-8
	LEAQ ·sweeps(SB), AX
	MOVQ AX, ret+0(FP)
	RET
