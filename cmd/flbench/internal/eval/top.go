package eval

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// maxKept bounds the scores that --top keeps, of all inputs together: 512 MiB.
const maxKept = 1 << 25

// checkTop refuses to keep more scores than there should be room for.
func (e *evaluator) checkTop(images []*image) error {
	kept := 0
	for _, im := range images {
		if kept += min(e.top, im.scores); kept > maxKept {
			return cli.Usagef("--top is %d: the inputs have more than %d such scores, want no more to be kept", e.top, maxKept)
		}
	}
	return nil
}

// hardScore is a score with a large loss, in 16 bytes.
type hardScore struct {
	at    uint64 // twice its index in its image, and its label
	loss  float32
	score float32
}

// harder orders the scores of an image by falling loss, then by index.
func harder(a, b hardScore) int {
	return cmp.Or(-cmp.Compare(a.loss, b.loss), cmp.Compare(a.at, b.at))
}

// hardest keeps the scores with the largest losses of those it is offered, in any order: a
// heap, once it is full, with the least hard on top.
type hardest struct {
	limit int
	least atomic.Uint32 // bits of the loss below which no score is kept any more

	mu   sync.Mutex
	kept []hardScore
}

// newHardest returns one for an input of so many scores.
func newHardest(limit, scores int) *hardest {
	limit = min(limit, scores)
	return &hardest{limit: limit, kept: make([]hardScore, 0, limit)}
}

// candidates appends to found those of a shard's scores that may be kept. Ignored scores,
// which have loss 0, are none.
func (h *hardest) candidates(found []hardScore, from int, losses, scores []float32, labels []uint8) []hardScore {
	least := math.Float32frombits(h.least.Load())
	for i, loss := range losses {
		if loss >= least && labels[i] != engine.IgnoredLabel {
			found = append(found, hardScore{at: uint64(from+i)<<1 | uint64(labels[i]), loss: loss, score: scores[i]})
		}
	}
	return found
}

// offer takes candidates.
func (h *hardest) offer(found []hardScore) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range found {
		switch {
		case len(h.kept) < h.limit:
			if h.kept = append(h.kept, s); len(h.kept) == h.limit {
				heap.Init(h)
			}
		case harder(s, h.kept[0]) < 0:
			h.kept[0] = s
			heap.Fix(h, 0)
		}
	}
	if len(h.kept) == h.limit {
		h.least.Store(math.Float32bits(h.kept[0].loss))
	}
}

// sorted returns the scores kept, hardest first, and ends the heap. At the end of ctx it
// returns soon, with the scores in no order.
func (h *hardest) sorted(ctx context.Context) []hardScore {
	var over atomic.Bool
	defer context.AfterFunc(ctx, func() { over.Store(true) })()
	slices.SortFunc(h.kept, func(a, b hardScore) int {
		if over.Load() {
			return 0
		}
		return harder(a, b)
	})
	return h.kept
}

// The methods of heap.Interface, of which Push and Pop are never called: the heap begins
// with all it ever has.

func (h *hardest) Len() int           { return len(h.kept) }
func (h *hardest) Less(i, j int) bool { return harder(h.kept[i], h.kept[j]) > 0 }
func (h *hardest) Swap(i, j int)      { h.kept[i], h.kept[j] = h.kept[j], h.kept[i] }
func (h *hardest) Push(any)           {}
func (h *hardest) Pop() any           { return nil }
