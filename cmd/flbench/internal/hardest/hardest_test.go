package hardest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

var command = clitest.Command(New)

const photo = "../../../../testdata/detector-logits/nanodet/astronaut"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// sample is a dump of rows of three columns.
type sample struct {
	dir     string
	logits  []float32
	classes []int32
}

// newSample writes one whose losses are often equal; below 0 no class is the least.
func newSample(t *testing.T, seed uint64, rows int, least int32) sample {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	s := sample{dir: t.TempDir()}
	for range rows {
		for range 3 {
			s.logits = append(s.logits, float32(rng.IntN(12)-8)/2)
		}
		s.classes = append(s.classes, max(least, []int32{-1, -1, -1, -1, -1, -1, -1, -2, 0, 1, 2}[rng.IntN(11)]))
	}
	w := must(npy.Create(filepath.Join(s.dir, "logits.npy"), []int{rows, 3}))
	must(0, w.Write(s.logits))
	must(0, w.Commit())
	head := fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '<i4', 'fortran_order': False, 'shape': (%d,), }", rows))
	file := append([]byte("\x93NUMPY\x01\x00\x76\x00"), head...)
	for _, c := range s.classes {
		file = binary.LittleEndian.AppendUint32(file, uint32(c))
	}
	must(0, os.WriteFile(filepath.Join(s.dir, "labels.npy"), file, 0o666))
	return s
}

// entry is a score in a list.
type entry struct {
	path        string
	row, column int
	label       uint8
	loss        float32
}

// expect returns the k hardest scores of samples of those that take says.
func expect(loss engine.Loss, k int, threshold float32, take func(label uint8) bool, samples ...sample) (list []entry) {
	for _, s := range samples {
		losses := make([]float32, len(s.logits))
		must(must(engine.New(loss)).Losses(losses, engine.Batch{Logits: s.logits, Classes: s.classes, NumClasses: 3}))
		for i, l := range losses {
			e := entry{path: s.dir, row: i / 3, column: i % 3, loss: l}
			if s.classes[i/3] == int32(i%3) {
				e.label = 1
			}
			if s.classes[i/3] != -2 && l >= threshold && take(e.label) {
				list = append(list, e)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return -cmp.Compare(a.loss, b.loss) })
	return list[:min(k, len(list))]
}

func entries(list []ranking.Ranked) (all []entry) {
	for _, r := range list {
		all = append(all, entry{string(r.Path), r.Row, r.Column, *r.Label, float32(r.Loss)})
	}
	return all
}

// jsonReport is what hardest --json prints.
type jsonReport struct {
	Loss      json.RawMessage  `json:"loss"`
	Kernel    string           `json:"kernel"`
	Workers   int              `json:"workers"`
	Inputs    int              `json:"inputs"`
	Scores    int64            `json:"scores"`
	Positives int64            `json:"positives"`
	Ignored   int64            `json:"ignored"`
	All       []ranking.Ranked `json:"hardest"`
	Positive  []ranking.Ranked `json:"hardest_positives"`
	Negative  []ranking.Ranked `json:"hardest_negatives"`
	Warnings  []any            `json:"warnings"`
	Notes     []any            `json:"notes"`
}

// reportOf runs hardest --json.
func reportOf(t *testing.T, args ...string) (r jsonReport) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(command.Must(t, append([]string{"--json"}, args...)...)))
	dec.DisallowUnknownFields()
	must(0, dec.Decode(&r))
	return r
}

// TestHardest compares with sorting all losses, whatever workers, shards and order of work.
func TestHardest(t *testing.T) {
	before := stream.ShardScores
	t.Cleanup(func() { stream.ShardScores = before })
	var samples []sample
	var paths []string
	for i, rows := range []int{700, 0, 3, 4000, 900, 2, 1500} {
		s := newSample(t, uint64(i), rows, -2)
		samples, paths = append(samples, s), append(paths, s.dir)
	}
	var total engine.Result
	for _, s := range samples {
		total.Merge(must(must(engine.New(engine.Focal(0.25, 2))).Sum(engine.Batch{Logits: s.logits, Classes: s.classes, NumClasses: 3})))
	}
	all := func(uint8) bool { return true }
	positives := func(l uint8) bool { return l == 1 }
	negatives := func(l uint8) bool { return l == 0 }
	for _, blocks := range []int{1, 16} {
		stream.ShardScores = blocks * engine.Block
		for _, workers := range []string{"1", "3"} {
			for _, k := range []int{1, 40, 3000, 100000} {
				args := append([]string{"--top", strconv.Itoa(k), "--workers", workers}, paths...)
				r := reportOf(t, args...)
				if got, want := entries(r.All), expect(engine.Focal(0.25, 2), k, 0, all, samples...); !slices.Equal(got, want) {
					t.Fatalf("%v: %d scores, want %d; the first are %v, want %v", args[:4], len(got), len(want), got[:min(5, len(got))], want[:5])
				}
				if r.Scores != total.Scores || r.Positives != total.Positives || r.Ignored != total.Ignored || r.Inputs != len(samples) || r.Positive != nil || r.Warnings == nil || r.Notes == nil {
					t.Errorf("%+v, want %v", r, total)
				}
			}
			r := reportOf(t, append([]string{"--loss=ce", "--among=apart", "--top=300", "--threshold=0.9", "--workers", workers}, paths...)...)
			if got, want := entries(r.Positive), expect(engine.CrossEntropy(), 300, 0.9, positives, samples...); !slices.Equal(got, want) || r.All != nil {
				t.Errorf("positives: %d, want %d", len(got), len(want))
			}
			if got, want := entries(r.Negative), expect(engine.CrossEntropy(), 300, 0.9, negatives, samples...); !slices.Equal(got, want) {
				t.Errorf("negatives: %d, want %d", len(got), len(want))
			}
		}
	}
	r := reportOf(t, append([]string{"--among=negatives", "--top=7"}, paths...)...)
	if got, want := entries(r.Negative), expect(engine.Focal(0.25, 2), 7, 0, negatives, samples...); !slices.Equal(got, want) || r.All != nil || r.Positive != nil {
		t.Errorf("negatives alone: %v, want %v", got, want)
	}
}

// TestHardestRows lists anchors under a softmax.
func TestHardestRows(t *testing.T) {
	s := newSample(t, 4, 500, 0)
	losses := make([]float32, 500)
	must(must(engine.New(engine.SoftmaxFocal(2))).Losses(losses, engine.Batch{Logits: s.logits, Classes: s.classes, NumClasses: 3}))
	order := make([]int, len(losses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(losses[a], losses[b]) })
	mask, index := filepath.Join(s.dir, "m.npy"), filepath.Join(s.dir, "i.npy")
	r := reportOf(t, "--loss=softmaxfocal", "--top=25", "--mask-out", mask, "--index-out", index, s.dir)
	for i, e := range entries(r.All) {
		if e.row != order[i] || e.column != int(s.classes[order[i]]) || e.loss != losses[order[i]] || e.label != 1 {
			t.Fatalf("%d: %+v, want row %d", i, e, order[i])
		}
	}
	wantIndices(t, index, order[:25])
	wantMask(t, mask, "(500,)", order[:25])
	command.Refuses(t, "every anchor has a class under a softmax, want --among all", "--loss=softmaxfocal", "--among=apart", s.dir)
}

// data returns what follows the header of an .npy file, which names the type and shape.
func data(t *testing.T, path, dtype, shape string) []byte {
	t.Helper()
	file := must(os.ReadFile(path))
	end := 10 + int(file[8]) + int(file[9])<<8
	if head := string(file[:end]); !strings.Contains(head, "'"+dtype+"'") || !strings.Contains(head, "'shape': "+shape) {
		t.Errorf("%s: %q, want %s of shape %s", path, head, dtype, shape)
	}
	return file[end:]
}

func wantIndices(t *testing.T, path string, want []int) {
	t.Helper()
	raw := data(t, path, "<i8", fmt.Sprintf("(%d,)", len(want)))
	got := make([]int64, len(raw)/8)
	must(0, binary.Read(bytes.NewReader(raw), binary.LittleEndian, got))
	if !slices.EqualFunc(got, want, func(a int64, b int) bool { return a == int64(b) }) {
		t.Errorf("%s: %v, want %v", path, got, want)
	}
}

func wantMask(t *testing.T, path, shape string, want []int) {
	t.Helper()
	var got []int
	for i, b := range data(t, path, "|b1", shape) {
		if b == 1 {
			got = append(got, i)
		} else if b != 0 {
			t.Fatalf("%s: a byte %d", path, b)
		}
	}
	if want := slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", path, got, want)
	}
}

// TestHardestOutputs: mask and indices are of what is listed, and none is half there.
func TestHardestOutputs(t *testing.T) {
	s, other := newSample(t, 1, 900, -2), newSample(t, 2, 5, -2)
	out := t.TempDir()
	mask, index := filepath.Join(out, "m.npy"), filepath.Join(out, "i.npy")
	r := reportOf(t, "--among=apart", "--top=30", "--mask-out", mask, "--index-out", index, s.dir)
	var want []int
	for _, e := range append(entries(r.Positive), entries(r.Negative)...) {
		want = append(want, 3*e.row+e.column)
	}
	wantIndices(t, index, want)
	wantMask(t, mask, "(900, 3)", want)
	must(0, os.Remove(mask))
	must(0, os.Remove(index))
	command.Must(t, "--threshold=1e9", "--mask-out", mask, "--index-out", index, s.dir)
	wantIndices(t, index, nil)
	wantMask(t, mask, "(900, 3)", nil)
	must(0, os.Remove(mask))
	must(0, os.Remove(index))
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--mask-out with 2 inputs: want exactly one", []string{"--mask-out", mask, s.dir, other.dir}},
		{2, "--index-out is empty: want a file name", []string{"--index-out=", s.dir}},
		{2, "are both " + mask + ": want two files", []string{"--mask-out", mask, "--index-out", mask, s.dir}},
		{2, "is the input", []string{"--mask-out", filepath.Join(s.dir, "logits.npy"), s.dir}},
		{1, "flbench: --index-out " + filepath.Join(out, "none", "i.npy") + ": ", []string{"--mask-out", mask, "--index-out", filepath.Join(out, "none", "i.npy"), s.dir}},
		{1, "want the folder", []string{"--mask-out", mask, "--index-out", filepath.Join(out, "none", "i.npy"), s.dir}},
	} {
		code, stdout, stderr := command.Run(t, c.args...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q, want %q", c.args, code, stdout, stderr, c.want)
		}
	}
	if left := must(os.ReadDir(out)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestHardestFormats: all formats have the same scores, names and boxes.
func TestHardestFormats(t *testing.T) {
	args := []string{"--top=4", "--among=apart", photo}
	r := reportOf(t, args...)
	list := slices.Concat(r.Positive, r.Negative)
	if len(list) != 8 || list[0].Class == "" || len(list[0].Box) != 4 {
		t.Fatalf("%+v", r)
	}
	var lines []ranking.Ranked
	for dec := json.NewDecoder(strings.NewReader(command.Must(t, append(args, "--format=jsonl")...))); dec.More(); {
		var s ranking.Ranked
		must(0, dec.Decode(&s))
		lines = append(lines, s)
	}
	if got, want := must(json.Marshal(lines)), must(json.Marshal(list)); !bytes.Equal(got, want) {
		t.Errorf("lines %s, want %s", got, want)
	}
	records := must(csv.NewReader(strings.NewReader(command.Must(t, append(args, "--format=csv")...))).ReadAll())
	table := command.Must(t, args...)
	if strings.Join(records[0], ",") != "path,row,column,logit,prob,label,loss,class,box" || len(records) != 9 {
		t.Fatal(records)
	}
	for i, s := range list {
		line := records[i+1]
		if line[1] != strconv.Itoa(s.Row) || line[2] != strconv.Itoa(s.Column) || line[4] != "" || line[5] != strconv.Itoa(int(*s.Label)) ||
			line[6] != strconv.FormatFloat(float64(s.Loss), 'g', -1, 32) || line[7] != s.Class || len(strings.Fields(line[8])) != 4 {
			t.Errorf("%v, want %+v", line, s)
		}
		if !strings.Contains(table, line[6]) {
			t.Errorf("no %s in\n%s", line[6], table)
		}
	}
	for _, want := range []string{"1 input, 282480 scores, 11 positives, 1440 ignored", "\nhardest positives\n", "\nhardest negatives\n", " person "} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if none := command.Must(t, "--threshold=1e30", photo); !strings.Contains(none, "hardest scores: none") {
		t.Error(none)
	}
}

// TestHardestErrors: bad flags, and bad data anywhere, print nothing.
func TestHardestErrors(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--top is 0: want 1 to 33554432", []string{"--top=0"}},
		{"--threshold is -1: want a loss, 0 or more", []string{"--threshold=-1"}},
		{"--threshold is NaN", []string{"--threshold=NaN"}},
		{`--among is "x": want all, positives, negatives or apart`, []string{"--among=x"}},
		{`--format is "x": want table`, []string{"--format=x"}},
		{"--json beside --format csv", []string{"--json", "--format=csv"}},
		{"--workers is 0", []string{"--workers=0"}},
		{`--loss is "x"`, []string{"--loss=x"}},
		{"--beta has no meaning for --loss focal", []string{"--beta=2"}},
	} {
		command.Refuses(t, c.want, append(c.args, photo)...)
	}
	good, bad := newSample(t, 1, 3000, -2), newSample(t, 2, 2000, -2)
	bad.logits[5999] = float32(math.NaN())
	bad.classes[1999] = -1
	w := must(npy.Create(filepath.Join(bad.dir, "logits.npy"), []int{2000, 3}))
	must(0, w.Write(bad.logits))
	must(0, w.Commit())
	labels := must(os.ReadFile(filepath.Join(bad.dir, "labels.npy")))
	binary.LittleEndian.PutUint32(labels[len(labels)-4:], math.MaxUint32)
	must(0, os.WriteFile(filepath.Join(bad.dir, "labels.npy"), labels, 0o666))
	out := filepath.Join(t.TempDir(), "m.npy")
	for _, args := range [][]string{{good.dir, bad.dir}, {"--mask-out", out, bad.dir}} {
		code, stdout, stderr := command.Run(t, args...)
		if want := filepath.Join(bad.dir, "logits.npy") + ": [1999, 2] is NaN"; code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a mask of what is bad")
	}
}
