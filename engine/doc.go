// Package engine evaluates detection losses over huge anchor batches on CPUs:
// cross-entropy, focal loss and their kin, value, gradient and second derivative, from
// logits or probabilities and labels, hard or soft, in one fused SIMD pass.
//
// A one-stage detector scores 10⁴–10⁵ anchors × dozens of classes per image,
// nearly all of them easy background. Focal loss (Lin et al., "Focal Loss for
// Dense Object Detection", 2017, arXiv:1708.02002) weighs each score's
// cross-entropy by a modulating factor:
//
//	FL = w_t · (1 − p_t)^γ · (−ln p_t)
//
// with p_t the predicted probability of the score's true label, and w_t = α for
// the foreground, 1 − α for the background. [Families] lists all losses; [Focal] and the
// other constructors make one, as does [ParseLoss] from a text.
//
// # Labels and targets
//
// Hard labels are one byte per score, or one class per anchor that stands for a row of them;
// soft ones are Targets, floats from 0 to 1, see [Batch]. [CrossEntropy], [BalancedCrossEntropy]
// and [Focal] take both, [QualityFocal], [Varifocal] and [HeatmapFocal] are made for targets and
// take labels as the targets 0 and 1; [Asymmetric] is for labels. [Loss.Smoothed] moves either towards ½.
// Cross-entropy with weights, which it has on its two terms, and Focal(α, 0), which has one
// weight linear in the target, differ where that is between 0 and 1; BalancedCrossEntropy is
// the latter.
//
// [Engine.GradientsAndHessians] gives the diagonal of the second derivative, for gradient
// boosting.
//
// # Rows
//
// Those are losses of scores. [SoftmaxCrossEntropy] and [SoftmaxFocal] are losses of rows: the
// logits of an anchor make one loss, p_t being the softmax's probability of its class.
//
// [Sweep] evaluates several losses of a batch in one pass, and [Sweeper.SumEasy] the part of
// each that easy negatives make up besides.
//
// # Weights
//
// [Batch] takes factors of the losses, Weights one per anchor and ScoreWeights one per score;
// [WithColumnWeights] sets one per column, and [WithClassWeights] one of a column's positives.
// A score of weight 0 is not looked at, so weights can be a mask; see there how it counts.
// [Result.Mean] divides by the number of scores, [Result.WeightedMean] by their weights.
//
// # The same bits everywhere
//
// All kernels (assembly and pure Go) perform the same float32 operations in the
// same order, so losses and gradients do not depend on the machine, and neither
// do sums: the losses of each block of 4096 scores are added in a fixed order,
// and the blocks in an exact accumulator that is rounded once. The number of
// workers and the order of [Result.Merge] cannot change a bit, nor can cutting a
// batch into shards at multiples of [Block] scores, see [Spans].
//
// Nor can the thread's floating-point environment (rounding mode, flush-to-zero: a C
// library built with -ffast-math leaves it on): calls compute under the default, and
// restore the thread's own. A build with -tags purego, or for an architecture without
// assembly, cannot set it: there calls fail with an error under any other.
//
// # Kernels
//
// [New] picks the fastest kernel that the CPU runs. The environment variable
// FLENGINE_KERNEL, or the option [WithKernel] before it, names another one of
// [Kernels]. Built with -tags purego there is only "generic".
//
// # Bad input
//
// Validation is part of the pass. A NaN logit, an infinite one on the wrong side
// of its label, a probability outside [0, 1], a label or class out of range, a
// weight that is negative or not finite: each gives an [*InputError] that names
// the first bad element. A batch must not change during a call. If it does, outputs
// and sums are worth nothing; where the change shows, that is an error, too.
package engine
