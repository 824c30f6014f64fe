package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// untouched are statements without mutants: they say nothing of what is computed, or
// are no code.
var untouched = regexp.MustCompile(`^(TEXT|GLOBL|FUNCDATA|PCDATA|PCALIGN|NO_LOCAL_POINTERS|NOP|PREFETCH\w*|PRFM)$`)

// ordered are the instructions whose sources differ in meaning, so that swapping two
// of them changes something. Of VFMADD231 the factors do not.
var ordered = regexp.MustCompile(`^(V(SUB|DIV|MAX|MIN|ANDN|CMP|BLEND|UNPCK|SHUF|PERM|SCALEF|RANGE|FIXUPIMM)\w*` +
	`|VFN?M(ADD|SUB)(213|132)\w*|VP(SUB|ANDN|CMPGT|BLEND|UNPCK|SHUFB|PERM|ALIGN|ACK)\w*|KANDN\w|CMP[LQW]?|SUBS?[LQW]?` +
	`|F?SUB_\w+|FDIV_\w+|F(MAX|MIN)_\w+|FCMG[ET]_\w+|TBL\w+|BS?L_\w+|BI[TF]_\w+|BIC_\w+|ZIP\w+|UZP\w+|EXT_\w+)$`)

var (
	includeLine = regexp.MustCompile(`^\s*#include\s+"([^"]+)"`)
	defineHead  = regexp.MustCompile(`^\s*#define\s+(\w+)(?:\(([^)]*)\))?`)
	labelHead   = regexp.MustCompile(`^\s*\w+:`)
	nameHead    = regexp.MustCompile(`^[\pL_·][\pL\pN_·]*`)
	vopName     = regexp.MustCompile(`^[A-Z]\w*_(\d+[BHSD]|LANE\d|Q)$`)
	word        = regexp.MustCompile(`[\pL_·][\pL\pN_·]*(<>)?|\$[-~]?(0[xX][0-9a-fA-F]+|\d+)|0[xX][0-9a-fA-F]+|\d+`)
	register    = regexp.MustCompile(`^(?:([XYZKRVF])\d+|(A[XL]|B[XL]|C[XL]|D[XL]|SI|DI))$`)
	parameter   = regexp.MustCompile(`^[\pL_]\w*$`)
)

// span is a piece of a file.
type span struct{ from, to int }

// scope is a macro or a function: a register may be replaced by another of it.
type scope struct {
	name    string
	params  []string
	regs    []string
	aliases aliases
}

// aliases are names of registers, by #define, and their kind.
type aliases map[string]string

var aliasLine = regexp.MustCompile(`^\s*#define\s+(\w+)\s+(\w+)\s*$`)

// add notes the names that a file gives to registers.
func (a aliases) add(src []byte) {
	for line := range strings.Lines(withoutComments(string(src))) {
		if m := aliasLine.FindStringSubmatch(line); m != nil && register.MatchString(m[2]) {
			kind := "general register"
			switch register.FindStringSubmatch(m[2])[1] {
			case "X", "Y", "Z", "V", "F":
				kind = "vector register"
			case "K":
				kind = "mask register"
			}
			a[m[1]] = kind
		}
	}
}

// assemblyMutants returns the mutants of an assembly file or header. Names of registers
// may come from other files.
func assemblyMutants(file string, src []byte, names aliases) []mutant {
	e := &edits{file: file, src: src, code: plainAssembly}
	code := withoutComments(string(src)) // of the same length
	var scopes []*scope
	var statements []func()
	inMacro := false
	current := &scope{aliases: names}
	for start := 0; start < len(code); {
		end := start + strings.IndexByte(code[start:]+"\n", '\n')
		line := code[start:end]
		at := start
		start = end + 1
		continued := strings.HasSuffix(strings.TrimRight(line, " \t"), `\`)
		if continued {
			line = line[:strings.LastIndexByte(line, '\\')]
		}
		define := false
		switch trimmed := strings.TrimSpace(line); {
		case inMacro:
		case strings.HasPrefix(trimmed, "#define"):
			m := defineHead.FindStringSubmatch(line)
			if m == nil || aliasLine.MatchString(line) && register.MatchString(aliasLine.FindStringSubmatch(line)[2]) {
				continue
			}
			current = &scope{name: m[1], aliases: names}
			scopes = append(scopes, current)
			for p := range strings.SplitSeq(m[2], ",") {
				if p = strings.TrimSpace(p); p != "" {
					current.params = append(current.params, p)
				}
			}
			at, line = at+len(m[0]), line[len(m[0]):]
			define = len(current.params) == 0 && !continued
		case strings.HasPrefix(trimmed, "#"):
			continue
		case strings.HasPrefix(trimmed, "TEXT"):
			current = &scope{name: word.FindString(trimmed[len("TEXT"):]), aliases: names}
			current.name = strings.Trim(current.name, "·<>")
			scopes = append(scopes, current)
			continue
		}
		inMacro = continued
		s := current
		if define && numbers(e, at, line) {
			continue
		}
		for part := range strings.SplitSeq(line, ";") {
			from := at
			at += len(part) + 1
			if l := labelHead.FindString(part); l != "" {
				from, part = from+len(l), part[len(l):]
			}
			from += len(part) - len(strings.TrimLeft(part, " \t"))
			if part = strings.TrimSpace(part); part != "" {
				s.collect(part)
				statements = append(statements, func() { s.statement(e, from, part) })
			}
		}
	}
	for _, s := range scopes {
		slices.Sort(s.regs)
		s.regs = slices.Compact(s.regs)
	}
	for _, f := range statements { // once the scopes know their registers
		f()
	}
	return e.mutants
}

// numbers adds the mutants of a numeric #define: an offset by an element more, or a
// number by one. It tells whether it was one.
func numbers(e *edits, at int, body string) bool {
	v := strings.TrimSpace(body)
	n, err := strconv.ParseInt(v, 0, 64)
	if err != nil || n < 0 {
		return false
	}
	from := at + strings.Index(body, v)
	for _, n := range offsets(v, n) {
		e.add("offset", from, from+len(v), format(v, uint64(n)))
	}
	return true
}

// offsets are the numbers to try in place of an offset, which may also be the number
// of a register, or, in hexadecimal, bits.
func offsets(literal string, n int64) []int64 {
	if n%4 == 0 && !isHex(literal) {
		return []int64{n + 4, n ^ 1}
	}
	return []int64{n ^ 1}
}

// collect notes the registers of a statement.
func (s *scope) collect(part string) {
	for _, w := range word.FindAllString(part, -1) {
		if register.MatchString(w) || s.aliases[w] != "" {
			s.regs = append(s.regs, w)
		}
	}
}

// statement adds the mutants of an instruction, a call of a macro, or a DATA line.
func (s *scope) statement(e *edits, at int, part string) {
	e.in = s.name
	name := nameHead.FindString(part)
	if untouched.MatchString(name) {
		return
	}
	operands := part[len(name):]
	base := at + len(name)
	if name == "DATA" {
		if i := strings.LastIndex(operands, "$"); i >= 0 {
			immediates(e, base+i, operands[i:])
		}
		return
	}
	if name != "" {
		e.add("delete", at, at+len(part), "")
	}
	plain, _, _ := strings.Cut(name, ".")
	for _, o := range siblingsOf(plain) {
		e.add("sibling", at, at+len(plain), o)
	}
	// VADDPS.BCST: the suffix is no operand.
	if strings.HasPrefix(operands, ".") {
		i := strings.IndexAny(operands+" ", " \t")
		base, operands = base+i, operands[i:]
	}
	ops := split(base, operands)
	op, first := plain, 0
	for i, o := range ops {
		if text := string(e.src[o.from:o.to]); vopName.MatchString(text) { // QUAD(FADD_4S, …)
			for _, other := range siblingsOf(text) {
				e.add("sibling", o.from, o.to, other)
			}
			op, first = text, i+1
		}
	}
	s.swaps(e, op, ops[min(first, len(ops)):])
	s.registers(e, ops)
	immediates(e, base, operands)
}

// swaps adds the mutants with two sources the other way round, and those that apply
// to all lanes what a mask gives to some.
func (s *scope) swaps(e *edits, op string, ops []span) {
	text := func(o span) string { return string(e.src[o.from:o.to]) }
	if ordered.MatchString(op) {
		sources := ops
		if len(ops) > 2 { // the last is the destination
			sources = ops[:len(ops)-1]
		}
		for i := 1; i < len(sources); i++ {
			a, b := sources[i-1], sources[i]
			if strings.HasPrefix(text(a), "$") || strings.HasPrefix(text(b), "$") || isMask(text(a)) || isMask(text(b)) {
				continue
			}
			e.add("swap", a.from, b.to, text(b)+string(e.src[a.to:b.from])+text(a))
		}
	}
	for i, o := range ops {
		if i > 0 && i < len(ops)-1 && isMask(text(o)) && !strings.HasPrefix(op, "K") {
			e.add("unmask", o.from, ops[i+1].from, "")
		}
	}
}

func isMask(operand string) bool {
	return len(operand) == 2 && operand[0] == 'K' && operand[1] >= '0' && operand[1] <= '7'
}

// registers adds the mutants in which a register is another one of the statement,
// or of its scope.
func (s *scope) registers(e *edits, ops []span) {
	var here []string
	for _, o := range ops {
		here = append(here, string(e.src[o.from:o.to]))
	}
	for i, o := range ops {
		class := s.class(here[i])
		if class == "" {
			continue
		}
		candidates := slices.Concat(here[i+1:], here[:i], s.after(here[i]))
		for _, other := range candidates {
			if other != here[i] && s.class(other) == class {
				e.add("register", o.from, o.to, other)
				break
			}
		}
	}
}

// after returns the registers and parameters of the scope, those behind r first.
func (s *scope) after(r string) []string {
	all := slices.Concat(s.params, s.regs)
	i := slices.Index(all, r) + 1
	return slices.Concat(all[i:], all[:i])
}

// class tells what may stand for an operand: registers of its kind, or parameters
// of the macro that are written like it. It is empty if nothing may.
func (s *scope) class(operand string) string {
	if m := register.FindStringSubmatch(operand); m != nil {
		if m[1] == "" {
			return "general"
		}
		return m[1]
	}
	if kind := s.aliases[operand]; kind != "" {
		return kind
	}
	if !parameter.MatchString(operand) || !slices.Contains(s.params, operand) || vopName.MatchString(operand) {
		return ""
	}
	if strings.ToUpper(operand) == operand {
		return "PARAMETER"
	}
	return "parameter"
}

// immediates adds the mutants of the numbers in operands: one of the low bits of a
// constant, offsets by one element, other scales.
func immediates(e *edits, at int, operands string) {
	for _, m := range word.FindAllStringIndex(operands, -1) {
		text := operands[m[0]:m[1]]
		from, to := at+m[0], at+m[1]
		switch {
		case text[0] == '$':
			sign := ""
			v := text[1:]
			if v[0] == '-' || v[0] == '~' {
				sign, v = v[:1], v[1:]
			}
			n, err := strconv.ParseUint(v, 0, 64)
			if err != nil {
				continue
			}
			for _, bit := range lowBits(v) {
				e.add("constant", from, to, "$"+sign+format(v, n^bit))
			}
		case text[0] < '0' || text[0] > '9':
		default:
			n, err := strconv.ParseInt(text, 0, 64)
			if err != nil {
				continue
			}
			before, after := operands[:m[0]], operands[m[1]:]
			switch {
			case strings.HasSuffix(before, "*") && strings.HasPrefix(after, ")"):
				scale := map[int64]string{1: "2", 2: "4", 4: "8", 8: "4"}[n]
				if scale != "" {
					e.add("scale", from, to, scale)
				}
			case strings.HasPrefix(after, "(FP)") || strings.HasPrefix(after, "(SP)"):
				e.add("offset", from, to, strconv.FormatInt(n+8, 10))
			case strings.HasPrefix(after, "(") && n%4 == 0:
				e.add("offset", from, to, strconv.FormatInt(n+4, 10))
			default:
				for _, n := range offsets(text, n) {
					e.add("offset", from, to, format(text, uint64(n)))
				}
			}
		}
	}
}

// lowBits are the bits of a constant to flip: the last, and the last of its upper
// half, if it may hold two.
func lowBits(literal string) []uint64 {
	if len(literal) == len("0x0123456789abcdef") {
		return []uint64{1, 1 << 32}
	}
	return []uint64{1}
}

func isHex(literal string) bool { return len(literal) > 2 && literal[1]|0x20 == 'x' }

// format writes n as the literal was written.
func format(literal string, n uint64) string {
	if isHex(literal) {
		return fmt.Sprintf("0x%0*x", len(literal)-2, n)
	}
	return strconv.FormatUint(n, 10)
}

// split returns where the operands of an instruction or the arguments of a macro are.
func split(at int, operands string) (ops []span) {
	s := strings.TrimSpace(operands)
	at += strings.Index(operands, s)
	// Of a macro's arguments the parentheses are one pair round all.
	if strings.HasPrefix(s, "(") && closing(s) == len(s)-1 && len(operands) > 0 && operands[0] == '(' {
		at, s = at+1, s[1:len(s)-1]
	}
	add := func(from, to int) {
		t := strings.TrimSpace(s[from:to])
		if t != "" {
			from += strings.Index(s[from:to], t)
			ops = append(ops, span{at + from, at + from + len(t)})
		}
	}
	depth, begin := 0, 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				add(begin, i)
				begin = i + 1
			}
		}
	}
	add(begin, len(s))
	return ops
}

// closing returns where the parenthesis closes that s begins with, or −1.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// withoutComments blanks comments, byte for byte.
func withoutComments(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '/' || b[i+1] != '/' && b[i+1] != '*' {
			continue
		}
		n := strings.IndexByte(s[i:]+"\n", '\n')
		if b[i+1] == '*' {
			if n = strings.Index(s[i+2:], "*/") + 4; n < 4 {
				n = len(s) - i
			}
		}
		for k := i; k < i+n && k < len(b); k++ {
			if b[k] != '\n' {
				b[k] = ' '
			}
		}
		i += n - 1
	}
	return string(b)
}

// plainAssembly is the code of lines, without comments and continuations.
func plainAssembly(lines string) string {
	return strings.TrimRight(strings.TrimRight(strings.TrimSpace(withoutComments(lines)), `\`), "; \t")
}
