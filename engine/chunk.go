package engine

import "slices"

// chunk is a block of scores, or a part of one, in the kernels' terms.
type chunk struct {
	x         []float32
	labels    []uint8   // of formulas of labels, else nil
	targets   []float32 // of formulas of targets, else nil
	weights   []float32 // nil: all 1
	own       []float32 // the weights without what the loss makes of targets
	positives []float32 // factors of the loss's weight of foreground; nil: all 1
}

// softLabel is what stands for the label of a target between 0 and 1.
const softLabel = 2

// labelOf returns the label that a target stands for.
func labelOf(y float32) uint8 {
	switch {
	case y == 0:
		return 0
	case y == 1:
		return 1
	case y < 0:
		return IgnoredLabel
	}
	return softLabel
}

// label returns the label of a score, or what its target stands for.
func (c *chunk) label(i int) uint8 {
	if c.targets != nil {
		return labelOf(c.targets[i])
	}
	return c.labels[i]
}

// masked tells whether a score has a factor of 0: that of positives, too, if it is one.
func (c *chunk) masked(i int) bool {
	return len(c.weights) != 0 && c.weights[i] == 0 || len(c.positives) != 0 && c.positives[i] == 0 && c.targets[i] == 1
}

// to returns the scores before the n-th.
func (c *chunk) to(n int) chunk {
	return chunk{head(c.x, n), head(c.labels, n), head(c.targets, n), head(c.weights, n), head(c.own, n), head(c.positives, n)}
}

// clone returns a copy that nobody else can change.
func (c *chunk) clone() chunk {
	return chunk{slices.Clone(c.x), slices.Clone(c.labels), slices.Clone(c.targets), slices.Clone(c.weights), slices.Clone(c.own), slices.Clone(c.positives)}
}

// good tells whether labels, targets and weights are.
func (c *chunk) good() bool {
	return badLabel(c.labels) < 0 && badTarget(c.targets) < 0 && plainWeights(c.weights) && plainWeights(c.own) && plainWeights(c.positives)
}

// outputs are what a call sets, nil where it is not wanted.
type outputs struct {
	dst, grad, hess []float32

	ranking    *Ranking // has the hardest scores kept
	rankedFrom int      // as those from this index on
}

// Which outputs are wanted.
const (
	wantDst = 1 << iota
	wantGrad
	wantHess
)

func head[T any](s []T, n int) []T {
	if len(s) == 0 {
		return nil
	}
	return s[:n]
}

func tail[T any](s []T, n int) []T {
	if len(s) == 0 {
		return nil
	}
	return s[n:]
}
