package kernel

import (
	"fmt"
	"math"
	"testing"

	"github.com/flengine/flengine/engine/internal/asmtest"
)

// halves are the formats of 16 bits, with the value of each.
var halves = []struct {
	name  string
	widen func(s *subject) (uintptr, func(dst []float32, src []uint16))
	value func(h uint16) float32
}{
	{"WidenF16", func(s *subject) (uintptr, func([]float32, []uint16)) { return s.widenF16, s.WidenF16 }, float16},
	{"WidenBF16", func(s *subject) (uintptr, func([]float32, []uint16)) { return s.widenBF16, s.WidenBF16 },
		func(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }},
}

// float16 is the value by the definition of the format.
func float16(h uint16) float32 {
	fraction, exponent := float64(h&0x3ff), int(h>>10&0x1f)
	v := math.Ldexp(1+fraction/1024, exponent-15)
	switch {
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	case exponent == 31 && fraction == 0:
		v = math.Inf(1)
	case exponent == 31:
		v = math.NaN()
	}
	if h>>15 != 0 {
		v = math.Copysign(v, -1)
	}
	return float32(v)
}

// TestWiden: all values of 16 bits in blocks, and every length of groups up to 20 and next to
// a block. NaNs may differ in payload, but not in being NaN.
func TestWiden(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		dst, src := newSlot[float32](t, "dst", Block), newSlot[uint16](t, "src", Block)
		failed := verdicts{}
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		for _, f := range halves {
			compare := func(h []uint16, ls []layout) {
				t.Helper()
				want := make([]float32, len(h))
				for i, h := range h {
					want[i] = f.value(h)
				}
				compareSets(t, failed, rng, f.name, ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
					from, to := put(src, l.of(1), h, len(h)), put[float32](dst, l.of(0), nil, len(h))
					entry, widen := f.widen(s)
					slots := []*slot{dst, src}
					if _, err := call(entry, env, append(words(to), words(from)...), 0, func() { widen(to, from) }); err != nil {
						return located(err, slots)
					}
					for _, s := range slots {
						if err := s.check(); err != nil {
							return err
						}
					}
					if err := unchanged(src, h); err != nil {
						return err
					}
					if i := vecDiffer(to, want); i >= 0 {
						return fmt.Errorf("of %d values %#x at %d is %g (%#x), want %g (%#x)", len(h), h[i], i,
							to[i], math.Float32bits(to[i]), want[i], math.Float32bits(want[i]))
					}
					return nil
				})
			}
			rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for b := 0; b < len(all); b += Block {
				compare(all[b:][:Block], []layout{{where: where(rng.IntN(16)), step: 1 + rng.IntN(15)}})
			}
			at := layout{step: 1}
			for _, n := range groupLengths() {
				at.where = (at.where + 1) % 16
				compare(all[rng.IntN(len(all)-Block):][:n], []layout{at, {where: atStart}, {where: atEnd}})
			}
		}
		for _, s := range subjects() {
			markCompared(s, "16-bit values")
		}
	})
}
