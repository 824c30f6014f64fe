package verify

import (
	"math"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// targetsStride is how many times as far apart as those of labels the logits are that targets
// are verified with, as each takes all families of targets.
const targetsStride = 31

// targetFamilies return a target for a logit, whose sigmoid is p, and for 32 random bits. The
// first hardFamilies are labels.
var targetFamilies = [...]func(p float64, r uint32) float32{
	func(float64, uint32) float32 { return 0 },
	func(float64, uint32) float32 { return 1 },
	func(float64, uint32) float32 { return 0.5 },
	func(_ float64, r uint32) float32 { return float32(r>>8) * 0x1p-24 },
	func(_ float64, r uint32) float32 { return float32(math.Ldexp(1+float64(r>>9)*0x1p-23, -1-int(r%148))) }, // small, of all sizes
	func(_ float64, r uint32) float32 { return 1 - float32(r>>8)*0x1p-24*float32(math.Ldexp(1, -int(r%24))) },
	func(p float64, _ uint32) float32 { return float32(p) },
	func(p float64, r uint32) float32 { return near(float32(p), r) },
	func(p float64, r uint32) float32 { return float32(p * (1 + (float64(r)*0x1p-31-1)*0x1p-8)) },
	func(p float64, _ uint32) float32 { return float32(1 - p) },
	func(_ float64, r uint32) float32 { return []float32{0.05, 0.95, 0.005, 0.995}[r&3] }, // smoothed labels
	func(_ float64, r uint32) float32 { return float32(r>>24) / 255 },
}

const hardFamilies = 2

// near returns one of the 31 floats around p.
func near(p float32, r uint32) float32 {
	return math.Float32frombits(uint32(max(0, int64(math.Float32bits(p))+int64(r%31)-15)))
}

// scramble returns bits that look random, of the number of a family and the bits of a logit.
func scramble(family int, x uint32) uint32 {
	h := (x + 0x9e3779b9*uint32(family+1)) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

// fill sets y to the targets of a family for logits x.
func fillTargets(y, x []float32, family int) {
	of := targetFamilies[family]
	for i, x := range x {
		v := of(sigmoidOf(float64(x)), scramble(family, math.Float32bits(x)))
		y[i] = min(max(v, 0), 1)
	}
}

// targetKernel evaluates a loss of targets on one kernel: the gradients where grad is not nil,
// and the second derivatives where hess is not.
type targetKernel struct {
	name string
	run  func(loss, grad, hess []float32, b engine.Batch) error
}

// targetKernels returns those of all usable kernels, the reference first.
func targetKernels(l engine.Loss) (list []targetKernel, err error) {
	for _, name := range genericFirst() {
		e, err := engine.New(l, engine.WithKernel(name), engine.WithWorkers(1))
		if err != nil {
			return nil, err
		}
		list = append(list, targetKernel{name, func(loss, grad, hess []float32, b engine.Batch) (err error) {
			switch {
			case hess != nil:
				_, err = e.GradientsAndHessians(grad, hess, b)
			case grad != nil:
				_, err = e.LossesAndGradients(loss, grad, b)
			default:
				_, err = e.Losses(loss, b)
			}
			return err
		}})
	}
	return list, nil
}

// targetSubject verifies a loss of targets on kernels, the first of which is the reference for
// bits. Errors are in units in the last place of the scale that [engine.Loss.Exact] has.
func targetSubject(b engine.Bound, kernels []targetKernel) subject {
	s := subject{
		group: groupTargets, name: cli.ShortName(b.Loss), family: b.Loss.Family().Name, title: b.Name, input: "logit",
		patterns: 1 << 32, finite: true, times: targetsStride,
		outputs: []output{{"loss", nil, b.LossULP}, {"gradient", nil, b.GradientULP}},
	}
	exact := b.Loss.Exact()
	families := len(targetFamilies)
	if math.IsNaN(exact(0.3, 0.7).Loss) {
		families = hardFamilies // of such targets alone
	}
	s.cost = 400 * families
	curved := b.HessianULP > 0
	if curved {
		s.outputs = append(s.outputs, output{"second derivative", nil, b.HessianULP})
	}
	always := curved && !math.IsNaN(exact(0.3, 0.7).Hessian) // or at y of 0 and 1 alone
	s.newChecker = func() checker {
		// What the reference gives, and another kernel: gradHess are gradients that come with
		// second derivatives.
		var outputs [2]struct{ loss, grad, gradHess, hess [blockSize]float32 }
		var y [blockSize]float32
		return func(x []float32, stats []errorStats) error {
			n := len(x)
			reference, other := &outputs[0], &outputs[1]
			for family := range families {
				y := y[:n]
				fillTargets(y, x, family)
				batch := engine.Batch{Logits: x, Targets: y}
				bent := curved && (always || family < hardFamilies)
				for k, kernel := range kernels {
					to := reference
					if k > 0 {
						to = other
					}
					err := kernel.run(to.loss[:n], to.grad[:n], nil, batch)
					if err == nil && k > 0 {
						stats[0].compare(kernel.name, x, to.loss[:n], reference.loss[:n])
						stats[1].compare(kernel.name, x, to.grad[:n], reference.grad[:n])
						if err = kernel.run(to.loss[:n], nil, nil, batch); err == nil {
							stats[0].compare(kernel.name+" without gradients", x, to.loss[:n], reference.loss[:n])
						}
					}
					if err == nil && bent {
						if err = kernel.run(nil, to.gradHess[:n], to.hess[:n], batch); err == nil && k > 0 {
							stats[1].compare(kernel.name+" with second derivatives", x, to.gradHess[:n], reference.gradHess[:n])
							stats[2].compare(kernel.name, x, to.hess[:n], reference.hess[:n])
						}
					}
					if err != nil {
						return err
					}
				}
				for i, x := range x {
					at := exact(float64(x), float64(y[i]))
					most := max(1, math.Abs(float64(x)))
					stats[0].scaled(x, y[i], reference.loss[i], at.Loss, at.LossScale, most*b.LossFloor, true)
					stats[1].scaled(x, y[i], reference.grad[i], at.Gradient, at.GradientScale, most*b.GradientFloor, false)
					if !bent {
						continue
					}
					stats[2].scaled(x, y[i], reference.hess[i], at.Hessian, at.HessianScale, most*b.HessianFloor, false)
					if g := reference.gradHess[i]; g != reference.grad[i] {
						stats[1].scaled(x, y[i], g, at.Gradient, at.GradientScale, most*b.GradientFloor, false)
					}
				}
			}
			return nil
		}
	}
	return s
}

// scaled adds the error of one value in units in the last place of scale, beyond floor. Where
// scale is infinite, all finite values are right. A value that cannot be negative has no sign,
// zeros neither.
func (m *errorStats) scaled(x, y, got float32, want, scale, floor float64, positive bool) {
	g := float64(got)
	var u float64
	switch {
	case g-g != 0 || positive && math.Signbit(g):
		u = m.special(got, math.Abs(want))
	case math.IsInf(scale, 1):
	default:
		if diff := math.Abs(g-want) - floor; diff > 0 {
			_, exponent := math.Frexp(scale)
			u = math.Ldexp(diff, 24-min(max(exponent, -125), 128))
		} else if !(diff <= 0) {
			u = math.Inf(1) // want is NaN
		}
	}
	if u > m.max || m.count == 0 {
		m.max, m.x, m.y, m.got, m.want = u, x, y, got, want
	}
	m.sum += math.Round(u/sumUnit) * sumUnit
	m.count++
	m.exponents[m.count&1][(math.Float64bits(u)-1)>>52&0x7ff]++
}
