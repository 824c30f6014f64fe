package outcome

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Arrangement is the flags --sort and --limit.
type Arrangement struct {
	Sort  string
	Limit int
}

// Add adds the flags.
func (a *Arrangement) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.Sort, "sort", "", "order the PATHs by `KEY`, the largest first: "+cli.OrList(SortNames()))
	cmd.Flags().IntVar(&a.Limit, "limit", 0, "show the first `N` PATHs only (default all)")
	cli.CompleteNames(cmd, "sort", SortNames())
}

// Check refuses what the flags do not take.
func (a *Arrangement) Check(cmd *cobra.Command) error {
	switch {
	case a.Limit < 0:
		return cli.Usagef("--limit is %d: want 0 or more", a.Limit)
	case cmd.Flags().Changed("sort") && !slices.Contains(SortNames(), a.Sort):
		return cli.Usagef("--sort is %q: want %s", a.Sort, cli.OrList(SortNames()))
	}
	return nil
}
