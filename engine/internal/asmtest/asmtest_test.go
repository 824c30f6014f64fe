//go:build !purego && (amd64 || arm64)

package asmtest

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/guard"
)

func entry(t *testing.T, f any) uintptr {
	t.Helper()
	e, err := Entry(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func address(p *uint64) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// cell does not move, as something on the stack would.
var cell uint64

// TestCall: a function that breaks nothing gets its arguments and gives its result, in every
// environment.
func TestCall(t *testing.T) {
	p := &cell
	for _, env := range Envs() {
		*p = 0
		f := Frame{address(p), 0x1234, 0, 1, 2, 3, 4, 5}
		want := f
		want[2] = 0x1234
		if err := Call(entry(t, breakNothing), &f, env); err != nil || f != want || *p != 0x1234 {
			t.Errorf("%s: frame %#x, error %v, stored %#x; want %#x", env.Name, f, err, *p, want)
		}
	}
}

// TestBroken: whatever a function breaks is in the error, and nothing else is.
func TestBroken(t *testing.T) {
	for _, c := range broken {
		err := Call(entry(t, c.f), new(Frame), c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
		// What came before left nothing behind.
		if err := Call(entry(t, breakNothing), &Frame{address(&cell)}, Envs()[0]); err != nil {
			t.Errorf("after %q: %v", c.want, err)
		}
	}
}

func TestFault(t *testing.T) {
	b := guard.Slice[uint64](t, 1, true)
	past := address(&b[0]) + 8
	var fault *Fault
	if err := Call(entry(t, breakNothing), &Frame{past}, Envs()[0]); !errors.As(err, &fault) || uint64(fault.Addr) != past {
		t.Errorf("error %v, want a fault at %#x", err, past)
	}
}

func TestEntry(t *testing.T) {
	if _, err := Entry(strings.ToUpper); err == nil || !strings.Contains(err.Error(), "strings.ToUpper") {
		t.Errorf("Entry of a Go function: %v", err)
	}
}
