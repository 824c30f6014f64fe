package eval

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// flbench is the command with no subcommand but eval.
func flbench(args []string, stdout, stderr io.Writer) int {
	return cli.Execute(context.Background(), newRoot(), args, stdout, stderr)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{Use: "flbench"}
	root.AddCommand(New())
	return root
}

// command runs flbench and returns what it printed and its exit code.
func command(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = flbench(args, &out, &errs)
	return out.String(), errs.String(), code
}

// eval runs flbench eval, which must succeed and print nothing on stderr.
func eval(t testing.TB, args ...string) string {
	t.Helper()
	stdout, stderr, code := command(append([]string{"eval"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("eval %q: exit code %d, stderr %q", args, code, stderr)
	}
	return stdout
}

// jsonReport is a report as JSON has it.
type jsonReport struct {
	Loss     cli.LossInfo     `json:"loss"`
	Kernel   string           `json:"kernel"`
	Workers  int              `json:"workers"`
	Results  []jsonEntry      `json:"results"`
	Total    jsonEntry        `json:"total"`
	Images   *outcome.Summary `json:"images"`
	Warnings []cli.Remark     `json:"warnings"`
	Notes    []cli.Remark     `json:"notes"`
}

type jsonEntry struct {
	outcome.Entry
	Top []ranking.Ranked `json:"top"`
}

// evalReport is eval --json.
func evalReport(t testing.TB, args ...string) jsonReport {
	t.Helper()
	return decodeReport(t, eval(t, append([]string{"--json"}, args...)...))
}

// decodeReport refuses unknown keys.
func decodeReport(t testing.TB, text string) (r jsonReport) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

// npyFile returns the bytes of an .npy file.
func npyFile(descr, shape string, data any) []byte {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	return npyDict(dict, data)
}

func npyDict(dict string, data any) []byte {
	// The data is aligned, as NumPy does it.
	dict = fmt.Sprintf("%-*s\n", (10+len(dict)+1+63)/64*64-11, dict)
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(dict)))
	b, err := binary.Append(append(b, dict...), binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

// array is the content of an .npy file.
type array struct {
	shape []int
	data  any
}

func (a array) file() []byte {
	descr := map[string]string{"[]float32": "<f4", "[]int32": "<i4", "[]int64": "<i8", "[]uint8": "|u1"}[fmt.Sprintf("%T", a.data)]
	shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(a.shape), "[]"), " ", ", ")
	return npyFile(descr, "("+shape+",)", a.data)
}

func write(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder writes a folder for eval; a nil file is left out.
func folder(t testing.TB, logits, labels []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{"logits.npy": logits, "labels.npy": labels} {
		if content != nil {
			write(t, filepath.Join(dir, name), content)
		}
	}
	return dir
}

// withShards sets the size of shards for a test.
func withShards(t *testing.T, blocks int) {
	before := stream.ShardScores
	t.Cleanup(func() { stream.ShardScores = before })
	stream.ShardScores = blocks * engine.Block
}

// sample is a random batch with logits like a detector's.
type sample struct {
	rows, columns int
	logits        []float32
	classes       []int32
	labels        []uint8
}

func newSample(seed uint64, rows, columns int) sample {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := sample{rows: rows, columns: columns, labels: make([]uint8, rows*columns)}
	for range rows * columns {
		s.logits = append(s.logits, float32(4*rng.NormFloat64()-4))
	}
	for row := range rows {
		class := int32(-1)
		switch rng.IntN(20) {
		case 0:
			class = -2
			for c := range columns {
				s.labels[row*columns+c] = 255
			}
			s.logits[row*columns] = float32(math.NaN())
		case 1:
			class = int32(rng.IntN(columns))
			s.labels[row*columns+int(class)] = 1
		}
		s.classes = append(s.classes, class)
	}
	return s
}

func (s sample) logitsFile() []byte  { return array{[]int{s.rows, s.columns}, s.logits}.file() }
func (s sample) classesFile() []byte { return array{[]int{s.rows}, s.classes}.file() }

func (s sample) batch() engine.Batch {
	return engine.Batch{Logits: s.logits, Classes: s.classes, NumClasses: s.columns}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newTestEvaluator(workers int) *evaluator {
	return &evaluator{losses: []engine.Loss{engine.Focal(0.25, 2)}, flags: stream.Flags{Workers: workers}}
}

// sourceOf is the input that a PATH names.
func sourceOf(path string) dump.Source {
	return must(new(dump.Options).Sources([]string{path}))[0]
}

// photos are the real logits, with the numbers of their README as printed.
var photos = []struct {
	name                         string
	scores, positives, ignored   int64
	ce, focal                    float64
	easyEntries, easyCE, easyAll string
}{
	{"nanodet/astronaut", 282480, 11, 18 * 80, 1849.6146, 2.698440, "99.8743", "96.82", "29.43"},
	{"nanodet/coffee", 278640, 11, 66 * 80, 1215.7243, 3.798933, "99.9770", "97.75", "4.55"},
	{"handtrack/astronaut", 89229, 16, 57 * 7, 245.6813, 14.402756, "99.9103", "77.37", "0.38"},
	{"handtrack/chelsea", 89628, 0, 0, 164.2438, 0.078460, "99.9799", "98.24", "29.36"},
	{"handtrack/coffee", 89628, 0, 0, 157.7360, 0.448284, "99.9676", "95.59", "3.00"},
}

func photoPath(name string) string {
	return filepath.Join("..", "..", "..", "..", "testdata", "detector-logits", filepath.FromSlash(name))
}

func photoPaths() []string {
	var paths []string
	for _, p := range photos {
		paths = append(paths, photoPath(p.name))
	}
	return paths
}

func TestEvalPhotos(t *testing.T) {
	for _, p := range photos {
		path := photoPath(p.name)
		focal, ce := evalReport(t, path), evalReport(t, "--loss", "ce", path)
		for _, r := range []jsonReport{focal, ce} {
			e := r.Results[0]
			if len(r.Results) != 1 || string(e.Path) != path || e.Scores != p.scores || e.Positives != p.positives || e.Ignored != p.ignored {
				t.Errorf("%s: %+v", p.name, r.Results)
			}
			if float64(e.Mean) != float64(e.Sum)/float64(p.scores) || float64(e.PerPositive) != float64(e.Sum)/float64(max(1, p.positives)) {
				t.Errorf("%s: mean %v, per positive %v of %v", p.name, e.Mean, e.PerPositive, e.Sum)
			}
			total := r.Total
			total.Path = cli.Path(path)
			if fmt.Sprint(total) != fmt.Sprint(e) || r.Total.Path != "total" {
				t.Errorf("%s: total %+v, want %+v", p.name, r.Total, e)
			}
			shares := []string{
				fmt.Sprintf("%.4f", 100*e.EasyNegatives.Entries),
				fmt.Sprintf("%.2f", 100*e.EasyNegatives.CE),
				fmt.Sprintf("%.2f", 100*e.EasyNegatives.Loss),
			}
			want := []string{p.easyEntries, p.easyCE, p.easyAll}
			if r.Loss.Loss == engine.CrossEntropy() {
				want[2] = p.easyCE
			}
			if !slices.Equal(shares, want) {
				t.Errorf("%s, %s: shares %q, want %q", p.name, r.Loss, shares, want)
			}
		}
		// The README's sums are those of float64 losses.
		if got := float64(focal.Results[0].Sum); math.Abs(got-p.focal) > 1e-6 {
			t.Errorf("%s: focal sum %.9f, want %.6f", p.name, got, p.focal)
		}
		if got := fmt.Sprintf("%.4f", ce.Results[0].Sum); got != fmt.Sprintf("%.4f", p.ce) {
			t.Errorf("%s: CE sum %s, want %.4f", p.name, got, p.ce)
		}
	}
	if got := fmt.Sprintf("%.6f", evalReport(t, photoPath("nanodet/astronaut")).Total.Sum); got != "2.698440" {
		t.Errorf("focal sum %s, want 2.698440", got)
	}
}

// permutations calls f with all orders of 0…n−1.
func permutations(n int, f func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var permute func(int)
	permute = func(k int) {
		if k == n {
			f(order)
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			permute(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	permute(0)
}

// TestEvalOrder: the total does not depend on the order of the inputs, bit for
// bit, nor on the kernel and the workers.
func TestEvalOrder(t *testing.T) {
	paths := photoPaths()
	total := func(args ...string) string {
		var r struct {
			Total json.RawMessage `json:"total"`
		}
		if err := json.Unmarshal([]byte(eval(t, append([]string{"--json"}, args...)...)), &r); err != nil {
			t.Fatal(err)
		}
		return string(r.Total)
	}
	want := total(paths...)
	for range 4 {
		paths = append(paths[1:], paths[0])
		if got := total(paths...); got != want {
			t.Errorf("%q: total %s, want %s", paths, got, want)
		}
	}
	slices.Reverse(paths)
	for _, kernel := range engine.Kernels() {
		for _, workers := range []string{"1", "2", "7", "100000"} {
			args := append([]string{"--kernel", kernel, "--workers", workers}, paths...)
			if got := total(args...); got != want {
				t.Errorf("%q: total %s, want %s", args, got, want)
			}
		}
	}

	// All orders, of what eval merges.
	var inputs []outcome.Input
	for _, path := range photoPaths() {
		inputs = append(inputs, inputOf(t, path))
	}
	permutations(len(inputs), func(order []int) {
		b := outcome.NewBuilder(outcome.Settings{Losses: []engine.Loss{engine.Focal(0.25, 2)}}, len(inputs))
		for _, i := range order {
			must(0, b.Add(i, inputs[i]))
		}
		var got bytes.Buffer
		must(0, json.Indent(&got, must(json.Marshal(must(b.Report()).Losses[0].Total)), "  ", "  "))
		if got.String() != want {
			t.Errorf("order %v: total %s, want %s", order, &got, want)
		}
	})
}

// imagesOf returns the images of PATHs.
func imagesOf(t *testing.T, paths ...string) []*stream.Image {
	t.Helper()
	return must(stream.Check(t.Context(), must(new(dump.Options).Sources(paths)), false))
}

// inputOf is what an input comes to as a whole.
func inputOf(t *testing.T, path string) outcome.Input {
	t.Helper()
	in := must(sourceOf(path).Open())
	defer in.Close()
	var all, easy [2]engine.Result
	var scratch dump.Scratch
	sweeper := must(engine.NewSweeper([]engine.Loss{engine.Focal(0.25, 2), engine.CrossEntropy()}))
	must(0, sweeper.SumEasy(all[:], easy[:], cli.EasyPt, must(in.Batch(0, in.Scores(), &scratch))))
	return outcome.Input{Path: path, Losses: []outcome.Measured{{Tally: outcome.Tally{Loss: all[0], Easy: easy[0], CE: all[1], EasyCE: easy[1]}}}}
}

// share is part of whole, 0 where there is nothing to share.
func share(part, whole float64) cli.Float {
	if whole == 0 {
		return 0
	}
	return cli.Float(part / whole)
}

// TestEvalJSON pins the keys and their order.
func TestEvalJSON(t *testing.T) {
	logits := []float32{-3, 0, 2, float32(math.Inf(-1))}
	dir := folder(t, array{[]int{2, 2}, logits}.file(), array{[]int{2}, []int32{1, -1}}.file())
	ce, losses := must(engine.New(engine.CrossEntropy())), make([]float32, 4)
	r := must(ce.Losses(losses, engine.Batch{Logits: logits, Labels: []uint8{0, 1, 0, 0}}))
	share := float64(losses[0]) / r.Sum()
	entry := fmt.Sprintf(`
      "scores": 4,
      "positives": 1,
      "ignored": 0,
      "sum": %v,
      "mean": %v,
      "per_positive": %v,
      "easy_negatives": {
        "entries_share": 0.5,
        "ce_share": %v,
        "loss_share": %v
      },
      "exact": %q`, r.Sum(), r.Mean(), r.PerPositive(), share, share, must(r.MarshalText()))
	top := fmt.Sprintf(`,
      "top": [
        {
          "row": 1,
          "column": 0,
          "logit": 2,
          "label": 0,
          "loss": %v
        },
        {
          "row": 0,
          "column": 1,
          "logit": 0,
          "label": 1,
          "loss": %v
        },
        {
          "row": 0,
          "column": 0,
          "logit": -3,
          "label": 0,
          "loss": %v
        },
        {
          "row": 1,
          "column": 1,
          "logit": "-Infinity",
          "label": 0,
          "loss": 0
        }
      ]`, losses[2], losses[1], losses[0])
	want := `{
  "loss": {
    "name": "ce"
  },
  "kernel": "generic",
  "workers": 1,
  "results": [
    {
      "path": ` + string(must(json.Marshal(dir))) + "," + entry + top + `
    }
  ],
  "total": {
    "path": "total",` + strings.ReplaceAll(entry, "\n  ", "\n") + `
  },
  "warnings": [],
  "notes": []
}
`
	got := eval(t, "--json", "--loss", "ce", "--kernel", "generic", "--workers", "3", "--top", "9", dir)
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for loss, want := range map[string]string{
		"balanced":                     `{"name":"balanced","alpha":0.25}`,
		"focal":                        `{"name":"focal","alpha":0.25,"gamma":2}`,
		"focal1.5":                     `{"name":"focal","alpha":0.25,"gamma":1.5}`,
		"focal(alpha=0.5)":             `{"name":"focal","alpha":0.5,"gamma":2}`,
		"focal(gamma=1, pos=1, neg=1)": `{"name":"focal","gamma":1,"pos":1,"neg":1}`,
		"ce(pos=4,neg=1e-30)":          `{"name":"ce","pos":4,"neg":1e-30}`,
	} {
		r := evalReport(t, "--loss", loss, dir)
		if got := string(must(json.Marshal(r.Loss))); got != want {
			t.Errorf("loss %s, want %s", got, want)
		}
		if r.Results[0].Top != nil {
			t.Errorf("top %v without --top", r.Results[0].Top)
		}
	}
	if r := evalReport(t, "--alpha", "1", "--gamma", "0.1", dir); r.Loss.Loss != engine.Focal(1, 0.1) {
		t.Errorf("loss %v", r.Loss)
	}
}

// TestEvalTable pins the table for people.
func TestEvalTable(t *testing.T) {
	t.Chdir(photoPath(""))
	for args, want := range map[string]string{
		"--loss ce --workers 1 nanodet/astronaut": `cross-entropy; kernel generic, 1 worker

                                                                    easy negatives' share of
scores  positives  ignored          sum      mean  per positive     scores       CE     loss  path
282480         11     1440  1849.614578  0.006548    168.146780  99.8743 %  96.82 %  96.82 %  nanodet/astronaut
`,
		"--workers 2 --top 2 handtrack/astronaut handtrack/chelsea": `focal loss, alpha 0.25, gamma 2; kernel generic, 2 workers

                                                                   easy negatives' share of
scores  positives  ignored        sum       mean  per positive     scores       CE     loss  path
 89229         16      399  14.402757  0.0001614      0.900172  99.9103 %  77.37 %   0.38 %  handtrack/astronaut
 89628          0        0   0.078460  8.754e-07      0.078460  99.9799 %  98.24 %  29.36 %  handtrack/chelsea
178857         16      399  14.481217  8.097e-05      0.905076  99.9452 %  85.73 %   0.54 %  total

hardest scores of handtrack/astronaut

  row  column      logit  label       loss  class  box
10009       4  3.0103323      0  2.0834413  face   90.74516 10.745166 181.25484 101.25484
10015       4   2.471155      0  1.6275626  face   106.74516 10.745166 197.25484 101.25484

hardest scores of handtrack/chelsea

  row  column       logit  label         loss  class  box
11586       0  -1.2915757      0  0.008464189  hand   152 232 216 296
11530       0  -1.3423079      0  0.007468272  hand   1.372583 218.74516 46.62742 309.25482

hardest scores of all inputs

  row  column      logit  label       loss  class  box                                      path
10009       4  3.0103323      0  2.0834413  face   90.74516 10.745166 181.25484 101.25484   handtrack/astronaut
10015       4   2.471155      0  1.6275626  face   106.74516 10.745166 197.25484 101.25484  handtrack/astronaut
`,
	} {
		if got := eval(t, append([]string{"--kernel", "generic"}, strings.Fields(args)...)...); got != want {
			t.Errorf("eval %s:\n%s\nwant\n%s", args, got, want)
		}
	}
}

// TestEvalLabelForms: class labels of both sizes and labels per score give the
// same output.
func TestEvalLabelForms(t *testing.T) {
	withShards(t, 1)
	for _, s := range []sample{newSample(1, 1500, 7), newSample(2, 5000, 1), newSample(3, 3, 9000)} {
		dir := folder(t, s.logitsFile(), nil)
		wide := make([]int64, len(s.classes))
		for i, c := range s.classes {
			wide[i] = int64(c)
		}
		var want string
		for _, labels := range []array{{[]int{s.rows}, s.classes}, {[]int{s.rows}, wide}, {[]int{s.rows, s.columns}, s.labels}} {
			path := write(t, filepath.Join(dir, "labels.npy"), labels.file())
			got := eval(t, "--json", "--top", "5", "--logits", filepath.Join(dir, "logits.npy"), "--labels", path)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%d × %d, %T:\n%s\nwant\n%s", s.rows, s.columns, labels.data, got, want)
			}
		}
		if s.columns > 1 {
			continue
		}
		// Logits of one dimension are a column.
		write(t, filepath.Join(dir, "logits.npy"), array{[]int{s.rows}, s.logits}.file())
		for _, labels := range []any{s.classes, wide, s.labels} {
			path := write(t, filepath.Join(dir, "labels.npy"), array{[]int{s.rows}, labels}.file())
			got := eval(t, "--json", "--top", "5", "--logits", filepath.Join(dir, "logits.npy"), "--labels", path)
			if got != want {
				t.Errorf("(%d,), %T:\n%s\nwant\n%s", s.rows, labels, got, want)
			}
		}
	}
}

// TestEvalEngine: sums, counts and shares are the engine's.
func TestEvalEngine(t *testing.T) {
	withShards(t, 2)
	s := newSample(4, 2000, 13)
	dir := folder(t, s.logitsFile(), s.classesFile())
	easy := slices.Clone(s.labels)
	entries := 0
	for i, x := range s.logits {
		if easy[i] != 0 || !(float64(x) < -math.Log(9)) {
			easy[i] = 255
		} else {
			entries++
		}
	}
	ce := must(engine.New(engine.CrossEntropy()))
	for _, c := range []struct {
		args []string
		loss engine.Loss
	}{
		{nil, engine.Focal(0.25, 2)},
		{[]string{"--loss", "focal", "--alpha", "0.6", "--gamma", "1.5"}, engine.Focal(0.6, 1.5)},
		{[]string{"--gamma", "0"}, engine.Focal(0.25, 0)},
		{[]string{"--loss", "balanced"}, engine.BalancedCrossEntropy(0.25)},
		{[]string{"--loss", "balanced", "--alpha", "0"}, engine.BalancedCrossEntropy(0)},
		{[]string{"--loss", "ce"}, engine.CrossEntropy()},
		{[]string{"--loss", "ce(pos=3,neg=1)"}, engine.CrossEntropy().Weighted(3, 1)},
		{[]string{"--loss", "focal1"}, engine.Focal(0.25, 1)},
	} {
		e := must(engine.New(c.loss))
		r := must(e.Sum(s.batch()))
		sum := func(e *engine.Engine, labels []uint8) float64 {
			return must(e.Sum(engine.Batch{Logits: s.logits, Labels: labels})).Sum()
		}
		want := outcome.Entry{
			Path: cli.Path(dir), Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
			Sum: cli.Float(r.Sum()), Mean: cli.Float(r.Mean()), PerPositive: cli.Float(r.PerPositive()),
			EasyNegatives: outcome.Shares{
				Entries: share(float64(entries), float64(r.Scores)), CE: share(sum(ce, easy), sum(ce, s.labels)), Loss: share(sum(e, easy), r.Sum()),
			},
			Exact: string(must(r.MarshalText())),
		}
		if got := evalReport(t, append(c.args, dir)...).Results[0].Entry; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("eval %q:\n%+v, want\n%+v", c.args, got, want)
		}
	}
}

// TestEvalShards: shards of any size give the same bytes.
func TestEvalShards(t *testing.T) {
	s := newSample(5, 3001, 13)
	dir := folder(t, s.logitsFile(), s.classesFile())
	out := filepath.Join(t.TempDir(), "out.npy")
	var want, wantFile string
	for _, blocks := range []int{1, 2, 3, 9, 1000} {
		withShards(t, blocks)
		for _, workers := range []string{"1", "5"} {
			var r map[string]json.RawMessage
			if err := json.Unmarshal([]byte(eval(t, "--json", "--top", "20", "--workers", workers, "--losses-out", out, dir)), &r); err != nil {
				t.Fatal(err)
			}
			got, gotFile := string(r["results"])+string(r["total"]), string(must(os.ReadFile(out)))
			if want == "" {
				want, wantFile = got, gotFile
			}
			if got != want || gotFile != wantFile {
				t.Errorf("shards of %d blocks, %s workers: other results", blocks, workers)
			}
		}
	}
}

// TestEvalEasy: the bounds of easy negatives are -ln 9 and 0.1, without rounding.
func TestEvalEasy(t *testing.T) {
	const below, tenth = float32(-2.1972246), float32(0.1) // next to the bounds; the latter is above
	above, under := math.Nextafter32(below, 0), math.Nextafter32(tenth, 0)
	if !(float64(below) < -math.Log(9) && float64(above) > -math.Log(9) && float64(tenth) > 0.1 && float64(under) < 0.1) {
		t.Fatalf("-ln 9 = %v, %v, %v", -math.Log(9), below, above)
	}
	inf := float32(math.Inf(1))
	y := []uint8{0, 0, 0, 1, 255, 0, 1, 0, 0, 255}
	for _, c := range []struct {
		x    []float32
		args []string
	}{
		{[]float32{below, above, -inf, -3, -3, 5, inf, -100, 0, float32(math.NaN())}, nil},
		{[]float32{under, tenth, 0, 0.01, 0.01, 0.9, 1, 1e-30, 0.5, float32(math.NaN())}, []string{"--probs"}},
	} {
		dir := folder(t, array{[]int{len(c.x)}, c.x}.file(), array{[]int{len(y)}, y}.file())
		if r := evalReport(t, append(c.args, dir)...).Total; r.EasyNegatives.Entries != 3./8 {
			t.Errorf("%v: easy negatives %v, want 3 of 8", c.x, r.EasyNegatives)
		}
	}
}

// TestEvalNothing: no scores, none that counts, and no loss at all.
func TestEvalNothing(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name           string
		logits, labels array
		want           outcome.Entry
		warned         bool
	}{
		{"(0, 80)", array{[]int{0, 80}, []float32{}}, array{[]int{0}, []int32{}}, outcome.Entry{}, false},
		{"(0, 80), uint8", array{[]int{0, 80}, []float32{}}, array{[]int{0, 80}, []uint8{}}, outcome.Entry{}, false},
		{"(0,)", array{[]int{0}, []float32{}}, array{[]int{0}, []int64{}}, outcome.Entry{}, false},
		{"ignored", array{[]int{1, 3}, []float32{nan, inf, -inf}}, array{[]int{1}, []int32{-2}}, outcome.Entry{Ignored: 3}, true},
		{"no loss", array{[]int{1, 2}, []float32{-inf, inf}}, array{[]int{1}, []int32{1}},
			outcome.Entry{Scores: 2, Positives: 1, EasyNegatives: outcome.Shares{Entries: 0.5}}, true},
	} {
		dir := folder(t, c.logits.file(), c.labels.file())
		stdout, stderr, code := command("eval", "--json", "--top", "2", dir)
		if code != 0 || (stderr != "") != c.warned {
			t.Errorf("%s: exit code %d, stderr %q", c.name, code, stderr)
		}
		r := decodeReport(t, stdout)
		c.want.Path, c.want.Exact = "total", r.Total.Exact
		if fmt.Sprint(r.Total.Entry) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, r.Total, c.want)
		}
		if top := r.Results[0].Top; top == nil || int64(len(top)) != c.want.Scores {
			t.Errorf("%s: top %v", c.name, top)
		}
		if table, _, _ := command("eval", "--top", "2", dir); table == "" || strings.Contains(table, "NaN") {
			t.Errorf("%s: %s", c.name, table)
		}
	}
}

func TestEvalHelp(t *testing.T) {
	help := eval(t, "--help")
	for _, want := range []string{
		"flbench eval testdata/detector-logits/nanodet/astronaut\n",
		"flbench eval --json --loss ce testdata/detector-logits/*/*/\n",
		"flbench eval --top 10 --losses-out losses.npy --logits scores.npy --labels classes.npy\n",
		"Usage:\n  flbench eval PATH... | --logits FILE --labels FILE\n",
		"--gamma GAMMA", cli.OrList(cli.FamilyNames(cli.AllFamilies())), "p_t > 0.9", "easy_negatives",
		"--layout", "--columns", "--probs", "--targets", "--background", "--ignored", "--weights", "--from", "--sort KEY", "--limit N",
		"np.savez(", "np.save(", "save_file(", fmt.Sprint(outcome.MaxKept),
	} {
		if !strings.Contains(help, want) {
			t.Errorf("help lacks %q:\n%s", want, help)
		}
	}
}

// FuzzEval gives eval any two files.
func FuzzEval(f *testing.F) {
	s := newSample(6, 5, 3)
	logits := s.logitsFile()
	f.Add(logits, s.classesFile())
	f.Add(logits, array{[]int{5, 3}, s.labels}.file())
	f.Add(logits, array{[]int{5}, []int64{0, -1, -2, 2, 3}}.file())
	f.Add(array{[]int{2}, []float32{1, float32(math.NaN())}}.file(), array{[]int{2}, []uint8{1, 2}}.file())
	f.Add(array{[]int{0, 80}, []float32{}}.file(), array{[]int{0}, []int32{}}.file())
	f.Add([]byte("\x93NUMPY"), []byte{})
	f.Fuzz(func(t *testing.T, logits, labels []byte) {
		dir := folder(t, append([]byte{}, logits...), append([]byte{}, labels...))
		stdout, stderr, code := command("eval", "--json", "--top", "3", dir)
		switch {
		case code == 0:
			r := decodeReport(t, stdout)
			said := ""
			for _, m := range r.Warnings {
				said += "flbench: warning: " + string(m.Path) + ": " + m.Text + "\n"
			}
			for _, m := range r.Notes {
				said += "flbench: note: " + string(m.Path) + ": " + m.Text + "\n"
			}
			if stderr != said || r.Results[0].Path != cli.Path(dir) {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
		case code == 1 && (stdout != "" || !strings.HasPrefix(stderr, "flbench: "+dir)):
			t.Errorf("exit code 1, stdout %q, stderr %q", stdout, stderr)
		case code != 0 && code != 1:
			t.Errorf("exit code %d, stderr %q", code, stderr)
		}
	})
}

// copyFolder copies an input.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
