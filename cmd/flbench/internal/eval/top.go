package eval

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// maxKept bounds the scores that --top keeps, of all inputs together: 24 bytes each.
const maxKept = 1 << 25

// checkTop refuses to keep more scores than there should be room for.
func (e *evaluator) checkTop(images []*stream.Image) error {
	kept := 0
	for _, im := range images {
		if kept += min(e.top, im.Scores); kept > maxKept {
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

// hardest keeps the scores with the largest losses of those it is offered, in any order. It
// takes half as many again as it is to keep before it throws away the least hard, which so
// costs little for each.
type hardest struct {
	limit int
	least atomic.Uint32 // bits of the loss below which no score is kept any more

	mu   sync.Mutex
	kept []hardScore
}

// newHardest returns one for an input of so many scores.
func newHardest(limit, scores int) *hardest {
	limit = min(limit, scores)
	return &hardest{limit: limit, kept: make([]hardScore, 0, min(limit+limit/2+64, scores))}
}

// takes tells whether a score of such a loss may be kept.
func (h *hardest) takes(loss float32) bool { return loss >= math.Float32frombits(h.least.Load()) }

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

// rows is candidates for the losses of rows, each of which stands for the score of its class.
func (h *hardest) rows(found []hardScore, losses, scores []float32, labels []uint8) []hardScore {
	least := math.Float32frombits(h.least.Load())
	for i, label := range labels {
		if label != 1 {
			continue
		}
		if loss := losses[i*len(losses)/len(labels)]; loss >= least {
			found = append(found, hardScore{at: uint64(i)<<1 | 1, loss: loss, score: scores[i]})
		}
	}
	return found
}

// offer takes candidates.
func (h *hardest) offer(found []hardScore) {
	h.mu.Lock()
	defer h.mu.Unlock()
	least := math.Float32frombits(h.least.Load())
	for _, s := range found {
		if s.loss < least {
			continue
		}
		if len(h.kept) == cap(h.kept) {
			least = h.prune()
		}
		h.kept = append(h.kept, s)
	}
}

// prune throws away all but the hardest, and returns the least of their losses.
func (h *hardest) prune() float32 {
	hardestFirst(h.kept, h.limit)
	h.kept = h.kept[:h.limit]
	least := h.kept[h.limit-1].loss
	h.least.Store(math.Float32bits(least))
	return least
}

// hardestFirst brings the n hardest of the scores, at most all, to their front, the least hard of
// these to their end.
func hardestFirst(s []hardScore, n int) {
	low, high := 0, len(s)-1 // where the n-th is
	for low < high {
		pivot := s[low+rand.IntN(high-low+1)]
		i, j := low, high
		for i <= j {
			for harder(s[i], pivot) < 0 {
				i++
			}
			for harder(pivot, s[j]) < 0 {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n-1 <= j:
			high = j
		case n-1 >= i:
			low = i
		default:
			return
		}
	}
}

// sorted returns the scores kept, hardest first. At the end of ctx it
// returns soon, with the scores in no order.
func (h *hardest) sorted(ctx context.Context) []hardScore {
	if len(h.kept) > h.limit {
		h.prune()
	}
	h.kept = slices.Clip(slices.Clone(h.kept)) // the rest of its memory is free
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
