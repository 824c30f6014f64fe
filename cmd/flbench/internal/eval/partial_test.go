package eval

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// linesOf reads what --partial wrote.
func linesOf(t *testing.T, text string) (lines []*partial.Line) {
	t.Helper()
	for r := partial.NewReader(strings.NewReader(text), "lines"); ; {
		l, err := r.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
}

// merged is the report on lines, which are of ranges in order where several have one path.
func merged(t *testing.T, lines []*partial.Line, kernel string, workers int) *outcome.Report {
	t.Helper()
	first := lines[0]
	set := outcome.Settings{Kernel: kernel, Workers: workers, Top: first.Top, Max: first.Max, Weighted: first.Weighted()}
	for _, l := range first.Losses {
		set.Losses = append(set.Losses, l.Loss)
	}
	b := outcome.NewBuilder(set, 0)
	for n := 0; len(lines) > 0; n++ {
		var in outcome.Input
		facts := lines[0].Facts
		whole := engine.Result{}
		for i, of := 0, lines[0].Range.N; i < of; i++ {
			l := lines[0]
			lines = lines[1:]
			if l.Range.I != i+1 || l.Range.N != of {
				t.Fatalf("the range %+v, want %d/%d", l.Range, i+1, of)
			}
			in.Path = string(l.Path)
			must(0, facts.Merge(l.Facts))
			for k := range l.Losses {
				loss := &l.Losses[k]
				m := outcome.Measured{Tally: outcome.Tally{Loss: engine.Result(loss.Sum)}}
				if loss.Easy != nil {
					m.Easy, m.CE, m.EasyCE = engine.Result(*loss.Easy), engine.Result(*l.CE), engine.Result(*l.EasyCE)
				}
				if l.Max {
					m.Max = float32(*loss.Largest)
				}
				if l.Top > 0 {
					m.Hardest = []ranking.List{must(l.List(loss))}
				}
				if i == 0 {
					in.Losses = append(in.Losses, outcome.Measured{})
				}
				in.Losses[k].Merge(m)
			}
			whole.Merge(engine.Result(l.Losses[0].Sum))
			for _, note := range l.Notes {
				if !slices.Contains(in.Notes, string(note)) {
					in.Notes = append(in.Notes, string(note))
				}
			}
		}
		in.Warnings = facts.Warnings(whole)
		must(0, b.Add(n, in))
	}
	r := must(b.Report())
	r.Arrange("", 0)
	return r
}

// form is an input in one of the forms that it can have.
type form struct {
	name string
	args []string // with the path last
	loss []string
}

// npz packs arrays, deflated.
func npz(t *testing.T, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range arrays {
		must(must(w.Create(name + ".npy")).Write(content))
	}
	must(0, w.Close())
	return b.Bytes()
}

// safetensors packs logits and class indices.
func safetensors(s sample) []byte {
	n, m := 4*len(s.logits), 4*len(s.classes)
	head := fmt.Sprintf(`{"logits":{"dtype":"F32","shape":[%d,%d],"data_offsets":[0,%d]},"labels":{"dtype":"I32","shape":[%d],"data_offsets":[%d,%d]}}`,
		s.rows, s.columns, n, s.rows, n, n+m)
	head += strings.Repeat(" ", -len(head)&7)
	b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)
	return must(binary.Append(must(binary.Append(b, binary.LittleEndian, s.logits)), binary.LittleEndian, s.classes))
}

// forms are inputs of some blocks, the last not whole, in layouts, dtypes and conventions.
func forms(t *testing.T) []form {
	t.Helper()
	const rows, columns = 2900, 7
	s, targets := softSample(21, rows, columns)
	for i, x := range s.logits {
		s.logits[i] = float32(math.Round(16*float64(x))) / 16 // ties, and exact in 16 bits
		if x != x {
			s.logits[i] = -1 // of ignored rows, which other conventions do not ignore
		}
	}
	all := slices.Clone(s.classes) // every anchor has a class
	for i, c := range all {
		if c == -1 {
			all[i] = int32(i % columns)
		}
	}
	doubles := make([]float64, len(s.logits))
	halves, probs, unit := make([]uint16, len(s.logits)), make([]float32, len(s.logits)), make([]float32, len(s.logits))
	for i, x := range s.logits {
		doubles[i] = float64(x) + 1e-9
		halves[i] = uint16(math.Float32bits(x) >> 16)
		probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
		unit[i] = float32(i%5) / 4
	}
	weights := make([]float32, rows)
	for i := range weights {
		weights[i] = float32(i%4) / 2
	}
	logits, classes := s.logitsFile(), s.classesFile()
	weighted := folder(t, logits, classes)
	write(t, filepath.Join(weighted, "w.npy"), array{[]int{rows}, weights}.file())
	named := folder(t, logits, classes)
	boxes := make([]float32, 4*rows)
	for i := range boxes {
		boxes[i] = float32(i) / 8
	}
	write(t, filepath.Join(named, "classes.txt"), []byte("ant\nbee\ncat\ndog\nelk\nfox\ngnu\n"))
	write(t, filepath.Join(named, "anchors.npy"), array{[]int{rows, 4}, boxes}.file())
	misnamed := folder(t, logits, classes)
	write(t, filepath.Join(misnamed, "classes.txt"), []byte("ant\nbee\n"))
	out := t.TempDir()
	archive := func(name string, content []byte) string { return write(t, filepath.Join(out, name), content) }
	softmax := []string{"softmaxce", "softmaxfocal1.5"}
	scores := []string{"focal2", "ce"}
	wide := newSample(22, 300, 600) // rows of less than a block, which losses of rows do not cut
	for i := range wide.classes {
		wide.classes[i] = int32(i)
	}
	wide.logits = unitless(wide.logits)
	single := newSample(23, 9000, 1)
	return []form{
		{"classes", []string{named}, scores},
		{"names that do not fit", []string{misnamed}, scores},
		{"uint8", []string{folder(t, logits, array{[]int{rows, columns}, s.labels}.file())}, scores},
		{"soft", []string{folder(t, logits, array{[]int{rows, columns}, targets}.file())}, []string{"qfl", "vfl", "heatmap", "focal"}},
		{"float64, which is rounded", []string{folder(t, npyFile("<f8", fmt.Sprintf("(%d, %d)", rows, columns), doubles), classes)}, scores},
		{"bfloat16", []string{folder(t, npyFile("<V2", fmt.Sprintf("(%d, %d)", rows, columns), halves), classes)}, scores},
		{"probabilities", []string{"--probs", folder(t, array{[]int{rows, columns}, probs}.file(), classes)}, scores},
		{"probabilities, soft", []string{"--probs", folder(t, array{[]int{rows, columns}, probs}.file(), array{[]int{rows, columns}, targets}.file())}, []string{"heatmap", "heatmap(alpha=1,beta=2)"}},
		{"ca", []string{"--layout=ca", folder(t, array{[]int{columns, rows}, s.logits}.file(), classes)}, scores},
		{"nca", []string{"--layout=nca", folder(t, array{[]int{4, columns, rows / 4}, s.logits}.file(), array{[]int{4, rows / 4}, s.classes}.file())}, scores},
		{"columns", []string{"--columns=2:", "--background=0", "--ignored=-1,-2", folder(t, logits, array{[]int{rows}, oneUp(s.classes)}.file())}, scores},
		{"weights", []string{"--weights=w.npy", weighted}, scores},
		{"npz", []string{archive("a.npz", npz(t, map[string][]byte{"logits": logits, "labels": classes}))}, scores},
		{"safetensors", []string{archive("a.safetensors", safetensors(s))}, scores},
		{"two files", []string{"--logits", filepath.Join(named, "logits.npy"), "--labels", filepath.Join(named, "labels.npy")}, scores},
		{"softmax", []string{folder(t, logits, array{[]int{rows}, all}.file())}, softmax},
		{"softmax, large", []string{folder(t, array{[]int{2 * rows, columns}, slices.Repeat(s.logits, 2)}.file(), array{[]int{2 * rows}, slices.Repeat(all, 2)}.file())}, softmax},
		{"softmax, weights", []string{"--weights=w.npy", weightedOf(t, logits, array{[]int{rows}, all}.file(), weights)}, softmax},
		{"softmax, wide", []string{folder(t, wide.logitsFile(), wide.classesFile())}, softmax},
		{"looks like probabilities", []string{folder(t, array{[]int{rows, columns}, unit}.file(), classes)}, scores},
		{"a positive in most rows", []string{folder(t, logits, array{[]int{rows}, all}.file())}, scores},
		{"all ignored", []string{folder(t, logits, array{[]int{rows}, slices.Repeat([]int32{-2}, rows)}.file())}, scores},
		{"one column", []string{"--targets=class", folder(t, single.logitsFile(), single.classesFile())}, scores},
		{"empty", []string{folder(t, array{[]int{0, 4}, []float32{}}.file(), array{[]int{0}, []int32{}}.file())}, scores},
	}
}

func unitless(x []float32) []float32 {
	for i, v := range x {
		if v != v {
			x[i] = 0
		}
	}
	return x
}

// oneUp is labels with 0 for background, of columns from 2 on.
func oneUp(classes []int32) []int32 {
	up := slices.Clone(classes)
	for i, c := range up {
		if up[i] = c % 5; c == -1 {
			up[i] = -1
		}
		if c == -2 {
			up[i] = -2
		}
	}
	return up
}

func weightedOf(t *testing.T, logits, labels []byte, weights []float32) string {
	t.Helper()
	dir := folder(t, logits, labels)
	write(t, filepath.Join(dir, "w.npy"), array{[]int{len(weights)}, weights}.file())
	return dir
}

// TestEvalRanges: the lines of ranges, however many, merge to the report on the whole: every
// byte of every format, of one loss and of several, with hardest scores, warnings and notes.
func TestEvalRanges(t *testing.T) {
	withShards(t, 2)
	for _, f := range forms(t) {
		lists, parts := []string{strings.Join(f.loss, ","), f.loss[0]}, []int{3, 1, 2, 8, 50}
		if testing.Short() {
			lists, parts = lists[:1], parts[:1]
		}
		for _, losses := range lists {
			args := append([]string{"--losses", losses, "--top=9", "--max", "--workers=2"}, f.args...)
			want, _, code := command(append([]string{"eval", "--json"}, args...)...)
			table, _, _ := command(append([]string{"eval"}, args...)...)
			var says struct {
				Kernel  string
				Workers int
			}
			if err := json.Unmarshal([]byte(want), &says); code != 0 || err != nil {
				t.Fatalf("%s: exit code %d, %v: %s", f.name, code, err, want)
			}
			for _, n := range parts {
				var text string
				for i := range n {
					out := eval(t, append([]string{"--partial=-", fmt.Sprintf("--range=%d/%d", i+1, n)}, args...)...)
					if strings.Count(out, "\n") != 1 {
						t.Errorf("%s, %d/%d: %q", f.name, i+1, n, out)
					}
					text += out
				}
				r := merged(t, linesOf(t, text), says.Kernel, says.Workers)
				for format, want := range map[string]string{"json": want, "table": table} {
					var got bytes.Buffer
					if err := cli.PrintAs(&got, r, outcome.Formats, format); err != nil || got.String() != want {
						t.Fatalf("%s, %s in %d ranges as %s: %v\n%s\nwant\n%s", f.name, losses, n, format, err, &got, want)
					}
				}
			}
		}
	}
}

// TestEvalPartial: a line for each PATH, in their order, with all that the report needs.
func TestEvalPartial(t *testing.T) {
	a := newAlbum(t, 23)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	list := write(t, filepath.Join(t.TempDir(), "list"), []byte(strings.Join(a.paths, "\n")))
	want := evalReport(t, append([]string{"--top=3", "--max"}, a.paths...)...)
	var text string
	for _, args := range [][]string{
		append([]string{"--partial", out, "--workers=1"}, a.paths...), {"--partial", out, "--workers=5", "--from", list}, append([]string{"--partial=-", "--workers=3"}, a.paths...),
	} {
		_ = os.Remove(out)
		text = eval(t, append([]string{"--top=3", "--max"}, args...)...)
		if args[0] == "--partial" {
			if text != "" {
				t.Errorf("%q printed %q", args, text)
			}
			text = string(must(os.ReadFile(out)))
		}
		lines := linesOf(t, text)
		if len(lines) != len(a.paths) {
			t.Fatalf("%q: %d lines", args, len(lines))
		}
		for i, l := range lines {
			logits := filepath.Join(a.paths[i], "logits.npy")
			info := must(os.Stat(logits))
			if string(l.Path) != a.paths[i] || l.Task != (partial.Task{ID: partial.TaskID(a.paths, 1, 1), Line: i + 1, Of: len(a.paths)}) || len(l.Files) != 2 ||
				string(l.Files[0].Path) != must(filepath.EvalSymlinks(logits)) || l.Files[0].Size != info.Size() || !l.Files[0].MTime.Equal(info.ModTime()) ||
				l.Range != (partial.Range{I: 1, N: 1, To: l.Scores}) || l.Top != 3 || !l.Max || l.Columns != 5 || l.Kernel != want.Kernel {
				t.Errorf("%+v", l)
			}
		}
		r := merged(t, lines, want.Kernel, want.Workers)
		var got bytes.Buffer
		must(0, cli.PrintAs(&got, r, outcome.Formats, "json"))
		if all := eval(t, append([]string{"--top=3", "--max", "--json"}, a.paths...)...); got.String() != all {
			t.Errorf("%q: %s, want %s", args, &got, all)
		}
	}
	// Of standard input there is no file to tell.
	big := newSample(5, 2000, 7)
	in := write(t, filepath.Join(t.TempDir(), "x.safetensors"), safetensors(big))
	for range 2 {
		file := must(os.Open(in))
		before := os.Stdin
		os.Stdin = file
		l := linesOf(t, eval(t, "--partial=-", "--range=2/2", "-"))
		os.Stdin = before
		_ = file.Close()
		if len(l) != 1 || l[0].Path != "-" || len(l[0].Files) != 0 || l[0].Range.From != 8192 || l[0].Range.To != 14000 ||
			!slices.Equal(l[0].Notes, []cli.Path{"is from standard input or a pipe: nothing tells whether other ranges are of the same"}) {
			t.Errorf("standard input: %+v", l[0])
		}
	}
}

// TestEvalRangeNote: a report on a part says so.
func TestEvalRangeNote(t *testing.T) {
	s := newSample(5, 2000, 7)
	dir := folder(t, s.logitsFile(), s.classesFile())
	for part, want := range map[string]string{
		"1/2": "--range=1/2: 8192 of the 14000 scores, from 0 on", "2/2": "--range=2/2: 5808 of the 14000 scores, from 8192 on",
		"5/9": "--range=5/9: none of the 14000 scores", "1/1": "",
	} {
		stdout, stderr, code := command("eval", "--json", "--range", part, dir)
		r := decodeReport(t, stdout)
		switch {
		case code != 0 || len(r.Warnings) > 0:
			t.Errorf("%s: exit code %d, %q", part, code, r.Warnings)
		case want == "" && (stderr != "" || len(r.Notes) > 0):
			t.Errorf("%s: %q, %q", part, stderr, r.Notes)
		case want != "" && (stderr != "flbench: note: "+dir+": "+want+"\n" || len(r.Notes) != 1 || r.Notes[0].Text != want):
			t.Errorf("%s: %q, %q; want %q", part, stderr, r.Notes, want)
		}
	}
}

// TestEvalRangeFault: what is wrong is named by its place in the file, by the task that has it
// alone.
func TestEvalRangeFault(t *testing.T) {
	withShards(t, 1)
	s := newSample(5, 2000, 7)
	s.classes[1500] = -1
	s.logits[1500*7+3] = float32(math.NaN())
	bad := s.classes[1999]
	s.classes[1999] = 7
	dir := folder(t, s.logitsFile(), s.classesFile())
	wantFailure(t, "class", filepath.Join(dir, "labels.npy")+": [1999] is 7", "--range=4/4", "--partial=-", dir)
	wantFailure(t, "NaN", filepath.Join(dir, "logits.npy")+": [1500, 3] is NaN", "--range=3/4", "--partial=-", dir)
	for _, part := range []string{"1/4", "2/4"} {
		eval(t, "--range", part, "--partial=-", dir)
	}
	// Losses of rows begin at rows.
	for i, c := range s.classes {
		if s.classes[i] = max(c, 0); c == -2 {
			s.logits[i*7] = 0
		}
	}
	s.classes[1999] = max(bad, 0)
	s.logits[1500*7+3] = 0
	many := sample{rows: 6000, columns: 7, logits: slices.Repeat(s.logits, 3), classes: slices.Repeat(s.classes, 3)}
	many.logits[5001*7+2] = float32(math.NaN())
	many.classes[5800] = 9
	dir = folder(t, many.logitsFile(), many.classesFile())
	wantFailure(t, "rows", filepath.Join(dir, "logits.npy")+": [5001, 2] is NaN", "--losses=softmaxce,softmaxfocal", "--range=2/2", "--partial=-", dir)
	eval(t, "--loss=softmaxce", "--range=1/2", "--partial=-", dir)
	many.logits[5001*7+2] = 0
	dir = folder(t, many.logitsFile(), many.classesFile())
	wantFailure(t, "rows", filepath.Join(dir, "labels.npy")+": [5800] is 9", "--loss=softmaxce", "--range=2/2", "--partial=-", dir)
	// In the last of several PATHs, nothing is written.
	good := newSample(6, 100, 7)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	wantFailure(t, "the last", filepath.Join(dir, "labels.npy")+": [5800] is 9", "--partial", out, folder(t, good.logitsFile(), good.classesFile()), dir)
	wantFiles(t, filepath.Dir(out))
}

// TestEvalPartialRefuses: what would be ignored, or overwritten, is refused.
func TestEvalPartialRefuses(t *testing.T) {
	s := newSample(5, 20, 7)
	dir, other := folder(t, s.logitsFile(), s.classesFile()), folder(t, s.logitsFile(), s.classesFile())
	logits, labels := filepath.Join(dir, "logits.npy"), filepath.Join(dir, "labels.npy")
	list := write(t, filepath.Join(t.TempDir(), "list"), []byte(dir+"\n"))
	away := t.TempDir()
	archives := t.TempDir()
	for _, name := range []string{"a.npz", "b.npz"} {
		write(t, filepath.Join(archives, name), npz(t, map[string][]byte{"logits": s.logitsFile(), "labels": s.classesFile()}))
	}
	for _, c := range []struct{ want, args string }{
		{`--range is "": want i/n`, "--range="},
		{`--range is "x/y": want i/n, the i-th of n ranges of the scores, such as 1/4`, "--range=x/y"},
		{`--range is "1": want i/n`, "--range=1"},
		{`--range is "-1/4": want i/n`, "--range=-1/4"},
		{`--range is "+1/4": want i/n`, "--range=+1/4"},
		{`--range is "1/4/4": want i/n`, "--range=1/4/4"},
		{`--range is "1/99999999999999999999": want i/n`, "--range=1/99999999999999999999"},
		{"--range is 1/0: want at least one range, 1/1", "--range=1/0"},
		{"--range is 0/4: want 1/4 to 4/4", "--range=0/4"},
		{"--range is 5/4: want 1/4 to 4/4", "--range=5/4"},
		{"--range with 2 inputs: want exactly one", "--range=1/2 " + other},
		{"--range with 2 inputs: want exactly one", "--range=1/1 " + other},
		{"--range with 3 inputs: want exactly one", "--range=1/2 " + archives},
		{"--losses-out beside --range: want all of the input", "--range=1/2 --losses-out=l.npy"},
		{"--gradients-out beside --range: want all of the input", "--range=1/2 --gradients-out=l.npy"},
		{"--partial is empty: want a file name", "--partial="},
		{"--sort beside --partial, whose lines are for flbench merge: want one or the other", "--partial=- --sort=loss"},
		{"--limit beside --partial", "--partial=- --limit=3"},
		{"--format beside --partial", "--partial=- --format=csv"},
		{"--json beside --partial", "--partial=- --json"},
		{"--losses-out beside --partial", "--partial=- --losses-out=l.npy"},
		{"--gradients-out beside --partial", "--partial=- --gradients-out=l.npy"},
		{"--top is 262145: a line of --partial keeps at most 262144 scores", "--partial=- --top=262145 " + big(t)},
		{"--top is 131073: a line of --partial keeps at most 262144 scores, of all losses together", "--losses=ce,focal --partial=- --top=131073 " + big(t)},
		{"--partial " + logits + " is the input " + logits, "--partial=" + logits},
		{"--partial " + labels + " is the input " + labels, "--partial=" + labels},
		{"--partial " + list + " is the input " + list, "--from=" + list + " --partial=" + list},
		{"--partial with " + dir + " twice: want each PATH once, as flbench merge does", "--partial=- " + dir},
		{"--partial with " + dir + "/. twice", "--partial=- " + dir + "/."},
		{"--losses: want at least one name", "--losses="},
		{"--loss beside --losses: want each loss in that", "--losses=ce --loss=ce"},
		{"--gamma beside --losses: want each loss in that, with its parameters", "--losses=focal --gamma=2"},
		{"--losses: ce twice: want it once", "--losses=ce,focal,ce"},
		{"--losses: focal2 twice: want it once", "--losses=focal,focal2"},
		{"--losses: ce and softmaxce, one of which is of rows and one of scores: want losses of one kind", "--losses=ce,softmaxce"},
		{"--losses: loss \"nix\" is unknown", "--losses=ce,nix"},
		{"--losses-out with 2 losses: want exactly one", "--losses=ce,focal --losses-out=l.npy"},
		{"--gradients-out with 2 losses: want exactly one", "--losses=ce,focal --gradients-out=l.npy"},
		{"--probs beside --loss qfl(beta=2): want logits", "--losses=focal,qfl --probs"},
	} {
		stdout, stderr, code := command(append([]string{"eval", dir}, strings.Fields(c.args)...)...)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "flbench: "+c.want) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want %q", c.args, code, stdout, stderr, c.want)
		}
	}
	for _, out := range []string{away, filepath.Join(away, "no", "x"), "/dev/null"} {
		stdout, stderr, code := command("eval", dir, "--partial", out)
		if code == 0 || stdout != "" || !strings.HasPrefix(stderr, "flbench: --partial "+out+": ") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", out, code, stdout, stderr)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	must(0, os.Symlink(dir, link))
	stdout, stderr, code := command("eval", dir, link, "--partial", filepath.Join(away, "out.jsonl"))
	if want := fmt.Sprintf("flbench: %s and %s are the same: --partial wants each PATH once\n", min(dir, link), max(dir, link)); code != 1 || stdout != "" || stderr != want {
		t.Errorf("a link: exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
	wantFiles(t, away)
	if text := string(must(os.ReadFile(list))); text != dir+"\n" {
		t.Errorf("the list became %q", text)
	}
	if n := len(linesOf(t, eval(t, "--partial=-", "--top=1000000000", dir))); n != 1 {
		t.Errorf("%d lines of few scores", n)
	}
}

// big is an input of more scores than a line keeps.
func big(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	n := partial.MaxKept + 1
	write(t, filepath.Join(dir, "logits.npy"), array{[]int{n}, make([]float32, n)}.file())
	write(t, filepath.Join(dir, "labels.npy"), array{[]int{n}, make([]uint8, n)}.file())
	return dir
}

// TestEvalPartialLost: lines that standard output does not take are an error.
func TestEvalPartialLost(t *testing.T) {
	s := newSample(5, 20, 7)
	clitest.Command(New).LosesOutput(t, "--partial=-", folder(t, s.logitsFile(), s.classesFile()))
}

// FuzzRange: what is taken for a range is one, and is written as it was read but for zeros.
func FuzzRange(f *testing.F) {
	for _, text := range []string{"1/4", "4/4", "0/4", "5/4", "x/y", "", "/", "1/", "/1", "01/04", "1/4/", "1 /4", "9223372036854775807/9223372036854775807", "18446744073709551615/1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseRange(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "--range is ") || p != (part{}) {
				t.Errorf("%q: %v, %v", text, p, err)
			}
			return
		}
		i, n, ok := strings.Cut(text, "/")
		zeros := func(s string) string { return strings.TrimLeft(s, "0") }
		if !ok || p.i < 1 || p.i > p.n || zeros(i)+"/"+zeros(n) != p.String() {
			t.Errorf("%q is %v", text, p)
		}
	})
}
