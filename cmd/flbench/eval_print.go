package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flengine/flengine/engine"
)

// report is what eval prints; its JSON form is documented in the command's help.
type report struct {
	Loss    lossInfo `json:"loss"`
	Kernel  string   `json:"kernel"`
	Workers int      `json:"workers"`
	Results []entry  `json:"results"`
	Total   entry    `json:"total"`
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

// jsonLogit is a logit, which unlike a JSON number may be infinite.
type jsonLogit float32

func (x jsonLogit) MarshalJSON() ([]byte, error) {
	switch {
	case math.IsInf(float64(x), 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(float64(x), -1):
		return []byte(`"-Infinity"`), nil
	}
	return json.Marshal(float32(x))
}

// print writes the report in one piece.
func (r *report) print(w io.Writer, asJSON bool) error {
	var text bytes.Buffer
	if asJSON {
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return err
		}
	} else {
		r.table(&text)
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("printing the results: %w", err)
	}
	return nil
}

// table is the report for people. Paths come last, as in wc and du.
func (r *report) table(text *bytes.Buffer) {
	plural := "s"
	if r.Workers == 1 {
		plural = ""
	}
	fmt.Fprintf(text, "%v; kernel %s, %d worker%s\n\n", r.Loss, r.Kernel, r.Workers, plural)

	rows := [][]string{{"scores", "positives", "ignored", "sum", "mean", "per positive", "scores", "CE", "loss", "path"}}
	entries := r.Results
	if len(entries) > 1 {
		entries = append(entries[:len(entries):len(entries)], r.Total)
	}
	for _, e := range entries {
		easy := e.EasyNegatives
		rows = append(rows, []string{
			fmt.Sprint(e.Scores), fmt.Sprint(e.Positives), fmt.Sprint(e.Ignored),
			decimals(e.Sum), fmt.Sprintf("%.4g", e.Mean), decimals(e.PerPositive),
			fmt.Sprintf("%.4f %%", 100*easy.Entries), fmt.Sprintf("%.2f %%", 100*easy.CE), fmt.Sprintf("%.2f %%", 100*easy.Loss),
			printable(e.Path),
		})
	}
	width := alignRight(rows, 9)
	fmt.Fprintf(text, "%*s\n", width, "easy negatives' share of")
	for _, row := range rows {
		fmt.Fprintln(text, strings.Join(row, "  "))
	}

	for _, e := range r.Results {
		if len(e.Top) == 0 {
			continue
		}
		fmt.Fprintf(text, "\nhardest scores of %s\n\n", printable(e.Path))
		rows := [][]string{{"row", "column", "logit", "label", "loss"}}
		for _, s := range e.Top {
			rows = append(rows, []string{fmt.Sprint(s.Row), fmt.Sprint(s.Column), short(s.Logit), fmt.Sprint(s.Label), short(s.Loss)})
		}
		alignRight(rows, 5)
		for _, row := range rows {
			fmt.Fprintln(text, strings.Join(row, "  "))
		}
	}
}

// alignRight pads the first columns of all rows to the same widths, and returns
// what they take together with two spaces between them. Their cells are ASCII.
func alignRight(rows [][]string, columns int) int {
	total := -2
	for c := range columns {
		width := 0
		for _, row := range rows {
			width = max(width, len(row[c]))
		}
		for _, row := range rows {
			row[c] = fmt.Sprintf("%*s", width, row[c])
		}
		total += width + 2
	}
	return total
}

// decimals writes a sum with six decimals, while that makes sense.
func decimals(v float64) string {
	if v >= 1e15 {
		return fmt.Sprintf("%.6e", v)
	}
	return fmt.Sprintf("%.6f", v)
}

// short writes a float32 with the digits that tell it from others.
func short[T ~float32](v T) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// printable quotes a path that would break the table.
func printable(path string) string {
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(c rune) bool { return !strconv.IsPrint(c) }) {
		return strconv.Quote(path)
	}
	return path
}
