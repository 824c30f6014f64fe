package pair

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
	"github.com/flengine/flengine/generic"
)

// Scratch is a worker's memory for the spans that it reads, one after the other. The zero
// Scratch is empty.
type Scratch struct {
	scores, labels raw
	floats         []float32
	wide           []float32 // of labels
	classes        []int32
	marks          []uint8
	padded         [engine.Block]uint16
}

// raw is memory for the bytes of elements, where any of their types may lie.
type raw struct{ words []uint64 }

func (r *raw) bytes(n int) []byte {
	if words := (n + 7) / 8; cap(r.words) < words {
		r.words = make([]uint64, words)
	}
	r.words = r.words[:cap(r.words)]
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(r.words))), 8*len(r.words))[:n]
}

// of returns the first n elements in the memory as a slice of theirs.
func of[T any](r *raw, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(r.words))), n)
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// swap turns elements from little-endian into this machine's, where that differs.
func swap(p []byte, size int) {
	if size == 1 || binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return
	}
	for ; len(p) > 0; p = p[size:] {
		slices.Reverse(p[:size])
	}
}

// read fills the memory with the elements [from, to) of an array.
func (r *raw) read(ctx context.Context, st *object.Store, a *Array, from, to int) error {
	p := r.bytes((to - from) * a.Size)
	if err := st.Read(ctx, a.Name, a.Version, a.Offset+int64(from)*int64(a.Size), p); err != nil {
		return err
	}
	swap(p, a.Size)
	return nil
}

// rowsOf returns the rows that the scores [from, to) touch.
func (p *Plan) rowsOf(from, to int) (first, end int) {
	if from == to {
		return from / p.Columns, from / p.Columns
	}
	return from / p.Columns, (to + p.Columns - 1) / p.Columns
}

// Batch reads the scores [from, to) with their labels. The batch is memory of the scratch, until
// its next use.
func (p *Plan) Batch(ctx context.Context, st *object.Store, o *Options, from, to int, s *Scratch) (engine.Batch, error) {
	b := engine.Batch{NumClasses: p.Columns, FirstColumn: from % p.Columns, EndColumn: to % p.Columns}
	first, end := from, to
	if p.Kind == Classes {
		first, end = p.rowsOf(from, to)
	}
	if err := s.scores.read(ctx, st, &p.Logits, from, to); err != nil {
		return b, err
	}
	if err := s.labels.read(ctx, st, &p.Labels, first, end); err != nil {
		return b, err
	}
	n := to - from
	switch {
	case p.Logits.DType == "float16":
		b.Float16 = of[uint16](&s.scores, n)
	case p.Logits.DType == "bfloat16":
		b.BFloat16 = of[uint16](&s.scores, n)
	case o.Probs:
		b.Probs = s.scoreFloats(&p.Logits, n)
	default:
		b.Logits = s.scoreFloats(&p.Logits, n)
	}
	switch p.Kind {
	case Classes:
		b.Classes = s.readClasses(&p.Labels, end-first, o)
	case Labels:
		b.Labels = s.readLabels(&p.Labels, n, o)
	case Soft:
		b.Targets = s.readTargets(&p.Labels, n, o)
	default:
		return b, fmt.Errorf("labels of kind %q: want a plan that is settled", p.Kind)
	}
	return b, nil
}

// scoreFloats returns the n scores that were read as float32.
func (s *Scratch) scoreFloats(a *Array, n int) []float32 {
	if a.DType == "float32" {
		return of[float32](&s.scores, n)
	}
	s.floats = grow(s.floats, n)
	narrow(s.floats, of[float64](&s.scores, n))
	return s.floats
}

func narrow(to []float32, from []float64) {
	for i, v := range from {
		to[i] = float32(v)
	}
}

// labelFloats returns the n labels of a float type that were read as float32.
func (s *Scratch) labelFloats(a *Array, n int) []float32 {
	if a.DType == "float32" {
		return of[float32](&s.labels, n)
	}
	s.wide = grow(s.wide, n)
	switch a.DType {
	case "float64":
		narrow(s.wide, of[float64](&s.labels, n))
	case "float16":
		s.widen(of[uint16](&s.labels, n), generic.WidenF16)
	default:
		s.widen(of[uint16](&s.labels, n), generic.WidenBF16)
	}
	return s.wide
}

// widen fills s.wide by a function that takes whole groups, at most a block.
func (s *Scratch) widen(from []uint16, by func(dst []float32, src []uint16)) {
	var block [engine.Block]float32
	for at := 0; at < len(from); {
		n := copy(s.padded[:], from[at:])
		by(block[:], s.padded[:])
		at += copy(s.wide[at:], block[:n])
	}
}

// readClasses returns the n class indices that were read.
func (s *Scratch) readClasses(a *Array, n int, o *Options) []int32 {
	if a.DType == "int32" {
		return of[int32](&s.labels, n)
	}
	s.classes = grow(s.classes, n)
	switch a.DType {
	case "int64":
		convert(s.classes, of[int64](&s.labels, n), o)
	case "int16":
		convert(s.classes, of[int16](&s.labels, n), o)
	case "int8":
		convert(s.classes, of[int8](&s.labels, n), o)
	case "uint8":
		convert(s.classes, of[uint8](&s.labels, n), o)
	case "uint16":
		convert(s.classes, of[uint16](&s.labels, n), o)
	case "uint32":
		convert(s.classes, of[uint32](&s.labels, n), o)
	default:
		convert(s.classes, of[uint64](&s.labels, n), o)
	}
	return s.classes
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// convert sets classes, and for what no int32 holds one that the engine refuses.
func convert[T integer](to []int32, from []T, o *Options) {
	for i, v := range from {
		to[i] = int32(v)
		if T(to[i]) != v || to[i] < 0 && v > 0 {
			to[i] = o.badClass()
		}
	}
}

// badClass is a value that is no class, background or ignored. It stands for one that no int32
// holds; Locate names what is in the file.
func (o *Options) badClass() int32 {
	bad := int32(math.MinInt32)
	for bad == o.background() || slices.Contains(o.ignored(), bad) {
		bad++
	}
	return bad
}

// badLabel is a label that the engine refuses, and badTarget such a target.
const (
	badLabel  = 254
	badTarget = -2
)

// readLabels returns the n labels of scores that were read.
func (s *Scratch) readLabels(a *Array, n int, o *Options) []uint8 {
	if a.DType == "uint8" && len(o.Ignored) == 0 {
		return of[uint8](&s.labels, n)
	}
	s.marks = grow(s.marks, n)
	switch a.DType {
	case "bool":
		for i, v := range of[uint8](&s.labels, n) {
			s.marks[i] = min(v, 1)
		}
	case "uint8":
		relabel(s.marks, of[uint8](&s.labels, n), func(v uint8) bool {
			return v == engine.IgnoredLabel || slices.Contains(o.Ignored, int32(v))
		})
	case "int8":
		relabel(s.marks, of[int8](&s.labels, n), ignoredInteger[int8](o))
	case "int16":
		relabel(s.marks, of[int16](&s.labels, n), ignoredInteger[int16](o))
	case "int32":
		relabel(s.marks, of[int32](&s.labels, n), ignoredInteger[int32](o))
	case "int64":
		relabel(s.marks, of[int64](&s.labels, n), ignoredInteger[int64](o))
	case "uint16":
		relabel(s.marks, of[uint16](&s.labels, n), ignoredInteger[uint16](o))
	case "uint32":
		relabel(s.marks, of[uint32](&s.labels, n), ignoredInteger[uint32](o))
	case "uint64":
		relabel(s.marks, of[uint64](&s.labels, n), ignoredInteger[uint64](o))
	case "float64":
		relabel(s.marks, of[float64](&s.labels, n), o.ignoredFloat)
	default:
		relabel(s.marks, s.labelFloats(a, n), func(v float32) bool { return o.ignoredFloat(float64(v)) })
	}
	return s.marks
}

func ignoredInteger[T integer](o *Options) func(T) bool {
	return func(v T) bool {
		return slices.ContainsFunc(o.Ignored, func(c int32) bool { return T(c) == v && (c < 0) == (v < 0) })
	}
}

// ignoredFloat tells whether a float label stands for ignored: −1, if no option says otherwise.
func (o *Options) ignoredFloat(v float64) bool {
	if len(o.Ignored) == 0 {
		return v == engine.IgnoredTarget
	}
	return v == float64(int32(v)) && slices.Contains(o.Ignored, int32(v))
}

// relabel sets the engine's labels for values of any type.
func relabel[T integer | float32 | float64](labels []uint8, values []T, ignored func(T) bool) {
	for i, v := range values {
		switch {
		case v == 0:
			labels[i] = 0
		case v == 1:
			labels[i] = 1
		case ignored(v):
			labels[i] = engine.IgnoredLabel
		default:
			labels[i] = badLabel
		}
	}
}

// readTargets returns the n soft targets that were read.
func (s *Scratch) readTargets(a *Array, n int, o *Options) []float32 {
	values := s.labelFloats(a, n)
	if len(o.Ignored) == 0 {
		return values
	}
	s.wide = grow(s.wide, n)
	for i, v := range values {
		switch {
		case o.ignoredFloat(float64(v)):
			v = engine.IgnoredTarget
		case v == engine.IgnoredTarget:
			v = badTarget
		}
		s.wide[i] = v
	}
	return s.wide
}
