package plots

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// photos are dumps of detectors.
var photos = []string{
	"../../../../testdata/detector-logits/handtrack/astronaut",
	"../../../../testdata/detector-logits/nanodet/astronaut",
}

// folder writes a dump of float32 values in rows of so many columns.
func folder(t *testing.T, columns int, scores, labels, weights []float32) string {
	t.Helper()
	dir := t.TempDir()
	rows := len(scores) / columns
	for _, f := range []struct {
		name   string
		shape  []int
		values []float32
	}{{"logits.npy", []int{rows, columns}, scores}, {"labels.npy", []int{rows, columns}, labels}, {"w.npy", []int{rows}, weights}} {
		if f.values == nil && f.name == "w.npy" {
			continue
		}
		w := must(npy.Create(filepath.Join(dir, f.name), f.shape))
		defer w.Abort()
		for _, err := range []error{w.Write(f.values), npy.CommitAll(w)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// detector returns scores of rows of three, most of them easy background, and their labels, −1
// for ignored.
func detector(seed uint64, rows int) (scores, labels, weights []float32) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range rows {
		for range 3 {
			x, y := float32(2*r.NormFloat64()-4), float32(0)
			switch r.IntN(20) {
			case 0:
				x, y = x+5, 1
			case 1:
				y = -1
			}
			scores, labels = append(scores, x), append(labels, y)
		}
		weights = append(weights, float32(i%4)/2)
	}
	return scores, labels, weights
}

// withShards sets how many blocks are looked at at a time.
func withShards(t *testing.T, blocks int) {
	before := stream.ShardScores
	t.Cleanup(func() { stream.ShardScores = before })
	stream.ShardScores = blocks * engine.Block
}

// TestShare: every point is that of all sorted losses.
func TestShare(t *testing.T) {
	withShards(t, 1)
	scores, labels, weights := detector(1, 3000)
	soft := slices.Clone(labels)
	for i, y := range soft {
		if y == 1 {
			soft[i] = []float32{1, 0.5}[i%2]
		}
	}
	for _, c := range []struct {
		args    string
		labels  []float32
		weights []float32
		losses  []engine.Loss
	}{
		{"--alpha=0.25", labels, nil, []engine.Loss{engine.Focal(0.25, 2)}},
		{"", labels, nil, []engine.Loss{engine.Focal(0.25, 0), engine.Focal(0.25, 0.5), engine.Focal(0.25, 1), engine.Focal(0.25, 2), engine.Focal(0.25, 5)}},
		{"--weights=w.npy --loss=ce", labels, weights, []engine.Loss{engine.CrossEntropy()}},
		{"--loss=qfl", soft, nil, []engine.Loss{engine.QualityFocal(2)}},
		{"--loss=heatmap --beta=4,2", soft, nil, []engine.Loss{engine.HeatmapFocal(2, 4), engine.HeatmapFocal(2, 2)}},
		{"--loss=asl", labels, nil, []engine.Loss{engine.Asymmetric(1, 4, 0.05)}},
	} {
		args := append([]string{"share"}, append(strings.Fields(c.args), folder(t, 3, scores, c.labels, c.weights))...)
		r := decoded[shareReport](t, args...)
		if len(r.Lines) != len(c.losses) {
			t.Fatalf("%s: %d lines", c.args, len(r.Lines))
		}
		if one := decoded[shareReport](t, append(args, "--workers=1", "--kernel=generic")...); fmt.Sprint(one.Lines) != fmt.Sprint(r.Lines) {
			t.Errorf("%s: with one worker\n%v\nnot\n%v", c.args, one.Lines, r.Lines)
		}
		for i, loss := range c.losses {
			values := make([]float32, len(scores))
			b := engine.Batch{Logits: scores, Targets: c.labels, Weights: c.weights, NumClasses: 3}
			if hard, all := hardLabels(c.labels); all {
				b.Labels, b.Targets = hard, nil
			}
			must(must(engine.New(loss)).Losses(values, b))
			var sides [2][]float64
			for k, v := range values {
				y := c.labels[k]
				positive := y > 0 && (loss.Family().Name != "heatmap" || y == 1)
				if y >= 0 {
					side := map[bool]int{false: 0, true: 1}[positive]
					sides[side] = append(sides[side], float64(v))
				}
			}
			checkShare(t, c.args+" negatives", &r.Lines[i].Negatives, sides[0])
			checkShare(t, c.args+" positives", &r.Lines[i].Positives, sides[1])
		}
		records := must(csv.NewReader(strings.NewReader(command.Must(t, append(args, "--format=csv")...))).ReadAll())
		points := 1
		for _, l := range r.Lines {
			points += len(l.Negatives.Loss) + len(l.Positives.Loss)
		}
		first := r.Lines[0].Positives
		if len(records) != points || records[2][1] != "1" || records[2][2] != strconv.FormatFloat(float64(first.Easiest[1]), 'g', -1, 64) {
			t.Errorf("%s: %d records, want %d: %v", c.args, len(records), points, records[2])
		}
	}
}

// hardLabels are those of targets, if none is soft.
func hardLabels(targets []float32) (labels []uint8, all bool) {
	for _, y := range targets {
		switch y {
		case 0, 1:
			labels = append(labels, uint8(y))
		case -1:
			labels = append(labels, engine.IgnoredLabel)
		default:
			return nil, false
		}
	}
	return labels, true
}

// checkShare holds a share against its losses.
func checkShare(t *testing.T, what string, s *share, values []float64) {
	t.Helper()
	slices.Sort(values)
	sums := []float64{0} // of the easiest
	for _, v := range values {
		sums = append(sums, sums[len(sums)-1]+v)
	}
	n, all := float64(len(values)), sums[len(values)]
	if s.Scores != int64(n) || math.Abs(float64(s.Sum)-all) > 1e-12*all {
		t.Errorf("%s: %d scores of %v, want %v of %v", what, s.Scores, s.Sum, n, all)
	}
	if len(s.Easiest) < 10 || s.Easiest[0] != 0 || s.Loss[0] != 0 || s.Easiest[len(s.Easiest)-1] != 1 || s.Loss[len(s.Loss)-1] != 1 || len(s.Easiest) > 2000 {
		t.Errorf("%s: %d points from %v to %v", what, len(s.Easiest), s.Easiest[0], s.Easiest[len(s.Easiest)-1])
	}
	for i, x := range s.Easiest {
		k := math.Round(float64(x) * n)
		if math.Abs(float64(x)*n-k) > 1e-6 || math.Abs(float64(s.Loss[i])-sums[int(k)]/all) > 1e-12 {
			t.Fatalf("%s: %v of the scores have %v of the loss, want %v", what, x, s.Loss[i], sums[int(k)]/all)
		}
	}
	for i, h := range s.Hardest {
		at := (1 - hardest[i]) * n
		k := int(at)
		want := 1 - (sums[k]+(at-float64(k))*(sums[min(k+1, len(values))]-sums[k]))/all
		if math.Abs(float64(h.Loss)-want) > 0.005*want || float64(h.Scores) != hardest[i] {
			t.Errorf("%s: the hardest %v have %v, want %v", what, h.Scores, h.Loss, want)
		}
	}
}

// TestSharePhotos: classes of anchors, several files; the sums are the engine's.
func TestSharePhotos(t *testing.T) {
	r := decoded[shareReport](t, append([]string{"share", "--gamma=0,2"}, photos...)...)
	if r.Scores != 371709 || r.Positives != 27 || r.Ignored != 1839 || r.Inputs != 2 {
		t.Errorf("%+v", r.seen)
	}
	for _, l := range r.Lines {
		if l.Positives.Scores != 27 || l.Negatives.Scores != 371709-27 {
			t.Errorf("%d positives, %d negatives", l.Positives.Scores, l.Negatives.Scores)
		}
	}
	if sum := float64(r.Lines[1].Positives.Sum + r.Lines[1].Negatives.Sum); math.Abs(sum-17.101197) > 1e-5 {
		t.Errorf("the sum is %v, README's 17.101197", sum)
	}
	text := command.Must(t, append([]string{"share"}, photos...)...)
	for _, want := range []string{"focal loss; 2 inputs, 371709 scores, 27 positives, 1839 ignored", "hardest 0.1 %", "focal loss: 371682 negatives\n", "a γ = 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestShareOfFew: one label alone, no scores, and no loss.
func TestShareOfFew(t *testing.T) {
	for _, c := range []struct {
		name                 string
		scores, labels       []float32
		positives, negatives int64
		drawn                int // sides with a line
	}{
		{"all positive", []float32{1, 2, 3}, []float32{1, 1, 1}, 3, 0, 1},
		{"all negative", []float32{1, 2, 3}, []float32{0, 0, 0}, 0, 3, 1},
		{"all ignored", []float32{1, 2, 3}, []float32{-1, -1, -1}, 0, 0, 0},
		{"no loss", []float32{-1000, -1000}, []float32{0, 0}, 0, 2, 0},
		{"nothing", nil, nil, 0, 0, 0},
	} {
		dir := folder(t, 1, c.scores, c.labels, nil)
		args := []string{"share", "--targets=binary", dir}
		l := decoded[shareReport](t, args...).Lines[0]
		svg := filepath.Join(dir, "share.svg")
		code, stdout, stderr := command.Run(t, append(args, "-o", svg)...)
		if code != 0 || !strings.Contains(stdout, "γ") {
			t.Errorf("%s: exit code %d, %q, %q", c.name, code, stdout, stderr)
		}
		if b := must(os.ReadFile(svg)); strings.Contains(string(b), "NaN") {
			t.Errorf("%s: no number in the picture", c.name)
		}
		drawn := 0
		for _, s := range []share{l.Positives, l.Negatives} {
			if len(s.Loss) > 0 {
				drawn++
			}
		}
		if l.Positives.Scores != c.positives || l.Negatives.Scores != c.negatives || drawn != c.drawn {
			t.Errorf("%s: %+v", c.name, l)
		}
		if code, stdout, _ := command.Run(t, args...); code != 0 || !strings.Contains(stdout, "└──") {
			t.Errorf("%s: exit code %d, %q", c.name, code, stdout)
		}
	}
}

// TestBadInput: what cannot be read or written leaves nothing.
func TestBadInput(t *testing.T) {
	nan := float32(math.NaN())
	bad := folder(t, 1, []float32{1, nan}, []float32{0, 1}, nil)
	huge := folder(t, 1, []float32{-3e38, 1}, []float32{1, 0}, []float32{3e38, 1})
	dir := t.TempDir()
	for _, sub := range []string{"share", "calibration"} {
		for _, c := range []struct{ want, path, args string }{
			{"[1, 0] is NaN", "a.svg", bad},
			{filepath.Join("nowhere", "a.svg") + ": ", filepath.Join("nowhere", "a.svg"), photos[0]},
			{"no such file", "b.png", filepath.Join(dir, "none")},
		} {
			path := filepath.Join(dir, c.path)
			code, stdout, stderr := command.Run(t, sub, "--targets=binary", "-o", path, c.args)
			if code != 1 || stdout != "" || !strings.Contains(stderr, c.want) {
				t.Errorf("%s: exit code %d, stdout %q, stderr %q, want %q", sub, code, stdout, stderr, c.want)
			}
		}
		for _, c := range []struct{ want, args string }{
			{"no input: want PATHs", ""},
			{"want a name that ends in .svg, .png or .pdf", "-o a.gif " + photos[0]},
			{"--workers is 0: want 1 or more", "--workers=0 " + photos[0]},
			{`--kernel: unknown kernel "x"`, "--kernel=x " + photos[0]},
			{"--json beside --format csv", "--json --format=csv " + photos[0]},
		} {
			command.Refuses(t, c.want, append([]string{sub}, strings.Fields(c.args)...)...)
		}
		command.LosesOutput(t, sub, photos[0])
	}
	command.Refuses(t, "8 losses in a picture", "share", "--gamma=0:7:1", photos[0])
	command.Refuses(t, "--bins is 0: want 1 to 1000", "calibration", "--bins=0", photos[0])
	code, stdout, stderr := command.Run(t, "share", "--targets=binary", "--weights=w.npy", "--loss=ce", huge)
	if code != 1 || stdout != "" || stderr != "flbench: "+huge+": a loss is beyond float32, of which nothing is a share: want smaller weights\n" {
		t.Errorf("an infinite loss: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, sub := range []string{"share", "calibration"} {
		var out, errs bytes.Buffer
		if code := command.RunTo(ended, &out, &errs, sub, "-o", filepath.Join(dir, "a.svg"), photos[0]); code != 1 || out.Len() > 0 || errs.String() != "flbench: interrupted\n" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", sub, code, &out, &errs)
		}
	}
	if left := must(os.ReadDir(dir)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
