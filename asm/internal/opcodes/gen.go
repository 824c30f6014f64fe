//go:build ignore

// Command gen writes macros_arm64.s and listing.txt. The words in the listing
// are asm2plan9s's, none is computed here.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// An operand is least plus step times 0…count-1.
type operand struct {
	name               string
	count, step, least int
}

var (
	vm, vn, vd = operand{"Vm", 32, 1, 0}, operand{"Vn", 32, 1, 0}, operand{"Vd", 32, 1, 0}
	shift8     = operand{"SHIFT", 8, 1, 0}
	shift32    = operand{"SHIFT", 32, 1, 0}
	shift64    = operand{"SHIFT", 64, 1, 0}
	right8     = operand{"SHIFT", 8, 1, 1}
	right32    = operand{"SHIFT", 32, 1, 1}
	right64    = operand{"SHIFT", 64, 1, 1}
	offset     = operand{"OFFSET", 4096, 16, 0}
	base       = operand{"Xa", 32, 1, 0} // 31 is SP

	three = []operand{vm, vn, vd}
	two   = []operand{vn, vd}
)

var table = []struct {
	macro    string
	operands []operand // in the macro's order
	gnu      string
}{
	{"FADD_4S", three, "fadd Vd.4s, Vn.4s, Vm.4s"},
	{"FSUB_4S", three, "fsub Vd.4s, Vn.4s, Vm.4s"},
	{"FMUL_4S", three, "fmul Vd.4s, Vn.4s, Vm.4s"},
	{"FDIV_4S", three, "fdiv Vd.4s, Vn.4s, Vm.4s"},
	{"FMAX_4S", three, "fmax Vd.4s, Vn.4s, Vm.4s"},
	{"FMIN_4S", three, "fmin Vd.4s, Vn.4s, Vm.4s"},
	{"FMLA_4S", three, "fmla Vd.4s, Vn.4s, Vm.4s"},
	{"FMLS_4S", three, "fmls Vd.4s, Vn.4s, Vm.4s"},
	{"FCMGE_4S", three, "fcmge Vd.4s, Vn.4s, Vm.4s"},
	{"FCMGT_4S", three, "fcmgt Vd.4s, Vn.4s, Vm.4s"},
	{"FCMEQ0_4S", two, "fcmeq Vd.4s, Vn.4s, #0"},
	{"FCMLT0_4S", two, "fcmlt Vd.4s, Vn.4s, #0"},
	{"SCVTF_4S", two, "scvtf Vd.4s, Vn.4s"},
	{"FNEG_4S", two, "fneg Vd.4s, Vn.4s"},
	{"FADD_2D", three, "fadd Vd.2d, Vn.2d, Vm.2d"},
	{"FSUB_2D", three, "fsub Vd.2d, Vn.2d, Vm.2d"},
	{"FMUL_2D", three, "fmul Vd.2d, Vn.2d, Vm.2d"},
	{"FDIV_2D", three, "fdiv Vd.2d, Vn.2d, Vm.2d"},
	{"FMAX_2D", three, "fmax Vd.2d, Vn.2d, Vm.2d"},
	{"FMIN_2D", three, "fmin Vd.2d, Vn.2d, Vm.2d"},
	{"FMLA_2D", three, "fmla Vd.2d, Vn.2d, Vm.2d"},
	{"FMLS_2D", three, "fmls Vd.2d, Vn.2d, Vm.2d"},
	{"FABS_2D", two, "fabs Vd.2d, Vn.2d"},
	{"FCMGE_2D", three, "fcmge Vd.2d, Vn.2d, Vm.2d"},
	{"FCMEQ0_2D", two, "fcmeq Vd.2d, Vn.2d, #0"},
	{"FCMLT0_2D", two, "fcmlt Vd.2d, Vn.2d, #0"},
	{"FCVTN_2S", two, "fcvtn Vd.2s, Vn.2d"},
	{"FCVTN2_4S", two, "fcvtn2 Vd.4s, Vn.2d"},
	{"FABS_4S", two, "fabs Vd.4s, Vn.4s"},
	{"FCVTL_2D", two, "fcvtl Vd.2d, Vn.2s"},
	{"FCVTL2_2D", two, "fcvtl2 Vd.2d, Vn.4s"},
	{"FCVTL_4S", two, "fcvtl Vd.4s, Vn.4h"},
	{"FCVTL2_4S", two, "fcvtl2 Vd.4s, Vn.8h"},

	{"FMLA_LANE0", three, "fmla Vd.4s, Vn.4s, Vm.s[0]"},
	{"FMLA_LANE1", three, "fmla Vd.4s, Vn.4s, Vm.s[1]"},
	{"FMLA_LANE2", three, "fmla Vd.4s, Vn.4s, Vm.s[2]"},
	{"FMLA_LANE3", three, "fmla Vd.4s, Vn.4s, Vm.s[3]"},
	{"FMLS_LANE1", three, "fmls Vd.4s, Vn.4s, Vm.s[1]"},
	{"FMLS_LANE2", three, "fmls Vd.4s, Vn.4s, Vm.s[2]"},
	{"FMLS_LANE3", three, "fmls Vd.4s, Vn.4s, Vm.s[3]"},
	{"FMUL_LANE0", three, "fmul Vd.4s, Vn.4s, Vm.s[0]"},
	{"FMUL_LANE2", three, "fmul Vd.4s, Vn.4s, Vm.s[2]"},

	{"ADD_4S", three, "add Vd.4s, Vn.4s, Vm.4s"},
	{"SUB_4S", three, "sub Vd.4s, Vn.4s, Vm.4s"},
	{"ADD_2D", three, "add Vd.2d, Vn.2d, Vm.2d"},
	{"SUB_2D", three, "sub Vd.2d, Vn.2d, Vm.2d"},
	{"CMGT_4S", three, "cmgt Vd.4s, Vn.4s, Vm.4s"},
	{"MLA_4S", three, "mla Vd.4s, Vn.4s, Vm.4s"},
	{"ADD_16B", three, "add Vd.16b, Vn.16b, Vm.16b"},
	{"SUB_16B", three, "sub Vd.16b, Vn.16b, Vm.16b"},
	{"CMEQ_16B", three, "cmeq Vd.16b, Vn.16b, Vm.16b"},
	{"CMEQ_4S", three, "cmeq Vd.4s, Vn.4s, Vm.4s"},
	{"UMAX_4S", three, "umax Vd.4s, Vn.4s, Vm.4s"},
	{"UMIN_4S", three, "umin Vd.4s, Vn.4s, Vm.4s"},
	{"CMLT0_4S", two, "cmlt Vd.4s, Vn.4s, #0"},
	{"SHL_4S", []operand{shift32, vn, vd}, "shl Vd.4s, Vn.4s, #SHIFT"},
	{"SQSHL_4S", []operand{shift32, vn, vd}, "sqshl Vd.4s, Vn.4s, #SHIFT"},
	{"SHL_2D", []operand{shift64, vn, vd}, "shl Vd.2d, Vn.2d, #SHIFT"},
	{"USHR_4S", []operand{right32, vn, vd}, "ushr Vd.4s, Vn.4s, #SHIFT"},
	{"USHR_2D", []operand{right64, vn, vd}, "ushr Vd.2d, Vn.2d, #SHIFT"},
	{"USHR_16B", []operand{right8, vn, vd}, "ushr Vd.16b, Vn.16b, #SHIFT"},
	{"SHL_16B", []operand{shift8, vn, vd}, "shl Vd.16b, Vn.16b, #SHIFT"},
	{"UMAX_16B", three, "umax Vd.16b, Vn.16b, Vm.16b"},
	{"SQXTN_4H", two, "sqxtn Vd.4h, Vn.4s"},
	{"SQXTN2_8H", two, "sqxtn2 Vd.8h, Vn.4s"},
	{"SQXTN_8B", two, "sqxtn Vd.8b, Vn.8h"},
	{"SQXTN2_16B", two, "sqxtn2 Vd.16b, Vn.8h"},
	{"UXTL_8H", two, "uxtl Vd.8h, Vn.8b"},
	{"UXTL2_8H", two, "uxtl2 Vd.8h, Vn.16b"},
	{"UXTL_4S", two, "uxtl Vd.4s, Vn.4h"},
	{"UXTL2_4S", two, "uxtl2 Vd.4s, Vn.8h"},

	{"AND_16B", three, "and Vd.16b, Vn.16b, Vm.16b"},
	{"ORR_16B", three, "orr Vd.16b, Vn.16b, Vm.16b"},
	{"EOR_16B", three, "eor Vd.16b, Vn.16b, Vm.16b"},
	{"BIC_16B", three, "bic Vd.16b, Vn.16b, Vm.16b"},
	{"BSL_16B", three, "bsl Vd.16b, Vn.16b, Vm.16b"},
	{"BIT_16B", three, "bit Vd.16b, Vn.16b, Vm.16b"},
	{"MOV_16B", two, "mov Vd.16b, Vn.16b"},

	{"TBL1_16B", three, "tbl Vd.16b, {Vn.16b}, Vm.16b"},
	{"TBL2_16B", three, "tbl Vd.16b, {Vn.16b, Vn+1.16b}, Vm.16b"},

	{"LDR_Q", []operand{offset, base, vd}, "ldr Qd, [Xa, #OFFSET]"},
	{"STR_Q", []operand{offset, base, vd}, "str Qd, [Xa, #OFFSET]"},
	{"LD1R_4S", []operand{base, vd}, "ld1r {Vd.4s}, [Xa]"},
}

// values returns the operands to prove a macro with, a tuple an instance: all
// least, all greatest, all different, all the same, and then each alone with
// every single bit and the greatest, which tells every bit of every field.
func values(operands []operand) [][]int {
	var tuples [][]int
	add := func(value func(i, count int) int) {
		tuple := make([]int, len(operands))
		for i, o := range operands {
			tuple[i] = o.least + value(i, o.count)%o.count*o.step
		}
		tuples = append(tuples, tuple)
	}
	add(func(i, count int) int { return 0 })
	add(func(i, count int) int { return count - 1 })
	add(func(i, count int) int { return len(operands) - 1 - i })
	add(func(i, count int) int { return count - 1 - i })
	add(func(i, count int) int { return 21 })
	for j, o := range operands {
		alone := func(value int) {
			add(func(i, count int) int {
				if i == j {
					return value
				}
				return 0
			})
		}
		for bit := 1; bit < o.count; bit <<= 1 {
			alone(bit)
		}
		alone(o.count - 1)
	}
	return tuples
}

// call returns the macro applied to a tuple.
func call(macro string, tuple []int) string {
	args := make([]string, len(tuple))
	for i, v := range tuple {
		args[i] = strconv.Itoa(v)
	}
	return macro + "(" + strings.Join(args, ", ") + ")"
}

// instruction returns what GNU as calls it.
func instruction(gnu string, operands []operand, tuple []int) string {
	var names []string // a name, and what replaces it
	for i, o := range operands {
		v := strconv.Itoa(tuple[i])
		switch o.name {
		case "Vn": // the longer name first: the first match wins
			names = append(names, "Vn+1", "v"+strconv.Itoa((tuple[i]+1)%32), "Vn", "v"+v)
		case "Vd":
			names = append(names, "Qd", "q"+v, "Vd", "v"+v)
		case "Vm":
			names = append(names, "Vm", "v"+v)
		case "Xa":
			if v == "31" {
				names = append(names, "Xa", "sp")
			} else {
				names = append(names, "Xa", "x"+v)
			}
		default:
			names = append(names, o.name, v)
		}
	}
	return strings.NewReplacer(names...).Replace(gnu)
}

const warning = "// Code generated by gen.go. DO NOT EDIT.\n"

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var macros, listing strings.Builder
	macros.WriteString(warning + `
//go:build !purego

#include "textflag.h"
#include "../../neon/opcodes.h"

// func bounds() (first, end uintptr)
TEXT ·bounds(SB), NOSPLIT, $0-16
	ADR  first, R0
	MOVD R0, first+0(FP)
	ADR  end, R0
	MOVD R0, end+8(FP)
	RET

first:
`)
	listing.WriteString(warning)
	instances := 0
	for _, e := range table {
		fmt.Fprintf(&listing, "\n// %s\n", e.macro)
		for _, tuple := range values(e.operands) {
			fmt.Fprintf(&macros, "\t%s\n", call(e.macro, tuple))
			// asm2plan9s reads lines of exactly this shape, with any word.
			fmt.Fprintf(&listing, "    WORD $0x00000000 // %s\n", instruction(e.gnu, e.operands, tuple))
			instances++
		}
	}
	macros.WriteString("\nend:\n\tRET\n")

	words, err := assemble(listing.String())
	if err != nil {
		return err
	}
	if err := check(listing.String(), words, instances); err != nil {
		return err
	}
	if err := os.WriteFile("macros_arm64.s", []byte(macros.String()), 0o666); err != nil {
		return err
	}
	return os.WriteFile("listing.txt", []byte(words), 0o666)
}

// assemble returns the listing with asm2plan9s's words.
func assemble(listing string) (string, error) {
	dir, err := os.MkdirTemp("", "opcodes")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)

	// asm2plan9s encodes for the architecture that it is built for.
	command := []string{filepath.Join(dir, "asm2plan9s")}
	goos := runtime.GOOS
	if runtime.GOARCH != "arm64" {
		qemu := os.Getenv("QEMU")
		if qemu == "" {
			qemu = "qemu-aarch64-static"
		}
		if qemu, err = tool("qemu-user-static", qemu); err != nil {
			return "", err
		}
		command = []string{qemu, command[0]}
		goos = "linux"
	}
	build := exec.Command("go", "build", "-o", dir, "github.com/minio/asm2plan9s")
	build.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building asm2plan9s: %w\n%s", err, out)
	}

	// It runs yasm if it finds one, else "as"; so that is all it may find.
	names := []string{"aarch64-linux-gnu-as"}
	if runtime.GOARCH == "arm64" {
		names = append(names, "as")
	}
	as, err := tool("binutils-aarch64-linux-gnu", names...)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "path")
	if err := os.Mkdir(path, 0o777); err != nil {
		return "", err
	}
	if err := os.Symlink(as, filepath.Join(path, "as")); err != nil {
		return "", err
	}

	file := filepath.Join(dir, "listing")
	if err := os.WriteFile(file, []byte(listing), 0o666); err != nil {
		return "", err
	}
	encode := exec.Command(command[0], append(command[1:], file)...)
	encode.Env = append(os.Environ(), "PATH="+path, "TMPDIR="+dir)
	if out, err := encode.CombinedOutput(); err != nil {
		return "", fmt.Errorf("asm2plan9s: %w\n%s", err, out)
	}
	words, err := os.ReadFile(file)
	return string(words), err
}

// tool returns the path of the first of the named commands that is there.
func tool(debian string, names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("%s is missing; Debian has it in %s", strings.Join(names, ", or "), debian)
}

// check refuses words that do not belong to the listing: asm2plan9s skips in
// silence the lines that it does not take for an instruction.
func check(listing, words string, instances int) error {
	line := regexp.MustCompile(`(?m)^    WORD \$0x([0-9a-f]{8}) // .+$`)
	n := 0
	var zero error
	blank := line.ReplaceAllStringFunc(words, func(s string) string {
		n++
		if word := line.FindStringSubmatch(s)[1]; word == "00000000" {
			zero = errors.Join(zero, errors.New("asm2plan9s gave no word: "+s))
		}
		const digits = len("    WORD $0x")
		return s[:digits] + "00000000" + s[digits+8:]
	})
	switch {
	case zero != nil:
		return zero
	case n != instances:
		return fmt.Errorf("asm2plan9s gave %d words, want %d", n, instances)
	case blank != listing:
		return errors.New("asm2plan9s changed more than the words")
	}
	return nil
}
