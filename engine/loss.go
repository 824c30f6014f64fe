package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// Loss is a member of the family w_t · (1 − p_t)^Gamma · (−ln p_t), where w_t is
// PosWeight for foreground scores (label 1) and NegWeight for background. Gamma,
// the focusing parameter γ, and both weights are finite and ≥ 0.
type Loss struct{ Gamma, PosWeight, NegWeight float32 }

// CrossEntropy is the binary cross-entropy −ln p_t.
func CrossEntropy() Loss { return Loss{Gamma: 0, PosWeight: 1, NegWeight: 1} }

// BalancedCrossEntropy is −α_t · ln p_t, with α_t = alpha for the foreground and
// 1 − alpha for the background; alpha is in [0, 1].
func BalancedCrossEntropy(alpha float32) Loss {
	return Loss{Gamma: 0, PosWeight: alpha, NegWeight: 1 - alpha}
}

// Focal is the focal loss −α_t · (1 − p_t)^gamma · ln p_t (Lin et al. 2017,
// equation 5), with α_t as in [BalancedCrossEntropy]. RetinaNet uses
// Focal(0.25, 2). An alpha outside [0, 1] makes one of the weights negative, which
// [New] refuses.
func Focal(alpha, gamma float32) Loss {
	return Loss{Gamma: gamma, PosWeight: alpha, NegWeight: 1 - alpha}
}

// validate returns the loss without negative zeros, or what is wrong with it.
func (l Loss) validate() (Loss, error) {
	for _, f := range []struct {
		name string
		v    *float32
	}{{"Gamma", &l.Gamma}, {"PosWeight", &l.PosWeight}, {"NegWeight", &l.NegWeight}} {
		if !(*f.v >= 0 && *f.v <= math.MaxFloat32) {
			return l, wholeError(f.name, float64(*f.v), "is %v: want a finite value ≥ 0", *f.v)
		}
		*f.v += 0
	}
	return l, nil
}

// formula returns what the kernels evaluate. γ = 0, 1, 2 have formulas of their own, which
// need no power.
func (l Loss) formula() asm.Formula {
	switch l.Gamma {
	case 0:
		return asm.CrossEntropy
	case 1:
		return asm.Focal1
	case 2:
		return asm.Focal2
	}
	return asm.FocalAny
}

// Formula returns the name of what the kernels evaluate for the loss, of those in package
// asm: "ce", "focal1", "focal2" or "focal".
func (l Loss) Formula() string { return l.formula().String() }
