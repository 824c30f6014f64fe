package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/flengine/flengine/asm/internal/listing"
)

// line is one instruction.
type line struct {
	addr uint64
	text string
}

var (
	header      = regexp.MustCompile(`^[0-9a-f]+ <(.+)>:$`)
	instruction = regexp.MustCompile(`^\s*([0-9a-f]+):\s+(.+)$`)
)

// disassembly is the instructions of each function: those of the package's assembly by their
// names there.
type disassembly map[string][]line

// split reads what llvm-objdump prints of a program with the package.
func split(dump, pkg string) disassembly {
	functions := disassembly{}
	var name string
	for _, s := range strings.Split(dump, "\n") {
		if m := header.FindStringSubmatch(s); m != nil {
			// Kernels are static, and have no package and no calling convention.
			name = m[1]
			if f, ok := strings.CutPrefix(name, pkg+"."); ok {
				if name, ok = strings.CutSuffix(f, ".abi0"); !ok {
					name = "go " + f // what Go calls it by
				}
			}
		} else if m := instruction.FindStringSubmatch(s); m != nil {
			l := line{text: strings.TrimSpace(m[2])}
			l.addr, _ = strconv.ParseUint(m[1], 16, 64)
			functions[name] = append(functions[name], l)
		}
	}
	return functions
}

// text returns the instructions of parts of a function, a line each.
func (d disassembly) text(function string, spans []listing.Span) (string, error) {
	f := d[function]
	if f == nil {
		return "", fmt.Errorf("%s is not in the disassembly", function)
	}
	var body strings.Builder
	i := 0
	for _, s := range spans {
		from, to := f[0].addr+uint64(s.From), f[0].addr+uint64(s.To)
		for i < len(f) && f[i].addr < from {
			i++
		}
		if i == len(f) || f[i].addr != from {
			return "", fmt.Errorf("%s: no instruction at %#x in the disassembly", function, s.From)
		}
		for ; i < len(f) && f[i].addr < to; i++ {
			body.WriteString(f[i].text + "\n")
		}
	}
	return body.String(), nil
}
