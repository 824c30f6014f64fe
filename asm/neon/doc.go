// Package neon holds the kernels for NEON (ASIMD), which every arm64 CPU has; package asm
// says what a kernel is given.
package neon
