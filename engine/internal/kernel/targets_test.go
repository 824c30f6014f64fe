package kernel

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/asmtest"
)

// targetKinds are targets of one kind each, and of all of them.
func targetKinds(rng *source, n int) [][]float32 {
	negativeZero := float32(math.Copysign(0, -1))
	values := [][]float32{
		{0}, {1}, {-1}, {0.5}, {negativeZero}, {0x1p-149}, {1 - 0x1p-24}, {0, 1, -1, 0.25, negativeZero, 0x1p-149},
	}
	var all [][]float32
	for _, v := range values {
		y := make([]float32, n)
		for i := range y {
			y[i] = v[rng.IntN(len(v))]
		}
		all = append(all, y)
	}
	return all
}

// noTargets are values that a target may not have.
var noTargets = []float32{
	float32(math.NaN()), -float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1 + 0x1p-23, 2, 1e38,
	-0x1p-149, -0.5, -1 + 0x1p-24, -1 - 0x1p-23, -2, -100, math.Float32frombits(0x7f800001), math.Float32frombits(0xffc00001),
}

// TestCountTargets: every length of groups up to 20 and next to a block, targets of all kinds,
// and values that none may have, at every place of a group.
func TestCountTargets(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		m, failed := newSlot[float32](t, "targets", Block), verdicts{}
		check := func(y []float32, ls []layout) {
			t.Helper()
			var want [3]int
			valid := true
			for _, v := range y {
				switch {
				case v == -1:
					want[2]++
				case v >= 0 && v <= 1:
					if v > 0 {
						want[0]++
					}
					if v == 1 {
						want[1]++
					}
				default:
					valid = false
				}
			}
			compareSets(t, failed, rng, "CountTargets", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
				guarded := put(m, l.of(0), y, len(y))
				var got [3]int
				var invalid int
				out, err := call(s.countTargets, env, words(guarded), 4, func() { got[0], got[1], got[2], invalid = s.CountTargets(guarded) })
				if out != nil {
					got, invalid = [3]int{int(out[0]), int(out[1]), int(out[2])}, int(out[3])
				}
				if err == nil {
					err = m.check()
				}
				if err == nil {
					err = unchanged(m, y)
				}
				if err == nil && ((invalid > 0) == valid || invalid < 0 || valid && got != want) {
					err = fmt.Errorf("%d targets: %d positive, one, ignored, %d invalid, want %d, valid: %t", len(y), got, invalid, want, valid)
				}
				return located(err, []*slot{m})
			})
		}
		for _, n := range groupLengths() {
			for _, y := range targetKinds(rng, n) {
				check(y, []layout{{where: where(rng.IntN(16))}, {where: atStart}, {where: atEnd}})
			}
		}
		for _, bad := range noTargets {
			for at := range Group {
				y := targetKinds(rng, 2*Group)[rng.IntN(8)]
				y[at+Group*rng.IntN(2)] = bad
				check(y, []layout{{where: atEnd}})
			}
		}
		// One target alone that is not 0, by its first byte or its last one.
		for at := range 2 * Group {
			for _, bits := range []uint32{1, 1 << 29} {
				y := make([]float32, 2*Group)
				y[at] = math.Float32frombits(bits)
				check(y, []layout{{where: atEnd}})
			}
		}
		for _, s := range subjects() {
			markCompared(s, "targets")
		}
	})
}

// TestMakeTargets: LabelTargets and SmoothTargets, which may work in place, against what they
// are to do.
func TestMakeTargets(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		dst, labels, from := newSlot[float32](t, "dst", Block), newSlot[uint8](t, "labels", Block), newSlot[float32](t, "targets", Block)
		failed := verdicts{}
		run := func(s *subject, entry uintptr, env asmtest.Env, args []uint64, f func(), slots []*slot, got, want []float32) error {
			if _, err := call(entry, env, args, 0, f); err != nil {
				return located(err, slots)
			}
			for _, s := range slots {
				if err := s.check(); err != nil {
					return err
				}
			}
			if i := differ(got, want); i >= 0 {
				return fmt.Errorf("of %d: target %d is %g (%#x), want %g (%#x)", len(got), i, got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
			}
			return nil
		}
		for _, n := range groupLengths() {
			ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atStart}, {where: atEnd}}
			by := &[4]float32{rng.Float32(), 1 - rng.Float32(), float32(math.NaN()), -1}
			y, want := make([]uint8, n), make([]float32, n)
			for i := range y {
				y[i] = label(rng)
				want[i] = map[uint8]float32{0: by[0], 1: by[1], 255: by[3]}[y[i]]
			}
			compareSets(t, failed, rng, "LabelTargets", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
				to, guarded := put[float32](dst, l.of(0), nil, n), put(labels, l.of(1), y, n)
				args := append(append(words(to), words(guarded)...), uint64(uintptr(unsafe.Pointer(by))))
				err := run(s, s.labelTargets, env, args, func() { s.LabelTargets(to, guarded, by) }, []*slot{dst, labels}, to, want)
				if err == nil {
					err = unchanged(labels, y)
				}
				return err
			})
			scale, shift := 1-rng.Float32(), [2]float32{rng.Float32(), 0x1p-149}[rng.IntN(2)]
			for _, targets := range targetKinds(rng, n) {
				// Generic comes near the formula, and the others to its bits.
				for i, y := range targets {
					if want[i] = y; !(y < 0) {
						want[i] = float32(float64(y)*float64(scale) + float64(shift)) // one rounding too many
					}
				}
				generic := make([]float32, n)
				genericSet.SmoothTargets(generic, targets, scale, shift)
				for i, v := range generic {
					if math.Abs(float64(v)-float64(want[i])) > 0x1p-149+0x1p-24*math.Abs(float64(want[i])) {
						t.Errorf("generic/SmoothTargets: %g·%g + %g is %g, want %g, %v", targets[i], scale, shift, v, want[i], rng)
					}
				}
				for _, inPlace := range []bool{false, true} {
					compareSets(t, failed, rng, "SmoothTargets", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
						guarded, slots := put(from, l.of(1), targets, n), []*slot{from}
						to := guarded
						if !inPlace {
							to, slots = put[float32](dst, l.of(0), nil, n), append(slots, dst)
						}
						args := append(append(words(to), words(guarded)...), uint64(math.Float32bits(scale))|uint64(math.Float32bits(shift))<<32)
						err := run(s, s.smoothTargets, env, args, func() { s.SmoothTargets(to, guarded, scale, shift) }, slots, to, generic)
						if err == nil && !inPlace {
							err = unchanged(from, targets)
						}
						return err
					})
				}
			}
		}
	})
}
