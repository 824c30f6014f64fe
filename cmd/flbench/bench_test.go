package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/engine"
)

func TestPyramid(t *testing.T) {
	levels, anchors := pyramid(imageHeight, imageWidth)
	want := []level{{8, 100, 167}, {16, 50, 84}, {32, 25, 42}, {64, 13, 21}, {128, 7, 11}}
	if !slices.Equal(levels, want) || anchors != 200700 {
		t.Errorf("%v, %d anchors, want %v, 200700", levels, anchors, want)
	}
	o := benchOptions{classes: imageClasses}
	if n, err := o.size(false, false); err != nil || n*o.classes != 16056000 {
		t.Errorf("--scores 0: %d anchors, %v, want the image", n, err)
	}
	o.scores = defaultScores
	if n, err := o.size(false, false); err != nil || n != 13107 {
		t.Errorf("default: %d anchors, %v, want 13107", n, err)
	}
}

func TestSyntheticBatchIsFixed(t *testing.T) {
	equal := func(a, b *syntheticBatch) bool {
		return slices.Equal(a.logits, b.logits) && slices.Equal(a.classes, b.classes) && slices.Equal(a.labels, b.labels)
	}
	b := newSyntheticBatch(1, 5000, 20, true)
	if !equal(b, newSyntheticBatch(1, 5000, 20, true)) {
		t.Error("one seed gives two batches")
	}
	if equal(b, newSyntheticBatch(2, 5000, 20, true)) {
		t.Error("two seeds give one batch")
	}
	part := newSyntheticBatch(1, 3000, 20, false)
	if !slices.Equal(part.logits, b.logits[:3000*20]) || !slices.Equal(part.classes, b.classes[:3000]) || part.labels != nil {
		t.Error("a smaller batch is not the beginning of a larger one")
	}
}

// TestSyntheticBatchLabels: both forms of the labels say the same, and the counts
// are true.
func TestSyntheticBatchLabels(t *testing.T) {
	b := newSyntheticBatch(3, 20000, 7, true)
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	classes, err := e.Sum(b.batch(labelsClasses))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := e.Sum(b.batch(labelsUint8))
	if err != nil || labels != classes {
		t.Errorf("uint8 labels give %v, %v, classes %v", labels, err, classes)
	}
	if b.positives == 0 || classes.Positives != int64(b.positives) || classes.Ignored != int64(7*b.ignored) {
		t.Errorf("engine counts %d positives, %d ignored, batch %d, %d anchors", classes.Positives, classes.Ignored, b.positives, b.ignored)
	}
}

// background returns the sorted logits of background anchors, those of positives'
// own classes, and how many anchors there are of each kind.
func background(logits []float32, classes []int32) (rest, own []float32, ignored int) {
	columns := len(logits) / len(classes)
	for a, c := range classes {
		row := logits[a*columns:][:columns]
		switch {
		case c == -1:
			rest = append(rest, row...)
		case c == -2:
			ignored++
		default:
			own = append(own, row[c])
		}
	}
	slices.Sort(rest)
	return rest, own, ignored
}

// realBackground is background of all photographs of a detector; it also adds
// its anchors to the counts.
func realBackground(t *testing.T, detector string, anchors, positives, ignored *int) []float32 {
	t.Helper()
	folder := filepath.Join("..", "..", "testdata", "detector-logits", detector)
	files, err := filepath.Glob(filepath.Join(folder, "*", "logits.npy"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no logits in %s: %v", folder, err)
	}
	var all []float32
	for _, file := range files {
		x, err := npy.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		y, err := npy.Open(filepath.Join(filepath.Dir(file), "labels.npy"))
		if err != nil {
			t.Fatal(err)
		}
		defer y.Close()
		logits, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		classes, err := y.Int32()
		if err != nil {
			t.Fatal(err)
		}
		rest, own, out := background(logits, classes)
		all = append(all, rest...)
		*anchors += len(classes)
		*positives += len(own)
		*ignored += out
	}
	slices.Sort(all)
	return all
}

// TestSyntheticBatchIsLikeReal: the documented proportions are those of the real
// outputs and of the batch; quantiles of background logits are between those of
// the two detectors.
func TestSyntheticBatchIsLikeReal(t *testing.T) {
	var anchors, positives, ignored int
	detectors := [][]float32{
		realBackground(t, "nanodet", &anchors, &positives, &ignored),
		realBackground(t, "handtrack", &anchors, &positives, &ignored),
	}
	if anchors != realAnchors || positives != realPositives || ignored != realIgnored {
		t.Errorf("real outputs: %d anchors, %d positive, %d ignored, documented are %d, %d, %d",
			anchors, positives, ignored, realAnchors, realPositives, realIgnored)
	}

	const n = 200_000
	b := newSyntheticBatch(1, n, 10, false)
	rest, own, out := background(b.logits, b.classes)
	for _, c := range []struct {
		what  string
		got   int
		share float64
	}{{"positive", len(own), positiveShare}, {"ignored", out, ignoredShare}} {
		if want := n * c.share; math.Abs(float64(c.got)-want) > 5*math.Sqrt(want) {
			t.Errorf("%d of %d anchors are %s, want about %.0f", c.got, n, c.what, want)
		}
	}
	var mean float64
	for _, x := range own {
		mean += float64(x) / float64(len(own))
	}
	if math.Abs(mean-positiveMean) > 5*positiveDeviation/math.Sqrt(float64(len(own))) {
		t.Errorf("positives' mean logit is %g, want about %g", mean, positiveMean)
	}

	for _, q := range []float64{0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999} {
		at := func(sorted []float32) float64 { return float64(sorted[int(q*float64(len(sorted)))]) }
		got, one, other := at(rest), at(detectors[0]), at(detectors[1])
		t.Logf("quantile %g: %.2f, detectors %.2f and %.2f", q, got, one, other)
		if got < min(one, other) || got > max(one, other) {
			t.Errorf("quantile %g of the background logits is %.2f, the detectors' are %.2f and %.2f", q, got, one, other)
		}
	}
	hard, _ := slices.BinarySearch(rest, float32(-math.Log(9)))
	if got := float64(hard) / float64(len(rest)); math.Abs(got-easyShare()) > 1e-4 || math.Abs(got-0.9995) > 1e-4 {
		t.Errorf("%.4f %% of the background is easy, documented are %.4f %%", 100*got, 100*easyShare())
	}
}

// tiny are flags that make a measurement short.
var tiny = []string{"--anchors", "60", "--classes", "3", "--time", "0.02"}

func TestBenchJSON(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	out := mustRun(t, append(tiny, "bench", "--json", "--losses", "ce,balanced,focal2,focal0.50,focal(alpha=0.5,gamma=3)", "--labels", "uint8,classes", "--workers", "1,2")...)
	var got benchReport
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	env := got.Environment
	if env.Scores != 180 || env.Anchors != 60 || env.Classes != 3 || env.Seed != 1 || env.ImageAnchors != 200700 ||
		env.CPU == "" || env.Go == "" || env.Repeats < 1 || !(env.Seconds > 0) || env.PinnedCPU != nil || !slices.Equal(env.Kernels, engine.Kernels()) {
		t.Errorf("environment %+v", env)
	}
	cells := map[string]benchRow{}
	for _, r := range got.Rows {
		cells[fmt.Sprintln(r.Kernel, r.Loss, r.Op, r.Labels, r.Workers)] = r
	}
	gammas := map[string]float32{"ce": 0, "balanced": 0, "focal2": 2, "focal0.5": 0.5, "focal(alpha=0.5,gamma=3)": 3}
	bytes := map[string]float64{opSum: 4, opLosses: 8, opGradients: 8, opBoth: 12}
	want := 0
	for _, kernel := range engine.Kernels() {
		for loss, gamma := range gammas {
			for op, b := range bytes {
				for labels, label := range map[string]float64{labelsUint8: 1, labelsClasses: 4. / 3} {
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

// TestBenchIsRoot: without a command the flags are bench's.
func TestBenchIsRoot(t *testing.T) {
	var got benchReport
	args := append(tiny, "--format", "json", "--ops", "sum", "--losses", "ce", "--kernels", "generic", "--seed", "7")
	if err := json.Unmarshal([]byte(mustRun(t, args...)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || got.Environment.Seed != 7 || *got.Rows[0].RatioToGeneric != 1 {
		t.Errorf("%+v", got)
	}
}

var benchmarkLine = regexp.MustCompile(`^BenchmarkFlbench/kernel=([a-z0-9]+)/loss=([a-z0-9.=,()]+)/op=([a-z+]+)/labels=(classes|uint8)/workers=(\d+)(-\d+)?\t(\d+)\t([0-9.]+) ns/op\t([0-9.]+) ns/score\t([0-9.]+) GB/s$`)

func TestBenchGo(t *testing.T) {
	out := mustRun(t, append(tiny, "--format", "go", "--ops", "sum,losses+gradients")...)
	cells := map[string]int{}
	header := map[string]bool{}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if key, _, found := strings.Cut(line, ": "); found {
			header[key] = true
			continue
		}
		m := benchmarkLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no benchmark line: %q", line)
			continue
		}
		cells[strings.Join(m[1:6], " ")]++
		for _, number := range m[7:] {
			if v, err := strconv.ParseFloat(number, 64); err != nil || !(v > 0) {
				t.Errorf("%q in %q", number, line)
			}
		}
	}
	for _, key := range []string{"goos", "goarch", "pkg", "cpu", "scores"} {
		if !header[key] {
			t.Errorf("no %s in\n%s", key, out)
		}
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
	out := mustRun(t, append(tiny, "--ops", "sum")...)
	for _, want := range []string{"180 scores = 60 anchors × 3 classes", "labels: classes, workers: 1;", "ns/score", "spread", "×generic\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, loss := range []string{"ce", "focal2", "focal1.5"} {
		for _, kernel := range engine.Kernels() {
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(loss) + ` +sum +` + kernel + `( +[0-9.]+%?){6}$`).MatchString(out) {
				t.Errorf("no row %s, sum, %s in\n%s", loss, kernel, out)
			}
		}
	}
	out = mustRun(t, append(tiny, "--ops", "sum", "--losses", "ce", "--workers", "1,2", "--labels", "classes,uint8")...)
	if !regexp.MustCompile(`(?m)^ce +sum +uint8 +generic +2 `).MatchString(out) || strings.Contains(out, "workers: ") {
		t.Errorf("no columns of labels and workers in\n%s", out)
	}
	out = mustRun(t, "--scores", "8000", "--time", "0.001", "--ops", "sum", "--losses", "ce")
	if !strings.Contains(out, "(0.05 % of a 800×1333 image's 200700 anchors; --scores 0 for all)") {
		t.Errorf("does not say how much of the image it is:\n%s", out)
	}
}

// TestRatioNeedsGeneric: without generic there is nothing to compare with.
func TestRatioNeedsGeneric(t *testing.T) {
	m := measurement{
		plan:  &plan{anchors: 1, classes: 1, cpu: 3},
		batch: &syntheticBatch{logits: make([]float32, 1)},
		cells: []*cell{{kernel: "other", op: opSum, repeats: []float64{3, 1, 2}}},
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
	loss := cli.LossSpec{Name: "ce"}
	a := &cell{kernel: "a", loss: loss, op: opSum, labels: labelsClasses, workers: 1}
	b := &cell{kernel: "b", loss: loss, op: opSum, labels: labelsClasses, workers: 1}
	other := &cell{kernel: "a", loss: cli.LossSpec{Name: "focal2"}, result: engine.Result{Scores: 2}}
	m := measurement{cells: []*cell{a, b, other}}
	if err := m.agree(); err != nil {
		t.Error(err)
	}
	b.result.Positives++
	if err := m.agree(); err == nil || !strings.Contains(err.Error(), "kernel=b/loss=ce") {
		t.Errorf("error %v", err)
	}
}

// TestBenchAtLeastOnce: a budget that is too short still gives every row.
func TestBenchAtLeastOnce(t *testing.T) {
	p := &plan{anchors: 1, classes: 1, seed: 1, kernels: engine.Kernels(), losses: []cli.LossSpec{{Name: "ce", Loss: engine.CrossEntropy()}},
		ops: allOps, labels: allLabels, workers: []int{1}, budget: 1, cpu: -1}
	m, err := p.measure(time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.cells {
		if len(c.repeats) != 1 || !(c.repeats[0] > 0) {
			t.Errorf("%s: repeats %v, want one", c, c.repeats)
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		sorted  []float64
		q, want float64
	}{
		{[]float64{5}, 0.5, 5}, {[]float64{1, 2}, 0.5, 1.5}, {[]float64{1, 2, 4}, 0.5, 2},
		{[]float64{1, 2, 4}, 0.75, 3}, {[]float64{1, 2, 4}, 0, 1}, {[]float64{1, 2, 4}, 1, 4},
	} {
		if got := quantile(c.sorted, c.q); got != c.want {
			t.Errorf("quantile %v of %v is %v, want %v", c.q, c.sorted, got, c.want)
		}
	}
}

// TestBenchIgnoresEnvironment: --kernels decides, whatever FLENGINE_KERNEL says.
func TestBenchIgnoresEnvironment(t *testing.T) {
	t.Setenv("FLENGINE_KERNEL", "mmx")
	mustRun(t, "bench", "--scores", "8000", "--time", "0.01", "--losses", "focal2", "--ops", "sum")
}

func TestOneOfEach(t *testing.T) {
	out := mustRun(t, "--anchors", "1", "--classes", "1", "--time", "0.001", "--ops", "sum", "--losses", "ce")
	if want := "\n1 score = 1 anchor × 1 class; "; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	wantUsageError(t, "of 1 class each", "--anchors", "0", "--classes", "1")
}

func TestBenchUsage(t *testing.T) {
	_, image := pyramid(imageHeight, imageWidth)
	for _, c := range []struct {
		want string
		args []string
	}{
		{fmt.Sprintf("--scores: 79: want 0, or 80 (one anchor) to %d", maxScores), []string{"--scores", "79"}},
		{"--scores: -1: want", []string{"--scores", "-1"}},
		{fmt.Sprintf("--scores: %d: want", maxScores+1), []string{"--scores", fmt.Sprint(maxScores + 1)}},
		{fmt.Sprintf("--anchors: 0: want 1 to %d, of 80 classes each", maxScores/80), []string{"--anchors", "0"}},
		{fmt.Sprintf("--anchors: %d: want", maxScores/80+1), []string{"--anchors", fmt.Sprint(maxScores/80 + 1)}},
		{"--classes: 0: want 1 to", []string{"--classes", "0"}},
		{fmt.Sprintf("--classes: 6000: want at most %d for a whole image", maxScores/image), []string{"--classes", "6000", "--scores", "0"}},
		{"--scores and --anchors: want one of them", []string{"--scores", "800", "--anchors", "10"}},
		{`--kernels: unknown kernel "mmx"; usable here: `, []string{"--kernels", "mmx"}},
		{"--kernels: generic twice", []string{"--kernels", "generic,generic"}},
		{"--kernels: want at least one name", []string{"--kernels", ""}},
		{`--kernels: an empty name`, []string{"--kernels", "generic,"}},
		{`--losses: loss "hinge" is unknown: want one of ` + strings.Join(cli.FamilyNames(), ", "), []string{"--losses", "hinge"}},
		{`--losses: loss "focalx" is unknown: want one of ` + strings.Join(cli.FamilyNames(), ", "), []string{"--losses", "focalx"}},
		{`--losses: "focal-1": gamma is -1: want a finite number ≥ 0`, []string{"--losses", "focal-1"}},
		{`--losses: "focalnan": gamma is NaN: want a finite number ≥ 0`, []string{"--losses", "focalnan"}},
		{`--losses: "focal1e99": gamma is 1e+99: want a finite number ≥ 0`, []string{"--losses", "focal1e99"}},
		{`--losses: "focal(alpha=10,gamma=1)": alpha is 10: want a weight in [0, 1]`, []string{"--losses", "ce,focal(alpha=10,gamma=1),focal1"}},
		{`--losses: loss "focal(gamma=1" does not end in a parenthesis`, []string{"--losses", "focal(gamma=1"}},
		{"--losses: focal2 twice", []string{"--losses", "focal,focal2"}},
		{"--losses: focal2 twice", []string{"--losses", "focal2,focal2.0"}},
		{"--losses: want at least one name", []string{"--losses", ""}},
		{`--ops: unknown "mean": want sum, losses, gradients, losses+gradients`, []string{"--ops", "mean"}},
		{"--ops: sum twice", []string{"--ops", "sum,sum"}},
		{`--labels: unknown "int8": want classes, uint8`, []string{"--labels", "int8"}},
		{"--workers: 0: want at least 1", []string{"--workers", "0"}},
		{"--workers: 2 twice", []string{"--workers", "2,1,2"}},
		{`--workers: "1,two": want whole numbers, separated by commas`, []string{"--workers", "1,two"}},
		{`--scores: "many": want a whole number`, []string{"--scores", "many"}},
		{`--scores: "99999999999999999999": want a whole number, in the range of Go's int`, []string{"--scores", "99999999999999999999"}},
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
		{`--format: unknown "xml": want table, json, go`, []string{"--format", "xml"}},
		{"--json and --format go: want one of them", []string{"--json", "--format", "go"}},
		{"--json and --format table: want one of them", []string{"--json", "--format", "table"}},
	} {
		wantUsageError(t, c.want, c.args...)
		wantUsageError(t, c.want, append([]string{"bench"}, c.args...)...)
	}
}
