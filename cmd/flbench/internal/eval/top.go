package eval

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// hardScore is a score with a large loss.
type hardScore struct {
	Row    int         `json:"row"`
	Column int         `json:"column"`
	Logit  cli.Float32 `json:"logit"`
	Label  uint8       `json:"label"`
	Loss   float32     `json:"loss"`
}

// hardest keeps the scores with the largest losses of those it is offered: a
// heap with the least hard on top. It never has more memory than scores.
type hardest struct {
	limit int
	kept  []hardScore
}

func newHardest(limit int) *hardest { return &hardest{limit: limit, kept: []hardScore{}} }

// harder orders scores by falling loss, then by index.
func harder(a, b hardScore) int {
	return cmp.Or(-cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column))
}

// offer takes the losses of a shard, which come after those offered before.
func (h *hardest) offer(in *input, s *scratch) {
	for i, loss := range s.losses[:len(s.y)] {
		// At equal losses the earlier score stays. Ignored scores have loss 0
		// and are none.
		if len(h.kept) == h.limit && loss <= h.kept[0].Loss || s.y[i] == engine.IgnoredLabel {
			continue
		}
		at := s.from + i
		score := hardScore{Row: at / in.columns, Column: at % in.columns, Logit: cli.Float32(in.x[at]), Label: s.y[i], Loss: loss}
		if len(h.kept) < h.limit {
			heap.Push(h, score)
		} else {
			h.kept[0] = score
			heap.Fix(h, 0)
		}
	}
}

// sorted returns the scores kept, hardest first, and ends the heap.
func (h *hardest) sorted() []hardScore {
	slices.SortFunc(h.kept, harder)
	return h.kept
}

// The methods of heap.Interface.

func (h *hardest) Len() int           { return len(h.kept) }
func (h *hardest) Less(i, j int) bool { return harder(h.kept[i], h.kept[j]) > 0 }
func (h *hardest) Swap(i, j int)      { h.kept[i], h.kept[j] = h.kept[j], h.kept[i] }
func (h *hardest) Push(x any)         { h.kept = append(h.kept, x.(hardScore)) }

// Pop is never called: scores are only replaced.
func (h *hardest) Pop() any {
	last := h.kept[len(h.kept)-1]
	h.kept = h.kept[:len(h.kept)-1]
	return last
}
