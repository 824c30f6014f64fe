package kernel

import "github.com/flengine/flengine/asm"

// Sweep is all that the kernels of several losses are given; package asm documents it.
type Sweep = asm.Sweep

// Entry is a loss of a sweep.
type Entry = asm.Entry
