package engine_test

import (
	"fmt"

	"github.com/flengine/flengine/engine"
)

// Two rows of three classes, and a third that is ignored: PyTorch's
// cross_entropy(logits, classes, reduction="none") and its mean, with ignore_index −100.
func ExampleSoftmaxCrossEntropy() {
	e, err := engine.New(engine.SoftmaxCrossEntropy(), engine.WithIgnored(-100))
	if err != nil {
		panic(err)
	}
	b := engine.Batch{
		Logits: []float32{
			2, 1, 0,
			-1, 3, 0.5,
			7, 7, 7,
		},
		Classes: []int32{0, 2, -100}, NumClasses: 3,
	}
	losses, grads := make([]float32, 3), make([]float32, 9)
	r, err := e.LossesAndGradients(losses, grads, b)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f\n%.4f\n", losses, grads[:3])
	fmt.Printf("mean %.4f of %d rows\n", r.Mean(), r.Scores)
	// Output:
	// [0.4076 2.5957 0.0000]
	// [-0.3348 0.2447 0.0900]
	// mean 1.5016 of 2 rows
}

// Weights of classes are those of the rows of a class, and the weighted mean is PyTorch's.
func ExampleSoftmaxFocal() {
	weights := []float32{1, 0.5, 2}
	e, err := engine.New(engine.SoftmaxFocal(2), engine.WithClassWeights(weights))
	if err != nil {
		panic(err)
	}
	r, err := e.Sum(engine.Batch{
		Logits:  []float32{2, 1, 0, -1, 3, 0.5},
		Classes: []int32{0, 2}, NumClasses: 3,
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f / (1 + 2) = %.4f\n", r.Sum(), r.WeightedMean())
	// Output:
	// 4.4914 / (1 + 2) = 1.4971
}

// Every class is a column: whoever has background in Classes makes it a column, or ignores it.
func ExampleSoftmaxCrossEntropy_background() {
	e, err := engine.New(engine.SoftmaxCrossEntropy())
	if err != nil {
		panic(err)
	}
	_, err = e.Sum(engine.Batch{Logits: []float32{2, 1, 0}, Classes: []int32{engine.Background}, NumClasses: 3})
	fmt.Println(err)
	// Output:
	// Classes[0] is -1: under softmax every class is a column: want a class in [0, 3), or -2 for ignored, which WithIgnored sets
}
