package measure

import "testing"

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		sorted  []float64
		q, want float64
	}{
		{[]float64{5}, 0.5, 5}, {[]float64{1, 2}, 0.5, 1.5}, {[]float64{1, 2, 4}, 0.5, 2},
		{[]float64{1, 2, 4}, 0.75, 3}, {[]float64{1, 2, 4}, 0, 1}, {[]float64{1, 2, 4}, 1, 4},
	} {
		if got := quantile(c.sorted, c.q); got != c.want {
			t.Errorf("quantile %v of %v is %v, want %v", c.q, c.sorted, got, c.want)
		}
	}
}
