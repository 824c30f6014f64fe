// Package avx2 holds the kernels for AVX2, FMA3 and F16C, with YMM state enabled by the
// operating system; package asm says what a kernel is given.
package avx2
