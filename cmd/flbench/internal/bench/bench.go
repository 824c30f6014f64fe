// Package bench is the command that measures the throughput of kernels, losses and operations.
package bench

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// defaultScores is what the generic kernel does in 15 to 30 ms, a fifteenth of
// the image.
const defaultScores = 1 << 20

var (
	allLabels  = []string{measure.LabelsClasses, measure.LabelsUint8, measure.LabelsTargets}
	allFormats = []string{"table", "json", "go"}
)

// options are the flags of bench.
type options struct {
	scores, anchors, classes     int
	seed                         uint64
	kernels, losses, ops, labels []string
	workers                      []int
	seconds                      float64
	cpu                          int
	json                         bool
	compare                      string
	format                       string
}

// New returns the command.
func New() *cobra.Command {
	var o options
	levels, anchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the throughput of kernels, losses and operations",
		Long: fmt.Sprintf(`Bench measures how long a score takes: kernels × losses × operations, on a batch
like that of a one-stage detector.

The batch is that of RetinaNet on a %d×%d image: levels P3–P7 with
%s cells, %d anchors a cell:
%d anchors × %d classes = %d scores. By default the first 2²⁰ of
them are measured, in whole anchors, because a pass over all takes the generic
kernel a quarter of a second and more; --scores 0 measures all. Every kernel does
the same scores.

Logits and labels are drawn from a fixed seed, in the proportions of the real
outputs in testdata/detector-logits: of %d anchors there %d are positive, %d
ignored. Background logits are normal with mean %g and deviation %g, but %.1f %%
of them, the hard ones, have mean %g and deviation %g; a positive's logit of its
own class has mean %g and deviation %g. %.2f %% of the background is easy,
p_t > 0.9; in the real outputs 99.94 to 99.96 %% are.

Kernels take turns: each repeat does every row of the table once, until the time
is up, so that whatever else the machine does hits all alike. Shown are the
median of the repeats, the least, and the spread, half the interquartile range in
percent of the median. "×generic" is how many times faster than the generic
kernel the same work was done. GB/s counts the bytes that must be read and
written: 4 for a logit, the labels' (1 per score, or 4 per anchor for class
indices, or 4 per score for soft targets), and 4 for each loss, gradient and second
derivative. The default batch stays in the cache
of most machines.

The losses are
%s;
others are named with their parameters, as in --losses 'focal(alpha=0.5,gamma=3)'.
Before measuring, all kernels, workers, operations and forms of labels are checked to
give the same sum, bit for bit; those of soft targets, and second derivatives, one of their
own. FLENGINE_KERNEL has no say here: --kernels has.

Go's format has one line a repeat, for benchstat.

--compare takes the report of an earlier --json, on the same batch: old and new times
stand side by side, and "old/new" is how many times faster a row has become. "change" is
~ unless the repeats of both runs differ by more than chance: p, of a Mann-Whitney U
test, is below 0.05. That says nothing on why. Minutes apart, a busy machine differs from
itself by some percent, so measure both in turns, more than once, before you believe in
less.

If it is interrupted, it prints what was measured until then, marked as partial, and
exits with 1.`,
			measure.ImageHeight, measure.ImageWidth, sizesOf(levels), measure.AnchorsPerCell, anchors, measure.ImageClasses, anchors*measure.ImageClasses,
			measure.RealAnchors, measure.RealPositives, measure.RealIgnored, measure.EasyMean, measure.EasyDeviation, 100*measure.HardShare, measure.HardMean, measure.HardDeviation,
			measure.PositiveMean, measure.PositiveDeviation, 100*measure.EasyShare(), cli.LossesHelp(cli.AllFamilies())),
		Example: `  flbench
  flbench --workers 1,2 --ops sum --labels classes,uint8
  flbench --losses focal2,focal1.5,focal0.5 --time 5
  flbench --scores 0 --kernels avx2 --cpu 1
  flbench --anchors 25500 --classes 20 --json > result.json
  flbench --json > old.json; flbench --compare old.json
  flbench --format go > old.txt; benchstat -col /kernel old.txt`,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, &o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&o.scores, "scores", defaultScores, "measure the first `N` scores, in whole anchors; 0: the whole image")
	f.IntVar(&o.anchors, "anchors", 0, "measure the first `N` anchors, instead of --scores")
	f.IntVar(&o.classes, "classes", measure.ImageClasses, "`number` of classes, the scores of an anchor")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the batch")
	f.StringSliceVar(&o.kernels, "kernels", nil, "`names` of kernels, as in 'flbench info' (default all usable here)")
	f.StringSliceVar(&o.losses, "losses", []string{"ce", "focal2", "focal1.5"}, "`names` of losses, as above")
	f.StringSliceVar(&o.ops, "ops", measure.UsualOps(), "`names` of operations: "+cli.OrList(measure.AllOps()))
	f.StringSliceVar(&o.labels, "labels", []string{measure.LabelsClasses}, "`forms` of labels: classes (an index per anchor), uint8 (a label per score), targets (soft ones, a float32 per score)")
	f.IntSliceVar(&o.workers, "workers", []int{1}, "`numbers` of workers")
	f.Float64Var(&o.seconds, "time", 12, "`seconds` that all may take, but every row is measured once")
	f.IntVar(&o.cpu, "cpu", 0, "pin the measuring thread to CPU `N` (Linux, one worker)")
	f.StringVar(&o.format, "format", "table", "`form` of output: table, json, go (for benchstat)")
	f.StringVar(&o.compare, "compare", "", "compare with the JSON report in this `file`")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	for flag, names := range map[string][]string{"kernels": engine.Kernels(), "ops": measure.AllOps(), "labels": allLabels, "format": allFormats} {
		cli.CompleteNames(cmd, flag, names)
	}
	cli.CompleteFiles(cmd, []string{"compare"}, "json")
	return cmd
}

func sizesOf(levels []measure.Level) string {
	var sizes []string
	for _, l := range levels {
		sizes = append(sizes, fmt.Sprintf("%d×%d", l.Height, l.Width))
	}
	return strings.Join(sizes, ", ")
}

// plan is what to measure, checked.
type plan struct {
	anchors, classes int
	seed             uint64
	kernels          []string
	losses           []cli.LossSpec
	ops, labels      []string
	workers          []int
	budget           time.Duration
	cpu              int // −1: any
	format           string
	old              *oldReport // to compare with, or nil
}

// wants tells whether an operation is to be measured.
func (p *plan) wants(ops ...string) bool {
	return slices.ContainsFunc(ops, func(op string) bool { return slices.Contains(p.ops, op) })
}

// check turns flags into a plan, or says which flag is wrong.
func (o *options) check(cmd *cobra.Command) (*plan, error) {
	p := &plan{classes: o.classes, seed: o.seed, kernels: o.kernels, ops: o.ops, labels: o.labels, workers: o.workers, cpu: -1, format: o.format}
	changed := cmd.Flags().Changed
	var err error
	if p.anchors, err = o.size(changed("scores"), changed("anchors")); err != nil {
		return nil, err
	}
	if !changed("kernels") {
		p.kernels = engine.Kernels()
	}
	for _, list := range []struct {
		flag       string
		got, known []string
	}{
		{"ops", p.ops, measure.AllOps()},
		{"labels", p.labels, allLabels},
		{"format", []string{p.format}, allFormats},
	} {
		if err := cli.CheckList(list.flag, list.got, list.known); err != nil {
			return nil, err
		}
	}
	if err = cli.CheckKernels(p.kernels); err != nil {
		return nil, err
	}
	if p.losses, err = cli.ParseLosses(o.losses); err != nil {
		return nil, err
	}
	if err = cli.CheckWorkers(p.workers); err != nil {
		return nil, err
	}
	if p.budget, err = cli.CheckTime(o.seconds); err != nil {
		return nil, err
	}
	if changed("cpu") {
		if err = measure.CheckCPU(o.cpu, p.workers); err != nil {
			return nil, err
		}
		p.cpu = o.cpu
	}
	if o.json {
		if changed("format") && o.format != "json" {
			return nil, cli.Usagef("--json and --format %s: want one of them", o.format)
		}
		p.format = "json"
	}
	if changed("compare") {
		switch {
		case o.compare == "":
			return nil, cli.Usagef("--compare is empty: want a file name")
		case p.format == "go":
			return nil, cli.Usagef("--compare beside --format go: want one of them; benchstat compares files of that format")
		}
		if p.old, err = readOld(o.compare); err != nil {
			return nil, err
		}
		if err = p.old.fits(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// size returns the number of anchors.
func (o *options) size(scoresGiven, anchorsGiven bool) (int, error) {
	if o.classes < 1 || o.classes > measure.MaxScores {
		return 0, cli.Usagef("--classes: %d: want 1 to %d", o.classes, measure.MaxScores)
	}
	most := measure.MaxScores / o.classes
	switch {
	case anchorsGiven && scoresGiven:
		return 0, cli.Usagef("--scores and --anchors: want one of them")
	case anchorsGiven:
		if o.anchors < 1 || o.anchors > most {
			return 0, cli.Usagef("--anchors: %d: want 1 to %d, of %s each", o.anchors, most, cli.Count(o.classes, "class"))
		}
		return o.anchors, nil
	case o.scores == 0:
		_, anchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
		if anchors > most {
			return 0, cli.Usagef("--classes: %d: want at most %d for a whole image", o.classes, measure.MaxScores/anchors)
		}
		return anchors, nil
	case o.scores < o.classes || o.scores > measure.MaxScores:
		return 0, cli.Usagef("--scores: %d: want 0, or %d (one anchor) to %d", o.scores, o.classes, measure.MaxScores)
	}
	return o.scores / o.classes, nil
}

func run(cmd *cobra.Command, o *options) error {
	start := time.Now()
	p, err := o.check(cmd)
	if err != nil {
		return err
	}
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	var m *measurement
	err = measure.OnCPU(p.cpu, func() (err error) {
		m, err = p.measure(ctx, start, cmd.ErrOrStderr())
		return err
	})
	if err != nil && !errors.Is(err, cli.ErrInterrupted) {
		return err
	}
	return m.finish(cmd.OutOrStdout(), err)
}
