//go:build !purego

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"
#include "opcodes.h"
#include "lockstep.h"
#include "words.h"
#include "frame.h"
#include "env.h"

// func Sweep(s *Sweep)
//
// Chunk after chunk it runs the passes that all losses share, then the kernel of each loss,
// under the default floating-point environment. Scratch is that of Run, and 512 masks.
// It holds no pointers.
TEXT ·Sweep(SB), 0, $8280-8
	NO_LOCAL_POINTERS
	MOVD s+0(FP), R(rSweep)
	MOVD sweep_N(R(rSweep)), R(rLeft)
	CBZ  R(rLeft), done
	ENTERENV(saved-8(SP), standard)
	MOVD $scratch-8280(SP), R(rScratch)
	ADD  $63, R(rScratch)
	AND  $~63, R(rScratch)
	MOVD $·constants(SB), R(rTable)
	MOVD sweep_Scores(R(rSweep)), R(rScores)
	MOVD sweep_Labels(R(rSweep)), R(rLabels)
	MOVD sweep_Weights(R(rSweep)), R(rWeights)

chunk:
	CHUNKSIZE
	MOVD sweep_Input(R(rSweep)), R20
	CMP  $const_probs, R20
	BEQ  probs
	CALL ·expneg(SB)
	CALL ·log1p(SB)
	B    terms
probs:
	CALL ·crossentropy(SB)
terms:
	CALL ·classify(SB)
	MOVD sweep_Entries(R(rSweep)), R(rEntry)
	MOVD sweep_Count(R(rSweep)), R(rMore)

entry:
	ADD  $(entry_Params-call_Params), R(rEntry), R(rCall)
	MOVD entry_Formula(R(rEntry)), R20
	MOVD sweep_Input(R(rSweep)), R21
	ADD  R20<<1, R21, R20        // R20 = the kernel's number
	MOVD $·sweeps(SB), R21
	MOVD (R21)(R20<<3), R20
	CALL (R20)
	ADD  $entry__size, R(rEntry)
	SUBS $1, R(rMore)
	BNE  entry

	ADD  R(rChunk)<<2, R(rScores)
	ADD  R(rChunk), R(rLabels)
	ADD  R(rChunk)<<2, R(rWeights), R20
	CMP  $0, R(rWeights)
	CSEL NE, R20, R(rWeights), R(rWeights)
	SUBS R(rChunk), R(rLeft)
	BNE  chunk
	LEAVEENV(saved-8(SP), restored)

done:
	RET

// classify: MASKS = all bits where the score is easy, with the label 0 and x ≤ cut, and
// rFlags; it adds how many are to the Sweep's Easy.
//
// V31 the cut   V30 zero   V29 −8   V28 counts   R24 the plain flags   R25 the easy flags
// R26 −1 of probabilities, whose signs do not matter
TEXT ·classify(SB), NOSPLIT|NOFRAME, $0
	ADD  $sweep_Cut, R(rSweep), R20
	LD1R_4S(20, 31)
	EOR_16B(30, 30, 30)
	CMEQ_4S(30, 30, 29)
	SHL_4S(3, 29, 29)
	EOR_16B(28, 28, 28)
	MOVD $0, R24
	MOVD $0, R25
	MOVD sweep_Input(R(rSweep)), R20
	CMP  $const_probs, R20
	CSETM EQ, R26
	ADD  R(rChunk)<<2, R(rScores), R(rAtScores)
	ADD  R(rChunk), R(rLabels), R(rAtLabels)
	ADD  R(rChunk)<<2, R(rScratch), R(rAtScratch)
	MOVD R(rChunk), R(rTodo)

loop: // from the last group to the first, whose flag is the lowest bit
	SUB  $128, R(rAtScores)
	SUB  $32, R(rAtLabels)
	SUB  $128, R(rAtScratch)
	SCORES(QUADLD, 0, 0)
	SCORES(QUADLD, 64, 4)
	QUADT(FCMGE_4S, 0, 31, 8)    // 8…15 = cut ≥ x, false of a NaN
	QUADT(FCMGE_4S, 4, 31, 12)
	QUAD(AND_16B, 4, 0, 0)
	PAIR(AND_16B, 2, 0, 0)
	AND_16B(1, 0, 0)
	CMLT0_4S(0, 0)
	VMOV V0.D[0], R20
	VMOV V0.D[1], R21
	AND  R21, R20
	ORR  R26, R20                // R20 = −1 if all are negative
	LDP  0(R(rAtLabels)), (R21, R22)
	ORR  R22, R21
	LDP  16(R(rAtLabels)), (R22, R23)
	ORR  R22, R21
	ORR  R23, R21
	CBZ  R21, unlabelled
	LABELS(LDR_Q, 0, 16)
	WIDEN(16, 18)
	QUADC(CMEQ_4S, 30, 18, 18)
	QUAD(AND_16B, 18, 8, 8)      // 8…15 = 0 where the label is not
	LABELS(LDR_Q, 64, 16)
	WIDEN(16, 18)
	QUADC(CMEQ_4S, 30, 18, 18)
	QUAD(AND_16B, 18, 12, 12)
	MOVD $0, R20                 // they are not plain
unlabelled:
	MASKS(QUADST, 0, 8)
	MASKS(QUADST, 64, 12)
	QUAD(ADD_4S, 12, 8, 8)
	PAIR(ADD_4S, 10, 8, 8)
	ADD_4S(9, 8, 8)              // 8 = −how many are easy of 8
	SUB_4S(8, 28, 28)
	CMEQ_4S(29, 8, 8)
	VMOV V8.D[0], R21
	VMOV V8.D[1], R22
	AND  R22, R21                // R21 = −1 if all are easy
	CMN  $1, R20
	ADC  R24, R24
	CMN  $1, R21
	ADC  R25, R25
	SUBS $32, R(rTodo)
	BNE  loop
	ORR  R25<<EASYFLAGS, R24, R(rFlags)
	VUADDLV V28.S4, V28
	VMOV V28.D[0], R20
	MOVD sweep_Easy(R(rSweep)), R21
	ADD  R20, R21
	MOVD R21, sweep_Easy(R(rSweep))
	RET

// func SweepEntries() *[asm.NumSweepKernels]uintptr
TEXT ·SweepEntries(SB), NOSPLIT, $0-8
	MOVD $·sweeps(SB), R0
	MOVD R0, ret+0(FP)
	RET
