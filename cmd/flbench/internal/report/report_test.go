package report

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

var command = clitest.Command(New)

var photos = []string{
	"../../../../testdata/detector-logits/handtrack/astronaut",
	"../../../../testdata/detector-logits/nanodet/astronaut",
	"../../../../testdata/detector-logits/nanodet/coffee",
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// folder writes a dump of four rows, two columns, with labels of a byte.
func folder(t *testing.T, logits []float32, labels []byte) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, shape []int, values []float32) {
		w := must(npy.Create(filepath.Join(dir, name), shape))
		must(0, w.Write(values))
		must(0, w.Commit())
	}
	write("logits.npy", []int{4, 2}, logits)
	shape := "(4, 2)"
	if len(labels) == 4 {
		shape = "(4,)"
	}
	head := "\x93NUMPY\x01\x00\x76\x00" + fmt.Sprintf("%-117s\n", "{'descr': '|u1', 'fortran_order': False, 'shape': "+shape+", }")
	must(0, os.WriteFile(filepath.Join(dir, "labels.npy"), append([]byte(head), labels...), 0o666))
	write("anchors.npy", []int{4, 4}, []float32{0, 0, 10, 10, 1, 2, 5, 7, 2, 2, 9, 8, 0, 5, 10, 10})
	return dir
}

var (
	someLogits = []float32{-1, 2, -5, -6, 0.5, -7, -4, 1}
	someLabels = []byte{0, 0, 0, 0, 1, 0, 255, 0}
)

// TestReport: a page on photos has their numbers, the same whatever workers and shards.
func TestReport(t *testing.T) {
	before := stream.ShardScores
	t.Cleanup(func() { stream.ShardScores = before })
	page := command.Must(t, append([]string{"--no-measure", "-o", "-", "--workers=1"}, photos...)...)
	stream.ShardScores = 2 * engine.Block
	other := command.Must(t, append([]string{"--no-measure", "-o", "-", "--workers=3"}, photos...)...)
	if strings.Replace(other, "3 workers", "1 worker", 1) != page {
		t.Error("with other workers and shards another page")
	}
	for _, want := range []string{
		"<html lang=\"en\">", "<h1>focal loss, alpha 0.25, gamma 2</h1>", "3 inputs", ">38<", "cross-entropy: ",
		"person: 11", "face: 16", "Loss per positive, α down and γ across", "Hardest positives", "Hardest negatives",
		"prefers-color-scheme: dark", "@media print", "focal, γ = 2", photos[1],
	} {
		if want == ">38<" {
			want = "<dd>38</dd>"
		}
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for _, no := range []string{"http:", "https:", "<script", "src=", "NaN", "How fast"} {
		if strings.Contains(page, no) {
			t.Errorf("%q is in the page", no)
		}
	}
	if strings.Count(page, "<figure") != strings.Count(page, "</figure>") || strings.Count(page, "<figure") < 6 {
		t.Errorf("%d figures", strings.Count(page, "<figure"))
	}
	if strings.Count(page, ` class="here"`) != 2 {
		t.Error("the page's parameters are not marked in both maps")
	}
}

// TestReportNumbers: shares and counts are the engine's.
func TestReportNumbers(t *testing.T) {
	dir := folder(t, someLogits, someLabels)
	b := engine.Batch{Logits: someLogits, Labels: someLabels, NumClasses: 2}
	positive := append([]byte{}, someLabels...)
	for i, l := range positive {
		if l == 0 {
			positive[i] = engine.IgnoredLabel
		}
	}
	loss := engine.Focal(0.25, 2)
	all := must(must(engine.New(loss)).Sum(b))
	b.Labels = positive
	positives := must(must(engine.New(loss)).Sum(b))
	page := command.Must(t, "--no-measure", "-o", "-", dir)
	for _, want := range []string{
		number(all.Sum()), percentText(percent(positives.Sum(), all.Sum())), "column 0: 1", "ignored: 1", "positive: 1",
		"Nothing is drawn, as no picture lies beside the logits",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}

// TestReportTargets: soft targets that a loss counts as positive have their whole loss among that
// of positives, and are counted by class; of heatmaps only peaks are.
func TestReportTargets(t *testing.T) {
	targets := []float32{0, 0.25, 0, 1, 0.5, 0, -1, 0.75}
	dir := folder(t, someLogits, someLabels)
	w := must(npy.Create(filepath.Join(dir, "labels.npy"), []int{4, 2}))
	must(0, w.Write(targets))
	must(0, w.Commit())
	for _, c := range []struct {
		loss    engine.Loss
		classes []string
	}{
		{engine.QualityFocal(2), []string{"column 0: 1<", "column 1: 3<"}},
		{engine.Focal(0.25, 2), []string{"column 0: 1<", "column 1: 3<"}},
		{engine.HeatmapFocal(2, 4), []string{"column 1: 1<"}},
	} {
		masked := append([]float32{}, targets...)
		for i, y := range masked {
			if y == 0 || y < 1 && len(c.classes) == 1 {
				masked[i] = engine.IgnoredTarget
			}
		}
		page := command.Must(t, "--no-measure", "-o", "-", "--loss", c.loss.Family().Name, dir)
		for _, loss := range []engine.Loss{engine.CrossEntropy(), c.loss} {
			b := engine.Batch{Logits: someLogits, Targets: targets, NumClasses: 2}
			e := must(engine.New(loss))
			all := must(e.Sum(b))
			b.Targets = masked
			if want := "<td>" + number(all.Sum()) + "</td><td>" + percentText(percent(must(e.Sum(b)).Sum(), all.Sum())) + "</td>"; !strings.Contains(page, want) {
				t.Errorf("%v of %v: no %q in\n%s", loss, c.loss, want, page)
			}
		}
		for _, want := range c.classes {
			if !strings.Contains(page, ">"+want) {
				t.Errorf("%v: no %q", c.loss, want)
			}
		}
		if strings.Count(page, ">column ") != 2*len(c.classes) {
			t.Errorf("%v: other classes than %q", c.loss, c.classes)
		}
	}
}

// TestReportSmoothed: the share of positives is of their whole loss, also where labels are
// smoothed.
func TestReportSmoothed(t *testing.T) {
	loss := engine.Focal(0.25, 2).Smoothed(0.2)
	e := must(engine.New(loss))
	all := must(e.Sum(engine.Batch{Logits: someLogits, Labels: someLabels}))
	masked := append([]byte{}, someLabels...)
	for i, l := range masked {
		if l == 0 {
			masked[i] = engine.IgnoredLabel
		}
	}
	positives := must(e.Sum(engine.Batch{Logits: someLogits, Labels: masked}))
	page := command.Must(t, "--no-measure", "-o", "-", "--loss", loss.String(), folder(t, someLogits, someLabels))
	if want := "<td>" + number(all.Sum()) + "</td><td>" + percentText(percent(positives.Sum(), all.Sum())) + "</td>"; !strings.Contains(page, want) {
		t.Errorf("no %q in\n%s", want, page)
	}
}

// TestReportIgnoredRows: of a softmax, which has no background, what otherwise stands for it can
// be ignored.
func TestReportIgnoredRows(t *testing.T) {
	dir := folder(t, someLogits, []byte{0, 1, 0, 0})
	w := must(npy.CreateOf(npy.Int64, filepath.Join(dir, "labels.npy"), []int{4}))
	must(0, w.WriteInt64s([]int64{0, -1, 1, -1}))
	must(0, w.Commit())
	page := command.Must(t, "--no-measure", "-o", "-", "--loss=softmaxce", "--ignored=-1", dir)
	for _, want := range []string{"positive: 2<", "ignored: 2<", ">column 0: 1<", ">column 1: 1<"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	page = command.Must(t, "--no-measure", "-o", "-", "--loss=softmaxce", "--ignored=-1", "--ignored=1", dir)
	if !strings.Contains(page, ">column 0: 1<") || strings.Contains(page, ">column 1") {
		t.Errorf("another class than that of column 0 in\n%s", page)
	}
}

// TestReportInfinite: a loss beyond float32 is told as such, and is no share of anything.
func TestReportInfinite(t *testing.T) {
	dir := folder(t, someLogits, someLabels)
	w := must(npy.Create(filepath.Join(dir, "w.npy"), []int{4}))
	must(0, w.Write([]float32{3e38, 3e38, 3e38, 1}))
	must(0, w.Commit())
	page := html.UnescapeString(command.Must(t, "--no-measure", "-o", "-", "--loss=vfl", "--weights=w.npy", dir))
	if strings.Contains(page, "NaN") || !strings.Contains(page, "<dd>+Inf</dd>") || !strings.Contains(page, "A loss is beyond float32, of which nothing is a share") {
		t.Errorf("NaN, or no word on the infinite loss, in\n%s", page)
	}
	if !strings.Contains(page, `style="--shade: 1">+Inf<`) {
		t.Errorf("no shade for an infinite loss in\n%s", page)
	}
}

// TestReportPicture draws boxes on the picture beside the logits, or says why not.
func TestReportPicture(t *testing.T) {
	dir := folder(t, someLogits, someLabels)
	var picture bytes.Buffer
	must(0, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 12, 11))))
	file := filepath.Join(dir, "image.png")
	must(0, os.WriteFile(file, picture.Bytes(), 0o666))
	page := command.Must(t, "--no-measure", "-o", "-", dir)
	for _, want := range []string{
		`viewBox="0 0 12 11"`, `href="data:image/png;base64,`, `class="box positive" x="2" y="2" width="7" height="6"`, `class="box negative"`, "column 1, loss",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	must(0, os.WriteFile(file, []byte("none"), 0o666))
	page = command.Must(t, "--no-measure", "-o", "-", dir)
	if !strings.Contains(page, "image.png is not drawn on: no PNG or JPEG") || strings.Contains(page, "no picture lies") || strings.Contains(page, "data:image") {
		t.Error("a file that is no picture")
	}
}

// TestReportLosses: every family has a page, with what can be said of it.
func TestReportLosses(t *testing.T) {
	scores := folder(t, someLogits, someLabels)
	rows := folder(t, someLogits, []byte{0, 1, 1, 0})
	for _, c := range []struct{ loss, dir, want string }{
		{"ce", scores, "This loss has no parameters to sweep over here"},
		{"balanced", scores, "Loss per positive, α across"},
		{"qfl", scores, "Loss per positive, β across"},
		{"vfl", scores, "α down and γ across"},
		{"heatmap", scores, "α down and β across"},
		{"asl", scores, "asymmetric, γ₊ = 1"},
		{"focal(gamma=2,pos=3,neg=1,smoothing=0.1)", scores, "<h1>focal loss"},
		{"softmaxce", rows, "Under a softmax every anchor has a class"},
		{"softmaxfocal", rows, "Scored anchors"},
	} {
		page := command.Must(t, "--no-measure", "--loss", c.loss, "-o", "-", c.dir)
		if !strings.Contains(page, c.want) || strings.Contains(page, "NaN") {
			t.Errorf("%s: no %q in\n%s", c.loss, c.want, page)
		}
	}
	if page := command.Must(t, "--top=0", "-o", "-", scores); !strings.Contains(page, "There are none to list") || !strings.Contains(page, "How fast this machine is") {
		t.Error("with a measurement and no list:\n" + page)
	}
}

// TestReportEscapes: what files and paths are called is text.
func TestReportEscapes(t *testing.T) {
	dir := folder(t, someLogits, someLabels)
	must(0, os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("<script>alert(1)</script>\n\"><img src=x>\n"), 0o666))
	odd := filepath.Join(t.TempDir(), "a<b>&\"c")
	must(0, os.Rename(dir, odd))
	page := command.Must(t, "--no-measure", "-o", "-", odd)
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") || strings.Contains(page, "a<b>") || !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;: 1") {
		t.Error(page)
	}
}

// TestReportErrors: wrong flags and bad files leave no page.
func TestReportErrors(t *testing.T) {
	good := folder(t, someLogits, someLabels)
	bad := folder(t, append([]float32{float32(math.NaN())}, someLogits[1:]...), someLabels)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"no output: want --output FILE, or - for standard output", []string{good}},
		{"--top is 1001: want 0 to 1000", []string{"--top=1001", "-o", "-", good}},
		{"is the input", []string{"-o", filepath.Join(good, "logits.npy"), good}},
		{`--loss is "x"`, []string{"--loss=x", "-o", "-", good}},
		{"--workers is 0", []string{"--workers=0", "-o", "-", good}},
		{"no input", []string{"-o", "-"}},
	} {
		command.Refuses(t, c.want, c.args...)
	}
	out := t.TempDir()
	for _, c := range []struct{ want, path, in string }{
		{"logits.npy: [0, 0] is NaN", filepath.Join(out, "bad.html"), bad},
		{"--output " + out, filepath.Join(out, "none", "a.html"), good},
	} {
		code, stdout, stderr := command.Run(t, "--no-measure", "-o", c.path, c.in)
		if code != 1 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, c.want)
		}
	}
	command.Must(t, "--no-measure", "-o", filepath.Join(out, "good.html"), good)
	for _, f := range must(os.ReadDir(out)) {
		if f.Name() != "good.html" {
			t.Errorf("%s is left", f.Name())
		}
	}
}
