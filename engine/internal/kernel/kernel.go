// Package kernel is the table of kernels: the one place that knows both the
// assembly and its pure Go reference, and which of them this machine can run.
package kernel

import (
	"fmt"
	"strings"

	"github.com/flengine/flengine/generic"
)

const (
	// Group is the number of scores that kernels take as a unit.
	Group = generic.Group
	// Block is the number of scores of one canonical sum, the most a kernel takes.
	Block = generic.Block
	// VecGroup is the number of values that elementwise kernels take as a unit, and
	// VecMax the most.
	VecGroup = generic.VecGroup
	VecMax   = generic.VecMax
)

// Params are a kernel's view of a loss; see package generic.
type Params = [8]float32

// LossFunc and GradientFunc are kernels; package generic documents them.
type (
	LossFunc     func(dst, x []float32, y []uint8, w []float32, p *Params, acc *[8]float64)
	GradientFunc func(dst, grad, x []float32, y []uint8, w []float32, p *Params, acc *[8]float64)
)

// UnaryFunc and PowFunc are elementwise kernels, likewise.
type (
	UnaryFunc func(dst, src []float32)
	PowFunc   func(dst, src []float32, y float64, sign, nan uint32)
)

// Unary names the elementwise functions of one argument.
type Unary int

// The elementwise functions of one argument.
const (
	Exp Unary = iota
	Log
	Log1p
	Sigmoid
	Softplus
	LogSigmoid
	NumUnary
)

// Input tells kernels apart by what their scores are.
type Input int

const (
	Logits Input = iota
	Probs
	numInputs
)

// Power tells kernels apart by how they raise q to γ.
type Power int

// γ = 0, 1, 2 have kernels of their own; GammaAny takes every γ > 0.
const (
	Gamma0 Power = iota
	Gamma1
	Gamma2
	GammaAny
	numPowers
)

// PowerOf returns the kernel's kind for γ.
func PowerOf(gamma float32) Power {
	switch gamma {
	case 0:
		return Gamma0
	case 1:
		return Gamma1
	case 2:
		return Gamma2
	}
	return GammaAny
}

// Set is a full set of kernels for one instruction set.
type Set struct {
	Name        string
	Grain       int // blocks that take long enough to be worth a goroutine
	CountLabels func(y []uint8) (positive, ignored, invalid int)
	Loss        [numInputs][numPowers]LossFunc
	Gradient    [numInputs][numPowers]GradientFunc
	Unary       [NumUnary]UnaryFunc
	Pow         PowFunc
}

// simdGrain blocks take 30 to 40 µs: less is not worth waking a thread, which takes
// 20 to 70; see asm/PERFORMANCE.md.
const simdGrain = 16

// Candidate is a set that this build holds, and what the machine lacks for it.
type Candidate struct {
	*Set
	Needs   string   // the instruction set extensions it uses, for people
	Missing []string // those that are not there; empty if the set is usable
}

// Usable tells whether this machine can run the set.
func (c Candidate) Usable() bool { return len(c.Missing) == 0 }

var genericSet = Set{
	Name:        "generic",
	Grain:       1,
	CountLabels: generic.CountLabels,
	Loss: [numInputs][numPowers]LossFunc{
		Logits: {generic.LossGamma0, generic.LossGamma1, generic.LossGamma2, generic.LossGamma},
		Probs:  {generic.ProbLossGamma0, generic.ProbLossGamma1, generic.ProbLossGamma2, generic.ProbLossGamma},
	},
	Gradient: [numInputs][numPowers]GradientFunc{
		Logits: {generic.GradientGamma0, generic.GradientGamma1, generic.GradientGamma2, generic.GradientGamma},
		Probs:  {generic.ProbGradientGamma0, generic.ProbGradientGamma1, generic.ProbGradientGamma2, generic.ProbGradientGamma},
	},
	Unary: [NumUnary]UnaryFunc{
		generic.Exp, generic.Log, generic.Log1p,
		generic.Sigmoid, generic.Softplus, generic.LogSigmoid,
	},
	Pow: generic.Pow,
}

var candidates = append(simd(), Candidate{Set: &genericSet, Needs: "pure Go"})

// Candidates returns all sets of this build, fastest first; the last is generic.
func Candidates() []Candidate { return append([]Candidate(nil), candidates...) }

// Names returns the names of the usable sets, fastest first.
func Names() []string {
	var names []string
	for _, c := range candidates {
		if c.Usable() {
			names = append(names, c.Name)
		}
	}
	return names
}

// Find returns the usable set of that name, or the fastest for the empty name.
func Find(name string) (*Set, error) {
	for _, c := range candidates {
		switch {
		case c.Usable() && (name == "" || name == c.Name):
			return c.Set, nil
		case name == c.Name:
			return nil, fmt.Errorf("kernel %q cannot run here: the CPU or OS lacks %s; usable: %s",
				name, strings.Join(c.Missing, ", "), strings.Join(Names(), ", "))
		}
	}
	return nil, fmt.Errorf("unknown kernel %q; usable here: %s", name, strings.Join(Names(), ", "))
}
