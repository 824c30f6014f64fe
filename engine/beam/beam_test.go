package beam

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism" // the runner of the tests

	"github.com/flengine/flengine/engine"
)

func init() {
	register.DoFn2x0[LossKey, engine.Result](&keepFn{})
	register.DoFn2x1[span, func(span), error](&faultyFn{})
}

func TestMain(m *testing.M) {
	beam.Init()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// kept is what pipelines of the tests gave, by the name of the test.
var kept = struct {
	sync.Mutex
	results map[string]map[LossKey]engine.Result
}{results: map[string]map[LossKey]engine.Result{}}

// keepFn keeps results in this process.
type keepFn struct{ Test string }

// ProcessElement keeps a result.
func (f *keepFn) ProcessElement(of LossKey, r engine.Result) {
	kept.Lock()
	defer kept.Unlock()
	if kept.results[f.Test] == nil {
		kept.results[f.Test] = map[LossKey]engine.Result{}
	}
	kept.results[f.Test][of] = r
}

func keptOf(t *testing.T) map[LossKey]engine.Result {
	kept.Lock()
	defer kept.Unlock()
	r := kept.results[t.Name()]
	delete(kept.results, t.Name())
	return r
}

// npyFile returns the bytes of an .npy file of one axis, or of rows.
func npyFile(descr string, data any, shape ...int) []byte {
	words := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }", descr, words)
	dict = fmt.Sprintf("%-*s\n", (10+len(dict)+1+63)/64*64-11, dict)
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(dict)))
	b, err := binary.Append(append(b, dict...), binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

// newShard writes logits that differ, and labels of one column, some of them 1.
func newShard(t testing.TB, dir, name string, n int) (Shard, engine.Batch) {
	t.Helper()
	b := engine.Batch{Logits: make([]float32, n), Labels: make([]uint8, n)}
	for i := range n {
		b.Logits[i] = -4 + float32(i%777)/100
		b.Labels[i] = uint8(i % 100 / 99)
	}
	s := Shard{Key: name, Logits: filepath.Join(dir, name+".logits.npy"), Labels: filepath.Join(dir, name+".labels.npy")}
	for path, content := range map[string][]byte{s.Logits: npyFile("<f4", b.Logits, n), s.Labels: npyFile("|u1", b.Labels, n)} {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return s, b
}

func sum(t testing.TB, l engine.Loss, b engine.Batch) engine.Result {
	t.Helper()
	e, err := engine.New(l)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Sum(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEvaluate: a PCollection of shards that nobody globbed, two of them under one key.
func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	a, x := newShard(t, dir, "a", 3*engine.Block)
	b, y := newShard(t, dir, "b", 2*engine.Block+5)
	b.Key = "a"
	p, s := beam.NewPipelineWithRoot()
	ce := engine.CrossEntropy()
	out, err := Evaluate(s, beam.Create(s, a, b), Options{Losses: []engine.Loss{ce}, SpanBlocks: 1})
	if err != nil {
		t.Fatal(err)
	}
	beam.ParDo0(s, &keepFn{Test: t.Name()}, out.Results)
	if _, err := beam.Run(t.Context(), "prism", p); err != nil {
		t.Fatal(err)
	}
	want := sum(t, ce, x)
	want.Merge(sum(t, ce, y))
	if got := keptOf(t); len(got) != 1 || got[LossKey{"ce", "a"}] != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// faultyFn stands between cutting and evaluating, and does with one span what no runner should,
// or fails after it has emitted.
type faultyFn struct{ Fault string }

// ProcessElement emits a span, as a rule once.
func (f *faultyFn) ProcessElement(s span, emit func(span)) error {
	if s.From != 2*engine.Block {
		emit(s)
		return nil
	}
	switch f.Fault {
	case "repeated":
		emit(s)
		emit(s)
	case "lost":
	case "failed":
		emit(s)
		return fault(fmt.Errorf("failed after emitting"))
	case "panicked":
		emit(s)
		panic("after emitting")
	case "none":
		emit(s)
	}
	return nil
}

// TestOnce: what is counted twice, or not at all, fails the pipeline; so does a worker that fails
// after it has emitted, where the runner does not try again: never is there another result.
func TestOnce(t *testing.T) {
	dir := t.TempDir()
	shard, batch := newShard(t, dir, "a", 5*engine.Block+9)
	focal := engine.Focal(0.25, 2)
	for what, want := range map[string]string{
		"none":     "",
		"repeated": `loss focal(alpha=0.25,gamma=2), key "a": 24585 entries were counted, the files have 20489`,
		"lost":     `loss focal(alpha=0.25,gamma=2), key "a": 16393 entries were counted, the files have 20489`,
		"failed":   "failed after emitting",
		"panicked": "panic",
	} {
		p, s := beam.NewPipelineWithRoot()
		o := Options{Losses: []engine.Loss{focal}, SpanBlocks: 1}
		plan, err := o.plan()
		if err != nil {
			t.Fatal(err)
		}
		cut := plan.cut(s, beam.Create(s, shard))
		cut.spans = beam.ParDo(s, &faultyFn{Fault: what}, cut.spans)
		beam.ParDo0(s, &keepFn{Test: t.Name()}, plan.evaluate(s, cut).Results)
		_, err = beam.Run(t.Context(), "prism", p)
		got := keptOf(t)
		switch {
		case want == "":
			if r := got[LossKey{focal.String(), "a"}]; err != nil || r != sum(t, focal, batch) {
				t.Errorf("%s: %v, %v", what, got, err)
			}
		case err == nil || !strings.Contains(err.Error(), want) || len(got) > 0:
			t.Errorf("%s: %v, results %v, want %s", what, err, got, want)
		case what != "panicked" && (Fault(err) == nil || !strings.HasPrefix(Fault(err).Error(), want)):
			t.Errorf("%s: fault %v, want %s", what, Fault(err), want)
		}
	}
}

// TestChanged: a shard that is written anew after it was cut is an error.
func TestChanged(t *testing.T) {
	dir := t.TempDir()
	shard, _ := newShard(t, dir, "a", engine.Block)
	c := &cutFn{Plan: plan{Losses: []string{"ce"}, Blocks: 1}}
	var spans []span
	left := []Shard{shard}
	same := func(s *Shard) bool {
		if len(left) == 0 {
			return false
		}
		*s, left = left[0], left[1:]
		return true
	}
	err := c.ProcessElement(t.Context(), nil, same, func(s span) { spans = append(spans, s) }, func(LossKey, int64) {}, func(Note) {})
	if err != nil || len(spans) != 1 {
		t.Fatalf("%v, %v", spans, err)
	}
	if err := os.WriteFile(shard.Logits, npyFile("<f4", make([]float32, engine.Block-1), engine.Block-1), 0o666); err != nil {
		t.Fatal(err)
	}
	f := &evaluateFn{Plan: c.Plan}
	if err := f.Setup(); err != nil {
		t.Fatal(err)
	}
	err = f.ProcessElement(t.Context(), spans[0], func(LossKey, engine.Result) { t.Error("a result") }, nil, nil)
	if want := shard.Logits + ": changed since the run began, want files that stay as they are"; err == nil || Fault(err).Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestOptions: what is wrong with options is said before there is a pipeline.
func TestOptions(t *testing.T) {
	ce := []engine.Loss{engine.CrossEntropy()}
	background := int32(-2)
	for want, o := range map[string]Options{
		"Losses is empty":       {},
		"Losses has ce twice":   {Losses: append(ce, ce...)},
		"Top is -1":             {Losses: ce, Top: -1},
		"SpanBlocks is -5":      {Losses: ce, SpanBlocks: -5},
		`Targets is "x"`:        {Losses: ce, Targets: "x"},
		"Background is -2":      {Losses: ce, Background: &background},
		"gamma":                 {Losses: []engine.Loss{engine.Focal(0.25, -1)}},
		"Probs beside the loss": {Losses: []engine.Loss{engine.SoftmaxCrossEntropy()}, Probs: true},
	} {
		_, s := beam.NewPipelineWithRoot()
		_, err := Evaluate(s, beam.Create(s, Shard{}), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestCoders: the registered coder refuses what is no Result, and keys pass as bytes.
func TestCoders(t *testing.T) {
	r := sum(t, engine.CrossEntropy(), engine.Batch{Logits: []float32{1, 2}, Labels: []uint8{0, 1}})
	b, err := encodeResult(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeResult(b); err != nil || got != r {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := decodeResult(b[:len(b)-1]); err == nil {
		t.Error("a truncated Result is taken")
	}
	for _, k := range []LossKey{{}, {"ce", "a\xff\x00b"}, {strings.Repeat("x", 300), ""}} {
		if got, err := decodeLossKey(encodeLossKey(k)); err != nil || got != k {
			t.Errorf("%q, %v, want %q", got, err, k)
		}
	}
	for _, b := range [][]byte{nil, {5, 'a'}, {0x80}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 1}} {
		if k, err := decodeLossKey(b); err == nil {
			t.Errorf("%v is %q", b, k)
		}
	}
}

// TestFault: of an error of a runner the sentence is left that is about the files.
func TestFault(t *testing.T) {
	wrapped := fmt.Errorf("job failed:\nDoFn failed:\n%w\n\tcaused by:", fault(fmt.Errorf("a\nb: is wrong")))
	if got := Fault(wrapped); got == nil || got.Error() != "a b: is wrong" {
		t.Error(got)
	}
	if Fault(nil) != nil || Fault(context.Canceled) != nil || fault(nil) != nil {
		t.Error("a fault where there is none")
	}
}
