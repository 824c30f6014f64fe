package asm

// Formula is what a kernel evaluates of a score, see package generic.
type Formula uint

// The formulas, in the order of every table of kernels.
const (
	CrossEntropy Formula = iota // w·softplus(u)
	Focal1                      // w·q·softplus(u)
	Focal2                      // (w·q)·q·softplus(u)
	FocalAny                    // w·q^γ·softplus(u) for any γ > 0

	NumFormulas
)

// formulaNames begin the names of the kernels, in the assembly, too.
var formulaNames = [NumFormulas]string{"ce", "focal1", "focal2", "focal"}

// String returns the formula's name in the kernels' names.
func (f Formula) String() string { return formulaNames[f] }

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
// losses where they are wanted.
const (
	Loss Output = iota
	Gradient

	NumOutputs
)

// Kernel is the number of a kernel in the table of an instruction set.
type Kernel uint

// NumKernels is the number of kernels in every table.
const NumKernels = Kernel(NumFormulas) * Kernel(NumInputs) * Kernel(NumOutputs)

// KernelOf returns the number of a kernel.
func KernelOf(f Formula, in Input, out Output) Kernel {
	return (Kernel(f)*Kernel(NumInputs)+Kernel(in))*Kernel(NumOutputs) + Kernel(out)
}

// Formula, Input and Output take the number apart.
func (k Kernel) Formula() Formula { return Formula(k / Kernel(NumOutputs) / Kernel(NumInputs)) }

// Input returns what the kernel's scores are.
func (k Kernel) Input() Input { return Input(k / Kernel(NumOutputs) % Kernel(NumInputs)) }

// Output returns what the kernel evaluates.
func (k Kernel) Output() Output { return Output(k % Kernel(NumOutputs)) }

// String returns the kernel's name, that of its symbol in the assembly: "focal2Loss",
// "focal2ProbGradient".
func (k Kernel) String() string {
	return k.Formula().String() + [NumInputs]string{"", "Prob"}[k.Input()] + [NumOutputs]string{"Loss", "Gradient"}[k.Output()]
}

// Params are a loss in the kernels' terms.
type Params struct {
	// Weights by label & 3: of background, of foreground, 0, 0 (label 255: ignored).
	Weights [4]float32

	Gamma    float32 // the focusing parameter, where the formula takes any
	GammaLow float32 // what multiplies the low part of softplus in q^γ; see [MakeParams]
	Limit    float32 // the softplus from which on q^γ is 0
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
// Losses or Gradients may be the scores themselves, other overlaps give wrong results.
type Call struct {
	Kernel    Kernel     // which one
	N         int        // scores: a multiple of 32, at most 4096; 0 does nothing
	Scores    *float32   // x: logits or probabilities
	Labels    *uint8     // y: 0, 1, or 255 for ignored
	Weights   *float32   // factors of the weights, finite and ≥ 0; nil: all 1
	Losses    *float32   // where losses go; nil: not wanted
	Gradients *float32   // where gradients go; only of Gradient kernels, and never nil there
	Params    Params     // ahead of Lanes, so that loops read them at short offsets
	Lanes     [8]float64 // the lane sums of the canonical sum, added to
}
