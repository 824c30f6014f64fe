package abi

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// settings are what an engine is made of.
type settings struct {
	loss, kernel  string
	workers       int // of the request
	each          int // of the engine
	background    *int32
	ignored       []int32
	classWeights  []float32
	columnWeights []float32
}

func (s *settings) options() []engine.Option {
	o := []engine.Option{engine.WithKernel(strings.Clone(s.kernel)), engine.WithWorkers(s.each)}
	if s.background != nil {
		o = append(o, engine.WithBackground(*s.background))
	}
	if s.ignored != nil {
		o = append(o, engine.WithIgnored(s.ignored...))
	}
	if s.classWeights != nil {
		o = append(o, engine.WithClassWeights(s.classWeights))
	}
	if s.columnWeights != nil {
		o = append(o, engine.WithColumnWeights(s.columnWeights))
	}
	return o
}

// made is an engine, and what is asked of its loss in each call.
type made struct {
	*engine.Engine
	rows bool // the loss is one of rows
}

func (s *settings) make() (m made, err error) {
	loss, err := engine.ParseLoss(strings.Clone(s.loss))
	if err != nil {
		return m, err
	}
	m.rows = loss.Family().Rows
	m.Engine, err = engine.New(loss, s.options()...)
	return m, s.named(err)
}

// named is an error of engine; that about a kernel has its field here.
func (s *settings) named(err error) error {
	if _, other := errors.AsType[*engine.InputError](err); err == nil || other || s.kernel == "" || slices.Contains(engine.Kernels(), s.kernel) {
		return err
	}
	return &badKernel{err}
}

// badKernel says why a kernel cannot be had.
type badKernel struct{ error }

// engines keeps those that were made, as making one takes longer than evaluating a hundred
// scores: most programs have a handful.
var engines = struct {
	sync.RWMutex
	kept map[string]made
}{kept: map[string]made{}}

// What is kept: so many engines, of keys of so many bytes, which are the settings.
const (
	maxEngines = 64
	maxKey     = 1024
)

// engineOf returns an engine of the settings.
func engineOf(s *settings) (made, error) {
	// The texts and arrays are as long as the caller wants.
	if len(s.loss)+len(s.kernel)+4*(len(s.ignored)+len(s.classWeights)+len(s.columnWeights))+64 > maxKey {
		return s.make()
	}
	var room [maxKey]byte
	key := s.key(room[:0])
	engines.RLock()
	m := engines.kept[string(key)]
	engines.RUnlock()
	if m.Engine != nil {
		return m, nil
	}
	m, err := s.make()
	if err != nil {
		return m, err
	}
	engines.Lock()
	if len(engines.kept) >= maxEngines {
		clear(engines.kept)
	}
	engines.kept[string(key)] = m
	engines.Unlock()
	return m, nil
}

// key appends all settings, each of which has its length before it.
func (s *settings) key(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.loss)))
	b = append(b, s.loss...)
	b = binary.AppendUvarint(b, uint64(len(s.kernel)))
	b = append(b, s.kernel...)
	b = binary.AppendUvarint(b, uint64(s.each))
	b = appendBytes(b, s.backgrounds(), s.background != nil)
	b = appendBytes(b, s.ignored, s.ignored != nil)
	b = appendBytes(b, s.classWeights, s.classWeights != nil)
	return appendBytes(b, s.columnWeights, s.columnWeights != nil)
}

// backgrounds returns background as a slice, as ignored is one.
func (s *settings) backgrounds() []int32 {
	if s.background == nil {
		return nil
	}
	return unsafe.Slice(s.background, 1)
}

// appendBytes appends the bytes of elements of 4 each, and whether they were given.
func appendBytes[T int32 | float32](b []byte, s []T, given bool) []byte {
	n := uint64(0)
	if given {
		n = uint64(len(s)) + 1
	}
	b = binary.AppendUvarint(b, n)
	if len(s) == 0 {
		return b
	}
	return append(b, unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), 4*len(s))...)
}

// workersOf returns how many are meant.
func workersOf(n int32) (int, error) {
	switch {
	case n < 0:
		return 0, argument("workers", float64(n), "is %d: want at least 1, or 0 for as many as there are CPUs", n)
	case n == 0:
		return runtime.GOMAXPROCS(0), nil
	}
	return int(n), nil
}
