package outcome

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Formats are what --format takes, and how they print.
var Formats = []cli.Format[*Report]{
	{Name: "table", Print: (*Report).table},
	{Name: "json", Print: (*Report).json},
	{Name: "jsonl", Print: (*Report).jsonLines},
	{Name: "csv", Print: (*Report).csv},
}

// ManyInputs is from how many on the table has a summary: fewer are read one by one.
const ManyInputs = 10

// table is the report for people. Errors of writing come back from the writer's Flush.
func (r *Report) table(w io.Writer) error {
	for k := range r.Losses {
		l := &r.Losses[k]
		if k > 0 {
			_, _ = io.WriteString(w, "\n")
		}
		fmt.Fprintf(w, "%v; kernel %s, %s\n\n", l.Loss, r.Kernel, cli.Count(r.Workers, "worker"))
		_, _ = io.WriteString(w, l.entries())
		if l.Images != nil && l.Images.Count >= ManyInputs {
			_, _ = io.WriteString(w, l.Images.text())
		}
		for i := range l.Results {
			l.Results[i].Top.Table(w, "hardest scores of "+cli.Printable(string(l.Results[i].Path)))
		}
		l.Total.Top.Table(w, "hardest scores of all inputs")
	}
	return nil
}

// entries are a line each. Paths come last, as in wc and du.
func (r *ByLoss) entries() string {
	align, heads := "rrrrrr", []string{"scores", "positives", "ignored", "sum", "mean", "per positive"}
	weighted, withMax := r.Total.WeightedMean != nil, r.Total.Max != nil
	if weighted {
		align, heads = align+"r", append(heads, "weighted mean")
	}
	if withMax {
		align, heads = align+"r", append(heads, "max")
	}
	t := cli.NewTable(align+"rrrl", append(heads, "scores", "CE", "loss", "path")...)
	t.Over(len(align)+3, "easy negatives' share of")
	row := func(e *Entry) {
		cells := []string{
			fmt.Sprint(e.Scores), fmt.Sprint(e.Positives), fmt.Sprint(e.Ignored),
			decimals(float64(e.Sum)), fmt.Sprintf("%.4g", float64(e.Mean)), decimals(float64(e.PerPositive)),
		}
		if weighted {
			cells = append(cells, fmt.Sprintf("%.4g", float64(*e.WeightedMean)))
		}
		if withMax {
			cells = append(cells, fmt.Sprintf("%.4g", float64(*e.Max)))
		}
		easy := e.EasyNegatives
		shares := []string{percent(easy.Entries, 4), percent(easy.CE, 2), percent(easy.Loss, 2)}
		if easy.none {
			shares = []string{"–", "–", "–"}
		}
		t.Row(append(append(cells, shares...), cli.Printable(string(e.Path)))...)
	}
	for i := range r.Results {
		row(&r.Results[i])
	}
	if r.Images != nil {
		if n := r.Images.Count - len(r.Results); n > 0 {
			cells := make([]string, len(align)+4)
			cells[len(cells)-1] = fmt.Sprintf("… %d more", n)
			t.Row(cells...)
		}
		row(&r.Total)
	}
	return t.String()
}

// text is the summary for people.
func (s *Summary) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s of %d inputs\n\n", strings.ReplaceAll(s.By, "_", " "), s.Count)
	var heads, values []string
	for _, q := range s.Quantiles {
		heads = append(heads, fmt.Sprintf("%d %%", q.Percent))
		values = append(values, fmt.Sprintf("%.4g", float64(q.Value)))
	}
	t := cli.NewTable(strings.Repeat("r", len(s.Quantiles)), heads...)
	t.Row(values...)
	text.WriteString(t.String())
	text.WriteString("\n")

	most := 1
	for _, b := range s.Histogram {
		most = max(most, b.Count)
	}
	t = cli.NewTable("rrrl", "from", "to", "inputs")
	for _, b := range s.Histogram {
		const width = 40
		bar := strings.Repeat("#", (b.Count*width+most-1)/most)
		t.Row(fmt.Sprintf("%.4g", float64(b.From)), fmt.Sprintf("%.4g", float64(b.To)), fmt.Sprint(b.Count), bar)
	}
	text.WriteString(t.String())
	return text.String()
}

// decimals writes a sum with six decimals, while that makes sense.
func decimals(v float64) string {
	if v >= 1e15 {
		return fmt.Sprintf("%.6e", v)
	}
	return fmt.Sprintf("%.6f", v)
}

// percent writes a fraction with so many decimals.
func percent(v cli.Float, decimals int) string {
	return strconv.FormatFloat(100*float64(v), 'f', decimals, 64) + " %"
}

// csv prints a line for each input, and of several losses for each of these, after one of heads:
// the keys of JSON.
func (r *Report) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	several := len(r.Losses) > 1
	write := func(loss string, cells ...string) {
		if several {
			cells = append([]string{loss}, cells...)
		}
		_ = c.Write(cells)
	}
	write("loss", "path", "scores", "positives", "ignored", "sum", "mean", "per_positive", "max",
		"easy_negatives_entries_share", "easy_negatives_ce_share", "easy_negatives_loss_share", "weighted_mean")
	number := func(v cli.Float) string { return strconv.FormatFloat(float64(v), 'g', -1, 64) }
	for _, l := range r.Losses {
		for _, e := range l.Results {
			largest := ""
			if e.Max != nil {
				largest = cli.Short(*e.Max)
			}
			easy, weighted := e.EasyNegatives, ""
			shares := []string{number(easy.Entries), number(easy.CE), number(easy.Loss)}
			if easy.none {
				shares = make([]string, len(shares))
			}
			if e.WeightedMean != nil {
				weighted = number(*e.WeightedMean)
			}
			write(l.Loss.Loss.String(), append(append([]string{string(e.Path), fmt.Sprint(e.Scores), fmt.Sprint(e.Positives), fmt.Sprint(e.Ignored),
				number(e.Sum), number(e.Mean), number(e.PerPositive), largest}, shares...), weighted)...)
		}
	}
	c.Flush()
	return c.Error()
}
