package main

import (
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed explained.txt
var explainedText string

// explanation says why a mutant survives.
type explanation struct {
	line    int
	file    string         // a glob
	in      string         // the function or macro; any if empty
	edit    string         // as mutant.String prints it, with * for any text
	pattern *regexp.Regexp // of edit
	reason  string
}

// whole tells whether all mutants of its files survive, so that they need not be tried.
func (e explanation) whole() bool { return e.edit == "* ⇒ *" }

// of tells whether it is about mutants of that file.
func (e explanation) of(file string) bool {
	ok, _ := path.Match(e.file, file) // parseExplained has seen to errors
	return ok
}

// fits tells whether it is about that mutant of one of its files.
func (e explanation) fits(m mutant) bool {
	return (e.in == "" || e.in == m.in) && e.pattern.MatchString(m.String())
}

var explainedLine = regexp.MustCompile(`^(\S+)(?: \((\w+)\))?: (.+ ⇒ .+?) # (\S.*)$`)

// parseExplained reads lines "file (function): old ⇒ new # reason", where the function
// may be missing. Empty ones, and those that begin with #, say nothing.
func parseExplained(text string) (list []explanation, err error) {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := explainedLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("explained.txt:%d: %q: want file (function): old ⇒ new # reason", i+1, line)
		}
		if _, err := path.Match(m[1], ""); err != nil {
			return nil, fmt.Errorf("explained.txt:%d: %q: %w", i+1, m[1], err)
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(m[3]), `\*`, `.*`)
		list = append(list, explanation{i + 1, m[1], m[2], m[3], regexp.MustCompile("^" + pattern + "$"), m[4]})
	}
	return list, nil
}

// explain returns why the mutant survives, or nothing.
func explain(list []explanation, m mutant) string {
	for _, e := range list {
		if e.of(m.file) && e.fits(m) {
			return e.reason
		}
	}
	return ""
}

// leftOut returns why none of a file's mutants is tried, or nothing.
func leftOut(list []explanation, file string) string {
	for _, e := range list {
		if e.whole() && e.of(file) {
			return e.reason
		}
	}
	return ""
}

// stale returns the explanations about files that fit no mutant there is any more, of
// any architecture: a glob may be of files of several.
func stale(list []explanation, files, all []*source) (old []explanation) {
	for _, e := range list {
		of := func(s *source) bool { return e.of(s.path) }
		fits := func(s *source) bool { return of(s) && slices.ContainsFunc(s.mutants, e.fits) }
		if slices.ContainsFunc(files, of) && !slices.ContainsFunc(all, fits) {
			old = append(old, e)
		}
	}
	return old
}
