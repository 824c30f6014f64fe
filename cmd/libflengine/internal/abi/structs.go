// Package abi is what the functions of flengine.h do, in Go: it reads requests that lie in the
// caller's memory, evaluates them by package engine, and writes results and errors there. It keeps
// no pointer into that memory after a call, and does no maths of its own but to round, and to
// multiply gradients by what comes after them. It does that under the floating-point environment
// of its threads, which entry.c beside flengine.h sees to, and package engine for itself.
package abi

import "unsafe"

// What the functions of flengine.h return.
const (
	OK = iota
	InputFault
	ArgumentFault
	InternalFault
	ForkedFault
)

// The types of elements.
const (
	Float32 = iota
	Float16
	BFloat16
	Float64
	Uint8
	Int32
	Int64
	typeCount
)

// What scores are.
const (
	Logits = iota
	Probabilities
)

// What labels are.
const (
	Labels = iota + 1
	Classes
	Targets
)

// What texts and results have room in.
const (
	ResultBytes = 576
	LossBytes   = 256
)

// Request is fl_request.
type Request struct {
	Size          uint64
	Loss          *byte
	Kernel        *byte
	Workers       int32
	ScoresForm    int32
	Rows          int64
	Columns       int64
	Scores        unsafe.Pointer
	ScoresType    int32
	LabelsForm    int32
	LabelsType    int32
	IgnoredCount  int32
	Labels        unsafe.Pointer
	ScoresStrides *[2]int64
	LabelsStrides *[2]int64
	Background    *int32
	Ignored       *int32
	Weights       *float32
	ScoreWeights  *float32
	ClassWeights  *float32
	ColumnWeights *float32
	Losses        unsafe.Pointer
	Gradients     unsafe.Pointer
	Hessians      unsafe.Pointer
	LossesType    int32
	GradientsType int32
	HessiansType  int32
	UpstreamType  int32
	Upstream      unsafe.Pointer
	UpstreamCount int64
}

// Result is fl_result.
type Result struct {
	Size         uint64
	Scores       int64
	Positives    int64
	Ignored      int64
	Sum          float64
	Mean         float64
	PerPositive  float64
	WeightedMean float64
	Binary       unsafe.Pointer
	BinarySize   int64
}

// Error is fl_error.
type Error struct {
	Size      uint64
	Code      int32
	Truncated int32
	Index     int64
	Value     float64
	Field     [32]byte
	Message   [1024]byte
}

// Hard is fl_hard.
type Hard struct {
	Index  int64
	Loss   float32
	Score  float32
	Target float32
	_      int32
}
