package eval

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// checkTop refuses to keep more scores than there should be room for, or than a line may have.
func (e *evaluator) checkTop(images []*stream.Image) error {
	kept := int64(0)
	for _, im := range images {
		from, to := im.Evaluated()
		of := int64(min(e.top, to-from)) * int64(len(e.losses))
		switch kept += of; {
		case e.partial != "" && of > partial.MaxKept:
			return cli.Usagef("--top is %d: a line of --partial keeps at most %d scores, of all losses together, want no more", e.top, partial.MaxKept)
		case kept > outcome.MaxKept:
			return cli.Usagef("--top is %d: the inputs have more than %d such scores, want no more to be kept", e.top, outcome.MaxKept)
		}
	}
	return nil
}
