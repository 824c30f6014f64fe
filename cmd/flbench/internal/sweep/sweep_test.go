package sweep

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

var command = clitest.Command(New)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// photos are dumps of detectors.
var photos = []string{
	"../../../../testdata/detector-logits/handtrack/astronaut",
	"../../../../testdata/detector-logits/nanodet/astronaut",
}

// folder writes a dump of float32 values.
func folder(t *testing.T, shape, labelShape []int, logits, labels []float32) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []struct {
		name   string
		shape  []int
		values []float32
	}{{"logits.npy", shape, logits}, {"labels.npy", labelShape, labels}} {
		w := must(npy.Create(filepath.Join(dir, f.name), f.shape))
		defer w.Abort()
		must(0, w.Write(f.values))
		must(0, npy.CommitAll(w))
	}
	return dir
}

// expect returns the result of a loss over dumps, and its easy part, by the engine alone.
func expect(t *testing.T, loss engine.Loss, paths ...string) (all, easy engine.Result) {
	t.Helper()
	for _, source := range must(new(dump.Options).Sources(paths)) {
		in := must(source.OpenContext(t.Context()))
		b := must(in.Batch(0, in.Scores(), new(dump.Scratch)))
		var r, e [1]engine.Result
		must(0, must(engine.NewSweeper([]engine.Loss{loss})).SumEasy(r[:], e[:], 0.9, b))
		all.Merge(r[0])
		easy.Merge(e[0])
		must(0, in.Close())
	}
	return all, easy
}

// TestSweep: every number is that of the loss alone, whatever workers and shards.
func TestSweep(t *testing.T) {
	before := stream.ShardScores
	t.Cleanup(func() { stream.ShardScores = before })
	for _, c := range []struct {
		args []string
	}{
		{nil}, {[]string{"--loss=focal", "--gamma=0:5:0.5"}}, {[]string{"--loss=qfl", "--beta=1,2"}},
		{[]string{"--loss=heatmap", "--alpha=2", "--beta=2,4"}}, {[]string{"--loss=asl", "--gammaneg=2,4", "--margin=0,0.05"}},
	} {
		var first string
		for i, blocks := range []int{16, 2} {
			stream.ShardScores = blocks * engine.Block
			out := command.Must(t, append(append([]string{"--json", "--workers", strconv.Itoa(1 + 2*i)}, c.args...), photos...)...)
			var r report
			must(0, json.Unmarshal([]byte(out), &r))
			r.Workers = 0
			if i > 0 {
				if got := string(must(json.Marshal(r))); got != first {
					t.Errorf("%v: with other shards and workers\n%s\nnot\n%s", c.args, got, first)
				}
				continue
			}
			first = string(must(json.Marshal(r)))
			if len(r.Results) == 0 || r.Inputs != len(photos) {
				t.Fatalf("%v: %s", c.args, out)
			}
			for _, e := range r.Results[:min(len(r.Results), 4)] {
				all, easy := expect(t, e.Loss.Loss, photos...)
				if float64(e.Sum) != all.Sum() || float64(e.Mean) != all.Mean() || float64(e.PerPositive) != all.PerPositive() ||
					float64(*e.Easy) != easy.Sum()/all.Sum() || r.Scores != all.Scores || r.Positives != all.Positives ||
					r.Ignored != all.Ignored || float64(*r.Easy) != float64(easy.Scores)/float64(all.Scores) {
					t.Errorf("%v: %+v, want %v", e.Loss.Loss, e, all)
				}
			}
		}
	}
}

// TestSweepRows: losses of rows have no easy negatives.
func TestSweepRows(t *testing.T) {
	logits := []float32{1, 2, 3, -1, 0, 4, 2, 2, 1}
	dir := folder(t, []int{3, 3}, []int{3}, logits, []float32{0, 2, 1})
	classes := "\x93NUMPY\x01\x00\x76\x00" + fmt.Sprintf("%-117s\n", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }") + "\x00\x02\x01"
	must(0, os.WriteFile(filepath.Join(dir, "labels.npy"), []byte(classes), 0o666))
	args := []string{"--loss=softmaxfocal", "--gamma=0,2", dir}
	var r report
	must(0, json.Unmarshal([]byte(command.Must(t, append(args, "--json")...)), &r))
	for i, gamma := range []float32{0, 2} {
		want := must(must(engine.New(engine.SoftmaxFocal(gamma))).Sum(engine.Batch{Logits: logits, Classes: []int32{0, 2, 1}, NumClasses: 3}))
		if e := r.Results[i]; float64(e.Sum) != want.Sum() || e.Easy != nil || r.Scores != 3 {
			t.Errorf("γ = %v: %+v, want %v", gamma, e, want)
		}
	}
	if table := command.Must(t, args...); strings.Contains(table, "easy") || !strings.Contains(table, "per positive") {
		t.Error(table)
	}
	command.Refuses(t, "losses of a softmax have no easy negatives", append(args, "--format=map", "--show=easy_negatives_loss_share")...)
}

// TestSweepFormats: table, CSV and map have the numbers of JSON.
func TestSweepFormats(t *testing.T) {
	args := append([]string{"--alpha=0.25,0.75", "--gamma=0,1,2"}, photos[0])
	var r report
	must(0, json.Unmarshal([]byte(command.Must(t, append(args, "--json")...)), &r))
	if !slices.Equal(r.Parameters, []string{"alpha", "gamma"}) || r.Warnings == nil || r.Notes == nil {
		t.Errorf("%+v", r)
	}
	records := must(csv.NewReader(strings.NewReader(command.Must(t, append(args, "--format=csv")...))).ReadAll())
	if len(records) != 7 || strings.Join(records[0], ",") != "loss,alpha,gamma,sum,mean,per_positive,easy_negatives_loss_share" {
		t.Fatal(records)
	}
	table := strings.Split(command.Must(t, args...), "\n")
	for i, e := range r.Results {
		line := records[i+1]
		if line[0] != e.Loss.Loss.String() || line[3] != strconv.FormatFloat(float64(e.Sum), 'g', -1, 64) || line[6] != strconv.FormatFloat(float64(*e.Easy), 'g', -1, 64) {
			t.Errorf("%v, want %+v", line, e)
		}
		cells := strings.Fields(table[3+i])
		if cells[0] != line[1] || cells[1] != line[2] || cells[4] != short(float64(e.PerPositive)) || cells[5] != strings.TrimSuffix(percent(float64(*e.Easy)), " %") {
			t.Errorf("%q, want %+v", table[3+i], e)
		}
	}
	text := command.Must(t, append(args, "--format=map", "--show=mean")...)
	for _, want := range []string{"mean loss of a score", "γ →", "\n   α ", "\n0.75 ", short(float64(r.Results[4].Mean))} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colours that are for terminals")
	}
	r.grid, r.show = must(gridOfTest()), "sum"
	if text := r.heatMap(true); strings.Count(text, "\x1b[0m") != 6 || !strings.Contains(text, "\x1b[97;48;2;8;48;107m") {
		t.Errorf("%q", text)
	}
	if text := command.Must(t, "--gamma=0,1,2", "--format=map", photos[0]); strings.Contains(text, "α") || !strings.Contains(text, "γ →") {
		t.Errorf("of one parameter:\n%s", text)
	}
}

// gridOfTest is the grid of TestSweepFormats.
func gridOfTest() (*cli.Grid, error) {
	var g cli.GridFlags
	cmd := New()
	cmd.ResetFlags()
	g.Add(cmd)
	if err := cmd.ParseFlags([]string{"--alpha=0.25,0.75", "--gamma=0,1,2"}); err != nil {
		return nil, err
	}
	return g.Grid(cmd)
}

// TestSweepPlot draws a map, which nothing half-written stands for.
func TestSweepPlot(t *testing.T) {
	dir := t.TempDir()
	svg := filepath.Join(dir, "sweep.svg")
	out := command.Must(t, "--plot", svg, "--show=easy_negatives_loss_share", photos[0])
	picture := string(must(os.ReadFile(svg)))
	for _, want := range []string{"focal loss: easy negatives", "γ", "0.75"} {
		if !strings.Contains(picture, want) {
			t.Errorf("no %q in the picture", want)
		}
	}
	if !strings.Contains(out, "easy negatives") {
		t.Error(out)
	}
	bad := folder(t, []int{2, 1}, []int{2, 1}, []float32{1, float32(math.NaN())}, []float32{0, 1})
	for _, c := range []struct{ want, path, in string }{
		{bad + "/logits.npy: [1, 0] is NaN", filepath.Join(dir, "bad.svg"), bad},
		{"--plot " + dir + "/none/a.svg: ", filepath.Join(dir, "none", "a.svg"), photos[0]},
	} {
		code, stdout, stderr := command.Run(t, "--plot", c.path, "--targets=binary", c.in)
		if code != 1 || stdout != "" || !strings.Contains(filepath.ToSlash(stderr), filepath.ToSlash(c.want)) {
			t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, c.want)
		}
		if _, err := os.Stat(c.path); err == nil {
			t.Errorf("%s is there", c.path)
		}
	}
	for _, f := range must(os.ReadDir(dir)) {
		if f.Name() != "sweep.svg" {
			t.Errorf("%s is left", f.Name())
		}
	}
}

func TestSweepUsage(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"no input: want PATHs", nil},
		{`--format is "x": want table, map, json or csv`, []string{"--format=x"}},
		{`--show is "x": want sum, mean`, []string{"--show=x", "--format=map"}},
		{"--show without a map", []string{"--show=sum"}},
		{"--json beside --format csv", []string{"--json", "--format=csv"}},
		{"a map has two axes at most", []string{"--loss=vfl", "--alpha=1", "--gamma=1", "--iou=1", "--format=map"}},
		{`--plot: "a.gif": want a name that ends in .svg, .png or .pdf`, []string{"--plot=a.gif"}},
		{"--workers is 0: want 1 or more", []string{"--workers=0"}},
		{`--kernel: unknown kernel "x"`, []string{"--kernel=x"}},
		{"--gamma: \"x\": want numbers separated by commas, or from:to:step", []string{"--gamma=x"}},
		{"--beta has no meaning for --loss focal", []string{"--beta=2"}},
	} {
		args := c.args
		if args != nil {
			args = append(args, photos[0])
		}
		command.Refuses(t, c.want, args...)
	}
}
