package bench

import (
	"fmt"
	"io"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
)

// write prints the report in one of allFormats.
func (r *report) write(to io.Writer, format string) error {
	switch {
	case format == "json":
		return cli.WriteJSON(to, r)
	case format == "go":
		return r.writeGo(to)
	case r.Old != nil:
		return r.writeComparison(to)
	}
	return r.writeTable(to)
}

// columns tells which columns of names a table needs: of labels and workers only where they
// differ.
func (r *report) columns() (labels, workers bool) {
	for _, row := range r.Rows {
		labels = labels || row.Labels != r.Rows[0].Labels
		workers = workers || row.Workers != r.Rows[0].Workers
	}
	return labels, workers
}

// head says what was measured.
func (r *report) head(b *strings.Builder) {
	env := r.Environment
	b.WriteString(env.String())
	fmt.Fprintf(b, "\n%s = %s × %s; %d positive, %s; seed %d", cli.Count(env.Scores, "score"), cli.Count(env.Anchors, "anchor"),
		cli.Count(env.Classes, "class"), env.Positives, cli.Count(env.Ignored, "ignored anchor"), env.Seed)
	if env.Classes == measure.ImageClasses {
		switch share := 100 * float64(env.Anchors) / float64(env.ImageAnchors); {
		case env.Anchors == env.ImageAnchors:
			fmt.Fprintf(b, "\n(a whole %d×%d image)", measure.ImageHeight, measure.ImageWidth)
		case env.Anchors < env.ImageAnchors:
			fmt.Fprintf(b, "\n(%.2g %% of a %d×%d image's %d anchors; --scores 0 for all)", share, measure.ImageHeight, measure.ImageWidth, env.ImageAnchors)
		}
	}
	if r.Partial {
		b.WriteString("\nINTERRUPTED: these results are partial")
	}
	fmt.Fprintf(b, "\nmedian of %s", cli.Count(env.Repeats, "repeat"))
	labels, workers := r.columns()
	if !labels {
		fmt.Fprintf(b, ", labels: %s", r.Rows[0].Labels)
	}
	if !workers {
		fmt.Fprintf(b, ", workers: %d", r.Rows[0].Workers)
	}
	fmt.Fprintf(b, "; %.1f s in all\n", env.Seconds)
}

// table lines up the rows: what names them, and six numbers.
func (r *report) table(numbers func(row) []string, head ...string) string {
	labels, workers := r.columns()
	// Text columns, which are aligned to the left, precede those of numbers.
	align, names := "lll", []string{"loss", "operation"}
	if labels {
		align, names = align+"l", append(names, "labels")
	}
	names = append(names, "kernel")
	if workers {
		align, names = align+"r", append(names, "workers")
	}
	table := cli.NewTable(align+"rrrrrr", append(names, head...)...)
	for i, row := range r.Rows {
		if i > 0 && row.Loss != r.Rows[i-1].Loss {
			table.Gap()
		}
		line := []string{row.Loss, row.Op}
		if labels {
			line = append(line, row.Labels)
		}
		line = append(line, row.Kernel)
		if workers {
			line = append(line, fmt.Sprint(row.Workers))
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
	b.WriteString(r.table(func(row row) []string {
		ratio := "–"
		if row.RatioToGeneric != nil {
			ratio = fmt.Sprintf("%.1f", *row.RatioToGeneric)
		}
		return []string{fmt.Sprintf("%.3f", row.NsPerScore), fmt.Sprintf("%.3f", row.Min), fmt.Sprintf("%.1f%%", 100*row.Spread),
			fmt.Sprintf("%.3f", row.GscoresPerSec), fmt.Sprintf("%.2f", row.GBPerSec), ratio}
	}, "ns/score", "min", "spread", "Gscores/s", "GB/s", "×generic"))
	b.WriteString("\nAll rows of a loss that do the same work gave the same sum, bit for bit. 'flbench bench --help' says what is measured.\n")
	return cli.Print(to, b.String())
}
