//go:build cgo

// Command libflengine is no command but the C library that flengine.h documents:
//
//	cmd/libflengine/build.sh DIRECTORY
//
// entry.c has the functions, which refuse to run in a forked child and see to the floating-point
// environment before they come here; package abi does what is left.
package main

import (
	"unsafe"

	"github.com/flengine/flengine/cmd/libflengine/internal/abi"
)

// #cgo CFLAGS: -std=gnu99 -O2 -fvisibility=hidden
import "C"

// The types are those of package abi, as a C function cannot be given Go's: entry.c, which has the
// C ones, declares them as void *.

//export flengine_evaluate
func flengine_evaluate(request, result, err unsafe.Pointer) int32 {
	return abi.Evaluate((*abi.Request)(request), (*abi.Result)(result), (*abi.Error)(err))
}

//export flengine_sweep
func flengine_sweep(request, losses unsafe.Pointer, count int64, results, err unsafe.Pointer) int32 {
	return abi.Sweep((*abi.Request)(request), (**byte)(losses), count, (*abi.Result)(results), (*abi.Error)(err))
}

//export flengine_hardest
func flengine_hardest(request unsafe.Pointer, k int64, among int32, least float32, hard, found, result, err unsafe.Pointer) int32 {
	return abi.Hardest((*abi.Request)(request), k, among, least, (*abi.Hard)(hard), (*int64)(found), (*abi.Result)(result), (*abi.Error)(err))
}

//export flengine_merge
func flengine_merge(a unsafe.Pointer, aSize int64, b unsafe.Pointer, bSize int64, sum, err unsafe.Pointer) int32 {
	return abi.Merge(a, aSize, b, bSize, (*abi.Result)(sum), (*abi.Error)(err))
}

//export flengine_json
func flengine_json(binary unsafe.Pointer, size int64, buffer unsafe.Pointer, capacity int64, length, err unsafe.Pointer) int32 {
	return abi.JSON(binary, size, (*byte)(buffer), capacity, (*int64)(length), (*abi.Error)(err))
}

//export flengine_loss
func flengine_loss(loss, buffer unsafe.Pointer, capacity int64, length, err unsafe.Pointer) int32 {
	return abi.Loss((*byte)(loss), (*byte)(buffer), capacity, (*int64)(length), (*abi.Error)(err))
}

//export flengine_kernels
func flengine_kernels(buffer unsafe.Pointer, capacity int64, length, err unsafe.Pointer) int32 {
	return abi.Kernels((*byte)(buffer), capacity, (*int64)(length), (*abi.Error)(err))
}

//export flengine_kernel
func flengine_kernel(name, buffer unsafe.Pointer, capacity int64, length, err unsafe.Pointer) int32 {
	return abi.Kernel((*byte)(name), (*byte)(buffer), capacity, (*int64)(length), (*abi.Error)(err))
}

func main() {}
