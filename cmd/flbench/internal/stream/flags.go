package stream

import (
	"errors"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

// maxWorkers bounds the memory for scratch; no machine gains from more, as reading and
// writing then sets the pace.
const maxWorkers = 256

// Flags are those of commands that evaluate dumps.
type Flags struct {
	Inputs  dump.Options
	Kernel  string
	Workers int
}

// Command returns a command whose arguments name inputs, with the flags that say what these are.
// Other flags come after them, in the order in which they are added.
func (f *Flags) Command(use, short string, run func(cmd *cobra.Command, paths []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs, DisableFlagsInUseLine: true,
		RunE: run,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().SortFlags = false
	f.Inputs.AddFlags(cmd.Flags())
	return cmd
}

// AddEngine adds --kernel and --workers.
func (f *Flags) AddEngine(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.Kernel, "kernel", "", "`NAME` of the kernel: "+cli.OrList(engine.Kernels())+" (default $"+cli.KernelVariable+", or the fastest)")
	flags.IntVar(&f.Workers, "workers", runtime.GOMAXPROCS(0), "work with up to `N` goroutines")
	cli.CompleteNames(cmd, "kernel", engine.Kernels())
}

// Check refuses workers and kernels that cannot be.
func (f *Flags) Check() error {
	if f.Workers < 1 {
		return cli.Usagef("--workers is %d: want 1 or more", f.Workers)
	}
	if _, err := engine.New(engine.CrossEntropy(), engine.WithKernel(f.Kernel)); err != nil {
		if f.Kernel != "" {
			return cli.Usagef("--kernel: %w", err)
		}
		return err // about FLENGINE_KERNEL
	}
	return nil
}

// Sources returns the inputs.
func (f *Flags) Sources(paths []string) ([]dump.Source, error) {
	sources, err := f.Inputs.Sources(paths)
	var usage dump.UsageError
	if errors.As(err, &usage) {
		return nil, cli.Usagef("%w", err)
	}
	return sources, err
}

// Engine returns the options of engines: each worker has its own, so that they are of one.
func (f *Flags) Engine(convention ...engine.Option) []engine.Option {
	return append([]engine.Option{engine.WithKernel(f.Kernel), engine.WithWorkers(1)}, convention...)
}

// Workers returns how many work on images of so many scores, and the number of these.
func Workers(images []*Image, most int) (workers int, scores int64) {
	shards := 0
	for _, im := range images {
		scores += int64(im.to - im.from)
		shards += im.Shards()
	}
	return min(most, maxWorkers, shards), scores
}
