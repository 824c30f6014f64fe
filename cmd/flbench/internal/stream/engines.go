package stream

import (
	"sync"

	"github.com/flengine/flengine/engine"
)

// Engines are what workers evaluate with, one for the usual convention of class labels, and one
// for another, once it is met: a run has at most one.
type Engines[T any] struct {
	build func(convention ...engine.Option) (T, error)

	mu    sync.Mutex
	built [2]*T
}

// NewEngines returns those that a function builds, and its error for the usual convention.
func NewEngines[T any](build func(convention ...engine.Option) (T, error)) (*Engines[T], error) {
	e := &Engines[T]{build: build}
	_, err := e.For(nil)
	return e, err
}

// For returns the one for the options of an input.
func (e *Engines[T]) For(convention []engine.Option) (T, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := min(len(convention), 1)
	if e.built[at] == nil {
		t, err := e.build(convention...)
		if err != nil {
			return t, err
		}
		e.built[at] = &t
	}
	return *e.built[at], nil
}
