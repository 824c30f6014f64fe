// Package avx512 holds the kernels for AVX-512 F, DQ and VL, with ZMM state enabled by the
// operating system; package asm says what a kernel is given. Package avx2 counts labels and
// targets, makes targets, and widens 16-bit values, where wider vectors gain nothing.
package avx512
