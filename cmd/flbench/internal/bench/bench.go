// Package bench is the command that measures the throughput of kernels, losses and operations.
package bench

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// defaultScores is what the generic kernel does in 15 to 30 ms, a fifteenth of
// the image.
const defaultScores = 1 << 20

var allFormats = []string{"table", "json", "csv", "go"}

// options are the flags of bench.
type options struct {
	scores, anchors, columns []int
	losses, ops              []string
	inputs, labels, weights  []string
	seed                     uint64
	kernels                  []string
	workers                  []int
	seconds                  float64
	cpu                      int
	json                     bool
	compare                  string
	format                   string
}

// New returns the command.
func New() *cobra.Command {
	var o options
	levels, anchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the throughput of kernels, losses and operations",
		Long: fmt.Sprintf(`Bench measures how long a score takes, and a call: kernels × losses × operations, on a
batch like that of a one-stage detector.

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

What people have is named by flags that take lists, and every combination is a row:
  --columns  1 for a single class, 80 for COCO's; --scores or --anchors, sizes down to one score
  --inputs   float32 logits, 16-bit ones, or probs, what comes after the sigmoid
  --labels   a class index per anchor, a label per score, or a soft target per score
  --weights  of anchors (Batch.Weights), scores (ScoreWeights), columns (WithColumnWeights) and of
             a column's positives (WithClassWeights), between 0 and 1; several are joined by +
Combinations that do not exist are named on stderr, with the flags to choose instead, and left
out; where none is left, that is an error. Without any of these flags, --losses and --ops a second
table has a row for each of these things, by the fastest kernel, or the first of --kernels.

Kernels take turns: each repeat does every row of the table once, until the time
is up, so that whatever else the machine does hits all alike. A repeat is as many calls as
take 4 ms, or less where there are many rows. Shown are the median of the repeats, per score
and per call, the least, and the spread, half the interquartile range in
percent of the median. "×generic" is how many times faster than the generic
kernel the same work was done. GB/s counts the bytes that must be read and
written: 4 for a logit, 2 for one of 16 bits, the labels' (1 per score, or 4 per anchor for class
indices, or 4 per score for soft targets), the weights' of anchors and scores, 4 each, and 4 for
each loss, gradient and second derivative. The default batch stays in the cache
of most machines.

The losses are
%s;
others are named with their parameters, as in --losses 'focal(alpha=0.5,gamma=3)'.
Losses of softmax are of rows: they take class indices, and background gets a class in turn.
Before measuring, all kernels, workers, operations and forms of labels are checked to
give the same sum, bit for bit; those of soft targets, and second derivatives, one of their
own. FLENGINE_KERNEL has no say here: --kernels has.

With --json the same is one object. environment has the machine, repeats, seconds, seed,
image_anchors, and batches: columns, anchors, scores, and how many anchors are positives and
ignored. Each of the rows has the keys kernel, loss, gamma, pos_weight, neg_weight, op, input,
labels, weights, columns, scores, workers, passes (calls a repeat), ns_per_score, ns_per_call,
min_ns_per_score, max_ns_per_score, spread (a fraction), gscores_per_second, bytes_per_score,
gb_per_second, ratio_to_generic (null without generic), loss_sum, and repeats_ns_per_score.
With --compare a row that was there has change (old_ns_per_score, ratio, p, repeats, note), and
compared_with has path, environment, ratio, only_there, only_here and note. What is interrupted
has partial. --format csv has a line for each row, after one of heads: these keys, without the
repeats. Go's format has one line a repeat, for benchstat, and a configuration for each size.

--compare takes the report of an earlier --json: old and new times
stand side by side, and "old/new" is how many times faster a row has become. "change" is
~ unless the repeats of both runs differ by more than chance: p, of a Mann-Whitney U
test, is below 0.05. That says nothing on why. Minutes apart, a busy machine differs from
itself by some percent, so measure both in turns, more than once, before you believe in
less. Rows that only one of the reports has are counted, and compared with nothing; where both
have none in common, that is an error. What a report of an older version does not say of its rows
is that they are of logits, without weights, and all of one batch.

If it is interrupted, it prints what was measured until then, marked as partial, and
exits with 1.`,
			measure.ImageHeight, measure.ImageWidth, sizesOf(levels), measure.AnchorsPerCell, anchors, measure.ImageClasses, anchors*measure.ImageClasses,
			measure.RealAnchors, measure.RealPositives, measure.RealIgnored, measure.EasyMean, measure.EasyDeviation, 100*measure.HardShare, measure.HardMean, measure.HardDeviation,
			measure.PositiveMean, measure.PositiveDeviation, 100*measure.EasyShare(), cli.LossesHelp(cli.AllFamilies())),
		Example: `  flbench
  flbench --workers 1,2 --ops sum --labels classes,uint8
  flbench --losses focal2,focal1.5,focal0.5 --time 5
  flbench --scores 0 --kernels avx2 --cpu 1

  # What weights, targets and 16 bits cost
  flbench --losses focal2 --weights none,anchor,score,column,anchor+score
  flbench --losses ce,qfl --labels classes,targets --ops gradients,gradients+hessians
  flbench --losses focal2 --inputs logits,probs,float16,bfloat16 --ops sum,gradients

  # Small calls, and few columns
  flbench --losses focal2 --columns 1 --scores 1,32,64,4096 --ops sum,gradients
  flbench --losses softmaxce,focal2 --columns 1,4,80 --ops sum --format csv > columns.csv

  flbench --anchors 25500 --columns 20 --json > result.json
  flbench --json > old.json; flbench --compare old.json
  flbench --format go > old.txt; benchstat -col /kernel old.txt`,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, &o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "classes" {
			name = "columns"
		}
		return pflag.NormalizedName(name)
	})
	f.IntSliceVar(&o.scores, "scores", []int{defaultScores}, "`numbers` of scores, the first ones, in whole anchors; 0: the whole image")
	f.IntSliceVar(&o.anchors, "anchors", nil, "`numbers` of anchors, instead of --scores")
	f.IntSliceVar(&o.columns, "columns", []int{measure.ImageClasses}, "`numbers` of columns, the scores of an anchor; also --classes")
	f.StringSliceVar(&o.losses, "losses", []string{"ce", "focal2", "focal1.5"}, "`names` of losses, as above")
	f.StringSliceVar(&o.ops, "ops", measure.UsualOps(), "`names` of operations: "+cli.OrList(measure.AllOps()))
	f.StringSliceVar(&o.inputs, "inputs", []string{measure.InputLogits}, "`forms` of scores: "+cli.OrList(measure.AllInputs()))
	f.StringSliceVar(&o.labels, "labels", []string{measure.LabelsClasses}, "`forms` of labels: classes (an index per anchor), uint8 (a label per score), targets (soft ones, a float32 per score)")
	f.StringSliceVar(&o.weights, "weights", []string{measure.WeightsNone}, "`kinds` of weights: "+cli.OrList(measure.AllWeights())+"; several at once as anchor+score")
	f.StringSliceVar(&o.kernels, "kernels", nil, "`names` of kernels, as in 'flbench info' (default all usable here)")
	f.IntSliceVar(&o.workers, "workers", []int{1}, "`numbers` of workers")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the batches")
	f.Float64Var(&o.seconds, "time", 12, "`seconds` that all may take, but every row is measured once")
	f.IntVar(&o.cpu, "cpu", 0, "pin the measuring thread to CPU `N` (Linux, one worker)")
	f.StringVar(&o.format, "format", "table", "`form` of output: table, json, csv, go (for benchstat)")
	f.StringVar(&o.compare, "compare", "", "compare with the JSON report in this `file`")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	for flag, names := range map[string][]string{"kernels": engine.Kernels(), "ops": measure.AllOps(), "inputs": measure.AllInputs(),
		"labels": measure.AllLabels(), "weights": measure.AllWeights(), "format": allFormats} {
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

func run(cmd *cobra.Command, o *options) error {
	start := time.Now()
	p, err := o.check(cmd)
	if err != nil {
		return err
	}
	for _, why := range p.refused {
		fmt.Fprintf(cmd.ErrOrStderr(), "flbench: left out: %s\n", why)
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
