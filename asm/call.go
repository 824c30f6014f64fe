package asm

// Formula is what a kernel evaluates of a score, see package generic.
type Formula uint

// The formulas, in the order of every table of kernels.
const (
	// Of labels, from logits and from probabilities.
	CrossEntropy Formula = iota // w·softplus(u)
	Focal1                      // w·q·softplus(u)
	Focal2                      // (w·q)·q·softplus(u)
	FocalAny                    // w·q^γ·softplus(u) for any γ > 0

	// Of targets y in [0, 1], from logits, with w = Pos·y + Neg·(1−y), but where varifocal
	// says what else; there q = y + p − 2yp, d = p − y, and
	// ce = y·softplus(−x) + (1−y)·softplus(x).
	SoftCrossEntropy // Pos·y·softplus(−x) + Neg·(1−y)·softplus(x)
	SoftBalanced     // w·ce
	SoftFocal1       // w·q·ce
	SoftFocal2       // w·q²·ce
	SoftFocalAny     // w·q^γ·ce for any γ > 0
	Quality2         // w·d²·ce
	QualityAny       // w·|d|^β·ce for any β ≥ 1, in Gamma
	Varifocal2       // Pos·(slope·y + base)·ce where y > 0, Neg·p²·ce where y = 0
	VarifocalAny     // the same with p^γ for any γ > 0

	NumFormulas

	// NumLabelFormulas is how many are of labels.
	NumLabelFormulas = SoftCrossEntropy
)

// formulaNames begin the names of the kernels, in the assembly, too.
var formulaNames = [NumFormulas]string{
	"ce", "focal1", "focal2", "focal",
	"softce", "softbalanced", "softfocal1", "softfocal2", "softfocal", "quality2", "quality", "varifocal2", "varifocal",
}

// String returns the formula's name in the kernels' names.
func (f Formula) String() string { return formulaNames[f] }

// Soft tells whether the formula is of targets, which a kernel reads in place of labels.
func (f Formula) Soft() bool { return f >= NumLabelFormulas }

// Input says what the scores of a call are.
type Input uint

// Logits and Probs are the inputs: x before the sigmoid, or after it.
const (
	Logits Input = iota
	Probs

	NumInputs
)

// String returns the input's name: "logits" or "probs".
func (i Input) String() string { return [NumInputs]string{"logits", "probs"}[i] }

// Output says what a kernel evaluates besides the sum.
type Output uint

// Loss kernels store losses where they are wanted; Gradient kernels store gradients, and
// losses where they are wanted; Hessian kernels, which formulas of targets have, store second
// derivatives, gradients, and losses where they are wanted.
const (
	Loss Output = iota
	Gradient
	Hessian

	NumOutputs
)

// numLabelOutputs is how many a formula of labels has.
const numLabelOutputs = Hessian

// Kernel is the number of a kernel in the table of an instruction set.
type Kernel uint

// numLabelKernels is the number of kernels of labels, which come first in every table;
// NumKernels is that of all.
const (
	numLabelKernels = Kernel(NumLabelFormulas) * Kernel(NumInputs) * Kernel(numLabelOutputs)
	NumKernels      = numLabelKernels + Kernel(NumFormulas-NumLabelFormulas)*Kernel(NumOutputs)
)

// KernelOf returns the number of a kernel: of a formula of labels, an input and Loss or
// Gradient; or of a formula of targets, Logits and an output.
func KernelOf(f Formula, in Input, out Output) Kernel {
	if f.Soft() {
		return numLabelKernels + Kernel(f-NumLabelFormulas)*Kernel(NumOutputs) + Kernel(out)
	}
	return (Kernel(f)*Kernel(NumInputs)+Kernel(in))*Kernel(numLabelOutputs) + Kernel(out)
}

// Formula, Input and Output take the number apart.
func (k Kernel) Formula() Formula {
	if k >= numLabelKernels {
		return NumLabelFormulas + Formula((k-numLabelKernels)/Kernel(NumOutputs))
	}
	return Formula(k / Kernel(numLabelOutputs) / Kernel(NumInputs))
}

// Input returns what the kernel's scores are.
func (k Kernel) Input() Input {
	if k >= numLabelKernels {
		return Logits
	}
	return Input(k / Kernel(numLabelOutputs) % Kernel(NumInputs))
}

// Output returns what the kernel evaluates.
func (k Kernel) Output() Output {
	if k >= numLabelKernels {
		return Output((k - numLabelKernels) % Kernel(NumOutputs))
	}
	return Output(k % Kernel(numLabelOutputs))
}

// String returns the kernel's name, that of its symbol in the assembly: "focal2Loss",
// "focal2ProbGradient", "softfocal2Hessian".
func (k Kernel) String() string {
	return k.Formula().String() + [NumInputs]string{"", "Prob"}[k.Input()] + [NumOutputs]string{"Loss", "Gradient", "Hessian"}[k.Output()]
}

// Params are a loss in the kernels' terms.
type Params struct {
	// Weights by label & 3: of background, of foreground, 0, 0 (label 255: ignored).
	Weights [4]float32

	Gamma    float32 // the focusing parameter, where the formula takes any
	GammaLow float32 // what multiplies the low part of softplus in q^γ; see [MakeParams]
	Limit    float32 // the softplus from which on q^γ is 0

	// Varifocal's factor of Pos where y > 0 is TargetSlope·y + TargetBase: y, or 1.
	TargetSlope, TargetBase float32
}

// MakeParams returns the params of a loss with finite weights neg, pos ≥ 0 of background
// and foreground, and a finite gamma ≥ 0.
//
// GammaLow is gamma, or 0 beyond 65536, where the low part would be taken for the whole
// once q^γ is 0. Limit is 127·ln2/γ.
func MakeParams(neg, pos, gamma float32) Params {
	p := Params{Weights: [4]float32{neg, pos}, Gamma: gamma, GammaLow: gamma, Limit: ExpCeil}
	if gamma > 65536 {
		p.GammaLow = 0
	}
	if gamma > 0 {
		p.Limit = ExpCeil / gamma
	}
	return p
}

// Call is all that a kernel is given. The assembly reads the fields at the offsets that
// the compiler writes to go_asm.h. Pointers are to as many elements as there are scores;
// one of the outputs may be the scores themselves, other overlaps give wrong results.
type Call struct {
	Kernel    Kernel     // which one
	N         int        // scores: a multiple of 32, at most 4096; 0 does nothing
	Scores    *float32   // x: logits or probabilities
	Labels    *uint8     // y: 0, 1, or 255 for ignored; nil for formulas of targets
	Targets   *float32   // y: in [0, 1], or −1 for ignored; nil for formulas of labels
	Weights   *float32   // factors of the weights, finite and ≥ 0; nil: all 1
	Positives *float32   // factors of Pos, likewise; only of formulas of targets
	Losses    *float32   // where losses go; nil: not wanted
	Gradients *float32   // where gradients go; never nil but for Loss kernels
	Hessians  *float32   // where second derivatives go; only of Hessian kernels, and never nil there
	Params    Params     // ahead of Lanes, so that loops read them at short offsets
	Lanes     [8]float64 // the lane sums of the canonical sum, added to

	WeightSums *WeightSums // where what the weights come to goes; nil: not wanted, as without weights

	// Next is the address of what labels of the next block come from, which kernels of labels
	// may prefetch: NextStep bytes of it, at most 128, in every 32 scores.
	Next     uintptr
	NextStep int
}

// WeightSums is what the weights of a call come to, whatever the labels.
type WeightSums struct {
	Lanes [8]float64  // the lane sums of their canonical sum, added to
	Bits  [16]uint32  // what bits any weight has: each in any of these, which keep theirs
	Spare [16]float32 // the kernel's own
	Skip  int         // not 0: Lanes and Bits are not wanted
	Ahead int         // how many bytes behind the weights lies what is read next, for kernels to prefetch
}
