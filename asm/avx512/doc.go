// Package avx512 holds the kernels for AVX-512 F, DQ and VL, with ZMM state enabled by the
// operating system; package asm says what a kernel is given. Labels are counted by package
// avx2, where wider vectors gain nothing.
package avx512
