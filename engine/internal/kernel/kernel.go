// Package kernel is the table of kernels: the one place that knows both the
// assembly and its pure Go reference, and which of them this machine can run.
package kernel

import (
	"fmt"
	"strings"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/fpenv"
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

// Call is all that a loss kernel is given; package asm documents it.
type Call = asm.Call

// UnaryFunc and PowFunc are elementwise kernels; package generic documents them.
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

// Set is a full set of kernels for one instruction set.
type Set struct {
	Name        string
	Grain       int // blocks that take long enough to be worth a goroutine
	CountLabels func(y []uint8) (positive, ignored, invalid int)
	WidenF16    func(dst []float32, src []uint16) // widens float16 values
	WidenBF16   func(dst []float32, src []uint16) // bfloat16 ones

	LabelClasses func(c *asm.ClassCall) // makes labels of classes of few columns

	// The passes over targets; package generic documents them.
	CountTargets  func(y []float32) (positive, one, ignored, invalid int)
	LabelTargets  func(dst []float32, y []uint8, by *[4]float32)
	SmoothTargets func(dst, y []float32, scale, shift float32)

	// The passes over weights, likewise.
	SpreadWeights   func(dst, w []float32, columns, skip int)
	MultiplyWeights func(dst, a []float32, b *float32) (bits uint32)
	PickPositives   func(dst, c []float32, y *uint8)
	SumWeights      func(w []float32, y []uint8, lanes *[8]float64) (most uint32)

	Run      func(c *Call)         // runs the loss kernel that c names
	Sweep    func(s *Sweep)        // runs those of several losses
	Has      func(asm.Kernel) bool // whether there is that one
	HasSweep func(asm.SweepKernel) bool
	Unary    [NumUnary]UnaryFunc
	Pow      PowFunc
	Rows     Rows
}

// Rows are the kernels of rows of logits under softmax; package generic documents them.
type Rows struct {
	Exp   func(*asm.RowExps)
	Top   func(x []float32) (most float32, top uint32)
	Sum   func(*asm.RowSums)
	Loss  func(*asm.RowCall)
	Scale func(*asm.RowScales)
}

// simdGrain blocks take 30 to 40 µs: less is not worth waking a thread, which takes
// 20 to 70; see asm/MEASURED.md.
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
	WidenF16:    generic.WidenF16,
	WidenBF16:   generic.WidenBF16,

	LabelClasses: generic.LabelClasses,

	CountTargets:  generic.CountTargets,
	LabelTargets:  generic.LabelTargets,
	SmoothTargets: generic.SmoothTargets,

	SpreadWeights:   generic.SpreadWeights,
	MultiplyWeights: generic.MultiplyWeights,
	PickPositives:   generic.PickPositives,
	SumWeights:      generic.SumWeights,

	Run:      generic.Run,
	Sweep:    generic.Sweep,
	Has:      generic.Has,
	HasSweep: generic.HasSweep,
	Unary: [NumUnary]UnaryFunc{
		generic.Exp, generic.Log, generic.Log1p,
		generic.Sigmoid, generic.Softplus, generic.LogSigmoid,
	},
	Pow:  generic.Pow,
	Rows: Rows{generic.RowExp, generic.RowTop, generic.RowSum, generic.RowLoss, generic.RowScale},
}

var candidates = append(simd(), Candidate{Set: &genericSet, Needs: "pure Go"})

// Candidates returns all sets of this build, fastest first; the last is generic.
func Candidates() []Candidate { return append([]Candidate(nil), candidates...) }

// Enter is [fpenv.Enter] for computing with the set. What is written in Go depends on the
// thread's environment from beginning to end, so the goroutine then stays on its thread.
func (s *Set) Enter() (fpenv.Guard, error) {
	if s.Name == genericSet.Name {
		return fpenv.EnterLocked()
	}
	return fpenv.Enter()
}

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
