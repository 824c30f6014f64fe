package beam_test

import (
	"context"
	"fmt"
	"log"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/flengine/flengine/engine"
	flbeam "github.com/flengine/flengine/engine/beam"
)

func init() { register.Function2x0(print) }

// print would be another step in a pipeline of more than one process, which has no output.
func print(loss string, r engine.Result) { fmt.Println(loss, r) }

// The focal loss of two images of a detector, by a pipeline on Prism. A program calls beam.Init
// first, after its flags are read.
func ExampleEvaluate() {
	p, s := beam.NewPipelineWithRoot()
	shards := flbeam.Shards(s, flbeam.Glob{
		Logits: "../../testdata/detector-logits/nanodet/*/logits.npy",
		Labels: "../../testdata/detector-logits/nanodet/*/labels.npy",
		Key:    "nanodet/([^/]+)/",
	})
	out, err := flbeam.Evaluate(s, shards, flbeam.Options{Losses: []engine.Loss{engine.Focal(0.25, 2)}})
	if err != nil {
		log.Fatal(err)
	}
	beam.ParDo0(s, print, out.Totals)
	if _, err := beam.Run(context.Background(), "prism", p); err != nil {
		log.Fatal(flbeam.Fault(err))
	}
	// Output: focal(alpha=0.25,gamma=2) 561120 scores, 22 positive, 6720 ignored, sum 6.497373028715459
}
