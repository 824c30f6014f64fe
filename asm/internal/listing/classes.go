package listing

import (
	"regexp"
	"slices"
	"strings"
)

var (
	x86Register = regexp.MustCompile(`^([XYZ])\d+$`)
	x86Bits     = map[byte]int{'X': 128, 'Y': 256, 'Z': 512}
	x86Move     = regexp.MustCompile(`^V(MOV(NT)?(AP|UP|DQ)|P?BROADCAST|LDDQU)`)
	zeroIdiom   = regexp.MustCompile(`^VP?XOR[PDQ]?[SDQ]?$`)

	fused    = regexp.MustCompile(`^(VF(N?M(ADD|SUB)|MADDSUB|MSUBADD)\d+P[SD]|V?FML[AS])$`)
	product  = regexp.MustCompile(`^(VMULP[SD]|V?FMUL)$`)
	addition = regexp.MustCompile(`^(VADDP[SD]|VSUBP[SD]|V?FADD|V?FSUB)$`)
	division = regexp.MustCompile(`^(VDIVPS|V?FDIV)$`)

	armLoad  = regexp.MustCompile(`^(V?LD[1-4P]R?|LDR|FLDPQ|FLDPD|FLDPS)$`)
	armStore = regexp.MustCompile(`^(V?ST[1-4P]|STR|FSTPQ|FSTPD|FSTPS)$`)
	armRegs  = regexp.MustCompile(`\bV\d+(\.|\b)`)
)

// count returns what one instruction is, on vectors of so many bits.
func (in instruction) count(bits int) Count {
	c := Count{Instructions: 1}
	name, _, _ := strings.Cut(in.name, ".") // .Z, .BCST, .P …
	if bits == 128 {
		in.arm(name, &c)
	} else {
		in.x86(name, bits, &c)
	}
	if c.Vector == 0 {
		return c
	}
	switch {
	case fused.MatchString(name) || product.MatchString(name):
		c.FMA = c.Vector
	case addition.MatchString(name):
		c.Add = c.Vector
	case division.MatchString(name):
		c.Division = c.Vector
	}
	return c
}

// x86 counts an instruction on vectors. A load, a store and a move between
// registers need no vector unit (renaming does the latter), nor does setting a
// register to zero.
func (in instruction) x86(name string, bits int, c *Count) {
	widest, last := 0, len(in.operands)-1
	if name[0] != 'V' || last < 0 {
		return
	}
	for i, o := range in.operands {
		switch m := x86Register.FindStringSubmatch(o); {
		case m != nil:
			widest = max(widest, x86Bits[m[1][0]])
		case strings.Contains(o, "(") && i < last:
			c.Loads++
		case strings.Contains(o, "("):
			c.Stores++
		}
	}
	memory := c.Loads+c.Stores > 0
	switch {
	case x86Move.MatchString(name) && memory:
	case x86Move.MatchString(name) && !strings.Contains(name, "BROADCAST") && len(in.operands) == 2:
	case zeroIdiom.MatchString(name) && len(slices.Compact(slices.Clone(in.operands))) == 1:
	case widest > 0:
		c.Vector = float64(widest) / float64(bits)
	}
}

// arm counts an instruction on vectors. A move between registers counts for
// nothing, as some CPUs do it by renaming.
func (in instruction) arm(name string, c *Count) {
	switch {
	case armLoad.MatchString(name):
		c.Loads++
	case armStore.MatchString(name):
		c.Stores++
	case name == "MOV":
	case slices.ContainsFunc(in.operands, func(o string) bool { return armRegs.MatchString(o) }):
		c.Vector = 1
	}
}
