package engine_test

import (
	"fmt"

	"github.com/flengine/flengine/engine"
)

// Logits as a network leaves them under mixed precision: 1, −2 and −3.5 in float16, and in
// bfloat16. Both are exact, so the results are equal to the last bit.
func ExampleBatch_float16() {
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		panic(err)
	}
	labels := []uint8{1, 0, 0}
	for _, b := range []engine.Batch{
		{Logits: []float32{1, -2, -3.5}, Labels: labels},
		{Float16: []uint16{0x3C00, 0xC000, 0xC300}, Labels: labels},
		{BFloat16: []uint16{0x3F80, 0xC000, 0xC060}, Labels: labels},
	} {
		r, err := e.Sum(b)
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Sum())
	}
	// Output:
	// 0.007036356886601425
	// 0.007036356886601425
	// 0.007036356886601425
}
