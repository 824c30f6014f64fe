//go:build !purego

package asmtest

var broken = []struct {
	f    any
	env  Env
	want string
}{
	{breakEnv, envs[0], "MXCSR at 0x1fc0, which was 0x1f80"},
	{breakEnv, envs[2], "MXCSR at 0x1fc0, which was 0x9f80"},
	{breakStack, envs[0], "stack of its caller, 0 bytes above"},
	{breakFramePointer, envs[0], "frame pointer"},
	{breakDirection, envs[0], "direction flag"},
	{breakUpper, envs[0], "upper part of Y0 dirty"},
	{divide, envs[8], "floating point error"},
}
