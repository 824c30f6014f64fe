package eval

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

// TestEvalHalf: logits in 16 bits give the report, the rankings and the files that the same
// numbers in 32 bits give.
func TestEvalHalf(t *testing.T) {
	withShards(t, 1)
	s := newSample(11, 1500, 7)
	for _, h := range []struct {
		descr string
		bits  func(x float32) uint16 // of multiples of ¼ below 32
	}{
		{"<f2", func(x float32) uint16 {
			b := math.Float32bits(x)
			if x == 0 {
				return uint16(b >> 16)
			}
			return uint16(b>>16&0x8000) | uint16(b&0x7fff_ffff>>13-112<<10)
		}},
		{"<V2", func(x float32) uint16 { return uint16(math.Float32bits(x) >> 16) }},
	} {
		half := make([]uint16, len(s.logits))
		for i, x := range s.logits {
			if half[i] = 0x7fc0; x == x { // or NaN, in both formats
				s.logits[i] = float32(math.Round(4*float64(x))) / 4
				half[i] = h.bits(s.logits[i])
			}
		}
		out := t.TempDir()
		dirs := []string{folder(t, s.logitsFile(), s.classesFile()), folder(t, npyFile(h.descr, "(1500, 7)", half), s.classesFile())}
		var reports [2]jsonReport
		var files [2][2][]uint32
		for i, dir := range dirs {
			losses, gradients := filepath.Join(out, fmt.Sprint(i, "l.npy")), filepath.Join(out, fmt.Sprint(i, "g.npy"))
			reports[i] = evalReport(t, "--top=20", "--max", "--losses-out", losses, "--gradients-out", gradients, dir)
			_, files[i][0] = readFloats(t, losses)
			_, files[i][1] = readFloats(t, gradients)
		}
		want, got := reports[0].Results[0], reports[1].Results[0]
		if !slices.Equal(hards(got.Top), hards(want.Top)) || len(want.Top) != 20 {
			t.Errorf("%s: the hardest are %v, want %v", h.descr, hards(got.Top), hards(want.Top))
		}
		if got.Path = want.Path; !same(got, want) || *got.Max != *want.Max || got.EasyNegatives != want.EasyNegatives {
			t.Errorf("%s: %+v, want %+v", h.descr, got, want)
		}
		if !slices.Equal(files[1][0], files[0][0]) || !slices.Equal(files[1][1], files[0][1]) {
			t.Errorf("%s: other losses or gradients", h.descr)
		}
	}
}
