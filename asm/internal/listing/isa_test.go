package listing

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What instructions of the kernels need, by name. A name that is none of these fails the
// test: whoever adds it says what it needs.
var (
	// The general registers, and MXCSR: any amd64 CPU.
	general = regexp.MustCompile(`^(MOV[BLQ]|MOV[BLWQ]+[SZ]X|LEAQ|CMOVQ..|(ADD|ADC|SUB|AND|OR|XOR|SHR|SHL|CMP|TEST|BT|INC|DEC|NEG|IMUL|DIV|BSF)[LQ]|(PUSH|POP)Q|STMXCSR|LDMXCSR|CALL|JMP|J[A-Z]{2,3}|RET|NOP|UNDEF|PREFETCH\w+)$`)
	avx     = regexp.MustCompile(`^V(ZEROUPPER|(MOV[AU]|ADD|SUB|MUL|DIV|MAX|MIN|CMP|AND|ANDN|OR|XOR|BLENDV|SQRT|SHUF|UNPCK[LH]|PERMIL|TEST|ROUND|MOVMSK)P[SD]|MOV[DQ]|MOVDQ[AU]|BROADCAST(F128|S[SD])|(EXTRACT|INSERT|PERM2)F128|EXTRACTPS|CVT\w+|HADDP[SD]|P(MOVMSKB|TEST)|LDDQU)$`)
	avx2    = regexp.MustCompile(`^V(P(ADD|SUB|MAX[SU]|MIN[SU]|CMPEQ|CMPGT|ABS|SIGN|SLL|SRL|SRA|SLLV|SRLV|SRAV|UNPCK[LH]|BROADCAST|MULL|MULU|SUBUS)[BWDQ]+|P(AND|ANDN|OR|XOR|SHUFD|SHUFB|SADBW|SRLDQ|SLLDQ|ALIGNR|BLENDD|BLENDVB|BLENDW|SHUFLW|ACKSSDW|ACKSSWB)|PMOV[SZ]X..|PERM(P[SD]|D|Q)|(EXTRACT|INSERT|PERM2)I128|BROADCASTI128)$`)
	f16c    = regexp.MustCompile(`^VCVT(PH2PS|PS2PH)$`)
	fma3    = regexp.MustCompile(`^VF(N?M(ADD|SUB)|MADDSUB|MSUBADD)(132|213|231)[PS][SD]$`)
	// With EVEX: AVX-512 F has these and, of the above, those of floats, doubles, dwords and
	// qwords; DQ the second list.
	avx512f  = regexp.MustCompile(`^(V(P(TERNLOG|ANDN?|ORN?|XOR|CMPU?|TESTN?M|ABS|MULL|MAX[SU]|MIN[SU]|SRA|ROL|ROR|EXPAND|COMPRESS|ERM[IT]2)[DQ]|PERM[IT]2P[SD]|MOVDQ[AU](32|64)|(EXTRACT|INSERT|BROADCAST)[FI](32X4|64X4)|SCALEFP[SD]|GETEXPP[SD]|GETMANTP[SD]|RNDSCALEP[SD]|FIXUPIMMP[SD]|BLENDMP[SD]|PBLENDM[DQ]|PMOV[DQ][BWD]|CVT\w+|ALIGN[DQ])|K(MOV|ORTEST|AND|ANDN|OR|XOR|XNOR|NOT)W)$`)
	avx512dq = regexp.MustCompile(`^(V(RANGEP[SD]|(AND|ANDN|OR|XOR)P[SD]|FPCLASSP[SD]|REDUCEP[SD]|PMULLQ|(EXTRACT|INSERT|BROADCAST)[FI](32X8|32X2|64X2)|PMOV[DQ]2M|PMOVM2[DQ]|CVT(T?P[SD]2U?QQ|U?QQ2P[SD]))|K(MOV|ORTEST|AND|ANDN|OR|XOR|XNOR|NOT|TEST|ADD)B)$`)
	avx512bw = regexp.MustCompile(`^(V(P\w*[BW]|PALIGNR|PS[LR]LDQ|MOVDQU(8|16)|DBPSADBW)|K\w+[DQ])$`)

	extension = regexp.MustCompile(`^VPMOV[SZ]X(BD|BQ|WD|WQ|DQ)$`)
	wide      = regexp.MustCompile(`^Z\d+$`)
	narrow    = regexp.MustCompile(`^[XY]\d+$`)
)

const evex = 0x62

// needs returns the extensions that an instruction needs; none where it is unknown.
func (in instruction) needs() []string {
	name, _, _ := strings.Cut(in.name, ".") // .Z, .BCST
	switch {
	case general.MatchString(name):
		return []string{"amd64"}
	case name == "POPCNTQ":
		return []string{"POPCNT"}
	case in.opcode != evex && strings.HasPrefix(name, "K") && avx512f.MatchString(name): // VEX
		return []string{"AVX512F"}
	case in.opcode != evex && strings.HasPrefix(name, "K") && avx512dq.MatchString(name):
		return []string{"AVX512DQ"}
	case in.opcode != evex && strings.HasPrefix(name, "K") && avx512bw.MatchString(name):
		return []string{"AVX512BW"}
	case in.opcode != evex && fma3.MatchString(name):
		return []string{"FMA3"}
	case in.opcode != evex && f16c.MatchString(name):
		return []string{"F16C"}
	case in.opcode != evex && avx2.MatchString(name):
		return []string{"AVX2"}
	case in.opcode != evex && avx.MatchString(name):
		return []string{"AVX2"} // which implies AVX
	}
	if in.opcode != evex {
		return nil
	}
	var all []string
	// Byte and word elements are of BW, but for zero extension of bytes to dwords and qwords.
	switch {
	case avx512dq.MatchString(name):
		all = append(all, "AVX512DQ")
	case avx512f.MatchString(name), fma3.MatchString(name), extension.MatchString(name):
		all = append(all, "AVX512F")
	case avx512bw.MatchString(name):
		all = append(all, "AVX512BW")
	case avx.MatchString(name), avx2.MatchString(name):
		all = append(all, "AVX512F")
	default:
		return nil
	}
	// On vectors narrower than 512 bits EVEX is of VL.
	if !slices.ContainsFunc(in.operands, wide.MatchString) && slices.ContainsFunc(in.operands, narrow.MatchString) {
		all = append(all, "AVX512VL")
	}
	return all
}

// TestEncodings: no function of an instruction set's package has an encoding beyond what the
// set says that it needs, or one that nobody knows.
func TestEncodings(t *testing.T) {
	allowed := map[string][]string{
		"avx2":   {"amd64", "AVX2", "FMA3", "F16C"},
		"avx512": {"amd64", "AVX2", "AVX512F", "AVX512DQ", "AVX512VL", "POPCNT"},
	}
	for _, set := range Sets {
		if set.GOARCH != "amd64" {
			continue // every word of NEON's is decoded in package opcodes
		}
		all, err := Read(set.Package(), set.GOARCH)
		if err != nil {
			t.Error(err)
			continue
		}
		used := map[string]bool{}
		for name, f := range all {
			for _, in := range f.code {
				needs := in.needs()
				if needs == nil {
					t.Errorf("%s/%s: nobody says what %s %s needs", set.Name, name, in.name, strings.Join(in.operands, ", "))
				}
				for _, n := range needs {
					used[n] = true
					if !slices.Contains(allowed[set.Name], n) {
						t.Errorf("%s/%s: %s %s needs %s, the set says %v", set.Name, name, in.name, strings.Join(in.operands, ", "), n, allowed[set.Name])
					}
				}
			}
		}
		for _, n := range allowed[set.Name] {
			if !used[n] {
				t.Errorf("%s says that it needs %s, and no instruction does", set.Name, n)
			}
		}
		t.Logf("%s: %d functions, %v", set.Name, len(all), slices.Sorted(maps.Keys(used)))
	}
}

// TestZeroUpper: no function that Go can call returns with upper halves of vectors in use,
// which would slow down what runs next. Kernels and passes are called by those only.
func TestZeroUpper(t *testing.T) {
	for _, set := range Sets {
		if set.GOARCH != "amd64" {
			continue
		}
		all, err := Read(set.Package(), set.GOARCH)
		if err != nil {
			t.Error(err)
			continue
		}
		checked := 0
		for name, f := range all {
			if f.static || all.called(name) || !f.vectors() {
				continue
			}
			checked++
			for i, in := range f.code {
				if in.name == "RET" && !f.zeroUpperBefore(i) {
					t.Errorf("%s/%s: the RET at %d does not follow VZEROUPPER", set.Name, name, in.pc)
				}
			}
		}
		if checked < 8 { // Run, and seven elementwise functions
			t.Errorf("%s: %d functions use vectors, want those of package vecmath and Run", set.Name, checked)
		}
	}
}

// called tells whether another function calls this one by name.
func (all Functions) called(name string) bool {
	for _, f := range all {
		if slices.ContainsFunc(f.code, func(in instruction) bool { return in.name == "CALL" && base(in.operands[0]) == name }) {
			return true
		}
	}
	return false
}

// vectors tells whether a function uses vectors, or calls kernels, which do.
func (f *function) vectors() bool {
	return slices.ContainsFunc(f.code, func(in instruction) bool {
		return in.name == "CALL" && !strings.Contains(in.operands[0], "(SB)") ||
			slices.ContainsFunc(in.operands, func(o string) bool { return wide.MatchString(o) || o[0] == 'Y' && narrow.MatchString(o) })
	})
}

// zeroUpperBefore tells whether VZEROUPPER is the last instruction on vectors before i.
func (f *function) zeroUpperBefore(i int) bool {
	for i--; i >= 0; i-- {
		switch in := f.code[i]; {
		case in.name == "VZEROUPPER":
			return true
		case in.name[0] == 'V' || in.name == "CALL":
			return false
		}
	}
	return false
}

// TestSameEnvironment: the guard of the floating-point environment is one, in a copy per
// package, as the go command looks for changes of headers in the package's own folder only.
func TestSameEnvironment(t *testing.T) {
	one, err := os.ReadFile("../../avx2/env.h")
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile("../../avx512/env.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, other) {
		t.Error("asm/avx512/env.h is not asm/avx2/env.h")
	}
}
