package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// rankedOf returns what a ranking should keep of a batch by the losses of its scores, or of rows
// by those of the rows.
func rankedOf(e *Engine, r *Ranking, from int, b Batch) (list []Score) {
	per := 1
	if e.loss.overRows() {
		per = b.NumClasses
	}
	losses := make([]float32, b.size()/per)
	must(e.Losses(losses, b))
	x := widenedScores(b)
	weight := func(anchor, score int) bool { // whether none is 0
		return (b.Weights == nil || b.Weights[anchor] != 0) && (b.ScoreWeights == nil || b.ScoreWeights[score] != 0)
	}
	columns := max(b.NumClasses, 1)
	for i, loss := range losses {
		at, target := i, float32(0)
		switch {
		case per > 1:
			c := b.Classes[i]
			if c == IgnoredClass || b.Weights != nil && b.Weights[i] == 0 {
				continue
			}
			at, target = i*per+int(c), 1
		case b.Targets != nil:
			target = b.Targets[i]
		case b.Labels != nil && b.Labels[i] == IgnoredLabel:
			continue
		case b.Labels != nil:
			target = float32(b.Labels[i])
		case b.Classes[i/columns] == IgnoredClass:
			continue
		case int(b.Classes[i/columns]) == i%columns:
			target = 1
		}
		positive := target == 1 || target > 0 && e.family.heat == nil
		if target < 0 || per == 1 && !weight(i/columns, i) || loss < r.Least ||
			r.Among == PositiveScores && !positive || r.Among == NegativeScores && positive {
			continue
		}
		list = append(list, Score{Index: from + at, Loss: loss, Score: x[at], Target: target})
	}
	slices.SortFunc(list, harder)
	return list[:min(len(list), r.K)]
}

// widenedScores returns the scores of a batch as float32; those of 16 bits are bfloat16.
func widenedScores(b Batch) []float32 {
	if b.BFloat16 == nil {
		x, _, _ := b.scores()
		return x
	}
	x := make([]float32, len(b.BFloat16))
	for i, h := range b.BFloat16 {
		x[i] = math.Float32frombits(uint32(h) << 16)
	}
	return x
}

// sameScores tells whether two lists are the same, NaN like NaN.
func sameScores(a, b []Score) bool {
	return slices.EqualFunc(a, b, func(a, b Score) bool {
		return a.Index == b.Index && a.Loss == b.Loss && math.Float32bits(a.Score) == math.Float32bits(b.Score) && a.Target == b.Target
	})
}

// TestRanking: what is kept is what the losses say, of all labels and inputs, with any kernel and
// workers, and however many are kept.
func TestRanking(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	const columns = 5
	sizes := []int{1, 7, 2 * Block / columns, 33 * Block / columns}
	if testing.Short() {
		sizes = []int{1, 7, 2 * Block / columns}
	}
	for _, rows := range sizes {
		n := rows * columns
		logits := make([]float32, n)
		for i := range logits {
			logits[i] = float32(math.Round(8*(3*rng.NormFloat64()-3)) / 8) // many losses are equal
		}
		labels, classes, targets := make([]uint8, n), make([]int32, rows), make([]float32, n)
		weights, scoreWeights, bf := make([]float32, rows), make([]float32, n), make([]uint16, n)
		for i := range classes {
			classes[i] = []int32{Background, IgnoredClass, 0, 2, columns - 1}[rng.IntN(5)]
			weights[i] = []float32{0, 0.5, 2}[rng.IntN(3)]
		}
		for i := range n {
			labels[i] = []uint8{0, 0, 1, IgnoredLabel}[rng.IntN(4)]
			targets[i] = []float32{0, 0, 1, IgnoredTarget, 0.25}[rng.IntN(5)]
			scoreWeights[i] = []float32{0, 1, 3}[rng.IntN(3)]
			bf[i] = uint16(math.Float32bits(logits[i]) >> 16)
		}
		probs := make([]float32, n)
		for i, x := range logits {
			probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
		rowClasses := slices.Clone(classes)
		for i, c := range rowClasses {
			if c == Background {
				rowClasses[i] = 1
			}
		}
		batches := []struct {
			name  string
			loss  Loss
			batch Batch
		}{
			{"labels", Focal(0.25, 2), Batch{Logits: logits, Labels: labels, NumClasses: columns, Weights: weights}},
			{"classes", Focal(0.25, 1.5), Batch{Logits: logits, Classes: classes, NumClasses: columns, ScoreWeights: scoreWeights}},
			{"targets", QualityFocal(2), Batch{Logits: logits, Targets: targets, NumClasses: columns}},
			{"heat", HeatmapFocal(2, 4), Batch{Logits: logits, Targets: targets, NumClasses: columns}},
			{"bfloat16", CrossEntropy(), Batch{BFloat16: bf, Labels: labels, NumClasses: columns}},
			{"probs", Focal(0.25, 2), Batch{Probs: probs, Labels: labels, NumClasses: columns}},
			{"smoothed", Focal(0.25, 2).Smoothed(0.1), Batch{Logits: logits, Classes: classes, NumClasses: columns}},
			{"asymmetric", Asymmetric(1, 4, 0.05), Batch{Logits: logits, Labels: labels, NumClasses: columns}},
			{"rows", SoftmaxFocal(2), Batch{Logits: logits, Classes: rowClasses, NumClasses: columns, Weights: weights}},
			{"rows of bfloat16", SoftmaxCrossEntropy(), Batch{BFloat16: bf, Classes: rowClasses, NumClasses: columns}},
		}
		for _, kernel := range Kernels() {
			for _, workers := range []int{1, 3} {
				if large := rows > 2*Block/columns; large && (kernel == "generic" || workers == 1) {
					continue // it is for several workers, and takes long
				}
				for _, c := range batches {
					e := must(New(c.loss, WithKernel(kernel), WithWorkers(workers)))
					want := must(e.Sum(c.batch))
					for k, r := range []*Ranking{
						{K: 0}, {K: 1}, {K: 10}, {K: 3000}, {K: n + 5}, {K: 20, Among: PositiveScores}, {K: 20, Among: NegativeScores}, {K: 50, Least: 0.5},
					} {
						if (testing.Short() || rows > 2*Block/columns) && (k+rows)%3 != 0 {
							continue
						}
						name := fmt.Sprintf("%s, %d workers, %s, %d rows, K %d among %d from %v on", kernel, workers, c.name, rows, r.K, r.Among, r.Least)
						result, err := e.Rank(r, 100, c.batch)
						if err != nil || result != want {
							t.Fatalf("%s: %v, %v, want %v", name, result, err, want)
						}
						if got, want := r.Scores(), rankedOf(e, r, 100, c.batch); !sameScores(got, want) {
							t.Fatalf("%s:\n%v\nwant\n%v", name, got[:min(len(got), 20)], want[:min(len(want), 20)])
						}
						if most := r.most(); cap(r.kept) > most || most > r.K+r.K/2+64 {
							t.Errorf("%s: memory for %d scores, want at most %d", name, cap(r.kept), most)
						}
					}
				}
			}
		}
	}
}

// TestRankingOfParts: batches ranked in any order, at the same time, are ranked as a whole.
func TestRankingOfParts(t *testing.T) {
	x, y := easyBatch(10*Block + 77)
	e := must(New(Focal(0.25, 2), WithWorkers(1)))
	want, result, err := e.Hardest(500, Batch{Logits: x, Labels: y})
	if err != nil || result != must(e.Sum(Batch{Logits: x, Labels: y})) || len(want) != 500 {
		t.Fatal(result, err)
	}
	for range 4 {
		r := Ranking{K: 500}
		var wg sync.WaitGroup
		for from := 0; from < len(x); from += Block {
			wg.Go(func() {
				to := min(from+Block, len(x))
				must(e.Rank(&r, from, Batch{Logits: x[from:to], Labels: y[from:to]}))
			})
			if from%3 == 0 {
				runtime.Gosched()
			}
		}
		wg.Wait()
		if got := r.Scores(); !sameScores(got, want) {
			t.Fatalf("%v\nwant %v", got[:5], want[:5])
		}
	}
}

// TestRankingOfWeighedRows: a row is not kept if its own weight is 0, nor if that of its class is,
// unless label smoothing gives it a loss all the same.
func TestRankingOfWeighedRows(t *testing.T) {
	b := Batch{Logits: []float32{1, 2, 3, 1, 2, 3, 2, 2, 9, 4, 4, 5}, Classes: []int32{0, 1, 2, 1}, NumClasses: 3, Weights: []float32{1, 1, 1, 0}}
	for _, c := range []struct {
		loss Loss
		want []int
	}{
		{SoftmaxCrossEntropy(), []int{4, 8}},
		{SoftmaxCrossEntropy().Smoothed(0.1), []int{4, 8, 0}},
	} {
		for _, name := range Kernels() {
			e := must(New(c.loss, WithKernel(name), WithClassWeights([]float32{0, 1, 1})))
			list, _, err := e.Hardest(10, b)
			var got []int
			for _, s := range list {
				got = append(got, s.Index)
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: %v, %v, want %v", c.loss, name, got, err, c.want)
			}
		}
	}
}

// TestRankingErrors: what is wrong has the names of the fields; batches have the errors of Sum.
func TestRankingErrors(t *testing.T) {
	e := must(New(CrossEntropy()))
	good := Batch{Logits: []float32{1}, Labels: []uint8{1}}
	for _, c := range []struct {
		r     *Ranking
		b     Batch
		field string
		index int
	}{
		{nil, good, "Ranking", -1},
		{&Ranking{K: -1}, good, "K", -1},
		{&Ranking{K: 1, Least: float32(math.NaN())}, good, "Least", -1},
		{&Ranking{K: 1, Among: 3}, good, "Among", -1},
		{&Ranking{K: 1}, Batch{Logits: []float32{1, float32(math.NaN())}, Labels: []uint8{0, 0}}, "Logits", 1},
	} {
		_, err := e.Rank(c.r, 0, c.b)
		var input *InputError
		if !errors.As(err, &input) || input.Field != c.field || input.Index != c.index {
			t.Errorf("%+v: %v, want one about %s", c.r, err, c.field)
		}
	}
	if list, r, err := e.Hardest(-1, good); err == nil || list != nil || r != (Result{}) {
		t.Errorf("Hardest(-1): %v, %v, %v", list, r, err)
	}
	if _, _, err := (*Engine)(nil).Hardest(1, good); err == nil {
		t.Error("a nil Engine ranks")
	}
	if list, _, err := e.Hardest(math.MaxInt, good); err != nil || len(list) != 1 {
		t.Errorf("all there are: %v, %v", list, err)
	}
	if list, _, err := e.Hardest(3, Batch{}); err != nil || len(list) != 0 {
		t.Errorf("of nothing: %v, %v", list, err)
	}
	// What is masked or ignored may be NaN, and is not kept; infinite losses are.
	nan, most := float32(math.NaN()), float32(math.MaxFloat32)
	list, _, err := must(New(CrossEntropy().Weighted(3, 1))).Hardest(9, Batch{
		Logits: []float32{nan, 0, nan, -most}, Labels: []uint8{IgnoredLabel, 0, 1, 1}, ScoreWeights: []float32{1, 1, 0, 1},
	})
	if err != nil || len(list) != 2 || list[0].Index != 3 || !math.IsInf(float64(list[0].Loss), 1) || list[1].Index != 1 {
		t.Errorf("%v, %v", list, err)
	}
}
