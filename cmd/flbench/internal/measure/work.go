package measure

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// Operations, by the names that flags take.
const (
	OpSum       = "sum"
	OpLosses    = "losses"
	OpGradients = "gradients"
	OpBoth      = "losses+gradients"
	OpHessians  = "gradients+hessians"
)

// UsualOps are the operations that are measured by default, AllOps all that there are.
func UsualOps() []string { return []string{OpSum, OpLosses, OpGradients, OpBoth} }
func AllOps() []string   { return append(UsualOps(), OpHessians) }

// Operation returns one call of the engine; dst and grad are for operations that need them,
// dst for second derivatives, too.
func Operation(e *engine.Engine, op string, b engine.Batch, dst, grad []float32) func() (engine.Result, error) {
	switch op {
	case OpSum:
		return func() (engine.Result, error) { return e.Sum(b) }
	case OpLosses:
		return func() (engine.Result, error) { return e.Losses(dst, b) }
	case OpGradients:
		return func() (engine.Result, error) { return e.Gradients(grad, b) }
	case OpHessians:
		return func() (engine.Result, error) { return e.GradientsAndHessians(grad, dst, b) }
	}
	return func() (engine.Result, error) { return e.LossesAndGradients(dst, grad, b) }
}

// Work is what is measured of a batch.
type Work struct {
	Loss cli.LossSpec
	Op   string
	Form
}

// Of returns the call that does the work on the first anchors of a batch. Outputs that the
// operation needs have room for them.
func (w Work) Of(b *Batch, anchors int, dst, grad []float32, opts ...engine.Option) (func() (engine.Result, error), error) {
	e, err := engine.New(w.Loss.Loss, append(b.Options(w.Form), opts...)...)
	if err != nil {
		return nil, err
	}
	rows, scores := w.Loss.Family().Rows, anchors*b.Columns
	losses := scores
	if rows {
		losses = anchors
	}
	return Operation(e, w.Op, First(b.As(w.Form, rows), anchors), first(dst, losses), first(grad, scores)), nil
}
