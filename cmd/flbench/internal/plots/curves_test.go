package plots

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/engine"
)

var command = clitest.Command(New)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// decoded is what a command prints with --json; it may warn.
func decoded[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	code, stdout, stderr := command.Run(t, append(args, "--json")...)
	if code != 0 || strings.Contains(stdout, "NaN") {
		t.Fatalf("%s: exit code %d, %s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCurves: every value is the engine's, and near the loss's definition.
func TestCurves(t *testing.T) {
	for _, c := range []struct {
		args   string
		losses []engine.Loss
		labels int // lines of each
	}{
		{"curves", []engine.Loss{engine.Focal(0, 0).Weighted(1, 1), engine.Focal(0, 0.5).Weighted(1, 1), engine.Focal(0, 1).Weighted(1, 1),
			engine.Focal(0, 2).Weighted(1, 1), engine.Focal(0, 5).Weighted(1, 1)}, 1},
		{"curves --loss ce", []engine.Loss{engine.CrossEntropy()}, 1},
		{"curves --loss qfl --beta 1,2", []engine.Loss{engine.QualityFocal(1), engine.QualityFocal(2)}, 1},
		{"curves --loss heatmap --alpha 3", []engine.Loss{engine.HeatmapFocal(3, 4)}, 1},
		{"curves --alpha 0.25 --gamma 2", []engine.Loss{engine.Focal(0.25, 2)}, 2},
		{"curves --loss vfl", []engine.Loss{engine.Varifocal(0.75, 2).Weighted(1, 1)}, 2},
		{"curves --loss asl --margin 0,0.2", []engine.Loss{engine.Asymmetric(1, 4, 0), engine.Asymmetric(1, 4, 0.2)}, 2},
		{"gradients --loss balanced", []engine.Loss{engine.BalancedCrossEntropy(0).Weighted(1, 1)}, 2},
		{"gradients --loss focal --gamma 1.5 --alpha 0.75,0.25", []engine.Loss{engine.Focal(0.75, 1.5), engine.Focal(0.25, 1.5)}, 2},
	} {
		args := strings.Fields(c.args)
		r := decoded[curvesReport](t, args...)
		if len(r.Lines) != c.labels*len(c.losses) {
			t.Fatalf("%s: %d lines", c.args, len(r.Lines))
		}
		for i, l := range r.Lines {
			loss := c.losses[i/c.labels]
			if want := uint8(1 - i%c.labels); l.Label != want || l.Loss.Loss != loss {
				t.Errorf("%s: line %d is label %d of %v, want %d of %v", c.args, i, l.Label, l.Loss, want, loss)
			}
			var logits, values []float32
			var labels []uint8
			for _, x := range l.Logits {
				logits, labels = append(logits, float32(x)), append(labels, l.Label)
			}
			values = make([]float32, len(logits))
			b, e := engine.Batch{Logits: logits, Labels: labels}, must(engine.New(loss))
			evaluate := e.Losses
			if args[0] == "gradients" {
				evaluate = e.Gradients
			}
			must(evaluate(values, b))
			exact := loss.Exact()
			for k, v := range values {
				x := float64(logits[k])
				want := exact(x, float64(l.Label)).Loss
				if args[0] == "gradients" {
					want = exact(x, float64(l.Label)).Gradient
				}
				if math.Float32bits(v) != math.Float32bits(float32(l.Values[k])) || math.Abs(float64(v)-want) > 1e-5*math.Abs(want)+1e-30 {
					t.Errorf("%s: at %v %v, want the engine's %v and %v", c.args, logits[k], l.Values[k], v, want)
				}
				p := 1 / (1 + math.Exp(-x))
				if l.Label == 0 {
					p = 1 - p
				}
				if math.Abs(float64(l.Pt[k])-p) > 1e-12 || k > 0 && args[0] == "curves" && l.Pt[k] <= l.Pt[k-1] {
					t.Errorf("%s: at %v p_t is %v, want %v, rising", c.args, x, l.Pt[k], p)
				}
			}
		}
		records := must(csv.NewReader(strings.NewReader(command.Must(t, append(args, "--format=csv")...))).ReadAll())
		if len(records) != 1+len(r.Lines)*len(r.Lines[0].Values) || strings.Join(records[0], " ") != "loss label logit p_t value" {
			t.Fatalf("%s: %d records, %v", c.args, len(records), records[0])
		}
		last, line := records[len(records)-1], r.Lines[len(r.Lines)-1]
		if at := len(line.Values) - 1; last[0] != line.Loss.Loss.String() || last[1] != strconv.Itoa(int(line.Label)) ||
			must(strconv.ParseFloat(last[4], 32)) != float64(line.Values[at]) || must(strconv.ParseFloat(last[3], 64)) != float64(line.Pt[at]) {
			t.Errorf("%s: the last record is %v", c.args, last)
		}
	}
}

// TestCurvesPicture: in the terminal, or in a file.
func TestCurvesPicture(t *testing.T) {
	text := command.Must(t, "curves")
	for _, want := range []string{"focal loss\n", "a γ = 0   b γ = 0.5   c γ = 1   d γ = 2   e γ = 5", "p_t", "\n5 ┤"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := command.Must(t, "gradients", "--loss=ce"); !strings.Contains(text, "cross-entropy by the logit; background dashed") {
		t.Error(text)
	}
	dir := t.TempDir()
	for _, format := range figure.Formats {
		path := filepath.Join(dir, "curves."+format)
		if out := command.Must(t, "gradients", "-o", path); out != "" {
			t.Errorf("printed %q beside a picture", out)
		}
		if b := must(os.ReadFile(path)); len(b) < 1000 {
			t.Errorf("%s has %d bytes", path, len(b))
		}
	}
	svg := string(must(os.ReadFile(filepath.Join(dir, "curves.svg"))))
	for _, want := range []string{"γ = 0.5", "background dashed", "stroke-dasharray", "logit"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in the picture", want)
		}
	}
	out := command.Must(t, "curves", "--json", "-o", filepath.Join(dir, "both.svg"))
	if _, err := os.Stat(filepath.Join(dir, "both.svg")); err != nil || !strings.HasPrefix(out, "{") {
		t.Errorf("%v, %.20q", err, out)
	}
}

func TestUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none", "a.svg")
	for _, c := range []struct{ want, args string }{
		{"plot what? want ", ""},
		{"did you mean curves?", "curve"},
		{`unknown command "x": want `, "x"},
		{`unexpected "x": want nothing but flags`, "curves x"},
		{`--output: "a.gif": want a name that ends in .svg, .png or .pdf`, "curves -o a.gif"},
		{`--output: "": want a name`, "curves --output="},
		{`--format is "x": want figure, json or csv`, "gradients --format x"},
		{"--json beside --format csv", "curves --json --format csv"},
		{"8 losses in a picture: want 7 at most", "curves --gamma 0:7:1"},
		{"8 losses in a picture: want 7 at most", "curves --gamma 0:7:1 --json -o a.svg"},
		{"--loss is \"softmaxce\": want ce, balanced", "curves --loss softmaxce"},
		{"--gamma has no meaning for --loss ce", "curves --loss ce --gamma 2"},
		{"--gamma", "curves --gamma -1"},
	} {
		command.Refuses(t, c.want, strings.Fields(c.args)...)
	}
	if r := decoded[curvesReport](t, "curves", "--gamma=0:7:1"); len(r.Lines) != 8 {
		t.Errorf("%d lines", len(r.Lines))
	}
	code, stdout, stderr := command.Run(t, "curves", "-o", file)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "--output "+file+": ") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	command.LosesOutput(t, "curves")
}
