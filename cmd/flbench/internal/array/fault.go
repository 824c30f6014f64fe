package array

import (
	"fmt"
	"strings"
)

var (
	// aheadBytes is how much of a transposed view is read ahead at once: asking for a
	// little of each of many columns, for each shard, takes longer than computing it.
	aheadBytes = 16 << 20
	// nearBytes is how much that lies between elements is taken along; less than that
	// is touched page by page, as calls of the system cost more.
	nearBytes = 64 << 10
)

// Advise asks the system to read the elements [from, to) ahead, and returns at once. It
// is made for views that are read in order. Those whose neighbours are far apart in the
// file, in whatever direction, it leaves alone.
func (a *Array) Advise(from, to int) {
	if a.mem.mapped && from < to {
		a.ahead(from, to, func(at, n int) { advise(a.bytes(at, n)) })
	}
}

// ahead calls f for what Advise asks for.
func (a *Array) ahead(from, to int, f func(at, n int)) {
	size := a.dtype.Size()
	rows, columns, transposed := a.plane()
	if !transposed {
		if a.flat[len(a.flat)-1].stride*size <= nearBytes {
			a.spans(from, to, f)
		}
		return
	}
	// Each column is read in pieces, by whoever needs the first row of one. Short columns
	// are one piece, together as many as lie next to each other.
	piece := max(aheadBytes/columns.size, nearBytes) / size
	for from < to {
		row := from / columns.size % rows.size
		plane := from/columns.size - row // its first row
		end := min(to, (plane+rows.size)*columns.size)
		last := (end-1)/columns.size - plane
		if first := (row + piece - 1) / piece * piece; first <= last {
			at, n := a.place((plane+first)*columns.size), min(last/piece*piece+piece, rows.size)-first
			if columns.stride <= n+nearBytes/size {
				f(at, (columns.size-1)*columns.stride+n)
			} else {
				for k := range columns.size {
					f(at+k*columns.stride, n)
				}
			}
		}
		from = end
	}
}

// Fault makes the elements [from, to) present in memory. An error says that they cannot
// be read, as the file was cut short or its disk failed; met later, that would end the
// program. It lasts only as long as the file stays as it is: see Guard.
func (a *Array) Fault(from, to int) error {
	if !a.mem.mapped || from == to {
		return nil
	}
	return a.guard(func() {
		a.spans(from, to, func(at, n int) {
			p := a.bytes(at, n)
			if len(p) >= nearBytes && populate(p) {
				p = p[len(p)-1:] // what emulators say of populate may not be true
			}
			touch(p)
		})
	})
}

// Guard calls f, which reads arrays, and turns a fault in that into an error.
func Guard(f func() error, arrays ...*Array) error {
	var ms []*memory
	for _, a := range arrays {
		ms = append(ms, a.mem)
	}
	err := guard(f, ms...)
	if err != errFault { // one of f's own says already where
		return err
	}
	var labels []string
	for _, a := range arrays {
		if a.mem.mapped {
			labels = append(labels, a.label)
		}
	}
	return fmt.Errorf("%s: %w", strings.Join(labels, " or "), err)
}

// guard is Guard for what the array itself reads.
func (a *Array) guard(f func()) error {
	if !a.mem.mapped {
		f()
		return nil
	}
	return Guard(func() error { f(); return nil }, a)
}

// bytes returns n elements from a place of the data on.
func (a *Array) bytes(at, n int) []byte {
	size := a.dtype.Size()
	return a.data[at*size : (at+n)*size]
}

// spans calls f for the places of the elements [from, to), a first one and a number, with
// some that lie between: of each run, as one where runs are near each other; of each
// column of a transposed view.
func (a *Array) spans(from, to int, f func(at, n int)) {
	if rows, columns, transposed := a.plane(); transposed {
		c, plane := columns.size, rows.size*columns.size
		for from < to {
			end := min(to, from-from%plane+plane)
			first, last := from/c, (end-1)/c // the rows
			at, n := a.place(first*c), last-first+1
			for k := range c {
				f(at+k*columns.stride, n)
			}
			from = end
		}
		return
	}
	near := nearBytes / a.dtype.Size()
	start, end := 0, 0
	add := func(first, last int) {
		switch {
		case start == end:
			start, end = first, last
		case first >= start-near && last <= end+near:
			start, end = min(start, first), max(end, last)
		default:
			f(start, end-start)
			start, end = first, last
		}
	}
	a.runs(from, to, func(at, n, stride int) {
		if stride <= near {
			add(at, at+(n-1)*stride+1)
			return
		}
		for k := range n {
			add(at+k*stride, at+k*stride+1)
		}
	})
	f(start, end-start)
}
