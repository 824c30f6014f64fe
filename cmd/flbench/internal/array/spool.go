package array

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

var (
	// spoolMemory is what spooling keeps in memory, in bytes; more goes to a file.
	spoolMemory = 64 << 20
	// spoolPiece is what spooling reads at once, in bytes.
	spoolPiece = 1 << 20
)

// spoolPipe is spool for a reader that may wait: the end of ctx ends the waiting too.
func spoolPipe(ctx context.Context, r io.Reader) (*memory, error) {
	type result struct {
		mem *memory
		err error
	}
	done := make(chan result, 1)
	go func() {
		mem, err := spool(ctx, r, 0)
		done <- result{mem, err}
	}()
	select {
	case r := <-done:
		return r.mem, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				_ = r.mem.close() // nobody is left to tell
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// spool reads r to its end, into memory or, if it is long, into a file that has no name
// and is mapped. About size bytes are expected; 0 stands for any number.
func spool(ctx context.Context, r io.Reader, size int64) (*memory, error) {
	data := make([]byte, 0, max(512, min(size, int64(spoolPiece))))
	for len(data) < spoolMemory {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if len(data) == cap(data) {
			next := make([]byte, len(data), min(2*len(data), spoolMemory))
			copy(next, data)
			data = next
		}
		n, err := r.Read(data[len(data):min(cap(data), len(data)+spoolPiece)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return &memory{data: data}, nil
		}
		if err != nil {
			return nil, broken(err)
		}
	}
	return spoolFile(ctx, data, r)
}

// spoolFile goes on where memory ends: with what was read so far.
func spoolFile(ctx context.Context, start []byte, r io.Reader) (*memory, error) {
	file, err := os.CreateTemp("", "flbench-*.tmp")
	if err != nil {
		return nil, noRoom(err, 0)
	}
	// Nameless from here on, so that it is gone when the program ends in whatever way;
	// where open files keep their names, when it is closed.
	if os.Remove(file.Name()) != nil {
		defer os.Remove(file.Name())
	}
	defer file.Close()
	size := 0
	for piece := start; ; {
		n, err := file.Write(piece)
		if size += n; err != nil {
			return nil, noRoom(err, size)
		}
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if size > math.MaxInt-spoolPiece {
			return nil, fmt.Errorf("more than %d bytes, want fewer on this machine", size)
		}
		piece = start[:min(cap(start), spoolPiece)]
		n, err = io.ReadFull(r, piece)
		if piece = piece[:n]; err == io.EOF {
			break
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return nil, broken(err)
		}
	}
	mem, err := rawOf(file).load(size)
	if err != nil {
		return nil, noRoom(err, size)
	}
	return mem, nil
}

func broken(err error) error {
	return fmt.Errorf("%w, want data that can be read to its end", outfile.Cause(err))
}

// noRoom tells what to do about a temporary file that cannot be had or written.
func noRoom(err error, size int) error {
	cause := outfile.Cause(err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w in %s after %d bytes of temporary data, want room for all of it: set TMPDIR to a folder that has it", cause, os.TempDir(), size)
	}
	return fmt.Errorf("%w for temporary data in %s, want a folder that can be written: set TMPDIR to one", cause, os.TempDir())
}
