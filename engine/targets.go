package engine

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// A kernel takes labels or targets, whichever its formula is of. Labels become the targets 0
// and 1, smoothed if the loss is; targets become labels where only those are taken.

// smoothing is what [Loss.Smoothed] makes of a target y: scale·y + shift. The zero value is
// none.
type smoothing struct{ scale, shift float32 }

// smoothingBy returns the smoothing of a loss.
func smoothingBy(epsilon float32) smoothing {
	if epsilon == 0 {
		return smoothing{}
	}
	half := epsilon / 2
	return smoothing{(1 - half) - half, half} // so that 1 becomes 1 − ε/2, rounded once
}

func (s smoothing) given() bool { return s != smoothing{} }

// table returns the targets of the labels 0, 1 and, in its last place, 255.
func (s smoothing) table() [4]float32 {
	if !s.given() {
		return [4]float32{0, 1, 0, IgnoredTarget}
	}
	return [4]float32{s.shift, s.scale + s.shift, 0, IgnoredTarget}
}

// needs are what a call needs of kernels.
type needs struct {
	soft   bool // a formula of targets
	marked bool // targets become labels
	hard   bool // targets other than 0, 1 and −1 are refused
}

// plan sets what the job needs, or says why there is no such thing.
func (j *job) plan(want int) error {
	e, hess := j.Engine, want&wantHess != 0
	if e.asymmetric != nil {
		if j.input == asm.Probs {
			return wholeError("Probs", float64(j.n), "are given: want Logits, which %s is from", e.family.Name)
		}
		j.needs = needs{marked: j.Targets != nil, hard: j.Targets != nil}
		return nil
	}
	heat := e.family.heat != nil
	j.needs = needs{soft: hess || e.smooth.given() || e.formula.Soft()}
	if j.Targets != nil {
		j.marked = heat || j.input == asm.Probs
		j.hard = !heat && j.input == asm.Probs || hess && !heat && hardCurve(e.ofTargets)
		j.soft = j.soft || !j.marked
	}
	switch {
	case !j.soft:
	case j.input == asm.Probs && hess:
		return wholeError("Probs", float64(j.n), "are given: want Logits, by which second derivatives are")
	case j.input == asm.Probs && e.smooth.given():
		return wholeError("Probs", float64(j.n), "are given: want Logits, which smoothed losses are from")
	case j.input == asm.Probs:
		return wholeError("Probs", float64(j.n), "are given: want Logits, which %s is from", e.family.Name)
	case hess && e.smooth.given() && hardCurve(e.ofTargets):
		return wholeError("smoothing", float64(e.loss.smoothing), "is %s: want 0, as the second derivative of %s is of targets of 0 and 1",
			formatValue(float64(e.loss.smoothing)), e.family.Name)
	default:
		return e.columns.checkProducts(e.params.Weights[1])
	}
	return nil
}

// hardCurve tells whether the second derivatives of a formula of targets are for 0 and 1 alone.
func hardCurve(f asm.Formula) bool {
	return f == asm.SoftFocal1 || f == asm.SoftFocal2 || f == asm.SoftFocalAny
}

// countTargets returns the counts of the targets y of the block that begins at from, and, if
// one of them is bad, the error and how many scores precede it; else all.
func (j *job) countTargets(y []float32, from int) (c counts, good int, err error) {
	n := j.targetsOf(y)
	if n.invalid > 0 || j.hard && n.positive > n.one {
		i, want := badTarget(y), "want a target in [0, 1], or −1 for ignored"
		if j.hard {
			if soft := softTarget(y); soft >= 0 && (i < 0 || soft < i) {
				i, want = soft, "want 0, 1, or −1 for ignored: "
				switch {
				case j.input == asm.Probs:
					want += "soft targets are for Logits"
				case j.asymmetric != nil:
					want += j.family.Name + " is of these"
				default:
					want += "the second derivative of " + j.family.Name + " is of these"
				}
			}
		}
		if i < 0 {
			return c, 0, j.mistargeted(from, y)
		}
		return c, i, &InputError{Field: "Targets", Index: from + i, Value: float64(y[i]), Reason: want}
	}
	c = counts{n.positive, n.ignored}
	if j.family.heat != nil {
		c.positive = n.one
	}
	return c, len(y), nil
}

// targetCounts are those of kernels.
type targetCounts struct{ positive, one, ignored, invalid int }

func (j *job) targetsOf(y []float32) (n targetCounts) {
	whole := len(y) &^ (kernel.Group - 1)
	if whole > 0 {
		n.positive, n.one, n.ignored, n.invalid = j.kernels.CountTargets(y[:whole])
	}
	for _, y := range y[whole:] {
		switch {
		case math.Float32bits(y)<<1 == 0: // 0 or −0
		case y == 1:
			n.positive++
			n.one++
		case y > 0 && y < 1:
			n.positive++
		case y == IgnoredTarget:
			n.ignored++
		default:
			n.invalid++
		}
	}
	return n
}

// badTarget returns the index of the first target that is none, or −1.
func badTarget(y []float32) int {
	for i, y := range y {
		if !(y >= 0 && y <= 1 || y == IgnoredTarget) {
			return i
		}
	}
	return -1
}

// softTarget returns the index of the first target between 0 and 1, or −1.
func softTarget(y []float32) int {
	for i, y := range y {
		if y > 0 && y < 1 {
			return i
		}
	}
	return -1
}

// markTargets returns the labels that targets stand for: 1 for 1, IgnoredLabel for −1, else 0.
// Where none is 1 or −1 all are 0.
func (t *tile) markTargets(y []float32, none bool) []uint8 {
	labels := t.labels[:len(y)]
	clear(labels)
	for i := 0; i < len(y) && !none; i += 8 {
		if i+8 <= len(y) && allBelowOne((*[8]float32)(y[i:])) {
			continue
		}
		for k := i; k < min(i+8, len(y)); k++ {
			switch y := y[k]; {
			case y == 1:
				labels[k] = 1
			case y < 0:
				labels[k] = IgnoredLabel
			}
		}
	}
	return labels
}

// allBelowOne tells whether all targets are below 1 and have no sign.
func allBelowOne(y *[8]float32) bool {
	v := (*[8]uint32)(unsafe.Pointer(y))
	const above = 1<<32 - 0x3F80_0000 // added to bits from those of 1 on, carries into bit 32
	seen := (((uint64(v[0]) + above) | (uint64(v[1]) + above)) | ((uint64(v[2]) + above) | (uint64(v[3]) + above))) |
		(((uint64(v[4]) + above) | (uint64(v[5]) + above)) | ((uint64(v[6]) + above) | (uint64(v[7]) + above)))
	return seen>>32 == 0
}

// labelTargets returns the targets of labels.
func (t *tile) labelTargets(j *job, labels []uint8) []float32 {
	y, whole := t.targets[:len(labels)], len(labels)&^(kernel.Group-1)
	j.kernels.LabelTargets(y[:whole], labels[:whole], &j.table)
	for i, l := range labels[whole:] {
		y[whole+i] = j.table[l&3]
	}
	return y
}

// smoothTargets returns the smoothed targets.
func (t *tile) smoothTargets(j *job, given []float32) []float32 {
	y := t.targets[:len(given)]
	t.scaleTargets(j, y, given, j.smooth.scale, j.smooth.shift)
	return y
}

// scaleTargets sets dst to scale·y + shift, but to y where that is below 0.
func (t *tile) scaleTargets(j *job, dst, y []float32, scale, shift float32) {
	whole := len(y) &^ (kernel.Group - 1)
	j.kernels.SmoothTargets(dst[:whole], y[:whole], scale, shift)
	if whole < len(y) {
		g := t.tail.targets[:kernel.Group]
		clear(g[copy(g, y[whole:]):])
		j.kernels.SmoothTargets(g, g, scale, shift)
		copy(dst[whole:], g)
	}
}

// weighByTarget returns the weights w, nil if all are 1, times (1−y)^power where the target y,
// whose label is marked, is below 1.
func (t *tile) weighByTarget(j *job, w, y []float32, marks []uint8, none bool, power float32) []float32 {
	dst, n := t.heat[:len(y)], len(y)
	t.scaleTargets(j, dst, y, -1, 1)
	if !none {
		for i, m := range marks {
			if m != 0 {
				dst[i] = 1
			}
		}
	}
	padded := t.heat[:(n+kernel.VecGroup-1)&^(kernel.VecGroup-1)]
	for i := n; i < len(padded); i++ {
		padded[i] = 1
	}
	raiseAll(j.kernels, padded, power)
	if len(w) != 0 {
		multiply(dst, dst, w)
	}
	return dst
}

// raiseAll sets v, numbers above 0 in whole groups, to a power ≥ 0, by products where it is a
// small integer.
func raiseAll(k *kernel.Set, v []float32, power float32) {
	if power <= 16 && float32(int32(power)) == power {
		raise(v, int(power))
		return
	}
	k.Pow(v, v, float64(power), 0, 0)
}

// raise sets v to its power n ≥ 0, by squares, and products with v, from the highest bit of n
// on.
func raise(v []float32, n int) {
	if n == 0 {
		fill(v, 1)
		return
	}
	var base [64]float32
	for len(v) > 0 {
		part := v[:min(len(v), len(base))]
		copy(base[:], part)
		for bit := 1 << bits.Len(uint(n)) >> 2; bit > 0; bit >>= 1 {
			multiply(part, part, part)
			if n&bit != 0 {
				multiply(part, part, base[:])
			}
		}
		v = v[len(part):]
	}
}

// weightOf returns the weight that a formula of targets has for the target y, where the factor
// of foreground is positive. It is not rounded as the kernels round.
func (j *job) weightOf(y, positive float32) float64 {
	v := float64(y)
	pos, neg := float64(j.params.Weights[1])*float64(positive), float64(j.params.Weights[0])
	if f := j.ofTargets; f == asm.Varifocal2 || f == asm.VarifocalAny {
		if y > 0 {
			return pos * (v*float64(j.params.TargetSlope) + float64(j.params.TargetBase))
		}
		return neg
	}
	return pos*v + neg*(1-v)
}

// checkProducts refuses factors of positives that are beyond float32 once multiplied by the
// loss's own.
func (f *columnFactors) checkProducts(pos float32) error {
	p := &f.positives
	if p.most*pos <= math.MaxFloat32 {
		return nil
	}
	for i, c := range p.factors[:p.columns] {
		if c*pos > math.MaxFloat32 {
			return &InputError{Field: p.field, Index: i, Value: float64(c),
				Reason: fmt.Sprintf("want a weight whose product with the loss's, %s, is within float32", formatValue(float64(pos)))}
		}
	}
	return nil
}
