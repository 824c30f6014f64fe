package pair

import (
	"context"
	"slices"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

// settlePart is how many labels Settle reads at once.
const settlePart = 64 * engine.Block

// Settle tells by the labels' values what they are, where nothing else does: integers of one
// column are class indices if one of them is negative and not said to be ignored, floats are
// soft if one of them is between 0 and 1. That takes a look at the labels up to the first of these.
func (p *Plan) Settle(ctx context.Context, st *object.Store, o *Options) error {
	undecided := p.Kind
	if undecided != either && undecided != softOrHard {
		return nil
	}
	p.Kind, p.Settled = Labels, undecided == either
	var s Scratch
	n := p.Labels.Len()
	for from, to := range engine.Spans(n, settlePart/engine.Block) {
		if err := s.labels.read(ctx, st, &p.Labels, from, to); err != nil {
			return err
		}
		switch {
		case undecided == softOrHard && s.anyBetween(&p.Labels, to-from):
			p.Kind = Soft
		case undecided == either && slices.ContainsFunc(s.readClasses(&p.Labels, to-from, o), func(v int32) bool {
			return v < 0 && !slices.Contains(o.Ignored, v)
		}):
			p.Kind = Classes
		default:
			continue
		}
		return p.checkOptions(o)
	}
	if undecided == either && n > 0 {
		return p.ambiguous()
	}
	if undecided == either {
		p.Kind = Classes // of none
	}
	return p.checkOptions(o)
}

// anyBetween tells whether one of the n labels that were read is above 0 and below 1.
func (s *Scratch) anyBetween(a *Array, n int) bool {
	if a.DType == "float64" {
		return slices.ContainsFunc(of[float64](&s.labels, n), func(v float64) bool { return v > 0 && v < 1 })
	}
	return slices.ContainsFunc(s.labelFloats(a, n), func(v float32) bool { return v > 0 && v < 1 })
}
