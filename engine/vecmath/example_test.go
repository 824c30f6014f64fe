package vecmath_test

import (
	"fmt"

	"github.com/flengine/flengine/engine/vecmath"
)

func ExampleExp() {
	x := []float32{0, 1, -1, 100}
	vecmath.Exp(x, x)
	fmt.Println(x)
	// Output: [1 2.7182817 0.36787945 +Inf]
}

func ExampleLog() {
	y := make([]float32, 4)
	vecmath.Log(y, []float32{1, 2.7182817, 0, -1})
	fmt.Println(y)
	// Output: [0 0.99999994 -Inf NaN]
}

func ExampleLog1p() {
	y := make([]float32, 3)
	vecmath.Log1p(y, []float32{1e-10, 1, -1})
	fmt.Println(y)
	// Output: [1e-10 0.6931472 -Inf]
}

func ExampleSigmoid() {
	y := make([]float32, 3)
	vecmath.Sigmoid(y, []float32{0, 4, -100})
	fmt.Println(y)
	// Output: [0.5 0.98201376 3.8e-44]
}

func ExampleSoftplus() {
	y := make([]float32, 3)
	vecmath.Softplus(y, []float32{0, 30, -30})
	fmt.Println(y)
	// Output: [0.6931472 30 9.357623e-14]
}

func ExampleLogSigmoid() {
	y := make([]float32, 3)
	vecmath.LogSigmoid(y, []float32{0, 30, -30})
	fmt.Println(y)
	// Output: [-0.6931472 -9.357623e-14 -30]
}

func ExamplePow() {
	y := make([]float32, 4)
	vecmath.Pow(y, []float32{4, 2, 0, -1}, 1.5)
	fmt.Println(y)
	// Output: [8 2.828427 0 NaN]
}

func ExampleFor() {
	f, err := vecmath.For("generic")
	if err != nil {
		fmt.Println(err)
		return
	}
	x := []float32{0, 1}
	f.Exp(x, x)
	fmt.Println(f.Kernel(), x)

	_, err = vecmath.For("mmx")
	fmt.Println(err != nil)
	// Output:
	// generic [1 2.7182817]
	// true
}
