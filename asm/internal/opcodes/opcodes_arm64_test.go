//go:build !purego

package opcodes

import (
	"encoding/binary"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"golang.org/x/arch/arm64/arm64asm"
)

// words returns the machine code from first to end.
func words(first, end uintptr) []uint32 {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&first)) // code does not move
	return unsafe.Slice((*uint32)(p), (end-first)/4)
}

// The macros are what the listing says, as Go's assembler evaluates the header.
// The go command does not look for changes in headers of other folders, so that
// it may have assembled an old one; TestHeader reads the one that is there.
func TestMacros(t *testing.T) {
	list := instances(t)
	got := words(bounds())
	if len(got) != len(list) {
		t.Fatalf("macros_arm64.s has %d words, listing.txt %d", len(got), len(list))
	}
	for i, in := range list {
		if got[i] != in.word {
			t.Errorf("%s = %08x, want %08x, %s", in.call, got[i], in.word, in.instruction)
		}
	}
}

// A pattern is the bits that all instances of a macro have in common.
type pattern struct{ mask, bits uint32 }

func patterns(t *testing.T) map[string]pattern {
	t.Helper()
	all := map[string]pattern{}
	for _, in := range instances(t) {
		p, ok := all[in.macro]
		if !ok {
			p = pattern{^uint32(0), in.word}
		}
		p.mask &^= p.bits ^ in.word
		all[in.macro] = p
	}
	return all
}

// The kernels, to have them linked.
var linked = []any{
	asm.CountLabelsNEON,
	asm.LossGamma0NEON, asm.LossGamma1NEON, asm.LossGamma2NEON, asm.LossGammaNEON,
	asm.GradientGamma0NEON, asm.GradientGamma1NEON, asm.GradientGamma2NEON, asm.GradientGammaNEON,
	asm.ProbLossGamma0NEON, asm.ProbLossGamma1NEON, asm.ProbLossGamma2NEON, asm.ProbLossGammaNEON,
	asm.ProbGradientGamma0NEON, asm.ProbGradientGamma1NEON, asm.ProbGradientGamma2NEON, asm.ProbGradientGammaNEON,
	asm.ExpNEON, asm.LogNEON, asm.Log1pNEON, asm.SigmoidNEON, asm.SoftplusNEON, asm.LogSigmoidNEON, asm.PowNEON,
	asm.FMAPeakNEON, asm.AddPeakNEON, asm.FMAAddPeakNEON, asm.IntegerPeakNEON, asm.DivPeakNEON,
	asm.ReadNEON, asm.UpdateNEON, asm.CopyNEON,
}

// bodies returns the machine code of the functions in the named assembly files,
// by name. It looks at all functions of this program: Go code can refer to
// wrappers of assembly functions only, and not at all to static ones.
func bodies(files map[string]bool) map[string][]uint32 {
	const align = 16 // of functions; FuncForPC gives the padding to the one before
	pc := reflect.ValueOf(linked[0]).Pointer() &^ (align - 1)
	for runtime.FuncForPC(pc-align) != nil {
		pc -= align
	}
	found := map[string][]uint32{}
	for f := runtime.FuncForPC(pc); f != nil; {
		end := f.Entry() + align
		next := runtime.FuncForPC(end)
		for next != nil && next.Entry() == f.Entry() {
			end += align
			next = runtime.FuncForPC(end)
		}
		if file, _ := f.FileLine(f.Entry()); files[path.Base(file)] {
			code := words(f.Entry(), end)
			for code[len(code)-1] == 0 { // the padding
				code = code[:len(code)-1]
			}
			name := f.Name()[strings.LastIndexByte(f.Name(), '.')+1:]
			found[name] = append(found[name], code...)
		}
		f = next
	}
	return found
}

// Every word of the kernels is an instruction, and every vector one is of a
// proven macro or has a Go name that the sources use.
func TestKernels(t *testing.T) {
	sources, err := filepath.Glob("../../*_arm64.[sh]")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources, error %v", err)
	}
	files, functions, names := map[string]bool{}, []string{}, map[string]bool{}
	for _, source := range sources {
		files[filepath.Base(source)] = true
		text := read(t, source)
		for _, m := range regexp.MustCompile(`(?m)^TEXT ·?(\w+)`).FindAllStringSubmatch(text, -1) {
			functions = append(functions, m[1])
		}
		for _, name := range regexp.MustCompile(`\bV[A-Z][A-Z0-9]+\b`).FindAllString(text, -1) {
			names[name] = true
		}
	}

	code := bodies(files)
	all := patterns(t)
	for _, function := range functions {
		if len(code[function]) == 0 {
			t.Errorf("%s is not in this program, or not where it was looked for", function)
		}
		for i, word := range code[function] {
			inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, word))
			if err != nil {
				t.Errorf("%s+%d: %08x: %v", function, 4*i, word, err)
				continue
			}
			proven := false
			for _, p := range all {
				proven = proven || word&p.mask == p.bits&p.mask
			}
			name, operands, _ := strings.Cut(arm64asm.GoSyntax(inst, 0, nil, nil), " ")
			if !proven && strings.Contains(operands, "V") && !names[name] {
				t.Errorf("%s+%d: %08x: %s, neither a macro of %s nor written %s", function, 4*i, word, arm64asm.GNUSyntax(inst), header, name)
			}
		}
	}
}
