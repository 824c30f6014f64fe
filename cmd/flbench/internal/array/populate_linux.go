package array

import "golang.org/x/sys/unix"

// populate makes the pages of mapped memory present. It returns false where that
// failed or the kernel is older than 5.14.
func populate(p []byte) bool { return unix.Madvise(pages(p), unix.MADV_POPULATE_READ) == nil }
