package abi

import (
	"strings"
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// write writes a text and its NUL to the caller's buffer.
func write(text string, buffer *byte, capacity int64, length *int64) error {
	if length != nil {
		if err := checkPointer("length", unsafe.Pointer(length), 8, word); err != nil {
			return err
		}
		*length = int64(len(text))
	}
	if capacity <= int64(len(text)) {
		return argument("capacity", float64(capacity), "is %d: want at least %d", capacity, len(text)+1)
	}
	if buffer == nil {
		return argument("buffer", 0, "is NULL: want room for %d bytes", capacity)
	}
	put(unsafe.Slice(buffer, len(text)+1), text)
	return nil
}

// JSON is fl_json.
func JSON(binary unsafe.Pointer, size int64, buffer *byte, capacity int64, length *int64, e *Error) int32 {
	return run(e, func(*work) error {
		r, err := readResult("binary", binary, size)
		if err != nil {
			return err
		}
		b, err := r.MarshalJSON()
		if err != nil {
			return err
		}
		return write(string(b), buffer, capacity, length)
	})
}

// Loss is fl_loss.
func Loss(loss *byte, buffer *byte, capacity int64, length *int64, e *Error) int32 {
	return run(e, func(w *work) error {
		w.Request = &Request{Loss: loss}
		w.each = 1
		if err := w.takeEngine(); err != nil {
			return err
		}
		return write(w.engine.Loss().String(), buffer, capacity, length)
	})
}

// Kernels is fl_kernels.
func Kernels(buffer *byte, capacity int64, length *int64, e *Error) int32 {
	return run(e, func(*work) error {
		return write(strings.Join(engine.Kernels(), ","), buffer, capacity, length)
	})
}

// Kernel is fl_kernel.
func Kernel(name *byte, buffer *byte, capacity int64, length *int64, e *Error) int32 {
	return run(e, func(*work) error { return kernel(name, buffer, capacity, length) })
}

func kernel(name *byte, buffer *byte, capacity int64, length *int64) (err error) {
	s := settings{loss: "ce", each: 1}
	if name != nil {
		if s.kernel, err = text("kernel", name); err != nil {
			return err
		}
	}
	made, err := engineOf(&s)
	if err != nil {
		return err
	}
	return write(made.Kernel(), buffer, capacity, length)
}
