package ranking

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flengine/flengine/engine"
)

// at is a score's place among inputs.
type at struct {
	input, index int
	loss         float32
}

// TestBoard: whatever the order of inputs, what is kept is what sorting all would leave, with
// many ties, infinite ones too, and its boxes.
func TestBoard(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for trial := range 300 {
		k, values := 1+rng.IntN(100), 1+rng.IntN(20)
		var all []at
		lists := make([]List, 1+rng.IntN(40))
		for i := range lists {
			l := &lists[i]
			l.columns = 3
			for index := range rng.IntN(30) {
				loss := float32(rng.IntN(values))
				if rng.IntN(50) == 0 {
					loss = float32(math.Inf(1))
				}
				l.kept = append(l.kept, engine.Score{Index: index, Loss: loss})
				all = append(all, at{i, index, loss})
			}
			slices.SortFunc(l.kept, func(a, b engine.Score) int {
				return cmp.Or(-cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Index, b.Index))
			})
			for _, s := range l.kept {
				l.boxes = append(l.boxes, float32(i), float32(s.Index))
			}
		}
		slices.SortFunc(all, func(a, b at) int {
			return cmp.Or(-cmp.Compare(a.loss, b.loss), cmp.Compare(a.input, b.input), cmp.Compare(a.index, b.index))
		})
		board := Board{K: k}
		for _, i := range rng.Perm(len(lists)) {
			// An image's own ranking has as many at most, none below the board's least.
			l := lists[i]
			l.cut(min(len(l.kept), k))
			board.Add(i, l)
			if board.total > k+k/2+64 {
				t.Fatalf("%d scores of %d are kept", board.total, k)
			}
		}
		var got []at
		for r := range board.Ranking().Each() {
			if len(r.Box) != 2 || float32(r.Box[1]) != float32(3*r.Row+r.Column) {
				t.Fatalf("%+v: another score's box", r)
			}
			got = append(got, at{int(r.Box[0]), 3*r.Row + r.Column, float32(r.Loss)})
		}
		if want := all[:min(k, len(all))]; !slices.Equal(got, want) {
			t.Fatalf("trial %d, %d of %d:\n%v\nwant\n%v", trial, k, len(all), got, want)
		}
	}
}

// TestEmpty: no scores make no table.
func TestEmpty(t *testing.T) {
	board := Board{K: 3}
	board.Add(0, List{columns: 2})
	if r := board.Ranking(); !r.Empty() || len(slices.Collect(r.Each())) != 0 {
		t.Errorf("%+v", r)
	}
}
