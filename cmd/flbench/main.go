// Flbench measures flengine's throughput and evaluates detector logits.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/bench"
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/eval"
	"github.com/flengine/flengine/cmd/flbench/internal/hardest"
	"github.com/flengine/flengine/cmd/flbench/internal/info"
	"github.com/flengine/flengine/cmd/flbench/internal/merge"
	"github.com/flengine/flengine/cmd/flbench/internal/plots"
	"github.com/flengine/flengine/cmd/flbench/internal/report"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline"
	"github.com/flengine/flengine/cmd/flbench/internal/scenarios"
	"github.com/flengine/flengine/cmd/flbench/internal/sweep"
	"github.com/flengine/flengine/cmd/flbench/internal/verify"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its surroundings as arguments; it returns the exit code: 0,
// 1 for a failure, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	return cli.Execute(context.Background(), newRootCommand(), args, stdout, stderr)
}

func newRootCommand() *cobra.Command {
	root := bench.New()
	root.Use = "flbench"
	root.Short = "Measure flengine's throughput and evaluate detector logits"
	root.Long = `flbench measures the throughput of flengine's loss kernels on this machine, and
evaluates cross-entropy and focal loss over real detector logits.

Without a command it is 'flbench bench'. Shells complete commands, flags and names after
'source <(flbench completion bash)'; zsh, fish and powershell have the like, which
'flbench completion zsh --help' explains.`
	root.AddCommand(bench.New(), eval.New(), hardest.New(), info.New(), info.NewVersion(), merge.New(), plots.New(), report.New(), roofline.New(), scenarios.New(), sweep.New(), verify.New())

	measure := root.RunE
	version := root.Flags().Bool("version", false, "the same as 'flbench version'")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *version {
			asJSON, err := cmd.Flags().GetBool("json")
			if err != nil {
				return err
			}
			return info.PrintVersion(cmd.OutOrStdout(), asJSON)
		}
		return measure(cmd, args)
	}
	return root
}
