package measure

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

func TestPyramid(t *testing.T) {
	levels, anchors := Pyramid(ImageHeight, ImageWidth)
	want := []Level{{8, 100, 167}, {16, 50, 84}, {32, 25, 42}, {64, 13, 21}, {128, 7, 11}}
	if !slices.Equal(levels, want) || anchors != 200700 {
		t.Errorf("%v, %d anchors, want %v, 200700", levels, anchors, want)
	}
}

func TestBatchIsFixed(t *testing.T) {
	equal := func(a, b *Batch) bool {
		return slices.Equal(a.logits, b.logits) && slices.Equal(a.classes, b.classes)
	}
	b := NewBatch(1, 5000, 20)
	if !equal(b, NewBatch(1, 5000, 20)) {
		t.Error("one seed gives two batches")
	}
	if equal(b, NewBatch(2, 5000, 20)) {
		t.Error("two seeds give one batch")
	}
	part := NewBatch(1, 3000, 20)
	if !slices.Equal(part.logits, b.logits[:3000*20]) || !slices.Equal(part.classes, b.classes[:3000]) {
		t.Error("a smaller batch is not the beginning of a larger one")
	}
}

// background returns the sorted logits of background anchors, those of positives'
// own classes, and how many anchors there are of each kind.
func background(logits []float32, classes []int32) (rest, own []float32, ignored int) {
	columns := len(logits) / len(classes)
	for a, c := range classes {
		row := logits[a*columns:][:columns]
		switch {
		case c == -1:
			rest = append(rest, row...)
		case c == -2:
			ignored++
		default:
			own = append(own, row[c])
		}
	}
	slices.Sort(rest)
	return rest, own, ignored
}

// realBackground is background of all photographs of a detector; it also adds
// its anchors to the counts.
func realBackground(t *testing.T, detector string, anchors, positives, ignored *int) []float32 {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "..", "testdata", "detector-logits", detector)
	files, err := filepath.Glob(filepath.Join(folder, "*", "logits.npy"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no logits in %s: %v", folder, err)
	}
	var all []float32
	for _, file := range files {
		x, y := elements(t, file), elements(t, filepath.Join(filepath.Dir(file), "labels.npy"))
		logits, err := x.Float32s(nil, 0, x.Len())
		if err != nil {
			t.Fatal(err)
		}
		classes, bad, err := y.Int32s(nil, 0, y.Len())
		if err != nil || bad >= 0 {
			t.Fatal(bad, err)
		}
		rest, own, out := background(logits, classes)
		all = append(all, rest...)
		*anchors += len(classes)
		*positives += len(own)
		*ignored += out
	}
	slices.Sort(all)
	return all
}

// TestBatchIsLikeReal: the documented proportions are those of the real
// outputs and of the batch; quantiles of background logits are between those of
// the two detectors.
func TestBatchIsLikeReal(t *testing.T) {
	var anchors, positives, ignored int
	detectors := [][]float32{
		realBackground(t, "nanodet", &anchors, &positives, &ignored),
		realBackground(t, "handtrack", &anchors, &positives, &ignored),
	}
	if anchors != RealAnchors || positives != RealPositives || ignored != RealIgnored {
		t.Errorf("real outputs: %d anchors, %d positive, %d ignored, documented are %d, %d, %d",
			anchors, positives, ignored, RealAnchors, RealPositives, RealIgnored)
	}

	const n = 200_000
	b := NewBatch(1, n, 10)
	rest, own, out := background(b.logits, b.classes)
	for _, c := range []struct {
		what  string
		got   int
		share float64
	}{{"positive", len(own), PositiveShare}, {"ignored", out, IgnoredShare}} {
		if want := n * c.share; math.Abs(float64(c.got)-want) > 5*math.Sqrt(want) {
			t.Errorf("%d of %d anchors are %s, want about %.0f", c.got, n, c.what, want)
		}
	}
	var mean float64
	for _, x := range own {
		mean += float64(x) / float64(len(own))
	}
	if math.Abs(mean-PositiveMean) > 5*PositiveDeviation/math.Sqrt(float64(len(own))) {
		t.Errorf("positives' mean logit is %g, want about %g", mean, PositiveMean)
	}

	for _, q := range []float64{0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999} {
		at := func(sorted []float32) float64 { return float64(sorted[int(q*float64(len(sorted)))]) }
		got, one, other := at(rest), at(detectors[0]), at(detectors[1])
		t.Logf("quantile %g: %.2f, detectors %.2f and %.2f", q, got, one, other)
		if got < min(one, other) || got > max(one, other) {
			t.Errorf("quantile %g of the background logits is %.2f, the detectors' are %.2f and %.2f", q, got, one, other)
		}
	}
	hard, _ := slices.BinarySearch(rest, float32(-math.Log(9)))
	if got := float64(hard) / float64(len(rest)); math.Abs(got-EasyShare()) > 1e-4 || math.Abs(got-0.9995) > 1e-4 {
		t.Errorf("%.4f %% of the background is easy, documented are %.4f %%", 100*got, 100*EasyShare())
	}
}

// elements opens an .npy file.
func elements(t *testing.T, path string) *array.Array {
	t.Helper()
	f, err := array.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	a, err := f.Array("")
	if err != nil {
		t.Fatal(err)
	}
	return a
}
