// Package listing counts the work of the assembly kernels, in the listing of Go's
// assembler. It needs the go command and the sources, and is for the generator and
// the test of package roofline's table.
package listing

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
)

// Count is work, in instructions. Those of vectors are weighted by their share of
// the widest vector in use, and are no plain moves between registers, loads or
// stores. FMA, with products, Add, with differences, and Division are among them.
type Count struct {
	Instructions, Vector, FMA, Add, Division, Loads, Stores float64
}

func (c *Count) add(o Count, factor float64) {
	c.Instructions += o.Instructions * factor
	c.Vector += o.Vector * factor
	c.FMA += o.FMA * factor
	c.Add += o.Add * factor
	c.Division += o.Division * factor
	c.Loads += o.Loads * factor
	c.Stores += o.Stores * factor
}

// Functions holds the functions of one architecture's assembly by name, those
// that are local to a file by the file's name, a slash, and theirs.
type Functions map[string]*function

type function struct {
	file string
	code []instruction
}

// instruction is a line of the listing.
type instruction struct {
	pc       int
	name     string
	operands []string
	target   int // of a jump within the function, else −1
}

var (
	symbolLine      = regexp.MustCompile(`^(\S+) STEXT `)
	instructionLine = regexp.MustCompile(`^\t0x[0-9a-f]+ (\d+) \([^)]*\)\t([A-Z][A-Z0-9.]*)(?:\t(.*))?$`)
	decimal         = regexp.MustCompile(`^\d+$`)
)

// Read assembles the files of a folder for an architecture, those in which names
// end in _goarch.s, and returns their functions.
func Read(dir, goarch string) (Functions, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_"+goarch+".s"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no assembly for %s", dir, goarch)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	// go test runs again what it has the result of only if files changed that it saw.
	sources, err := filepath.Glob(filepath.Join(dir, "*.[sh]"))
	if err != nil {
		return nil, err
	}
	for _, name := range sources {
		if _, err := os.Stat(name); err != nil {
			return nil, err
		}
	}
	// Not os.DevNull, which asm removes where it fails and may.
	out, err := os.MkdirTemp("", "listing")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	object := filepath.Join(out, "o")
	include := filepath.Join(strings.TrimSpace(string(root)), "pkg", "include")
	all := Functions{}
	for _, file := range files {
		cmd := exec.Command("go", "tool", "asm", "-S", "-p", "asm", "-I", include, "-o", object, file)
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go tool asm %s: %w: %s", file, err, &stderr)
		}
		if err := all.parse(filepath.Base(file), string(out)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return all, nil
}

func (all Functions) parse(file, text string) error {
	var f *function
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := symbolLine.FindStringSubmatch(line); m != nil {
			name := file + "/" + m[1]
			if exported, ok := strings.CutPrefix(m[1], "asm."); ok {
				name = exported
			}
			f = &function{file: file}
			all[name] = f
			continue
		}
		m := instructionLine.FindStringSubmatch(line)
		if f == nil || m == nil || slices.Contains([]string{"TEXT", "PCDATA", "FUNCDATA", "NOP"}, m[2]) {
			continue
		}
		in := instruction{name: m[2], target: -1}
		in.pc, _ = strconv.Atoi(m[1])
		if m[3] != "" {
			in.operands = strings.Split(m[3], ", ")
		}
		if in.name == "WORD" {
			if err := in.decode(); err != nil {
				return err
			}
		} else if n := len(in.operands); n > 0 && decimal.MatchString(in.operands[n-1]) {
			in.target, _ = strconv.Atoi(in.operands[n-1])
		}
		f.code = append(f.code, in)
	}
	return nil
}

// decode replaces a word by what it stands for, in the Arm manual's terms.
func (in *instruction) decode() error {
	word, err := strconv.ParseUint(strings.TrimPrefix(in.operands[0], "$"), 0, 32)
	if err != nil {
		return err
	}
	inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, uint32(word)))
	if err != nil {
		return fmt.Errorf("%08x: %w", word, err)
	}
	name, operands, _ := strings.Cut(inst.String(), " ")
	in.name = name
	if in.operands = strings.Split(operands, ", "); strings.HasPrefix(name, "LD") || strings.HasPrefix(name, "ST") {
		in.operands = nil // they say no more than the name
	}
	return nil
}

// loop is an innermost loop, from the first to the last instruction.
type loop struct{ first, last int }

// loops returns the innermost loops in order.
func (f *function) loops() []loop {
	var all []loop
	for i, in := range f.code {
		if in.target >= 0 && in.target < in.pc {
			if first := f.at(in.target); !slices.ContainsFunc(f.code[first:i], func(o instruction) bool { return o.name == "CALL" }) {
				all = append(all, loop{first, i})
			}
		}
	}
	return slices.DeleteFunc(all, func(l loop) bool {
		return slices.ContainsFunc(all, func(o loop) bool { return o != l && l.first <= o.first && o.last <= l.last })
	})
}

func (f *function) at(pc int) int {
	return slices.IndexFunc(f.code, func(in instruction) bool { return in.pc >= pc })
}

// executed returns the instructions of a turn without weights. What is skipped where
// a pointer is nil is for weights, if it multiplies, or else for storing losses. Other
// jumps ahead are of the first turns or the last, and not taken.
func (f *function) executed(l loop, stores bool) []instruction {
	var turn []instruction
	for i := l.first; i <= l.last; i++ {
		in := f.code[i]
		turn = append(turn, in)
		if in.target <= in.pc || !f.testsNil(i) {
			continue
		}
		if end := f.at(in.target); end <= l.last {
			weights := slices.ContainsFunc(f.code[i+1:end], func(o instruction) bool { return strings.Contains(o.name, "MUL") })
			if weights || !stores {
				i = end - 1
			}
		}
	}
	return turn
}

// testsNil tells whether the jump at i is taken if a register is 0.
func (f *function) testsNil(i int) bool {
	switch f.code[i].name {
	case "CBZ":
		return true
	case "JEQ":
		test := f.code[i-1]
		return test.name == "TESTQ" && test.operands[0] == test.operands[1]
	}
	return false
}

var immediate = regexp.MustCompile(`^\$(\d+)$`)

// scores returns how many scores a turn does: by what the counter changes that the
// loop's jumps test, or its neighbour in a comparison.
func (f *function) scores(l loop) (int, error) {
	step := func(in instruction, registers []string) int {
		n := len(in.operands)
		if n < 2 || !strings.HasPrefix(in.name, "ADD") && !strings.HasPrefix(in.name, "SUB") || !slices.Contains(registers, in.operands[n-1]) {
			return 0
		}
		if m := immediate.FindStringSubmatch(in.operands[0]); m != nil {
			v, _ := strconv.Atoi(m[1])
			return v
		}
		return 0
	}
	for i := l.last; i > l.first; i-- {
		if in := f.code[i]; in.target < 0 || in.target >= f.code[l.first].pc && in.target < f.code[l.last].pc && i != l.last {
			continue // neither the end of the loop nor a way out
		}
		test := f.code[i-1]
		if n := step(test, test.operands[max(0, len(test.operands)-1):]); n > 0 {
			return n, nil
		}
		if strings.HasPrefix(test.name, "CMP") {
			for _, in := range f.code[l.first:l.last] {
				if n := step(in, test.operands); n > 0 {
					return n, nil
				}
			}
		}
	}
	return 0, fmt.Errorf("found no counter of the loop at %d", f.code[l.first].pc)
}

// Kernel counts the work of a kernel a score: its innermost loops and those of the
// passes that it calls. bits are those of a vector; stores tells whether losses are
// written. What is done once a chunk is left out.
func (all Functions) Kernel(name string, bits int, stores bool) (Count, error) {
	var sum Count
	f := all[name]
	if f == nil {
		return sum, fmt.Errorf("no function %s", name)
	}
	parts := []*function{f}
	for _, in := range f.code {
		if in.name != "CALL" || strings.HasPrefix(in.operands[0], "runtime.") {
			continue
		}
		pass := strings.TrimSuffix(strings.TrimSuffix(in.operands[0], "(SB)"), "<>")
		p := all[f.file+"/"+pass]
		if p == nil {
			return sum, fmt.Errorf("%s calls %s, which is not in %s", name, pass, f.file)
		}
		parts = append(parts, p)
	}
	for _, p := range parts {
		loops := p.loops()
		if len(loops) == 0 {
			return sum, fmt.Errorf("%s: a pass without a loop", name)
		}
		for _, l := range loops {
			n, err := p.scores(l)
			if err != nil {
				return sum, fmt.Errorf("%s: %w", name, err)
			}
			for _, in := range p.executed(l, stores) {
				sum.add(in.count(bits), 1/float64(n))
			}
		}
	}
	return sum, nil
}

// Peak counts the only loop of a function, a turn.
func (all Functions) Peak(name string, bits int) (Count, error) {
	var sum Count
	f := all[name]
	if f == nil {
		return sum, fmt.Errorf("no function %s", name)
	}
	loops := f.loops()
	if len(loops) != 1 {
		return sum, fmt.Errorf("%s has %d innermost loops: want 1", name, len(loops))
	}
	for _, in := range f.executed(loops[0], true) {
		sum.add(in.count(bits), 1)
	}
	return sum, nil
}

// Names returns the exported functions, sorted.
func (all Functions) Names() []string {
	var names []string
	for name := range all {
		if !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
