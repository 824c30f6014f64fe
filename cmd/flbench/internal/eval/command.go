// Package eval is flbench's eval: it evaluates a loss over dumps of a detector's scores.
package eval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

var evalLong = fmt.Sprintf(`eval evaluates a detection loss over raw class logits, before the sigmoid, and
shows how much of it the easy negatives make up.

Each PATH is a folder with two NumPy files:

  logits.npy  float32 of shape (A, C), one row of C scores an anchor, or (A,)
  labels.npy  int32 or int64 of shape (A,): the class column of each anchor,
              %d for background, %d for an ignored anchor;
              or uint8 of the logits' shape: 0, 1, or %d for an ignored score

The files are mapped and evaluated in shards, so they may be larger than memory.

For each PATH, and for all of them together, eval prints the entries scored, how
many of them are positive, the entries ignored (scores, not anchors), the sum of
the losses, its mean over the entries scored, and the sum per positive (at least
one), RetinaNet's normaliser. Easy negatives are the background entries with
p_t > 0.9: those whose logit is below -ln 9 = -2.19722457…, compared without
rounding, -Inf included. Their share of the entries scored, of the total
cross-entropy and of the total of the chosen loss follow.

Sums are exact and rounded once: they do not depend on the kernel, the number of
workers, or the order of the PATHs.

With --json the same is one object with the keys loss (name, and the parameters that
the loss has), kernel, workers, results and total. Each of the results,
and total, has the keys path, scores, positives, ignored, sum, mean, per_positive
and easy_negatives (entries_share, ce_share and loss_share, fractions from 0 to 1).
The path of total is "total"; with --logits that of the result is the logits' file.
With --top K above 0 each of the results also has top: the hardest scores, largest
loss first, each with the keys row, column, logit, label (0 or 1) and loss. Infinite
logits are the strings "Infinity" and "-Infinity".

The losses are
%s.
--loss takes the name of one, whose parameters have flags of their own, or the whole,
as in --loss 'focal(gamma=2,pos=1,neg=1)', where pos and neg stand for alpha.

Nothing is printed or written if any of the input is bad.`, engine.Background, engine.IgnoredClass, engine.IgnoredLabel, cli.LossesHelp())

const evalExample = `  # The focal loss (alpha 0.25, gamma 2) of one image
  flbench eval testdata/detector-logits/nanodet/astronaut

  # The cross-entropy of five images and their total, for a script
  flbench eval --json --loss ce testdata/detector-logits/*/*/

  # The ten hardest scores, and all losses for numpy.load
  flbench eval --top 10 --losses-out losses.npy --logits scores.npy --labels classes.npy`

// evalFlags are eval's flags.
type evalFlags struct {
	logits, labels          string
	loss                    cli.LossFlags
	kernel                  string
	workers, top            int
	lossesOut, gradientsOut string
	json                    bool
}

// New returns the command.
func New() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:     "eval PATH... | --logits FILE --labels FILE",
		Short:   "Evaluate a loss over detector logits in .npy files",
		Long:    evalLong,
		Example: evalExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, paths []string) error {
			inputs, err := f.inputs(cmd, paths)
			if err != nil {
				return err
			}
			e, err := f.evaluator(cmd)
			if err != nil {
				return err
			}
			ctx, stop := cli.Interruptible(cmd.Context())
			defer stop()
			rep, err := e.run(ctx, inputs, cli.NewProgress(cmd.ErrOrStderr()))
			switch {
			case errors.Is(err, context.Canceled):
				return cli.ErrInterrupted
			case err != nil:
				return err
			}
			return rep.print(cmd.OutOrStdout(), f.json)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		DisableFlagsInUseLine: true,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.logits, "logits", "", "evaluate the logits in `FILE` instead of PATHs; with --labels")
	flags.StringVar(&f.labels, "labels", "", "take the labels from `FILE`; with --logits")
	flags.StringVar(&f.loss.Name, "loss", "focal", "`NAME` of the loss: "+cli.OrList(cli.FamilyNames())+", as above")
	f.loss.Add(flags, cli.FamilyNames())
	flags.StringVar(&f.kernel, "kernel", "", "`NAME` of the kernel: "+cli.OrList(engine.Kernels())+" (default $FLENGINE_KERNEL, or the fastest)")
	flags.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "work with `N` goroutines")
	flags.IntVar(&f.top, "top", 0, "list the `K` hardest scores of each PATH")
	flags.StringVar(&f.lossesOut, "losses-out", "", "write each score's loss to the .npy `FILE`; for one input")
	flags.StringVar(&f.gradientsOut, "gradients-out", "", "write each score's gradient to the .npy `FILE`; for one input")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	cli.CompleteNames(cmd, "loss", cli.FamilyNames())
	cli.CompleteNames(cmd, "kernel", engine.Kernels())
	cli.CompleteFiles(cmd, []string{"logits", "labels", "losses-out", "gradients-out"}, "npy")
	return cmd
}

// inputs returns the pairs of files to evaluate.
func (f *evalFlags) inputs(cmd *cobra.Command, paths []string) ([]pair, error) {
	logits, labels := cmd.Flags().Changed("logits"), cmd.Flags().Changed("labels")
	var pairs []pair
	switch {
	case logits != labels:
		return nil, cli.Usagef("only one of --logits and --labels: want both, or PATHs")
	case logits && len(paths) > 0:
		return nil, cli.Usagef("%s beside --logits and --labels: want one or the other", paths[0])
	case logits && (f.logits == "" || f.labels == ""):
		return nil, cli.Usagef("--logits or --labels is empty: want file names")
	case logits:
		pairs = []pair{{path: f.logits, logits: f.logits, labels: f.labels}}
	case len(paths) == 0:
		return nil, cli.Usagef("no input: want PATHs, or --logits and --labels")
	}
	for _, path := range paths {
		if path == "" {
			return nil, cli.Usagef("a PATH is empty: want a folder")
		}
		pairs = append(pairs, pair{
			path:   path,
			logits: filepath.Join(path, "logits.npy"),
			labels: filepath.Join(path, "labels.npy"),
			folder: true,
		})
	}
	return pairs, f.checkOutputs(cmd, pairs)
}

// checkOutputs refuses outputs that several inputs would share, or that are one
// of the inputs or each other.
func (f *evalFlags) checkOutputs(cmd *cobra.Command, pairs []pair) error {
	type file struct{ flag, path string }
	var outputs []file
	for _, o := range []file{{"--losses-out", f.lossesOut}, {"--gradients-out", f.gradientsOut}} {
		switch {
		case !cmd.Flags().Changed(o.flag[2:]):
			continue
		case o.path == "":
			return cli.Usagef("%s is empty: want a file name", o.flag)
		case len(pairs) > 1:
			return cli.Usagef("%s with %d inputs: want exactly one", o.flag, len(pairs))
		}
		for _, in := range []string{pairs[0].logits, pairs[0].labels} {
			if sameFile(o.path, in) {
				return cli.Usagef("%s %s is the input %s: want another file", o.flag, o.path, in)
			}
		}
		outputs = append(outputs, o)
	}
	if len(outputs) == 2 && sameFile(outputs[0].path, outputs[1].path) {
		return cli.Usagef("--losses-out and --gradients-out are both %s: want two files", f.lossesOut)
	}
	return nil
}

// sameFile tells whether two names stand for one file, which need not exist.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	return (errX == nil) == (errY == nil) && location(a) == location(b)
}

// location is a file's name with its folder's links followed, where it exists.
func location(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	dir, base := filepath.Split(filepath.Clean(path))
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, base)
}

// evaluator checks the flags on the loss and on how to evaluate it.
func (f *evalFlags) evaluator(cmd *cobra.Command) (*evaluator, error) {
	loss, err := f.loss.Chosen(cmd.Flags())
	switch {
	case err != nil:
		return nil, err
	case f.workers < 1:
		return nil, cli.Usagef("--workers is %d: want 1 or more", f.workers)
	case f.top < 0:
		return nil, cli.Usagef("--top is %d: want 0 or more", f.top)
	}
	e := &evaluator{
		about: cli.LossInfo{Loss: loss}, workers: f.workers, top: f.top,
		lossesOut: f.lossesOut, gradientsOut: f.gradientsOut,
	}
	// Shards are what the workers share, so each is evaluated by one.
	options := []engine.Option{engine.WithKernel(f.kernel), engine.WithWorkers(1)}
	if e.loss, err = engine.New(loss, options...); err == nil {
		e.ce, err = engine.New(engine.CrossEntropy(), options...)
	}
	switch {
	case err != nil && f.kernel != "":
		return nil, cli.Usagef("--kernel: %w", err)
	case err != nil:
		return nil, err // about FLENGINE_KERNEL
	case loss == engine.CrossEntropy():
		e.ce = e.loss
	}
	return e, nil
}
