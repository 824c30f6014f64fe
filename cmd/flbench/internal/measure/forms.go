package measure

import (
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Inputs, labels and weights, by the names that flags take.
const (
	InputLogits   = "logits"
	InputProbs    = "probs"
	InputFloat16  = "float16"
	InputBFloat16 = "bfloat16"

	LabelsClasses = "classes" // an index per anchor
	LabelsUint8   = "uint8"   // one per score
	LabelsTargets = "targets" // soft ones
	rowsLabels    = "rows"    // classes without background, as losses of rows take them

	WeightsNone  = "none"
	WeightAnchor = "anchor" // Batch.Weights
	WeightScore  = "score"  // Batch.ScoreWeights
	WeightColumn = "column" // WithColumnWeights
	WeightClass  = "class"  // WithClassWeights
)

// AllInputs, AllLabels and WeightKinds are all names that there are.
func AllInputs() []string   { return []string{InputLogits, InputProbs, InputFloat16, InputBFloat16} }
func AllLabels() []string   { return []string{LabelsClasses, LabelsUint8, LabelsTargets} }
func WeightKinds() []string { return []string{WeightAnchor, WeightScore, WeightColumn, WeightClass} }

// AllWeights are no weights, and those of one kind.
func AllWeights() []string { return append([]string{WeightsNone}, WeightKinds()...) }

// Form is how a batch is given. Weights are none, or kinds of weights joined by "+".
type Form struct{ Input, Labels, Weights string }

// UsualForm is that of a one-stage detector.
func UsualForm() Form { return Form{InputLogits, LabelsClasses, WeightsNone} }

// ParseWeights reads the weights of --weights, none of them twice; score+anchor is
// anchor+score.
func ParseWeights(names []string) (weights []string, err error) {
	if err := cli.CheckList("weights", names, nil); err != nil {
		return nil, err
	}
	for _, name := range names {
		kinds := strings.Split(name, "+")
		if name == WeightsNone {
			kinds = nil
		}
		for i, k := range kinds {
			if !slices.Contains(WeightKinds(), k) || slices.Contains(kinds[:i], k) {
				return nil, cli.Usagef("--weights: unknown %q: want %s, or several joined by +", name, strings.Join(AllWeights(), ", "))
			}
		}
		slices.SortFunc(kinds, func(a, b string) int {
			return slices.Index(WeightKinds(), a) - slices.Index(WeightKinds(), b)
		})
		if name != WeightsNone {
			name = strings.Join(kinds, "+")
		}
		if slices.Contains(weights, name) {
			return nil, cli.Usagef("--weights: %s twice: want it once", name)
		}
		weights = append(weights, name)
	}
	return weights, nil
}

// Has tells whether there are weights of a kind.
func (f Form) Has(kind string) bool { return slices.Contains(strings.Split(f.Weights, "+"), kind) }
