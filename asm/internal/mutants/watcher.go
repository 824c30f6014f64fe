package main

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// watcher follows the output of tests that run.
type watcher struct {
	rest    []byte
	last    string // the test that began last
	failed  string // the first that failed
	tail    []string
	elapsed map[string]time.Duration
}

var ended = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) \((\d+\.\d+)s\)`)

// Write takes output, line by line.
func (w *watcher) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.rest = rest
		w.line(string(line))
	}
}

func (w *watcher) line(line string) {
	if name, ok := strings.CutPrefix(line, "=== RUN   "); ok {
		w.last, _, _ = strings.Cut(name, "/")
		return
	}
	if m := ended.FindStringSubmatch(line); m != nil {
		if m[1] == "FAIL" && w.failed == "" {
			w.failed = m[2]
		}
		if seconds, err := strconv.ParseFloat(m[3], 64); err == nil {
			if w.elapsed == nil {
				w.elapsed = map[string]time.Duration{}
			}
			w.elapsed[m[2]] = time.Duration(seconds * float64(time.Second))
		}
		return
	}
	if strings.HasPrefix(strings.TrimSpace(line), "--- PASS") {
		return
	}
	if w.tail = append(w.tail, line); len(w.tail) > 20 {
		w.tail = w.tail[1:]
	}
}

// test returns the name of the test at fault.
func (w *watcher) test() string {
	if w.failed != "" {
		return w.failed
	}
	return w.last
}
