package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// losses are of scores, of which some are evaluated in one pass, and of rows.
const losses = "focal2,ce,focal(alpha=0.5,gamma=1.5),qfl"

// TestSameBits: whatever the spans and keys, results are those of engine.Sum, to the last bit.
func TestSameBits(t *testing.T) {
	dir := t.TempDir()
	shards := album(t, dir)
	empty := newShard(t, dir+"/cam0/image-empty", 0, 16)
	shards = append(shards, empty)
	perKey := map[string]func(s shard) string{
		"path":        func(s shard) string { return s.path },
		"folder":      func(s shard) string { return s.path[strings.LastIndex(s.path, "/")+1:] },
		"all":         func(shard) string { return "all" },
		`cam(\d+)/`:   func(s shard) string { return s.path[len(dir)+4 : len(dir)+5] },
		"cam[0-9]+":   func(s shard) string { return s.path[len(dir)+1 : len(dir)+5] },
		"logits|none": func(shard) string { return "logits" },
	}
	keys := []string{"path", "folder", "all", `cam(\d+)/`, "cam[0-9]+", "logits|none"}
	if testing.Short() {
		keys = keys[:1]
	}
	for i, key := range keys {
		for _, blocks := range []int{1, 256, 1024} {
			if i > 0 && blocks != 256 {
				continue
			}
			r := evaluate(t, "--losses", losses, "--key", key, "--span-blocks", fmt.Sprint(blocks), dir+"/*/*")
			if len(r.Losses) != 4 || r.Blocks != blocks || r.Runner != "prism" {
				t.Fatalf("%+v", r)
			}
			for k, text := range []string{"focal", "ce", "focal(alpha=0.5,gamma=1.5)", "qfl"} {
				e := must(engine.New(must(engine.ParseLoss(text)), engine.WithWorkers(1)))
				var total engine.Result
				want := map[string]engine.Result{}
				for _, s := range shards {
					one := must(e.Sum(s.batch()))
					total.Merge(one)
					of := want[perKey[key](s)]
					of.Merge(one)
					want[perKey[key](s)] = of
				}
				l := r.Losses[k]
				if l.Total.Exact != exact(total) || l.Total.Sum != total.Sum() || l.Total.Scores != total.Scores || l.Total.Ignored != total.Ignored || l.Total.Positives != total.Positives {
					t.Errorf("%s, key %s, %d blocks: total %+v, want %v", text, key, blocks, l.Total, total)
				}
				if len(l.Results) != len(want) || !slices.IsSortedFunc(l.Results, func(a, b jsonEntry) int { return strings.Compare(a.Key, b.Key) }) {
					t.Errorf("%s, key %s: %+v", text, key, l.Results)
				}
				for _, got := range l.Results {
					if w := want[got.Key]; got.Exact != exact(w) || got.Mean != w.Mean() || got.PerPositive != w.PerPositive() {
						t.Errorf("%s, key %s, %d blocks: %+v, want %v", text, key, blocks, got, w)
					}
				}
			}
		}
	}
}

// TestRows: losses of rows, beside others, are summed in blocks of rows.
func TestRows(t *testing.T) {
	dir := t.TempDir()
	s := newShard(t, dir+"/a", 9000, 3)
	for i, class := range s.classes {
		if class == -1 {
			s.classes[i] = int32(i % 3)
		}
	}
	write(t, dir+"/a/labels.npy", npyFile([]int{s.rows}, s.classes))
	for _, blocks := range []string{"1", "6"} {
		r := evaluate(t, "--losses", "softmaxce,softmaxfocal", "--span-blocks", blocks, dir+"/a")
		for k, l := range []engine.Loss{engine.SoftmaxCrossEntropy(), engine.SoftmaxFocal(2)} {
			want := must(must(engine.New(l)).Sum(s.batch()))
			if got := r.Losses[k].Total; got.Exact != exact(want) || want.Ignored == 0 {
				t.Errorf("%v: %+v, want %v", l, got, want)
			}
		}
		both := evaluate(t, "--losses", "ce,softmaxce", "--span-blocks", blocks, dir+"/a")
		if got, want := both.Losses[0].Total, must(must(engine.New(engine.CrossEntropy())).Sum(s.batch())); got.Exact != exact(want) {
			t.Errorf("%+v, want %v", got, want)
		}
		if both.Losses[1].Total.Exact != r.Losses[0].Total.Exact {
			t.Error("softmax cross-entropy beside another loss differs")
		}
	}
}

// TestForms: all types of scores and labels give what the engine makes of them.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	s := newShard(t, dir+"/base", 3000, 4)
	n := len(s.logits)
	labels, soft := make([]uint8, n), make([]float32, n)
	for i, class := range s.classes {
		switch {
		case class >= 0:
			labels[i*4+int(class)], soft[i*4+int(class)] = 1, 0.75
		case class == -2:
			for c := range 4 {
				labels[i*4+c], soft[i*4+c] = 255, -1
			}
		}
	}
	hard := make([]float64, n)
	for i, y := range labels {
		hard[i] = map[uint8]float64{0: 0, 1: 1, 255: -1}[y]
	}
	probs := make([]float32, n)
	wide := make([]float64, n)
	half := make([]uint16, n)
	for i, x := range s.logits {
		probs[i], wide[i], half[i] = float32(1/(1+math.Exp(-float64(x)))), float64(x), uint16(0xC000+i%700)
	}
	ofClasses := func(v int64) []int64 {
		c := make([]int64, len(s.classes))
		for i, class := range s.classes {
			if c[i] = int64(class); class == -2 {
				c[i] = v
			}
		}
		return c
	}
	e := must(engine.New(engine.Focal(0.25, 2)))
	base := must(e.Sum(s.batch()))
	for name, c := range map[string]struct {
		logits, labels []byte
		args           []string
		want           engine.Batch
	}{
		"int64":   {npyFile([]int{3000, 4}, s.logits), npyFile([]int{3000}, ofClasses(-2)), nil, s.batch()},
		"ignored": {npyFile([]int{3000, 4}, s.logits), npyFile([]int{3000, 1}, ofClasses(-100)), []string{"--ignored=-100"}, s.batch()},
		"images":  {npyFile([]int{3, 1000, 4}, wide), npyFile([]int{3, 1000}, s.classes), nil, s.batch()},
		"flat":    {npyFile([]int{3, 1000, 4}, s.logits), npyFile([]int{3000}, s.classes), nil, s.batch()},
		"uint8":   {npyFile([]int{3000, 4}, s.logits), npyFile([]int{3000, 4}, labels), nil, s.batch()},
		"float64": {npyFile([]int{3000, 4}, s.logits), npyFile([]int{3000, 4}, hard), nil, s.batch()},
		"soft":    {npyFile([]int{3000, 4}, s.logits), npyFile([]int{3000, 4}, soft), nil, engine.Batch{Logits: s.logits, Targets: soft, NumClasses: 4}},
		"probs":   {npyFile([]int{3000, 4}, probs), npyFile([]int{3000}, s.classes), []string{"--probs"}, engine.Batch{Probs: probs, Classes: s.classes, NumClasses: 4}},
		"float16": {npyFile([]int{3000, 4}, half), npyFile([]int{3000}, s.classes), nil, engine.Batch{Float16: half, Classes: s.classes, NumClasses: 4}},
		"column":  {npyFile([]int{n}, s.logits), npyFile([]int{n}, labels), nil, engine.Batch{Logits: s.logits, Labels: labels}},
	} {
		path := dir + "/" + name
		write(t, path+"/logits.npy", c.logits)
		write(t, path+"/labels.npy", c.labels)
		got := evaluate(t, append(c.args, "--span-blocks", "1", path)...)
		want := must(e.Sum(c.want))
		if got.Total.Exact != exact(want) || name == "int64" && want != base {
			t.Errorf("%s: %+v, want %v", name, got.Total, want)
		}
		if noted := len(got.Notes) == 1 && strings.Contains(got.Notes[0].Text, "rounded to float32"); noted != (name == "images") {
			t.Errorf("%s: notes %v", name, got.Notes)
		}
	}
}

// TestHardest: the hardest scores of each key and of all are those of engine.Hardest.
func TestHardest(t *testing.T) {
	dir := t.TempDir()
	shards := album(t, dir)
	args := []string{"--top", "7", "--losses", "focal,ce", "--span-blocks", "1", dir + "/*/*"}
	for k, l := range []engine.Loss{engine.Focal(0.25, 2), engine.CrossEntropy()} {
		e := must(engine.New(l))
		for _, key := range []string{"path", "all"} {
			r := evaluate(t, append(args, "--key", key)...).Losses[k]
			var all []jsonScore
			for i, s := range shards {
				kept, result, err := e.Hardest(7, s.batch())
				if err != nil {
					t.Fatal(err)
				}
				var want []jsonScore
				for _, one := range kept {
					label := uint8(one.Target)
					want = append(want, jsonScore{Path: s.path + "/logits.npy", Row: one.Index / s.columns, Column: one.Index % s.columns, Logit: &one.Score, Label: &label, Loss: one.Loss})
				}
				all = append(all, want...)
				if key == "path" && (r.Results[order(shards, i)].Exact != exact(result) || !sameScores(r.Results[order(shards, i)].Top, want)) {
					t.Errorf("%v, %s: %s, want %s", l, s.path, spell(r.Results[order(shards, i)].Top), spell(want))
				}
			}
			slices.SortStableFunc(all, func(a, b jsonScore) int { return -compare(a.Loss, b.Loss) })
			if !sameScores(r.Total.Top, all[:7]) || key == "all" && !sameScores(r.Results[0].Top, all[:7]) {
				t.Errorf("%v, key %s: %s, want %s", l, key, spell(r.Total.Top), spell(all[:7]))
			}
		}
	}
	// Of equal losses those of the first path come first.
	for _, name := range []string{"c", "a", "b"} {
		write(t, dir+"/equal/"+name+"/logits.npy", npyFile([]int{5000}, make([]float32, 5000)))
		write(t, dir+"/equal/"+name+"/labels.npy", npyFile([]int{5000}, make([]uint8, 5000)))
	}
	r := evaluate(t, "--top", "3", "--span-blocks", "1", "--key", "all", dir+"/equal/*")
	for i, s := range r.Total.Top {
		if s.Path != dir+"/equal/a/logits.npy" || s.Row != i {
			t.Errorf("%s", spell(r.Total.Top))
		}
	}
}

// order is the place of a shard among the keys, which are sorted.
func order(shards []shard, i int) int {
	p := paths(shards)
	slices.Sort(p)
	return slices.Index(p, shards[i].path)
}

func compare(a, b float32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func spell(scores []jsonScore) string {
	var b strings.Builder
	for _, s := range scores {
		fmt.Fprintf(&b, "%s[%d, %d] %v %v %v; ", s.Path, s.Row, s.Column, *s.Logit, *s.Label, s.Loss)
	}
	return b.String()
}

func sameScores(a, b []jsonScore) bool { return spell(a) == spell(b) }

// TestTemplates: logits and labels by globs, with keys by expressions.
func TestTemplates(t *testing.T) {
	dir := t.TempDir()
	var total engine.Result
	e := must(engine.New(engine.Focal(0.25, 2)))
	for i, name := range []string{"m1-x", "m1-y", "m2-x", "m2-y"} {
		s := newShard(t, dir+"/raw", 100+i, 5)
		write(t, dir+"/scores/"+name+".npy", must(os.ReadFile(dir+"/raw/logits.npy")))
		write(t, dir+"/truth/"+name+".npy", must(os.ReadFile(dir+"/raw/labels.npy")))
		total.Merge(must(e.Sum(s.batch())))
	}
	r := evaluate(t, "--logits", dir+"/scores/*-*.npy", "--labels", dir+"/truth/*-*.npy", "--key", `/(m\d)-`)
	if len(r.Results) != 2 || r.Results[0].Key != "m1" || r.Results[1].Key != "m2" || r.Total.Exact != exact(total) {
		t.Errorf("%+v, want %v", r, total)
	}
	one := evaluate(t, "--logits", dir+"/scores/m1-x.npy", "--labels", "file://"+dir+"/truth/m1-x.npy")
	if one.Results[0].Key != dir+"/scores/m1-x.npy" {
		t.Errorf("%+v", one)
	}
}
