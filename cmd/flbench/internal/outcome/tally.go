package outcome

import (
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// MaxKept bounds the scores that --top keeps, of all inputs together: 36 bytes each.
const MaxKept = 1 << 25

// Tally is what is counted and summed over scores under a loss. Of losses of rows there is
// Loss alone. It is exact, and so merges in any order.
type Tally struct {
	Loss, Easy engine.Result // of all scores, and of the easy negatives
	CE, EasyCE engine.Result // the same of cross-entropy; where the loss is that, those above
}

// Merge adds o.
func (t *Tally) Merge(o *Tally) {
	t.Loss.Merge(o.Loss)
	t.Easy.Merge(o.Easy)
	t.CE.Merge(o.CE)
	t.EasyCE.Merge(o.EasyCE)
}

// Measured is what a loss came to over one input.
type Measured struct {
	Tally
	Max     float32        // the largest loss, if asked for
	Hardest []ranking.List // the hardest scores, if asked for, in the order of the scores where there are several lists
}

// Merge adds o, which is of scores that come after.
func (m *Measured) Merge(o Measured) {
	m.Tally.Merge(&o.Tally)
	m.Max = max(m.Max, o.Max)
	m.Hardest = append(m.Hardest, o.Hardest...)
}

// Input is what one input came to.
type Input struct {
	Path            string
	Losses          []Measured // one for each loss
	Warnings, Notes []string
}
