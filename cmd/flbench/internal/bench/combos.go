package bench

import (
	"fmt"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
)

// combo is work on the first anchors of the batch of so many columns, for several kernels.
type combo struct {
	measure.Work
	columns, anchors int
	kernels          []string
	other            bool // one of others
}

// lists are what flags name, each combination of which is measured.
type lists struct {
	columns                      []int
	scores                       []int // in whole anchors; 0: the whole image
	anchors                      []int // in the place of scores, unless nil
	losses                       []cli.LossSpec
	ops, inputs, labels, weights []string
}

// combos returns the combinations that there are, and what is wrong with the others, each
// fault once.
func (l *lists) combos(kernels []string) (found []combo, refused []string) {
	refuse := func(why string) {
		if !slices.Contains(refused, why) {
			refused = append(refused, why)
		}
	}
	type size struct{ columns, anchors int }
	var sizes []size
	for _, columns := range l.columns {
		for _, n := range l.sizes() {
			anchors, why := l.anchorsOf(n, columns)
			if why != "" {
				refuse(why)
			} else if s := (size{columns, anchors}); !slices.Contains(sizes, s) { // 81 scores are 80 of 80 columns
				sizes = append(sizes, s)
			}
		}
	}
	chooser := measure.NewChooser()
	for _, loss := range l.losses {
		for _, op := range l.ops {
			for _, s := range sizes {
				for _, input := range l.inputs {
					for _, labels := range l.labels {
						for _, weights := range l.weights {
							work := measure.Work{Loss: loss, Op: op, Form: measure.Form{Input: input, Labels: labels, Weights: weights}}
							if why := chooser.Refusal(work); why != "" {
								refuse(why)
								continue
							}
							found = append(found, combo{work, s.columns, s.anchors, kernels, false})
						}
					}
				}
			}
		}
	}
	return found, refused
}

// sizes are the numbers of scores or anchors.
func (l *lists) sizes() []int {
	if l.anchors != nil {
		return l.anchors
	}
	return l.scores
}

// anchorsOf returns the anchors of one of the sizes, or why there are none of so many columns.
func (l *lists) anchorsOf(n, columns int) (anchors int, why string) {
	most := measure.MaxScores / columns
	switch {
	case l.anchors != nil:
		if n > most {
			return 0, fmt.Sprintf("--anchors %d with --columns %d: want 1 to %d", n, columns, most)
		}
		return n, ""
	case n == 0:
		_, anchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
		if anchors > most {
			return 0, fmt.Sprintf("--scores 0 with --columns %d: want at most %d for a whole image", columns, measure.MaxScores/anchors)
		}
		return anchors, ""
	case n < columns:
		return 0, fmt.Sprintf("--scores %d with --columns %d: want 0, or %d (one anchor) to %d", n, columns, columns, measure.MaxScores)
	}
	return n / columns, ""
}

// others are what is measured by default beside the losses and operations of the default lists:
// what people have, one thing at a time, of the first kernel.
func others(kernel string) (list []combo) {
	add := func(loss, op string, columns, scores int, set func(f *measure.Form)) {
		l, err := cli.ParseLoss(loss)
		if err != nil {
			panic(err) // the names below are good
		}
		form := measure.UsualForm()
		set(&form)
		list = append(list, combo{measure.Work{Loss: cli.LossSpec{Name: cli.ShortName(l), Loss: l}, Op: op, Form: form}, columns, scores / columns, []string{kernel}, true})
	}
	usual := func(*measure.Form) {}
	for _, weights := range measure.WeightKinds() {
		add("focal2", measure.OpSum, measure.ImageClasses, defaultScores, func(f *measure.Form) { f.Weights = weights })
	}
	for _, labels := range measure.AllLabels()[1:] {
		add("focal2", measure.OpSum, measure.ImageClasses, defaultScores, func(f *measure.Form) { f.Labels = labels })
	}
	for _, input := range measure.AllInputs()[1:] {
		add("focal2", measure.OpSum, measure.ImageClasses, defaultScores, func(f *measure.Form) { f.Input = input })
	}
	add("focal2", measure.OpHessians, measure.ImageClasses, defaultScores, usual)
	add("focal2", measure.OpSum, 4, defaultScores, usual)
	add("focal2", measure.OpSum, 1, defaultScores, usual)
	for _, scores := range []int{4096, 64, 1} {
		add("focal2", measure.OpSum, 1, scores, usual)
	}
	for _, op := range []string{measure.OpSum, measure.OpGradients} {
		add("qfl", op, measure.ImageClasses, defaultScores, func(f *measure.Form) { f.Labels = measure.LabelsTargets })
	}
	for _, op := range []string{measure.OpSum, measure.OpGradients} {
		add("softmaxce", op, measure.ImageClasses, defaultScores, usual)
	}
	return list
}
