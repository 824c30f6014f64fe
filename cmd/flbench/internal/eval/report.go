package eval

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// report is what eval prints. Its JSON form is documented in the command's help.
type report struct {
	Loss     cli.LossInfo `json:"loss"`
	Kernel   string       `json:"kernel"`
	Workers  int          `json:"workers"`
	Results  []entry      `json:"results"` // those to print, in order
	Total    entry        `json:"total"`
	Images   *summary     `json:"images,omitempty"` // nil for one input
	Warnings []cli.Remark `json:"warnings"`
	Notes    []cli.Remark `json:"notes"`
}

// entry is the outcome of one input, or of all of them.
type entry struct {
	Path          cli.Path         `json:"path"`
	Scores        int64            `json:"scores"`
	Positives     int64            `json:"positives"`
	Ignored       int64            `json:"ignored"`
	Sum           cli.Float        `json:"sum"`
	Mean          cli.Float        `json:"mean"`
	PerPositive   cli.Float        `json:"per_positive"`
	WeightedMean  *cli.Float       `json:"weighted_mean,omitempty"` // nil without weights
	Max           *cli.Float32     `json:"max,omitempty"`           // nil if not asked for
	EasyNegatives easyNegShares    `json:"easy_negatives,omitzero"`
	Top           *ranking.Ranking `json:"top,omitempty"` // nil if not asked for
}

// easyNegShares are fractions from 0 to 1.
type easyNegShares struct {
	Entries cli.Float `json:"entries_share"`
	CE      cli.Float `json:"ce_share"`
	Loss    cli.Float `json:"loss_share"`

	none bool // under softmax, whose rows have a class each
}

// IsZero tells that there are no such shares.
func (s easyNegShares) IsZero() bool { return s.none }

// newEntry returns that of a path, as far as all losses and inputs have it.
func newEntry(path string, t *tally) entry {
	r, easy := t.loss(), t.easyLoss()
	return entry{
		Path:   cli.Path(path),
		Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
		Sum: cli.Float(r.Sum()), Mean: cli.Float(r.Mean()), PerPositive: cli.Float(r.PerPositive()),
		EasyNegatives: easyNegShares{
			Entries: share(float64(easy.Scores), float64(r.Scores)),
			CE:      share(t.easyCE().Sum(), t.ce().Sum()),
			Loss:    share(easy.Sum(), r.Sum()),
		},
	}
}

// share is part of whole, 0 where there is nothing to share.
func share(part, whole float64) cli.Float {
	if whole == 0 {
		return 0
	}
	return cli.Float(part / whole)
}

// tally is what is counted and summed over scores, of the loss and of cross-entropy. Where
// the loss is that, the second of each has no use. It is exact, and so merges in any order.
type tally struct {
	all, easy [2]engine.Result
	losses    int
}

func (t *tally) loss() *engine.Result     { return &t.all[0] }
func (t *tally) easyLoss() *engine.Result { return &t.easy[0] }
func (t *tally) ce() *engine.Result       { return &t.all[max(t.losses, 1)-1] }
func (t *tally) easyCE() *engine.Result   { return &t.easy[max(t.losses, 1)-1] }

// merge adds o.
func (t *tally) merge(o *tally) {
	t.losses = max(t.losses, o.losses)
	for i := range o.losses {
		t.all[i].Merge(o.all[i])
		t.easy[i].Merge(o.easy[i])
	}
}
