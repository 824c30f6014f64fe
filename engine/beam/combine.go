package beam

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/flengine/flengine/engine"
)

// Score is one of the hardest scores.
type Score struct {
	Path        string // of the logits
	Row, Column int
	Loss        float32
	Score       float32 // the logit, or the probability
	Target      float32 // 0 for background, 1 for foreground, or the soft target between
	Soft        bool    // the shard has soft targets
}

// Hardest is the hardest scores of a key, or of all, hardest first. Of equal losses those come
// first whose path, and then place, does.
type Hardest struct{ Scores []Score }

// harder orders scores by falling loss, then by path and place: no runner can change that.
func harder(a, b Score) int {
	return cmp.Or(-cmp.Compare(a.Loss, b.Loss), strings.Compare(a.Path, b.Path), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column))
}

// mergeFn merges results.
type mergeFn struct{}

// MergeAccumulators is that of Beam's CombineFn.
func (mergeFn) MergeAccumulators(a, b engine.Result) engine.Result {
	a.Merge(b)
	return a
}

// addFn adds counts.
type addFn struct{}

// MergeAccumulators is that of Beam's CombineFn.
func (addFn) MergeAccumulators(a, b int64) int64 { return a + b }

// hardestFn keeps the K hardest scores.
type hardestFn struct{ K int }

// MergeAccumulators is that of Beam's CombineFn.
func (f *hardestFn) MergeAccumulators(x, y Hardest) Hardest {
	a, b := x.Scores, y.Scores
	merged := make([]Score, 0, min(f.K, len(a)+len(b)))
	for len(merged) < cap(merged) {
		if len(b) == 0 || len(a) > 0 && harder(a[0], b[0]) <= 0 {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return Hardest{merged}
}

// checkFn compares what was counted with what the headers said.
type checkFn struct{}

// ProcessElement emits a result that is of all entries, and of each once.
func (checkFn) ProcessElement(of LossKey, results func(*engine.Result) bool, counts func(*int64) bool, emit func(LossKey, engine.Result)) error {
	var r, again engine.Result
	var want, more int64
	found, told := results(&r), counts(&want)
	if !found || !told || results(&again) || counts(&more) {
		return fault(fmt.Errorf("loss %s, key %q: want one result and one count of its entries, which the runner did not bring together", of.Loss, of.Key))
	}
	if got := r.Scores + r.Ignored; got != want {
		return fault(fmt.Errorf("loss %s, key %q: %d entries were counted, the files have %d: the runner lost or repeated some, and the sum is worth nothing", of.Loss, of.Key, got, want))
	}
	emit(of, r)
	return nil
}
