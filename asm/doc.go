// Package asm says what a kernel is given, and holds every coefficient that kernels
// compute with. The kernels are in a package per instruction set, avx2, avx512 and neon,
// and, in pure Go, in package generic, which documents what each one computes: all return
// the same bits. There is no policy here: package engine chooses which set runs, and
// guarantees what kernels take for granted (lengths, labels, overlaps). None of these
// packages carries a promise of compatibility. With the purego build tag, and on other
// architectures, avx2, avx512 and neon are empty.
//
// # A kernel
//
// A kernel is a formula × an input × an output, see [Kernel]. It takes one [Call], and
// evaluates a multiple of 32 scores, at most 4096. In the assembly it is one line,
//
//	LOGITS_LOSS(focal2Loss, FOCAL2, LOGITS_PASSES, FOCAL2_VALUE)
//
// which combines the frame (chunks, stores, the canonical sum: frame.h), the terms
// (logits or probabilities and labels: terms.h) and the formula (formulas_GOARCH.s).
// Those are written in the words of words.h: exp, log1p, ln, power.
//
// A [Sweep] evaluates several losses, each with the part of it that easy scores make up: the
// passes of the input go over a chunk once, then a kernel per loss, a line like
//
//	LOGITS_SWEEP(focal2Sweep, FOCAL2, NOPASS, FOCAL2_VALUE)
//
// of the same VALUE, combines what they left. See [SweepKernel].
//
// Formulas of targets, soft labels between 0 and 1, are from logits alone, and have second
// derivatives, too. Their terms are in softterms.h, and formulas and lines in softformulas.h,
// which formulas_GOARCH.s includes: the assembler drops what a second file has for one table.
//
// Labels of classes of few columns are made by a function of its own, see [ClassCall].
//
// Rows of logits, under softmax, are evaluated by kernels of their own, plain functions of what
// [RowExps], [RowSums], [RowCall] and [RowScales] say: e of the scores, its sums by row, the
// losses, and what makes gradients of e. A formula of rows is a turn of RowLoss: a case in
// generic/rows.go, a macro in each rows_GOARCH.s, and a family in engine/softmax.go.
//
// # How a loss is added
//
//   - asm/call.go: its [Formula], with the name, and its parameters in [Params]
//   - asm/avx2/formulas_amd64.s, asm/avx512/formulas_amd64.s, asm/neon/formulas_arm64.s: a
//     VALUE and a SLOPE macro for logits, and for probabilities, which read its parameters
//     by PARAM, and a line per kernel, in the order of the formulas in asm/call.go; terms that
//     VALUE alone needs take its WHEN, as those in terms.h do
//   - of targets: softformulas.h in their place, with a CURVE macro for the second derivative
//   - generic/formulas.go, or generic/soft_formulas.go: the same as Go functions
//   - engine/internal/kernel/inputs_test.go: the params that its kernels are tested with
//   - engine/formulas.go: its constructor, and its row, which the command, its checks and the
//     tests read; flbench verify measures the errors that it documents
//   - README.md: the list of losses and their errors, which tests hold against that row
//   - asm/counts/counts.go, by make counts
//
// The tests of package kernel ask the table for every kernel: one that an instruction set
// lacks, or whose bits are not generic's, fails by its name.
//
// # Glossary
//
//	score        a logit or a probability: an element of the batch
//	half         a score of 16 bits, float16 or bfloat16, which is widened to float32 first
//	group        32 scores, what is added in float32 before float64
//	chunk        at most 512 scores, which go from pass to pass in L1
//	block        4096 scores: the unit of the canonical sum, the most a kernel takes
//	vector       the scores of one register: 4 (NEON), 8 (AVX2), 16 (AVX-512)
//	pair, quad   two and four vectors that NEON takes in lockstep
//	pass         a loop over a chunk that leaves its results in scratch
//	turn         one iteration of a loop, which takes a group
//	step         a part of AVX-512's loop of one loss, which works groups ahead of the others
//	ring         AVX-512's scratch: 128 scores per intermediate result
//	term         what a formula is made of: u, e, l, q, p_t, w
//	u            the logit against the label: −x for label 1, else x
//	e, l         exp(−|u|) and log1p(e)
//	q, p_t       σ(u) = 1 − p_t, and the probability of the true class
//	w            the weight of the score: by its label, times that of the batch
//	value        the loss of a score
//	slope        its derivative by the score
//	curve        its second derivative by the logit
//	target       y, a soft label from 0 to 1; −1 for ignored
//	A, B         the weights of the big and the small half of ce: of x < 0 y and 1 − y, else
//	             1 − y and y
//	N, M         A + B·e and B·e − A: q = N/(1+e), d = p − y = ∓M/(1+e)
//	ce           A·|x| + log1p(e), the cross-entropy of a target
//	lanes        the eight float64 sums of the canonical sum
//	row          the logits of an anchor, of which a softmax makes one loss
//	shift        R of a row, whose e is exp(x)·2^−R
//	sweep        an evaluation of several losses of the same scores
//	entry        a loss of a sweep, with its sums
//	cut          what easy scores are at most
//	easy         of a score: with the label 0, and not above the cut
//	plain        of a score: with the label or target 0 and, of a logit, below 0, so that u = x < 0
//	mixed        of a group, or of 16 scores with targets: with one that is not plain
package asm
