// Package opcodes proves the macros of asm/opcodes_arm64.h. The file
// macros_arm64.s applies every macro to many operands, and listing.txt holds the
// words that GNU as, through asm2plan9s, gives for the same instructions. The
// tests compare the two, and decode the listing with golang.org/x/arch. Nothing
// else uses this package.
package opcodes

//go:generate go run gen.go
