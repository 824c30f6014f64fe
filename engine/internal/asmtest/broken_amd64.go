//go:build !purego

package asmtest

func breakNothing(p *uint64, v uint64) uint64
func breakEnv()
func breakStack()
func breakFramePointer()
func breakDirection()
func breakUpper()
func divide()
