// Package opcodes proves the macros of asm/neon/opcodes.h. The file
// macros_arm64.s applies every macro to many operands, and listing.txt holds the
// words that GNU as, through asm2plan9s, gives for the same instructions. The
// tests compare the two, and decode the listing with golang.org/x/arch. They also
// decode every word of the assembled kernels; that a kernel uses the right macro
// in the right place is what its equality with package generic proves. Nothing
// else uses this package.
package opcodes

//go:generate go run gen.go
