package array

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// model is an array as a slow but plain program has it: a shape and the elements.
type model struct {
	shape []int
	elems []int32
}

func (m model) permute(axes []int) model {
	out := model{shape: make([]int, len(axes))}
	for i, from := range axes {
		out.shape[i] = m.shape[from]
	}
	for i := range m.elems {
		at := make([]int, len(axes)) // index of element i of the result, by axes of m
		for k := len(axes) - 1; k >= 0; k-- {
			at[axes[k]] = i % out.shape[k]
			i /= out.shape[k]
		}
		place := 0
		for k, d := range m.shape {
			place = place*d + at[k]
		}
		out.elems = append(out.elems, m.elems[place])
	}
	return out
}

func (m model) slice(along, from, to int) model {
	out := model{shape: slices.Clone(m.shape)}
	out.shape[along] = to - from
	inner := 1
	for _, d := range m.shape[along+1:] {
		inner *= d
	}
	for i, e := range m.elems {
		if k := i / inner % m.shape[along]; from <= k && k < to {
			out.elems = append(out.elems, e)
		}
	}
	return out
}

// randomView returns a view after some random steps, and its model. What the steps are
// is in text.
func randomView(r *rand.Rand) (a *Array, m model, text string) {
	shape, count := make([]int, r.IntN(5)), 1
	for i := range shape {
		shape[i] = r.IntN(7)
		if r.IntN(8) > 0 {
			shape[i]++
		}
		count *= shape[i]
	}
	m = model{shape: shape}
	for i := range count {
		m.elems = append(m.elems, int32(i))
	}
	h := header{dtype: Int32, shape: shape, swapped: r.IntN(2) == 0, fortran: r.IntN(2) == 0}
	data := make([]byte, 4*count)
	for i := range count {
		v := uint32(i)
		if h.fortran {
			// The element's place is that of its mirrored index.
			place, step := 0, 1
			rest := i
			for k := len(shape) - 1; k >= 0; k-- {
				step = 1
				for _, d := range shape[:k] {
					step *= d
				}
				place += rest % shape[k] * step
				rest /= shape[k]
			}
			binary.NativeEndian.PutUint32(data[4*place:], v)
		} else {
			binary.NativeEndian.PutUint32(data[4*i:], v)
		}
	}
	if h.swapped {
		for p := range slices.Chunk(data, 4) {
			slices.Reverse(p)
		}
	}
	a = newArray(&memory{}, "x.npy", h, data)
	text = fmt.Sprintf("%v fortran %v swapped %v", shape, h.fortran, h.swapped)
	for range r.IntN(5) {
		switch r.IntN(3) {
		case 0:
			axes := r.Perm(len(a.Shape()))
			text += fmt.Sprint(" permute", axes)
			a, m = a.Permute(axes...), m.permute(axes)
		case 1:
			if len(a.Shape()) == 0 {
				continue
			}
			along := r.IntN(len(a.Shape()))
			var one []axis
			for _, p := range a.dims[along] {
				one = join(one, p)
			}
			if len(one) > 1 {
				continue
			}
			from := r.IntN(a.Shape()[along] + 1)
			to := from + r.IntN(a.Shape()[along]-from+1)
			text += fmt.Sprint(" slice ", along, from, to)
			a, m = a.Slice(along, from, to), m.slice(along, from, to)
		default: // merge some axes, put in a 1
			var shape []int
			for _, d := range a.Shape() {
				if n := len(shape); n > 0 && r.IntN(2) == 0 {
					shape[n-1] *= d
				} else {
					shape = append(shape, d)
				}
			}
			if r.IntN(2) == 0 {
				shape = slices.Insert(shape, r.IntN(len(shape)+1), 1)
			}
			if len(shape) == 0 && a.Len() != 1 {
				continue
			}
			text += fmt.Sprint(" reshape", shape)
			a, m = a.Reshape(shape...), model{shape, m.elems}
		}
	}
	return a, m, text
}

func checkView(t *testing.T, r *rand.Rand) {
	t.Helper()
	a, m, text := randomView(r)
	if !slices.Equal(a.Shape(), m.shape) || a.Len() != len(m.elems) {
		t.Fatalf("%s: shape %v with %d elements, want %v with %d", text, a.Shape(), a.Len(), m.shape, len(m.elems))
	}
	from := r.IntN(a.Len() + 1)
	to := from + r.IntN(a.Len()-from+1)
	got, bad, err := a.Int32s(nil, from, to)
	if err != nil || bad != -1 || !slices.Equal(got, m.elems[from:to]) {
		t.Fatalf("%s [%d:%d]: %v, %d, %v, want %v", text, from, to, got, bad, err, m.elems[from:to])
	}
	if to > from {
		if got, want := a.At(from), strconv.Itoa(int(m.elems[from])); got != want {
			t.Fatalf("%s: element %d is %s, want %s", text, from, got, want)
		}
	}
}

// checkSpans wants every element in what Fault makes present, and in what Advise asks for
// once all before it were read too.
func checkSpans(t *testing.T, r *rand.Rand) {
	t.Helper()
	a, m, text := randomView(r)
	advised, step := make([]bool, len(a.data)/4), 1+r.IntN(20)
	ahead := a.flat[len(a.flat)-1].stride*4 <= nearBytes
	if _, _, transposed := a.plane(); transposed {
		ahead = true
	}
	mark := func(marks []bool) func(at, n int) {
		return func(at, n int) {
			if n <= 0 || at+n > len(marks) {
				t.Fatalf("%s: a span of %d at %d", text, n, at)
			}
			for i := range n {
				marks[at+i] = true
			}
		}
	}
	for from := 0; from < len(m.elems); from += step {
		to := min(from+step, len(m.elems))
		present := make([]bool, len(advised))
		a.spans(from, to, mark(present))
		a.ahead(from, to, mark(advised))
		for i := from; i < to; i++ {
			if at := a.place(i); !present[at] || ahead && !advised[at] {
				t.Fatalf("%s [%d:%d]: element %d at %d: present %v, advised %v", text, from, to, i, at, present[at], advised[at])
			}
		}
	}
}

func TestSpans(t *testing.T) {
	oldAhead, oldNear := aheadBytes, nearBytes
	defer func() { aheadBytes, nearBytes = oldAhead, oldNear }()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 20_000 {
		aheadBytes, nearBytes = 4<<r.IntN(8), 4<<r.IntN(5)
		checkSpans(t, r)
	}
}

// TestViews compares random views with the model.
func TestViews(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		checkView(t, r)
	}
}

func FuzzView(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkView(t, rand.New(rand.NewPCG(seed, 1))) })
}
