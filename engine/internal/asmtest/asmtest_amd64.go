//go:build !purego

package asmtest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/cpu"
)

const (
	envRegister = "MXCSR"
	envMask     = 0xffc0 // all but the flags
	callAlign   = 1      // of a call instruction, in bytes
)

var envs = []Env{
	{"the default", 0x1f80},
	{"all flags raised", 0x1fbf},
	{"flush to zero", 0x9f80},
	{"denormals are zero", 0x1fc0},
	{"flush to zero, denormals are zero", 0x9fc0},
	{"rounding down", 0x3f80},
	{"rounding up", 0x5f80},
	{"rounding toward zero", 0x7f80},
	{"all exceptions trapped", 0x0000},
	{"flush to zero, denormals are zero, rounding toward zero, all exceptions trapped", 0xe040},
}

// state is what call sets up and finds.
type state struct {
	in, out      Frame
	canaries     [8]uint64
	env, gotEnv  uint32
	flags        uint64
	framePointer uint64       // what it is off by
	vectors      [16][64]byte // registers 0 to 15
}

// nan is one, as float32 and as float64.
const nan = 0xfff0deadfff0dead

// hasAVX512 tells call which vector registers there are.
var hasAVX512 = cpu.X86.HasAVX512F

// call sets up the state, calls entry, and stores what it finds. It takes AVX.
//
//go:noescape
func call(entry uintptr, s *state)

// grow sees to it that there is stack for any kernel: what call sets up would be lost if
// the runtime had to copy the stack after it.
func grow()

// reset sets the default environment, after a panic.
func reset()

// callTarget returns where the instruction at pc calls or jumps to, if it does.
func callTarget(pc uintptr) (uintptr, bool) {
	code := (*[5]byte)(at(pc))
	return pc + 5 + uintptr(int32(binary.LittleEndian.Uint32(code[1:]))), code[0]&^1 == 0xe8 // CALL, JMP
}

func (s *state) brokenHere() (errs []error) {
	if s.flags&(1<<10) != 0 {
		errs = append(errs, errors.New("it left the direction flag set"))
	}
	// A function that has used none of them need not clean them.
	dirty, used := -1, false
	for i, v := range s.vectors {
		upper := [48]byte(v[16:])
		if used = used || upper != planted; dirty < 0 && upper != [48]byte{} {
			dirty = i
		}
	}
	if used && dirty >= 0 {
		errs = append(errs, fmt.Errorf("it left the upper part of Y%d dirty: VZEROUPPER is missing", dirty))
	}
	return errs
}

// planted is what call fills the upper part of a vector register with.
var planted = func() (v [48]byte) {
	size := 16
	if hasAVX512 {
		size = 48
	}
	for at := 0; at < size; at += 8 {
		binary.LittleEndian.PutUint64(v[at:], nan)
	}
	return v
}()
