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

// SUMWEIGHTS: the same sum of the weights of a turn, where it is wanted, and their bits. R24 is
// lost.
#define SUMWEIGHTS(done) \
	MOVD call_WeightSums(R(rCall)), R20; \
	CBZ R20, done; \
	MOVD sums_Skip(R20), R24; \
	CBNZ R24, done; \
	WEIGHTS(QUADLD, 0, 0); \
	WEIGHTS(QUADLD, 64, 4); \
	LDR_Q(sums_Bits, 20, 8); \
	QUAD(ORR_16B, 4, 0, 12); \
	PAIR(ORR_16B, 14, 12, 12); \
	ORR_16B(13, 12, 12); \
	ORR_16B(12, 8, 8)             /* 8 = bits that a weight has */; \
	STR_Q(sums_Bits, 20, 8); \
	QUAD(FADD_4S, 4, 0, 0)        /* 0, 1 = w[j] + w[j+16], 2, 3 = w[j+8] + w[j+24] */; \
	PAIR(FADD_4S, 2, 0, 0)        /* 0, 1 = s */; \
	FCVTL_2D(0, 4); \
	FCVTL2_2D(0, 5); \
	FCVTL_2D(1, 6); \
	FCVTL2_2D(1, 7); \
	QUADLD(sums_Lanes, 20, 0); \
	QUAD(FADD_2D, 4, 0, 0); \
	QUADST(sums_Lanes, 20, 0); \
done:

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
	SUMWEIGHTS(summed); \
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

// A sweep's kernels take a loss of several. SWEEP: that of a name and number, over the chunk
// whose terms are in scratch. Of nearly all of a detector's groups all scores are plain, as
// rFlags says: these have simpler terms. If all are easy, too, one sum is for both
// accumulators; else a second one is of the losses with 0 for those that are not. The losses
// of the turn are in 12…19. What TURN takes labels by is loaded where there are some.
#define SWEEP(name, number, POWER, TURN, FORMULA) \
DATA ·sweeps+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT, $0; \
	POWER; \
	REWIND; \
	MOVD R(rWeights), R(rAtWeights); \
	MOVD R(rFlags), R(rGroup); \
	ADD  $(call_Params+params_Weights), R(rCall), R(rNeg); \
	ADD  $call_Lanes, R(rCall), R(rLanes); \
	ADD  $entry_Easy, R(rEntry), R(rEasy); \
	PARAM(params_Weights, 0); \
	STR_Q(8192, rScratch, 0)      /* NEGS */; \
	QUADLD(0, rLanes, vSums); \
	CONST(table_one, vOne); \
	EOR_16B(vZero, vZero, vZero); \
loop: \
	TBZ $0, R(rGroup), mixed; \
	PLAIN_VALUE(0, FORMULA, plain0, 12); \
	PLAIN_VALUE(32, FORMULA, plain1, 14); \
	PLAIN_VALUE(64, FORMULA, plain2, 16); \
	PLAIN_VALUE(96, FORMULA, plain3, 18); \
	TBZ $EASYFLAGS, R(rGroup), some; \
	PAIR(FADD_4S, 16, 12, 12); \
	PAIR(FADD_4S, 18, 14, 14); \
	REDUCE; \
	QUADLD(0, rEasy, 0); \
	QUAD(FADD_2D, 14, 0, 0); \
	QUADST(0, rEasy, 0); \
	B next; \
mixed: \
	QUADLD(table_copies, rTable, vCopies); \
	CONST(table_expands, vExpands); \
	LDR_Q(0, rNeg, vByLabel); \
	LABELS(LDR_Q, 0, vY0); \
	LABELS(LDR_Q, 64, vY1); \
	PAIRC(SHL_16B, 2, vY0, vY0); \
	TURN(0, vY0, vCopies, FORMULA, weighed0, 12); \
	TURN(32, vY0, vCopies+2, FORMULA, weighed1, 14); \
	TURN(64, vY1, vCopies, FORMULA, weighed2, 16); \
	TURN(96, vY1, vCopies+2, FORMULA, weighed3, 18); \
some: \
	MASKS(QUADLD, 0, 0); \
	MASKS(QUADLD, 64, 4); \
	QUAD(AND_16B, 12, 0, 0); \
	QUAD(AND_16B, 16, 4, 4)       /* 0…7 = losses where easy, else +0 */; \
	PAIR(FADD_4S, 16, 12, 12)     /* 12, 13 = f[j] + f[j+16] */; \
	PAIR(FADD_4S, 18, 14, 14)     /* 14, 15 = f[j+8] + f[j+24] */; \
	REDUCE; \
	PAIR(FADD_4S, 4, 0, 0); \
	PAIR(FADD_4S, 6, 2, 2); \
	PAIR(FADD_4S, 2, 0, 0)        /* 0, 1 = s of easy losses */; \
	FCVTL_2D(0, 4); \
	FCVTL2_2D(0, 5); \
	FCVTL_2D(1, 6); \
	FCVTL2_2D(1, 7); \
	QUADLD(0, rEasy, 0); \
	QUAD(FADD_2D, 4, 0, 0); \
	QUADST(0, rEasy, 0); \
next: \
	LSR $1, R(rGroup); \
	LOOP32(loop); \
	QUADST(0, rLanes, vSums); \
	RET

// PASS: a power's, unless the entry before has left it.
#define PASS(pass) \
	MOVD entry_Reuse(R(rEntry)), R20; \
	CBNZ R20, reuse; \
	CALL pass(SB); \
reuse:
#define NOPASS(pass)

// A line per kernel of a sweep: its name, the number of its formula, whether it takes a power,
// PASS or NOPASS, and VALUE. They are numbered as asm.SweepKernelOf does.
#define LOGITS_SWEEP(name, formula, POWER, VALUE) \
	SWEEP(name, 2*formula+0, POWER(·power), LOGITS_VALUE, VALUE)
#define PROBS_SWEEP(name, formula, POWER, VALUE) \
	SWEEP(name, 2*formula+1, POWER(·probpower), PROBS_VALUE, VALUE)

// Formulas of targets. SOFT_KERNEL: a kernel of that name, formula and output. TERMS, a macro
// of softterms.h, takes 8 scores at a time, in the order of the canonical sum, FORMULA takes
// its terms, and STORES writes what is wanted besides losses, after all that is read of the
// turn: any one output may be the scores. The sums stay in memory: registers are scarce.
#define SOFT_KERNEL(name, number, PASSES, TERMS, FORMULA, STORES) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT, $0; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	SOFT_SETUP; \
loop: \
	SOFT_TURN(0, TERMS, FORMULA, STORES, 12, factored0, weighed0, stored0); \
	SOFT_TURN(64, TERMS, FORMULA, STORES, 14, factored1, weighed1, stored1); \
	PAIR(FADD_4S, 14, 12, 12)     /* 12, 13 = f[j] + f[j+16] */; \
	SOFT_TURN(32, TERMS, FORMULA, STORES, 14, factored2, weighed2, stored2); \
	SOFT_TURN(96, TERMS, FORMULA, STORES, 16, factored3, weighed3, stored3); \
	PAIR(FADD_4S, 16, 14, 14)     /* 14, 15 = f[j+8] + f[j+24] */; \
	QUADLD(0, rLanes, vSums); \
	REDUCE; \
	QUADST(0, rLanes, vSums); \
	SUMWEIGHTS(summed); \
	ADD  $96, R(rAtLabels); \
	ADD  $128, R(rAtPositives); \
	ADD  $128, R(rAtHess); \
	LOOP32(loop); \
	CMP  $0, R(rPositives); \
	CSEL NE, R(rAtPositives), R(rPositives), R(rPositives); \
	MOVD R(rAtHess), R(rHess); \
	NEXTCHUNK(chunk); \
	RET

// SOFT_TURN: F = the losses of 8 scores.
#define SOFT_TURN(o, TERMS, FORMULA, STORES, F, factored, weighed, stored) \
	TERMS(o, F, factored, weighed); \
	FORMULA(o, F); \
	STORES(o); \
	PAIR(FMUL_4S, tW, F, F); \
	STORE(o, F, stored)
#define VALUE_STORES(o)
#define SLOPE_STORES(o) \
	GRADS(PAIRST, o, tO)
#define CURVE_STORES(o) \
	GRADS(PAIRST, o, tO); \
	HESSIANS(PAIRST, o, tP)

// Passes by what the formula needs: nothing, q^γ or |d|^β.
#define SOFT_PASSES \
	LOGITS_PASSES
#define SOFT_POWER_PASSES \
	LOGITS_PASSES; \
	CALL ·softpower(SB)
#define QUALITY_POWER_PASSES \
	LOGITS_PASSES; \
	CALL ·qualitypower(SB)

// A line per kernel: its name, the number of its formula, the passes, the terms, and VALUE,
// SLOPE or CURVE. Kernels are numbered as asm.KernelOf does.
#define SOFT_NUMBER(formula) (4*SOFTCE+3*((formula)-SOFTCE))
#define SOFT_LOSS(name, formula, PASSES, TERMS, VALUE) \
	SOFT_KERNEL(name, SOFT_NUMBER(formula)+0, PASSES, TERMS, VALUE, VALUE_STORES)
#define SOFT_GRADIENT(name, formula, PASSES, TERMS, SLOPE) \
	SOFT_KERNEL(name, SOFT_NUMBER(formula)+1, PASSES, TERMS, SLOPE, SLOPE_STORES)
#define SOFT_HESSIAN(name, formula, PASSES, TERMS, CURVE) \
	SOFT_KERNEL(name, SOFT_NUMBER(formula)+2, PASSES, TERMS, CURVE, CURVE_STORES)
