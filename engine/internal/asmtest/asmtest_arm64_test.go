//go:build !purego

package asmtest

import "runtime"

type misdeed struct {
	f    any
	env  Env
	want string
}

var broken = []misdeed{
	{breakEnv, envs[0], "FPCR at 0x1000000, which was 0x0"},
	{breakEnv, envs[3], "FPCR at 0x1000000, which was 0x400000"},
	{breakStack, envs[0], "stack of its caller, 0 bytes above"},
	{breakFramePointer, envs[0], "frame pointer"},
	{breakG, envs[0], "lost g"},
}

func init() {
	if runtime.GOOS == "linux" {
		broken = append(broken, misdeed{breakR18, envs[0], "R18"})
	}
}
