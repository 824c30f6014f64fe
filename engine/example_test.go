package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/flengine/flengine/engine"
)

// A detector's logits for three anchors and four classes: the first anchor is a
// positive of class 2, the second is background, the third is ignored.
func Example() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	r, err := e.Sum(engine.Batch{
		Logits: []float32{
			-4, -5, 1, -3,
			-6, -4, -5, -4,
			-1, 0, -2, 3,
		},
		Classes:    []int32{2, engine.Background, engine.IgnoredClass},
		NumClasses: 4,
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d scores, %d positive, %d ignored\n", r.Scores, r.Positives, r.Ignored)
	fmt.Printf("loss per positive %.6f\n", r.PerPositive())
	// Output:
	// 8 scores, 1 positive, 4 ignored
	// loss per positive 0.005760
}

// The same scores under cross-entropy and focal loss: an easy negative keeps
// next to nothing of its loss, a missed positive most of it.
func ExampleEngine_Losses() {
	b := engine.Batch{Logits: []float32{-5, -3}, Labels: []uint8{0, 1}}
	ce, fl := make([]float32, 2), make([]float32, 2)
	for _, c := range []struct {
		loss engine.Loss
		dst  []float32
	}{{engine.CrossEntropy(), ce}, {engine.Focal(0.25, 2), fl}} {
		e, err := engine.New(c.loss)
		if err != nil {
			panic(err)
		}
		if _, err := e.Losses(c.dst, b); err != nil {
			panic(err)
		}
	}
	fmt.Printf("easy negative   CE %.6f  FL %.9f\n", ce[0], fl[0])
	fmt.Printf("missed positive CE %.6f  FL %.9f\n", ce[1], fl[1])
	// Output:
	// easy negative   CE 0.006715  FL 0.000000226
	// missed positive CE 3.048587  FL 0.691570163
}

// Probabilities instead of logits: an easy negative keeps its accuracy, and what is
// as wrong as can be stays finite.
func ExampleBatch_probs() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	b := engine.Batch{Probs: []float32{1e-6, 0.9, 0}, Labels: []uint8{0, 1, 1}}
	losses, grad := make([]float32, 3), make([]float32, 3)
	if _, err := e.LossesAndGradients(losses, grad, b); err != nil {
		panic(err)
	}
	fmt.Printf("losses %.4g\ngradients %.4g\n", losses, grad)

	b.Probs[1] = 1.5
	_, err = e.Sum(b)
	fmt.Println(err)
	// Output:
	// losses [7.5e-19 0.0002634 25]
	// gradients [2.25e-12 -0.008046 -2.5e+11]
	// Probs[1] is 1.5: want a probability in [0, 1]
}

// Factors per score and per anchor: an anchor that counts twice, and in it a class that
// counts half.
func ExampleBatch_weights() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 4)
	_, err = e.Losses(losses, engine.Batch{
		Logits:       make([]float32, 4), // loss ln 2 each
		Classes:      []int32{0, engine.Background},
		NumClasses:   2,
		Weights:      []float32{2, 1},
		ScoreWeights: []float32{1, 0.5, 1, 1},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f\n", losses)
	// Output: [1.3863 0.6931 0.6931 0.6931]
}

// Weights as a mask: scores of weight 0 may be anything, but they count as scored. What is
// to count as ignored has a label that says so.
func ExampleBatch_mask() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		panic(err)
	}
	x := []float32{0, float32(math.NaN()), 0}
	r, err := e.Sum(engine.Batch{Logits: x, Labels: []uint8{0, 0, 1}, ScoreWeights: []float32{1, 0, 1}})
	fmt.Println(r, err)
	r, err = e.Sum(engine.Batch{Logits: x, Labels: []uint8{0, engine.IgnoredLabel, 1}})
	fmt.Println(r, err)
	// Output:
	// 3 scores, 1 positive, 0 ignored, sum 1.3862943649291992 <nil>
	// 2 scores, 1 positive, 1 ignored, sum 1.3862943649291992 <nil>
}

// Gradients are those of the summed losses by each logit.
func ExampleEngine_Gradients() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		panic(err)
	}
	grad := make([]float32, 3)
	if _, err := e.Gradients(grad, engine.Batch{Logits: []float32{0, 0, 2}, Labels: []uint8{0, 1, 1}}); err != nil {
		panic(err)
	}
	fmt.Printf("%.4f\n", grad)
	// Output: [0.5000 -0.5000 -0.1192]
}

// LossesAndGradients may overwrite the logits, here with the gradients.
func ExampleEngine_LossesAndGradients() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	x := []float32{-2, 1.5}
	losses := make([]float32, len(x))
	r, err := e.LossesAndGradients(losses, x, engine.Batch{Logits: x, Labels: []uint8{0, 1}, Weights: []float32{1, 2}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("sum %.6f, losses %.6f, gradients %.6f\n", r.Sum(), losses, x)
	// Output: sum 0.004704, losses [0.001353 0.003351], gradients [0.003653 -0.008516]
}

// Shards of one batch, cut at multiples of 4096 scores, merge to the bits of the
// whole, in any order.
func ExampleResult_Merge() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	x, y := make([]float32, 10_000), make([]uint8, 10_000)
	for i := range x {
		x[i] = float32(i%17) - 12
	}
	sum := func(from, to int) engine.Result {
		r, err := e.Sum(engine.Batch{Logits: x[from:to], Labels: y[from:to]})
		if err != nil {
			panic(err)
		}
		return r
	}
	var merged engine.Result
	merged.Merge(sum(8192, 10_000))
	merged.Merge(sum(0, 4096))
	merged.Merge(sum(4096, 8192))
	fmt.Println(merged == sum(0, 10_000))
	// Output: true
}

// PyTorch's mean with weights per class divides by the weights, not by the number of scores.
func ExampleResult_WeightedMean() {
	e, err := engine.New(engine.CrossEntropy(), engine.WithColumnWeights([]float32{0.25, 1}))
	if err != nil {
		panic(err)
	}
	r, err := e.Sum(engine.Batch{Logits: []float32{0, 2}, Labels: []uint8{1, 1}, NumClasses: 2})
	if err != nil {
		panic(err)
	}
	fmt.Printf("sum %.4f, mean %.4f, weighted mean %.4f\n", r.Sum(), r.Mean(), r.WeightedMean())
	// Output: sum 0.3002, mean 0.1501, weighted mean 0.2402
}

// An error names the first bad element.
func ExampleInputError() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		panic(err)
	}
	x := []float32{0.5, 1, float32(math.NaN())}
	_, err = e.Sum(engine.Batch{Logits: x, Classes: []int32{0, 4, 1}, NumClasses: 1})
	var input *engine.InputError
	if errors.As(err, &input) {
		fmt.Println(input.Field, input.Index)
	}
	fmt.Println(err)
	// Output:
	// Classes 1
	// Classes[1] is 4: want a class in [0, 1), -1 for background, or -2 for ignored
}

// Labels as Detectron2's RetinaNet has them: background is the number of classes, and
// −1 does not count.
func ExampleWithBackground() {
	e, err := engine.New(engine.Focal(0.25, 2), engine.WithBackground(80), engine.WithIgnored(-1))
	if err != nil {
		panic(err)
	}
	b := engine.Batch{Logits: make([]float32, 3*80), Classes: []int32{17, 80, -1}, NumClasses: 80}
	r, err := e.Sum(b)
	fmt.Println(r.Positives, r.Ignored, err)

	b.Classes[2] = -2
	_, err = e.Sum(b)
	fmt.Println(err)
	// Output:
	// 1 80 <nil>
	// Classes[2] is -2: want a class in [0, 80), 80 for background, or -1 for ignored
}

// PyTorch's ignore_index beside the background of torchvision's RetinaNet.
func ExampleWithIgnored() {
	e, err := engine.New(engine.Focal(0.25, 2), engine.WithIgnored(-100))
	if err != nil {
		panic(err)
	}
	r, err := e.Sum(engine.Batch{Logits: make([]float32, 3*4), Classes: []int32{3, -1, -100}, NumClasses: 4})
	fmt.Println(r.Positives, r.Ignored, err)

	_, err = engine.New(engine.Focal(0.25, 2), engine.WithIgnored(-1))
	fmt.Println(err)
	// Output:
	// 1 4 <nil>
	// ignored[0] is -1: want a class that is not background, which WithBackground sets
}

// PyTorch's BCEWithLogitsLoss with a pos_weight and a weight per class.
func ExampleWithClassWeights() {
	e, err := engine.New(engine.CrossEntropy(),
		engine.WithClassWeights([]float32{1, 3}), engine.WithColumnWeights([]float32{0.5, 1}))
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 4)
	b := engine.Batch{Logits: make([]float32, 4), Labels: []uint8{1, 1, 0, 0}, NumClasses: 2} // loss ln 2 each
	_, err = e.Losses(losses, b)
	fmt.Printf("%.4f %v\n", losses, err)

	b.NumClasses = 4
	_, err = e.Losses(losses, b)
	fmt.Println(err)
	// Output:
	// [0.3466 2.0794 0.3466 0.6931] <nil>
	// columnWeights has length 2: want 4, the batch's NumClasses
}

func ExampleNew() {
	_, err := engine.New(engine.Focal(1.5, 2))
	fmt.Println(err)
	_, err = engine.New(engine.Focal(0.25, 2), engine.WithKernel("generic"), engine.WithWorkers(1))
	fmt.Println(err)
	// Output:
	// alpha is 1.5: want a weight in [0, 1]
	// <nil>
}

// The normalised loss of one image, with the gradient for the backward pass.
func ExampleEngine_Gradients_retinaNet() {
	evaluate := func(logits []float32, classes []int32) error {
		e, err := engine.New(engine.Focal(0.25, 2)) // RetinaNet's α and γ
		if err != nil {
			return err
		}
		grad := make([]float32, len(logits)) // logits: A×80 float32, row-major
		r, err := e.Gradients(grad, engine.Batch{
			Logits:     logits,
			Classes:    classes, // []int32, per anchor: a column, engine.Background or engine.IgnoredClass
			NumClasses: 80,
		})
		if err != nil {
			return err // names the first bad element: "Logits[12345] is NaN: want a number"
		}
		fmt.Println(r.PerPositive(), r.Positives, r.Scores)
		return nil
	}
	if err := evaluate(make([]float32, 2*80), []int32{7, engine.Background}); err != nil {
		panic(err)
	}
	// Output: 20.707772076129913 1 160
}

// Weights of foreground and background in place of α: PyTorch's pos_weight is the first,
// and focal loss without α has 1 and 1.
func ExampleLoss_Weighted() {
	for _, l := range []engine.Loss{
		engine.Focal(0.25, 2),
		engine.Focal(0.25, 2).Weighted(1, 1),
		engine.CrossEntropy().Weighted(4, 1),
	} {
		pos, neg := l.Weights()
		fmt.Println(l, pos, neg)
	}
	// Output:
	// focal(alpha=0.25,gamma=2) 0.25 0.75
	// focal(gamma=2,pos=1,neg=1) 1 1
	// ce(pos=4,neg=1) 4 1
}

// Losses in configuration files and flags: what is left out has its default.
func ExampleParseLoss() {
	for _, s := range []string{"focal", "focal(gamma=1.5)", "ce(pos=4, neg=1)", "focal(alpha=10)"} {
		l, err := engine.ParseLoss(s)
		fmt.Println(l, err)
	}
	// Output:
	// focal(alpha=0.25,gamma=2) <nil>
	// focal(alpha=0.25,gamma=1.5) <nil>
	// ce(pos=4,neg=1) <nil>
	// ce alpha is 10: want a weight in [0, 1]
}

// A loss is a string in JSON, and a flag by flag.TextVar.
func ExampleLoss_MarshalText() {
	var run struct{ Loss engine.Loss }
	if err := json.Unmarshal([]byte(`{"Loss": "focal(gamma=3)"}`), &run); err != nil {
		panic(err)
	}
	raw, err := json.Marshal(run)
	fmt.Println(string(raw), err)
	// Output: {"Loss":"focal(alpha=0.25,gamma=3)"} <nil>
}

func ExampleLoss_Parameter() {
	gamma, ok := engine.Focal(0.25, 2).Parameter("gamma")
	fmt.Println(gamma, ok)
	_, ok = engine.CrossEntropy().Parameter("gamma")
	fmt.Println(ok)
	// Output:
	// 2 true
	// false
}

// The definition, in float64, of what the kernels evaluate in float32: here for a
// foreground score with p_t = 0.1.
func ExampleLoss_Definition() {
	loss, _, _ := engine.Focal(0.25, 2).Definition()(engine.Terms{CE: -math.Log(0.1), P: 0.1, Q: 0.9})
	fmt.Printf("%.6f\n", 0.25*loss)
	// Output: 0.466273
}

// The list of losses, with their parameters and the ranges of these.
func ExampleFamilies() {
	for _, f := range engine.Families() {
		if f.Name != "focal" {
			continue
		}
		fmt.Printf("%s: %s (%s)\n", f.Title, f.Formula, f.Source)
		for _, p := range f.Parameters {
			fmt.Printf("%s is %s: %s\n", p.Symbol, p.Meaning, p.Want())
		}
	}
	// Output:
	// focal loss: −α_t · (1 − p_t)^γ · ln p_t (Lin et al. 2017, arXiv:1708.02002, equation 5)
	// α is the weight of the foreground, 1 − α that of the background: a weight in [0, 1]
	// γ is the focusing parameter: a finite number ≥ 0
}

// The largest errors against float64, in ULP.
func ExampleBounds() {
	for _, b := range engine.Bounds() {
		if b.Loss == engine.Focal(0.25, 2) {
			fmt.Printf("%s: loss %g, gradient %g\n", b.Name, b.LossULP, b.GradientULP)
		}
	}
	// Output: focal, γ = 2: loss 9, gradient 10
}

// A span of a batch of 4 columns: scores 3 to 9, the last of anchor 0, all of anchor 1,
// and the first 2 of anchor 2.
func ExampleBatch_span() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	logits, classes := make([]float32, 3*4), []int32{3, engine.Background, 0}
	r, err := e.Sum(engine.Batch{
		Logits: logits[3:10], Classes: classes[0:3], NumClasses: 4,
		FirstColumn: 3 % 4, EndColumn: 10 % 4,
	})
	fmt.Println(r.Scores, r.Positives, err)
	// Output: 7 2 <nil>
}

func ExampleBatch_OneHot() {
	b := engine.Batch{Logits: make([]float32, 9), Classes: []int32{2, engine.Background, engine.IgnoredClass}, NumClasses: 3}
	b, err := b.OneHot(make([]uint8, 9))
	fmt.Println(b.Labels, err)
	// Output: [0 0 1 0 0 0 255 255 255] <nil>
}

// What easy negatives make up: of a detector's scores nearly all, of their cross-entropy much,
// of their focal loss next to nothing.
func ExampleSweeper_SumEasy() {
	s, err := engine.NewSweeper([]engine.Loss{engine.CrossEntropy(), engine.Focal(0.25, 2)})
	if err != nil {
		panic(err)
	}
	b := engine.Batch{
		Logits:     []float32{-4, -5, 0.5, -3, -6, -4, -5, -4, -4, -3, -5, -7},
		Classes:    []int32{2, engine.Background, engine.Background},
		NumClasses: 4,
	}
	all, easy := make([]engine.Result, 2), make([]engine.Result, 2)
	if err := s.SumEasy(all, easy, 0.9, b); err != nil {
		panic(err)
	}
	for i, l := range s.Losses() {
		fmt.Printf("%v: %.4f, easy negatives, %d of %d, %.2f %%\n",
			l, all[i].Sum(), easy[i].Scores, all[i].Scores, 100*easy[i].Sum()/all[i].Sum())
	}
	// Output:
	// ce: 0.6674, easy negatives, 11 of 12, 28.96 %
	// focal(alpha=0.25,gamma=2): 0.0171, easy negatives, 11 of 12, 1.07 %
}

// The focal loss of one batch at several α and γ, in one pass.
func ExampleSweep() {
	var losses []engine.Loss
	for _, alpha := range []float32{0.25, 0.5} {
		for _, gamma := range []float32{0.5, 1, 2} {
			losses = append(losses, engine.Focal(alpha, gamma))
		}
	}
	b := engine.Batch{Logits: []float32{-4, -5, 1, -3}, Labels: []uint8{0, 0, 1, 1}}
	results, err := engine.Sweep(b, losses)
	if err != nil {
		panic(err)
	}
	for i, r := range results {
		fmt.Printf("%v: %.4f per positive\n", losses[i], r.PerPositive())
	}
	// Output:
	// focal(alpha=0.25,gamma=0.5): 0.3934 per positive
	// focal(alpha=0.25,gamma=1): 0.3737 per positive
	// focal(alpha=0.25,gamma=2): 0.3486 per positive
	// focal(alpha=0.5,gamma=0.5): 0.7852 per positive
	// focal(alpha=0.5,gamma=1): 0.7472 per positive
	// focal(alpha=0.5,gamma=2): 0.6972 per positive
}

// Asymmetric loss of multi-label classification: probabilities of background up to the margin
// have no loss.
func ExampleAsymmetric() {
	e, err := engine.New(engine.Asymmetric(1, 4, 0.05))
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 3)
	r, err := e.Losses(losses, engine.Batch{
		Logits: []float32{2, -3, 1},
		Labels: []uint8{1, 0, 0},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.5f, sum %.5f\n", losses, r.Sum())
	// Output: [0.01513 0.00000 0.24586], sum 0.26099
}

// The anchors whose loss is largest: hard examples, or wrong labels.
func ExampleEngine_Hardest() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		log.Fatal(err)
	}
	hardest, r, err := e.Hardest(2, engine.Batch{
		Logits:     []float32{-5, 3, -4, -1, 2, -6}, // two anchors, three classes
		Classes:    []int32{engine.Background, 1},
		NumClasses: 3,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("of %d scores\n", r.Scores)
	for _, s := range hardest {
		fmt.Printf("anchor %d, class %d: logit %g, target %g, loss %.4f\n", s.Index/3, s.Index%3, s.Score, s.Target, s.Loss)
	}
	// Output:
	// of 6 scores
	// anchor 0, class 1: logit 3, target 0, loss 2.0747
	// anchor 1, class 0: logit -1, target 0, loss 0.0170
}

// Hard negatives of many batches: a ranking keeps the hardest of all of them.
func ExampleRanking() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		log.Fatal(err)
	}
	negatives := engine.Ranking{K: 2, Among: engine.NegativeScores}
	for i, logits := range [][]float32{{-2, 4}, {1, -3}, {0, 5}} {
		b := engine.Batch{Logits: logits, Labels: []uint8{0, 1}}
		if _, err := e.Rank(&negatives, 2*i, b); err != nil {
			log.Fatal(err)
		}
	}
	for _, s := range negatives.Scores() {
		fmt.Printf("score %d: logit %g, loss %.3f\n", s.Index, s.Score, s.Loss)
	}
	// Output:
	// score 2: logit 1, loss 1.313
	// score 4: logit 0, loss 0.693
}

// Spans evaluated apart, on as many machines as there are, give the bits of the whole. An error
// names the element of the whole.
func ExampleBatch_Span() {
	b := engine.Batch{Logits: make([]float32, 100*80), Classes: make([]int32, 100), NumClasses: 80}
	b.Logits[7000] = float32(math.Log(9)) // background, and the detector sees a p of 0.9

	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		log.Fatal(err)
	}
	var total engine.Result
	for from, to := range engine.Spans(len(b.Logits), 1) {
		span, err := b.Span(from, to)
		if err != nil {
			log.Fatal(err)
		}
		part, err := e.Sum(span)
		if bad := (*engine.InputError)(nil); errors.As(err, &bad) {
			log.Fatal(bad.Shifted(from, b.NumClasses))
		}
		fmt.Println(from, to, part)
		total.Merge(part)
	}
	whole, _ := e.Sum(b)
	fmt.Println(total, total == whole)
	// Output:
	// 0 4096 4096 scores, 52 positive, 0 ignored, sum 527.8315794467926
	// 4096 8000 3904 scores, 48 positive, 0 ignored, sum 504.4937096834183
	// 8000 scores, 100 positive, 0 ignored, sum 1032.3252891302109 true
}
