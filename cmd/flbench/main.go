// Flbench measures flengine's throughput and evaluates detector logits.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/eval"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its surroundings as arguments; it returns the exit code: 0,
// 1 for a failure, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	return cli.Execute(context.Background(), newRootCommand(), args, stdout, stderr)
}

func newRootCommand() *cobra.Command {
	root := newBenchCommand()
	root.Use = "flbench"
	root.Short = "Measure flengine's throughput and evaluate detector logits"
	root.Long = `flbench measures the throughput of flengine's loss kernels on this machine, and
evaluates cross-entropy and focal loss over real detector logits.

Without a command it is 'flbench bench'.`
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newBenchCommand(), eval.New(), newInfoCommand(), newRooflineCommand(), newScenariosCommand(), newVerifyCommand(subjects))
	return root
}
