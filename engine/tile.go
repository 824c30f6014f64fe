package engine

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// tile is a worker's scratch: one block of a batch in the kernels' terms. Whole blocks come first,
// so that they begin at cache lines, as the tile does, which is many pages long.
type tile struct {
	labels  [kernel.Block]uint8   // expanded classes, or labels of targets
	targets [kernel.Block]float32 // targets of labels, or smoothed ones
	weights [kernel.Block]float32 // expanded weights
	heat    [kernel.Block]float32 // weights that targets have part in
	scores  [kernel.Block]float32 // a copy of scores that will be overwritten, or what those of 16 bits are
	clean   [kernel.Block]float32 // scores with good ones where they are not looked at
	losses  [kernel.Block]float32 // losses where only the sum was asked for, or weights of what is summed
	narrow  narrowTile            // narrow classes and their labels
	tail    padded                // the last scores of a batch, in whole groups
	call    kernel.Call           // what the kernel is given
	sweep   kernel.Sweep          // or those of several losses
	entries []kernel.Entry        // these losses
	total   []Result              // of a worker among several
	sides   *sides                // of asymmetric loss, once it was evaluated
	found   []Score               // what a ranking may keep of the block

	careful    bool           // weights are looked at first; see suspect
	factorBits uint32         // what bits the factors of products have
	weighed    asm.WeightSums // what the weights of a block come to
}

// few is how many scores are rather copied, with padding, than evaluated by one more call of the
// kernel for the last group, which would begin when the first has ended.
const few = 64

// padded are the last scores of a batch, padded to whole groups, and their outputs.
type padded struct {
	x, targets, w, positives, dst, grad, hess [few]float32

	y    [few]uint8
	half [kernel.Group]uint16
}

var tiles = sync.Pool{New: func() any { return new(tile) }}

// forget ends the tile's hold on the batch.
func (t *tile) forget() {
	t.call = kernel.Call{}
	t.sweep = kernel.Sweep{}
	t.narrow.call = asm.ClassCall{}
}

// evaluate does the scores [from, to) of the job block by block and adds them to its
// results r; from is a multiple of the block.
func (t *tile) evaluate(j *job, from, to int, r []Result) *fault {
	if j.row.per > 0 {
		return evaluateRows(j, from, to, &r[0])
	}
	if j.sweeper != nil {
		t.entries = append(t.entries[:0], j.sweeper.entries...)
	}
	t.careful = false
	for ; from < to; from += kernel.Block {
		f := t.block(j, from, min(from+kernel.Block, to), r)
		if f == suspect {
			f = t.carefulBlock(j, from, min(from+kernel.Block, to), r)
		}
		if f != nil {
			return f
		}
	}
	return nil
}

// carefulBlock is block once more, for one that is suspect.
func (t *tile) carefulBlock(j *job, from, to int, r []Result) *fault {
	if j.inPlace {
		copy(j.x[from:to], t.scores[:])
	}
	t.careful = true
	f := t.block(j, from, to, r)
	t.careful = false
	return f
}

// block evaluates the block [from, to) and adds it to r, unless it returns suspect.
func (t *tile) block(j *job, from, to int, r []Result) *fault {
	var c chunk
	var given given
	if good, err := t.expand(j, &c, &given, from, to); err != nil {
		c = c.to(good)
		if f := t.badScore(j, &c, from); f != nil {
			return f
		}
		return &fault{from + good, err}
	}
	if j.sweeper != nil {
		return t.sweepBlock(j, from, &c, &given, r)
	}
	if j.inPlace {
		c.x = t.scores[:copy(t.scores[:], c.x)]
	}
	out := &j.outputs
	if to-from < j.n || j.ranking != nil {
		out = &outputs{dst: part(j.dst, from, to), grad: part(j.grad, from, to), hess: part(j.hess, from, to)}
	}
	if f := t.add(j, from, out, &c, &given, &r[0]); f != nil || !j.easy {
		return f
	}
	given.unseen = false // they have been, all of them
	t.hideAllButEasy(j, &c, &given)
	return t.add(j, from, out, &c, &given, &r[1])
}

// given is what a batch says of a block: labels or targets, and their counts.
type given struct {
	labels  []uint8 // of labels and classes
	targets []float32
	counts
	unseen bool           // nobody has looked at the weights
	known  *atomic.Uint64 // where their sum is kept, if it is
}

// expand sets c and g, which are zero, to the block [from, to) in the kernels' terms. If a label,
// class, target or weight is bad, it returns the error and how many scores precede the first that
// is; the block is good up to there.
func (t *tile) expand(j *job, c *chunk, g *given, from, to int) (good int, err error) {
	n := to - from
	c.x = t.take(j, from, to)
	t.announce(j, to)
	var labels []uint8
	none := false // no target is 1 or −1
	if j.Targets == nil {
		labels, g.counts, good, err = t.expandLabels(j, from, n)
		g.labels = labels
	} else {
		g.targets = j.Targets[from:to]
		g.counts, good, err = j.countTargets(g.targets, from)
		if j.marked {
			none = err == nil && g.positive+g.ignored == 0
			labels = t.markTargets(g.targets, none)
		}
	}
	switch {
	case !j.weighted():
	case err == nil && !t.careful && j.looksLater(g.counts):
		c.own, g.known = t.unseenWeights(j, from, n, labels, g.positive > 0)
		c.weights, g.unseen = c.own, c.own != nil
	default:
		w, goodWeights, weightErr := t.expandWeights(j, from, n, labels, g.positive > 0 || err != nil)
		if goodWeights < good {
			good, err = goodWeights, weightErr
		}
		c.weights, c.own = w, w
	}
	if heat := j.family.heat; heat != nil && g.targets != nil {
		c.weights = t.weighByTarget(j, c.own, g.targets, labels, none, heat(j.loss.values))
	}
	switch {
	case !j.soft:
		c.labels = labels
		return good, err
	case labels != nil:
		c.targets = t.labelTargets(j, labels)
		g.labels, g.targets = labels, nil // weights count by the labels that targets became
	case j.smooth.given():
		c.targets = t.smoothTargets(j, g.targets)
	default:
		c.targets = g.targets
	}
	c.positives = j.positiveFactors(from, n)
	return good, err
}

// add evaluates a block, whose labels, targets and weights are good, and adds it to r.
func (t *tile) add(j *job, from int, out *outputs, c *chunk, g *given, r *Result) *fault {
	if j.ranking != nil {
		out.dst = t.losses[:len(c.x)]
	}
	if g.unseen {
		t.askForWeights(j, from, c, g)
	}
	s, weights := t.sum(j, out, c), 0.0
	if g.unseen {
		var good bool
		if weights, good = t.unseenSum(j, c, g); !good {
			return suspect
		}
	}
	if !(s >= 0 && s <= math.MaxFloat64) || j.hess != nil {
		var f *fault
		if s, f = t.finiteSum(j, from, out, c, s); f != nil {
			return f
		}
	}
	if j.ranking != nil {
		t.rank(j, from, s, c, g) // before the losses make room for weights
	}
	if !g.unseen {
		weights = t.weightSum(c, g)
	}
	if !(weights >= 0 && weights <= math.MaxFloat64) {
		if f := t.tooHeavy(j, from, c, g); f != nil {
			return f
		}
		return t.contradiction(j, from, c, weights)
	}
	r.add(s, weights, len(c.x), g.counts)
	return nil
}

// finiteSum returns the sum s of the losses of a block, which is finite unless a loss is not.
func (t *tile) finiteSum(j *job, from int, out *outputs, c *chunk, s float64) (float64, *fault) {
	if s-s != 0 || j.hess != nil && t.heavy(j, c) { // NaN or +Inf
		var f *fault
		if s, f = t.resolve(j, out, c, from); f != nil {
			return 0, f
		}
	}
	if !(s >= 0) {
		return 0, t.contradiction(j, from, c, s)
	}
	return s, nil
}

// add adds a block of n scores.
func (r *Result) add(sum, weights float64, n int, c counts) {
	r.LossSum.Add(sum)
	r.WeightSum.Add(weights)
	r.Scores += int64(n - c.ignored)
	r.Positives += int64(c.positive)
	r.Ignored += int64(c.ignored)
}

func part(s []float32, from, to int) []float32 {
	if s == nil {
		return nil
	}
	return s[from:to]
}

// hideAllButEasy has what is not easy ignored: what is not background, and what lies above the
// cut.
func (t *tile) hideAllButEasy(j *job, c *chunk, g *given) {
	labels, targets := t.labels[:len(c.x)], t.targets[:len(c.targets)]
	copy(targets, c.targets)
	g.counts = counts{}
	check := j.check()
	for i, x := range c.x {
		background := g.targets != nil && g.targets[i] == 0 || g.targets == nil && g.labels[i] == 0
		if _, bad := check(x, 0); background && x <= j.cut && !bad {
			labels[i] = 0
			continue
		}
		labels[i] = IgnoredLabel
		if c.targets != nil {
			targets[i] = IgnoredTarget
		}
		g.ignored++
	}
	g.labels, g.targets = labels, nil
	if c.targets != nil {
		c.targets = targets
	} else {
		c.labels = labels
	}
}

// padFrom returns from where on the n scores of a block are padded.
func padFrom(n int) int {
	if whole := n &^ (kernel.Group - 1); whole == n || n > few {
		return whole
	}
	return 0
}

// sum runs the kernel on one block and returns its canonical sum. The last
// scores, if they are no whole group, are padded with ignored ones.
func (t *tile) sum(j *job, out *outputs, c *chunk) float64 {
	if j.asymmetric != nil {
		return t.sumAsymmetric(j, out, c)
	}
	t.call.Params = j.params
	t.call.Lanes = [8]float64{}
	whole := padFrom(len(c.x))
	if whole > 0 {
		t.kernel(j, out, c, whole)
	}
	if whole < len(c.x) {
		g := &t.tail
		var padded chunk
		var last outputs
		g.pad(&padded, c, whole)
		if out.dst != nil {
			last.dst = g.dst[:]
		}
		if out.grad != nil {
			last.grad = g.grad[:]
		}
		if out.hess != nil {
			last.hess = g.hess[:]
		}
		t.kernel(j, &last, &padded, len(padded.x))
		copy(tail(out.dst, whole), last.dst)
		copy(tail(out.grad, whole), last.grad)
		copy(tail(out.hess, whole), last.hess)
	}
	return addLanes(&t.call.Lanes)
}

// pad sets to, which is zero, to whole groups of the scores of c from the given one on, few at
// most, and of ignored ones.
func (p *padded) pad(to, c *chunk, from int) {
	n := len(c.x) - from
	whole := (n + kernel.Group - 1) &^ (kernel.Group - 1)
	last := whole - kernel.Group // where the group begins that is padded
	to.x = p.x[:whole]
	*(*[kernel.Group]float32)(to.x[last:]) = [kernel.Group]float32{}
	copy(to.x, c.x[from:])
	if len(c.labels) > 0 {
		to.labels = p.y[:whole]
		*(*[kernel.Group]uint8)(to.labels[last:]) = ignoredLabels
		copy(to.labels, c.labels[from:])
	}
	if len(c.targets) > 0 {
		to.targets = p.targets[:whole]
		*(*[kernel.Group]float32)(to.targets[last:]) = ignoredTargets
		copy(to.targets, c.targets[from:])
	}
	if len(c.weights) > 0 {
		to.weights = p.w[:whole]
		*(*[kernel.Group]float32)(to.weights[last:]) = [kernel.Group]float32{}
		copy(to.weights, c.weights[from:])
	}
	if len(c.positives) > 0 {
		to.positives = p.positives[:whole]
		*(*[kernel.Group]float32)(to.positives[last:]) = [kernel.Group]float32{}
		copy(to.positives, c.positives[from:])
	}
}

// ignoredLabels and ignoredTargets are those of a group.
var (
	ignoredLabels  = [kernel.Group]uint8(slices.Repeat([]uint8{IgnoredLabel}, kernel.Group))
	ignoredTargets = [kernel.Group]float32(slices.Repeat([]float32{IgnoredTarget}, kernel.Group))
)

// addLanes ends the canonical sum of a block.
func addLanes(a *[8]float64) float64 {
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
}

// announce has the kernel prefetch, while it evaluates the block before the score next, what that
// block's labels come from: they are counted or made all at once, which memory is too slow for.
func (t *tile) announce(j *job, next int) {
	switch c := &t.call; {
	case next == j.n:
		c.Next, c.NextStep = uintptr(unsafe.Pointer(t)), 0 // nothing more to come
	case j.Labels != nil:
		c.Next, c.NextStep = uintptr(unsafe.Pointer(data(j.Labels)))+uintptr(next), kernel.Group
	case j.Targets != nil:
		c.Next, c.NextStep = uintptr(unsafe.Pointer(data(j.Targets)))+4*uintptr(next), 4*kernel.Group
	default:
		c.Next = uintptr(unsafe.Pointer(data(j.Classes))) + 4*uintptr(j.anchorOf(next))
		c.NextStep = (4*kernel.Group + j.NumClasses - 1) / j.NumClasses
	}
}

// kernel runs the kernel that the wanted outputs need on the first n scores of a chunk. Empty
// outputs are not wanted.
func (t *tile) kernel(j *job, o *outputs, of *chunk, n int) {
	out := asm.Loss
	switch {
	case j.hess != nil:
		out = asm.Hessian
	case j.grad != nil:
		out = asm.Gradient
	}
	formula := j.formula
	if j.soft {
		formula = j.ofTargets
	}
	c := &t.call
	c.Kernel, c.N = asm.KernelOf(formula, j.input, out), n
	c.Scores, c.Labels, c.Targets, c.Weights, c.Positives = data(of.x), data(of.labels), data(of.targets), data(of.weights), data(of.positives)
	c.Losses, c.Gradients, c.Hessians = data(o.dst), data(o.grad), data(o.hess)
	j.kernels.Run(c)
	// The tile must not keep the batch alive.
	c.Scores, c.Labels, c.Targets, c.Weights, c.Positives = nil, nil, nil, nil, nil
	c.Losses, c.Gradients, c.Hessians = nil, nil, nil
}

// data returns where the elements are, nil if there are none.
func data[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return unsafe.SliceData(s)
}

// resolve finds out why the sum of a block is not finite. A bad score is a
// fault. A NaN in a place that is ignored or has weight 0 is not: the block is
// evaluated again without it. What remains is a true overflow of float32: the lanes are then added in
// float64.
func (t *tile) resolve(j *job, out *outputs, c *chunk, from int) (float64, *fault) {
	if f := t.badScore(j, c, from); f != nil {
		return 0, f
	}
	clean := *c
	clean.x = t.cleaned(j, c)
	if s := t.sum(j, out, &clean); s-s == 0 {
		return s, nil
	}
	losses := out.dst
	if losses == nil {
		losses = t.losses[:len(c.x)]
		t.sum(j, &outputs{dst: losses, grad: out.grad, hess: out.hess}, &clean)
	}
	return wideSum(losses), nil
}

// unseen is what stands for the scores of weight 0 that are none: of each input a score that
// no cut takes for easy.
var unseen = [asm.NumInputs]float32{asm.Logits: 1000, asm.Probs: 1}

// cleaned returns the scores with good ones in the places that are not looked at.
func (t *tile) cleaned(j *job, c *chunk) []float32 {
	clean, check := t.clean[:copy(t.clean[:], c.x)], j.check()
	for i, x := range clean {
		if l := c.label(i); l == IgnoredLabel {
			clean[i] = 0
		} else if c.masked(i) {
			if c.targets != nil {
				clean[i] = 0 // a factor of positives times |x| may be beyond float32
			} else if _, bad := check(x, l); bad {
				clean[i] = unseen[j.input]
			}
		}
	}
	return clean
}

// wideSum is the canonical sum with lanes in float64, for losses whose float32
// lanes overflow.
func wideSum(losses []float32) float64 {
	at := func(i int) float64 {
		if i < len(losses) {
			return float64(losses[i])
		}
		return 0
	}
	var acc [8]float64
	for g := 0; g < len(losses); g += kernel.Group {
		for i := range acc {
			acc[i] += (at(g+i) + at(g+i+16)) + (at(g+i+8) + at(g+i+24))
		}
	}
	return addLanes(&acc)
}

// check returns what tells whether a score is none for its label.
func (j *job) check() func(x float32, label uint8) (want string, bad bool) {
	if j.input == asm.Probs {
		return badProb
	}
	return badLogit
}

// badScore finds the first score of a block that is none, if its weight is not 0, or whose
// weight is beyond float32, alone or once multiplied by that of its label or target.
func (t *tile) badScore(j *job, c *chunk, from int) *fault {
	products := t.settle(c)
	check := j.check()
	for i, x := range c.x {
		l := c.label(i)
		if c.masked(i) {
			continue
		}
		if len(c.weights) != 0 {
			if w := c.weights[i]; products && w > math.MaxFloat32 {
				return &fault{from + i, j.overflow(from+i, l, 0)}
			} else if wt := j.overweight(c, i); wt > 0 {
				return &fault{from + i, j.overflow(from+i, l, wt)}
			}
		}
		if want, bad := check(x, l); bad {
			return &fault{from + i, &InputError{Field: j.field, Index: from + i, Value: float64(x), Reason: want}}
		}
	}
	return nil
}

// overweight returns the weight that a loss has for a score if it is beyond float32 once
// multiplied by that of the batch, or 0.
func (j *job) overweight(c *chunk, i int) float32 {
	if c.targets != nil {
		positive := float32(1)
		if c.positives != nil {
			positive = c.positives[i]
		}
		// The kernel's weight may be off by a few roundings.
		if w := j.weightOf(c.targets[i], positive); c.targets[i] >= 0 && w*float64(c.weights[i])*(1+0x1p-20) > math.MaxFloat32 {
			return float32(w)
		}
		return 0
	}
	if j.sweeper != nil {
		return j.sweeper.overweight(c.labels[i], c.weights[i])
	}
	return overweight(&j.params, c.labels[i], c.weights[i])
}

func overweight(p *asm.Params, y uint8, w float32) float32 {
	if wt := p.Weights[y&3]; wt*w > math.MaxFloat32 {
		return wt
	}
	return 0
}

// heavy tells whether the weights of a block may be beyond float32 once multiplied by the
// loss's. Where its losses are small that does not show in them, but in second derivatives.
func (t *tile) heavy(j *job, c *chunk) bool {
	most := max(j.params.Weights[0], j.params.Weights[1]*max(1, j.columns.positives.most))
	if most <= 1 {
		return false
	}
	for _, w := range c.weights {
		if float64(w)*float64(most) > math.MaxFloat32/2 {
			return true
		}
	}
	return false
}
