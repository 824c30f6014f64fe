package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fakeFiles are files of mutants, whose every third does not compile, every fifth is
// the same code, and every seventh survives.
func fakeFiles(seed uint64, want int) (files []*progress) {
	for _, name := range []string{"a", "b", "c"} {
		s := &source{path: name}
		for i := range 40 {
			s.mutants = append(s.mutants, mutant{file: name, line: i, old: "x", new: "y", from: i})
		}
		files = append(files, &progress{source: s, order: shuffled(s.mutants, seed), want: want})
	}
	return files
}

func fakeFate(m mutant) fate {
	switch {
	case m.from%3 == 0:
		return unbuilt
	case m.from%5 == 0:
		return unchanged
	case m.from%7 == 0:
		return survived
	case m.from%11 == 0:
		return timedOut
	}
	return killed
}

// tried returns which mutants were tried, in any order.
func tried(files []*progress) map[mutant]bool {
	set := map[mutant]bool{}
	for _, p := range files {
		for _, t := range p.trials {
			set[t.mutant] = true
		}
	}
	return set
}

// TestCampaign: each file gets as many mutants as it should, those that are none do not
// count, and which are tried does not depend on the workers.
func TestCampaign(t *testing.T) {
	var first map[mutant]bool
	for _, workers := range []int{1, 2, 7} {
		files := fakeFiles(5, 10)
		tidied := 0
		c := &campaign{files: files, log: io.Discard, tidy: func() error { tidied++; return nil }}
		c.try = func(_ context.Context, _ *tree, _ *source, m mutant) (fate, string, error) {
			time.Sleep(rand.N(time.Millisecond))
			return fakeFate(m), "test", nil
		}
		if err := c.run(t.Context(), make([]*tree, workers)); err != nil {
			t.Fatal(err)
		}
		for _, p := range files {
			if n := p.tally(); n.Mutants != 10 || n.Unbuilt+n.Unchanged == 0 {
				t.Errorf("%d workers: %s had %+v", workers, p.path, n)
			}
		}
		got := tried(files)
		if first == nil {
			first = got
		}
		if len(got) != len(first) {
			t.Errorf("%d workers tried %d mutants, one %d", workers, len(got), len(first))
		}
		for m := range got {
			if !first[m] {
				t.Errorf("%d workers tried %s %d, one did not", workers, m.file, m.from)
			}
		}
		if want := c.done / tidyAfter; tidied != want {
			t.Errorf("tidied %d times, want %d", tidied, want)
		}
	}
	// As many as there are, if that is not enough.
	files := fakeFiles(5, 1000)
	c := &campaign{files: files, log: io.Discard, tidy: func() error { return nil }}
	c.try = func(_ context.Context, _ *tree, _ *source, m mutant) (fate, string, error) {
		return fakeFate(m), "", nil
	}
	if err := c.run(t.Context(), make([]*tree, 2)); err != nil || len(tried(files)) != 120 {
		t.Errorf("tried %d of 120: %v", len(tried(files)), err)
	}
}

// TestDead: a file that no test is built from is given up, and said to be so.
func TestDead(t *testing.T) {
	files := fakeFiles(5, 40)
	c := &campaign{files: files, log: io.Discard, tidy: func() error { return nil }}
	c.try = func(_ context.Context, _ *tree, _ *source, m mutant) (fate, string, error) {
		if m.file == "b" {
			return unchanged, "", nil
		}
		return fakeFate(m), "", nil
	}
	if err := c.run(t.Context(), make([]*tree, 1)); err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := writeTable(&table, files); err != nil {
		t.Fatal(err)
	}
	if n := files[1].tally().Unchanged; n != deadAfter {
		t.Errorf("gave up after %d mutants, want %d", n, deadAfter)
	}
	if got := table.String(); !strings.Contains(got, "\nb: no test is built from its code\n") || strings.Count(got, "no test is built") != 1 {
		t.Error(got)
	}
}

// TestCampaignEnds: an error ends it, and so does an interrupt, whose victims say nothing.
func TestCampaignEnds(t *testing.T) {
	broken := errors.New("broken")
	for _, interrupt := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		var n atomic.Int64
		files := fakeFiles(5, 10)
		c := &campaign{files: files, log: io.Discard, tidy: func() error { return nil }}
		c.try = func(ctx context.Context, _ *tree, _ *source, m mutant) (fate, string, error) {
			switch {
			case n.Add(1) < 9:
				return killed, "", nil
			case !interrupt:
				return 0, "", broken
			}
			cancel()
			return killed, "", nil // as a test does that is interrupted
		}
		err := c.run(ctx, make([]*tree, 2))
		if interrupt && err != nil || !interrupt && !errors.Is(err, broken) {
			t.Errorf("interrupt %v: error %v", interrupt, err)
		}
		if got := len(tried(files)); got != 8 {
			t.Errorf("interrupt %v: %d trials, want 8", interrupt, got)
		}
		cancel()
	}
	files := fakeFiles(5, 40)
	c := &campaign{files: files, log: io.Discard, tidy: func() error { return broken }}
	c.try = func(context.Context, *tree, *source, mutant) (fate, string, error) { return unbuilt, "", nil }
	if err := c.run(t.Context(), make([]*tree, 1)); !errors.Is(err, broken) || c.done != tidyAfter {
		t.Errorf("after %d trials and a cache that cannot be tidied: %v", c.done, err)
	}
}

func TestReport(t *testing.T) {
	var log bytes.Buffer
	files := fakeFiles(1, 40)
	explained, err := parseExplained("# a comment\n\na: x ⇒ y # nothing * depends on it\n")
	if err != nil {
		t.Fatal(err)
	}
	c := &campaign{files: files, log: &log, explained: explained, tidy: func() error { return nil }}
	c.try = func(_ context.Context, _ *tree, _ *source, m mutant) (fate, string, error) {
		return fakeFate(m), "", nil
	}
	if err := c.run(t.Context(), make([]*tree, 1)); err != nil {
		t.Fatal(err)
	}
	// Of 0…39: 14 are of three, 5 more of five (5 10 20 25 35), 3 more of seven (7 14 28),
	// 2 more of eleven (11 22).
	const row = "21 18 2 3 0 14 5 40 b"
	var table bytes.Buffer
	if err := writeTable(&table, files); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(table.String()) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	for _, want := range []string{row, "21 18 2 3 3 14 5 40 a", "63 54 6 9 3 42 15 120 total"} {
		found := false
		for _, r := range rows {
			found = found || r == want
		}
		if !found {
			t.Errorf("no row %q in\n%s", want, &table)
		}
	}
	if n := len(survivors(files)); n != 6 || strings.Count(table.String(), "x ⇒ y") != 6 || strings.Count(log.String(), "survived") != 6 {
		t.Errorf("%d survivors, want 6, in table and log\n%s\n%s", n, &table, &log)
	}
	var out bytes.Buffer
	if err := writeJSON(&out, "amd64", []string{"generic"}, 1<<63, 1.5, files); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Seed  uint64
		Total tally
		Files []struct {
			File   string
			Killed int
			Trials []struct{ Fate, Reason string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Seed != 1<<63 || back.Total.Mutants != 63 || len(back.Files) != 3 || back.Files[0].Killed != 18 || len(back.Files[0].Trials) != 40 {
		t.Errorf("JSON %+v", back)
	}
	reasons := 0
	for _, r := range back.Files[0].Trials {
		if r.Fate == "survived" && r.Reason == "nothing * depends on it" {
			reasons++
		}
	}
	if reasons != 3 {
		t.Errorf("%d reasons in JSON, want 3", reasons)
	}
}

func TestExplained(t *testing.T) {
	list, err := parseExplained("f.go: a*b + (c) ⇒ a*b - (c) # as # is\nf.go: x := * ⇒ * # any x\nf.s (f): RET ⇒ (nothing) # falls through\nx/*.s: * ⇒ * # measures only\n")
	if err != nil || len(list) != 4 {
		t.Fatal(list, err)
	}
	for _, c := range []struct {
		m    mutant
		want string
	}{
		{mutant{file: "f.go", old: "a*b + (c)", new: "a*b - (c)"}, "as # is"},
		{mutant{file: "g.go", old: "a*b + (c)", new: "a*b - (c)"}, ""},
		{mutant{file: "f.go", old: "a*b + (c)", new: "a*b - (c) + 1"}, ""},
		{mutant{file: "f.go", old: "x := 1", new: "x := 2"}, "any x"},
		{mutant{file: "f.go", old: "y := 1", new: "x := 2"}, ""},
		{mutant{file: "f.s", in: "f", old: "RET"}, "falls through"},
		{mutant{file: "f.s", in: "g", old: "RET"}, ""},
		{mutant{file: "x/y.s", old: "RET"}, "measures only"},
	} {
		if got := explain(list, c.m); got != c.want {
			t.Errorf("%s: %s: reason %q, want %q", c.m.file, c.m, got, c.want)
		}
	}
	for file, want := range map[string]string{"f.s": "", "f.go": "", "x/y.s": "measures only", "x/y/z.s": ""} {
		if got := leftOut(list, file); got != want {
			t.Errorf("%s is left out: %q, want %q", file, got, want)
		}
	}
	// What is not mutated here is not stale, nor what fits a mutant of another
	// architecture; what is gone from a file is.
	files := []*source{{path: "f.go", mutants: []mutant{{file: "f.go", old: "x := 1", new: "x := 2"}}}}
	if old := stale(list, files, files); len(old) != 1 || old[0].line != 1 {
		t.Errorf("stale: %v", old)
	}
	files = []*source{{path: "x/arm.s", mutants: []mutant{{file: "x/arm.s", old: "RET"}}}}
	all := append([]*source{{path: "x/amd.s", mutants: []mutant{{file: "x/amd.s", old: "NOP"}}}}, files...)
	list, err = parseExplained("x/*.s: NOP ⇒ (nothing) # of amd64\nx/*.s: JMP ⇒ (nothing) # of none\n")
	if err != nil {
		t.Fatal(err)
	}
	if old := stale(list, files, all); len(old) != 1 || old[0].line != 2 {
		t.Errorf("stale: %v", old)
	}
	for _, bad := range []string{"f.go: a ⇒ b", "f.go: a ⇒ b # ", "f.go a ⇒ b # why", "f.go: a => b # why", "[: a ⇒ b # why"} {
		if _, err := parseExplained(bad); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
	if _, err := parseExplained(explainedText); err != nil {
		t.Error(err)
	}
}
