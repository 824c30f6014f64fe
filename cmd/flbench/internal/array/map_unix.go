//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package array

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawFile is an open file. Of many small ones package os takes longer than the system
// does for all that is needed here.
type rawFile int

// openRaw opens a file for reading, without waiting for the writer of a pipe.
func openRaw(path string) (rawFile, error) {
	flags := unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK
	for {
		fd, err := unix.Open(path, flags, 0)
		switch err {
		case unix.EINTR:
		case unix.EAGAIN: // another program has a lease on the file, and is told to end it
			if flags&unix.O_NONBLOCK == 0 {
				return -1, err
			}
			flags &^= unix.O_NONBLOCK
		default:
			return rawFile(fd), err
		}
	}
}

// rawOf returns what package os has opened.
func rawOf(file *os.File) rawFile { return rawFile(file.Fd()) }

func (r rawFile) close() { _ = unix.Close(int(r)) } // nothing was written

// stat returns the kind of file, as fs.FileMode has it, its size and its time of change.
func (r rawFile) stat() (kind fs.FileMode, size int64, changed time.Time, err error) {
	var s unix.Stat_t
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Fstat(int(r), &s)
	}
	switch s.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		kind = fs.ModeDir
	case unix.S_IFIFO:
		kind = fs.ModeNamedPipe
	case unix.S_IFSOCK:
		kind = fs.ModeSocket
	default:
		kind = fs.ModeDevice
	}
	return kind, s.Size, time.Unix(s.Mtim.Unix()), err
}

// load reads the first size bytes, if they are few, or maps them; size is positive.
func (r rawFile) load(size int) (*memory, error) {
	const many = 1 << 20
	if size > fewBytes {
		data, err := unix.Mmap(int(r), 0, size, unix.PROT_READ, unix.MAP_SHARED)
		if err == nil && size > many {
			// Only a hint, that helps files larger than memory; it may fail.
			_ = unix.Madvise(data, unix.MADV_SEQUENTIAL)
		}
		return &memory{data: data, mapped: true}, err
	}
	m := fewMemory(size)
	if _, err := r.ReadAt(m.data, 0); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// ReadAt is that of io.ReaderAt.
func (r rawFile) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		more, err := unix.Pread(int(r), p[n:], at+int64(n))
		if err == nil && more == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && err != unix.EINTR {
			return n, err
		}
		n += max(more, 0)
	}
	return n, nil
}

// pipe returns a pipe as package os has it, once it has a writer or data.
func (r rawFile) pipe(ctx context.Context, path string) (*os.File, error) {
	for ctx.Err() == nil {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(r), Events: unix.POLLIN}}, 20)
		if err != nil && err != unix.EINTR {
			r.close()
			return nil, err
		}
		if n > 0 {
			if runtime.GOOS == "darwin" { // where package os cannot wait for such a pipe
				_ = unix.SetNonblock(int(r), false)
			}
			return os.NewFile(uintptr(r), path), nil
		}
	}
	r.close()
	return nil, context.Cause(ctx)
}

// unmap releases what load mapped.
func unmap(data []byte) error { return unix.Munmap(data) }

// advise asks for the pages of mapped memory soon to be read. It may fail: it is a hint.
func advise(p []byte) { _ = unix.Madvise(pages(p), unix.MADV_WILLNEED) }

// pages extends p to whole pages, as madvise wants.
func pages(p []byte) []byte {
	start := unsafe.Pointer(unsafe.SliceData(p))
	before := int(uintptr(start) % uintptr(os.Getpagesize()))
	return unsafe.Slice((*byte)(unsafe.Add(start, -before)), before+len(p))
}
