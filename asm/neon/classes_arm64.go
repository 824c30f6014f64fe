//go:build !purego

package neon

import "github.com/flengine/flengine/asm"

// These have their offsets in go_asm.h.
type (
	classcall  = asm.ClassCall
	classplace = asm.ClassPlace
)

// LabelClasses sets labels to what classes say; see package generic.
//
//go:noescape
func LabelClasses(c *asm.ClassCall)
