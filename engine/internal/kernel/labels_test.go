package kernel

import (
	"testing"
)

// TestCountLabels: every length of groups up to 20 and next to a block, labels of all
// kinds, and every value that a label may not have.
func TestCountLabels(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		m, failed := newSlot[uint8](t, "labels", Block), verdicts{}
		check := func(y []uint8, l layout) {
			t.Helper()
			var positive, ignored, invalid int
			for _, v := range y {
				switch v {
				case 0:
				case 1:
					positive++
				case 255:
					ignored++
				default:
					invalid++
				}
			}
			for _, s := range subjects() {
				for _, env := range s.environments() {
					if failed[s] {
						break
					}
					guarded := put(m, l.of(0), y, len(y))
					var p, i, bad int
					out, err := call(s.countLabels, env, words(guarded), 3, func() { p, i, bad = s.CountLabels(guarded) })
					if out != nil {
						p, i, bad = int(out[0]), int(out[1]), int(out[2])
					}
					if err == nil {
						err = m.check()
					}
					if err == nil {
						err = unchanged(m, y)
					}
					if err != nil {
						failed.fail(t, s, "CountLabels", "%d labels, %v, environment: %s, %v:\n%v", len(y), l, env.Name, rng, located(err, []*slot{m}))
					} else if (bad > 0) != (invalid > 0) || bad < 0 || invalid == 0 && (p != positive || i != ignored) {
						failed.fail(t, s, "CountLabels", "%d labels, %v, %v: %d positive, %d ignored, %d invalid, want %d, %d, %d",
							len(y), l, rng, p, i, bad, positive, ignored, invalid)
					}
				}
			}
		}
		layouts := func() []layout { return []layout{{where: where(rng.IntN(16))}, {where: atStart}, {where: atEnd}} }
		for n := 0; n <= Block; n += Group {
			if n > 640 && n < Block-64 {
				continue
			}
			for _, values := range [][]uint8{{0}, {1}, {255}, {2}, {0, 1, 255}, {0, 0, 0, 1, 254, 128, 127, 2, 255}} {
				y := make([]uint8, n)
				for i := range y {
					y[i] = values[rng.IntN(len(values))]
				}
				for _, l := range layouts() {
					check(y, l)
				}
			}
		}
		for at := range where(16) {
			y := make([]uint8, 3*Group)
			for i := range y {
				y[i] = label(rng)
			}
			check(y, layout{where: at})
		}
		for v := range 256 {
			y := make([]uint8, 2*Group)
			y[rng.IntN(len(y))] = uint8(v)
			check(y, layout{where: atEnd})
		}
		for _, s := range subjects() {
			markCompared(s, "labels")
		}
	})
}
