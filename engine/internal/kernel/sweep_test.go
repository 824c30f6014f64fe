package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/asmtest"
)

// sweepCase is what the kernels of sweeps are given, and what has to come of it: by generic's
// kernels of one loss, and this file's own addition.
type sweepCase struct {
	sweep   Sweep // without memory
	entries []Entry
	x       []float32
	y       []uint8
	w       []float32 // nil: none

	want []Entry
	easy int64
}

func newSweepCase(in asm.Input, cut float32, entries []Entry, x []float32, y []uint8, w []float32) *sweepCase {
	c := &sweepCase{sweep: Sweep{Input: in, N: len(x), Count: len(entries), Cut: cut, Easy: 7}, entries: entries, x: x, y: y, w: w}
	c.easy = c.sweep.Easy
	easy := func(i int) bool { return y[i] == 0 && x[i] <= cut }
	for i := range x {
		if easy(i) {
			c.easy++
		}
	}
	c.want = slices.Clone(entries)
	for i := range c.want {
		e := &c.want[i]
		losses := make([]float32, len(x))
		call := Call{
			Kernel: asm.KernelOf(e.Formula, in, asm.Loss), N: len(x), Scores: first(x), Labels: first(y), Weights: first(w),
			Losses: first(losses), Params: e.Params, Lanes: e.Lanes,
		}
		genericSet.Run(&call)
		e.Lanes = call.Lanes
		for at := 0; at < len(x); at += Group {
			f := func(j int) float32 {
				if easy(at + j) {
					return losses[at+j]
				}
				return 0
			}
			for j := range e.Easy {
				e.Easy[j] += float64((f(j) + f(j+16)) + (f(j+8) + f(j+24)))
			}
		}
	}
	return c
}

// entryOf returns a loss of a sweep, with sums that are there already.
func entryOf(f asm.Formula, p asm.Params) Entry {
	return Entry{
		Formula: f, Params: p,
		Lanes: [8]float64{1, 2, 3, 4, 5, 6, 7, 8}, Easy: [8]float64{9, 10, 11, 12, 13, 14, 15, 16},
	}
}

// groups returns n scores of which each group is of a kind of its own: easy, or background
// below 0, or background, or with all labels.
func groups(rng *source, in asm.Input, n int, cut float32) (x []float32, y []uint8) {
	x, y = kinds[in].scores(rng, n)
	for at := 0; at < n; at += Group {
		kind := rng.IntN(6)
		odd := at + rng.IntN(Group) // of this one group, another kind
		for i := at; i < at+Group && kind < 5; i++ {
			y[i] = 0
			if in == asm.Logits && (kind < 4 || x[i] > math.MaxFloat32) {
				x[i] = -float32(math.Abs(float64(x[i])))
			}
			if kind < 2 && !(x[i] <= cut) && (in == asm.Logits || cut >= 0) {
				x[i] = cut
			}
		}
		switch kind {
		case 1:
			x[odd], y[odd] = kinds[in].special[rng.IntN(len(kinds[in].special))], 0
		case 3:
			y[odd] = [3]uint8{0, 1, 255}[rng.IntN(3)]
		}
	}
	return x, y
}

// cuts are where scores end to be easy.
var cuts = map[asm.Input][]float32{
	asm.Logits: {-2.1972246, -0x1p-149, 0, 0.5, float32(math.Inf(1)), float32(math.Inf(-1)), -88, float32(math.NaN())},
	asm.Probs:  {0.099999994, 0, 0x1p-149, 0.5, 1, -1, float32(math.NaN())},
}

// sweepMemory is where the slices of sweeps lie.
type sweepMemory struct{ sweep, entries, x, y, w *slot }

func newSweepMemory(t *testing.T) *sweepMemory {
	return &sweepMemory{
		newSlot[Sweep](t, "Sweep", 1), newSlot[Entry](t, "entries", 16), newSlot[float32](t, "scores", Block),
		newSlot[uint8](t, "labels", Block), newSlot[float32](t, "weights", Block),
	}
}

func (s *subject) runSweep(c *Sweep, env asmtest.Env) error {
	_, err := call(s.sweep, env, []uint64{uint64(uintptr(unsafe.Pointer(c)))}, 0, func() { s.Sweep(c) })
	return err
}

// check calls the set's kernels, and says what is wrong with what they do.
func (m *sweepMemory) check(s *subject, c *sweepCase, l layout, env asmtest.Env) error {
	n := len(c.x)
	entries, slots := put(m.entries, l.of(1), c.entries, len(c.entries)), []*slot{m.sweep, m.entries, m.x, m.y}
	given := c.sweep
	given.Entries, given.Scores, given.Labels = first(entries), first(put(m.x, l.of(2), c.x, n)), first(put(m.y, l.of(3), c.y, n))
	if c.w != nil {
		given.Weights, slots = first(put(m.w, l.of(4), c.w, n)), append(slots, m.w)
	}
	sweep := &put(m.sweep, l.of(0), []Sweep{given}, 1)[0]
	if err := s.runSweep(sweep, env); err != nil {
		return located(err, slots)
	}
	if sweep.Easy != c.easy {
		return fmt.Errorf("%d easy scores, want %d", sweep.Easy-c.sweep.Easy, c.easy-c.sweep.Easy)
	}
	sweep.Easy = given.Easy
	if err := unchanged(m.sweep, []Sweep{given}); err != nil {
		return err
	}
	for _, s := range slots {
		if err := s.check(); err != nil {
			return err
		}
	}
	if err := unchanged(m.x, c.x); err != nil {
		return err
	}
	if err := unchanged(m.y, c.y); err != nil {
		return err
	}
	if c.w != nil {
		if err := unchanged(m.w, c.w); err != nil {
			return err
		}
	}
	for i := range entries {
		got, want := &entries[i], &c.want[i]
		for j := range got.Lanes {
			if !sameSum(got.Lanes[j], want.Lanes[j]) {
				return fmt.Errorf("lane sum %d of loss %d, %v, is %v, generic's %v", j, i, want.Formula, got.Lanes[j], want.Lanes[j])
			}
			if !sameSum(got.Easy[j], want.Easy[j]) {
				return fmt.Errorf("lane sum %d of the easy part of loss %d, %v, is %v, generic's %v", j, i, want.Formula, got.Easy[j], want.Easy[j])
			}
		}
		got.Lanes, got.Easy = c.entries[i].Lanes, c.entries[i].Easy
	}
	return unchanged(m.entries, c.entries)
}

// sameSum compares bits; of NaNs, which lanes of losses that overflowed are, all are the same.
func sameSum(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// compareSets checks the sets on the case.
func (m *sweepMemory) compareSets(t *testing.T, failed verdicts, rng *source, name string, c *sweepCase, ls []layout, envs func(*subject) []asmtest.Env) {
	t.Helper()
	compareSets(t, failed, rng, name, ls, envs, func(s *subject, l layout, env asmtest.Env) error {
		if err := m.check(s, c, l, env); err != nil {
			return fmt.Errorf("%d losses of %d scores, weights %t, cut %v: %w", len(c.entries), len(c.x), c.w != nil, c.sweep.Cut, err)
		}
		return nil
	})
}

// eachSweepKernel runs a part of a test for every kernel of sweeps that there is to be.
func eachSweepKernel(t *testing.T, rng *source, f func(t *testing.T, k asm.SweepKernel, p []asm.Params, rng *source)) {
	for k := range asm.NumSweepKernels {
		t.Run(k.String(), func(t *testing.T) {
			p := parameters[k.Formula()]
			if len(p) == 0 {
				t.Fatalf("%v: no parameters of formula %q to test it with", k, k.Formula())
			}
			if len(cuts[k.Input()]) == 0 {
				t.Fatalf("%v: no cuts of input %q to test it with", k, k.Input())
			}
			for _, s := range subjects() {
				if !s.HasSweep(k) {
					t.Fatalf("%s/%v: the set has no such kernel", s.Name, k)
				}
			}
			f(t, k, p, rng.of(k.String()))
		})
	}
}

// TestSweeps compares every kernel of sweeps of every set with generic on lengths of whole
// groups, around the chunks of the assembly, and a block; with and without weights, at all
// cuts, and so that what is next to a slice is a canary, or a page that faults.
func TestSweeps(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachSweepKernel(t, rng, func(t *testing.T, k asm.SweepKernel, params []asm.Params, rng *source) {
			m, failed := newSweepMemory(t), verdicts{}
			for _, p := range params {
				for i, n := range groupLengths() {
					cut := cuts[k.Input()][i%len(cuts[k.Input()])]
					x, y := groups(rng, k.Input(), n, cut)
					w := weights(rng, n)
					if rng.IntN(2) == 0 {
						w = nil
					}
					ls := []layout{{where(rng.IntN(16)), rng.IntN(16)}, {where: atStart}, {where: atEnd}}
					c := newSweepCase(k.Input(), cut, []Entry{entryOf(k.Formula(), p)}, x, y, w)
					m.compareSets(t, failed, rng, k.String(), c, ls, standard)
				}
			}
		})
		for _, s := range subjects() {
			markCompared(s, "sweeps")
		}
	})
}

// TestSweepsOfSeveral compares sweeps of several losses, some of which take the power of the
// one before, at all offsets of the slices, and under every floating-point environment that
// the caller may have, which has to come back.
func TestSweepsOfSeveral(t *testing.T) {
	several := func(rng *source) (entries []Entry) {
		for range 1 + rng.IntN(12) {
			f := asm.Formula(rng.IntN(int(asm.NumLabelFormulas)))
			e := entryOf(f, parameters[f][rng.IntN(len(parameters[f]))])
			if n := len(entries); n > 0 && rng.IntN(2) == 0 {
				e = entries[n-1]
				e.Reuse = 1
				e.Params.Weights = [4]float32{rng.Float32(), rng.Float32()}
			}
			entries = append(entries, e)
		}
		return entries
	}
	random(t, func(t *testing.T, rng *source) {
		for in := range asm.NumInputs {
			t.Run(in.String(), func(t *testing.T) {
				rng := rng.of(in.String())
				m, failed := newSweepMemory(t), verdicts{}
				for at := range where(16) {
					for _, step := range []int{0, 1, 3, 7} {
						cut := cuts[in][rng.IntN(len(cuts[in]))]
						x, y := groups(rng, in, (1+rng.IntN(40))*Group, cut)
						c := newSweepCase(in, cut, several(rng), x, y, [][]float32{nil, weights(rng, len(x))}[rng.IntN(2)])
						m.compareSets(t, failed, rng, "Sweep", c, []layout{{at, step}}, standard)
					}
				}
				for _, n := range []int{0, Group, 18 * Group} {
					x, y := groups(rng, in, n, cuts[in][0])
					c := newSweepCase(in, cuts[in][0], several(rng), x, y, weights(rng, n))
					m.compareSets(t, failed, rng, "Sweep", c, []layout{{}}, (*subject).environments)
				}
			})
		}
	})
}

// TestBadScoresReachTheSweep: a bad score must show in the sums of every loss, and is not
// easy.
func TestBadScoresReachTheSweep(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachSweepKernel(t, rng, func(t *testing.T, k asm.SweepKernel, params []asm.Params, rng *source) {
			m, failed := newSweepMemory(t), verdicts{}
			badX, badY := badScores(k.Input())
			for _, p := range params {
				for b := range badX {
					cut := cuts[k.Input()][rng.IntN(len(cuts[k.Input()]))]
					x, y := groups(rng, k.Input(), (1+rng.IntN(20))*Group, cut)
					if rng.IntN(2) == 0 { // all groups but one are plain
						for at := range y {
							x[at], y[at] = [asm.NumInputs]float32{-1, 0.25}[k.Input()], 0
						}
					}
					at := rng.IntN(len(x))
					x[at], y[at] = badX[b], badY[b]
					for _, s := range subjects() {
						if failed[s] {
							continue
						}
						entries := put(m.entries, atEnd, []Entry{{Formula: k.Formula(), Params: p}}, 1)
						c := &put(m.sweep, atEnd, []Sweep{{
							Input: k.Input(), N: len(x), Count: 1, Cut: cut, Entries: &entries[0],
							Scores: first(put(m.x, atEnd, x, len(x))), Labels: first(put(m.y, atEnd, y, len(y))),
						}}, 1)[0]
						if err := s.runSweep(c, environments[0]); err != nil {
							failed.fail(t, s, k.String(), "%v", located(err, []*slot{m.sweep, m.entries, m.x, m.y}))
							continue
						}
						var sum float64
						for _, v := range entries[0].Lanes {
							sum += v
						}
						if sum-sum == 0 {
							failed.fail(t, s, k.String(), "score %g with label %d at %d of %d leaves the finite sum %g; params %+v, %v",
								x[at], y[at], at, len(x), sum, p, rng)
						}
						var easy int64
						for i := range x {
							if y[i] == 0 && x[i] <= cut {
								easy++
							}
						}
						if c.Easy != easy {
							failed.fail(t, s, k.String(), "score %g with label %d at %d of %d, cut %g: %d are easy, want %d; %v",
								x[at], y[at], at, len(x), cut, c.Easy, easy, rng)
						}
					}
				}
			}
		})
	})
}

// TestSweepNumbers: a kernel's number and its parts give each other, and names differ.
func TestSweepNumbers(t *testing.T) {
	var names []string
	for k := range asm.NumSweepKernels {
		if got := asm.SweepKernelOf(k.Formula(), k.Input()); got != k {
			t.Errorf("kernel %d is of formula %d, input %d, whose number is %d", k, k.Formula(), k.Input(), got)
		}
		if slices.Contains(names, k.String()) {
			t.Errorf("two kernels are named %v", k)
		}
		names = append(names, k.String())
	}
}
