package measure

import (
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// TestRefusal: what there is no kernel of is named by the flags that cure it.
func TestRefusal(t *testing.T) {
	c := NewChooser()
	for _, w := range []struct{ loss, op, input, labels, weights, want string }{
		{"ce", OpHessians, InputLogits, LabelsTargets, "anchor+score+column+class", ""},
		{"focal2", OpBoth, InputBFloat16, LabelsTargets, WeightsNone, ""},
		{"focal2", OpHessians, InputFloat16, LabelsUint8, WeightClass, ""},
		{"heatmap", OpSum, InputProbs, LabelsTargets, WeightsNone, ""},
		{"softmaxce", OpBoth, InputFloat16, LabelsClasses, "anchor+class", ""},
		{"asl", OpHessians, InputLogits, LabelsUint8, WeightScore, ""},

		{"softmaxce", OpSum, InputLogits, LabelsUint8, WeightsNone, "softmaxce with --labels uint8: want --labels classes"},
		{"softmaxce", OpHessians, InputLogits, LabelsTargets, WeightsNone, "softmaxce with --labels targets: want --labels classes"},
		{"softmaxce", OpHessians, InputLogits, LabelsClasses, WeightsNone, "softmaxce with --ops gradients+hessians: want --ops sum, losses, gradients or losses+gradients"},
		{"softmaxfocal", OpSum, InputProbs, LabelsClasses, WeightsNone, "softmaxfocal2 with --inputs probs: want --inputs logits, float16 or bfloat16"},
		{"softmaxfocal", OpSum, InputLogits, LabelsClasses, "anchor+column", "softmaxfocal2 with --weights anchor+column: want --weights none, anchor or class"},
		{"asl", OpSum, InputLogits, LabelsTargets, WeightsNone, "asl with --labels targets: want --labels classes or uint8"},
		{"asl", OpSum, InputProbs, LabelsClasses, WeightsNone, "asl with --inputs probs: want --inputs logits, float16 or bfloat16"},
		{"vfl", OpSum, InputProbs, LabelsClasses, WeightsNone, "vfl2 with --inputs probs: want --inputs logits, float16 or bfloat16"},
		{"ce", OpSum, InputProbs, LabelsTargets, WeightsNone, "ce with --labels targets --inputs probs: want --labels classes or uint8, or --inputs logits, float16 or bfloat16"},
		{"ce", OpHessians, InputProbs, LabelsClasses, WeightsNone, "ce with --inputs probs --ops gradients+hessians: want --inputs logits, float16 or bfloat16, or --ops sum, losses, gradients or losses+gradients"},
		{"focal1.5", OpHessians, InputFloat16, LabelsTargets, WeightScore, "focal1.5 with --labels targets --ops gradients+hessians: want --labels classes or uint8, or --ops sum, losses, gradients or losses+gradients"},
		{"focal(gamma=2,smoothing=0.1)", OpHessians, InputLogits, LabelsClasses, WeightsNone, "focal(alpha=0.25,gamma=2,smoothing=0.1) with --ops gradients+hessians: want --ops sum, losses, gradients or losses+gradients"},
	} {
		l, err := cli.ParseLoss(w.loss)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Refusal(Work{cli.LossSpec{Name: cli.ShortName(l), Loss: l}, w.op, Form{w.input, w.labels, w.weights}})
		if got != w.want {
			t.Errorf("%+v:\n%s, want\n%s", w, got, w.want)
		}
	}
}

// TestRefusalOfAll: whatever is asked for, the engine is asked before, and does what is not
// refused.
func TestRefusalOfAll(t *testing.T) {
	c := NewChooser()
	b := NewBatch(1, 8, 2)
	b.classes[0], b.classes[1] = 1, -2
	dst, grad := make([]float32, 16), make([]float32, 16)
	for _, f := range cli.AllFamilies() {
		l, err := cli.ParseLoss(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range AllOps() {
			for _, input := range AllInputs() {
				for _, labels := range AllLabels() {
					for _, weights := range append(AllWeights(), "anchor+score+column+class") {
						w := Work{cli.LossSpec{Name: f.Name, Loss: l}, op, Form{input, labels, weights}}
						refusal := c.Refusal(w)
						pass, err := w.Of(b, 8, dst, grad)
						if err == nil {
							_, err = pass()
						}
						if (refusal == "") != (err == nil) {
							t.Errorf("%v: refused as %q, the engine's error is %v", w, refusal, err)
						}
					}
				}
			}
		}
	}
}
