package dump

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// TestBatchAllocates: batches are memory of the files, or of the scratch.
func TestBatchAllocates(t *testing.T) {
	n := 4096
	x, y := make([]float32, n), make([]int32, n/2)
	for name, files := range map[string]map[string][]byte{
		"plain":     {"logits.npy": npy(x, n/2, 2), "labels.npy": npy(y, n/2)},
		"per score": {"logits.npy": npy(x, n/2, 2), "labels.npy": npy(make([]uint8, n), n/2, 2)},
		"converted": {"logits.npy": npy(make([]float64, n), n/2, 2), "labels.npy": npy(make([]int64, n/2), n/2)},
		"one-hot":   {"logits.npy": npy(x, n/2, 2), "labels.npy": npy(make([]float64, n), n/2, 2)},
	} {
		d := open(t, new(Options), write(t, files))
		var s Scratch
		var b engine.Batch
		allocations := testing.AllocsPerRun(10, func() {
			var err error
			if b, err = d.Batch(100, 3001, &s); err != nil {
				t.Fatal(err)
			}
		})
		// Converting guards itself against faults, with functions that are kept.
		if most := map[string]float64{"converted": 8, "one-hot": 4}[name]; allocations > most {
			t.Errorf("%s: %v allocations", name, allocations)
		}
		if name == "plain" && (cap(s.scores) > 0 || &b.Logits[0] != mapped(t, d.scores, 100)) {
			t.Errorf("the scores are copied")
		}
	}
}

// mapped returns where an element is in the file's memory.
func mapped(t *testing.T, a *array.Array, i int) *float32 {
	t.Helper()
	x, err := a.Float32s(nil, i, i+1)
	if err != nil {
		t.Fatal(err)
	}
	return &x[0]
}

// TestWorkers: batches of several workers at a time are those of one.
func TestWorkers(t *testing.T) {
	n := 10000
	x, y := make([]float64, n), make([]int16, n)
	for i := range x {
		x[i], y[i] = float64(i), int16(i%2)
	}
	d := open(t, new(Options), write(t, map[string][]byte{"logits.npy": npy(x, n/5, 5), "labels.npy": npy(y, n/5, 5)}))
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			var s Scratch
			for from := worker; from < n; from += 97 {
				b, err := d.Batch(from, min(from+300, n), &s)
				if err != nil {
					t.Error(err)
					return
				}
				for i, v := range b.Logits {
					if v != float32(from+i) || b.Labels[i] != uint8((from+i)%2) {
						t.Errorf("score %d is %v, label %d", from+i, v, b.Labels[i])
						return
					}
				}
			}
		})
	}
	group.Wait()
}

// TestWarnings has each warning, and inputs that are as close to it as can be. Batches
// are taken one score at a time from the end, so that the order must not matter.
func TestWarnings(t *testing.T) {
	const (
		unit    = "all scores lie in [0, 1], as probabilities do, but are taken for logits: want --probs if the sigmoid was applied"
		every   = "every anchor is positive, none is background: want --background=CLASS if another than -1 stands for background, such as 0 or 2"
		most    = "more than half of the anchors are positive: want --background=CLASS if another than -1 stands for background, such as 0 or 2"
		zeros   = "0 is taken for the class of the one column, and -1 for background: want --targets=binary and --ignored=-1 if 0 stands for background, or else --targets=class"
		masks   = "no label is 1, but some are 255, which stands for ignored: want 1 for foreground"
		only    = "every score that is not ignored is positive: want 0 for background"
		scores  = "more positive scores than half of the anchors: want labels that are 0 in every column of background, without a column for it"
		floats  = "no label is 1 and most are -1, which stands for ignored in labels of a float type: want class indices of an integer type if it stands for background"
		ignored = "all labels stand for ignored"
	)
	nan := float32(math.NaN())
	for _, c := range []struct {
		name   string
		x      []float32
		labels []byte
		args   []string
		want   []string
	}{
		{"plain", []float32{0, 1, 2, 0}, npy([]int32{-1, 0}, 2), nil, nil},
		{"in [0, 1]", []float32{0, 1, 0.5, 0}, npy([]int32{-1, 0}, 2), nil, []string{unit}},
		{"said so", []float32{0, 1, 0.5, 0}, npy([]int32{-1, 0}, 2), []string{"--probs"}, nil},
		{"one below", []float32{0, 1, 0.5, -1e-30}, npy([]int32{-1, 0}, 2), nil, nil},
		{"one above", []float32{1.0000001, 1, 0.5, 0}, npy([]int32{-1, 0}, 2), nil, nil},
		{"a NaN that is ignored", []float32{nan, 1, 0.5, 0}, npy([]int32{-2, -1}, 2), nil, nil},
		{"no background", []float32{0, 1, 2, 0}, npy([]int32{1, 0}, 2), nil, []string{every}},
		{"no background but ignored", []float32{0, 1, 2, 0}, npy([]int32{1, -2}, 2), nil, []string{every}},
		{"no positive", []float32{0, 1, 2, 0}, npy([]int32{-1, -1}, 2), nil, nil},
		{"every other", []float32{0, 1, 2, 0, 0, 0, 0, 0}, npy([]int32{0, 1, -1, -1}, 4), nil, nil},
		{"more than half", []float32{0, 1, 2, 0, 0, 0}, npy([]int32{0, 1, -1}, 3), nil, []string{most}},
		{"more than half of what counts", []float32{0, 1, 2, 0, 0, 0, 0, 0}, npy([]int32{0, 1, -1, -2}, 4), nil, []string{most}},
		{"background 0", []float32{0, 1, 2, 0}, npy([]int32{1, 0}, 2), []string{"--background=0"}, nil},
		{"one column", []float32{0, 1, 2}, npy([]int32{0, 0, -1}, 3), nil, []string{zeros}},
		{"one column, said so", []float32{0, 1, 2}, npy([]int32{0, 0, -1}, 3), []string{"--targets=binary", "--ignored=-1"}, nil},
		{"one column, floats", []float32{0, 1, 2}, npy([]float32{0, -1, -1}, 3), nil, []string{floats}},
		{"one column, floats with a positive", []float32{0, 1, 2}, npy([]float32{1, -1, -1}, 3), nil, []string{only}},
		{"one column, floats that count", []float32{0, 1, 2, 3}, npy([]float32{0, 0, -1, -1}, 4), nil, nil},
		{"one column, said to be classes", []float32{0, 1, 2}, npy([]int32{0, -1, -1}, 3), []string{"--targets=class"}, nil},
		{"one column, few positives", []float32{0, 1, 2}, npy([]int32{0, -1, -1}, 3), nil, []string{zeros}},
		{"one column, no positive", []float32{0, 1, 2}, npy([]int32{-1, -1, -1}, 3), nil, nil},
		{"one column, some ignored", []float32{0, 1, 2, 3}, npy([]int32{0, -1, -1, -2}, 4), nil, nil},
		{"one column, ignored said", []float32{0, 1, 2}, npy([]int32{0, -1, -1}, 3), []string{"--ignored=-7"}, nil},
		{"one column, half of its labels 1", []float32{0, 1, 2, 3}, npy([]uint8{1, 1, 0, 0}, 4), nil, nil},
		{"one column, most of its labels 1", []float32{0, 1, 2}, npy([]uint8{1, 1, 0}, 3), nil, []string{scores}},
		{"all ignored", []float32{0, 1, 2, 0}, npy([]int32{-2, -2}, 2), nil, []string{ignored}},
		{"all scores ignored", []float32{0, 1, 1, 0}, npy([]uint8{255, 255, 255, 255}, 2, 2), nil, []string{unit, ignored}},
		{"all scores positive", []float32{0, 1, 2, 0}, npy([]uint8{1, 1, 1, 1}, 2, 2), nil, []string{only}},
		{"1 and -1", []float32{0, 1, 2, 0}, npy([]float32{-1, -1, 1, -1}, 2, 2), nil, []string{only}},
		{"0 and 255", []float32{0, 1, 2, 0}, npy([]uint8{0, 255, 0, 0}, 2, 2), nil, []string{masks}},
		{"0 and 255, said so", []float32{0, 1, 2, 0}, npy([]uint8{0, 255, 0, 0}, 2, 2), []string{"--ignored=255"}, nil},
		{"0, 1 and 255", []float32{0, 1, 2, 0}, npy([]uint8{0, 255, 0, 1}, 2, 2), nil, nil},
		{"a column for background", []float32{0, 1, 2, 0}, npy([]uint8{1, 0, 0, 1}, 2, 2), nil, []string{scores}},
		{"a label per score, half of the anchors", []float32{0, 1, 2, 0}, npy([]uint8{1, 0, 0, 0}, 2, 2), nil, nil},
		{"one score counts", []float32{0, 1, 2, 0}, npy([]uint8{255, 255, 0, 255}, 2, 2), nil, []string{masks}},
		{"no score", nil, npy([]int32{}, 0), nil, nil},
	} {
		shape := []int{len(c.x) / 2, 2}
		if strings.HasPrefix(c.name, "one column") {
			shape = shape[:1]
			shape[0] = len(c.x)
		}
		d := open(t, options(t, c.args...), write(t, map[string][]byte{"logits.npy": npy(c.x, shape...), "labels.npy": c.labels}))
		e, err := engine.New(engine.CrossEntropy(), append(d.Options(), engine.WithWorkers(1))...)
		if err != nil {
			t.Fatal(err)
		}
		var s Scratch
		var all engine.Result
		for i := d.Scores() - 1; i >= 0; i-- {
			b, err := d.Batch(i, i+1, &s)
			if err != nil {
				t.Fatal(err)
			}
			r, err := e.Sum(b)
			if err != nil {
				t.Fatal(err)
			}
			all.Merge(r)
		}
		if got := d.Warnings(all); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		// Tasks that evaluate a part each come to the same.
		var facts *Facts
		for i := range max(1, d.Scores()) {
			part := open(t, options(t, c.args...), d.source.Path)
			if d.Scores() > 0 {
				if _, err := part.Batch(i, i+1, &s); err != nil {
					t.Fatal(err)
				}
			}
			var f Facts
			if err := json.Unmarshal(marshal(t, part.Facts()), &f); err != nil {
				t.Fatal(err)
			}
			if facts == nil {
				facts = &f
			} else if err := facts.Merge(f); err != nil {
				t.Fatal(err)
			}
		}
		if got := facts.Warnings(all); !slices.Equal(got, c.want) {
			t.Errorf("%s, in parts: %q, want %q", c.name, got, c.want)
		}
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFactsOfAnother: facts of another input do not merge.
func TestFactsOfAnother(t *testing.T) {
	a := Facts{Anchors: 3, Columns: 2, Labels: "classes", DType: "int32", Background: -1}
	for _, change := range []func(f *Facts){
		func(f *Facts) { f.Anchors++ }, func(f *Facts) { f.Columns++ }, func(f *Facts) { f.Softmax = true }, func(f *Facts) { f.Probs = true },
		func(f *Facts) { f.Boxed = true }, func(f *Facts) { f.Labels = "soft" }, func(f *Facts) { f.Settled = true }, func(f *Facts) { f.DType = "uint8" },
		func(f *Facts) { f.Targets = true }, func(f *Facts) { f.Ignored = true }, func(f *Facts) { f.Background++ },
	} {
		f, o := a, a
		change(&o)
		if err := f.Merge(o); err == nil || f != a {
			t.Errorf("%+v took %+v: %+v, %v", a, o, f, err)
		}
	}
	f, o := a, a
	o.Outside = true
	if err := f.Merge(o); err != nil || !f.Outside || f.Merge(a) != nil || !f.Outside {
		t.Errorf("%+v, %v", f, err)
	}
	if texts := new(Facts).Warnings(engine.Result{}); texts != nil {
		t.Errorf("%q of no facts", texts)
	}
	if texts := (&Facts{Anchors: 1}).Warnings(engine.Result{}); texts != nil {
		t.Errorf("%q of facts that cannot be", texts)
	}
}

// TestBoxWarning: coordinates in pixels that were left among the classes, at either end.
func TestBoxWarning(t *testing.T) {
	const rows, columns = 200, 7
	for _, c := range []struct {
		name   string
		column int     // where coordinates begin, -1 for nowhere
		every  int     // one row of so many has them
		size   float32 // they go up to this
		args   []string
		warn   bool
	}{
		{"first", 0, 1, 640, nil, true},
		{"last", 3, 1, 640, nil, true},
		{"left out", 0, 1, 640, []string{"--columns=4:"}, false},
		{"in the middle", 4, 1, 31, []string{"--columns=:6"}, true},
		{"small", 0, 1, 30, nil, false},
		{"in every other anchor", 0, 2, 640, nil, false},
		{"nowhere", -1, 1, 0, nil, false},
	} {
		x := make([]float32, rows*columns)
		for i := range x {
			x[i] = -2
			if at := i%columns - c.column; c.column >= 0 && at >= 0 && at < boxColumns && i/columns%c.every == 0 {
				x[i] = c.size
			}
		}
		labels := slices.Repeat([]int32{-1}, rows)
		d := open(t, options(t, c.args...), write(t, map[string][]byte{"logits.npy": npy(x, rows, columns), "labels.npy": npy(labels, rows)}))
		d.seen.scores(x)
		warnings := d.Warnings(engine.Result{Scores: int64(d.Scores())})
		if got := len(warnings) == 1 && strings.Contains(warnings[0], "box coordinates"); got != c.warn || len(warnings) > 1 {
			t.Errorf("%s: %q", c.name, warnings)
		}
	}
}

// TestSettle: what tells class indices from binary labels may come late.
func TestSettle(t *testing.T) {
	n := 40000
	for _, c := range []struct {
		at   int
		v    int64
		args []string
		kind labelKind
	}{
		{0, -1, nil, classes}, {16383, -1, nil, classes}, {16384, -2, nil, classes}, {n - 1, -1, nil, classes}, {n - 1, 0, nil, either},
		{n - 1, -1, []string{"--ignored=-1"}, either}, {n - 1, -1, []string{"--ignored=-100"}, classes}, {n - 1, math.MinInt64, nil, classes},
		{n - 1, 0, []string{"--targets=class"}, classes}, {n - 1, 0, []string{"--targets=binary"}, perScore}, {n - 1, 0, []string{"--background=1"}, classes},
	} {
		labels := make([]int64, n)
		labels[c.at] = c.v
		dir := write(t, map[string][]byte{"logits.npy": npy(make([]float32, n), n), "labels.npy": npy(labels, n)})
		sources, err := options(t, c.args...).Sources([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sources[0].Check(); got != n || err != nil {
			t.Errorf("%v: Check: %d, %v", c, got, err)
		}
		d, err := sources[0].Open()
		switch {
		case c.kind == either && (err == nil || !strings.Contains(err.Error(), "--targets=binary")):
			t.Errorf("%v: %v", c, err)
		case c.kind != either && (err != nil || d.kind != c.kind):
			t.Errorf("%v: %v", c, err)
		}
		if d != nil {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestChanged: a file that is written anew while it is evaluated is no result.
func TestChanged(t *testing.T) {
	for _, name := range []string{"logits.npy", "labels.npy"} {
		dir := image(t)
		d := open(t, new(Options), dir)
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, data, 0o666)
		}
		if err == nil {
			err = os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err == nil || !strings.HasPrefix(err.Error(), path+": changed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestScoreLabels has labels of scores of all types, sparse and dense, at all offsets.
func TestScoreLabels(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 300
	for kind, e := range elementTypes {
		var args []string
		if strings.HasPrefix(e.name, "int") {
			args = []string{"--ignored=-1"}
		}
		for _, density := range []float64{0, 0.02, 0.5} {
			data, want := elements(kind, n, false), make([]uint8, n)
			for i := range n {
				if rng.Float64() >= density {
					continue
				}
				value := oneOf(kind)
				want[i] = 1
				if e.minusOne != 0 && rng.IntN(2) == 0 {
					value, want[i] = elements(kind, 1, true), engine.IgnoredLabel
				}
				copy(data[i*e.size:], value)
			}
			d := open(t, options(t, args...), write(t, map[string][]byte{
				"logits.npy": npy(make([]float32, n), n/2, 2), "labels.npy": rawNPY(kind, data, n/2, 2),
			}))
			var s Scratch
			for from := range 40 {
				for _, to := range []int{from, from + 1, from + 15, from + 16, from + 17, from + 100, n} {
					b, err := d.Batch(from, to, &s)
					if err != nil || !slices.Equal(b.Labels, want[from:to]) {
						t.Fatalf("%s, [%d, %d): %v, %v, want %v", e.name, from, to, b.Labels, err, want[from:to])
					}
				}
			}
		}
	}
}

// oneOf returns an element of 1, or for bool what is true and not 1.
func oneOf(kind int) []byte {
	switch e := elementTypes[kind]; e.name {
	case "float16":
		return []byte{0, 0x3c}
	case "bfloat16":
		return []byte{0x80, 0x3f}
	case "float32":
		return []byte{0, 0, 0x80, 0x3f}
	case "float64":
		return []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}
	case "bool":
		return []byte{255}
	default:
		return append([]byte{1}, make([]byte, e.size-1)...)
	}
}
