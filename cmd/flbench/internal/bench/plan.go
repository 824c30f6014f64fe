package bench

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// plan is what to measure, checked.
type plan struct {
	combos  []combo
	refused []string // what was asked for and does not exist
	seed    uint64
	workers []int
	budget  time.Duration
	cpu     int // −1: any
	format  string
	old     *oldReport // to compare with, or nil
}

// wants tells whether an operation is to be measured.
func (p *plan) wants(ops ...string) bool {
	return slices.ContainsFunc(p.combos, func(c combo) bool { return slices.Contains(ops, c.Op) })
}

// listFlags name what is combined. Where none of them is given, others are measured, too.
var listFlags = []string{"scores", "anchors", "columns", "losses", "ops", "inputs", "labels", "weights"}

// check turns flags into a plan, or says which flag is wrong.
func (o *options) check(cmd *cobra.Command) (*plan, error) {
	p := &plan{seed: o.seed, workers: o.workers, cpu: -1, format: o.format}
	changed := cmd.Flags().Changed
	l, err := o.lists(changed("scores"), changed("anchors"))
	if err != nil {
		return nil, err
	}
	if err = cli.CheckList("format", []string{p.format}, allFormats); err != nil {
		return nil, err
	}
	kernels := o.kernels
	if !changed("kernels") {
		kernels = engine.Kernels()
	}
	if err = cli.CheckKernels(kernels); err != nil {
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
	p.combos, p.refused = l.combos(kernels)
	if len(p.combos) == 0 {
		return nil, cli.Usagef("nothing to measure: %s", strings.Join(p.refused, "; "))
	}
	if !slices.ContainsFunc(listFlags, changed) {
		p.combos = append(p.combos, others(kernels[0])...)
	}
	if changed("compare") {
		return p, p.compareWith(o.compare)
	}
	return p, nil
}

// compareWith reads the report to compare with.
func (p *plan) compareWith(path string) (err error) {
	switch {
	case path == "":
		return cli.Usagef("--compare is empty: want a file name")
	case p.format == "go":
		return cli.Usagef("--compare beside --format go: want one of them; benchstat compares files of that format")
	}
	if p.old, err = readOld(path); err != nil {
		return err
	}
	return p.old.fits(p)
}

// lists returns what the flags name.
func (o *options) lists(scoresGiven, anchorsGiven bool) (*lists, error) {
	l := &lists{columns: o.columns, scores: o.scores, ops: o.ops, inputs: o.inputs, labels: o.labels}
	if err := cli.CheckNumbers("columns", o.columns, 1, measure.MaxScores); err != nil {
		return nil, err
	}
	switch {
	case anchorsGiven && scoresGiven:
		return nil, cli.Usagef("--scores and --anchors: want one of them")
	case anchorsGiven:
		l.anchors = o.anchors
		if err := cli.CheckNumbers("anchors", o.anchors, 1, measure.MaxScores); err != nil {
			return nil, err
		}
	default:
		if err := cli.CheckNumbers("scores", o.scores, 0, measure.MaxScores); err != nil {
			return nil, err
		}
	}
	for _, list := range []struct {
		flag       string
		got, known []string
	}{
		{"ops", o.ops, measure.AllOps()},
		{"inputs", o.inputs, measure.AllInputs()},
		{"labels", o.labels, measure.AllLabels()},
	} {
		if err := cli.CheckList(list.flag, list.got, list.known); err != nil {
			return nil, err
		}
	}
	var err error
	if l.weights, err = measure.ParseWeights(o.weights); err != nil {
		return nil, err
	}
	l.losses, err = cli.ParseLosses(o.losses)
	return l, err
}
