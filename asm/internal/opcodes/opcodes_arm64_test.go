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

	"golang.org/x/arch/arm64/arm64asm"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/neon"
)

// words returns the machine code from first to end.
func words(first, end uintptr) []uint32 {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&first)) // code does not move
	return unsafe.Slice((*uint32)(p), (end-first)/4)
}

// The macros are what the listing says, as Go's assembler evaluates the header.
// The go command does not look for changes in headers of other folders, so that
// this program may hold an old one; TestHeader reads the one that is there.
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

// The functions that Go can name, to have them linked, and with them what they call and
// the kernels of the table.
var linked = []any{
	neon.Run, neon.Entries, neon.Sweep, neon.SweepEntries, neon.CountLabels, neon.LabelClasses,
	neon.CountTargets, neon.LabelTargets, neon.SmoothTargets,
	neon.SpreadWeights, neon.MultiplyWeights, neon.PickPositives, neon.SumWeights, neon.WidenF16, neon.WidenBF16,
	neon.RowExp, neon.RowTop, neon.RowSum, neon.RowLoss, neon.RowScale, neon.FloatEnv, neon.SetFloatEnv,
	neon.Exp, neon.Log, neon.Log1p, neon.Sigmoid, neon.Softplus, neon.LogSigmoid, neon.Pow,
	neon.FMAPeak, neon.AddPeak, neon.FMAAddPeak, neon.IntegerPeak, neon.DivPeak,
	neon.Read, neon.Update, neon.Copy,
}

// A function of the assembly, which may be static: its file, with the folder, and its name.
type function struct{ file, name string }

// inFolder returns the name of a file with that of its folder.
func inFolder(file string) string { return path.Join(path.Base(path.Dir(file)), path.Base(file)) }

// bodies returns the machine code of the functions that come from the given assembly
// files. It looks at all functions of this program: Go code can refer to wrappers of
// assembly functions only, and not at all to static ones.
func bodies(files map[string]bool) map[function][]uint32 {
	const align = 16 // of functions; FuncForPC gives the padding to the one before
	pc := reflect.ValueOf(linked[0]).Pointer() &^ (align - 1)
	for runtime.FuncForPC(pc-align) != nil {
		pc -= align
	}
	found := map[function][]uint32{}
	for f := runtime.FuncForPC(pc); f != nil; {
		end := f.Entry() + align
		next := runtime.FuncForPC(end)
		for next != nil && next.Entry() == f.Entry() {
			end += align
			next = runtime.FuncForPC(end)
		}
		if file, _ := f.FileLine(f.Entry()); files[inFolder(file)] {
			code := words(f.Entry(), end)
			for code[len(code)-1] == 0 { // the padding
				code = code[:len(code)-1]
			}
			key := function{inFolder(file), f.Name()[strings.LastIndexByte(f.Name(), '.')+1:]}
			found[key] = append(found[key], code...)
		}
		f = next
	}
	return found
}

// Every word of the kernels is an instruction, and every vector one is of a proven macro or
// has a Go name that the sources use. All that the program has of the sources is looked at:
// what is neither a function by TEXT nor a kernel of the table is a failure, and so is what
// is not there.
func TestKernels(t *testing.T) {
	files, known, names := map[string]bool{}, map[function]bool{}, map[string]bool{}
	for _, source := range sources(t) {
		text := read(t, source)
		for _, name := range regexp.MustCompile(`\bV[A-Z][A-Z0-9]+\b`).FindAllString(text, -1) {
			names[name] = true
		}
		if !strings.HasSuffix(source, "_arm64.s") && filepath.Ext(source) != ".h" {
			continue
		}
		absolute, err := filepath.Abs(source)
		if err != nil {
			t.Fatal(err)
		}
		file := inFolder(filepath.ToSlash(absolute))
		files[file] = true // kernels are in headers, too
		if filepath.Ext(source) == ".h" {
			continue
		}
		for _, m := range regexp.MustCompile(`(?m)^TEXT ·?(\w+)`).FindAllStringSubmatch(text, -1) {
			known[function{file, m[1]}] = true
		}
	}
	kernel := func(name string, entry uintptr) {
		f := runtime.FuncForPC(entry)
		if f == nil || f.Entry() != entry || f.Name() != name {
			t.Errorf("the table's code of %s is not that function", name)
			return
		}
		file, _ := f.FileLine(entry)
		known[function{inFolder(file), name}] = true
	}
	for i, entry := range neon.Entries() {
		kernel(asm.Kernel(i).String(), entry)
	}
	for i, entry := range neon.SweepEntries() {
		kernel(asm.SweepKernel(i).String(), entry)
	}

	code := bodies(files)
	for f := range known {
		if len(code[f]) == 0 {
			t.Errorf("%s of %s is not in this program, or not where it was looked for", f.name, f.file)
		}
	}
	all := patterns(t)
	for f, body := range code {
		if !known[f] {
			t.Errorf("%s of %s is no function of the sources' and no kernel of the table", f.name, f.file)
		}
		for i, word := range body {
			inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, word))
			if err != nil {
				t.Errorf("%s+%d: %08x: %v", f.name, 4*i, word, err)
				continue
			}
			proven := false
			for _, p := range all {
				proven = proven || word&p.mask == p.bits&p.mask
			}
			name, operands, _ := strings.Cut(arm64asm.GoSyntax(inst, 0, nil, nil), " ")
			if !proven && strings.Contains(operands, "V") && !names[name] {
				t.Errorf("%s+%d: %08x: %s, neither a macro of %s nor written %s", f.name, 4*i, word, arm64asm.GNUSyntax(inst), header, name)
			}
		}
	}
}
