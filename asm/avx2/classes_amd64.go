//go:build !purego

package avx2

import "github.com/flengine/flengine/asm"

// classcall has its offsets in go_asm.h.
type (
	classcall  = asm.ClassCall
	classplace = asm.ClassPlace
)

// LabelClasses sets labels to what classes say; see package generic.
//
//go:noescape
func LabelClasses(c *asm.ClassCall)

// packed is the order that brings the dwords of classes in line that VPACKSSDW and VPACKSSWB
// made of four vectors.
var packed = bits{0, 4, 1, 5, 2, 6, 3, 7}
