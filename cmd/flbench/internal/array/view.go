package array

import (
	"fmt"
	"slices"
)

// An axis is a row-major step of a view: size elements, stride apart.
type axis struct{ size, stride int }

// rowMajor returns the strides of a shape in C order, or in Fortran order.
func rowMajor(shape []int, fortran bool) [][]axis {
	dims := make([][]axis, len(shape))
	stride := 1
	for n := range shape {
		i := len(shape) - 1 - n
		if fortran {
			i = n
		}
		dims[i] = []axis{{shape[i], stride}}
		stride *= max(shape[i], 1)
	}
	return dims
}

// view returns a with other axes.
func (a *Array) view(dims [][]axis, base int) *Array {
	v := *a
	v.dims, v.base, v.count = dims, base, 1
	v.shape = make([]int, len(dims))
	v.flat = nil
	for i, parts := range dims {
		v.shape[i] = 1
		for _, p := range parts {
			v.shape[i] *= p.size
			v.flat = join(v.flat, p)
		}
		v.count *= v.shape[i]
	}
	if v.count == 0 {
		v.flat = []axis{{0, 1}}
	} else if len(v.flat) == 0 {
		v.flat = []axis{{1, 1}}
	}
	return &v
}

// join adds an inner axis: as part of the last one where both are steps of one stride.
func join(flat []axis, p axis) []axis {
	if p.size == 1 {
		return flat
	}
	if n := len(flat); n > 0 && flat[n-1].stride == p.stride*p.size {
		flat[n-1] = axis{flat[n-1].size * p.size, p.stride}
		return flat
	}
	return append(flat, p)
}

// Permute returns a view with the axes in the order given, each named once: it is
// NumPy's transpose.
func (a *Array) Permute(axes ...int) *Array {
	dims, seen := make([][]axis, len(axes)), make([]bool, len(a.dims))
	for i, from := range axes {
		if from < 0 || from >= len(seen) || seen[from] {
			panic(fmt.Sprintf("array: Permute(%v) of %d axes", axes, len(a.dims)))
		}
		seen[from] = true
		dims[i] = a.dims[from]
	}
	if len(axes) != len(a.dims) {
		panic(fmt.Sprintf("array: Permute(%v) of %d axes", axes, len(a.dims)))
	}
	return a.view(dims, a.base)
}

// Slice returns a view of the places [from, to) of one axis. It panics beyond them, as
// slicing does, and for an axis that Reshape has merged of several that are not steps of
// one stride.
func (a *Array) Slice(along, from, to int) *Array {
	if from < 0 || to < from || to > a.shape[along] {
		panic(fmt.Sprintf("array: Slice(%d, %d, %d) of shape %s", along, from, to, ShapeText(a.shape)))
	}
	if to-from == a.shape[along] {
		return a
	}
	var one []axis
	for _, p := range a.dims[along] {
		one = join(one, p)
	}
	if len(one) == 0 || a.count == 0 {
		one = []axis{{a.shape[along], 0}}
	}
	if len(one) > 1 {
		panic(fmt.Sprintf("array: Slice(%d, …) of an axis merged of %v", along, one))
	}
	dims := slices.Clone(a.dims)
	dims[along] = []axis{{to - from, one[0].stride}}
	return a.view(dims, a.base+from*one[0].stride)
}

// Reshape returns a view of another shape: the same elements in the same row-major
// order. It merges axes, whatever their strides, and splits one; it panics where neither
// gives the shape.
func (a *Array) Reshape(shape ...int) *Array {
	fail := func() {
		panic(fmt.Sprintf("array: Reshape(%s) of shape %s", ShapeText(shape), ShapeText(a.shape)))
	}
	count := 1
	for _, d := range shape {
		count *= d
	}
	if count != a.count || slices.ContainsFunc(shape, func(d int) bool { return d < 0 }) {
		fail()
	}
	dims := make([][]axis, len(shape))
	if count == 0 {
		for i, d := range shape {
			dims[i] = []axis{{d, 1}}
		}
		return a.view(dims, a.base)
	}
	// From the innermost axis outwards, each takes what it needs of those there are.
	rest := slices.Clone(a.flat)
	for i := len(shape) - 1; i >= 0; i-- {
		need := shape[i]
		for need > 1 {
			last := &rest[len(rest)-1]
			switch {
			case need%last.size == 0:
				dims[i] = append(dims[i], *last)
				need /= last.size
				rest = rest[:len(rest)-1]
			case last.size%need == 0:
				dims[i] = append(dims[i], axis{need, last.stride})
				*last = axis{last.size / need, last.stride * need}
				need = 1
			default:
				fail()
			}
		}
		slices.Reverse(dims[i])
	}
	return a.view(dims, a.base)
}

// runs calls f for the elements [from, to) of the view, row-major, in runs along its
// innermost axis: the place of the first in the data, how many and how far apart.
func (a *Array) runs(from, to int, f func(at, n, stride int)) {
	inner := a.flat[len(a.flat)-1]
	for from < to {
		n := min(inner.size-from%inner.size, to-from)
		f(a.place(from), n, inner.stride)
		from += n
	}
}

// place returns where element i of the view is in the data, in elements.
func (a *Array) place(i int) int {
	at := a.base
	for k := len(a.flat) - 1; k >= 0; k-- {
		at += i % a.flat[k].size * a.flat[k].stride
		i /= a.flat[k].size
	}
	return at
}
