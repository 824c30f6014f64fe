//go:build purego || !(amd64 || arm64)

package asmtest

// There is no assembly here, and so no function that Call could be given.

const (
	envRegister = ""
	envMask     = 0
	callAlign   = 1
)

var envs = []Env{{Name: "the default"}}

type state struct {
	in, out      Frame
	canaries     [0]uint64
	env, gotEnv  uint32
	framePointer uint64
}

func call(entry uintptr, s *state) { panic("asmtest: there is no assembly") }

func grow() {}

func reset() {}

func callTarget(pc uintptr) (uintptr, bool) { return 0, false }

func (s *state) brokenHere() []error { return nil }
