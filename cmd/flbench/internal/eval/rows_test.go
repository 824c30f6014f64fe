package eval

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
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
		if e := r.Total; e.Scores != want.Scores || e.Ignored != want.Ignored || e.Scores+e.Ignored != rows || e.Exact != string(must(want.MarshalText())) || float32(*e.Max) != slices.Max(losses) || e.EasyNegatives != (outcome.Shares{}) {
			t.Errorf("%s: %+v, want %+v, sum %v", f.Name, e.Entry, want, want.Sum())
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
		// Two images, by two workers.
		if two := evalReport(t, "--loss", f.Name, "--workers=2", dir, dir).Total; two.Scores != 2*want.Scores || float64(two.Sum) != 2*want.Sum() {
			t.Errorf("%s: two images: %+v", f.Name, two.Entry)
		}
		stdout, stderr, code := command("eval", "--loss", f.Name, "--ignored=-100", ignored)
		if code != 0 || !strings.Contains(stderr, "warning") || !strings.Contains(stdout, " 0 ") {
			t.Errorf("%s, all ignored: exit code %d, %q, %q", f.Name, code, stdout, stderr)
		}
		background := folder(t, array{[]int{2, 2}, []float32{1, 2, 3, 4}}.file(), array{[]int{2}, []int32{0, -1}}.file())
		if _, stderr, code := command("eval", "--loss", f.Name, background); code != 1 || !strings.Contains(stderr, "labels.npy: [1] is -1: ") {
			t.Errorf("%s: background: exit code %d, stderr %q", f.Name, code, stderr)
		}
	}
	if found == 0 {
		t.Error("no losses of rows")
	}
}

// TestEvalRowsConventions: every class is a column, so that -1, which no loss of rows takes for
// background, may stand for ignored, and labels of one column are classes. What is refused
// names what cures it, of the command.
func TestEvalRowsConventions(t *testing.T) {
	logits := array{[]int{4, 2}, []float32{1, 2, 3, 4, 5, 3, -1, 0}}.file()
	column := array{[]int{4, 1}, []float32{1, 2, 3, -4}}.file()
	four := func(of any) []byte { return array{[]int{4}, of}.file() }
	soft, targets := softSample(14, 20, 3)
	for _, c := range []struct {
		name           string
		logits, labels []byte
		args           string
		want           string // an error; "": 3 rows are scored, 1 ignored
	}{
		{"-1 for ignored", logits, four([]int32{0, -1, 1, 1}), "--ignored=-1", ""},
		{"-1 and -2 for ignored", logits, four([]int32{0, -1, 1, 1}), "--ignored=-1 --ignored=-2", ""},
		{"-1 for ignored, and a background", logits, four([]int32{0, -1, 1, 1}), "--ignored=-1 --background=0", ""},
		{"one column", column, four([]int32{0, 0, 0, -1}), "--ignored=-1", ""},
		{"one column, uint8", column, four([]uint8{0, 255, 0, 0}), "--ignored=255", ""},
		{"one column, --targets=class", column, four([]int32{0, 0, 0, -2}), "--targets=class", ""},
		{"background", logits, four([]int32{0, -1, 1, 1}), "", "labels.npy: [1] is -1: of LOSS every class is a column: want a class in [0, 2), or -2 for ignored; --ignored=-1 says that it stands for ignored"},
		{"uint8", logits, four([]uint8{0, 1, 255, 1}), "", "labels.npy: [2] is 255: of LOSS every class is a column: want a class in [0, 2), or -2 for ignored; --ignored=255 says that it stands for ignored"},
		{"no column", logits, four([]int32{0, 2, 1, 1}), "--ignored=-100 --ignored=7", "labels.npy: [1] is 2: of LOSS every class is a column: want a class in [0, 2), or -100 or 7 for ignored"},
		{"binary", column, four([]int32{0, 1, 0, 0}), "", "labels.npy: [1] is 1: of LOSS every class is a column: want a class in [0, 1), or -2 for ignored"},
		{"--background=2", logits, four([]int32{0, 2, 1, 1}), "--background=2", "labels.npy: --background=2 is no column: of LOSS every class is one, want a class in [0, 2), or no --background"},
		{"--background=-1", logits, four([]int32{0, -1, 1, 1}), "--background=-1", "labels.npy: --background=-1 is no column: of LOSS every class is one, want a class in [0, 2), or no --background"},
		{"--background=0 --ignored=0", logits, four([]int32{0, 0, 1, 1}), "--background=0 --ignored=0", "--background=0 also stands for ignored: want another, or another --ignored"},
		{"one-hot", logits, array{[]int{4, 2}, []uint8{0, 1, 1, 0, 1, 0, 0, 1}}.file(), "", "labels.npy: uint8 labels of shape (4, 2), one for each score, beside --loss LOSS: want (4,), a class for each anchor, as of labels.argmax(-1) if each has one"},
		{"soft", soft.logitsFile(), array{[]int{20, 3}, targets}.file(), "", "labels.npy: float32 labels of shape (20, 3), one for each score, beside --loss LOSS: want (20,), a class for each anchor, as of labels.argmax(-1) if each has one"},
		{"floats", logits, four([]float32{0, 1, 1, 0}), "", "labels.npy: float32 labels of shape (4,), one for each anchor, beside --loss LOSS: want class indices of an integer type, as of labels.astype(np.int32)"},
		{"--targets=soft", logits, four([]float32{0, 1, 1, 0}), "--targets=soft", "--targets=soft beside --loss LOSS: want a class for each anchor, without --targets"},
		{"--targets=binary", column, four([]int32{0, 1, 1, 0}), "--targets=binary", "--targets=binary beside --loss LOSS: want a class for each anchor, without --targets"},
		{"--probs", logits, four([]int32{0, 1, 1, 0}), "--probs", "--probs beside --loss LOSS: want logits, of which it takes the softmax, such as the logarithms of probabilities"},
	} {
		dir := folder(t, c.logits, c.labels)
		for _, f := range engine.RowFamilies() {
			loss := must(cli.ParseLoss(f.Name)).String()
			args := append([]string{"eval", "--format=csv", "--loss", f.Name, dir}, strings.Fields(c.args)...)
			stdout, stderr, code := command(args...)
			switch want := strings.ReplaceAll(c.want, "LOSS", loss); {
			case c.want == "" && (code != 0 || !strings.HasPrefix(stdout[strings.IndexByte(stdout, '\n')+1:], dir+",3,3,1,")):
				t.Errorf("%s, %s: exit code %d, %q, %q", f.Name, c.name, code, stdout, stderr)
			case c.want != "" && (code == 0 || !strings.Contains(stderr, want+"\n")):
				t.Errorf("%s, %s: exit code %d, %q, want %q", f.Name, c.name, code, stderr, want)
			}
		}
	}
	if _, stderr, code := command("eval", "--loss=softmaxfocal", folder(t, column, four([]int32{0, 0, 0, -2}))); code != 0 || !strings.Contains(stderr, "warning") || !strings.Contains(stderr, "the softmax of one column is 1") {
		t.Errorf("one column: exit code %d, %q", code, stderr)
	}
	probabilities := folder(t, array{[]int{2, 2}, []float32{0.25, 0.75, 1, 0}}.file(), array{[]int{2}, []int32{0, 0}}.file())
	if _, stderr, code := command("eval", "--loss=softmaxce", probabilities); code != 0 || !strings.Contains(stderr, "want their logarithms if the softmax was applied") || strings.Contains(stderr, "--probs") {
		t.Errorf("probabilities: exit code %d, %q", code, stderr)
	}
}
