//go:build linux

package main

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// warm reads the files until nearly all of them stays in the page cache, and
// returns the share that does: the system may be giving back pages all the time.
func warm(paths ...string) (share float64, err error) {
	const tries, aim, enough = 3, 0.999, 0.98
	for range tries {
		if err := each(paths, read); err != nil {
			return 0, err
		}
		if share, err = cached(paths...); err != nil || share >= aim {
			return share, err
		}
	}
	if share < enough {
		return 0, fmt.Errorf("only %.1f %% of the data stay in the page cache: want more free memory or fewer data", 100*share)
	}
	return share, nil
}

// cool drops the files from the page cache and checks that they are gone.
func cool(paths ...string) error {
	err := each(paths, func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
	if err != nil {
		return err
	}
	share, err := cached(paths...)
	if err == nil && share > 0.001 {
		err = fmt.Errorf("%.1f %% of the data stay in the page cache, though it was asked to drop them: want a -dir on a disk", 100*share)
	}
	return err
}

// cached returns the share of the files that lies in the page cache, by mincore.
func cached(paths ...string) (float64, error) {
	var in, all int
	err := each(paths, func(path string) error {
		m, err := mapFile(path)
		if err != nil {
			return err
		}
		defer unix.Munmap(m)
		pages := make([]byte, (len(m)+os.Getpagesize()-1)/os.Getpagesize())
		_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(m))), uintptr(len(m)), uintptr(unsafe.Pointer(unsafe.SliceData(pages))))
		if errno != 0 {
			return fmt.Errorf("mincore: %w", errno)
		}
		for _, p := range pages {
			in += int(p & 1)
		}
		all += len(pages)
		return nil
	})
	return float64(in) / float64(max(1, all)), err
}
