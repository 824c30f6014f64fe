//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/flengine/flengine/engine"
)

// childCommand is this program's first argument where it is a reference itself.
const childCommand = "child"

// child does one of the reference jobs:
//
//	sum FORM LOGITS LABELS   map the files, engine.Sum with one worker in one call, unmap; prints the sum
//	read FILE...             read the files from beginning to end
//	direct FILE...           the same past the page cache
func child(args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) == 4 && args[0] == "sum":
		var r engine.Result
		if r, err = sum(args[1], args[2], args[3]); err == nil {
			_, err = fmt.Fprintln(stdout, strconv.FormatFloat(r.Sum(), 'g', -1, 64), r.Scores)
		}
	case len(args) > 1 && args[0] == "read":
		err = each(args[1:], read)
	case len(args) > 1 && args[0] == "direct":
		err = each(args[1:], readDirect)
	default:
		err = fmt.Errorf("unknown job %q", args)
	}
	if err != nil {
		fmt.Fprintln(stderr, "evalspeed child:", err)
		return 1
	}
	return 0
}

func each(paths []string, f func(string) error) error {
	for _, path := range paths {
		if err := f(path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// sum is the reference of eval's speed.
func sum(form, logits, labels string) (engine.Result, error) {
	e, err := engine.New(engine.Focal(0.25, 2), engine.WithWorkers(1))
	if err != nil {
		return engine.Result{}, err
	}
	x, err := mapFile(logits)
	if err != nil {
		return engine.Result{}, err
	}
	defer unix.Munmap(x)
	y, err := mapFile(labels)
	if err != nil {
		return engine.Result{}, err
	}
	defer unix.Munmap(y)
	b := engine.Batch{Logits: elements[float32](x)}
	if form == "classes" {
		b.Classes, b.NumClasses = elements[int32](y), columns
	} else {
		b.Labels = elements[uint8](y)
	}
	return e.Sum(b)
}

func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// elements returns what follows the header in a mapped .npy file that this program wrote.
func elements[T float32 | int32 | uint8](file []byte) []T {
	data := file[headerSize:]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/int(unsafe.Sizeof(*new(T))))
}

func read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL); err != nil {
		return err
	}
	buffer := make([]byte, 1<<20)
	for {
		if _, err := f.Read(buffer); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readDirect keeps several reads on their way, as one at a time leaves a disk idle between them.
func readDirect(path string) error {
	const block, depth = 4 << 20, 4
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var next atomic.Int64
	var jobs sync.WaitGroup
	failed := make([]error, depth)
	for i := range depth {
		jobs.Go(func() {
			buffer, err := unix.Mmap(-1, 0, block, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) // aligned
			if err != nil {
				failed[i] = err
				return
			}
			defer unix.Munmap(buffer)
			for {
				n, err := unix.Pread(fd, buffer, block*(next.Add(1)-1))
				if err != nil || n < block { // an error or the end
					failed[i] = err
					return
				}
			}
		})
	}
	jobs.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}
