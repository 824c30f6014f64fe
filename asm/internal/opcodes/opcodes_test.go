package opcodes

import (
	"encoding/binary"
	"go/constant"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

const header = "../../neon/opcodes.h"

// An instance is a macro with operands, and what the listing says it is.
type instance struct {
	macro, call string
	word        uint32
	instruction string
}

var (
	callLine   = regexp.MustCompile(`(?m)^\t(([A-Z0-9_]+)\([0-9, ]+\))$`)
	wordLine   = regexp.MustCompile(`(?m)^    WORD \$0x([0-9a-f]{8}) // (.+)$`)
	defineLine = regexp.MustCompile(`(?m)^#define (\w+)\(([\w, ]+)\) +WORD \$(\(.+\))(?: //.*)?$`)
	identifier = regexp.MustCompile(`\b[a-z]\w*\b`)
)

// instances returns the macros of macros_arm64.s and the lines of listing.txt,
// which are in the same order.
func instances(t *testing.T) []instance {
	t.Helper()
	calls := callLine.FindAllStringSubmatch(read(t, "macros_arm64.s"), -1)
	words := wordLine.FindAllStringSubmatch(read(t, "listing.txt"), -1)
	if len(calls) != len(words) || len(calls) == 0 {
		t.Fatalf("macros_arm64.s has %d macros, listing.txt %d words; want as many", len(calls), len(words))
	}
	list := make([]instance, len(calls))
	for i := range calls {
		word, err := strconv.ParseUint(words[i][1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = instance{calls[i][2], calls[i][1], uint32(word), words[i][2]}
	}
	return list
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A definition is a macro of the header.
type definition struct {
	parameters []string
	word       string // a Go expression
}

func definitions(t *testing.T) map[string]definition {
	t.Helper()
	text := read(t, header)
	all := map[string]definition{}
	for _, m := range defineLine.FindAllStringSubmatch(text, -1) {
		all[m[1]] = definition{strings.Split(m[2], ", "), m[3]}
	}
	if n := strings.Count(text, "#define"); len(all) != n || n == 0 {
		t.Fatalf("%s has %d times #define, %d of them of one WORD each; want all", header, n, len(all))
	}
	return all
}

// The macros are what the listing says, as Go evaluates the header. The test reads the
// header itself: nothing that was built can stand for it, since the go command does not
// build again when a header of another folder changes.
func TestHeader(t *testing.T) {
	defined, proven := definitions(t), map[string]bool{}
	for _, in := range instances(t) {
		proven[in.macro] = true
		def, ok := defined[in.macro]
		if !ok {
			continue
		}
		_, args, _ := strings.Cut(strings.TrimSuffix(in.call, ")"), "(")
		values := strings.Split(args, ", ")
		if len(values) != len(def.parameters) {
			t.Errorf("%s: %d operands, want %v", in.call, len(values), def.parameters)
			continue
		}
		word := identifier.ReplaceAllStringFunc(def.word, func(name string) string {
			if i := slices.Index(def.parameters, name); i >= 0 {
				return values[i]
			}
			return name
		})
		got, err := types.Eval(token.NewFileSet(), nil, token.NoPos, word)
		if err != nil {
			t.Errorf("%s: %v", in.call, err)
		} else if v, exact := constant.Uint64Val(got.Value); v != uint64(in.word) || !exact {
			t.Errorf("%s = %08x, want %08x, %s", in.call, v, in.word, in.instruction)
		}
	}
	// No macro is without proof, and none is proven that is not there.
	for macro := range defined {
		if !proven[macro] {
			t.Errorf("%s is not in the table of gen.go", macro)
		}
	}
	for macro := range proven {
		if _, ok := defined[macro]; !ok {
			t.Errorf("%s is in the table of gen.go, but not in %s", macro, header)
		}
	}
}

// sources returns the assembly below package asm and its headers, but for this folder's.
func sources(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "internal":
			return fs.SkipDir
		case filepath.Ext(name) == ".s" || filepath.Ext(name) == ".h":
			names = append(names, name)
		}
		return nil
	})
	if err != nil || !slices.Contains(names, filepath.FromSlash(header)) {
		t.Fatalf("%s is not among the sources, error %v", header, err)
	}
	return names
}

// No opcode by number hides from the proof in other files.
func TestNoOtherWords(t *testing.T) {
	comment := regexp.MustCompile(`//.*|/\*.*?\*/`)
	directive := regexp.MustCompile(`\b(WORD|DWORD|LONG|BYTE)\b`)
	for _, name := range sources(t) {
		if name == filepath.FromSlash(header) {
			continue
		}
		for i, line := range strings.Split(read(t, name), "\n") {
			if word := directive.FindString(comment.ReplaceAllString(line, "")); word != "" {
				t.Errorf("%s:%d: %s; opcodes belong into %s", name, i+1, word, header)
			}
		}
	}
}

// arm64asm's tables come from the Arm ARM, those of GNU as are its own.
func TestDecode(t *testing.T) {
	for _, in := range instances(t) {
		decoded, err := decode(in.word)
		if err != nil {
			t.Errorf("%s: %08x: %v, want %s", in.call, in.word, err, in.instruction)
		} else if plain(decoded) != plain(in.instruction) {
			t.Errorf("%s: %08x decodes to %s, want %s", in.call, in.word, decoded, in.instruction)
		}
	}
}

func decode(word uint32) (string, error) {
	inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, word))
	if err != nil {
		return "", err
	}
	return arm64asm.GNUSyntax(inst), nil
}

// plain spells aliases and spaces one way.
func plain(instruction string) string {
	name, operands, _ := strings.Cut(strings.ToLower(instruction), " ")
	operands = strings.ReplaceAll(operands, " ", "")
	switch name {
	case "mov":
		_, source, _ := strings.Cut(operands, ",")
		return "orr " + operands + "," + source
	case "uxtl", "uxtl2":
		return strings.Replace(name, "uxtl", "ushll", 1) + " " + operands + ",#0"
	case "ldr", "str":
		operands = strings.Replace(operands, ",#0]", "]", 1)
	}
	return name + " " + operands
}
