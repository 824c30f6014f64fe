// The frame of a kernel: chunks, stores and the canonical sum, and the line that puts
// terms, formula and output together.

// CHUNK: the most scores that go from pass to pass.
#define CHUNK 512

// ADVANCE: an optional pointer past the chunk.
#define ADVANCE(p) \
	LEAQ (p)(rChunk*4), DI; \
	TESTQ p, p; \
	CMOVQNE DI, p

// NEXTCHUNK: pointers past the chunk.
#define NEXTCHUNK(chunk) \
	LEAQ (rScores)(rChunk*4), rScores; \
	ADDQ rChunk, rLabels; \
	LEAQ (rGrads)(rChunk*4), rGrads; \
	ADVANCE(rWeights); \
	ADVANCE(rLosses); \
	SUBQ rChunk, rLeft; \
	JNZ chunk

// NEXTTARGETS: the same for targets.
#define NEXTTARGETS(chunk) \
	LEAQ (rScores)(rChunk*4), rScores; \
	LEAQ (rTargets)(rChunk*4), rTargets; \
	LEAQ (rGrads)(rChunk*4), rGrads; \
	LEAQ (rHessians)(rChunk*4), rHessians; \
	ADVANCE(rWeights); \
	ADVANCE(rFactors); \
	ADVANCE(rLosses); \
	SUBQ rChunk, rLeft; \
	JNZ chunk

// CHUNKSIZE: rChunk = min(CHUNK, rLeft), the scores of the next chunk.
#define CHUNKSIZE \
	MOVQ $CHUNK, rChunk; \
	CMPQ rLeft, rChunk; \
	CMOVQLT rLeft, rChunk

// The canonical sum of 32 losses: lane j of s adds the losses j, j+8, j+16, j+24 in float32;
// the lanes are accumulated in float64. SUM32: s of the losses in A…D, in A. WIDEN: its lanes
// 0…3 and 4…7, in A and B, of which XA and XB are the lower halves.
#define SUM32(A, B, C, D) \
	VADDPS C, A, A                /* A = f[j] + f[j+16] */; \
	VADDPS D, B, B                /* B = f[j+8] + f[j+24] */; \
	VADDPS B, A, A                /* A = s */
#define WIDEN(A, XA, B, XB) \
	VEXTRACTF128 $1, A, XB; \
	VCVTPS2PD XA, A; \
	VCVTPS2PD XB, B

// REDUCE: of the losses in Y6…Y9.
#define REDUCE \
	SUM32(Y6, Y7, Y8, Y9); \
	WIDEN(Y6, X6, Y7, X7); \
	VADDPD Y6, rSum0, rSum0       /* rSum0 = lanes 0…3 */; \
	VADDPD Y7, rSum1, rSum1       /* rSum1 = lanes 4…7 */

// REDUCEMORE: the same, with the lanes in the Call, where registers are short.
#define REDUCEMORE \
	SUM32(Y6, Y7, Y8, Y9); \
	WIDEN(Y6, X6, Y7, X7); \
	VADDPD (call_Lanes+0)(rCall), Y6, Y6; \
	VADDPD (call_Lanes+32)(rCall), Y7, Y7; \
	VMOVUPD Y6, (call_Lanes+0)(rCall); \
	VMOVUPD Y7, (call_Lanes+32)(rCall)

// SUMWEIGHTS: the same sum of the weights of a turn, where it is wanted, and their bits. s goes
// by way of memory: the units of sums, which a loss keeps busy, shuffle, too. Then, what is read
// next is fetched.
#define SUMWEIGHTS(ahead, done) \
	MOVQ call_WeightSums(rCall), DI; \
	TESTQ DI, DI; \
	JZ    done; \
	CMPQ sums_Skip(DI), $0; \
	JNE   ahead; \
	VMOVUPS WEIGHTS(0), Y0; \
	VMOVUPS WEIGHTS(32), Y1; \
	VMOVUPS WEIGHTS(64), Y2; \
	VMOVUPS WEIGHTS(96), Y3; \
	VORPS Y0, Y1, Y6; \
	VORPS Y2, Y3, Y7; \
	SUM32(Y0, Y1, Y2, Y3)         /* Y0 = s */; \
	VMOVUPS Y0, sums_Spare(DI); \
	VORPS sums_Bits(DI), Y6, Y6; \
	VORPS Y7, Y6, Y6; \
	VMOVUPS Y6, sums_Bits(DI)     /* bits that a weight has */; \
	VCVTPS2PD sums_Spare(DI), Y0; \
	VCVTPS2PD (sums_Spare+16)(DI), Y1; \
	VADDPD (sums_Lanes+0)(DI), Y0, Y0; \
	VADDPD (sums_Lanes+32)(DI), Y1, Y1; \
	VMOVUPD Y0, (sums_Lanes+0)(DI); \
	VMOVUPD Y1, (sums_Lanes+32)(DI); \
ahead: \
	MOVQ sums_Ahead(DI), DI; \
	ADDQ rWeights, DI; \
	PREFETCHT0 (DI)(rAt*4); \
	PREFETCHT0 64(DI)(rAt*4); \
done:

// STORE: losses Y6…Y9 to the output, where there is one.
#define STORE(done) \
	TESTQ rLosses, rLosses; \
	JZ    done; \
	VMOVUPS Y6, LOSSES(0); \
	VMOVUPS Y7, LOSSES(32); \
	VMOVUPS Y8, LOSSES(64); \
	VMOVUPS Y9, LOSSES(96); \
done:

// The weights by label. Of a gradient the sign is the weight's.
#define VALUE_WEIGHTS VBROADCASTF128 PARAM(params_Weights), rByLabel
#define SLOPE_WEIGHTS \
	VBROADCASTF128 PARAM(params_Weights), rByLabel; \
	VXORPS ·constants+table_negatepos(SB), rByLabel, rByLabel; \
	SPREAD(table_sign, rSign)

// What the combine passes of an input share.
#define LOGITS_SETUP \
	SPREAD(table_one, rOne); \
	VXORPS rZero, rZero, rZero
#define PROBS_SETUP \
	TABLE(table_oneof1, rOneOf1); \
	TABLE(table_oneof0, rOneOf0)

// KERNEL: a kernel of that name and number. PASSES go over a chunk; then TURN, a macro of
// terms.h, takes FORMULA to each vector of scores.
#define KERNEL(name, number, PASSES, WEIGHTS, SETUP, TURN, FORMULA) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	WEIGHTS; \
	SETUP; \
	VMOVUPD (call_Lanes+0)(rCall), rSum0; \
	VMOVUPD (call_Lanes+32)(rCall), rSum1; \
	XORQ rAt, rAt; \
loop: \
	FETCHNEXT; \
	TURN(0, FORMULA, weighed0, Y6); \
	TURN(32, FORMULA, weighed1, Y7); \
	TURN(64, FORMULA, weighed2, Y8); \
	TURN(96, FORMULA, weighed3, Y9); \
	STORE(stored); \
	REDUCE; \
	SUMWEIGHTS(next, summed); \
	LOOP32(loop); \
	VMOVUPD rSum0, (call_Lanes+0)(rCall); \
	VMOVUPD rSum1, (call_Lanes+32)(rCall); \
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
	KERNEL(name, 4*formula+0, PASSES, VALUE_WEIGHTS, LOGITS_SETUP, LOGITS_VALUE, VALUE)
#define LOGITS_GRADIENT(name, formula, PASSES, SLOPE) \
	KERNEL(name, 4*formula+1, PASSES, SLOPE_WEIGHTS, LOGITS_SETUP, LOGITS_SLOPE, SLOPE)
#define PROBS_LOSS(name, formula, PASSES, VALUE) \
	KERNEL(name, 4*formula+2, PASSES, VALUE_WEIGHTS, PROBS_SETUP, PROBS_VALUE, VALUE)
#define PROBS_GRADIENT(name, formula, PASSES, SLOPE) \
	KERNEL(name, 4*formula+3, PASSES, SLOPE_WEIGHTS, PROBS_SETUP, PROBS_SLOPE, SLOPE)

// IFMIXED: to the label if not all scores of the two vectors from o on are plain; where Pos has
// factors, none is: Pos·0 may be NaN.
#define IFMIXED(o, label) \
	TESTQ rFactors, rFactors; \
	JNZ   label; \
	VMOVUPS SCORES(o), Y0; \
	VANDPS SCORES(o+32), Y0, Y0; \
	VANDNPS rSign, Y0, Y0         /* Y0 = the sign bit where an x has none */; \
	VPOR TARGETS(o), Y0, Y0; \
	VPOR TARGETS(o+32), Y0, Y0; \
	VPTEST Y0, Y0; \
	JNZ   label

// TARGETKERNEL: a kernel of targets. FORMULA, of softformulas.h, is of both kinds of scores.
#define TARGETKERNEL(name, number, PASSES, FORMULA) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	TARGETS_SETUP; \
	XORQ rAt, rAt; \
loop: \
	FETCHTARGETS; \
	IFMIXED(0, mixed0); \
	FORMULA(PLAIN, 0, , plain0, Y6); \
	FORMULA(PLAIN, 32, , plain1, Y7); \
	IFMIXED(64, mixed1); \
	FORMULA(PLAIN, 64, , plain2, Y8); \
	FORMULA(PLAIN, 96, , plain3, Y9); \
	JMP  done; \
mixed0: \
	FORMULA(ANY, 0, factored0, weighed0, Y6); \
	FORMULA(ANY, 32, factored1, weighed1, Y7); \
	IFMIXED(64, mixed1); \
	FORMULA(PLAIN, 64, , plain4, Y8); \
	FORMULA(PLAIN, 96, , plain5, Y9); \
	JMP  done; \
mixed1: \
	FORMULA(ANY, 64, factored2, weighed2, Y8); \
	FORMULA(ANY, 96, factored3, weighed3, Y9); \
done: \
	STORE(stored); \
	REDUCEMORE; \
	SUMWEIGHTS(next, summed); \
	LOOP32(loop); \
	NEXTTARGETS(chunk); \
	RET

// Their passes, by what the formula needs the power of.
#define SOFT_PASSES LOGITS_PASSES
#define SOFT_POWER_PASSES \
	LOGITS_PASSES; \
	CALL ·softpower(SB)
#define QUALITY_POWER_PASSES \
	LOGITS_PASSES; \
	CALL ·qualitypower(SB)

// Their lines, with VALUE, SLOPE or CURVE.
#define SOFT_LOSS(name, formula, PASSES, VALUE) \
	TARGETKERNEL(name, const_labelKernels+3*(formula-const_firstSoft)+0, PASSES, VALUE)
#define SOFT_GRADIENT(name, formula, PASSES, SLOPE) \
	TARGETKERNEL(name, const_labelKernels+3*(formula-const_firstSoft)+1, PASSES, SLOPE)
#define SOFT_HESSIAN(name, formula, PASSES, CURVE) \
	TARGETKERNEL(name, const_labelKernels+3*(formula-const_firstSoft)+2, PASSES, CURVE)

// A sweep's kernels take a loss of several. SWEEP: that of a name and number, over the chunk
// whose terms are in scratch. Of nearly all of a detector's groups all scores are plain, as
// rFlags says: these have simpler terms, by PLAINTURN. If all are easy, too, one sum is for
// both accumulators; else a second one is of the losses with 0 for those that are not.
#define SWEEP(name, number, POWER, SETUP, TURN, PLAINTURN, FORMULA) \
DATA ·sweeps+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
	POWER; \
	VALUE_WEIGHTS; \
	VBROADCASTSS PARAM(params_Weights), rNeg; \
	SETUP; \
	VMOVUPD (call_Lanes+0)(rCall), rSum0; \
	VMOVUPD (call_Lanes+32)(rCall), rSum1; \
	VMOVUPD (entry_Easy+0)(rEntry), rEasy0; \
	VMOVUPD (entry_Easy+32)(rEntry), rEasy1; \
	MOVQ rFlags, DI; \
	XORQ rAt, rAt; \
loop: \
	SHRQ $1, DI; \
	JCC  mixed; \
	PLAINTURN(0, FORMULA, plain0, Y6); \
	PLAINTURN(32, FORMULA, plain1, Y7); \
	PLAINTURN(64, FORMULA, plain2, Y8); \
	PLAINTURN(96, FORMULA, plain3, Y9); \
	BTL  $(EASYFLAGS-1), DI; \
	JCC  some; \
	REDUCE; \
	VADDPD Y6, rEasy0, rEasy0; \
	VADDPD Y7, rEasy1, rEasy1; \
	JMP  next; \
mixed: \
	TURN(0, FORMULA, weighed0, Y6); \
	TURN(32, FORMULA, weighed1, Y7); \
	TURN(64, FORMULA, weighed2, Y8); \
	TURN(96, FORMULA, weighed3, Y9); \
some: \
	VANDPS MASKS(0), Y6, Y0     /* Y0 = F where easy, else +0 */; \
	VANDPS MASKS(32), Y7, Y1; \
	VANDPS MASKS(64), Y8, Y2; \
	VANDPS MASKS(96), Y9, Y3; \
	REDUCE; \
	SUM32(Y0, Y1, Y2, Y3); \
	WIDEN(Y0, X0, Y1, X1); \
	VADDPD Y0, rEasy0, rEasy0; \
	VADDPD Y1, rEasy1, rEasy1; \
next: \
	LOOP32(loop); \
	VMOVUPD rSum0, (call_Lanes+0)(rCall); \
	VMOVUPD rSum1, (call_Lanes+32)(rCall); \
	VMOVUPD rEasy0, (entry_Easy+0)(rEntry); \
	VMOVUPD rEasy1, (entry_Easy+32)(rEntry); \
	RET

// PASS: a power's, unless the entry before has left it.
#define PASS(pass) \
	CMPQ entry_Reuse(rEntry), $0; \
	JNE  reuse; \
	CALL pass(SB); \
reuse:
#define NOPASS(pass)

// A line per kernel of a sweep: its name, the number of its formula, whether it takes a power,
// PASS or NOPASS, and VALUE. They are numbered as asm.SweepKernelOf does.
#define LOGITS_SWEEP(name, formula, POWER, VALUE) \
	SWEEP(name, 2*formula+0, POWER(·power), LOGITS_SETUP, LOGITS_VALUE, LOGITS_PLAIN, VALUE)
#define PROBS_SWEEP(name, formula, POWER, VALUE) \
	SWEEP(name, 2*formula+1, POWER(·probpower), PROBS_SETUP, PROBS_VALUE, PROBS_PLAIN, VALUE)
