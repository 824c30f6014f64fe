package outcome

import (
	"cmp"
	"slices"
)

// sortKeys are what --sort takes, and what of the entries they sort by: the largest first,
// or, where value is nil, by path.
var sortKeys = []struct {
	name  string
	key   string // in JSON
	value func(*Entry) float64
}{
	{"loss", "sum", func(e *Entry) float64 { return float64(e.Sum) }},
	{"mean", "mean", func(e *Entry) float64 { return float64(e.Mean) }},
	{"per-positive", "per_positive", func(e *Entry) float64 { return float64(e.PerPositive) }},
	{"max", "max", func(e *Entry) float64 { return float64(*e.Max) }},
	{"positives", "positives", func(e *Entry) float64 { return float64(e.Positives) }},
	{"ignored", "ignored", func(e *Entry) float64 { return float64(e.Ignored) }},
	{"scores", "scores", func(e *Entry) float64 { return float64(e.Scores) }},
	{"path", "path", nil},
}

// SortNames are what --sort takes.
func SortNames() (names []string) {
	for _, k := range sortKeys {
		names = append(names, k.name)
	}
	return names
}

// Arrange summarises the results, of each loss, brings them into the order of a key, "" for that
// of the inputs, and keeps the first of them, 0 for all. The key max needs Settings.Max.
func (r *Report) Arrange(sort string, limit int) {
	for i := range r.Losses {
		r.Losses[i].arrange(sort, limit)
	}
}

func (r *ByLoss) arrange(sort string, limit int) {
	key := sortKeys[max(0, slices.Index(SortNames(), sort))] // the sum, if none
	if len(r.Results) > 1 {
		by := key
		if by.value == nil {
			by = sortKeys[0]
		}
		values := make([]float64, len(r.Results))
		for i := range r.Results {
			values[i] = by.value(&r.Results[i])
		}
		r.Images = summarize(by.key, values)
	}
	switch {
	case sort == "":
	case key.value == nil:
		slices.SortStableFunc(r.Results, func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	default:
		slices.SortStableFunc(r.Results, func(a, b Entry) int { return cmp.Compare(key.value(&b), key.value(&a)) })
	}
	if limit > 0 {
		r.Results = r.Results[:min(limit, len(r.Results))]
	}
}
