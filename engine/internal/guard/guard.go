// Package guard gives tests memory between two pages that must not be touched,
// so that a kernel that reads or writes past a slice crashes.
package guard

import (
	"testing"
	"unsafe"
)

// Slice returns n zero values of T. With atEnd they end where an inaccessible
// page begins, else they begin where one ends. They live as long as the test.
func Slice[T any](t testing.TB, n int, atEnd bool) []T {
	t.Helper()
	var v T
	size := int(unsafe.Sizeof(v)) * n
	b := pages(t, size)
	if n == 0 {
		return make([]T, 0)
	}
	if atEnd {
		b = b[len(b)-size:]
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

// Copy returns a guarded copy of s, see Slice.
func Copy[T any](t testing.TB, s []T, atEnd bool) []T {
	t.Helper()
	c := Slice[T](t, len(s), atEnd)
	copy(c, s)
	return c
}
