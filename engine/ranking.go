package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// Score is one of the scores of a batch, and its loss.
type Score struct {
	// Index is that of the score. Under a loss of rows it is that of the score of the row's
	// class: the row is Index / NumClasses.
	Index  int
	Loss   float32
	Score  float32 // the logit, or the probability
	Target float32 // 0 for background, 1 for foreground, or the soft target between
}

// harder orders scores by falling loss, then by index.
func harder(a, b Score) int {
	if a.before(&b) {
		return -1
	}
	return 1
}

// before tells whether a score comes before another one in that order. No loss is NaN, and no
// score the other.
func (a *Score) before(b *Score) bool {
	return a.Loss > b.Loss || a.Loss == b.Loss && a.Index < b.Index
}

// Among says which scores a [Ranking] takes.
type Among uint8

// The scores that a Ranking takes: all, the positive ones, as [Result] counts them, or the
// others, of which those with the largest losses are hard negatives.
const (
	AllScores Among = iota
	PositiveScores
	NegativeScores
)

// Ranking keeps the scores with the largest losses of the batches that it is given to
// [Engine.Rank] with, in memory for one and a half times as many. Its zero value keeps none; set
// the fields before it is used. It is safe for concurrent use, but not to be copied.
//
// Ignored scores, and those that a factor of 0 masks, are never kept. Of equal losses those with
// the lower index come first, so what is kept does not depend on kernels, workers and batches.
type Ranking struct {
	K     int     // how many scores to keep
	Among Among   // which
	Least float32 // losses below it are not kept

	full atomic.Uint32 // bits of the least loss that is kept, once there are K
	mu   sync.Mutex
	kept []Score
}

// Hardest returns the k scores of a batch with the largest losses, hardest first, fewer if there
// are fewer, and the result that Sum returns: for hard-example mining, or to hunt label errors.
// It takes little more time than Sum, and no memory of the batch's size. See [Ranking] for
// several batches, and for negatives alone.
func (e *Engine) Hardest(k int, b Batch) ([]Score, Result, error) {
	r := Ranking{K: k}
	result, err := e.Rank(&r, 0, b)
	if err != nil {
		return nil, Result{}, err
	}
	return r.Scores(), result, nil
}

// Rank evaluates a batch, whose scores have the indices from the given one on, as Sum does, and
// has the hardest of them kept in r. On an error r may keep scores of the batch.
func (e *Engine) Rank(r *Ranking, from int, b Batch) (result Result, err error) {
	if err := r.check(); err != nil {
		return Result{}, err
	}
	err = e.run(&result, &b, &outputs{ranking: r, rankedFrom: from}, 0)
	return result, err
}

// check says what is wrong with the fields.
func (r *Ranking) check() error {
	switch {
	case r == nil:
		return wholeError("Ranking", 0, "is nil: want one to keep scores in")
	case r.K < 0:
		return wholeError("K", float64(r.K), "is %d: want how many scores to keep, 0 or more", r.K)
	case r.Least != r.Least:
		return wholeError("Least", math.NaN(), "is NaN: want the least loss to keep, or 0")
	case r.Among > NegativeScores:
		return wholeError("Among", float64(r.Among), "is %d: want AllScores, PositiveScores or NegativeScores", r.Among)
	}
	return nil
}

// Scores returns what is kept so far, at most K scores, hardest first.
func (r *Ranking) Scores() []Score {
	r.mu.Lock()
	kept := slices.Clone(r.kept)
	r.mu.Unlock()
	if len(kept) > r.K {
		hardestFirst(kept, r.K)
		kept = kept[:r.K]
	}
	slices.SortFunc(kept, harder)
	return kept
}

// least returns the loss below which no score is kept any more.
func (r *Ranking) least() float32 { return max(r.Least, math.Float32frombits(r.full.Load())) }

// takes tells whether a score is one of those that the ranking is of. positive says what
// Result counts as such.
func (r *Ranking) takes(positive bool) bool {
	return r.Among == AllScores || positive == (r.Among == PositiveScores)
}

// offer has scores kept that are hard enough.
func (r *Ranking) offer(found []Score) {
	r.mu.Lock()
	defer r.mu.Unlock()
	least := r.least()
	for _, s := range found {
		if !(s.Loss >= least) {
			continue
		}
		// To throw away a third at a time costs little for each.
		if len(r.kept) >= r.most() {
			hardestFirst(r.kept, r.K)
			r.kept = r.kept[:r.K]
			r.full.Store(math.Float32bits(r.kept[r.K-1].Loss))
			if least = r.least(); !(s.Loss >= least) {
				continue
			}
		}
		if len(r.kept) == cap(r.kept) {
			grown := make([]Score, len(r.kept), min(2*len(r.kept)+64, r.most()))
			copy(grown, r.kept)
			r.kept = grown
		}
		r.kept = append(r.kept, s)
	}
}

// most is how many scores there is memory for.
func (r *Ranking) most() int { return min(r.K, math.MaxInt/2)/2*3 + 64 }

// hardestFirst brings the n hardest of the scores, n > 0, to their front, the least hard of
// these to their end.
func hardestFirst(s []Score, n int) {
	low, high := 0, len(s)-1 // where the n-th is
	for low < high {
		pivot := s[low+rand.IntN(high-low+1)]
		i, j := low, high
		for i <= j {
			for s[i].before(&pivot) {
				i++
			}
			for pivot.before(&s[j]) {
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

// rank offers the scores of a block, whose losses are in the tile, with their sum.
func (t *tile) rank(j *job, from int, sum float64, c *chunk, g *given) {
	r, n := j.ranking, len(c.x)
	least := r.least()
	if r.K == 0 || sum*(1+0x1p-12) < float64(least) { // no loss is more than all, but for roundings
		return
	}
	whole := (n + kernel.Group - 1) &^ (kernel.Group - 1)
	clear(t.losses[n:whole])
	t.found = t.found[:0]
	for at := 0; at < n; at += rankStep { // most of a block is not looked at
		end := min(at+rankStep, n)
		if most, _ := j.kernels.Rows.Top(t.losses[at:min(at+rankStep, whole)]); most >= least {
			t.rankPart(j, from, at, end, least, c, g)
		}
	}
	r.offer(t.found)
}

// rankStep is how many losses are looked at one by one where one of them is large.
const rankStep = 256

// rankPart appends to t.found what a ranking may keep of the scores [at, end) of a block.
func (t *tile) rankPart(j *job, from, at, end int, least float32, c *chunk, g *given) {
	heat := j.family.heat != nil
	for i := at; i < end; i++ {
		loss := t.losses[i]
		if !(loss >= least) || c.masked(i) {
			continue
		}
		target := float32(0)
		switch {
		case g.targets != nil:
			target = g.targets[i]
		case g.labels[i] == IgnoredLabel:
			target = IgnoredTarget
		default:
			target = float32(g.labels[i])
		}
		if target < 0 || !j.ranking.takes(target > 0 && (target == 1 || !heat)) {
			continue
		}
		t.found = append(t.found, Score{Index: j.rankedFrom + from + i, Loss: loss, Score: c.x[i], Target: target})
	}
}

// rankRows offers the scores of the classes of rows, from one on, with their losses and weights.
func (t *rowTile) rankRows(j *job, from int, losses, weights []float32) {
	r := j.ranking
	if r.K == 0 || !r.takes(true) {
		return
	}
	if j.row.smooth.given() { // a row whose class alone has the weight 0 has a loss
		weights = tail(j.Weights, from)
	}
	least := r.least()
	t.found = t.found[:0]
	for i, loss := range losses {
		class := j.Classes[from+i]
		if !(loss >= least) || weights != nil && weights[i] == 0 || uint(class) >= uint(j.NumClasses) || j.classes.ignores(class) {
			continue
		}
		at := (from+i)*j.NumClasses + int(class)
		t.found = append(t.found, Score{Index: j.rankedFrom + at, Loss: loss, Score: t.scoreAt(j, at), Target: 1})
	}
	r.offer(t.found)
}

// scoreAt returns one of the batch's scores.
func (t *rowTile) scoreAt(j *job, at int) float32 {
	if j.bits == nil {
		return j.x[at]
	}
	var wide [kernel.Group]float32
	t.half = [kernel.Group]uint16{j.bits[at]}
	j.widen(wide[:], t.half[:])
	return wide[0]
}
