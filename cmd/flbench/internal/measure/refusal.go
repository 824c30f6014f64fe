package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// choice is a part of a work that a flag names.
type choice struct {
	flag string
	of   func(w *Work) *string
	all  func() []string
}

var choices = []choice{
	{"labels", func(w *Work) *string { return &w.Labels }, AllLabels},
	{"inputs", func(w *Work) *string { return &w.Input }, AllInputs},
	{"weights", func(w *Work) *string { return &w.Weights }, AllWeights},
	{"ops", func(w *Work) *string { return &w.Op }, AllOps},
}

// A Chooser tells which works there are. The engine decides: it is asked to do them on two
// scores.
type Chooser struct {
	batch *Batch
	known map[Work]error
}

// NewChooser returns one.
func NewChooser() *Chooser {
	b := NewBatch(1, 2, 1)
	b.classes = []int32{0, engine.Background} // so that there are soft targets
	return &Chooser{b, map[Work]error{}}
}

// try returns why the engine refuses a work.
func (c *Chooser) try(w Work) error {
	err, known := c.known[w]
	if !known {
		var pass func() (engine.Result, error)
		if pass, err = w.Of(c.batch, 2, make([]float32, 2), make([]float32, 2), engine.WithKernel("generic"), engine.WithWorkers(1)); err == nil {
			_, err = pass()
		}
		c.known[w] = err
	}
	return err
}

// Refusal says why there is no such work, and which flags cure it; "" if there is.
func (c *Chooser) Refusal(w Work) string {
	err := c.try(w)
	if err == nil {
		return ""
	}
	// The fewest choices that do not go together.
	for i := range choices {
		if text := c.conflict(w, choices[i:i+1]); text != "" {
			return text
		}
	}
	for i := range choices {
		for k := range choices[:i] {
			if text := c.conflict(w, []choice{choices[k], choices[i]}); text != "" {
				return text
			}
		}
	}
	return fmt.Sprintf("%s: %v", w.Loss.Name, err)
}

// conflict says what is wrong with some of the choices of a work, whatever the others, and
// which ones in the place of one of them would do; "" if nothing is.
func (c *Chooser) conflict(w Work, some []choice) string {
	alone := Work{w.Loss, OpSum, UsualForm()}
	var with, want []string
	for _, choice := range some {
		*choice.of(&alone) = *choice.of(&w)
		with = append(with, fmt.Sprintf("--%s %s", choice.flag, *choice.of(&w)))
	}
	if c.try(alone) == nil {
		return ""
	}
	for _, choice := range some {
		good := slices.DeleteFunc(choice.all(), func(name string) bool {
			other := alone
			*choice.of(&other) = name
			return c.try(other) != nil
		})
		if len(good) > 0 {
			want = append(want, fmt.Sprintf("--%s %s", choice.flag, cli.OrList(good)))
		}
	}
	if len(want) == 0 {
		return ""
	}
	return fmt.Sprintf("%s with %s: want %s", w.Loss.Name, strings.Join(with, " "), strings.Join(want, ", or "))
}
