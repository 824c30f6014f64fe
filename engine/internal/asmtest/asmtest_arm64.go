//go:build !purego

package asmtest

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	envRegister = "FPCR"
	// Flush to zero, default NaN and rounding; CPUs need not have the other bits.
	envMask   = flushToZero | defaultNaN | towardZero
	callAlign = 4 // of a call instruction, in bytes

	roundUp     = 1 << 22
	roundDown   = 2 << 22
	towardZero  = 3 << 22
	flushToZero = 1 << 24
	defaultNaN  = 1 << 25
	alternative = 1 << 26 // the float16 that has no infinities
	trapped     = 0x9f00
)

var envs = []Env{
	{"the default", 0},
	{"flush to zero", flushToZero},
	{"default NaN", defaultNaN},
	{"rounding up", roundUp},
	{"rounding down", roundDown},
	{"rounding toward zero", towardZero},
	{"all exceptions trapped", trapped},
	{"alternative float16, flush to zero, default NaN, rounding toward zero, all exceptions trapped",
		alternative | flushToZero | defaultNaN | towardZero | trapped},
}

// state is what call sets up and finds.
type state struct {
	in, out      Frame
	canaries     [8]uint64
	env, gotEnv  uint32
	framePointer uint64 // what it is off by
	g            uint64 // likewise
	r18          uint64 // what it is, on Linux
}

// call sets up the state, calls entry, and stores what it finds.
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
	op := binary.LittleEndian.Uint32((*[4]byte)(at(pc))[:])
	return pc + uintptr(int64(int32(op<<6))>>4), op&0x7c000000 == 0x14000000 // B, BL
}

func (s *state) brokenHere() (errs []error) {
	if s.g != 0 {
		errs = append(errs, errors.New("it lost g"))
	}
	if s.r18 != canary {
		errs = append(errs, fmt.Errorf("it set R18, which platforms reserve, to %#x", s.r18))
	}
	return errs
}
