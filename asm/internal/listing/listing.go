// Package listing reads the machine code of the assembly kernels, in the listing of Go's
// assembler: it counts their work, and checks what their encodings need. It needs the go
// command and the sources, and is for tests and generators.
package listing

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"

	"github.com/flengine/flengine/asm"
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

// Functions holds the functions of a package's assembly by name, without the package.
type Functions map[string]*function

type function struct {
	static bool // only its file refers to it
	code   []instruction
}

// instruction is a line of the listing.
type instruction struct {
	pc       int
	name     string
	operands []string
	target   int  // of a jump within the function, else −1
	opcode   byte // the first, which tells EVEX from VEX
}

var (
	symbolLine      = regexp.MustCompile(`^(\S+) STEXT (static )?`)
	instructionLine = regexp.MustCompile(`^\t0x[0-9a-f]+ (\d+) \([^)]*\)\t([A-Z][A-Z0-9.]*)(?:\t(.*))?$`)
	codeLine        = regexp.MustCompile(`^\t0x([0-9a-f]+)((?: [0-9a-f]{2})+)(?: |$)`)
	decimal         = regexp.MustCompile(`^\d+$`)
)

// Read assembles a package for an architecture, and returns its functions.
func Read(pkg, goarch string) (Functions, error) {
	// The go command keeps what the assembler printed with what it made, and looks at the
	// package's sources and headers by itself.
	cmd := exec.Command("go", "build", "-asmflags=-S", pkg)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go build -asmflags=-S %s for %s: %w: %s", pkg, goarch, err, out)
	}
	all := Functions{}
	if err := all.parse(string(out)); err != nil {
		return nil, fmt.Errorf("%s: %w", pkg, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no assembly for %s", pkg, goarch)
	}
	return all, nil
}

func (all Functions) parse(text string) error {
	var f *function
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := symbolLine.FindStringSubmatch(line); m != nil {
			if strings.HasPrefix(m[1], "type:") { // the compiler's, several of one base name
				f = nil
				continue
			}
			name := base(m[1])
			if all[name] != nil {
				return fmt.Errorf("two functions %s", name)
			}
			f = &function{static: m[2] != ""}
			all[name] = f
			continue
		}
		if !strings.HasPrefix(line, "\t") {
			f = nil // data
			continue
		}
		if m := codeLine.FindStringSubmatch(line); m != nil && f != nil {
			if err := f.setOpcodes(m[1], m[2]); err != nil {
				return err
			}
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

// base returns a symbol's name without its package and without what marks it as static.
func base(symbol string) string {
	symbol = symbol[strings.LastIndexByte(symbol, '/')+1:]
	if _, name, ok := strings.Cut(symbol, "."); ok {
		symbol = name
	}
	return strings.TrimSuffix(strings.TrimSuffix(symbol, "(SB)"), "<>")
}

// setOpcodes sets the first byte of the instructions whose code is in a line of the dump.
func (f *function) setOpcodes(at, dump string) error {
	from, err := strconv.ParseInt(at, 16, 32)
	if err != nil {
		return err
	}
	code, err := hex.DecodeString(strings.ReplaceAll(dump, " ", ""))
	if err != nil {
		return err
	}
	for i := range f.code {
		if pc := f.code[i].pc - int(from); pc >= 0 && pc < len(code) {
			f.code[i].opcode = code[pc]
		}
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
// a pointer is nil is for weights, if it multiplies or adds, or else for storing losses. Other
// jumps ahead on a condition are of the first turns or the last, or of groups that are not
// plain and easy, and not taken.
func (f *function) executed(l loop, stores bool) []instruction {
	var turn []instruction
	for i := l.first; i <= l.last; i++ {
		in := f.code[i]
		turn = append(turn, in)
		if in.target <= in.pc || in.name != "JMP" && !f.testsNil(i) {
			continue
		}
		if end := f.at(in.target); in.name == "JMP" {
			i = end - 1
		} else if end <= l.last {
			weights := slices.ContainsFunc(f.code[i+1:end], func(o instruction) bool {
				return strings.Contains(o.name, "MUL") || strings.Contains(o.name, "ADD")
			})
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

// Kernel counts the work of a kernel per score: its innermost loops and those of the
// passes that it calls. bits are those of a vector; stores tells whether losses are
// written. What is done once a chunk is left out.
func (all Functions) Kernel(name string, bits int, stores bool) (Count, error) {
	var sum Count
	parts, err := all.Parts(name)
	if err != nil {
		return sum, err
	}
	for _, part := range parts {
		p := all[part]
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

// Terms returns what a sweep calls for the terms of an input: the passes, and what tells easy
// scores.
func Terms(in asm.Input) []string {
	return [asm.NumInputs][]string{{"expneg", "log1p", "classify"}, {"crossentropy", "classify"}}[in]
}

// TermsName names them in package counts.
func TermsName(in asm.Input) string { return in.String() + "Terms" }

// Terms counts what they do per score.
func (all Functions) Terms(in asm.Input, bits int) (Count, error) {
	var sum Count
	for _, name := range Terms(in) {
		c, err := all.Kernel(name, bits, false)
		if err != nil {
			return sum, err
		}
		sum.add(c, 1)
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

// Names returns the functions, sorted.
func (all Functions) Names() []string { return slices.Sorted(maps.Keys(all)) }
