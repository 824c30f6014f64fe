// Package roofline is the command that holds every loss kernel against this machine's limits.
package roofline

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline/roofplot"
	"github.com/flengine/flengine/engine"
)

const (
	// cachedScores are those of a batch that stays in a worker's own cache: with a
	// label each, 320 KiB, with outputs 576. It is as many as get a worker.
	cachedScores = 1 << 16
	// largeScores are beyond most caches: 40 MB, with outputs 72.
	largeScores = 8_000_000

	inputLogits  = "logits"
	inputProbs   = "probs"
	inputTargets = "targets" // logits, with targets for labels
)

var allInputs = []string{inputLogits, inputProbs, inputTargets}

// options are the flags of roofline.
type options struct {
	kernels, losses, ops, inputs []string
	scores, workers              []int
	seconds                      float64
	cpu                          int
	json                         bool
	plot                         string
}

// New returns the command.
func New() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "roofline",
		Short: "Hold every loss kernel against this machine's limits",
		Long: fmt.Sprintf(`Roofline measures what this machine can do at most, with small loops of its own,
and how close the loss kernels come to that.

The ceilings are, for each set of vector instructions, how many of them are done a
nanosecond: fused multiply-adds (FMA), additions, as many of either, integer
additions, divisions; and the bandwidth of reading, of reading and writing in
place, and of copying (bytes read and bytes written count), for sizes of half of
each cache and beyond (L1 and L2 are counted once a worker), and for those of the
batches below. Each is the best of all repeats, %d at the least, since a limit is what
can be reached.

How many instructions a kernel needs for a score was counted in its machine code
when flbench was built: those of the inner loops, with labels of 8 bits and
without weights. From that follow two times that a score takes at least:

  ports      the most of: FMA and products at the peak of FMA, additions at that
             of additions, divisions at theirs, and all vector operations at the
             highest of the peaks. Loads, stores and moves between registers are
             free in this model, and nothing waits for anything.
  bandwidth  the bytes that must be read and written, at the rate measured for a
             batch of that size: 4 for the score, 1 for its label or 4 for its
             target, 4 for each output. What is written is taken at the rate of copying.

The greater of the two is what binds; shown is how much each of them explains of
the least time of the repeats: like the ceilings, that is what can be reached, when
nothing else disturbs. It cannot be more than 100 %%, but for what little the
disturbances differ; where it is more than 105 %%, a note on stderr says so. The
generic kernel has no bound of ports, as Go's compiler chooses its instructions.
Everything takes turns, as in bench.

Losses are named as in bench. By default batches have %d scores a worker, which
stay in most machines' L2, and %d in all. A batch gets fewer workers than asked
for where more would not gain, which is below %d scores for each.
FLENGINE_KERNEL has no say here: --kernels has.

If it is interrupted, it prints what was measured until then, marked as partial, if every
ceiling has been, and exits with 1.

The picture has a roofline for each kernel and number of workers: vector
operations per nanosecond by vector operations per byte, both axes logarithmic.`,
			minSamples, cachedScores, largeScores, cachedScores),
		Example: `  flbench roofline
  flbench roofline --plot roofline.svg
  flbench roofline --losses focal2 --ops sum --scores 65536,1048576 --workers 1 --cpu 1
  flbench roofline --kernels avx2 --time 5 --json > roofline.json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, &o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.kernels, "kernels", nil, "`names` of kernels, as in 'flbench info' (default all in assembly that are usable here)")
	f.StringSliceVar(&o.losses, "losses", []string{"ce", "focal2", "focal1.5"}, "`names` of losses, as in 'flbench bench --help'")
	f.StringSliceVar(&o.ops, "ops", []string{measure.OpSum, measure.OpLosses, measure.OpGradients}, "`names` of operations: "+cli.OrList(measure.AllOps())+", the last of targets alone")
	f.StringSliceVar(&o.inputs, "inputs", []string{inputLogits, inputProbs}, "`kinds` of scores: logits, probs, where the losses take them, or targets, which are logits with float targets for labels")
	f.IntSliceVar(&o.scores, "scores", nil, "`numbers` of scores of a batch (default as said above)")
	f.IntSliceVar(&o.workers, "workers", allWorkers(), "`numbers` of workers")
	f.Float64Var(&o.seconds, "time", 15, fmt.Sprintf("`seconds` that all may take, but kernels are measured once, ceilings %d times", minSamples))
	f.IntVar(&o.cpu, "cpu", 0, "pin the measuring thread to CPU `N` (Linux, one worker)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.StringVar(&o.plot, "plot", "", "draw a picture, too: the `file`'s name ends in .svg, .png or .pdf")
	for flag, names := range map[string][]string{"kernels": engine.Kernels(), "ops": measure.AllOps(), "inputs": allInputs} {
		cli.CompleteNames(cmd, flag, names)
	}
	return cmd
}

// allWorkers is one worker, and as many as there can be at a time.
func allWorkers() []int {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return []int{1, n}
	}
	return []int{1}
}

// setting is a batch's size and who works on it.
type setting struct{ scores, workers int }

// plan is what to measure, checked.
type plan struct {
	kernels     []string
	losses      []cli.LossSpec
	ops, inputs []string
	settings    []setting
	budget      time.Duration
	cpu         int // −1: any
}

// check turns flags into a plan, or says which flag is wrong.
func (o *options) check(cmd *cobra.Command) (*plan, error) {
	p := &plan{kernels: o.kernels, ops: o.ops, inputs: o.inputs, cpu: -1}
	changed := cmd.Flags().Changed
	if !changed("kernels") {
		p.kernels = engine.Kernels()
		if len(p.kernels) > 1 {
			p.kernels = slices.DeleteFunc(p.kernels, func(name string) bool { return name == "generic" })
		}
	}
	var err error
	if err = cli.CheckKernels(p.kernels); err != nil {
		return nil, err
	}
	if p.losses, err = cli.ParseLosses(o.losses); err != nil {
		return nil, err
	}
	if err = cli.CheckList("ops", o.ops, measure.AllOps()); err != nil {
		return nil, err
	}
	if err = cli.CheckList("inputs", o.inputs, allInputs); err != nil {
		return nil, err
	}
	if err = p.checkInputs(changed("inputs")); err != nil {
		return nil, err
	}
	if err = cli.CheckWorkers(o.workers); err != nil {
		return nil, err
	}
	if len(o.scores) > 0 {
		if err = cli.CheckNumbers("scores", o.scores, 1, measure.MaxScores); err != nil {
			return nil, err
		}
	}
	for _, n := range o.scores {
		for _, w := range o.workers {
			p.settings = append(p.settings, setting{n, w})
		}
	}
	if len(o.scores) == 0 {
		for _, w := range o.workers {
			p.settings = append(p.settings, setting{min(measure.MaxScores, cachedScores*w), w})
		}
		for _, w := range o.workers {
			p.settings = append(p.settings, setting{largeScores, w})
		}
	}
	if p.budget, err = cli.CheckTime(o.seconds); err != nil {
		return nil, err
	}
	if changed("cpu") {
		if err = measure.CheckCPU(o.cpu, o.workers); err != nil {
			return nil, err
		}
		p.cpu = o.cpu
	}
	return p, nil
}

// checkInputs refuses losses and operations that have no kernel for the inputs. Inputs that
// were not named are those that all losses take.
func (p *plan) checkInputs(named bool) error {
	for _, l := range p.losses {
		if l.Family().Rows {
			return cli.Usagef("--losses: %s is of rows, whose kernels are not counted: want losses of scores", l.Name)
		}
		if takes, err := takesProbs(l.Loss); err != nil || takes || !slices.Contains(p.inputs, inputProbs) {
			if err != nil {
				return err
			}
			continue
		}
		if named {
			return cli.Usagef("--inputs: %s, which %s does not take: want %s or %s", inputProbs, l.Name, inputLogits, inputTargets)
		}
		p.inputs = []string{inputLogits}
	}
	if slices.Contains(p.ops, measure.OpHessians) && !slices.Contains(p.inputs, inputTargets) {
		return cli.Usagef("--ops: %s, which are of targets alone: want --inputs %s", measure.OpHessians, inputTargets)
	}
	return nil
}

// takesProbs tells whether a loss is from probabilities, too.
func takesProbs(l engine.Loss) (bool, error) {
	e, err := engine.New(l)
	if err != nil {
		return false, err
	}
	_, err = e.Sum(engine.Batch{Probs: []float32{}, Labels: []uint8{}})
	return err == nil, nil
}

func run(cmd *cobra.Command, o *options) error {
	start := time.Now()
	p, err := o.check(cmd)
	if err != nil {
		return err
	}
	var picture figure.File
	if cmd.Flags().Changed("plot") {
		if picture, err = figure.Check("plot", o.plot); err != nil { // before measuring, which takes long
			return err
		}
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
	r, err := m.finish(cmd.OutOrStdout(), cmd.ErrOrStderr(), o.json, err)
	if errors.Is(err, cli.ErrInterrupted) && picture.Given() {
		err = fmt.Errorf("%w, and %s is not drawn", err, cli.Printable(o.plot))
	}
	if err != nil || !picture.Given() {
		return err
	}
	plots, err := roofplot.Plots(r.panels())
	if err != nil {
		return fmt.Errorf("drawing %s: %w", picture.Path(), err)
	}
	return picture.Write(len(r.workers()), roofplot.Width, roofplot.Height, plots...)
}
