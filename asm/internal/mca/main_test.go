package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/internal/listing"
)

// TestCPUs: each architecture has CPUs of its own, and those that llvm-mca does not
// know are refused before anything is built.
func TestCPUs(t *testing.T) {
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	mca := filepath.Join(dir, "mca")
	// It knows the first CPU of a call with two.
	body := `#!/bin/sh
echo "$1 $2" >> ` + asked + `
case "$2" in
*=neoverse-n1|*=znver3|*=known) echo '{"CodeRegions": [{}]}';;
*) echo "'$2' is not a recognized processor" >&2; echo again >&2; exit 1;;
esac
`
	if err := os.WriteFile(mca, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ goarch, cpus, asked, want string }{
		{"arm64", "", "-mtriple=aarch64 -mcpu=neoverse-n1\n-mtriple=aarch64 -mcpu=neoverse-v2\n", `-cpu "neoverse-v2": want names`},
		{"amd64", "", "-mtriple=x86_64 -mcpu=znver3\n-mtriple=x86_64 -mcpu=znver4\n", `-cpu "znver4": want names`},
		{"amd64", "known,other", "-mtriple=x86_64 -mcpu=known\n-mtriple=x86_64 -mcpu=other\n", "'-mcpu=other' is not a recognized processor"},
		{"s390x", "", "", `-goarch "s390x": want amd64 or arm64`},
	} {
		os.Remove(asked)
		err := run(c.goarch, c.cpus, "no-objdump", mca)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "again") {
			t.Errorf("%s %q: error %v, want %s", c.goarch, c.cpus, err, c.want)
		}
		if got, _ := os.ReadFile(asked); string(got) != c.asked {
			t.Errorf("%s %q: asked\n%swant\n%s", c.goarch, c.cpus, got, c.asked)
		}
	}
}

// TestRows: of every instruction set all kernels have a line, in the order of package asm, and
// every function of the assembly is in one, or named.
func TestRows(t *testing.T) {
	var want []string
	for k := range asm.NumKernels {
		want = append(want, k.String())
	}
	want = append(want, "logitsTerms", "probsTerms")
	for k := range asm.NumSweepKernels {
		want = append(want, k.String())
	}
	for _, s := range listing.Sets {
		in, err := listing.Read(s.Package(), s.GOARCH)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(sets[s.GOARCH], func(o set) bool { return o.name == s.Name }) {
			t.Errorf("%s is not among the sets of %s", s.Name, s.GOARCH)
		}
		seen := map[string]bool{}
		kernels, others, rest, err := rows(in, func(function string, spans []listing.Span) (string, error) {
			seen[function] = true
			return strings.Repeat("x\n", len(spans)), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range kernels {
			got = append(got, r.name)
			for _, p := range r.passes {
				for _, l := range p.loops {
					if l.Scores%16 != 0 || len(l.Spans) < 10 {
						t.Errorf("%s/%s: %s has a loop of %d scores in %d instructions", s.Name, r.name, p.name, l.Scores, len(l.Spans))
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: kernels %q, want %q", s.Name, got, want)
		}
		for _, name := range in.Names() {
			if n := slices.Index(rest, name); !seen[name] && n < 0 && !slices.Contains(ceilings, name) {
				t.Errorf("%s: %s has no line and is not named", s.Name, name)
			}
		}
		for _, name := range []string{"RowLoss 3", "RowExp 2", "CountTargets"} {
			if !slices.ContainsFunc(others, func(r row) bool { return r.name == name }) && s.Name != "avx512" {
				t.Errorf("%s: no line %s", s.Name, name)
			}
		}
		if !slices.Contains(rest, "Run") {
			t.Errorf("%s: Run is not among those without loops: %q", s.Name, rest)
		}
	}
}

// TestSplit: instructions are found by function and place, and what Go calls a function by is not
// taken for it.
func TestSplit(t *testing.T) {
	d := split(`
0000000000011000 <focalLoss>:
   11000: 8b 00        	nop
   11004: 	fadd	v0.4s, v1.4s, v2.4s
   11008: 	b.ne	0x11000 <focalLoss>

0000000000012000 <x/asm/neon.Exp>:
   12000: 	bl	0x13000 <x/asm/neon.Exp.abi0>

0000000000013000 <x/asm/neon.Exp.abi0>:
   13000: 	adrp	x0, 0x14000
   13004: 	add	x0, x0, #0x10
   13008: 	ret
`, "x/asm/neon")
	got, err := d.text("Exp", []listing.Span{{From: 0, To: 8}})
	if want := "adrp\tx0, 0x14000\nadd\tx0, x0, #0x10\n"; got != want || err != nil {
		t.Errorf("Exp: %q, error %v, want %q", got, err, want)
	}
	got, err = d.text("focalLoss", []listing.Span{{From: 4, To: 8}})
	if want := "fadd\tv0.4s, v1.4s, v2.4s\n"; got != want || err != nil {
		t.Errorf("focalLoss: %q, error %v, want %q", got, err, want)
	}
	for _, c := range []struct {
		function string
		from     int
		want     string
	}{
		{"focalLoss", 2, "no instruction at 0x2"},
		{"focalLoss", 12, "no instruction at 0xc"},
		{"Log", 0, "not in the disassembly"},
	} {
		if _, err := d.text(c.function, []listing.Span{{From: c.from, To: c.from + 4}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %d: error %v, want %s", c.function, c.from, err, c.want)
		}
	}
}

// TestZeroed: a load is in the place of what sets a register to 0, and of nothing else.
func TestZeroed(t *testing.T) {
	body := "vxorps\t%ymm3, %ymm3, %ymm3\nvpxor\t%ymm1, %ymm1, %ymm2\nvpxord\t%zmm17, %zmm17, %zmm17\nvxorps\t%ymm1, %ymm2, %ymm2\nvxorps\t(%rax), %ymm2, %ymm2\n"
	want := "vmovups (%rsp), %ymm3\nvpxor\t%ymm1, %ymm1, %ymm2\nvmovups (%rsp), %zmm17\nvxorps\t%ymm1, %ymm2, %ymm2\nvxorps\t(%rax), %ymm2, %ymm2\n"
	if got := zeroed.ReplaceAllStringFunc(body, loadZero); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// tableOf makes a report of instructions: the shares of resources of each. Those that have a
// share of "load" are loads, of "scalar" not on vectors.
func tableOf(resources []string, instructions ...map[string]float64) *report {
	var r region
	list, info := &r.InstructionInfoView.InstructionList, &r.ResourcePressureView.ResourcePressureInfo
	sum := map[int]float64{}
	for i, shares := range instructions {
		*list = append(*list, operation{MayLoad: shares["load"] > 0})
		text := "vaddps\t%ymm0, %ymm1, %ymm2"
		if shares["scalar"] > 0 {
			text = "leaq\t(%rax), %rbx"
		}
		r.Instructions = append(r.Instructions, text)
		for n, name := range resources {
			if v := shares[name]; v != 0 {
				*info = append(*info, pressure{i, n, v})
				sum[n] += v
			}
		}
	}
	for n, v := range sum {
		*info = append(*info, pressure{len(instructions), n, v})
	}
	all := &report{CodeRegions: []region{r}}
	all.TargetInfo.Resources = resources
	return all
}

// TestPipes: the bound of the pipes, by what llvm-mca says of CPUs of several kinds.
func TestPipes(t *testing.T) {
	third, quarter := 1./3, 1./4
	intel := []string{"Port00", "Port01", "Port02", "Port03", "Port05"}
	fma := map[string]float64{"Port00": .5, "Port01": .5}
	any := map[string]float64{"Port00": third, "Port01": third, "Port05": third}
	permute := map[string]float64{"Port05": 1}
	addFromMemory := map[string]float64{"Port00": third, "Port01": third, "Port05": third, "Port02": .5, "Port03": .5, "load": 1}
	address := map[string]float64{"Port02": .5, "Port03": .5, "scalar": 1}
	load := map[string]float64{"Port02": .5, "Port03": .5, "load": 1}
	apple := []string{"V.\x00", "V.\x01", "V.\x02", "VM.\x00", "VM.\x01"}
	appleFMA := map[string]float64{"V.\x00": third, "V.\x01": third, "V.\x02": third, "VM.\x00": .5, "VM.\x01": .5}
	appleAdd := map[string]float64{"V.\x00": third, "V.\x01": third, "V.\x02": third}
	arm := []string{"S.\x00", "S.\x01", "M", "V0", "V1"}
	scalar := map[string]float64{"S.\x00": third, "S.\x01": third, "M": third}
	pipe0, pipe1 := map[string]float64{"V0": 1}, map[string]float64{"V1": 1}
	storeToBoth := map[string]float64{"V0": 1, "V1": 1, "load": 1}
	zen := []string{"FP0", "FP1", "FP2", "FP3"}
	zenAny := map[string]float64{"FP0": quarter, "FP1": quarter, "FP2": quarter, "FP3": quarter}
	zenTwo := map[string]float64{"FP1": 1, "FP0": .5, "FP2": .5} // FP0 or 2, and 1; or FP1 and then any of three
	for _, c := range []struct {
		name         string
		resources    []string
		instructions []map[string]float64
		want         float64
	}{
		{"one pipe of two", intel, []map[string]float64{fma}, .5},
		{"all share out evenly", intel, []map[string]float64{fma, any, permute, any}, 4. / 3},
		{"a pair is the bound", intel, []map[string]float64{fma, fma, fma, fma, any, permute}, 2},
		{"one is the bound", intel, []map[string]float64{fma, permute, permute}, 2},
		{"its operation counts, its load not", intel, []map[string]float64{addFromMemory, any, any, load, load, load, load, load, address}, 1},
		{"a kind within another", apple, []map[string]float64{appleFMA, appleFMA, appleFMA, appleAdd}, 1.5},
		{"the kind as a whole", apple, []map[string]float64{appleFMA, appleAdd, appleAdd, appleAdd, appleAdd, appleAdd}, 2},
		{"equal shares are one operation's", arm, []map[string]float64{scalar, scalar, scalar, pipe0}, 1},
		{"a store takes pipes, too", arm, []map[string]float64{pipe0, pipe1, storeToBoth, storeToBoth}, 3},
		{"which operation goes where is not known", zen, []map[string]float64{zenTwo, zenAny}, .75},
		{"nothing", intel, nil, 0},
	} {
		r := tableOf(c.resources, c.instructions...)
		if got := pipesBound(r.uses(vectorPipes(r, tableOf(c.resources, load)))); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %.3f, want %.3f", c.name, got, c.want)
		}
	}
	transfer := map[string]float64{"Port02": .5, "Port03": .5}
	pipes := vectorPipes(tableOf(intel, fma, addFromMemory, permute, address, transfer), tableOf(intel, load))
	if want := map[string]bool{"Port00": true, "Port01": true, "Port05": true}; !reflect.DeepEqual(pipes, want) {
		t.Errorf("pipes %v, want %v", pipes, want)
	}
}
