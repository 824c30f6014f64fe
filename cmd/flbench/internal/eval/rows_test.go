package eval

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// TestEvalRows: losses of rows are evaluated row by row: sums, losses of the anchors' shape,
// gradients of the scores', and the hardest rows by their class, are the engine's. There are no
// easy negatives among rows.
func TestEvalRows(t *testing.T) {
	withShards(t, 1)
	const rows, columns = 9000, 5
	s := newSample(13, rows, columns)
	for i, x := range s.logits {
		if x != x {
			s.logits[i] = 1 // of ignored rows, which may not be what is wrong here
		}
	}
	for i, c := range s.classes {
		if c == -1 {
			s.classes[i] = int32(i) % columns
		}
	}
	dir := folder(t, array{[]int{3, rows / 3, columns}, s.logits}.file(), array{[]int{3, rows / 3}, s.classes}.file())
	ignored := folder(t, array{[]int{4, columns}, s.logits[:4*columns]}.file(), array{[]int{4}, []int32{-100, -100, -100, -100}}.file())
	found := 0
	for _, f := range engine.RowFamilies() {
		found++
		loss := must(cli.ParseLoss(f.Name))
		losses, gradients := make([]float32, rows), make([]float32, rows*columns)
		want := must(must(engine.New(loss)).LossesAndGradients(losses, gradients, s.batch()))
		out := t.TempDir()
		l, g := filepath.Join(out, "l.npy"), filepath.Join(out, "g.npy")
		r := evalReport(t, "--loss", f.Name, "--max", "--top=20000", "--losses-out", l, "--gradients-out", g, dir)
		if e := r.Total; e.Scores != want.Scores || e.Ignored != want.Ignored || e.Scores+e.Ignored != rows || float64(e.Sum) != want.Sum() || float32(*e.Max) != slices.Max(losses) || e.EasyNegatives != (easyNegShares{}) {
			t.Errorf("%s: %+v, want %+v, sum %v", f.Name, e.entry, want, want.Sum())
		}
		if shape, got := readFloats(t, l); !slices.Equal(shape, []int{3, rows / 3}) || !slices.Equal(got, floatBits(losses)) {
			t.Errorf("%s: losses of shape %v, or they differ", f.Name, shape)
		}
		if shape, got := readFloats(t, g); !slices.Equal(shape, []int{3, rows / 3, columns}) || !slices.Equal(got, floatBits(gradients)) {
			t.Errorf("%s: gradients of shape %v, or they differ", f.Name, shape)
		}
		top := r.Results[0].Top
		if int64(len(top)) != want.Scores {
			t.Errorf("%s: %d rows listed, want %d", f.Name, len(top), want.Scores)
		}
		for i, h := range top {
			if float32(h.Loss) != losses[h.Row] || h.Column != int(s.classes[h.Row]) || float32(*h.Logit) != s.logits[h.Row*columns+h.Column] || i > 0 && h.Loss > top[i-1].Loss {
				t.Fatalf("%s: %+v is listed as number %d", f.Name, h, i)
			}
		}
		// Rows are not cut: two images, by two workers.
		if two := evalReport(t, "--loss", f.Name, "--workers=2", dir, dir).Total; two.Scores != 2*want.Scores || float64(two.Sum) != 2*want.Sum() {
			t.Errorf("%s: two images: %+v", f.Name, two.entry)
		}
		stdout, stderr, code := command("eval", "--loss", f.Name, "--ignored=-100", ignored)
		if code != 0 || !strings.Contains(stderr, "warning") || !strings.Contains(stdout, " 0 ") {
			t.Errorf("%s, all ignored: exit code %d, %q, %q", f.Name, code, stdout, stderr)
		}
		background := folder(t, array{[]int{2, 2}, []float32{1, 2, 3, 4}}.file(), array{[]int{2}, []int32{0, -1}}.file())
		if _, stderr, code := command("eval", "--loss", f.Name, background); code != 1 || !strings.Contains(stderr, "labels.npy: [1] is -1: ") {
			t.Errorf("%s: background: exit code %d, stderr %q", f.Name, code, stderr)
		}
		soft, targets := softSample(14, 20, 3)
		if _, stderr, code := command("eval", "--loss", f.Name, folder(t, soft.logitsFile(), array{[]int{20, 3}, targets}.file())); code != 1 || !strings.Contains(stderr, "Targets") {
			t.Errorf("%s: soft targets: exit code %d, stderr %q", f.Name, code, stderr)
		}
	}
	if found == 0 {
		t.Error("no losses of rows")
	}
}
