package eval

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// maxKept bounds the scores that --top keeps, of all inputs together: 36 bytes each.
const maxKept = 1 << 25

// checkTop refuses to keep more scores than there should be room for.
func (e *evaluator) checkTop(images []*stream.Image) error {
	kept := 0
	for _, im := range images {
		if kept += min(e.top, im.Scores); kept > maxKept {
			return cli.Usagef("--top is %d: the inputs have more than %d such scores, want no more to be kept", e.top, maxKept)
		}
	}
	return nil
}
