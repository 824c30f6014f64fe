package eval

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/engine"
)

// softSample is a sample with soft targets: of what is positive, and −1 where it is ignored.
func softSample(seed uint64, rows, columns int) (s sample, targets []float32) {
	s = newSample(seed, rows, columns)
	targets = make([]float32, len(s.labels))
	positives := 0
	for i, y := range s.labels {
		switch y {
		case 1:
			targets[i] = float32(256-positives%256) / 256 // 1 first, which alone heatmap focal loss takes for positive
			positives++
		case engine.IgnoredLabel:
			targets[i] = engine.IgnoredTarget
		}
	}
	return s, targets
}

// TestEvalLosses: every loss of the list is evaluated, by its name and the flags of its
// parameters or by all of its text, over soft targets and over labels: sums, easy negatives,
// losses, gradients and the hardest scores are the engine's.
func TestEvalLosses(t *testing.T) {
	withShards(t, 1)
	s, targets := softSample(12, 900, 7)
	soft := engine.Batch{Logits: s.logits, Targets: targets, NumClasses: 7}
	for _, f := range engine.Families() {
		// Values other than the defaults: ½ where that is one.
		var flags, parameters []string
		for _, p := range f.Parameters {
			v := p.Min + 0.5
			flags = append(flags, fmt.Sprintf("--%s=%g", p.Name, v))
			parameters = append(parameters, fmt.Sprintf("%s=%g", p.Name, v))
		}
		text := f.Name + "(" + strings.Join(parameters, ",") + ")"
		loss := must(cli.ParseLoss(text))
		if got := (cli.LossInfo{Loss: loss}).Family().Name; got != f.Name {
			t.Fatalf("%s is %s", text, got)
		}
		for _, c := range []struct {
			name   string
			labels []byte
			batch  engine.Batch
		}{
			{"soft", array{[]int{900, 7}, targets}.file(), soft},
			{"classes", s.classesFile(), s.batch()},
		} {
			dir, out := folder(t, s.logitsFile(), c.labels), t.TempDir()
			l, g := filepath.Join(out, "l.npy"), filepath.Join(out, "g.npy")
			n := len(s.logits)
			losses, gradients := make([]float32, n), make([]float32, n)
			e := must(engine.New(loss))
			want, err := e.LossesAndGradients(losses, gradients, c.batch)
			if err != nil { // no loss of soft targets: the message is the engine's, about the file
				var bad *engine.InputError
				_, stderr, code := command("eval", "--loss", text, dir)
				if !errors.As(err, &bad) || c.name != "soft" || code != 1 || !strings.Contains(stderr, "labels.npy: [") {
					t.Errorf("%s, %s: %v, exit code %d, stderr %q", text, c.name, err, code, stderr)
				}
				continue
			}
			all, easy := make([]engine.Result, 2), make([]engine.Result, 2)
			if err := must(engine.NewSweeper([]engine.Loss{loss, engine.CrossEntropy()})).SumEasy(all, easy, cli.EasyPt, c.batch); err != nil {
				t.Fatal(err)
			}
			args := []string{"--max", "--top=9", "--losses-out", l, "--gradients-out", g, dir}
			byFlags := eval(t, append(append([]string{"--json", "--loss", f.Name}, flags...), args...)...)
			if byText := eval(t, append([]string{"--json", "--loss", text}, args...)...); byText != byFlags {
				t.Errorf("%s, %s: %s by its text, %s by flags", text, c.name, byText, byFlags)
			}
			r := decodeReport(t, byFlags).Total
			if r.Scores != want.Scores || r.Positives != want.Positives || r.Ignored != want.Ignored || float64(r.Sum) != want.Sum() || float32(*r.Max) != slices.Max(losses) {
				t.Errorf("%s, %s: %+v, want %+v, sum %v", text, c.name, r.Entry, want, want.Sum())
			}
			shares := outcome.Shares{
				Entries: share(float64(easy[0].Scores), float64(all[0].Scores)),
				CE:      share(easy[1].Sum(), all[1].Sum()), Loss: share(easy[0].Sum(), all[0].Sum()),
			}
			if r.EasyNegatives != shares || !(shares.Entries > 0 && shares.Entries < 1) {
				t.Errorf("%s, %s: easy negatives %+v, want %+v", text, c.name, r.EasyNegatives, shares)
			}
			for path, values := range map[string][]float32{l: losses, g: gradients} {
				if _, got := readFloats(t, path); !slices.Equal(got, floatBits(values)) {
					t.Errorf("%s, %s: values in %s differ", text, c.name, filepath.Base(path))
				}
			}
			top := decodeReport(t, byFlags).Results[0].Top
			if len(top) != 9 {
				t.Errorf("%s, %s: %d scores listed", text, c.name, len(top))
			}
			sorted := slices.Sorted(slices.Values(losses))
			for i, h := range top {
				at := h.Row*7 + h.Column
				if float32(h.Loss) != losses[at] || losses[at] != sorted[n-1-i] || float32(*h.Logit) != s.logits[at] {
					t.Errorf("%s, %s: %+v is listed as number %d", text, c.name, h, i)
				}
				if c.name == "soft" && (h.Label != nil || h.Target == nil || float32(*h.Target) != targets[at]) ||
					c.name != "soft" && (h.Target != nil || h.Label == nil || *h.Label != s.labels[at]) {
					t.Errorf("%s, %s: label %v, target %v, want %v, %v", text, c.name, h.Label, h.Target, s.labels[at], targets[at])
				}
			}
			if list := evalReport(t, "--loss", text, "--top=100000", dir).Results[0].Top; int64(len(list)) != want.Scores {
				t.Errorf("%s, %s: %d scores listed, want all %d that are not ignored", text, c.name, len(list), want.Scores)
			}
			if c.name == "soft" {
				if table := eval(t, "--loss", text, "--top=3", dir); !strings.Contains(table, "target") || strings.Contains(table, "label") {
					t.Errorf("%s: the table of soft targets is\n%s", text, table)
				}
			}
		}
	}
}

// TestEvalEasyTargets: easy negatives of soft targets are those of target 0, to the last float.
func TestEvalEasyTargets(t *testing.T) {
	below := float32(-math.Log(9))
	if float64(below) >= -math.Log(9) {
		below = math.Nextafter32(below, -10)
	}
	x := []float32{below, math.Nextafter32(below, 0), below, below, -9, -9}
	y := []float32{0, 0, 1e-30, engine.IgnoredTarget, 0.5, 0}
	dir := folder(t, array{[]int{3, 2}, x}.file(), array{[]int{3, 2}, y}.file())
	r := evalReport(t, "--loss=vfl", dir).Total
	if r.Scores != 5 || r.Positives != 2 || r.EasyNegatives.Entries != 2./5 {
		t.Errorf("%+v, want 2 easy negatives of 5 scores", r.Entry)
	}
}

// TestEvalSoftProbs: heatmap focal loss takes probabilities with soft targets, of which the
// cross-entropy, for the share of easy negatives, is PyTorch's BCELoss. Other losses refuse
// them, and so do those that have no soft targets; messages do not name --targets=soft then.
func TestEvalSoftProbs(t *testing.T) {
	withShards(t, 1)
	const rows, columns = 2000, 5
	s, targets := softSample(15, rows, columns)
	probs, weights := make([]float32, len(s.logits)), make([]float32, rows)
	for i := range weights {
		weights[i] = float32(i%4) / 2
	}
	var all, easy float64
	for i, x := range s.logits {
		p := 1 / (1 + math.Exp(-float64(x)))
		probs[i] = float32(p)
		switch {
		case i%97 == 0:
			probs[i] = float32(i % 2)
		case targets[i] > 0.5:
			targets[i] = 1
		}
		if targets[i] == engine.IgnoredTarget || weights[i/columns] == 0 {
			probs[i] = float32(math.NaN())
			continue
		}
		p, y := float64(probs[i]), float64(targets[i])
		ce := float64(weights[i/columns]) * (y*min(-math.Log(p), 100) + (1-y)*min(-math.Log1p(-p), 100))
		all += ce
		if y == 0 && p < 0.1 {
			easy += ce
		}
	}
	dir := folder(t, array{[]int{rows, columns}, probs}.file(), array{[]int{rows, columns}, targets}.file())
	write(t, filepath.Join(dir, "w.npy"), array{[]int{rows}, weights}.file())
	losses := make([]float32, len(probs))
	want := must(must(engine.New(engine.HeatmapFocal(2, 3))).Losses(losses, engine.Batch{Probs: probs, Targets: targets, NumClasses: columns, Weights: weights}))
	for _, workers := range []string{"--workers=1", "--workers=3"} {
		r := evalReport(t, "--probs", "--loss=heatmap(beta=3)", "--weights=w.npy", "--top=3", "--max", workers, dir).Total
		if r.Scores != want.Scores || r.Positives != want.Positives || r.Ignored != want.Ignored || float64(r.Sum) != want.Sum() || float32(*r.Max) != slices.Max(losses) {
			t.Errorf("%s: %+v, want %+v, sum %v", workers, r.Entry, want, want.Sum())
		}
		if share := float64(r.EasyNegatives.CE); math.Abs(share-easy/all) > 1e-6*share || share == 0 {
			t.Errorf("%s: easy negatives' share of the cross-entropy is %v, want %v", workers, share, easy/all)
		}
	}
	for loss, want := range map[string]string{
		"focal --probs": "want 0, 1, or -1 for ignored: with --probs a target between is for heatmap alone",
		"ce --probs":    "want 0, 1, or -1 for ignored: with --probs a target between is for heatmap alone",
		"asl":           "want 0, 1, or -1 for ignored: asl is of these",
	} {
		clean := folder(t, array{[]int{2}, []float32{0.5, 0.25}}.file(), array{[]int{2}, []float32{0, 0.75}}.file())
		want := fmt.Sprintf("labels.npy: [1] is 0.75: %s\n", want)
		if _, stderr, code := command(append([]string{"eval", clean, "--loss"}, strings.Fields(loss)...)...); code != 1 || !strings.HasSuffix(stderr, want) {
			t.Errorf("%s: exit code %d, %q, want %q", loss, code, stderr, want)
		}
	}
}

// TestEvalPeaks: heatmaps that were scaled down have no positives, and so no normaliser.
func TestEvalPeaks(t *testing.T) {
	const text = "warning: DIR: no target is 1, which alone is positive: want peaks of exactly 1\n"
	x := array{[]int{2, 2}, []float32{-1, -2, 3, -4}}.file()
	for _, c := range []struct {
		targets []float32
		args    string
		warned  bool
	}{
		{[]float32{0, 0.5, 0.999, 0}, "--loss=heatmap", true},
		{[]float32{0, 0.5, 1, 0}, "--loss=heatmap", false},
		{[]float32{0, 0.5, 0.999, 0}, "--loss=qfl", false},
		{[]float32{0, 0, 0, 0}, "--loss=heatmap", false}, // an image without objects
		{[]float32{0, 0, 0, 0}, "--loss=heatmap --targets=soft", false},
	} {
		dir := folder(t, x, array{[]int{2, 2}, c.targets}.file())
		_, stderr, code := command(append([]string{"eval", dir}, strings.Fields(c.args)...)...)
		if code != 0 || strings.Contains(stderr, strings.ReplaceAll(text, "DIR", dir)) != c.warned {
			t.Errorf("%v, %s: exit code %d, %q", c.targets, c.args, code, stderr)
		}
	}
}
