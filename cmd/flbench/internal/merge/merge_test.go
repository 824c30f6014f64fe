package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

var command = clitest.Command(New)

func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	code, stdout, stderr = command.Run(t, args...)
	return stdout, stderr, code
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// columns are those of samples.
const columns = 4

// sample is an input of some scores, and what of it is told.
type sample struct {
	path   string
	losses []engine.Loss
	top    int
	max    bool
	logits []float32
	labels []uint8
}

func newSample(path string, seed uint64, scores int) *sample {
	s := &sample{path: path, losses: []engine.Loss{engine.Focal(0.25, 2)}}
	rng := rand.New(rand.NewPCG(seed, 5))
	for range scores {
		s.logits = append(s.logits, float32(rng.IntN(64)-50)/4) // so that losses are often equal
		s.labels = append(s.labels, []uint8{0, 0, 0, 0, 0, 0, 1, engine.IgnoredLabel}[rng.IntN(8)])
	}
	return s
}

// cut returns the line of the i-th of n ranges.
func (s *sample) cut(i, n int) *partial.Line {
	blocks := (len(s.logits) + engine.Block - 1) / engine.Block
	from, to := blocks*(i-1)/n*engine.Block, min(blocks*i/n*engine.Block, len(s.logits))
	from = min(from, to)
	b := engine.Batch{Logits: s.logits[from:to], Labels: s.labels[from:to]}
	l := &partial.Line{
		Path: cli.Path(s.path), Files: []partial.File{{Path: cli.Path("/data/" + s.path), Size: int64(4 * len(s.logits)), MTime: time.Unix(1e9, 5)}},
		Scores: int64(len(s.logits)), Columns: columns, Range: partial.Range{I: i, N: n, From: int64(from), To: int64(to)},
		Task:  partial.Task{ID: partial.TaskID([]string{s.path}, i, n), Line: 1, Of: 1},
		Build: "v1", Kernel: "generic", Workers: 1, Top: s.top, Max: s.max, Notes: []cli.Path{},
		Facts: dump.Facts{Anchors: len(s.logits) / columns, Columns: columns, Outside: slices.ContainsFunc(b.Logits, func(x float32) bool { return x < 0 }),
			Labels: "scores", DType: "uint8", Background: -1},
	}
	exact := func(r engine.Result) *partial.Exact { return (*partial.Exact)(&r) }
	for k, loss := range append(slices.Clone(s.losses), engine.CrossEntropy()) {
		sweeper := must(engine.NewSweeper([]engine.Loss{loss}, engine.WithKernel("generic"), engine.WithWorkers(1)))
		var all, easy [1]engine.Result
		must(0, sweeper.SumEasy(all[:], easy[:], cli.EasyPt, b))
		if k == len(s.losses) {
			l.CE, l.EasyCE = exact(all[0]), exact(easy[0])
			break
		}
		one := partial.Loss{Loss: loss, Sum: *exact(all[0]), Easy: exact(easy[0])}
		hardest, _, err := must(engine.New(loss, engine.WithKernel("generic"))).Hardest(max(1, s.top), b)
		must(0, err)
		if s.max {
			one.Largest = new(cli.Float32)
			if len(hardest) > 0 {
				*one.Largest = cli.Float32(hardest[0].Loss)
			}
		}
		for _, h := range hardest[:min(len(hardest), s.top)] {
			logit, label, at := cli.Float32(h.Score), uint8(h.Target), from+h.Index
			one.Top = append(one.Top, partial.EntryOf(ranking.Ranked{Row: at / columns, Column: at % columns, Logit: &logit, Label: &label, Loss: cli.Float32(h.Loss)}))
		}
		l.Losses = append(l.Losses, one)
	}
	return l
}

// line returns the line of the whole.
func (s *sample) line() *partial.Line { return s.cut(1, 1) }

// with returns the samples with other losses, and with hardest scores.
func with(samples []*sample, change func(s *sample)) []*sample {
	var changed []*sample
	for _, s := range samples {
		one := *s
		change(&one)
		changed = append(changed, &one)
	}
	return changed
}

// report is what a report on samples is, built as eval does it.
func report(t *testing.T, samples []*sample, format string) string {
	t.Helper()
	first := samples[0]
	b := outcome.NewBuilder(outcome.Settings{Losses: first.losses, Kernel: "generic", Workers: 1, Top: first.top, Max: first.max}, len(samples))
	for i, s := range samples {
		l := s.line()
		m := &merger{top: -1, room: outcome.MaxKept, first: l}
		must(0, b.Add(i, outcome.Input{Path: s.path, Losses: must(m.measured(l)), Warnings: l.Facts.Warnings(engine.Result(l.Losses[0].Sum))}))
	}
	rep := must(b.Report())
	rep.Arrange("", 0)
	var out bytes.Buffer
	must(0, cli.PrintAs(&out, rep, outcome.Formats, format))
	return out.String()
}

// write writes a file of lines.
func write(t *testing.T, name string, lines ...*partial.Line) string {
	t.Helper()
	var text []byte
	for _, l := range lines {
		text = must(l.Append(text))
	}
	path := filepath.Join(t.TempDir(), name)
	must(0, os.WriteFile(path, text, 0o600))
	return path
}

func threeSamples() []*sample {
	return []*sample{newSample("b", 1, 3*engine.Block+20), newSample("a\xff", 2, 5*engine.Block), newSample("c", 3, 40)}
}

// TestMerge: whatever the cut, and the order of files and lines, it prints what one evaluation
// does, byte for byte.
func TestMerge(t *testing.T) {
	samples, cuts := threeSamples(), 3
	if testing.Short() {
		cuts = 1
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for name, s := range map[string][]*sample{
		"one loss":  samples,
		"one input": samples[:1],
		"hardest":   with(samples, func(s *sample) { s.top = 70 }),
		"max":       with(samples, func(s *sample) { s.max = true }),
		"several losses": with(samples, func(s *sample) {
			s.losses, s.top, s.max = []engine.Loss{engine.Focal(0.5, 1), engine.CrossEntropy()}, 3, true
		}),
		"nothing": {newSample("none", 1, 0), newSample("few", 1, 4)},
	} {
		for _, format := range []string{"table", "json", "jsonl", "csv"} {
			if format == "csv" && s[0].top > 0 {
				continue
			}
			want := report(t, s, format)
			for range cuts {
				var lines []*partial.Line
				for _, s := range s {
					n := 1 + rng.IntN(8) // more than there are blocks, too
					for i := range n {
						lines = append(lines, s.cut(i+1, n))
					}
				}
				// All but the first lines of inputs may come in any order.
				order := rng.Perm(len(lines))
				slices.SortStableFunc(order, func(a, b int) int {
					first := func(i int) bool { return lines[i].Range.I == 1 }
					switch {
					case first(a) && first(b):
						return a - b
					case first(a):
						return -1
					case first(b):
						return 1
					}
					return 0
				})
				files := make([][]*partial.Line, 3)
				for k, i := range order {
					files[k*3/len(order)] = append(files[k*3/len(order)], lines[i])
				}
				args := []string{"--expect", fmt.Sprint(len(s)), "--format", format}
				for k, f := range files {
					if len(f) > 0 {
						args = append(args, write(t, fmt.Sprint(k), f...))
					}
				}
				stdout, stderr, code := run(t, args...)
				if code != 0 || stdout != want {
					t.Fatalf("%s, %s, %d lines: exit %d, %s\n%s\nwant\n%s", name, format, len(lines), code, stderr, stdout, want)
				}
			}
		}
	}
}

// TestMergeOrder: no number hangs on the order of files.
func TestMergeOrder(t *testing.T) {
	samples := with(threeSamples(), func(s *sample) { s.top, s.max = 3, true })
	var files []string
	for i, s := range samples {
		files = append(files, write(t, fmt.Sprint(i, "a"), s.cut(1, 2)), write(t, fmt.Sprint(i, "b"), s.cut(2, 2)))
	}
	var want map[string]any
	for range 5 {
		rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		stdout, stderr, code := run(t, append([]string{"--json", "--sort", "path"}, files...)...)
		if code != 0 {
			t.Fatal(stderr)
		}
		var got map[string]any
		must(0, json.Unmarshal([]byte(stdout), &got))
		delete(got["total"].(map[string]any), "top") // of equal losses the earlier PATH's come first
		delete(got, "warnings")
		if want == nil {
			want = got
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v\nand\n%v", got, want)
		}
	}
}

// TestMergeTop: fewer of the hardest scores than the lines keep are those of an evaluation with
// that number.
func TestMergeTop(t *testing.T) {
	samples := threeSamples()
	long := with(samples, func(s *sample) { s.top = 20 })
	var lines []*partial.Line
	for k, s := range long {
		s.top += k // also where the lines keep different numbers
		lines = append(lines, s.cut(1, 2), s.cut(2, 2))
	}
	file := write(t, "lines", lines...)
	for _, k := range []int{0, 1, 7, 20} {
		want := report(t, with(samples, func(s *sample) { s.top = k }), "json")
		if stdout, stderr, code := run(t, "--json", "--top", fmt.Sprint(k), file); code != 0 || stdout != want {
			t.Errorf("--top %d: exit %d, %s\n%s\nwant\n%s", k, code, stderr, stdout, want)
		}
	}
}

// TestMergeRoom: no more of the hardest scores are kept than are listed, and there is room for.
func TestMergeRoom(t *testing.T) {
	samples := with(threeSamples(), func(s *sample) { s.top = 5 })
	for _, c := range []struct {
		top, room int
		want      string
	}{
		{-1, 15, ""}, {5, 15, ""}, {2, 6, ""}, {0, 0, ""},
		{-1, 14, "F: line 3: the lines up to here keep more than 33554432 of the hardest scores: want a smaller --top"},
		{2, 5, "F: line 3: the lines up to here keep more than"},
	} {
		m := &merger{expect: -1, top: c.top, room: c.room}
		var err error
		for i, s := range samples {
			if err == nil {
				err = m.add(s.line(), place{"F", i + 1})
			}
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestMergeKernels: tasks may differ in how they were run.
func TestMergeKernels(t *testing.T) {
	a, b, c := newSample("a", 1, 8).line(), newSample("b", 2, 8).line(), newSample("c", 3, 8).line()
	a.Kernel, b.Workers, c.Kernel = "neon", 7, "avx2"
	stdout, stderr, code := run(t, "--json", write(t, "f", a, b, c))
	if code != 0 || !strings.Contains(stdout, `"kernel": "avx2+generic+neon",`+"\n  "+`"workers": 7,`) {
		t.Errorf("exit %d, %s\n%s", code, stderr, stdout)
	}
}

// TestMergeRemarks: warnings hang on the whole, and notes are told once.
func TestMergeRemarks(t *testing.T) {
	s := newSample("a", 1, 2*engine.Block)
	for i := range s.logits[:engine.Block] { // as probabilities are, but only in the first range
		s.logits[i] = 0.5
	}
	first, second := s.cut(1, 2), s.cut(2, 2)
	first.Notes, second.Notes = []cli.Path{"noted\xff"}, []cli.Path{"also", "noted\xff"}
	stdout, stderr, code := run(t, "--json", write(t, "f", second, first))
	if want := "flbench: note: a: noted\\xff\nflbench: note: a: also\n"; code != 0 || stderr != want || strings.Contains(stdout, "probabilities") {
		t.Errorf("exit %d, %q, want %q\n%s", code, stderr, want, stdout)
	}
	second.Facts.Outside = false
	if _, stderr, code = run(t, write(t, "f", first, second)); code != 0 || strings.Count(stderr, "all scores lie in [0, 1]") != 1 {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestMergeBuilds: that lines are of several builds is said.
func TestMergeBuilds(t *testing.T) {
	a, b := newSample("a", 1, 8), newSample("b", 2, 2*engine.Block)
	first, second := b.cut(1, 2), b.cut(2, 2)
	first.Build = "v2"
	stdout, stderr, code := run(t, "--json", write(t, "f", a.line(), first, second))
	if want := "flbench: warning: b: evaluated by flbench v2, and a by v1: want one build, as the last bits of a loss may differ between two\n"; code != 0 || stderr != want ||
		!strings.Contains(stdout, "evaluated by flbench v2") {
		t.Errorf("exit %d, %s, want %s\n%s", code, stderr, want, stdout)
	}
}

// TestMergeRefuses: what is not all of one evaluation, once, is refused, and nothing printed.
func TestMergeRefuses(t *testing.T) {
	a, b := newSample("a", 1, 4*engine.Block), newSample("b", 2, 3*engine.Block)
	change := func(l *partial.Line, f func(l *partial.Line)) *partial.Line {
		f(l)
		return l
	}
	lines := func(l ...*partial.Line) []*partial.Line { return l }
	longer := newSample("a", 1, 5*engine.Block)
	otherLoss, topped, maxed := *b, *b, *b
	otherLoss.losses = []engine.Loss{engine.CrossEntropy()}
	topped.top, maxed.max = 3, true
	topped5 := *a
	topped5.top = 5
	for name, c := range map[string]struct {
		lines []*partial.Line
		args  []string
		want  string // F is the file
		code  int
	}{
		"path twice": {lines(a.line(), b.line(), a.line()), nil,
			"F: line 3: a is there twice, in F: line 1 already: want each once; where a task was tried again, leave out what the first try wrote", 1},
		"another spelling": {lines(a.line(), change(a.line(), func(l *partial.Line) { l.Path, l.Files[0].Path = "./x/../a", "/data/z" })), nil,
			"F: line 2: ./x/../a is a of F: line 1, under another name: want each PATH once, and of ranges one name for all", 1},
		"a link": {lines(a.line(), change(a.line(), func(l *partial.Line) { l.Path = "link" })), nil,
			"F: line 2: link is a of F: line 1, under another name", 1},
		"a link, touched": {lines(a.line(), change(a.line(), func(l *partial.Line) { l.Path, l.Files[0].MTime = "link", time.Unix(1e9, 6) })), nil,
			"F: line 2: link is a of F: line 1, under another name", 1},
		"one name of two files": {lines(a.line(), change(a.line(), func(l *partial.Line) { l.Files[0].Path = "/other/a" })), nil,
			"F: line 2: a is there twice, in F: line 1 already: the one of /other/a, the other of /data/a: want PATHs that tell them apart, such as those from the root", 1},
		"standard input twice": {lines(change(a.line(), func(l *partial.Line) { l.Path, l.Files = "-", []partial.File{} }),
			change(b.line(), func(l *partial.Line) { l.Path, l.Files = "-", []partial.File{} })), nil, "F: line 2: - is there twice, in F: line 1 already: want names that tell inputs apart, those of files, where there are several", 1},
		"range twice": {lines(a.cut(1, 3), a.cut(2, 3), a.cut(2, 3)), nil, "F: line 3: the range 2/3 of a is there twice, in F: line 2 already", 1},
		"range twice after all": {lines(a.cut(2, 3), a.cut(3, 3), a.cut(1, 3), a.cut(3, 3)), nil,
			"F: line 4: the range 3/3 of a is there twice, in F: line 2 already", 1},
		"empty range twice":  {lines(a.cut(1, 9), a.cut(1, 9)), nil, "the range 1/9 of a is there twice", 1},
		"range of the whole": {lines(a.line(), a.cut(2, 3)), nil, "F: line 2: the range 2/3 of a overlaps all of it, in F: line 1: want the one or the other", 1},
		"whole of ranges":    {lines(a.cut(2, 3), a.line()), nil, "F: line 2: the range 1/1 of a is of 1 ranges, and 2/3 (F: line 1) of 3: want all ranges of one number", 1},
		"other number":       {lines(a.cut(1, 2), a.cut(3, 4), a.cut(4, 4)), nil, "F: line 2: the range 3/4 of a is of 4 ranges, and 1/2 (F: line 1) of 2", 1},
		"overlap": {lines(a.cut(1, 3), change(a.cut(1, 2), func(l *partial.Line) { l.Range.I, l.Range.N = 2, 3 }), a.cut(3, 3)), nil,
			"F: line 2: the range 2/3 of a, scores 0 to 8192, overlaps 1/3, 0 to 4096 (F: line 1): want ranges that one flbench cut", 1},
		"overlap while one is missing": {lines(change(a.cut(1, 2), func(l *partial.Line) { l.Range.I, l.Range.N = 2, 4 }), a.cut(1, 4)), nil,
			"F: line 1: the range 2/4 of a, scores 0 to 8192, overlaps 1/4, 0 to 4096 (F: line 2)", 1},
		"gap": {lines(a.cut(1, 3), a.cut(2, 3), change(a.cut(4, 4), func(l *partial.Line) { l.Range.I, l.Range.N = 3, 3 })), nil,
			"F: line 3: the range 3/3 of a begins at score 12288, and 2/3 (F: line 2) ends at 8192: want ranges that one flbench cut", 1},
		"missing": {lines(b.line(), a.cut(1, 4), a.cut(3, 4)), nil,
			"F: line 2: of a, ranges are missing: 2/4 (scores 4096 to 8192), 4/4 (scores 12288 to 16384): want them too, by eval --partial --range", 1},
		"missing in a row": {lines(a.cut(4, 4)), nil, "of a, ranges are missing: 1/4 to 3/4 (scores 0 to 12288): want", 1},
		"missing empty":    {lines(a.cut(1, 5), a.cut(2, 5), a.cut(3, 5), a.cut(5, 5)), nil, "of a, ranges are missing: 4/5 (scores 8192 to 12288)", 1},
		"missing of two": {lines(a.cut(1, 2), b.cut(2, 2), newSample("c", 2, 2*engine.Block).cut(1, 2)), nil,
			"F: line 1: of a, ranges are missing: 2/2 (scores 8192 to 16384): want them too, by eval --partial --range (so are ranges of 2 PATHs more; those of one file want one PATH in all tasks)", 1},
		"missing many": {lines(a.cut(2, 15), a.cut(4, 15), a.cut(6, 15), a.cut(8, 15), a.cut(10, 15), a.cut(12, 15)), nil, ", 2 more gaps: want", 1},
		"other total": {lines(a.cut(1, 2), longer.cut(2, 2)), nil,
			"F: line 2: the range 2/2 of a is of 20480 scores, and 1/2 (F: line 1) of 16384: want ranges of a file that stays as it is", 1},
		"other size": {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Files[0].Path, l.Files[0].Size = "/d/a", 7 })), nil,
			"F: line 2: the range 2/2 of a is of 7 bytes in /d/a, and 1/2 (F: line 1) of 65536: want ranges of a file that stays as it is", 1},
		"other time": {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Files[0].MTime = time.Unix(1e9, 6) })), nil,
			"F: line 2: the range 2/2 of a is of /data/a as it was changed at 2001-09-09T01:46:40.000000006Z, and 1/2 (F: line 1) as it was at 2001-09-09T01:46:40.000000005Z: want", 1},
		"other files":   {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Files = append(l.Files, l.Files[0]) })), nil, "is of 2 files, and 1/2 (F: line 1) of 1", 1},
		"other columns": {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Columns, l.Facts.Columns, l.Facts.Anchors = 8, 8, l.Facts.Anchors/2 })), nil, "is of 8 columns, and 1/2 (F: line 1) of 4", 1},
		"other facts": {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Facts.DType = "int8" })), nil,
			"F: line 2: the range 2/2 of a and 1/2 (F: line 1) are of parts of inputs that differ in shape, labels or flags", 1},
		"other labels": {lines(a.cut(1, 2), change(a.cut(2, 2), func(l *partial.Line) { l.Soft = true })), nil, "differ in whether labels are soft targets", 1},
		"other loss": {lines(a.line(), otherLoss.line()), nil,
			"F: line 2: b was evaluated by ce, and a (F: line 1) by focal(alpha=0.25,gamma=2): want lines of the same losses, in the same order", 1},
		"other flags": {lines(a.line(), change(b.line(), func(l *partial.Line) { l.Input.Columns, l.Input.Ignored = "4:", []int32{-7} })), nil,
			"F: line 2: b was evaluated with --columns=4: --ignored=-7, and a (F: line 1) with none of the flags: want lines of the same flags", 1},
		"other max":             {lines(a.line(), maxed.line()), nil, "F: line 2: b was evaluated with --max, and a (F: line 1) with no --max: want lines of the same flags", 1},
		"other top":             {lines(topped5.line(), topped.line()), nil, "F: line 2: keeps the 3 hardest scores of b, and F: line 1 the 5 of a: want --top 3 or less", 1},
		"too many":              {lines(topped5.line(), topped.line()), []string{"--top", "4"}, "--top is 4: F: line 2 keeps the 3 hardest scores, want --top 3 or less, or lines of eval --partial --top 4", 2},
		"too many of the first": {lines(topped5.line()), []string{"--top", "6"}, "--top is 6: F: line 1 keeps the 5 hardest scores, want --top 5 or less", 2},
		"none kept":             {lines(a.line()), []string{"--top", "6"}, "--top is 6: F: line 1 keeps none of the hardest scores, want lines of eval --partial --top 6", 2},
		"no lists":              {lines(topped5.line()), []string{"--format", "csv"}, "--format csv: its lines have no lists, and F: line 1 has the 5 hardest scores, want --top 0 or another format", 2},
		"no max":                {lines(a.line()), []string{"--sort", "max"}, "--sort max: F: line 1 has no largest loss, want lines of eval --partial --max", 2},
		"too few":               {lines(a.line(), b.line()), []string{"--expect", "3"}, "found 2 PATHs: want 3 by --expect, each evaluated by eval --partial, or another --expect", 1},
		"more":                  {lines(a.line(), b.line()), []string{"--expect", "1"}, "found 2 PATHs: want 1 by --expect", 1},
		"lost line": {lines(a.line(), change(b.line(), func(l *partial.Line) { l.Task.Of = 2 })), nil,
			"F: line 2: its task wrote 2 lines, of which 1 are here: want all of them, or the task anew", 1},
	} {
		file := filepath.Join(t.TempDir(), "part.jsonl")
		var text []byte
		for _, l := range c.lines {
			line, err := l.Append(nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			text = append(text, line...)
		}
		must(0, os.WriteFile(file, text, 0o600))
		stdout, stderr, code := run(t, append(c.args, file)...)
		if want := strings.ReplaceAll(c.want, "F", file); code != c.code || stdout != "" || !strings.HasPrefix(stderr, "flbench: ") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q\n%s\nwant\n%s", name, code, stdout, stderr, want)
		}
	}
}

// TestMergeUsage: what no files can make right is refused before they are read.
func TestMergeUsage(t *testing.T) {
	file := write(t, "part.jsonl", newSample("a", 1, 8).line())
	for want, args := range map[string][]string{
		"no input: want FILEs that flbench eval --partial wrote, or - for standard input": {},
		"a FILE is empty: want one":                           {file, ""},
		"standard input is named twice: want - once":          {"-", file, "-"},
		"--expect is 0: want the number of PATHs, 1 or more":  {"--expect", "0", file},
		"--top is -1: want 0 or more":                         {"--top", "-1", file},
		"--top with --format csv: its lines have no lists":    {"--top", "1", "--format", "csv", file},
		"--limit is -1: want 0 or more":                       {"--limit", "-1", file},
		"--sort is \"worst\": want loss, mean":                {"--sort", "worst", file},
		"--format is \"xml\": want table, json, jsonl or csv": {"--format", "xml", file},
		"--json beside --format csv: want one or the other":   {"--json", "--format", "csv", file},
	} {
		command.Refuses(t, want, args...)
	}
	command.LosesOutput(t, file)
	want := fmt.Sprintf("flbench: %s: line 1: a is there twice, in %[1]s: line 1 already: want each FILE once\n", file)
	if stdout, stderr, code := run(t, file, file); code != 1 || stdout != "" || stderr != want {
		t.Errorf("a FILE twice: exit %d, %q, %s; want %s", code, stdout, stderr, want)
	}
}

// TestMergeFiles: what is no file of lines is refused by name.
func TestMergeFiles(t *testing.T) {
	dir := t.TempDir()
	good := newSample("a", 1, 8).line()
	file := write(t, "part.jsonl", good)
	text := string(must(os.ReadFile(file)))
	for name, c := range map[string]struct{ text, want string }{
		"empty":     {"", "is empty: want lines of flbench eval --partial"},
		"truncated": {text + text[:len(text)/2], "line 2: has no checksum at its end, so it was cut"},
		"edited":    {strings.Replace(text, `"workers":1`, `"workers":9`, 1), "line 1: has the checksum"},
		"version":   {strings.Replace(text, `"version":1`, `"version":9`, 1), "line 1: has version 9 of the format, and this flbench reads 1"},
		"report":    {`{"loss":1}`, `line 1: begins with "{\"loss\":1}": want a line of flbench eval --partial`},
	} {
		path := filepath.Join(dir, name)
		must(0, os.WriteFile(path, []byte(c.text), 0o600))
		if stdout, stderr, code := run(t, path); code != 1 || stdout != "" || !strings.Contains(stderr, path+": "+c.want) {
			t.Errorf("%s: exit %d, %q, %s; want %s", name, code, stdout, stderr, c.want)
		}
	}
	for path, want := range map[string]string{
		dir:                          "a folder, want a file that flbench eval --partial wrote",
		filepath.Join(dir, "nobody"): ", want a file that flbench eval --partial wrote; it writes none if it fails",
	} {
		if stdout, stderr, code := run(t, file, path); code != 1 || stdout != "" || !strings.Contains(stderr, path+": ") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q, %s; want %s", path, code, stdout, stderr, want)
		}
	}
}

// TestMergeStreams: lines come on standard input too, and no input is where the output goes.
func TestMergeStreams(t *testing.T) {
	one := newSample("a", 1, 2*engine.Block)
	first, second := write(t, "1.jsonl", one.cut(1, 2)), write(t, "2.jsonl", one.cut(2, 2))
	want := report(t, []*sample{one}, "table")
	oldIn, oldOut := os.Stdin, os.Stdout
	defer func() { os.Stdin, os.Stdout = oldIn, oldOut }()
	os.Stdin = must(os.Open(first))
	if stdout, stderr, code := run(t, second, "-"); code != 0 || stdout != want {
		t.Errorf("exit %d, %s\n%s\nwant\n%s", code, stderr, stdout, want)
	}
	os.Stdin = must(os.Open(first))
	os.Stdout = must(os.OpenFile(first, os.O_APPEND|os.O_WRONLY, 0))
	command.Refuses(t, "standard input is where the output goes: want another file for that", second, "-")
	command.Refuses(t, first+" is where the output goes: want another file for that", second, first)
	os.Stdout = must(os.OpenFile(os.DevNull, os.O_RDWR, 0))
	os.Stdin = os.Stdout
	if _, stderr, code := run(t, "-"); code != 1 || !strings.Contains(stderr, "standard input: is empty") {
		t.Errorf("of no file, to no file: exit %d, %s", code, stderr)
	}
}
