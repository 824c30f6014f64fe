package engine

import (
	"math"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// The weights of a block are summed in the order in which its losses are, 0 where a score
// does not count.

// weightSum returns the canonical sum of the weights of a block. It is negative or not finite
// only if the weights changed during the call.
func (t *tile) weightSum(c *chunk, g *given) float64 {
	y, w := g.labels, c.own
	switch {
	case c.positives != nil || g.targets != nil && g.ignored > 0 && len(w) != 0:
		w = t.weightsOf(c, g)
	case len(w) == 0:
		return float64(len(c.x) - g.ignored)
	case g.ignored > 0:
		scored := t.losses[:len(w)]
		for i, y := range y[:len(w)] {
			hide := uint32(int32(int8(y)) >> 31) // of 0, 1 and 255: all bits of the last
			scored[i] = math.Float32frombits(math.Float32bits(w[i]) &^ hide)
		}
		w = scored
	}
	return finiteSum(w)
}

// weightsOf returns the weights of a block that count, with the factor c·y + 1 − y where
// positives have the factor c.
func (t *tile) weightsOf(c *chunk, g *given) []float32 {
	scored := t.losses[:len(c.x)]
	for i := range scored {
		w := float32(1)
		if len(c.own) != 0 {
			w = c.own[i]
		}
		y := float32(0)
		switch {
		case g.targets != nil:
			y = g.targets[i]
		case g.labels[i] == 1:
			y = 1
		case g.labels[i] == IgnoredLabel:
			y = IgnoredTarget
		}
		switch {
		case y < 0:
			w = 0
		case c.positives != nil:
			w *= float32(c.positives[i]*y) + (1 - y)
		}
		scored[i] = w
	}
	return scored
}

// easyWeightSum is weightSum of the easy scores alone.
func (t *tile) easyWeightSum(j *job, c *chunk) float64 {
	w := c.weights
	if len(w) == 0 {
		return float64(t.sweep.Easy)
	}
	easy := t.losses[:len(w)]
	for i, v := range w {
		if c.labels[i] != 0 || !(c.x[i] <= j.cut) {
			v = 0
		}
		easy[i] = v
	}
	return finiteSum(easy)
}

// finiteSum is the canonical sum of a block, with lanes in float64 where those in float32
// overflow.
func finiteSum(w []float32) float64 {
	s := blockSum(w)
	if s-s != 0 {
		s = wideSum(w)
	}
	return s
}

// blockSum is the canonical sum of a block.
func blockSum(w []float32) float64 {
	var a0, a1, a2, a3, a4, a5, a6, a7 float64 // an array would be kept in memory
	var last [kernel.Group]float32
	for len(w) > 0 {
		g := &last
		if len(w) >= kernel.Group {
			g, w = (*[kernel.Group]float32)(w), w[kernel.Group:]
		} else {
			copy(last[:], w)
			w = nil
		}
		a0 += float64((g[0] + g[16]) + (g[8] + g[24]))
		a1 += float64((g[1] + g[17]) + (g[9] + g[25]))
		a2 += float64((g[2] + g[18]) + (g[10] + g[26]))
		a3 += float64((g[3] + g[19]) + (g[11] + g[27]))
		a4 += float64((g[4] + g[20]) + (g[12] + g[28]))
		a5 += float64((g[5] + g[21]) + (g[13] + g[29]))
		a6 += float64((g[6] + g[22]) + (g[14] + g[30]))
		a7 += float64((g[7] + g[23]) + (g[15] + g[31]))
	}
	return addLanes(&[8]float64{a0, a1, a2, a3, a4, a5, a6, a7})
}
