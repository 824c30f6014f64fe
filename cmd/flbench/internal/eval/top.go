package eval

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// checkTop refuses to keep more scores than there should be room for.
func (e *evaluator) checkTop(images []*stream.Image) error {
	kept := 0
	for _, im := range images {
		if kept += min(e.top, im.Scores); kept > outcome.MaxKept {
			return cli.Usagef("--top is %d: the inputs have more than %d such scores, want no more to be kept", e.top, outcome.MaxKept)
		}
	}
	return nil
}
