package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
)

// write prints the report in one of allFormats.
func (r *report) write(to io.Writer, format string) error {
	switch {
	case format == "json":
		return cli.WriteJSON(to, r)
	case format == "csv":
		return r.writeCSV(to)
	case format == "go":
		return r.writeGo(to)
	case r.Old != nil:
		return r.writeComparison(to)
	}
	return r.writeTable(to)
}

// name is a part of what names a row, in a column of its own where it differs.
type name struct {
	head, align string
	of          func(r *row) string
	silent      string // what need not be said of all
}

// names are the parts. Text, which is aligned to the left, precedes numbers.
var names = []name{
	{"loss", "l", func(r *row) string { return r.Loss }, ""},
	{"operation", "l", func(r *row) string { return r.Op }, ""},
	{"input", "l", func(r *row) string { return r.Input }, measure.InputLogits},
	{"labels", "l", func(r *row) string { return r.Labels }, ""},
	{"weights", "l", func(r *row) string { return r.Weights }, measure.WeightsNone},
	{"kernel", "l", func(r *row) string { return r.Kernel }, ""},
	{"columns", "r", func(r *row) string { return fmt.Sprint(r.Columns) }, ""},
	{"scores", "r", func(r *row) string { return fmt.Sprint(r.Scores) }, ""},
	{"workers", "r", func(r *row) string { return fmt.Sprint(r.Workers) }, ""},
}

// namesOf returns the parts that need a column, and those that all rows have alike.
func namesOf(rows []row) (differ, alike []name) {
	for _, n := range names {
		same := !slices.ContainsFunc(rows, func(row row) bool { return n.of(&row) != n.of(&rows[0]) })
		if !same || n.head == "loss" || n.head == "operation" || n.head == "kernel" {
			differ = append(differ, n)
		} else {
			alike = append(alike, n)
		}
	}
	return differ, alike
}

// parts are the rows of what flags name, and others; the latter alone are not told apart.
func (r *report) parts() (main, others []row) {
	i := slices.IndexFunc(r.Rows, func(row row) bool { return row.other })
	if i <= 0 {
		return r.Rows, nil
	}
	return r.Rows[:i], r.Rows[i:]
}

// head says what was measured.
func (r *report) head(b *strings.Builder) {
	env := r.Environment
	main, _ := r.parts()
	b.WriteString(env.String())
	b.WriteString("\n")
	r.sizes(b, main)
	if r.Partial {
		b.WriteString("\nINTERRUPTED: these results are partial")
	}
	fmt.Fprintf(b, "\nmedian of %s%s; %.1f s in all\n", cli.Count(env.Repeats, "repeat"), alikeIn(main), env.Seconds)
}

// alikeIn says what all rows have alike, but for their size.
func alikeIn(rows []row) (text string) {
	_, alike := namesOf(rows)
	for _, n := range alike {
		if v := n.of(&rows[0]); n.head != "columns" && n.head != "scores" && v != n.silent {
			text += ", " + n.head + ": " + v
		}
	}
	return text
}

// sizes says what batches rows have.
func (r *report) sizes(b *strings.Builder, rows []row) {
	env := r.Environment
	least, most := rows[0], rows[0]
	for _, row := range rows {
		least.Scores, most.Scores = min(least.Scores, row.Scores), max(most.Scores, row.Scores)
		least.Columns, most.Columns = min(least.Columns, row.Columns), max(most.Columns, row.Columns)
	}
	if least.Scores != most.Scores || least.Columns != most.Columns {
		fmt.Fprintf(b, "batches of %s, of %s; seed %d", span(least.Scores, most.Scores, "score"), span(least.Columns, most.Columns, "column"), env.Seed)
		return
	}
	batch := env.batch(most.Columns, most.Scores)
	fmt.Fprintf(b, "%s = %s × %s; %d positive, %s; seed %d", cli.Count(batch.Scores, "score"), cli.Count(batch.Anchors, "anchor"),
		cli.Count(batch.Columns, "class"), batch.Positives, cli.Count(batch.Ignored, "ignored anchor"), env.Seed)
	if batch.Columns == measure.ImageClasses {
		switch share := 100 * float64(batch.Anchors) / float64(env.ImageAnchors); {
		case batch.Anchors == env.ImageAnchors:
			fmt.Fprintf(b, "\n(a whole %d×%d image)", measure.ImageHeight, measure.ImageWidth)
		case batch.Anchors < env.ImageAnchors:
			fmt.Fprintf(b, "\n(%.2g %% of a %d×%d image's %d anchors; --scores 0 for all)", share, measure.ImageHeight, measure.ImageWidth, env.ImageAnchors)
		}
	}
}

// span is a range of numbers of things.
func span(least, most int, thing string) string {
	if least == most {
		return cli.Count(most, thing)
	}
	return fmt.Sprintf("%d to %s", least, cli.Count(most, thing))
}

// tables lines up the rows: what names them, and numbers.
func (r *report) tables(numbers func(row) []string, head ...string) string {
	main, others := r.parts()
	text := table(main, numbers, head)
	if len(others) > 0 {
		text += "\nOther inputs, labels, weights, sizes and losses:\n\n" + table(others, numbers, head)
	}
	return text
}

func table(rows []row, numbers func(row) []string, head []string) string {
	differ, _ := namesOf(rows)
	align, heads := "", []string{}
	for _, n := range differ {
		align, heads = align+n.align, append(heads, n.head)
	}
	table := cli.NewTable(align+strings.Repeat("r", len(head)), append(heads, head...)...)
	for i, row := range rows {
		if i > 0 && row.Loss != rows[i-1].Loss {
			table.Gap()
		}
		var line []string
		for _, n := range differ {
			line = append(line, n.of(&row))
		}
		table.Row(append(line, numbers(row)...)...)
	}
	return table.String()
}

// writeTable shows the report alone.
func (r *report) writeTable(to io.Writer) error {
	var b strings.Builder
	r.head(&b)
	b.WriteString("\n")
	b.WriteString(r.tables(func(row row) []string {
		ratio := "–"
		if row.RatioToGeneric != nil {
			ratio = fmt.Sprintf("%.1f", *row.RatioToGeneric)
		}
		return []string{fmt.Sprintf("%.3f", row.NsPerScore), fmt.Sprintf("%.0f", row.NsPerCall), fmt.Sprintf("%.3f", row.Min), fmt.Sprintf("%.1f%%", 100*row.Spread),
			fmt.Sprintf("%.3f", row.GscoresPerSec), fmt.Sprintf("%.2f", row.GBPerSec), ratio}
	}, "ns/score", "ns/call", "min", "spread", "Gscores/s", "GB/s", "×generic"))
	b.WriteString("\nAll rows of a loss that do the same work gave the same sum, bit for bit. 'flbench bench --help' says what is measured.\n")
	return cli.Print(to, b.String())
}
