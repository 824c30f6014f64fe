package ranking

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/engine"
)

// Board keeps the K hardest scores of any number of inputs, which come in any order, in memory
// for one and a half times as many beside those of the inputs at work. It is safe for
// concurrent use.
type Board struct {
	K int

	least atomic.Uint32 // bits of the loss below which no score is kept any more
	mu    sync.Mutex
	lists []placed
	total int
}

// placed is the list of an input, by its number among them.
type placed struct {
	input int
	List
}

// Least returns the loss below which no score is kept any more.
func (b *Board) Least() float32 { return math.Float32frombits(b.least.Load()) }

// Add takes the list of an input.
func (b *Board) Add(input int, l List) {
	least := b.Least()
	l.cut(len(l.kept) - countBelow(l.kept, least))
	if len(l.kept) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lists = append(b.lists, placed{input, l})
	if b.total += len(l.kept); b.total-b.K > b.K/2+64 {
		b.prune()
	}
}

// countBelow counts the scores, hardest first, whose loss is below a bound.
func countBelow(kept []engine.Score, bound float32) int {
	n, _ := slices.BinarySearchFunc(kept, bound, func(s engine.Score, bound float32) int {
		if s.Loss >= bound {
			return -1
		}
		return 1
	})
	return len(kept) - n
}

// prune throws away all but the K hardest: of equal losses those of the first inputs stay.
func (b *Board) prune() {
	slices.SortFunc(b.lists, func(x, y placed) int { return x.input - y.input })
	if b.total <= b.K {
		return
	}
	losses := make([]float32, 0, b.total)
	for _, l := range b.lists {
		for _, s := range l.kept {
			losses = append(losses, s.Loss)
		}
	}
	slices.Sort(losses)
	least := losses[len(losses)-b.K]
	ties := b.K - (len(losses) - sortedAbove(losses, least)) // of the least loss
	b.total = 0
	left := b.lists[:0]
	for _, l := range b.lists {
		n := len(l.kept) - countBelow(l.kept, least)
		equal := n - (len(l.kept) - countBelow(l.kept, math.Nextafter32(least, float32(math.Inf(1)))))
		if least > math.MaxFloat32 {
			equal = n
		}
		spare := max(0, equal-ties)
		ties -= equal - spare
		if l.cut(n - spare); len(l.kept) > 0 {
			left = append(left, l)
			b.total += len(l.kept)
		}
	}
	clear(b.lists[len(left):])
	b.lists = left
	b.least.Store(math.Float32bits(least))
}

// sortedAbove returns where the values above a bound begin in rising ones.
func sortedAbove(values []float32, bound float32) int {
	n, _ := slices.BinarySearchFunc(values, bound, func(v, bound float32) int {
		if v <= bound {
			return -1
		}
		return 1
	})
	return n
}

// Ranking returns what is kept.
func (b *Board) Ranking() *Ranking {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prune()
	k := &Ranking{Limit: b.K, Paths: true}
	for _, l := range b.lists {
		k.Lists = append(k.Lists, l.List)
	}
	return k
}

// cut keeps the first n scores, in memory of their number.
func (l *List) cut(n int) {
	if n == len(l.kept) {
		return
	}
	if len(l.boxes) > 0 {
		l.boxes = slices.Clone(l.boxes[:len(l.boxes)/len(l.kept)*n])
	}
	l.kept = slices.Clone(l.kept[:n])
}
