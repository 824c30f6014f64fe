package verify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// blockSize is how many inputs are evaluated at a time: a block of the engine.
const blockSize = 4096

// The groups of subjects, as --only calls them.
const (
	groupLogits  = "logits"
	groupProbs   = "probs"
	groupTargets = "targets"
	groupRows    = "rows"
	groupVecmath = "vecmath"
)

// subject is what one sweep verifies: a loss with both labels, from logits or from
// probabilities, or a function.
type subject struct {
	group, name string // as --only has it
	family      string // of a loss: a name for all of it
	title       string // for people
	input       string // what the inputs are
	patterns    uint64 // the bit patterns of float32, from 0 on, that hold all inputs
	finite      bool   // infinities and NaN are passed over
	minStride   uint64 // the least stride
	times       uint64 // how many times the stride is taken; 0 stands for 1
	cost        int    // of an input in ns, about, for the time left
	outputs     []output
	// newChecker returns what evaluates blocks; it is called once a worker.
	newChecker func() checker
}

// output is one of the results of a subject.
type output struct {
	name  string
	label *uint8 // of a loss
	bound float64
}

// A checker evaluates a block of inputs on all kernels, and adds to the outputs'
// errors and differences.
type checker func(x []float32, stats []errorStats) error

// id names the subject among all.
func (s subject) id() string { return s.group + "." + s.name }

// is tells whether --only=name means the subject.
func (s subject) is(name string) bool {
	short := strings.TrimPrefix(name, s.group+".")
	return name == s.group || short == s.name || short == s.family && short != ""
}

// step is the stride between the inputs.
func (s subject) step(stride uint64) uint64 { return max(stride*max(s.times, 1), s.minStride, 1) }

// inputs is how many patterns a sweep takes.
func (s subject) inputs(stride uint64) uint64 {
	return (s.patterns + s.step(stride) - 1) / s.step(stride)
}

// subjects returns all that has a documented bound, on all usable kernels.
func subjects() ([]subject, error) {
	var list []subject
	for _, group := range []string{groupLogits, groupProbs} {
		bounds := engine.Bounds()
		if group == groupProbs {
			bounds = engine.ProbBounds()
		}
		for _, b := range bounds {
			var kernels []lossKernel
			for _, name := range genericFirst() {
				e, err := engine.New(b.Loss, engine.WithKernel(name), engine.WithWorkers(1))
				if err != nil {
					return nil, err
				}
				kernels = append(kernels, lossKernel{name, true, func(dst, grad []float32, b engine.Batch) error {
					_, err := e.LossesAndGradients(dst, grad, b)
					return err
				}})
				if len(kernels) > 1 { // not the reference's, which take longer than all the others
					kernels = append(kernels, lossKernel{name + " without gradients", false, func(dst, _ []float32, b engine.Batch) error {
						_, err := e.Losses(dst, b)
						return err
					}})
				}
			}
			list = append(list, lossSubject(group, b, kernels))
		}
	}
	for _, b := range engine.TargetBounds() {
		kernels, err := targetKernels(b.Loss)
		if err != nil {
			return nil, err
		}
		list = append(list, targetSubject(b, kernels))
	}
	for _, b := range engine.RowBounds() {
		kernels, err := rowKernels(b.Loss)
		if err != nil {
			return nil, err
		}
		list = append(list, rowSubject(b, kernels))
	}
	var kernels []vecmath.Funcs
	for _, name := range genericFirst() {
		f, err := vecmath.For(name)
		if err != nil {
			return nil, err
		}
		kernels = append(kernels, f)
	}
	bounds := vecmath.Bounds()
	for _, f := range functions {
		list = append(list, functionSubject(f, bounds[f.name], kernels))
	}
	return append(list, powSubject(bounds["Pow"], kernels)), nil
}

// genericFirst returns the usable kernels, the reference before all others.
func genericFirst() []string {
	names := engine.Kernels()
	slices.Reverse(names)
	return names
}

// choose returns the subjects that only names, all for none.
func choose(list []subject, only []string) ([]subject, error) {
	if len(only) == 0 {
		return list, nil
	}
	chosen := make([]bool, len(list))
	for _, name := range cli.JoinParentheses(only) {
		known := false
		for i, s := range list {
			if s.is(strings.ToLower(strings.TrimSpace(name))) {
				chosen[i], known = true, true
			}
		}
		if !known {
			return nil, cli.Usagef("--only: unknown name %q: want one or more of %s", name, strings.Join(onlyNames(list), ", "))
		}
	}
	var some []subject
	for i, s := range list {
		if chosen[i] {
			some = append(some, s)
		}
	}
	return some, nil
}

// onlyNames are the names for --only, those of several subjects first.
func onlyNames(list []subject) []string {
	names := []string{groupLogits, groupProbs, groupTargets, groupRows, groupVecmath}
	for _, s := range list {
		if s.family != s.name && s.family != "" && !slices.Contains(names, s.family) {
			names = append(names, s.family)
		}
	}
	for _, s := range list {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// lossKernel evaluates a loss on one kernel, and the gradient if it is one that does.
type lossKernel struct {
	name      string
	gradients bool
	run       func(dst, grad []float32, b engine.Batch) error
}

// lossSubject verifies a loss on kernels, the first of which is the reference for
// bits.
func lossSubject(group string, b engine.Bound, kernels []lossKernel) subject {
	s := subject{
		group: group, name: cli.ShortName(b.Loss), family: b.Loss.Family().Name, title: b.Name, input: "logit",
		patterns: 1 << 32, finite: true, cost: 75,
	}
	probs := group == groupProbs
	if probs {
		s.input, s.patterns, s.cost = "probability", uint64(math.Float32bits(1))+1, 110
	}
	for label := range uint8(2) {
		s.outputs = append(s.outputs, output{"loss", &label, b.LossULP}, output{"gradient", &label, b.GradientULP})
	}
	define := b.Loss.Definition()
	pos, neg := b.Loss.Weights()
	weights := [2]float64{float64(neg), float64(pos)}
	s.newChecker = func() checker {
		var (
			terms                         exactTerms
			labels                        [2][blockSize]uint8
			loss, grad, otherLoss, otherG [blockSize]float32
			exactLoss, exactGrad          [blockSize]float64
		)
		for i := range labels[1] {
			labels[1][i] = 1
		}
		return func(x []float32, stats []errorStats) error {
			n := len(x)
			if probs {
				terms.probs(x)
			} else {
				terms.logits(x)
			}
			for label := range labels {
				batch := engine.Batch{Logits: x, Labels: labels[label][:n]}
				if probs {
					batch.Logits, batch.Probs = nil, x
				}
				onLoss, onGrad := &stats[2*label], &stats[2*label+1]
				for k, kernel := range kernels {
					if k == 0 {
						if err := kernel.run(loss[:n], grad[:n], batch); err != nil {
							return err
						}
						continue
					}
					if err := kernel.run(otherLoss[:n], otherG[:n], batch); err != nil {
						return err
					}
					onLoss.compare(kernel.name, x, otherLoss[:n], loss[:n])
					if kernel.gradients {
						onGrad.compare(kernel.name, x, otherG[:n], grad[:n])
					}
				}
				terms.losses(exactLoss[:n], exactGrad[:n], define, weights[label], label, probs)
				onLoss.measure(x, loss[:n], exactLoss[:n], b.LossFloor)
				onGrad.measure(x, grad[:n], exactGrad[:n], b.GradientFloor)
			}
			return nil
		}
	}
	return s
}

// function is an elementwise function of one argument.
type function struct {
	name  string
	run   func(f vecmath.Funcs, dst, src []float32)
	exact func(x float64) float64
}

var functions = []function{
	{"Exp", vecmath.Funcs.Exp, expOf},
	{"Log", vecmath.Funcs.Log, math.Log},
	{"Log1p", vecmath.Funcs.Log1p, log1pOf},
	{"Sigmoid", vecmath.Funcs.Sigmoid, sigmoidOf},
	{"Softplus", vecmath.Funcs.Softplus, softplusOf},
	{"LogSigmoid", vecmath.Funcs.LogSigmoid, logSigmoidOf},
}

// functionSubject verifies a function on kernels, the first of which is the
// reference for bits.
func functionSubject(f function, bound float64, kernels []vecmath.Funcs) subject {
	return subject{
		group: groupVecmath, name: strings.ToLower(f.name), title: f.name, input: "float32",
		patterns: 1 << 32, cost: 33, outputs: []output{{"value", nil, bound}},
		newChecker: func() checker {
			c := new(functionChecker)
			return func(x []float32, stats []errorStats) error {
				c.check(x, &stats[0], kernels, f.run, f.exact)
				return nil
			}
		},
	}
}

// powers are the exponents that Pow is verified with: roots, squares, cubes and
// reciprocals, and those that no identity serves; 100.5 overflows and underflows
// for most arguments.
var powers = []float32{0.5, 1.5, 2, 3, 10.7, 100.5, 1e-3, -1, -1.3}

// powStride is the least stride for Pow: its arguments are too many to take all,
// and math.Pow takes its time.
const powStride = 31

func powSubject(bound float64, kernels []vecmath.Funcs) subject {
	s := subject{
		group: groupVecmath, name: "pow", title: "Pow", input: "float32",
		patterns: 1 << 32, minStride: powStride, cost: 42 * len(powers),
	}
	for _, y := range powers {
		s.outputs = append(s.outputs, output{fmt.Sprintf("y = %g", y), nil, bound})
	}
	s.newChecker = func() checker {
		c := new(functionChecker)
		return func(x []float32, stats []errorStats) error {
			for i, y := range powers {
				c.check(x, &stats[i], kernels,
					func(f vecmath.Funcs, dst, src []float32) { f.Pow(dst, src, y) },
					func(x float64) float64 { return math.Pow(x, float64(y)) })
			}
			return nil
		}
	}
	return s
}

// functionChecker is the scratch of one that checks a function.
type functionChecker struct {
	value, other [blockSize]float32
	exact        [blockSize]float64
}

func (c *functionChecker) check(x []float32, stats *errorStats, kernels []vecmath.Funcs, run func(f vecmath.Funcs, dst, src []float32), exact func(x float64) float64) {
	value, other := c.value[:len(x)], c.other[:len(x)]
	for k, f := range kernels {
		if k == 0 {
			run(f, value, x)
			continue
		}
		run(f, other, x)
		stats.compare(f.Kernel(), x, other, value)
	}
	for i, x := range x {
		c.exact[i] = exact(float64(x))
	}
	stats.measure(x, value, c.exact[:len(x)], 0)
}
