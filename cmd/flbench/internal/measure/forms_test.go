package measure

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/generic"
)

// as is a batch in a form whose other parts are usual.
func as(b *Batch, set func(f *Form)) engine.Batch {
	f := UsualForm()
	set(&f)
	return b.As(f, false)
}

// TestBatchLabels: both forms of the labels say the same, and the counts
// are true.
func TestBatchLabels(t *testing.T) {
	b := NewBatch(3, 20000, 7)
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	classes, err := e.Sum(b.As(UsualForm(), false))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := e.Sum(as(b, func(f *Form) { f.Labels = LabelsUint8 }))
	if err != nil || labels != classes {
		t.Errorf("uint8 labels give %v, %v, classes %v", labels, err, classes)
	}
	positives, ignored := b.Count(20000)
	if positives == 0 || classes.Positives != int64(positives) || classes.Ignored != int64(7*ignored) {
		t.Errorf("engine counts %d positives, %d ignored, batch %d, %d anchors", classes.Positives, classes.Ignored, positives, ignored)
	}
}

// TestBatchTargets: the targets are the labels, those of positives between 0 and 1; of a
// smaller batch they are the beginning.
func TestBatchTargets(t *testing.T) {
	b := NewBatch(3, 20000, 7)
	soft := func(f *Form) { f.Labels = LabelsTargets }
	y := as(b, soft).Targets
	for i, label := range as(b, func(f *Form) { f.Labels = LabelsUint8 }).Labels {
		if v := y[i]; v != 0 && label == 0 || v != engine.IgnoredTarget && label == engine.IgnoredLabel || label == 1 && !(v > 0 && v < 1) {
			t.Fatalf("target %d is %g, the label %d", i, v, label)
		}
	}
	if part := as(NewBatch(3, 9000, 7), soft).Targets; !slices.Equal(part, y[:len(part)]) {
		t.Error("targets of a smaller batch are others")
	}
}

// TestBatchRows: every row has a class, and those of positives and ignored ones are kept.
func TestBatchRows(t *testing.T) {
	b := NewBatch(3, 2000, 7)
	for a, c := range b.As(UsualForm(), true).Classes {
		if was := b.classes[a]; was != engine.Background && c != was || was == engine.Background && !(c >= 0 && c < 7) {
			t.Fatalf("the class of row %d is %d, was %d", a, c, was)
		}
	}
}

// TestBatchForms: a batch in every form is one that the engine takes, whole and in part, and
// weights of all kinds are factors in (0, 1].
func TestBatchForms(t *testing.T) {
	const anchors, columns = 300, 3
	b := NewBatch(5, anchors, columns)
	for _, input := range AllInputs() {
		for _, labels := range AllLabels()[:2] {
			sums := map[string]float64{}
			for _, weights := range append(AllWeights(), "anchor+score+column+class") {
				w := Work{cli.LossSpec{Name: "ce", Loss: engine.CrossEntropy()}, OpSum, Form{input, labels, weights}}
				for _, part := range []int{anchors, 1} {
					pass, err := w.Of(b, part, nil, nil, engine.WithWorkers(1))
					if err != nil {
						t.Fatal(err)
					}
					r, err := pass()
					if err != nil || r.Scores+r.Ignored != int64(part*columns) {
						t.Errorf("%v: %v, %v", w, r, err)
					}
					if part == anchors {
						sums[weights] = r.Sum()
					}
				}
			}
			for name, sum := range sums {
				if name != WeightsNone && name != WeightClass && !(sum < sums[WeightsNone]) || !(sum > 0) {
					t.Errorf("%s, %s: the sum with weights %s is %g, without %g", input, labels, name, sum, sums[WeightsNone])
				}
			}
		}
	}
}

// TestNarrowed holds 16 bits against all that widen to them, and what is halfway between two.
func TestNarrowed(t *testing.T) {
	for _, c := range []struct {
		name   string
		narrow func(float32) uint16
		widen  func(dst []float32, src []uint16)
		most   uint16 // finite
	}{
		{"float16", narrowF16, generic.WidenF16, 0x7BFF},
		{"bfloat16", narrowBF16, generic.WidenBF16, 0x7F7F},
	} {
		src, x := make([]uint16, int(c.most)+1), make([]float32, int(c.most)+1)
		for i := range src {
			src[i] = uint16(i)
		}
		c.widen(x, src)
		for i, want := range src {
			if got, minus := c.narrow(x[i]), c.narrow(float32(math.Copysign(float64(x[i]), -1))); got != want || minus != want|0x8000 {
				t.Fatalf("%s: %g is %#x, and %#x with a sign, want %#x", c.name, x[i], got, minus, want)
			}
			if i == 0 {
				continue
			}
			half := x[i-1]/2 + x[i]/2 // exact
			if got := c.narrow(half); got != want&^1 {
				t.Fatalf("%s: %g, halfway, is %#x, want the even %#x", c.name, half, got, want&^1)
			}
			if got := c.narrow(math.Nextafter32(half, 0)); got != want-1 {
				t.Fatalf("%s: below %g, halfway, is %#x, want %#x", c.name, half, got, want-1)
			}
		}
	}
}

func TestParseWeights(t *testing.T) {
	got, err := ParseWeights([]string{"none", "class+anchor", "score"})
	if want := []string{"none", "anchor+class", "score"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for names, want := range map[string]string{
		"":                          "--weights: want at least one name",
		"row":                       `--weights: unknown "row": want none, anchor, score, column, class, or several joined by +`,
		"none+score":                `--weights: unknown "none+score": want none`,
		"score+score":               `--weights: unknown "score+score"`,
		"score+anchor,anchor+score": "--weights: anchor+score twice: want it once",
	} {
		if _, err := ParseWeights(strings.FieldsFunc(names, func(c rune) bool { return c == ',' })); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", names, err, want)
		}
	}
}
