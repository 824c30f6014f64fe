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
	switch format {
	case "json":
		return cli.WriteJSON(to, r)
	case "go":
		return r.writeGo(to)
	}
	return r.writeTable(to)
}

// writeTable shows the columns of labels and workers only where they differ.
func (r *report) writeTable(to io.Writer) error {
	env := r.Environment
	var b strings.Builder
	b.WriteString(env.String())
	if env.PinnedCPU != nil {
		fmt.Fprintf(&b, ", pinned to CPU %d", *env.PinnedCPU)
	}
	fmt.Fprintf(&b, "\n%s = %s × %s; %d positive, %s; seed %d", cli.Count(env.Scores, "score"), cli.Count(env.Anchors, "anchor"),
		cli.Count(env.Classes, "class"), env.Positives, cli.Count(env.Ignored, "ignored anchor"), env.Seed)
	if env.Classes == measure.ImageClasses {
		switch share := 100 * float64(env.Anchors) / float64(env.ImageAnchors); {
		case env.Anchors == env.ImageAnchors:
			fmt.Fprintf(&b, "\n(a whole %d×%d image)", measure.ImageHeight, measure.ImageWidth)
		case env.Anchors < env.ImageAnchors:
			fmt.Fprintf(&b, "\n(%.2g %% of a %d×%d image's %d anchors; --scores 0 for all)", share, measure.ImageHeight, measure.ImageWidth, env.ImageAnchors)
		}
	}
	labels, workers := false, false
	for _, row := range r.Rows {
		labels = labels || row.Labels != r.Rows[0].Labels
		workers = workers || row.Workers != r.Rows[0].Workers
	}
	if r.Partial {
		b.WriteString("\nINTERRUPTED: these results are partial")
	}
	fmt.Fprintf(&b, "\nmedian of %s", cli.Count(env.Repeats, "repeat"))
	if !labels {
		fmt.Fprintf(&b, ", labels: %s", r.Rows[0].Labels)
	}
	if !workers {
		fmt.Fprintf(&b, ", workers: %d", r.Rows[0].Workers)
	}
	fmt.Fprintf(&b, "; %.1f s in all\n\n", env.Seconds)

	// Text columns, which are aligned to the left, precede those of numbers.
	align, head := "lll", []string{"loss", "operation"}
	if labels {
		align, head = align+"l", append(head, "labels")
	}
	head = append(head, "kernel")
	if workers {
		align, head = align+"r", append(head, "workers")
	}
	table := cli.NewTable(align+"rrrrrr", append(head, "ns/score", "min", "spread", "Gscores/s", "GB/s", "×generic")...)
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
		ratio := "–"
		if row.RatioToGeneric != nil {
			ratio = fmt.Sprintf("%.1f", *row.RatioToGeneric)
		}
		table.Row(append(line,
			fmt.Sprintf("%.3f", row.NsPerScore), fmt.Sprintf("%.3f", row.Min), fmt.Sprintf("%.1f%%", 100*row.Spread),
			fmt.Sprintf("%.3f", row.GscoresPerSec), fmt.Sprintf("%.2f", row.GBPerSec), ratio)...)
	}
	b.WriteString(table.String())
	b.WriteString("\nAll rows of a loss gave the same sum, bit for bit. 'flbench bench --help' says what is measured.\n")
	return cli.Print(to, b.String())
}

// writeGo prints what 'go test -bench' would: a line for each repeat.
func (r *report) writeGo(to io.Writer) error {
	env := r.Environment
	var b strings.Builder
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\npkg: github.com/flengine/flengine/cmd/flbench\ncpu: %s\n", env.OS, env.Arch, env.CPU)
	fmt.Fprintf(&b, "go: %s\nscores: %d\nclasses: %d\nseed: %d\n", env.Go, env.Scores, env.Classes, env.Seed)
	procs := ""
	if env.GOMAXPROCS != 1 {
		procs = fmt.Sprintf("-%d", env.GOMAXPROCS)
	}
	if r.Partial {
		b.WriteString("partial: true\n")
	}
	for i := range env.Repeats {
		for _, row := range r.Rows {
			if i >= len(row.repeats) { // for partial results
				continue
			}
			ns := row.repeats[i]
			fmt.Fprintf(&b, "BenchmarkFlbench/kernel=%s/loss=%s/op=%s/labels=%s/workers=%d%s\t%d\t%.1f ns/op\t%.5f ns/score\t%.4f GB/s\n",
				row.Kernel, row.Loss, row.Op, row.Labels, row.Workers, procs,
				row.Passes, ns*float64(env.Scores), ns, row.BytesPerScore/ns)
		}
	}
	return cli.Print(to, b.String())
}
