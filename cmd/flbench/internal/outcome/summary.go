package outcome

import (
	"math"
	"slices"
	"strconv"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// bins is the number of bins of a histogram.
const bins = 10

// Summary says how a value is spread over inputs.
type Summary struct {
	Count     int        `json:"count"`
	By        string     `json:"by"` // the value's name
	Quantiles []quantile `json:"quantiles"`
	Histogram []bin      `json:"histogram"`
}

// quantile is the value that so many percent of the inputs do not exceed.
type quantile struct {
	Percent int       `json:"percent"`
	Value   cli.Float `json:"value"`
}

// bin counts the inputs with a value from From on and below To, in the last bin up to To.
type bin struct {
	From  cli.Float `json:"from"`
	To    cli.Float `json:"to"`
	Count int       `json:"count"`
}

// summarize returns the quantiles, as NumPy interpolates them, and a histogram of values,
// at least one, which it sorts.
func summarize(by string, values []float64) *Summary {
	slices.Sort(values)
	s := &Summary{Count: len(values), By: by}
	for _, percent := range []int{0, 5, 25, 50, 75, 95, 100} {
		at := float64(percent) / 100 * float64(len(values)-1)
		low := int(at)
		high := min(low+1, len(values)-1)
		v := values[low]
		if part := at - float64(low); part > 0 && values[high] != v {
			v += float64((values[high] - v) * part) // not fused, which would give other digits on some machines
		}
		s.Quantiles = append(s.Quantiles, quantile{percent, cli.Float(v)})
	}
	s.Histogram = histogram(values)
	return s
}

// histogram counts sorted values in bins of the same width, or, where they span more than
// two powers of ten, of the same ratio, as losses do. Infinite ones are left out.
func histogram(values []float64) (list []bin) {
	finite, _ := slices.BinarySearch(values, math.Inf(1))
	values = values[:finite]
	if len(values) == 0 {
		return nil
	}
	low, high := values[0], values[len(values)-1]
	if low == high {
		return []bin{{cli.Float(low), cli.Float(high), len(values)}}
	}
	edge := func(i int) float64 { return low + float64((high-low)*float64(i)/bins) }
	if low > 0 && high/low > 100 {
		edge = func(i int) float64 { return rounded(low * math.Pow(high/low, float64(i)/bins)) }
	}
	from := low
	for i := range bins {
		to, n := high, len(values)
		if i < bins-1 {
			to = edge(i + 1)
			n, _ = slices.BinarySearch(values, to)
		}
		list = append(list, bin{cli.Float(from), cli.Float(to), n})
		values, from = values[n:], to
	}
	return list
}

// rounded returns v to three digits, which are the same whatever rounds before.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	return v
}
