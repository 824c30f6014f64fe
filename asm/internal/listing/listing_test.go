package listing

import (
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/asm"
)

// TestPeaks: the loops that measure ceilings do what they are named for, and as many
// operations per turn as they say.
func TestPeaks(t *testing.T) {
	for _, set := range Sets {
		all, err := Read(set.Package(), set.GOARCH)
		if err != nil {
			t.Fatal(err)
		}
		bits := set.Bits
		both := 48.
		if set.Name == "avx2" {
			both = 72
		}
		for name, want := range map[string]Count{
			"FMAPeak":     {Vector: 48, FMA: 48},
			"AddPeak":     {Vector: 48, Add: 48},
			"FMAAddPeak":  {Vector: both, FMA: both / 2, Add: both / 2},
			"IntegerPeak": {Vector: 48},
			"DivPeak":     {Vector: 16, Division: 16},
			"Read":        {Loads: 2048 / float64(bits)},
			"Update":      {Loads: 2048 / float64(bits), Stores: 2048 / float64(bits)},
			"Copy":        {Loads: 2048 / float64(bits), Stores: 2048 / float64(bits)},
		} {
			got, err := all.Peak(name, bits)
			if err != nil {
				t.Errorf("%s: %v", set.Name, err)
				continue
			}
			if set.Name == "neon" && got.Vector == 0 { // loads in pairs, 128 bytes per turn
				want.Loads, want.Stores = want.Loads/4, want.Stores/4
			}
			if want.Instructions = got.Instructions; got != want {
				t.Errorf("%s/%s: %+v, want %+v", set.Name, name, got, want)
			}
			if overhead := got.Instructions - got.Vector - got.Loads - got.Stores; overhead < 2 || overhead > 4 {
				t.Errorf("%s/%s: %g instructions are overhead, want 2 to 4", set.Name, name, overhead)
			}
		}
	}
}

// TestCount: what single instructions are.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		bits int
		text string
		want Count
	}{
		{256, "VFNMADD231PS Y1, Y2, Y3", Count{Vector: 1, FMA: 1}},
		{256, "VFMSUB213PS 8(R10), Y2, Y3", Count{Vector: 1, FMA: 1, Loads: 1}},
		{256, "VMULPS Y1, Y2, Y3", Count{Vector: 1, FMA: 1}},
		{256, "VSUBPS 32(SI)(AX*4), Y2, Y3", Count{Vector: 1, Add: 1, Loads: 1}},
		{256, "VADDPD Y1, Y2, Y3", Count{Vector: 1, Add: 1}},
		{256, "VPADDD Y1, Y2, Y3", Count{Vector: 1}},
		{256, "VDIVPS Y1, Y2, Y3", Count{Vector: 1, Division: 1}},
		{256, "VMOVAPS Y1, Y2", Count{}},
		{256, "VMOVUPS Y1, 32(R12)(AX*4)", Count{Stores: 1}},
		{256, "VMOVDQU (SI), Y1", Count{Loads: 1}},
		{256, "VBROADCASTSS k<>+4(SB), Y1", Count{Loads: 1}},
		{256, "VBROADCASTSS X1, Y2", Count{Vector: 1}},
		{256, "VPMOVZXBD (BX)(AX*1), Y0", Count{Vector: 1, Loads: 1}},
		{256, "VXORPS Y1, Y1, Y1", Count{}},
		{256, "VXORPS Y1, Y2, Y1", Count{Vector: 1}},
		{256, "VPADDQ X1, X2, X3", Count{Vector: 0.5}},
		{256, "VCVTPS2PD X6, Y6", Count{Vector: 1}},
		{256, "ADDQ $32, AX", Count{}},
		{256, "VZEROUPPER", Count{}},
		{512, "VFMADD231PS.BCST 8(R10), Z2, Z3", Count{Vector: 1, FMA: 1, Loads: 1}},
		{512, "VMOVAPS Z1, K1, Z2", Count{Vector: 1}},
		{512, "VADDPS Y1, Y2, Y3", Count{Vector: 0.5, Add: 0.5}},
		{512, "VPXORD Z1, Z1, Z1", Count{}},
		{512, "VMOVDQU32 (SI), Z1", Count{Loads: 1}},
		{512, "KMOVW K1, AX", Count{}},
		{128, "FMLA V1.4S, V2.4S, V3.S[1]", Count{Vector: 1, FMA: 1}},
		{128, "FSUB V1.2D, V2.2D, V3.2D", Count{Vector: 1, Add: 1}},
		{128, "FDIV V1.4S, V2.4S, V3.4S", Count{Vector: 1, Division: 1}},
		{128, "MOV V1.16B, V2.16B", Count{}},
		{128, "LD1R", Count{Loads: 1}},
		{128, "FSTPQ (F0, F1), 32(R0)", Count{Stores: 1}},
		{128, "EOR V1.16B, V2.16B, V3.16B", Count{Vector: 1}},
		{128, "VMOV V2.D[0], R3", Count{Vector: 1}},
		{128, "SUBS $16, R11, R11", Count{}},
	} {
		name, operands, _ := strings.Cut(c.text, " ")
		in := instruction{name: name, target: -1}
		if operands != "" {
			in.operands = strings.Split(operands, ", ")
		}
		c.want.Instructions = 1
		if got := in.count(c.bits); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.text, got, c.want)
		}
	}
}

// listed is a kernel with a pass of two loops, a loop that has parts for weights, for
// stores, and for all turns but the first, and a chunk around it; a loop of two ways; and what
// Go's compiler adds for types.
const listed = `pass STEXT static nosplit asm size=1
	0x0000 00000 (x.s:1)	TEXT	pass<>(SB), NOSPLIT|NOFRAME|STATIC, $0
	0x0000 00000 (x.s:2)	XORQ	AX, AX
	0x0004 00004 (x.s:3)	VMULPS	Y1, Y2, Y3
	0x0008 00008 (x.s:4)	ADDQ	$16, AX
	0x000c 00012 (x.s:5)	CMPQ	AX, CX
	0x0010 00016 (x.s:6)	JLT	4
	0x0014 00020 (x.s:7)	VADDPS	Y1, Y2, Y3
	0x0018 00024 (x.s:8)	SUBQ	$32, R11
	0x001c 00028 (x.s:9)	JNE	20
	0x0020 00032 (x.s:10)	RET
	0x0000 c3  .
x/asm.focalLoss STEXT asm size=1 args=0x70
	0x0000 00000 (x.s:20)	TEXT	x/asm.focalLoss(SB), $0-112
	0x0000 00000 (x.s:21)	PCDATA	$0, $-2
	0x0000 00000 (x.s:22)	CALL	x/asm.pass(SB)
	0x0004 00004 (x.s:23)	VMOVUPS	(SI)(AX*4), Y1
	0x0008 00008 (x.s:24)	TESTQ	R14, R14
	0x000c 00012 (x.s:25)	JEQ	20
	0x0010 00016 (x.s:26)	VMULPS	(R14)(AX*4), Y1, Y1
	0x0014 00020 (x.s:27)	TESTQ	R12, R12
	0x0018 00024 (x.s:28)	JEQ	32
	0x001c 00028 (x.s:29)	VMOVUPS	Y1, (R12)(AX*4)
	0x0020 00032 (x.s:30)	TESTQ	AX, AX
	0x0024 00036 (x.s:31)	JLT	44
	0x0028 00040 (x.s:32)	VMULPS	Y1, Y2, Y3
	0x002c 00044 (x.s:33)	ADDQ	$8, AX
	0x0030 00048 (x.s:34)	CMPQ	AX, CX
	0x0034 00052 (x.s:35)	JLT	4
	0x0038 00056 (x.s:36)	SUBQ	CX, DX
	0x003c 00060 (x.s:37)	JNE	0
	0x0040 00064 (x.s:38)	RET
x/asm.sweep STEXT asm size=1 args=0x70
	0x0000 00000 (x.s:40)	SHRQ	$1, DI
	0x0004 00004 (x.s:41)	JCC	16
	0x0008 00008 (x.s:42)	VADDPS	Y1, Y2, Y3
	0x000c 00012 (x.s:43)	JMP	20
	0x0010 00016 (x.s:44)	VMULPS	Y1, Y2, Y3
	0x0014 00020 (x.s:45)	ADDQ	$8, AX
	0x0018 00024 (x.s:46)	CMPQ	AX, CX
	0x001c 00028 (x.s:47)	JLT	0
	0x0020 00032 (x.s:48)	RET
type:.eq.x/asm.entry STEXT dupok nosplit size=1
	0x0000 00000 (<autogenerated>:1)	RET
type:.eq.[8]x/asm.entry STEXT dupok nosplit size=1
	0x0000 00000 (<autogenerated>:1)	RET
`

func TestKernel(t *testing.T) {
	all := Functions{}
	if err := all.parse(listed); err != nil {
		t.Fatal(err)
	}
	if names := all.Names(); !slices.Equal(names, []string{"focalLoss", "pass", "sweep"}) {
		t.Errorf("functions %v", names)
	}
	for stores, want := range map[bool]Count{
		false: {Instructions: 4./16 + 3./32 + 11./8, Vector: 1./16 + 1./32 + 1./8, FMA: 1./16 + 1./8, Add: 1. / 32, Loads: 1. / 8},
		true:  {Instructions: 4./16 + 3./32 + 12./8, Vector: 1./16 + 1./32 + 1./8, FMA: 1./16 + 1./8, Add: 1. / 32, Loads: 1. / 8, Stores: 1. / 8},
	} {
		if got, err := all.Kernel("focalLoss", 256, stores); err != nil || got != want {
			t.Errorf("stores %v: %+v, %v, want %+v", stores, got, err, want)
		}
	}
	// What a jump without a condition leaves out is not counted.
	if got, err := all.Kernel("sweep", 256, false); err != nil || got != (Count{Instructions: 7. / 8, Vector: 1. / 8, Add: 1. / 8}) {
		t.Errorf("sweep: %+v, %v", got, err)
	}
	for broken, want := range map[string]string{
		"ADDQ	$8, AX":         "found no counter of the loop at 4",
		"CALL	x/asm.pass(SB)": "calls x/asm.other(SB), which is not in its package",
		"JLT	4\n	0x0014":      "a pass without a loop",
	} {
		text := strings.Replace(listed, broken, map[string]string{
			"ADDQ	$8, AX": "ADDQ	R9, AX", "CALL	x/asm.pass(SB)": "CALL	x/asm.other(SB)", "JLT	4\n	0x0014": "RET\n	0x0014",
		}[broken], 1)
		if broken[0] == 'J' {
			text = strings.Replace(text, "JNE	20", "RET", 1)
		}
		all := Functions{}
		if err := all.parse(text); err != nil {
			t.Fatal(err)
		}
		if _, err := all.Kernel("focalLoss", 256, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %q: %v, want %s", broken, err, want)
		}
	}
	if _, err := all.Kernel("Missing", 256, false); err == nil {
		t.Error("counted a function that is not there")
	}
}

// TestTerms: what a sweep calls before the kernels is what is counted.
func TestTerms(t *testing.T) {
	for _, set := range Sets {
		all, err := Read(set.Package(), set.GOARCH)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for in := range asm.NumInputs {
			want = append(want, Terms(in)...)
		}
		for _, in := range all["Sweep"].code {
			if in.name == "CALL" && strings.Contains(in.operands[0], set.Package()+".") {
				got = append(got, base(in.operands[0]))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if want, got = slices.Compact(want), slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: a sweep calls %v, what is counted is %v", set.Name, got, want)
		}
	}
}
