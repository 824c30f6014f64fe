package bench

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// writeCSV prints a line for each row, after one of heads: the keys of JSON.
func (r *report) writeCSV(to io.Writer) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	heads := []string{"kernel", "loss", "gamma", "pos_weight", "neg_weight", "op", "input", "labels", "weights", "columns", "scores", "workers",
		"passes", "ns_per_score", "ns_per_call", "min_ns_per_score", "max_ns_per_score", "spread", "gscores_per_second", "bytes_per_score",
		"gb_per_second", "ratio_to_generic", "loss_sum", "partial"}
	if r.Old != nil {
		heads = append(heads, "old_ns_per_score", "ratio", "p", "note")
	}
	_ = w.Write(heads)
	for _, row := range r.Rows {
		line := []string{row.Kernel, row.Loss, cli.Short(row.Gamma), cli.Short(row.PosWeight), cli.Short(row.NegWeight), row.Op, row.Input, row.Labels, row.Weights,
			fmt.Sprint(row.Columns), fmt.Sprint(row.Scores), fmt.Sprint(row.Workers),
			fmt.Sprint(row.Passes), number(&row.NsPerScore), number(&row.NsPerCall), number(&row.Min), number(&row.Max), number(&row.Spread), number(&row.GscoresPerSec), number(&row.BytesPerScore),
			number(&row.GBPerSec), number(row.RatioToGeneric), number(&row.Sum), fmt.Sprint(r.Partial)}
		if c := row.Change; c != nil {
			line = append(line, number(&c.Old), number(&c.Ratio), number(c.P), c.Note)
		} else if r.Old != nil {
			line = append(line, "", "", "", "")
		}
		_ = w.Write(line)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return cli.Print(to, b.String())
}

// number writes one with all its digits, nothing for nil.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
