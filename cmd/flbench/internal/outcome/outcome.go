// Package outcome is what evaluating losses over inputs came to, as eval and merge print it.
package outcome

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// Report is what is printed. Its JSON form is documented in the help of eval.
type Report struct {
	Kernel   string
	Workers  int
	Losses   []ByLoss // at least one
	Warnings []cli.Remark
	Notes    []cli.Remark
}

// ByLoss is the part of a report that one loss has.
type ByLoss struct {
	Loss    cli.LossInfo `json:"loss"`
	Results []Entry      `json:"results"` // those to print, in order
	Total   Entry        `json:"total"`
	Images  *Summary     `json:"images,omitempty"` // nil for one input
}

// Entry is the outcome of one input, or of all of them.
type Entry struct {
	Path          cli.Path         `json:"path"`
	Scores        int64            `json:"scores"`
	Positives     int64            `json:"positives"`
	Ignored       int64            `json:"ignored"`
	Sum           cli.Float        `json:"sum"`
	Mean          cli.Float        `json:"mean"`
	PerPositive   cli.Float        `json:"per_positive"`
	WeightedMean  *cli.Float       `json:"weighted_mean,omitempty"` // nil without weights
	Max           *cli.Float32     `json:"max,omitempty"`           // nil if not asked for
	EasyNegatives Shares           `json:"easy_negatives,omitzero"`
	Exact         string           `json:"exact"`         // the text of the loss's engine.Result: all bits of the sums
	Top           *ranking.Ranking `json:"top,omitempty"` // nil if not asked for
}

// Shares are those that easy negatives have, fractions from 0 to 1.
type Shares struct {
	Entries cli.Float `json:"entries_share"`
	CE      cli.Float `json:"ce_share"`
	Loss    cli.Float `json:"loss_share"`

	none bool // under softmax, whose rows have a class each
}

// IsZero tells that there are no such shares.
func (s Shares) IsZero() bool { return s.none }

// newEntry returns that of a path.
func newEntry(path string, loss engine.Loss, weighted bool, t *Tally) (Entry, error) {
	r := &t.Loss
	exact, err := r.MarshalText()
	e := Entry{
		Path:   cli.Path(path),
		Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
		Sum: cli.Float(r.Sum()), Mean: cli.Float(r.Mean()), PerPositive: cli.Float(r.PerPositive()),
		EasyNegatives: Shares{
			Entries: share(float64(t.Easy.Scores), float64(r.Scores)),
			CE:      share(t.EasyCE.Sum(), t.CE.Sum()),
			Loss:    share(t.Easy.Sum(), r.Sum()),
			none:    loss.Family().Rows,
		},
		Exact: string(exact),
	}
	if weighted {
		mean := cli.Float(r.WeightedMean())
		e.WeightedMean = &mean
	}
	return e, err
}

// share is part of whole, 0 where there is nothing to share.
func share(part, whole float64) cli.Float {
	if whole == 0 {
		return 0
	}
	return cli.Float(part / whole)
}
