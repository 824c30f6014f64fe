package engine

import (
	"errors"
	"math"
	"testing"
)

// TestColumn: batches of one column: every class and weight that is none is found, wherever it
// is, and no other.
func TestColumn(t *testing.T) {
	const n = 4096 + 45
	x, y := easyBatch(n)
	classes, weights := make([]int32, n), make([]float32, n)
	for i := range y {
		if i%17 == 0 {
			y[i] = 255
		}
		classes[i], weights[i] = int32(int8(y[i]))-1, float32(i%5)
	}
	e := must(New(Focal(0.25, 2)))
	labels := Batch{Logits: x, Labels: y, Weights: weights}
	column := Batch{Logits: x, Classes: classes, Weights: weights}
	want := must(e.Sum(labels))
	if got := must(e.Sum(column)); got != want || got.Ignored == 0 || got.Positives == 0 {
		t.Errorf("classes give %v, labels %v", got, want)
	}
	check := func(field string, at int, value any) {
		t.Helper()
		_, err := e.Sum(column)
		var bad *InputError
		if !errors.As(err, &bad) || bad.Field != field || bad.Index != at {
			t.Errorf("%s[%d] = %v: %v", field, at, value, err)
		}
	}
	for _, at := range []int{0, 1, 6, 7, 8, 4095, 4096, n - 46, n - 14, n - 1} {
		class, weight := classes[at], weights[at]
		for _, v := range []int32{1, 2, 3, 254, 255, 256, 1 << 24, math.MaxInt32, -3, -4, -256, -257, math.MinInt32, math.MinInt32 + 1} {
			classes[at] = v
			check("Classes", at, v)
		}
		classes[at] = class
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -1e-45} {
			weights[at] = float32(v)
			check("Weights", at, v)
		}
		for _, v := range []float64{math.Copysign(0, -1), 0, 1e-45, 1, math.MaxFloat32} {
			weights[at] = float32(v)
			dst := make([]float32, n)
			if _, err := e.Losses(dst, column); err != nil || math.Signbit(float64(dst[at])) {
				t.Errorf("Weights[%d] = %v: %v, loss %v", at, v, err, dst[at])
			}
		}
		weights[at] = weight
	}
	if got := must(e.Sum(column)); got != want {
		t.Errorf("at last classes give %v, labels %v", got, want)
	}
}
