// The frame of a kernel: the loop with its steps, stores and the canonical sum, and the line
// that puts terms, formula and output together.
//
// A kernel is one loop, in whose turns the steps work on different groups: while one is
// combined, the exp of the next is evaluated; with a power there are two steps more in
// between. So no turn waits for the whole chain of dependent operations. The first turns
// combine nothing, and the last ones have nothing ahead: steps without a group are passed over,
// as calls of few scores have hardly other turns.

// AHEAD: rAhead = the group that is n scores ahead, and rPlace = its place in the rings; to
// none, a label, where there is no such group.
#define AHEAD(n, none) \
	LEAQ n(rAt), rAhead; \
	CMPQ rAhead, rLast; \
	JHI  none                     /* beyond the last, or below 0: as unsigned that is, too */; \
	MOVQ rAhead, rPlace; \
	ANDQ $(RING-1), rPlace

// The steps, each for the vector o of a group n scores ahead.

// EXPAHEAD: e.
#define EXPAHEAD(o) EXPNEG(SCORES(o, rAhead), EXPS(o), Z0, Z1, Z2, Z3)
#define LOGITS_STEPS \
	FETCHSCORES; \
	FETCHNEXT; \
	AHEAD(32, noexp); \
	EXPAHEAD(0); \
	EXPAHEAD(64); \
noexp:

// With a power: EXPSTEP: e; LOG1PSTEP: u, w, l and, for slopes, q; POWERSTEP: t and r of q^γ.
#define EXPSTEP(n, o, none) \
	AHEAD(n, none); \
	EXPAHEAD(o); \
none:
#define NOQ(o)
#define KEEPQ(o) \
	SIGMOID(ANY, o, Z5, Z2, Z3, Z9); \
	VMOVUPS Z9, QS(o)
#define LOG1PSTEP(n, o, HEAD, Q, done, none) \
	AHEAD(n, none); \
	HEAD(o, rAhead, done, Z5, Z6); \
	Q(o); \
	VMOVUPS Z5, US(o); \
	VMOVUPS Z6, WS(o); \
	LOG1PEXP(ANY, o, Z2, Z3); \
	VMOVUPS Z2, LOG1PS(o); \
none:
#define POWERSTEP(n, o, none) \
	AHEAD(n, none); \
	POWR(US(o), LOG1PS(o), TS(o), RS(o), Z4, Z3, Z2, Z0, Z1); \
none:
#define POWER_STEPS(HEAD, Q) \
	FETCHSCORES; \
	FETCHNEXT; \
	EXPSTEP(96, 0, noexp0); \
	LOG1PSTEP(64, 0, HEAD, Q, weighed0, nolog0); \
	POWERSTEP(32, 0, nopower0); \
	EXPSTEP(96, 64, noexp1); \
	LOG1PSTEP(64, 64, HEAD, Q, weighed1, nolog1); \
	POWERSTEP(32, 64, nopower1)

// LNAHEAD: f and h of −ln p_t.
#define LNAHEAD(o) LNHEAD(SCORES(o, rAhead), LABELS(o, rAhead), LNFS(o), LNHS(o), Z0, Z1, Z2, Z3, Z4)
#define PROBS_STEPS \
	FETCHSCORES; \
	FETCHNEXT; \
	AHEAD(32, noln); \
	LNAHEAD(0); \
	LNAHEAD(64); \
noln:

// The canonical sum of the 32 losses in Z7 and Z8: lane j of s adds the losses j, j+8,
// j+16, j+24 in float32; the lanes are accumulated in float64. ADDLANES is done a turn
// after ADDHALVES.
#define LANES call_Lanes(rCall)
#define rSum Z27      // the lanes' sums
#define rHalves Z10   // losses yet to be added
#define rHalvesY Y10  // its lower half
#define ADDHALVES \
	VADDPS Z8, Z7, rHalves        /* rHalves = f[j] + f[j+16], then f[j+8] + f[j+24] */
#define ADDLANES \
	VEXTRACTF32X8 $1, rHalves, Y0; \
	VADDPS Y0, rHalvesY, Y0       /* Y0 = s */; \
	VCVTPS2PD Y0, Z0; \
	VADDPD Z0, rSum, rSum

// SUMWEIGHTS: the same sum of the weights of a group, where it is wanted, and their bits, in
// memory: the loop has no registers left. Then, what is read next is fetched.
#define SUMWEIGHTS(ahead, done) \
	MOVQ call_WeightSums(rCall), DI; \
	TESTQ DI, DI; \
	JZ    done; \
	CMPQ sums_Skip(DI), $0; \
	JNE   ahead; \
	VMOVUPS WEIGHTS(0, rAt), Z0; \
	VMOVUPS WEIGHTS(64, rAt), Z1; \
	VADDPS Z1, Z0, Z2             /* Z2 = w[j] + w[j+16], then w[j+8] + w[j+24] */; \
	VPTERNLOGD $0xfe, sums_Bits(DI), Z1, Z0; \
	VMOVUPS Z0, sums_Bits(DI)     /* bits that a weight has */; \
	VEXTRACTF32X8 $1, Z2, Y0; \
	VADDPS Y0, Y2, Y2             /* Y2 = s */; \
	VCVTPS2PD Y2, Z2; \
	VADDPD sums_Lanes(DI), Z2, Z2; \
	VMOVUPD Z2, sums_Lanes(DI); \
ahead: \
	MOVQ sums_Ahead(DI), DI; \
	ADDQ rWeights, DI; \
	PREFETCHT0 (DI)(rAt*4); \
	PREFETCHT0 64(DI)(rAt*4); \
done:

// STORE: losses Z7 and Z8 to the output, where there is one.
#define STORE(done) \
	TESTQ rLosses, rLosses; \
	JZ    done; \
	VMOVUPS Z7, LOSSES(0); \
	VMOVUPS Z8, LOSSES(64); \
done:

// The weights by label. Of a gradient the sign is the weight's.
#define VALUE_WEIGHTS VBROADCASTF32X4 PARAM(params_Weights), rByLabel
#define SLOPE_WEIGHTS \
	VBROADCASTF32X4 PARAM(params_Weights), rByLabel; \
	QUAD(table_negatepos, Z0); \
	VXORPS Z0, rByLabel, rByLabel

// LOOP: the loop over rChunk scores. STEPS begin BEFORE scores before TURN, a macro of
// terms.h, takes FORMULA to each vector of a group.
#define LOOP(BEFORE, STEPS, TURN, FORMULA) \
	LEAQ -32(rChunk), rLast; \
	VXORPS rHalves, rHalves, rHalves; \
	MOVQ $-BEFORE, rAt; \
loop: \
	ADDLANES; \
	STEPS; \
	TESTQ rAt, rAt; \
	JLT ahead; \
	MOVQ rAt, rPlace; \
	ANDQ $(RING-1), rPlace; \
	TURN(0, FORMULA, weighed0, Z7); \
	TURN(64, FORMULA, weighed1, Z8); \
	STORE(stored); \
	ADDHALVES; \
	SUMWEIGHTS(next, summed); \
ahead: \
	LOOP32(loop); \
	ADDLANES

// A kernel takes all scores at once, or, where a pass goes before the loop, in chunks.
#define NOTHING
#define ALL MOVQ rLeft, rChunk

// CHUNK: the most scores that go from pass to pass. CHUNKSIZE: rChunk = min(CHUNK, rLeft).
// POWERCHUNK: the next chunk, and its q^γ.
#define CHUNK 512
#define CHUNKSIZE \
	MOVQ $CHUNK, rChunk; \
	CMPQ rLeft, rChunk; \
	CMOVQLT rLeft, rChunk
#define POWERCHUNK \
chunk: \
	CHUNKSIZE; \
	MOVQ rLeft, LEFT; \
	CALL ·probpower(SB)

// ADVANCE: an optional pointer past the chunk.
#define ADVANCE(p) \
	LEAQ (p)(rChunk*4), DI; \
	TESTQ p, p; \
	CMOVQNE DI, p

// NEXTCHUNK: pointers past the chunk, and on to the next.
#define NEXTCHUNK \
	MOVQ LEFT, rLeft; \
	LEAQ (rScores)(rChunk*4), rScores; \
	ADDQ rChunk, rLabels; \
	LEAQ (rGrads)(rChunk*4), rGrads; \
	ADVANCE(rWeights); \
	ADVANCE(rLosses); \
	SUBQ rChunk, rLeft; \
	JNZ chunk

// CHECKPROBS: a score that is no probability makes the sums NaN.
#define CHECKPROBS \
	VPCMPUD $6, lnOne, lnTop, K1  /* K1 = where an x was beyond one */; \
	KORTESTW K1, K1; \
	JZ valid; \
	VPTERNLOGD $0xff, rSum, rSum, rSum /* rSum = NaN */; \
valid:

// What a formula needs, q^γ or not: NEEDS(a, b) is the part of a kernel without, or with.
#define NOPOWER(without, with) without
#define POWER(without, with) with

// The loops, by input and by what they take to the formula.
#define LOGITS_VALUES(VALUE) LOOP(32, LOGITS_STEPS, LOGITS_VALUE, VALUE)
#define LOGITS_SLOPES(SLOPE) LOOP(32, LOGITS_STEPS, LOGITS_SLOPE, SLOPE)
#define POWER_VALUES(VALUE) LOOP(96, POWER_STEPS(LOGITS_HEAD, NOQ), POWER_VALUE, VALUE)
#define POWER_SLOPES(SLOPE) LOOP(96, POWER_STEPS(LOGITS_SLOPEHEAD, KEEPQ), POWER_SLOPE, SLOPE)
#define PROBS_VALUES(VALUE) LOOP(32, PROBS_STEPS, PROBS_VALUE, VALUE); CHECKPROBS
#define PROBS_SLOPES(SLOPE) LOOP(32, PROBS_STEPS, PROBS_SLOPE, SLOPE); CHECKPROBS

// KERNEL: a kernel of that name and number.
#define KERNEL(name, number, BEGIN, WEIGHTS, SETUP, LOOPS, NEXT) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
	BEGIN; \
	WEIGHTS; \
	SETUP; \
	VMOVUPD LANES, rSum; \
	LOOPS; \
	VMOVUPD rSum, LANES; \
	NEXT; \
	RET

// A line per kernel: its name, the number of its formula in package asm, NOPOWER or POWER, VALUE
// or SLOPE. Kernels are numbered as asm.KernelOf does.
#define LOGITS_LOSS(name, formula, NEEDS, VALUE) \
	KERNEL(name, 4*formula+0, ALL, VALUE_WEIGHTS, LOGITS_SETUP, NEEDS(LOGITS_VALUES, POWER_VALUES)(VALUE), NOTHING)
#define LOGITS_GRADIENT(name, formula, NEEDS, SLOPE) \
	KERNEL(name, 4*formula+1, ALL, SLOPE_WEIGHTS, LOGITS_SETUP, NEEDS(LOGITS_SLOPES, POWER_SLOPES)(SLOPE), NOTHING)
#define PROBS_LOSS(name, formula, NEEDS, VALUE) \
	KERNEL(name, 4*formula+2, NEEDS(ALL, POWERCHUNK), VALUE_WEIGHTS, PROBS_SETUP, PROBS_VALUES(VALUE), NEEDS(NOTHING, NEXTCHUNK))
#define PROBS_GRADIENT(name, formula, NEEDS, SLOPE) \
	KERNEL(name, 4*formula+3, NEEDS(ALL, POWERCHUNK), SLOPE_WEIGHTS, PROBS_SETUP, PROBS_SLOPES(SLOPE), NEEDS(NOTHING, NEXTCHUNK))

// A kernel of targets takes chunk after chunk. PASSES go over it; then a loop applies WEIGH_BY, a
// macro of softterms.h, and FORMULA, one of softformulas.h, to each vector, and OUTPUT stores
// derivatives. Steps that work groups ahead would save nothing: what a vector multiplies keeps
// the pipes busy. Any one output may be in place of the scores, which a turn reads before.
#define SOFTTURN(WHEN, o, WEIGH_BY, FORMULA, OUTPUT, factored, weighed, F) \
	WEIGH_BY(WHEN, o, factored); \
	WEIGH(o, rAt, tW, weighed); \
	FORMULA(WHEN, o, F); \
	OUTPUT(o)
#define NOGRADIENT(o)
#define STOREGRADIENT(o) \
	VMOVUPS tG, GRADS(o)
#define STOREHESSIAN(o) \
	VMOVUPS tG, GRADS(o); \
	VMOVUPS tH, HESSIANS(o)
#define SOFT(name, number, PASSES, WEIGH_BY, FORMULA, OUTPUT) \
DATA ·entries+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
	MOVQ call_Targets(rCall), rTargets; \
	MOVQ call_Positives(rCall), rPositives; \
	MOVQ call_Hessians(rCall), rHessians; \
chunk: \
	CHUNKSIZE; \
	PASSES; \
	SOFT_SETUP; \
	VMOVUPD LANES, rSum; \
	XORQ rAt, rAt; \
loop: \
	FETCHTARGETS; \
	IFMIXED(0, mixed0); \
	SOFTTURN(PLAIN, 0, WEIGH_BY, FORMULA, OUTPUT, , plain0, Z7); \
	IFMIXED(64, mixed1); \
	SOFTTURN(PLAIN, 64, WEIGH_BY, FORMULA, OUTPUT, , plain1, Z8); \
	JMP  done; \
mixed0: \
	SOFTTURN(ANY, 0, WEIGH_BY, FORMULA, OUTPUT, factored0, weighed0, Z7); \
	IFMIXED(64, mixed1); \
	SOFTTURN(PLAIN, 64, WEIGH_BY, FORMULA, OUTPUT, , plain2, Z8); \
	JMP  done; \
mixed1: \
	SOFTTURN(ANY, 64, WEIGH_BY, FORMULA, OUTPUT, factored1, weighed1, Z8); \
done: \
	STORE(stored); \
	SUM32(Z7, Z8, Y7, Y8); \
	VADDPD Z7, rSum, rSum; \
	SUMWEIGHTS(next, summed); \
	LOOP32(loop); \
	VMOVUPD rSum, LANES; \
	LEAQ (rScores)(rChunk*4), rScores; \
	LEAQ (rTargets)(rChunk*4), rTargets; \
	LEAQ (rGrads)(rChunk*4), rGrads; \
	LEAQ (rHessians)(rChunk*4), rHessians; \
	ADVANCE(rWeights); \
	ADVANCE(rPositives); \
	ADVANCE(rLosses); \
	SUBQ rChunk, rLeft; \
	JNZ chunk; \
	RET

// Passes by the power that a formula needs.
#define SOFT_PASSES \
	CALL ·softexp(SB); \
	CALL ·log1p(SB)
#define SOFT_POWER_PASSES \
	SOFT_PASSES; \
	CALL ·softln(SB); \
	CALL ·softpower(SB)
#define QUALITY_POWER_PASSES \
	SOFT_PASSES; \
	CALL ·qualityln(SB); \
	CALL ·softpower(SB)

// A line per kernel: its name, the number of its formula in package asm, the passes, how it is
// weighed, and VALUE, SLOPE or CURVE.
#define SOFT_LOSS(name, formula, PASSES, WEIGH_BY, VALUE) \
	SOFT(name, 16+3*(formula-4)+0, PASSES, WEIGH_BY, VALUE, NOGRADIENT)
#define SOFT_GRADIENT(name, formula, PASSES, WEIGH_BY, SLOPE) \
	SOFT(name, 16+3*(formula-4)+1, PASSES, WEIGH_BY, SLOPE, STOREGRADIENT)
#define SOFT_HESSIAN(name, formula, PASSES, WEIGH_BY, CURVE) \
	SOFT(name, 16+3*(formula-4)+2, PASSES, WEIGH_BY, CURVE, STOREHESSIAN)

// A sweep's kernels take a loss of several. SWEEP: that of a name and number, over the chunk
// whose terms are in scratch. Of nearly all of a detector's groups all scores are plain, as
// rFlags says: these have simpler terms, by PLAINTURN. If all are easy, too, one sum is for
// both accumulators; else a second one is of the losses with 0 for those that are not.
#define SWEEP(name, number, PASS, SETUP, TURN, PLAINTURN, FORMULA) \
DATA ·sweeps+(8*(number))(SB)/8, $name<>(SB); \
TEXT name<>(SB), NOSPLIT|NOFRAME, $0; \
	PASS; \
	VALUE_WEIGHTS; \
	VBROADCASTSS PARAM(params_Weights), rNeg; \
	SETUP; \
	VMOVUPD LANES, rSum; \
	VMOVUPD entry_Easy(rEntry), rEasy; \
	MOVQ rFlags, DI; \
	XORQ rAt, rAt; \
loop: \
	SHRQ $1, DI; \
	JCC  mixed; \
	PLAINTURN(0, FORMULA, plain0, Z7); \
	PLAINTURN(64, FORMULA, plain1, Z8); \
	BTL  $(EASYFLAGS-1), DI; \
	JCC  some; \
	SUM32(Z7, Z8, Y7, Y8); \
	VADDPD Z7, rSum, rSum; \
	VADDPD Z7, rEasy, rEasy; \
	JMP  next; \
mixed: \
	TURN(0, FORMULA, weighed0, Z7); \
	TURN(64, FORMULA, weighed1, Z8); \
some: \
	VANDPS MASKS(0), Z7, Z0       /* Z0, Z1 = losses where easy, else +0 */; \
	VANDPS MASKS(64), Z8, Z1; \
	SUM32(Z7, Z8, Y7, Y8); \
	SUM32(Z0, Z1, Y0, Y1); \
	VADDPD Z7, rSum, rSum; \
	VADDPD Z0, rEasy, rEasy; \
next: \
	LOOP32(loop); \
	VMOVUPD rSum, LANES; \
	VMOVUPD rEasy, entry_Easy(rEntry); \
	RET

// SUM32: s of the losses in A and B, in A as float64; YA and YB are the lower halves.
#define SUM32(A, B, YA, YB) \
	VADDPS B, A, A; \
	VEXTRACTF32X8 $1, A, YB; \
	VADDPS YB, YA, YA             /* YA = s */; \
	VCVTPS2PD YA, A

// PASS: a power's, unless the entry before has left it.
#define PASS(pass) \
	CMPQ entry_Reuse(rEntry), $0; \
	JNE  reuse; \
	CALL pass(SB); \
reuse:

#define SWEPT_LOGITS_SETUP \
	SPREAD(table_one, rOne); \
	VXORPS rZero, rZero, rZero; \
	SPREAD(table_sign, rSign)
#define SWEPT_PROBS_SETUP \
	QUAD(table_oneof1, rOneOf1); \
	SPREAD(table_abs, rAbs)

// A line per kernel of a sweep: its name, the number of its formula, NOPOWER or POWER, and
// VALUE. They are numbered as asm.SweepKernelOf does.
#define LOGITS_SWEEP(name, formula, NEEDS, VALUE) \
	SWEEP(name, 2*formula+0, NEEDS(NOTHING, PASS(·power)), SWEPT_LOGITS_SETUP, NEEDS(LOGITS_SWEPT, POWER_SWEPT), NEEDS(LOGITS_PLAIN, POWER_PLAIN), VALUE)
#define PROBS_SWEEP(name, formula, NEEDS, VALUE) \
	SWEEP(name, 2*formula+1, NEEDS(NOTHING, PASS(·probpower)), SWEPT_PROBS_SETUP, PROBS_SWEPT, PROBS_PLAIN, VALUE)
