package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// span is Span of what fits together.
func (b Batch) span(from, to int) Batch { return must(b.Span(from, to)) }

// TestSpans: spans that begin and end amid rows give the losses, gradients and counts of
// the whole, and, cut at multiples of Block, its sum.
func TestSpans(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for i, columns := range []int{1, 2, 7, 80, 4095, 4097, 9000} {
		rows := 20_000/columns + 3
		for form := range 8 {
			if !inTurn(i+form, 3) {
				continue
			}
			b := randomBatch(rng, rows*columns, columns, form&1 == 0, form&2 == 0)
			if form&4 != 0 {
				b = b.probs(rng)
			}
			x, _, _ := b.scores()
			n := len(x)
			e := must(New(listed[form%len(listed)], WithWorkers(1)))
			want := outcome{dst: make([]float32, n), grad: make([]float32, n)}
			want.result = must(e.LossesAndGradients(want.dst, want.grad, b))
			got := outcome{dst: make([]float32, n), grad: make([]float32, n)}
			cuts := []int{0, n}
			for range 6 {
				cuts = append(cuts, rng.IntN(n+1))
			}
			cuts = append(cuts, cuts[3], min(n, cuts[4]+1), columns*(cuts[5]/columns))
			slices.Sort(cuts)
			var merged Result
			for i := range cuts[1:] {
				from, to := cuts[i], cuts[i+1]
				merged.Merge(must(e.LossesAndGradients(got.dst[from:to], got.grad[from:to], b.span(from, to))))
			}
			if i := different(got.dst, want.dst); i >= 0 {
				t.Fatalf("%d columns, form %d, cut at %v: loss %d is %g, want %g", columns, form, cuts, i, got.dst[i], want.dst[i])
			}
			if i := different(got.grad, want.grad); i >= 0 {
				t.Fatalf("%d columns, form %d, cut at %v: gradient %d is %g, want %g", columns, form, cuts, i, got.grad[i], want.grad[i])
			}
			if r := want.result; merged.Scores != r.Scores || merged.Positives != r.Positives || merged.Ignored != r.Ignored {
				t.Errorf("%d columns, form %d, cut at %v: %v, want %v", columns, form, cuts, merged, r)
			}
			for _, workers := range crews() {
				e := must(New(e.Loss(), WithWorkers(workers)))
				var merged Result
				for from := 0; from < n; {
					to := min(n, from+Block*(1+rng.IntN(3)))
					merged.Merge(must(e.Sum(b.span(from, to))))
					from = to
				}
				if merged != want.result {
					t.Errorf("%d columns, form %d, %d workers: blocks merge to %v, want %v", columns, form, workers, merged, want.result)
				}
			}
		}
	}
}

// TestSpanFaults: what is wrong in a span is named by its place there.
func TestSpanFaults(t *testing.T) {
	whole := Batch{Logits: make([]float32, 30), Classes: []int32{0, 1, 2}, Weights: []float32{1, 1, 1}, ScoreWeights: make([]float32, 30), NumClasses: 10}
	for i := range whole.ScoreWeights {
		whole.ScoreWeights[i] = 1
	}
	for _, c := range []struct {
		name string
		make func(b *Batch) // of the span [7, 25)
		want string
	}{
		{"good", func(b *Batch) {}, ""},
		{"a class of the row that has begun", func(b *Batch) { b.Classes[0] = 10 }, "Classes[0] is 10: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"a class of the row that goes on", func(b *Batch) { b.Classes[2] = -3 }, "Classes[2] is -3: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"a weight", func(b *Batch) { b.Weights[1] = -1 }, "Weights[1] is -1: want a finite weight ≥ 0"},
		{"a weight too large", func(b *Batch) { b.Weights[1] = math.MaxFloat32; b.Logits[4] = 1 }, "ScoreWeights[3] is 1: want a weight whose product with Weights[1], 3.4028235e+38, and with the loss's, 4, is within float32"},
		{"a score's weight", func(b *Batch) { b.ScoreWeights[13] = nan }, "ScoreWeights[13] is NaN: want a finite weight ≥ 0"},
		{"two factors too large", func(b *Batch) { b.Weights[2], b.ScoreWeights[17] = 1e20, 1e19 }, "ScoreWeights[17] is 1e+19: want a weight whose product with Weights[2], 1e+20, is within float32"},
		{"a logit", func(b *Batch) { b.Logits[3] = nan }, "Logits[3] is NaN: want a number"},
		{"a positive of a column before", func(b *Batch) { b.Classes[0] = 6; b.Logits[0] = inf }, "Logits[0] is +Inf: want a finite logit, or −Inf, for background"},
		{"a class before a logit", func(b *Batch) { b.Classes[1] = 99; b.Logits[3] = nan }, "Classes[1] is 99: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"a logit before a class", func(b *Batch) { b.Classes[1] = 99; b.Logits[2] = nan }, "Logits[2] is NaN: want a number"},

		{"first column", func(b *Batch) { b.FirstColumn = -1 }, "FirstColumn is -1: want a column in [0, 10)"},
		{"first column beyond", func(b *Batch) { b.FirstColumn = 10 }, "FirstColumn is 10: want a column in [0, 10)"},
		{"end column", func(b *Batch) { b.EndColumn = -1 }, "EndColumn is -1: want a column in [0, 10)"},
		{"end column beyond", func(b *Batch) { b.EndColumn = 10 }, "EndColumn is 10: want a column in [0, 10)"},
		{"too short", func(b *Batch) { b.Logits = b.Logits[1:] }, "Logits has length 17: want one from column 7 to before column 5, of 10"},
		{"no end column", func(b *Batch) { b.EndColumn = 0 }, "Logits has length 18: want one from column 7 to before column 0, of 10"},
		{"neither", func(b *Batch) { b.FirstColumn, b.EndColumn = 0, 0 }, "Logits has length 18: want a multiple of NumClasses, 10"},
		{"backwards", func(b *Batch) { b.Logits, b.Classes, b.Weights, b.ScoreWeights = nil, nil, nil, nil }, "Logits has length 0: want one from column 7 to before column 5, of 10"},
		{"classes", func(b *Batch) { b.Classes = b.Classes[1:] }, "Classes has length 2: want 3, one per row that the scores touch"},
		{"weights", func(b *Batch) { b.Weights = append(b.Weights, 1) }, "Weights has length 4: want 3, one per row that the scores touch"},
		{"score weights", func(b *Batch) { b.ScoreWeights = b.ScoreWeights[1:] }, "ScoreWeights has length 17: want 18, one per score"},
		{"most columns", func(b *Batch) { b.NumClasses = math.MaxInt; b.FirstColumn = math.MaxInt - 1 }, fmt.Sprintf("NumClasses is %d: want the number of columns", math.MaxInt)},
	} {
		b := whole.span(7, 25)
		b.Logits, b.Classes, b.Weights = slices.Clone(b.Logits), slices.Clone(b.Classes), slices.Clone(b.Weights)
		b.ScoreWeights = slices.Clone(b.ScoreWeights)
		c.make(&b)
		_, err := must(New(CrossEntropy().Weighted(4, 4))).Sum(b)
		var input *InputError
		if c.want == "" != (err == nil) || err != nil && (!errors.As(err, &input) || err.Error() != c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestShifted: what is wrong with an element is said of a span as of the whole, once shifted.
func TestShifted(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	e := must(New(CrossEntropy().Weighted(4, 4), WithWorkers(1)))
	const rows, columns = 40, 7
	n := rows * columns
	for _, c := range []struct {
		name string
		make func(b *Batch, score int)
	}{
		{"Logits", func(b *Batch, i int) { b.Logits[i] = nan }},
		{"Float16", func(b *Batch, i int) { b.Logits, b.Float16 = nil, make([]uint16, n); b.Float16[i] = 0x7E00 }},
		{"BFloat16", func(b *Batch, i int) { b.Logits, b.BFloat16 = nil, make([]uint16, n); b.BFloat16[i] = 0x7FC0 }},
		{"Probs", func(b *Batch, i int) { b.Logits, b.Probs = nil, make([]float32, n); b.Probs[i] = 2 }},
		{"Classes", func(b *Batch, i int) { b.Classes[i/columns] = -7 }},
		{"Labels", func(b *Batch, i int) { b.Classes, b.Labels = nil, make([]uint8, n); b.Labels[i] = 7 }},
		{"Targets", func(b *Batch, i int) { b.Classes, b.Targets = nil, make([]float32, n); b.Targets[i] = -3 }},
		{"Weights", func(b *Batch, i int) { b.Weights[i/columns] = -1 }},
		{"ScoreWeights", func(b *Batch, i int) { b.ScoreWeights[i] = inf }},
		{"ScoreWeights", func(b *Batch, i int) { b.Weights[i/columns], b.ScoreWeights[i] = 1e20, 1e19 }},
		{"ScoreWeights", func(b *Batch, i int) { b.ScoreWeights[i] = 1e38; b.Logits[i] = 1 }},
		{"Weights", func(b *Batch, i int) { b.ScoreWeights = nil; b.Weights[i/columns] = 1e38 }},
	} {
		for range 20 {
			score := rng.IntN(n)
			b := Batch{Logits: make([]float32, n), Classes: make([]int32, rows), Weights: make([]float32, rows), ScoreWeights: make([]float32, n), NumClasses: columns}
			for i := range b.Weights {
				b.Weights[i] = 1
			}
			for i := range b.ScoreWeights {
				b.ScoreWeights[i] = 1
			}
			c.make(&b, score)
			_, err := e.Sum(b)
			var want, got *InputError
			if !errors.As(err, &want) || want.Field != c.name {
				t.Fatalf("%s: %v", c.name, err)
			}
			from := rng.IntN(score + 1)
			if want.Field == "Weights" { // all of its row are at fault
				from = rng.IntN(score/columns*columns + 1)
			}
			_, err = e.Sum(b.span(from, score+1+rng.IntN(n-score)))
			if !errors.As(err, &got) {
				t.Fatalf("%s: %v", c.name, err)
			}
			if shifted := got.Shifted(from, columns); shifted.Error() != want.Error() {
				t.Errorf("%s from %d: %v, shifted %v, want %v", c.name, from, got, shifted, want)
			}
		}
	}
	for _, err := range []InputError{
		{"Logits", -1, 3, "has length 3: want 4"},
		{"columnWeights", 2, -1, "want a finite weight ≥ 0"},
		{"ignored", 1, -1, "want a class that is not background, which WithBackground sets"},
	} {
		if got := err.Shifted(1000, 10); *got != err {
			t.Errorf("%v became %v", &err, got)
		}
	}
	if got := (&InputError{Field: "Classes", Index: 2}).Shifted(12, 0); got.Index != 14 {
		t.Errorf("of one column: %d", got.Index)
	}
}

// TestSpanBounds: there are no spans but those of a batch that fits together.
func TestSpanBounds(t *testing.T) {
	b := Batch{Logits: make([]float32, 6), Classes: make([]int32, 2), NumClasses: 3}
	for _, c := range []struct {
		from, to int
		b        Batch
		want     string
	}{
		{-1, 2, b, "from is -1: want a score in [0, 6]"},
		{7, 7, b, "from is 7: want a score in [0, 6]"},
		{4, 3, b, "to is 3: want a score in [4, 6]"},
		{4, 7, b, "to is 7: want a score in [4, 6]"},
		{0, 2, Batch{Logits: b.Logits, Classes: b.Classes, NumClasses: 4}, "Logits has length 6: want a multiple of NumClasses, 4"},
		{0, 0, Batch{Logits: b.Logits}, "Labels is nil, and so are Classes and Targets: want one of them"},
	} {
		got, err := c.b.Span(c.from, c.to)
		var input *InputError
		if !errors.As(err, &input) || err.Error() != c.want || got.Logits != nil {
			t.Errorf("[%d, %d): %v, want %s", c.from, c.to, err, c.want)
		}
	}
	s := b.span(1, 5)
	if s.Logits = append(s.Logits, 1); b.Logits[5] != 0 {
		t.Error("a span is appended to in the whole")
	}
	// A span of a span.
	if got, want := b.span(1, 6).span(1, 4), b.span(2, 5); got.FirstColumn != want.FirstColumn || got.EndColumn != want.EndColumn ||
		&got.Logits[0] != &want.Logits[0] || len(got.Logits) != 3 || len(got.Classes) != 2 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s := b.span(4, 4); len(s.Logits) != 0 || s.Logits == nil || len(s.Classes) != 0 || must(must(New(Loss{})).Sum(s)) != (Result{}) {
		t.Errorf("%+v", s)
	}
	if s := must(Batch{Logits: make([]float32, 3), Labels: make([]uint8, 3)}.Span(1, 3)); s.NumClasses != 1 || len(s.Labels) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestCuts: spans follow each other, are whole blocks but for the last, and are never empty.
func TestCuts(t *testing.T) {
	for _, n := range []int{-5, 0, 1, Block - 1, Block, Block + 1, 10 * Block, 10*Block + 7} {
		for _, blocks := range []int{math.MinInt, -1, 0, 1, 2, 3, 10, 11, math.MaxInt} {
			at := 0
			for from, to := range Spans(n, blocks) {
				if from != at || to <= from || to > n || to < n && (to-from)/Block != max(blocks, 1) || (to-from)%Block != 0 && to != n {
					t.Errorf("%d in spans of %d: [%d, %d) after %d", n, blocks, from, to, at)
				}
				at = to
			}
			if at != max(n, 0) {
				t.Errorf("%d in spans of %d: end at %d", n, blocks, at)
			}
		}
	}
	for from := range Spans(math.MaxInt, 1) { // and who has enough leaves
		if from > 0 {
			break
		}
	}
}

// TestWideSpans: rows that are wider than any memory, of which a span holds a bit.
func TestWideSpans(t *testing.T) {
	e := must(New(CrossEntropy()))
	for _, b := range []Batch{
		{Logits: make([]float32, 5), Classes: []int32{Background, IgnoredClass}, NumClasses: maxColumns, FirstColumn: maxColumns - 2, EndColumn: 3},
		{Logits: make([]float32, 2), Classes: []int32{5}, NumClasses: maxColumns, FirstColumn: 4, EndColumn: 6},
		{Logits: make([]float32, 2), Classes: []int32{3}, NumClasses: maxColumns, FirstColumn: maxColumns - 2},
	} {
		r, err := e.Sum(b)
		want := map[int32][3]int64{Background: {2, 0, 3}, 5: {2, 1, 0}, 3: {2, 0, 0}}[b.Classes[0]]
		if err != nil || [3]int64{r.Scores, r.Positives, r.Ignored} != want {
			t.Errorf("%+v: %v, %v, want %v", b, r, err, want)
		}
	}
}

// TestOneHot: labels that stand for the classes of any span; evaluated, they give the same.
func TestOneHot(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	e := must(New(Focal(0.25, 2)))
	for _, columns := range []int{1, 3, 80, 5000} {
		b := randomBatch(rng, columns*(9000/columns+1), columns, true, true)
		n := len(b.Logits)
		for range 20 {
			from := rng.IntN(n + 1)
			s := b.span(from, from+rng.IntN(n-from+1))
			labels := make([]uint8, len(s.Logits))
			for i := range labels {
				labels[i] = 77
			}
			hot := must(s.OneHot(labels))
			for i, y := range labels {
				want := uint8(0)
				switch class := b.Classes[(from+i)/columns]; class {
				case -2:
					want = 255
				case int32((from + i) % columns):
					want = 1
				}
				if y != want {
					t.Fatalf("%d columns, label %d from %d is %d, want %d", columns, i, from, y, want)
				}
			}
			if hot.Classes != nil || unsafe.SliceData(hot.Labels) != unsafe.SliceData(labels) || must(e.Sum(hot)) != must(e.Sum(s)) {
				t.Errorf("%d columns: %+v", columns, hot)
			}
		}
	}
	labelled := Batch{Logits: make([]float32, 2), Labels: []uint8{0, 7}}
	if b, err := labelled.OneHot(nil); err != nil || &b.Labels[0] != &labelled.Labels[0] {
		t.Errorf("%+v, %v", b, err)
	}
	// No scores, between two of a row.
	if b, err := (Batch{Logits: []float32{}, Classes: []int32{}, NumClasses: 3, FirstColumn: 1, EndColumn: 1}).OneHot([]uint8{}); err != nil || b.Classes != nil {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := (Batch{Logits: make([]float32, 2), Classes: make([]int32, 2)}).OneHot(make([]uint8, 3)); err == nil {
		t.Error("labels for more scores than there are")
	}
	for want, b := range map[string]Batch{
		"labels has length 3: want 4, one per score":                                    {Logits: make([]float32, 4), Classes: make([]int32, 2), NumClasses: 2},
		"Classes[1] is 7: want a class in [0, 1), -1 for background, or -2 for ignored": {Logits: make([]float32, 3), Classes: []int32{0, 7, 9}},
		"Classes has length 2: want 3, one per anchor (NumClasses is 1)":                {Logits: make([]float32, 3), Classes: []int32{0, 7}},
	} {
		_, err := b.OneHot(make([]uint8, 3))
		var input *InputError
		if !errors.As(err, &input) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestNames: the public names have the values that files of labels are written with.
func TestNames(t *testing.T) {
	if Background != -1 || IgnoredClass != -2 || IgnoredLabel != 255 {
		t.Errorf("%d, %d, %d", Background, IgnoredClass, IgnoredLabel)
	}
}
