package outcome

import (
	"math"
	"slices"
	"testing"
)

// TestSummarize: quantiles as of numpy.quantile, and bins that hold all.
func TestSummarize(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		values    []float64
		quantiles []float64
	}{
		{[]float64{7}, []float64{7, 7, 7, 7, 7, 7, 7}},
		{[]float64{3, 1, 2}, []float64{1, 1.1, 1.5, 2, 2.5, 2.9, 3}},
		{[]float64{0, 0, 0, 10}, []float64{0, 0, 0, 0, 2.5, 8.5, 10}},
		{[]float64{1, inf, inf}, []float64{1, inf, inf, inf, inf, inf, inf}},
		{[]float64{1e-6, 1e-3, 1, 1e3, 1e6}, []float64{1e-6, 0.0002008, 0.001, 1, 1000, 800200, 1e6}},
	} {
		n := len(c.values)
		s := summarize("sum", slices.Clone(c.values))
		for i, q := range s.Quantiles {
			if got, want := float64(q.Value), c.quantiles[i]; got != want && !(math.Abs(got-want) < 1e-12*want) {
				t.Errorf("%v: %d %% is %v, want %v", c.values, q.Percent, got, want)
			}
		}
		finite := 0
		for _, v := range c.values {
			if v < inf {
				finite++
			}
		}
		count := 0
		for i, b := range s.Histogram {
			inside := 0
			for _, v := range c.values {
				if v >= float64(b.From) && (v < float64(b.To) || i == len(s.Histogram)-1 && v == float64(b.To)) {
					inside++
				}
			}
			if inside != b.Count {
				t.Errorf("%v: %+v, want %d", c.values, b, inside)
			}
			count += b.Count
		}
		if count != finite || s.Count != n {
			t.Errorf("%v: %d in bins of %d, want %d", c.values, count, s.Count, finite)
		}
	}
	// Over powers of ten the bins have the same ratio.
	h := summarize("sum", []float64{1, 1e10}).Histogram
	if h[0].Count != 1 || h[9].Count != 1 || math.Abs(float64(h[4].To)/1e5-1) > 1e-9 {
		t.Errorf("bins %+v", h)
	}
}
