package sweep

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// report is what sweep prints. Its JSON form is documented in the command's help.
type report struct {
	Kernel     string       `json:"kernel"`
	Workers    int          `json:"workers"`
	Inputs     int          `json:"inputs"`
	Scores     int64        `json:"scores"`
	Positives  int64        `json:"positives"`
	Ignored    int64        `json:"ignored"`
	Easy       *cli.Float   `json:"easy_negatives_entries_share,omitempty"` // nil for losses of rows
	Parameters []string     `json:"parameters"`
	Results    []entry      `json:"results"`
	Warnings   []cli.Remark `json:"warnings"`
	Notes      []cli.Remark `json:"notes"`

	grid *cli.Grid
	show string

	colors bool // of what is printed
}

// entry is the outcome of a loss.
type entry struct {
	Loss        cli.LossInfo `json:"loss"`
	Sum         cli.Float    `json:"sum"`
	Mean        cli.Float    `json:"mean"`
	PerPositive cli.Float    `json:"per_positive"`
	Easy        *cli.Float   `json:"easy_negatives_loss_share,omitempty"`
}

func newReport(grid *cli.Grid, s *sums) *report {
	first := &s.all[0]
	r := &report{
		Scores: first.Scores, Positives: first.Positives, Ignored: first.Ignored, grid: grid,
	}
	rows := grid.Losses[0].Family().Rows
	if !rows {
		r.Easy = share(float64(s.easy[0].Scores), float64(first.Scores))
	}
	for _, a := range grid.Axes {
		r.Parameters = append(r.Parameters, a.Name)
	}
	for i, loss := range grid.Losses {
		all := &s.all[i]
		e := entry{Loss: cli.LossInfo{Loss: loss}, Sum: cli.Float(all.Sum()), Mean: cli.Float(all.Mean()), PerPositive: cli.Float(all.PerPositive())}
		if !rows {
			e.Easy = share(s.easy[i].Sum(), all.Sum())
		}
		r.Results = append(r.Results, e)
	}
	return r
}

// share is part of whole, 0 where there is nothing to share.
func share(part, whole float64) *cli.Float {
	f := cli.Float(0)
	if whole != 0 {
		f = cli.Float(part / whole)
	}
	return &f
}

// measures are the columns of results.
var measures = []struct {
	name, head, title string
	of                func(*entry) float64
	text              func(float64) string
	share             bool // of a whole
}{
	{"sum", "sum", "sum of the loss", func(e *entry) float64 { return float64(e.Sum) }, short, false},
	{"mean", "mean", "mean loss of a score", func(e *entry) float64 { return float64(e.Mean) }, short, false},
	{"per_positive", "per positive", "loss per positive", func(e *entry) float64 { return float64(e.PerPositive) }, short, false},
	{"easy_negatives_loss_share", "easy negatives", "easy negatives' share of the loss", func(e *entry) float64 { return float64(*e.Easy) }, percent, true},
}

func measureNames() (names []string) {
	for _, m := range measures {
		names = append(names, m.name)
	}
	return names
}

func short(v float64) string   { return strconv.FormatFloat(v, 'g', 5, 64) }
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 2, 64) + " %" }

// formats are what --format takes, and how they print.
var formats = []cli.Format[*report]{
	{Name: "table", Print: func(r *report, w io.Writer) error { return cli.Print(w, r.head()+r.table()) }},
	{Name: "map", Print: func(r *report, w io.Writer) error { return cli.Print(w, r.head()+r.heatMap(r.colors)) }},
	{Name: "json", Print: func(r *report, w io.Writer) error { return cli.WriteJSON(w, r) }},
	{Name: "csv", Print: (*report).csv},
}

// head says what the results are of.
func (r *report) head() string {
	family := r.Results[0].Loss.Family()
	text := fmt.Sprintf("%s; %s, %d scores, %d positives, %d ignored", family.Title, cli.Count(r.Inputs, "input"), r.Scores, r.Positives, r.Ignored)
	if r.Easy != nil {
		text += fmt.Sprintf(", %s easy negatives", percent(float64(*r.Easy)))
	}
	return text + fmt.Sprintf("; kernel %s, %s\n\n", r.Kernel, cli.Count(r.Workers, "worker"))
}

// table has a line for each loss.
func (r *report) table() string {
	align, heads := "", slices.Clone(r.Parameters)
	shown := measures
	if r.Easy == nil {
		shown = measures[:3]
	}
	for _, m := range shown {
		heads = append(heads, m.head)
	}
	for range heads {
		align += "r"
	}
	t := cli.NewTable(align, heads...)
	for i := range r.Results {
		e := &r.Results[i]
		cells := r.parameters(e.Loss.Loss)
		for _, m := range shown {
			cells = append(cells, m.text(m.of(e)))
		}
		t.Row(cells...)
	}
	return t.String()
}

// parameters are a loss's values of those that vary.
func (r *report) parameters(l engine.Loss) (texts []string) {
	for _, name := range r.Parameters {
		v, _ := l.Parameter(name)
		texts = append(texts, cli.Short(v))
	}
	return texts
}

// csv prints a line for each loss, after one of heads: the keys of JSON.
func (r *report) csv(w io.Writer) error {
	var text bytes.Buffer
	c := csv.NewWriter(&text)
	_ = c.Write(append(append([]string{"loss"}, r.Parameters...), measureNames()...))
	for i := range r.Results {
		e := &r.Results[i]
		line := append([]string{e.Loss.Loss.String()}, r.parameters(e.Loss.Loss)...)
		for _, m := range measures {
			if m.name == "easy_negatives_loss_share" && e.Easy == nil {
				line = append(line, "")
				continue
			}
			line = append(line, strconv.FormatFloat(m.of(e), 'g', -1, 64))
		}
		_ = c.Write(line)
	}
	c.Flush()
	return cli.Print(w, text.String())
}
