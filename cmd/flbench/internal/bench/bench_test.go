package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// TestSize: how many anchors are measured.
func TestSize(t *testing.T) {
	l := &lists{}
	for _, c := range []struct {
		l          *lists
		n, columns int
		want       int
		why        string
	}{
		{l, 0, measure.ImageClasses, 200700, ""},
		{l, defaultScores, measure.ImageClasses, 13107, ""},
		{l, 81, 80, 1, ""},
		{l, 79, 80, 0, fmt.Sprintf("--scores 79 with --columns 80: want 0, or 80 (one anchor) to %d", measure.MaxScores)},
		{l, 0, 6000, 0, fmt.Sprintf("--scores 0 with --columns 6000: want at most %d for a whole image", measure.MaxScores/200700)},
		{&lists{anchors: []int{}}, measure.MaxScores / 80, 80, measure.MaxScores / 80, ""},
		{&lists{anchors: []int{}}, measure.MaxScores/80 + 1, 80, 0,
			fmt.Sprintf("--anchors %d with --columns 80: want 1 to %d", measure.MaxScores/80+1, measure.MaxScores/80)},
	} {
		if n, why := c.l.anchorsOf(c.n, c.columns); n != c.want || why != c.why {
			t.Errorf("%d of %d columns: %d, %q, want %d, %q", c.n, c.columns, n, why, c.want, c.why)
		}
	}
}

// flbench is the command.
var flbench = clitest.Command(New)

// tiny are flags that make a measurement short.
var tiny = []string{"--anchors", "60", "--classes", "3", "--time", "0.02"}

func TestBenchJSON(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	out := flbench.Must(t, append(tiny, "--json", "--losses", "ce,balanced,focal2,focal0.50,focal(alpha=0.5,gamma=3),qfl", "--labels", "uint8,classes,targets", "--workers", "1,2")...)
	var got report
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	env := got.Environment
	if len(env.Batches) != 1 || env.Seed != 1 || env.ImageAnchors != 200700 ||
		env.CPU == "" || env.Go == "" || env.Repeats < 1 || !(env.Seconds > 0) || env.PinnedCPU != nil || !slices.Equal(env.Kernels, engine.Kernels()) {
		t.Errorf("environment %+v", env)
	}
	if b := env.Batches[0]; b.Scores != 180 || b.Anchors != 60 || b.Columns != 3 {
		t.Errorf("batch %+v", b)
	}
	cells := map[string]row{}
	for _, r := range got.Rows {
		cells[fmt.Sprintln(r.Kernel, r.Loss, r.Op, r.Labels, r.Workers)] = r
	}
	gammas := map[string]float32{"ce": 0, "balanced": 0, "focal2": 2, "focal0.5": 0.5, "focal(alpha=0.5,gamma=3)": 3, "qfl2": 0}
	bytes := map[string]float64{measure.OpSum: 4, measure.OpLosses: 8, measure.OpGradients: 8, measure.OpBoth: 12}
	want := 0
	for _, kernel := range engine.Kernels() {
		for loss, gamma := range gammas {
			for op, b := range bytes {
				for labels, label := range map[string]float64{measure.LabelsUint8: 1, measure.LabelsClasses: 4. / 3, measure.LabelsTargets: 4} {
					for _, workers := range []int{1, 2} {
						want++
						name := fmt.Sprintln(kernel, loss, op, labels, workers)
						r, found := cells[name]
						if !found {
							t.Errorf("no row %s", name)
							continue
						}
						if r.Gamma != gamma || math.Abs(r.BytesPerScore-b-label) > 1e-12 {
							t.Errorf("%s: γ %v, %v bytes, want %v, %v", name, r.Gamma, r.BytesPerScore, gamma, b+label)
						}
						if !(r.Min > 0 && r.Min <= r.NsPerScore && r.NsPerScore <= r.Max && r.Spread >= 0 && r.Passes > 0 && r.Sum > 0) {
							t.Errorf("%s: %+v", name, r)
						}
						near := func(got, want float64) bool { return math.Abs(got/want-1) < 1e-9 }
						if !near(r.GscoresPerSec, 1/r.NsPerScore) || !near(r.GBPerSec, r.BytesPerScore/r.NsPerScore) {
							t.Errorf("%s: rates %v, %v do not fit %v ns", name, r.GscoresPerSec, r.GBPerSec, r.NsPerScore)
						}
						generic := cells[fmt.Sprintln("generic", loss, op, labels, workers)]
						if r.RatioToGeneric == nil || !near(*r.RatioToGeneric, generic.NsPerScore/r.NsPerScore) {
							t.Errorf("%s: wrong ratio to generic: %+v", name, r)
						}
						if r.Sum != generic.Sum {
							t.Errorf("%s: sum %v, generic's %v", name, r.Sum, generic.Sum)
						}
					}
				}
			}
		}
	}
	if len(got.Rows) != want || len(cells) != want {
		t.Errorf("%d rows, %d different ones, want %d", len(got.Rows), len(cells), want)
	}
}

// TestBenchHessians: second derivatives are an operation, where there are some.
func TestBenchHessians(t *testing.T) {
	var got report
	out := flbench.Must(t, append(tiny, "--json", "--losses", "ce,focal2,vfl", "--ops", "losses,gradients+hessians", "--labels", "uint8,classes")...)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, r := range got.Rows {
		if r.Op == measure.OpHessians {
			rows++
			if label := map[string]float64{measure.LabelsUint8: 1, measure.LabelsClasses: 4. / 3}[r.Labels]; math.Abs(r.BytesPerScore-12-label) > 1e-12 || !(r.Sum > 0) {
				t.Errorf("%+v", r)
			}
		}
	}
	if want := 3 * 2 * len(engine.Kernels()); rows != want {
		t.Errorf("%d rows of second derivatives, want %d", rows, want)
	}
}

// TestBenchRows: losses of rows are measured with class indices.
func TestBenchRows(t *testing.T) {
	var got report
	if err := json.Unmarshal([]byte(flbench.Must(t, append(tiny, "--json", "--losses", "softmaxce,softmaxfocal1.5")...)), &got); err != nil {
		t.Fatal(err)
	}
	if want := 2 * len(measure.UsualOps()) * len(engine.Kernels()); len(got.Rows) != want {
		t.Errorf("%d rows, want %d", len(got.Rows), want)
	}
	for _, r := range got.Rows {
		if !(r.Sum > 0 && r.NsPerScore > 0) {
			t.Errorf("%+v", r)
		}
	}
	// The losses of a row are one.
	for _, r := range got.Rows {
		if want := map[string]float64{measure.OpSum: 4, measure.OpLosses: 4 + 4./3, measure.OpGradients: 8, measure.OpBoth: 8 + 4./3}[r.Op] + 4./3; math.Abs(r.BytesPerScore-want) > 1e-12 {
			t.Errorf("%s: %v bytes, want %v", r.Op, r.BytesPerScore, want)
		}
	}
	flbench.Refuses(t, "nothing to measure: softmaxce with --labels uint8: want --labels classes", append(tiny, "--losses", "softmaxce", "--labels", "uint8")...)
	flbench.Refuses(t, "softmaxce with --ops gradients+hessians: want --ops sum, losses, gradients or losses+gradients", append(tiny, "--losses", "softmaxce", "--ops", "gradients+hessians")...)
}

// TestBenchGo: package benchfmt, with which benchstat reads, has all repeats of every cell.
func TestBenchGo(t *testing.T) {
	out := flbench.Must(t, append(tiny, "--format", "go", "--ops", "sum,losses+gradients")...)
	r := benchfmt.NewReader(strings.NewReader(out), "stdout")
	cells := map[string]int{}
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(rec)
		case *benchfmt.Result:
			for _, key := range []string{"goos", "goarch", "pkg", "cpu", "go", "scores", "classes", "seed"} {
				if rec.GetConfig(key) == "" {
					t.Errorf("no %s in\n%s", key, out)
				}
			}
			base, parts := rec.Name.Parts()
			if string(base) != "Flbench" || len(parts) < 5 || !strings.HasPrefix(string(parts[0]), "/kernel=") || rec.Iters < 1 {
				t.Errorf("name %s, %d iterations", rec.Name, rec.Iters)
			}
			cells[string(rec.Name)]++
			op, okOp := rec.Value("sec/op")
			score, okScore := rec.Value("sec/score")
			rate, okRate := rec.Value("GB/s")
			if !okOp || !okScore || !okRate || !(math.Abs(op/score/180-1) < 1e-2) || !(rate > 0) {
				t.Errorf("%s: values %v", rec.Name, rec.Values)
			}
		}
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if better := r.Units().Get("GB/s", "better"); better == nil || better.Value != "higher" {
		t.Errorf("GB/s: better is %v", better)
	}
	if want := len(engine.Kernels()) * 3 * 2; len(cells) != want {
		t.Errorf("%d cells, want %d", len(cells), want)
	}
	first := -1
	for name, repeats := range cells {
		if first < 0 {
			first = repeats
		}
		if repeats != first {
			t.Errorf("%s has %d repeats, others %d", name, repeats, first)
		}
	}
}

func TestBenchTable(t *testing.T) {
	out := flbench.Must(t, append(tiny, "--ops", "sum")...)
	for _, want := range []string{"180 scores = 60 anchors × 3 classes", "labels: classes, workers: 1;", "ns/score", "ns/call", "spread", "×generic\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, loss := range []string{"ce", "focal2", "focal1.5"} {
		for _, kernel := range engine.Kernels() {
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(loss) + ` +sum +` + kernel + `( +[0-9.]+%?){7}$`).MatchString(out) {
				t.Errorf("no row %s, sum, %s in\n%s", loss, kernel, out)
			}
		}
	}
	out = flbench.Must(t, append(tiny, "--ops", "sum", "--losses", "ce", "--workers", "1,2", "--labels", "classes,uint8")...)
	if !regexp.MustCompile(`(?m)^ce +sum +uint8 +generic +2 `).MatchString(out) || strings.Contains(out, "workers: ") {
		t.Errorf("no columns of labels and workers in\n%s", out)
	}
	out = flbench.Must(t, "--scores", "8000", "--time", "0.001", "--ops", "sum", "--losses", "ce")
	if !strings.Contains(out, "(0.05 % of a 800×1333 image's 200700 anchors; --scores 0 for all)") {
		t.Errorf("does not say how much of the image it is:\n%s", out)
	}
}

// TestRatioNeedsGeneric: without generic there is nothing to compare with.
func TestRatioNeedsGeneric(t *testing.T) {
	m := measurement{
		plan:    &plan{cpu: 3},
		batches: map[int]*measure.Batch{1: measure.NewBatch(1, 1, 1)},
		cells:   []*cell{{Cell: measure.Cell{Kernel: "other", Work: measure.Work{Op: measure.OpSum}, Columns: 1, Scores: 1, Repeats: []float64{3, 1, 2}}}},
	}
	r := m.report()
	if r.Rows[0].RatioToGeneric != nil || r.Rows[0].NsPerScore != 2 || r.Rows[0].Min != 1 || r.Rows[0].Spread != 0.25 || *r.Environment.PinnedCPU != 3 {
		t.Errorf("%+v", r)
	}
	var table strings.Builder
	if err := r.writeTable(&table); err != nil || !strings.Contains(table.String(), " –\n") || !strings.Contains(table.String(), "pinned to CPU 3") {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// TestKernelsMustAgree: numbers of kernels that do different work are refused.
func TestKernelsMustAgree(t *testing.T) {
	// of is one of cross-entropy's sum of labels, but for what set changes.
	of := func(kernel string, scores int64, set func(c *measure.Cell)) *cell {
		c := measure.Cell{Kernel: kernel, Work: measure.Work{Loss: cli.LossSpec{Name: "ce"}, Op: measure.OpSum, Form: measure.UsualForm()},
			Workers: 1, Columns: 1, Scores: 1, Result: engine.Result{Scores: scores}}
		set(&c)
		return &cell{Cell: c}
	}
	a, b := of("a", 0, func(*measure.Cell) {}), of("b", 0, func(*measure.Cell) {})
	other := of("a", 2, func(c *measure.Cell) { c.Loss.Name = "focal2" })
	m := measurement{cells: []*cell{a, b, other}}
	if err := m.agree(); err != nil {
		t.Error(err)
	}
	m.cells = append(m.cells,
		of("a", 3, func(c *measure.Cell) { c.Labels = measure.LabelsTargets }),
		of("a", 4, func(c *measure.Cell) { c.Op = measure.OpHessians }),
		of("a", 5, func(c *measure.Cell) { c.Input = measure.InputFloat16 }),
		of("a", 6, func(c *measure.Cell) { c.Weights = measure.WeightScore }),
		of("a", 7, func(c *measure.Cell) { c.Columns = 2 }),
		of("a", 8, func(c *measure.Cell) { c.Scores = 2 }))
	if err := m.agree(); err != nil {
		t.Errorf("other work: %v", err)
	}
	b.Result.Positives++
	if err := m.agree(); err == nil || !strings.Contains(err.Error(), "kernel=b/loss=ce") {
		t.Errorf("error %v", err)
	}
}

// planOf is a plan of lists, of cross-entropy with labels of all forms.
func planOf(l *lists, kernels []string) *plan {
	l.losses = []cli.LossSpec{{Name: "ce", Loss: engine.CrossEntropy()}}
	l.inputs, l.labels, l.weights = []string{measure.InputLogits}, measure.AllLabels(), []string{measure.WeightsNone}
	p := &plan{seed: 1, workers: []int{1}, budget: time.Hour, cpu: -1}
	p.combos, p.refused = l.combos(kernels)
	return p
}

// TestBenchAtLeastOnce: a budget that is too short still gives every row.
func TestBenchAtLeastOnce(t *testing.T) {
	p := planOf(&lists{columns: []int{1}, anchors: []int{1}, ops: measure.AllOps()}, engine.Kernels())
	p.budget = 1
	m, err := p.measure(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.cells {
		if len(c.Repeats) != 1 || !(c.Repeats[0] > 0) {
			t.Errorf("%s: repeats %v, want one", c, c.Repeats)
		}
	}
}

// TestBenchIgnoresEnvironment: --kernels decides, whatever FLENGINE_KERNEL says.
func TestBenchIgnoresEnvironment(t *testing.T) {
	t.Setenv("FLENGINE_KERNEL", "mmx")
	flbench.Must(t, "--scores", "8000", "--time", "0.01", "--losses", "focal2", "--ops", "sum")
}

func TestOneOfEach(t *testing.T) {
	out := flbench.Must(t, "--anchors", "1", "--classes", "1", "--time", "0.001", "--ops", "sum", "--losses", "ce")
	if want := "\n1 score = 1 anchor × 1 class; "; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	flbench.Refuses(t, "--anchors: 0: want 1 to", "--anchors", "0", "--classes", "1")
}

func TestBenchUsage(t *testing.T) {
	_, image := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
	for _, c := range []struct {
		want string
		args []string
	}{
		{fmt.Sprintf("nothing to measure: --scores 79 with --columns 80: want 0, or 80 (one anchor) to %d", measure.MaxScores), []string{"--scores", "79"}},
		{"--scores: -1: want", []string{"--scores", "-1"}},
		{fmt.Sprintf("--scores: %d: want", measure.MaxScores+1), []string{"--scores", fmt.Sprint(measure.MaxScores + 1)}},
		{"--scores: 80 twice", []string{"--scores", "80,160,80"}},
		{fmt.Sprintf("--anchors: 0: want 1 to %d", measure.MaxScores), []string{"--anchors", "0"}},
		{fmt.Sprintf("--anchors %d with --columns 80: want 1 to %d", measure.MaxScores/80+1, measure.MaxScores/80), []string{"--anchors", fmt.Sprint(measure.MaxScores/80 + 1)}},
		{"--columns: 0: want 1 to", []string{"--columns", "0"}},
		{"--columns: 0: want 1 to", []string{"--classes", "0"}},
		{"--columns: 4 twice", []string{"--columns", "4,4"}},
		{fmt.Sprintf("--scores 0 with --columns 6000: want at most %d for a whole image", measure.MaxScores/image), []string{"--columns", "6000", "--scores", "0"}},
		{"--scores and --anchors: want one of them", []string{"--scores", "800", "--anchors", "10"}},
		{`--kernels: unknown kernel "mmx"; usable here: `, []string{"--kernels", "mmx"}},
		{"--kernels: generic twice", []string{"--kernels", "generic,generic"}},
		{"--kernels: want at least one name", []string{"--kernels", ""}},
		{`--kernels: an empty name`, []string{"--kernels", "generic,"}},
		{`--losses: loss "hinge" is unknown: want one of ` + strings.Join(cli.FamilyNames(engine.Families()), ", "), []string{"--losses", "hinge"}},
		{`--losses: loss "focalx" is unknown: want one of ` + strings.Join(cli.FamilyNames(engine.Families()), ", "), []string{"--losses", "focalx"}},
		{`--losses: "focal-1": gamma is -1: want a finite number ≥ 0`, []string{"--losses", "focal-1"}},
		{`--losses: "focalnan": gamma is NaN: want a finite number ≥ 0`, []string{"--losses", "focalnan"}},
		{`--losses: "focal1e99": gamma is 1e+99: want a finite number ≥ 0`, []string{"--losses", "focal1e99"}},
		{`--losses: "focal(alpha=10,gamma=1)": alpha is 10: want a weight in [0, 1]`, []string{"--losses", "ce,focal(alpha=10,gamma=1),focal1"}},
		{`--losses: loss "focal(gamma=1" does not end in a parenthesis`, []string{"--losses", "focal(gamma=1"}},
		{`--losses: "softmaxfocal(gamma=2,pos=2,neg=1)": pos is set, and softmaxfocal has no foreground and background: want it without pos and neg`,
			[]string{"--losses", "softmaxfocal(gamma=2,pos=2,neg=1)"}},
		{"--losses: focal2 twice", []string{"--losses", "focal,focal2"}},
		{"--losses: focal2 twice", []string{"--losses", "focal2,focal2.0"}},
		{"--losses: want at least one name", []string{"--losses", ""}},
		{`--ops: unknown "mean": want sum, losses, gradients, losses+gradients, gradients+hessians`, []string{"--ops", "mean"}},
		{"--ops: sum twice", []string{"--ops", "sum,sum"}},
		{`--labels: unknown "int8": want classes, uint8, targets`, []string{"--labels", "int8"}},
		{`--inputs: unknown "float64": want logits, probs, float16, bfloat16`, []string{"--inputs", "float64"}},
		{`--weights: unknown "row": want none, anchor, score, column, class, or several joined by +`, []string{"--weights", "none,row"}},
		{"--weights: anchor+score twice", []string{"--weights", "anchor+score,score+anchor"}},
		{"--weights: want at least one name", []string{"--weights", ""}},
		{"nothing to measure: asl with --labels targets: want --labels classes or uint8", []string{"--losses", "asl", "--labels", "targets"}},
		{"nothing to measure: ce with --labels targets --inputs probs: want --labels classes or uint8, or --inputs logits, float16 or bfloat16; vfl2 with --inputs probs: want --inputs logits, float16 or bfloat16",
			[]string{"--losses", "ce,vfl", "--labels", "targets", "--inputs", "probs"}},
		{"--workers: 0: want at least 1", []string{"--workers", "0"}},
		{"--workers: 2 twice", []string{"--workers", "2,1,2"}},
		{`--workers: "1,two": want whole numbers, separated by commas`, []string{"--workers", "1,two"}},
		{`--scores: "many": want whole numbers, separated by commas`, []string{"--scores", "many"}},
		{`--scores: "1,99999999999999999999": want whole numbers, separated by commas, in the range of Go's int`, []string{"--scores", "1,99999999999999999999"}},
		{`--seed: "18446744073709551616": want a whole number, 0 or more, in the range of Go's uint64`, []string{"--seed", "18446744073709551616"}},
		{`--time: "1e999": want a number, in the range of Go's float64`, []string{"--time", "1e999"}},
		{`--seed: "-1": want a whole number, 0 or more`, []string{"--seed", "-1"}},
		{`--time: "long": want a number`, []string{"--time", "long"}},
		{`--json: "maybe": want true or false`, []string{"--json=maybe"}},
		{"--time: 0: want seconds, more than 0", []string{"--time", "0"}},
		{"--time: -1: want", []string{"--time", "-1"}},
		{"--time: NaN: want", []string{"--time", "nan"}},
		{"--time: +Inf: want", []string{"--time", "inf"}},
		{"--cpu: ", []string{"--cpu", "-1"}},
		{"--cpu: ", []string{"--cpu", "0", "--workers", "1,2"}},
		{`--format: unknown "xml": want table, json, csv, go`, []string{"--format", "xml"}},
		{"--json and --format go: want one of them", []string{"--json", "--format", "go"}},
		{"--compare beside --format go: want one of them", []string{"--compare", "old.json", "--format", "go"}},
		{"--compare is empty: want a file name", []string{"--compare", ""}},
		{"--json and --format table: want one of them", []string{"--json", "--format", "table"}},
	} {
		flbench.Refuses(t, c.want, c.args...)
	}
}

func TestBenchLosesOutput(t *testing.T) {
	for _, format := range allFormats {
		flbench.LosesOutput(t, "--scores", "80", "--time", "0.001", "--format", format)
	}
}

// TestBenchInterrupted ends measurements at all moments: what was measured is printed, and
// said to be partial, in all formats.
func TestBenchInterrupted(t *testing.T) {
	p := planOf(&lists{columns: []int{2}, anchors: []int{20}, ops: []string{measure.OpSum, measure.OpLosses}}, []string{"generic"})
	const cells = 6
	for ticks := range 3 * cells {
		for _, p.format = range allFormats {
			m, err := p.measure(clitest.EndsAfter(t.Context(), ticks), time.Now(), nil)
			if !errors.Is(err, cli.ErrInterrupted) {
				t.Fatalf("after %d ticks: %v", ticks, err)
			}
			var out strings.Builder
			err = m.finish(&out, err)
			measured := ticks + 1 - cells // each took a tick to warm
			if measured <= 0 {
				if err == nil || err.Error() != "bench: interrupted before anything was measured" || out.Len() > 0 {
					t.Errorf("after %d ticks, %s: %v, printed %q", ticks, p.format, err, &out)
				}
				continue
			}
			if err == nil || err.Error() != "bench: interrupted; what is printed is partial" {
				t.Errorf("after %d ticks, %s: %v", ticks, p.format, err)
			}
			mark, row, rows := "INTERRUPTED: these results are partial\n", "\nce ", min(measured, cells)
			switch p.format {
			case "json":
				mark, row = `"partial": true`, `"loss": "ce"`
				if !json.Valid([]byte(out.String())) {
					t.Errorf("%s", &out)
				}
			case "csv":
				mark, row = ",true\n", "\ngeneric,ce,"
			case "go":
				mark, row, rows = "partial: true\n", "\nBenchmark", measured
			}
			if got := strings.Count(out.String(), row); !strings.Contains(out.String(), mark) || got != rows {
				t.Errorf("after %d ticks, %s: %d rows, want %d and %q in\n%s", ticks, p.format, got, rows, mark, &out)
			}
		}
	}
}
