package kernel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/asmtest"
)

// variant is a way to call a kernel: where its outputs go.
type variant struct {
	name                    string
	losses, grads, hessians destination
}

type destination int

const (
	nowhere destination = iota
	elsewhere
	inPlace // over the scores
)

var variants = [asm.NumOutputs][]variant{
	asm.Loss: {
		{"sum", nowhere, nowhere, nowhere},
		{"losses in place", inPlace, nowhere, nowhere},
		{"losses", elsewhere, nowhere, nowhere},
	},
	asm.Gradient: {
		{"gradients", nowhere, elsewhere, nowhere},
		{"gradients in place", nowhere, inPlace, nowhere},
		{"losses, and gradients in place", elsewhere, inPlace, nowhere},
		{"losses in place, and gradients", inPlace, elsewhere, nowhere},
		{"losses and gradients", elsewhere, elsewhere, nowhere},
	},
	asm.Hessian: {
		{"Hessians", nowhere, elsewhere, elsewhere},
		{"Hessians in place", nowhere, elsewhere, inPlace},
		{"Hessians, and gradients in place", nowhere, inPlace, elsewhere},
		{"Hessians, and losses in place", inPlace, elsewhere, elsewhere},
		{"losses, gradients and Hessians", elsewhere, elsewhere, elsewhere},
	},
}

// lossCase is what a kernel is given, and what has to come of it.
type lossCase struct {
	kernel asm.Kernel
	params asm.Params
	x      []float32
	y      []uint8
	t      []float32 // the targets, of a formula of them
	pos    []float32 // its factors of Pos; nil: none
	w      []float32 // nil: none
	start  [8]float64

	losses, grads, hessians []float32
	lanes, weightLanes      [8]float64
	weightBits              uint32
}

// startSums is what a call has for sums of weights.
var startSums = asm.WeightSums{
	Lanes: [8]float64{8, 7, 6, 5, 4, 3, 2, 1},
	Bits:  [16]uint32{0: 1, 3: 2, 5: 1 << 30, 8: 1 << 29, 15: 4},
}

// allBits returns the bits that any of b has.
func allBits(b *[16]uint32) (all uint32) {
	for _, b := range b {
		all |= b
	}
	return all
}

// newLossCase has generic evaluate the case.
func newLossCase(k asm.Kernel, p asm.Params, x []float32, y []uint8, w []float32) *lossCase {
	c := &lossCase{kernel: k, params: p, x: x, y: y, w: w, start: [8]float64{1, 2, 3, 4, 5, 6, 7, 8}}
	if k.Formula().Soft() {
		c.t, c.pos = softened(x, y)
	}
	c.losses = make([]float32, len(x))
	call := c.call(x, y, c.t, c.pos, w)
	call.Losses = first(c.losses)
	if k.Output() != asm.Loss {
		c.grads = make([]float32, len(x))
		call.Gradients = first(c.grads)
	}
	if k.Output() == asm.Hessian {
		c.hessians = make([]float32, len(x))
		call.Hessians = first(c.hessians)
	}
	sums := startSums
	if w != nil {
		call.WeightSums = &sums
	}
	genericSet.Run(&call)
	c.lanes, c.weightLanes, c.weightBits = call.Lanes, sums.Lanes, allBits(&sums.Bits)
	return c
}

func (c *lossCase) call(x []float32, y []uint8, t, pos, w []float32) Call {
	call := Call{Kernel: c.kernel, N: len(x), Scores: first(x), Weights: first(w), Lanes: c.start, Params: c.params,
		Next: 1 << 12, NextStep: 128, // where nothing may be read
	}
	if c.kernel.Formula().Soft() {
		call.Targets, call.Positives = first(t), first(pos)
	} else {
		call.Labels = first(y)
	}
	return call
}

// first returns the address of the first element, nil where there is none.
func first[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}

// lossMemory is where the slices of calls lie.
type lossMemory struct{ call, x, y, t, pos, w, losses, grads, hessians, sums *slot }

func newLossMemory(t *testing.T) *lossMemory {
	return &lossMemory{
		newSlot[Call](t, "Call", 1), newSlot[float32](t, "scores", Block), newSlot[uint8](t, "labels", Block),
		newSlot[float32](t, "targets", Block), newSlot[float32](t, "factors of Pos", Block),
		newSlot[float32](t, "weights", Block), newSlot[float32](t, "losses", Block), newSlot[float32](t, "gradients", Block),
		newSlot[float32](t, "Hessians", Block), newSlot[asm.WeightSums](t, "sums of weights", 1),
	}
}

// check calls the set's kernel, and says what is wrong with what it does.
func (m *lossMemory) check(s *subject, c *lossCase, v variant, l layout, env asmtest.Env) error {
	n := len(c.x)
	x, slots := put(m.x, l.of(1), c.x, n), []*slot{m.call, m.x}
	var y []uint8
	var targets, pos, w, losses, grads, hessians []float32
	if c.t != nil {
		targets, slots = put(m.t, l.of(2), c.t, n), append(slots, m.t)
	} else {
		y, slots = put(m.y, l.of(2), c.y, n), append(slots, m.y)
	}
	if c.w != nil {
		w, slots = put(m.w, l.of(3), c.w, n), append(slots, m.w)
	}
	if c.pos != nil {
		pos, slots = put(m.pos, l.of(6), c.pos, n), append(slots, m.pos)
	}
	output := func(d destination, s *slot, w where) []float32 {
		switch d {
		case elsewhere:
			slots = append(slots, s)
			return put[float32](s, w, nil, n)
		case inPlace:
			return x
		}
		return nil
	}
	losses, grads, hessians = output(v.losses, m.losses, l.of(4)), output(v.grads, m.grads, l.of(5)), output(v.hessians, m.hessians, l.of(7))
	call := c.call(x, y, targets, pos, w)
	call.Losses, call.Gradients, call.Hessians = first(losses), first(grads), first(hessians)
	sums := &put(m.sums, l.of(8), []asm.WeightSums{startSums}, 1)[0]
	if slots = append(slots, m.sums); w != nil {
		call.WeightSums = sums
	}
	given := &put(m.call, l.of(0), []Call{call}, 1)[0]

	if err := s.runCall(given, env); err != nil {
		return located(err, slots)
	}
	lanes := given.Lanes
	given.Lanes = c.start
	if err := unchanged(m.call, []Call{call}); err != nil {
		return err
	}
	for _, s := range slots {
		if err := s.check(); err != nil {
			return err
		}
	}
	if c.t == nil {
		if err := unchanged(m.y, c.y); err != nil {
			return err
		}
	}
	for _, in := range []struct {
		slot *slot
		data []float32
	}{{m.x, c.x}, {m.t, c.t}, {m.pos, c.pos}, {m.w, c.w}} {
		if in.data == nil || in.slot == m.x && slices.Contains([]destination{v.losses, v.grads, v.hessians}, inPlace) {
			continue
		}
		if err := unchanged(in.slot, in.data); err != nil {
			return err
		}
	}
	for _, out := range []struct {
		what      string
		got, want []float32
	}{{"loss", losses, c.losses}, {"gradient", grads, c.grads}, {"Hessian", hessians, c.hessians}} {
		if err := c.compare(out.what, out.got, out.want); err != nil {
			return err
		}
	}
	for j, want := range c.lanes {
		if math.Float64bits(lanes[j]) != math.Float64bits(want) {
			return fmt.Errorf("lane sum %d is %v, generic's %v", j, lanes[j], want)
		}
	}
	return c.checkSums(sums)
}

// checkSums says what is wrong with the sums of weights.
func (c *lossCase) checkSums(sums *asm.WeightSums) error {
	for j, want := range c.weightLanes {
		if got := sums.Lanes[j]; math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
			return fmt.Errorf("lane sum %d of the weights is %v, want %v", j, got, want)
		}
	}
	for j, bits := range startSums.Bits {
		if sums.Bits[j]&bits != bits {
			return fmt.Errorf("bits %d of the weights are %#x, and lack what was there, %#x", j, sums.Bits[j], bits)
		}
	}
	if got := allBits(&sums.Bits); got != c.weightBits {
		return fmt.Errorf("bits of the weights are %#x, want %#x", got, c.weightBits)
	}
	return nil
}

func (c *lossCase) compare(what string, got, want []float32) error {
	if len(got) == 0 {
		return nil
	}
	i := differ(got, want)
	if i < 0 {
		return nil
	}
	weight := float32(1)
	if c.w != nil {
		weight = c.w[i]
	}
	truth := fmt.Sprintf("label %d", c.y[i])
	if c.t != nil {
		truth = fmt.Sprintf("target %g", c.t[i])
	}
	if c.pos != nil {
		truth += fmt.Sprintf(", factor of Pos %g", c.pos[i])
	}
	return fmt.Errorf("%s[%d] of score %g, %s, weight %g is %g (%#x), generic's %g (%#x)", what, i, c.x[i], truth, weight,
		got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
}

// compareSets checks the sets on the case, in some variants.
func (m *lossMemory) compareSets(t *testing.T, failed verdicts, rng *source, c *lossCase, vs []variant, ls []layout, envs func(*subject) []asmtest.Env) {
	t.Helper()
	compareSets(t, failed, rng, c.kernel.String(), ls, envs, func(s *subject, l layout, env asmtest.Env) error {
		if !s.Has(c.kernel) {
			return errors.New("the set has no such kernel")
		}
		vs := vs
		if s.run == 0 && len(c.x) > 3*Group {
			vs = vs[len(vs)-1:] // of Go, which is slow, short cases tell the others
		}
		for _, v := range vs {
			if err := m.check(s, c, v, l, env); err != nil {
				return fmt.Errorf("%s of %d scores, params %+v: %w", v.name, len(c.x), c.params, err)
			}
		}
		return nil
	})
}

// TestLosses compares every kernel of every set with generic on every length of whole groups
// up to 20, around the chunks of the assembly, and a block; with and without weights, in all
// variants, and so that what is next to a slice is a canary, or a page that faults.
func TestLosses(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			m, failed := newLossMemory(t), verdicts{}
			for at, p := range params {
				lengths := groupLengths()
				if noAssembly() {
					lengths = []int{0, Group, 2 * Group, 17 * Group, Block}
				}
				for i, n := range lengths {
					if testing.Short() && (i/2+at)%min(len(params), 4) != 0 {
						continue // other parameters have it
					}
					x, y := kinds[k.Input()].scores(rng, n)
					w := weights(rng, n)
					if i%2 != 0 {
						w = nil
					}
					ls := []layout{{where(rng.IntN(16)), rng.IntN(16)}, {where: atStart}, {where: atEnd}}
					m.compareSets(t, failed, rng, newLossCase(k, p, x, y, w), variants[k.Output()], ls, standard)
				}
			}
		})
		for _, s := range subjects() {
			markCompared(s, "losses")
		}
	})
}

// TestLossOffsets compares every kernel at every offset of all slices, which are the same,
// or all different.
func TestLossOffsets(t *testing.T) {
	var ls []layout
	for at := range where(16) {
		for _, step := range []int{0, 1, 3, 7} {
			ls = append(ls, layout{at, step})
		}
	}
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			m, failed := newLossMemory(t), verdicts{}
			for _, p := range params {
				x, y := kinds[k.Input()].scores(rng, 3*Group)
				m.compareSets(t, failed, rng, newLossCase(k, p, x, y, weights(rng, len(x))), variants[k.Output()], ls, standard)
			}
		})
	})
}

// TestLossEnvironments compares every kernel under every floating-point environment that
// its caller may have, which has to come back.
func TestLossEnvironments(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			m, failed := newLossMemory(t), verdicts{}
			for _, p := range params {
				for _, n := range []int{0, Group, 18 * Group} {
					x, y := kinds[k.Input()].scores(rng, n)
					m.compareSets(t, failed, rng, newLossCase(k, p, x, y, weights(rng, n)), variants[k.Output()], []layout{{}}, (*subject).environments)
				}
			}
		})
	})
}

// TestLossSweep compares every kernel over all exponents and signs, and closer where the
// scores of detectors are.
func TestLossSweep(t *testing.T) {
	stride := uint32(1 << 13)
	if testing.Short() {
		stride = 1 << 16
	}
	if noAssembly() {
		stride = 1 << 20 // generic, with itself
	}
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			stride := stride
			if testing.Short() && !noAssembly() { // many parameters share the scores of two
				stride *= uint32(max(len(params)/2, 1))
			}
			m, failed := newLossMemory(t), verdicts{}
			all := variants[k.Output()][len(variants[k.Output()])-1:] // all outputs
			for _, p := range params {
				kinds[k.Input()].sweep(stride, rng.Uint32N(stride), func(x []float32, y []uint8) {
					m.compareSets(t, failed, rng, newLossCase(k, p, x, y, nil), all, []layout{{}}, standard)
				})
				for range max(1<<17/stride, 1) {
					x, y := kinds[k.Input()].dense(rng, Block)
					m.compareSets(t, failed, rng, newLossCase(k, p, x, y, nil), all, []layout{{}}, standard)
				}
			}
		})
	})
}

// badScores are scores and labels that an engine must refuse.
func badScores(input asm.Input) (x []float32, y []uint8) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	switch input {
	case asm.Logits:
		return []float32{nan, nan, -nan, -nan, inf, -inf}, []uint8{0, 1, 0, 1, 0, 1}
	case asm.Probs:
		for _, p := range []float32{
			nan, -nan, inf, -inf, -1e-9, -0x1p-149, -0x1p-126, -0.5, -1, -2, -0x1p100, -math.MaxFloat32,
			1.0000001, 1.5, 2, 3, 0x1p100, math.MaxFloat32,
		} {
			x, y = append(x, p, p, p), append(y, 0, 1, 255)
		}
	}
	return x, y
}

// TestBadScoresReachTheSum: whatever the weights, a bad score must show in the
// lane sums, or the engine would never look for it.
func TestBadScoresReachTheSum(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			m, failed := newLossMemory(t), verdicts{}
			soft := k.Formula().Soft()
			badX, badY := badScores(k.Input())
			if len(badX) == 0 {
				t.Fatalf("%v: no bad scores of input %v", k, k.Input())
			}
			// look has the bad score b at i among those that lie in m, and wants to see it.
			look := func(b, i int, p asm.Params, x []float32, y []uint8, truth, w []float32) {
				oldX, oldY, oldTruth := x[i], y[i], truth[i]
				x[i], y[i], truth[i] = badX[b], badY[b], float32(badY[b])
				if soft && rng.IntN(2) == 0 {
					truth[i] = 0.25 // is as bad
				}
				for _, s := range subjects() {
					if failed[s] || s.run == 0 && i%8 != 0 { // generic knows no lanes
						continue
					}
					c := &put(m.call, atEnd, []Call{(&lossCase{kernel: k, params: p}).call(x, y, truth, nil, w)}, 1)[0]
					if k.Output() != asm.Loss {
						c.Gradients = &put[float32](m.grads, atEnd, nil, len(x))[0]
					}
					if k.Output() == asm.Hessian {
						c.Hessians = &put[float32](m.hessians, atEnd, nil, len(x))[0]
					}
					if err := s.runCall(c, environments[0]); err != nil {
						failed.fail(t, s, k.String(), "%v", located(err, []*slot{m.call, m.x, m.y, m.t, m.w, m.grads, m.hessians}))
						continue
					}
					var sum float64
					for _, v := range c.Lanes {
						sum += v
					}
					if sum-sum == 0 {
						failed.fail(t, s, k.String(), "score %g with label %d at %d of %d leaves the finite sum %g; params %+v, weights %t, %v",
							x[i], y[i], i, len(x), sum, p, w != nil, rng)
					}
				}
				x[i], y[i], truth[i] = oldX, oldY, oldTruth
			}
			step := 1
			if k.Input() == asm.Probs {
				step = 3 // there are more of them
			}
			zeros, labels := make([]float32, Block), make([]uint8, Block)
			for at, p := range params {
				inTurn := func(b int) bool { return !testing.Short() || (b+at)%min(len(params), 4) == 0 }
				n := 2 * Group
				x, y, w := put(m.x, atEnd, zeros, n), put(m.y, atEnd, labels, n), put(m.w, atEnd, zeros, n)
				truth := put(m.t, atEnd, zeros, n)
				for _, weight := range []float32{0, 0x1p-149, 0.25, 1e30} {
					if testing.Short() && weight != 0 {
						continue
					}
					p.Weights = [4]float32{weight, weight}
					for b := range badX {
						if !inTurn(b) {
							continue
						}
						for i := rng.IntN(step); i < n; i += step {
							look(b, i, p, x, y, truth, nil)
							look(b, i, p, x, y, truth, w)
						}
					}
				}
				n = Block
				scores, mixed := kinds[k.Input()].scores(rng, n)
				x, y, w = put(m.x, atEnd, scores, n), put(m.y, atEnd, mixed, n), put(m.w, atEnd, weights(rng, n), n)
				targets, _ := softened(scores, mixed)
				truth = put(m.t, atEnd, targets, n)
				for b := range badX {
					look(b, rng.IntN(n), p, x, y, truth, w)
				}
			}
		})
	})
}

// TestIgnored: ignored scores give +0, loss and gradient, and add nothing.
func TestIgnored(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			m, failed := newLossMemory(t), verdicts{}
			x, y := kinds[k.Input()].scores(rng, 18*Group)
			special := kinds[k.Input()].special
			for i := range x {
				if y[i] = 255; i < len(special) || x[i]-x[i] != 0 {
					x[i] = special[i%len(special)]
				}
			}
			for _, p := range params {
				c := newLossCase(k, p, x, y, nil)
				clear(c.losses)
				clear(c.grads)
				for i, h := range c.hessians {
					if h != 0 {
						t.Errorf("generic's Hessian of an ignored score %g is %g", x[i], h)
					}
				}
				c.lanes = c.start
				m.compareSets(t, failed, rng, c, variants[k.Output()], []layout{{}}, standard)
			}
		})
	})
}

// TestIgnoredNaN: what an ignored logit is, changes no other loss or gradient.
func TestIgnoredNaN(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			if k.Input() != asm.Logits {
				return // of probabilities, it does: package generic says why
			}
			m, failed := newLossMemory(t), verdicts{}
			x, y := logits(rng, 18*Group)
			bad := slices.Clone(x)
			for i := range bad {
				if y[i] == 255 && rng.IntN(2) == 0 {
					bad[i] = [4]float32{nan, -nan, inf, -inf}[rng.IntN(4)]
				}
			}
			for _, p := range params {
				c := newLossCase(k, p, x, y, nil)
				for _, s := range subjects() {
					if failed[s] {
						continue
					}
					var grads, hessians []float32
					losses := put[float32](m.losses, atEnd, nil, len(x))
					call := c.call(put(m.x, atEnd, bad, len(x)), put(m.y, atEnd, y, len(x)), put(m.t, atEnd, c.t, len(x)), put(m.pos, atEnd, c.pos, len(x)), nil)
					if c.pos == nil {
						call.Positives = nil
					}
					call.Losses = &losses[0]
					if k.Output() != asm.Loss {
						grads = put[float32](m.grads, atEnd, nil, len(x))
						call.Gradients = &grads[0]
					}
					if k.Output() == asm.Hessian {
						hessians = put[float32](m.hessians, atEnd, nil, len(x))
						call.Hessians = &hessians[0]
					}
					err := s.runCall(&put(m.call, atEnd, []Call{call}, 1)[0], environments[0])
					for i := range bad {
						if y[i] == 255 && bad[i]-bad[i] != 0 {
							losses[i] = c.losses[i]
							if grads != nil {
								grads[i] = c.grads[i]
							}
							if hessians != nil {
								hessians[i] = c.hessians[i]
							}
						}
					}
					if err == nil {
						err = errors.Join(c.compare("loss", losses, c.losses), c.compare("gradient", grads, c.grads), c.compare("Hessian", hessians, c.hessians))
					}
					if err != nil {
						failed.fail(t, s, k.String(), "NaN and infinite logits in ignored places, params %+v, %v:\n%v",
							p, rng, located(err, []*slot{m.call, m.x, m.y, m.t, m.losses, m.grads, m.hessians}))
					}
				}
			}
		})
	})
}
