package engine

import (
	"fmt"
	"os"
	"runtime"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/fpenv"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// Engine evaluates one loss. It is immutable and safe for concurrent use. [New] makes
// it: a nil or zero Engine gives an [*InputError] for every batch.
type Engine struct {
	loss       Loss
	family     *family // the loss's row of the list
	params     asm.Params
	formula    asm.Formula // of labels, if the loss has one
	ofTargets  asm.Formula
	smooth     smoothing
	asymmetric *asymmetric // nil of other losses
	table      [4]float32  // targets by label
	kernels    *kernel.Set
	classes    conventions
	columns    columnFactors
	workers    int
	awake      bool // all workers can run at once, so they may wait awake

	rows asm.RowFormula // in place of formula and ofTargets if the loss is one of rows
}

// An Option is a choice for [New]. [WithKernel] and [WithWorkers] change how an [Engine]
// works, never what it returns; [WithBackground] and [WithIgnored] say how its batches
// are to be read, [WithColumnWeights] and [WithClassWeights] what columns count. Of several of
// a kind the last counts.
type Option func(*options)

type options struct {
	kernel        string
	workers       int
	background    *int32
	ignored       []int32
	columnWeights []float32
	classWeights  []float32
}

func optionsOf(opts []Option) options {
	o := options{workers: runtime.GOMAXPROCS(0)}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return o
}

// WithKernel chooses the kernel by name, one of [Kernels]. The default, and what
// the empty name stands for, is the kernel that the environment variable
// FLENGINE_KERNEL names, or else the fastest here. On the first server Skylakes that
// is AVX2: their clock drops for milliseconds under the 512-bit arithmetic of "avx512",
// for all that runs on the core.
func WithKernel(name string) Option {
	return func(o *options) { o.kernel = name }
}

// WithWorkers sets the most goroutines that work on one batch, at least 1; the
// default is GOMAXPROCS at the time of [New]. A batch that is too small to gain
// is evaluated by fewer. So are, for up to 50 ms or 64 calls, batches of about a size for
// which helpers lately cost more time than they saved, as where other programs or goroutines
// have the CPUs; then more are tried again. Those that helped stay awake for up to 50 µs after
// a call, so that the next one need not wake them; where CPU time is rationed, one worker
// uses the least.
//
// The panic of a goroutine that helps becomes one of the caller's, with the same
// value, when all have stopped working on the batch. [runtime/debug.SetPanicOnFault]
// of the calling goroutine holds for those that help, too: so whoever evaluates a
// mapped file can recover from it being cut short, with any number of workers.
func WithWorkers(n int) Option {
	return func(o *options) { o.workers = n }
}

// Kernels returns the names of the kernels that this machine can run, fastest
// first. The last is "generic".
func Kernels() []string { return kernel.Names() }

// New returns an engine for the loss. It fails with an [*InputError] if a parameter of
// the loss is outside its range, the number of workers below 1, a class both background
// and ignored, or a weight of a column no finite number ≥ 0; and if the kernel asked for is
// unknown or cannot run here. Without assembly it fails, as all methods do, under a
// floating-point environment that is not the default.
func New(l Loss, opts ...Option) (*Engine, error) {
	o := optionsOf(opts)
	env, err := fpenv.Enter() // 1 − α is rounded
	if err != nil {
		return nil, err
	}
	defer env.Leave()
	if err := l.check(); err != nil {
		return nil, err
	}
	if o.workers < 1 {
		return nil, wholeError("workers", float64(o.workers), "is %d: want at least 1", o.workers)
	}
	classes, err := o.conventions()
	if l.overRows() {
		classes, err = o.rowConventions(l)
	}
	if err != nil {
		return nil, err
	}
	columns, err := o.columnFactors()
	if err != nil {
		return nil, err
	}
	name, source := o.kernel, ""
	if name == "" {
		if name = os.Getenv("FLENGINE_KERNEL"); name != "" {
			source = "FLENGINE_KERNEL: "
		}
	}
	set, err := kernel.Find(name)
	if err != nil {
		return nil, fmt.Errorf("%s%w", source, err)
	}
	formula, rows, params := l.kernel()
	smooth := smoothingBy(l.smoothing)
	var sides *asymmetric
	if l.row().asymmetric {
		pos, neg := l.Weights()
		sides = newAsymmetric(pos, neg, l.values)
	}
	return &Engine{
		asymmetric: sides,
		loss:       l,
		family:     l.row(),
		params:     params,
		formula:    formula,
		ofTargets:  l.row().targetFormula(formula),
		smooth:     smooth,
		table:      smooth.table(),
		kernels:    set,
		classes:    classes,
		columns:    columns,
		workers:    o.workers,
		awake:      o.workers <= runtime.GOMAXPROCS(0),

		rows: rows,
	}, nil
}

// Kernel returns the name of the kernel in use, "" for a nil or zero Engine.
func (e *Engine) Kernel() string {
	if !e.made() {
		return ""
	}
	return e.kernels.Name
}

// Loss returns the loss that the engine evaluates, the zero Loss for a nil or zero
// Engine.
func (e *Engine) Loss() Loss {
	if !e.made() {
		return Loss{}
	}
	return e.loss
}

// made tells whether New made the engine.
func (e *Engine) made() bool { return e != nil && e.kernels != nil }

// Sum evaluates the losses of a batch and returns their sum and counts.
func (e *Engine) Sum(b Batch) (r Result, err error) {
	err = e.run(&r, &b, nil, 0)
	return r, err
}

// Losses sets dst[i] to the loss of score i, 0 where it is ignored; len(dst) is
// the number of scores. dst may be b's Logits or Probs themselves. On an error dst holds
// unspecified values. Of a loss of rows, such as [SoftmaxCrossEntropy], dst[i] is that of
// row i, len(dst) the number of rows, and dst memory of its own.
func (e *Engine) Losses(dst []float32, b Batch) (r Result, err error) {
	err = e.run(&r, &b, &outputs{dst: dst}, wantDst)
	return r, err
}

// Gradients sets grad[i] to ∂ΣL/∂x of score i, the derivative of the summed
// losses by its logit, or its probability if the batch has those, 0 where it is
// ignored; len(grad) is the number of scores. The result is that of Sum.
// grad may be b's Logits or Probs themselves. On an error grad holds unspecified values.
func (e *Engine) Gradients(grad []float32, b Batch) (r Result, err error) {
	err = e.run(&r, &b, &outputs{grad: grad}, wantGrad)
	return r, err
}

// LossesAndGradients does the work of Losses and Gradients in one pass. One of
// dst and grad may be b's Logits or Probs themselves.
func (e *Engine) LossesAndGradients(dst, grad []float32, b Batch) (r Result, err error) {
	err = e.run(&r, &b, &outputs{dst: dst, grad: grad}, wantDst|wantGrad)
	return r, err
}

// GradientsAndHessians sets grad[i] to ∂ΣL/∂x and hess[i] to ∂²ΣL/∂x² of score i, by its
// logit, 0 where it is ignored: what gradient boosting takes. One of grad and hess may be the
// Logits themselves. On an error both hold unspecified values.
//
// Second derivatives are exact, and so negative where the loss is concave. For labels,
// cross-entropy's never are; focal loss's are where a score is wrong: for p_t below 0.018
// (γ = 0.5), 0.043 (1), 0.054 (1.5), 0.058 (2), 0.057 (3), 0.050 (5); at γ = 2 they are not
// below −0.047 times the weight. XGBoost and LightGBM want positive ones: give them
// max(hess, |grad|/5, ε) with some small ε > 0, so that no score alone asks for a step of more than
// 5 logits; without the second term very wrong ones do, and throw models out.
//
// Labels and Classes are taken by every loss, Targets between 0 and 1 by [CrossEntropy],
// [BalancedCrossEntropy], [QualityFocal] and [Varifocal]. By [Focal] and [Asymmetric] targets
// must be 0, 1 or IgnoredTarget; [HeatmapFocal] makes such of its own. Probs are not taken.
//
// Losses of labels, and those of [HeatmapFocal], are evaluated by other kernels here: gradients
// and the sum in the result may differ from those of Gradients, within the bounds of both.
func (e *Engine) GradientsAndHessians(grad, hess []float32, b Batch) (r Result, err error) {
	err = e.run(&r, &b, &outputs{grad: grad, hess: hess}, wantGrad|wantHess)
	return r, err
}
