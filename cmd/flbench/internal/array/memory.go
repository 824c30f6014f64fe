package array

import (
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"unsafe"
)

// memory is the bytes that arrays are views of: a mapped file, or what was read of one.
type memory struct {
	data   []byte
	mapped bool // reading it fails where the file was cut short or its disk fails
	few    *[fewBytes]byte
}

// fewBytes is up to where reading a file is faster than mapping it.
const fewBytes = 64 << 10

// fews are buffers for small files.
var fews = sync.Pool{New: func() any { return new([fewBytes]byte) }}

// fewMemory returns memory of up to fewBytes, which close hands to the next.
func fewMemory(size int) *memory {
	m := &memory{few: fews.Get().(*[fewBytes]byte)}
	m.data = m.few[:size]
	return m
}

// close releases the memory. Closing twice is harmless.
func (m *memory) close() error {
	data, mapped := m.data, m.mapped
	m.data, m.mapped = nil, false
	if m.few != nil {
		fews.Put(m.few)
		m.few = nil
	}
	if !mapped {
		return nil
	}
	return unmap(data)
}

// errFault is a fault in reading mapped memory.
var errFault = errors.New("reading failed, want a file that stays as it is and a sound disk")

// guard calls f and turns a fault in reading mapped memory, that of ms, into errFault: a
// file that was cut short, or a disk that failed, shows in no other way, and would end the
// program.
func guard(f func() error, ms ...*memory) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		// An emulated CPU may not tell the address, which makes a fault look like a nil pointer.
		if _, ok := r.(interface{ Addr() uintptr }); !ok && !slices.ContainsFunc(ms, (*memory).cut) {
			panic(r)
		}
		err = errFault
	}()
	return f()
}

// cut tells whether the end of mapped memory cannot be read.
func (m *memory) cut() (cut bool) {
	if !m.mapped {
		return false
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { cut = recover() != nil }() // nothing else can go wrong here
	touch(m.data[len(m.data)-1:])
	return false
}

// touch reads something of each page of p and returns what it read, so that the
// compiler leaves that in.
//
//go:noinline
func touch(p []byte) (sum int) {
	const page = 4096 // no system has smaller ones
	for i := 0; i < len(p); i += page - int(uintptr(unsafe.Pointer(&p[i]))%page) {
		sum += int(p[i])
	}
	return sum
}
