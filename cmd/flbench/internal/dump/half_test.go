package dump

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// halfTypes are the types of 16 bits with numbers of both, in the order of exact.
var halfTypes = []struct {
	name string
	kind int // in elementTypes
	bits []uint16
}{
	{"float16", 0, []uint16{0x3C00, 0xC000, 0x0000, 0x8000, 0x4900, 0xB800, 0x3C00, 0xCC00, 0x5640, 0x2E00, 0xC900, 0x3E00}},
	{"bfloat16", 1, []uint16{0x3F80, 0xC000, 0x0000, 0x8000, 0x4120, 0xBF00, 0x3F80, 0xC180, 0x42C8, 0x3DC0, 0xC120, 0x3FC0}},
}

var exact = []float32{1, -2, 0, float32(math.Copysign(0, -1)), 10, -0.5, 1, -16, 100, 0.09375, -10, 1.5}

// halfFile returns an .npy file of scores of 16 bits.
func halfFile(kind int, h []uint16, shape ...int) []byte {
	data, err := binary.Append(nil, binary.LittleEndian, h)
	if err != nil {
		panic(err)
	}
	return rawNPY(kind, data, shape...)
}

// TestHalves: scores of 16 bits go to the engine as they are in the file, without allocating,
// where they lie there as a slice does; otherwise, and as probabilities, widened.
func TestHalves(t *testing.T) {
	labels := npy([]int32{-1, 0, -2, 1}, 4)
	for _, h := range halfTypes {
		field := func(b engine.Batch) []uint16 {
			if h.name == "float16" {
				return b.Float16
			}
			return b.BFloat16
		}
		d := open(t, new(Options), write(t, map[string][]byte{"logits.npy": halfFile(h.kind, h.bits, 4, 3), "labels.npy": labels}))
		var s Scratch
		var b engine.Batch
		var err error
		if n := testing.AllocsPerRun(10, func() { b, err = d.Batch(1, 11, &s) }); err != nil || n > 0 {
			t.Errorf("%s: %v allocations, %v", h.name, n, err)
		}
		file, ok := d.scores.Halves(0, 12)
		if got := field(b); !ok || !slices.Equal(got, h.bits[1:11]) || &got[0] != &file[1] || b.Logits != nil || b.Probs != nil || cap(s.scores) > 0 {
			t.Errorf("%s: %+v, %v, want the file's memory", h.name, b, ok)
		}
		if b, err := d.Batch(5, 5, &s); err != nil || field(b) == nil || len(field(b)) > 0 {
			t.Errorf("%s: %+v, %v, of no scores", h.name, b, err)
		}

		swapped := make([]uint16, len(h.bits))
		for i, v := range h.bits {
			swapped[i] = v<<8 | v>>8
		}
		for name, c := range map[string]struct {
			file  []byte
			args  []string
			probs bool
		}{
			"probabilities": {halfFile(h.kind, h.bits, 4, 3), []string{"--probs"}, true},
			"transposed":    {halfFile(h.kind, []uint16{h.bits[0], h.bits[3], h.bits[6], h.bits[9], h.bits[1], h.bits[4], h.bits[7], h.bits[10], h.bits[2], h.bits[5], h.bits[8], h.bits[11]}, 3, 4), []string{"--layout=ca"}, false},
			"in one class":  {halfFile(h.kind, slices.Concat(h.bits[:1], h.bits[:3], h.bits[:1], h.bits[3:6], h.bits[:1], h.bits[6:9], h.bits[:1], h.bits[9:]), 4, 4), []string{"--columns=1:"}, false},
			"swapped":       {[]byte(strings.Replace(string(halfFile(h.kind, swapped, 4, 3)), "'<", "'>", 1)), nil, false},
		} {
			d := open(t, options(t, c.args...), write(t, map[string][]byte{"logits.npy": c.file, "labels.npy": labels}))
			var s Scratch
			b, err := d.Batch(1, 11, &s)
			x := b.Logits
			if c.probs {
				x = b.Probs
			}
			if err != nil || !slices.Equal(x, exact[1:11]) || field(b) != nil {
				t.Errorf("%s, %s: %+v, %v", h.name, name, b, err)
			}
		}
	}
}

// TestHalfSums: they evaluate to what the same numbers do as float32, and what is wrong with
// one is said of the file.
func TestHalfSums(t *testing.T) {
	labels := npy([]int32{-1, 0, -2, 1}, 4)
	for _, h := range halfTypes {
		half := write(t, map[string][]byte{"logits.npy": halfFile(h.kind, h.bits, 4, 3), "labels.npy": labels})
		wide := write(t, map[string][]byte{"logits.npy": npy(exact, 4, 3), "labels.npy": labels})
		got, err := evaluate(new(Options), half)
		want, wideErr := evaluate(new(Options), wide)
		if err != nil || wideErr != nil || got.Result != want.Result {
			t.Errorf("%s: %v, %v; want %v, %v", h.name, got.Result, err, want.Result, wideErr)
		}
		bad := slices.Clone(h.bits)
		bad[4] = 0x7FFF // NaN in both
		dir := write(t, map[string][]byte{"logits.npy": halfFile(h.kind, bad, 4, 3), "labels.npy": labels})
		wantError(t, new(Options), dir, filepath.Join(dir, "logits.npy")+": [1, 1] is NaN: want a number")
	}
}

// TestHalfWarning: scores of 16 bits in [0, 1] look like probabilities, too.
func TestHalfWarning(t *testing.T) {
	for _, h := range halfTypes {
		one, minusZero := h.bits[0], uint16(0x8000)
		for _, c := range []struct {
			other   uint16
			outside bool
		}{{0, false}, {minusZero, false}, {one, false}, {1, false}, {one + 1, true}, {minusZero + 1, true}, {one | minusZero, true}, {0x7FFF, true}, {0xFFFF, true}} {
			d := open(t, new(Options), write(t, map[string][]byte{"logits.npy": halfFile(h.kind, []uint16{0, one, c.other}, 3, 1), "labels.npy": npy([]int32{-1, -1, -1}, 3)}))
			for i := range 3 {
				if _, err := d.Batch(i, i+1, new(Scratch)); err != nil {
					t.Fatal(err)
				}
			}
			warnings := d.Warnings(engine.Result{Scores: 3})
			if got := len(warnings) == 0; got != c.outside {
				t.Errorf("%s, %#x: %q", h.name, c.other, warnings)
			}
		}
	}
}
