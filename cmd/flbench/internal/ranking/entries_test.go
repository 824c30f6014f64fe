package ranking

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// TestListOf: a list is the same after its entries went through JSON.
func TestListOf(t *testing.T) {
	inf := float32(math.Inf(1))
	kept := []engine.Score{{Index: 7, Loss: inf, Score: 1e-45, Target: 1}, {Index: 1, Loss: 0.1, Score: -inf}, {Index: 2, Loss: 0.1, Score: 3, Target: 1}, {Index: 3}}
	for _, l := range []List{
		{path: "a", columns: 3},
		{path: "a", columns: 3, kept: kept},
		{path: "a", columns: 5, kept: kept, probs: true, soft: true, classes: map[int]string{2: "cat", 1: "dog"}},
		{path: "\xff", columns: 1, kept: kept, boxes: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0.1, inf, 15, 16}},
	} {
		var entries []Ranked
		for r := range l.Entries() {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var back Ranked
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			entries = append(entries, back)
		}
		got, err := ListOf(l.path, l.columns, l.probs, l.soft, entries)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(l) {
			t.Errorf("%+v: %+v, %v", l, got, err)
		}
	}
}

// TestListOfRanges: lists of parts in order are ranked as the list of the whole is.
func TestListOfRanges(t *testing.T) {
	whole := List{columns: 2, kept: []engine.Score{{Index: 5, Loss: 9}, {Index: 0, Loss: 4}, {Index: 3, Loss: 4}, {Index: 8, Loss: 4}, {Index: 4, Loss: 1}}}
	parts := []List{{columns: 2, kept: []engine.Score{whole.kept[1], whole.kept[2]}}, {columns: 2}, {columns: 2, kept: []engine.Score{whole.kept[0], whole.kept[3], whole.kept[4]}}}
	for k := range 7 {
		want, got := Ranking{Limit: k, Lists: []List{whole}}, Ranking{Limit: k, Lists: parts}
		if a, b := fmt.Sprint(slices.Collect(want.rows())), fmt.Sprint(slices.Collect(got.rows())); a != b {
			t.Errorf("%d: %s, want %s", k, b, a)
		}
	}
}

// rows yields what tells the scores apart.
func (k *Ranking) rows() func(yield func([2]int) bool) {
	return func(yield func([2]int) bool) {
		for r := range k.Each() {
			if !yield([2]int{r.Row, r.Column}) {
				return
			}
		}
	}
}

// TestListOfRefuses: what no evaluation gives is refused.
func TestListOfRefuses(t *testing.T) {
	number := func(v float32) *cli.Float32 { return (*cli.Float32)(&v) }
	one, two := uint8(1), uint8(2)
	good := func() []Ranked {
		return []Ranked{
			{Row: 1, Column: 1, Logit: number(1), Label: &one, Loss: 2, Class: "a", Box: []cli.Float32{1, 2, 3, 4}},
			{Row: 2, Column: 1, Logit: number(1), Label: &one, Loss: 2, Class: "a", Box: []cli.Float32{1, 2, 3, 4}},
		}
	}
	if _, err := ListOf("a", 2, false, false, good()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(r *Ranked){
		"row -1":                 func(r *Ranked) { r.Row = -1 },
		"column -1":              func(r *Ranked) { r.Column = -1 },
		"column 2, of 2 columns": func(r *Ranked) { r.Column = 2 },
		"of row ":                func(r *Ranked) { r.Row = math.MaxInt },
		"the loss NaN":           func(r *Ranked) { r.Loss = cli.Float32(math.NaN()) },
		"the loss -1":            func(r *Ranked) { r.Loss = -1 },
		"a larger loss":          func(r *Ranked) { r.Loss = 3 },
		"rising places":          func(r *Ranked) { r.Row = 1 },
		"want a logit":           func(r *Ranked) { r.Logit = nil },
		"want a logit or":        func(r *Ranked) { r.Prob = number(0) },
		"want a logit or, of":    func(r *Ranked) { r.Logit = number(float32(math.NaN())) },
		"want a label":           func(r *Ranked) { r.Label = nil },
		"want a label or":        func(r *Ranked) { r.Target = number(0) },
		"that is none":           func(r *Ranked) { r.Label = &two },
		"0 numbers of a box":     func(r *Ranked) { r.Box = nil },
		"calls column 1":         func(r *Ranked) { r.Class = "b" },
		`calls column 1 ""`:      func(r *Ranked) { r.Class = "" },
	} {
		entries := good()
		change(&entries[1])
		if _, err := ListOf("a", 2, false, false, entries); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	soft := []Ranked{{Prob: number(1), Target: number(0.5)}}
	if _, err := ListOf("a", 2, true, true, soft); err != nil {
		t.Error(err)
	}
	for _, target := range []float64{-1, 2, math.NaN()} {
		soft[0].Target = number(float32(target))
		if _, err := ListOf("a", 2, true, true, soft); err == nil {
			t.Errorf("target %v", target)
		}
	}
	if _, err := ListOf("a", 0, false, false, nil); err == nil {
		t.Error("no columns")
	}
	three := good()
	three[0].Box, three[1].Box = three[0].Box[:3], three[1].Box[:3]
	if _, err := ListOf("a", 2, false, false, three); err == nil {
		t.Error("a box of three numbers")
	}
}
