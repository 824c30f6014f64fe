package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed explained.txt
var explainedText string

// explanation says why a mutant survives.
type explanation struct {
	line    int
	file    string
	edit    string         // as mutant.String prints it, with * for any text
	pattern *regexp.Regexp // of edit
	reason  string
}

var explainedLine = regexp.MustCompile(`^(\S+): (.+ ⇒ .+?) # (\S.*)$`)

// parseExplained reads lines "file: old ⇒ new # reason". Empty ones, and those that
// begin with #, say nothing.
func parseExplained(text string) (list []explanation, err error) {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := explainedLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("explained.txt:%d: %q: want file: old ⇒ new # reason", i+1, line)
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(m[2]), `\*`, `.*`)
		list = append(list, explanation{i + 1, m[1], m[2], regexp.MustCompile("^" + pattern + "$"), m[3]})
	}
	return list, nil
}

// explain returns why the mutant survives, or nothing.
func explain(list []explanation, m mutant) string {
	for _, e := range list {
		if e.file == m.file && e.pattern.MatchString(m.String()) {
			return e.reason
		}
	}
	return ""
}

// stale returns the explanations of mutants of the files that are not there any more.
func stale(list []explanation, files []*source) (old []explanation) {
	for _, e := range list {
		for _, s := range files {
			if s.path != e.file {
				continue
			}
			found := false
			for _, m := range s.mutants {
				found = found || e.pattern.MatchString(m.String())
			}
			if !found {
				old = append(old, e)
			}
		}
	}
	return old
}
