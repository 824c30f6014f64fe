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
// under the default floating-point environment. Scratch is 13376 bytes, aligned to a
// cache line. It holds no pointers.
TEXT ·Sweep(SB), 0, $13448-8
	NO_LOCAL_POINTERS
	MOVQ  s+0(FP), rSweep
	MOVQ  sweep_N(rSweep), rLeft
	TESTQ rLeft, rLeft
	JZ    done
	ENTERENV(saved-8(SP), standard)
	LEAQ  scratch-13440(SP), rBuf
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
// Z15 the cut   Z14 zero   Z12 counts   R10 the easy flags   K7 all bits of probabilities, whose signs do
// not matter
TEXT ·classify(SB), NOSPLIT|NOFRAME, $0
	VBROADCASTSS sweep_Cut(rSweep), Z15
	VPXORD Z14, Z14, Z14
	VPXORD Z12, Z12, Z12
	XORL rFlags, rFlags
	XORL R10, R10
	KXORW K7, K7, K7
	CMPQ sweep_Input(rSweep), $const_probs
	JNE  signed
	KXNORW K7, K7, K7
signed:
	MOVQ rChunk, rAt

#define CLASSIFY(o, L, N, M) \
	VPMOVZXBD LABELS(o, rAt), Z2; \
	VPTESTNMD Z2, Z2, L           /* L = where the label is 0 */; \
	VMOVUPS SCORES(o, rAt), Z0; \
	VCMPPS $30, Z0, Z14, N        /* N = 0 > x, false of a NaN, which exp would lose */; \
	VCMPPS $29, Z0, Z15, L, M     /* M = L and cut ≥ x, false of a NaN */; \
	VPMOVM2D M, Z2; \
	VMOVUPS Z2, MASKS(o); \
	VPSUBD Z2, Z12, Z12
loop: // from the last group to the first, whose flag is the lowest bit
	SUBQ $32, rAt
	FETCHLABELS
	CLASSIFY(0, K1, K5, K3)
	CLASSIFY(64, K2, K6, K4)
	KANDW K6, K5, K5
	KORW K7, K5, K5
	KANDW K1, K5, K5
	KANDW K2, K5, K5
	KORTESTW K5, K5               // carry: all are plain
	ADCL rFlags, rFlags
	KANDW K3, K4, K4
	KORTESTW K4, K4               // carry: all are easy
	ADCL R10, R10
	CMPQ rAt, $0
	JNE  loop
	SHLL $EASYFLAGS, R10
	ORL  R10, rFlags
	VEXTRACTI32X8 $1, Z12, Y0
	VPADDD Y0, Y12, Y12
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
