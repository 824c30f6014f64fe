// The frame of a kernel: chunks, stores and the canonical sum, and the line that puts
// terms, formula and output together.

// CHUNK: the most scores that go from pass to pass.
#define CHUNK 512

// CHUNKSIZE: rChunk = min(CHUNK, rLeft), the scores of the next chunk.
#define CHUNKSIZE \
	MOVD $CHUNK, R(rChunk); \
	CMP  R(rLeft), R(rChunk); \
	CSEL GT, R(rLeft), R(rChunk), R(rChunk)

// COMBINE_SETUP: cursors and registers of the combine passes.
#define COMBINE_SETUP \
	REWIND; \
	MOVD R(rWeights), R(rAtWeights); \
	MOVD R(rLosses), R(rAtLosses); \
	MOVD R(rGrads), R(rAtGrads); \
	QUADLD(0, rLanes, vSums); \
	CONST(table_one, vOne); \
	QUADLD(table_copies, rTable, vCopies); \
	CONST(table_expands, vExpands); \
	ADD  $(call_Params+params_Weights), R(rCall), R20; \
	LDR_Q(0, 20, vByLabel)        /* vByLabel = Neg, Pos, 0, 0 */; \
	FMOVS GAMMA, F0; \
	VMOV V0.S[0], V31.S[2]        /* vByLabel = Neg, Pos, γ, 0 */

// What differs between values and slopes. Of a gradient the sign is the weight's.
#define VALUE_SETUP \
	EOR_16B(vZero, vZero, vZero)
#define SLOPE_SETUP \
	CONST(table_negatepos, 0); \
	EOR_16B(0, vByLabel, vByLabel) /* vByLabel = Neg, −Pos, γ, 0 */; \
	CONST(table_sign, vSign)

// STORE: the losses F at o bytes into the turn to the output, where there is one.
#define STORE(o, F, done) \
	CBZ R(rLosses), done; \
	LOSSES(PAIRST, o, F); \
done:

// REDUCE: the canonical sum of 32 losses. Lane j of s adds the losses j, j+8, j+16, j+24 in
// float32: lanes 0…3 in 12, 4…7 in 13; they are accumulated in float64.
#define REDUCE \
	PAIR(FADD_4S, 14, 12, 12)     /* 12, 13 = s */; \
	FCVTL_2D(12, 14); \
	FCVTL2_2D(12, 15); \
	FCVTL_2D(13, 16); \
	FCVTL2_2D(13, 17); \
	QUAD(FADD_2D, 14, vSums, vSums)

// LOOP32: from label on, until the chunk is done.
#define LOOP32(label) \
	ADD  $128, R(rAtScores); \
	ADD  $32, R(rAtLabels); \
	ADD  $128, R(rAtWeights); \
	ADD  $128, R(rAtLosses); \
	ADD  $128, R(rAtGrads); \
	ADD  $128, R(rAtScratch); \
	SUBS $32, R(rTodo); \
	BNE  label

// NEXTCHUNK: pointers past the chunk.
#define NEXTCHUNK(chunk) \
	MOVD R(rAtScores), R(rScores); \
	MOVD R(rAtLabels), R(rLabels); \
	CMP  $0, R(rWeights); \
	CSEL NE, R(rAtWeights), R(rWeights), R(rWeights); \
	CMP  $0, R(rLosses); \
	CSEL NE, R(rAtLosses), R(rLosses), R(rLosses); \
	MOVD R(rAtGrads), R(rGrads); \
	SUBS R(rChunk), R(rLeft); \
	BNE  chunk

// KERNEL: a kernel of that name and number. PASSES go over a chunk; then TURN, a macro of
// terms.h, takes FORMULA to 8 scores at a time, in the order of the canonical sum. The frame
// of 0 saves the link register, which the passes' calls overwrite.
#define KERNEL(name, number, PASSES, SETUP, TURN, FORMULA) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT, $0; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	COMBINE_SETUP; \
	SETUP; \
loop: \
	LABELS(LDR_Q, 0, vY0); \
	LABELS(LDR_Q, 64, vY1); \
	PAIRC(SHL_16B, 2, vY0, vY0); \
	TURN(0, vY0, vCopies, FORMULA, weighed0, 12); \
	STORE(0, 12, stored0); \
	TURN(64, vY1, vCopies, FORMULA, weighed1, 14); \
	STORE(64, 14, stored1); \
	PAIR(FADD_4S, 14, 12, 12)     /* 12, 13 = f[j] + f[j+16] */; \
	TURN(32, vY0, vCopies+2, FORMULA, weighed2, 14); \
	STORE(32, 14, stored2); \
	TURN(96, vY1, vCopies+2, FORMULA, weighed3, 16); \
	STORE(96, 16, stored3); \
	PAIR(FADD_4S, 16, 14, 14)     /* 14, 15 = f[j+8] + f[j+24] */; \
	REDUCE; \
	LOOP32(loop); \
	QUADST(0, rLanes, vSums); \
	NEXTCHUNK(chunk); \
	RET

// Passes by input, and by what the formula needs.
#define LOGITS_PASSES \
	CALL ·expneg(SB); \
	CALL ·log1p(SB)
#define LOGITS_POWER_PASSES \
	LOGITS_PASSES; \
	CALL ·power(SB)
#define PROBS_PASSES \
	CALL ·crossentropy(SB)
#define PROBS_POWER_PASSES \
	PROBS_PASSES; \
	CALL ·probpower(SB)

// A line per kernel: its name, the number of its formula in package asm, the passes, VALUE
// or SLOPE. Kernels are numbered as asm.KernelOf does.
#define LOGITS_LOSS(name, formula, PASSES, VALUE) \
	KERNEL(name, 4*formula+0, PASSES, VALUE_SETUP, LOGITS_VALUE, VALUE)
#define LOGITS_GRADIENT(name, formula, PASSES, SLOPE) \
	KERNEL(name, 4*formula+1, PASSES, SLOPE_SETUP, LOGITS_SLOPE, SLOPE)
#define PROBS_LOSS(name, formula, PASSES, VALUE) \
	KERNEL(name, 4*formula+2, PASSES, VALUE_SETUP, PROBS_VALUE, VALUE)
#define PROBS_GRADIENT(name, formula, PASSES, SLOPE) \
	KERNEL(name, 4*formula+3, PASSES, SLOPE_SETUP, PROBS_SLOPE, SLOPE)
