package main

import (
	"slices"
	"strings"
	"testing"
)

// want checks that exactly the mutants "op: old ⇒ new" are made, in any order.
func want(t *testing.T, got []mutant, src string, want ...string) {
	t.Helper()
	var have []string
	for _, m := range got {
		have = append(have, m.op+": "+m.String())
		// What is shown is what is done.
		if after := string(m.apply([]byte(src))); after == src {
			t.Errorf("%s: %s changes nothing", m.op, m)
		}
	}
	for _, w := range want {
		if !slices.Contains(have, w) {
			t.Errorf("missing %q", w)
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h) {
			t.Errorf("unexpected %q", h)
		}
	}
}

func TestAssemblyMutants(t *testing.T) {
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"\tVSUBPS Y1, Y2, Y3 // Y3 = Y2 − Y1\n", []string{
			"delete: VSUBPS Y1, Y2, Y3 ⇒ (nothing)",
			"sibling: VSUBPS Y1, Y2, Y3 ⇒ VADDPS Y1, Y2, Y3",
			"swap: VSUBPS Y1, Y2, Y3 ⇒ VSUBPS Y2, Y1, Y3",
			"register: VSUBPS Y1, Y2, Y3 ⇒ VSUBPS Y2, Y2, Y3",
			"register: VSUBPS Y1, Y2, Y3 ⇒ VSUBPS Y1, Y3, Y3",
			"register: VSUBPS Y1, Y2, Y3 ⇒ VSUBPS Y1, Y2, Y1",
		}},
		// Factors of 231 commute, those of 213 do not.
		{"\tVFMADD231PS.BCST 20(R10), Z2, Z3\n", []string{
			"delete: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ (nothing)",
			"sibling: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFMSUB231PS.BCST 20(R10), Z2, Z3",
			"sibling: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFNMADD231PS.BCST 20(R10), Z2, Z3",
			"sibling: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFMADD213PS.BCST 20(R10), Z2, Z3",
			"register: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFMADD231PS.BCST 20(R10), Z3, Z3",
			"register: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFMADD231PS.BCST 20(R10), Z2, Z2",
			"offset: VFMADD231PS.BCST 20(R10), Z2, Z3 ⇒ VFMADD231PS.BCST 24(R10), Z2, Z3",
		}},
		{"loop: CMPQ AX, CX; JLT loop\n", []string{
			"delete: loop: CMPQ AX, CX; JLT loop ⇒ loop: ; JLT loop",
			"swap: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ CX, AX; JLT loop",
			"register: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ CX, CX; JLT loop",
			"register: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ AX, AX; JLT loop",
			"delete: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ AX, CX",
			"sibling: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ AX, CX; JLE loop",
			"sibling: loop: CMPQ AX, CX; JLT loop ⇒ loop: CMPQ AX, CX; JGE loop",
		}},
		{"\tVSUBPS.Z Z9, Z30, K1, Z3\n", []string{
			"delete: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ (nothing)",
			"sibling: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VADDPS.Z Z9, Z30, K1, Z3",
			"swap: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VSUBPS.Z Z30, Z9, K1, Z3",
			"unmask: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VSUBPS.Z Z9, Z30, Z3",
			"register: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VSUBPS.Z Z30, Z30, K1, Z3",
			"register: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VSUBPS.Z Z9, Z3, K1, Z3",
			"register: VSUBPS.Z Z9, Z30, K1, Z3 ⇒ VSUBPS.Z Z9, Z30, K1, Z9",
		}},
		// A macro's parameters stand for registers where they are written large.
		{"#define M(x, T, S) \\\n\tVPSLLD $20, T, T /* no; code */; \\\n\tVMOVUPS T, x\n", []string{
			"delete: VPSLLD $20, T, T ⇒ (nothing)",
			"sibling: VPSLLD $20, T, T ⇒ VPSRLD $20, T, T",
			"register: VPSLLD $20, T, T ⇒ VPSLLD $20, S, T",
			"register: VPSLLD $20, T, T ⇒ VPSLLD $20, T, S",
			"constant: VPSLLD $20, T, T ⇒ VPSLLD $21, T, T",
			"delete: VMOVUPS T, x ⇒ (nothing)",
			"register: VMOVUPS T, x ⇒ VMOVUPS S, x",
		}},
		{"#define K_P3 28\n", []string{
			"offset: #define K_P3 28 ⇒ #define K_P3 32",
			"offset: #define K_P3 28 ⇒ #define K_P3 29",
		}},
		{"#define MODE 0x1f80\n", []string{"offset: #define MODE 0x1f80 ⇒ #define MODE 0x1f81"}},
		{"\tTURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1)\n", []string{
			"delete: TURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1) ⇒ (nothing)",
			"offset: TURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1) ⇒ TURN(4(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1)",
			"scale: TURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1) ⇒ TURN(0(SI)(AX*8), (o+LOFF)(R8)(AX*1), Y1)",
			"scale: TURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*1), Y1) ⇒ TURN(0(SI)(AX*4), (o+LOFF)(R8)(AX*2), Y1)",
		}},
		// Two float32 in one: the last bit of each.
		{"DATA ·exp2+8(SB)/8, $0x3f75fed73f7837f0 // a table\n", []string{
			"constant: DATA ·exp2+8(SB)/8, $0x3f75fed73f7837f0 ⇒ DATA ·exp2+8(SB)/8, $0x3f75fed73f7837f1",
			"constant: DATA ·exp2+8(SB)/8, $0x3f75fed73f7837f0 ⇒ DATA ·exp2+8(SB)/8, $0x3f75fed63f7837f0",
		}},
		{"\tMOVQ x+8(FP), SI\n", []string{
			"delete: MOVQ x+8(FP), SI ⇒ (nothing)",
			"offset: MOVQ x+8(FP), SI ⇒ MOVQ x+16(FP), SI",
		}},
		// NEON's registers are numbers, its instructions arguments.
		{"\tQUAD(FSUB_4S, 17, 0, 2)\n", []string{
			"delete: QUAD(FSUB_4S, 17, 0, 2) ⇒ (nothing)",
			"sibling: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FADD_4S, 17, 0, 2)",
			"swap: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FSUB_4S, 0, 17, 2)",
			"offset: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FSUB_4S, 16, 0, 2)",
			"offset: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FSUB_4S, 17, 4, 2)",
			"offset: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FSUB_4S, 17, 1, 2)",
			"offset: QUAD(FSUB_4S, 17, 0, 2) ⇒ QUAD(FSUB_4S, 17, 0, 3)",
		}},
		{"#include \"textflag.h\"\n// MOVQ AX, BX\n/* VADDPS Y0, Y1, Y2\n*/\nTEXT ·f(SB), NOSPLIT, $0-8\nGLOBL ·k(SB), RODATA, $8\n\tPREFETCHT0 64(SI)\n", nil},
	} {
		want(t, assemblyMutants("f.s", []byte(c.src), nil), c.src, c.want...)
	}
}

// TestIn: a mutant knows its macro or function.
func TestIn(t *testing.T) {
	src := "#define N 8\n#define M(x) \\\n\tINCQ x; \\\n\tINCQ AX\n\nTEXT ·f(SB), 4, $0\n\tINCQ BX\nTEXT g<>(SB), 4, $0\nl:\n\tINCQ CX\n"
	in := map[int]string{1: "", 3: "M", 4: "M", 7: "f", 10: "g"}
	for _, m := range assemblyMutants("f.s", []byte(src), nil) {
		if want, ok := in[m.line]; !ok || m.in != want {
			t.Errorf("line %d is in %q, want %q", m.line, m.in, want)
		}
	}
	src = "package p\n\nconst c = 1\n\nfunc (t T) m() { f() }\n\nvar v = 1\n"
	in = map[int]string{3: "", 5: "m", 7: ""}
	mutants, err := goMutants("p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if m.in != in[m.line] {
			t.Errorf("line %d is in %q, want %q", m.line, m.in, in[m.line])
		}
	}
}

// TestScope: another register comes from the same function, not from the next.
func TestScope(t *testing.T) {
	src := "TEXT ·f(SB), 4, $0\n\tVMOVUPS Y7, (SI)\n\tVZEROALL\nTEXT ·g(SB), 4, $0\n\tVMOVUPS Y1, (SI)\n\tVMOVUPS Y2, 32(SI)\n"
	for _, m := range assemblyMutants("f.s", []byte(src), nil) {
		if m.op == "register" && m.line < 4 || m.op == "register" && strings.Contains(m.new, "Y7") {
			t.Errorf("line %d: %s", m.line, m)
		}
	}
	want := "VMOVUPS Y1, (SI) ⇒ VMOVUPS Y2, (SI)"
	if !slices.ContainsFunc(assemblyMutants("f.s", []byte(src), nil), func(m mutant) bool { return m.line == 5 && m.String() == want }) {
		t.Errorf("no mutant %s", want)
	}
}

// TestAliases: a register with a name may be replaced by another one of its kind.
func TestAliases(t *testing.T) {
	header := []byte("#define ONE Y14 // 1\n#define ZERO Y13\n#define LEFT DX\n#define COUNT 8\n#define MASK K1\n")
	names := aliases{}
	names.add(header)
	src := "\tVADDPS ONE, ZERO, ZERO\n\tADDQ LEFT, AX\n"
	want(t, assemblyMutants("f.s", []byte(src), names), src,
		"delete: VADDPS ONE, ZERO, ZERO ⇒ (nothing)",
		"sibling: VADDPS ONE, ZERO, ZERO ⇒ VSUBPS ONE, ZERO, ZERO",
		"register: VADDPS ONE, ZERO, ZERO ⇒ VADDPS ZERO, ZERO, ZERO",
		"register: VADDPS ONE, ZERO, ZERO ⇒ VADDPS ONE, ONE, ZERO",
		"register: VADDPS ONE, ZERO, ZERO ⇒ VADDPS ONE, ZERO, ONE",
		"delete: ADDQ LEFT, AX ⇒ (nothing)",
		"sibling: ADDQ LEFT, AX ⇒ SUBQ LEFT, AX",
	)
	want(t, assemblyMutants("f.h", header, names), string(header),
		"offset: #define COUNT 8 ⇒ #define COUNT 12",
		"offset: #define COUNT 8 ⇒ #define COUNT 9",
	)
}

// TestSiblings: where one instruction may stand for another, the other has a sibling
// too, and none is its own.
func TestSiblings(t *testing.T) {
	for _, name := range []string{
		"VADDPS", "VMULPD", "VDIVSS", "VMAXPS", "VFMADD213PS", "VFNMADD231PD", "VFMSUB213PS", "VFNMSUB231PS", "VPADDD", "VPSUBQ",
		"VPSLLD", "VPSRAD", "VANDPS", "VPANDD", "VXORPS", "VPXOR", "VANDNPS", "VPMAXSD", "VPCMPGTD", "KANDW", "ADDQ", "SHLQ", "DECQ",
		"JLT", "JNE", "JZ", "CMOVQLT", "BGE", "CBZ", "CBNZW", "TBZ", "FADD_4S", "FSUB_2D", "FMLA_4S", "FMLA_LANE3", "FMAX_4S",
		"SHL_4S", "USHR_4S", "AND_16B", "BSL_16B", "FCMGE_4S", "MUL_4S",
	} {
		others := siblingsOf(name)
		if len(others) == 0 {
			t.Errorf("%s has no sibling", name)
		}
		for _, o := range others {
			if o == name || len(siblingsOf(o)) == 0 {
				t.Errorf("%s: sibling %s", name, o)
			}
		}
	}
	for _, name := range []string{"VMOVUPS", "RET", "VZEROUPPER", "VBROADCASTSS", "FMLA", "ADDMACRO"} {
		if others := siblingsOf(name); len(others) > 0 {
			t.Errorf("%s: siblings %v", name, others)
		}
	}
}
