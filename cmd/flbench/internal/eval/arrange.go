package eval

import (
	"cmp"
	"slices"
)

// sortKeys are what --sort takes, and what of the entries they sort by: the largest first,
// or, where value is nil, by path.
var sortKeys = []struct {
	name  string
	key   string // in JSON
	value func(*entry) float64
}{
	{"loss", "sum", func(e *entry) float64 { return float64(e.Sum) }},
	{"mean", "mean", func(e *entry) float64 { return float64(e.Mean) }},
	{"per-positive", "per_positive", func(e *entry) float64 { return float64(e.PerPositive) }},
	{"max", "max", func(e *entry) float64 { return float64(*e.Max) }},
	{"positives", "positives", func(e *entry) float64 { return float64(e.Positives) }},
	{"ignored", "ignored", func(e *entry) float64 { return float64(e.Ignored) }},
	{"scores", "scores", func(e *entry) float64 { return float64(e.Scores) }},
	{"path", "path", nil},
}

func sortNames() (names []string) {
	for _, k := range sortKeys {
		names = append(names, k.name)
	}
	return names
}

// arrange summarises the results, brings them into the order of a key, "" for that of the
// inputs, and keeps the first of them, 0 for all.
func (r *report) arrange(sort string, limit int) {
	key := sortKeys[max(0, slices.Index(sortNames(), sort))] // the sum, if none
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
		slices.SortStableFunc(r.Results, func(a, b entry) int { return cmp.Compare(a.Path, b.Path) })
	default:
		slices.SortStableFunc(r.Results, func(a, b entry) int { return cmp.Compare(key.value(&b), key.value(&a)) })
	}
	if limit > 0 {
		r.Results = r.Results[:min(limit, len(r.Results))]
	}
}
