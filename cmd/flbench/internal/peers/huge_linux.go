package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// huge returns n bytes that begin a huge page, on huge pages where they are to be
// had: the peers' data lie on them. They are never freed.
func huge(n int) ([]byte, error) {
	const page = 2 << 20
	m, err := unix.Mmap(-1, 0, (n+2*page-1)/page*page+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	at := int(-uintptr(unsafe.Pointer(unsafe.SliceData(m))) & (page - 1))
	m = m[at : at+(n+page-1)/page*page]
	_ = unix.Madvise(m, unix.MADV_HUGEPAGE) // refused where the kernel has none: then small ones do
	return m[:n:n], nil
}
