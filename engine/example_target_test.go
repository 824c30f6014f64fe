package engine_test

import (
	"fmt"

	"github.com/flengine/flengine/engine"
)

// Soft targets: how much of each score is foreground. What is -1 does not count.
func ExampleBatch_targets() {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 4)
	r, err := e.Losses(losses, engine.Batch{
		Logits:  []float32{2, 2, -1, 5},
		Targets: []float32{1, 0.75, 0, engine.IgnoredTarget},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f, %d positive, %d ignored\n", losses, r.Positives, r.Ignored)
	// Output:
	// [0.1269 0.6269 0.3133 0.0000], 2 positive, 1 ignored
}

// The quality of a detection, such as the IoU of its box, is the target at the column of its
// class, as in GFL and NanoDet; the sum is divided by the sum of qualities there.
func ExampleQualityFocal() {
	e, err := engine.New(engine.QualityFocal(2))
	if err != nil {
		panic(err)
	}
	r, err := e.Sum(engine.Batch{
		Logits:     []float32{-3, 1.5, -4, -2, -5, -3},
		Targets:    []float32{0, 0.8, 0, 0, 0, 0},
		NumClasses: 3,
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6f of %d positive\n", r.Sum(), r.Positives)
	// Output:
	// 0.002183 of 1 positive
}

// Positives are weighted by their IoU, the rest by 0.75 p².
func ExampleVarifocal() {
	b := engine.Batch{Logits: []float32{1.5, 1.5, 1.5}, Targets: []float32{0.9, 0.3, 0}}
	for _, l := range []engine.Loss{engine.Varifocal(0.75, 2), engine.VarifocalUnweighted(0.75, 2)} {
		e, err := engine.New(l)
		if err != nil {
			panic(err)
		}
		losses := make([]float32, 3)
		if _, err := e.Losses(losses, b); err != nil {
			panic(err)
		}
		fmt.Printf("%v: %.4f\n", l, losses)
	}
	// Output:
	// vfl(alpha=0.75,gamma=2,iou=1): [0.3163 0.3754 0.8530]
	// vfl(alpha=0.75,gamma=2,iou=0): [0.3514 1.2514 0.8530]
}

// CenterNet's loss: the peak of the heatmap is an object, what is near it costs little.
func ExampleHeatmapFocal() {
	e, err := engine.New(engine.HeatmapFocal(2, 4))
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 4)
	r, err := e.Losses(losses, engine.Batch{
		Logits:  []float32{-1, 0, 0, 0},
		Targets: []float32{0, 0.8, 1, 0.3},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.5f per object %.5f\n", losses, r.PerPositive())
	// Output:
	// [0.02266 0.00028 0.17329 0.04161] per object 0.23783
}

// Label smoothing comes before weights, and does not change what is positive.
func ExampleLoss_Smoothed() {
	e, err := engine.New(engine.CrossEntropy().Smoothed(0.1))
	if err != nil {
		panic(err)
	}
	losses := make([]float32, 2)
	r, err := e.Losses(losses, engine.Batch{Logits: []float32{4, -4}, Labels: []uint8{1, 0}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%v: %.4f, %d positive\n", e.Loss(), losses, r.Positives)
	// Output:
	// ce(smoothing=0.1): [0.2181 0.2181], 1 positive
}

// What a boosting library asks of an objective. Focal loss is concave where a score is very
// wrong; trees want a positive second derivative, and steps that are not too long.
func ExampleEngine_GradientsAndHessians() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	grad, hess := make([]float32, 3), make([]float32, 3)
	if _, err := e.GradientsAndHessians(grad, hess, engine.Batch{
		Logits: []float32{0, -1, -4},
		Labels: []uint8{1, 0, 1},
	}); err != nil {
		panic(err)
	}
	fmt.Printf("%.4f %.4f\n", grad, hess)
	for i, h := range hess {
		hess[i] = max(h, grad[i]/5, -grad[i]/5, 1e-6)
	}
	fmt.Printf("for XGBoost and LightGBM: %.6f\n", hess)
	// Output:
	// [-0.0746 0.0394 -0.2716] [0.0998 0.0830 -0.0117]
	// for XGBoost and LightGBM: [0.099786 0.082974 0.054320]
}

// A loss by its definition, in float64, at a logit and a soft target.
func ExampleLoss_Exact() {
	at := engine.QualityFocal(2).Exact()(1, 0.25)
	fmt.Printf("%.6f, slope %.6f, curvature %.6f\n", at.Loss, at.Gradient, at.Hessian)
	// Output:
	// 0.246057, slope 0.312456, curvature 0.216755
}
