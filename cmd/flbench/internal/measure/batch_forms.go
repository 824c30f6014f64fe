package measure

import (
	"math/rand/v2"
	"slices"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// As returns the batch in a form. For losses of rows background gets a class in turn, as every
// row has one. The weights that an engine has are [Batch.Options].
func (b *Batch) As(f Form, rows bool) engine.Batch {
	e := engine.Batch{NumClasses: b.Columns}
	scores := made(b.scores, f.Input, b.scoresAs)
	e.Logits, e.Probs, e.Float16, e.BFloat16 = scores.Logits, scores.Probs, scores.Float16, scores.BFloat16
	form := f.Labels
	if rows && form == LabelsClasses {
		form = rowsLabels
	}
	labels := made(b.labels, form, b.labelsAs)
	e.Classes, e.Labels, e.Targets = labels.Classes, labels.Labels, labels.Targets
	if f.Has(WeightAnchor) {
		e.Weights = made(b.weighs, WeightAnchor, b.drawWeights)
	}
	if f.Has(WeightScore) {
		e.ScoreWeights = made(b.weighs, WeightScore, b.drawWeights)
	}
	return e
}

// Options returns the weights of a form that are an engine's.
func (b *Batch) Options(f Form) (opts []engine.Option) {
	if f.Has(WeightColumn) {
		opts = append(opts, engine.WithColumnWeights(made(b.weighs, WeightColumn, b.drawWeights)))
	}
	if f.Has(WeightClass) {
		opts = append(opts, engine.WithClassWeights(made(b.weighs, WeightClass, b.drawWeights)))
	}
	return opts
}

// made returns what a map has under a name, made if it has none.
func made[T any](m map[string]T, name string, make func(name string) T) T {
	v, have := m[name]
	if !have {
		v = make(name)
		m[name] = v
	}
	return v
}

func (b *Batch) scoresAs(input string) (e engine.Batch) {
	switch input {
	case InputProbs:
		e.Probs = make([]float32, len(b.logits))
		vecmath.Sigmoid(e.Probs, b.logits)
	case InputFloat16:
		e.Float16 = narrowed(b.logits, narrowF16)
	case InputBFloat16:
		e.BFloat16 = narrowed(b.logits, narrowBF16)
	default:
		e.Logits = b.logits
	}
	return e
}

func (b *Batch) labelsAs(form string) (e engine.Batch) {
	switch form {
	case LabelsUint8:
		hot, err := engine.Batch{Logits: b.logits, Classes: b.classes, NumClasses: b.Columns}.OneHot(make([]uint8, len(b.logits)))
		if err != nil {
			panic(err) // the classes are all good
		}
		e.Labels = hot.Labels
	case LabelsTargets:
		e.Targets = b.soften()
	case rowsLabels:
		e.Classes = slices.Clone(b.classes)
		for a, c := range e.Classes {
			if c == engine.Background {
				e.Classes[a] = int32(a % b.Columns)
			}
		}
	default:
		e.Classes = b.classes
	}
	return e
}

// soften returns targets, which are 0 but for the class of a positive: that has a quality, as
// of an assigner, drawn in the order of positives.
func (b *Batch) soften() []float32 {
	targets := make([]float32, len(b.logits))
	rng := rand.New(rand.NewPCG(1, 1))
	for a, c := range b.classes {
		row := targets[a*b.Columns:][:b.Columns]
		switch {
		case c == engine.IgnoredClass:
			for i := range row {
				row[i] = engine.IgnoredTarget
			}
		case c >= 0:
			row[c] = float32(1+rng.IntN(255)) / 256
		}
	}
	return targets
}

// drawWeights returns weights of a kind, from 1/256 to 1.
func (b *Batch) drawWeights(kind string) []float32 {
	n := map[string]int{WeightAnchor: len(b.classes), WeightScore: len(b.logits), WeightColumn: b.Columns, WeightClass: b.Columns}[kind]
	rng := rand.New(rand.NewPCG(b.seed, uint64(2+slices.Index(WeightKinds(), kind))))
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(1+rng.IntN(256)) / 256
	}
	return w
}

// First returns the first anchors of a batch.
func First(b engine.Batch, anchors int) engine.Batch {
	scores := anchors * b.NumClasses
	b.Logits, b.Probs, b.Float16, b.BFloat16 = first(b.Logits, scores), first(b.Probs, scores), first(b.Float16, scores), first(b.BFloat16, scores)
	b.Classes, b.Labels, b.Targets = first(b.Classes, anchors), first(b.Labels, scores), first(b.Targets, scores)
	b.Weights, b.ScoreWeights = first(b.Weights, anchors), first(b.ScoreWeights, scores)
	return b
}

// first returns the first n elements, nil of nil.
func first[T any](s []T, n int) []T { return s[:min(len(s), n)] }
