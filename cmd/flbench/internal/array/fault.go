package array

import (
	"fmt"
	"strings"
)

// Advise asks the system to read the elements [from, to) ahead, and returns at once.
func (a *Array) Advise(from, to int) {
	if a.mem.mapped {
		a.spans(from, to, advise)
	}
}

// Fault makes the elements [from, to) present in memory. An error says that they cannot
// be read, as the file was cut short or its disk failed; met later, that would end the
// program. It lasts only as long as the file stays as it is: see Guard.
func (a *Array) Fault(from, to int) (err error) {
	if !a.mem.mapped {
		return nil
	}
	a.spans(from, to, func(p []byte) {
		if err == nil && !populate(p) {
			err = a.guard(func() { touch(p) })
		}
	})
	return err
}

// Guard calls f, which reads arrays, and turns a fault in that into an error.
func Guard(f func() error, arrays ...*Array) error {
	err := guard(f)
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

// spans calls f for the bytes of the elements [from, to): for those of each run, as one
// where runs are near each other.
func (a *Array) spans(from, to int, f func(p []byte)) {
	const near = 1 << 16
	size, start, end := a.dtype.Size(), 0, 0
	a.runs(from, to, func(at, n, stride int) {
		first, last := at*size, (at+(n-1)*stride+1)*size
		switch {
		case start == end:
			start, end = first, last
		case first >= start-near && last <= end+near:
			start, end = min(start, first), max(end, last)
		default:
			f(a.data[start:end])
			start, end = first, last
		}
	})
	if start < end {
		f(a.data[start:end])
	}
}
