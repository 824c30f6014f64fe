package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// asymmetric is what asymmetric loss needs: the kernels of other losses, one for foreground,
// and one for background, whose probability p is shifted to max(p − m, 0) for a margin m. The
// distance p − m is the gradient of cross-entropy for the target m, which does not cancel; its
// second derivative is p(1 − p), a factor of all derivatives by the logit.
type asymmetric struct {
	positive, negative   asm.Params
	ofPositive, ofTarget asm.Formula // of labels and of targets
	ofNegative           asm.Formula // of probabilities; of logits where the margin is 0
	ofNegativeTarget     asm.Formula
	gamma, margin        float32 // of background
}

// unweighted are the params of cross-entropy.
var unweighted = asm.MakeParams(1, 1, 0)

func newAsymmetric(pos, neg float32, v values) *asymmetric {
	a := &asymmetric{gamma: v[1], margin: v[2]}
	row := &families[focalFamily]
	a.ofPositive, a.positive = focalKernel(0, pos, v[0])
	a.ofTarget = row.targetFormula(a.ofPositive)
	a.ofNegative, a.negative = focalKernel(neg, neg, v[1])
	a.negative.Weights = [4]float32{neg, 0}
	a.positive.Weights = [4]float32{0, pos}
	a.ofNegativeTarget = row.targetFormula(a.ofNegative)
	return a
}

// side is scratch for a block of which one label is evaluated and all else is ignored.
type side struct {
	x, targets, dst, grad, hess [kernel.Block]float32
	labels                      [kernel.Block]uint8
}

// sides are the scratch of asymmetric loss.
type sides struct {
	positive, negative side
	weights            [kernel.Block]float32
	margins            [kernel.Block]float32
	slopes             [kernel.Block]float32 // p·(1 − p)
	logs, powers       [kernel.Block]float32
}

// take sets a side to the scores whose label is the given one, n of them with padding, and
// tells whether there are any.
func (s *side) take(c *chunk, label uint8, n int) (any bool) {
	for i := range n {
		s.x[i], s.labels[i], s.targets[i] = 0, IgnoredLabel, IgnoredTarget
		if i < len(c.labels) && c.labels[i] == label {
			s.x[i], s.labels[i], s.targets[i] = c.x[i], label, float32(label)
			any = true
		}
	}
	return any
}

// sumAsymmetric is tile.sum of asymmetric loss.
func (t *tile) sumAsymmetric(j *job, out *outputs, c *chunk) float64 {
	if t.sides == nil {
		t.sides = new(sides)
	}
	s, a, n := t.sides, j.asymmetric, (len(c.x)+kernel.Group-1)&^(kernel.Group-1)
	weights := []float32(nil)
	if len(c.weights) > 0 {
		weights = s.weights[:n]
		clear(weights[copy(weights, c.weights):])
	}
	p, q := &s.positive, &s.negative
	some := p.take(c, 1, n)
	if some {
		t.runSide(j, p, a.ofPositive, a.ofTarget, &a.positive, weights, n)
	}
	switch more := q.take(c, 0, n); {
	case more && a.margin == 0:
		t.runSide(j, q, a.ofNegative, a.ofNegativeTarget, &a.negative, weights, n)
	case more:
		t.runShifted(j, weights, n)
	}
	losses := q.dst[:len(c.x)]
	for i, l := range c.labels {
		var f, g, h float32
		switch l {
		case 0:
			f, g, h = q.dst[i], q.grad[i], q.hess[i]
		case 1:
			f, g, h = p.dst[i], p.grad[i], p.hess[i]
		}
		losses[i] = f
		if out.grad != nil {
			out.grad[i] = g
		}
		if out.hess != nil {
			out.hess[i] = h
		}
	}
	copy(out.dst, losses)
	return blockSum(losses)
}

// runSide evaluates a side by the kernels of focal loss from logits.
func (t *tile) runSide(j *job, s *side, labels, targets asm.Formula, p *asm.Params, weights []float32, n int) {
	call := kernel.Call{N: n, Scores: &s.x[0], Weights: data(weights), Losses: &s.dst[0], Params: *p}
	switch {
	case j.hess != nil:
		call.Kernel, call.Targets = asm.KernelOf(targets, asm.Logits, asm.Hessian), &s.targets[0]
		call.Gradients, call.Hessians = &s.grad[0], &s.hess[0]
	case j.grad != nil:
		call.Kernel, call.Labels, call.Gradients = asm.KernelOf(labels, asm.Logits, asm.Gradient), &s.labels[0], &s.grad[0]
	default:
		call.Kernel, call.Labels = asm.KernelOf(labels, asm.Logits, asm.Loss), &s.labels[0]
	}
	t.call = call
	j.kernels.Run(&t.call)
	t.forget()
}

// runShifted evaluates the background: with r = max(p − m, 0), k = −ln(1 − r), o = 1/(1 − r) and
// v = p(1 − p),
//
//	loss      w·r^γ·k
//	gradient  w·v·r^γ·(γ·k/r + o)
//	second    w·v·r^γ·(v·((γ(γ−1)·k/r + 2γ·o)/r + o²) + (1 − 2p)·(γ·k/r + o))
//
// and 0 where r is: at the kink they are the derivatives from the left. 1 − p is v/p, and
// 1 − r = m + (1 − p): neither cancels.
func (t *tile) runShifted(j *job, weights []float32, n int) {
	s, a, q := t.sides, j.asymmetric, &t.sides.negative
	for i := range s.margins[:n] {
		s.margins[i] = a.margin
	}
	shifted, slopes, logs := q.targets[:n], s.slopes[:n], s.logs[:n]
	t.call = kernel.Call{
		Kernel: asm.KernelOf(asm.SoftBalanced, asm.Logits, asm.Hessian), N: n, Params: unweighted,
		Scores: &q.x[0], Targets: &s.margins[0], Gradients: &shifted[0], Hessians: &slopes[0],
	}
	j.kernels.Run(&t.call)
	for i, d := range shifted {
		switch {
		case q.labels[i] != 0 || d <= 0:
			shifted[i] = 0
		case q.x[i] > math.MaxFloat32:
			shifted[i] = float32(math.NaN()) // no logit of background
		}
	}
	t.call = kernel.Call{
		Kernel: asm.KernelOf(asm.CrossEntropy, asm.Probs, asm.Loss), N: n, Params: unweighted,
		Scores: &shifted[0], Labels: &q.labels[0], Losses: &logs[0],
	}
	j.kernels.Run(&t.call)
	t.forget()
	powers := s.powers[:n]
	for i, r := range shifted {
		if powers[i] = r; !(r > 0) {
			powers[i] = 1
		}
	}
	raiseAll(j.kernels, powers, a.gamma)
	gamma := a.gamma
	for i, r := range shifted {
		w, v, k, power := a.negative.Weights[0], slopes[i], logs[i], powers[i]
		if weights != nil {
			w *= weights[i]
		}
		if q.dst[i] = float32(w*power) * k; r != r {
			q.dst[i] = r // the kernel's NaN may be another score's, of another label
		}
		if q.grad[i], q.hess[i] = 0, 0; !(r > 0 && power > 0) || j.grad == nil { // γ² may be beyond float32
			continue
		}
		p := r + a.margin
		miss := v / p // 1 − p
		o, kr := 1/(a.margin+miss), k/r
		w = float32(float32(w*v) * power)
		slope := float32(gamma*kr) + o
		q.grad[i] = w * slope
		if j.hess != nil {
			bend := (float32(float32(gamma*(gamma-1))*kr) + float32(float32(2*gamma)*o)) / r
			bend += float32(o * o)
			q.hess[i] = w * (float32(v*bend) + float32((miss-p)*slope))
		}
	}
}
