// Package asm holds flengine's hand-written SIMD kernels, one set per
// instruction set, which ends the kernel's name. Every kernel returns, bit for
// bit, what the function without that ending in package generic returns; that
// package documents what each one computes. There is no policy here: package
// engine chooses which set runs and guarantees what the kernels take for granted
// (lengths, labels, overlaps). The functions of ceilings_*.s evaluate nothing: they
// measure a machine.
//
// With the purego build tag, and on other architectures, the package is empty.
package asm
