package partial

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

func pointer[T any](v T) *T { return &v }

// sum is the result of a loss over so many logits, the first of them positive.
func sum(t testing.TB, loss engine.Loss, n int) *Exact {
	t.Helper()
	b := engine.Batch{Logits: make([]float32, n), Labels: make([]uint8, n)}
	if n > 0 {
		b.Labels[0] = 1
	}
	e, err := engine.New(loss, engine.WithKernel("generic"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Sum(b)
	if err != nil {
		t.Fatal(err)
	}
	return (*Exact)(&r)
}

// sample is a line of a range, with all that a line can have.
func sample(t testing.TB) *Line {
	inf := cli.Float32(math.Inf(1))
	return &Line{
		Path:  "img/\xff\"<a>\u2028",
		Files: []File{{"/img/\xff/logits.npy", 65664, time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))}, {Path: "/img/labels.npy"}},
		Input: dump.Convention{Columns: "4:", Background: pointer[int32](0), Ignored: []int32{-5, 7}, Weights: "w"},

		Scores: 3 * engine.Block, Columns: 4,
		Range: Range{I: 2, N: 3, From: engine.Block, To: 2 * engine.Block},
		Task:  Task{TaskID([]string{"a", "b"}, 2, 3), 2, 2},
		Facts: dump.Facts{Anchors: 3 * engine.Block / 4, Columns: 4, Labels: "classes", DType: "int32"},
		Build: Build(), Kernel: "avx512", Workers: 2, Top: 3, Max: true,
		Losses: []Loss{
			{
				Loss: engine.Focal(0.5, 1), Sum: *sum(t, engine.Focal(0.5, 1), engine.Block), Easy: sum(t, engine.Focal(0.5, 1), 4), Largest: &inf,
				Top: []Entry{
					{Row: 1024, Column: 3, Logit: pointer(cli.Float32(math.Inf(-1))), Label: pointer[uint8](1), Loss: inf, Class: "dog", Box: []cli.Float32{1, -0.5, 1e-30, cli.Float32(math.NaN())}},
					{Row: 1025, Column: 0, Logit: pointer(cli.Float32(math.Copysign(0, -1))), Label: pointer[uint8](0), Loss: 0.1, Class: "\xfe", Box: make([]cli.Float32, 4)},
					{Row: 1026, Column: 0, Logit: pointer(cli.Float32(1e-45)), Label: pointer[uint8](0), Loss: 0.1, Class: "\xfe", Box: make([]cli.Float32, 4)},
				},
			},
			{Loss: engine.CrossEntropy(), Sum: *sum(t, engine.CrossEntropy(), engine.Block), Easy: sum(t, engine.CrossEntropy(), 4), Largest: pointer(cli.Float32(0.5))},
		},
		CE: sum(t, engine.CrossEntropy(), engine.Block), EasyCE: sum(t, engine.CrossEntropy(), 4),
		Notes: []cli.Path{"classes.txt\xff: 3 lines"},
	}
}

// rowsSample is a whole line of a loss of rows.
func rowsSample(t testing.TB) *Line {
	r := engine.Result{Scores: 1, Ignored: 2}
	return &Line{
		Path: "-", Files: []File{}, Notes: []cli.Path{}, Scores: 6, Columns: 2, Soft: true, Range: Range{1, 1, 0, 6}, Task: Task{TaskID(nil, 1, 1), 1, 1}, Build: "v1", Kernel: "generic", Workers: 1,
		Facts:  dump.Facts{Anchors: 3, Columns: 2, Softmax: true},
		Losses: []Loss{{Loss: engine.SoftmaxCrossEntropy(), Sum: Exact(r)}},
	}
}

func encoded(t testing.TB, l *Line) []byte {
	t.Helper()
	b, err := l.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// read returns the lines of a file, and the error that ended them, nil for its end.
func read(text []byte) (lines []*Line, err error) {
	r := NewReader(bytes.NewReader(text), "part.jsonl")
	for {
		l, err := r.Next()
		if err == io.EOF {
			if _, again := r.Next(); again != io.EOF {
				return lines, fmt.Errorf("after the end: %v", again)
			}
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, l)
	}
}

// TestLine: all of a line comes back, and is written as it was.
func TestLine(t *testing.T) {
	var file []byte
	samples := []*Line{sample(t), rowsSample(t)}
	for _, l := range samples {
		var err error
		if file, err = l.Append(file); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := read(file)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	var again []byte
	for i, l := range lines {
		if again, err = l.Append(again); err != nil {
			t.Fatal(err)
		}
		if l.Path != samples[i].Path || l.Losses[0].Sum != samples[i].Losses[0].Sum || len(l.Losses[0].Top) != len(samples[i].Losses[0].Top) {
			t.Errorf("%+v, want %+v", l, samples[i])
		}
	}
	if !bytes.Equal(file, again) {
		t.Errorf("%s, read and written again %s", file, again)
	}
	if !bytes.Contains(file, []byte(`"img/\udcff\"<a>\u2028"`)) {
		t.Errorf("%s", file)
	}
	first := lines[0]
	top := first.Losses[0].Top
	if top[0].Class != "dog" || top[1].Class != "\xfe" || !math.Signbit(float64(*top[1].Logit)) || *first.Losses[0].Largest != top[0].Loss ||
		!first.Files[0].MTime.Equal(samples[0].Files[0].MTime) || !first.Weighted() || first.Rows() || !lines[1].Rows() {
		t.Errorf("%+v", first)
	}
	if got := EntryOf(top[1].Ranked()); fmt.Sprint(got) != fmt.Sprint(top[1]) {
		t.Errorf("%v, by way of a ranking %v", top[1], got)
	}
	// The last line's end may be missing, as a shell's $(…) takes it.
	if lines, err = read(bytes.TrimSuffix(file, []byte("\n"))); err != nil || len(lines) != 2 {
		t.Errorf("without the last line's end: %d lines, %v", len(lines), err)
	}
}

// TestTaskID: other paths, and other ranges, are other tasks.
func TestTaskID(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{
		TaskID(nil, 1, 1), TaskID([]string{"a"}, 1, 1), TaskID([]string{"a", "b"}, 1, 1), TaskID([]string{"b", "a"}, 1, 1),
		TaskID([]string{"a b"}, 1, 1), TaskID([]string{`a" "b`}, 1, 1), TaskID([]string{"a"}, 1, 2), TaskID([]string{"a"}, 2, 2),
	} {
		if len(id) != 16 || seen[id] {
			t.Errorf("%s is of two, or has not 16 digits", id)
		}
		seen[id] = true
	}
}

// TestDocument: docs/partial.md shows a line, and tells of every key.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/partial.md")
	if err != nil {
		t.Fatal(err)
	}
	document := strings.ReplaceAll(string(text), "\r\n", "\n")
	_, rest, _ := strings.Cut(document, "```json\n")
	line, table, _ := strings.Cut(rest, "```\n")
	if lines, err := read([]byte(line)); err != nil || len(lines) != 1 {
		t.Fatalf("%s: %d lines, %v", line, len(lines), err)
	}
	for _, key := range regexp.MustCompile(`"([a-z0-9_]+)":`).FindAllStringSubmatch(line+string(encoded(t, sample(t))), -1) {
		inside := []string{"row", "column", "logit", "label", "class", "box", "anchors", "outside", "labels", "dtype"} // eval's help, and facts
		if !strings.Contains(table, "`"+key[1]+"`") && !slices.Contains(inside, key[1]) {
			t.Errorf("%s is not told of", key[1])
		}
	}
	for _, want := range []int{MaxLine >> 20, MaxKept} {
		if !strings.Contains(table, fmt.Sprint(want)) {
			t.Errorf("%d is not told", want)
		}
	}
}

// reseal gives a line the checksum of what it says.
func reseal(line string) string {
	line = strings.TrimSuffix(line, "\n")
	sealed := line[:len(line)-crcBytes]
	return sealed + fmt.Sprintf("%s%08x%s\n", crcBegin, crc32.Checksum([]byte(sealed), castagnoli), crcEnd)
}

// TestLineRefused: what is not as it was written is refused, and says where it was.
func TestLineRefused(t *testing.T) {
	good := string(encoded(t, sample(t)))
	rows := string(encoded(t, rowsSample(t)))
	cut := strings.Replace
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", "part.jsonl: is empty: want lines of flbench eval --partial"},
		"empty line":     {good + "\n" + rows, "part.jsonl: line 2: is empty: want a line of flbench eval --partial"},
		"other":          {`{"loss":{}}` + "\n", `part.jsonl: line 1: begins with "{\"loss\":{}}": want a line of flbench eval --partial`},
		"binary":         {strings.Repeat("\x93", 1<<17), `line 1: begins with "\x93\x93`},
		"version":        {cut(good, `"version":1,`, `"version":2,`, 1), "line 1: has version 2 of the format, and this flbench reads 1: want the same flbench"},
		"no version":     {cut(good, `"version":1,`, `"version":"1",`, 1), "line 1: has no version: make it anew"},
		"long version":   {cut(good, `"version":1,`, `"version":`+strings.Repeat("1", 100)+`,`, 1), "line 1: has no version"},
		"cut":            {rows + good[:len(good)-20], "part.jsonl: line 2: has no checksum at its end, so it was cut, or something was added: make it anew with flbench eval --partial"},
		"cut early":      {good[:len(begin)+4], "line 1: has no checksum at its end, so it was cut: make"},
		"added":          {strings.TrimSuffix(good, "\n") + " \n", "line 1: has no checksum at its end, so it was cut, or something was added"},
		"Windows":        {strings.TrimSuffix(good, "\n") + "\r\n", "line 1: has no checksum at its end, so it was cut, or something was added"},
		"edited":         {cut(good, `"workers":2`, `"workers":3`, 1), "so it was cut, changed, or glued to another: make it anew"},
		"glued":          {strings.TrimSuffix(rows, "\n") + good, "so it was cut, changed, or glued to another"},
		"glued half":     {rows[:300] + good, "so it was cut, changed, or glued to another"},
		"another seal":   {cut(good, `,"crc32c":"`, `,"crc32d":"`, 1), "line 1: has no checksum at its end"},
		"another end":    {strings.TrimSuffix(good, "}\n") + "]\n", "line 1: has no checksum at its end"},
		"easy":           {reseal(cut(good, `"easy_pt":0.9`, `"easy_pt":0.8`, 1)), "line 1: has easy negatives above 0.8, and this flbench above 0.9: want the same flbench"},
		"unknown key":    {reseal(cut(rows, `"top":0`, `"top":0,"tip":0`, 1)), "is from byte"},
		"missing key":    {reseal(cut(rows, `"top":0,`, ``, 1)), "is from byte"},
		"key twice":      {reseal(cut(rows, `"top":0`, `"top":1,"top":0`, 1)), "not as flbench writes it"},
		"null":           {reseal(cut(rows, `"top":0`, `"top":null`, 1)), "is from byte"},
		"null for none":  {reseal(cut(rows, `"facts":`, `"ce":null,"facts":`, 1)), "is from byte"},
		"another case":   {reseal(cut(rows, `"top":0`, `"Top":0`, 1)), "is from byte"},
		"space":          {reseal(cut(rows, `"top":0`, `"top": 0`, 1)), "is from byte"},
		"number":         {reseal(cut(rows, `"top":0`, `"top":0e0`, 1)), "make it anew"},
		"loss by alias":  {reseal(cut(good, `focal(alpha=0.5,gamma=1)`, `focal(gamma=1,alpha=0.5)`, 1)), "is from byte"},
		"unknown loss":   {reseal(cut(good, `focal(alpha=0.5,gamma=1)`, `local`, 1)), `"local" is unknown`},
		"a wrong loss":   {reseal(cut(good, `focal(alpha=0.5,gamma=1)`, `focal(alpha=0.5,gamma=-1)`, 1)), "make it anew"},
		"sum":            {reseal(cut(rows, `"sum":"A`, `"sum":"B`, 1)), "make it anew"},
		"no object":      {reseal(cut(rows, `"easy_pt"`, `[`, 1)), "make it anew"},
		"mtime":          {reseal(cut(good, `2026-01-02T02`, `2026-13-02T02`, 1)), "make it anew"},
		"another zone":   {reseal(cut(good, `2026-01-02T02:04:05.000000678Z`, `2026-01-02T03:04:05.000000678+01:00`, 1)), "is from byte"},
		"fine loss":      {reseal(cut(good, `"loss":0.1,`, `"loss":0.10000000001,`, 1)), "is from byte"},
		"a large number": {reseal(cut(good, `"loss":0.1,`, `"loss":1e99,`, 1)), "make it anew"},
	} {
		lines, err := read([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "engine.") {
			t.Errorf("%s: %d lines, %v; want %q", name, len(lines), err, c.want)
		}
	}
	fault := errors.New("disk on fire")
	if _, err := NewReader(iotest.ErrReader(fault), "f").Next(); !errors.Is(err, fault) || err.Error() != "f: line 1: disk on fire" {
		t.Errorf("%v", err)
	}
	late := NewReader(iotest.TimeoutReader(strings.NewReader(good)), "f")
	if _, err := late.Next(); err != nil {
		t.Error(err)
	}
	if _, err := late.Next(); !errors.Is(err, iotest.ErrTimeout) || !strings.HasPrefix(err.Error(), "f: line 2: ") {
		t.Errorf("%v", err)
	}
}

// TestCutAndFlipped: no line that lost a byte at its end, or had a bit changed, is taken.
func TestCutAndFlipped(t *testing.T) {
	good := encoded(t, sample(t))
	for n := range len(good) - 1 {
		if _, err := read(good[:n]); err == nil {
			t.Fatalf("the first %d bytes of %d are taken", n, len(good))
		}
		changed := bytes.Clone(good)
		changed[n] ^= 1 << (n % 8)
		if lines, err := read(changed); err == nil {
			t.Fatalf("with a bit of byte %d changed: %d lines", n, len(lines))
		}
	}
}

// TestCheck: what no evaluation gives is neither written nor read.
func TestCheck(t *testing.T) {
	for want, change := range map[string]func(l *Line){
		"has no path":                  func(l *Line) { l.Path = "" },
		"which flbench":                func(l *Line) { l.Build = "" },
		"facts of another input":       func(l *Line) { l.Facts.Columns = 8 },
		"facts of another":             func(l *Line) { l.Facts.Anchors++ },
		"has facts of another":         func(l *Line) { l.Facts.Softmax = true },
		"has facts of":                 func(l *Line) { l.Facts.Probs = true },
		"has the kernel \"\"":          func(l *Line) { l.Kernel = "" },
		"has the kernel \"a b\"":       func(l *Line) { l.Kernel = "a b" },
		"has 0 workers":                func(l *Line) { l.Workers = 0 },
		"is line 0 of 2":               func(l *Line) { l.Task.Line = 0 },
		"is line 3 of 2":               func(l *Line) { l.Task.Line = 3 },
		"of the task \"\"":             func(l *Line) { l.Task.ID = "" },
		"has -4 scores":                func(l *Line) { l.Scores = -4 },
		"scores in 5 columns":          func(l *Line) { l.Columns = 5 },
		"scores in 0 columns":          func(l *Line) { l.Columns = 0 },
		"has -1 of the hardest":        func(l *Line) { l.Top = -1 },
		"has no files":                 func(l *Line) { l.Files = nil },
		"or notes":                     func(l *Line) { l.Notes = nil },
		"has no loss":                  func(l *Line) { l.Losses = nil },
		"of -1 bytes":                  func(l *Line) { l.Files[0].Size = -1 },
		"has cross-entropy":            func(l *Line) { l.CE = nil },
		"not where it should":          func(l *Line) { l.EasyCE = nil },
		"losses of scores and of rows": func(l *Line) { l.Losses[1].Loss = engine.SoftmaxCrossEntropy() },
		"has the loss ce twice":        func(l *Line) { l.Losses = append(l.Losses, l.Losses[1]) },
		"the range 0/3":                func(l *Line) { l.Range.I = 0 },
		"the range 4/3":                func(l *Line) { l.Range.I = 4 },
		"the range 4097 to 8192":       func(l *Line) { l.Range.From++ },
		"the range 4096 to 8191":       func(l *Line) { l.Range.To-- },
		"the range 8192 to 4096":       func(l *Line) { l.Range.From, l.Range.To = l.Range.To, l.Range.From },
		"the range 4096 to 16384":      func(l *Line) { l.Range.To = 16384 },
		"for the range 1/3":            func(l *Line) { l.Range.I = 1 },
		"for the range 3/3":            func(l *Line) { l.Range.I = 3 },
		"scored and 0 ignored of 8192": func(l *Line) { l.Range.To = 8192 + 4096 },
		"easy negatives where":         func(l *Line) { l.Losses[0].Easy = nil },
		"has 4097 easy negatives":      func(l *Line) { l.Losses[0].Easy = sum(t, engine.Focal(0.5, 1), 4097) },
		"ce is not what":               func(l *Line) { l.EasyCE = sum(t, engine.CrossEntropy(), 3) },
		"has a file":                   func(l *Line) { l.Files[0].Path = "" },
		"ce is not what cross-entropy": func(l *Line) { l.CE = sum(t, engine.CrossEntropy(), 5) },
		"has a largest loss where":     func(l *Line) { l.Max = false },
		"has the largest loss -1":      func(l *Line) { l.Losses[1].Largest = pointer(cli.Float32(-1)) },
		"has the largest loss 2, and":  func(l *Line) { l.Losses[0].Largest = pointer(cli.Float32(2)) },
		"want at most 2":               func(l *Line) { l.Top = 2 },
		"which [1] is of row 1025":     func(l *Line) { l.Losses[0].Top[1].Column = 4 },
		"has the score 8192, which":    func(l *Line) { l.Losses[0].Top[1].Row, l.Losses[0].Top[2].Row = 2048, 2049 },
		"has the score 4095, which":    func(l *Line) { l.Losses[0].Top[0].Row-- },
		"want rising places":           func(l *Line) { l.Losses[0].Top[2].Row = 1025 },
	} {
		l := sample(t)
		change(l)
		if b, err := l.Append(nil); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), string(l.Path)+": ") {
			t.Errorf("written: %s, %v; want %q", b, err, want)
		}
		// As if it had been written all the same.
		text, err := l.encode()
		if err != nil {
			continue
		}
		if _, err := parse(text); err == nil {
			t.Errorf("%s: read", want)
		}
	}
}

// TestCheckRows: ranges of rows are cut at blocks of rows.
func TestCheckRows(t *testing.T) {
	l := rowsSample(t)
	l.Scores, l.Facts.Anchors, l.Range, l.Losses[0].Sum = 6*engine.Block, 3*engine.Block, Range{1, 2, 0, 2 * engine.Block}, Exact{Ignored: engine.Block}
	if _, err := l.Append(nil); err != nil {
		t.Error(err)
	}
	l.Range.To, l.Losses[0].Sum = engine.Block, Exact{Ignored: engine.Block / 2}
	if _, err := l.Append(nil); err == nil || !strings.Contains(err.Error(), "has the range 0 to 4096 of 24576 scores") {
		t.Errorf("%v", err)
	}
}

// TestCheckKept: the losses of a line share the room for hardest scores.
func TestCheckKept(t *testing.T) {
	l := sample(t)
	l.Range, l.Scores, l.Facts.Anchors, l.Top, l.Max = Range{1, 1, 0, MaxKept}, MaxKept, MaxKept/4, MaxKept, false
	for i := range l.Losses {
		loss := &l.Losses[i]
		loss.Sum.Ignored, loss.Largest, loss.Top = MaxKept-engine.Block, nil, nil
		logit, label := new(cli.Float32), new(uint8)
		for k := range MaxKept/2 + i {
			loss.Top = append(loss.Top, Entry{Row: k / l.Columns, Column: k % l.Columns, Logit: logit, Label: label})
		}
	}
	l.CE.Ignored = l.Losses[1].Sum.Ignored
	if err := l.check(); err == nil || err.Error() != "has 262145 of the hardest scores: want at most 262144" {
		t.Errorf("%v", err)
	}
	l.Losses[1].Top = l.Losses[1].Top[:MaxKept/2]
	if err := l.check(); err != nil {
		t.Error(err)
	}
}

// TestMaxLine: a line that is too long is not written, and of one not more than shows it read.
func TestMaxLine(t *testing.T) {
	l := rowsSample(t)
	l.Notes = append(l.Notes, cli.Path(strings.Repeat("x", MaxLine)))
	if _, err := l.Append(nil); err == nil || !strings.Contains(err.Error(), "and a line at most 67108864: want less of --top") {
		t.Errorf("%v", err)
	}
	endless := &counter{Reader: io.MultiReader(strings.NewReader(begin+"1,"), zeros{})}
	if _, err := NewReader(endless, "f").Next(); err == nil || !strings.Contains(err.Error(), "f: line 1: has more than 67108864 bytes") || endless.n > MaxLine+1<<20 {
		t.Errorf("%v after %d bytes", err, endless.n)
	}
	garbage := &counter{Reader: zeros{}}
	if _, err := NewReader(garbage, "f").Next(); err == nil || garbage.n > 1<<17 {
		t.Errorf("%v after %d bytes", err, garbage.n)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

// FuzzLine: no text is a panic, and what is taken is written as it was. The text is tried as
// it is, and with a right checksum.
func FuzzLine(f *testing.F) {
	for _, l := range []*Line{sample(f), rowsSample(f)} {
		text := string(encoded(f, l))
		f.Add(text)
		f.Add(text[:len(text)/2])
		f.Add(text[:len(text)-1-crcBytes])
	}
	f.Fuzz(func(t *testing.T, text string) {
		sealed := fmt.Sprintf("%s%s%08x%s", text, crcBegin, crc32.Checksum([]byte(text), castagnoli), crcEnd)
		for _, text := range []string{text, sealed} {
			lines, err := read([]byte(text))
			if err != nil {
				continue
			}
			var again []byte
			for _, l := range lines {
				if again, err = l.Append(again); err != nil {
					t.Fatal(err)
				}
			}
			if strings.TrimSuffix(string(again), "\n") != strings.TrimSuffix(text, "\n") {
				t.Errorf("%s\nis read, and written as\n%s", text, again)
			}
		}
	})
}
