package abi

import (
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// checkResult verifies a result that may be nil.
func checkResult(field string, r *Result) error {
	if r == nil {
		return nil
	}
	if err := checkPointer(field, unsafe.Pointer(r), unsafe.Sizeof(*r), word); err != nil {
		return err
	}
	return checkSize(field, r, r.Size)
}

// set copies what was counted and summed to the caller's memory.
func (r *Result) set(from *engine.Result) error {
	if r == nil {
		return nil
	}
	r.BinarySize = 0
	if r.Binary != nil {
		b, err := from.MarshalBinary()
		if err != nil {
			return err
		}
		r.BinarySize = int64(copy(unsafe.Slice((*byte)(r.Binary), ResultBytes), b))
	}
	r.Scores, r.Positives, r.Ignored = from.Scores, from.Positives, from.Ignored
	r.Sum, r.Mean, r.PerPositive, r.WeightedMean = from.Sum(), from.Mean(), from.PerPositive(), from.WeightedMean()
	return nil
}

// readResult returns a result of its binary form; of none an empty one.
func readResult(field string, p unsafe.Pointer, size int64) (r engine.Result, err error) {
	if size == 0 {
		return r, nil
	}
	if size < 0 || size > ResultBytes {
		return r, argument(field+"_size", float64(size), "is %d: want that of a result in binary form, at most FL_RESULT_BYTES", size)
	}
	if err := checkPointer(field, p, uintptr(size), 1); err != nil {
		return r, err
	}
	if err := r.UnmarshalBinary(unsafe.Slice((*byte)(p), size)); err != nil {
		return r, argument(field, float64(size), "is no result: %v", err)
	}
	return r, nil
}

// Merge is fl_merge.
func Merge(a unsafe.Pointer, aSize int64, b unsafe.Pointer, bSize int64, sum *Result, e *Error) int32 {
	return run(e, func(*work) error { return merge(a, aSize, b, bSize, sum) })
}

func merge(a unsafe.Pointer, aSize int64, b unsafe.Pointer, bSize int64, sum *Result) error {
	total, err := readResult("a", a, aSize)
	if err != nil {
		return err
	}
	other, err := readResult("b", b, bSize)
	if err != nil {
		return err
	}
	if sum == nil {
		return argument("sum", 0, "is NULL: want an fl_result")
	}
	if err := checkResult("sum", sum); err != nil {
		return err
	}
	total.Merge(other)
	return sum.set(&total)
}
