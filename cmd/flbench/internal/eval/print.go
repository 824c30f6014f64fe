package eval

import (
	"fmt"
	"io"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// report is what eval prints; its JSON form is documented in the command's help.
type report struct {
	Loss    cli.LossInfo `json:"loss"`
	Kernel  string       `json:"kernel"`
	Workers int          `json:"workers"`
	Results []entry      `json:"results"`
	Total   entry        `json:"total"`
}

// entry is the outcome of one input, or of all of them.
type entry struct {
	Path          string        `json:"path"`
	Scores        int64         `json:"scores"`
	Positives     int64         `json:"positives"`
	Ignored       int64         `json:"ignored"`
	Sum           float64       `json:"sum"`
	Mean          float64       `json:"mean"`
	PerPositive   float64       `json:"per_positive"`
	EasyNegatives easyNegShares `json:"easy_negatives"`
	Top           []hardScore   `json:"top,omitzero"` // nil if not asked for
}

// easyNegShares are fractions from 0 to 1.
type easyNegShares struct {
	Entries float64 `json:"entries_share"`
	CE      float64 `json:"ce_share"`
	Loss    float64 `json:"loss_share"`
}

func newEntry(path string, t *tally, top []hardScore) entry {
	r := t.loss
	return entry{
		Path:   path,
		Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
		Sum: r.Sum(), Mean: r.Mean(), PerPositive: r.PerPositive(),
		EasyNegatives: easyNegShares{
			Entries: share(float64(t.easyLoss.Scores), float64(r.Scores)),
			CE:      shareOfSum(t.easyCE, t.ce),
			Loss:    shareOfSum(t.easyLoss, r),
		},
		Top: top,
	}
}

func shareOfSum(part, whole engine.Result) float64 { return share(part.Sum(), whole.Sum()) }

// share is part of whole, 0 where there is nothing to share.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// print writes the report in one piece.
func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return cli.WriteJSON(w, r)
	}
	var text strings.Builder
	r.table(&text)
	return cli.Print(w, text.String())
}

// table is the report for people. Paths come last, as in wc and du.
func (r *report) table(text *strings.Builder) {
	fmt.Fprintf(text, "%v; kernel %s, %s\n\n", r.Loss, r.Kernel, cli.Count(r.Workers, "worker"))

	table := cli.NewTable("rrrrrrrrrl", "scores", "positives", "ignored", "sum", "mean", "per positive", "scores", "CE", "loss", "path")
	table.Over(9, "easy negatives' share of")
	entries := r.Results
	if len(entries) > 1 {
		entries = append(entries[:len(entries):len(entries)], r.Total)
	}
	for _, e := range entries {
		easy := e.EasyNegatives
		table.Row(
			fmt.Sprint(e.Scores), fmt.Sprint(e.Positives), fmt.Sprint(e.Ignored),
			decimals(e.Sum), fmt.Sprintf("%.4g", e.Mean), decimals(e.PerPositive),
			fmt.Sprintf("%.4f %%", 100*easy.Entries), fmt.Sprintf("%.2f %%", 100*easy.CE), fmt.Sprintf("%.2f %%", 100*easy.Loss),
			cli.Printable(e.Path),
		)
	}
	text.WriteString(table.String())

	for _, e := range r.Results {
		if len(e.Top) == 0 {
			continue
		}
		fmt.Fprintf(text, "\nhardest scores of %s\n\n", cli.Printable(e.Path))
		table := cli.NewTable("rrrrr", "row", "column", "logit", "label", "loss")
		for _, s := range e.Top {
			table.Row(fmt.Sprint(s.Row), fmt.Sprint(s.Column), cli.Short(s.Logit), fmt.Sprint(s.Label), cli.Short(s.Loss))
		}
		text.WriteString(table.String())
	}
}

// decimals writes a sum with six decimals, while that makes sense.
func decimals(v float64) string {
	if v >= 1e15 {
		return fmt.Sprintf("%.6e", v)
	}
	return fmt.Sprintf("%.6f", v)
}
