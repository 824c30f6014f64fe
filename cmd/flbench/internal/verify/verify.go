// Package verify is the command that measures errors and compares the kernels' bits.
package verify

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// defaultStride keeps the default run under two minutes on two cores. It is a
// prime, so that all bits of the inputs vary.
const defaultStride = 211

// maxWorkers bounds the memory for scratch; no machine has more cores by far.
const maxWorkers = 256

// New returns the command.
func New() *cobra.Command { return newCommand(subjects) }

// newCommand returns the command for the subjects of the list.
func newCommand(list func() ([]subject, error)) *cobra.Command {
	var stride uint64
	var exhaustive, asJSON bool
	var only []string
	var workers int
	all, listErr := list()
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Measure the error of losses and functions, and compare the kernels' bits",
		Long: fmt.Sprintf(`Verify evaluates all that has a documented error bound on this machine: the
losses and gradients, with both labels, from float32 logits and from probabilities;
losses, gradients and second derivatives of targets; losses and gradients of rows under
softmax; and the functions of package vecmath. It compares the bits of every usable kernel with generic's, and measures the
error against float64, in units in the last place (ULP) of the exact value. Infinities,
NaN, and the signs of all results must be right.

Targets are of %d kinds for every logit: 0, 1, ½, any, those near 0, 1 and p, smoothed
labels and others. Where terms of a value cancel, its error counts in ULP of the sum of
their magnitudes, the scale of engine.Loss.Exact.

Where an exact loss or gradient is below 2⁻¹²⁶, its absolute error must be at most
2⁻¹²⁶, and counts as 0 ULP; engine.Bound says where both are larger. Subnormal results
of functions count in units of the smallest float32.

By default every %s of the 2³² bit patterns is taken; --exhaustive takes all of
them, which takes hours on two cores. Of targets there are %d times fewer logits, with all
kinds of targets each, and of rows, which have lengths of %s. Pow has two arguments, and never takes more than every %s x, with
each of the exponents %s.

It exits with 1 if a bound is broken, if a special value or a sign is wrong, or if the
kernels differ. If it is interrupted, it prints what was finished, says what is
missing, and exits with 1; --only goes on with that.

Names for --only:
  %s;
a group and a name mean one, as in %s.ce.`, len(targetFamilies), ordinal(defaultStride), targetsStride, rowLengths(), ordinal(powStride), strings.Trim(fmt.Sprint(powers), "[]"), wrapNames(onlyNames(all)), groupProbs),
		Example: `  flbench verify
  flbench verify --only vecmath,logits.ce --stride 101 --json
  flbench verify --only exp --exhaustive
  flbench verify --exhaustive`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case exhaustive && cmd.Flags().Changed("stride"):
				return cli.Usagef("--stride has no meaning with --exhaustive")
			case exhaustive:
				stride = 1
			case stride < 1 || stride > 1<<32:
				return cli.Usagef("--stride is %d: want 1 to %d", stride, uint64(1)<<32)
			}
			if workers < 1 {
				return cli.Usagef("--workers is %d: want 1 or more", workers)
			}
			if cmd.Flags().Changed("only") && len(only) == 0 {
				return cli.Usagef("--only is empty: want one or more of %s", strings.Join(onlyNames(all), ", "))
			}
			if listErr != nil {
				return listErr
			}
			chosen, err := choose(all, only)
			if err != nil {
				return err
			}
			ctx, stop := cli.Interruptible(cmd.Context())
			defer stop()
			rep, err := sweepAll(ctx, chosen, stride, min(workers, maxWorkers), cli.NewProgress(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return rep.finish(cmd.OutOrStdout(), asJSON)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint64Var(&stride, "stride", defaultStride, "take every `N`th of all inputs")
	f.BoolVar(&exhaustive, "exhaustive", false, "take all inputs")
	f.StringSliceVar(&only, "only", nil, "verify only what these `names` stand for (default all)")
	f.IntVar(&workers, "workers", runtime.GOMAXPROCS(0), "work with `N` goroutines")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// finish prints the report, if it has anything, and returns what it comes to.
func (r *report) finish(to io.Writer, asJSON bool) error {
	if len(r.Missing) > 0 && len(r.Results) == 0 {
		return errors.New("interrupted before anything was verified")
	}
	var err error
	if asJSON {
		err = cli.WriteJSON(to, r)
	} else {
		err = r.print(to)
	}
	faults := r.failures()
	if len(r.Missing) > 0 {
		faults = append(faults, "interrupted; not verified: "+strings.Join(r.Missing, ", "))
	}
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("verify: %s", strings.Join(faults, "; "))
	}
	return err
}

// wrapNames joins names with commas, in indented lines.
func wrapNames(names []string) string {
	const width = 80
	var b strings.Builder
	line := 0
	for i, name := range names {
		switch {
		case i == 0:
		case line+len(name) > width:
			b.WriteString(",\n  ")
			line = 0
		default:
			b.WriteString(", ")
		}
		b.WriteString(name)
		line += len(name) + 2
	}
	return b.String()
}
