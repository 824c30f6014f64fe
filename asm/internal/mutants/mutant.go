package main

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// A mutant is one small edit of one file.
type mutant struct {
	file     string // from the root, with slashes
	line     int
	in       string // the function or macro
	op       string // the kind of edit
	old, new string // the lines it touches before and after: code alone, spaces single

	from, to int // the edit: bytes [from, to) of the file become text
	text     string
}

// String shows the edit, as explained.txt does.
func (m mutant) String() string { return m.old + " ⇒ " + cmp.Or(m.new, "(nothing)") }

// place tells people where it is.
func (m mutant) place() string {
	s := fmt.Sprintf("%s:%d", m.file, m.line)
	if m.in != "" {
		s += " (" + m.in + ")"
	}
	return s
}

// apply returns the mutated file.
func (m mutant) apply(src []byte) []byte {
	return slices.Concat(src[:m.from], []byte(m.text), src[m.to:])
}

// edits collects the mutants of a file. Edits that change nothing but comments or
// spaces, and those that give a line which another edit has given, are left out.
type edits struct {
	file    string
	in      string // of the mutants to come
	src     []byte
	code    func(lines string) string // strips comments
	mutants []mutant
	seen    map[[2]int]map[string]bool
}

func (e *edits) add(op string, from, to int, text string) {
	first := bytes.LastIndexByte(e.src[:from], '\n') + 1
	last := len(e.src)
	if n := bytes.IndexByte(e.src[to:], '\n'); n >= 0 {
		last = to + n
	}
	plain := func(s string) string { return strings.Join(strings.Fields(e.code(s)), " ") }
	old := plain(string(e.src[first:last]))
	new := plain(string(e.src[first:from]) + text + string(e.src[to:last]))
	lines := [2]int{first, last}
	if old == new || e.seen[lines][new] {
		return
	}
	if e.seen == nil {
		e.seen = map[[2]int]map[string]bool{}
	}
	if e.seen[lines] == nil {
		e.seen[lines] = map[string]bool{}
	}
	e.seen[lines][new] = true
	line := 1 + bytes.Count(e.src[:from], []byte("\n"))
	e.mutants = append(e.mutants, mutant{e.file, line, e.in, op, old, new, from, to, text})
}

// shuffled returns the mutants in an order that depends on the seed and the file's
// name alone. Its first mutants are of different lines, then come second ones of
// those lines, and so on: a sample covers a file evenly, however many mutants a line
// has.
func shuffled(mutants []mutant, seed uint64) []mutant {
	if len(mutants) == 0 {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte(mutants[0].file))
	rng := rand.New(rand.NewPCG(seed, h.Sum64()))
	s := slices.Clone(mutants)
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	round, of := map[int]int{}, make(map[mutant]int, len(s))
	for _, m := range s {
		of[m] = round[m.line]
		round[m.line]++
	}
	slices.SortStableFunc(s, func(a, b mutant) int { return cmp.Compare(of[a], of[b]) })
	return s
}
