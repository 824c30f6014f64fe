// Package array reads arrays from the files that Python leaves them in, by mapping them:
// they may be larger than memory (they are read whole where there is no mmap, as on
// Windows). Every error reads "PATH: what was wrong, what is wanted".
//
// Headers are parsed here, not by a library, as hostile ones must neither panic nor
// allocate what they claim, and data is checked against the file's size.
package array

import (
	"fmt"
	"unsafe"
)

// Array is a strided, read-only view of elements in a file. It must not be used once
// its File is closed.
type Array struct {
	mem     *memory
	label   string
	dtype   DType
	swapped bool   // the bytes of an element are in the other order than this machine's
	data    []byte // the elements of the whole array

	shape []int
	dims  [][]axis // what each axis of the shape consists of, outermost first
	flat  []axis   // the same, without the shape: as few axes as can be, but one
	base  int      // place of the first element in data, in elements
	count int
}

// newArray returns the view of a whole array, whose elements are data.
func newArray(mem *memory, label string, h header, data []byte) *Array {
	a := &Array{mem: mem, label: label, dtype: h.dtype, swapped: h.swapped, data: data}
	return a.view(rowMajor(h.shape, h.fortran), 0)
}

// Label names the array in messages: a path, or that of an archive and a name in it.
func (a *Array) Label() string { return a.label }

// DType returns the type of the elements.
func (a *Array) DType() DType { return a.dtype }

// Shape returns the number of elements along each axis; there is none in an array of
// 0 dimensions, which has one element. It must not be changed.
func (a *Array) Shape() []int { return a.shape }

// Len returns the number of elements.
func (a *Array) Len() int { return a.count }

// WrongShape returns the error that names the array, its shape and what is wanted
// instead.
func (a *Array) WrongShape(want string) error {
	return fmt.Errorf("%s: shape %s, want %s", a.label, ShapeText(a.shape), want)
}

// WrongDType returns the error that names the array, its dtype and what is wanted
// instead.
func (a *Array) WrongDType(want string) error {
	return fmt.Errorf("%s: dtype %s, want %s", a.label, a.dtype, want)
}

// Direct tells whether Float32s returns memory of the file, without a copy.
func (a *Array) Direct() bool { return a.dtype == Float32 && a.native() }

// native tells whether the elements are in memory as a slice of them is.
func (a *Array) native() bool {
	return !a.swapped && len(a.flat) == 1 && a.flat[0].stride == 1 &&
		uintptr(unsafe.Pointer(unsafe.SliceData(a.data)))%uintptr(a.dtype.Size()) == 0
}
