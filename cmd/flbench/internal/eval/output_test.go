package eval

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	arrays "github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// readFloats returns an .npy file's shape and the bits of its values.
func readFloats(t *testing.T, path string) ([]int, []uint32) {
	t.Helper()
	f, err := arrays.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := must(f.Array(""))
	return a.Shape(), floatBits(must(a.Float32s(nil, 0, a.Len())))
}

func floatBits(values []float32) []uint32 {
	b := []uint32{}
	for _, v := range values {
		b = append(b, math.Float32bits(v))
	}
	return b
}

// wantFiles compares a folder's content with the names wanted.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	got := []string{}
	for _, e := range must(os.ReadDir(dir)) {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has %q, want %q", dir, got, want)
	}
}

// TestEvalOutputs: the files have the engine's bits, together and alone.
func TestEvalOutputs(t *testing.T) {
	withShards(t, 1)
	s := newSample(7, 2000, 13)
	column := newSample(8, 9000, 1)
	e := must(engine.New(engine.Focal(0.3, 1.5)))
	for _, c := range []struct {
		name           string
		logits, labels []byte
		shape          []int
		batch          engine.Batch
	}{
		{"classes", s.logitsFile(), s.classesFile(), []int{2000, 13}, s.batch()},
		{"labels", s.logitsFile(), array{[]int{2000, 13}, s.labels}.file(), []int{2000, 13}, s.batch()},
		{"one dimension", array{[]int{9000}, column.logits}.file(), column.classesFile(), []int{9000}, column.batch()},
		{"empty", array{[]int{0, 80}, []float32{}}.file(), array{[]int{0}, []int32{}}.file(), []int{0, 80}, engine.Batch{}},
	} {
		n := len(c.batch.Logits)
		losses, gradients := make([]float32, n), make([]float32, n)
		must(e.LossesAndGradients(losses, gradients, c.batch))
		dir, out := folder(t, c.logits, c.labels), t.TempDir()
		l, g := filepath.Join(out, "l.npy"), filepath.Join(out, "g.npy")
		want := eval(t, "--alpha", "0.3", "--gamma", "1.5", dir)
		for _, args := range [][]string{{"--losses-out", l, "--gradients-out", g}, {"--losses-out", l}, {"--gradients-out", g}} {
			args = append(args, "--alpha", "0.3", "--gamma", "1.5", dir)
			if got := eval(t, args...); got != want {
				t.Errorf("eval %q printed %s, want %s", args, got, want)
			}
			for path, values := range map[string][]float32{l: losses, g: gradients} {
				if !slices.Contains(args, path) {
					continue
				}
				shape, got := readFloats(t, path)
				if !slices.Equal(shape, c.shape) || !slices.Equal(got, floatBits(values)) {
					t.Errorf("%s, %q: shape %v, or values differ", c.name, args, shape)
				}
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			wantFiles(t, out)
		}
	}
}

// hard is a score in a list of the hardest.
type hard struct {
	row, column int
	score, loss float32
	label       uint8
}

func hards(list []ranking.Ranked) (all []hard) {
	for _, r := range list {
		all = append(all, hard{r.Row, r.Column, float32(*r.Logit), float32(r.Loss), *r.Label})
	}
	return all
}

// byLoss orders scores by falling loss; those of the same stay as they are.
func byLoss(a, b hard) int { return cmp.Compare(b.loss, a.loss) }

// TestEvalTop compares with sorting all losses, with many ties.
func TestEvalTop(t *testing.T) {
	withShards(t, 1)
	s := newSample(9, 1500, 7)
	for i, x := range s.logits {
		s.logits[i] = float32(math.Round(float64(x)))
	}
	dir := folder(t, s.logitsFile(), s.classesFile())
	losses := make([]float32, len(s.logits))
	must(must(engine.New(engine.Focal(0.25, 2))).Losses(losses, s.batch()))
	var all []hard
	for i, loss := range losses {
		if s.labels[i] != 255 {
			all = append(all, hard{i / 7, i % 7, s.logits[i], loss, s.labels[i]})
		}
	}
	slices.SortStableFunc(all, byLoss)
	for _, k := range []int{1, 2, 10, 1000, len(all), len(all) + 1, math.MaxInt} {
		for _, workers := range []int{1, 3} {
			r := evalReport(t, "--top", fmt.Sprint(k), "--workers", fmt.Sprint(workers), dir)
			if got := hards(r.Results[0].Top); !slices.Equal(got, all[:min(k, len(all))]) {
				t.Errorf("top %d, %d workers: %d scores differ", k, workers, len(got))
			}
			if r.Total.Top != nil {
				t.Errorf("top %d: total has one, of one input", k)
			}
		}
	}
	// Each input has its own, and all have one.
	other := newSample(10, 700, 7)
	paths := []string{dir, folder(t, other.logitsFile(), other.classesFile()), dir}
	for _, k := range []int{1, 50, 1 << 20} {
		r := evalReport(t, append([]string{"--top", fmt.Sprint(k)}, paths...)...)
		if got := hards(r.Results[0].Top); !slices.Equal(got, all[:min(k, len(all))]) {
			t.Errorf("top %d of the first input differs", k)
		}
		var want []hard
		var from []cli.Path
		for _, e := range r.Results {
			for _, h := range hards(e.Top) {
				want = append(want, h)
				from = append(from, e.Path)
			}
		}
		order := make([]int, len(want))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return byLoss(want[a], want[b]) })
		got := hards(r.Total.Top)
		if len(got) != min(k, len(want)) {
			t.Fatalf("top %d of all: %d scores", k, len(got))
		}
		for i := range got {
			if at := order[i]; got[i] != want[at] || r.Total.Top[i].Path != from[at] {
				t.Fatalf("top %d of all: [%d] is %+v of %s, want %+v of %s", k, i, got[i], r.Total.Top[i].Path, want[at], from[at])
			}
		}
	}
}

// TestEvalFailureLeavesFiles: a run that fails changes nothing.
func TestEvalFailureLeavesFiles(t *testing.T) {
	withShards(t, 1)
	s := newSample(10, 2000, 13)
	good := folder(t, s.logitsFile(), s.classesFile())
	s.classes[1990] = 13
	bad := folder(t, s.logitsFile(), s.classesFile())
	out := t.TempDir()
	l, g := write(t, filepath.Join(out, "l.npy"), []byte("old")), filepath.Join(out, "g.npy")
	for _, c := range []struct{ dir, gradients string }{
		{bad, g},
		{good, filepath.Join(out, "missing", "g.npy")},
		{good, out},
		{filepath.Join(out, "missing"), g},
	} {
		stdout, stderr, code := command("eval", "--losses-out", l, "--gradients-out", c.gradients, c.dir)
		if code != 1 || stdout != "" || stderr == "" {
			t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		wantFiles(t, out, "l.npy")
		if got := must(os.ReadFile(l)); string(got) != "old" {
			t.Errorf("the old file became %q", got)
		}
	}
	missing := filepath.Join(out, "missing", "g.npy")
	_, stderr, _ := command("eval", "--losses-out", l, "--gradients-out", missing, good)
	if want := "flbench: --gradients-out " + missing + ": "; !strings.HasPrefix(stderr, want) {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	eval(t, "--losses-out", l, "--gradients-out", g, good)
	wantFiles(t, out, "g.npy", "l.npy")
	if shape, _ := readFloats(t, l); !slices.Equal(shape, []int{2000, 13}) {
		t.Errorf("shape %v", shape)
	}
}

// fullWriter fails as a full disk does.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestEvalPrintFails(t *testing.T) {
	for _, arg := range []string{"--json", "--json=false"} {
		var stderr bytes.Buffer
		code := flbench([]string{"eval", arg, photoPath("handtrack/coffee")}, fullWriter{}, &stderr)
		if want := "flbench: printing the results: no space left\n"; code != 1 || stderr.String() != want {
			t.Errorf("exit code %d, stderr %q, want %q", code, &stderr, want)
		}
	}
}

// TestEvalCancelled: a cancelled evaluation stops, and leaves no file.
func TestEvalCancelled(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	args := []string{"eval", "--losses-out", filepath.Join(out, "l.npy"), photoPath("handtrack/coffee")}
	if code := cli.Execute(ctx, newRoot(), args, &stdout, &stderr); code != 1 || stderr.String() != "flbench: interrupted\n" || stdout.Len() > 0 {
		t.Errorf("exit code %d, stderr %q, stdout %q", code, &stderr, &stdout)
	}
	wantFiles(t, out)
}
