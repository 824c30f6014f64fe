package kernel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/asmtest"
)

// noWeights are values that a weight may not have, and −0, which no kernel is to see.
var noWeights = []float32{
	float32(math.NaN()), -float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)),
	-0x1p-149, -1, -math.MaxFloat32, math.Float32frombits(0x7f800001), math.Float32frombits(0xffffffff),
}

// TestCallWeights: the sums and bits that a kernel leaves of its weights, by what they are, of
// a bad weight at every place of a group, too; or nothing, where they are not wanted.
func TestCallWeights(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		eachKernel(t, rng, func(t *testing.T, k asm.Kernel, params []asm.Params, rng *source) {
			failed, n := verdicts{}, 18*Group
			x, y := kinds[k.Input()].scores(rng, n)
			check := func(n, skip int, w []float32) {
				t.Helper()
				c := &lossCase{kernel: k, params: params[rng.IntN(len(params))]}
				targets, _ := softened(x, y)
				out := [3][]float32{make([]float32, n), make([]float32, n), make([]float32, n)}
				c.weightLanes, c.weightBits = startSums.Lanes, allBits(&startSums.Bits)
				for i, v := range w[:n] {
					if skip != 0 {
						break
					}
					c.weightBits |= math.Float32bits(v)
					if at := i % Group; at < 8 {
						c.weightLanes[at] += float64((v + w[i+16]) + (w[i+8] + w[i+24]))
					}
				}
				compareSets(t, failed, rng, k.String(), []layout{{}}, standard, func(s *subject, _ layout, env asmtest.Env) error {
					if !s.Has(k) {
						return errors.New("the set has no such kernel")
					}
					call, sums := c.call(x[:n], y, targets, nil, w), startSums
					sums.Skip, sums.Ahead = skip, 4096
					call.WeightSums = &sums
					if call.Losses = first(out[0]); k.Output() != asm.Loss {
						call.Gradients = first(out[1])
					}
					if k.Output() == asm.Hessian {
						call.Hessians = first(out[2])
					}
					if err := s.runCall(&call, env); err != nil {
						return err
					}
					return c.checkSums(&sums)
				})
			}
			check(n, 0, weights(rng, n))
			check(n, 1, weights(rng, n))
			w := weights(rng, 2*Group)
			at := rng.IntN(len(w))
			for _, bad := range noWeights {
				at = (at + 7) % len(w)
				old := w[at]
				w[at] = bad
				check(len(w), 0, w)
				w[at] = old
			}
		})
	})
}

// sameLanes says which lane differs; NaNs are alike.
func sameLanes(got, want *[8]float64) error {
	for j, want := range want {
		if got := got[j]; math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
			return fmt.Errorf("lane sum %d of the weights is %v, want %v", j, got, want)
		}
	}
	return nil
}

// TestSpreadWeights: rows of every width that has a way of its own, and wider than what they
// are spread over, from every column on, to every length up to some rows.
func TestSpreadWeights(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		dst, from := newSlot[float32](t, "dst", Block), newSlot[float32](t, "weights", Block)
		failed := verdicts{}
		check := func(n, columns, skip int) {
			t.Helper()
			w := make([]float32, (skip+n+columns-1)/columns)
			for i := range w {
				w[i] = rng.Float32()
			}
			want := make([]float32, n)
			for i := range want {
				want[i] = w[(skip+i)/columns]
			}
			ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atEnd}}
			compareSets(t, failed, rng, "SpreadWeights", ls, standard, func(s *subject, l layout, env asmtest.Env) error {
				to, rows := put[float32](dst, l.of(0), nil, n), put(from, l.of(1), w, len(w))
				args := append(append(words(to), words(rows)...), uint64(columns), uint64(skip))
				if err := m(call(s.spreadWeights, env, args, 0, func() { s.SpreadWeights(to, rows, columns, skip) }))(dst, from); err != nil {
					return fmt.Errorf("%d columns, %d skipped, %d weights: %w", columns, skip, n, err)
				}
				if i := differ(to, want); i >= 0 {
					return fmt.Errorf("%d columns, %d skipped: weight %d of %d is %g, want %g", columns, skip, i, n, to[i], want[i])
				}
				return unchanged(from, w)
			})
		}
		for _, columns := range []int{2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 80} {
			for n := range 3*min(columns, 16) + 40 {
				check(n, columns, rng.IntN(columns))
			}
			for skip := range columns {
				check(rng.IntN(300), columns, skip)
			}
			check(Block, columns, rng.IntN(columns))
		}
		for _, n := range []int{0, 1, 7, 8, 31, 32, 33, 100} {
			check(n, 101+rng.IntN(5000), rng.IntN(101))
		}
	})
}

// m says what is wrong with a call: that it failed, or that it wrote beside one of the slots.
func m(_ []uint64, err error) func(slots ...*slot) error {
	return func(slots ...*slot) error {
		if err != nil {
			return located(err, slots)
		}
		for _, s := range slots {
			if err := s.check(); err != nil {
				return err
			}
		}
		return nil
	}
}

// someWeights are weights of all kinds, and the one or other that is none.
func someWeights(rng *source, n int) []float32 {
	w := weights(rng, n)
	if n > 0 && rng.IntN(2) == 0 {
		w[rng.IntN(n)] = noWeights[rng.IntN(len(noWeights))]
	}
	return w
}

// TestMultiplyWeights: products, to a slice of their own or to that of a factor, and the bits
// of all factors.
func TestMultiplyWeights(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		dst, left, right := newSlot[float32](t, "dst", Block), newSlot[float32](t, "a", Block), newSlot[float32](t, "b", Block)
		failed := verdicts{}
		check := func(a, b []float32) {
			n, want, bits := len(a), make([]float32, len(a)), uint32(0)
			for i := range a {
				want[i] = a[i] * b[i]
				bits |= math.Float32bits(a[i]) | math.Float32bits(b[i])
			}
			ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atStart}, {where: atEnd}}
			for form := range 3 {
				compareSets(t, failed, rng, "MultiplyWeights", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
					slots := []*slot{left, right}
					x, y := put(left, l.of(1), a, n), put(right, l.of(2), b, n)
					to := [][]float32{nil, x, y}[form]
					if form == 0 {
						to, slots = put[float32](dst, l.of(0), nil, n), append(slots, dst)
					}
					var got uint32
					out, err := call(s.multiplyWeights, env, append(append(words(to), words(x)...), uint64(uintptr(unsafe.Pointer(first(y))))), 1, func() { got = s.MultiplyWeights(to, x, first(y)) })
					if out != nil {
						got = uint32(out[0])
					}
					if err := m(out, err)(slots...); err != nil {
						return err
					}
					if i := vecDiffer(to, want); i >= 0 {
						return fmt.Errorf("of %d, product %d is %g, want %g·%g = %g", n, i, to[i], a[i], b[i], want[i])
					}
					if got != bits {
						return fmt.Errorf("of %d, the bits are %#x, want %#x", n, got, bits)
					}
					if form != 1 {
						err = unchanged(left, a)
					}
					if err == nil && form != 2 {
						err = unchanged(right, b)
					}
					return err
				})
			}
		}
		for _, n := range groupLengths() {
			check(someWeights(rng, n), someWeights(rng, n))
		}
		for i := range Group { // the bits of each place
			zeros := make([]float32, 2*Group)
			one := make([]float32, 2*Group)
			one[i+Group*rng.IntN(2)] = math.Float32frombits(1 << i)
			check(zeros, one)
			check(one, zeros)
		}
	})
}

// TestPickPositives: factors of labels 1 and of others, labels of one kind and of all.
func TestPickPositives(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		dst, from, labels := newSlot[float32](t, "dst", Block), newSlot[float32](t, "factors", Block), newSlot[uint8](t, "labels", Block)
		failed := verdicts{}
		check := func(y []uint8) {
			n, c, want := len(y), someWeights(rng, len(y)), make([]float32, len(y))
			for i := range want {
				if want[i] = 1; y[i] == 1 {
					want[i] = c[i]
				}
			}
			ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atStart}, {where: atEnd}}
			compareSets(t, failed, rng, "PickPositives", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
				to, factors, guarded := put[float32](dst, l.of(0), nil, n), put(from, l.of(1), c, n), put(labels, l.of(2), y, n)
				args := append(append(words(to), words(factors)...), uint64(uintptr(unsafe.Pointer(first(guarded)))))
				if err := m(call(s.pickPositives, env, args, 0, func() { s.PickPositives(to, factors, first(guarded)) }))(dst, from, labels); err != nil {
					return err
				}
				if i := differ(to, want); i >= 0 {
					return fmt.Errorf("of %d, factor %d, of the label %d, is %g, want %g", n, i, y[i], to[i], want[i])
				}
				if err := unchanged(from, c); err != nil {
					return err
				}
				return unchanged(labels, y)
			})
		}
		for _, n := range groupLengths() {
			for _, values := range [][]uint8{{0}, {1}, {255}, {0, 255}, {0, 1, 255}} {
				y := make([]uint8, n)
				for i := range y {
					y[i] = values[rng.IntN(len(values))]
				}
				check(y)
			}
		}
		for i := range Group { // one positive at each place, among background and ignored ones
			for _, other := range []uint8{0, 255} {
				y := slices.Repeat([]uint8{other}, 3*Group)
				y[i+Group*rng.IntN(3)] = 1
				check(y)
			}
		}
	})
}

// TestSumWeights: sums without what is ignored, and the greatest bits, which a weight has that
// is ignored, too.
func TestSumWeights(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		given, labels, sums := newSlot[float32](t, "weights", Block), newSlot[uint8](t, "labels", Block), newSlot[[8]float64](t, "lanes", 1)
		failed := verdicts{}
		start := [8]float64{1, 2, 3, 4, 5, 6, 7, 8}
		check := func(w []float32, y []uint8) {
			want, most := start, uint32(0)
			at := func(i int) float32 {
				if y[i] == 255 {
					return 0
				}
				return w[i]
			}
			for i := range w {
				most = max(most, math.Float32bits(w[i]))
				if j := i % Group; j < 8 {
					want[j] += float64((at(i) + at(i+16)) + (at(i+8) + at(i+24)))
				}
			}
			ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atStart}, {where: atEnd}}
			compareSets(t, failed, rng, "SumWeights", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
				of, guarded := put(given, l.of(0), w, len(w)), put(labels, l.of(1), y, len(y))
				lanes := &put(sums, l.of(2), [][8]float64{start}, 1)[0]
				args := append(append(words(of), words(guarded)...), uint64(uintptr(unsafe.Pointer(lanes))))
				var got uint32
				out, err := call(s.sumWeights, env, args, 1, func() { got = s.SumWeights(of, guarded, lanes) })
				if out != nil {
					got = uint32(out[0])
				}
				if err := m(out, err)(given, labels, sums); err != nil {
					return err
				}
				if got != most {
					return fmt.Errorf("of %d weights the greatest bits are %#x, want %#x", len(w), got, most)
				}
				if err := sameLanes(lanes, &want); err != nil {
					return err
				}
				if err := unchanged(given, w); err != nil {
					return err
				}
				return unchanged(labels, y)
			})
		}
		for _, n := range groupLengths() {
			for _, values := range [][]uint8{{0}, {1}, {255}, {0, 1, 255}} {
				y := make([]uint8, n)
				for i := range y {
					y[i] = values[rng.IntN(len(values))]
				}
				check(weights(rng, n), y)
				check(someWeights(rng, n), y)
			}
		}
		for i := range Group { // a weight at each place, ignored or not
			w, y := make([]float32, 2*Group), make([]uint8, 2*Group)
			at := i + Group*rng.IntN(2)
			w[at] = rng.Float32()
			check(w, y)
			y[at] = 255
			check(w, y)
			w[at] = noWeights[i%len(noWeights)]
			check(w, y)
		}
		for _, s := range subjects() {
			markCompared(s, "weights")
		}
	})
}
